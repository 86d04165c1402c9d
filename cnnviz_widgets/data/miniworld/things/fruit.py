"""Bell peppers and lemons, whole and cut."""

import math
from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, ROUND, UPRIGHT, Pen, Point, oval


def bell_pepper(pen: Pen, chance: Chance) -> None:
    """A bell pepper: lobes below a green stem; or one half with its seeds."""
    color = chance.choose(("red", "yellow", "green", "orange", "red", "yellow", "green", "purple"))
    skin = mix(chance, color, "food", strength=0.02)
    stem = mix(chance, "green", "food")
    wide, high = chance.uniform(0.36, 0.46), chance.uniform(0.74, 0.84)
    pen.shadow(0.0, 0.03, wide * 1.1, 0.07)
    if chance.maybe(0.2):
        _halved(pen, chance, skin, stem, wide, high)
        return
    taper = chance.uniform(0.66, 0.95)
    if chance.maybe(0.3):  # on its side, the stem to the left or right and a little up
        to, angle = chance.sign(), chance.uniform(58, 86)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        # It rests on a flank or on the rim of its blossom end, whichever is lower.
        rest = max(wide * sin - 0.47 * high * cos, 0.88 * wide * taper * sin - 0.09 * cos)
        pen = pen.piece(to * 0.48 * sin, rest, tilt=to * angle)
    _lobes(pen, chance, skin, wide, high, taper)
    _stem(pen, chance, stem, high)


def _lobes(pen: Pen, chance: Chance, skin: Paint, wide: float, high: float, taper: float) -> None:
    far = (-0.42, 0.44) if chance.maybe() else (0.0,)
    for x in far:
        _lobe(pen, skin, x * wide, wide * 0.5, high * 0.97, taper, 0.72)
    for x in (-0.56, 0.58):
        w, top = wide * chance.uniform(0.42, 0.48), high * chance.uniform(0.94, 1.0)
        _lobe(pen, skin, x * wide, w, top, taper, 0.92)
    x = chance.uniform(-0.1, 0.1) * wide
    _lobe(pen, skin, x, wide * 0.52, high, taper, 1.05, low=-0.01)
    shine = (min(255.0, 130 + 0.55 * each) for each in skin.rgb)
    gloss = mix(chance, "white", "food", rgb=tuple(shine))  # type: ignore[arg-type]
    side = pen.lit_side
    pen.ellipse(x + side * wide * 0.2, high * 0.68, 0.035, high * 0.13, gloss, "body", angle=-side * 8)


def _lobe(
    pen: Pen, skin: Paint, x: float, w: float, high: float, taper: float, light: float, low: float = 0.03
) -> None:
    foot = x * taper
    points = [(foot - w * taper * 0.72, low + 0.06), (foot, low), (foot + w * taper * 0.72, low + 0.06)]
    points += [
        (x + w * 0.98, high * 0.5),
        (x + w * 0.82, high * 0.9),
        (x * 0.8, high),
        (x - w * 0.82, high * 0.9),
    ]
    pen.blob(
        [*points, (x - w * 0.98, high * 0.5)], skin, "body", shade=(0.26, 0.12, -0.3, -0.12), light=light
    )


def _stem(pen: Pen, chance: Chance, paint: Paint, high: float) -> None:
    lean = chance.uniform(-0.12, 0.12)
    pen.ellipse(0.0, high * 0.95, 0.13, 0.045, paint, "stem", light=0.85)
    pen.stroke(
        [(0.0, high * 0.94), (lean * 0.3, high + 0.07), (lean, 0.99)],
        (0.075, 0.1),
        paint,
        "stem",
        shade=UPRIGHT,
    )


def _halved(pen: Pen, chance: Chance, skin: Paint, stem: Paint, wide: float, high: float) -> None:
    """Cut from stem to tip: a rim of skin, lighter flesh, white ribs and seeds."""
    flesh = skin.lit(1.18)
    seed = mix(chance, "white", "food", "flecked", "yellow", scale=0.3)
    outline = [
        (-0.6, 0.04),
        (0.0, 0.1),
        (0.6, 0.04),
        (0.98, 0.45),
        (0.85, 0.9),
        (0.0, 0.88),
        (-0.85, 0.9),
        (-0.98, 0.45),
    ]
    for shrink, paint, light in ((1.0, skin, 1.0), (0.88, flesh, 1.1), (0.74, skin, 0.74)):
        points = [(x * wide * shrink, (0.48 + (y - 0.48) * shrink) * high) for x, y in outline]
        pen.blob(points, paint, "body", shade=FALLING, light=light)
    for x in (-0.3, 0.32):
        pen.stroke(
            [(x * wide, high * 0.2), (x * wide * 0.8, high * 0.75)], (0.03, 0.05), flesh, "body", light=1.15
        )
    pen.blob(
        [(-0.1, 0.8 * high), (0.1, 0.8 * high), (0.07, 0.5 * high), (-0.07, 0.5 * high)],
        seed,
        "pistil",
        shade=ROUND,
    )
    _stem(pen, chance, stem, high)


def lemon(pen: Pen, chance: Chance) -> None:
    """A lemon: whole, halved, as a slice, or two together; yellow, or not ripe yet."""
    peel = mix(
        chance,
        ("yellow", "yellow", "yellow", "yellow", "green"),
        "food",
        tile="fine",
        scale=0.35,
        strength=0.1,
    )
    flesh = mix(chance, peel.color, "food", rgb=tuple(min(255.0, 0.55 * c + 108) for c in peel.rgb))  # type: ignore[arg-type]
    pith = mix(chance, "white", "food")
    what = chance.choose(("whole", "leaf", "half", "wheel", "both"), (3, 3, 2, 2, 3))
    fat = chance.uniform(0.3, 0.37)
    if what in ("whole", "leaf"):
        pen.shadow(0.0, 0.02, 0.44, 0.08)
        _whole(pen, peel, 0.0, fat + 0.01, 0.5, fat, chance.uniform(-14, 14))
        if what == "leaf":
            _leaf(pen, chance, -0.36, fat + 0.05)
    elif what == "both":
        pen.shadow(0.0, 0.02, 0.46, 0.08)
        _whole(pen, peel, -0.12, fat * 0.85 + 0.08, 0.37, fat * 0.8, chance.uniform(-20, 20))
        if chance.maybe():
            _leaf(pen, chance, -0.34, fat + 0.2)
        _cut(pen, peel, pith, flesh, 0.24, 0.23, 0.22, chance.uniform(0.75, 1.0))
    elif what == "half":
        pen.shadow(0.0, 0.02, 0.42, 0.07)
        dome = [(-0.05, 0.02), (0.3, 0.08), (0.42, 0.29), (0.49, 0.33), (0.42, 0.39), (0.28, 0.58)]
        pen.blob([*dome, (-0.05, 0.66), (-0.3, 0.36)], peel, "body", shade=ROUND)
        _cut(pen, peel, pith, flesh, -0.14, 0.35, 0.34, 0.72)
    else:
        pen.shadow(0.0, 0.02, 0.42, 0.05)
        _cut(pen, peel, pith, flesh, 0.0, 0.47, 0.46, chance.uniform(0.8, 1.0))


def _whole(pen: Pen, peel: Paint, x: float, y: float, rx: float, ry: float, angle: float) -> None:
    """An oval with a nipple at one end and a small stub at the other."""
    outline = [(-1.0, 0.0), (-0.9, 0.16), (-0.62, 0.72), (0.0, 1.0), (0.55, 0.78), (0.84, 0.28), (1.0, 0.13)]
    outline += [(1.0, -0.13), (0.84, -0.28), (0.55, -0.78), (0.0, -1.0), (-0.62, -0.72), (-0.9, -0.16)]
    t = math.radians(angle)
    cos, sin = math.cos(t), math.sin(t)
    points = [(x + u * rx * cos - v * ry * sin, y + u * rx * sin + v * ry * cos) for u, v in outline]
    pen.blob(points, peel, "body", shade=ROUND)
    glow = oval(x + pen.lit_side * rx * 0.2, y + ry * 0.42, rx * 0.22, ry * 0.16)
    pen.polygon(glow, peel, "body", light=1.22)


def _leaf(pen: Pen, chance: Chance, x: float, y: float) -> None:
    green = mix(chance, "green", "foliage", scale=0.3)
    up = chance.uniform(0.15, 0.3)
    leaf: list[Point] = [
        (x, y),
        (x + 0.1, y + up * 0.95),
        (x + 0.36, y + up * 1.15),
        (x + 0.26, y + up * 0.5),
    ]
    pen.blob(leaf, green, "leaf", shade=ROUND)
    pen.stroke([(x - 0.02, y - 0.02), (x + 0.34, y + up * 1.05)], 0.018, green, "stem", light=0.75)


def _cut(
    pen: Pen, peel: Paint, pith: Paint, flesh: Paint, x: float, y: float, r: float, squash: float
) -> None:
    """A wheel: peel, white pith, and eight or nine wedges of flesh."""
    for size, paint in ((1.0, peel), (0.9, pith)):
        pen.ellipse(x, y, r * squash * size, r * size, paint, "body")
    for k in range(9):
        a, b = (2 * math.pi * (k + off) / 9 for off in (0.08, 0.92))
        wedge = [(0.12, (a + b) / 2), (0.78, a), (0.82, (a + b) / 2), (0.78, b)]
        points = [(x + r * squash * s * math.cos(t), y + r * s * math.sin(t)) for s, t in wedge]
        pen.polygon(points, flesh, "body")


PAINTERS: dict[str, Callable[[Pen, Chance], None]] = {"bell pepper": bell_pepper, "lemon": lemon}
