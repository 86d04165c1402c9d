"""A widget with a queue of work: what is done next, what is not begun again, how often it looks."""

import time

import pytest
import traitlets

from cnnviz_widgets.widgets._runner import WorkBar
from cnnviz_widgets.widgets._work_queue import QueueView


class Counter(QueueView):
    """Counts up to `goal`, one a piece of work."""

    recompute_on = ("goal",)
    goal = traitlets.Int(0)

    def __init__(self, **traits) -> None:
        self.done: list[int] = []
        self.looks = 0
        super().__init__(**traits)

    def _build(self):
        self._bar = WorkBar(self._start, self._runner)
        return (self._bar.box,)

    def _compute(self):
        return self.goal

    def _draw(self, result):
        if self._ready:
            self._go_on()
        return str(result)

    def snapshot(self):
        return b""

    def _undone(self):
        return [("count", i) for i in range(self.goal) if i not in self.done]

    def _do(self, piece):
        if piece[1] == 7:
            raise ValueError("seven")
        self.done.append(piece[1])
        yield

    def _look(self):
        self.looks += 1

    def _tell_progress(self):
        self._bar.show(len(self.done), self.goal)


@pytest.fixture
def counter() -> Counter:
    made = Counter(goal=3)
    made.wait(10)
    yield made
    made.close()


def test_work_begins_by_itself_and_goes_on_with_what_is_asked_for(counter):
    assert counter.done == [0, 1, 2] and counter._runner.state == "done" and counter.looks > 0
    counter.goal = 5
    counter.wait(10)
    assert counter.done == [0, 1, 2, 3, 4] and counter._bar.bar.value == 1


def test_what_is_asked_for_while_a_run_ends_is_done_by_the_next(counter):
    counter._ready = False  # so that the trait alone changes
    counter.goal = 4
    counter._on_state("done", None)
    counter.wait(10)
    assert counter.done == [0, 1, 2, 3]


def test_what_failed_or_was_stopped_is_not_begun_again_before_start(counter):
    counter.goal = 9
    counter.wait(10)
    assert str(counter.error) == "seven" and counter.done == [0, 1, 2, 3, 4, 5, 6]
    assert counter._next_piece == ("count", 8), "the others are wanted still"
    counter._on_state("stopped", None)
    counter._go_on()
    assert counter._next_piece is None and not counter._runner.is_alive
    counter.goal = 7
    counter.done.remove(3)
    counter._bar.start.click()
    counter.wait(10)
    assert sorted(counter.done) == list(range(7))


def test_looking_takes_a_share_of_the_time_only(counter):
    counter._look = lambda: time.sleep(0.02)
    counter._next_look = 0.0
    counter._on_step(())
    rest = counter._next_look - time.perf_counter()
    assert 0.02 / counter.part * 0.9 < rest, "five times as long as it took"
    looked = []
    counter._look = lambda: looked.append(1)
    counter._on_step(())
    assert looked == []
