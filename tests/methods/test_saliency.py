"""Saliency maps: a linear model, a net by hand, finite differences, captum, and a cause that was planted."""

import warnings

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from cnnviz_widgets import HookedModel, open_model, open_picture
from cnnviz_widgets.errors import GradientError, InputError, ReluError, TargetError
from cnnviz_widgets.methods.saliency import saliency_map
from cnnviz_widgets.methods.smoothgrad import smoothgrad


def linear(weights: torch.Tensor, classes=None) -> HookedModel:
    """Make scores w I + b of pictures, weights (K, C, H, W)."""
    layer = nn.Linear(weights[0].numel(), len(weights)).to(weights.dtype)
    with torch.no_grad():
        layer.weight.copy_(weights.flatten(1))
    return HookedModel(nn.Sequential(nn.Flatten(), layer), tuple(weights.shape[1:]), classes=classes)


class Window(nn.Module):
    """Score 0 sums one window of a picture, score 1 is smaller."""

    def forward(self, x):
        return torch.stack([x[:, :, 2:5, 6:9].sum((1, 2, 3)), x[:, :, :1, :1].sum((1, 2, 3)) - 1000], 1)


def test_of_a_linear_model_it_is_the_weight_whatever_the_picture():
    weights = torch.randn(4, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    model = linear(weights, classes=("a", "b", "c", "d"))
    for seed in range(3):
        x = torch.randn(1, 3, 5, 6, generator=torch.Generator().manual_seed(seed))
        found = saliency_map(model, x, "c")
        assert np.array_equal(found.gradient, weights[2].numpy())
        assert np.array_equal(found.magnitude, weights[2].abs().amax(0).numpy())
    one_channel = torch.randn(2, 1, 5, 6, generator=torch.Generator().manual_seed(1))
    found = saliency_map(linear(one_channel), torch.zeros(1, 1, 5, 6), 1)
    assert np.array_equal(found.magnitude, one_channel[1, 0].abs().numpy()), "M = |w|"
    assert np.array_equal(found.signed, one_channel[1, 0].numpy())


def test_by_hand():
    # S = relu(2 r - 3 g + b) - relu(-g) at the pixel, and r + b at the other; I = (1, 0.5, 2) at both
    class ByHand(nn.Module):
        def forward(self, x):
            r, g, b = x[:, 0, 0], x[:, 1, 0], x[:, 2, 0]
            score = torch.relu(2 * r - 3 * g + b)[:, 0] - torch.relu(-g)[:, 0] + (r - b)[:, 1] / 4
            return torch.stack([score, -score], 1)

    x = torch.tensor([1.0, 0.5, 2.0]).reshape(1, 3, 1, 1).expand(1, 3, 1, 2).contiguous()
    found = saliency_map(HookedModel(ByHand(), (3, 1, 2)), x)
    assert found.gradient.reshape(3, 2).tolist() == [[2, 0.25], [-3, 0], [1, -0.25]]
    assert found.magnitude.tolist() == [[3, 0.25]] and found.signed.tolist() == [[-3, 0.25]]
    assert (found.value, found.target, found.rule, found.samples) == (2.25, 0, "backprop", 0)
    assert saliency_map(HookedModel(ByHand(), (3, 1, 2)), x, 1).signed.tolist() == [[3, -0.25]]


def test_equal_to_finite_differences():
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(36, 3)
    ).double()
    x = torch.randn(1, 3, 6, 6, dtype=torch.float64)
    found = saliency_map(HookedModel(network, (3, 6, 6)), x, 2)
    slow, step = np.zeros((3, 6, 6)), 1e-5
    with torch.no_grad():
        for place in np.ndindex(slow.shape):
            up, down = x.clone(), x.clone()
            up[(0, *place)] += step
            down[(0, *place)] -= step
            slow[place] = (network(up)[0, 2] - network(down)[0, 2]).item() / (2 * step)
    assert np.abs(found.gradient - slow).max() < 1e-6 * np.abs(slow).max() + 1e-7
    assert np.allclose(found.magnitude, np.max(np.abs(slow), axis=0), atol=1e-6)


def test_the_pixels_that_a_net_sums_are_found_and_no_others():
    x = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    found = saliency_map(HookedModel(Window(), (3, 12, 12)), x)
    expected = np.zeros((12, 12), np.float32)
    expected[2:5, 6:9] = 1
    assert found.target == 0 and np.array_equal(found.magnitude, expected)


def test_it_is_the_logit_and_not_the_probability():
    weights = torch.zeros(2, 1, 1, 2)
    weights[0, 0, 0, 0], weights[1, 0, 0, 1] = 5.0, 7.0
    found = saliency_map(linear(weights), torch.ones(1, 1, 1, 2), 0)
    assert found.magnitude.tolist() == [[5, 0]], "a probability also falls when another class rises"


def test_the_top_class_where_none_is_named():
    weights = torch.zeros(3, 1, 2, 2)
    weights[1] = 1
    assert saliency_map(linear(weights), torch.ones(1, 1, 2, 2)).target == 1
    found = saliency_map(linear(weights), torch.ones(1, 1, 2, 2), lambda scores: scores[:, 1] * 2)
    assert found.target is None and found.magnitude.tolist() == [[2, 2], [2, 2]]


@pytest.mark.heavy
def test_captum_agrees_on_resnet18():
    torch.manual_seed(0)
    network = models.resnet18(weights=None).eval()
    x = torch.randn(1, 3, 96, 96)
    model = HookedModel(network, (3, 96, 96))
    for target in (7, None):
        found = saliency_map(model, x, target)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = captum.attr.Saliency(network).attribute(x.clone().requires_grad_(), target=found.target)
        expected = theirs[0].amax(0).numpy()
        assert np.abs(found.magnitude - expected).max() <= 1e-5 * expected.max()


def test_the_rules_are_those_of_the_backend():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    model, x = HookedModel(network, (3, 6, 6)), torch.randn(1, 3, 6, 6)
    maps = {}
    for rule in ("backprop", "deconvnet", "guided"):
        found = saliency_map(model, x, 1, rule)
        assert found.rule == rule
        assert np.array_equal(found.gradient, model.gradient(x, 1, rule)[0].numpy())
        maps[rule] = found.gradient
    assert not np.array_equal(maps["backprop"], maps["guided"])
    assert not np.array_equal(maps["deconvnet"], maps["guided"])


def test_the_scale_leaves_out_a_few_extreme_pixels():
    weights = torch.full((1, 1, 20, 20), 0.5)
    weights[0, 0, 0, 0] = -100.0
    found = saliency_map(linear(torch.cat([weights, weights])), torch.zeros(1, 1, 20, 20), 0)
    values, limit = found.shown("signed")
    assert limit == 0.5 and values[0, 0] == -100
    values, limit = found.shown("magnitude")
    assert limit == 0.5 and values.min() == 0.5 and values[0, 0] == 100
    weights = torch.zeros(2, 1, 30, 30)
    weights[:, 0, 3, 3] = 2.0
    lonely = saliency_map(linear(weights), torch.zeros(1, 1, 30, 30), 0)
    assert lonely.shown()[1] == 2.0, "where nearly all are zero, the largest value"
    assert saliency_map(linear(weights * 0), torch.zeros(1, 1, 30, 30), 0).shown()[1] == 0


def test_the_result_cannot_be_changed_and_nothing_is_left_behind():
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    model, x = HookedModel(network, (3, 2, 2)), torch.randn(1, 3, 2, 2)
    before = x.clone()
    found = saliency_map(model, x)
    with pytest.raises(ValueError):
        found.gradient[0, 0, 0] = 1
    assert torch.equal(x, before) and not x.requires_grad
    assert network[1].weight.grad is None


def test_errors_say_what_is_wrong():
    model = linear(torch.randn(2, 3, 4, 4), classes=("ant", "bee"))
    x = torch.zeros(1, 3, 4, 4)
    with pytest.raises(TargetError, match=r"there is no class 'be'. Did you mean 'bee'"):
        saliency_map(model, x, "be")
    with pytest.raises(TargetError, match="there is no class 2: this model's classes are numbered 0 to 1"):
        saliency_map(model, x, 2)
    with pytest.raises(InputError, match=r"one picture.*got a tensor \(2, 3, 4, 4\)"):
        saliency_map(model, x.repeat(2, 1, 1, 1))
    with pytest.raises(InputError, match=r"one picture.*got a str"):
        saliency_map(model, "cat")
    with pytest.raises(ReluError):
        saliency_map(model, x, 0, "guided")
    with pytest.raises(GradientError):
        saliency_map(model, x, lambda scores: scores.detach().sum())
    with pytest.raises(InputError, match="'magnitude' or 'signed'; got 'grey'"):
        saliency_map(model, x, 0).shown("grey")


@pytest.mark.real
@pytest.mark.heavy
def test_a_real_networks_saliency_of_a_dalmatian_falls_on_the_dog(real, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(real / "torch_home"))
    model = open_model("squeezenet1_1")
    x = model.preprocess(open_picture(real / "imagenet_samples" / "0251_dalmatian.jpg"))
    found = saliency_map(model, x)
    assert model.class_name(found.target) == "dalmatian"
    m = found.magnitude
    inside, area = m[26:155, 50:215].sum() / m.sum(), 129 * 165 / m.size  # head and ears, read off by eye
    assert area < 0.43 and inside > 0.55
    # The rest of the dog reaches three edges of the picture: only this corner is surely none of it.
    assert m[:90, :48].mean() < 0.4 * m.mean()
    smooth = smoothgrad(model, x, samples=8).magnitude
    assert smooth[26:155, 50:215].sum() / smooth.sum() > inside + 0.03
