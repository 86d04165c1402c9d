"""The work that the question on show needs; what the student stopped is not begun again."""

from collections.abc import Callable, Iterable
from typing import Any

from cnnviz_widgets.widgets._runner import Runner, State


class Errand:
    """One work after another, each for a question; never the one that the student stopped.

    Parameters
    ----------
    runner : Runner
        Does the work; its `on_state` is to call `enter`.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._doing: Any = None  # what is being worked for
        self._halted: Any = None  # what the student stopped

    def go_on(self, question: Any, is_whole: bool, steps: Callable[[], Iterable[Any]]) -> None:
        """Work for this question now, if anything is left to do; `steps` is called at once."""
        if self._doing != question:
            self._doing = None
            self._runner.stop()
        if self._doing is None and not is_whole and question != self._halted:
            self._doing = question
            made = steps()
            self._runner.start(lambda: made)

    def again(self) -> None:
        """Forget what was stopped: it is wanted after all."""
        self._halted = None

    def enter(self, state: State) -> None:
        """Note what became of the work."""
        if state in ("stopped", "failed", "done"):
            self._halted = self._doing if state != "done" else None
            self._doing = None
