"""Chance in a climb: the same seed gives the same bytes, and no picture knows of the others."""

import pytest
import torch

from cnnviz_widgets.engines import (
    L2,
    Adam,
    Ascent,
    Blur,
    Channel,
    Clamp,
    ClassScore,
    ClipNorm,
    Decay,
    Fourier,
    Jitter,
    Momentum,
    Pad,
    Rotate,
    Scale,
    climb,
)
from tests.engines.climbers import SIDE, slope_model
from tests.engines.records import random


def last(running):
    *_, step = running
    return step


EVERYTHING = [Pad(2), Jitter(3), Scale(0.1), Rotate(10), Jitter(1)]


@pytest.mark.parametrize("parameterization", [None, Fourier()], ids=str)
def test_the_same_seed_gives_the_same_bytes(parameterization):
    def run(seed):
        more = {"start": "noise", "steps": 4, "transforms": EVERYTHING, "parameterization": parameterization}
        torch.manual_seed(torch.seed())  # the world's own chance does not matter
        return last(climb(slope_model(), Channel("conv2", 1), pictures=2, seed=seed, **more)).image

    assert torch.equal(run(5), run(5)) and not torch.equal(run(5), run(6))


def test_the_worlds_chance_is_left_alone():
    model = slope_model()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    list(climb(model, Channel("conv2", 1), start="noise", steps=2, transforms=EVERYTHING))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("optimizer", [Ascent(0.1), Adam(0.05), Momentum(0.05)], ids=str)
@pytest.mark.parametrize("parameterization", [None, Fourier()], ids=str)
def test_a_batch_climbs_as_each_picture_would_alone(optimizer, parameterization):
    start, model = 0.3 * random(3, 3, SIDE, SIDE), slope_model()
    more = {
        "steps": 4,
        "optimizer": optimizer,
        "transforms": EVERYTHING,
        "parameterization": parameterization,
    }
    if parameterization is None:
        more["regularizers"] = [Decay(0.05), Blur(0.5, 2), ClipNorm(20), Clamp(*model.limits)]
    together = last(climb(model, ClassScore([2, 0, 1]) - 0.01 * L2(), start=start, **more))
    for n, target in enumerate([2, 0, 1]):
        alone = last(climb(model, ClassScore(target) - 0.01 * L2(), start=start[n], **more))
        torch.testing.assert_close(together.image[n], alone.image[0], rtol=1e-8, atol=1e-8)
        torch.testing.assert_close(together.value[n], alone.value[0])


def test_noise_is_each_pictures_own():
    model = slope_model()
    batch = next(climb(model, Channel("conv2", 1), start="noise", pictures=3, seed=7, size=(40, 50))).image
    alone = next(climb(model, Channel("conv2", 1), start="noise", seed=9, size=(40, 50))).image
    assert torch.equal(batch[2:], alone) and not torch.equal(batch[0], batch[1])
    assert abs(batch.mean()) < 0.01 and batch.std().item() == pytest.approx(0.2, rel=0.03)
    assert not next(climb(model, Channel("conv2", 1))).image.any()
