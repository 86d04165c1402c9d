"""Activation maximization: the settings of the papers mean what they say, and planted weights are found."""

from dataclasses import asdict, fields

import pytest
import torch
from torch import nn

from cnnviz_widgets import (
    Channel,
    ClassScore,
    HookedModel,
    Neuron,
    Regularization,
    climb,
    maximize_activation,
    open_model,
    priors_ladder,
)
from cnnviz_widgets.engines import Adam, Fourier
from cnnviz_widgets.errors import InputError, LayerError, TargetError
from cnnviz_widgets.methods.activation_maximization import LADDER, PRESETS, preset


def linear(weights, side=2, **more) -> HookedModel:
    """A network whose scores are W x, for pictures of one channel."""
    weights = torch.as_tensor(weights, dtype=torch.float64)
    layer = nn.Linear(side * side, len(weights), bias=False, dtype=torch.float64)
    layer.weight.data = weights
    return HookedModel(nn.Sequential(nn.Flatten(), layer), (1, side, side), **more)


def last(steps):
    *_, final = steps
    return final


def test_by_hand_two_steps():
    # w = (4, -2, 0, 6): mean |g| over the three that have a gradient is 4, so a step of rate 0.5 is w / 8.
    # With L2 of weight 1, at x = w / 8 the gradient is w - 2 x = 3/4 w: normalised it is the same step again.
    w = [[4.0, -2.0, 0.0, 6.0]]
    found = last(maximize_activation(linear(w), 0, Regularization(steps=2, rate=0.5, l2=1.0)))
    assert found.image.flatten().tolist() == [1.0, -0.5, 0.0, 1.5]
    assert found.terms["class score"].item() == 4 + 1 + 9 and found.terms["L2"].item() == -(1 + 0.25 + 2.25)
    assert found.value.item() == 14 - 3.5


def test_a_linear_score_under_l2_climbs_to_its_weights():
    torch.manual_seed(0)
    weights = torch.randn(1, 64, dtype=torch.float64)
    # A rate that falls lets a step whose size is fixed settle.
    settings = Regularization(steps=400, rate=0.02, l2=2.0)
    run = maximize_activation(linear(weights, 8), 0, settings)
    for step in run:
        run.optimizer.rate = 0.02 * (1 - step.index / 400)
    assert torch.allclose(step.image.flatten(), weights[0] / 4, atol=2e-3)


def test_several_classes_climb_as_each_alone():
    torch.manual_seed(1)
    model = linear(torch.randn(3, 16), 4, classes=["a", "b", "c"])
    together = last(maximize_activation(model, ["c", 0], "Simonyan: L2", steps=7))
    alone = [last(maximize_activation(model, each, "Simonyan: L2", steps=7)) for each in (2, "a")]
    assert torch.allclose(together.image, torch.cat([each.image for each in alone]), atol=1e-12)
    assert together.value.tolist() == pytest.approx([each.value.item() for each in alone])


def test_settings_are_what_climb_is_given():
    model = open_model("mini-convnet")
    named = maximize_activation(model, 3, "Yosinski: small contributions", steps=6, seed=4)
    settings = preset("Yosinski: small contributions", model)
    plain = climb(
        model,
        ClassScore(3),
        start="noise",
        steps=6,
        optimizer=settings.optimizer(),
        regularizers=settings.regularizers(model),
        seed=4,
    )
    held = last(named).image
    assert torch.equal(held, last(plain).image)
    names = [type(each).__name__ for each in settings.regularizers(model)]
    assert names == ["Blur", "ClipContribution", "Clamp"]
    black, white = model.limits
    assert (held >= black - 1e-6).all() and (held <= white + 1e-6).all()
    assert (held == 0).all(1).float().mean() > 0.85, "nine pixels of ten are set to the mean colour"


def test_the_papers_numbers():
    four = [
        (each.decay, each.blur, each.blur_every, each.clip_norm, each.clip_contribution)
        for name, each in PRESETS.items()
        if name.startswith("Yosinski")
    ]
    assert four == [(0, 0.5, 4, 50, 0), (0.3, 0, 0, 20, 0), (1e-4, 1, 4, 0, 0), (0, 0.5, 4, 0, 90)]
    waves = PRESETS["Olah: waves"]
    assert (waves.steps, waves.rate, waves.pad, waves.jitter, waves.scale, waves.rotate) == (
        *(512, 0.05, 12, 8, 0.1, 10),
    )
    assert [type(each).__name__ for each in waves.transforms()] == ["Pad", "Jitter", "Scale", "Rotate"]


def test_pixels_are_scaled_to_the_networks_pictures():
    model = open_model("mini-alexnet-objects")  # 112 px: half of 224
    assert preset("Olah: waves", model).pad == 6 and preset("L2, blur and jitter", model).jitter == 8
    assert asdict(preset("Simonyan: L2", model)) == asdict(PRESETS["Simonyan: L2"])


def test_settings_that_change_steer_a_climb():
    model = open_model("mini-convnet")
    run = maximize_activation(model, 2, "no prior", steps=10)
    next(run)
    Regularization(steps=2, rate=0.5, l2=0.1, tv=0.2, jitter=2, decay=0.5, clamp=True).steer(
        run, Channel("conv1", 3)
    )
    steps = list(run)
    assert [each.index for each in steps] == [1, 2]
    assert list(steps[0].terms) == ["conv1 channel 3", "L2", "TV"] and run.optimizer.rate == 0.5
    assert [type(each).__name__ for each in run.regularizers] == ["Decay", "Clamp"]
    assert [type(each).__name__ for each in run.transforms] == ["Jitter"]


def test_waves_take_adams_steps_and_nothing_is_done_to_pixels():
    model = open_model("mini-convnet")
    settings = Regularization(fourier=True, rate=0.3, decay=0.5, blur=1.0, blur_every=2, clamp=True)
    assert isinstance(settings.optimizer(), Adam) and settings.optimizer().rate == 0.3
    assert settings.regularizers(model) == ()
    run = maximize_activation(model, 1, settings, steps=2)
    assert isinstance(run.parameterization, Fourier) and last(run).index == 2


def test_a_start_of_ones_own_and_changed_settings_reach_every_climb():
    start = torch.full((1, 1, 2, 2), 3.0, dtype=torch.float64)
    model = linear([[1.0, 2.0, 3.0, 4.0]])
    assert torch.equal(next(maximize_activation(model, 0, "no prior", start=start)).image, start)
    ladder = priors_ladder(model, 0, start=start, steps=1)
    assert torch.equal(next(ladder["TV"]).image, start) and {each.steps for each in ladder.values()} == {1}


def test_the_ladder_has_one_prior_each():
    model = open_model("mini-convnet")
    ladder = priors_ladder(model, 5, steps=3)
    assert list(ladder) == list(LADDER) == ["no prior", "L2", "blur", "TV", "jitter", "jitter and waves"]
    images = {name: last(steps).image for name, steps in ladder.items()}
    assert all(len(each) == 1 for each in images.values())
    assert len({each.double().sum().item() for each in images.values()}) == 6, "they all differ"


def test_priors_do_what_they_are_for():
    model = open_model("mini-alexnet-objects")
    ladder = {name: last(steps) for name, steps in priors_ladder(model, "lemon", steps=25).items()}

    def roughness(image):  # of neighbours, relative to the picture's own size
        return ((image[..., 1:] - image[..., :-1]).square().mean() / image.square().mean()).item()

    rough = {name: roughness(step.image) for name, step in ladder.items()}
    assert rough["blur"] < 0.7 * rough["no prior"] and rough["TV"] < 0.7 * rough["no prior"]
    sizes = {name: step.image.square().mean().item() for name, step in ladder.items()}
    assert sizes["L2"] < 0.3 * sizes["no prior"]
    scores = {
        name: model.scores(step.image)[0, model.class_index("lemon")].item() for name, step in ladder.items()
    }
    assert max(scores, key=scores.get) in ("no prior", "jitter") and min(scores.values()) > 3


def test_the_first_layer_draws_its_filter():
    model = open_model("mini-alexnet-objects")
    found = last(maximize_activation(model, Neuron("conv1", 20, 18, 18), "Simonyan: L2", steps=20)).image[0]
    top, left, bottom, right = model.layer("conv1").receptive_field.box(18, 18)
    inside = found[:, top:bottom, left:right]
    likeness = torch.cosine_similarity(inside.flatten(), model.network.conv1.weight[20].flatten(), 0)
    assert likeness > 0.999 and found.abs().sum() == inside.abs().sum(), "and nothing else"


def test_no_such_thing():
    model = linear(torch.ones(2, 4), classes=["cat", "dog"])
    with pytest.raises(InputError, match=r"no preset 'Simonyan'\. Did you mean 'Simonyan: L2'"):
        maximize_activation(model, 0, "Simonyan")
    with pytest.raises(InputError, match="no setting 'lambda_'; there are steps, rate, start, l2"):
        maximize_activation(model, 0, lambda_=3)
    with pytest.raises(TargetError, match=r"no class 'cart'\. Did you mean 'cat'"):
        maximize_activation(model, "cart")
    with pytest.raises(TargetError, match="name at least one"):
        maximize_activation(model, [])
    with pytest.raises(LayerError, match="no layer 'conv9'"):
        maximize_activation(model, Channel("conv9", 0))
    with pytest.raises(InputError, match="percentage of a clip is from 0 to 100, not 150"):
        maximize_activation(model, 0, clip_norm=150)
    assert {each.name for each in fields(Regularization)} >= {"l2", "tv", "decay", "blur", "clamp", "fourier"}
