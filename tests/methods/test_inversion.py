"""Inversion: one step by hand, a slow twin, a net that can be inverted exactly, and what depth loses."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, Scenes, open_model
from cnnviz_widgets.errors import InputError, LayerError, TargetError
from cnnviz_widgets.methods.inversion import (
    InversionSettings,
    code_error,
    depth_of,
    inversion_preset,
    invert,
    picture_error,
    sigma_squared,
    steer,
)
from cnnviz_widgets.methods.inversion_masks import channel_mask, field_mask, mask_box


def last_of(climb):
    *_, step = climb
    return step


@pytest.fixture(scope="module")
def scenes_net():
    return open_model("mini-alexnet-scenes")


@pytest.fixture(scope="module")
def street(scenes_net):
    return scenes_net.preprocess(Scenes("test")[0].image)


class Tripled(nn.Module):
    """A code that is three times the picture."""

    def __init__(self):
        super().__init__()
        self.code = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.constant_(self.code.weight, 3.0)

    def forward(self, x):
        return self.code(x).flatten(1)


def test_one_step_by_hand():
    # In pixels: mean 0, and one unit of the input is one of 255 levels.
    model = HookedModel(Tripled().double(), (1, 1, 2), mean=0.0, std=1 / 255)
    x = torch.tensor([[[[100.0, -100.0]]]], dtype=torch.float64)
    settings = InversionSettings(tv=10.0, alpha=8e-10, rate=0.004, steps=1)
    start, step = invert(model, x, "code", settings=settings, start=torch.zeros_like(x))
    # The code is (300, -300): from 0, E is 1 and its slope 2 * 3 * 300 / (2 * 300**2) = 0.01 in each pixel;
    # sigma² is 2 * 68.9**2 = 9494.42, and the step .004 * 9494.42 * .01 = .3797768.
    assert start.value.item() == -1.0 and sigma_squared(model, 2) == pytest.approx(9494.42)
    assert step.image.flatten().tolist() == pytest.approx([0.3797768, -0.3797768])
    assert code_error(step).item() == pytest.approx((1 - 0.003797768) ** 2)
    assert step.terms["TV"].item() == pytest.approx(-10 / 2 * 0.7595536**2 / 9494.42)
    assert step.terms["6-norm"].item() == pytest.approx(-8e-10 / 2 * 2 * 0.3797768**6 / 9494.42)
    assert step.value.item() == pytest.approx(sum(term.item() for term in step.terms.values()))


def slow_twin(weight, bias, x, start, mask, tv, alpha, rate, counts):
    """Descend as the paper says, one number at a time: a convolution and a ReLU, pixels of 0..255 / 255."""
    out, into, side, _ = weight.shape
    rows, columns = x.shape[1:]
    shape = (out, rows - side + 1, columns - side + 1)
    sigma = 68.9**2 * x.size / 255**2

    def code(z):
        before = np.zeros(shape)
        for k, r, c in np.ndindex(shape):
            before[k, r, c] = bias[k]
            for d, i, j in np.ndindex(into, side, side):
                before[k, r, c] += weight[k, d, i, j] * z[d, r + i, c + j]
        return before

    wanted = np.maximum(code(x), 0)
    norm = sum((wanted[p] * mask[p]) ** 2 for p in np.ndindex(shape))
    z, energies = start.copy(), []
    velocity, rate_before = np.zeros_like(z), None
    for part, count in enumerate((*counts, 1)):
        for _ in range(count):
            before = code(z)
            slope, energy = np.zeros_like(z), 0.0
            for p in np.ndindex(shape):
                error = (max(before[p], 0) - wanted[p]) * mask[p]
                energy += error**2 / norm
                if before[p] > 0:
                    for d, i, j in np.ndindex(into, side, side):
                        slope[d, p[1] + i, p[2] + j] += 2 * error * mask[p] * weight[p[0], d, i, j] / norm
            for d, r, c in np.ndindex(z.shape):
                for a, b in ((r + 1, c), (r, c + 1)):
                    if a < rows and b < columns:
                        difference = z[d, a, b] - z[d, r, c]
                        energy += tv / 2 * difference**2 / sigma
                        slope[d, a, b] += tv * difference / sigma
                        slope[d, r, c] -= tv * difference / sigma
                # 8e-10 for u = 255 z: 255**6 of the power, 255**2 of sigma
                energy += alpha * 255**4 / 2 * z[d, r, c] ** 6 / sigma
                slope[d, r, c] += alpha * 255**4 * 3 * z[d, r, c] ** 5 / sigma
            energies.append(energy)
            if part == len(counts):
                return z, energies
            now = rate * 10.0**-part
            if now != rate_before:
                velocity, rate_before = np.zeros_like(z), now
            velocity = 0.9 * velocity - now * sigma * slope
            z = z + velocity
    raise AssertionError


@pytest.mark.parametrize("masked", [False, True])
def test_equal_to_a_slow_twin(masked):
    torch.manual_seed(3)
    network = nn.Sequential(nn.Conv2d(2, 3, 2), nn.ReLU()).double()
    model = HookedModel(network, (2, 4, 5))
    x = torch.rand(1, 2, 4, 5, dtype=torch.float64)
    start = torch.rand(1, 2, 4, 5, dtype=torch.float64)
    layer = model.layer("1")
    mask = channel_mask(layer, 1) * field_mask(layer, 2, 1, 2) if masked else None
    settings = InversionSettings(tv=5.0, alpha=8e-10, rate=0.004, steps=12)
    steps = list(invert(model, x, "1", mask=mask, settings=settings, start=start))
    full = np.ones((3, 3, 4)) if mask is None else mask.expand(3, 3, 4).numpy()
    weight, bias = (p.detach().numpy() for p in network[0].parameters())
    z, energies = slow_twin(weight, bias, x[0].numpy(), start[0].numpy(), full, 5.0, 8e-10, 0.004, (3, 6, 3))
    np.testing.assert_allclose(steps[-1].image[0].numpy(), z, rtol=1e-9)
    np.testing.assert_allclose([-step.value.item() for step in steps], energies, rtol=1e-9)
    assert energies[-1] < 0.9 * energies[0] and len(steps) == 13


def test_what_can_be_inverted_is_inverted_exactly():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(27, 27)).double()
    nn.init.orthogonal_(network[1].weight, 2.0)
    model = HookedModel(network, (3, 3, 3), mean=0.5, std=0.25)
    x = torch.randn(2, 3, 3, 3, dtype=torch.float64)
    settings = InversionSettings(tv=0, alpha=0, rate=0.2, steps=600)
    step = last_of(invert(model, x, "1", settings=settings))
    torch.testing.assert_close(step.image, x, atol=1e-6, rtol=0)
    assert picture_error(step.image, x).max() < 1e-12


def test_the_units_of_the_network_do_not_matter():
    torch.manual_seed(1)
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU()).double()

    class InOtherUnits(nn.Module):
        def __init__(self):
            super().__init__()
            self.plain = plain

        def forward(self, x):
            return self.plain(4 * x)

    one = HookedModel(plain, (3, 9, 9), mean=0.5, std=0.25)
    other = HookedModel(InOtherUnits(), (3, 9, 9), mean=0.5, std=1.0)
    x = torch.randn(1, 3, 9, 9, dtype=torch.float64)
    settings = InversionSettings(tv=10, steps=40)
    found = last_of(invert(one, x, "3", settings=settings))
    same = last_of(invert(other, x / 4, "plain.3", settings=settings))
    torch.testing.assert_close(4 * same.image, found.image)
    torch.testing.assert_close(same.value, found.value)


def test_noise_has_the_norm_of_a_photo_and_all_pictures_start_alike(scenes_net, street):
    both = torch.cat([street, -street])
    first = next(invert(scenes_net, both, "conv1", seed=4))
    assert first.image[0].equal(first.image[1])
    norm = sigma_squared(scenes_net, street.numel())
    assert first.image[0].square().sum().item() == pytest.approx(norm, rel=1e-5)
    assert norm / street.numel() == pytest.approx(1.39, abs=0.01)  # 68.9 levels of 58.5 each
    assert abs(first.image.mean().item()) < 0.02 and first.image.abs().max() > 3, (
        "normal noise about the mean"
    )
    assert not next(invert(scenes_net, street, "conv1", seed=5)).image.equal(first.image[:1])


def test_a_picture_climbs_among_others_as_alone(scenes_net, street):
    both = torch.cat([street, street.flip(-1)])
    settings = InversionSettings(tv=10, steps=12)
    alone = last_of(invert(scenes_net, street, "relu2", settings=settings))
    among = last_of(invert(scenes_net, both, "relu2", settings=settings))
    torch.testing.assert_close(among.image[:1], alone.image, atol=1e-4, rtol=1e-4)
    again = last_of(invert(scenes_net, street, "relu2", settings=settings))
    assert again.image.equal(alone.image)


@pytest.mark.heavy
def test_errors_fall_with_steps_and_the_picture_is_lost_with_depth(scenes_net, street):
    lost = {}
    for layer in ("conv1", "relu2", "relu4", "pool5"):
        steps = list(invert(scenes_net, street, layer, settings=InversionSettings(tv=10, steps=160)))
        codes = [code_error(steps[i]).item() for i in (0, 20, 160)]
        assert codes[0] > codes[1] > codes[2] and codes[2] < 0.1
        assert torch.stack([step.value for step in steps[80:]]).diff(dim=0).min() > -1e-3
        lost[layer] = picture_error(steps[-1].image, street).item()
    assert list(lost.values()) == sorted(lost.values())
    assert lost["conv1"] < 0.1 and lost["pool5"] > 0.4


def test_a_field_leaves_the_rest_of_the_picture_to_the_priors(scenes_net, street):
    layer = scenes_net.layer("pool1")
    mask = field_mask(layer, 5)
    top, left, bottom, right = mask_box(layer, mask)
    assert (top, left, bottom, right) == (32, 32, 73, 73)  # units 6 to 10, 6 px apart, each sees 17 px
    settings = InversionSettings(tv=0, alpha=0, steps=8)
    first, *_, last = invert(scenes_net, street, "pool1", mask=mask, settings=settings)
    moved = (last.image != first.image)[0].any(0)
    assert moved[top:bottom, left:right].float().mean() > 0.9
    moved[top:bottom, left:right] = False
    assert not moved.any()
    priors = InversionSettings(tv=10, alpha=0, steps=8)
    *_, smoothed = invert(scenes_net, street, "pool1", mask=mask, settings=priors)
    assert smoothed.image[..., :30, :].std() < 0.8 * first.image[..., :30, :].std()


def test_a_subset_of_the_channels_is_matched_and_the_others_are_free():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 2, 1, bias=False)).double()
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]])[:, :, None, None])
    model = HookedModel(network, (2, 3, 3))
    x = torch.rand(1, 2, 3, 3, dtype=torch.float64)
    mask = channel_mask(model.layer("0"), 1)
    settings = InversionSettings(tv=0, alpha=0, rate=0.1, steps=600)
    first, *_, last = invert(model, x, "0", mask=mask, settings=settings)
    torch.testing.assert_close(last.image[:, 1], x[:, 1], atol=1e-6, rtol=0)
    assert last.image[:, 0].equal(first.image[:, 0])


def test_presets_follow_the_authors_table(scenes_net):
    names = [layer.name for layer in scenes_net.layers]
    by_depth = {name: inversion_preset(scenes_net, name).tv for name in names}
    assert [by_depth[name] for name in ("conv1", "pool1", "relu2")] == [1, 1, 1]
    assert [by_depth[name] for name in ("conv3", "relu3", "conv4", "relu4")] == [10] * 4
    assert [by_depth[name] for name in ("conv5", "pool5", "fc6", "relu7", "fc8")] == [100] * 5
    resnet = open_model("mini-resnet-scenes")
    assert [depth_of(resnet, name) for name in ("conv1", "layer1.0", "layer2.0", "layer3.1", "fc")] == [
        "early",
        "early",
        "middle",
        "late",
        "late",
    ]
    weightless = HookedModel(nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)), (1, 4, 4))
    assert [depth_of(weightless, name) for name in "01"] == ["middle", "late"]


@pytest.mark.real
@pytest.mark.heavy
def test_where_the_authors_rate_explodes_it_is_lowered(real, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(real / "torch_home"))
    model = open_model("squeezenet1_1")
    x = model.preprocess(real / "imagenet_samples" / "0251_dalmatian.jpg")
    running = invert(model, x, "features.12.cat", settings=InversionSettings(tv=100, steps=60))
    first, *_, last = running
    assert running._memory["share"].item() < 1
    assert code_error(last).item() < 0.8 * code_error(first).item()
    assert last.image.abs().max() < 5


def test_a_running_inversion_follows_new_settings(scenes_net, street):
    running = invert(scenes_net, street, "relu2", settings=InversionSettings(tv=1, steps=20))
    for _ in range(11):
        before = next(running)
    steer(running, InversionSettings(tv=1000, steps=30))
    *_, after = running
    assert after.index == 30
    assert after.image.diff(dim=-1).square().sum() < 0.5 * before.image.diff(dim=-1).square().sum()
    assert running._memory["share"].item() == 1  # the leap of the energy was the student's
    assert running.optimizer.climb is running, "it still notices when a rate is too high"
    assert last_of(invert(scenes_net, street, "conv1", steps=2)).index == 2


def test_errors(scenes_net, street):
    with pytest.raises(LayerError, match="relu2"):
        invert(scenes_net, street, "relu22")
    with pytest.raises(TargetError, match=r"broadcast to \(64, 18, 18\); it has the shape \(3, 3\)"):
        invert(scenes_net, street, "relu2", mask=torch.ones(3, 3))
    with pytest.raises(TargetError, match="nothing to match"):
        invert(scenes_net, street, "relu2", mask=torch.zeros(64, 1, 1))
    with pytest.raises(InputError, match="add the batch"):
        invert(scenes_net, street[0], "relu2")
    with pytest.raises(
        InputError, match=r"cannot take pictures of 3x4x4; it was made for 3x112x112. It says"
    ):
        invert(scenes_net, torch.zeros(1, 3, 4, 4), "conv5")
    for wrong in ({"tv": -1}, {"alpha": float("nan")}, {"rate": float("inf")}, {"steps": -1}):
        with pytest.raises(InputError):
            InversionSettings(**wrong)


def test_errors_of_pictures_by_hand():
    x = torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1)
    assert picture_error(torch.zeros(2, 1, 1, 1), x).tolist() == [1, 1]
    assert picture_error(torch.tensor([3.0, 2.0]).reshape(2, 1, 1, 1), x).tolist() == [4, 0]
