"""A runner whose steps a test makes one by one."""

import threading
import time

import pytest

from cnnviz_widgets.widgets import _runner
from cnnviz_widgets.widgets._runner import Runner

SOON = 10  # seconds: only a failure waits that long
AT_ONCE = 0.2


class Log:
    """A runner, what it drew and told, and a generator that makes a step when the test lets it."""

    def __init__(self) -> None:
        self.drawn, self.told, self.made = [], [], []
        self.closed = threading.Event()
        self._gate, self._made = threading.Semaphore(0), threading.Semaphore(0)
        self.runner = Runner(self.drawn.append, self.tell)

    def tell(self, state, error) -> None:
        self.told.append(state if error is None else (state, str(error)))

    def steps(self, count: int = 10**9):
        try:
            for step in range(count):
                self._gate.acquire()
                self.made.append(step)
                self._made.release()
                yield step
        finally:
            self.closed.set()

    def step(self, count: int = 1) -> None:
        """Let the generator make so many steps, and wait for them."""
        for _ in range(count):
            self._gate.release()
            assert self._made.acquire(timeout=SOON)

    def let_go(self) -> None:
        for _ in range(10_000):
            self._gate.release()


@pytest.fixture
def log() -> Log:
    log = Log()
    yield log
    log.runner.stop()
    log.let_go()
    log.runner.join(SOON)
    assert not log.runner.is_alive


@pytest.fixture
def hurried(monkeypatch) -> None:
    """Draw every step."""
    monkeypatch.setattr(_runner, "_FRAMES_A_SECOND", 1e9)


@pytest.fixture
def slow_screen(monkeypatch) -> None:
    """Draw the first step, and then none but those that must be drawn."""
    monkeypatch.setattr(_runner, "_FRAMES_A_SECOND", 1e-9)


def eventually(true) -> None:
    end = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)
