"""Sizes of measured fields by layer: planted, in the embedded network, and what can go wrong."""

import math

import numpy as np
import pytest
import torch

from cnnviz_widgets.errors import InputError, LayerError
from cnnviz_widgets.methods.discrepancy import DiscrepancyMap
from cnnviz_widgets.methods.field_sizes import field_sizes
from cnnviz_widgets.methods.receptive_fields import average_field, empirical_field
from tests.methods.test_receptive_fields import photos, planted


def test_a_size_by_hand():
    values = np.zeros((5, 5), np.float32)
    values[1:3, 1:3], values[4, 4] = [[10, 2.5], [3, 4]], 2  # 2 is not above a fifth of 10
    starts = 3 * np.arange(5)
    found = DiscrepancyMap(planted().layer("0"), 0, 0, 0, 1.0, values, starts, starts, 1, 3, 25, 25)
    assert average_field([found]).size == 6  # four places of 3x3 pixels
    assert average_field([found], 0.5).size == 3 and average_field([found], 0.1).size == pytest.approx(
        3 * 5**0.5
    )


def test_sizes_of_layers_leave_out_what_never_fires():
    model = planted(17)
    (first,) = field_sizes(model, photos(12, 17), ["1"], units=8, k=3, patch=1, stride=1, progress=False)
    assert first.channels == (0, 2) and first.theoretical == 9 and first.sizes[1] == 0
    assert (
        first.sizes[0]
        == empirical_field(model, photos(12, 17), "1", 0, 3, patch=1, stride=1, progress=False).size
    )
    assert first.mean == pytest.approx(first.sizes.mean()) and first.spread == pytest.approx(
        first.sizes.std()
    )
    (one,) = field_sizes(model, photos(12, 17), ["1"], units=1, k=1, progress=False)
    assert one.channels == (0,)
    with torch.no_grad():
        model.network[0].weight.fill_(-1), model.network[0].bias.fill_(0)
    (dead,) = field_sizes(model, photos(3, 17), ["1"], progress=False)
    assert dead.channels == () and math.isnan(dead.mean) and math.isnan(dead.spread)
    with pytest.raises(InputError, match="units is 1 or more, and k from 1 to 9"):
        field_sizes(model, photos(3, 17), ["1"], k=10)
    with pytest.raises(LayerError, match="no place"):
        field_sizes(model, photos(3, 17), ["3"])


@pytest.mark.heavy
def test_on_the_embedded_network_fields_are_smaller_than_they_could_be_and_grow():
    from cnnviz_widgets import Scenes, open_model

    model, data = open_model("mini-alexnet-scenes"), Scenes("train", 120)
    sizes = field_sizes(model, data, ["pool1", "pool2", "relu3", "relu4"], units=4, k=2, progress=False)
    means = [each.mean for each in sizes]
    assert means == sorted(means) and all(each.mean < 0.8 * each.theoretical for each in sizes)
