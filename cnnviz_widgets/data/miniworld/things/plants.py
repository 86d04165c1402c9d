"""Plants but for trees: bushes, cacti, plants in pots; and the rocks between them."""

import math
from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, LYING, ROUND, UPRIGHT, Pen, oval
from cnnviz_widgets.data.miniworld.things.trees import crown_paint, tree, tuft
from cnnviz_widgets.data.miniworld.vocabulary import COLORS


def bush(pen: Pen, chance: Chance) -> None:
    """A bush, wider than it is high, perhaps in flower."""
    paint = crown_paint(chance)
    if chance.maybe(0.3):
        flowers = ("pink", "white", "yellow", "red", "purple")
        paint = mix(chance, "green", "foliage", "flecked", flowers, scale=0.6)
    high = chance.uniform(0.4, 0.62)
    pen.shadow(0.0, 0.0, 0.5, 0.06)
    tuft(pen, chance, 0.0, high * 0.5, 0.45, high * 0.5, paint, 0.82)
    for x, y in chance.several(((-0.26, 0.32), (-0.12, 0.6), (0.06, 0.3), (0.1, 0.64), (0.28, 0.36)), 4):
        size = chance.uniform(0.4, 0.5)
        light = 0.92 + 0.3 * x * pen.lit_side + 0.16 * y
        tuft(pen, chance, x, high * y, 0.42 * size, high * size * 0.72, paint, light)


def cactus(pen: Pen, chance: Chance) -> None:
    """A saguaro with arms, or a barrel or pear cactus."""
    pen.shadow(0.0, 0.0, 0.28, 0.045)
    skin = mix(
        chance, ("green", "green", "green", "yellow", "blue"), "foliage", "striped", scale=0.15, strength=0.3
    )
    bloom = mix(chance, ("pink", "red", "yellow", "white"), "foliage")
    chance.choose((_saguaro, _saguaro, _barrel, _pear))(pen, chance, skin, bloom)


def _saguaro(pen: Pen, chance: Chance, skin: Paint, bloom: Paint) -> None:
    w = chance.uniform(0.13, 0.18)
    for to in (-1, 1):
        if to < 0 or chance.maybe(0.8):
            x, y, top = to * chance.uniform(0.2, 0.28), chance.uniform(0.3, 0.45), chance.uniform(0.62, 0.8)
            bend = [(0.0, y), (x * 0.7, y), (x, y + 0.07), (x, top)]
            pen.stroke(bend, w * 0.62, skin, "branch", shade=UPRIGHT)
            pen.polygon(oval(x, top, w * 0.31, w * 0.3), skin, "branch", shade=UPRIGHT)
    stalk = [(-w * 0.45, 0.0), (w * 0.45, 0.0), (w * 0.5, 0.4)]
    pen.polygon([*stalk, *oval(0.0, 0.91, w / 2, 0.085, 0, 0, 180)], skin, "trunk", shade=UPRIGHT)
    if chance.maybe(0.4):
        for dx in (-0.035, 0.035):
            pen.polygon(oval(dx, 0.97, 0.035, 0.03)[::2], bloom, "petal", shade=ROUND)


def _barrel(pen: Pen, chance: Chance, skin: Paint, bloom: Paint) -> None:
    w, high = chance.uniform(0.34, 0.44), chance.uniform(0.65, 0.9)
    pen.ellipse(0.0, high * 0.5, w, high * 0.5, skin.scaled(1.8), "trunk", shade=ROUND)
    for dx in (-0.11, 0.0, 0.11):
        pen.polygon(oval(dx, high - abs(dx) * 0.25, 0.06, 0.05)[::2], bloom, "petal", shade=ROUND)


def _pear(pen: Pen, chance: Chance, skin: Paint, bloom: Paint) -> None:
    spines = mix(chance, "green", "foliage", "flecked", "yellow", scale=0.35)
    for x, y, rx, ry, turn in (
        (0.0, 0.2, 0.17, 0.22, 0),
        (-0.2, 0.5, 0.14, 0.2, 28),
        (0.18, 0.5, 0.15, 0.2, -24),
    ):
        pen.ellipse(x, y, rx, ry, spines, "branch", angle=turn, shade=ROUND)
    for x, y in ((-0.28, 0.76), (0.1, 0.78), (0.3, 0.72)):
        size = chance.uniform(0.09, 0.13)
        pen.ellipse(x, y, size, size * 1.35, spines, "branch", shade=ROUND, light=1.08)
        pen.polygon(oval(x, y + size * 1.4, 0.04, 0.04)[::2], bloom, "petal", shade=ROUND)


def potted(pen: Pen, chance: Chance) -> None:
    """A plant in a pot: broad leaves, long ones, or a little round tree."""
    pen.shadow(0.0, 0.0, 0.26, 0.05)
    leaves = mix(chance, ("green", "green", "green", "yellow", "purple"), "foliage", scale=0.3)
    high = chance.uniform(0.28, 0.4)
    chance.choose((_fan, _blades, _ball))(pen, chance, leaves, high)
    texture = chance.choose(("", "", "striped", "banded", "zigzagged", "dotted"))
    second = chance.choose(COLORS) if texture else ""
    paint = mix(chance, COLORS, "ceramic", texture, second, scale=0.3)
    low, wide = chance.uniform(0.1, 0.17), chance.uniform(0.17, 0.22)
    pen.polygon([(-low, 0.0), (low, 0.0), (wide, high), (-wide, high)], paint, "pot", shade=UPRIGHT)
    if chance.maybe(0.6):
        pen.rect(-wide * 1.1, high - 0.06, wide * 1.1, high, paint, "rim", shade=UPRIGHT, light=1.12)


def _fan(pen: Pen, chance: Chance, paint: Paint, y: float) -> None:
    stem = mix(chance, "green", "foliage")
    count = chance.integer(6, 8)
    for k in chance.several(range(count), count):
        t = math.radians(160 - 140 * k / (count - 1))
        reach = chance.uniform(0.36, 0.5)
        x, top = reach * math.cos(t) * 0.85, y + reach * (0.35 + 0.75 * math.sin(t))
        pen.stroke([(0.0, y - 0.02), (x * 0.5, y + (top - y) * 0.7), (x, top)], (0.025, 0.015), stem, "stem")
        turn = math.degrees(t) * 0.8 + 18
        light = chance.uniform(0.85, 1.1)
        pen.ellipse(x, top, 0.14, 0.085, paint, "leaf", angle=turn, shade=LYING, light=light)


def _blades(pen: Pen, chance: Chance, paint: Paint, y: float) -> None:
    for k in chance.several(range(9), 9):
        t = math.radians(155 - 130 * k / 8)
        reach = chance.uniform(0.42, 0.58)
        x, top = reach * math.cos(t), y + reach * math.sin(t)
        w = 0.04
        blade = [(-w, y - 0.05), (w, y - 0.05), (x * 0.5 + w, y + (top - y) * 0.6), (x, top)]
        blade.append((x * 0.5 - w, y + (top - y) * 0.6))
        pen.polygon(blade, paint, "leaf", shade=FALLING, light=chance.uniform(0.82, 1.12))


def _ball(pen: Pen, chance: Chance, paint: Paint, y: float) -> None:
    bark = mix(chance, "brown", "wood")
    size = chance.uniform(0.22, 0.28)
    pen.rect(-0.02, y - 0.02, 0.02, 1.0 - size, bark, "stem", shade=UPRIGHT)
    tuft(pen, chance, 0.0, 0.98 - size, size, size, paint, 1.0)


def rock(pen: Pen, chance: Chance) -> None:
    """A boulder, with a lighter top and a darker side."""
    pen.shadow(0.0, 0.0, 0.5, 0.07)
    paint = mix(chance, ("grey", "grey", "brown", "white", "black", "orange"), "stone")
    high = chance.uniform(0.4, 0.75)
    outline = [
        (-0.46, -0.02),
        (-0.5, 0.35),
        (-0.36, 0.72),
        (-0.08, 0.96),
        (0.2, 0.9),
        (0.4, 0.6),
        (0.48, 0.02),
    ]
    outline = [(x * chance.uniform(0.84, 1.0), y * high * chance.uniform(0.86, 1.0)) for x, y in outline]
    a, b, c, d, e, f, g = outline
    ridge = (chance.uniform(-0.02, 0.14), high * chance.uniform(0.52, 0.68))
    foot = (ridge[0] + chance.uniform(-0.1, 0.1), -0.03)
    lit, dim = (1.06, 0.72) if pen.lit_side < 0 else (0.72, 1.06)
    pen.polygon([a, b, c, ridge, foot], paint, "", shade=FALLING, light=lit)
    pen.polygon([ridge, e, f, g, foot], paint, "", shade=FALLING, light=dim)
    pen.polygon([c, d, e, ridge], paint, "", light=1.2)


PAINTERS: dict[str, Callable[[Pen, Chance], None]] = {
    "tree": tree,
    "bush": bush,
    "cactus": cactus,
    "plant": potted,
    "rock": rock,
}
