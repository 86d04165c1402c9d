"""Flowers: daisies, tulips, roses, sunflowers, poppies and bellflowers, growing or in a pot."""

import math
from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, LYING, ROUND, UPRIGHT, Pen, Point, oval, smooth
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

_SMALL = 0.17  # radius of a bloom below which fewer petals do
PETALS = ("red", "yellow", "white", "pink", "purple", "blue", "orange")


def flower(pen: Pen, chance: Chance) -> None:
    """One tall flower with stem and leaves, in the ground or in a pot; some have a smaller bloom beside."""
    green = mix(chance, "green", "foliage", strength=0.15)
    potted = chance.maybe(0.3)
    pen.shadow(0.0, 0.0, 0.2, 0.035)
    size, lean = chance.uniform(0.2, 0.27), chance.uniform(-0.08, 0.08)
    top = (lean, 0.98 - size)
    foot = 0.22 if potted else 0.0
    bloom = chance.choose((_daisy, _tulip, _rose, _sunflower, _poppy, _bells), (3, 3, 2, 2, 2, 1))
    petal = mix(chance, PETALS, "foliage", tile="soft", strength=0.08)
    middle = mix(chance, ("yellow", "brown", "orange", "black"), "foliage", "dotted", scale=0.1)
    if chance.maybe(0.3):
        x, y = chance.sign() * chance.uniform(0.24, 0.3), chance.uniform(0.5, 0.6)
        pen.stroke([(0.0, foot), (x * 0.4, foot + 0.2), (x, y)], 0.026, green, "stem")
        bloom(pen, chance, x, y, size * 0.6, petal, middle)
    _leaves(pen, chance, green, foot, top)
    pen.stroke(
        [(0.0, foot - 0.02), (-lean * 0.4, 0.4), top], (0.036, 0.028), green, "stem", shade=UPRIGHT, light=0.9
    )
    bloom(pen, chance, *top, size, petal, middle)
    if potted:
        _pot(pen, chance)


def bouquet(pen: Pen, chance: Chance, y: float, spread: float, height: float) -> None:
    """Three to five stems that come out of something at height y."""
    green = mix(chance, "green", "foliage", strength=0.15)
    petal = mix(chance, PETALS, "foliage", tile="soft", strength=0.08)
    middle = mix(chance, ("yellow", "brown"), "foliage")
    bloom = chance.choose((_daisy, _tulip, _rose, _poppy))
    count = 3 if bloom is _rose else chance.integer(3, 4)
    for k in range(count):
        x = spread * (2 * k / (count - 1) - 1)
        top = y + height * (1 - 0.5 * abs(x / spread)) - 0.08
        pen.stroke([(x * 0.15, y - 0.03), (x * 0.6, y + (top - y) * 0.6), (x, top)], 0.022, green, "stem")
        bloom(pen, chance, x, top, 0.105, petal, middle)


def _leaves(pen: Pen, chance: Chance, paint: Paint, foot: float, top: Point) -> None:
    long = chance.maybe()
    for to in (-1, 1):
        y, x = foot + chance.uniform(0.02, 0.12), to * chance.uniform(0.18, 0.27)
        if long:
            tip = min(y + chance.uniform(0.3, 0.42), top[1] - 0.1)
            points = [(0.0, foot), (x * 0.55, y + 0.1), (x, tip), (x * 0.25, y + 0.2)]
        else:
            y += 0.08
            points = [(0.0, y), (x * 0.5, y + 0.13), (x * 1.05, y + 0.12), (x * 0.6, y + 0.01)]
        pen.blob(points, paint, "leaf", shade=LYING, light=chance.uniform(0.85, 1.08))


def _pot(pen: Pen, chance: Chance) -> None:
    texture = chance.choose(("", "", "striped", "zigzagged", "dotted"))
    paint = mix(chance, COLORS, "ceramic", texture, chance.choose(COLORS) if texture else "", scale=0.25)
    pen.polygon([(-0.11, 0.0), (0.11, 0.0), (0.15, 0.24), (-0.15, 0.24)], paint, "pot", shade=UPRIGHT)
    pen.rect(-0.165, 0.2, 0.165, 0.26, paint, "rim", shade=UPRIGHT, light=1.1)


def _petal(
    pen: Pen, x: float, y: float, t: float, r: float, w: float, flat: float, paint: Paint, light: float
) -> None:
    """One petal from (x, y) outwards in direction t, in a bloom foreshortened by `flat`."""
    cos, sin = math.cos(t), math.sin(t)
    shape = ((0.1, 0.0), (0.55, -w), (0.95, -w * 0.6), (0.95, w * 0.6), (0.55, w))
    points = [(x + r * (a * cos - b * sin), y + r * flat * (a * sin + b * cos)) for a, b in shape]
    pen.polygon(smooth(points, 2), paint, "petal", light=light)


def _daisy(pen: Pen, chance: Chance, x: float, y: float, r: float, petal: Paint, middle: Paint) -> None:
    flat, count, start = chance.uniform(0.7, 1.0), chance.integer(9, 13), chance.uniform(0, 1)
    count = count if r > _SMALL else 7
    for k in range(count):
        t = 2 * math.pi * (k + start) / count
        light = 0.96 + 0.12 * math.sin(t) - 0.1 * (k % 2)
        _petal(pen, x, y, t, r, 2.3 / count, flat, petal, light)
    pen.ellipse(x, y, r * 0.3, r * 0.3 * flat, middle, "pistil", shade=ROUND)


def _sunflower(pen: Pen, chance: Chance, x: float, y: float, r: float, petal: Paint, middle: Paint) -> None:
    seeds = mix(chance, ("brown", "black"), "foliage", "dotted", scale=0.12)
    flat = chance.uniform(0.8, 1.0)
    for row, light in ((0.0, 0.82), (0.5, 1.05)) if r > _SMALL else ((0.0, 1.0),):
        for k in range(10):
            t = 2 * math.pi * (k + row) / 10
            _petal(pen, x, y, t, r * (1 - 0.1 * row), 0.17, flat, petal, light + 0.06 * math.sin(t))
    pen.ellipse(x, y, r * 0.5, r * 0.5 * flat, seeds, "pistil", shade=ROUND)


def _poppy(pen: Pen, chance: Chance, x: float, y: float, r: float, petal: Paint, middle: Paint) -> None:
    flat, count, start = chance.uniform(0.65, 0.95), chance.integer(4, 6), chance.uniform(0, 1)
    for k in range(count):
        t = 2 * math.pi * (k + start) / count
        cx, cy = x + 0.48 * r * math.cos(t), y + 0.48 * r * flat * math.sin(t)
        light = 1.0 + 0.1 * math.sin(t) - 0.1 * (k % 2)
        pen.polygon(oval(cx, cy, r * 0.5, r * 0.5 * flat), petal, "petal", shade=ROUND, light=light)
    pen.ellipse(x, y, r * 0.22, r * 0.22 * flat, middle, "pistil", shade=ROUND)


def _tulip(pen: Pen, chance: Chance, x: float, y: float, r: float, petal: Paint, middle: Paint) -> None:
    """A cup of petals, the ones behind darker."""
    w, low = r * chance.uniform(0.62, 0.78), y - r * 0.75
    for dx in (-0.45, 0.45):
        points = [(x + dx * w - w * 0.4, y), (x + dx * w * 0.9, y + r * 0.95), (x + dx * w + w * 0.4, y)]
        pen.polygon(points, petal, "petal", light=0.74)
    for to in (-1, 1):
        points = [
            (x, low),
            (x + to * w * 0.85, low + r * 0.45),
            (x + to * w, y + r * 0.25),
            (x + to * w * 0.8, y + r),
        ]
        points += [(x + to * w * 0.2, y + r * 0.4), (x, low + r * 0.4)]
        pen.polygon(smooth(points, 2), petal, "petal", shade=UPRIGHT, light=0.92 if to > 0 else 1.0)
    points = [(x, low), (x + w * 0.55, low + r * 0.5), (x + w * 0.4, y + r * 0.4), (x, y + r * 0.9)]
    points += [(x - w * 0.4, y + r * 0.4), (x - w * 0.55, low + r * 0.5)]
    pen.polygon(smooth(points, 2), petal, "petal", shade=FALLING, light=1.08)


def _rose(pen: Pen, chance: Chance, x: float, y: float, r: float, petal: Paint, middle: Paint) -> None:
    """Petals around petals, each ring smaller and turned."""
    start = chance.uniform(0, 6)
    rings = ((0.5, 0.5, 0.8), (0.3, 0.42, 0.95))
    for ring, (far, size, light) in enumerate(rings if r > _SMALL else rings[:1]):
        for k in range(5):
            t = start + ring * 0.6 + 2 * math.pi * k / 5
            cx, cy = x + far * r * math.cos(t), y + far * r * 0.9 * math.sin(t)
            pen.polygon(
                oval(cx, cy, r * size, r * size * 0.9),
                petal,
                "petal",
                shade=ROUND,
                light=light - 0.08 * (k % 2),
            )
    for size, light, dx in ((0.4, 1.06, 0.0), (0.26, 0.84, 0.04), (0.17, 1.1, -0.02)):
        pen.ellipse(
            x + dx * r, y + dx * r, size * r, size * r * 0.85, petal, "petal", shade=ROUND, light=light
        )


def _bells(pen: Pen, chance: Chance, x: float, y: float, r: float, petal: Paint, middle: Paint) -> None:
    """A spike of bells, the lower ones larger."""
    green = mix(chance, "green", "foliage")
    pen.stroke([(x, y - r), (x, y + r * 0.8)], r * 0.1, green, "stem")
    for k in range(6):
        t, to = k / 5, -1 if k % 2 else 1
        size, cy = r * (0.42 - 0.2 * t), y - r * 0.7 + 1.55 * r * t
        cx = x + to * size * 0.75
        bell = [(x, cy + size * 0.6), (cx - size * 0.5, cy), (cx - size * 0.7, cy - size * 0.8)]
        bell += [
            (cx, cy - size * 0.55),
            (cx + size * 0.7, cy - size * 0.8),
            (cx + size * 0.5, cy + size * 0.1),
        ]
        pen.polygon(bell, petal, "petal", shade=ROUND, light=0.95 + 0.1 * t)


PAINTERS: dict[str, Callable[[Pen, Chance], None]] = {"flower": flower}
