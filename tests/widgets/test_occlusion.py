"""OcclusionSlider: from a trait, a control or a drag to scores, maps, pixels and words, with no browser."""

import io
import json
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, Objects, open_model
from cnnviz_widgets.errors import InputError, LayerError, PictureError, TargetError
from cnnviz_widgets.methods.occlusion import covered_scores, occlusion_maps
from cnnviz_widgets.widgets._occlusion_panels import ACTIVATION, LABEL, PICTURE, PROBABILITY
from cnnviz_widgets.widgets.occlusion import OcclusionSlider


class Planted(nn.Module):
    """Class 0 is red in rows 8 to 15 and columns 8 to 15; class 1 scores 30, class 2 nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(4)  # 6x6 maps, the square is 2x2 of them
        self.relu = nn.ReLU()
        self.passes, self.slow = 0, 0.0

    def forward(self, x):
        self.passes += len(x)
        time.sleep(self.slow)
        h = self.relu(self.pool(x))
        seen = h[:, 0, 2:4, 2:4].sum((1, 2)) * 16
        return torch.stack([seen, torch.full_like(seen, 30), torch.zeros_like(seen)], 1)


PLACE = np.full((24, 24, 3), 40, np.uint8)
PLACE[8:16, 8:16] = (220, 180, 30)  # 64 pixels of 220 / 255 = 0.86: a score of 55


@pytest.fixture
def model() -> HookedModel:
    return HookedModel(Planted(), (3, 24, 24), classes=["<b>ant</b>", "bee", "cat"], name="planted")


@pytest.fixture(scope="module")
def world() -> HookedModel:
    return open_model("mini-alexnet-objects")


@pytest.fixture(autouse=True)
def finished():
    """Let no test's maps be made while the next one runs."""
    yield
    for thread in threading.enumerate():
        if thread.name.endswith("(run)"):
            thread.join(30)


def pixels(widget: OcclusionSlider, panel: int) -> np.ndarray:
    """Decode what went to the browser, (rows, columns, 3)."""
    picture = widget._panels.surfaces[panel].picture
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def test_the_result_is_what_the_method_says(model):
    w = OcclusionSlider(model, PLACE, size=8, stride=4, fill="black", top=4, left=5)
    w.wait()
    x = model.preprocess(PLACE)
    expected = occlusion_maps(model, x, 8, 4, "black")
    assert np.array_equal(w.result.maps.scores, expected.scores)
    assert np.array_equal(w.result.maps.activation, expected.activation)
    assert w.result.covered.scores == pytest.approx(covered_scores(model, x, 4, 5, 8, "black"), abs=1e-4)
    assert (w.result.target, w.result.truth, w.error, w.data) == (0, None, None, "photos")
    assert (w.result.maps.layer, w.result.maps.channel) == (expected.layer, expected.channel)
    painted = PLACE.copy()
    painted[4:12, 5:13] = 0
    assert np.array_equal(w.result.covered_picture, painted) and np.array_equal(pixels(w, PICTURE), painted)
    assert "25 of 25 places" in w._bar.text.value and w._bar.bar.value == 1 and w._bar.start.disabled


def test_the_pixels_are_the_maps(model):
    w = OcclusionSlider(model, PLACE, size=8, stride=4, opacity=1)
    w.wait()
    assert w.result.maps.probability[2, 2] < 1e-6, "the square covers all of it"
    assert pixels(w, PROBABILITY)[12, 12].sum() < 200, "dark blue"
    for panel in (ACTIVATION, PROBABILITY):
        light = pixels(w, panel).sum(axis=2)
        assert light[12, 12] + 100 < light[4, 4] > 450, "darker where it falls, yellow in the corner"
        assert np.array_equal(pixels(w, panel)[0, 0], PLACE[0, 0]), "no centre comes to the edge"
    label = pixels(w, LABEL)
    assert w.result.maps.label[2, 2] == 1 and w.result.maps.label[0, 0] == 0
    assert np.abs(label[12, 12] - label[4, 4]).sum() > 100 and np.array_equal(label[0, 0], PLACE[0, 0])
    (first, blue, _), (second, other, _) = w._panels.legend(w.result.maps)
    assert {first: blue, second: other} == {0: tuple(label[4, 4]), 1: tuple(label[12, 12])}
    legend = w._panels.texts[LABEL].value
    assert f"rgb{blue}" in legend and "bee: " in legend and "&lt;b&gt;ant" in legend
    w.opacity = 0
    assert np.array_equal(pixels(w, LABEL), PLACE) and np.array_equal(pixels(w, PROBABILITY), PLACE)


def test_another_class_or_channel_needs_no_new_pass(model):
    w = OcclusionSlider(model, PLACE, size=8, stride=4)
    w.wait()
    passes = model.network.passes
    before = pixels(w, PROBABILITY)
    w.target = "bee"
    assert w.result.target == 1 and w.result.maps.plain_probability < 1e-6
    assert w.result.maps.probability[2, 2] > 0.99 and not np.array_equal(pixels(w, PROBABILITY), before)
    strongest = w.result.maps.channel
    w.channel = (strongest + 1) % 3
    assert w.result.maps.channel != strongest and f"channel {w.channel}" in w._panels.heads[ACTIVATION].value
    w.opacity = 0.3
    w.wait()
    assert model.network.passes == passes and w.error is None


def test_a_new_square_makes_new_maps_and_old_ones_are_kept(model):
    w = OcclusionSlider(model, PLACE, size=8, stride=4)
    w.wait()
    old = w.result.maps
    for trait, value in (("size", 4), ("stride", 3), ("fill", "white"), ("layer", "pool")):
        w.set(**{trait: value})
        w.wait()
        maps = w.result.maps
        assert w.error is None and maps.done == maps.total and maps.scores is not old.scores
        assert w._errand._doing is None and getattr(maps, trait, value) == value
    w.set(size=8, stride=4, fill="grey", layer=None)
    assert w.result.maps.scores is old.scores, "nothing is made twice"


def test_a_dragged_square(model):
    w = OcclusionSlider(model, PLACE, size=8, stride=8)
    w.wait()
    canvas, zoom = w._panels.surfaces[PICTURE].canvas, 12
    assert w._panels.surfaces[PICTURE].size == (288, 288) and (w.result.top, w.result.left) == (8, 8)

    def tell(event: str, row: float, column: float, on=canvas) -> None:
        on._handle_frontend_event(None, {"event": event, "x": column * zoom, "y": row * zoom}, [])
        w._panels.drag.latest.join()

    tell("mouse_move", 9, 9)
    assert (w.top, w.left) == (None, None), "pointing moves nothing"
    tell("mouse_down", 10, 10)  # held two pixels from its corner
    assert (w.top, w.left) == (8, 8)
    tell("mouse_move", 5, 14)
    assert (w.top, w.left) == (3, 12) and w._controls["top"].value == 3 and w._controls["left"].value == 12
    x = model.preprocess(PLACE)
    assert w.result.covered.scores == pytest.approx(covered_scores(model, x, 3, 12, 8), abs=1e-4)
    assert w._panels.surfaces[LABEL].mark == (144, 36, 96, 96)
    tell("mouse_move", -5, 90)
    assert (w.top, w.left) == (0, 16), "it stays inside"
    tell("mouse_out", 30, 12)
    assert (w.top, w.left) == (16, 10)
    tell("mouse_move", 12, 12)
    assert (w.top, w.left) == (16, 10), "what leaves the picture is let go"
    tell("mouse_down", 12, 12, w._panels.surfaces[PROBABILITY].canvas)
    assert (w.top, w.left) == (8, 8), "on a map the centre comes to the pointer"
    tell("mouse_up", 12, 12, w._panels.surfaces[PROBABILITY].canvas)
    touches = {"event": "touch_start", "touches": [{"x": 60, "y": 60}]}
    canvas._handle_frontend_event(None, touches, [])
    canvas._handle_frontend_event(None, {"event": "touch_move", "touches": [{"x": 72, "y": 96}]}, [])
    canvas._handle_frontend_event(None, {"event": "touch_end", "touches": []}, [])
    w._panels.drag.latest.join()
    assert (w.top, w.left, w.error) == (4, 2, None)
    assert w._panels.drag._held is None


def test_a_drag_that_is_slow_skips_what_is_old(model):
    w = OcclusionSlider(model, PLACE, size=8, stride=8)
    w.wait()
    seen = []
    w.observe(lambda change: seen.append(change.new), "top")
    model.network.slow = 0.05
    canvas = w._panels.surfaces[PICTURE].canvas
    for step in range(40):
        kind = "mouse_down" if step == 0 else "mouse_move"
        canvas._handle_frontend_event(None, {"event": kind, "x": 144, "y": 144 - 2 * step}, [])
    w._panels.drag.latest.join()
    assert w.top == w.result.top == 2 and len(seen) < 12, "the last place counts, and no queue is left"


def test_stop_answers_at_once_and_go_on_goes_on(model):
    w = OcclusionSlider(model, PLACE, size=8, stride=8)
    w.wait()
    model.network.slow = 0.02
    w.set(size=4, stride=1)
    time.sleep(0.1)
    started = time.perf_counter()
    w._bar.stop.click()
    w.wait()
    assert time.perf_counter() - started < 0.5
    done, total = w.result.maps.done, w.result.maps.total
    assert 0 < done < total == 441 and w._runner.state == "stopped"
    w.set(top=3, left=3)  # is answered, and does not start the maps again
    assert w.error is None and w._runner.state == "stopped" and w.result.maps.done == done
    model.network.slow, passes = 0, model.network.passes
    w._bar.start.click()
    w.wait()
    assert w.result.maps.done == 441 and model.network.passes - passes < 441 - done + 10, "none is made twice"
    assert w._bar.stop.disabled and "441 of 441 places" in w._bar.text.value


def test_the_square_stays_in_the_picture(model):
    w = OcclusionSlider(model, PLACE, size=4, stride=8, top=20, left=20)
    w.size = 10
    assert (w.top, w.left, w.result.top, w.result.left) == (14, 14, 14, 14) and w.error is None
    assert w._controls["top"].max == 14
    w.top = None
    assert (w.result.top, w.left) == (7, 14)
    w.size = 24  # all of it
    w.wait()
    assert w.error is None and w.result.maps.total == 1 and (w.result.top, w.result.left) == (0, 0)


def test_a_wrong_question_raises_in_the_constructor(model):
    with pytest.raises(TargetError, match=r"there is no class 'be'. Did you mean 'bee'"):
        OcclusionSlider(model, PLACE, "be")
    with pytest.raises(InputError, match=r"square of 25 px does not fit: the picture has 24x24"):
        OcclusionSlider(model, PLACE, size=25)
    with pytest.raises(InputError, match=r"stride of 0 px goes nowhere"):
        OcclusionSlider(model, PLACE, stride=0)
    with pytest.raises(LayerError, match=r"planted has no layer 'conv9'"):
        OcclusionSlider(model, PLACE, layer="conv9")
    with pytest.raises(PictureError):
        OcclusionSlider(model, "no such picture")
    with pytest.raises(InputError, match=r"no pictures called 'scene'. Did you mean 'scenes'"):
        OcclusionSlider(model, data="scene")
    with pytest.raises(TypeError, match="no trait 'colour'"):
        OcclusionSlider(model, PLACE, colour=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 300},
        {"stride": 0},
        {"target": "no such"},
        {"layer": "no such"},
        {"channel": 3},
        {"top": -1},
        {"left": 24},
        {"picture": "nowhere.png"},
    ],
    ids=str,
)
def test_a_wrong_question_later_keeps_the_last_answer(model, wrong):
    w = OcclusionSlider(model, PLACE, size=8, stride=4)
    w.wait()
    good, said, before = w.result, w.words, {name: getattr(w, name) for name in wrong}
    w.set(**wrong)
    assert w.error is not None and w.result is good and w.words == said
    assert w._status.layout.display == "" and 'role="alert"' in w._status.value
    w.opacity = 0.5
    assert w.error is not None and w.result is good, "a new look is painted, and the mistake is still told"
    w.set(**before)
    w.set(top=2, left=2)
    assert w.error is None and w.result.top == 2 and w._status.layout.display == "none"


def test_a_layer_without_maps_and_a_net_without_any(world):
    w = OcclusionSlider(world, class_name="car", stride=40)
    w.layer = "fc7"
    assert isinstance(w.error, LayerError) and "has no place in the picture" in str(w.error)
    w.layer = "relu3"
    assert w.error is None and w.result.maps.layer == "relu3"
    linear = HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(192, 3)), (3, 8, 8), name="linear")
    w = OcclusionSlider(linear, PLACE)
    w.wait()
    assert w.error is None and w.result.maps.channel == -1 and w.result.maps.done == w.result.maps.total
    assert "no layer with maps" in w._panels.texts[ACTIVATION].value
    assert w._controls["channel"].layout.display == "none"


def test_a_network_that_its_picture_does_not_fit():
    def tiny(image):
        return torch.zeros(3, 4, 4)

    network = nn.Sequential(nn.Conv2d(3, 2, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    small = HookedModel(network, (3, 12, 12), transform=tiny, name="small")
    with pytest.raises(InputError, match=r"small cannot run on a picture of 4x4 pixels.*opened for 12x12"):
        OcclusionSlider(small, PLACE)


def test_the_true_class_is_looked_at_where_it_is_known(world):
    w = OcclusionSlider(world, class_name="dalmatian", number=1, stride=28)
    w.wait()
    assert w.data == "objects" and w.result.truth == w.result.target == world.class_index("dalmatian")
    assert w._controls["target"].options[0][0] == "the true class: dalmatian"
    assert (w.result.maps.size, w.result.maps.stride) == (28, 28) and "P(dalmatian)" in w._panels.heads[
        2
    ].value
    get = w._controls
    get["target"].value = world.class_index("bus")
    assert w.target == world.class_index("bus") and "probability of bus" in w.words
    get["target"].value = -1
    assert w.target is None
    get["class_name"].value = "car"
    assert (w.class_name, w.number, w.result.truth) == ("car", 0, world.class_index("car"))
    get.another.click()
    assert w.number == 1
    get["size"].value, get["fill"].value, get["top"].value = 40, "black", 11
    assert (w.error, w.size, w.fill, w.top, w.result.top) == (None, 40, "black", 11, 11)
    get["layer"].value = "relu3"
    get["channel"].value = 7
    assert (w.layer, w.channel, w.result.maps.channel) == ("relu3", 7, 7)
    get["layer"].value = "relu4"
    assert w.channel is None and w.error is None
    get["data"].value = "photos"
    assert w.data == "photos" and "sees cat" in w.words and w.result.truth is None
    assert w._controls["target"].options[0][0].startswith("the top class: ")
    w._chooser.list.value = "rocket"
    assert w.picture == "rocket" and w.error is None


def test_your_own_labelled_pictures(world):
    w = OcclusionSlider(world, dataset=Objects("val", 30, size=96), stride=40)
    assert w.data == "yours" and w.result.truth == world.class_index("dalmatian")


def test_numbers_under_the_pointer_and_in_words(model):
    w = OcclusionSlider(model, PLACE, size=8, stride=4)
    w.wait()
    w._point(12, 12)
    assert "square centred at row 11.5, column 11.5: P(&lt;b&gt;ant" in w._pointer.value
    assert "= 0.000, most probable bee (1.000), total activation " in w._pointer.value
    w._point(0, 0)
    assert "centre does not come here" in w._pointer.value
    bars = w._panels.texts[PICTURE].value
    assert "1.00 → 0.00" in bars and "uncovered" in bars and "<b>ant" not in bars
    assert "moves the probability of <b>ant</b> from 1.00 to 0.00; most probable is then bee" in w.words
    assert "it is lowest, 0.00, with the square's centre at row 11.5, column 11.5" in w.words
    assert "<b>ant" not in w._description.value


def test_state_and_snapshot(model):
    w = OcclusionSlider(model, "cat", 1, size=6)
    told = json.loads(json.dumps(w.state))
    assert (told["picture"], told["target"], told["size"], told["stride"]) == ("cat", 1, 6, None)
    picture = Image.open(io.BytesIO(w.snapshot()))
    assert picture.format == "PNG" and picture.width > 4 * 288
