"""Three pictures, and what the tests of InversionViewer do with one."""

import time

import numpy as np

NAMES = ["<i>one</i>", "two", "three"]


def pictures() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {name: random.integers(0, 256, (16, 16, 3), np.uint8) for name in NAMES}


def ran(widget):
    widget.run()
    widget.wait(20)
    assert widget.error is None
    return widget


def control(widget, name):
    return widget._controls._controls[name]


def until(true, seconds=20.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)
