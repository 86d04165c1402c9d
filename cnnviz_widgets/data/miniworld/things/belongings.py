"""What stands and lies about: vases, bottles, plates, balls, books, clocks, cushions."""

import math
from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND, UPRIGHT, Pen, Point, smooth
from cnnviz_widgets.data.miniworld.things.flowers import bouquet
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

_PATTERNS = ("", "", "striped", "banded", "dotted", "chequered", "zigzagged", "grid")
_POLISH = (0.3, 0.04, -0.34, 0.0)


def _any(chance: Chance, material: str, scale: float) -> Paint:
    """Mix any colour, plain or patterned with another."""
    color, texture = chance.choose(COLORS), chance.choose(_PATTERNS)
    second = chance.choose([each for each in COLORS if each != color]) if texture else ""
    return mix(chance, color, material, texture, second, scale=scale)


def _turned(profile: list[Point]) -> list[Point]:
    """Outline of something turned on a lathe, from the (radius, height) of its right side, upwards."""
    return profile + [(-x, y) for x, y in reversed(profile)]


def vase(pen: Pen, chance: Chance) -> None:
    """A vase with or without flowers."""
    flowers = chance.maybe(0.65)
    top = chance.uniform(0.5, 0.58) if flowers else 0.97
    pen.shadow(0.0, 0.0, 0.24, 0.045)
    paint = _any(chance, chance.choose(("ceramic", "ceramic", "glass")), 0.35)
    wide, neck = chance.uniform(0.15, 0.2), chance.uniform(0.06, 0.11)
    if flowers:
        bouquet(pen, chance, top, chance.uniform(0.2, 0.3), 0.97 - top)
    else:
        wide, neck = wide * 1.4, neck * 1.3
    belly = chance.uniform(0.3, 0.6)
    profile = [
        (wide * 0.4, 0.0),
        (wide * 0.64, 0.02),
        (wide, top * belly),
        (neck, top * 0.86),
        (neck * 1.35, top),
    ]
    pen.polygon(smooth(_turned(profile), 5), paint, "body", shade=_POLISH)
    pen.ellipse(0.0, top, neck * 1.35, neck * 0.3, paint, "rim", light=0.7)


def bottle(pen: Pen, chance: Chance) -> None:
    """A bottle of glass or plastic with a label and a cap."""
    glass = mix(
        chance, ("green", "green", "brown", "blue", "white", "red"), chance.choose(("glass", "plastic"))
    )
    w, shoulder = chance.uniform(0.13, 0.17), chance.uniform(0.5, 0.66)
    pen.shadow(0.0, 0.0, 0.2, 0.035)
    profile = [(w * 0.9, 0.0), (w, 0.03), (w, shoulder), (0.055, shoulder + 0.16), (0.05, 0.93)]
    pen.polygon(_turned(profile), glass, "body", shade=_POLISH)
    label = _any(chance, "paper", 0.3)
    pen.rect(-w, 0.16, w, shoulder - 0.08, label, "", shade=_POLISH)
    cap = mix(chance, COLORS, chance.choose(("metal", "plastic", "wood")))
    pen.rect(-0.06, 0.91, 0.06, 0.99, cap, "top", shade=UPRIGHT)


def plate(pen: Pen, chance: Chance) -> None:
    """A plate on a table, seen from above at a slant; (0, 0) is its near edge."""
    flat = chance.uniform(0.3, 0.5)
    color = chance.choose(COLORS)
    paint = mix(chance, color, "ceramic")
    edge = mix(chance, COLORS, "ceramic") if chance.maybe() else paint
    y = 0.5 * flat
    pen.shadow(0.0, y - 0.02, 0.52, 0.5 * flat)
    pen.ellipse(0.0, y, 0.5, y, edge, "rim", shade=ROUND)
    pen.ellipse(0.0, y, 0.45, 0.45 * flat, paint, "body", shade=(-0.1, -0.1, 0.0, 0.0))
    pen.ellipse(0.0, y, 0.31, 0.31 * flat, paint, "body", light=0.9)


def ball(pen: Pen, chance: Chance) -> None:
    """A ball: plain, striped, dotted, or a football with dark patches."""
    pen.shadow(0.0, 0.02, 0.5, 0.1)
    if chance.maybe(0.3):
        skin = mix(chance, ("white", "white", "yellow", "orange"), "leather", strength=0.03)
        patch = mix(chance, ("black", "black", "blue", "red"), "leather", strength=0.05)
        pen.ellipse(0.0, 0.5, 0.5, 0.5, skin, "", shade=ROUND)
        start = chance.uniform(0, 1.2)
        _pentagon(pen, patch, 0.0, 0.5, 0.17, 0.17, start)
        for k in range(5):
            t = start + 2 * math.pi * (k + 0.5) / 5
            _pentagon(pen, patch, 0.37 * math.cos(t), 0.5 + 0.37 * math.sin(t), 0.1, 0.12, t)
    else:
        paint = _any(chance, chance.choose(("rubber", "plastic", "leather")), chance.uniform(0.5, 0.9))
        pen.ellipse(0.0, 0.5, 0.5, 0.5, paint.turned(chance.uniform(-40, 40)), "", shade=ROUND)


def _pentagon(pen: Pen, paint: Paint, x: float, y: float, rx: float, ry: float, start: float) -> None:
    angles = [start + 2 * math.pi * k / 5 for k in range(5)]
    points = [(rx * math.cos(t), ry * math.sin(t)) for t in angles]
    pen.polygon([(x + u, y + v) for u, v in points], paint)


def book(pen: Pen, chance: Chance) -> None:
    """A book that lies flat, or stands and shows its cover."""
    cover = _any(chance, chance.choose(("paper", "leather")), 0.3)
    pages = mix(chance, "white", "paper", "striped", "grey", scale=0.2, strength=0.3)
    thick = chance.uniform(0.1, 0.2)
    if chance.maybe():
        pen.shadow(0.0, 0.05, 0.5, 0.12)
        depth = chance.uniform(0.2, 0.3)
        pen.polygon([(-0.48, 0.0), (0.4, 0.0), (0.4, thick), (-0.48, thick)], cover, "", light=0.72)
        pen.rect(-0.45, 0.025, 0.405, thick - 0.025, pages.turned(90))
        pen.polygon(
            [(0.4, 0.02), (0.49, depth), (0.49, depth + thick), (0.4, thick)], pages.turned(90), light=0.85
        )
        top = [(-0.48, thick), (0.41, thick), (0.5, thick + depth), (-0.36, thick + depth)]
        pen.polygon(top, cover, frame=(top[0], (0.52, thick), (-0.34, thick + 0.55)))
    else:
        pen.shadow(0.0, 0.0, 0.4, 0.05)
        high, wide, thick = 0.98, chance.uniform(0.6, 0.72), thick * 0.6
        left = -(wide + thick) / 2
        pen.polygon(
            [(left, 0.02), (left + thick, 0.0), (left + thick, high), (left, high - 0.03)], cover, light=0.7
        )
        pen.polygon(
            [
                (left + thick, 0.0),
                (left + thick + wide, 0.03),
                (left + thick + wide, high),
                (left + thick, high),
            ],
            cover,
        )
        title = mix(chance, ("white", "yellow", "black"), "paper")
        pen.rect(left + thick + wide * 0.2, 0.62, left + thick + wide * 0.8, 0.74, title)


def clock(pen: Pen, chance: Chance) -> None:
    """A round wall clock; it hangs, and (0, 0) is its lower edge."""
    ring = mix(chance, COLORS, chance.choose(("metal", "wood", "plastic")))
    face = mix(chance, ("white", "white", "yellow", "black", "blue"), "paper")
    dark = mix(chance, "white" if face.color in ("black", "blue") else "black", "metal")
    pen.ellipse(0.0, 0.5, 0.5, 0.5, ring, "frame", shade=ROUND)
    pen.ellipse(0.0, 0.5, 0.42, 0.42, face, "display", shade=(-0.06, -0.06, 0.0, 0.0))
    for k in range(12):
        t = math.pi * k / 6
        cos, sin = math.cos(t), math.sin(t)
        inner = 0.3 if k % 3 == 0 else 0.34
        pen.stroke([(inner * cos, 0.5 + inner * sin), (0.39 * cos, 0.5 + 0.39 * sin)], 0.03, dark, "display")
    minute = chance.uniform(0, 2 * math.pi)
    hour = chance.integer(0, 11) * math.pi / 6 + minute / 12
    for t, reach, width in ((hour, 0.2, 0.05), (minute, 0.32, 0.035)):
        pen.stroke([(0.0, 0.5), (reach * math.sin(t), 0.5 + reach * math.cos(t))], width, dark, "")


def cushion(pen: Pen, chance: Chance) -> None:
    """A cushion that leans against something: a square with drawn-out corners."""
    paint = _any(chance, "fabric", chance.uniform(0.4, 0.7)).turned(chance.uniform(-12, 12))
    w, high = chance.uniform(0.42, 0.48), chance.uniform(0.7, 0.92)
    side, middle = w * 0.88, high / 2
    points = [
        (-w, 0.02),
        (0.0, 0.06),
        (w, 0.02),
        (side, middle),
        (w, high),
        (0.0, high * 0.94),
        (-w, high),
        (-side, middle),
    ]
    pen.shadow(0.0, 0.02, 0.48, 0.06)
    pen.polygon(smooth(points, 3), paint, "", shade=ROUND)


PAINTERS: dict[str, Callable[[Pen, Chance], None]] = {
    "vase": vase,
    "bottle": bottle,
    "plate": plate,
    "ball": ball,
    "book": book,
    "clock": clock,
    "cushion": cushion,
}
