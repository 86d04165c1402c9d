"""Segmentation by measured fields, and labels of units: by hand, planted, and what can go wrong."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, TopK, harvest
from cnnviz_widgets.data.picture_set import picture_set
from cnnviz_widgets.errors import InputError, LayerError
from cnnviz_widgets.methods.field_segmentation import field_segments, segment_by_field
from cnnviz_widgets.methods.unit_labels import (
    CATEGORIES,
    category_counts,
    checked_labels,
    labels_as_json,
    labels_from_json,
)


def bright(side: int = 8) -> HookedModel:
    """Layer "1": channel 0 is the mean of 2x2 pixels, every second pixel; channel 1 never fires."""
    network = nn.Sequential(nn.Conv2d(1, 2, 2, 2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    network(torch.zeros(1, 1, side, side))
    with torch.no_grad():
        network[0].weight[0], network[0].weight[1] = 0.25, -1
        network[0].bias.zero_()
    return HookedModel(network, (1, side, side))


def test_the_mask_by_hand():
    model, values = bright(), np.zeros((4, 4))
    values[0, 1], values[2, 3], values[3, 0] = 1, 0.51, 0.5  # one half is not above one half
    # The middles are (0.5, 2.5) and (4.5, 6.5). A size of 2 is a disc of radius 1.13, which holds the four
    # pixels next to a middle, at 0.71, and not those after them, at 1.58.
    wanted = np.zeros((8, 8), bool)
    wanted[0:2, 2:4] = wanted[4:6, 6:8] = True
    assert np.array_equal(segment_by_field(model, values, "1", 2), wanted)
    wanted[6:8, 0:2] = True
    assert np.array_equal(segment_by_field(model, values, "1", 2, threshold=0.4), wanted)
    assert segment_by_field(model, values, "1", 3).sum() == 10 + 10  # radius 1.69: 12, cut at an edge


def test_a_bright_spot_is_cut_out_and_the_rest_is_dimmed():
    model = bright()
    pictures = []
    for place in ((0, 0), (4, 2), (6, 6)):
        picture = np.full((8, 8, 3), 50, np.uint8)
        picture[place[0] : place[0] + 2, place[1] : place[1] + 2] = 255 - place[0]
        pictures.append(picture)
    data = picture_set(pictures, labels=["a", "b", "a"])
    (strongest,) = harvest(model, data, [TopK("1", 9)], progress=False)
    found = field_segments(model, data, strongest, 0, 2)
    assert (
        len(found) == 3 and found.classes == ("a", "b", "a") and found.masks.sum((1, 2)).tolist() == [4, 4, 4]
    )
    assert found.masks[1, 4:6, 2:4].all() and found.values == pytest.approx([1, 251 / 255, 249 / 255])
    painted = found.dimmed()
    assert painted[1, 4, 2].tolist() == [251] * 3 and painted[1, 0, 0].tolist() == [10] * 3  # 0.2 of 50
    assert field_segments(model, data, strongest, 0, 2, k=2).seen.shape == (2, 8, 8, 3)
    with pytest.raises(InputError, match="above 0 in none"):
        field_segments(model, data, strongest, 1, 2)


def test_nothing_active_is_an_empty_mask_and_nan_is_refused():
    model = bright()
    assert not segment_by_field(model, np.zeros((4, 4)), "1", 4).any()
    assert not segment_by_field(model, -np.ones((4, 4)), "1", 4).any()
    with pytest.raises(InputError, match="NaN or infinity"):
        segment_by_field(model, np.full((4, 4), np.nan), "1", 4)
    with pytest.raises(InputError, match="share of the maximum"):
        segment_by_field(model, np.ones((4, 4)), "1", 4, threshold=1)
    with pytest.raises(InputError, match="is 4x4, not 3x3"):
        segment_by_field(model, np.ones((3, 3)), "1", 4)
    with pytest.raises(LayerError, match="no place"):
        segment_by_field(model, np.ones((1, 1)), "3", 4)


def unit(
    channel: int, category: str = "object", label: str = "dog", network: str = "net", layer: str = "relu5"
):
    return {"network": network, "layer": layer, "channel": channel, "label": label, "category": category}


def test_labels_go_to_json_and_back(tmp_path):
    labels = [unit(3, label='\N{DOG} "big"\n<b>'), unit(1, "scene"), unit(3, "none", "", "other")]
    text = labels_as_json(labels)
    wanted = [labels[1], labels[0], labels[2]]
    assert labels_from_json(text) == json.loads(text) == wanted and labels_from_json(text.encode()) == wanted
    (tmp_path / "labels.json").write_text(text, encoding="utf-8")
    assert (
        labels_from_json(tmp_path / "labels.json")
        == labels_from_json(str(tmp_path / "labels.json"))
        == wanted
    )
    assert labels_from_json(labels_as_json([])) == []
    assert checked_labels([unit(1), unit(1, "scene", "street")]) == [unit(1, "scene", "street")]  # the last


def test_categories_are_counted_by_network():
    labels = [unit(1), unit(2), unit(3, "scene"), unit(1, "object", network="other"), unit(9, "none", "")]
    counts = category_counts(labels, "net")
    assert tuple(counts) == CATEGORIES and counts["object"] == 2 and counts["scene"] == counts["none"] == 1
    assert category_counts(labels)["object"] == 3 and category_counts([])["object"] == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("{}", "not dict"),
        ("[1]", "label 0 is not a dict"),
        ("[", "not a file of labels"),
        (json.dumps([{**unit(1), "more": 1}]), "label 0 is not a dict with network"),
        (json.dumps([unit(1), unit(-1)]), "label 1: a channel is a whole number from 0; got -1"),
        (json.dumps([unit(True)]), "whole number"),
        (json.dumps([unit(1, "thing")]), "no category 'thing'"),
        (json.dumps([unit(1, label=3)]), "something else than text"),
        (b"\xff[", "not a file of labels"),
        (b"labels.json", "not a file of labels"),
    ],
)
def test_wrong_labels_are_refused_with_their_number(wrong, says):
    with pytest.raises(InputError, match=says):
        labels_from_json(wrong)
