"""Bridges: stone arches, cables between pylons, trusses and plain beams."""

import math
from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, UPRIGHT, Pen, Point
from cnnviz_widgets.data.miniworld.solids import Solids

_STEEL = ("red", "grey", "green", "blue", "white", "black", "orange", "brown")
Seen = Callable[[float, float, float], Point]


def bridge(pen: Pen, chance: Chance) -> None:
    """Draw a bridge of stone arches, a suspension bridge, a truss or a beam on piers."""
    kind = chance.choose((_arches, _suspension, _truss, _beam), (0.34, 0.33, 0.2, 0.13))
    yaw = chance.uniform(0, 30)
    seen = Solids(pen, yaw, chance.uniform(3, 12), depth=0.35).seen
    pen.shadow(0, 0, 0.5, 0.05, 0.6)
    kind(pen, chance, seen)


def _strip(seen: Seen, points: list[tuple[float, float]], z: float) -> list[Point]:
    """Points of a side of the bridge, at z, as they are seen."""
    return [seen(x, y, z) for x, y in points]


def _road(pen: Pen, seen: Seen, deck: list[tuple[float, float]], half: float, paint: Paint) -> None:
    """The way across, between both sides; `deck` lists its heights from end to end."""
    pen.polygon(_strip(seen, deck, -half) + _strip(seen, deck[::-1], half), paint, "deck")


def _arches(pen: Pen, chance: Chance, seen: Seen) -> None:
    """Round arches of stone or brick, the way across level or humped."""
    count, half = chance.integer(1, 4), 0.09
    high = chance.uniform(0.26, 0.36)
    hump = chance.uniform(0.05, 0.12) if count < 4 and chance.maybe(0.6) else 0.0
    stone = mix(
        chance,
        ("grey", "brown", "white", "yellow", "red"),
        chance.choose(("stone", "brick", "stone")),
        scale=0.3,
    )
    ends = [-0.5 + k / 10 for k in range(11)]
    deck = [(x, high - hump * 4 * x * x) for x in ends]
    pillar = 0.05 if count > 1 else 0.1
    span = (1.0 - pillar * (count + 1)) / count
    soffit: list[list[tuple[float, float]]] = []
    for k in range(count):
        middle = -0.5 + pillar + span / 2 + k * (span + pillar)
        crown = high - hump * 4 * middle * middle - 0.065
        rise = min(span / 2 * 1.05, crown)
        arc = [
            (middle - span / 2 * math.cos(t), (crown - rise) + rise * math.sin(t))
            for t in (math.pi * j / 10 for j in range(11))
        ]
        soffit.append([(arc[0][0], 0.0), *arc, (arc[-1][0], 0.0)])
    for arc in soffit:  # the arch's inner side, seen through its opening
        far = _strip(seen, arc, half)
        pen.polygon(_strip(seen, arc, -half) + far[::-1], stone, "arch", light=0.55)
    far_wall = [(x, y + 0.03) for x, y in deck]
    pen.polygon(_strip(seen, deck, half) + _strip(seen, far_wall[::-1], half), stone, "railing", light=0.75)
    _road(pen, seen, deck, half, mix(chance, ("grey", "brown"), chance.choose(("asphalt", "stone"))))
    near = [(-0.5, 0.0)]
    for arc in soffit:
        near += arc
    near += [(0.5, 0.0)] + [(x, y + 0.035) for x, y in deck[::-1]]
    pen.polygon(_strip(seen, near, -half), stone, "wall", shade=FALLING)
    light = stone.lit(1.15)
    for arc in soffit:
        pen.stroke(_strip(seen, arc[1:-1], -half - 0.002), 0.024, light, "arch")
    pen.stroke(_strip(seen, far_wall, -half - 0.002), 0.018, light, "railing")


def _suspension(pen: Pen, chance: Chance, seen: Seen) -> None:
    """Two pylons, cables that sag between them, hangers, and a thin deck."""
    steel = mix(chance, _STEEL, "metal")
    stone = (
        steel
        if chance.maybe(0.6)
        else mix(chance, ("grey", "brown", "red"), chance.choose(("stone", "brick")))
    )
    half, level, top = 0.06, chance.uniform(0.13, 0.19), chance.uniform(0.44, 0.58)
    at, sag = chance.uniform(0.24, 0.3), chance.uniform(0.72, 0.9)
    stays = chance.maybe(0.35)  # straight cables from the pylons' tops: a cable-stayed bridge

    def cables(z: float, paint: Paint) -> None:
        if stays:
            for k in range(1, 5):
                for side in (-1, 1):
                    for way in (-1, 1):
                        reach = (0.5 - at if way * side > 0 else at) * k / 4.3
                        low = min(0.5, max(-0.5, side * at + way * reach))
                        pen.stroke(
                            [seen(side * at, top * (0.98 - 0.05 * (4 - k)), z), seen(low, level, z)],
                            0.009,
                            paint,
                            "cable",
                        )
            return
        drop = (top - level) * sag
        middle = [(x, top - drop * (1 - (x / at) * (x / at))) for x in (at * (j / 5 - 1) for j in range(11))]
        pen.stroke(_strip(seen, [(-0.5, level), *middle, (0.5, level)], z), 0.014, paint, "cable")
        for j in range(1, 10):
            x, y = middle[j]
            pen.stroke([seen(x, y, z), seen(x, level, z)], 0.006, paint, "cable")
        for side in (-1, 1):
            for t in (0.33, 0.66):
                x = side * (at + (0.5 - at) * t)
                pen.stroke([seen(x, top - (top - level) * t, z), seen(x, level, z)], 0.006, paint, "cable")

    def pylons(z: float, light: float) -> None:
        for side in (-1, 1):
            x = side * at
            legs = [(x - 0.026, 0), (x + 0.026, 0), (x + 0.018, top), (x - 0.018, top)]
            pen.polygon(_strip(seen, legs, z), stone, "tower", shade=UPRIGHT, light=light)

    pylons(half, 0.7)
    if not stays:
        cables(half, steel.lit(0.75))
    for side in (-1, 1):
        for y in (top * 0.97, level * 0.5 + top * 0.5):
            pen.stroke(
                [seen(side * at, y, -half), seen(side * at, y, half)], 0.03, stone, "tower", light=0.85
            )
    _road(pen, seen, [(-0.5, level), (0.5, level)], half, mix(chance, ("grey", "black"), "asphalt"))
    pen.polygon(
        _strip(
            seen,
            [(-0.5, level - 0.035), (0.5, level - 0.035), (0.5, level + 0.008), (-0.5, level + 0.008)],
            -half,
        ),
        steel,
        "deck",
        light=0.9,
    )
    pylons(-half, 1.0)
    cables(-half, steel)


def _truss(pen: Pen, chance: Chance, seen: Seen) -> None:
    """Triangles of steel on both sides of the deck, on stone piers; the upper chord level or bowed."""
    steel = mix(chance, _STEEL, chance.choose(("metal", "metal", "wood")))
    half, level, high = 0.075, chance.uniform(0.14, 0.19), chance.uniform(0.14, 0.19)
    bays, bowed = chance.integer(5, 7), chance.maybe(0.45)
    xs = [-0.48 + 0.96 * k / bays for k in range(bays + 1)]
    tops = [level + high * ((1.25 - 4 * x * x) if bowed else 1.0) for x in xs]
    stone = mix(chance, ("grey", "brown", "white"), chance.choose(("stone", "brick")))
    for x in (-0.45, 0.45) if bays == 5 else (-0.45, 0.0, 0.45):
        pen.polygon(
            _strip(seen, [(x - 0.05, 0), (x + 0.05, 0), (x + 0.035, level), (x - 0.035, level)], 0),
            stone,
            "pillar",
            shade=UPRIGHT,
        )

    def side(z: float, paint: Paint) -> None:
        upper = [(xs[0], level), *zip(xs[1:-1], tops[1:-1], strict=True), (xs[-1], level)]
        pen.stroke(_strip(seen, upper, z), 0.02, paint, "railing")
        for k in range(1, bays):
            pen.stroke([seen(xs[k], level, z), seen(xs[k], tops[k], z)], 0.011, paint, "railing")
            if k + 1 < bays:
                a, b = (k, k + 1) if k < bays / 2 else (k + 1, k)
                pen.stroke([seen(xs[a], tops[a], z), seen(xs[b], level, z)], 0.011, paint, "railing")

    side(half, steel.lit(0.7))
    _road(
        pen,
        seen,
        [(-0.5, level), (0.5, level)],
        half,
        mix(chance, ("grey", "black", "brown"), chance.choose(("asphalt", "wood"))),
    )
    front = [(-0.5, level - 0.03), (0.5, level - 0.03), (0.5, level + 0.012), (-0.5, level + 0.012)]
    pen.polygon(_strip(seen, front, -half), steel, "deck", light=0.92)
    side(-half, steel)


def _beam(pen: Pen, chance: Chance, seen: Seen) -> None:
    """A flat or slightly curved way across on piers, with a railing."""
    wood = chance.maybe(0.5)
    coat = (
        mix(chance, ("brown", "grey", "red", "white"), "wood", tile="planks")
        if wood
        else mix(chance, ("grey", "white", "brown"), "stone")
    )
    half, level, rise = 0.1, chance.uniform(0.17, 0.24), chance.choose((0.0, 0.08, 0.12))
    deck = [(x, level + rise * (1 - 4 * x * x)) for x in (-0.5 + k / 8 for k in range(9))]
    piers = chance.integer(2, 4)
    for k in range(piers):
        x = -0.36 + 0.72 * k / (piers - 1)
        top = level + rise * (1 - 4 * x * x) - 0.02
        width = 0.018 if wood else 0.034
        for z, light in ((half * 0.8, 0.65), (-half * 0.8, 1.0)):
            pen.polygon(
                _strip(seen, [(x - width, 0), (x + width, 0), (x + width, top), (x - width, top)], z),
                coat,
                "pillar",
                shade=UPRIGHT,
                light=light,
            )

    def railing(z: float, paint: Paint) -> None:
        for height in (0.045, 0.085):
            pen.stroke(_strip(seen, [(x, y + height) for x, y in deck], z), 0.012, paint, "railing")
        for x, y in deck:
            pen.stroke([seen(x, y, z), seen(x, y + 0.09, z)], 0.012, paint, "railing")

    rail = coat if chance.maybe(0.5) else mix(chance, _STEEL, "wood" if wood else "metal")
    railing(half, rail.lit(0.75))
    _road(pen, seen, deck, half, coat.lit(1.08) if wood else mix(chance, ("grey", "black"), "asphalt"))
    edge = [(x, y - 0.045) for x, y in deck] + deck[::-1]
    pen.polygon(_strip(seen, edge, -half), coat, "deck", light=0.85)
    railing(-half, rail)


PAINTERS = {"bridge": bridge}
