"""ActivationBrowser: from a trait or a click to the pixels, with no browser. Numbers worked out by hand."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import ActivationBrowser, HookedModel, open_model
from cnnviz_widgets.widgets._placement import Placement
from tests.widgets.toy_browser import (
    ORANGE,
    PICTURE,
    VIRIDIS_HIGH,
    VIRIDIS_LOW,
    WHITE,
    on_tile,
    overlay,
    red,
    tiles,
    tiny_net,
)


@pytest.fixture
def model() -> HookedModel:
    return HookedModel(tiny_net(), (3, 9, 9), classes=["<b>ant</b>", "bee", "cat"], name="tiny")


@pytest.fixture
def passes(model) -> list:
    """Grow by one with every pass that the network starts."""
    seen = []
    model.network.register_forward_pre_hook(lambda *_: seen.append(1))
    return seen


def mouse(panel, event: str, x: float, y: float) -> None:
    """Send what the browser sends."""
    panel.surface.canvas._handle_frontend_event(None, {"event": event, "x": x, "y": y}, [])


def test_the_result_is_the_maps_the_classes_and_the_picture(model):
    w = ActivationBrowser(model, PICTURE)
    values = w.result.maps.values
    assert values.shape == (2, 4, 4)
    assert values[0, 1, 2] == pytest.approx(red(1, 2)) and values[1, 1, 2] == pytest.approx(-2 * red(1, 2))
    assert [each.name for each in w.result.top] == ["bee", "cat", "<b>ant</b>"]
    assert w.result.top[0].probability == pytest.approx(np.exp(2) / (1 + np.e + np.exp(2)), rel=1e-5)
    assert np.array_equal(w.result.picture, PICTURE)
    assert (w.layer, w.channel, w.row, w.column, w.error) == ("0", 0, 2, 2, None)


def test_the_pixels_are_the_values(model):
    w = ActivationBrowser(model, PICTURE, "1", scale_by="layer")
    seen = tiles(w)
    assert seen.shape == (260, 518, 3)
    at = {(c, i, j): tuple(seen[int(y), int(x)]) for c in (0, 1) for i in (0, 3) for j in (0, 3)
          for x, y in [on_tile(c, i, j)]}  # fmt: skip
    assert at[0, 3, 3] == VIRIDIS_HIGH
    assert at[1, 3, 3] == at[1, 0, 0] == VIRIDIS_LOW  # the ReLU made all of channel 1 zero
    assert at[0, 0, 0] != VIRIDIS_LOW
    assert tuple(seen[0, 0]) == tuple(seen[259, 259]) == ORANGE and tuple(seen[100, 517]) == WHITE
    w.channel = 1
    assert tuple(tiles(w)[0, 0]) == WHITE and tuple(tiles(w)[100, 517]) == ORANGE


def test_signed_maps_are_red_and_blue_about_grey(model):
    w = ActivationBrowser(model, PICTURE, "0", scale_by="layer")
    (x0, y0), (x1, y1) = on_tile(0, 3, 3), on_tile(1, 3, 3)
    above, below = (tiles(w)[int(y), int(x)].astype(int) for x, y in ((x0, y0), (x1, y1)))
    assert above[0] > above[2] + 50 and below[2] > below[0] + 100
    assert tuple(below) == (59, 76, 192)  # coolwarm's first: -2 x red is the layer's largest
    w.scale_by = "map"
    assert tuple(tiles(w)[int(y0), int(x0)]) == (180, 4, 38)  # its last: now channel 0 reaches its own end


def test_the_box_is_what_the_unit_sees(model):
    # Window of unit (1, 2): rows 2 to 4, columns 4 to 6. The picture is enlarged 32 times.
    w = ActivationBrowser(model, PICTURE, "0", row=1, column=2, opacity=0.0)
    assert w.result.maps.box(1, 2) == (2, 4, 5, 7)
    seen = overlay(w)
    assert seen.shape == (288, 288, 3)
    orange = (seen == ORANGE).all(axis=2)
    rows, columns = np.flatnonzero(orange.sum(axis=1) > 60), np.flatnonzero(orange.sum(axis=0) > 60)
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (64, 159, 128, 223)
    assert "rows 2 to 4, columns 4 to 6 of the picture (receptive field 3x3 px)" in w._description.value
    assert np.abs(seen[16, 280] - PICTURE[0, 8]).max() <= 1  # outside the box: the picture


def test_units_lie_where_they_look_and_opacity_mixes(model):
    w = ActivationBrowser(model, PICTURE, "1", opacity=1.0, row=0, column=0)
    seen = overlay(w)
    assert (
        np.abs(seen[7 * 32 + 16, 7 * 32 + 16] - VIRIDIS_HIGH).max() <= 1
    )  # unit (3, 3) is centred on pixel (7, 7)
    assert np.abs(seen[280, 100] - PICTURE[8, 3]).max() <= 1  # the last pixel is no unit's
    w.opacity = 0.5
    half = overlay(w)[7 * 32 + 16, 7 * 32 + 16]
    assert np.abs(half - (np.array(VIRIDIS_HIGH) + PICTURE[7, 7]) / 2).max() <= 1


def test_placement_by_hand(model):
    # Centres at pixels 1, 3, 5, 7; the last pixel is nobody's, being as near to where 9 would be.
    field = model.layer("0").receptive_field
    placement = Placement(field, (4, 4), (9, 9))
    at = [placement.unit_at(x + 0.5, 0.5) for x in range(9)]
    assert at == [(0, 0), (0, 0), (0, 1), (0, 1), (0, 2), (0, 2), (0, 3), (0, 3), None]
    shown = placement.spread(np.arange(16, dtype=np.float32).reshape(4, 4))
    assert shown[4, :8].tolist() == [8, 8, 9, 9, 10, 10, 11, 11]
    assert np.isnan(shown[8]).all() and np.isnan(shown[:, 8]).all()
    assert placement.unit_at(3.5, 5.5) == (2, 1)
    assert placement.unit_at(9, 0) is None and placement.unit_at(-1, 0) is None
    assert placement.on_screen((2, 4, 5, 7)) == (2, 4, 5, 7)


def test_a_click_on_a_tile_chooses_its_channel_and_place(model):
    w = ActivationBrowser(model, PICTURE)
    before = overlay(w)
    mouse(w._tiles, "mouse_down", *on_tile(1, 3, 0))
    assert (w.channel, w.row, w.column) == (1, 3, 0)
    assert [w._controls._controls[name].value for name in ("channel", "row", "column")] == [1, 3, 0]
    assert not np.array_equal(before, overlay(w))
    mouse(w._tiles, "mouse_down", 1, 1)  # on the frame: nothing is there
    assert (w.channel, w.row, w.column) == (1, 3, 0)
    touch = {"event": "touch_start", "touches": [dict(zip("xy", on_tile(0, 1, 1), strict=True))]}
    w._tiles.surface.canvas._handle_frontend_event(None, touch, [])
    assert (w.channel, w.row, w.column) == (0, 1, 1)


def test_a_click_follows_the_order_of_the_tiles(model):
    w = ActivationBrowser(model, 255 - PICTURE, "0", sort_by="mean", channel=1)
    assert w.result.maps.order("mean").tolist() == [0, 1]
    flipped = tiny_net()
    with torch.no_grad():
        flipped[0].weight.neg_()
    w = ActivationBrowser(HookedModel(flipped, (3, 9, 9)), PICTURE, sort_by="max")
    assert w.result.maps.order("max").tolist() == [1, 0]  # 2 x red before -red
    mouse(w._tiles, "mouse_down", *on_tile(0, 2, 2))
    assert w.channel == 1
    w.sort_by = "channel"
    mouse(w._tiles, "mouse_down", *on_tile(0, 2, 2))
    assert w.channel == 0


def test_a_click_on_the_picture_moves_the_place_only(model):
    w = ActivationBrowser(model, PICTURE, channel=1)
    mouse(w._overlay, "mouse_down", 5 * 32 + 16, 1 * 32 + 16)  # pixel (1, 5) is the centre of unit (0, 2)
    assert (w.channel, w.row, w.column) == (1, 0, 2)


def test_the_pointer_reads_numbers(model):
    w = ActivationBrowser(model, PICTURE, channel=1)
    assert "Point at a value" in w._pointer.value
    mouse(w._tiles, "mouse_move", *on_tile(0, 1, 2))
    assert f"channel 0, row 1, column 2: {red(1, 2):.3g}; sees rows 2 to 4" in w._pointer.value
    mouse(w._overlay, "mouse_move", 5 * 32 + 16, 3 * 32 + 16)
    assert f"channel 1, row 1, column 2: \N{MINUS SIGN}{2 * red(1, 2):.3g}; sees" in w._pointer.value
    mouse(w._tiles, "mouse_move", 1, 1)
    assert "Point at a value" in w._pointer.value
    assert w.error is None


def test_passes_are_not_wasted(model, passes):
    w = ActivationBrowser(model, PICTURE)
    passes.clear()
    w.set(channel=1, row=0, column=0, sort_by="max", scale_by="layer", opacity=0.2)
    assert len(passes) == 0
    w.layer = "1"
    assert len(passes) == 1  # the classes do not change with the layer
    w.set(picture=255 - PICTURE, layer="0", channel=0)
    assert len(passes) == 3  # the classes, and the layer


def test_several_traits_together_paint_once(model, monkeypatch):
    w = ActivationBrowser(model, PICTURE)
    paints = []
    monkeypatch.setattr(w._tiles, "draw", lambda *a: paints.append(a))
    w.set(channel=1, layer="1", row=0, column=3)
    assert len(paints) == 1 and (w.channel, w.row, w.column) == (1, 0, 3)


def test_a_new_layer_keeps_the_unit_if_it_has_it(model):
    w = ActivationBrowser(model, PICTURE, channel=1, row=0, column=3)
    w.layer = "1"
    assert (w.channel, w.row, w.column) == (1, 0, 3)
    w.layer = "2"  # 32 numbers without a place
    assert (w.channel, w.row, w.column) == (1, 0, 0) and w.error is None
    assert "no place in the picture" in w._title.value
    w.channel = 31
    w.layer = "0"
    assert (w.channel, w.error) == (0, None)
    assert [w._controls._controls[name].max for name in ("channel", "row", "column")] == [1, 3, 3]


def test_state_is_json_and_brings_the_picture_back(model):
    w = ActivationBrowser(model, "coffee", "1", channel=1, row=0, column=3, sort_by="mean", opacity=0.3)
    again = ActivationBrowser(model, **json.loads(json.dumps(w.state)))
    assert again.state == w.state
    assert again.snapshot() == w.snapshot()
    picture = Image.open(io.BytesIO(w.snapshot()))
    assert picture.format == "PNG" and picture.width > 518 + 288
    w.opacity = 1.0
    assert w.snapshot() != again.snapshot()


def test_controls_drive_the_traits_and_follow_them(model):
    w = ActivationBrowser(model, PICTURE)
    controls = w._controls._controls
    wanted = {
        "layer": "1",
        "sort_by": "max",
        "scale_by": "layer",
        "opacity": 0.25,
        "channel": 1,
        "row": 3,
        "column": 1,
    }
    for name, value in wanted.items():
        controls[name].value = value
        assert getattr(w, name) == value
    back = {
        "layer": "0",
        "sort_by": "mean",
        "scale_by": "map",
        "opacity": 0.5,
        "channel": 0,
        "row": 0,
        "column": 2,
    }
    for name, value in back.items():
        setattr(w, name, value)
        assert controls[name].value == value
    assert [label for label, _ in controls["layer"].options][:2] == ["0  Conv2d  2x4x4", "1  ReLU  2x4x4"]


@pytest.mark.parametrize(
    ("channels", "side", "most_width", "scrolls"),
    [
        (1, 1, 536, False),
        (64, 112, 536, False),
        (512, 13, 536, True),
        (2048, 7, 536, True),
        (3, 224, 536, False),
    ],
)
def test_any_number_of_maps_is_laid_out_readably(channels, side, most_width, scrolls):
    net = HookedModel(nn.Sequential(nn.Conv2d(3, channels, 1)), (3, side, side))
    w = ActivationBrowser(net, np.full((side, side, 3), 200, np.uint8))
    width, height = w._tiles.surface.size
    assert width <= most_width and (height > 480) == scrolls
    unit = (channels - 1, side // 2, side // 2)
    hit = {w._tiles.unit_at(x, y) for x in range(width) for y in range(max(0, height - 60), height)}
    assert any(each and each[0] == unit[0] for each in hit)
    assert all(max(each) < max(channels, side) for each in hit if each)


def test_mini_convnet_says_what_the_lecture_says():
    w = ActivationBrowser(open_model("mini-convnet"), "cat", "relu2", channel=7, row=7, column=4)
    assert [each.name for each in w.result.top[:2]] == ["cat", "deer"]
    assert w.result.maps.values[7, 7, 4] == w.result.maps.values.max() == pytest.approx(2.369, abs=1e-3)
    assert w.result.maps.box(7, 4) == (5, 0, 25, 19)
    w.layer = "relu1"
    assert w.result.maps.order("mean")[:2].tolist() == [7, 3]
    assert [k for k in range(16) if not w.result.maps.values[k].any()] == [15]
    w.picture = "rocket"
    assert w.result.maps.order("mean")[:2].tolist() == [1, 8]
