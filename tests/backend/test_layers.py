"""Layers: which there are, what they are called, and what they say of themselves."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

from cnnviz_widgets.backend import HookedModel
from tests.backend.toy_nets import small_net


def listed(network, shape):
    return [(layer.name, layer.kind, layer.shape) for layer in HookedModel(network, shape).layers]


def test_layers_by_hand():
    assert listed(small_net(), (1, 12, 12)) == [
        ("conv1", "Conv2d", (4, 12, 12)),
        ("bn", "BatchNorm2d", (4, 12, 12)),
        ("relu", "ReLU", (4, 12, 12)),
        ("conv2", "Conv2d", (4, 12, 12)),
        ("add", "add", (4, 12, 12)),
        ("relu_1", "ReLU", (4, 12, 12)),
        ("mean", "mean", (4,)),
        ("drop", "Dropout", (4,)),
        ("fc", "Linear", (5,)),
    ]


class Functional(nn.Module):
    """Has a module called relu and calls the function too, in a loop and a branch on values."""

    def __init__(self):
        super().__init__()
        self.relu, self.conv = nn.ReLU(), nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x):
        for _ in range(2):
            x = F.relu(self.conv(x))
        if x.sum() >= 0:
            x = self.relu(x)
        x = F.max_pool2d(x, 2) + 1  # no layer: it adds no map
        return torch.cat([x, x], 1).flatten(1)


def test_functions_are_named_around_modules():
    names = [name for name, _, _ in listed(Functional(), (1, 8, 8))]
    assert names == ["conv", "relu_1", "conv_1", "relu_2", "relu", "max_pool2d", "cat", "flatten"]


def test_blocks_are_apart_from_layers():
    model = HookedModel(models.resnet18(weights=None), (3, 64, 64))
    blocks = {block.name for block in model.blocks}
    assert {"layer1", "layer1.0", "layer4.1", "layer2.0.downsample"} <= blocks
    assert blocks.isdisjoint(layer.name for layer in model.layers)
    assert model.layer("layer2").is_block and model.layer("layer2").shape == (128, 8, 8)
    names = [layer.name for layer in model.layers]
    assert names[:4] == ["conv1", "bn1", "relu", "maxpool"] and names[-1] == "fc"
    assert names.index("layer1.0.add") + 1 == names.index("layer1.0.relu_1")


def test_what_a_layer_says_of_itself():
    model = HookedModel(models.alexnet(weights=None), (3, 224, 224))
    conv, fc = model.layer("features.3"), model.layer("classifier.6")
    assert repr(conv) == "Layer('features.3', Conv2d, 192x27x27, sees 51x51 px, stride 8)"
    assert repr(fc) == "Layer('classifier.6', Linear, 1000, sees the whole picture)"
    assert conv.is_map and conv.channels == 192 and conv.stride == (8, 8) and conv.channel_axis == 0
    assert not fc.is_map and fc.channels == 1000 and fc.stride == (0, 0) and fc.channel_axis is None


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("convnext_tiny", "features.1.0.block.3", (16, 16, 384)),
        ("swin_t", "features.1.0.mlp.0", (16, 16, 384)),
    ],
)
def test_where_the_channels_come_last(name, layer, shape):
    layer = HookedModel(models.get_model(name, weights=None), (3, 64, 64)).layer(layer)
    assert layer.shape == shape and layer.channel_axis == 2 and layer.channels == 384
