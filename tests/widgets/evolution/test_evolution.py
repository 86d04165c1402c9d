"""EvolutionSlider: from a trait or a click to the pixels, with no browser."""

import io

import numpy as np
from PIL import Image

from cnnviz_widgets import EvolutionSlider, feature_evolution
from cnnviz_widgets.errors import TargetError
from cnnviz_widgets.methods.deconvnet import contrast
from tests.widgets.evolution.conftest import (
    BLUE,
    ORANGE,
    PICTURES,
    WAITING,
    column,
    is_like,
    middle,
    mouse,
    strip,
    tile,
    wall,
)


def test_the_result_is_what_the_function_finds(w, run):
    (expected,) = feature_evolution(run, PICTURES, "1", progress=False)
    course = w.result.course("1")
    for name in ("values", "pictures", "rows", "columns"):
        assert np.array_equal(getattr(course, name), getattr(expected.course, name)), name
    assert np.allclose(w.result.likeness("1"), expected.likeness, atol=1e-6)
    assert np.allclose(w.result.shares("pattern")["1"], expected.mean_likeness, atol=1e-6)
    assert np.array_equal(w.result.shares("picture")["1"], course.settled)
    painted = np.rint(contrast(expected.projections[1]) * 255).astype(int)
    assert np.abs(w.result.walls["1", 1].projections.astype(int) - painted).max() <= 1
    assert np.array_equal(w.result.walls["1", 1].crops, expected.crops[1])
    assert (w.layer, w.checkpoint, w.channel, w.error) == ("1", 2, 0, None)
    assert w.result.is_done and "all is computed" in w._bar.text.value


def test_the_walls_pixels_are_the_projections(w):
    w.set(checkpoint=1, channel=3)
    for channel in (0, 2):  # 3x3 values on a tile of 96 px
        values = w.result.walls["1", 1].projections[channel]
        shown = wall(w)[tile(channel)]
        for i, j in ((0, 0), (1, 1), (2, 1)):
            assert is_like(
                shown[i * 32 + 12 : i * 32 + 20, j * 32 + 12 : j * 32 + 20], tuple(values[i, j]), 8
            )
    rows, columns = tile(3)
    assert is_like(wall(w)[rows, columns.start - 2 : columns.start], ORANGE, 60)
    w.show = "crops"
    crop = w.result.walls["1", 1].crops[0]
    assert is_like(wall(w)[tile(0)][44:52, 44:52], tuple(crop[1, 1]), 8)


def test_a_jump_has_a_blue_corner_and_bar(w):
    course = w.result.course("1")
    jumps = {(t, k) for t, k in np.argwhere(course.jumps)}
    assert jumps and len(jumps) < 8
    for place in (1, 2):
        w.checkpoint = place
        for channel in range(4):
            rows, columns = tile(channel)
            corner = wall(w)[rows.start : rows.start + 4, columns.stop - 4 : columns.stop]
            assert is_like(corner, BLUE, 40) == ((place, channel) in jumps)
    for channel in range(4):
        w.channel = channel
        for place in (1, 2):
            rows, columns = column(place)
            bar = strip(w)[rows, columns.start - 4 : columns.start - 2]
            # JPEG mixes the orange frame of the chosen column in: look at the one before the last
            if place == 1:
                assert is_like(bar, BLUE, 60) == ((place, channel) in jumps)


def test_a_click_on_a_tile_shows_its_row(w):
    before = strip(w)
    mouse(w._wall.surface, "mouse_down", *middle(2))
    assert w.channel == 2 and w._controls.channel.value == 2
    assert not np.array_equal(before, strip(w))
    for place in (0, 1):
        shown = strip(w)[column(place)]
        values = w.result.walls["1", place].projections[2]
        assert is_like(shown[40:50, 40:50], tuple(values[1, 1]), 8)
        picture = w.result.walls["1", place].crops[2]
        assert is_like(strip(w)[column(place, 1)][40:50, 40:50], tuple(picture[1, 1]), 8)
    mouse(w._wall.surface, "mouse_down", 0, 0)  # on the frame: nothing is there
    assert w.channel == 2


def test_a_click_on_the_strip_goes_to_its_checkpoint(w):
    mouse(w._strip.surface, "mouse_down", 62 + 10, 60)
    assert w.checkpoint == 0 and w._controls.checkpoint.value == 0
    assert is_like(strip(w)[25:100, 60:62], ORANGE, 60)
    mouse(w._strip.surface, "mouse_down", 20, 60)  # beside the columns
    assert w.checkpoint == 0
    w.set(kept=[3, 1])
    # Rows of the chosen channel, their chart of 88 px, then the kept ones.
    mouse(w._strip.surface, "mouse_down", 62 + 96 + 10, 20 + 2 * 96 + 88 + 96 + 10)
    assert (w.checkpoint, w.channel) == (1, 1)


def test_kept_rows_stay(w):
    height = strip(w).shape[0]
    w.channel = 2
    w._controls.keep.value = True
    assert w.kept == [2] and strip(w).shape[0] == height  # it is the chosen one: shown once
    w.channel = 0
    assert w._controls.keep.value is False and strip(w).shape[0] == height + 96
    values = w.result.walls["1", 0].projections[2]
    top = 20 + 2 * 96 + 88
    assert is_like(strip(w)[top + 40 : top + 50, 62 + 40 : 62 + 50], tuple(values[1, 1]), 8)
    w.channel = 2
    w._controls.keep.value = False
    assert w.kept == [] and strip(w).shape[0] == height


def test_slider_play_and_pointer(w):
    w._controls.checkpoint.value = 0
    assert w.checkpoint == 0 and w._controls.play.value == 0
    w._controls.play.value = 1  # what playing sets
    assert w.checkpoint == 1 and w._controls.checkpoint.value == 1
    assert list(w._controls.checkpoint.options) == [("epoch 1", 0), ("epoch 2", 1), ("epoch 3", 2)]
    assert "click to choose" in w._pointer.value
    mouse(w._wall.surface, "mouse_move", *middle(3))
    value = float(w.result.course("1").values[1, 3])
    assert f"Channel 3 of 1 at epoch 2: strongest activation {value:.3g}, in &lt;b&gt;" in w._pointer.value
    mouse(w._wall.surface, "mouse_move", 0, 0)
    assert "click to choose" in w._pointer.value and w.error is None


def test_words_say_what_is_shown_and_are_escaped(w):
    course = w.result.course("1")
    jumps = [f"epoch {t + 1}" for t in np.flatnonzero(course.jumps[:, 0])]
    changes = f"changes at {', '.join(jumps)}" if jumps else "never changes"
    assert "Channel 0 of 1 at epoch 3" in w.words and changes in w.words
    assert "<b>" not in w._description.value and "&lt;b&gt;" in w._now_title.value
    assert f"{int(course.jumps[2].sum())} have another strongest picture than at epoch 2" in w._title.value
    assert "<b>1.00</b>" in w._chart_title.value
    w.set(compare="picture", checkpoint=1)
    assert f"<b>{course.settled[1]:.2f}</b> of 1&#x27;s channels keep" in w._chart_title.value


def test_a_new_layer_keeps_the_channel_if_it_has_it(w):
    w.layer = "3"
    w.set(channel=5, kept=[4, 1])
    assert w.error is None
    w.layer = "1"
    assert (w.channel, w.kept, w.error) == (0, [1], None)
    w.channel = 5
    assert isinstance(w.error, TargetError)


def test_layers_that_were_not_followed_can_be_asked_for(w):
    assert list(w.result.layers) == ["1", "3"]
    w.layer = "2"
    w.wait()
    assert w.error is None and list(w.result.layers) == ["1", "3", "2"]
    assert ("2", 0) in w.result.walls and w._controls.layer.value == "2"


def test_what_is_looked_at_comes_first(run):
    w = EvolutionSlider(run, PICTURES, layer="3", checkpoint=0)
    w.wait()
    order = list(w.result.walls)
    assert order[:3] == [("3", 2), ("3", 0), ("3", 1)] and set(order[3:]) == {("1", t) for t in range(3)}


def test_before_the_work_there_is_a_picture_too(run, monkeypatch):
    monkeypatch.setattr(EvolutionSlider, "_go_on", lambda self: None)
    others = [255 - each for each in PICTURES.values()]  # of which nothing is on disk yet
    w = EvolutionSlider(run, others, layer="1")
    assert is_like(wall(w)[tile(2)], WAITING, 3) and is_like(strip(w)[column(0)], WAITING, 3)
    assert Image.open(io.BytesIO(w.snapshot())).format == "PNG" and "not known yet" in w.words
    assert not w.result.course("1").known.any() and w.error is None


def test_a_second_opening_needs_no_pass(run, w):
    passes = []
    for model in run:
        model.network.register_forward_pre_hook(lambda *_: passes.append(1))
    again = EvolutionSlider(run, PICTURES, layer="1")
    assert again.result.course("1").known.all()  # before any work
    again._runner.stop()
    again.wait()
