"""TopPatchBrowser: from a trait or a click to what is shown, with no browser."""

import io
import json
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, TopPatchBrowser
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.errors import InputError, LayerError, PictureError, ReluError, TargetError
from cnnviz_widgets.widgets._deconvnet_panels import page_of

ORANGE = np.array((255, 140, 0))


def tiny() -> HookedModel:
    """Channels 0 to 3 of layer "1" answer to red, green, blue, and to nothing."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(400, 3))
    with torch.no_grad():
        for weights in network.parameters():
            weights.zero_()
        for colour in range(3):
            network[0].weight[colour, colour, 1, 1] = 1
        network[0].weight[3] = -1
    return HookedModel(network, (3, 12, 12), name="tiny")


def spotted(count: int = 12) -> PictureSet:
    """Picture i has a spot of the colour i % 3 with the brightness 100 + 8 i, at row i % 10 + 1."""
    made = {}
    for i in range(count):
        picture = np.full((12, 12, 3), 5, np.uint8)
        picture[i % 10 + 1, 4, i % 3] = 100 + 8 * i
        made[f"<i>{i}"] = picture
    return picture_set(made, labels=[f"<b>{('red', 'green', 'blue')[i % 3]}" for i in range(count)])


def browser(pictures: object = None, **traits: object) -> TopPatchBrowser:
    w = TopPatchBrowser(
        tiny(), spotted() if pictures is None else pictures, **{"layer": "1", "k": 4, **traits}
    )
    w.wait(60)
    return w


def seen(w: TopPatchBrowser) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(w._panel.surface.picture)).convert("RGB")).astype(int)


def click(w: TopPatchBrowser, x: float, y: float, event: str = "mouse_down") -> None:
    w._panel.surface.canvas._handle_frontend_event(None, {"event": event, "x": x, "y": y}, [])


def middle(box: tuple[int, int, int, int]) -> tuple[float, float]:
    top, left, bottom, right = box
    return (left + right) / 2 + 3, (top + bottom) / 2 + 3  # 3 px of frame around it all


def test_the_result_is_what_excites_the_channel():
    w = browser(channel=1)
    assert w.error is None and w.result.pictures.tolist() == [10, 7, 4, 1]
    assert w.result.values == pytest.approx([180 / 255, 156 / 255, 132 / 255, 108 / 255])
    assert w.result.rows.tolist() == [0, 7, 4, 1] and w.result.columns.tolist() == [3] * 4
    assert "all 12 pictures seen" in w._bar.text.value
    w.set(channel=2, rule="guided")
    assert w.result.pictures.tolist() == [11, 8, 5, 2] and w.error is None


def test_a_new_layer_needs_no_other_pass_and_keeps_the_channel_if_it_can():
    w = browser(channel=2)
    passes = []
    w.model.network.register_forward_pre_hook(lambda *_: passes.append(1))
    w.layer = "0"
    assert w.channel == 2 and len(passes) == 1 and not w._runner.is_alive  # the projection alone
    w.set(layer="3")
    assert w.channel == 2 and w.result.crops().shape == (4, 12, 12, 3)
    w.set(layer="2", channel=399)
    w.layer = "1"
    assert w.channel == 0 and w.error is None and w._controls._controls["channel"].max == 3


def test_a_channel_that_is_asked_for_and_does_not_exist_is_told():
    w = browser(channel=2)
    shown = w.result
    w.channel = 99
    assert isinstance(w.error, TargetError) and "they go from 0 to 3" in str(w.error) and w.result is shown
    w.channel = 1
    assert w.error is None and w.result.pictures.tolist() == [10, 7, 4, 1]


def test_the_block_is_on_screen_with_a_frame_around_the_rank():
    w = browser(channel=0, rank=2)
    picture, panel = seen(w), w._panel
    assert picture.shape[1] <= panel.width
    for side in (0, 1):
        top, left, _, right = panel._blocks.tile_box(0, side, 1)
        frame = picture[top + 1, left + 3 : right + 3]  # in the upper gap
        assert (np.abs(frame - ORANGE).max(1) < 60).mean() > 0.9
        top, left, _, right = panel._blocks.tile_box(0, side, 0)
        assert (np.abs(picture[top + 1, left + 8 : right - 8] - ORANGE).max(1) > 100).all()
    # The patch of picture 6 is dark with a red middle; its projection grey with a red middle.
    x, y = middle(panel._blocks.tile_box(0, 0, 1))
    red = picture[int(y), int(x)]
    assert red[0] > 120 and red[1] < 40
    x, y = middle(panel._blocks.tile_box(0, 1, 1))
    assert picture[int(y), int(x)][0] > 230 and abs(picture[int(y) - 60, int(x)] - 128).max() < 12


def test_a_click_shows_the_picture_whole_with_its_box():
    w = browser(channel=0)
    click(w, *middle(w._panel._blocks.tile_box(0, 1, 2)))
    assert w.rank == 3 and w._controls._controls["rank"].value == 3
    assert "&lt;i&gt;3 (&lt;b&gt;red)" in w._detail.text.value and "3rd of 4" in w._detail.text.value
    assert "rows 3 to 5, columns 3 to 5" in w._description.value
    detail = np.asarray(Image.open(io.BytesIO(bytes(w._detail.picture.value)))).astype(int)
    zoom = detail.shape[0] // 12
    orange = (np.abs(detail - ORANGE).max(2) < 3).any(1)
    rows = np.flatnonzero(orange)
    assert (rows[0], rows[-1]) == (3 * zoom, 6 * zoom - 1)
    click(w, 1, 1)  # on the frame: nothing is there
    assert w.rank == 3


def test_pointing_tells_the_activation():
    w = browser(channel=0)
    click(w, *middle(w._panel._blocks.tile_box(0, 0, 0)), event="mouse_move")
    assert "channel 0, 1st: activation 0.675 in &lt;i&gt;9 (&lt;b&gt;red)" in w._pointer.value
    click(w, 1, 1, event="mouse_move")
    assert "Point at a tile" in w._pointer.value


def test_the_wall_has_a_block_for_each_channel_and_a_click_chooses_both():
    w = browser(view="wall")
    assert w._panel._blocks.locate(*np.subtract(middle(w._panel._blocks.tile_box(2, 1, 3)), 3)) == (2, 1, 3)
    for channel, dominant in ((0, 0), (1, 1), (2, 2)):
        x, y = middle(w._panel._blocks.tile_box(channel, 0, 0))
        assert seen(w)[int(y), int(x)].argmax() == dominant
    click(w, *middle(w._panel._blocks.tile_box(2, 1, 3)))
    assert (w.channel, w.rank) == (2, 4) and w.result.channel == 2
    top, left, _, _ = w._panel._blocks.box(1)
    click(w, left + 8, top + 8)  # on its number
    assert (w.channel, w.rank) == (1, 4) and w.error is None


def test_showing_one_side_only():
    w = browser(view="wall")
    both = seen(w).shape[1]
    w.show = "projections"
    assert w._panel._blocks.sides == 1 and seen(w).shape[1] != both
    x, y = middle(w._panel._blocks.tile_box(0, 0, 0))
    assert seen(w)[int(y) - 20, int(x)].tolist() == pytest.approx([128] * 3, abs=12)
    w.set(view="channel", show="patches")
    assert w.error is None and w._panel._blocks.sides == 1


def test_a_wall_of_many_channels_has_pages():
    assert page_of(5, 64) == range(0, 64) and page_of(100, 192) == range(96, 192)
    w = browser(layer="2", view="wall", channel=130, k=1)
    assert w._page == range(96, 192) and "channels 96 to 191 of 400" in w._title.value
    assert w._panel.tile_at(*middle(w._panel._blocks.tile_box(0, 0, 0))) == (96, 0)


def test_the_dead_channel_is_called_dead():
    w = browser(channel=3)
    assert "above zero in none of the pictures" in w.words and not w.result.projections.any()


def held(pictures: PictureSet, release: threading.Event, free: int) -> PictureSet:
    """Make pictures of which only the first few can be opened before `release`."""

    def open_(i: int) -> np.ndarray:
        if i >= free:
            release.wait(30)
        return pictures[i]

    return PictureSet(open_, pictures.names, pictures.labels, pictures.classes)


def until(condition) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came")


def test_it_opens_at_once_shows_what_there_is_and_stops(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr("cnnviz_widgets.engines.passes.fitting_batch", lambda *_: 6)
    w = TopPatchBrowser(tiny(), held(spotted(18), release, 6), "1", k=4)
    assert w.result is None and "looks through the pictures" in w.words and not w._bar.stop.disabled
    until(lambda: w._gathering.done == 6)
    until(lambda: w.result is not None)
    assert set(w.result.pictures.tolist()) <= set(range(6)) and w.error is None
    w._bar.stop.click()
    release.set()
    w.wait(30)
    done = w._gathering.done  # 12 where the second batch had begun
    assert w._runner.state == "stopped" and done in (6, 12)
    w.channel = 1  # what was gathered can be browsed, and nothing starts by itself
    assert w.result.channel == 1 and not w._runner.is_alive and not w._bar.start.disabled
    w.view = "wall"
    w.wait(30)
    assert not w._gallery.missing("1", "deconvnet", w._page) and w._gathering.done == done
    w._bar.start.click()
    w.wait(30)
    assert w._gathering.is_whole("1") and w.result.pictures.tolist() == [16, 13, 10, 7] and w.error is None


def test_the_second_time_nothing_is_looked_through():
    browser()
    opened = []
    base = spotted()
    watched = PictureSet(
        lambda i: opened.append(i) or base[i], base.names, base.labels, base.classes, lambda: base.id
    )
    w = TopPatchBrowser(tiny(), watched, "1", k=4)
    assert w.result is not None and len(opened) == 4 and not w._runner.is_alive


def test_fewer_pictures_than_k_and_one():
    for count in (1, 2):
        w = browser(spotted(count), k=9)
        assert len(w.result) == count and w.error is None
        w.view = "wall"
        w.wait(30)
        assert w.error is None and w._controls._controls["rank"].disabled == (count == 1)
        assert w._panel.tile_at(*middle(w._panel._blocks.tile_box(0, 0, 8)))[1] in (8, -1)


def test_what_the_constructor_refuses(tmp_path):
    with pytest.raises(LayerError, match="has no layer 'conv1'"):
        browser(layer="conv1")
    with pytest.raises(TargetError, match="no channel 4: they go from 0 to 3"):
        browser(channel=4)
    with pytest.raises(PictureError, match="no picture"):
        browser(tmp_path)
    with pytest.raises(InputError, match="1 or more; got 0"):
        browser(k=0)
    with pytest.raises(TypeError, match="no trait 'colour'"):
        browser(colour=3)


def test_an_error_is_told_and_the_last_good_result_stays():
    w = browser(channel=1)
    before, picture = w.result, w._panel.surface.picture
    w.layer = "nowhere"
    assert isinstance(w.error, LayerError) and "nowhere" in w._status.value
    assert w.result is before and w._panel.surface.picture == picture
    w.rank = 2
    assert isinstance(w.error, LayerError)  # still the question on the controls
    w.rank = 40
    assert isinstance(w.error, InputError) and "numbered 1 to 4" in str(w.error)
    w.set(layer="1", rank=2)
    assert w.error is None and w.result.layer.name == "1" and w._status.layout.display == "none"


def test_a_network_that_gives_no_numbers():
    model = tiny()
    with torch.no_grad():
        model.network[0].bias = nn.Parameter(torch.tensor([0, float("nan"), 0, 0]))
    w = TopPatchBrowser(model, spotted(), "1", k=4)
    w.wait(30)
    assert w.error is None and w.result.channel == 0
    w.channel = 1
    assert isinstance(w.error, InputError) and "in 12 its map holds NaN" in str(w.error)
    w.view = "wall"
    w.wait(30)
    w.channel = 2
    assert w.error is None and w.result.channel == 2
    assert not w._gallery.missing("1", "deconvnet", w._page)


def test_weights_that_are_no_numbers():
    model = tiny()
    with torch.no_grad():
        model.network[0].weight[1] = float("nan")
    w = TopPatchBrowser(model, spotted(), "1", k=4)
    w.wait(30)
    # Nothing of channel 1 goes down from channel 0, but nothing times NaN is NaN.
    assert isinstance(w.error, InputError) and "projection" in str(w.error)


def test_a_network_without_relus():
    smooth = HookedModel(nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU()), (3, 12, 12))
    w = TopPatchBrowser(smooth, spotted(), "1", k=4)
    w.wait(30)
    assert isinstance(w.error, ReluError) and "rule=backprop" in str(w.error)
    w.rule = "backprop"
    assert w.error is None and len(w.result) == 4


def test_few_pictures_are_admitted():
    w = TopPatchBrowser(tiny(), layer="1", k=2)
    hints = [each.value for each in w.children if "sample photos" in str(getattr(each, "value", ""))]
    assert len(hints) == 1 and "give pictures=" in hints[0] and len(w.pictures) == 6
    w.wait(60)
    assert len(w.result) == 2


def test_snapshot_and_state():
    w = browser(channel=2, rank=3)
    assert Image.open(io.BytesIO(w.snapshot())).format == "PNG"
    assert json.loads(json.dumps(w.state))["rank"] == 3
    assert "&lt;b&gt;" in w._description.value and "<b>blue" not in w._description.value
