"""Trees: round, conical, slender, palms, birches and bare ones, in the colours of all seasons."""

import math

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import LYING, ROUND, UPRIGHT, Pen, Point, oval, smooth

GREENS = ("green", "green", "green", "green", "yellow", "orange", "red", "brown")
"""Colours of a crown, in summer and in autumn."""


def tree(pen: Pen, chance: Chance) -> None:
    """A tree of some kind, as tall as the unit of length."""
    kinds = (_broad, _conifer, _poplar, _palm, _birch, _bare, _blossoming)
    pen.shadow(0.0, 0.0, 0.3, 0.045)
    chance.choose(kinds, (5, 4, 2, 2, 2, 1.5, 1.5))(pen, chance)


def crown_paint(chance: Chance) -> Paint:
    """Mix the paint of leaves from afar."""
    return mix(chance, GREENS, "foliage", scale=chance.uniform(0.35, 0.6))


def _bark(chance: Chance) -> Paint:
    return mix(chance, ("brown", "brown", "grey"), "wood", "fibrous", scale=0.3)


def _trunk(pen: Pen, paint: Paint, chance: Chance, top: float, width: float) -> None:
    """A trunk with a foot, bent a little."""
    bend, w = chance.uniform(-0.025, 0.025), width / 2
    left = [(-w * 1.9, 0.0), (-w * 1.1, 0.07), (bend - w, top * 0.6), (-w * 0.7, top)]
    right = [(w * 0.7, top), (bend + w, top * 0.6), (w * 1.1, 0.07), (w * 1.9, 0.0)]
    pen.polygon(left + right, paint, "trunk", shade=UPRIGHT)


def tuft(
    pen: Pen, chance: Chance, x: float, y: float, rx: float, ry: float, paint: Paint, light: float
) -> None:
    """A clump of leaves: an oval with a scalloped edge."""
    points = []
    for k in range(22):
        r = chance.uniform(0.82, 0.9) if k % 2 else chance.uniform(0.98, 1.08)
        t = 2 * math.pi * k / 22
        points.append((x + r * rx * math.cos(t), y + r * ry * math.sin(t)))
    pen.polygon(smooth(points, 2), paint, "crown", shade=ROUND, light=light)


def _canopy(pen: Pen, chance: Chance, paint: Paint, y: float, rx: float, ry: float) -> None:
    """Clumps on clumps: darker ones behind, lighter ones before and towards the light."""
    side = pen.lit_side
    tuft(pen, chance, 0.0, y, rx, ry, paint, 0.8)
    for _ in range(chance.integer(3, 5)):
        t, r = chance.uniform(0, 2 * math.pi), chance.uniform(0.45, 0.62)
        cx, cy = rx * r * math.cos(t), ry * r * math.sin(t)
        light = 0.93 + 0.16 * (cy / ry) + 0.06 * side * cx / rx
        size = chance.uniform(0.42, 0.56)
        tuft(pen, chance, cx, y + cy, rx * size, ry * size, paint, light)


def _broad(pen: Pen, chance: Chance) -> None:
    """Oak, lime or maple: a round crown on a trunk."""
    paint, bark = crown_paint(chance), _bark(chance)
    rx, ry = chance.uniform(0.32, 0.43), chance.uniform(0.27, 0.35)
    y = 0.97 - ry
    _trunk(pen, bark, chance, y, chance.uniform(0.07, 0.12))
    for to in (-1, 1):
        pen.stroke([(0, y - ry * 1.1), (to * rx * 0.55, y - ry * 0.4)], (0.045, 0.025), bark, "branch")
    _canopy(pen, chance, paint, y, rx, ry)


def _blossoming(pen: Pen, chance: Chance) -> None:
    """A fruit tree in spring, or full of fruit."""
    leaves = mix(chance, "green", "foliage")
    paint = mix(chance, ("pink", "white", "pink", "green"), "foliage")
    if paint.color == "green":
        paint = mix(chance, "green", "foliage", "flecked", ("red", "yellow", "orange"), scale=0.55)
    _trunk(pen, _bark(chance), chance, 0.5, 0.08)
    rx, ry = chance.uniform(0.34, 0.42), chance.uniform(0.26, 0.3)
    tuft(pen, chance, 0.0, 0.62, rx * 0.95, ry * 0.8, leaves, 0.85)
    _canopy(pen, chance, paint, 0.97 - ry, rx, ry)


def _conifer(pen: Pen, chance: Chance) -> None:
    """Fir or spruce: skirts of branches, each smaller than the one below; sometimes with snow."""
    paint = mix(chance, ("green", "green", "green", "green", "yellow"), "foliage", scale=0.35)
    if chance.maybe(0.15):
        paint = mix(chance, "blue", "foliage", scale=0.35, rgb=(84.0, 128.0, 156.0))
    snow = mix(chance, "white", "snow") if chance.maybe(0.2) else None
    wide, steps = chance.uniform(0.2, 0.34), chance.integer(4, 6)
    pen.rect(-0.035, 0.0, 0.035, 0.22, _bark(chance), "trunk", shade=UPRIGHT)
    low, step = 0.12, 0.88 / (steps + 0.6)
    for k in range(steps):
        w, top = wide * (1 - k / (steps + 0.3)), min(1.0, low + step * 1.75)
        hem: list[Point] = [(-w, low)]
        for j in range(1, 8):
            hem.append(
                (-w + 2 * w * j / 8, low - 0.02 + (0.035 if j % 2 else 0.0) * chance.uniform(0.6, 1.3))
            )
        light = 0.84 + 0.22 * k / steps
        pen.polygon([*hem, (w, low), (0.0, top)], paint, "crown", shade=UPRIGHT, light=light)
        if snow:
            cap = [(-w * 0.6, low + step * 0.72), (-w * 0.1, low + step * 0.8), (w * 0.6, low + step * 0.62)]
            pen.polygon([*cap, (0.0, top)], snow, "crown", shade=UPRIGHT)
        low += step


def _poplar(pen: Pen, chance: Chance) -> None:
    """Poplar or cypress: slender as a flame."""
    paint = mix(chance, ("green", "green", "green", "yellow", "orange"), "foliage", scale=0.35)
    w = chance.uniform(0.1, 0.17)
    pen.rect(-0.028, 0.0, 0.028, 0.3, _bark(chance), "trunk", shade=UPRIGHT)
    outline = [(0.0, 0.99), (0.4, 0.88), (0.85, 0.66), (1.0, 0.4), (0.75, 0.2), (0.25, 0.13)]
    right = [(w * x * chance.uniform(0.88, 1.1), y) for x, y in outline]
    left = [(-w * x * chance.uniform(0.88, 1.1), y - 0.03) for x, y in outline[1:]]
    pen.blob(right + left[::-1], paint, "crown", shade=UPRIGHT)
    for x, y, light in ((-0.35, 0.62, 1.08), (0.3, 0.5, 0.9), (-0.2, 0.33, 0.98)):
        tuft(pen, chance, w * x, y, w * 0.5, 0.13, paint, light)


def _palm(pen: Pen, chance: Chance) -> None:
    """A palm: a bare leaning trunk and a star of long leaves."""
    bark = mix(chance, ("brown", "grey"), "wood", "banded", scale=0.09)
    paint = mix(chance, ("green", "green", "yellow"), "foliage", "fibrous", scale=0.3)
    lean = chance.uniform(-0.2, 0.2)
    top = (lean, chance.uniform(0.68, 0.76))
    pen.stroke([(0.0, 0.0), (lean * 0.25, 0.3), top], (0.1, 0.055), bark, "trunk", shade=UPRIGHT)
    count = chance.integer(7, 9)
    for k in range(count):
        t = math.radians(-28 + 236 * k / (count - 1) + chance.uniform(-8, 8))
        reach = chance.uniform(0.3, 0.36)
        dx, dy = math.cos(t) * reach, math.sin(t) * reach * 0.72
        droop = 0.1 + 0.12 * abs(math.cos(t))
        x, y = top
        leaf = [(x, y + 0.02), (x + dx * 0.55, y + dy * 0.8 + 0.055), (x + dx, y + dy - droop)]
        leaf += [(x + dx * 0.6, y + dy * 0.6 - 0.05)]
        pen.blob(leaf, paint, "leaf", shade=LYING, light=0.85 + 0.25 * (k % 2))
    for dx in (-0.03, 0.03):
        pen.polygon(oval(top[0] + dx, top[1] - 0.02, 0.028, 0.03)[::2], bark, "", light=0.8)


def _birch(pen: Pen, chance: Chance) -> None:
    """A birch: white bark with dark bands, and an airy crown."""
    bark = mix(chance, "white", "wood", "banded", "black", scale=0.17, strength=0.75)
    paint = mix(chance, ("green", "green", "yellow", "yellow"), "foliage", scale=0.3)
    lean = chance.uniform(-0.05, 0.05)
    for x, y, size in ((lean - 0.08, 0.5, 0.15), (lean + 0.1, 0.6, 0.17)):
        tuft(pen, chance, x, y, size, size * 0.9, paint, 0.82)
    pen.stroke([(0.0, 0.0), (lean * 0.4, 0.4), (lean, 0.9)], (0.075, 0.025), bark, "trunk", shade=UPRIGHT)
    for to, y in ((-1, 0.42), (1, 0.5), (-1, 0.62)):
        pen.stroke([(lean * 0.6, y), (lean + to * 0.15, y + 0.13)], (0.022, 0.012), bark, "branch")
    for x, y, size in ((-0.14, 0.62, 0.11), (0.15, 0.68, 0.12), (-0.06, 0.8, 0.15), (0.06, 0.86, 0.12)):
        tuft(pen, chance, lean + x, y, size, size, paint, 0.9 + 0.3 * (y - 0.6))


def _bare(pen: Pen, chance: Chance) -> None:
    """A tree in winter: trunk, branches and twigs."""
    bark = mix(chance, ("brown", "grey", "black"), "wood", scale=0.3, angle=90.0)
    _trunk(pen, bark, chance, 0.5, chance.uniform(0.08, 0.11))
    boughs = chance.integer(5, 6)
    for k in range(boughs):
        t = math.radians(160 - 140 * k / (boughs - 1) + chance.uniform(-8, 8))
        reach = chance.uniform(0.42, 0.5)
        x, y = reach * math.cos(t), 0.44 + reach * 1.15 * math.sin(t)
        mid = (x * 0.45, 0.44 + (y - 0.44) * 0.5)
        pen.stroke([(0.0, 0.4), mid, (x, min(y, 0.98))], (0.052, 0.012), bark, "branch")
        for to in (-1, 1):
            turn = t + to * 0.6
            tip = (mid[0] + 0.22 * math.cos(turn), mid[1] + 0.22 * math.sin(turn))
            pen.stroke([mid, tip], (0.022, 0.008), bark, "branch")
