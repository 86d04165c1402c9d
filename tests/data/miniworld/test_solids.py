"""Boxes and prisms: which sides are seen, where, and how bright."""

import numpy as np
import pytest

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint
from cnnviz_widgets.data.miniworld.region import Light
from cnnviz_widgets.data.miniworld.solids import Solids
from cnnviz_widgets.data.miniworld.vocabulary import INDEX

GREY = Paint("grey", "grey", "stone", "", (150.0,) * 3, (150.0,) * 3, "plain", 1.0)
DOOR = Paint("red", "red", "wood", "", (150.0, 0.0, 0.0), (150.0, 0.0, 0.0), "plain", 1.0)


def drawn_box(yaw: float, pitch: float, on: str | None = None, depth: float = 0.0) -> Canvas:
    canvas = Canvas(64, Chance("solid"), Light(side=-1))
    solids = Solids(canvas.thing("house", 0.5, 0.3, 0.5), yaw, pitch, depth)
    faces = solids.box(-0.5, 0, -0.5, 0.5, 1, 0.5, GREY, "wall")
    if on:
        faces[on].rect(0.25, 0.25, 0.75, 0.75, DOOR, "door")
    solids.draw()
    return canvas


def shown(canvas: Canvas, part: str) -> np.ndarray:
    return canvas.maps()["part"][0] == INDEX["part"][part]


def test_seen_from_the_front_a_cube_is_a_square():
    wall = shown(drawn_box(0, 0), "wall")
    rows, columns = np.nonzero(wall)
    assert (columns.min(), columns.max()) in {(16, 47), (16, 48)}
    assert rows.max() - rows.min() in (31, 32)
    assert wall.sum() in range(1024, 1090)


@pytest.mark.parametrize(
    ("yaw", "pitch", "seen"),
    [
        (40, 20, {"front", "left", "top"}),
        (-40, 20, {"front", "right", "top"}),
        (40, -20, {"front", "left", "bottom"}),
        (140, 20, {"back", "left", "top"}),
        (0, 0, {"front"}),
    ],
)
def test_the_sides_that_face_us_are_seen_and_no_others(yaw, pitch, seen):
    sides = {"front", "back", "left", "right", "top", "bottom"}
    assert {side for side in sides if shown(drawn_box(yaw, pitch, side), "door").any()} == seen


def test_a_door_lies_in_the_middle_of_its_side():
    canvas = drawn_box(0, 0, "front")
    rows, columns = np.nonzero(shown(canvas, "door"))
    assert columns.mean() == pytest.approx(32, abs=1) and rows.mean() == pytest.approx(64 - 0.55 * 64, abs=1)
    assert columns.max() - columns.min() == pytest.approx(16, abs=1)


def test_near_boxes_cover_far_ones_in_whatever_order_they_come():
    for order in ((-1.0, 1.0), (1.0, -1.0)):
        canvas = Canvas(64, Chance("order"), Light())
        solids = Solids(canvas.thing("house", 0.5, 0.2, 0.5), 0, 0)
        for z in order:
            solids.box(-0.5, 0, z, 0.5, 1, z + 0.2, DOOR if z < 0 else GREY, "door" if z < 0 else "wall")
        solids.draw()
        assert shown(canvas, "door").sum() > 900
        assert shown(canvas, "wall").sum() < 80


def test_far_things_are_smaller_by_the_rule():
    """At strength 0.5, a thing 2 units behind is seen 1 / (1 + 0.5 * 2) = half as large."""
    canvas = Canvas(64, Chance("far"), Light())
    solids = Solids(canvas.thing("house", 0.5, 0.5, 1.0), 0, 0, depth=0.5)
    assert solids.seen(0.4, 0.2, 2.0) == pytest.approx((0.2, 0.1))


def test_a_point_is_turned_to_the_right_and_tipped_as_looking_down_does():
    solids = Solids(Canvas(64, Chance("turn"), Light()).thing("house", 0, 0, 1), 90, 0, depth=0)
    assert solids.seen(0.0, 0.3, -1.0) == pytest.approx((1.0, 0.3))  # the front is now on the right
    above = Solids(Canvas(64, Chance("turn"), Light()).thing("house", 0, 0, 1), 0, 90, depth=0)
    assert above.seen(0.2, 5.0, 0.7) == pytest.approx((0.2, 0.7))  # a map: height is lost, far is up


def test_the_side_towards_the_light_is_brighter():
    picture = drawn_box(45, 0).picture().astype(float)[..., 0]
    wall = shown(drawn_box(45, 0), "wall")
    columns = np.nonzero(wall.any(axis=0))[0]
    left, right = picture[34:44, columns[3:8]].mean(), picture[34:44, columns[-8:-3]].mean()
    assert left > right + 15


def test_a_roof_has_its_slopes_where_the_edges_are():
    canvas = Canvas(64, Chance("roof"), Light())
    solids = Solids(canvas.thing("house", 0.5, 0.3, 0.5), 40, 15)
    tiles = Paint("brown", "brown", "tile", "", (100.0, 60.0, 30.0), (100.0, 60.0, 30.0), "plain", 1.0)
    solids.prism(
        [(-0.5, 0), (0.5, 0), (0, 0.5)], -0.5, 0.5, GREY, "wall", sides=[None, tiles, tiles], side_part="roof"
    )
    solids.draw()
    roof, gable = shown(canvas, "roof"), shown(canvas, "wall")
    assert roof.sum() > 150 and gable.sum() > 150
    # Turned to show its left side, the left slope lies left of the gable.
    assert np.nonzero(roof)[1].mean() < np.nonzero(gable)[1].mean() - 5


def test_a_plate_is_seen_from_both_sides():
    for yaw in (0, 180):
        canvas = Canvas(64, Chance("plate"), Light())
        solids = Solids(canvas.thing("sign", 0.5, 0.3, 0.5), yaw, 0)
        solids.plate([(-0.5, 0, 0), (0.5, 0, 0), (0.5, 1, 0), (-0.5, 1, 0)], GREY, "wall")
        solids.draw()
        assert shown(canvas, "wall").sum() > 900


def test_a_mirrored_box_is_lit_from_the_same_side_of_the_picture():
    canvas = Canvas(64, Chance("mirror"), Light(side=-1))
    solids = Solids(canvas.thing("house", 0.5, 0.3, 0.5, flip=True), 45, 0, 0.0)
    solids.box(-0.5, 0, -0.5, 0.5, 1, 0.5, GREY, "wall")
    solids.draw()
    picture, columns = (
        canvas.picture().astype(float)[..., 0],
        np.nonzero(shown(canvas, "wall").any(axis=0))[0],
    )
    assert picture[34:44, columns[3:8]].mean() > picture[34:44, columns[-8:-3]].mean() + 15
