"""Rooms and backdrops: what is in them, from where it is seen, and how much they differ."""

from collections.abc import Callable

import numpy as np
import pytest

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.pen import Pen
from cnnviz_widgets.data.miniworld.region import Light
from cnnviz_widgets.data.miniworld.scenes.backdrops import backdrop
from cnnviz_widgets.data.miniworld.scenes.indoor import PAINTERS
from cnnviz_widgets.data.miniworld.scenes.room import Camera, Room, Wall
from cnnviz_widgets.data.miniworld.scenes.stencil import alike
from cnnviz_widgets.data.miniworld.things import PAINTERS as THINGS
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS, INDEX, OBJECTS, SCENES

DRAWS = 20
SEEN = {  # scene: object, least share of the picture's pixels, least number of them
    "bedroom": (("bed", 0.06, 1),),
    "dining room": (("table", 0.008, 1), ("chair", 0.012, 3)),
    "living room": (("sofa", 0.045, 1),),
    "staircase": (("stairs", 0.06, 1),),
}
SHARED = ("chair", "cabinet", "desk lamp", "ceiling lamp", "painting", "rug", "plant", "person", "dog")
GROUNDS = {"floor", "table", "grass", "ground", "snow", "road", "sidewalk", "path", "sand", "pier"}


def _backdrop(chance: Chance, size: int) -> Canvas:
    return backdrop(chance, size)[0]


EVERYTHING: dict[str, Callable[[Chance, int], Canvas]] = {**PAINTERS, "backdrop": _backdrop}


def _objects(canvas: Canvas) -> np.ndarray:
    return canvas.maps()["object"][0]


def test_the_indoor_scenes_are_four_of_the_vocabulary() -> None:
    assert tuple(PAINTERS) == ("bedroom", "dining room", "living room", "staircase") == SCENES[-4:]


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.parametrize("size", [64, 112, 256])
def test_every_size_is_drawn_and_no_pixel_is_without_an_object(name: str, size: int) -> None:
    for k in range(4):
        canvas = EVERYTHING[name](Chance("test", name, k), size)
        assert canvas.picture().shape == (size, size, 3)
        assert np.all(_objects(canvas) > 0), f"draw {k}"


@pytest.mark.parametrize("name", EVERYTHING)
def test_the_same_key_gives_the_same_bytes_and_another_key_others(name: str) -> None:
    first, again, other = (EVERYTHING[name](Chance("test", name, k), 64) for k in (7, 7, 8))
    assert np.array_equal(first.picture(), again.picture())
    for level, labels in first.maps().items():
        assert np.array_equal(labels, again.maps()[level]), level
    assert not np.array_equal(_objects(first), _objects(other))


@pytest.mark.parametrize("name", SEEN)
def test_what_tells_a_room_is_clearly_seen_in_each_draw(name: str) -> None:
    for k in range(DRAWS):
        canvas = PAINTERS[name](Chance("test", name, k), 112)
        objects, instances = _objects(canvas), [each.name for each in canvas.instances()]
        for thing, share, number in SEEN[name]:
            assert np.mean(objects == INDEX["object"][thing]) >= share, f"draw {k}: {thing}"
            assert instances.count(thing) >= number, f"draw {k}: {thing}"


def test_what_tells_one_room_is_in_no_other() -> None:
    for name in PAINTERS:
        others = {"bed", "sofa", "stairs"} - {SEEN[name][0][0]}
        for k in range(DRAWS):
            seen = {each.name for each in PAINTERS[name](Chance("test", name, k), 64).instances()}
            assert not seen & others, f"{name}, draw {k}"


@pytest.mark.parametrize("name", PAINTERS)
def test_rooms_share_their_furniture(name: str) -> None:
    seen = {each.name for k in range(90) for each in PAINTERS[name](Chance("share", name, k), 64).instances()}
    assert not set(SHARED) - seen


@pytest.mark.parametrize("name", EVERYTHING)
def test_dark_and_bright_are_drawn(name: str) -> None:
    means = [EVERYTHING[name](Chance("light", name, k), 64).picture().mean() for k in range(60)]
    assert min(means) < 75
    assert max(means) > 140
    assert np.std(means) > 22


def test_an_object_stands_on_the_ground_of_its_backdrop() -> None:
    for k in range(60):
        canvas, ground = backdrop(Chance("ground", k), 112)
        assert 0 < ground < 0.4, f"draw {k}"
        row = 111 - int(ground * 112)
        below = {CONCEPTS["object"][i] for i in np.unique(_objects(canvas)[row, 50:62])}
        assert below & GROUNDS, f"draw {k}: {below}"


def test_no_class_of_objects_is_near_in_a_backdrop() -> None:
    # Far off there are trees and houses; a vase may hold flowers; a table is stood upon.
    apart = {"tree": 0.12, "house": 0.12, "flower": 0.03, "table": 1.0}
    for k in range(80):
        objects = _objects(backdrop(Chance("clutter", k), 64)[0])
        for name in set(OBJECTS) & set(CONCEPTS["object"]):
            share = np.mean(objects == INDEX["object"][name])
            assert share <= apart.get(name, 0.0), f"draw {k}: {name}"


# ------------------------------------------------------------------------------------------------ the room


def _empty(yaw: float = 0.0, size: int = 100) -> Room:
    """A room 4 m wide, 4 m deep and 3 m high, seen from 1.5 m in its middle; 1 m takes half at 2 m."""
    canvas = Canvas(size, Chance("room"), Light())
    room = Room(canvas, Camera(eye=1.5, horizon=0.5, zoom=1.0, yaw=yaw), 2.0, 2.0, 4.0, 3.0)
    paint = mix(Chance("paint"), "grey", "painted")
    room.floor(paint, paint)
    room.panel(0.0, 3.0, paint)
    return room


def _square(color: str) -> Callable[[Pen, Chance], None]:
    def draw(pen: Pen, chance: Chance) -> None:
        pen.rect(-0.5, 0, 0.5, 1, mix(chance, color, "painted"), "body")

    return draw


def test_a_camera_sees_as_a_pinhole_does() -> None:
    camera = Camera(eye=1.5, horizon=0.6, zoom=0.8, yaw=0.0, middle=0.4)
    # 1 m to the right and 0.5 m below the eye, 2 m ahead: 0.8 / 2 = 0.4 of the picture for each metre.
    assert camera.seen(1.0, 1.0, 2.0) == pytest.approx((0.8, 0.4))
    # Turned right by 90 degrees, what was 3 m to the right is 3 m ahead.
    across, ahead = Camera(1.5, 0.5, 1.0, 90.0).turned(3.0, 0.0)
    assert (across, ahead) == pytest.approx((0.0, 3.0))


def test_a_wall_is_measured_from_its_left_end() -> None:
    wall = Wall(-2.0, 0.0, -2.0, 4.0)
    assert wall.length == 4.0
    assert wall.at(1.0) == (-2.0, 1.0)


def test_the_corner_of_a_room_is_where_its_walls_meet() -> None:
    room = _empty()
    assert room.wall_ahead(0.5) == pytest.approx(4.0)
    # The line of sight through column 0 is 0.5 m to the left for each metre ahead: it ends in the corner.
    assert room.wall_ahead(0.0) == pytest.approx(4.0, abs=1e-6)
    # Turned by 45 degrees it runs into the corner behind (2, 4)'s side wall: x = z = 2.
    assert _empty(yaw=45.0).wall_ahead(0.5) == pytest.approx(2 * 2**0.5)


def test_floor_wall_and_ceiling_meet_where_the_wall_ends() -> None:
    objects = _objects(_empty().furnish())[:, 50]
    # The wall's foot, 1.5 m below the eye and 4 m away, is at 0.5 - 1.5 / 4 = 0.125; its top at 0.875.
    words = [CONCEPTS["object"][i] for i in objects]
    assert words.index("wall") == pytest.approx(12, abs=1)
    assert words.index("floor") == pytest.approx(87, abs=1)
    assert set(words) == {"ceiling", "wall", "floor"}


def test_things_are_as_large_as_they_are_near() -> None:
    room = _empty()
    room.stand("ball", 0.5, 2.5, 0.5, painter=_square("red"))
    objects = _objects(room.furnish()) == INDEX["object"]["ball"]
    rows, columns = np.flatnonzero(objects.any(1)), np.flatnonzero(objects.any(0))
    # Half a metre at 2.5 m is 0.2 of the picture; the floor there is at 0.5 - 1.5 / 2.5 = -0.1, below it.
    assert (columns[0], columns[-1]) == pytest.approx((40, 59), abs=1)
    assert (rows[0], rows[-1]) == pytest.approx((90, 99), abs=1)


@pytest.mark.parametrize("first", [2.0, 3.5])
def test_near_things_hide_far_ones_whatever_came_first(first: float) -> None:
    room = _empty()
    for ahead in (first, 5.5 - first):
        name = "ball" if ahead == 2.0 else "vase"
        room.stand(name, 0.5, ahead, 1.5, y=0.75, painter=_square("red"))
    assert CONCEPTS["object"][_objects(room.furnish())[50, 50]] == "ball"


def test_a_layer_lifts_a_thing_before_what_is_as_far() -> None:
    room = _empty()
    room.stand("ball", 0.5, 3.0, 1.0, y=1.0, painter=_square("red"), layer=0.1)
    room.stand("vase", 0.5, 3.0, 1.0, y=1.0, painter=_square("red"))
    assert CONCEPTS["object"][_objects(room.furnish())[50, 50]] == "ball"


@pytest.mark.parametrize(
    ("yaw", "column", "wide", "high"), [(0.0, 0.5, 20.0, 20.0), (45.0, 0.75, 31.5, 35.4)]
)
def test_what_hangs_on_a_wall_is_foreshortened_with_it(
    yaw: float, column: float, wide: float, high: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Straight, 0.8 m at 4 m are 0.2 of the picture. Turned by 45 degrees, column 0.75 meets the right wall at
    # 2 / (0.7071 * 1.25) = 2.26 m; a metre of wall there takes 0.7071 * 1.25 / 2.26 = 0.39 across, 0.44 up.
    monkeypatch.setitem(THINGS, "mirror", _square("red"))
    room = _empty(yaw)
    room.hang("mirror", column, 1.2, 0.8)
    seen = _objects(room.furnish()) == INDEX["object"]["mirror"]
    assert seen.any(0).sum() == pytest.approx(wide, abs=1.6)
    assert seen[:, int(column * 100)].sum() == pytest.approx(high, abs=1.6)


def test_equal_chairs_are_equal_and_drawn_apart() -> None:
    drawn = []

    def painter(pen: Pen, chance: Chance) -> None:
        drawn.append(chance)
        wide = chance.uniform(0.2, 0.5)
        pen.rect(-wide, 0, wide, chance.uniform(0.3, 1.0), mix(chance, "red", "painted"), "seat")

    canvas = Canvas(100, Chance("alike"), Light())
    same = alike(painter)
    for x in (0.2, 0.7):
        same(canvas.thing("chair", x, 0.2, 0.4), canvas.chance)
    seen = _objects(canvas) == INDEX["object"]["chair"]
    assert len(drawn) == 1
    assert np.array_equal(seen[:, :50], seen[:, 50:])
    assert seen.any()
    assert len(canvas.instances()) == 2
