"""Receptive fields against numbers by hand, and against what a gradient really reaches."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torchvision import models

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import ModelError

ALEXNET = {
    "features.0": (11, 4, 3.0),
    "features.2": (19, 8, 7.0),
    "features.3": (51, 8, 7.0),
    "features.5": (67, 16, 15.0),
    "features.6": (99, 16, 15.0),
    "features.8": (131, 16, 15.0),
    "features.10": (163, 16, 15.0),
    "features.12": (195, 32, 31.0),
}


def tame(network: nn.Module, seed: int = 0) -> nn.Module:
    """Make weights positive, so that no ReLU shuts and no two paths cancel."""
    torch.manual_seed(seed)
    for parameter in network.parameters():
        parameter.data = 0.5 + torch.rand_like(parameter)
        parameter.data /= parameter[0].numel() if parameter.dim() > 1 else 1
    return network.double()


def reached(x: Tensor, result: Tensor, channels_last: bool, row: int, column: int) -> Tensor:
    """Tell which pixels have a gradient for one unit, in any channel: (H, W) bool."""
    unit = result[0, row, column] if channels_last else result[0, :, row, column]
    (gradient,) = torch.autograd.grad(unit.sum(), x, allow_unused=True, retain_graph=True)
    return torch.zeros_like(x[0, 0], dtype=torch.bool) if gradient is None else (gradient[0] != 0).any(0)


def extent(mask: Tensor) -> tuple[int, int, int, int] | None:
    """Give the smallest box around what is True: top, left, bottom, right."""
    rows, columns = mask.any(1).nonzero().flatten().tolist(), mask.any(0).nonzero().flatten().tolist()
    return (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1) if rows else None


def corners(layer) -> set[tuple[int, int]]:
    shape = [n for axis, n in enumerate(layer.shape) if axis != layer.channel_axis]
    return set(itertools.product(*({0, n // 2, n - 1} for n in shape)))


def assert_inside(model: HookedModel, names: list[str] | None = None, tight: bool = False) -> int:
    """Compare every box with the gradient's; count the units whose box is less than the whole picture."""
    torch.manual_seed(0)
    x = (torch.rand(1, *model.input_shape, dtype=torch.float64) + 0.1).requires_grad_()
    layers = [layer for layer in model.layers if layer.is_map and (names is None or layer.name in names)]
    with model.record(*(layer.name for layer in layers)) as record:
        model.scores(x)
    smaller = 0
    for layer in layers:
        for row, column in corners(layer):
            seen = extent(reached(x, record[layer.name], layer.channel_axis == 2, row, column))
            box = layer.receptive_field.box(row, column)
            smaller += box != (0, 0, *model.input_shape[1:])
            if seen is None:  # a unit that lies in the padding altogether
                continue
            if tight:
                assert seen == box, (layer, row, column)
            assert box[0] <= seen[0] and box[1] <= seen[1], (layer, row, column, box, seen)
            assert box[2] >= seen[2] and box[3] >= seen[3], (layer, row, column, box, seen)
    return smaller


def test_alexnet_is_as_the_textbook_says():
    model = HookedModel(models.alexnet(weights=None), (3, 224, 224))
    for name, (size, stride, center) in ALEXNET.items():
        field = model.layer(name).receptive_field
        assert field.size == (size, size) and field.stride == (stride, stride)
        assert field.center == (center, center) and not field.whole
    first = model.layer("features.0").receptive_field
    assert first.box(0, 0) == (0, 0, 9, 9)  # two pixels of padding are no pixels
    assert first.box(1, 2) == (2, 6, 13, 17)
    assert first.box(54, 54) == (214, 214, 224, 224)
    assert model.layer("flatten").receptive_field.box() == (0, 0, 224, 224)


def test_vgg_by_hand():
    model = HookedModel(models.vgg11(weights=None), (3, 64, 64))
    sizes = [layer.receptive_field.size[0] for layer in model.layers if layer.kind == "Conv2d"]
    assert sizes == [3, 8, 18, 26, 46, 62, 102, 134]


PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def chains(draw, tight):
    """Draw a plain chain of convolutions and pools; where `tight`, one without gaps that only averages."""
    steps, channels = [], 2
    for _ in range(draw(st.integers(1, 4))):
        stride = draw(PAIRS)
        kernel = draw(PAIRS) if not tight else tuple(s + draw(st.integers(0, 2)) for s in stride)
        dilation = draw(PAIRS) if not tight else (1, 1)
        kind = draw(st.sampled_from(["conv", "conv", "average"] + ["max"] * (not tight)))
        if kind == "conv":
            padding = tuple(draw(st.integers(0, (k - 1) * d)) for k, d in zip(kernel, dilation, strict=True))
            padding = (0, 0) if tight else padding
            wide = draw(st.sampled_from([2, 4]))
            steps.append(
                nn.Conv2d(channels, wide, kernel, stride, padding, dilation, draw(st.sampled_from([1, 2])))
            )
            channels = wide
        elif kind == "average":
            steps.append(nn.AvgPool2d(kernel, stride, ceil_mode=draw(st.booleans()) and not tight))
        else:
            padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
            steps.append(nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=draw(st.booleans())))
        steps.append(draw(st.sampled_from([nn.ReLU(inplace=True), nn.Identity(), nn.BatchNorm2d(channels)])))
    return nn.Sequential(*steps)


def opened(network: nn.Module, rows: int, columns: int) -> HookedModel | None:
    try:
        return HookedModel(tame(network), (2, rows, columns))
    except ModelError:  # shrunk to nothing
        return None


@settings(max_examples=25, deadline=None, derandomize=True)
@given(chains(tight=False), st.integers(23, 31), st.integers(23, 31))
def test_in_any_chain_the_box_holds_what_is_reached(network, rows, columns):
    model = opened(network, rows, columns)
    if model is not None:
        assert_inside(model)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(chains(tight=True), st.integers(23, 31), st.integers(23, 31))
def test_in_a_chain_without_gaps_the_box_is_exactly_what_is_reached(network, rows, columns):
    model = opened(network, rows, columns)
    if model is not None:
        assert_inside(model, tight=True)


def test_a_padded_chain_is_exact_too():
    convolutions = nn.Sequential(nn.Conv2d(1, 2, 5, 2, 2), nn.ReLU(), nn.Conv2d(2, 2, (3, 1), 1, (1, 0)))
    assert assert_inside(HookedModel(tame(convolutions), (1, 32, 24)), tight=True) > 10


class Net(nn.Module):
    """Conv, then `forward_` written by hand, with a few convolutions of different windows at hand."""

    def __init__(self, forward):
        super().__init__()
        self.start = nn.Conv2d(1, 4, 3, 2, 1)
        self.small, self.large = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 5, padding=2)
        self.norm, self.batch = nn.LayerNorm(4), nn.BatchNorm2d(4, track_running_stats=False)
        self.linear, self.reflect = nn.Linear(4, 4), nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")
        self.end = nn.Conv2d(4, 4, 3, padding=1)
        self.run = forward

    def forward(self, x):
        return self.end(self.run(self, self.start(x)))


def shuffled(net, h):
    n, c, rows, columns = h.shape
    one, two = net.large(h).chunk(2, 1)
    h = torch.cat([two, one + 1], 1)
    return h.view(n, 2, c // 2, rows, columns).transpose(1, 2).reshape(n, c, rows, columns)


def channels_last(net, h):
    h = net.norm(h.permute(0, 2, 3, 1))
    return net.linear(h).permute(0, 3, 1, 2) + net.large(F.gelu(h).permute(0, -1, 1, 2))


def in_place_sum(net, h):
    out = net.large(h)
    out += net.small(h)
    return out.relu_()


def into_a_blank(net, h):
    blank = torch.zeros(h.shape, dtype=h.dtype)  # not zeros_like(h), which would count as made from h
    blank[:, :2].add_(net.large(h)[:, :2])
    return net.small(h) + blank


def dynamic_kernel(net, h):
    return F.conv2d(h, net.small(h).mean((2, 3)).reshape(1, 4, 1, 1).repeat(4, 1, 3, 3), padding=1)


LOCAL = {
    "residual": lambda net, h: net.small(h) + net.large(h),
    "in place": in_place_sum,
    "concatenated": lambda net, h: torch.cat([net.large(h), net.small(h)], 1)[:, 2:6],
    "padded": lambda net, h: F.pad(h, (2, 0, 1, 3)),
    "cropped": lambda net, h: F.pad(h, (-2, 1, 0, -3)),
    "shuffled": shuffled,
    "channels last": channels_last,
    "mean of channels": lambda net, h: h * h.mean(1, keepdim=True) + net.large(h).sum(1)[:, None],
}
GLOBAL = {
    "squeeze and excitation": lambda net, h: h * net.small(h.mean((2, 3), keepdim=True)).sigmoid(),
    "mean over all": lambda net, h: h * h.mean(dim=()),
    "reflected": lambda net, h: net.reflect(h),
    "batch statistics": lambda net, h: net.batch(h),
    "flipped": lambda net, h: h + h.flip(-1),
    "rolled": lambda net, h: h + torch.roll(h, 3, 2),
    "cut": lambda net, h: h[:, :, 2:, :-1],
    "swapped": lambda net, h: h + h.swapaxes(axis0=2, axis1=3),
    "dynamic kernel": dynamic_kernel,
    "itself as kernel": lambda net, h: h + F.conv2d(h, h, padding="same"),
    "into a blank": into_a_blank,
    "resized": lambda net, h: F.interpolate(h, scale_factor=2),
}


@pytest.mark.parametrize("forward", (LOCAL | GLOBAL).values(), ids=LOCAL | GLOBAL)
def test_boxes_hold_in_nets_written_by_hand(forward):
    model = HookedModel(tame(Net(forward)), (1, 24, 24))
    assert_inside(model)
    assert model.layer("end").receptive_field.whole == (forward in GLOBAL.values())


NETS = {
    "resnet18": ["conv1", "maxpool", "layer1.0.add", "layer2.0.downsample.0", "layer2.0.add"],
    "densenet121": ["features.conv0", "features.denseblock1.denselayer2.conv2", "features.transition1.pool"],
    "googlenet": ["conv1.conv", "inception3a.cat", "inception4a.cat"],
    "shufflenet_v2_x0_5": ["conv1.0", "stage2.0.branch2.7", "stage2.1.branch2.7"],
    "convnext_tiny": ["features.0.0", "features.1.0.block.0", "features.1.0.block.3", "features.2.1"],
    "squeezenet1_1": ["features.0", "features.3.cat", "features.6.cat"],
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", NETS)
def test_boxes_hold_in_torchvision_nets(name):
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    network = models.get_model(name, weights=None, num_classes=2, **options)
    model = HookedModel(tame(network), (3, 96, 96))
    names = [each for each in NETS[name] if model.layer(each).is_map]
    assert names == NETS[name]
    assert assert_inside(model, names) >= len(names)
