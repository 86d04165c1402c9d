"""t-SNE of 20,000 points: no piece is so long that Stop or the pointer waits for it."""

import statistics
import time

import numpy as np

from cnnviz_widgets import tsne_steps
from cnnviz_widgets.methods.tsne import nearest_others, neighbor_accuracy

POINTS = 20_000


def codes(points: int) -> np.ndarray:
    """Give codes of 28 classes, as a small network's last layer might."""
    chance = np.random.default_rng(0)
    middles = chance.normal(size=(28, 192)) * 2
    return (middles[np.arange(points) % 28] + chance.normal(size=(points, 192))).astype(np.float32)


def test_pieces_of_20000_points_are_short(measure):
    times, before = [], time.perf_counter()
    for layout in tsne_steps(codes(POINTS), iterations=120):
        now = time.perf_counter()
        times.append((layout.stage, (now - before) * 1000))
        before = now
    for stage, limit_ms in (
        ("components", 4000),
        ("neighbors", 400),
        ("exaggeration", 400),
        ("descent", 600),
    ):
        measure.record(
            f"t-SNE of {POINTS:,}: a piece of {stage}", [ms for name, ms in times if name == stage], limit_ms
        )
    assert statistics.median(ms for name, ms in times if name == "descent") > 0


def test_1000_points_take_seconds(measure):
    some = codes(1000)

    def whole() -> None:
        for _ in tsne_steps(some):
            pass

    measure("t-SNE of 1,000 from the codes to the end", whole, limit_ms=20_000, repeat=1)


def test_accuracy_is_counted_between_two_frames(measure):
    positions = np.random.default_rng(0).normal(size=(POINTS, 2))
    labels = np.arange(POINTS) % 28
    measure(
        f"10-NN accuracy of {POINTS:,}", lambda: neighbor_accuracy(positions, labels), limit_ms=1000, repeat=3
    )
    measure("10 nearest of 1,000", lambda: nearest_others(positions[:1000], 10), limit_ms=60)
