"""Class activation maps: by hand, equal to slow twins and other packages, and where a cause was planted."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, open_model
from cnnviz_widgets.errors import GradientError, InputError, LayerError, TargetError
from cnnviz_widgets.methods.agreement import box_iou
from cnnviz_widgets.methods.cam import class_activation_map, class_activation_maps, default_layer, map_layers
from cnnviz_widgets.methods.localization import strongest_region


def pooled(weight: list, bias: list, **options) -> HookedModel:
    """Take the picture itself as the feature maps: what the maps must be can be read off."""
    network = nn.Sequential(
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(len(weight[0]), len(weight))
    )
    with torch.no_grad():
        network[3].weight.copy_(torch.tensor(weight))
        network[3].bias.copy_(torch.tensor(bias))
    return HookedModel(network, (len(weight[0]), 2, 3), **options)


def test_by_hand():
    model = pooled([[2.0, -1.0], [0.0, 3.0]], [0.5, -1.0], classes=["cat", "dog"])
    x = torch.tensor([[[[1.0, 0, 4], [0, -5, 0]], [[0, 2, 1], [0, 0, 3]]]])
    found = class_activation_map(model, x, "cat")
    # 2 f0 - f1, the -5 being cut to 0 by the ReLU; its mean is (2 - 2 + 7 - 3) / 6
    assert found.values.tolist() == [[2, -2, 7], [0, 0, -3]]
    assert (found.kind, found.layer, found.readout, found.target) == ("CAM", "0", "3", 0)
    assert found.mean == pytest.approx(4 / 6) and found.bias == 0.5
    assert found.score == pytest.approx(4 / 6 + 0.5) and found.weights.tolist() == [2, -1]
    assert found.signed and found.picture == (2, 3)
    assert class_activation_map(model, x, "dog").weights.tolist() == [0, 3]
    assert [layer.name for layer in map_layers(model)] == ["0"], "what is pooled has no places"
    # Grad-CAM of the same maps: dS/df is w over 6 places, and below zero is cut.
    other = class_activation_map(model, x, "cat", layer="0")
    assert other.kind == "Grad-CAM" and not other.signed and other.bias == 0 and other.readout == ""
    np.testing.assert_allclose(other.values, np.array([[2, 0, 7], [0, 0, 0]]) / 6, rtol=1e-6)
    np.testing.assert_allclose(other.weights, [2 / 6, -1 / 6], rtol=1e-6)
    assert other.score == found.score


def test_the_top_class_is_taken_where_none_is_named():
    model = pooled([[2.0, -1.0], [0.0, 3.0]], [0.5, 9.0])
    x = torch.ones(1, 2, 2, 3)
    assert class_activation_map(model, x).target == class_activation_map(model, x, layer="0").target == 1
    assert class_activation_map(model, x, 0).target == class_activation_map(model, x, 0, "0").target == 0


@pytest.mark.parametrize("name", ["mini-vgg-scenes", "mini-alexnet-scenes"])
def test_several_pictures_at_once(name):
    model = open_model(name)
    x = torch.cat([model.preprocess(each) for each in ("cat", "coffee", "astronaut")])
    together = class_activation_maps(model, x, ["bedroom", 3, "windmill"])
    for i, found in enumerate(together):
        alone = class_activation_map(model, x[i : i + 1], ["bedroom", 3, "windmill"][i])
        np.testing.assert_allclose(found.values, alone.values, atol=1e-5)
        assert (found.kind, found.target) == (alone.kind, alone.target)
        assert found.score == pytest.approx(alone.score, abs=1e-5)
    assert [each.target for each in class_activation_maps(model, x)] == model.scores(x).argmax(1).tolist()
    with pytest.raises(TargetError, match="2 classes were given for 3 pictures"):
        class_activation_maps(model, x, [0, 1])


def test_enlarged_by_hand():
    model = pooled([[1.0]], [0.0])
    found = class_activation_map(model, torch.tensor([[[[0.0, 4.0]]]]))
    assert found.enlarged(1, 4).tolist() == [[0, 1, 3, 4]]  # straight between the centres, level outside
    assert found.enlarged().tolist() == [[0, 4]] and found.enlarged(2).shape == (2, 2)
    with pytest.raises(InputError, match="at least 1 row"):
        found.enlarged(0, 4)
    with pytest.raises(ValueError, match="read-only"):
        found.values[0, 0] = 1


# Slow twins, one number at a time, in float64


def features_slowly(conv: nn.Conv2d, x: np.ndarray) -> np.ndarray:
    kernel, bias = conv.weight.detach().double().numpy(), conv.bias.detach().double().numpy()
    out, into, height, width = kernel.shape
    maps = np.zeros((out, x.shape[1] - height + 1, x.shape[2] - width + 1))
    for k, row, column in np.ndindex(maps.shape):
        total = bias[k]
        for c, i, j in np.ndindex(into, height, width):
            total += kernel[k, c, i, j] * x[c, row + i, column + j]
        maps[k, row, column] = max(0.0, total)
    return maps


def weighed_slowly(weights: list, maps: np.ndarray) -> np.ndarray:
    result = np.zeros(maps.shape[1:])
    for row, column in np.ndindex(result.shape):
        for k in range(len(maps)):
            result[row, column] += weights[k] * maps[k, row, column]
    return result


def test_cam_equals_a_slow_twin():
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)
    )
    x = torch.randn(1, 3, 7, 6)
    found = class_activation_map(HookedModel(network, (3, 7, 6)), x, 3)
    maps = features_slowly(network[0], x[0].double().numpy())
    expected = weighed_slowly(network[4].weight[3].tolist(), maps)
    np.testing.assert_allclose(found.values, expected, atol=1e-6)
    assert np.abs(expected).max() > 0.1 and expected.min() < 0 < expected.max()


def test_grad_cam_equals_a_slow_twin():
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(80, 6), nn.ReLU(), nn.Linear(6, 3)
    )
    x = torch.randn(1, 3, 7, 6)
    found = class_activation_map(HookedModel(network, (3, 7, 6)), x, 2)
    assert (found.kind, found.layer) == ("Grad-CAM", "1")
    maps = features_slowly(network[0], x[0].double().numpy())
    w1, b1, w2 = (
        p.detach().double().numpy() for p in (network[3].weight, network[3].bias, network[5].weight)
    )
    flat = maps.ravel()
    hidden = [b1[u] + sum(w1[u, v] * flat[v] for v in range(80)) for u in range(6)]
    gradient = np.zeros(80)
    for v in range(80):
        gradient[v] = sum(w2[2, u] * w1[u, v] for u in range(6) if hidden[u] > 0)
    gradient = gradient.reshape(maps.shape)
    alpha = [sum(gradient[k].ravel()) / gradient[k].size for k in range(4)]
    expected = weighed_slowly(alpha, maps)
    for place in np.ndindex(expected.shape):
        expected[place] = max(0.0, expected[place])
    np.testing.assert_allclose(found.values, expected, atol=1e-7)
    np.testing.assert_allclose(found.weights, alpha, atol=1e-7)
    assert expected.max() > 0.005 and (expected == 0).any() and len(np.unique(expected)) > 5


# Meaning


class Spots(nn.Module):
    """Channel k fires at colour k; class c reads channel c, and the others speak against it."""

    def __init__(self, head: bool):
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 3, 1, bias=False), nn.ReLU()
        self.pool, self.flatten = nn.AdaptiveAvgPool2d(1 if head else 4), nn.Flatten()
        self.fc = nn.Linear(3 if head else 48, 3)
        weight = 2 * torch.eye(3) - 1
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(3)[..., None, None])
            self.fc.weight.copy_(weight if head else weight.repeat_interleave(16, 1))
            self.fc.bias.fill_(1.0)

    def forward(self, x):
        return self.fc(self.flatten(self.pool(self.relu(self.conv(x)))))


@pytest.mark.parametrize(("head", "kind"), [(True, "CAM"), (False, "Grad-CAM")])
@pytest.mark.parametrize(("target", "place"), [(0, (1, 6)), (1, (5, 2)), (2, (6, 6))])
def test_each_class_is_found_where_it_was_planted(head, kind, target, place):
    model = HookedModel(Spots(head), (3, 8, 8))
    x = torch.zeros(1, 3, 8, 8)
    for channel, (row, column) in enumerate([(1, 6), (5, 2), (6, 6)]):
        x[0, channel, row, column] = 1 + channel
    found = class_activation_map(model, x, target)
    assert found.kind == kind
    assert np.unravel_index(found.values.argmax(), (8, 8)) == place
    assert np.argwhere(found.values > 0.2 * found.values.max()).tolist() == [list(place)]


def test_grad_cam_of_the_cams_maps_is_the_cam_above_zero():
    model = open_model("mini-vgg-scenes")
    x = model.preprocess("cat")
    cam = class_activation_map(model, x, "bedroom")
    grad = class_activation_map(model, x, "bedroom", layer=cam.layer)
    np.testing.assert_allclose(grad.values * cam.values.size, np.maximum(cam.values, 0), atol=1e-5)


# Other packages


@pytest.fixture(scope="module")
def resnet():
    from torchvision import models

    torch.manual_seed(0)
    network = models.resnet18(weights=None, num_classes=7).eval()
    return network, torch.randn(1, 3, 96, 96)


def test_torchcam_agrees(resnet):
    from torchcam.methods import CAM

    network, x = resnet
    with CAM(network, target_layer="layer4", fc_layer="fc") as extractor:
        (expected,) = extractor(4, network(x), normalized=False)
    found = class_activation_map(HookedModel(network, (3, 96, 96)), x, 4)
    assert found.kind == "CAM" and found.values.shape == (3, 3)
    # torchcam cuts what is below zero
    expected = expected[0].detach().numpy()
    ours = np.maximum(found.values, 0) if expected.min() >= 0 else found.values
    np.testing.assert_allclose(ours, expected, atol=1e-5)
    assert expected.max() > 0.1


@pytest.mark.parametrize("layer", ["layer4", "layer2", "layer3.0.conv1"])
def test_pytorch_grad_cam_agrees(resnet, layer):
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network, x = resnet
    module, targets = network.get_submodule(layer), [ClassifierOutputTarget(4)]
    with GradCAM(network, [module]) as other:
        other(x, targets)  # scaled and enlarged; the same numbers before that:
        kept = other.activations_and_grads
        raw = other.get_cam_image(
            x, module, targets, kept.activations[0].numpy(), kept.gradients[0].numpy(), False
        )
    expected = np.maximum(raw[0], 0)
    found = class_activation_map(HookedModel(network, (3, 96, 96)), x, 4, layer)
    assert (found.kind, found.layer) == ("Grad-CAM", layer)
    assert expected.max() > 0
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * expected.max())


# What can go wrong


def test_wrong_questions():
    model = pooled([[2.0, -1.0], [0.0, 3.0]], [0.5, 9.0], classes=["cat", "dog"])
    x = torch.ones(1, 2, 2, 3)
    with pytest.raises(TargetError, match=r"no class 'dgo'\. Did you mean 'dog'"):
        class_activation_map(model, x, "dgo")
    with pytest.raises(TargetError, match="no class 2"):
        class_activation_map(model, x, 2)
    with pytest.raises(LayerError, match="no layer '9'"):
        class_activation_map(model, x, layer="9")
    with pytest.raises(LayerError, match=r"layer '3', 2, has one number per unit.*'0'"):
        class_activation_map(model, x, layer="3")
    with pytest.raises(LayerError, match=r"layer '1', 2x1x1, has one number per unit"):
        class_activation_map(model, x, layer="1")
    for wrong in (torch.ones(2, 2, 2, 3), torch.ones(2, 2, 3), "cat"):
        with pytest.raises(InputError, match=r"need one picture, a tensor \(1, C, H, W\)"):
            class_activation_map(model, wrong)


def test_a_picture_that_is_too_small_is_told():
    model = HookedModel(
        nn.Sequential(nn.Conv2d(3, 2, 5), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(2, 2)), (3, 9, 9)
    )
    with pytest.raises(InputError, match=r"cannot run on a picture of 3x4 pixels.*opened for 9x9"):
        class_activation_map(model, torch.zeros(1, 3, 3, 4))


def test_a_network_that_labels_places_is_told():
    model = HookedModel(nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU()), (3, 4, 4))
    with pytest.raises(InputError, match="not one score for each class"):
        class_activation_map(model, torch.zeros(1, 3, 4, 4))


class Bypass(nn.Module):
    """A layer that the score does not depend on."""

    def __init__(self):
        super().__init__()
        self.side, self.fc = nn.Conv2d(3, 2, 1), nn.Linear(3 * 16, 2)

    def forward(self, x):
        self.side(x)
        return self.fc(x.flatten(1))


def test_a_layer_that_does_not_count():
    with pytest.raises(GradientError, match="does not depend on layer 'side'"):
        class_activation_map(HookedModel(Bypass(), (3, 4, 4)), torch.ones(1, 3, 4, 4))


def test_a_network_without_maps():
    model = HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(48, 2)), (3, 4, 4))
    with pytest.raises(LayerError, match="no layer with maps"):
        class_activation_map(model, torch.ones(1, 3, 4, 4))


@pytest.mark.parametrize(
    ("name", "layer"), [("mini-alexnet-objects", "relu5"), ("mini-resnet-scenes", "layer3.1.relu2")]
)
def test_the_layer_that_is_taken_where_none_is_named(name, layer):
    assert default_layer(open_model(name)).name == layer


def test_the_network_stays_as_it_was():
    model = open_model("mini-alexnet-objects")
    x = model.preprocess("cat")
    before = {key: value.clone() for key, value in model.network.state_dict().items()}
    with torch.inference_mode():
        class_activation_map(model, x)
    assert not x.requires_grad
    assert all(torch.equal(before[key], value) for key, value in model.network.state_dict().items())
    assert all(each.grad is None for each in model.network.parameters())
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in model.network.modules())


@pytest.mark.real
def test_the_dalmatians_map_falls_on_the_dog(real, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(real / "torch_home"))
    model = open_model("squeezenet1_1")
    (path,) = (real / "imagenet_samples").glob("0251_*.jpg")
    found = class_activation_map(model, model.preprocess(str(path)), 251)
    assert found.kind == "CAM" and found.readout == "" and found.bias == 0
    assert found.mean == pytest.approx(found.score, abs=1e-4)
    assert (found.values >= 0).all(), "after the ReLU"
    heat = found.enlarged()
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    head = (44, 12, 222, 190)  # read off the photo: left, top, right, bottom; dark wood at the upper left
    assert head[0] < column < head[2] and head[1] < row < head[3]
    assert box_iou(strongest_region(heat).box, head) > 0.7
    assert heat[:60, :40].mean() < 0.1 * heat.max()
