"""Long work in steps, in a thread: progress, a live picture, Pause and Stop that answer at once."""

import contextvars
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import ipywidgets as W

from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._threads import UI_LOCK

State = Literal["idle", "running", "paused", "stopped", "done", "failed"]

_FRAMES_A_SECOND = 12  # more, and a slow link shows what was true seconds ago
_ALIVE = ("running", "paused")


class _Run:
    """One run's own signals, so that what is meant for one never reaches the next."""

    def __init__(self) -> None:
        self.stopping, self.going = threading.Event(), threading.Event()
        self.going.set()
        self.thread: threading.Thread | None = None
        self.over = False  # its last state is told; at most what its generator tidies up is still to come

    def stop(self) -> None:
        self.stopping.set()
        self.going.set()

    def rest(self) -> None:
        self.going.clear()
        if self.stopping.is_set():  # told in this very moment, and now it would wait for ever
            self.going.set()


class Runner:
    """Drives a generator in a thread of its own, and draws no more often than a student can see.

    There is one run at a time: a new one takes the place of the one before, which then neither draws nor
    tells its state any more. Every method may be called from any thread, callbacks of this runner among them,
    with `UI_LOCK` held or not; only `join` must not hold it.

    Parameters
    ----------
    on_step : callable
        Gets the last thing the generator yielded, with `UI_LOCK` held, at most 12 times a second and once
        more at the end of the run or when it rests: here the widget draws.
    on_state : callable
        Gets the new `State` and the exception if there is one, with `UI_LOCK` held.
    owner : Widget, optional
        When this widget is closed the run ends; without it the widget whose method `on_step` is, if any.
    draws_end : bool
        Whether `on_step` is called for the last step too; not where `on_state` draws it.

    Attributes
    ----------
    state : State
        "running" from the moment `start` is called; what became of the last run once it is over.
    """

    def __init__(
        self,
        on_step: Callable[[Any], None],
        on_state: Callable[[State, Exception | None], None],
        owner: W.Widget | None = None,
        draws_end: bool = True,
    ) -> None:
        self._on_step, self._on_state, self._draws_end = on_step, on_state, draws_end
        self._now: _Run | None = None
        self.state: State = "idle"
        owner = getattr(on_step, "__self__", None) if owner is None else owner
        if isinstance(owner, W.Widget):
            owner.observe(self._on_comm, "comm")

    def start(self, steps: Callable[[], Iterable[Any]]) -> None:
        """Begin a run; one that is going on is stopped, and the new one waits for its last step."""
        context = contextvars.copy_context()  # ipykernel 7.0 finds the cell to write to in it
        with UI_LOCK:
            self.stop()
            before = self._now.thread if self._now else None
            run = _Run()
            arguments = (self._run, run, steps, before)
            run.thread = threading.Thread(target=context.run, args=arguments, daemon=True)
            run.thread.start()  # it cannot draw before this lock is free
            self._now = run
            self._enter(run, "running")

    @property
    def is_alive(self) -> bool:
        """Whether a run is going on, or paused."""
        run = self._now
        return run is not None and not run.over and run.thread is not None and run.thread.is_alive()

    def stop(self, *_: object) -> None:
        """End the run after the step it is in."""
        if self._now is not None:
            self._now.stop()

    def pause(self, on: bool = True) -> None:
        """Rest after the step it is in, or go on."""
        with UI_LOCK:  # so that it does not end in between, and is called paused for ever
            run = self._now
            if run is None or self.state not in _ALIVE or run.stopping.is_set():
                return
            if on:
                run.rest()
            else:
                run.going.set()
            self._enter(run, "paused" if on else "running")

    def join(self, seconds: float | None = None) -> None:
        """Wait for the run's end, as tests do; raises RuntimeError with `UI_LOCK` held."""
        thread = self._now.thread if self._now else None
        if thread is None or thread is threading.current_thread() or not thread.is_alive():
            return
        if _is_lock_held():
            raise RuntimeError("this thread holds UI_LOCK, and the run needs it to come to its end")
        thread.join(seconds)

    def wait(self, seconds: float = 600) -> None:
        """Wait until no run is going on, of those that follow each other; see `join`."""
        end = time.monotonic() + seconds
        while self.is_alive and time.monotonic() < end:
            self.join(max(0, end - time.monotonic()))

    # In the run's thread

    def _run(self, run: _Run, steps: Callable[[], Iterable[Any]], before: threading.Thread | None) -> None:
        if before is not None:
            before.join()  # here and not in `start`, which may hold the lock that its last step waits for
        iterator: Iterator[Any] = iter(())
        try:
            if not run.stopping.is_set():
                iterator = iter(steps())
                self._drive(run, iterator)
            self._end(run, "stopped" if run.stopping.is_set() else "done")
            # Only now, since a harvest that keeps what it has may take longer than a student waits for Stop.
            _close(iterator)
        except Exception as error:  # nobody above a thread hears of it
            self._end(run, "failed", error)

    def _drive(self, run: _Run, steps: Iterator[Any]) -> None:
        last, pending, drawn = None, False, -math.inf
        try:
            for last in steps:
                pending = True
                now = time.perf_counter()
                # Not where it is to stop: the drawing would only make the student wait.
                if now - drawn >= 1 / _FRAMES_A_SECOND and not run.stopping.is_set():
                    pending = False  # first, so that a drawing that fails is not tried again
                    self._draw(run, last)
                    drawn = now
                if not run.going.is_set():
                    if pending:  # what is on screen while it rests is the last step
                        pending = False
                        self._draw(run, last)
                    run.going.wait()
                if run.stopping.is_set():
                    return
        finally:
            if pending and self._draws_end:
                self._draw(run, last)

    def _draw(self, run: _Run, step: Any) -> None:
        with UI_LOCK:
            if run is self._now:
                self._on_step(step)

    def _end(self, run: _Run, state: State, error: Exception | None = None) -> None:
        with UI_LOCK:
            try:
                self._enter(run, state, error)
            finally:
                run.over = True

    def _enter(self, run: _Run, state: State, error: Exception | None = None) -> None:
        if run is self._now:
            self.state = state
            self._on_state(state, error)

    def _on_comm(self, change: Any) -> None:
        if change.new is None:  # closed
            self.stop()


def _close(iterator: Iterator[Any]) -> None:
    close = getattr(iterator, "close", None)
    if close is not None:
        close()


def _is_lock_held() -> bool:
    try:
        threading.Condition(UI_LOCK).notify(0)  # the one public way to ask whose lock it is
    except RuntimeError:
        return False
    return True


class WorkBar:
    """Start, Pause, Stop, a progress bar and a line of text, for one `Runner`.

    Parameters
    ----------
    start : callable
        Begins the work: calls ``runner.start(...)``.
    runner : Runner
        What Pause and Stop act on.
    label : str
        What the Start button says.
    """

    def __init__(self, start: Callable[[], None], runner: Runner, label: str = "Start") -> None:
        self._runner = runner
        self.start = W.Button(description=label, icon="play", layout=W.Layout(width="auto"))
        self.pause = W.Button(
            description="Pause", icon="pause", layout=W.Layout(width="110px"), disabled=True
        )
        self.stop = W.Button(description="Stop", icon="stop", layout=W.Layout(width="90px"), disabled=True)
        self.bar = W.FloatProgress(min=0, max=1, layout=W.Layout(width="160px"))
        self.text = W.HTML()
        self.start.on_click(lambda _: start())
        self.pause.on_click(lambda _: runner.pause(runner.state == "running"))
        self.stop.on_click(self._on_stop)
        self.box = flow(self.start, self.pause, self.stop, self.bar, self.text)

    def show(self, done: int, total: int, text: str = "") -> None:
        """Bring the bar to ``done / total``; `text` is shown beside it, and is escaped by the caller."""
        self.bar.value = done / total if total else 0.0
        self.text.value = text

    def enter(self, state: State) -> None:
        """Enable the buttons that make sense in a state; call it from the runner's `on_state`."""
        self.pause.disabled = self.stop.disabled = state not in _ALIVE
        self.pause.description, self.pause.icon = (
            ("Go on", "play") if state == "paused" else ("Pause", "pause")
        )

    def _on_stop(self, _: object) -> None:
        # The student sees that Stop was heard, even if the step that is going on takes long.
        self.pause.disabled = self.stop.disabled = True
        self._runner.stop()
