"""What to explain or climb: one unit, one channel, for each picture."""

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel, Objective
from cnnviz_widgets.engines import Channel, Neuron
from cnnviz_widgets.errors import TargetError
from tests.engines.planted import SIDE, colours


def recorded(model, x, layer):
    with model.record(layer, stop=True) as record:
        model.scores(x)
    return record


def test_a_neuron_by_hand():
    x = torch.arange(2 * 3 * SIDE * SIDE, dtype=torch.float32).reshape(2, 3, SIDE, SIDE)
    record = recorded(colours(), x, "conv")
    # window (1, 2) of channel 2: rows 2 and 3, columns 4 and 5; the mean of 148 149 156 157 and of 340 ...
    assert Neuron("conv", 2, 1, 2)(record).tolist() == [152.5, 344.5]
    assert Neuron("conv", [2, 0], [1, 0], [2, 3])(record).tolist() == [152.5, 202.5]
    assert Channel("conv", 1)(record).tolist() == [95.5, 287.5]


def test_they_are_objectives_and_stop_early():
    model, x = colours(), torch.rand(2, 3, SIDE, SIDE)
    for objective in (Neuron("conv", 1, 0, 3), Channel("conv", 1)):
        assert isinstance(objective, Objective) and objective.layers == ("conv",)
    calls = []
    model.network.fc.register_forward_hook(lambda *_: calls.append(1))
    gradient = model.gradient(x, Neuron("conv", 1, [0, 2], [3, 1]))
    assert not calls
    for n, (row, column) in enumerate([(0, 3), (2, 1)]):
        expected = torch.zeros(3, SIDE, SIDE)
        expected[1, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = 0.25
        torch.testing.assert_close(gradient[n], expected)
    torch.testing.assert_close(model.gradient(x, Channel("conv", 1))[:, 1], torch.full((2, 8, 8), 1 / 64))


def test_a_unit_of_a_fully_connected_layer():
    model, x = colours(), torch.rand(2, 3, SIDE, SIDE)
    torch.testing.assert_close(Neuron("fc", 3)(recorded(model, x, "fc")), model.scores(x)[:, 3])


def test_a_neuron_of_maps_with_channels_last():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 5, 1), nn.LayerNorm(5)

        def forward(self, x):
            return self.norm(self.conv(x).permute(0, 2, 3, 1)).mean((1, 2))

    model, x = HookedModel(Last(), (3, SIDE, SIDE)), torch.rand(2, 3, SIDE, SIDE)
    record = recorded(model, x, "norm")
    torch.testing.assert_close(Neuron("norm", 4, 1, 6)(record), record["norm"][:, 1, 6, 4])


@pytest.mark.parametrize(
    ("objective", "text"),
    [
        (Neuron("conv", 3), "has no channel 3: they go from 0 to 2"),
        (Neuron("conv", 0, 4), "has no row 4: they go from 0 to 3"),
        (Neuron("conv", 0, 0, -1), "has no column -1"),
        (Neuron("conv", [0, 1, 2]), "3 numbers were given as channel for 2 pictures"),
        (Neuron("fc", 0, 1), "has no row 1: they go from 0 to 0"),
        (Channel("conv", 3), "has no channel 3: they go from 0 to 2"),
        (Channel("conv", -1), "has no channel -1"),
    ],
)
def test_units_that_are_not_there(objective, text):
    with pytest.raises(TargetError, match=text):
        objective(recorded(colours(), torch.rand(2, 3, SIDE, SIDE), objective.layer))
