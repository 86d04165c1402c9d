"""What furniture is made of: timber, cloth, leather, metal, stone, in many colours."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

_WOODS = (*("brown",) * 5, "orange", "yellow", "red", "grey", "black", "white")
_PATTERNS = (
    *("striped", "striped", "chequered", "chequered", "zigzagged", "dotted", "dotted"),
    *("honeycombed", "woven", "grid", "banded", "flecked"),
)


def timber(chance: Chance, painted: float = 0.3) -> Paint:
    """Mix bare wood or, with some probability, paint of any colour."""
    if chance.maybe(painted):
        return mix(chance, COLORS, "painted")
    return mix(chance, _WOODS, "wood", scale=chance.uniform(0.5, 0.9))


def cloth(chance: Chance, patterned: float = 0.6, size: float = 0.8) -> Paint:
    """Mix a woven stuff, plain or with a pattern of two colours; `size` is its tile's side."""
    first, second = chance.several(COLORS, 2)
    if chance.maybe(patterned):
        angle = chance.choose((0.0, 0.0, 90.0, 45.0))
        scale = size * chance.uniform(0.8, 1.3)
        return mix(chance, first, "fabric", chance.choose(_PATTERNS), second, scale=scale, angle=angle)
    if chance.maybe(0.25):
        return mix(chance, first, "fabric", "wrinkled", scale=size, strength=0.22)
    return mix(chance, first, "fabric", scale=size * 0.5)


def hide(chance: Chance) -> Paint:
    """Mix leather."""
    colors = ("brown", "brown", "black", "white", "red", "orange", "green", "grey", "blue")
    return mix(chance, colors, "leather", "wrinkled" if chance.maybe(0.2) else "", scale=0.5)


def steel(chance: Chance) -> Paint:
    """Mix metal: bright, black, brass or lacquered."""
    return mix(chance, ("grey", "grey", "black", "white", "yellow", "red", "blue"), "metal")


def slab(chance: Chance) -> Paint:
    """Mix polished stone with veins."""
    colors = ("white", "grey", "black", "green", "pink", "brown")
    return mix(chance, colors, "stone", "marbled", scale=chance.uniform(0.6, 1.2))
