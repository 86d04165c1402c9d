"""SmoothGrad: a plain loop, a number by hand, and noise that it takes away."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel
from cnnviz_widgets.errors import InputError, ReluError, TargetError
from cnnviz_widgets.methods.saliency import saliency_map
from cnnviz_widgets.methods.smoothgrad import smoothgrad, smoothgrad_steps


class Square(nn.Module):
    """Score 0 is half the sum of the squares: its gradient is the picture."""

    def forward(self, x):
        return torch.stack([(x**2).sum((1, 2, 3)) / 2, x.sum((1, 2, 3)) - 1e6], 1)


class Rough(nn.Module):
    """A slope of 1 in the left half, under ripples that are much steeper and lead nowhere, all over."""

    def forward(self, x):
        left = x[..., : x.shape[-1] // 2].sum((1, 2, 3))
        return torch.stack([left + 0.05 * torch.sin(100 * x).sum((1, 2, 3)), left - 1e6], 1)


def convnet() -> HookedModel:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    return HookedModel(network, (3, 6, 6))


def picture(seed: int = 0, side: int = 6) -> torch.Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("rule", ["backprop", "guided"])
def test_equal_to_a_plain_loop(rule):
    model, x = convnet(), picture(1)
    chance = torch.Generator().manual_seed(5)
    sigma = 0.2 * (x.max() - x.min())
    one_by_one = []
    for _ in range(11):
        noisy = x + sigma * torch.randn(3, 6, 6, generator=chance)
        one_by_one.append(model.gradient(noisy, 2, rule)[0].double().numpy())
    found = smoothgrad(model, x, 2, rule, samples=11, noise=0.2, seed=5, batch=4)
    expected = np.mean(one_by_one, axis=0)
    assert np.abs(found.gradient - expected).max() < 1e-6
    assert np.allclose(found.magnitude, np.abs(expected).max(axis=0), atol=1e-6), "the sign goes last"
    assert (found.samples, found.target, found.rule) == (11, 2, rule)


def test_by_hand():
    # The gradient of Square is the picture, so the mean over copies is the picture plus the noises' mean.
    x = torch.tensor([0.0, 4.0]).reshape(1, 1, 1, 2)
    chance = torch.Generator().manual_seed(0)
    noises = torch.stack([torch.randn(1, 1, 2, generator=chance) for _ in range(2)])
    found = smoothgrad(HookedModel(Square(), (1, 1, 2)), x, samples=2, noise=0.25)
    expected = x[0] + noises.mean(0)  # 0.25 of a range of 4 is a deviation of 1
    assert np.allclose(found.gradient, expected.numpy(), atol=1e-6)
    assert found.value == 8.0, "of the picture without noise"


def test_ripples_are_smoothed_away_and_the_slope_stays():
    model, x = HookedModel(Rough(), (3, 8, 8)), picture(2, 8)
    plain, smooth = saliency_map(model, x), smoothgrad(model, x, samples=200, noise=0.1)
    assert plain.magnitude[:, 4:].max() > 4, "the right half looks salient"
    assert np.abs(smooth.gradient[..., :4].mean() - 1) < 0.1
    assert np.abs(smooth.gradient[..., 4:].mean()) < 0.1
    assert smooth.gradient.std(axis=(0, 1, 2)) < plain.gradient.std() / 5


def test_without_noise_it_is_the_gradient():
    model, x = convnet(), picture(3)
    found = smoothgrad(model, x, samples=3, noise=0)
    assert np.allclose(found.gradient, saliency_map(model, x).gradient, atol=1e-6)


def test_batches_and_seeds():
    model, x = convnet(), picture(4)
    maps = [smoothgrad(model, x, 1, samples=7, batch=batch).gradient for batch in (1, 3, 7, 50)]
    for each in maps[1:]:
        assert np.allclose(each, maps[0], atol=1e-6)
    again = smoothgrad(model, x, 1, samples=7, batch=3).gradient
    assert np.array_equal(again, maps[1]), "the same bytes"
    assert not np.allclose(smoothgrad(model, x, 1, samples=7, seed=1).gradient, maps[0], atol=1e-4)


def test_steps_are_means_so_far():
    model, x = convnet(), picture(5)
    steps = list(smoothgrad_steps(model, x, 1, samples=7, batch=3))
    assert [each.samples for each in steps] == [3, 6, 7]
    for each in steps:
        whole = smoothgrad(model, x, 1, samples=each.samples, batch=3)
        assert np.allclose(each.gradient, whole.gradient, atol=1e-6)


def test_every_copy_is_asked_for_the_clean_pictures_class():
    # With so much noise other classes win in some copies; their gradients must not be mixed in.
    model, x = convnet(), picture(6)
    found = smoothgrad(model, x, samples=20, noise=1)
    top = model.top(x, 1)[0].index
    assert found.target == top
    assert np.allclose(found.gradient, smoothgrad(model, x, top, samples=20, noise=1).gradient)


def test_an_objective_that_mixes_a_batch_is_asked_picture_by_picture():
    model, x = convnet(), picture(7)
    mixed = smoothgrad(model, x, lambda scores: scores[:, 1].mean(), samples=6, batch=3)
    assert mixed.target is None
    assert np.allclose(mixed.gradient, smoothgrad(model, x, 1, samples=6).gradient, atol=1e-6)


def test_wrong_numbers_raise_at_once():
    model, x = convnet(), picture()
    for wrong, words in (
        ({"samples": 0}, "samples must be 1 or more; got 0"),
        ({"batch": 0}, "batch must be 1 or more"),
        ({"noise": -0.1}, "0 to 1; got -0.1"),
        ({"noise": 1.5}, "0 to 1; got 1.5"),
    ):
        with pytest.raises(InputError, match=words):
            smoothgrad_steps(model, x, **wrong)
    with pytest.raises(TargetError):
        smoothgrad_steps(model, x, 3)
    with pytest.raises(InputError, match="one picture"):
        smoothgrad_steps(model, x.repeat(2, 1, 1, 1))
    with pytest.raises(ReluError):
        smoothgrad(HookedModel(Square(), (1, 1, 2)), torch.ones(1, 1, 1, 2), 0, "guided")
