"""Long work in a thread: what is drawn and told, in which order, and that nothing ever waits for ever."""

import contextvars
import threading
import time

import pytest

from cnnviz_widgets.widgets import _runner
from cnnviz_widgets.widgets._runner import Runner
from cnnviz_widgets.widgets._threads import UI_LOCK
from tests.widgets.runner.conftest import AT_ONCE, SOON, Log, eventually

# What is drawn and told


def test_it_runs_to_the_end(log, hurried):
    assert log.runner.state == "idle" and not log.runner.is_alive
    log.runner.start(lambda: iter("abc"))
    log.runner.join(SOON)
    assert (log.drawn, log.told) == (["a", "b", "c"], ["running", "done"])
    assert log.runner.state == "done" and not log.runner.is_alive


def test_frames_are_few_and_the_last_is_one_of_them(log, slow_screen):
    log.runner.start(lambda: iter(range(1000)))
    log.runner.join(SOON)
    assert log.drawn == [0, 999]


def test_a_frame_is_drawn_when_its_time_has_come(log, monkeypatch):
    clock = iter([100.0, 100.05, 100.09, 100.10])
    monkeypatch.setattr(_runner.time, "perf_counter", lambda: next(clock))
    log.runner.start(lambda: iter("abcd"))  # a at 0, b at 50 ms, c at 90 ms, d 10 ms later and last
    log.runner.join(SOON)
    assert log.drawn == ["a", "c", "d"]


def test_work_without_a_step_draws_nothing(log):
    log.runner.start(lambda: iter(()))
    log.runner.join(SOON)
    assert (log.drawn, log.told) == ([], ["running", "done"])


def test_it_runs_again(log, hurried):
    for _ in range(2):
        log.runner.start(lambda: [1, 2])  # anything that can be iterated
        log.runner.join(SOON)
    assert (log.drawn, log.told) == ([1, 2, 1, 2], ["running", "done"] * 2)


def test_start_tells_at_once_and_callbacks_hold_the_lock(hurried):
    held = []
    note = lambda *_: held.append(_runner._is_lock_held())  # noqa: E731
    runner = Runner(note, note)
    runner.start(lambda: iter([1]))
    assert held[0] is True  # "running", in this thread
    runner.join(SOON)
    assert held == [True] * 3 and not _runner._is_lock_held()


def test_the_thread_has_the_context_of_start(log, hurried):
    cell = contextvars.ContextVar("cell")
    cell.set("the cell that started it")
    log.runner.start(lambda: iter([cell.get()]))
    log.runner.join(SOON)
    assert log.drawn == ["the cell that started it"]


def test_a_widget_that_draws_the_end_itself_is_not_asked_to_draw_it_twice(log, slow_screen):
    runner = Runner(log.drawn.append, lambda state, _: log.told.append(state), draws_end=False)
    runner.start(lambda: iter(range(1000)))
    runner.join(SOON)
    assert (log.drawn, log.told) == ([0], ["running", "done"])


# Stop and pause


def test_a_frame_whose_time_has_come_does_not_delay_stop(log, hurried):
    runner = Runner(log.drawn.append, lambda state, _: log.told.append(state), draws_end=False)

    def steps():
        yield "a"
        runner.stop()
        yield "b"

    runner.start(steps)
    runner.join(SOON)
    assert (log.drawn, log.told) == (["a"], ["running", "stopped"])


def test_stop_ends_it_after_its_step_and_draws_the_last(log, slow_screen):
    log.runner.start(log.steps)
    log.step(3)
    log.runner.stop()
    log.let_go()
    log.runner.join(SOON)
    # The generator may have been waiting for the next step already.
    assert log.drawn == [0, log.made[-1]] and log.made[-1] in (2, 3)
    assert log.told == ["running", "stopped"] and log.closed.is_set()


@pytest.mark.parametrize("pause_first", [False, True], ids=["running", "paused"])
def test_stop_answers_at_once(log, pause_first):
    def steps():
        while True:
            time.sleep(0.01)
            yield 0

    waited = []
    for _ in range(3):  # of three, since a busy machine may be late once
        del log.drawn[:]
        log.runner.start(steps)
        eventually(lambda: log.drawn)
        if pause_first:
            log.runner.pause()
        started = time.monotonic()
        log.runner.stop()
        log.runner.join(SOON)
        waited.append(time.monotonic() - started)
    assert min(waited) < AT_ONCE
    assert log.told[-1] == "stopped"


def test_stop_is_told_before_the_generator_tidies_up(log):
    tidy = threading.Event()

    def steps():
        try:
            while True:
                yield 0
        finally:
            assert tidy.wait(SOON)

    log.runner.start(steps)
    log.runner.stop()
    eventually(lambda: log.told[-1] == "stopped")
    eventually(lambda: not log.runner.is_alive)  # a new one may begin, and waits for the tidying
    log.runner.start(lambda: iter("b"))
    assert "b" not in log.drawn
    tidy.set()
    log.runner.join(SOON)
    assert log.drawn[-1] == "b" and log.told[-2:] == ["running", "done"]


def test_stop_before_the_first_step_makes_none(log):
    with UI_LOCK:  # the thread cannot get far
        log.runner.start(log.steps)
        first = log.runner._now.thread
        log.runner.start(lambda: pytest.fail("the run was stopped before it began"))
        log.runner.stop()
    log.let_go()
    first.join(SOON)
    log.runner.join(SOON)
    assert log.told == ["running", "running", "stopped"]


def test_pause_rests_with_the_last_step_on_screen(log, slow_screen):
    log.runner.start(log.steps)
    log.step(2)
    log.runner.pause()
    assert log.told == ["running", "paused"] and log.runner.is_alive
    log.let_go()
    eventually(lambda: len(log.drawn) == 2)
    made = list(log.made)
    time.sleep(0.02)
    assert log.drawn == [0, made[-1]] and log.made == made  # at rest
    log.runner.pause(False)
    eventually(lambda: len(log.made) > len(made))
    log.runner.stop()
    log.runner.join(SOON)
    assert log.told == ["running", "paused", "running", "stopped"]
    assert log.drawn[-1] == log.made[-1]


def test_pause_with_no_run_says_nothing(log):
    log.runner.pause()
    log.runner.start(lambda: iter("a"))
    log.runner.join(SOON)
    log.runner.pause()
    log.runner.pause(False)
    assert log.told == ["running", "done"] and log.runner.state == "done"


def test_a_run_that_ends_while_pause_is_pressed_is_not_called_paused(log):
    log.runner.start(lambda: log.steps(1))
    with UI_LOCK:
        log.step()  # it is at its end, and waits for the lock to draw and to say so
        presser = threading.Thread(target=log.runner.pause)
        presser.start()
    presser.join(SOON)
    if log.runner.state == "paused":  # pressed just in time
        log.runner.pause(False)
    log.runner.join(SOON)
    assert log.runner.state == "done" and log.told[-1] == "done"


def test_stop_pressed_in_the_middle_of_pause_is_not_lost(log):
    log.runner.start(log.steps)
    log.step()
    run = log.runner._now
    clear = run.going.clear

    def stop_comes_in_between() -> None:
        log.runner.stop()
        clear()

    run.going.clear = stop_comes_in_between
    log.runner.pause()
    log.let_go()
    log.runner.join(SOON)
    assert not log.runner.is_alive and log.told[-1] == "stopped"


# Two runs


def test_a_second_run_takes_the_place_of_the_first(log, hurried):
    second = Log()
    log.runner.start(log.steps)
    log.step()
    eventually(lambda: log.drawn == [0])
    log.runner.start(second.steps)
    assert log.runner.state == "running"
    time.sleep(0.01)
    assert second.made == []  # waits for the first one's step
    log.let_go()
    second.step(2)
    eventually(lambda: log.drawn[-1] == 1)
    assert log.closed.is_set() and len(log.made) == 2
    assert log.drawn == [0, 0, 1]  # the first one's last step is of no interest any more
    log.runner.stop()
    second.let_go()
    log.runner.join(SOON)
    assert log.told == ["running", "running", "stopped"]


@pytest.mark.parametrize("with_lock", [False, True], ids=["free", "held"])
def test_many_runs_started_quickly_from_many_threads(log, with_lock):
    alive, most, lock = [0], [0], threading.Lock()

    def steps():
        with lock:
            alive[0] += 1
            most[0] = max(most[0], alive[0])
        try:
            for step in range(5):
                time.sleep(0.0002)
                yield step
        finally:
            with lock:
                alive[0] -= 1

    def press() -> None:
        for _ in range(20):
            if with_lock:
                with UI_LOCK:
                    log.runner.start(steps)
            else:
                log.runner.start(steps)
            log.runner.pause()
            log.runner.pause(False)

    pressers = [threading.Thread(target=press) for _ in range(4)]
    for each in pressers:
        each.start()
    for each in pressers:
        each.join(SOON)
        assert not each.is_alive()
    log.runner.join(SOON)
    assert most[0] == 1 and alive[0] == 0  # never two at a time
    assert log.told[-1] == "done" and log.told.count("done") >= 1
    assert log.drawn[-1] == 4


def test_a_callback_may_start_the_next_run(hurried):
    told, drawn = [], []

    def tell(state, error) -> None:
        told.append(state)
        if told == ["running", "done"]:
            runner.start(lambda: iter("bc"))

    runner = Runner(drawn.append, tell)
    runner.start(lambda: iter("a"))
    eventually(lambda: told.count("done") == 2)
    runner.join(SOON)
    assert (drawn, told) == (["a", "b", "c"], ["running", "done", "running", "done"])


def test_a_drawing_may_stop_or_restart_its_run(hurried):
    drawn, told = [], []

    def draw(step) -> None:
        drawn.append(step)
        if step == "a":
            runner.start(lambda: iter("xyz"))
        if step == "y":
            runner.stop()

    runner = Runner(draw, lambda state, error: told.append(state))
    runner.start(lambda: iter("abc"))
    eventually(lambda: told[-1] == "stopped")
    assert (drawn, told) == (["a", "x", "y"], ["running", "running", "stopped"])
