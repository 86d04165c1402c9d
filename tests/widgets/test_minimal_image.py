"""MinimalImageStepper: strokes, buttons, files and searches to paths and pictures, with no browser."""

import datetime
import io
import json
import re
import time
import xml.etree.ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, Scenes, open_model
from cnnviz_widgets.errors import InputError, LayerError, PictureError, TargetError
from cnnviz_widgets.methods.image_segments import object_segments
from cnnviz_widgets.methods.minimal_image import minimal_image
from cnnviz_widgets.methods.retouch import Retouch
from cnnviz_widgets.widgets._minimal_curve import curve_svg
from cnnviz_widgets.widgets._minimal_panels import chosen_steps
from cnnviz_widgets.widgets.minimal_image import MinimalImageStepper


class Reds(nn.Module):
    """Class 0 is the mean red of the left half of a 16x16 picture, class 1 minus that."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Identity()
        self.passes = 0

    def forward(self, x):
        self.passes += 1
        red = self.look(x)[:, 0, :, :8].mean((1, 2))
        return torch.stack([red, -red], 1)


RED = np.zeros((16, 16, 3), np.uint8)
RED[..., 0] = 255
ZOOM = 28  # screen pixels of a picture's pixel: 448 / 16


@pytest.fixture
def model() -> HookedModel:
    return HookedModel(Reds(), (3, 16, 16), classes=("<b>red</b>", "not red"), name="reds")


@pytest.fixture
def stepper(model):
    def make(**more) -> MinimalImageStepper:
        return MinimalImageStepper(model, RED, count=4, **more)

    return make


@pytest.fixture(scope="module")
def scenes() -> HookedModel:
    return open_model("mini-alexnet-scenes")


def drag(w: MinimalImageStepper, *points) -> None:
    """Draw through points, in pixels of the picture."""
    first, *rest = [(x * ZOOM, y * ZOOM) for x, y in points]
    w._canvas.press(*first)
    for point in rest:
        w._canvas.move(*point)
    w._canvas.release(*(rest or [first])[-1])


def uploaded(text: str) -> dict:
    """Make what the browser sends for a file."""
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    facts = {"name": "reduction.json", "type": "application/json", "size": len(text), "last_modified": when}
    return {**facts, "content": memoryview(text.encode())}


def on_screen(w: MinimalImageStepper) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(w._canvas.surface.picture)).convert("RGB"))


def test_a_stroke_is_a_step(stepper):
    w = stepper(size=2)
    assert w.result.reduction.responses == (1.0,) and w.path == []
    drag(w, (2, 4), (2, 8), (2, 12))
    (step,) = w.path
    assert (step["tool"], step["fill"], step["place"]) == (
        "brush",
        "grey",
        [2.0, 2.0, 4.0, 2.0, 8.0, 2.0, 12.0],
    )
    assert step["response"] == w.result.reduction.responses[1] < 1
    wanted = Retouch.brush([(2, 4), (2, 8), (2, 12)], 2).apply(RED, (0, 0, 0))
    assert np.array_equal(w.result.reduction.pictures[1], wanted)
    assert np.array_equal(on_screen(w), np.repeat(np.repeat(wanted, ZOOM, 0), ZOOM, 1))
    assert w.error is None and "Step 1 of 1" in w.words
    assert json.loads(json.dumps(w.state))["size"] == 2


def test_boxes_and_segments_and_colours(stepper):
    w = stepper(tool="box", ink="color", color="#00ff00")
    drag(w, (4, 2), (6, 3), (1, 7))
    assert w.path[0]["place"] == [1, 2, 4, 7]
    assert (w.result.reduction.pictures[1][2:7, 1:4] == (0, 255, 0)).all()
    drag(w, (5, 5))
    drag(w, (5, 5), (5, 9))
    assert len(w.path) == 1, "a click is no box, and neither is a line"
    w.set(tool="segment", ink="mean")
    drag(w, (12, 12))
    there = w.result.segments.mask(int(w.result.segments.labels[12, 12]))
    assert np.array_equal(Retouch.from_dict(w.path[1]).mask(16, 16), there)
    assert w.segment == w.result.segments.labels[12, 12]
    w.segment = 0
    w._controls.replace.click()
    assert len(w.path) == 3 and np.array_equal(
        Retouch.from_dict(w.path[2]).mask(16, 16), w.result.segments.mask(0)
    ), "the keyboard reaches segments"


def test_the_response_follows_while_the_pointer_is_down(stepper, model):
    w = stepper(size=4)
    model.network.passes = 0
    w._canvas.press(2 * ZOOM, 2 * ZOOM)
    time.sleep(0.06)
    w._canvas.move(2 * ZOOM, 9 * ZOOM)
    assert model.network.passes == 1 and "; 1 at first" in w._panels.bar.value
    assert not w._panels.bar.value.startswith("1; ") and w.path == []
    for k in range(50):
        w._canvas.move(2 * ZOOM, (9 + k / 20) * ZOOM)
    assert model.network.passes < 8, "it is not asked at every event"
    w._canvas.release()
    assert len(w.path) == 1


def test_undo_redo_reset_and_the_slider(stepper):
    w = stepper(size=3)
    for y in (2, 6, 10):
        drag(w, (3, y), (5, y))
    pictures = w.result.reduction.pictures
    assert not w._controls.undo.disabled and w._controls.redo.disabled
    w._controls.undo.click()
    assert len(w.path) == 2 and on_screen(w).tobytes() == _large(pictures[2]).tobytes()
    w._controls.redo.click()
    assert [each.tobytes() for each in w.result.reduction.pictures] == [each.tobytes() for each in pictures]
    w._controls.reset.click()
    assert w.path == [] and on_screen(w).tobytes() == _large(RED).tobytes()
    for _ in range(3):
        w._controls.redo.click()
    assert len(w.path) == 3
    w._slider.value = 1
    assert w.step == 1 and on_screen(w).tobytes() == _large(pictures[1]).tobytes() and len(w.path) == 3
    w._slider.value = 3
    assert w.step == -1, "the newest, also when there are more"
    w._panels._click(w._panels._sheet.lefts[2] + 5, w._panels._sheet.tops[0] + 5)
    assert w.step == 2
    drag(w, (12, 12))
    assert len(w.path) == 3 and w.step == -1 and w._controls.redo.disabled
    assert np.array_equal(w.result.reduction.pictures[2], pictures[2]), "from step 2 on it is another path"


def _large(picture: np.ndarray) -> np.ndarray:
    return np.repeat(np.repeat(picture, ZOOM, 0), ZOOM, 1)


def test_what_falls_is_marked_or_refused(stepper):
    w = stepper(size=8, keep=0.9)
    drag(w, (4, 4))
    assert w.path[0]["falls"] and "response is too low" in w.words and "Below the line" in w._panels.bar.value
    w.keep = 0.5
    assert not w.path[0]["falls"] and "too low" not in w.words
    w.set(refuse=True, keep=0.8)
    drag(w, (4, 12))
    assert len(w.path) == 1 and "Refused" in w._panels.text.value
    assert on_screen(w).tobytes() == _large(w.result.reduction.pictures[1]).tobytes(), "the stroke is gone"
    drag(w, (13, 12))
    assert len(w.path) == 2 and "Refused" not in w._panels.text.value, "at the right nothing is looked at"


def test_a_path_is_saved_and_replayed(stepper, model):
    w = stepper(size=3, keep=0.6)
    for x in (2, 6, 13):
        drag(w, (x, 3), (x, 9))
    w._controls.save.click()
    assert "3 steps" in w._controls.link.value and "base64," in w._controls.link.value
    other = MinimalImageStepper(model, "cat", "not red")
    other._controls.load.value = (uploaded(w.to_json()),)
    assert other.error is None and other.path == w.path and other.keep == 0.6
    assert other.target == 0 and other.result.reduction.responses == w.result.reduction.responses
    assert on_screen(other).tobytes() == on_screen(w).tobytes()
    other.step = 1
    assert on_screen(other).tobytes() == _large(w.result.reduction.pictures[1]).tobytes()
    before = on_screen(other)
    other._controls.load.value = (uploaded("{}"),)
    assert isinstance(other.error, InputError) and "no path of a reduction" in other._status.value
    assert np.array_equal(on_screen(other), before)
    other.undo()
    assert other.error is None and len(other.path) == 2


def test_another_unit_walks_the_same_path(stepper):
    w = stepper(size=4)
    drag(w, (4, 4))
    w.set(subject="neuron", layer="look", channel=0, row=4, column=4)
    assert w.error is None and w.result.reduction.responses == (1.0, 0.0) and len(w.path) == 1
    w.subject = "channel"
    assert w.result.reduction.responses[0] == 1.0 > w.result.reduction.responses[1] > 0.9
    w.channel = 9
    assert isinstance(w.error, TargetError) and w.result.reduction.unit.channel == 0
    w.set(channel=1, layer="lok")
    assert isinstance(w.error, LayerError)
    w.set(layer="look")
    assert w.error is None and w.result.reduction.responses == (0.0, 0.0)


def test_the_search_is_the_methods(scenes):
    w = MinimalImageStepper(scenes, class_name="bedroom", mode="auto")
    assert w.data == "scenes" and w.method == "objects" and w.error is None
    wanted = minimal_image(scenes, w.result.seen, w.result.segments)
    w._once.click()
    assert w.result.minimal.order == wanted.order[:1] and w.step == -1
    w.run()
    w.wait()
    assert w.error is None and w.result.minimal.order == wanted.order
    assert w.result.minimal.scores == wanted.scores
    assert w._shown.step == wanted.minimal and np.array_equal(w._shown.picture, wanted.picture)
    assert "Left: bed." in w.words and w._bar.start.disabled
    w.step = 0
    assert "8 of 8 segments are left" in w.words
    w._slider.value = len(wanted.steps) - 1
    assert w.step == -1 or "it is taken for" in w.words
    w._over.click()
    assert len(w.result.minimal.steps) == 1 and not w._bar.start.disabled
    w.mode = "hand"
    w.mode = "auto"
    assert len(w.result.minimal.steps) == 1


def test_a_search_stops_and_goes_on(scenes):
    w = MinimalImageStepper(scenes, class_name="bedroom", method="slic", count=60, mode="auto")
    w.run()
    deadline = time.monotonic() + 30
    while len(w.result.minimal.steps) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    w._bar.stop.click()
    w.wait()
    n = len(w.result.minimal.steps)
    assert 3 <= n < len(w.result.segments) and w._runner.state == "stopped"
    order = w.result.minimal.order
    w._once.click()
    assert w.result.minimal.order[:-1] == order
    w.number = 1  # another picture ends whatever goes on
    assert len(w.result.minimal.steps) == 1 and w.error is None


def test_the_films_last_step_can_be_looked_at(scenes):
    w = MinimalImageStepper(scenes, class_name="bedroom", mode="auto")
    w.run()
    w.wait()
    last = len(w.result.minimal.steps) - 1
    w.step = last
    assert w._shown.step == last and "without the bed it is taken for living room" in w.words


def test_true_objects_are_those_of_the_picture_on_show(scenes):
    w = MinimalImageStepper(scenes, class_name="harbor", number=2)
    wanted = object_segments(Scenes("test")[2 * 12 + 1], (112, 112))
    assert sorted(w.result.segments.names) == sorted(wanted.names)
    w.step = 0
    w.data = "photos"
    assert w.step == -1, "another picture has a path of its own"
    assert w.error is None and w.method == "slic" and "objects" not in dict(w._controls["method"].options)


def test_wrong_questions(model, stepper, scenes):
    with pytest.raises(PictureError):
        MinimalImageStepper(model, "no such file.jpg")
    with pytest.raises(TargetError, match="no class 'blue'"):
        MinimalImageStepper(model, RED, "blue")
    with pytest.raises(InputError, match="no segmentation 'slik'"):
        stepper(method="slik")
    with pytest.raises(TargetError, match="takes the whole picture for '<b>red</b>', not for 'not red'"):
        stepper(target="not red", mode="auto")
    w = stepper()
    good = on_screen(w)
    w.set(mode="auto", target="not red")
    assert isinstance(w.error, TargetError) and "&lt;b&gt;red&lt;/b&gt;" in w._status.value
    assert np.array_equal(on_screen(w), good)
    w.target = None
    assert w.error is None
    w.count = 1
    assert isinstance(w.error, InputError) and "one segment only" in str(w.error)
    w.set(count=4, mode="hand", data="street")
    assert isinstance(w.error, InputError)
    w.data = "photos"
    w.ink = "color"
    with pytest.raises(InputError, match="'reddish' is no colour"):
        w.color = "reddish"
    w._controls["color"].value = "orange"
    drag(w, (3, 3))
    assert w.error is None and w.path[0]["fill"] == "#ffa500"
    with pytest.raises(InputError, match="is not JSON"):
        w.load("{")


def test_text_from_classes_is_escaped(stepper):
    w = stepper()
    drag(w, (3, 3))
    for html in (w._panels.bar.value, w._panels.top.value, w._panels.curve.value, w._panels.text.value):
        assert "<b>red" not in html
    w.mode = "auto"
    w.take_away()
    for html in (w._panels.bar.value, w._panels.top.value, w._panels.curve.value, w._panels.text.value):
        assert "<b>red" not in html


def test_the_curve_is_svg_with_a_dot_for_each_step():
    for values in ([4.0], [3.0, -2.0, 0.5], [0.0, 0.0], [1.0, float("nan"), 2.0]):
        svg = curve_svg({"a < b": values, "limit": [0.9 * values[0]] * len(values)}, 0)
        root = xml.etree.ElementTree.fromstring(svg)
        assert len(root.findall("circle")) == np.isfinite(values).sum() and "a &lt; b" in svg
        heights = [float(each.get("cy")) for each in root.findall("circle")]
        assert all(0 < each < 170 for each in heights)
        at = {each.text: float(each.get("x")) for each in root.findall("text")}
        assert at["step"] > 8 + max(at[str(step)] for step in range(5)), "beside the numbers, not on one"
        finite = [each for each in values if np.isfinite(each)]
        assert np.array_equal(
            np.argsort(heights, kind="stable"), np.argsort(np.negative(finite), kind="stable")
        )


def test_the_film_keeps_the_step_on_show():
    assert chosen_steps(4, 2, 9) == [0, 1, 2, 3]
    for count in (10, 37):
        for here in range(count):
            steps = chosen_steps(count, here, 9)
            assert {0, here, count - 1} <= set(steps) and len(steps) <= 9 and steps == sorted(steps)


def test_snapshot_and_a_reload(stepper):
    w = stepper()
    drag(w, (3, 3))
    picture = np.asarray(Image.open(io.BytesIO(w.snapshot())))
    assert picture.shape[1] > 600 and len(np.unique(picture.reshape(-1, 3), axis=0)) > 2
    assert re.fullmatch(r"#[0-9a-f]{6}", w._canvas.ground)
    w._canvas.surface.redraw()
    w._canvas.move(5, 5)  # the pointer is up
    assert len(w.path) == 1
