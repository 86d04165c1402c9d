"""Lighthouses and water towers."""

import math

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, ROUND, UPRIGHT, Pen, Point, oval, smooth
from cnnviz_widgets.data.miniworld.things.openings import arched


def lighthouse(pen: Pen, chance: Chance) -> None:
    """Draw a lighthouse: a tapering tower, banded or plain, a gallery and a lantern that shines at night."""
    foot, neck = chance.uniform(0.12, 0.17), chance.uniform(0.075, 0.1)
    rock, top = chance.uniform(0.05, 0.13), chance.uniform(0.68, 0.74)
    pen.shadow(0, rock * 0.3, 0.36, 0.07)
    if chance.maybe(0.75):
        _rock(pen, chance, rock)
    else:
        _plinth(pen, chance, foot, rock)
    if chance.maybe(0.35):
        _cottage(pen, chance, foot, rock)
    low = rock * 0.7
    coat = _tower_paint(chance, top - low)
    pen.polygon(_column(foot, neck, low, top), coat, "tower", shade=UPRIGHT)
    glass = mix(chance, ("blue", "black", "grey"), "glass")
    lit = pen.canvas.light.night
    count = chance.integer(2, 3)
    for k in range(count):
        y = low + (top - low) * (0.3 + 0.55 * k / max(1, count - 1) - 0.05)
        x = foot * 0.3 * chance.uniform(-1, 1)
        pen.rect(x - 0.017, y, x + 0.017, y + 0.05, glass, "window")
    door = mix(chance, ("brown", "red", "green", "blue", "black"), "wood")
    pen.polygon(arched(-0.032, low, 0.032, low + 0.105), door, "door")
    _lantern(pen, chance, neck, top, lit)


def _column(foot: float, neck: float, low: float, high: float) -> list[Point]:
    """Outline of a round tapering tower, its foot bulging a little towards the viewer."""
    sides = [
        (foot - (foot - neck) * math.sqrt(t), low + (high - low) * t) for t in (0.0, 0.15, 0.4, 0.7, 1.0)
    ]
    base = [
        (foot * c, low - 0.12 * foot * s)
        for c, s in ((-0.9, 0.45), (-0.5, 0.87), (0, 1), (0.5, 0.87), (0.9, 0.45))
    ]
    return base + sides + [(-x, y) for x, y in sides[::-1]]


def _tower_paint(chance: Chance, high: float) -> Paint:
    """Mix bands, a spiral, one colour, brick or bare stone."""
    style = chance.choose(("banded", "spiral", "plain", "brick", "stone"), (0.5, 0.12, 0.18, 0.1, 0.1))
    if style in ("banded", "spiral"):
        first, second = chance.choose(
            (
                ("red", "white"),
                ("white", "black"),
                ("blue", "white"),
                ("yellow", "black"),
                ("green", "white"),
                ("orange", "white"),
            )
        )
        angle = 28.0 if style == "spiral" else 0.0
        scale = 2 * high / chance.choose((2.5, 3.5, 4.5)) if style == "banded" else 0.42
        return mix(chance, first, "painted", "banded", second, scale=scale, angle=angle)
    if style == "plain":
        return mix(chance, ("white", "red", "yellow", "white", "grey"), "painted")
    colors = ("red", "brown", "orange") if style == "brick" else ("grey", "white", "brown")
    return mix(chance, colors, style, scale=0.3)


def _rock(pen: Pen, chance: Chance, high: float) -> None:
    stone = mix(chance, ("grey", "brown", "black"), "stone", chance.choose(("", "cracked")))
    wide = chance.uniform(0.26, 0.34)
    points = [(-wide, 0.0), (-wide * 0.5, -0.035), (wide * 0.4, -0.03), (wide, 0.0)]
    for k in range(6):
        t = 1 - (k + 0.5) / 3
        points.append((wide * t * 0.95, high * (0.55 + 0.75 * (1 - t * t)) * chance.uniform(0.7, 1.05)))
    pen.blob(points, stone, "base", shade=ROUND)


def _plinth(pen: Pen, chance: Chance, foot: float, high: float) -> None:
    stone = mix(chance, ("grey", "white", "brown"), "stone", scale=0.3)
    outline = _column(foot * 1.45, foot * 1.35, 0.0, high)
    pen.polygon(outline, stone, "base", shade=UPRIGHT)
    pen.ellipse(0, high, foot * 1.35, foot * 0.16, stone.lit(1.12), "base")


def _cottage(pen: Pen, chance: Chance, foot: float, low: float) -> None:
    """The keeper's cottage beside the tower."""
    wall = mix(chance, ("white", "yellow", "grey", "brown"), chance.choose(("painted", "stone")))
    roof = mix(chance, ("red", "grey", "brown", "black"), "tile", "scaly", scale=0.2)
    left, right, low, high = -foot - 0.2, -foot * 0.5, low * 0.5, low * 0.5 + 0.11
    pen.rect(left, low, right, high, wall, "wall")
    pen.polygon(
        [(left - 0.02, high), (right, high), (right - 0.03, high + 0.08), (left + 0.03, high + 0.08)],
        roof,
        "roof",
    )
    glass = mix(chance, ("blue", "black"), "glass")
    pen.rect(left + 0.03, low + 0.035, left + 0.07, low + 0.08, glass, "window")
    pen.rect(left + 0.1, low, left + 0.14, low + 0.075, mix(chance, ("brown", "red"), "wood"), "door")


def _lantern(pen: Pen, chance: Chance, neck: float, top: float, lit: bool) -> None:
    """The gallery with its railing, the lantern room of glass, and the roof over it."""
    iron = mix(chance, ("black", "red", "white", "grey", "green"), "metal")
    wide, room = neck * 1.5, neck * 0.66
    pen.polygon(
        [(-neck, top - 0.03), (neck, top - 0.03), (wide, top), (-wide, top)], iron, "gallery", light=0.75
    )
    pen.rect(-wide, top, wide, top + 0.022, iron, "gallery", shade=UPRIGHT)
    high = top + 0.022 + chance.uniform(0.1, 0.13)
    glass = mix(chance, ("white", "blue", "yellow"), "glass")
    if lit:
        glass = mix(chance, "yellow", "glass", rgb=(255.0, 240.0, 170.0))
    pen.rect(-room, top + 0.02, room, high, glass, "lantern", shade=UPRIGHT, glow=lit)
    lamp = mix(chance, "yellow", "glass", rgb=(255.0, 232.0, 130.0))
    pen.ellipse(0, (top + high) / 2 + 0.012, room * 0.4, 0.035, lamp, "lantern", glow=True)
    for x in (-room, -room * 0.36, room * 0.36, room):
        pen.rect(x - 0.005, top + 0.02, x + 0.005, high, iron, "lantern")
    # The railing: one comb of posts, so that the room shows between them.
    posts, rail = 7, top + 0.075
    for k in range(posts):
        x = wide * (2 * k / (posts - 1) - 1) * 0.97
        pen.rect(x - 0.004, top + 0.02, x + 0.004, rail, iron, "railing")
    pen.rect(-wide, rail - 0.006, wide, rail + 0.005, iron, "railing")
    roof = mix(chance, ("red", "black", "green", "grey", "blue"), "metal")
    eave, peak = room * 1.3, high + chance.uniform(0.07, 0.1)
    if chance.maybe(0.5):
        pen.polygon(oval(0, high, eave, peak - high, 0, 0, 180), roof, "roof", shade=ROUND)
    else:
        pen.polygon([(-eave, high), (eave, high), (0.012, peak), (-0.012, peak)], roof, "roof", shade=UPRIGHT)
    pen.ellipse(0, peak + 0.008, 0.016, 0.016, roof, "roof")
    if lit:
        pen.shine(0, (top + high) / 2, 0.3, 0.8)


def water_tower(pen: Pen, chance: Chance) -> None:
    """Draw a water tower: a tank on legs or on a column; a barrel, a ball or a mushroom."""
    style = chance.choose(("barrel", "ball", "mushroom", "drum"), (0.35, 0.25, 0.2, 0.2))
    pen.shadow(0, 0, 0.36, 0.07)
    if style == "barrel":
        _barrel(pen, chance)
    elif style == "ball":
        _ball(pen, chance)
    elif style == "mushroom":
        _mushroom(pen, chance)
    else:
        _drum(pen, chance)


_TANKS = ("white", "blue", "grey", "green", "red", "yellow", "orange", "pink")


def _legs(pen: Pen, chance: Chance, foot: float, head: float, high: float, paint: Paint) -> None:
    """Four legs with braces between them, and the pipe in their middle."""
    pipe = paint.lit(0.7)
    pen.rect(-0.022, 0, 0.022, high, pipe, "pillar", shade=UPRIGHT)
    far = paint.lit(0.6)
    for x in (-0.45, 0.45):
        pen.stroke([(foot * x, 0.035), (head * x, high)], 0.02, far, "leg")
    floors = chance.integer(2, 3)
    for k in range(floors):
        low, top = k / floors, (k + 1) / floors
        a, b = foot + (head - foot) * low, foot + (head - foot) * top
        y, z = high * low, high * top
        if k:
            pen.stroke([(-a, y), (a, y)], 0.016, paint, "leg")
        pen.stroke([(-a, y), (b, z)], 0.009, paint, "cable")
        pen.stroke([(a, y), (-b, z)], 0.009, paint, "cable")
    for side in (-1, 1):
        pen.stroke([(side * foot, 0), (side * head, high)], 0.03, paint, "leg", shade=UPRIGHT)


def _barrel(pen: Pen, chance: Chance) -> None:
    """The wooden tank of city roofs: staves, hoops and a conical roof on wooden or iron legs."""
    wood = chance.maybe(0.7)
    wide, low, high = chance.uniform(0.24, 0.31), chance.uniform(0.36, 0.46), chance.uniform(0.78, 0.82)
    beams = mix(chance, ("brown", "grey", "black"), chance.choose(("wood", "metal")))
    _legs(pen, chance, wide * chance.uniform(0.95, 1.15), wide * 0.8, low, beams)
    pen.rect(-wide * 1.05, low - 0.03, wide * 1.05, low, beams, "base")
    staves = mix(chance, ("brown", "grey", "red", "yellow"), "wood", tile="planks", angle=90, scale=0.25)
    tank = staves if wood else mix(chance, _TANKS, "metal")
    top = [
        (wide * c, high + 0.1 * wide * s) for c, s in ((1, 0), (0.7, -0.7), (0, -1), (-0.7, -0.7), (-1, 0))
    ]
    pen.polygon([(-wide, low), (0, low - 0.02), (wide, low), *top], tank, "tank", shade=UPRIGHT)
    hoop = mix(chance, ("black", "grey"), "metal") if wood else tank.lit(0.75)
    for t in (0.15, 0.45, 0.75):
        y = low + (high - low) * t
        pen.stroke([(-wide, y), (0, y - 0.016), (wide, y)], 0.012, hoop, "tank")
    roof = mix(chance, ("brown", "grey", "red", "black", "green"), chance.choose(("wood", "metal")))
    eave, peak = wide * 1.1, chance.uniform(0.93, 1.0)
    pen.polygon(
        [(-eave, high - 0.005), (0, high - 0.035), (eave, high - 0.005), (0, peak)],
        roof,
        "roof",
        shade=UPRIGHT,
    )


def _ball(pen: Pen, chance: Chance) -> None:
    """A ball or a pill of steel on legs, with a gallery round its middle."""
    coat = mix(chance, _TANKS, "metal")
    second = mix(chance, ("white", "red", "blue", "black"), "metal")
    rx = chance.uniform(0.27, 0.36)
    ry = min(0.26, rx * chance.uniform(0.7, 1.0))
    y = 0.97 - ry
    if chance.maybe(0.6):
        _legs(pen, chance, rx * chance.uniform(0.85, 1.1), rx * 0.85, y, mix(chance, _TANKS, "metal"))
    else:
        pen.polygon(
            [(-0.13, 0), (0.13, 0), (0.06, 0.12), (0.05, y - ry), (-0.05, y - ry), (-0.06, 0.12)],
            coat,
            "pillar",
            shade=UPRIGHT,
        )
    pen.ellipse(0, y, rx, ry, coat, "tank", shade=ROUND)
    if chance.maybe(0.6):
        edge = oval(0, y + 0.02, rx, 0.05, 0, 180, 360)
        belt = edge + [(u, v - 0.05) for u, v in edge[::-1]]
        pen.polygon(belt, second, "tank", shade=UPRIGHT)
    else:
        pen.stroke(oval(0, y, rx * 1.06, 0.05, 0, 180, 360), 0.022, second, "gallery")
    pen.rect(-0.02, y + ry - 0.01, 0.02, y + ry + 0.03, second, "tank")


def _mushroom(pen: Pen, chance: Chance) -> None:
    """A cup of concrete or steel that widens out of its column."""
    stone = chance.maybe(0.5)
    coat = mix(chance, ("grey", "white", "brown"), "stone") if stone else mix(chance, _TANKS, "metal")
    wide, neck, low = chance.uniform(0.34, 0.44), chance.uniform(0.06, 0.09), chance.uniform(0.5, 0.58)
    rim, top = chance.uniform(0.74, 0.8), chance.uniform(0.86, 0.95)
    shaft = [
        (-neck * 1.7, 0),
        (neck * 1.7, 0),
        (neck, 0.15),
        (neck, low + 0.02),
        (-neck, low + 0.02),
        (-neck, 0.15),
    ]
    pen.polygon(shaft, coat, "pillar", shade=UPRIGHT)
    pen.polygon(
        [
            (-neck, low),
            (neck, low),
            (wide * 0.6, low + 0.1),
            (wide, rim),
            (-wide, rim),
            (-wide * 0.6, low + 0.1),
        ],
        coat,
        "tank",
        shade=UPRIGHT,
    )
    pen.polygon(
        [(-wide, rim), *[(x, y) for x, y in oval(0, rim, wide, top - rim, 0, 0, 180)]],
        coat.lit(1.08),
        "tank",
        shade=ROUND,
    )
    ring = mix(chance, ("red", "blue", "white", "black", "grey"), "painted")
    pen.rect(-wide * 1.01, rim - 0.025, wide * 1.01, rim + 0.02, ring, "gallery", shade=UPRIGHT)
    glass = mix(chance, ("blue", "black"), "glass")
    for k in range(3):
        pen.rect(-0.014, 0.22 + 0.1 * k, 0.014, 0.26 + 0.1 * k, glass, "window")
    pen.rect(-0.03, 0, 0.03, 0.09, mix(chance, ("brown", "grey", "green"), "metal"), "door")


def _drum(pen: Pen, chance: Chance) -> None:
    """A brick tower that carries a wider drum under a roof."""
    brick = mix(chance, ("red", "brown", "yellow", "orange"), "brick", scale=0.3)
    drum = brick if chance.maybe(0.4) else mix(chance, _TANKS, chance.choose(("metal", "painted", "wood")))
    wide, low, high = chance.uniform(0.25, 0.31), chance.uniform(0.5, 0.58), chance.uniform(0.78, 0.84)
    shaft = wide * 0.62
    pen.polygon(
        [(-shaft * 1.12, 0), (0, -0.015), (shaft * 1.12, 0), (shaft, low), (-shaft, low)],
        brick,
        "tower",
        shade=UPRIGHT,
    )
    glass = mix(chance, ("blue", "black", "grey"), "glass")
    for k, x in enumerate((-0.09, 0.05, -0.02)):
        y = 0.14 + 0.12 * k
        pen.polygon(arched(x, y, x + 0.045, y + 0.085), glass, "window", shade=FALLING)
    pen.polygon(arched(-0.045, 0, 0.045, 0.12), mix(chance, ("brown", "green", "blue"), "wood"), "door")
    pen.polygon(
        [(-shaft, low - 0.06), (shaft, low - 0.06), (wide, low), (-wide, low)], brick, "base", light=0.75
    )
    pen.rect(-wide, low - 0.005, wide, high, drum, "tank", shade=UPRIGHT)
    for k in range(5):
        x = wide * (-0.72 + 0.36 * k)
        pen.rect(x - 0.018, high - 0.12, x + 0.018, high - 0.05, glass, "window")
    roof = mix(
        chance,
        ("red", "grey", "black", "green", "brown"),
        chance.choose(("tile", "metal")),
        "scaly",
        scale=0.25,
    )
    peak = smooth(
        [(-wide * 1.1, high), (wide * 1.1, high), (wide * 0.55, 0.94), (0, 0.98), (-wide * 0.55, 0.94)], 3
    )
    cone = [(-wide * 1.12, high), (wide * 1.12, high), (0.01, 1.0), (-0.01, 1.0)]
    pen.polygon(cone if chance.maybe(0.6) else peak, roof, "roof", shade=UPRIGHT)


PAINTERS = {"lighthouse": lighthouse, "water tower": water_tower}
