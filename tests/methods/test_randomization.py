"""Cascading randomization: only a copy changes, in order, by a seed; similarity by hand and by twins."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, Objects, open_model
from cnnviz_widgets.errors import InputError, ModelError
from cnnviz_widgets.methods.randomization import (
    cascade,
    layer_groups,
    map_similarity,
    not_resettable,
    randomized,
)
from tests.backend.test_untouched import fingerprint


class Student(nn.Module):
    """Convolution, norm, attention, and parameters that nobody can reset."""

    def __init__(self):
        super().__init__()
        self.norm0, self.conv, self.norm = nn.BatchNorm2d(1), nn.Conv2d(1, 8, 4, stride=4), nn.BatchNorm2d(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.unused, self.fc = nn.Linear(3, 3), nn.Linear(8, 3)
        self.token = nn.Parameter(torch.ones(8))

    def forward(self, x):
        h = self.norm(self.conv(self.norm0(x))).relu().flatten(2).transpose(1, 2) + self.token
        h, _ = self.attention(h, h, h)
        return self.fc(h.mean(1))


def student(seed: int = 0) -> HookedModel:
    torch.manual_seed(seed)
    network = Student()
    with torch.no_grad():
        for buffer in (network.norm.running_mean, network.norm.weight, network.attention.in_proj_bias):
            buffer.fill_(0.7)
    return HookedModel(network, (1, 12, 12), name="student")


def changed(model: HookedModel, copied: HookedModel) -> list[str]:
    before, after = model.network.state_dict(), copied.network.state_dict()
    return [name for name in before if not torch.equal(before[name], after[name])]


def test_groups_from_the_top_with_the_norm_that_follows():
    groups = layer_groups(student())
    assert [group.name for group in groups] == ["fc", "attention", "conv", "norm0"]
    assert groups[2].modules == ("conv", "norm") and groups[1].modules[0] == "attention"
    assert not_resettable(student()) == ("token",)
    names = [group.name for group in layer_groups(open_model("mini-alexnet-objects"))]
    assert names == ["fc8", "fc7", "fc6", "conv5", "conv4", "conv3", "conv2", "conv1"]
    assert not_resettable(open_model("mini-alexnet-objects")) == ()


def test_layers_written_by_hand_have_groups_too():
    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(2, 1, 3, 3))

        def reset_parameters(self):
            nn.init.normal_(self.weight)

        def forward(self, x):
            return nn.functional.conv2d(x, self.weight)

    model = HookedModel(nn.Sequential(Mine(), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2)), (1, 8, 8))
    assert [group.name for group in layer_groups(model)] == ["3", "0"]
    assert randomized(model, 2).network[0].weight.abs().min() > 0


def test_only_the_layers_asked_for_change_and_only_in_the_copy():
    model = student()
    before, random = fingerprint(model.network), torch.get_rng_state()
    assert changed(model, randomized(model, 0)) == []
    assert set(changed(model, randomized(model, 1))) == {"fc.weight", "fc.bias"}
    third = changed(model, randomized(model, "conv"))
    assert {"conv.weight", "norm.running_mean", "norm.weight", "attention.in_proj_weight"} <= set(third)
    assert "attention.out_proj.weight" in third
    assert not {"token", "unused.weight", "norm0.weight"} & set(third)
    assert fingerprint(model.network) == before and torch.equal(torch.get_rng_state(), random)
    assert randomized(model, 2).name == "student, random down to attention" and model.name == "student"


def test_the_seed_decides_and_a_deeper_cascade_begins_alike():
    model = student()
    one, again, other = (
        randomized(model, 2, seed=5),
        randomized(model, 2, seed=5),
        randomized(model, 2, seed=6),
    )
    assert changed(one, again) == [] and "fc.weight" in changed(one, other)
    deeper = randomized(model, 3, seed=5)
    assert not {"fc.weight", "fc.bias", "attention.in_proj_weight"} & set(changed(one, deeper))
    # fc is what PyTorch would have made: uniform within 1 / sqrt(8).
    assert float(deeper.network.fc.weight.detach().abs().max()) <= 1 / math.sqrt(8)


def test_what_cannot_be_is_said():
    model = student()
    with pytest.raises(InputError, match="student has 4 layers that can be made random; got 5"):
        randomized(model, 5)
    with pytest.raises(InputError, match=r"no layer 'cnov' that can be made random. Did you mean 'conv'"):
        randomized(model, "cnov")
    model.network.held = model.network.fc.weight * 2  # inside a graph: torch refuses to copy it
    with pytest.raises(ModelError, match="student cannot be copied, and only a copy is made random"):
        randomized(model, 1)


def test_rank_correlation_by_hand():
    # Ranks 1 2 3 4 against 1 3 2 4: 1 - 6 * (0 + 1 + 1 + 0) / (4 * 15) = 0.8.
    found = map_similarity([[1.0, -2.0], [3.0, 4.0]], [[0.1, 0.3], [-0.2, 9.0]])
    assert found.spearman == pytest.approx(0.8) and math.isnan(found.ssim)  # too small for a window
    assert map_similarity([[1.0, 2.0]], [[-20.0, 10.0]]).spearman == pytest.approx(-1)
    colours = np.array([[[1.0, 0, 0, 0]], [[0, -2.0, 0, 3.0]], [[0, 0, 2.5, 4.0]]])
    assert map_similarity(colours, [[1.0, 2, 3, 4]]).spearman == pytest.approx(1)


def slow_ranks(values: np.ndarray) -> list[float]:
    flat = values.ravel().tolist()
    return [sum(b < a for b in flat) + (sum(b == a for b in flat) + 1) / 2 for a in flat]


def slow_spearman(one: np.ndarray, other: np.ndarray) -> float:
    a, b = slow_ranks(one), slow_ranks(other)
    n = len(a)
    mean = sum(a) / n
    covariance = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    spread = math.sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return covariance / spread


def slow_ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Write out Wang et al. 2004, eq. 13, with uniform windows of 7x7, unbiased variances, a range of 1."""
    one, other, total, count = one / one.max(), other / other.max(), 0.0, 0
    c1, c2 = 0.01**2, 0.03**2
    for row, column in np.ndindex(one.shape[0] - 6, one.shape[1] - 6):
        a, b = (each[row : row + 7, column : column + 7].ravel() for each in (one, other))
        ma, mb = a.mean(), b.mean()
        va, vb = ((a - ma) ** 2).sum() / 48, ((b - mb) ** 2).sum() / 48
        vab = ((a - ma) * (b - mb)).sum() / 48
        total += ((2 * ma * mb + c1) * (2 * vab + c2)) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
        count += 1
    return total / count


def test_similarity_against_slow_twins():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(3, 12, 15)).round(1)  # rounded, so that there are ties
    other = one + 0.5 * rng.normal(size=(3, 12, 15)).round(1)
    found = map_similarity(one, other)
    first, second = np.abs(one).max(0), np.abs(other).max(0)
    assert found.spearman == pytest.approx(slow_spearman(first, second), abs=1e-12)
    assert found.ssim == pytest.approx(slow_ssim(first, second), abs=1e-9)
    assert 0.3 < found.spearman < 0.99


def test_similarity_knows_no_scale_or_sign_and_is_not_there_for_empty_maps():
    one = np.random.default_rng(1).normal(size=(3, 16, 16))
    same = map_similarity(one, -3 * one)
    assert same.spearman == pytest.approx(1) and same.ssim == pytest.approx(1)
    empty = map_similarity(one, np.zeros((3, 16, 16)))
    assert math.isnan(empty.spearman) and math.isnan(empty.ssim)
    with pytest.raises(InputError, match=r"different sizes: \(16, 16\) and \(8, 8\)"):
        map_similarity(one, one[:, :8, :8])


def test_the_first_step_is_the_trained_network_and_the_class_stays():
    model, x = student(), torch.randn(1, 1, 12, 12)
    before = fingerprint(model.network)
    steps = list(cascade(model, x, None, ["backprop"], seed=1))
    assert [(step.depth, step.group) for step in steps] == [
        (0, ""), (1, "fc"), (2, "attention"), (3, "conv"), (4, "norm0"),
    ]  # fmt: skip
    assert steps[0].similarity["backprop"].spearman == pytest.approx(1)
    top = int(model.scores(x).argmax())
    expected = map_similarity(
        model.gradient(x, top)[0].numpy(), randomized(model, 2, 1).gradient(x, top)[0].numpy()
    )
    assert steps[2].similarity["backprop"] == expected
    assert fingerprint(model.network) == before


def test_a_map_that_uses_only_what_is_kept_does_not_change():
    # Guided backprop of a lone bright spot: whatever is above, it can only come down through the same filter.
    network = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Flatten(), nn.Linear(100, 1, bias=False))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None])
        network[0].bias.fill_(-10.0)
        network[3].weight.fill_(1.0)
    x = torch.zeros(1, 1, 12, 12)
    x[..., 5, 5] = 3
    model = HookedModel(network, (1, 12, 12))
    compared = 0
    for seed in range(4):
        top = list(cascade(model, x, 0, ["guided", "deconvnet"], seed))[1].similarity
        if not math.isnan(top["guided"].spearman):  # the one weight that counts may be drawn below zero
            assert top["guided"].spearman == pytest.approx(1)
            compared += 1
        assert top["deconvnet"].spearman < 0.9
    assert 0 < compared < 4


@pytest.mark.parametrize("seed", [0, 1])
def test_adebayos_finding_on_the_embedded_network(seed):
    model = open_model("mini-alexnet-objects")
    x = model.preprocess(Objects("test")[0].image)
    alike = [step.similarity for step in cascade(model, x, "dalmatian", seed=seed)]
    down_to_conv4 = [each["guided"].spearman for each in alike[1:6]]
    assert min(down_to_conv4) > 0.9, "guided maps hardly change"
    assert max(each["backprop"].spearman for each in alike[3:6]) < 0.7, "those of the gradient do"
    assert alike[-1]["guided"].spearman < 0.7, (
        "once the filters of the first layer are random, guided maps do, too"
    )


def test_a_copy_of_a_model_is_one_of_its_own():
    model = student()
    assert copy.deepcopy(model).network is not model.network
