"""What a harvest costs beside the bare passes of the same network, on batches that are ready for both.

2,000 pictures of Miniworld through mini-alexnet-objects, the nine strongest of every channel of every layer.
"""

import statistics
import time

import pytest
import torch

from cnnviz_widgets.backend import open_model
from cnnviz_widgets.data.miniworld import Objects
from cnnviz_widgets.engines import Features, Harvest, TopK, passes

PICTURES = 2000
LIMIT = 1.3
ROUNDS = 3


def seconds(call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


@pytest.fixture(scope="module")
def model():
    return open_model("mini-alexnet-objects")


@pytest.fixture(scope="module")
def data():
    return Objects("train", PICTURES)


@pytest.fixture(scope="module")
def drawn(data):
    """Draw each picture once, and tell how long that took a picture, in ms."""
    taken: list = []
    spent = seconds(lambda: taken.extend(data.picture(i).picture for i in range(PICTURES)))
    return taken, spent * 1000 / PICTURES


@pytest.fixture(scope="module")
def batches(model, drawn):
    """Make the batches once, and tell how long that took a picture, in ms."""
    ready: list = []
    spent = seconds(lambda: ready.extend(model.preprocess(picture) for picture in drawn[0]))
    return torch.cat(ready), spent * 1000 / PICTURES


def test_top_9_of_all_layers(model, data, drawn, batches, measure, monkeypatch, tmp_path):
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path))
    x, preprocessing = batches
    monkeypatch.setattr(passes, "prepared", lambda model, pictures, part: x[part.start : part.stop])
    batch = Harvest(model, data, [TopK("conv1")], cache=False).batch

    def bare():
        with torch.no_grad():
            for some in x.split(batch):
                model.network(some)

    def top_9():
        Harvest(model, data, [TopK(layer.name) for layer in model.layers], cache=False).run(progress=False)

    bare(), top_9()
    # By turns, so that both see the same moods of the machine; each pair gives a ratio.
    times = [(seconds(bare), seconds(top_9)) for _ in range(ROUNDS)]
    ratio = statistics.median(harvest / alone for alone, harvest in times)
    alone, harvest = (min(each) * 1000 / PICTURES for each in zip(*times, strict=True))
    whole = drawn[1] + preprocessing
    print(  # noqa: T201 - what the ratio is made of
        f"\na picture: bare pass {alone:.2f} ms, harvest {harvest:.2f} ms, drawing {drawn[1]:.2f} ms, "
        f"preprocessing {preprocessing:.2f} ms\nharvest / bare: {ratio:.2f}; with preprocessing "
        f"{(harvest + preprocessing) / (alone + preprocessing):.2f}; with drawing too "
        f"{(harvest + whole) / (alone + whole):.2f}"
    )
    measure.record("bare passes, a picture", [1000 * a / PICTURES for a, _ in times], limit_ms=1000)
    measure.record(
        "top 9 of all layers, a picture",
        [1000 * h / PICTURES for _, h in times],
        limit_ms=1000,
    )
    assert ratio <= LIMIT, f"a harvest takes {ratio:.2f} times the bare passes; at most {LIMIT}"


def test_the_second_opening_of_a_notebook(model, measure, monkeypatch, tmp_path):
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path))
    data = Objects("train", 64)

    def opened():
        return Harvest(model, data, [*(TopK(layer.name) for layer in model.layers), Features("relu7")])

    opened().run(progress=False)
    assert not opened()._missing
    measure("a harvest that is on disk", opened, limit_ms=500)
