"""A harvest in several processes: the same results as one pass, or a reason why not."""

import threading
import warnings

import joblib
import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.miniworld import Objects
from cnnviz_widgets.engines import Features, Harvest, Moments, Quantile, TopK, harvest, passes
from cnnviz_widgets.errors import InputError, ModelError
from tests.engines.planted import SIDE, colours, noise


def kinds():
    return [TopK("conv", 4), Features("fc"), Moments("relu"), Quantile("conv")]


def assert_same(found, expected):
    for name in ("values", "pictures", "rows", "columns", "not_finite"):
        np.testing.assert_array_equal(getattr(found[0], name), getattr(expected[0], name))
    np.testing.assert_array_equal(found[1], expected[1])
    assert found[2].count == expected[2].count
    np.testing.assert_allclose(found[2].std, expected[2].std, rtol=1e-12)
    np.testing.assert_array_equal(found[3].above(0.1), expected[3].above(0.1))


@pytest.fixture(scope="module")
def expected():
    return harvest(colours(), noise(100), kinds(), batch=4, cache=False, progress=False)


@pytest.fixture(autouse=True)
def own_shelf(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path / "shelf"))


def test_shards_are_whole_batches_and_cover_what_is_left():
    left = [range(0, 100), range(160, 203)]
    parts = passes.shards(left, 8, 2)
    assert [number for part in parts for number in part] == [number for each in left for number in each]
    assert all(part.start % 8 == 0 for part in parts) and 8 <= len(parts) <= 14
    assert passes.shards([range(5)], 16, 2) == [range(5)]


def test_threads_share_the_work_too(expected):
    """The same path through shards as with processes, and quick."""
    with joblib.parallel_config(backend="threading"):
        run = Harvest(colours(), noise(100), kinds(), batch=4)
        steps = list(run.steps(jobs=2))
    assert len(steps) > 5 and steps[-1].done == 100
    assert_same(run.results, expected)


def test_stopped_shards_go_on_in_one_process(expected):
    with joblib.parallel_config(backend="threading"):
        steps = Harvest(colours(), noise(100), kinds(), batch=4).steps(jobs=2)
        for _ in range(3):
            next(steps)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            steps.close()
    run = Harvest(colours(), noise(100), kinds(), batch=4)
    assert run.done >= 3 * 4
    assert_same(run.run(progress=False), expected)


@pytest.mark.heavy
def test_processes(expected):
    """Two of them; the network and a transform are of a kind that only this file knows."""

    class Local(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = colours().network

        def forward(self, x):
            return self.inner(x)

    model = HookedModel(Local(), (3, SIDE, SIDE), transform=lambda image: colours().preprocess(image)[0])
    inside = [TopK("inner.conv", 4), Features("inner.fc"), Moments("inner.relu"), Quantile("inner.conv")]
    assert_same(harvest(model, noise(100), inside, batch=4, progress=False, jobs=2), expected)


@pytest.mark.heavy
def test_a_dask_cluster_of_two_workers():
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    data, layers = Objects("test", 40), ["conv1", "conv5"]
    from cnnviz_widgets.backend import open_model

    model = open_model("mini-alexnet-objects")
    one = harvest(model, data, [TopK(layer, 3) for layer in layers], batch=4, cache=False, progress=False)
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, worker_dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client, joblib.parallel_config(backend="dask"):
        run = Harvest(model, data, [TopK(layer, 3) for layer in layers], batch=4, cache=False)
        found = run.run(progress=False, jobs=-1)
        logs = client.run(lambda dask_worker: dask_worker.state.executed_count)
        assert len(logs) == 2 and sum(logs.values()) >= 5 and min(logs.values()) > 0
    for mine, theirs in zip(found, one, strict=True):
        np.testing.assert_allclose(mine.values, theirs.values, rtol=1e-5)
        np.testing.assert_array_equal(mine.pictures, theirs.pictures)


def test_what_cannot_be_sent_says_which():
    pictures = noise(10)
    lock = threading.Lock()

    def locked(image):
        with lock:
            return torch.zeros(3, SIDE, SIDE)

    with pytest.raises(InputError, match=r"the network cannot be sent .*lock.*leave `jobs` at 1"):
        harvest(colours(transform=locked), pictures, [TopK("conv")], jobs=2, progress=False)

    class Open(list):
        def __init__(self, pictures):
            super().__init__(pictures)
            self.lock = lock

    with pytest.raises(InputError, match="the data set cannot be sent"):
        harvest(colours(), Open(pictures), [TopK("conv")], jobs=2, progress=False)


def test_an_error_in_a_shard_arrives():
    class Poisoned(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 1, 1)

        def forward(self, x):
            return (self.conv(x) * float("nan")).relu().mean((2, 3))

    model = HookedModel(Poisoned(), (3, SIDE, SIDE))
    with joblib.parallel_config(backend="threading"), pytest.raises(ModelError, match="not finite"):
        harvest(model, noise(30), [Moments("relu")], jobs=2, progress=False)
