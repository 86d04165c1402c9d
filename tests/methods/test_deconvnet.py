"""The projection of one activation: equal to a deconvnet written out, and zero where the unit cannot look."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnviz_widgets import HookedModel
from cnnviz_widgets.errors import InputError, LayerError, ReluError, TargetError
from cnnviz_widgets.methods.deconvnet import contrast, project
from cnnviz_widgets.methods.field_crops import field_crop, field_window

RULES = ("deconvnet", "guided", "backprop")


def alexnet_shaped() -> nn.Sequential:
    """Large filters with a stride, and pools of 3x3 with stride 2, which overlap."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, stride=2, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 5, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 4 * 4, 4),
    )  # fmt: skip


def vgg_shaped() -> nn.Sequential:
    """Small filters in pairs, and pools of 2x2, which do not overlap."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8 * 9 * 9, 4),
    )  # fmt: skip


def hooked(network: nn.Sequential, side: int = 39) -> HookedModel:
    generator = torch.Generator().manual_seed(3)
    for weights in network.parameters():
        with torch.no_grad():
            weights.copy_(torch.randn(weights.shape, generator=generator) / weights[0].numel() ** 0.5)
    return HookedModel(network.double(), (3, side, side))


def twin(network: nn.Sequential, x: Tensor, layer: int, unit: tuple[int, int, int], rule: str) -> Tensor:
    """Project one picture's unit, step by step as the paper says; unpooling adds up what shares a place."""
    steps = []
    for module in list(network)[: layer + 1]:
        before = x
        if isinstance(module, nn.MaxPool2d):
            x, switches = F.max_pool2d(x, module.kernel_size, module.stride, return_indices=True)
        elif isinstance(module, nn.Conv2d):
            x, switches = F.conv2d(x, module.weight, module.bias, module.stride, module.padding), None
        else:
            x, switches = x * (x > 0), None
        steps.append((module, before, switches))
    g = torch.zeros_like(x)
    g[(0, *unit)] = x[(0, *unit)]
    for module, before, switches in reversed(steps):
        if isinstance(module, nn.ReLU):
            open_ = before > 0 if rule in ("guided", "backprop") else torch.ones_like(before, dtype=bool)
            wanted = g > 0 if rule in ("guided", "deconvnet") else torch.ones_like(g, dtype=bool)
            g = g * open_ * wanted
        elif isinstance(module, nn.MaxPool2d):
            unpooled = torch.zeros_like(before)
            for channel, row, column in np.ndindex(*g.shape[1:]):
                place = int(switches[0, channel, row, column])
                unpooled[0, channel].view(-1)[place] += g[0, channel, row, column]
            g = unpooled
        else:
            short = F.conv_transpose2d(g, module.weight, None, module.stride, module.padding).shape
            missing = [whole - part for whole, part in zip(before.shape[2:], short[2:], strict=True)]
            g = F.conv_transpose2d(g, module.weight, None, module.stride, module.padding, missing)
    return g


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("make", "layers"), [(alexnet_shaped, (1, 5, 6, 7)), (vgg_shaped, (3, 4, 8, 9))])
def test_equal_to_a_deconvnet_written_out(make, layers, rule):
    network = make()
    model = hooked(network)
    x = torch.randn(3, 3, *model.input_shape[1:], generator=torch.Generator().manual_seed(1)).double()
    for layer in layers:
        with torch.no_grad():
            maps = network[: layer + 1](x)
        places = [np.unravel_index(int(each.argmax()), each.shape) for each in maps]
        channels, rows, columns = (list(map(int, each)) for each in zip(*places, strict=True))
        found = project(model, x, str(layer), channels, rows, columns, rule)
        for i, place in enumerate(zip(channels, rows, columns, strict=True)):
            expected = twin(network, x[i : i + 1], layer, place, rule)
            assert expected.abs().max() > 1e-3
            torch.testing.assert_close(found[i : i + 1], expected, rtol=1e-9, atol=1e-12)


def by_hand(weights: list[float]) -> HookedModel:
    """A picture of one row: a filter that doubles, ReLU, pool of 3 with stride 2, a filter of two."""
    network = nn.Sequential(
        nn.Conv2d(1, 1, 1, bias=False), nn.ReLU(),
        nn.MaxPool2d((1, 3), (1, 2)), nn.Conv2d(1, 1, (1, 2), bias=False),
    )  # fmt: skip
    with torch.no_grad():
        network[0].weight.fill_(2)
        network[3].weight.copy_(torch.tensor(weights).reshape(1, 1, 1, 2))
    return HookedModel(network, (1, 1, 5))


def test_windows_that_share_a_maximum_add_up():
    # Doubled 1 0 3 0 2; both windows have the 3 as their maximum; 3 + 3 = 6, unpooled 6 + 6, doubled 24.
    x = torch.tensor([0.5, 0, 1.5, 0, 1]).reshape(1, 1, 1, 5)
    assert project(by_hand([1, 1]), x, "3", 0).flatten().tolist() == [0, 0, 24, 0, 0]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("deconvnet", [24, 0, 0, 0, 0]), ("guided", [24, 0, 0, 0, 0]), ("backprop", [24, 0, 0, 0, -12])],
)
def test_what_comes_down_negative_is_rectified(rule, expected):
    # Doubled 4 0 1 0 2; maxima 4 and 2; 2 x 4 - 2 = 6; filtered back 12 and -6, first and last.
    x = torch.tensor([2, 0, 0.5, 0, 1]).reshape(1, 1, 1, 5)
    assert project(by_hand([2, -1]), x, "3", 0, rule=rule).flatten().tolist() == expected


def test_a_closed_relu_lets_the_deconvnet_through_and_the_others_not():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 1, 1, bias=False))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
        network[0].bias.zero_()
        network[2].weight.copy_(torch.tensor([1.0, 5.0]).reshape(1, 2, 1, 1))
    model, x = HookedModel(network, (1, 1, 1)), torch.full((1, 1, 1, 1), 3.0)
    # 3 goes through the first channel only: 3. Down: 3 and 15, both positive; the second was closed going up.
    assert [project(model, x, "2", 0, rule=rule).item() for rule in RULES] == [3 - 15, 3, 3]


@pytest.mark.parametrize("make", [alexnet_shaped, vgg_shaped])
@pytest.mark.parametrize("rule", RULES)
def test_zero_outside_the_receptive_field(make, rule):
    model = hooked(make())
    x = torch.randn(1, 3, 39, 39, generator=torch.Generator().manual_seed(2)).double()
    for name in ("0", "2", "4", "6"):
        layer = model.layer(name)
        for row, column in ((0, 0), (layer.shape[1] - 1, layer.shape[2] // 2), (1, 2)):
            with torch.no_grad():
                channel = int(model.network[: int(name) + 1](x)[0, :, row, column].argmax())
            found = project(model, x, name, channel, row, column, rule)[0]
            top, left, bottom, right = layer.receptive_field.box(row, column)
            outside = found.clone()
            outside[:, top:bottom, left:right] = 0
            assert (outside == 0).all() and (found != 0).any()


def test_pictures_do_not_mix():
    model = hooked(alexnet_shaped())
    x = torch.randn(4, 3, 39, 39).double()
    together = project(model, x, "6", [0, 1, 2, 3], [0, 1, 2, 3], [3, 2, 1, 0])
    for i in range(4):
        alone = project(model, x[i : i + 1], "6", i, i, 3 - i)
        torch.testing.assert_close(together[i : i + 1], alone)


def test_the_projection_grows_with_the_square_of_the_activation():
    # The unit's own activation goes in, so doubling it (no bias in between) doubles weight times activation.
    x = torch.tensor([0.5, 0, 1.5, 0, 1]).reshape(1, 1, 1, 5)
    model = by_hand([1, 1])
    torch.testing.assert_close(project(model, 2 * x, "3", 0), 2 * project(model, x, "3", 0))


def test_questions_that_have_no_answer():
    model, x = hooked(alexnet_shaped()), torch.randn(2, 3, 39, 39).double()
    with pytest.raises(LayerError, match="'conv9'"):
        project(model, x, "conv9", 0)
    with pytest.raises(TargetError, match=r"layer '6' has no channel 5: they go from 0 to 4"):
        project(model, x, "6", 5)
    with pytest.raises(TargetError, match=r"no row .*go from 0 to 3"):
        project(model, x, "6", 0, 4)
    with pytest.raises(TargetError, match="3 numbers were given as channel for 2 pictures"):
        project(model, x, "6", [0, 1, 2])
    with pytest.raises(ReluError, match=r"'deconv'.*'deconvnet'"):
        project(model, x, "6", 0, rule="deconv")
    smooth = HookedModel(nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU()), (3, 9, 9))
    with pytest.raises(ReluError, match="Use rule=backprop"):
        project(smooth, torch.randn(1, 3, 9, 9), "1", 0)
    x[1] = float("nan")
    with pytest.raises(InputError, match=r"picture 1 of 2 at layer '6', is not a finite number"):
        project(model, x, "6", 0)


# Crops


def padded(kernel: int, stride: int, padding: int, side: int) -> HookedModel:
    return HookedModel(nn.Sequential(nn.Conv2d(1, 1, kernel, stride, padding)), (1, side, side))


def test_a_crop_by_hand():
    layer = padded(3, 2, 1, 5).layer("0")
    array = np.arange(25).reshape(5, 5)
    assert field_window(layer, 0, 0) == (-1, -1, 2, 2)
    assert field_crop(array, layer, 0, 0, fill=-7).tolist() == [[-7, -7, -7], [-7, 0, 1], [-7, 5, 6]]
    assert field_crop(array, layer, 1, 1).tolist() == [[6, 7, 8], [11, 12, 13], [16, 17, 18]]
    assert field_crop(array, layer, 2, 1, fill=99).tolist() == [[16, 17, 18], [21, 22, 23], [99, 99, 99]]
    crop = field_crop(np.stack([array, array], -1), layer, 1, 1)
    crop[:] = 0
    assert crop.shape == (3, 3, 2) and array[2, 2] == 12  # a copy


@pytest.mark.parametrize(("kernel", "padding"), [(9, 4), (8, 4), (12, 6), (7, 0), (6, 0)])
def test_every_crop_of_a_layer_has_one_size_and_holds_what_the_unit_sees(kernel, padding):
    model = padded(kernel, 1, padding, 7)
    layer, shape = model.layer("0"), model.layer("0").shape[1:]
    array = np.arange(1, 50).reshape(7, 7)
    for row, column in np.ndindex(shape):
        crop = field_crop(array, layer, row, column)
        top, left, bottom, right = layer.receptive_field.box(row, column)
        assert crop.shape == (min(kernel, 7),) * 2
        assert set(crop[crop > 0].tolist()) == set(array[top:bottom, left:right].ravel().tolist())


def test_a_unit_that_sees_everything_has_the_whole_picture():
    model = hooked(alexnet_shaped())
    picture = np.random.default_rng(0).integers(0, 255, (39, 39, 3), np.uint8)
    assert np.array_equal(field_crop(picture, model.layer("9")), picture)
    with pytest.raises(InputError, match=r"\(39, 39\) rows and columns; got \(38, 39\)"):
        field_crop(picture[1:], model.layer("9"))


# Contrast


def test_contrast_by_hand():
    tile = np.array([[[-4.0], [2.0]], [[0.0], [1.0]]])
    assert contrast(tile, 0).tolist() == [[[0.0], [0.75]], [[0.5], [0.625]]]
    # Half of the sizes 1, 2, 4 lie below 2: from there on it is black or white.
    assert contrast(tile, 0.5).tolist() == [[[0.0], [1.0]], [[0.5], [0.75]]]
    assert contrast(np.zeros((2, 3, 3, 1))).tolist() == np.full((2, 3, 3, 1), 0.5).tolist()


def test_each_projection_has_a_scale_of_its_own_and_its_colours_share_it():
    tiles = np.zeros((2, 4, 4, 3))
    tiles[0, 0, 0], tiles[1, 0, 0] = (1, 0.5, -1), (100, 50, -100)
    shown = contrast(tiles, 0)
    assert np.array_equal(shown[0], shown[1]) and shown[0, 0, 0].tolist() == [1, 0.75, 0]
    with pytest.raises(InputError, match="from 0 to below 1; got 1"):
        contrast(tiles, 1)
