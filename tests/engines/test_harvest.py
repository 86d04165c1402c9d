"""A pass over a data set: stopped, interrupted, broken and gone on with; layers of every kind."""

import itertools
import signal
import threading

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import picture_set
from cnnviz_widgets.engines import Features, Harvest, Moments, Progress, Quantile, TopK, harvest, passes
from cnnviz_widgets.errors import InputError, LayerError, ModelError
from tests.engines.planted import SIDE, colours, maps_of, noise


@pytest.fixture(autouse=True)
def own_shelf(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path / "shelf"))


def all_kinds():
    return [TopK("conv", 4), Features("fc"), Moments("relu"), Quantile("conv")]


def plain(results):
    """Results as arrays that can be compared."""
    top, codes, spread, quantiles = results
    found = [top.values, top.pictures, top.rows, top.columns, codes]
    return [*found, np.array(spread.count), spread.mean, spread.std, quantiles.above(0.1)]


def assert_same(found, expected):
    for mine, theirs in zip(plain(found), plain(expected), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


@pytest.fixture(scope="module")
def expected():
    return harvest(colours(), noise(50), all_kinds(), cache=False, progress=False)


def test_progress_and_results_on_the_way():
    run = Harvest(colours(), noise(50), [Features("fc")])
    seen = []
    for step in run:
        seen.append(step)
        assert run.results[0].any(1).sum() == step.done == run.done
    assert seen == [Progress(16, 50), Progress(32, 50), Progress(48, 50), Progress(50, 50)]
    assert list(run) == []  # it is done


def test_what_is_gathered_is_what_the_layers_compute(expected):
    model, pictures = colours(), noise(50)
    np.testing.assert_array_equal(expected[1], maps_of(model, pictures, "fc").flatten(1).numpy())
    before_the_relu = maps_of(model, pictures, "conv")  # which works in place
    np.testing.assert_array_equal(expected[0].values[:, 0], before_the_relu.amax((0, 2, 3)).numpy())


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_stopped_pass_goes_on(expected, cache, steps):
    run = Harvest(colours(), noise(50), all_kinds(), batch=7, cache=cache)
    for _ in itertools.islice(run, steps):
        pass
    assert run.done == 7 * steps
    assert_same(run.run(progress=False), expected)


def test_another_process_goes_on_where_one_was_stopped(expected):
    first = iter(Harvest(colours(), noise(50), all_kinds(), batch=16))
    next(first), next(first)
    first.close()
    second = Harvest(colours(), noise(50), all_kinds(), batch=5)
    assert second.done == 32
    assert_same(second.run(progress=False), expected)
    assert Harvest(colours(), noise(50), [Moments("relu")]).done == 50


def test_one_of_those_that_were_stopped_goes_on_alone():
    first = iter(Harvest(colours(), noise(50), all_kinds()))
    next(first)
    first.close()
    assert Harvest(colours(), noise(50), [Quantile("conv")]).done == 16
    assert Harvest(colours(), noise(50), all_kinds()[::-1]).done == 16  # in another order
    assert Harvest(colours(), noise(50), [Quantile("conv"), TopK("fc")]).done == 0  # one of them is new


@pytest.mark.parametrize("turn", range(8))
def test_an_interrupt_never_leaves_a_batch_counted_by_half(expected, monkeypatch, turn):
    """Ctrl-C reaches the main thread wherever it is: here while it opens pictures, or waits for a batch."""
    where = itertools.count()
    original, in_pass = passes.prepared, passes.gather

    def prepared(*args):
        if next(where) == turn:
            raise KeyboardInterrupt
        return original(*args)

    def gather(*args):
        assert threading.current_thread() is not threading.main_thread()
        in_pass(*args)

    monkeypatch.setattr(passes, "prepared", prepared)
    monkeypatch.setattr(passes, "gather", gather)
    run = Harvest(colours(), noise(50), all_kinds(), batch=7, cache=turn % 2 == 0)
    with pytest.raises(KeyboardInterrupt):
        run.run(progress=False)
    assert run.done == min(7 * turn, 50) and run.results[2].count == 16 * run.done
    assert_same(run.run(progress=False), expected)


def test_an_interrupt_in_the_midst_of_a_pass_waits_for_its_end(expected, monkeypatch):
    import _thread

    in_pass, passed = passes.gather, []

    def gather(*args):
        if len(passed) == 2:
            _thread.interrupt_main()  # while the main thread waits for this batch
        in_pass(*args)
        passed.append(args)

    monkeypatch.setattr(passes, "gather", gather)
    run = Harvest(colours(), noise(50), all_kinds(), batch=7, cache=False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            run.run(progress=False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert run.done == 7 * len(passed) >= 21
    assert_same(run.run(progress=False), expected)


def test_an_error_in_the_midst_of_a_pass_goes_back_to_what_was_kept(expected):
    class Breaks(TopK):
        broken = False

        def update(self, maps, first):
            super().update(maps, first)
            if first >= 32 and not Breaks.broken:
                Breaks.broken = True
                raise MemoryError

    kinds = [*all_kinds(), Breaks("fc")]  # the others have counted the batch when this one breaks
    run = Harvest(colours(), noise(50), kinds)
    steps = iter(run)
    next(steps)
    steps.close()  # 16 are on disk
    with pytest.raises(MemoryError):
        run.run(progress=False)
    assert run.done == 16
    assert_same(run.run(progress=False)[:4], expected)


def test_a_damaged_picture_is_named_and_nothing_is_lost(expected):
    pictures = noise(50)
    broken = {f"photo {i}": each for i, each in enumerate(pictures)} | {"photo 20": b"no picture"}
    run = Harvest(colours(), broken, all_kinds())
    with pytest.raises(ValueError, match="picture") as caught:
        run.run(progress=False)
    assert caught.value.__notes__ == ["This was picture 20, 'photo 20'."]
    assert run.done == 16 and run.results[2].count == 16 * 16


def test_not_finite_activations():
    class Poisoned(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, x):
            bright = x.amax((1, 2, 3), keepdim=True) > 0.9
            return torch.where(bright, float("nan"), self.conv(x)).add(self.conv(x)).mean((2, 3))

    pictures = noise(20)
    pictures[7][0, 0, 0] = 255
    model = HookedModel(Poisoned(), (3, SIDE, SIDE))
    top, codes = harvest(model, pictures, [TopK("add", 20), Features("add")], progress=False)
    assert top.not_finite.tolist() == [1, 1] and top.found.sum(1).tolist() == [19, 19]
    assert 7 not in top.pictures and np.flatnonzero(np.isnan(codes).any(1)).tolist() == [7]
    for refuses in (Moments("add"), Quantile("add")):
        run = Harvest(model, pictures, [TopK("add"), refuses], batch=4)
        with pytest.raises(ModelError, match=r"layer 'add' answers picture 7 .* pictures\.subset"):
            run.run(progress=False)
        kept = picture_set(pictures).subset([i for i in range(20) if i != 7])
        assert harvest(model, kept, [refuses], progress=False)[0].count == 19 * 64


def test_a_layer_that_mixes_pictures():
    class Windows(nn.Module):
        def __init__(self):
            super().__init__()
            self.attend, self.last = nn.Linear(12, 12), nn.Linear(12, 2)

        def forward(self, x):  # as Swin does inside its blocks: 16 windows of each picture
            windows = x.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).reshape(-1, 12)
            return self.last(self.attend(windows).reshape(len(x), 16, 12).mean(1))

    run = Harvest(HookedModel(Windows(), (3, SIDE, SIDE)), noise(3), [TopK("attend")])
    with pytest.raises(
        LayerError, match="'attend' gives 48x12 for 3 pictures, and one result of 12 for each"
    ):
        run.run(progress=False)
    assert run.done == 0


def test_a_layer_that_does_not_run_for_every_picture():
    class Fork(nn.Module):
        def __init__(self):
            super().__init__()
            self.dark, self.light = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1)

        def forward(self, x):
            return (self.dark(x) if x.sum() <= 0 else self.light(x)).mean((2, 3))

    with pytest.raises(LayerError, match="'dark' did not run"):
        harvest(HookedModel(Fork(), (3, SIDE, SIDE)), noise(3), [TopK("dark")], progress=False)


def test_another_size_of_picture_than_the_model_was_opened_for():
    model = colours(transform=lambda image: torch.zeros(3, 10, 10))
    with pytest.raises(
        InputError, match="picture 0 becomes 3x10x10 for the network, and the model was opened"
    ):
        harvest(model, noise(3), [TopK("conv")], progress=False)


@pytest.mark.parametrize("n", [1, 2])
def test_one_picture_and_a_grey_network(n):
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.LazyLinear(3))
    net(torch.zeros(1, 1, SIDE, SIDE))
    model, pictures = HookedModel(net, (1, SIDE, SIDE)), noise(n)
    top, codes = harvest(model, pictures, [TopK("1", 1), Features("3")], progress=False)
    np.testing.assert_array_equal(top.values[:, 0], maps_of(model, pictures, "1").amax((0, 2, 3)).numpy())
    assert codes.shape == (n, 3)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("swin_t", "features.1.0.mlp.0", (384, 8, 8)),  # channels last
        ("vit_b_16", "encoder.layers.encoder_layer_0.mlp", (768, 2, 2)),  # tokens
    ],
)
def test_transformers_as_maps(name, layer, shape):
    torch.manual_seed(0)
    size = {"image_size": 32} if name == "vit_b_16" else {}
    model = HookedModel(getattr(models, name)(**size), (3, 32, 32))
    pictures = noise(3)
    assert passes.map_shape(model, layer) == shape
    (top,) = harvest(model, pictures, [TopK(layer, 1)], batch=2, progress=False)
    maps = maps_of(model, pictures, layer).numpy()
    for channel in (0, 17, shape[0] - 1):
        place = top.pictures[channel, 0], channel, top.rows[channel, 0], top.columns[channel, 0]
        assert maps[place] == pytest.approx(maps[:, channel].max(), rel=1e-4)


def test_the_network_is_left_as_it_was():
    model = colours()
    model.network.train()
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    harvest(model, noise(3), all_kinds(), progress=False)
    assert all(module.training for module in model.network.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.network.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.network.state_dict().items())


@pytest.mark.parametrize(("side", "batch"), [(SIDE, 16), (2048, 8), (4096, 2)])
def test_a_batch_is_smaller_where_a_picture_is_much_work(side, batch):
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 1, 1)

        def forward(self, x):
            return self.conv(x).mean((2, 3))

    model = HookedModel(Wide(), (3, side, side))
    assert Harvest(model, noise(1), [TopK("conv")], cache=False).batch == batch
    assert Harvest(model, noise(1), [TopK("conv")], batch=5, cache=False).batch == 5


def test_bad_questions():
    model = colours()
    with pytest.raises(InputError, match="something to gather"):
        Harvest(model, noise(2), [])
    with pytest.raises(LayerError, match=r"no layer 'cnov'\. Did you mean 'conv'"):
        Harvest(model, noise(2), [TopK("cnov")])
    with pytest.raises(InputError, match="no picture"):
        Harvest(model, [], [TopK("conv")])
    with pytest.raises(InputError, match="1 picture or more; got 0"):
        Harvest(model, noise(2), [TopK("conv")], batch=0)
    with pytest.raises(InputError, match="1 or more, or -1"):
        harvest(model, noise(2), [TopK("conv")], jobs=0, progress=False)


def test_two_accumulators_of_one_kind_and_one_given_twice():
    top = TopK("conv", 3)
    found = harvest(colours(), noise(5), [top, TopK("conv", 3), top, TopK("conv", 2)], progress=False)
    for other in found[1:3]:
        np.testing.assert_array_equal(found[0].pictures, other.pictures)
    np.testing.assert_array_equal(found[0].pictures[:, :2], found[3].pictures)
