"""Lamps for the desk and the ceiling; at night they shine."""

import math

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND, UPRIGHT, Pen, Point, oval
from cnnviz_widgets.data.miniworld.things.furnishing_paints import cloth, steel, timber
from cnnviz_widgets.data.miniworld.vocabulary import COLORS


def desk_lamp(pen: Pen, chance: Chance) -> None:
    """Draw a desk lamp: a shade on a foot, or a jointed arm with a metal head."""
    pen.shadow(0.0, 0.02, 0.3, 0.05, 0.8)
    lit = pen.canvas.light.night or chance.maybe(0.4)
    chance.choose((_shaded_lamp, _jointed_lamp), (3, 2))(pen, chance, lit)


def _shaded_lamp(pen: Pen, chance: Chance, lit: bool) -> None:
    low, top = chance.uniform(0.45, 0.62), chance.uniform(0.92, 0.99)
    wide, narrow = chance.uniform(0.28, 0.42), chance.uniform(0.1, 0.28)
    _foot(pen, chance, low)
    if chance.maybe(0.35):  # a chain to pull
        pen.stroke([(wide * 0.6, low), (wide * 0.6, low - 0.16)], 0.014, steel(chance), "cord")
    paint = _shade_paint(chance)
    _cone(pen, paint, (0.0, low), (0.0, top), wide, narrow, lit)
    if chance.maybe(0.4):
        band = mix(chance, COLORS, "fabric")
        pen.polygon(_band(low, top, wide, narrow, 0.0, 0.1), band, "lampshade", shade=UPRIGHT, glow=lit)
    if lit:
        pen.shine(0.0, (low + top) / 2, 0.55, 0.35)


def _foot(pen: Pen, chance: Chance, low: float) -> None:
    paint = (
        mix(chance, COLORS, "ceramic") if chance.maybe(0.5) else (timber if chance.maybe() else steel)(chance)
    )
    r = chance.uniform(0.14, 0.22)
    shape = chance.choose(("vase", "stick", "balls", "block"))
    pen.rect(-0.03, 0.05, 0.03, low + 0.1, paint, "base", shade=UPRIGHT)
    if shape == "vase":
        h = low * 0.9
        side = [(r * 0.6, 0), (r, h * 0.4), (r * 0.35, h * 0.85)]
        pen.blob([*side, *((-x, y) for x, y in side[::-1])], paint, "base", shade=UPRIGHT)
    elif shape == "balls":
        for k, size in enumerate((1.0, 0.8, 0.6)):
            pen.ellipse(0, low * (0.2 + 0.28 * k), r * size * 0.8, low * 0.15, paint, "base", shade=ROUND)
    elif shape == "block":
        pen.polygon(
            [(-r, 0.02), (r, 0.02), (r * 0.5, low * 0.8), (-r * 0.5, low * 0.8)], paint, "base", shade=UPRIGHT
        )
    if shape in ("stick", "balls"):
        pen.ellipse(0, 0.04, r * 1.15, 0.045, paint.lit(0.9), "base")


def _jointed_lamp(pen: Pen, chance: Chance, lit: bool) -> None:
    paint, arm = _lacquer(chance), steel(chance)
    elbow = (chance.uniform(-0.32, -0.15), chance.uniform(0.42, 0.55))
    neck = (chance.uniform(0.0, 0.12), chance.uniform(0.82, 0.9))
    pen.ellipse(-0.02, 0.045, 0.22, 0.05, paint.lit(0.8), "base")
    pen.ellipse(-0.02, 0.065, 0.21, 0.048, paint, "base")
    pen.stroke([(-0.02, 0.07), elbow], 0.04, arm)
    pen.stroke([elbow, neck], 0.04, arm)
    pen.ellipse(*elbow, 0.035, 0.035, paint, shade=ROUND)
    turn = math.radians(chance.uniform(-75, -35))
    along = (math.cos(turn), math.sin(turn))
    mouth = (neck[0] + along[0] * 0.3, neck[1] + along[1] * 0.3)
    back = (neck[0] - along[0] * 0.07, neck[1] - along[1] * 0.07)
    across, r = (-along[1], along[0]), chance.uniform(0.16, 0.2)
    head = [_off(back, across, -0.06), _off(back, across, 0.06), _off(neck, across, 0.1)]
    head += [_off(mouth, across, r), _off(mouth, across, -r), _off(neck, across, -0.1)]
    inside = mix(chance, "yellow" if lit else "white", "metal", rgb=(255, 240, 170) if lit else None)
    bulb = mix(chance, "white", "glass")
    pen.polygon(oval(*mouth, r * 0.32, r, math.degrees(turn)), inside, "lampshade", glow=lit)
    pen.ellipse(mouth[0] + along[0] * 0.015, mouth[1] + along[1] * 0.015, 0.06, 0.06, bulb, "bulb", glow=lit)
    pen.polygon(head, paint, "lampshade", shade=ROUND)
    if lit:
        pen.shine(mouth[0] + along[0] * 0.2, mouth[1] + along[1] * 0.2, 0.35, 0.5)


def ceiling_lamp(pen: Pen, chance: Chance) -> None:
    """Draw a lamp that hangs from the ceiling, at y = 1, by its cord."""
    lit = pen.canvas.light.night or chance.maybe(0.5)
    kind = chance.choose((_pendant, _pendant, _globe, _drum, _chandelier, _row_of_bulbs))
    low = kind(pen, chance, lit)
    if lit:
        pen.shine(0.0, low, 0.5, 0.3)


def _cord(pen: Pen, chance: Chance, low: float, x: float = 0.0) -> None:
    paint = mix(chance, ("black", "white", "grey", "brown", "red"), "fabric")
    pen.stroke([(x, low), (x, 0.99)], 0.02, paint, "cord")
    pen.rect(x - 0.06, 0.965, x + 0.06, 1.0, paint, "base")


def _pendant(pen: Pen, chance: Chance, lit: bool) -> float:
    """A bell or cone of metal, or glass, open below."""
    high, wide = chance.uniform(0.28, 0.45), chance.uniform(0.3, 0.5)
    _cord(pen, chance, high)
    paint = mix(chance, COLORS, "glass") if chance.maybe(0.25) else _lacquer(chance)
    white = mix(chance, "yellow" if lit else "white", "metal", rgb=(255, 238, 170) if lit else None)
    pen.ellipse(0, 0.1, wide, 0.05, white, "lampshade", glow=lit)
    pen.ellipse(0, 0.085, 0.09, 0.085, mix(chance, "white", "glass"), "bulb", shade=ROUND, glow=lit)
    waist = chance.choose((0.25, 0.55, 0.8))
    middle = 0.1 + (high - 0.1) * 0.55
    side = [(wide, 0.1), (wide * waist, middle), (0.05, high), (0.05, high + 0.05)]
    pen.polygon([*side, *((-x, y) for x, y in side[::-1])], paint, "lampshade", shade=UPRIGHT)
    return 0.15


def _globe(pen: Pen, chance: Chance, lit: bool) -> float:
    """A ball of glass or paper."""
    r = chance.uniform(0.22, 0.36)
    _cord(pen, chance, 2 * r)
    if chance.maybe():
        paint = mix(
            chance,
            ("white", "white", "yellow", "red", "orange", "pink", "blue"),
            "paper",
            "banded",
            scale=0.24,
        )
    else:
        paint = mix(chance, ("white", "white", "yellow", "blue", "green", "orange"), "glass")
    pen.ellipse(
        0,
        r,
        r * chance.uniform(1.0, 1.3),
        r,
        paint.lit(1.25) if lit else paint,
        "lampshade",
        shade=ROUND,
        glow=lit,
    )
    pen.rect(-0.06, 2 * r - 0.03, 0.06, 2 * r + 0.04, steel(chance), "base")
    return r


def _drum(pen: Pen, chance: Chance, lit: bool) -> float:
    """A broad shade of cloth."""
    high, wide = chance.uniform(0.25, 0.4), chance.uniform(0.36, 0.5)
    _cord(pen, chance, high)
    narrow = wide * chance.choose((1.0, 0.9, 0.6))
    _cone(pen, _shade_paint(chance), (0.0, 0.05), (0.0, high), wide, narrow, lit)
    return 0.15


def _chandelier(pen: Pen, chance: Chance, lit: bool) -> float:
    """Arms that carry candles or little shades."""
    metal = steel(chance)
    _cord(pen, chance, 0.4)
    count, flame = chance.choose((3, 5)), mix(chance, "yellow", "glass", rgb=(255, 236, 160))
    shade = mix(chance, COLORS, "fabric") if chance.maybe() else None
    wax = mix(chance, ("white", "yellow", "red"), "painted")
    pen.rect(-0.035, 0.05, 0.035, 0.5, metal, "base", shade=UPRIGHT)
    pen.ellipse(0, 0.12, 0.07, 0.1, metal, "base", shade=ROUND)
    for k in range(count):
        x = 0.42 * (2 * k / (count - 1) - 1)
        lift = 0.2 + 0.03 * (k % 2)
        if x:
            pen.stroke([(0, 0.16), (x * 0.5, 0.06), (x * 0.9, 0.1), (x, lift)], 0.03, metal, "base")
        pen.rect(x - 0.022, lift, x + 0.022, lift + 0.14, wax, "base")
        pen.ellipse(x, lift + 0.18, 0.03, 0.06, flame if lit else flame.lit(0.8), "bulb", glow=lit)
        if shade:
            corners = [
                (x - 0.1, lift + 0.08),
                (x + 0.1, lift + 0.08),
                (x + 0.055, lift + 0.25),
                (x - 0.055, lift + 0.25),
            ]
            pen.polygon(corners, shade, "lampshade", shade=UPRIGHT, glow=lit)
    return 0.3


def _row_of_bulbs(pen: Pen, chance: Chance, lit: bool) -> float:
    """Two or three on a beam, or one bare bulb."""
    count = chance.integer(2, 3)
    paint, low = _lacquer(chance), chance.uniform(0.05, 0.15)
    bulb = mix(chance, "yellow" if lit else "white", "glass", rgb=(255, 240, 170) if lit else None)
    for k in range(count):
        x = 0.34 * (2 * k / (count - 1) - 1)
        y = low if k % 2 == 0 else low + 0.12
        _cord(pen, chance, y + 0.2, x)
        pen.ellipse(x, y + 0.05, 0.06, 0.06, bulb, "bulb", shade=ROUND, glow=lit)
        cup = [(x - 0.14, y + 0.06), (x + 0.14, y + 0.06), (x + 0.05, y + 0.28), (x - 0.05, y + 0.28)]
        pen.polygon(cup, paint, "lampshade", shade=UPRIGHT)
    return low + 0.1


def _lacquer(chance: Chance) -> Paint:
    return mix(chance, COLORS, "metal")


def _shade_paint(chance: Chance) -> Paint:
    if chance.maybe(0.3):
        return mix(chance, ("white", "yellow", "orange", "pink", "green"), "paper")
    return cloth(chance, 0.5, 0.5)


def _cone(pen: Pen, paint: Paint, low: Point, top: Point, wide: float, narrow: float, lit: bool) -> None:
    """A shade that is open above: its inside shows as a thin ellipse."""
    paint = paint.lit(1.25) if lit else paint
    outline = oval(*low, wide, 0.04, 0, 180, 360) + oval(*top, narrow, 0.03, 0, 180, 360)[::-1]
    pen.polygon(outline, paint, "lampshade", shade=UPRIGHT, glow=lit)
    pen.ellipse(*top, narrow, 0.03, paint.lit(0.8), "lampshade", glow=lit)


def _band(low: float, top: float, wide: float, narrow: float, start: float, end: float) -> list[Point]:
    """The strip of a cone from a share of its height to another."""
    edges = [(low + (top - low) * t, wide + (narrow - wide) * t) for t in (start, end)]
    (y0, r0), (y1, r1) = edges
    return oval(0, y0, r0, 0.04, 0, 180, 360) + oval(0, y1, r1, 0.04, 0, 180, 360)[::-1]


def _off(point: Point, direction: Point, length: float) -> Point:
    return (point[0] + direction[0] * length, point[1] + direction[1] * length)


PAINTERS = {"desk lamp": desk_lamp, "ceiling lamp": ceiling_lamp}
