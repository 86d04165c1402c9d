"""How a room is done up: wallpaper, bricks, panels, tiles, planks, carpets, and the light in it."""

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.region import Light
from cnnviz_widgets.data.miniworld.scenes.room import Camera, Room
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

_WALL_COLORS = (*COLORS, *("white",) * 4, *("grey",) * 3, "yellow", "pink", "blue", "green", "brown")
_CARPETS = (*COLORS, *("grey",) * 4, *("brown",) * 3, "blue", "green", "white")
_WALLPAPERS = (
    *("striped", "striped", "dotted", "zigzagged", "grid", "chequered", "honeycombed", "scaly", "banded"),
    *("flecked", "woven"),
)


def enter(chance: Chance, size: int, eye: tuple[float, float] = (1.1, 1.9)) -> Room:
    """Build an empty room somewhere, and look into it from somewhere: straight, askew or into a corner."""
    canvas = Canvas(size, chance, indoor_light(chance))
    straight = chance.maybe(0.45)
    yaw = 0.0 if straight else chance.uniform(-48, 48)
    camera = Camera(
        eye=chance.uniform(*eye),
        horizon=chance.uniform(0.52, 0.82),
        zoom=chance.uniform(0.85, 1.35),
        yaw=yaw,
        middle=chance.uniform(0.2, 0.8) if straight else 0.5,
    )
    back = chance.uniform(3.6, 6.0)
    room = Room(
        canvas, camera, chance.uniform(1.4, 3.2), chance.uniform(1.4, 3.2), back, chance.uniform(2.3, 3.2)
    )
    light = chance.uniform(0.85, 1.1)
    ceiling = mix(chance, (*("white",) * 6, "grey", "yellow", "brown", "blue"), "painted")
    room.floor(floor_paint(chance), ceiling.lit(light))
    paper(room, chance)
    return room


def paper(room: Room, chance: Chance) -> None:
    """Paper, paint, panel or tile the walls, perhaps with a wainscot and skirting boards."""
    room.panel(0.0, room.height, wall_paint(chance))
    if chance.maybe(0.22):
        room.panel(0.0, chance.uniform(0.7, 1.2), wainscot(chance))
    if chance.maybe(0.7):
        room.panel(
            0.0, chance.uniform(0.07, 0.16), mix(chance, ("white", "white", "brown", "grey", "black"), "wood")
        )
    if chance.maybe(0.25):
        room.panel(room.height - 0.12, room.height, mix(chance, ("white", "brown", "grey"), "wood"))


def wall_paint(chance: Chance) -> Paint:
    """Mix what a wall is covered with; its pattern is in metres."""
    kind = chance.choose(("plain", "paper", "brick", "panels", "tiles", "stone"), (40, 34, 9, 8, 6, 3))
    if kind == "plain":
        return mix(chance, _WALL_COLORS, "painted").lit(chance.uniform(0.7, 1.1))
    if kind == "paper":
        first, second = chance.several(COLORS, 2)
        texture, strength = chance.choose(_WALLPAPERS), chance.uniform(0.3, 1.0)
        scale = chance.uniform(0.7, 1.6)
        return mix(chance, first, "paper", texture, second, scale=scale, strength=strength)
    if kind == "brick":
        return mix(
            chance, ("red", "brown", "white", "grey", "orange"), "brick", scale=chance.uniform(0.7, 1.0)
        )
    if kind == "panels":
        paint = mix(
            chance, ("brown", "brown", "white", "grey", "orange"), "wood", tile="planks", strength=0.5
        )
        return paint.turned(90.0).scaled(1.6)
    if kind == "tiles":
        return mix(chance, COLORS, "tile", "grid" if chance.maybe() else "", scale=chance.uniform(0.6, 1.0))
    return mix(chance, ("grey", "brown", "white"), "stone", scale=1.2)


def wainscot(chance: Chance) -> Paint:
    """Mix what covers the lower part of a wall."""
    if chance.maybe(0.3):
        return mix(chance, COLORS, "tile", scale=0.6)
    colors = ("brown", "white", "white", "grey", "green", "blue")
    return mix(chance, colors, "wood", tile="planks", strength=0.4, scale=0.7).turned(90.0)


def floor_paint(chance: Chance) -> Paint:
    """Mix what a floor is laid with; its pattern is in metres."""
    kind = chance.choose(("planks", "tiles", "chequered", "carpet", "stone", "plain"), (36, 12, 14, 22, 8, 8))
    turn = chance.choose((0.0, 0.0, 45.0))
    if kind == "planks":
        colors = (*("brown",) * 6, *("grey",) * 2, *("white",) * 2, "orange", "yellow", "black", "red")
        paint = mix(chance, colors, "wood", tile="planks", strength=chance.uniform(0.3, 0.55), angle=turn)
        return paint.scaled(chance.uniform(1.4, 2.4))
    if kind == "tiles":
        return mix(chance, COLORS, "tile", strength=0.4, scale=chance.uniform(1.2, 2.0), angle=turn)
    if kind == "chequered":
        first, second = chance.several(
            ("black", "white", "white", "red", "grey", "brown", "green", "blue", "yellow"), 2
        )
        return mix(chance, first, "tile", "chequered", second, scale=chance.uniform(1.8, 3.2), angle=turn)
    if kind == "carpet":
        if chance.maybe(0.6):
            return mix(chance, _CARPETS, "fabric").lit(chance.uniform(0.7, 1.0))
        first, second = chance.several(COLORS, 2)
        texture = chance.choose(("striped", "dotted", "zigzagged", "woven", "flecked", "grid", "honeycombed"))
        return mix(
            chance,
            first,
            "fabric",
            texture,
            second,
            scale=chance.uniform(1.2, 2.2),
            strength=chance.uniform(0.4, 1),
        )
    if kind == "stone":
        return mix(chance, ("grey", "white", "black", "brown", "green"), "stone", "marbled", scale=2.0)
    return mix(chance, ("grey", "white", "brown", "green", "red"), "painted")


def indoor_light(chance: Chance) -> Light:
    """Choose the hour: daylight through the windows, a dull day, lamps in the evening, or night."""
    hour = chance.choose(("day", "sunny", "dull", "evening", "night"), (34, 20, 16, 18, 12))
    side = chance.sign()
    strength = {
        "day": (0.9, 1.1),
        "sunny": (1.05, 1.2),
        "dull": (0.5, 0.8),
        "evening": (0.6, 0.9),
        "night": (0.45, 0.65),
    }
    warmth = {
        "day": (-0.04, 0.06),
        "sunny": (0.0, 0.1),
        "dull": (-0.1, 0.02),
        "evening": (0.1, 0.22),
        "night": (-0.12, 0.16),
    }
    bright, warm = chance.uniform(*strength[hour]), chance.uniform(*warmth[hour])
    return Light(
        tint=(bright * (1 + warm), bright, bright * (1 - warm * 1.4)),
        side=side,
        contrast=chance.uniform(0.7, 1.3),
        shadow=chance.uniform(0.3, 0.55),
        night=hour in ("evening", "night"),
    )
