"""Start, Pause, Step, Stop and Reset for a board of climbs."""

from collections.abc import Callable

import ipywidgets as W

from cnnviz_widgets.widgets._runner import Runner, State, WorkBar


class ClimbBar:
    """`WorkBar` with two buttons more: one step, and back to the start.

    Parameters
    ----------
    runner : Runner
        What Pause and Stop act on.
    start, step, reset : callable
        What the buttons do.
    """

    def __init__(
        self,
        runner: Runner,
        start: Callable[[], None],
        step: Callable[[], None],
        reset: Callable[[], None],
    ) -> None:
        self._work, self._is_running = WorkBar(start, runner), False
        self.step = W.Button(description="Step", icon="step-forward", layout=W.Layout(width="84px"))
        self.reset = W.Button(description="Reset", icon="refresh", layout=W.Layout(width="90px"))
        self.step.on_click(lambda _: step())
        self.reset.on_click(lambda _: reset())
        self.start, self.pause, self.stop = self._work.start, self._work.pause, self._work.stop
        start_, pause, stop, *rest = self._work.box.children
        self._work.box.children = (start_, pause, self.step, stop, self.reset, *rest)
        self.box = self._work.box

    def show(self, step: int, steps: int, text: str = "") -> None:
        """Tell how far it is; `text` is escaped by the caller."""
        self._work.show(step, steps, text or f"step {step} of {steps}")

    def enter(self, state: State, is_done: bool) -> None:
        """Enable the buttons that make sense in a state."""
        self._work.enter(state)
        self.start.disabled = state in ("running", "paused")
        self._is_running = state == "running"
        self.know(is_done)

    def know(self, is_done: bool) -> None:
        """Offer what makes sense where it is at its end, or, with more steps now, no longer is."""
        self.step.disabled = self._is_running or is_done
        self.start.description = "Start again" if is_done else "Start"
        self.start.icon = "play"
