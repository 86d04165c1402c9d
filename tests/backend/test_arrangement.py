"""Any layer's result as maps: what is moved, what is left out, what is refused."""

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.errors import LayerError


class Every(nn.Module):
    """Maps, channels last, tokens with and without a class token, a vector, and what is none of these."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 5, 2, stride=2), nn.LayerNorm(5)
        self.tokens, self.with_class, self.vector = nn.Identity(), nn.Identity(), nn.Linear(5, 2)
        self.odd, self.deep = nn.Identity(), nn.Identity()

    def forward(self, x):
        maps = self.conv(x)  # (N, 5, 3, 3)
        h = self.last(maps.permute(0, 2, 3, 1))
        tokens = self.tokens(h.flatten(1, 2))  # (N, 9, 5)
        more = self.with_class(torch.cat([tokens.new_full((len(x), 1, 5), 7), tokens], 1))
        self.odd(more[:, :7])
        self.deep(h[:, None])
        return self.vector(more.mean(1))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return HookedModel(Every(), (3, 6, 6))


@pytest.fixture(scope="module")
def record(model):
    with model.record(*(layer.name for layer in model.layers)) as record:
        model.scores(torch.rand(2, 3, 6, 6))
    return record


def test_maps_stay_as_they_are(model, record):
    maps, note = as_maps(model.layer("conv"), record["conv"])
    assert torch.equal(maps, record["conv"]) and note == ""
    assert torch.equal(record.maps("conv"), maps)


@pytest.mark.parametrize("name", ["last", "tokens", "with_class"])
def test_a_place_and_its_channel_are_found_again(record, name):
    """Row 1, column 2 is the sixth place in reading order, whichever way it is kept."""
    maps = record.maps(name)
    assert maps.shape == (2, 5, 3, 3)
    assert torch.equal(maps[:, :, 1, 2], record["last"][:, 1, 2])


def test_what_was_done_is_told(model, record):
    notes = {name: as_maps(model.layer(name), record[name])[1] for name in ("last", "tokens", "with_class")}
    assert notes == {
        "last": "",
        "tokens": "the 9 patch tokens as 3x3 maps",
        "with_class": "the 9 patch tokens as 3x3 maps, without the class token",
    }


def test_a_vector_has_maps_of_one_place(model, record):
    maps, note = as_maps(model.layer("vector"), record["vector"])
    assert torch.equal(maps[:, :, 0, 0], record["vector"]) and maps.shape == (2, 2, 1, 1)
    assert "no place in the picture" in note


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("odd", "7x5, has 7 tokens, which with or without a class token make no square"),
        ("deep", "is neither maps"),
    ],
)
def test_what_cannot_be_arranged(model, record, name, text):
    with pytest.raises(LayerError, match=text):
        record.maps(name)
    with pytest.raises(LayerError, match="There are 'conv'"):
        as_maps(model.layer(name), record[name], model.layers)
