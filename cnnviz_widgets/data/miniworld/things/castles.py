"""Castles: a ring of walls with towers at its corners, a gate, and a keep."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.pen import UPRIGHT, Pen, Point
from cnnviz_widgets.data.miniworld.solids import Solids
from cnnviz_widgets.data.miniworld.things.openings import arched


class _Masonry:
    """Stone, roofs, flags and slits of one castle."""

    def __init__(self, pen: Pen, chance: Chance) -> None:
        self.pen, self.chance = pen, chance
        material = chance.choose(("stone", "brick", "stone", "painted"))
        self.stone = mix(
            chance, ("grey", "brown", "white", "yellow", "grey", "pink", "red"), material, scale=0.3
        )
        self.roof = mix(
            chance, ("blue", "red", "grey", "black", "green", "brown", "purple"), "tile", "scaly", scale=0.22
        )
        self.cloth = mix(chance, ("red", "blue", "yellow", "white", "green", "orange"), "fabric")
        self.iron = mix(chance, "black", "metal")
        self.night = pen.canvas.light.night
        lit = mix(chance, "yellow", "glass", rgb=(255.0, 210.0, 110.0))
        self.slit = lit if self.night else mix(chance, "black", "glass")
        self.cones = chance.choose((0.0, 0.5, 1.0))
        """How many of the towers have a pointed roof in place of battlements."""


def castle(pen: Pen, chance: Chance) -> None:
    """Draw a castle: walls with battlements, round towers, a gate with an arch, a keep, flags."""
    yaw = chance.uniform(-24, 24)
    solids = Solids(pen, yaw, 6, depth=0.25)
    masonry = _Masonry(pen, chance)
    pen.shadow(0, 0.01, 0.54, 0.1)
    x, z = chance.uniform(0.34, 0.38), 0.2
    high, radius = chance.uniform(0.24, 0.32), chance.uniform(0.075, 0.1)
    tall = high + chance.uniform(0.1, 0.2)
    corners = [(-x, z), (x, z), (x, -z), (-x, -z)]
    _wall(solids, masonry, corners[0], corners[1], high, 0.7)
    ring = sorted(corners, key=lambda each: solids.seen(each[0], 0, each[1])[1], reverse=True)
    for each in ring[:2]:
        _tower(solids, masonry, each, radius, tall * 1.05)
    side = (corners[1], corners[2]) if yaw < 0 else (corners[3], corners[0])
    _wall(solids, masonry, *side, high, 0.8)
    _keep(solids, masonry, high)
    _wall(solids, masonry, corners[3], corners[2], high, 1.0)
    _gate(solids, masonry, z, high)
    for each in ring[2:]:
        _tower(solids, masonry, each, radius, tall)


def _teeth(a: Point, b: Point, high: float, count: int) -> list[Point]:
    """Points along a battlement from b to a: merlons stand up from the line between them."""
    points = []
    for k in range(2 * count - 1, 0, -1):
        rise = high if k % 2 else 0.0
        for t in (k / (2 * count - 1), (k - 1) / (2 * count - 1)):
            points.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t + rise))
    return points


def _wall(solids: Solids, m: _Masonry, a: Point, b: Point, high: float, light: float) -> None:
    """A wall from corner a to corner b of the ring, with its battlement."""
    low = [solids.seen(a[0], 0, a[1]), solids.seen(b[0], 0, b[1])]
    top = [solids.seen(a[0], high, a[1]), solids.seen(b[0], high, b[1])]
    m.pen.polygon([*low, top[1], top[0]], m.stone, "wall", light=light)
    line = [(p[0], p[1] - 0.012) for p in top]
    m.pen.polygon(
        [line[0], line[1], *_teeth(top[0], top[1], 0.038, 8)], m.stone, "battlement", light=light * 1.06
    )


def _tower(solids: Solids, m: _Masonry, at: Point, radius: float, high: float) -> None:
    """A round tower, with battlements or a cone on a slightly wider head."""
    pen, chance = m.pen, m.chance
    x, y = solids.seen(at[0], 0, at[1])
    near = solids.seen(at[0] + 1, 0, at[1])[0] - x
    r = radius * max(0.85, min(1.1, abs(near)))
    top = y + high
    pen.polygon(
        [
            (x - r, y),
            (x - r * 0.5, y - 0.014),
            (x + r * 0.5, y - 0.014),
            (x + r, y),
            (x + r, top),
            (x - r, top),
        ],
        m.stone,
        "tower",
        shade=UPRIGHT,
    )
    head = r * 1.16
    pen.polygon(
        [(x - r, top - 0.035), (x + r, top - 0.035), (x + head, top), (x - head, top)],
        m.stone,
        "tower",
        light=0.72,
    )
    if chance.maybe(m.cones):
        peak = min(top + r * chance.uniform(1.9, 2.5), 0.93)
        pen.polygon(
            [(x - head * 1.08, top), (x, top - 0.016), (x + head * 1.08, top), (x, peak)],
            m.roof,
            "roof",
            shade=UPRIGHT,
        )
    else:
        peak = top + 0.085
        pen.rect(x - head, top - 0.003, x + head, top + 0.045, m.stone, "battlement", shade=UPRIGHT)
        pen.polygon(
            [
                (x - head, top + 0.04),
                (x + head, top + 0.04),
                *_teeth((x - head, top + 0.045), (x + head, top + 0.045), 0.036, 4),
            ],
            m.stone,
            "battlement",
            shade=UPRIGHT,
        )
    if chance.maybe(0.45):
        _flag(m, x, peak)
    slit = high * 0.55
    pen.rect(x - 0.011, y + slit, x + 0.011, y + slit + 0.06, m.slit, "window", glow=m.night)


def _flag(m: _Masonry, x: float, y: float) -> None:
    top = min(y + 0.11, 1.0)
    m.pen.rect(x - 0.005, y - 0.02, x + 0.005, top, m.iron, "flag")
    m.pen.polygon([(x + 0.005, top), (x + 0.1, top - 0.022), (x + 0.005, top - 0.05)], m.cloth, "flag")


def _keep(solids: Solids, m: _Masonry, high: float) -> None:
    """The great tower in the middle: square with battlements, or round with a pointed roof."""
    pen, chance = m.pen, m.chance
    x, y = solids.seen(chance.uniform(-0.1, 0.1), 0.02, 0.03)
    half, top = chance.uniform(0.12, 0.16), high + chance.uniform(0.24, 0.32)
    if chance.maybe(0.35):
        for k in (-1, 1):  # a palace: two slender towers beside the keep
            a = x + k * half * 1.25
            pen.rect(a - 0.05, y, a + 0.05, top + 0.02, m.stone, "tower", shade=UPRIGHT)
            pen.polygon(
                [(a - 0.065, top + 0.02), (a + 0.065, top + 0.02), (a, min(0.95, top + 0.2))],
                m.roof,
                "roof",
                shade=UPRIGHT,
            )
    pen.rect(x - half, y, x + half, top, m.stone, "tower", shade=UPRIGHT)
    for k in (-1, 1):
        pen.polygon(
            arched(x + k * half * 0.5 - 0.02, top - 0.13, x + k * half * 0.5 + 0.02, top - 0.05),
            m.slit,
            "window",
            glow=m.night,
        )
    if m.cones and chance.maybe(0.6):
        peak = min(0.9, top + 0.24)
        pen.polygon(
            [(x - half * 1.1, top), (x + half * 1.1, top), (x + half * 0.1, peak), (x - half * 0.1, peak)],
            m.roof,
            "roof",
            shade=UPRIGHT,
        )
    else:
        peak = top + 0.03
        line = (x - half * 1.06, top), (x + half * 1.06, top)
        pen.polygon(
            [(line[0][0], top - 0.03), (line[1][0], top - 0.03), *_teeth(*line, 0.045, 5)],
            m.stone.lit(1.05),
            "battlement",
        )
    if chance.maybe(0.7):
        _flag(m, x, peak)


def _gate(solids: Solids, m: _Masonry, z: float, high: float) -> None:
    """The gatehouse: a block in the front wall with an arch, a door or a grille in it."""
    pen, chance = m.pen, m.chance
    x, y = solids.seen(0, 0, -z - 0.02)
    half, top = chance.uniform(0.1, 0.13), y + high + chance.uniform(0.03, 0.08)
    pen.rect(x - half, y - 0.006, x + half, top, m.stone.lit(1.06), "tower")
    pen.polygon(
        [(x - half, top - 0.01), (x + half, top - 0.01), *_teeth((x - half, top), (x + half, top), 0.04, 4)],
        m.stone.lit(1.1),
        "battlement",
    )
    wide, door = half * 0.62, high * chance.uniform(0.62, 0.78)
    pen.polygon(
        arched(x - wide * 1.25, y - 0.006, x + wide * 1.25, y + door + 0.025), m.stone.lit(0.7), "arch"
    )
    opening = arched(x - wide, y - 0.006, x + wide, y + door)
    if chance.maybe(0.5):
        wood = mix(chance, ("brown", "black", "red"), "wood", tile="planks", angle=90, scale=0.2)
        pen.polygon(opening, wood, "door")
    else:
        grille = mix(chance, "black", "metal", "grid", ("grey", "brown"), scale=0.14)
        pen.polygon(opening, grille, "door")
    if chance.maybe(0.4):
        pen.polygon(
            [
                (x - 0.03, top - 0.02),
                (x + 0.03, top - 0.02),
                (x + 0.03, top - 0.1),
                (x, top - 0.125),
                (x - 0.03, top - 0.1),
            ],
            m.cloth,
            "flag",
        )


PAINTERS = {"castle": castle}
