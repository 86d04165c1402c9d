"""What is in a picture: a whole scene, or one object in front of some background."""

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.scenes import SCENE_PAINTERS
from cnnviz_widgets.data.miniworld.scenes.backdrops import backdrop
from cnnviz_widgets.data.miniworld.things import PAINTERS
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPT_OF_CLASS

_HEIGHTS = {"car": 0.45, "bus": 0.5, "bridge": 0.45, "bed": 0.6, "lemon": 0.7, "dumbbell": 0.4, "table": 0.6}
"""About how high a thing is when its longest side is 1; 1 if not here."""
_WIDTHS = {
    "lighthouse": 0.4,
    "water tower": 0.5,
    "person": 0.4,
    "flower": 0.45,
    "ceiling lamp": 0.5,
    "desk lamp": 0.6,
}
_HANGING = frozenset({"ceiling lamp", "painting"})
_LYING_ABOUT = frozenset({"lemon", "bell pepper", "dumbbell"})
_BEFORE = ("bush", "flower", "ball", "plant", "rock", "chair", "fence", "bottle", "vase", "book")


def scene_canvas(name: str, chance: Chance, size: int) -> Canvas:
    """Draw a scene of the class `name`."""
    return SCENE_PAINTERS[name](chance, size)


def object_canvas(name: str, chance: Chance, size: int) -> Canvas:
    """Draw an object of the class `name` in the middle, before a background that says nothing of it."""
    canvas, ground = backdrop(chance, size)
    height, width = _HEIGHTS.get(name, 1.0), _WIDTHS.get(name, 1.0)
    scale = min(chance.uniform(0.6, 0.96), 0.95 / width)
    middle = chance.uniform(0.42, 0.58)
    if name in _HANGING:
        low = middle - scale * height / 2
    else:
        low = min(max(middle - scale * height / 2, 0.02), max(ground, 0.02) + 0.06)
    tilt = chance.uniform(-28, 28) if name in _LYING_ABOUT else chance.uniform(-4, 4)
    across = chance.uniform(0.42, 0.58)
    pen = canvas.thing(CONCEPT_OF_CLASS.get(name, name), across, low, scale, flip=chance.maybe(), tilt=tilt)
    PAINTERS[name](pen, chance)
    if chance.maybe(0.22):
        _occlude(canvas, name, chance)
    return canvas


def _occlude(canvas: Canvas, name: str, chance: Chance) -> None:
    """Put something into a lower corner, before the object."""
    other = chance.choose([each for each in _BEFORE if each != name])
    x = 0.5 + chance.sign() * chance.uniform(0.26, 0.46)
    pen = canvas.thing(other, x, chance.uniform(-0.08, 0.02), chance.uniform(0.2, 0.36), flip=chance.maybe())
    PAINTERS[other](pen, chance)
