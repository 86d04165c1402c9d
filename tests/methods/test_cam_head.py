"""The head that a CAM needs is found where it is, and nowhere else: mean(map) + bias = logit."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnviz_widgets import HookedModel, open_model
from cnnviz_widgets.methods.cam import class_activation_map
from cnnviz_widgets.methods.cam_head import cam_head

X = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(5))


class Head(nn.Module):
    """A convolution, and then one of many ways to end."""

    def __init__(self, end):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.fc, self.hidden = nn.Conv2d(3, 6, 3), nn.Linear(6, 5), nn.Linear(6, 6)
        self.one, self.norm, self.classes = nn.Conv2d(6, 5, 1), nn.LayerNorm(6), nn.Conv2d(6, 5, 1)
        self.relu, self.dropout, self.pool = nn.ReLU(inplace=True), nn.Dropout(), nn.AdaptiveAvgPool2d(1)
        self.end = end

    def forward(self, x):
        return self.end(self, self.conv(x))


WITH = {
    "modules": (lambda n, f: n.fc(n.dropout(n.pool(n.relu(f)).flatten(1))), "relu", "fc"),
    "functional relu, as DenseNet's last": (
        lambda n, f: n.fc(F.adaptive_avg_pool2d(F.relu(f, inplace=True), (1, 1)).flatten(1)),
        "relu_1",
        "fc",
    ),
    "mean of both axes": (lambda n, f: n.fc(n.dropout(f.mean([2, 3]))), "conv", "fc"),
    "average pool of the maps' size": (
        lambda n, f: n.fc(F.avg_pool2d(F.silu(f), 6).flatten(1)),
        "silu",
        "fc",
    ),
    "1x1 convolution after the pool": (lambda n, f: n.one(n.pool(n.relu(f))).flatten(1), "relu", "one"),
    "a map for each class, then ReLU, then the pool, as SqueezeNet": (
        lambda n, f: n.pool(F.relu(n.classes(n.relu(f)))).flatten(1),
        "relu_1",
        "",
    ),
    "a map for each class, then the pool": (lambda n, f: n.classes(n.relu(f)).mean((2, 3)), "classes", ""),
}
WITHOUT = {
    "two linear layers": lambda n, f: n.fc(F.relu(n.hidden(n.pool(f).flatten(1)))),
    "a norm between the pool and the linear layer": lambda n, f: n.fc(n.norm(n.pool(n.relu(f)).flatten(1))),
    "a maximum in place of the mean": lambda n, f: n.fc(F.relu(f).amax((2, 3))),
    "a ReLU after the mean": lambda n, f: n.fc(F.relu(f.mean((2, 3)))),
    "a mean of the middle only": lambda n, f: n.fc(f[..., 1:4, 1:4].mean((2, 3))),
    "a softmax after all": lambda n, f: n.fc(n.pool(n.relu(f)).flatten(1)).softmax(1),
}


@pytest.mark.parametrize("end", WITH)
def test_a_head_is_found(end):
    forward, layer, readout = WITH[end]
    model = HookedModel(Head(forward), (3, 8, 8))
    head = cam_head(model, X)
    assert head is not None and (head.layer, head.readout) == (layer, readout)
    logits = model.scores(X)[0]
    for index in range(5):
        found = class_activation_map(model, X, index)
        assert found.kind == "CAM" and found.values.shape == (6, 6)
        assert found.mean + found.bias == pytest.approx(float(logits[index]), abs=1e-6)
        assert found.score == pytest.approx(float(logits[index]), abs=1e-7)


@pytest.mark.parametrize("end", WITHOUT)
def test_what_only_looks_like_a_head_is_none(end):
    model = HookedModel(Head(WITHOUT[end]), (3, 8, 8))
    assert cam_head(model, X) is None
    found = class_activation_map(model, X)
    assert found.kind == "Grad-CAM" and found.bias == 0


def test_maps_before_the_last_relu_are_not_taken():
    # Channels of the same number are there before and after; only the later ones have the right mean.
    model = HookedModel(Head(WITH["functional relu, as DenseNet's last"][0]), (3, 8, 8))
    assert [layer.name for layer in model.layers][:2] == ["conv", "relu_1"]
    with model.record("conv") as record:
        scores = model.scores(X)
    wrong = (model.network.fc.weight @ record["conv"].mean((2, 3))[0] + model.network.fc.bias)[0]
    assert abs(float(wrong.detach() - scores[0, 0])) > 0.05


def test_one_class_that_is_no_mean_is_enough_to_refuse():
    def end(network, features):
        scores = WITH["modules"][0](network, features)
        return torch.cat([scores[:, :4], scores[:, 4:] * 1.01], 1)

    assert cam_head(HookedModel(Head(end), (3, 8, 8)), X) is None


def test_a_test_that_says_nothing_is_no_proof():
    model = HookedModel(Head(WITH["modules"][0]), (3, 8, 8))
    assert cam_head(model, X) is not None
    with torch.no_grad():
        model.network.fc.weight.zero_()
    assert cam_head(model, X) is None, "with no weights any maps would give the score"


def test_maps_of_one_place_are_none():
    model = HookedModel(Head(WITH["modules"][0]), (3, 8, 8))
    assert cam_head(model, X[..., :3, :3]) is None  # the convolution leaves one place


def test_another_size_than_the_network_was_opened_for():
    model = HookedModel(Head(WITH["modules"][0]), (3, 8, 8))
    found = class_activation_map(model, torch.randn(1, 3, 20, 11), 0)
    assert found.kind == "CAM" and found.values.shape == (18, 9) and found.picture == (20, 11)


HEADS = {
    "mini-vgg-scenes": "relu4_3",
    "mini-googlenet-scenes": "inception4c.cat",
    "mini-resnet-scenes": "layer3.1.relu2",
    "mini-densenet-scenes": "relu",
    "mini-alexnet-scenes": None,
    "mini-alexnet-objects": None,
    "mini-convnet": None,
}


@pytest.mark.parametrize("name", HEADS)
def test_the_embedded_networks(name):
    model = open_model(name)
    x = model.preprocess("cat")
    head = cam_head(model, x)
    assert (head and head.layer) == HEADS[name]
    if head is not None:
        found = class_activation_map(model, x, 3)
        assert found.mean + found.bias == pytest.approx(float(model.scores(x)[0, 3]), abs=1e-4)


OTHERS = {
    "resnet18": "layer4.1.relu_1",
    "squeezenet1_1": "classifier.2",
    "densenet121": "relu",
    "googlenet": "inception5b.cat",
    "mobilenet_v2": "features.18.2",
    "shufflenet_v2_x0_5": "conv5.2",
    "swin_t": "permute",
    "mobilenet_v3_small": None,
    "vgg11": None,
    "alexnet": None,
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", OTHERS)
def test_torchvisions_networks(name):
    from torchvision import models

    torch.manual_seed(0)
    options = {"init_weights": False} if name == "googlenet" else {}
    network = models.get_model(name, weights=None, num_classes=20, **options).eval()
    for module in network.modules():  # scores of random networks can be smaller than rounding
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.bias, 0.1, 0.5)
    model = HookedModel(network, (3, 96, 96))
    x = torch.randn(1, 3, 96, 96)
    head = cam_head(model, x)
    assert (head and head.layer) == OTHERS[name]
    if head is not None:
        found = class_activation_map(model, x, 7)
        assert abs(found.mean + found.bias - found.score) < 1e-5 * max(1, abs(found.score))
