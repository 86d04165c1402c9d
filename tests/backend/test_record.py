"""Records: kept as they were, on the gradient path, and no further than asked."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import LayerError
from tests.backend.toy_nets import pictures, small_net


@pytest.fixture
def model():
    return HookedModel(small_net(), (1, 12, 12))


def by_hand(network, x):
    """Compute every layer of SmallNet with functions that change nothing in place."""
    network = network.eval()
    found = {"conv1": network.conv1(x)}
    found["bn"] = network.bn(found["conv1"])
    found["relu"] = found["bn"].clamp(min=0)
    found["conv2"] = network.conv2(found["relu"])
    found["add"] = found["relu"] + found["conv2"]
    found["relu_1"] = found["add"].clamp(min=0)
    found["mean"] = found["drop"] = found["relu_1"].mean((2, 3))
    found["fc"] = network.fc(found["mean"])
    return found


def test_every_layer_is_what_it_was_in_spite_of_in_place_relus(model):
    names = [layer.name for layer in model.layers]
    assert names == ["conv1", "bn", "relu", "conv2", "add", "relu_1", "mean", "drop", "fc"]
    for n in (1, 3):
        with model.record(*names) as record:
            scores = model.scores(pictures(n))
        expected = by_hand(model.network, pictures(n))
        assert set(record) == set(names) and len(record) == 9
        for layer in model.layers:
            assert record[layer.name].shape == (n, *layer.shape)
            torch.testing.assert_close(record[layer.name], expected[layer.name])
        assert torch.equal(scores, record["fc"])


@pytest.mark.parametrize("name", ["conv1", "bn", "relu", "conv2", "add", "relu_1", "drop"])
def test_a_record_is_on_the_path_from_picture_to_score(model, name):
    x = pictures(2).requires_grad_()
    with model.record(name) as record:
        score = model.scores(x)[:, 2].sum()
    found = torch.autograd.grad(score, [record[name], x])
    twins = by_hand(model.network, x)
    expected = torch.autograd.grad(twins["fc"][:, 2].sum(), [twins[name], x])
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_a_record_shares_no_memory_with_an_older_alias():
    class Alias(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.same = nn.Conv2d(1, 2, 3), nn.Identity()

        def forward(self, x):
            h = self.conv(x)
            same = self.same(h)
            h.zero_()
            return (same + h).flatten(1)

    model = HookedModel(Alias().double(), (1, 12, 12))
    with model.record("same") as record:
        model.scores(pictures())
    assert record["same"].any()


@pytest.mark.parametrize(("name", "calls"), [("conv1", 1), ("relu", 3), ("add", 4), ("relu_1", 5), ("fc", 7)])
def test_stop_runs_only_as_far_as_needed(model, name, calls):
    ran = []
    for module in model.network.children():
        module.register_forward_pre_hook(lambda m, i: ran.append(m))
    after = []
    with model.record(name, stop=True) as record:
        model.scores(pictures())
        after.append("the pass went on")
    assert len(ran) == calls and not after
    torch.testing.assert_close(record[name], by_hand(model.network, pictures())[name])


def test_stop_waits_for_the_last_of_several(model):
    with model.record("relu_1", "conv1", stop=True) as record:
        model.scores(pictures())
    assert set(record) == {"relu_1", "conv1"} and model.network.reached_end == 1  # the dry pass alone


def test_an_inner_record_lets_an_outer_stop_through(model):
    went_on = []
    with model.record("conv1", stop=True) as outer:
        with model.record("conv2") as inner:
            model.scores(pictures())
        went_on.append(True)
    assert not went_on and "conv1" in outer and "conv2" not in inner


def test_nested_records_agree(model):
    with model.record("bn", "add") as outer, model.record("add", "fc") as inner:
        model.scores(pictures())
    assert torch.equal(outer["add"], inner["add"]) and set(outer) == {"bn", "add"}


def test_a_second_pass_replaces_the_first(model):
    with model.record("bn", "fc") as record:
        model.scores(pictures(1))
        model.scores(pictures(3))
    assert record["bn"].shape[0] == record["fc"].shape[0] == 3


def test_a_layer_that_did_not_run():
    class Fork(nn.Module):
        def __init__(self):
            super().__init__()
            self.dark, self.light, self.spare = nn.Linear(4, 2), nn.Linear(4, 2), nn.Linear(4, 2)

        def forward(self, x):
            return self.dark(x) if x.sum() <= 0 else self.light(x)

    model = HookedModel(Fork())
    with model.record("dark") as record:
        with pytest.raises(LayerError, match="no picture was scored; call model"):
            record["dark"]
        model.scores(torch.zeros(1, 4))
        assert "dark" in record
        model.scores(torch.ones(1, 4))
    with pytest.raises(LayerError, match="'dark' did not run: the last pass took another way"):
        record["dark"]
    with pytest.raises(LayerError, match="'light' was not recorded: this record was asked for 'dark'"):
        record["light"]
    with pytest.raises(LayerError, match="'spare' is part of Fork, but it does not run"):
        model.layer("spare")
    with pytest.raises(LayerError, match=r"Fork has no layer 'drak'\. Did you mean 'dark'"):
        model.layer("drak")


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.fc = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 3)

    def forward(self, x):
        h, weights = self.attention(x, x, x)
        assert weights.shape == (len(x), 5, 5)
        return self.fc(h[:, 0])


def test_a_module_that_returns_more_than_its_result():
    model = HookedModel(Attention(), (5, 8))
    x = torch.randn(2, 5, 8, requires_grad=True)
    with model.record("attention") as record:
        scores = model.scores(x)
    assert record["attention"].shape == (2, 5, 8)
    expected = model.network.attention(x, x, x)[0]
    torch.testing.assert_close(record["attention"], expected)
    assert torch.autograd.grad(scores.sum(), record["attention"])[0].any()


def test_a_named_tuple_stays_one():
    class Pair(nn.Module):
        def forward(self, x):
            return torch.max(x, 1)  # a named tuple: values, indices

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair, self.fc = Pair(), nn.Linear(3, 2)

        def forward(self, x):
            return self.fc(self.pair(x.view(-1, 4, 3)).values)

    model = HookedModel(Net(), (12,))
    with model.record("pair") as record:
        model.scores(torch.ones(2, 12))
    assert record["pair"].tolist() == [[1, 1, 1]] * 2


def test_threads_take_turns(model):
    expected = {seed: by_hand(model.network, pictures(2, seed)) for seed in range(8)}
    model.network.train()
    gate = threading.Barrier(4, timeout=20)

    def look(seed):
        if seed < 4:
            gate.wait()
        with model.record("conv1", "relu_1") as record:
            scores = model.scores(pictures(2, seed))
        model.gradient(pictures(1), 0, "guided")
        return seed, record, scores

    with ThreadPoolExecutor(4) as pool:
        for seed, record, scores in pool.map(look, range(8)):
            torch.testing.assert_close(record["conv1"], expected[seed]["conv1"])
            torch.testing.assert_close(record["relu_1"], expected[seed]["relu_1"])
            torch.testing.assert_close(scores, expected[seed]["fc"])
    assert all(module.training for module in model.network.modules())


def test_keep_decides_what_is_kept_and_sees_it_before_an_in_place_relu(model):
    seen = []

    def strongest(name, result):
        seen.append(name)
        return result.amax((2, 3))

    with model.record("bn", "conv1", "relu_1", keep=strongest) as record:
        scores = model.scores(pictures(3))
    expected = by_hand(model.network, pictures(3))
    assert seen == ["conv1", "bn", "relu_1"]  # as they are computed
    for name in seen:
        torch.testing.assert_close(record[name], expected[name].amax((2, 3)))
    torch.testing.assert_close(scores, expected["fc"])  # the network went on with its own


def test_keep_makes_no_copies(model):
    addresses = {}

    def note(name, result):
        addresses[name] = result.data_ptr()
        return result.new_zeros(())

    with torch.no_grad(), model.record("bn", "relu", keep=note):
        model.scores(pictures())
    assert addresses["bn"] == addresses["relu"]  # the ReLU works in place, on the very same memory


def test_an_error_in_keep_leaves_no_hook(model):
    def breaks(name, result):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"), model.record("conv1", keep=breaks):
        model.scores(pictures())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.network.modules())


def test_keep_and_stop(model):
    with model.record("conv1", "relu", stop=True, keep=lambda name, result: result.sum()) as record:
        model.scores(pictures())
    assert model.network.reached_end == 1  # the dry pass alone
    torch.testing.assert_close(record["relu"], by_hand(model.network, pictures())["relu"].sum())


def test_maps_of_a_record(model):
    with model.record("conv2", "fc") as record:
        model.scores(pictures(2))
    assert torch.equal(record.maps("conv2"), record["conv2"])
    assert torch.equal(record.maps("fc"), record["fc"][:, :, None, None])
    with pytest.raises(LayerError, match="'bn' was not recorded"):
        record.maps("bn")
