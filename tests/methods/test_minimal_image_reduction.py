"""The path by hand: steps to the pixel, a unit by hand, replay and undo byte for byte, broken logs."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviz_widgets import Channel, HookedModel, Neuron, open_model
from cnnviz_widgets.errors import CnnvizError, InputError, LayerError, PictureError, TargetError
from cnnviz_widgets.methods.reduction import Reduction
from cnnviz_widgets.methods.retouch import Retouch


class Reds(nn.Module):
    """Class 0 is the mean red of the left half of an 8x8 picture, class 1 minus that."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Identity()

    def forward(self, x):
        red = self.look(x)[:, 0, :, :4].mean((1, 2))
        return torch.stack([red, -red], 1)


RED = np.zeros((8, 8, 3), np.uint8)
RED[..., 0] = 255


@pytest.fixture
def model() -> HookedModel:
    return HookedModel(Reds(), (3, 8, 8), classes=("red", "not red"), name="reds")


def test_by_hand(model):
    start = Reduction.start(model, RED, keep=0.7)
    assert start.unit == 0 and start.responses == (1.0,) and start.limit == pytest.approx(0.7)
    one = start.then(Retouch.box(2, 0, 6, 4, "#000000"))  # 2 of 4 columns of the left half, 4 of 8 rows
    assert one.responses == pytest.approx((1.0, 0.75)) and not one.falls()
    two = one.then(Retouch.box(0, 6, 1, 8, "#330000"))  # two more pixels of 32, of 0.2 each
    assert two.responses[-1] == pytest.approx(0.75 - 2 * 0.8 / 32) and not two.falls()
    three = two.then(Retouch.brush([(0.5, 4.5)], 1, "grey"))
    assert three.responses[-1] == pytest.approx(0.7 - 1 / 32) and three.falls() and not three.falls(2)
    assert [each["falls"] for each in three.path] == [False, False, True]
    assert three.changed() == (16 + 2 + 1) / 64
    assert (start.steps, len(one.steps)) == ((), 1), "earlier paths stay as they were"


def test_of_a_response_below_zero_the_limit_is_lower_still(model):
    start = Reduction.start(model, RED, "not red", keep=0.9)
    assert start.responses == (-1.0,) and start.limit == pytest.approx(-1.1)
    assert not start.then(Retouch.box(0, 0, 2, 2, "#000000")).falls(), "it rose"


def test_channels_and_neurons_are_watched(model):
    assert Reduction.start(model, RED, Channel("look", 0)).responses == (1.0,)
    neuron = Reduction.start(model, RED, Neuron("look", 0, 3, 7))
    assert neuron.then(Retouch.box(7, 3, 8, 4, "#330000")).responses == pytest.approx((1.0, 0.2))
    assert neuron.then(Retouch.box(0, 0, 7, 8, "#330000")).responses == (1.0, 1.0)


def test_what_a_brush_covers():
    def covered(points, size, shape=(7, 9)):
        return Retouch.brush(points, size).mask(*shape)

    dot = covered([(4.5, 3.5)], 3)
    wanted = np.zeros((7, 9), bool)
    wanted[2:5, 4], wanted[3, 3:6], wanted[2:5, 3:6] = True, True, True
    assert np.array_equal(dot, wanted), "centres at most 1.5 away: the corners are 1.414 away"
    line = covered([(1.5, 3.5), (7.5, 3.5)], 1)
    assert line.sum() == 7 and line[3, 1:8].all()
    slow = np.zeros((7, 9), bool)
    points, size = [(-2.0, 1.0), (5.0, 6.0), (8.5, 0.5)], 2.6
    for row, column in np.ndindex(7, 9):
        for a, b in ((0, 1), (1, 2)):
            t = np.linspace(0, 1, 2001)[:, None]
            x, y = ((1 - t) * np.array(points[a]) + t * np.array(points[b])).T
            slow[row, column] |= (np.hypot(column + 0.5 - x, row + 0.5 - y) <= size / 2).any()
    assert np.array_equal(covered(points, size), slow)
    assert covered([(4.2, 3.9)], 0.1).sum() >= 1, "the finest brush covers the pixel under it"
    assert not covered([(-50, -50), (-40, -60)], 5).any(), "outside there is nothing to paint"
    assert covered([(3, 3)], 1e6).all()


def test_what_boxes_and_segments_cover():
    box = Retouch.box(6.4, 5, 2, 1.2)
    assert box.place == (2, 1, 6, 5) and box.mask(8, 8)[1:5, 2:6].all() and box.mask(8, 8).sum() == 16
    assert Retouch.box(-3, -3, 2, 2).mask(8, 8).sum() == 4
    rng = np.random.default_rng(0)
    for share in (0, 0.3, 1):
        mask = rng.random((6, 5)) < share
        assert np.array_equal(Retouch.segment(mask).mask(6, 5), mask)
    with pytest.raises(InputError, match="of a picture of 30 pixels, and this one is 8x8"):
        Retouch.segment(mask).mask(8, 8)


@pytest.mark.parametrize(
    ("tool", "place"),
    [
        *[("brush", each) for each in ((3.0, 1.0), (3.0, 1.0, 2.0, 3.0), (0.0, 1.0, 2.0), (3.0, True, 2.0))],
        *[("box", each) for each in ((2, 1, 2, 5), (2, 1, 6, 1), (2, 1, 6), (2, 1, 6, float("nan")))],
        *[("segment", each) for each in ((), (3, -1), (3, 1.5))],
    ],
)
def test_a_place_that_is_none_is_told(tool, place):
    with pytest.raises(InputError):
        Retouch(tool, place, "grey")


def test_undo_gives_the_bytes_back(model):
    path = Reduction.start(model, RED)
    before = [path]
    for fill in ("grey", "mean", "blur", "smooth", "#12ab34"):
        path = path.then(Retouch.brush([(2, 2), (5, 6)], 3, fill))
        before.append(path)
    for wanted in reversed(before[:-1]):
        path = path.undo()
        assert path.pictures[-1].tobytes() == wanted.pictures[-1].tobytes()
        assert path.responses == wanted.responses and path.steps == wanted.steps
    assert path.undo().steps == () and np.array_equal(path.pictures[0], RED)
    assert before[-1].back(2).steps == before[2].steps
    with pytest.raises(InputError, match="5 steps; there is no step 6"):
        before[-1].back(6)
    with pytest.raises(ValueError, match="read-only"):
        before[-1].pictures[-1][0] = 0


strokes = st.lists(st.tuples(st.floats(-5, 120), st.floats(-5, 120)), min_size=1, max_size=6)
fills = st.sampled_from(["grey", "mean", "blur", "smooth", "#00ff7F"])
retouches = st.one_of(
    st.builds(Retouch.brush, strokes, st.floats(0.5, 40), fills),
    st.builds(lambda a, b, fill: Retouch.box(a, b, a + 30, b + 7, fill), *[st.integers(-9, 100)] * 2, fills),
    st.builds(
        lambda seed, fill: Retouch.segment(np.random.default_rng(seed).random((112, 112)) < 0.01, fill),
        st.integers(0, 9),
        fills,
    ),
)


@settings(max_examples=6, deadline=None)
@given(st.lists(retouches, max_size=4))
def test_replay_gives_the_same_pictures_and_responses(steps):
    scenes = open_model("mini-alexnet-scenes")
    path = Reduction.start(scenes, "cat", keep=0.8)
    for step in steps:
        path = path.then(step)
    again = Reduction.from_json(scenes, path.to_json())
    assert again.responses == path.responses and again.steps == path.steps
    assert [each.tobytes() for each in again.pictures] == [each.tobytes() for each in path.pictures]
    assert (again.unit, again.keep) == (path.unit, path.keep) and again.to_json() == path.to_json()
    assert json.loads(json.dumps(path.path)) == path.path, "plain values"


@pytest.mark.parametrize("unit", [1, Channel("look", 2), Neuron("look", 0, 3, 7)])
def test_the_unit_is_in_the_log(model, unit):
    assert Reduction.from_json(model, Reduction.start(model, RED, unit).to_json()).unit == unit


def broken(text: str, **changes) -> str:
    return json.dumps({**json.loads(text), **changes})


def test_a_broken_log_is_told(model):
    good = Reduction.start(model, RED).then(Retouch.box(0, 0, 2, 2)).to_json()
    step = json.loads(good)["steps"][0]
    for text, words in (
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "no path of a reduction"),
        ("[1, 2]", "no path of a reduction"),
        (broken(good, steps=None), "no list of steps"),
        (json.dumps({k: v for k, v in json.loads(good).items() if k != "picture"}), "no picture"),
        (broken(good, picture="!!"), "picture cannot be read"),
        (broken(good, picture="aGVsbG8="), "picture cannot be read"),
        (broken(good, picture=5), "picture is not a text"),
        (broken(good, keep=7), "from 0 to 1"),
        (broken(good, unit={"layer": "look"}), "no unit"),
        (broken(good, unit=[3]), "no unit"),
        (broken(good, unit={"layer": "lok", "channel": 0}), "Did you mean 'look'"),
        (broken(good, unit={"class": "blue"}), "no class 'blue'"),
        (broken(good, steps=[7]), "a step of a path has"),
        (broken(good, steps=[{**step, "tool": "laser"}]), "no tool 'laser'"),
        (broken(good, steps=[{**step, "place": "here"}]), "list of numbers"),
        (broken(good, steps=[{**step, "place": [1, 2]}]), "left, top, right, bottom"),
        (broken(good, steps=[{**step, "place": [1, 2, float("nan"), 4]}]), "list of numbers"),
        (broken(good, steps=[{**step, "place": [1, 2, 1e99, 4]}]), "list of numbers"),
        (broken(good, steps=[{**step, "fill": "red"}]), "no fill 'red'"),
        (broken(good, steps=[{**step, "fill": ["x"]}]), "no fill"),
        (broken(good, steps=[{"tool": "segment", "place": [3, -1], "fill": "grey"}]), "runs are whole"),
        (broken(good, steps=[{"tool": "segment", "place": [3, 1], "fill": "grey"}]), "another picture"),
        (broken(good, steps=[{"tool": "brush", "place": [3, 1], "fill": "grey"}]), "a brush needs"),
        (broken(good, steps=[{"tool": "brush", "place": [0, 1, 1], "fill": "grey"}]), "a brush needs"),
    ):
        with pytest.raises(CnnvizError, match=words):
            Reduction.from_json(model, text)
    larger = HookedModel(Reds(), (3, 16, 16), name="larger")
    with pytest.raises(InputError, match="8x8 pixels by reds; larger sees 16x16"):
        Reduction.from_json(larger, good)


def test_wrong_questions_are_told(model):
    for unit, error, words in (
        ("blue", TargetError, "no class 'blue'"),
        (2, TargetError, "no class 2"),
        (Channel("lok", 0), LayerError, "Did you mean 'look'"),
        (Channel("look", 3), TargetError, "no channel 3"),
        (Neuron("look", 0, 8, 0), TargetError, "no row 8"),
    ):
        with pytest.raises(error, match=words):
            Reduction.start(model, RED, unit)
    for keep in (-0.1, 1.1, True, "half"):
        with pytest.raises(InputError, match="share to keep goes from 0 to 1"):
            Reduction.start(model, RED, keep=keep)
    with pytest.raises(PictureError):
        Reduction.start(model, "no such picture")
