"""Filters: a copy of the weights, zero in the middle, and clear words where there are none."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from cnnviz_widgets import HookedModel
from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.errors import InputError, LayerError, WeightsError
from cnnviz_widgets.methods import FilterBank, convolution_names, filter_bank


def hooked(*modules: nn.Module) -> HookedModel:
    return HookedModel(nn.Sequential(*modules), input_shape=(3, 8, 8))


def slow_scaled(weights: Tensor, by: str) -> np.ndarray:
    """METHODS 01, number by number, in float64."""
    numbers = weights.detach().double().numpy()
    result = np.zeros(numbers.shape)
    for out in range(numbers.shape[0]):
        shown = numbers if by == "joint" else numbers[out : out + 1]
        peak = 0.0
        for place in np.ndindex(shown.shape):
            peak = max(peak, abs(shown[place]))
        for place in np.ndindex(numbers.shape[1:]):
            result[(out, *place)] = numbers[(out, *place)] / (2 * peak) + 0.5
    return result


@pytest.mark.parametrize("by", ["filter", "joint"])
@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(3, 4, 3),
        nn.Conv2d(3, 5, 1, bias=False),
        nn.Conv2d(3, 6, (3, 2), groups=3),
        parametrizations.weight_norm(nn.Conv2d(3, 2, 3)),
        nn.Conv2d(3, 2, 3).double(),
        nn.Conv2d(3, 2, 3, dtype=torch.bfloat16),
    ],
    ids=["plain", "1x1", "depthwise", "weight norm", "float64", "bfloat16"],
)
def test_equal_to_a_slow_twin(conv, by):
    bank = filter_bank(hooked(conv), "0")
    assert bank.groups == conv.groups and bank.weights.dtype == bank.scaled(by).dtype == np.float32
    np.testing.assert_array_equal(bank.weights, conv.weight.detach().float().numpy())
    np.testing.assert_allclose(bank.scaled(by), slow_scaled(conv.weight, by), atol=1e-6)
    np.testing.assert_array_equal(bank.low, conv.weight.detach().float().amin(dim=(1, 2, 3)).numpy())
    np.testing.assert_array_equal(bank.high, conv.weight.detach().float().amax(dim=(1, 2, 3)).numpy())


def test_by_hand():
    weights = np.array([[[[-2, 0], [1, 0.5]]], [[[4, 0], [0, -1]]], [[[0, 0], [0, 0]]]], np.float32)
    bank = FilterBank("conv", weights)
    assert bank.scaled("filter").tolist() == [
        [[[0, 0.5], [0.75, 0.625]]],
        [[[1, 0.5], [0.5, 0.375]]],
        [[[0.5, 0.5], [0.5, 0.5]]],
    ]
    assert bank.scaled("joint").tolist() == [
        [[[0.25, 0.5], [0.625, 0.5625]]],
        [[[1, 0.5], [0.5, 0.375]]],
        [[[0.5, 0.5], [0.5, 0.5]]],
    ]
    assert bank.low.tolist() == [-2, -1, 0] and bank.high.tolist() == [1, 4, 0]


def test_a_planted_red_edge_is_seen_as_one():
    conv = nn.Conv2d(3, 2, 4)
    with torch.no_grad():
        conv.weight[1] = 0
        conv.weight[1, 0, :, :2], conv.weight[1, 0, :, 2:] = -0.3, 0.3
    bank = filter_bank(hooked(conv), "0")
    edge = bank.tiles()[1]
    assert bank.is_rgb and edge.shape == (4, 4, 3)
    assert (edge[:, :2, 0] == 0).all() and (
        edge[:, 2:, 0] == 1
    ).all()  # dark left of the edge, red right of it
    assert (edge[:, :, 1:] == 0.5).all()


def test_deeper_filters_are_slices_in_rows():
    model = HookedModel(MiniConvNet(), input_shape=(3, 32, 32))
    bank = filter_bank(model, "conv2")
    assert not bank.is_rgb and bank.weights.shape == (20, 16, 7, 7)
    tiles = bank.tiles("joint").reshape(20, 16, 7, 7)
    np.testing.assert_array_equal(tiles[13, 4], bank.scaled("joint")[13, 4])


def test_a_group_of_three_is_not_a_color_picture():
    assert not FilterBank("conv", np.zeros((4, 3, 5, 5), np.float32), groups=2).is_rgb


def test_the_copy_cannot_reach_the_network():
    conv = nn.Conv2d(3, 2, 3)
    before = conv.weight.detach().clone()
    bank = filter_bank(hooked(conv), "0")
    with pytest.raises(ValueError, match="read-only"):
        bank.weights[:] = 0
    with torch.no_grad():
        conv.weight.zero_()
    np.testing.assert_array_equal(bank.weights, before.numpy())
    assert conv.weight.requires_grad


class Standardized(nn.Conv2d):
    pass


class Twice(nn.Module):
    """Runs its second convolution before its first, and that twice."""

    def __init__(self) -> None:
        super().__init__()
        self.late, self.early = nn.Conv2d(4, 4, 3), Standardized(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.late(self.late(self.early(x)))).mean(dim=(2, 3))


def test_names_come_in_the_order_of_the_data_and_once():
    model = HookedModel(Twice(), input_shape=(3, 12, 12))
    assert convolution_names(model) == ["early", "late"]
    np.testing.assert_array_equal(filter_bank(model, "late").weights, filter_bank(model, "late_1").weights)


def test_what_is_no_convolution_names_those_that_are():
    model = HookedModel(MiniConvNet(), input_shape=(3, 32, 32))
    with pytest.raises(
        LayerError, match=r"'relu1' is a ReLU, not a 2-D convolution.*'conv1', 'conv2', 'conv3'"
    ):
        filter_bank(model, "relu1")
    with pytest.raises(LayerError, match="conv4"):
        filter_bank(model, "conv4")
    with pytest.raises(LayerError, match=r"'1' is a ConvTranspose2d.*'0'"):
        filter_bank(hooked(nn.Conv2d(3, 2, 3), nn.ConvTranspose2d(2, 3, 3)), "1")


def test_a_net_without_convolutions():
    model = hooked(nn.Flatten(), nn.Linear(192, 3))
    assert convolution_names(model) == []
    with pytest.raises(LayerError, match="There are none"):
        filter_bank(model, "1")


def test_a_diverged_training():
    conv = nn.Conv2d(3, 2, 3)
    model = hooked(conv)
    with torch.no_grad():
        conv.weight[0, 0, 0, :2] = torch.tensor([float("nan"), float("inf")])
    with pytest.raises(WeightsError, match="2 of the 54 weights of layer '0' are not finite"):
        filter_bank(model, "0")


def test_an_unknown_scale():
    with pytest.raises(InputError, match="'filter' or 'joint'; got 'layer'"):
        FilterBank("conv", np.ones((1, 1, 1, 1), np.float32)).scaled("layer")  # type: ignore[arg-type]
