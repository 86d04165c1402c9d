"""Masks of a code: which units count, and what they see."""

import itertools
from dataclasses import replace

import pytest
from torch import nn

from cnnviz_widgets import HookedModel, channel_mask, field_mask, mask_box
from cnnviz_widgets.errors import InputError, LayerError


def test_masks():
    model = HookedModel(
        nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.Flatten(), nn.Linear(100, 6)), (1, 12, 12)
    )
    layer, vector = model.layer("0"), model.layer("2")
    middle = field_mask(layer, 3)
    assert middle.shape == (1, 5, 5) and middle[0].nonzero().tolist() == [
        list(each) for each in itertools.product((1, 2, 3), repeat=2)
    ]
    assert field_mask(layer, 3, 0, 4)[0].nonzero().tolist() == [[0, 3], [0, 4], [1, 3], [1, 4]]
    assert field_mask(layer, 99).all()
    assert channel_mask(layer, 1, 3).flatten().tolist() == [0, 1, 1, 0] and channel_mask(layer).all()
    assert channel_mask(vector, 4).tolist() == [0, 0, 0, 0, 1, 1]
    assert mask_box(layer, middle) == (2, 2, 9, 9)
    assert mask_box(layer, channel_mask(layer, 2)) == (0, 0, 11, 11)
    assert mask_box(layer, None) == (0, 0, 12, 12) == mask_box(vector, channel_mask(vector, 4))
    for wrong in ({"size": 0}, {"row": 5, "column": 0}, {"row": 0, "column": -1}):
        with pytest.raises(InputError):
            field_mask(layer, **wrong)
    with pytest.raises(LayerError, match="no rows and columns"):
        field_mask(vector)
    for first, last in ((2, 2), (0, 5), (-1, 2)):
        with pytest.raises(InputError, match="from 0 to 3"):
            channel_mask(layer, first, last)


def test_masks_of_layers_that_keep_channels_last():
    layer = HookedModel(nn.Sequential(nn.Conv2d(1, 4, 3)), (1, 8, 8)).layer("0")
    last = replace(layer, shape=(5, 6, 3), channel_axis=2)
    field = field_mask(last, 1, 2, 4)
    assert field.shape == (5, 6, 1) and field.nonzero().tolist() == [[2, 4, 0]]
    assert channel_mask(last, 1).tolist() == [[[0, 1, 1]]]
    tokens = replace(layer, shape=(7, 3), channel_axis=None)
    assert channel_mask(tokens, 2).tolist() == [[0, 0, 1]]
