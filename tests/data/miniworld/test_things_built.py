"""Buildings and vehicles: drawn at every size, always the same, whole, cheap, with the parts they promise."""

from collections.abc import Sequence

import numpy as np
import pytest

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.region import Light, Region
from cnnviz_widgets.data.miniworld.things import (
    boats,
    bridges,
    buildings,
    castles,
    city,
    street,
    towers,
    vehicles,
    windmills,
)
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS, INDEX

MODULES = (boats, bridges, buildings, castles, city, street, towers, vehicles, windmills)
PAINTERS = {name: painter for module in MODULES for name, painter in module.PAINTERS.items()}
each_thing = pytest.mark.parametrize("name", PAINTERS)

# What must be seen of each over twenty draws; and for some, the materials and textures they come in.
PARTS = {
    "boat": "hull deck mast sail cabin window roof",
    "bridge": "arch deck railing cable tower pillar wall",
    "house": "wall window door roof chimney",
    "castle": "tower wall battlement arch door roof flag window",
    "building": "wall window door roof",
    "church": "wall window door roof tower",
    "streetlight": "pillar bulb base lampshade",
    "traffic light": "pillar body bulb",
    "sign": "pillar display",
    "bench": "seat leg backrest armrest",
    "fence": "railing pillar",
    "flag": "flag pillar",
    "gravestone": "body base",
    "cross": "body base",
    "lighthouse": "tower lantern gallery railing roof door window base",
    "water tower": "tank roof leg pillar",
    "car": "wheel rim body cabin window windshield door headlight bumper",
    "bus": "wheel rim body window windshield door headlight bumper",
    "windmill": "blade hub tower door window roof sail",
}
MATERIALS = {
    "house": "brick wood painted stone glass tile",
    "castle": "stone brick tile fabric",
    "car": "metal glass rubber",
    "boat": "wood painted fabric glass",
    "lighthouse": "painted glass metal stone",
    "water tower": "wood metal stone brick",
    "windmill": "wood stone fabric brick",
    "bridge": "stone metal",
}
TEXTURES = {
    "lighthouse": "banded",
    "house": "scaly",
    "castle": "scaly grid",
    "boat": "striped",
    "building": "striped",
    "gravestone": "cracked marbled flecked",
}
SHARES = {"streetlight": 0.02, "sign": 0.05, "traffic light": 0.05, "bridge": 0.07, "boat": 0.07}
"""Smallest share of the picture that a thing may cover when it is placed as `draw` does; 0.09 for others."""


class Counting(Canvas):
    """A canvas that counts polygons, and says how far beyond its edge they reach, pixels."""

    polygons = 0
    beyond = 0.0

    def fill(self, points: Sequence[tuple[float, float]], region: Region) -> None:
        self.polygons += 1
        values = [value / 2 for point in points for value in point]
        self.beyond = max(self.beyond, -min(values), max(values) - self.size)
        super().fill(points, region)


def draw(name: str, key: int, size: int = 64, night: bool = False) -> Counting:
    """Stand a thing on the picture's lower tenth, four fifths of the picture large."""
    chance = Chance("built", name, key)
    canvas = Counting(size, chance, Light(side=chance.sign(), night=night))
    PAINTERS[name](canvas.thing(name, 0.5, 0.1, 0.8, flip=chance.maybe()), chance)
    return canvas


def shown(name: str, level: str, draws: int = 20, size: int = 112) -> set[str]:
    """Names at a level that are seen in some draw."""
    seen: set[int] = set()
    for key in range(draws):
        seen |= set(np.unique(draw(name, key, size).maps()[level]).tolist())
    return {CONCEPTS[level][index] for index in seen} - {""}


@each_thing
@pytest.mark.parametrize("size", [64, 112, 256])
def test_it_is_drawn_at_every_size_by_day_and_by_night(name, size):
    for key, night in ((0, False), (1, True)):
        picture = draw(name, key, size, night).picture()
        assert picture.shape == (size, size, 3) and picture.std() > 3


@each_thing
def test_one_key_gives_one_picture(name):
    first, again = draw(name, 5), draw(name, 5)
    assert (first.picture() == again.picture()).all()
    maps, others = first.maps(), again.maps()
    assert all((maps[level] == others[level]).all() for level in maps)


@each_thing
def test_another_key_gives_another_thing(name):
    """Its outline, its parts or its colours differ, not only the grain of the picture."""
    maps = [draw(name, key).maps() for key in range(8)]
    looks = {b"".join(each[level].tobytes() for level in ("object", "part", "color")) for each in maps}
    assert len(looks) >= 7


@each_thing
def test_it_is_whole_and_of_a_sensible_size(name):
    for key in range(16):
        canvas = draw(name, key)
        mask = canvas.maps()["object"][0] == INDEX["object"][name]
        assert SHARES.get(name, 0.09) < mask.mean() < 0.6
        assert canvas.beyond <= 2
        rows, columns = np.nonzero(mask)
        assert max(np.ptp(rows), np.ptp(columns)) > 0.6 * 64
        assert 64 - rows.max() in range(0, 12)  # it stands near the lower tenth, 6.4 pixels


@each_thing
def test_it_is_one_instance_and_all_of_it_has_its_name(name):
    canvas = draw(name, 2)
    assert set(np.unique(canvas.maps()["object"])) == {0, INDEX["object"][name]}
    assert [each.name for each in canvas.instances()] == [name]


@each_thing
def test_it_is_cheap(name):
    assert max(draw(name, key, night=key % 2 == 0).polygons for key in range(60)) <= 60


@each_thing
def test_it_has_the_parts_it_promises(name):
    assert set(PARTS[name].split()) <= shown(name, "part")


@pytest.mark.parametrize("name", MATERIALS)
def test_it_is_of_several_materials(name):
    assert set(MATERIALS[name].split()) <= shown(name, "material", 40, 64)


@pytest.mark.parametrize("name", TEXTURES)
def test_it_shows_patterns(name):
    assert set(TEXTURES[name].split()) <= shown(name, "texture", 60, 64)


@pytest.mark.parametrize("name", ["car", "house", "boat", "bus", "castle", "lighthouse", "windmill"])
def test_no_colour_gives_it_away(name):
    """The colour it shows most of is one of at least five, over sixty draws."""
    most = set()
    for key in range(60):
        maps = draw(name, key).maps()
        colors = maps["color"][maps["object"] > 0]
        most.add(int(np.bincount(colors).argmax()))
    assert len(most) >= 5


@pytest.mark.parametrize("name", ["lighthouse", "streetlight", "house", "bus"])
def test_its_lamps_and_windows_shine_at_night(name):
    """Under the same dark sky, the brightest tenth of it is brighter when its lamps are on."""

    def brightest(key: int, night: bool) -> float:
        chance = Chance("built", name, key)
        canvas = Counting(112, chance, Light(tint=(0.2, 0.2, 0.3), night=night))
        PAINTERS[name](canvas.thing(name, 0.5, 0.1, 0.8), chance)
        inside = canvas.maps()["object"][0] > 0
        return float(np.sort(canvas.picture()[inside].sum(1))[-len(canvas.picture()) // 2 :].mean())

    gains = [brightest(key, True) - brightest(key, False) for key in range(10)]
    assert np.mean(gains) > 60


def test_license_plates_and_every_kind_of_mill_and_bridge_are_met():
    assert "license plate" in shown("car", "part") and "license plate" in shown("bus", "part")
    assert {"tail", "gallery", "cable"} <= shown("windmill", "part", 60)  # the wind pump and the smock mill
    assert {"sail", "chimney", "seat", "windshield"} <= shown("boat", "part", 60)  # all five boats
