"""What goes wrong on the way up is said, the last good picture stays, and the network is as it was."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import (
    L2,
    Adam,
    AlphaNorm,
    Ascent,
    Channel,
    ClassScore,
    CodeMatch,
    Decay,
    Direction,
    Fourier,
    Jitter,
    Momentum,
    Neuron,
    Term,
    TotalVariation,
    climb,
    stages,
)
from cnnviz_widgets.errors import ClimbError, CnnvizError, GradientError, InputError, LayerError, TargetError
from tests.backend.test_untouched import awkward_net, fingerprint
from tests.engines.climbers import SIDE, linear_model, slope_model
from tests.engines.records import random

PLAIN = Ascent(0.1, normalized=False)


@dataclass(frozen=True)
class Spoilt(Term):
    """The picture's sum, until its number is to be spoilt."""

    after: float
    how: float = math.nan

    def __call__(self, record):
        total = record.picture.flatten(1).sum(1)
        return total * self.how if (total > self.after).any() else total


class Root(Term):
    """A finite number with a slope that is infinite: the root of 0."""

    def __call__(self, record):
        return record.picture.flatten(1).square().sum(1).sqrt()


# Numbers that are none


@pytest.mark.parametrize("how", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("optimizer", [Ascent(0.1), Adam(0.1), Momentum(0.1)], ids=str)
def test_a_term_that_breaks_is_named_and_the_last_good_step_kept(how, optimizer):
    model = linear_model(torch.ones(1, 48))
    running = climb(model, ClassScore(0) + Spoilt(12, how), steps=50, optimizer=optimizer)
    kept = []

    def go_on():
        kept.extend((step, step.image.clone()) for step in running)

    with pytest.raises(ClimbError) as caught:
        go_on()
    error, (good, image) = caught.value, kept[-1]
    assert good.index >= 1 and error.term == "the term 'Spoilt'"
    assert error.last is running.last is good and torch.equal(good.image, image)
    text = f"at step {good.index + 1} the term 'Spoilt' is {how}: lower the rate or the weights."
    assert text in str(error) and f"The picture of step {good.index} is kept." in str(error)
    assert isinstance(error, ArithmeticError) and isinstance(error, CnnvizError)


def test_a_slope_that_breaks_is_said_too():
    running = climb(linear_model(torch.ones(1, 48)), ClassScore(0) + Root())
    with pytest.raises(ClimbError, match="at step 0 the gradient is not a finite number: its values are too"):
        next(running)
    assert running.last is None


def test_a_rate_that_explodes_and_a_climb_that_goes_on():
    """A prior of the sixth power, with a rate far too high: the picture leaves the numbers there are."""
    model = linear_model(random(1, 48)).network.float()
    model = HookedModel(model, (3, 4, 4))
    running = climb(model, ClassScore(0) - AlphaNorm(), start="noise", steps=40, optimizer=Momentum(30.0))
    with pytest.raises(ClimbError, match=r"the term '6-norm' is -?(inf|nan): lower the rate or the weights"):
        list(running)
    good = running.last
    assert good.index >= 1 and torch.isfinite(good.image).all()
    running.optimizer.rate = 0.0
    first = next(running)  # from the last good picture, which the broken steps have not touched
    assert first.index == good.index + 1 and torch.equal(first.image, good.image)
    running.objective, running.optimizer = -1 * L2(), Ascent(0.5)
    assert next(running).value > -good.image.square().sum()
    assert len(list(running)) == 40 - running.last.index + (40 - good.index - 2)


def test_after_an_error_momentum_starts_anew():
    running = climb(linear_model(torch.ones(1, 48)), Spoilt(10), steps=9, optimizer=Momentum(0.05, 0.9))
    with pytest.raises(ClimbError):
        list(running)
    before = running.last.image
    running.objective = Spoilt(1000)
    assert (next(running).image - before).flatten().tolist() == pytest.approx([0.05] * 48)


def test_stop_in_the_middle_of_a_step_loses_nothing():
    class Interrupted(Term):
        stop = False

        def __call__(self, record):
            if self.stop:
                raise KeyboardInterrupt
            return record.picture.flatten(1).sum(1)

    term, expected = Interrupted(), climb(linear_model(torch.ones(1, 48)), Interrupted(), steps=3)
    running = climb(linear_model(torch.ones(1, 48)), term, steps=3)
    next(running), next(running)
    term.stop = True
    with pytest.raises(KeyboardInterrupt):
        next(running)
    term.stop = False
    assert torch.equal(list(running)[-1].image, list(expected)[-1].image)


# Settings that change on the way


def test_a_rate_counts_from_the_next_step():
    running = climb(linear_model(torch.ones(1, 48)), ClassScore(0), steps=9, optimizer=Ascent(0.1))
    first, second = next(running), next(running)
    running.optimizer.rate = 0.5
    third = next(running)
    assert (second.image - first.image).mean().item() == pytest.approx(0.1)
    assert (third.image - second.image).mean().item() == pytest.approx(0.5)
    running.optimizer = Ascent(stages((3, 2.0), (9, 3.0)))  # the third step is still of the first stage
    assert (next(running).image - third.image).mean().item() == pytest.approx(2.0)
    assert (next(running).image - running.last.image).abs().sum() == 0


def test_an_objective_and_its_weights_count_from_the_next_step():
    weights = random(2, 48)
    running = climb(linear_model(weights), ClassScore(0), steps=9, optimizer=PLAIN)
    next(running)
    step = next(running)
    for objective, way in [
        (ClassScore(0) - 0.5 * L2(), lambda x: weights[0] - x),
        (ClassScore(0) - 2.0 * L2(), lambda x: weights[0] - 4 * x),
        (-ClassScore(1), lambda x: -weights[1]),
    ]:
        before, running.objective = step.image.flatten(), objective
        step = next(running)
        torch.testing.assert_close(step.image.flatten(), before + 0.1 * way(before))
        torch.testing.assert_close(step.value, objective(running.model.run_to(step.image, scores=True)))
        assert step.index == running.last.index


def test_transforms_and_regularizers_count_from_the_next_step():
    weights = torch.zeros(1, 48)
    weights[0, 0] = 1.0
    running = climb(linear_model(weights), ClassScore(0), steps=9, optimizer=PLAIN)
    next(running), next(running)
    running.transforms = [Jitter(3)]
    places = {tuple(next(running).image.nonzero().flatten().tolist()) for _ in range(5)}
    assert len(places) > 2  # the first pixel alone before
    running.regularizers = [Decay(1.0)]
    assert not next(running).image.any()


def test_the_same_settings_set_again_cost_no_pass():
    model = slope_model()
    running = climb(model, Channel("conv2", 1) - 0.1 * L2(), steps=9)
    model.network.calls.clear()
    for _ in range(4):
        running.objective, running.transforms = Channel("conv2", 1) - 0.1 * L2(), ()
        next(running)
    assert model.network.calls == ["start"] * 4
    running.objective = Channel("conv2", 1) - 0.2 * L2()
    next(running)
    assert model.network.calls == ["start"] * 6


def test_more_steps_and_fewer():
    running = climb(linear_model(torch.ones(1, 48)), ClassScore(0), steps=0)
    assert [step.index for step in running] == [0] and not list(running)
    running.steps = 2
    assert [step.index for step in running] == [1, 2]
    running.steps = 1
    assert not list(running) and running.last.index == 2


# What is asked and is not there


@pytest.mark.parametrize(
    ("objective", "error", "text"),
    [
        (Channel("conv3", 0), LayerError, r"no layer 'conv3'. Did you mean 'conv"),
        (L2() + Neuron("fc2", 0), LayerError, "no layer 'fc2'"),
        (Channel("conv2", 5), TargetError, "layer 'conv2' has no channel 5: they go from 0 to 4"),
        (Neuron("conv2", 0, 5), TargetError, "has no row 5: they go from 0 to 4"),
        (ClassScore("zebra"), TargetError, r"no class 'zebra'"),
        (ClassScore(4), TargetError, "there is no class 4"),
        (ClassScore([0, 1]), TargetError, "2 classes were given for 1 pictures"),
        (Direction("conv2", torch.ones(3)), TargetError, "a direction in layer 'conv2' has 5 numbers"),
        (-CodeMatch("conv2", torch.ones(5, 5, 5), torch.ones(4, 5)), TargetError, "a mask for layer 'conv2'"),
        (-CodeMatch("conv2", torch.ones(5, 6, 5)), TargetError, r"must broadcast to \(5, 5, 5\)"),
        (-CodeMatch("conv2", torch.ones(5, 5, 5), torch.zeros(5, 5)), TargetError, "nothing to match"),
    ],
)
def test_objectives_that_ask_for_what_is_not_there(objective, error, text):
    model = slope_model(classes=["cat", "dog", "cup", "house"])
    before = fingerprint(model.network)
    with pytest.raises(error, match=text):
        next(climb(model, objective))
    assert fingerprint(model.network) == before


def test_an_objective_that_is_none():
    with pytest.raises(TargetError, match="an objective is made of objectives, not of str"):
        climb(slope_model(), "conv2")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"start": "black"}, "a start is 'zero', 'noise' or a tensor of pictures, not 'black'"),
        ({"start": torch.full((1, 3, SIDE, SIDE), math.nan)}, "a start must be finite"),
        ({"start": torch.zeros(1, 4, SIDE, SIDE)}, "Slope takes N x 3 x 11 x 11, not 1 x 4 x 11 x 11"),
        ({"start": torch.zeros(11, 11)}, "Slope takes"),
        ({"pictures": 0}, "a climb needs at least one picture, not 0"),
        ({"size": (0, 9)}, r"a size is a number of rows and one of columns, at least 1 each, not \(0, 9\)"),
        ({"size": 64}, "a size is a number of rows and one of columns, .* not 64"),
        ({"size": (2, 11)}, r"Slope cannot take pictures of 3x2x11; it was made for 3x11x11. It says: \w"),
        ({"regularizers": [Decay(0.1)], "parameterization": Fourier()}, "and Fourier has none to change"),
        ({"optimizer": Ascent(-1.0)}, "a rate is a number from 0 on, not -1"),
        ({"optimizer": Ascent("fast")}, "a rate is a number from 0 on, not 'fast'"),
        ({"steps": "ten"}, "a number of steps is a whole number from 0 on, not 'ten'"),
        ({"steps": -1}, "a number of steps is a whole number from 0 on, not -1"),
    ],
)
def test_settings_that_cannot_be(more, text):
    model = slope_model()
    before = fingerprint(model.network)
    with pytest.raises(InputError, match=text):
        list(climb(model, Channel("conv2", 0), **more))
    assert fingerprint(model.network) == before


def test_a_layer_that_is_not_there_is_said_before_any_step():
    model = slope_model()
    model.network.calls.clear()
    with pytest.raises(LayerError):
        climb(model, Channel("conv3", 0))
    assert not model.network.calls


def test_a_networks_own_error_stays_its_own():
    class Moody(nn.Module):
        moody = False

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x):
            if self.moody:
                raise RuntimeError("not today")
            return self.conv(x).mean((2, 3))

    model = HookedModel(Moody(), (3, 8, 8))
    model.network.moody = True
    with pytest.raises(RuntimeError, match="not today") as caught:
        next(climb(model, ClassScore(0)))
    assert not isinstance(caught.value, InputError)


def test_what_does_not_depend_on_the_picture():
    class Constant(Term):
        def __call__(self, record):
            return torch.ones(len(record.picture))

    with pytest.raises(GradientError, match="the objective does not depend on the picture"):
        next(climb(slope_model(), Constant()))


# The network stays the caller's


def climbs(model):
    """Climb in every way there is, in health and in failure."""
    for objective in (
        Channel("conv2", 1) + ClassScore(2) - 0.1 * L2() - TotalVariation(),
        Neuron("relu_1", 0, 3, 3),
        -CodeMatch("conv1", torch.ones(4, 12, 12)),
    ):
        for parameterization in (None, Fourier()):
            more = {"steps": 2, "parameterization": parameterization, "transforms": [Jitter(1)]}
            list(climb(model, objective, pictures=2, start="noise", **more))
    list(climb(model, Neuron("relu", 0, 3, 3), start=torch.full((1, 1, 12, 12), -50.0), steps=1))  # silent
    next(climb(model, Channel("conv1", 0), steps=5))  # left in the middle
    for broken in (Channel("conv9", 0), Channel("conv2", 99), Spoilt(-1e9), ClassScore("nothing")):
        with pytest.raises(CnnvizError):
            list(climb(model, broken + Channel("conv1", 0)))
    model.network.fail_with = KeyError("the network's own")
    with pytest.raises(KeyError):
        list(climb(model, ClassScore(0)))
    model.network.fail_with = None


def test_weights_flags_gradients_and_hooks_are_as_they_were():
    network = awkward_net()
    model = HookedModel(network, (1, 12, 12))
    before = fingerprint(network)
    climbs(model)
    assert fingerprint(network) == before
