"""The architectures: their sizes, what makes each true to its family, and what every widget needs of them."""

from collections import Counter

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel, guided
from cnnviz_widgets.backend.mini_nets import (
    MiniAlexNet,
    MiniDenseNet,
    MiniGoogLeNet,
    MiniResNet,
    MiniVGG,
)

FAMILIES = [MiniAlexNet, MiniVGG, MiniGoogLeNet, MiniResNet, MiniDenseNet]
POOLED = FAMILIES[1:]
LAST_MAP = {
    MiniAlexNet: "relu5",
    MiniVGG: "relu4_3",
    MiniGoogLeNet: "inception4c.cat",
    MiniResNet: "layer3.1.relu2",
    MiniDenseNet: "relu",
}


def opened(architecture, classes=12):
    torch.manual_seed(0)
    network = architecture(classes)
    # Random scales and shifts: what batch norm does must show, as after learning.
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
    return HookedModel(network, (3, 112, 112), name=architecture.__name__)


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda each: each.__name__)
def family(request):
    return request.param


# Added up layer by layer: (inputs * kernel area + 1) * outputs of a convolution, 2 * channels of a norm.
@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [
        # 48(3*121+1) + 64(48*25+1) + 96(64*9+1) + 96(96*9+1) + 64(96*9+1) + 192*577 + 192*193 + 12*193
        (MiniAlexNet, 17_472 + 76_864 + 55_392 + 83_040 + 55_360 + 110_784 + 37_056 + 2_316),
        # 16*28 + 32*145 + 64*289 + 64*577 + 96*577 + 96*865 + 128*865 + 12*129
        (MiniVGG, 448 + 4_640 + 18_496 + 36_928 + 55_392 + 83_040 + 110_720 + 1_548),
        # the stem, 32*148 + 32*33 + 64*289; five modules, each 1x1 + reduce, 3x3 + reduce, 5x5 + pool; 12*225
        (
            MiniGoogLeNet,
            (4_736 + 1_056 + 18_496)
            + (2_080 + 2_080 + 18_496 + 520 + 3_216 + 1_040)
            + (6_192 + 4_128 + 18_496 + 1_032 + 4_824 + 3_096)
            + (7_728 + 6_440 + 25_992 + 1_610 + 6_024 + 3_864)
            + (8_112 + 8_112 + 34_640 + 2_028 + 9_632 + 5_408)
            + (12_352 + 9_264 + 41_568 + 2_316 + 9_632 + 6_176)
            + 2_700,
        ),
        # the stem and its norm; two blocks of 32; 32 to 56, and one of 56; 56 to 72, and one of 72; 12*73
        (
            MiniResNet,
            (4_704 + 64)
            + 4 * (9_216 + 64)
            + (16_128 + 112 + 28_224 + 112 + 1_792 + 112 + 2 * (28_224 + 112))
            + (36_288 + 144 + 46_656 + 144 + 4_032 + 144 + 2 * (46_656 + 144))
            + 876,
        ),
        # a layer of c channels: its norm 2c, 64c, a norm of 128, 64*16*9
        (
            MiniDenseNet,
            (4_704 + 64)
            + 66 * (32 + 48 + 64)
            + 3 * (128 + 9_216)
            + (160 + 5_120)
            + 66 * sum(range(64, 225, 16))
            + 11 * (128 + 9_216)
            + 480
            + 12 * 241,
        ),
    ],
)
def test_the_number_of_weights(architecture, parameters):
    assert sum(each.numel() for each in architecture(12).parameters()) == parameters


def test_all_are_of_comparable_size(family):
    count = sum(each.numel() for each in family(28).parameters())
    assert 250_000 < count < 450_000


def test_scores_and_layers(family):
    model = opened(family, classes=28)
    x = torch.randn(2, 3, 112, 112, generator=torch.Generator().manual_seed(1))
    assert model.scores(x).shape == (2, 28)
    assert opened(family, classes=5).class_count == 5
    # One call per module, and no function is called where a module could be: names read as in the files.
    joints = [layer for layer in model.layers if layer.kind.islower()]
    assert {layer.kind for layer in joints} <= {"cat", "add"}
    called = Counter(layer.call.module for layer in model.layers if layer not in joints)
    assert set(called.values()) == {1}


def test_the_last_map(family):
    model = opened(family)
    last = model.layer(LAST_MAP[family])
    assert last.shape[1:] == ((8, 8) if family is MiniAlexNet else (14, 14))
    with model.record(last.name) as record:
        model.scores(torch.randn(1, 3, 112, 112))
    assert (record[last.name] >= 0).all()


@pytest.mark.parametrize(
    ("architecture", "layer", "field"),
    [
        # size: before + (kernel - 1) * stride so far
        (MiniAlexNet, "conv1", ((11, 11), (3, 3))),
        (MiniAlexNet, "pool1", ((17, 17), (6, 6))),  # 11 + 2*3
        (MiniAlexNet, "conv2", ((41, 41), (6, 6))),  # 17 + 4*6
        (MiniAlexNet, "pool2", ((53, 53), (12, 12))),  # 41 + 2*6
        (MiniAlexNet, "conv5", ((125, 125), (12, 12))),  # 53 + 3*2*12
        (MiniVGG, "conv1_1", ((3, 3), (1, 1))),
        (MiniVGG, "conv3_2", ((26, 26), (4, 4))),  # 3,4 | 8,10 | 18,26
        (MiniVGG, "conv4_3", ((78, 78), (8, 8))),  # 30 | 46, 62, 78
        (MiniGoogLeNet, "pool1", ((11, 11), (4, 4))),  # 7 + 2*2
        (MiniGoogLeNet, "inception3a.cat", ((59, 59), (8, 8))),  # 19, 27 | the 5x5 branch: 27 + 4*8
        (MiniResNet, "layer1.1.relu2", ((43, 43), (4, 4))),  # 11 + 4*2*4
        (MiniResNet, "layer2.0.projection.0", ((43, 43), (8, 8))),
        (MiniDenseNet, "dense1.layer3.conv2", ((35, 35), (4, 4))),  # 11 + 3*2*4
        (MiniDenseNet, "transition1.pool", ((39, 39), (8, 8))),  # 35 + 1*4
    ],
)
def test_receptive_fields(architecture, layer, field):
    found = opened(architecture).layer(layer).receptive_field
    assert (found.size, found.stride) == field


@pytest.mark.parametrize("architecture", POOLED, ids=lambda each: each.__name__)
def test_class_activation_maps_apply(architecture):
    """The score is the mean of the last map weighted by the classifier's row, plus its bias (Zhou 2016)."""
    model = opened(architecture)
    x = torch.randn(1, 3, 112, 112, generator=torch.Generator().manual_seed(2))
    with model.record(LAST_MAP[architecture]) as record:
        scores = model.scores(x)
    fc = model.network.fc
    maps = torch.einsum("kc,nchw->nkhw", fc.weight, record[LAST_MAP[architecture]])
    assert torch.allclose(maps.mean((2, 3)) + fc.bias, scores, atol=1e-5)


def test_guided_backprop_reaches_the_picture(family):
    model = opened(family)
    x = torch.randn(1, 3, 112, 112, generator=torch.Generator().manual_seed(3))
    both = model.gradients(x, 0, rules=("backprop", guided))
    assert both["backprop"].abs().sum() > 0
    assert not torch.equal(both["backprop"], both["guided"])


def kinds(network, kind):
    return [module for module in network.modules() if isinstance(module, kind)]


def test_alexnet_has_large_filters_overlapping_pools_and_three_linear_layers():
    network = MiniAlexNet()
    sizes = [(each.kernel_size, each.stride) for each in kinds(network, nn.Conv2d)]
    assert sizes == [((11, 11), (3, 3)), ((5, 5), (1, 1)), *[((3, 3), (1, 1))] * 3]
    assert [(each.kernel_size, each.stride) for each in kinds(network, nn.MaxPool2d)] == [(3, 2)] * 3
    assert [each.out_features for each in kinds(network, nn.Linear)] == [192, 192, 28]
    assert network.conv1.weight.shape == (48, 3, 11, 11)
    assert not kinds(network, nn.BatchNorm2d)


def test_vgg_is_stacks_of_3x3_only():
    network = MiniVGG()
    assert {(each.kernel_size, each.stride, each.padding) for each in kinds(network, nn.Conv2d)} == {
        ((3, 3), (1, 1), (1, 1))
    }
    stacks = Counter(name[4] for name, each in network.named_children() if isinstance(each, nn.Conv2d))
    assert stacks == {"1": 1, "2": 1, "3": 2, "4": 3}
    assert [each.kernel_size for each in kinds(network, nn.MaxPool2d)] == [2] * 3


def test_googlenet_joins_four_branches():
    model = opened(MiniGoogLeNet)
    joined = [layer for layer in model.layers if layer.kind == "cat"]
    assert [layer.channels for layer in joined] == [128, 160, 168, 192, 224]
    block = model.network.inception3a
    x = torch.randn(1, 64, 14, 14, generator=torch.Generator().manual_seed(4))
    branches = [
        block.conv1x1(x),
        block.conv3x3(block.reduce3x3(x).relu()),
        block.conv5x5(block.reduce5x5(x).relu()),
        block.project(nn.functional.max_pool2d(x, 3, 1, 1)),
    ]
    assert torch.allclose(block(x), torch.cat([each.relu() for each in branches], 1), atol=1e-6)
    assert [each.shape[1] for each in branches] == [32, 64, 16, 16]


def test_a_residual_block_adds_to_what_came_in():
    network = MiniResNet().eval()
    x = torch.rand(1, 32, 28, 28)
    block = network.layer1[0]
    nn.init.zeros_(block.conv2.weight)  # nothing new: what came in goes out
    assert torch.allclose(block(x), x)
    assert [name for name, each in network.named_modules() if name.endswith("projection") and each] == [
        "layer2.0.projection",
        "layer3.0.projection",
    ]
    changed = network.layer2[0]
    nn.init.zeros_(changed.conv2.weight)
    assert torch.allclose(changed(x), changed.projection(x).relu())


def test_a_dense_layer_hands_on_all_it_got():
    network = MiniDenseNet().eval()
    x = torch.randn(1, 32, 28, 28)
    out = network.dense1.layer1(x)
    assert out.shape[1] == 48
    assert torch.equal(out[:, :32], x)
    grown = [layer.channels for layer in opened(MiniDenseNet).layers if layer.kind == "cat"]
    assert grown == [48, 64, 80, *range(80, 241, 16)]
    assert network.transition1.conv.weight.shape[:2] == (64, 80)
    assert all(each.conv1.kernel_size == (1, 1) for each in network.dense2)


def test_dense_layers_and_transitions_are_norm_relu_convolution():
    network = opened(MiniDenseNet).network.eval()
    x = torch.randn(1, 32, 28, 28)
    layer, between = network.dense1.layer1, network.transition1
    new = layer.conv2(layer.norm2(layer.conv1(layer.norm1(x).relu())).relu())
    assert torch.allclose(layer(x)[:, 32:], new, atol=1e-6)
    x = torch.randn(1, 80, 28, 28)
    expected = nn.functional.avg_pool2d(between.conv(between.norm(x).relu()), 2)
    assert torch.allclose(between(x), expected, atol=1e-6)


@pytest.mark.parametrize("architecture", [MiniResNet, MiniDenseNet])
def test_batch_norm_stays_where_the_family_has_it(architecture):
    network = architecture()
    convolutions = len(kinds(network, nn.Conv2d))
    # DenseNet's norms come before the convolutions, and one more before the head.
    assert len(kinds(network, nn.BatchNorm2d)) == convolutions + (architecture is MiniDenseNet)
    assert all(each.bias is None for each in kinds(network, nn.Conv2d))
