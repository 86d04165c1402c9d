"""ActivationBrowser when something is wrong or unusual: names, uploads, pictures, networks."""

import datetime

import numpy as np
import pytest
import torch
import traitlets
from torch import nn

from cnnviz_widgets import ActivationBrowser, HookedModel
from cnnviz_widgets.errors import InputError, LayerError, ModelError, ModelNameError, PictureError
from tests.widgets.toy_browser import (
    PICTURE,
    on_tile,
    png,
    tiles,
    tiny_net,
)


@pytest.fixture
def model() -> HookedModel:
    return HookedModel(tiny_net(), (3, 9, 9), classes=["<b>ant</b>", "bee", "cat"], name="tiny")


def test_an_error_is_told_and_the_widget_goes_on(model):
    w = ActivationBrowser(model, PICTURE)
    good = w.result
    for trait, wrong, right, kind, words in (
        ("layer", "01", "1", LayerError, "no layer '01'"),
        ("picture", "no_such.png", PICTURE, PictureError, "no_such.png"),
        ("channel", 2, 1, InputError, "channels go from 0 to 1"),
        ("row", 4, 1, InputError, "rows go from 0 to 3"),
    ):
        setattr(w, trait, wrong)
        assert isinstance(w.error, kind), trait
        assert words in w._status.value and w._status.layout.display == ""
        setattr(w, trait, right)
        assert w.error is None and w._status.layout.display == "none", trait
    assert w.result is not good
    with pytest.raises(traitlets.TraitError):
        w.sort_by = "median"


def test_the_constructor_raises(model):
    with pytest.raises(LayerError, match=r"tiny has no layer 'conv'\. There are '0'"):
        ActivationBrowser(model, PICTURE, "conv")
    with pytest.raises(PictureError, match=r"there is no file 'cta'.*'cat'"):
        ActivationBrowser(model, "cta")
    with pytest.raises(InputError, match="no channel 9; channels go from 0 to 1"):
        ActivationBrowser(model, PICTURE, channel=9)
    with pytest.raises(ModelNameError, match="mini-convnet"):
        ActivationBrowser("mini-convnt")
    with pytest.raises(ModelError, match="takes a HookedModel or a name, not Sequential"):
        ActivationBrowser(tiny_net())
    with pytest.raises(TypeError, match="no trait 'chanel'"):
        ActivationBrowser(model, PICTURE, chanel=1)


def upload(widget, name: str, content: bytes) -> None:
    """Set what the browser sets."""
    entry = {"name": name, "type": "image/png", "size": len(content), "content": memoryview(content)}
    entry["last_modified"] = datetime.datetime.now(datetime.UTC)
    widget._chooser.upload.value = (entry,)


def test_an_upload_is_shown_and_named(model):
    w = ActivationBrowser(model, "cat")
    upload(w, "<script>alert(1)</script>.png", png(PICTURE))
    assert w.error is None and np.array_equal(w.result.picture, PICTURE)
    assert w.picture == "<script>alert(1)</script>.png" == w._chooser.list.value
    assert "<script" not in w._description.value + w._picture_title.value + w._title.value + w._bars.value
    assert "&lt;script&gt;" in w._picture_title.value
    assert "&lt;b&gt;ant" in w._bars.value and "<b>ant" not in w._bars.value
    upload(w, w.picture, png(255 - PICTURE))  # the same name again is another picture
    assert np.array_equal(w.result.picture, 255 - PICTURE)
    w._chooser.list.value = "cat"
    assert w.picture == "cat"


def test_a_broken_upload_is_told_and_what_was_on_show_stays(model):
    w = ActivationBrowser(model, PICTURE)
    for content in (b"", b"not a picture", png(PICTURE)[:50]):
        upload(w, "<script>.png", content)
        assert isinstance(w.error, PictureError) and "&lt;script&gt;.png" in w._status.value
        assert w.picture is PICTURE and "<script>.png" not in w._chooser.list.options
        assert w._chooser.upload.value == ()
    w.channel = 1
    upload(w, "good.png", png(PICTURE))
    assert w.error is None and w.picture == "good.png"


def test_the_callers_pictures_are_offered(model, tmp_path):
    (tmp_path / "one.png").write_bytes(png(PICTURE))
    w = ActivationBrowser(model, "one.png", pictures=tmp_path)
    assert w._chooser.list.options[:2] == ("one.png", "cat") and np.array_equal(w.result.picture, PICTURE)
    w = ActivationBrowser(model, "mine", pictures={"mine": PICTURE})
    assert w._chooser.list.value == "mine" and np.array_equal(w.result.picture, PICTURE)
    w = ActivationBrowser(model, "picture 2", pictures=["cat", PICTURE, tmp_path / "one.png"])
    assert w._chooser.list.options[:3] == ("cat", "picture 2", "one.png")
    assert np.array_equal(w.result.picture, PICTURE)


def test_a_block_can_be_asked_for_and_is_then_offered():
    net = HookedModel(
        nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.Flatten(), nn.Linear(196, 2)),
        (3, 9, 9),
    )
    w = ActivationBrowser(net, PICTURE)
    assert "0" not in dict(map(reversed, w._controls.layer.options))
    w.layer = "0"
    assert w.error is None and w._controls.layer.value == "0"


def test_a_network_that_scores_no_classes_still_has_activations():
    w = ActivationBrowser(HookedModel(nn.Sequential(nn.Conv2d(3, 2, 3)), (3, 9, 9)), PICTURE)
    assert w.result.top == [] and "No classes" in w._bars.value and w.result.maps.values.shape == (2, 7, 7)


def test_numbers_that_are_none_are_magenta_and_told():
    net = tiny_net()
    with torch.no_grad():
        net[0].bias[1] = float("nan")
    w = ActivationBrowser(HookedModel(net, (3, 9, 9)), PICTURE)
    assert w.error is None
    x, y = on_tile(1, 2, 2)
    assert tuple(tiles(w)[int(y), int(x)]) == (255, 0, 255)
    assert "50.0% of the values are not finite" in w._title.value
