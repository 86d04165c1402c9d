"""Cups and dumbbells, and all the other small things by name."""

import math
from collections.abc import Callable, Sequence

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import LYING, ROUND, Pen, Point, oval
from cnnviz_widgets.data.miniworld.things import belongings, flowers, fruit
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

_PATTERNS = ("", "", "striped", "banded", "dotted", "chequered", "zigzagged", "grid", "marbled")
Point3 = tuple[float, float, float]


def cup(pen: Pen, chance: Chance) -> None:
    """A mug or a tea cup on its saucer, seen from a little above."""
    tea = chance.maybe(0.4)
    color, texture = chance.choose(COLORS), chance.choose(_PATTERNS)
    second = chance.choose([each for each in COLORS if each != color]) if texture else ""
    material = chance.choose(("ceramic", "ceramic", "ceramic", "metal", "plastic"))
    paint = mix(chance, color, material, texture, second, scale=chance.uniform(0.35, 0.7))
    plain = mix(chance, color, material) if texture else paint
    inside = mix(chance, "white", material) if chance.maybe(0.6) else plain
    drink = mix(
        chance, ("brown", "brown", "brown", "black", "orange", "yellow", "white"), "water", strength=0.0
    )
    flat = chance.uniform(0.2, 0.34)
    w, low, high = chance.uniform(0.29, 0.36), chance.uniform(0.24, 0.34), chance.uniform(0.6, 0.86)
    lift = 0.0
    if tea:
        w, low, high, lift = 0.34, chance.uniform(0.14, 0.2), chance.uniform(0.42, 0.54), 0.07
        _saucer(pen, plain, flat)
    else:
        pen.shadow(0.04, low * flat, low * 1.5, low * flat * 1.3)
    shift = -0.1 if not tea else -0.06
    turn = chance.uniform(-1.2, 0.9)
    if turn > -0.5:
        _cup_handle(pen, plain, turn, shift, w, low, lift, high)
    _bowl(pen, paint, shift, w, low, lift, high, flat, 0.25 if tea else chance.uniform(-0.03, 0.06))
    ry, top = w * flat, high + lift
    pen.ellipse(shift, top, w, ry, plain, "rim", light=1.12)
    pen.ellipse(shift, top, w * 0.9, ry * 0.88, inside, "body", shade=(-0.3, -0.1, 0.0, 0.0), light=0.82)
    if chance.maybe(0.75):
        pen.ellipse(shift, top - ry * 0.2, w * 0.78, ry * 0.66, drink, "", shade=LYING)
    if turn <= -0.5:
        _cup_handle(pen, plain, turn, shift, w, low, lift, high)


def _saucer(pen: Pen, paint: Paint, flat: float) -> None:
    pen.shadow(0.0, 0.5 * flat - 0.02, 0.5, 0.5 * flat)
    pen.ellipse(0.0, 0.46 * flat, 0.48, 0.46 * flat, paint, "base", shade=ROUND, light=1.05)
    pen.ellipse(0.0, 0.48 * flat, 0.27, 0.27 * flat, paint, "base", shade=ROUND, light=0.84)


def _bowl(
    pen: Pen,
    paint: Paint,
    x: float,
    w: float,
    low: float,
    lift: float,
    high: float,
    flat: float,
    bulge: float,
) -> None:
    """The outside: a round bottom, sides that may bulge, up to the middle of the rim."""
    bottom = oval(x, lift + low * flat, low, low * flat, 0, 180, 360)
    middle = lift + high * 0.45, low + (w - low) * 0.45 + bulge * w
    right = [(x + middle[1], middle[0]), (x + w, lift + high)]
    left = [(x - w, lift + high), (x - middle[1], middle[0])]
    pen.polygon(bottom + right + left, paint, "body", shade=(0.3, 0.0, -0.34, 0.0))


def _cup_handle(
    pen: Pen, paint: Paint, turn: float, x: float, w: float, low: float, lift: float, high: float
) -> None:
    """A ring at the cup's side; `turn` is its angle around the cup, in radians, 0 to the right."""
    cos = math.cos(turn)
    wall = (low + (w - low) * 0.6) * 0.93
    drop = 0.05 * math.sin(turn)
    reach = 0.24 * cos + 0.03
    ring = oval(x + wall * cos, lift + high * 0.56 + drop, reach, high * 0.29, 0, -84, 84)
    pen.stroke(ring, 0.075, paint, "handle", shade=ROUND, light=0.95 + 0.1 * (turn < 0))


def dumbbell(pen: Pen, chance: Chance) -> None:
    """A dumbbell on the floor, or upright on one end: hexagonal or round weights, one or more at each end."""
    color = chance.choose(COLORS)
    weight = mix(chance, color, chance.choose(("rubber", "metal", "plastic")))
    grip = mix(
        chance, ("grey", "black", "white", color), "metal", "grid" if chance.maybe(0.3) else "", scale=0.2
    )
    cap = mix(chance, ("grey", "black", color), "metal")
    sides = chance.choose((6, 6, 16, 16, 8))
    big, plates = chance.uniform(0.17, 0.25), chance.integer(1, 3)
    thick, half = chance.uniform(0.16, 0.22) / plates, chance.uniform(0.2, 0.28)
    tip = half + thick * plates
    space = _Axis(chance)
    space.put_down(
        [(to * at, big) for to in (-1, 1) for at in (half, half + thick)] + [(tip, 0.1), (-tip, 0.1)], sides
    )
    pen.shadow(0.0, space.floor, space.wide(tip, big), space.floor + 0.03)
    ends = (-1, 1) if space.near > 0 else (1, -1)
    for k, end in enumerate(ends):
        order = range(plates) if k else range(plates - 1, -1, -1)
        if k:
            pen.polygon(
                _hull(space.disc(-half, 0.055, 10) + space.disc(half, 0.055, 10)), grip, "handle", shade=LYING
            )
        for j in order:
            r, a, b = big * (1 - 0.16 * j), half + thick * j, half + thick * (j + 0.94)
            inner, outer = space.disc(end * a, r, sides), space.disc(end * b, r, sides)
            pen.polygon(_hull(inner + outer), weight, "weight", shade=(0.16, 0.2, -0.1, -0.2))
            pen.polygon(outer if k else inner, weight, "weight", light=1.12 if k else 0.8)
    pen.polygon(space.disc(ends[1] * tip, 0.06, 10), cap, "weight", light=1.0)


class _Axis:
    """Where points around a dumbbell's bar are seen: turned, and from a little above."""

    def __init__(self, chance: Chance) -> None:
        self.upright = chance.maybe(0.15)
        yaw = math.radians(chance.sign() * chance.uniform(12, 50))
        pitch = math.radians(chance.uniform(12, 32))
        self._cp, self._sp = math.cos(pitch), math.sin(pitch)
        cos, sin = math.cos(yaw), math.sin(yaw)
        self.near = 1.0 if self.upright or sin < 0 else -1.0
        self._along: Point3 = (0.0, 1.0, 0.0) if self.upright else (cos, 0.0, sin)
        self._across: Point3 = (cos, 0.0, sin) if self.upright else (-sin, 0.0, cos)
        self._up: Point3 = (-sin, 0.0, cos) if self.upright else (0.0, 1.0, 0.0)
        self._lift = self.floor = 0.0

    def put_down(self, discs: Sequence[tuple[float, float]], sides: int) -> None:
        """Lift everything until the lowest of the discs, (place on the bar, radius), is seen at height 0."""
        lowest = min(y for at, r in discs for _, y in self.disc(at, r, sides))
        beneath = max(at if self.upright else r for at, r in discs)
        self._lift, self.floor = -lowest, -beneath * self._cp - lowest

    def wide(self, reach: float, r: float) -> float:
        """Half the width of what stands on the floor."""
        (along, _, _), (across, _, _) = self._along, self._across
        return r * 1.2 if self.upright else reach * abs(along) + r * abs(across)

    def disc(self, at: float, r: float, sides: int) -> list[Point]:
        points = []
        for k in range(sides):
            t = 2 * math.pi * (k + 0.5) / sides + math.pi / 2
            c, s = r * math.cos(t), r * math.sin(t)
            x, y, z = (
                at * a + c * b + s * u for a, b, u in zip(self._along, self._across, self._up, strict=True)
            )
            points.append((x, y * self._cp + z * self._sp + self._lift))
        return points


def _hull(points: Sequence[Point]) -> list[Point]:
    """Corners of the convex hull, counter-clockwise."""
    ordered = sorted(points)
    corners: list[Point] = []
    for run in (ordered, ordered[::-1]):
        start = len(corners)
        for x, y in run:
            while len(corners) >= start + 2:
                (ax, ay), (bx, by) = corners[-2:]
                if (bx - ax) * (y - ay) > (by - ay) * (x - ax):
                    break
                corners.pop()
            corners.append((x, y))
        corners.pop()
    return corners


PAINTERS: dict[str, Callable[[Pen, Chance], None]] = {
    "cup": cup,
    "dumbbell": dumbbell,
    **fruit.PAINTERS,
    **flowers.PAINTERS,
    **belongings.PAINTERS,
}
