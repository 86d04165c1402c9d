"""NeighborBrowser where something is missing or broken, while it gathers, and what it keeps."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from cnnviz_widgets import HookedModel, NeighborBrowser, picture_set
from cnnviz_widgets.errors import InputError, LayerError, PictureError
from cnnviz_widgets.widgets._neighbor_tiles import TileRow, fitted
from cnnviz_widgets.widgets._threads import UI_LOCK
from tests.widgets.neighbors.conftest import CLASSES, Redness, browser, gallery, near, pure


def test_what_the_constructor_refuses(model, tmp_path):
    with pytest.raises(PictureError):
        NeighborBrowser(model, tmp_path)
    with pytest.raises(InputError, match="one picture: a neighbour needs a second one"):
        NeighborBrowser(model, gallery(1))
    with pytest.raises(LayerError, match="conv9"):
        NeighborBrowser(model, gallery(), layer="conv9")
    with pytest.raises(InputError, match="no picture 5 in the gallery: they go from 0 to 4"):
        NeighborBrowser(model, gallery(), query=5)
    with pytest.raises(TypeError, match="no trait 'opacity'"):
        NeighborBrowser(model, gallery(), opacity=1)


@pytest.mark.parametrize("change", [{"layer": "conv9"}, {"query": 77}, {"query": "nowhere.png"}], ids=str)
def test_what_fails_later_is_told_and_nothing_is_lost(model, change):
    w = browser(model)
    result, picture = w.result, w._spaces["features"].row.surface.picture
    w.set(**change)
    assert w.error is not None and w.result is result
    assert w._spaces["features"].row.surface.picture == picture and w._status.layout.display == ""
    w.set(layer="pool", query=1)
    w.wait(10)
    assert w.error is None and near(w, "features") == [2, 0, 4, 3] and w._status.layout.display == "none"


def test_a_layer_that_makes_no_maps(model):
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside, self.out = nn.Identity(), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.inside(x[..., None].repeat(1, 1, 1, 1, 2)).mean((2, 3, 4)))

    w = browser(HookedModel(Odd(), (3, 9, 9)), gallery(), layer="out")
    w.layer = "inside"
    assert isinstance(w.error, LayerError) and "cannot" not in str(w.error)
    w.layer = "out"
    assert w.error is None


def test_codes_that_are_no_numbers(model):
    class Broken(Redness):
        def forward(self, x: Tensor) -> Tensor:
            pooled = self.pool(torch.where(x[:, :1] > 0.8, torch.nan, x[:, :1]))
            return self.out(pooled.flatten(1))

    w = browser(HookedModel(Broken(), (3, 9, 9), classes=CLASSES), gallery())
    assert w.error is None and w.result.passed_over == 1  # picture 3
    assert w._spaces["features"].numbers == [2, 1, 4] and w._spaces["pixels"].numbers == [1, 4, 3, 2]
    assert "1 codes cannot be compared" in w._spaces["features"].title.value
    w.query = 3
    assert w.error is None and w._spaces["features"].numbers == [] and w._spaces["pixels"].numbers[0] == 4
    assert "cannot be compared" in w.words


def test_gathering_stops_and_goes_on(model, monkeypatch):
    many = [pure(i) for i in range(200)]
    network = model.network
    network.slow = True
    w = NeighborBrowser(model, picture_set(many, labels=["a", "b"] * 100), query=100)
    assert w.result.features is None and w.error is None and "No picture has gone" in w.words
    assert w._work.box.layout.display == "" and not w._work.stop.disabled
    w._work.stop.click()
    network.go.set()
    w.wait(10)
    known = w.result.known
    assert 16 <= known < 200 and near(w, "features")[0] == known - 1  # among what was seen; 100 was not
    assert w.result.feature_agreement is None and f"first {known} of 200" in w._spaces["features"].title.value
    w.query = 3  # does not begin again by itself
    assert w._runner.state == "stopped" and w.result.query.index == 3 and w.error is None
    w._work.start.click()
    w.wait(10)
    assert w.result.known == 200 and near(w, "features")[:2] == [2, 4]
    assert w.result.feature_agreement is not None and w._work.box.layout.display == "none"


def test_neighbours_are_shown_before_everything_is_gathered(model):
    w = browser(model, picture_set([pure(i) for i in range(200)], labels=["a"] * 200))
    seen = []
    w.observe(lambda change: seen.append(change.new.known), "result")
    w.layer = "flatten"
    w.wait(20)
    assert seen[0] < 200 and seen[-1] == 200 and seen == sorted(seen)


def test_a_picture_that_cannot_be_opened_stops_the_gathering_and_nothing_else(model, tmp_path):
    paths = []
    for number in range(20):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(pure(10 * number)).save(paths[-1])
    paths[18].write_bytes(b"\x89PNG no")
    w = browser(model, paths)
    assert isinstance(w.error, PictureError) and "18.png" in str(w.error)
    assert w.result.known == 16 and near(w, "features")[0] == 1
    w.query = 5
    assert w.result.query.index == 5 and near(w, "features")[:2] == [4, 6]


def test_layers_that_were_looked_at_are_compared(model):
    w = browser(model, k=1)
    assert "by depth" not in w._agreement.text.value
    w.layer = "out"
    w.wait(10)
    text = w._agreement.text.value
    assert text.index(">pixels<") < text.index(">pool<") < text.rindex(">out<")
    with UI_LOCK:
        assert w._question.layers_seen(w._question.setting("pool", "all", "cosine")) == []


def test_what_changes_only_the_look_asks_nothing(model):
    w = browser(model)
    asked = []
    model.network.register_forward_pre_hook(lambda *_: asked.append(1))
    result = w.result
    w.k = 2
    assert asked == [] and w.result is result
    w.measure = "cosine"
    w.wait(10)
    assert asked == [] and w.result is not result  # codes and classes stay
    w.query = 1
    assert len(asked) == 1


def test_state_is_json_and_brings_the_picture_back(model):
    w = browser(model, query=2, k=3, measure="cosine", places="mean")
    again = browser(model, **json.loads(json.dumps(w.state)))
    assert again.state == w.state and again.snapshot() == w.snapshot()
    picture = Image.open(io.BytesIO(w.snapshot()))
    assert picture.format == "PNG" and picture.width > 2 * TileRow.width
    w.query = 3
    assert w.snapshot() != again.snapshot()


def test_any_picture_fits_its_tile():
    assert fitted(pure(200), 82).shape == (82, 82, 3)
    small = fitted(pure(200), 82)  # nine times as large: 81 pixels
    assert (small[:81, :81, 0] == 200).all() and (small[81] == 255).all()
    wide = fitted(np.zeros((50, 300, 3), np.uint8), 60)
    assert (wide[:25] == 255).all() and (wide[25:35] == 0).all() and (wide[35:] == 255).all()
