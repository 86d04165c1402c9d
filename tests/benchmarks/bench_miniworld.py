"""Miniworld must be drawn as fast as a network learns from it: 150 pictures a second on one core."""

import time

import pytest

from cnnviz_widgets.data.miniworld import Objects, Scenes

LIMIT = 1000 / 150  # milliseconds a picture


@pytest.mark.parametrize("kind", [Scenes, Objects])
def test_pictures(measure, kind):
    data = kind("train", size=112)
    n = len(data.classes)

    def a_picture_of_each_class(first: int) -> float:
        started = time.perf_counter()
        for index in range(first, first + n):
            data.picture(index)
        return (time.perf_counter() - started) * 1000 / n

    a_picture_of_each_class(0)  # the pattern tiles are made once
    times = [a_picture_of_each_class(n * turn) for turn in range(1, 16)]
    measure.record(f"{kind.__name__}: a picture of 112x112", times, limit_ms=LIMIT)


def test_samples(measure):
    data = Scenes("train", size=112)
    turns = iter(range(1000))
    measure("Scenes: a picture with all its labels", lambda: data[next(turns)], limit_ms=25)
