"""The base of widgets that work in a thread, piece by piece, for what is on show at the time."""

import time
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from cnnviz_widgets.widgets._runner import Runner, State, WorkBar
from cnnviz_widgets.widgets._view import View

Piece = tuple[Any, ...]  # of work: its kind, and what it is for


class QueueView(View):
    """A `View` with work that goes on while the student looks at something else.

    A child class lists the work in `_undone`, the first first; does a piece of it in `_do`; shows what came
    of it in `_look`; and makes a `WorkBar` with `_start`. What the student stopped, or what failed, is not
    begun again before `_start`.
    """

    part: ClassVar[float] = 0.2  # of the time, that live pictures may take from the work they show

    _bar: WorkBar

    def __init__(self, **traits: Any) -> None:
        self._runner = Runner(self._on_step, self._on_state, owner=self)
        self._halted: set[Piece] = set()  # what the student has stopped, or what failed
        self._doing: Piece = ()
        self._next_look = 0.0
        super().__init__(**traits)
        self.guard(self._go_on)

    # What a child class writes

    def _undone(self) -> list[Piece]:
        """List what is still to be done for what is on show."""
        raise NotImplementedError

    def _do(self, piece: Piece) -> Iterable[object]:
        """Do a piece of work, step by step."""
        raise NotImplementedError

    def _look(self) -> None:
        """Bring what is on show up to date with what has been found."""
        raise NotImplementedError

    def _tell_progress(self) -> None:
        """Bring the bar to how far the work is."""
        raise NotImplementedError

    # The work, in a thread

    @property
    def _next_piece(self) -> Piece | None:
        """What is to be done next; None where nothing is, or the student stopped it."""
        return next((each for each in self._undone() if each not in self._halted), None)

    def _steps(self) -> Iterator[Piece]:
        # What the student asks for in the meantime is done next, by the same run.
        while (piece := self._next_piece) is not None:
            self._doing = piece
            for _ in self._do(piece):
                yield piece

    def _go_on(self) -> None:
        if self._next_piece is not None and not self._runner.is_alive:
            self._runner.start(self._steps)
        self._tell_progress()

    def _start(self) -> None:
        self._halted.clear()
        self.guard(self._go_on)

    def wait(self, seconds: float = 600) -> None:
        """Wait until the work in the background is done: for scripts and tests."""
        self._runner.wait(seconds)

    def _on_step(self, _: Piece) -> None:
        self._tell_progress()
        began = time.perf_counter()
        if began >= self._next_look:
            self.guard(self._look)
            now = time.perf_counter()
            self._next_look = now + (now - began) / self.part

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._bar.enter(state)
        if state in ("stopped", "failed"):
            self._halted.update(self._undone() if state == "stopped" else [self._doing])
        if error is not None:
            self._fail(error)
        if state in ("stopped", "done"):
            self.guard(self._look)
        if state == "done" and self._next_piece is not None:  # asked for while the run was ending
            self._runner.start(self._steps)
        self._tell_progress()
