"""Long work that fails, locks that are held, widgets that go; and the bar of buttons."""

import gc
import time
import weakref

import ipywidgets as W
import pytest

from cnnviz_widgets.widgets._runner import Runner, WorkBar
from cnnviz_widgets.widgets._threads import UI_LOCK
from tests.widgets.runner.conftest import SOON, eventually

# Errors


def failing():
    yield 1
    yield 2
    raise ValueError("no memory")


def test_an_error_is_told_and_the_last_good_step_drawn(log, slow_screen):
    log.runner.start(failing)
    log.runner.join(SOON)
    assert log.drawn == [1, 2] and log.told == ["running", ("failed", "no memory")]
    log.runner.start(lambda: iter("a"))
    log.runner.join(SOON)
    assert log.told[-1] == "done"


def test_an_error_before_the_first_step(log):
    def refuse():
        raise ValueError("no pictures")

    log.runner.start(refuse)
    log.runner.join(SOON)
    assert (log.drawn, log.told) == ([], ["running", ("failed", "no pictures")])


def test_a_drawing_that_fails_ends_the_run_and_is_not_tried_again(hurried):
    tried, told = [], []

    def draw(step) -> None:
        tried.append(step)
        raise ValueError("cannot draw")

    runner = Runner(draw, lambda state, error: told.append((state, str(error))))
    runner.start(lambda: iter("abc"))
    runner.join(SOON)
    assert tried == ["a"] and told[-1] == ("failed", "cannot draw")


def test_an_error_while_tidying_up_is_told(log):
    def steps():
        try:
            while True:
                yield 0
        finally:
            raise OSError("disk full")

    log.runner.start(steps)
    log.runner.stop()
    log.runner.join(SOON)
    if log.drawn:  # it may have been stopped before it began
        assert log.told == ["running", "stopped", ("failed", "disk full")]


def test_a_state_that_cannot_be_shown_is_a_failure():
    told = []

    def tell(state, error) -> None:
        told.append((state, str(error)))
        if state == "done":
            raise ValueError("no such label")

    runner = Runner(lambda step: None, tell)
    runner.start(lambda: iter("a"))
    runner.join(SOON)
    assert told[-1] == ("failed", "no such label") and not runner.is_alive


# Locks and widgets that go


def test_join_with_the_lock_held_is_refused_not_waited_for(log):
    log.runner.start(log.steps)
    with UI_LOCK, pytest.raises(RuntimeError, match="UI_LOCK"):
        log.runner.join()
    log.runner.stop()
    log.let_go()
    log.runner.join(SOON)
    with UI_LOCK:
        log.runner.join()  # nothing to wait for


class Canvas(W.VBox):
    def __init__(self) -> None:
        self.steps_drawn = []
        super().__init__()
        self.runner = Runner(self.on_step, lambda state, error: None)

    def on_step(self, step) -> None:
        self.steps_drawn.append(step)


def endless():
    while True:
        time.sleep(0.001)
        yield 0


@pytest.mark.parametrize("paused", [False, True])
def test_a_widget_that_is_closed_ends_its_run_and_can_be_forgotten(paused):
    canvas = Canvas()
    runner = canvas.runner
    runner.start(endless)
    eventually(lambda: canvas.steps_drawn)
    if paused:
        runner.pause()
    canvas.close()
    runner.join(SOON)
    assert not runner.is_alive and runner.state == "stopped"
    gone = weakref.ref(canvas)
    canvas = runner = None
    gc.collect()
    assert gone() is None


def test_an_owner_that_is_closed_ends_the_run(log):
    owner = W.VBox()
    runner = Runner(log.drawn.append, log.tell, owner)
    runner.start(endless)
    owner.close()
    runner.join(SOON)
    assert log.told[-1] == "stopped"


# The bar


def test_the_bar_offers_what_makes_sense(log):
    bar = WorkBar(lambda: log.runner.start(log.steps), log.runner, "Look")
    log.runner._on_state = lambda state, error: (log.tell(state, error), bar.enter(state))

    def offered() -> list[str]:
        buttons = (bar.start, bar.pause, bar.stop)
        return [each.description for each in buttons if not each.disabled]

    assert offered() == ["Look"]
    bar.start.click()
    assert offered() == ["Look", "Pause", "Stop"]
    bar.pause.click()
    assert offered() == ["Look", "Go on", "Stop"] and log.runner.state == "paused"
    bar.pause.click()
    assert offered() == ["Look", "Pause", "Stop"] and log.runner.state == "running"
    bar.stop.click()
    assert offered() == ["Look"]  # heard, though the step is not at its end
    log.let_go()
    log.runner.join(SOON)
    assert log.told[-1] == "stopped" and offered() == ["Look"]


def test_the_bar_shows_how_far_it_is(log):
    bar = WorkBar(lambda: None, log.runner)
    bar.show(3, 12, "3 of 12")
    assert (bar.bar.value, bar.text.value) == (0.25, "3 of 12")
    bar.show(0, 0)
    assert (bar.bar.value, bar.text.value) == (0, "")
