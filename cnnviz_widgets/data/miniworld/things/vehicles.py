"""Cars and buses, from the side or from three quarters."""

import math
from collections.abc import Sequence

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, Pen, Point
from cnnviz_widgets.data.miniworld.solids import Face, Solids
from cnnviz_widgets.data.miniworld.things.wheels import Trim, arches, far_wheels, lamps, wheels

_COLORS = ("red", "blue", "white", "black", "grey", "yellow", "green", "orange", "brown", "pink", "purple")

# Outlines in units of the car's length, the nose to the left, counter-clockwise from the lower rear corner.
# body, cabin, axles, wheel radius
_SHAPES: dict[str, tuple[Sequence[Point], Sequence[Point], tuple[float, float], float]] = {
    "sedan": (
        ((0.5, 0.1), (0.5, 0.24), (0.47, 0.27), (-0.34, 0.265), (-0.47, 0.235), (-0.5, 0.19), (-0.5, 0.1)),
        ((0.36, 0.26), (0.23, 0.4), (0.16, 0.415), (-0.06, 0.415), (-0.11, 0.4), (-0.25, 0.26)),
        (-0.31, 0.3),
        0.098,
    ),
    "hatchback": (
        ((0.47, 0.1), (0.48, 0.25), (0.45, 0.29), (-0.32, 0.28), (-0.45, 0.24), (-0.47, 0.19), (-0.47, 0.1)),
        ((0.455, 0.28), (0.38, 0.42), (0.33, 0.44), (-0.04, 0.44), (-0.1, 0.425), (-0.25, 0.27)),
        (-0.29, 0.29),
        0.105,
    ),
    "van": (
        ((0.5, 0.1), (0.5, 0.3), (0.49, 0.32), (-0.38, 0.32), (-0.48, 0.28), (-0.5, 0.22), (-0.5, 0.1)),
        ((0.49, 0.31), (0.48, 0.52), (0.45, 0.54), (-0.18, 0.54), (-0.23, 0.525), (-0.38, 0.31)),
        (-0.32, 0.31),
        0.1,
    ),
    "pickup": (
        ((0.5, 0.13), (0.5, 0.3), (0.49, 0.31), (-0.36, 0.305), (-0.48, 0.285), (-0.5, 0.25), (-0.5, 0.13)),
        ((0.1, 0.3), (0.08, 0.44), (0.05, 0.46), (-0.1, 0.46), (-0.14, 0.45), (-0.24, 0.3)),
        (-0.31, 0.31),
        0.115,
    ),
    "beetle": (
        (
            *((0.46, 0.1), (0.47, 0.18), (0.4, 0.27), (0.3, 0.3)),
            *((-0.26, 0.29), (-0.4, 0.26), (-0.47, 0.19), (-0.48, 0.1)),
        ),
        (
            *((0.33, 0.28), (0.27, 0.37), (0.17, 0.435), (0.06, 0.455)),
            *((-0.05, 0.445), (-0.13, 0.41), (-0.22, 0.28)),
        ),
        (-0.29, 0.29),
        0.105,
    ),
}  # fmt: skip


def car(pen: Pen, chance: Chance) -> None:
    """Draw a car: sedan, hatchback, van, pickup or beetle, of any colour."""
    kind = chance.choose(tuple(_SHAPES), (0.3, 0.26, 0.15, 0.13, 0.16))
    body, cabin, axles, radius = _SHAPES[kind]
    nose_left = chance.maybe(0.55)
    if not nose_left:
        body, cabin, axles = _mirrored(body), _mirrored(cabin), (-axles[0], -axles[1])
    yaw = chance.choose((0.0, 1.0), (0.3, 0.7)) * chance.uniform(16, 58)
    turn = math.radians(yaw)
    half = chance.uniform(0.17, 0.2)
    # The more it is turned, the longer it may be: what is seen of it fills the unit.
    long = min(1.25, 0.99 / (math.cos(turn) + 1.9 * half * math.sin(turn))) * chance.uniform(0.97, 1.0)
    high = long * chance.uniform(0.96, 1.1)
    at = tuple(x * long for x in axles)
    half, radius = half * long, radius * high
    solids = Solids(pen, yaw, chance.uniform(4, 11))
    pen.shadow(0, 0, 0.54, 0.055 + 0.08 * math.sin(turn))
    trim, coat = Trim.of(pen, chance), mix(chance, _COLORS, "metal")
    if yaw:
        far_wheels(pen, solids, at, radius, half, trim)
    end, low = 0.45 * long, radius * 0.7
    under = [(x, y, -half * 0.8) for x, y in ((-end, low), (end, low), (end, low * 2), (-end, low * 2))]
    solids.plate(under, trim.tyre, "body", layer=-2)
    lower = solids.prism([(x * long, y * high) for x, y in body], -half, half, coat, "body")
    lower["front"].shade = FALLING
    _cabin(solids, [(x * long, y * high) for x, y in cabin], half * 0.9, coat, trim, kind, nose_left)
    _sides(lower["front"], nose_left, chance, trim)
    if yaw:  # the left end is seen; of its edges, the last but one stands upright
        _end(lower[f"side {len(body) - 2}"], nose_left, chance, trim)
    if kind == "pickup":
        bed, start = (lower["side 2"], 0.03) if nose_left else (lower["side 3"], 0.57)
        bed.rect(0.08, start, 0.92, start + 0.4, trim.tyre, "body")
    solids.draw()
    arches(pen, solids, at, radius, -half, trim)
    wheels(pen, solids, at, radius, -half, half * 0.3, trim)


def _mirrored(points: Sequence[Point]) -> list[Point]:
    return [(-x, y) for x, y in reversed(points)]


def _cabin(
    solids: Solids, outline: list[Point], half: float, coat: Paint, trim: Trim, kind: str, nose_left: bool
) -> None:
    """Add the cabin: windshield, rear window, and its own outline, shrunk, as glass on its side."""
    cabin = solids.prism(outline, -half, half, coat, "cabin", layer=1)
    side, last = cabin["front"], len(outline) - 2
    side.shade = FALLING
    front, rear = (last, 0) if nose_left else (0, last)
    cabin[f"side {front}"].rect(0.08, 0.06, 0.92, 0.94, trim.glass, "windshield")
    cabin[f"side {rear}"].rect(0.08, 0.06, 0.92, 0.94, trim.glass, "window")
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    left, low, wide, high = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    points = [((x - left) / wide, (y - low) / high) for x, y in outline]
    shrunk = [(0.5 + (s - 0.5) * 0.86, 0.5 + (t - 0.47) * 0.74) for s, t in points]
    side.put(shrunk, trim.glass, "window", shade=FALLING)
    for at in (0.52,) if kind in ("pickup", "beetle") else (0.36, 0.68):
        side.rect(at - 0.018, 0.1, at + 0.018, 0.92, coat, "pillar")


def _sides(side: Face, nose_left: bool, chance: Chance, trim: Trim) -> None:
    """Add doors, a handle, and what is seen of lamps and bumpers from the side."""
    seam = side.paint.lit(0.72)
    for at in (0.33, 0.5, 0.67) if chance.maybe(0.6) else (0.36, 0.62):
        side.rect(at - 0.004, 0.12, at + 0.004, 0.96, seam, "door")
    side.rect(0.0, 0.0, 1.0, 0.12, seam, "body", light=0.85)
    side.rect(0.53, 0.68, 0.58, 0.74, trim.metal, "handle")
    front_x, rear_x = (0.0, 0.955) if nose_left else (0.955, 0.0)
    side.rect(front_x, 0.55, front_x + 0.045, 0.8, trim.lamp, "headlight", glow=trim.shines)
    side.rect(rear_x, 0.55, rear_x + 0.045, 0.85, trim.rear, "headlight", glow=trim.shines)
    for left in (0.0, 0.965):
        side.rect(left, 0.0, left + 0.035, 0.26, trim.metal, "bumper")


def _end(end: Face, nose: bool, chance: Chance, trim: Trim) -> None:
    """Add bumper, lamps, license plate, and a grille at the nose."""
    end.origin, end.up = end.at(0, 1), (-end.up[0], -end.up[1], -end.up[2])  # this edge runs downwards
    end.rect(-0.02, 0.0, 1.02, 0.3, trim.metal, "bumper")
    lamps(end, trim, trim.lamp if nose else trim.rear, 0.55, 0.95, round_=nose and chance.maybe(0.4))
    if nose:
        end.rect(0.32, 0.5, 0.68, 0.9, trim.tyre, "body")
    end.rect(0.34, 0.1, 0.66, 0.42, trim.plate, "license plate")


def bus(pen: Pen, chance: Chance) -> None:
    """Draw a bus: of one floor or two, or a school bus with a bonnet."""
    kind = chance.choose(("single", "double", "school"), (0.5, 0.3, 0.2))
    yaw = chance.choose((0.0, 1.0), (0.25, 0.75)) * chance.uniform(14, 55)
    turn = math.radians(yaw)
    deep = chance.uniform(0.24, 0.28)
    long = min(1.15, 0.98 / (math.cos(turn) + deep * math.sin(turn)))
    high = long * {"single": 0.36, "double": 0.56, "school": 0.37}[kind] * chance.uniform(0.95, 1.08)
    x, z, low, radius = long / 2, deep * long / 2, 0.06 * long, 0.075 * long
    nose_left = chance.maybe(0.6)
    trim = Trim.of(pen, chance)
    color = "yellow" if kind == "school" and chance.maybe(0.6) else chance.choose(_COLORS)
    coat = mix(chance, color, "metal")
    solids = Solids(pen, yaw, chance.uniform(3, 10))
    pen.shadow(0, 0, 0.54, 0.05 + 0.08 * math.sin(turn))
    back, front = (x, -x) if nose_left else (-x, x)
    axles = tuple(back + (front - back) * t for t in (0.2, 0.8))
    far_wheels(pen, solids, axles, radius, z, trim)
    hood = 0.15 * long if kind == "school" else 0.0
    cut = front + (hood if nose_left else -hood)
    body = solids.box(min(back, cut), low, -z, max(back, cut), high, z, coat, "body", top=coat.lit(1.1))
    nose = body["left" if nose_left else "right"]
    if hood:
        ends = (min(front, cut), max(front, cut))
        bonnet = solids.box(ends[0], low, -z * 0.85, ends[1], high * 0.56, z * 0.85, coat, "body", layer=0.4)
        nose.rect(0.1, 0.6, 0.9, 0.92, trim.glass, "windshield", shade=FALLING)
        _bus_end(bonnet["left" if nose_left else "right"], trim, trim.lamp, 1.0)
    else:
        _bus_end(nose, trim, trim.lamp, 0.36 if kind == "double" else 0.5)
    _bus_windows(body, kind, nose, nose_left, pen, chance, trim)
    if not nose_left:  # the left end is the one that is seen
        _bus_end(body["left"], trim, trim.rear, 0.5)
        body["left"].rect(0.15, 0.56, 0.85, 0.88, trim.glass, "window", shade=FALLING)
    solids.draw()
    wheels(pen, solids, axles, radius, -z, z * 0.3, trim)


def _bus_end(face: Face, trim: Trim, paint: Paint, high: float) -> None:
    """Put bumper, lamps and license plate on the lower part of an end."""
    face.rect(0, 0, 1, 0.12 * high, trim.metal, "bumper")
    lamps(face, trim, paint, 0.26 * high, 0.5 * high)
    face.rect(0.36, 0.16 * high, 0.64, 0.4 * high, trim.plate, "license plate")


def _bus_windows(
    body: dict[str, Face], kind: str, nose: Face, nose_left: bool, pen: Pen, chance: Chance, trim: Trim
) -> None:
    """Put rows of windows and doors on the side, the windshield and the destination on the front."""
    side = body["front"]
    glass, glow = trim.glass, False
    if trim.shines:
        glass, glow = mix(chance, "yellow", "glass", rgb=(255.0, 220.0, 140.0)), True
    rows = ((0.3, 0.48), (0.66, 0.86)) if kind == "double" else ((0.5, 0.82),)
    count = chance.integer(5, 7)
    step = 0.94 / count
    stripe = mix(chance, ("white", "red", "blue", "black", "yellow", "orange"), "painted")
    if chance.maybe(0.7):
        level = 0.55 if kind == "double" else chance.uniform(0.3, 0.38)
        side.rect(0, level, 1, level + 0.07, stripe, "body")
    doors = {0 if nose_left else count - 1, count // 2 if chance.maybe(0.4) else -1}
    if kind == "school":
        doors = {0 if nose_left else count - 1}
    for row, (low, high) in enumerate(rows):
        for k in range(count):
            left, right = 0.03 + k * step + step * 0.1, 0.03 + (k + 1) * step - step * 0.1
            if row == 0 and k in doors:
                side.rect(left, 0.06, right, high, trim.metal, "door")
                side.rect(
                    left + step * 0.12, 0.12, right - step * 0.12, high - 0.03, glass, "door", glow=glow
                )
            else:
                side.rect(left, low, right, high, glass, "window", shade=FALLING, glow=glow)
    if kind == "double":
        nose.rect(0.08, 0.25, 0.92, 0.47, trim.glass, "windshield", shade=FALLING)
        nose.rect(0.08, 0.66, 0.92, 0.88, trim.glass, "window", shade=FALLING)
        nose.rect(0.25, 0.53, 0.75, 0.61, trim.tyre, "display")
    elif kind == "single":
        nose.rect(0.06, 0.38, 0.94, 0.82, trim.glass, "windshield", shade=FALLING)
        nose.rect(0.25, 0.86, 0.75, 0.96, trim.tyre, "display")


PAINTERS = {"car": car, "bus": bus}
