"""Activation maps: the layer's own numbers, scaled with zero in its place, and found where the pattern is."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cnnviz_widgets import HookedModel
from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.errors import InputError, LayerError
from cnnviz_widgets.methods import ActivationMaps, activation_maps


def hooked(*modules: nn.Module) -> HookedModel:
    return HookedModel(nn.Sequential(*modules), input_shape=(3, 8, 8))


def maps_of(values: list) -> ActivationMaps:
    model = hooked(nn.Conv2d(3, 2, 1))
    return ActivationMaps(model.layer("0"), np.array(values, np.float32))


def slow_conv(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolve in float64, one product at a time; stride 1, no padding."""
    out, into, height, width = weights.shape
    result = np.zeros((out, x.shape[1] - height + 1, x.shape[2] - width + 1))
    for channel, row, column in np.ndindex(result.shape):
        total = float(bias[channel])
        for i, y, z in np.ndindex(into, height, width):
            total += float(weights[channel, i, y, z]) * float(x[i, row + y, column + z])
        result[channel, row, column] = total
    return result


def slow_scaled(values: np.ndarray, by: str) -> np.ndarray:
    numbers = values.astype(np.float64)
    signed = min(numbers.ravel()) < 0
    result = np.zeros(numbers.shape)
    for channel, row, column in np.ndindex(numbers.shape):
        shown = numbers if by == "layer" else numbers[channel]
        peak = max(abs(each) for each in shown.ravel())
        value = numbers[channel, row, column]
        result[channel, row, column] = (value / (2 * peak) + 0.5) if signed else value / peak
    return result


@pytest.mark.parametrize("by", ["map", "layer"])
@pytest.mark.parametrize("inplace", [False, True])
def test_equal_to_a_slow_twin(by, inplace):
    conv = nn.Conv2d(3, 4, 3)
    model = hooked(conv, nn.ReLU(inplace=inplace), nn.Flatten(), nn.Linear(144, 2))
    x = torch.randn(1, 3, 8, 8)
    exact = slow_conv(x[0].numpy(), conv.weight.detach().numpy(), conv.bias.detach().numpy())
    for name, expected, signed in (("0", exact, True), ("1", np.maximum(exact, 0), False)):
        maps = activation_maps(model, x, name)
        assert maps.signed is signed and maps.finite == 1 and maps.values.dtype == np.float32
        np.testing.assert_allclose(maps.values, expected, atol=1e-5)
        np.testing.assert_allclose(maps.scaled(by), slow_scaled(expected, by), atol=1e-5)
        np.testing.assert_allclose(maps.mean, expected.mean(axis=(1, 2)), atol=1e-5)
        np.testing.assert_allclose(maps.max, expected.max(axis=(1, 2)), atol=1e-5)
        for channel in range(4):
            low, high = maps.limits(channel, by)
            share = (maps.values[channel] - low) / (high - low)
            np.testing.assert_allclose(maps.scaled(by)[channel], share, atol=1e-6)


def test_signed_by_hand():
    maps = maps_of([[[-2, 0], [1, 0.5]], [[0, 4], [0, 0]], [[0, 0], [0, 0]]])
    assert maps.signed
    assert maps.scaled("map").tolist() == [
        [[0, 0.5], [0.75, 0.625]],
        [[0.5, 1], [0.5, 0.5]],
        [[0.5, 0.5], [0.5, 0.5]],
    ]
    assert maps.scaled("layer")[0].tolist() == [[0.25, 0.5], [0.625, 0.5625]]
    assert maps.limits(0) == (-2, 2) and maps.limits(0, "layer") == (-4, 4)
    assert maps.mean.tolist() == [-0.125, 1, 0] and maps.max.tolist() == [1, 4, 0]


def test_unsigned_by_hand():
    maps = maps_of([[[0, 1], [2, 0]], [[0, 0], [0, 0]], [[4, 4], [4, 4]]])
    assert not maps.signed
    assert maps.scaled("map").tolist() == [[[0, 0.5], [1, 0]], [[0, 0], [0, 0]], [[1, 1], [1, 1]]]
    assert maps.scaled("layer")[0].tolist() == [[0, 0.25], [0.5, 0]]
    assert maps.limits(1) == (0, 0) and maps.limits(1, "layer") == (0, 4)


def test_order_is_descending_and_ties_keep_their_index():
    maps = maps_of([[[1, 1]], [[0, 3]], [[1, 1]], [[3, 3]]])
    assert maps.order().tolist() == [0, 1, 2, 3]
    assert maps.order("mean").tolist() == [3, 1, 0, 2]
    assert maps.order("max").tolist() == [1, 3, 0, 2]


def test_a_planted_pattern_is_found_where_it_is():
    pattern = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
    conv = nn.Conv2d(1, 3, 3, bias=False)
    with torch.no_grad():
        conv.weight.copy_(torch.randn(3, 1, 3, 3) * 0.01)
        conv.weight[1, 0] = pattern - pattern.mean()
    model = HookedModel(nn.Sequential(conv, nn.ReLU()), input_shape=(1, 12, 16))
    x = torch.zeros(1, 1, 12, 16)
    x[0, 0, 5:8, 9:12] = pattern
    maps = activation_maps(model, x, "1")
    assert maps.order("max")[0] == 1
    row, column = np.unravel_index(maps.values[1].argmax(), maps.values[1].shape)
    assert (row, column) == (5, 9)
    assert maps.box(int(row), int(column)) == (5, 9, 8, 12)


class ChannelsLast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 6, 2, stride=2), nn.LayerNorm(6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x).permute(0, 2, 3, 1)).mean(dim=(1, 2))


def test_channels_that_are_last_come_first():
    network = ChannelsLast()
    x = torch.randn(1, 3, 8, 8)
    maps = activation_maps(HookedModel(network, input_shape=(3, 8, 8)), x, "norm")
    expected = network.norm(network.conv(x).permute(0, 2, 3, 1))[0].permute(2, 0, 1)
    assert maps.note == "" and maps.values.shape == (6, 4, 4)
    np.testing.assert_allclose(maps.values, expected.detach().numpy(), atol=1e-5)


def test_a_fully_connected_layer_is_a_map_of_one_pixel():
    model = hooked(nn.Flatten(), nn.Linear(192, 5))
    x = torch.randn(1, 3, 8, 8)
    maps = activation_maps(model, x, "1")
    assert maps.values.shape == (5, 1, 1) and "no place in the picture" in maps.note
    np.testing.assert_allclose(maps.values[:, 0, 0], model.scores(x)[0].detach().numpy(), atol=1e-6)
    assert maps.box(0, 0) == (0, 0, 8, 8)


class Tokens(nn.Module):
    def __init__(self, class_tokens: int) -> None:
        super().__init__()
        self.patches, self.class_tokens = nn.Conv2d(3, 6, 2, stride=2), class_tokens
        self.norm = nn.LayerNorm(6)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([torch.zeros(len(x), self.class_tokens, 6), tokens], dim=1)
        return self.norm(tokens).mean(dim=1)


@pytest.mark.parametrize("class_tokens", [0, 1])
def test_patch_tokens_become_maps(class_tokens):
    network = Tokens(class_tokens)
    x = torch.randn(1, 3, 8, 8)
    maps = activation_maps(HookedModel(network, input_shape=(3, 8, 8)), x, "norm")
    expected = network.norm(network.patches(x)[0].permute(1, 2, 0)).permute(2, 0, 1)
    np.testing.assert_allclose(maps.values, expected.detach().numpy(), atol=1e-5)
    assert maps.note.startswith("the 16 patch tokens as 4x4 maps")
    assert ("without the class token" in maps.note) == bool(class_tokens)


def test_tokens_that_make_no_square():
    model = HookedModel(Tokens(3), input_shape=(3, 8, 8))
    with pytest.raises(LayerError, match=r"'norm', 19x6, has 19 tokens.*'patches'"):
        activation_maps(model, torch.randn(1, 3, 8, 8), "norm")


class Windows(nn.Module):
    """Cuts its map into four windows and puts them where the batch was, as Swin does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.inside = nn.Conv2d(3, 6, 1), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        windows = self.conv(x).unflatten(2, (2, 4)).unflatten(4, (2, 4)).permute(0, 2, 4, 1, 3, 5)
        return self.inside(windows.flatten(0, 2)).mean(dim=(2, 3)).unflatten(0, (-1, 4)).mean(dim=1)


def test_a_result_that_is_four_for_one_picture_is_not_shown_as_one():
    model = HookedModel(Windows(), input_shape=(3, 8, 8))
    with pytest.raises(LayerError, match=r"'inside', 6x4x4, does not keep one result per picture.*'conv'"):
        activation_maps(model, torch.randn(1, 3, 8, 8), "inside")


def test_numbers_that_are_none_do_no_harm():
    maps = maps_of([[[np.nan, 1]], [[np.nan, np.nan]], [[np.inf, 3]], [[-np.inf, 2]]])
    assert maps.finite == 3 / 8 and maps.signed
    assert maps.order("mean").tolist() == [2, 3, 0, 1] and maps.order("max").tolist() == [2, 3, 0, 1]
    assert maps.limits(2) == (-3, 3) and maps.limits(1) == (0, 0)
    assert maps.scaled()[2].tolist() == [[1, 1]] and maps.scaled()[3].tolist() == [[0, 1]]
    assert np.isnan(maps.scaled()[1]).all()


@pytest.mark.filterwarnings("error")
def test_a_picture_of_nan_passes_without_a_warning():
    model = hooked(nn.Conv2d(3, 2, 3))
    maps = activation_maps(model, torch.full((1, 3, 8, 8), float("nan")), "0")
    assert maps.finite == 0 and maps.limits(0, "layer") == (0, 0)
    assert np.isnan(maps.scaled("layer")).all() and np.isnan(maps.mean).all()


def test_the_pass_ends_at_the_layer():
    class Never(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            assert not self.armed, "the pass went on"
            return x

    never = Never()
    never.armed = False
    model = hooked(nn.Conv2d(3, 2, 3), never)
    never.armed = True
    activation_maps(model, torch.zeros(1, 3, 8, 8), "0")


def test_the_maps_hold_no_graph_and_cannot_be_written():
    x = torch.zeros(1, 3, 8, 8, requires_grad=True)
    maps = activation_maps(hooked(nn.Conv2d(3, 2, 3)), x, "0")
    assert x.grad is None
    with pytest.raises(ValueError, match="read-only"):
        maps.values[0] = 1


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (torch.zeros(2, 3, 8, 8), r"need one picture.*got a tensor \(2, 3, 8, 8\)"),
        (torch.zeros(0, 3, 8, 8), r"need one picture.*got a tensor \(0, 3, 8, 8\)"),
        (torch.zeros(1, 3, 9, 8), r"\(2, 7, 6\) for a picture \(1, 3, 9, 8\), and \(2, 6, 6\)"),
        (np.zeros((1, 3, 8, 8)), "got a ndarray"),
    ],
    ids=["two", "none", "another size", "numpy"],
)
def test_what_is_not_one_picture(x, says):
    with pytest.raises(InputError, match=says):
        activation_maps(hooked(nn.Conv2d(3, 2, 3)), x, "0")


def test_questions_that_have_no_answer():
    maps = activation_maps(hooked(nn.Conv2d(3, 2, 3)), torch.zeros(1, 3, 8, 8), "0")
    with pytest.raises(InputError, match=r"\(6, 0\) is outside the maps of layer '0': rows go from 0 to 5"):
        maps.box(6, 0)
    with pytest.raises(InputError, match="has no channel 2; channels go from 0 to 1"):
        maps.limits(2)
    with pytest.raises(InputError, match="'map' or 'layer'; got 'filter'"):
        maps.scaled("filter")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="'channel', 'mean' or 'max'; got 'name'"):
        maps.order("name")  # type: ignore[arg-type]
    with pytest.raises(LayerError, match="conv9"):
        activation_maps(
            HookedModel(MiniConvNet(), input_shape=(3, 32, 32)), torch.zeros(1, 3, 32, 32), "conv9"
        )
