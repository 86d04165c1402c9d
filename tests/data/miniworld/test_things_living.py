"""People, animals, plants and small things: each painter is drawn many times and its labels are read."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from cnnviz_widgets.data.miniworld.canvas import Canvas, Light
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.pen import Pen
from cnnviz_widgets.data.miniworld.things import animals, people, plants, small
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS, INDEX

PAINTERS = animals.PAINTERS | people.PAINTERS | plants.PAINTERS | small.PAINTERS
DRAWS = 24
OBJECT = {  # what a painter draws, where its key is not the object's word
    **{"dalmatian": "dog", "husky": "dog", "flying bird": "bird"},
    **{"seated person": "person", "player": "person"},
}
_BODY = {"head", "hair", "torso", "arm", "hand", "leg", "foot", "neck", "eye", "mouth", "ear", "nose"}
_DOG = {"head", "ear", "eye", "muzzle", "mouth", "nose", "torso", "leg", "foot", "tail", "neck", "collar"}
PARTS = {
    "dalmatian": _DOG,
    "husky": _DOG,
    "bird": {"head", "eye", "beak", "torso", "wing", "tail", "leg"},
    "flying bird": {"head", "beak", "torso", "wing", "tail"},
    "cow": {"head", "ear", "horn", "muzzle", "torso", "neck", "leg", "foot", "tail"},
    "person": _BODY | {"skirt", "hat", "bag"},
    "seated person": _BODY,
    "player": _BODY - {"neck"},
    "tree": {"trunk", "crown", "branch", "leaf"},
    "bush": {"crown"},
    "cactus": {"trunk", "branch", "petal"},
    "plant": {"leaf", "stem", "pot", "rim", "crown"},
    "rock": set(),
    "cup": {"body", "rim", "handle", "base"},
    "dumbbell": {"weight", "handle"},
    "bell pepper": {"body", "stem", "pistil"},
    "lemon": {"body", "leaf", "stem"},
    "flower": {"petal", "pistil", "stem", "leaf", "pot", "rim"},
    "vase": {"body", "rim", "petal", "stem"},
    "bottle": {"body", "top"},
    "plate": {"body", "rim"},
    "ball": set(),
    "book": set(),
    "clock": {"frame", "display"},
    "cushion": set(),
}
"""Parts that a painter's labels must show somewhere in its draws: the promise made to the dissection."""


@dataclass
class Watched(Canvas):
    """A canvas that keeps the corners of every polygon of things, in pixels."""

    def __init__(self, size: int, chance: Chance, light: Light) -> None:
        super().__init__(size, chance, light)
        self.corners: list[np.ndarray] = []

    def fill(self, points, region) -> None:
        super().fill(points, region)
        if region.instance >= 0:
            self.corners.append(np.array(points) / 2)


def drawn(
    key: str, number: int, size: int = 112, painter: Callable[[Pen, Chance], None] | None = None
) -> Watched:
    """Draw a painter's thing as the data set does: in the middle, its foot at a tenth of the height."""
    chance = Chance("test", key, number)
    canvas = Watched(size, chance, Light(side=chance.sign()))
    canvas.stuff("sky").rect(0, 0, 1, 1, mix(chance, "grey", ""))
    pen = canvas.thing(OBJECT.get(key, key), 0.5, 0.1, 0.8, flip=chance.maybe())
    (painter or PAINTERS[key])(pen, chance)
    return canvas


@pytest.fixture(scope="module")
def sheets() -> dict[str, list[Watched]]:
    """Every painter's first draws, made once for all tests that only look."""
    return {key: [drawn(key, number) for number in range(DRAWS)] for key in PAINTERS}


def words(canvas: Canvas, level: str) -> set[str]:
    return {CONCEPTS[level][index] for index in np.unique(canvas.maps()[level])} - {""}


@pytest.mark.parametrize("size", [64, 112, 256])
@pytest.mark.parametrize("key", PAINTERS)
def test_it_draws_at_every_size(key: str, size: int) -> None:
    canvas = drawn(key, 3, size)
    picture = canvas.picture()
    assert picture.shape == (size, size, 3)
    assert [each.name for each in canvas.instances()] == [OBJECT.get(key, key)]


@pytest.mark.parametrize("key", PAINTERS)
def test_the_same_key_gives_the_same_bytes_and_another_key_others(key: str) -> None:
    first, again, other = (drawn(key, number).picture() for number in (5, 5, 6))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first.astype(int) - other).max() > 40  # not only the grain differs


@pytest.mark.parametrize("key", PAINTERS)
def test_it_draws_the_same_thing_at_every_size(key: str) -> None:
    """A thing may leave out details when small, but draws no fewer numbers: its colours stay."""
    for number in range(6):
        shares = []
        for size in (64, 256):
            canvas = drawn(key, number, size)
            mask = canvas.maps()["object"][0] == INDEX["object"][OBJECT.get(key, key)]
            colors = Counter(canvas.maps()["color"][0][mask].tolist())
            shares.append({color: count / mask.sum() for color, count in colors.items()})
        for color in set(shares[0]) | set(shares[1]):
            assert abs(shares[0].get(color, 0) - shares[1].get(color, 0)) < 0.1, CONCEPTS["color"][color]


@pytest.mark.parametrize("key", PAINTERS)
def test_it_fills_a_sensible_share_and_stays_in_the_frame(key: str, sheets: dict[str, list[Watched]]) -> None:
    name = INDEX["object"][OBJECT.get(key, key)]
    for canvas in sheets[key]:
        mask = canvas.maps()["object"][0] == name
        assert 0.02 < mask.mean() < 0.6
        corners = np.concatenate(canvas.corners)
        assert corners.min() > -2 and corners.max() < 112 + 2  # pixels
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert max(np.ptp(rows), np.ptp(columns)) > 0.4 * 112  # its longest side is about 1, times 0.8


@pytest.mark.parametrize("key", [each for each in PAINTERS if each not in ("flying bird", "clock")])
def test_it_stands_on_the_ground(key: str, sheets: dict[str, list[Watched]]) -> None:
    for canvas in sheets[key]:
        lowest = 112 - np.concatenate(canvas.corners)[:, 1].max()
        assert lowest == pytest.approx(11.2, abs=5.5)


@pytest.mark.parametrize("key", PAINTERS)
def test_few_polygons_are_enough(key: str, sheets: dict[str, list[Watched]]) -> None:
    assert max(len(canvas.corners) for canvas in sheets[key]) <= 45


@pytest.mark.parametrize("key", PAINTERS)
def test_the_promised_parts_are_labelled(key: str, sheets: dict[str, list[Watched]]) -> None:
    seen = set().union(*(words(canvas, "part") for canvas in sheets[key]))
    assert PARTS[key] <= seen


@pytest.mark.parametrize(
    "key", ["person", "flower", "cup", "dumbbell", "bell pepper", "ball", "bottle", "cushion"]
)
def test_no_color_gives_it_away(key: str, sheets: dict[str, list[Watched]]) -> None:
    """The colour that covers most of it is one of several."""
    most = Counter()
    for canvas in sheets[key]:
        maps = canvas.maps()
        mask = maps["object"][0] == INDEX["object"][OBJECT.get(key, key)]
        most[int(np.bincount(maps["color"][0][mask]).argmax())] += 1
    assert len(most) >= 4
    assert max(most.values()) <= DRAWS / 2


def test_the_dogs_differ_by_their_coats(sheets: dict[str, list[Watched]]) -> None:
    for canvas in sheets["dalmatian"]:
        assert "dotted" in words(canvas, "texture")
        assert {"white", "black"} <= words(canvas, "color") or {"white", "brown"} <= words(canvas, "color")
    assert all("dotted" not in words(canvas, "texture") for canvas in sheets["husky"])


def test_clothes_are_plain_or_patterned_in_many_ways(sheets: dict[str, list[Watched]]) -> None:
    seen = set().union(*(words(canvas, "texture") for canvas in sheets["person"]))
    assert {"striped", "dotted", "chequered"} <= seen
    assert any(not words(canvas, "texture") for canvas in sheets["person"])


@pytest.mark.parametrize("number", range(8))
def test_a_persons_label_has_the_persons_outline_at_twenty_pixels(number: int) -> None:
    """Far away in a scene somebody is still one upright figure with head, torso and legs."""
    chance = Chance("far", number)
    canvas = Canvas(112, chance, Light())
    people.PAINTERS["player"](canvas.thing("person", 0.5, 0.4, 20 / 112), chance)
    assert {"head", "torso", "leg"} <= words(canvas, "part")
    (someone,) = canvas.instances()
    left, top, right, bottom = someone.box
    assert 16 <= bottom - top <= 24 and right - left <= 20
