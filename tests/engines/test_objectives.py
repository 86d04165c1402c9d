"""What to explain or climb: a unit, a channel, a direction, a class, a code, for each picture."""

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel, Objective
from cnnviz_widgets.engines import Channel, ClassScore, CodeMatch, Direction, Neuron
from cnnviz_widgets.errors import TargetError
from tests.engines.planted import SIDE, colours
from tests.engines.records import Given, random


def recorded(model, x, layer):
    with model.record(layer, stop=True) as record:
        model.scores(x)
    return record


def test_a_neuron_by_hand():
    x = torch.arange(2 * 3 * SIDE * SIDE, dtype=torch.float32).reshape(2, 3, SIDE, SIDE)
    record = recorded(colours(), x, "conv")
    # window (1, 2) of channel 2: rows 2 and 3, columns 4 and 5; the mean of 148 149 156 157 and of 340 ...
    assert Neuron("conv", 2, 1, 2)(record).tolist() == [152.5, 344.5]
    assert Neuron("conv", [2, 0], [1, 0], [2, 3])(record).tolist() == [152.5, 202.5]
    assert Channel("conv", 1)(record).tolist() == [95.5, 287.5]


def test_they_are_objectives_and_stop_early():
    model, x = colours(), torch.rand(2, 3, SIDE, SIDE)
    for objective in (Neuron("conv", 1, 0, 3), Channel("conv", 1)):
        assert isinstance(objective, Objective) and objective.layers == ("conv",)
    calls = []
    model.network.fc.register_forward_hook(lambda *_: calls.append(1))
    gradient = model.gradient(x, Neuron("conv", 1, [0, 2], [3, 1]))
    assert not calls
    for n, (row, column) in enumerate([(0, 3), (2, 1)]):
        expected = torch.zeros(3, SIDE, SIDE)
        expected[1, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = 0.25
        torch.testing.assert_close(gradient[n], expected)
    torch.testing.assert_close(model.gradient(x, Channel("conv", 1))[:, 1], torch.full((2, 8, 8), 1 / 64))


def test_a_unit_of_a_fully_connected_layer():
    model, x = colours(), torch.rand(2, 3, SIDE, SIDE)
    torch.testing.assert_close(Neuron("fc", 3)(recorded(model, x, "fc")), model.scores(x)[:, 3])


def test_a_neuron_of_maps_with_channels_last():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 5, 1), nn.LayerNorm(5)

        def forward(self, x):
            return self.norm(self.conv(x).permute(0, 2, 3, 1)).mean((1, 2))

    model, x = HookedModel(Last(), (3, SIDE, SIDE)), torch.rand(2, 3, SIDE, SIDE)
    record = recorded(model, x, "norm")
    torch.testing.assert_close(Neuron("norm", 4, 1, 6)(record), record["norm"][:, 1, 6, 4])


@pytest.mark.parametrize(
    ("objective", "text"),
    [
        (Neuron("conv", 3), "has no channel 3: they go from 0 to 2"),
        (Neuron("conv", 0, 4), "has no row 4: they go from 0 to 3"),
        (Neuron("conv", 0, 0, -1), "has no column -1"),
        (Neuron("conv", [0, 1, 2]), "3 numbers were given as channel for 2 pictures"),
        (Neuron("fc", 0, 1), "has no row 1: they go from 0 to 0"),
        (Channel("conv", 3), "has no channel 3: they go from 0 to 2"),
        (Channel("conv", -1), "has no channel -1"),
    ],
)
def test_units_that_are_not_there(objective, text):
    with pytest.raises(TargetError, match=text):
        objective(recorded(colours(), torch.rand(2, 3, SIDE, SIDE), objective.layer))


# The formulas, each by hand and against a slow twin


def twin_mean(maps, n, channel):
    rows, columns = maps.shape[2:]
    return sum(maps[n, channel, i, j].item() for i in range(rows) for j in range(columns)) / (rows * columns)


def test_channel_direction_and_neuron_against_loops():
    maps = random(3, 4, 5, 6)
    record = Given(conv=maps)
    vector = random(4, seed=1)
    for n in range(3):
        assert Channel("conv", 2)(record)[n].item() == pytest.approx(twin_mean(maps, n, 2), abs=1e-12)
        assert Channel("conv", [3, 0, 1])(record)[n].item() == pytest.approx(
            twin_mean(maps, n, [3, 0, 1][n]), abs=1e-12
        )
        expected = sum(vector[c].item() * twin_mean(maps, n, c) for c in range(4))
        assert Direction("conv", vector)(record)[n].item() == pytest.approx(expected, abs=1e-12)
        assert Neuron("conv", 1, 4, 5)(record)[n] == maps[n, 1, 4, 5]


def test_a_direction_by_hand():
    maps = torch.tensor([[[[1.0, 3.0]], [[10.0, 20.0]]], [[[0.0, 1.0]], [[2.0, 4.0]]]])  # means 2, 15; .5, 3
    assert Direction("conv", torch.tensor([2.0, -1.0]))(Given(conv=maps)).tolist() == [-11.0, -2.0]
    unit = Direction("conv", torch.tensor([0.0, 1.0]))
    assert torch.equal(unit(Given(conv=maps)), Channel("conv", 1)(Given(conv=maps)))
    assert unit.name == "direction in conv" and unit.layers == ("conv",)


def test_a_class_score_by_hand():
    scores = torch.tensor([[1.0, 2.0, 4.0], [0.0, -3.0, 8.0]])
    record = Given(scores=scores, classes=("cat", "dog", "cup"))
    assert ClassScore("dog")(record).tolist() == [2.0, -3.0]
    assert ClassScore(2)(record).tolist() == [4.0, 8.0]
    assert ClassScore(["cup", 0])(record).tolist() == [4.0, 0.0]
    # e^2 / (e^1 + e^2 + e^4) = 7.389 / 64.705
    assert ClassScore("dog", probability=True)(record)[0].item() == pytest.approx(0.11420, abs=1e-5)
    assert ClassScore("dog").name == "class score" != ClassScore("dog", probability=True).name


def test_a_probability_grows_where_other_classes_fall_and_a_score_does_not():
    scores = torch.tensor([[1.0, 2.0]], requires_grad=True)
    for probability, other in [(False, 0.0), (True, -0.19661)]:  # p (1 - p), p = 1 / (1 + e)
        (slope,) = torch.autograd.grad(ClassScore(0, probability)(Given(scores=scores)).sum(), scores)
        assert slope[0, 1].item() == pytest.approx(other, abs=1e-5) and slope[0, 0] > 0


def twin_code_match(found, code, mask):
    """Equation 4 number by number."""
    numbers = []
    for picture in found:
        above = below = 0.0
        for place in torch.cartesian_prod(*(torch.arange(size) for size in picture.shape)).tolist():
            place = tuple(place)
            above += ((picture[place] - code[place]) * mask[place]).item() ** 2
            below += (code[place] * mask[place]).item() ** 2
        numbers.append(above / below)
    return numbers


@pytest.mark.parametrize("mask", ["none", "channels", "places", "one", "all"])
def test_a_code_match_against_loops(mask):
    found, code = random(2, 3, 4, 5), random(3, 4, 5, seed=1)
    places = torch.zeros(4, 5)
    places[1:3, 2:] = 1
    given = {
        "none": None,
        "channels": torch.tensor([1.0, 0, 1])[:, None, None],
        "places": places,
        "one": torch.tensor([0.0, 1, 0])[:, None, None] * places,
        "all": torch.ones(3, 4, 5),
    }[mask]
    full = torch.ones(3, 4, 5) if given is None else given.expand(3, 4, 5)
    value = CodeMatch("conv", code, given)(Given(conv=found))
    assert value.tolist() == pytest.approx(twin_code_match(found, code, full), rel=1e-12)
    if mask == "all":
        assert torch.equal(value, CodeMatch("conv", code)(Given(conv=found)))


def test_a_code_match_by_hand():
    code = torch.tensor([3.0, 4.0])  # of length 5
    found = torch.tensor([[3.0, 4.0], [0.0, 0.0], [3.0, 9.0], [-3.0, -4.0]])
    assert CodeMatch("fc", code)(Given(fc=found)).tolist() == [0, 1, 1, 4]
    assert CodeMatch("fc", code, torch.tensor([True, False]))(Given(fc=found)).tolist() == [0, 1, 0, 4]
    of_each = CodeMatch("fc", torch.tensor([[3.0, 4.0], [2.0, 0.0], [3.0, 9.0], [3.0, 4.0]]))
    assert of_each(Given(fc=found)).tolist() == [0, 1, 0, 4]
    assert of_each.name == "code of fc" and of_each.layers == ("fc",)


def test_what_the_mask_hides_does_not_pull():
    code, mask = random(3, 4, 4, seed=2), torch.tensor([1.0, 0, 0])[:, None, None]
    found = random(1, 3, 4, 4).requires_grad_()
    (slope,) = torch.autograd.grad(CodeMatch("conv", code, mask)(Given(conv=found)).sum(), found)
    assert (slope[:, 0] != 0).all() and (slope[:, 1:] == 0).all()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        # what grows makes the value grow: the sign of each objective in a net whose answer is known
        (lambda: Channel("conv", 1), [0, 1 / 64, 0]),
        (lambda: Direction("conv", torch.tensor([1.0, -2.0, 0.0])), [1 / 64, -2 / 64, 0]),
        (lambda: -Channel("conv", 2), [0, 0, -1 / 64]),
        # all codes are 1/2 and the wanted one is 1: each of 48 places pulls with 2 (1/2 - 1) / 48 * 1/4
        (lambda: -CodeMatch("conv", torch.ones(3, 4, 4)), [1 / 192] * 3),
    ],
)
def test_signs_by_hand(make, expected):
    x = torch.full((2, 3, SIDE, SIDE), 0.5)
    gradient = colours().gradient(x, make())
    torch.testing.assert_close(gradient, torch.tensor(expected)[None, :, None, None].expand_as(x))


def test_a_class_score_pulls_at_the_scores():
    model, x = colours(classes=["red", "green", "blue", "none"]), torch.rand(2, 3, SIDE, SIDE)
    torch.testing.assert_close(model.gradient(x, ClassScore("blue")), model.gradient(x, "blue"))
    torch.testing.assert_close(model.gradient(x, ClassScore([1, 0])), model.gradient(x, [1, 0]))
    lighter = model.gradient(x, ClassScore("red", probability=True))
    assert (lighter[:, 0] >= 0).all() and (lighter[:, 1:] <= 0).all() and (lighter[:, 1:] < 0).any()


@pytest.mark.parametrize(
    ("objective", "text"),
    [
        (ClassScore("kat"), r"there is no class 'kat'. Did you mean 'cat'\?"),
        (ClassScore(3), "there is no class 3: this model's classes are numbered 0 to 2"),
        (ClassScore([0, 1, 2]), "3 classes were given for 2 pictures"),
        (Direction("conv", torch.ones(5)), r"has 4 numbers, one for each channel; this vector .* \(5,\)"),
        (Direction("conv", torch.ones(4, 1)), r"the shape \(4, 1\)"),
        (CodeMatch("conv", torch.ones(4, 5, 5)), r"code of layer 'conv' must broadcast to \(4, 5, 6\)"),
        (CodeMatch("conv", torch.ones(4, 5, 6), "half"), "a mask for layer 'conv' is a tensor, not str"),
        (CodeMatch("conv", torch.ones(3, 4, 5, 6)), "must broadcast"),  # three codes for two pictures
        (CodeMatch("conv", torch.ones(4, 5, 6), torch.ones(4)), r"mask for layer 'conv' .* the shape \(4,\)"),
        (CodeMatch("conv", torch.ones(4, 5, 6), torch.ones(2, 2, 4, 5, 6)), "a mask for layer 'conv' must"),
        (CodeMatch("conv", torch.zeros(4, 5, 6)), "is zero wherever the mask counts it"),
        (CodeMatch("conv", torch.ones(4, 5, 6), torch.zeros(5, 6)), "Choose more channels, or a larger part"),
    ],
)
def test_objectives_that_cannot_be(objective, text):
    record = Given(scores=torch.ones(2, 3), classes=("cat", "dog", "cup"), conv=torch.ones(2, 4, 5, 6))
    with pytest.raises(TargetError, match=text):
        objective(record)


def test_a_network_that_scores_places_has_no_class_score():
    with pytest.raises(TargetError, match="climb a Channel or Neuron of its last layer"):
        ClassScore(0)(Given(scores=torch.ones(1, 3, 4, 4)))
