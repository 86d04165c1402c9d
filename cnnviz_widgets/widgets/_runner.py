"""Long work in steps, in a thread: progress, a live picture, Pause and Stop that answer at once."""

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import ipywidgets as W

from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._threads import UI_LOCK

State = Literal["idle", "running", "paused", "stopped", "done", "failed"]

_FRAMES_A_SECOND = 12  # more, and a slow link shows what was true seconds ago


class Runner:
    """Drives a generator in a thread of its own, and draws no more often than a student can see.

    Parameters
    ----------
    on_step : callable
        Gets the last thing the generator yielded, with `UI_LOCK` held, at most 12 times a second and once more at
        the end of the run or when it rests: here the widget draws.
    on_state : callable
        Gets the new `State` and the exception if there is one, with `UI_LOCK` held.
    """

    def __init__(
        self, on_step: Callable[[Any], None], on_state: Callable[[State, Exception | None], None]
    ) -> None:
        self._on_step, self._on_state = on_step, on_state
        self._stopping, self._going = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.state: State = "idle"

    def start(self, steps: Callable[[], Iterator[Any]]) -> None:
        """Begin a run; one that is going on is stopped, and the new one waits for its last step."""
        self.stop()
        before = self._thread
        self._stopping, self._going = threading.Event(), threading.Event()
        self._going.set()
        context = contextvars.copy_context()  # ipykernel 7.0 finds the cell to write to in it
        arguments = (self._run, steps, self._stopping, self._going, before)
        self._thread = threading.Thread(target=context.run, args=arguments, daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether a run is going on, or paused."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self, *_: object) -> None:
        """End the run after the step it is in."""
        self._stopping.set()
        self._going.set()

    def pause(self, on: bool = True) -> None:
        """Rest after the step it is in, or go on."""
        if self.is_alive and not self._stopping.is_set():
            (self._going.clear if on else self._going.set)()
            self._enter("paused" if on else "running")

    def join(self, seconds: float | None = None) -> None:
        """Wait for the run's end, as tests do. Never with `UI_LOCK` held."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _run(
        self,
        steps: Callable[[], Iterator[Any]],
        stopping: threading.Event,
        going: threading.Event,
        before: threading.Thread | None,
    ) -> None:
        if before is not None:
            before.join()  # here and not in `start`, which may hold the lock that its last step waits for
        self._enter("running")
        try:
            stopped = self._drive(steps(), stopping, going)
        except Exception as error:  # nobody above a thread hears of it
            self._enter("failed", error)
        else:
            self._enter("stopped" if stopped else "done")

    def _drive(self, steps: Iterator[Any], stopping: threading.Event, going: threading.Event) -> bool:
        last: Any = None
        drawn, pending = 0.0, False
        try:
            for last in steps:
                pending = True
                if not going.is_set():  # what is on screen while it rests is the last step
                    self._draw(last)
                    pending = False
                    going.wait()
                if stopping.is_set():
                    return True
                now = time.perf_counter()
                if pending and now - drawn >= 1 / _FRAMES_A_SECOND:
                    self._draw(last)
                    drawn, pending = time.perf_counter(), False
            return stopping.is_set()
        finally:
            close = getattr(steps, "close", None)
            if close is not None:
                close()  # a harvest keeps what it has
            if pending:
                self._draw(last)

    def _draw(self, step: Any) -> None:
        with UI_LOCK:
            self._on_step(step)

    def _enter(self, state: State, error: Exception | None = None) -> None:
        with UI_LOCK:
            self.state = state
            self._on_state(state, error)


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
        self.stop.on_click(runner.stop)
        self.box = flow(self.start, self.pause, self.stop, self.bar, self.text)

    def show(self, done: int, total: int, text: str = "") -> None:
        """Bring the bar to ``done / total``; `text` is shown beside it, and is escaped by the caller."""
        self.bar.value = done / total if total else 0.0
        self.text.value = text

    def enter(self, state: State) -> None:
        """Enable the buttons that make sense in a state; call it from the runner's `on_state`."""
        alive = state in ("running", "paused")
        self.pause.disabled = self.stop.disabled = not alive
        self.pause.description, self.pause.icon = (
            ("Go on", "play") if state == "paused" else ("Pause", "pause")
        )
