"""The three rules side by side: the slide by hand, a slow twin, and causes that were planted."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import Channel, HookedModel, Neuron
from cnnviz_widgets.errors import GradientError, InputError, ReluError, TargetError
from cnnviz_widgets.methods.guided_backprop import RuleComparison, compare_rules

RULES = ("backprop", "deconvnet", "guided")


class Weighed(nn.Module):
    """score = sum g * relu(x): what comes down to the ReLU is g."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.register_buffer("g", torch.tensor([1.0, -1.0, 2.0, 5.0]))

    def forward(self, x):
        return (self.relu(x * 1) * self.g).sum(1, keepdim=True)


def test_the_slide_by_hand():
    found = compare_rules(HookedModel(Weighed(), (4,)), torch.tensor([[-1.0, 2.0, 3.0, -4.0]]), 0)
    by_hand = {"backprop": [0, -1, 2, 0], "deconvnet": [1, 0, 2, 5], "guided": [0, 0, 2, 0]}
    assert {rule: found.maps[rule].tolist() for rule in RULES} == by_hand
    assert (found.value, found.target, found.rules) == (4.0, 0, RULES)
    (step,) = found.steps
    assert step.layer.name == "relu" and step.forward[:, 0, 0].tolist() == [0, 2, 3, 0]
    assert step.gate[:, 0, 0].tolist() == [False, True, True, False]
    for rule in RULES:
        assert step.incoming[rule][:, 0, 0].tolist() == [1, -1, 2, 5]
        assert step.positive(rule)[:, 0, 0].tolist() == [True, False, True, True]
        assert step.outgoing(rule)[:, 0, 0].tolist() == by_hand[rule]
    assert step.mask("guided")[:, 0, 0].tolist() == [False, False, True, False]


def slow_way_back(network: nn.Sequential, x: np.ndarray, index: int, rule: str) -> tuple[np.ndarray, list]:
    """Score and carry back one number at a time, in float64: convolution, ReLU, linear, ReLU, linear."""
    conv, _, _, fc1, _, fc2 = network
    kernel, bias = conv.weight.detach().double().numpy(), conv.bias.detach().double().numpy()
    w1, b1, w2 = (p.detach().double().numpy() for p in (fc1.weight, fc1.bias, fc2.weight))
    out, into, height, width = kernel.shape
    z1 = np.zeros((out, x.shape[1] - height + 1, x.shape[2] - width + 1))
    for place in np.ndindex(z1.shape):
        k, row, column = place
        z1[place] = bias[k]
        for c, i, j in np.ndindex(into, height, width):
            z1[place] += kernel[k, c, i, j] * x[c, row + i, column + j]
    flat = [max(0.0, value) for value in z1.ravel()]
    z2 = [b1[u] + sum(w1[u, v] * flat[v] for v in range(len(flat))) for u in range(len(b1))]

    def through(g, z):
        if rule == "backprop":
            return g if z > 0 else 0.0
        if rule == "deconvnet":
            return g if g > 0 else 0.0
        return g if z > 0 and g > 0 else 0.0

    came2 = [w2[index, u] for u in range(len(z2))]
    went2 = [through(g, z) for g, z in zip(came2, z2, strict=True)]
    came1 = [sum(w1[u, v] * went2[u] for u in range(len(went2))) for v in range(len(flat))]
    went1 = np.array([through(g, z) for g, z in zip(came1, z1.ravel(), strict=True)]).reshape(z1.shape)
    result = np.zeros(x.shape)
    for k, row, column in np.ndindex(z1.shape):
        for c, i, j in np.ndindex(into, height, width):
            result[c, row + i, column + j] += kernel[k, c, i, j] * went1[k, row, column]
    return result, [(np.array(came2), np.array(went2)), (np.array(came1).reshape(z1.shape), went1)]


@pytest.mark.parametrize("rule", RULES)
def test_equal_to_a_slow_twin(rule):
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 6), nn.ReLU(), nn.Linear(6, 4)
    )
    x = torch.randn(1, 2, 6, 6)
    found = compare_rules(HookedModel(network, (2, 6, 6)), x, 2)
    expected, steps = slow_way_back(network, x[0].double().numpy(), 2, rule)
    np.testing.assert_allclose(found.maps[rule], expected, atol=1e-6)
    assert np.abs(expected).max() > 0.01
    for step, (came, went) in zip(found.steps, steps, strict=True):
        np.testing.assert_allclose(step.incoming[rule].ravel(), came.ravel(), atol=1e-6)
        np.testing.assert_allclose(step.outgoing(rule).ravel(), went.ravel(), atol=1e-6)


def test_guided_is_both_masks_at_every_layer():
    torch.manual_seed(0)
    network = nn.Sequential(
        *(part for i in range(4) for part in (nn.Conv2d(3 if i == 0 else 8, 8, 3), nn.ReLU())),
        nn.Flatten(),
        nn.Linear(512, 5),
    )
    found = compare_rules(HookedModel(network, (3, 16, 16)), torch.randn(1, 3, 16, 16), 1)
    assert [step.layer.name for step in found.steps] == ["7", "5", "3", "1"]
    for step in found.steps:
        both = step.mask("backprop") & step.positive("guided")
        assert np.array_equal(step.mask("guided"), both)
        assert np.array_equal(step.outgoing("guided") != 0, both & (step.incoming["guided"] != 0))
        assert (step.outgoing("guided") >= 0).all() and (step.outgoing("deconvnet") >= 0).all()
        assert np.array_equal(step.mask("backprop"), step.forward > 0)
    # Each rule's second mask is of its own gradient: below the first ReLU they are not the same.
    lowest = found.steps[-1]
    assert not np.array_equal(lowest.positive("deconvnet"), lowest.positive("guided"))
    assert not np.array_equal(lowest.positive("backprop"), lowest.positive("guided"))


def planted() -> tuple[HookedModel, torch.Tensor]:
    """Make detectors of bright pixels in three places: one is for the class, one against, one silent."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(144, 3), nn.ReLU(), nn.Linear(3, 2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for unit, corner in enumerate([(1, 1), (1, 8), (8, 1)]):
            at = torch.zeros(12, 12)
            at[corner[0] : corner[0] + 3, corner[1] : corner[1] + 3] = 1
            network[1].weight[unit] = at.flatten()
        network[1].bias[:] = -2.0
        network[3].weight[1] = torch.tensor([1.0, -1.0, 1.0])
    x = torch.zeros(1, 1, 12, 12)
    x[..., 1:4, 1:4] = x[..., 1:4, 8:11] = 1  # nothing at the third place
    return HookedModel(network, (1, 12, 12), classes=["no", "yes"]), x


def test_each_rule_finds_the_causes_it_can():
    model, x = planted()
    maps = compare_rules(model, x, "yes").maps
    places = {
        rule: [float(maps[rule][0, row, column]) for row, column in ((2, 2), (2, 9), (9, 2))]
        for rule in RULES
    }
    # What speaks for the class, what speaks against it, and what would if it were there.
    assert places == {"backprop": [1, -1, 0], "deconvnet": [1, 0, 1], "guided": [1, 0, 0]}
    assert all(float(np.abs(maps[rule][0, 5:8]).max()) == 0 for rule in RULES)


def test_a_channel_and_a_neuron():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten())
    model, x = HookedModel(network, (1, 12, 12)), torch.rand(1, 1, 12, 12)
    with model.record("3") as record:
        model.scores(x)
    values = record["3"][0]
    channel, row, column = np.unravel_index(int(values.argmax()), values.shape)
    one = compare_rules(model, x, Neuron("3", int(channel), int(row), int(column)))
    assert one.target is None and one.value == pytest.approx(float(values.max()))
    for rule in RULES:  # a neuron sees 5x5 pixels, and nothing else has a gradient
        outside = one.maps[rule][0].copy()
        outside[row : row + 5, column : column + 5] = 0
        assert one.maps[rule].any() and not outside.any()
    whole = compare_rules(model, x, Channel("3", int(channel)))
    assert whole.value == pytest.approx(float(values[channel].mean()))
    assert (whole.steps[0].incoming["guided"][channel] == np.float32(1 / 64)).all()


def test_a_shut_neuron_lets_nothing_down_but_by_deconvnet():
    model, x = planted()
    found = compare_rules(model, x, Neuron("2", 2))
    assert found.value == 0
    assert {rule: bool(found.maps[rule].any()) for rule in RULES} == {
        "backprop": False,
        "deconvnet": True,
        "guided": False,
    }


def test_how_maps_are_shown():
    values = np.zeros((3, 2, 2), np.float32)
    values[:, 0, 0], values[:, 1, 1] = [1, -4, 0], [3, 3, 3]
    found = RuleComparison({"guided": values, "backprop": np.zeros_like(values)}, (), 1.0, 0)
    shown, limit = found.shown("guided")
    assert shown[0, 0].tolist() == [1, -4, 0] and limit == pytest.approx(np.quantile(np.abs(values), 0.995))
    assert found.shown("guided", "signed")[0].tolist() == [[-1, 0], [0, 3]]
    assert found.shown("guided", "magnitude")[0].tolist() == [[4, 0], [0, 3]]
    assert found.shown("backprop")[1] == 0
    few = np.zeros((1, 100, 100), np.float32)
    few[0, 0, 0] = 7
    assert RuleComparison({"guided": few}, (), 1.0, 0).shown("guided")[1] == 7
    with pytest.raises(InputError, match="'colours', 'signed' or 'magnitude'; got 'loud'"):
        found.shown("guided", "loud")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="'deconvnet' was not asked for; there are guided, backprop"):
        found.shown("deconvnet")


def test_the_strongest_channels():
    model, x = planted()
    (step,) = compare_rules(model, x, 1, ["guided"]).steps
    assert step.strongest(2).tolist() == [0, 1] and step.strongest(9).tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="'backprop' was not asked for; there are guided"):
        step.outgoing("backprop")


def test_errors_say_what_is_wrong():
    model, x = planted()
    with pytest.raises(
        InputError, match=r"one picture, a tensor \(1, C, H, W\).*got a tensor \(2, 1, 12, 12\)"
    ):
        compare_rules(model, torch.cat([x, x]), 1)
    with pytest.raises(TargetError, match=r"there is no class 'ye'. Did you mean 'yes'"):
        compare_rules(model, x, "ye")
    with pytest.raises(TargetError, match="has no channel 7: they go from 0 to 2"):
        compare_rules(model, x, Channel("2", 7))
    smooth = HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(144, 2), nn.Tanh()), (1, 12, 12))
    with pytest.raises(ReluError, match=r"activations are tanh. Use rule=backprop"):
        compare_rules(smooth, x, 1)
    assert compare_rules(smooth, x, 1, ["backprop"]).steps == ()
    with pytest.raises(GradientError):
        compare_rules(model, x, lambda scores: scores.detach().sum())
