"""Work for one question after another: begun once, ended by the next, and left alone once it was stopped."""

from cnnviz_widgets.widgets._errand import Errand


class Told:
    """Stands for a runner: writes down what it is told."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def start(self, make) -> None:
        self.log.append("".join(make()))

    def stop(self) -> None:
        self.log.append("stop")


def begun() -> tuple[Errand, list[str]]:
    """Let an errand begin with question a."""
    runner = Told()
    errand = Errand(runner)
    errand.go_on("a", False, lambda: "a")
    assert runner.log == ["stop", "a"]
    runner.log.clear()
    return errand, runner.log


def test_a_question_is_worked_for_once_and_ended_by_the_next():
    errand, log = begun()
    errand.go_on("a", False, lambda: "a")
    assert log == []
    errand.go_on("b", False, lambda: "b")
    assert log == ["stop", "b"]
    errand.go_on("c", True, lambda: "c")
    assert log == ["stop", "b", "stop"], "nothing is left to do for c"


def test_what_was_stopped_or_failed_is_begun_again_only_when_it_is_asked_for():
    for state in ("stopped", "failed"):
        errand, log = begun()
        errand.enter(state)
        errand.go_on("a", False, lambda: "a")
        assert "a" not in log
        errand.again()
        errand.go_on("a", False, lambda: "a")
        assert log[-1] == "a"


def test_what_was_done_and_then_lost_is_done_again():
    errand, log = begun()
    for state in ("running", "paused", "running"):
        errand.enter(state)
        errand.go_on("a", False, lambda: "a")
    assert log == []
    errand.enter("done")
    errand.go_on("a", True, lambda: "a")
    assert "a" not in log
    errand.go_on("a", False, lambda: "a")  # no longer among what is kept
    assert log[-1] == "a"


def test_the_steps_are_asked_for_at_once():
    taken, made = [], []
    runner = Told()
    runner.start = made.append
    Errand(runner).go_on("a", False, lambda: taken.append("a") or "a")
    assert taken == ["a"] and made[0]() == "a", "the picture may be another one when the thread begins"
