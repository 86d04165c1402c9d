"""The outdoor scenes: each shows what it is called after, at every size, in every light."""

from functools import cache

import numpy as np
import pytest

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.region import Light
from cnnviz_widgets.data.miniworld.scenes import (
    cemetery,
    fields,
    harbor,
    nature,
    outdoor_light,
    soccer,
    street,
    waterfalls,
)
from cnnviz_widgets.data.miniworld.scenes.landscape import Stage, View, ridge
from cnnviz_widgets.data.miniworld.scenes.soccer import Pitch, _clipped
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS, INDEX, SCENES

PAINTERS = {
    **street.PAINTERS,
    **harbor.PAINTERS,
    **nature.PAINTERS,
    **waterfalls.PAINTERS,
    **cemetery.PAINTERS,
    **soccer.PAINTERS,
    **fields.PAINTERS,
}
DECISIVE = {  # of each line at least one must be seen, on this share of the picture or more
    "street": [(0.01, "road"), (0.02, "building", "house")],
    "harbor": [(0.02, "sea"), (0.01, "boat"), (0.005, "pier", "lighthouse", "building", "house")],
    "mountain": [(0.04, "mountain")],
    "desert": [(0.04, "sand"), (0.02, "cactus", "rock")],
    "waterfall": [(0.03, "waterfall"), (0.02, "river"), (0.03, "mountain")],
    "cemetery": [(0.04, "gravestone", "cross")],
    "soccer field": [(0.01, "goal"), (0.2, "grass", "ground", "snow")],
    "windmill": [(0.02, "windmill")],
}
EVERY = pytest.mark.parametrize("scene", DECISIVE)


def drawn(scene: str, number: int, size: int = 64) -> Canvas:
    return PAINTERS[scene](Chance("test", scene, number), size)


@cache
def objects(scene: str, number: int) -> np.ndarray:
    """The labels of a picture at the level object, (64, 64)."""
    return drawn(scene, number).maps()["object"][0]


def test_there_are_the_first_eight_scenes():
    assert tuple(DECISIVE) == SCENES[:8]
    assert set(PAINTERS) == set(SCENES[:8])


@EVERY
@pytest.mark.parametrize("size", [64, 112, 256])
def test_is_drawn_at_every_size(scene, size):
    picture = drawn(scene, 0, size).picture()
    assert picture.shape == (size, size, 3) and picture.dtype == np.uint8
    assert picture.std() > 10


@EVERY
def test_the_same_numbers_give_the_same_picture(scene):
    one, other = drawn(scene, 3), drawn(scene, 3)
    np.testing.assert_array_equal(one.picture(), other.picture())
    for level, labels in one.maps().items():
        np.testing.assert_array_equal(labels, other.maps()[level])
    assert (drawn(scene, 4).picture() != one.picture()).mean() > 0.5


@EVERY
def test_a_larger_picture_shows_the_same(scene):
    small, large = (drawn(scene, 5, size).maps()["object"][0] for size in (64, 128))
    assert (small == large[::2, ::2]).mean() > 0.9


@EVERY
def test_every_pixel_shows_some_object(scene):
    for number in range(20):
        assert (objects(scene, number) > 0).all(), number


@EVERY
def test_what_makes_the_scene_is_always_seen(scene):
    for number in range(20):
        labels = objects(scene, number)
        for least, *names in DECISIVE[scene]:
            share = np.isin(labels, [INDEX["object"][name] for name in names]).mean()
            assert share >= least, (number, names, share)


@pytest.mark.parametrize("seen", [street._along, street._across, street._corner, street._suburb])
def test_a_street_has_its_road_and_houses_from_everywhere(seen):
    fronts = [INDEX["object"][name] for name in ("building", "house")]
    for number in range(20):
        labels = seen(Chance("street", number), 64).maps()["object"]
        assert (labels == INDEX["object"]["road"]).mean() > 0.01, number
        assert np.isin(labels, fronts).mean() > 0.01, number  # a bus may hide most of a house


@EVERY
def test_light_and_horizon_vary(scene):
    bright, sky, seen = [], [], set()
    for number in range(20):
        labels = objects(scene, number)
        bright.append(drawn(scene, number).picture().mean())
        sky.append((labels == INDEX["object"]["sky"]).mean())
        seen |= set(np.unique(labels))
    assert max(bright) > 1.8 * min(bright)
    assert max(sky) - min(sky) > 0.25
    assert len(seen) >= 12


def test_no_ground_gives_a_scene_away():
    """The lower edges of different scenes show the same stuff."""
    below = {scene: set() for scene in ("mountain", "cemetery", "soccer field", "windmill")}
    for scene, seen in below.items():
        for number in range(20):
            labels = objects(scene, number)[-3:]
            seen |= {CONCEPTS["object"][index] for index in np.unique(labels)}
    for scene, seen in below.items():
        assert {"grass", "snow", "ground"} <= seen, scene


@pytest.mark.parametrize("name", outdoor_light.HOURS)
def test_hours_are_as_bright_as_they_are_called(name):
    hours = (outdoor_light.draw_hour(Chance("hours", k)) for k in range(400))
    hour = next(each for each in hours if each.name == name)
    assert hour.light.night == (name == "night")
    assert (sum(hour.light.tint) < 2.0) == (name in ("night",))
    canvas = Canvas(64, Chance("sky"), hour.light)
    outdoor_light.paint_sky(canvas, Chance("sky", name), hour, 0.4)
    picture = canvas.picture()
    assert (picture[:25].mean() < 90) == (name == "night")
    colors = set(np.unique(canvas.maps()["color"][0, 45:]))
    assert colors <= {INDEX["color"][hue] for hue, _ in (hour.low, hour.cloud)}


def test_haze_grows_with_distance_and_most_in_fog():
    hours = {each.name: each for each in (outdoor_light.draw_hour(Chance("hours", k)) for k in range(400))}
    assert hours["day"].haze(0.0) == 0.0
    assert hours["day"].haze(1.0) == pytest.approx(0.55)
    assert hours["fog"].haze(0.25) == pytest.approx(0.33)
    assert hours["fog"].haze(1.0) == 0.85


def test_a_view_foreshortens_as_a_camera_does():
    view = View(0.5, 2.0, 0.5)
    assert view.at(0.0, 1e9) == pytest.approx((0.5, 0.5))
    assert view.at(1.0, 4.0) == pytest.approx((0.75, 0.0))  # 2 m below the eye and 4 m ahead: 0.5 down
    assert view.at(1.0, 4.0, up=2.0) == pytest.approx((0.75, 0.5))
    assert view.size(0.0, 2.0) == pytest.approx(0.5)  # as tall as the eye is high: up to the horizon
    assert view.size(0.25, 2.0) == pytest.approx(0.25)


def test_a_stage_draws_far_things_first_and_keeps_things_out_of_the_water():
    chance, hour = Chance("stage"), outdoor_light.draw_hour(Chance("stage"))
    stage = Stage(Canvas(64, chance, Light()), View(0.5, 2.0), hour, chance)
    order = []
    for y in (0.1, 0.4, 0.2):
        stage.later(y, lambda y=y: order.append(y))
    stage.flood(lambda x, y: x < 0.5)
    assert not stage.dry(0.2, 0.1) and stage.dry(0.8, 0.1)
    for name in ("person", "boat"):
        stage.put(name, 0.2, 0.1, 1.75)
    stage.put("person", 0.8, 0.1, 1.75)
    stage.draw()
    assert order == [0.4, 0.2, 0.1]
    assert sorted(each.name for each in stage.canvas.instances()) == ["boat", "person"]


def test_a_ridge_begins_and_ends_where_it_was_told():
    line = ridge(Chance("ridge"), 0.3, 0.6, 0.1)
    assert len(line) == 17
    assert line[0] == pytest.approx((-0.02, 0.3)) and line[-1] == pytest.approx((1.02, 0.6))


def test_a_pitch_lies_where_its_goal_stands():
    view = View(0.5, 2.0)
    straight = Pitch(view, (1.0, 20.0), 0.0, 1.0)
    assert straight.ground(0, 0) == pytest.approx((1.0, 20.0))
    assert straight.ground(3, 11) == pytest.approx((4.0, 9.0))  # the penalty spot is nearer to us
    aside = Pitch(view, (0.0, 20.0), 90.0, 0.5)
    assert aside.ground(0, 10) == pytest.approx((-5.0, 20.0))


def test_lines_of_a_pitch_end_before_the_viewer():
    pitch = Pitch(View(0.5, 2.0), (0.0, 20.0), 0.0, 1.0)
    (piece,) = _clipped(pitch, [(0, 0), (10, 40)])  # from 20 m ahead to 20 m behind, 10 m aside
    assert piece == [pytest.approx((0.0, 20.0)), pytest.approx((4.775, 0.9))]
    assert _clipped(pitch, [(0, 30), (0, 40)]) == []
