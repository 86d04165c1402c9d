"""EvolutionSlider: from a trait or a click to the pixels, with no browser."""

import copy
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import EvolutionSlider, HookedModel, feature_evolution
from cnnviz_widgets.errors import InputError, LayerError, ModelError, ReluError, TargetError, WeightsError
from cnnviz_widgets.methods.deconvnet import contrast
from cnnviz_widgets.widgets._evolution_charts import short_names, value_chart
from cnnviz_widgets.widgets._evolution_panels import layout
from cnnviz_widgets.widgets._evolution_work import layers_to_follow

ORANGE, BLUE, DARK, WAITING = (255, 140, 0), (0, 114, 178), (70, 70, 70), (228, 228, 228)


def net(seed: int, channels: int = 4) -> nn.Sequential:
    torch.manual_seed(seed)
    found = nn.Sequential(nn.Conv2d(3, channels, 3), nn.ReLU(), nn.Conv2d(channels, 6, 3), nn.ReLU())
    with torch.no_grad():
        found[0].bias += 0.5
        found[2].bias += 0.5
    return found


def hooked(seed: int, channels: int = 4) -> HookedModel:
    return HookedModel(net(seed, channels), (3, 12, 12), name=f"toy@{seed}")


PICTURES = {
    f"<b>{n}</b>": each
    for n, each in enumerate(np.random.default_rng(0).integers(0, 256, (6, 12, 12, 3), np.uint8))
}


@pytest.fixture
def run() -> list[HookedModel]:
    return [hooked(seed) for seed in (1, 2, 3)]


@pytest.fixture
def w(run) -> EvolutionSlider:
    widget = EvolutionSlider(run, PICTURES, layer="1")
    widget.wait()
    return widget


def seen(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def wall(widget) -> np.ndarray:
    return seen(widget._wall.surface.picture)


def strip(widget) -> np.ndarray:
    return seen(widget._strip.surface.picture)


def is_like(pixels: np.ndarray, color: tuple, within: int = 30) -> bool:
    """Compare with room for what a JPEG does to colours."""
    return bool(np.abs(pixels.reshape(-1, 3).mean(0) - color).max() < within)


def mouse(surface, event: str, x: float, y: float) -> None:
    """Send what the browser sends."""
    surface.canvas._handle_frontend_event(None, {"event": event, "x": x, "y": y}, [])


def tile(channel: int, count: int = 4) -> tuple[slice, slice]:
    """Say where a channel's tile is on the wall."""
    columns, side = layout(count, 518, 382)
    row, column = divmod(channel, columns)
    top, left = 2 + row * (side + 2), 2 + column * (side + 2)
    return slice(top, top + side), slice(left, left + side)


def middle(channel: int, count: int = 4) -> tuple[float, float]:
    rows, columns = tile(channel, count)
    return (columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2


def column(place: int, row: int = 0) -> tuple[slice, slice]:
    """Say where a checkpoint's tile is on the strip: 0 the pattern, 1 the picture."""
    top, left = 20 + row * 96, 62 + place * 96
    return slice(top, top + 90), slice(left, left + 90)


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


def test_state_is_json_and_brings_the_picture_back(run, w):
    w.set(layer="3", channel=4, checkpoint=1, show="crops", compare="picture", kept=[2])
    again = EvolutionSlider(run, PICTURES, **json.loads(json.dumps(w.state)))
    again.wait()
    assert again.state == w.state and again.snapshot() == w.snapshot()
    w.checkpoint = 0
    assert w.snapshot() != again.snapshot()


def test_the_constructor_raises(run):
    with pytest.raises(LayerError, match=r"checkpoint 'epoch 1': toy@1 has no layer 'conv'"):
        EvolutionSlider(run, PICTURES, layer="conv")
    with pytest.raises(TargetError, match="layer '1' has no channel 4: they go from 0 to 3"):
        EvolutionSlider(run, PICTURES, layer="1", channel=4)
    with pytest.raises(InputError, match="no checkpoint 3: they are numbered 0 to 2"):
        EvolutionSlider(run, PICTURES, checkpoint=3)
    with pytest.raises(InputError, match="the list is empty"):
        EvolutionSlider([], PICTURES)
    with pytest.raises(InputError, match="which pictures was toy@3 trained on"):
        EvolutionSlider(run)
    with pytest.raises(InputError, match="no picture"):
        EvolutionSlider(run, [])
    with pytest.raises(ModelError, match="weights only"):
        EvolutionSlider([net(1).state_dict()], PICTURES)
    with pytest.raises(ReluError, match="guide"):
        EvolutionSlider(run, PICTURES, rule="guide")
    with pytest.raises(TypeError, match="no trait 'chanel'"):
        EvolutionSlider(run, PICTURES, chanel=1)
    with pytest.raises(LayerError, match="no layer whose result is maps"):
        EvolutionSlider([HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (3, 2, 2))], PICTURES)


def test_checkpoints_of_another_shape_are_told_and_nothing_is_lost(run, w):
    good = w.result
    states = [copy.deepcopy(net(seed).state_dict()) for seed in (1, 2)]
    own = EvolutionSlider(states, PICTURES, layer="1", model=hooked(0))
    own.wait()
    own.checkpoints = [states[0], net(1, channels=5).state_dict()]
    assert isinstance(own.error, WeightsError) and "0.weight is 5x3x3x3" in own._status.value
    assert len(own.result.run) == 2 and own.result.walls
    own.checkpoint = 0  # the widget goes on with what it has
    assert own._strip.surface.picture and isinstance(own.error, WeightsError)
    own.checkpoints = states[::-1]
    own.wait()
    assert own.error is None and own.result.is_done
    w.checkpoints = [*run, hooked(4, channels=5)]
    assert isinstance(w.error, InputError) and "5x10x10" in w._status.value and w.result is good
    w.checkpoints = run[:1]
    w.wait()
    assert w.error is None and w.checkpoint == 0 and len(w.result.run) == 1
    w.pictures = []
    assert isinstance(w.error, InputError) and "no picture" in w._status.value
    w.pictures = {"one": PICTURES["<b>0</b>"]}
    w.wait()
    assert w.error is None and not w.result.course("1").jumps.any()


@pytest.mark.parametrize(
    ("trait", "wrong", "kind", "told"),
    [
        ("layer", "conv9", LayerError, "has no layer &#x27;conv9&#x27;"),
        ("channel", 9, TargetError, "no channel 9"),
        ("checkpoint", 3, InputError, "no checkpoint 3"),
        ("kept", [0, 7], TargetError, "no channel 7"),
    ],
)
def test_an_error_is_told_and_the_widget_goes_on(w, trait, wrong, kind, told):
    right, picture = getattr(w, trait), wall(w)
    setattr(w, trait, wrong)
    assert isinstance(w.error, kind)
    assert told.replace("&#x27;", "'") in w._status.value and w._status.layout.display == ""
    assert np.array_equal(picture, wall(w))
    setattr(w, trait, right)
    assert w.error is None and w._status.layout.display == "none"


def test_one_checkpoint_needs_no_slider():
    w = EvolutionSlider([hooked(1)], PICTURES, layer="1")
    w.wait()
    assert w.error is None and w._controls.checkpoint.disabled and w._controls.play.disabled
    assert len(w._controls.checkpoint.options) == 2  # a slider of one place breaks in the browser
    assert w.result.course("1").settled.tolist() == [1] and "changes" not in w.words


def test_channels_with_no_finite_number_are_dark_and_told(run):
    broken = net(2)
    with torch.no_grad():
        broken[0].bias[1] = float("nan")
        broken[0].weight[2] = 0
        broken[0].bias[2] = -1
    w = EvolutionSlider([run[0], HookedModel(broken, (3, 12, 12), name="toy@2")], PICTURES, layer="1")
    w.wait()
    assert w.error is None and is_like(wall(w)[tile(1)], DARK, 4) and is_like(wall(w)[tile(2)], DARK, 4)
    assert not is_like(wall(w)[tile(0)], DARK, 4)
    assert (
        "2 excited by no picture (dark), 1 of them with values that are no finite numbers" in w._title.value
    )
    w.channel = 1
    assert "no picture excites it" in w.words and "no picture excites it" in w._now_title.value


def test_a_network_without_relus_says_so_and_shows_another_rule():
    plain = [HookedModel(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Tanh(), nn.Conv2d(2, 2, 3)), (3, 12, 12))]
    w = EvolutionSlider(plain, PICTURES, layer="2")
    w.wait()
    assert isinstance(w.error, ReluError)
    w.checkpoint = 0
    assert isinstance(w.error, ReluError)  # it is not forgotten
    w = EvolutionSlider(plain, PICTURES, layer="2", rule="backprop")
    w.wait()
    assert w.error is None and w.result.is_done


def test_stop_rests_and_go_on_finishes(run, monkeypatch):
    w = EvolutionSlider(run, PICTURES, layer="1")
    w._runner.stop()
    w.wait()
    assert w._runner.state in ("stopped", "done")
    w._bar.start.click()
    w.wait()
    assert w.result.is_done and w.error is None


def test_layers_are_chosen_from_first_to_last():
    deep = HookedModel(
        nn.Sequential(*(m for _ in range(9) for m in (nn.Conv2d(3, 3, 1), nn.ReLU()))), (3, 4, 4)
    )
    assert layers_to_follow(deep) == ["1", "5", "7", "11", "13", "17"]
    assert layers_to_follow(HookedModel(nn.Sequential(nn.Conv2d(3, 2, 1), nn.Tanh()), (3, 4, 4))) == ["0"]


@pytest.mark.parametrize(("count", "scrolls"), [(1, False), (16, False), (96, False), (512, True)])
def test_any_number_of_channels_has_readable_tiles(count, scrolls):
    columns, side = layout(count, 518, 382)
    rows = -(-count // columns)
    assert 30 <= side <= 96 and columns * (side + 2) <= 518
    assert (rows * (side + 2) > 382) == scrolls


def test_the_charts_line_goes_through_the_values():
    values = np.array([0, 2, 4], np.float32)
    on, jump = np.array([True] * 3), np.array([False, False, True])
    chart = value_chart(values, on, jump, [30, 60, 90], 110, 88).astype(int)
    for x, y in ((30, 80), (60, 45), (45, 62)):  # 0 at 80, the largest at 10, half way between two dots
        assert chart[y - 1 : y + 2, x - 1 : x + 2].min() < 90, (x, y)
    assert chart[20, 45].min() > 250
    assert is_like(chart[10:11, 87:88], BLUE, 5)  # a ring in blue: another picture
    assert short_names(["epoch 1", "epoch 20"]) == ["1", "20"] and short_names(["a", "b 2"]) == ["a", "b 2"]


def test_the_embedded_run_needs_nothing_but_its_name(monkeypatch):
    monkeypatch.setattr(EvolutionSlider, "_go_on", lambda self: None)
    w = EvolutionSlider("mini-alexnet-objects")
    assert list(w.result.layers) == ["relu1", "relu2", "relu3", "relu4", "relu5"]
    assert len(w.result.run) == 8 and len(w.result.pictures) == 336 and w.layer == "relu2"
    assert w.state["checkpoints"] == "mini-alexnet-objects"
