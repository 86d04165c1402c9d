"""Boats, of which the water hides what is below y = 0."""

import math
from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, LYING, ROUND, UPRIGHT, Pen, Point, oval
from cnnviz_widgets.data.miniworld.solids import Solids

_HULLS = ("white", "red", "blue", "black", "green", "yellow", "orange", "brown", "grey")


@dataclass
class _Hull:
    """Half a hull's length and width, height of its side amidships, and how far bow and stern rise above."""

    half: float
    beam: float
    side: float
    bow: float
    stern: float

    def width(self, t: float) -> float:
        """Half the width at t, from -1 at the stern to 1 at the bow."""
        return self.beam * (0.82 + 0.18 * (1 + t) if t < 0 else max(0.0, 1 - t * t * t))

    def height(self, t: float) -> float:
        """Height of the side at t."""
        return self.side + (self.bow if t > 0 else self.stern) * t * t


_STATIONS = (-1.0, -0.6, -0.2, 0.2, 0.5, 0.75, 0.9, 1.0)


def _draw_hull(
    pen: Pen, solids: Solids, hull: _Hull, coat: Paint, floor: Paint, rail: Paint, band: Paint
) -> None:
    """Draw the far side, the stern, the deck or the inside, and the near side with its stripes."""
    seen = solids.seen

    def edge(side: float, rise: float, rake: float = 0.0) -> list[Point]:
        """Points along the hull at a share `rise` of its height."""
        return [
            seen(
                t * hull.half * (1 - rake * (1 - rise) * (t > 0)),
                hull.height(t) * rise,
                side * hull.width(t) * (0.8 + 0.2 * rise),
            )
            for t in _STATIONS
        ]

    far_top, near_top = edge(1, 1), edge(-1, 1)
    far_low, near_low = edge(1, 0, 0.16), edge(-1, 0, 0.16)
    pen.polygon(far_low + far_top[::-1], coat, "hull", light=0.7)
    pen.polygon(near_top + far_top[::-1], floor, "deck", light=0.95)
    pen.polygon([near_low[0], far_low[0], far_top[0], near_top[0]], coat, "hull", light=0.82)
    pen.polygon(near_low + near_top[::-1], coat, "hull", shade=FALLING)
    pen.polygon(near_low + edge(-1, 0.24, 0.16)[::-1], band, "hull")
    pen.polygon(edge(-1, 0.86, 0.16) + near_top[::-1], rail, "hull")


def boat(pen: Pen, chance: Chance) -> None:
    """Draw a boat: sailing, fishing, motor or rowing boat, or a tug."""
    kind = chance.choose((_sailing, _fishing, _motor, _rowing, _tug), (0.4, 0.2, 0.15, 0.13, 0.12))
    yaw = chance.sign() * chance.uniform(0, 38)
    kind(pen, Solids(pen, yaw, chance.uniform(6, 14)), yaw, chance)


def _paints(chance: Chance, material: str = "painted") -> tuple[Paint, Paint, Paint, Paint]:
    """Mix what hull, deck, rail and waterline are painted with."""
    coat = mix(chance, _HULLS, material)
    floor = mix(chance, ("brown", "yellow", "grey"), "wood", tile="planks", scale=0.25)
    rail = mix(chance, ("white", "brown", "black", "red", "blue"), "painted")
    return coat, floor, rail, mix(chance, ("red", "black", "blue", "green", "white"), "painted")


def _sailing(pen: Pen, solids: Solids, yaw: float, chance: Chance) -> None:
    """A hull, a mast, a mainsail behind it and perhaps a foresail before it."""
    half = 0.34 if chance.maybe(0.5) else 0.4
    hull = _Hull(half, 0.1, 0.085, 0.05, 0.015)
    _draw_hull(pen, solids, hull, *_paints(chance, chance.choose(("painted", "wood"))))
    if chance.maybe(0.5):
        coat = mix(chance, ("white", "brown", "blue"), "painted")
        box = solids.box(-0.16, 0.08, -0.05, 0.05, 0.14, 0.05, coat, "cabin")
        box["front"].rect(0.15, 0.3, 0.4, 0.8, mix(chance, "black", "glass"), "window")
        box["front"].rect(0.55, 0.3, 0.85, 0.8, mix(chance, "black", "glass"), "window")
        solids.draw()
    foot, top = 0.08, chance.uniform(0.86, 0.96)
    at = half * chance.uniform(0.02, 0.2)
    swing = math.radians(chance.uniform(-22, 22) + chance.sign() * 6)  # how far the boom is let out
    colors = ("white", "white", "red", "brown", "yellow", "blue", "orange")
    texture = "striped" if chance.maybe(0.25) else ""
    other = ("red", "blue", "orange", "green") if texture else ""
    cloth = mix(chance, colors, "fabric", texture, other, scale=0.5, angle=90 * chance.integer(0, 1))
    mast = mix(chance, ("brown", "white", "grey"), chance.choose(("wood", "metal")))
    boom, low = half * chance.uniform(0.95, 1.1), 0.19

    def leech(along: float, up: float, belly: float = 0.0) -> Point:
        """Point of the mainsail: `along` the boom, `up` the mast, blown out by `belly`."""
        return solids.seen(
            at - along * boom * math.cos(swing) - belly, up, -along * boom * math.sin(swing) - belly
        )

    gaff = chance.maybe(0.3)
    peak = (0.62, top * 0.97) if gaff else (0.03, top * 0.97)
    head = top * 0.72 if gaff else top * 0.94
    sail = [
        leech(0.04, low),
        leech(0.5, low - 0.012),
        leech(1, low + 0.01),
        leech((1 + peak[0]) / 2 + 0.04, (low + peak[1]) / 2 + 0.03, 0.01),
    ]
    sail += [leech(*peak), leech(0.04, head)]
    pen.polygon(sail, cloth, "sail", shade=UPRIGHT)
    if chance.maybe(0.75):
        tack = solids.seen(half * 0.97, hull.height(0.97) + 0.02, 0)
        clew = solids.seen(at - half * 0.06, low + 0.01, -0.05)
        peak_at = solids.seen(at + 0.012, top * chance.uniform(0.72, 0.9), 0)
        middle = ((clew[0] + peak_at[0]) / 2 + 0.03, (clew[1] + peak_at[1]) / 2)
        jib = cloth if chance.maybe(0.6) else mix(chance, colors, "fabric")
        pen.polygon(
            [tack, ((tack[0] + clew[0]) / 2, tack[1] + 0.01), clew, middle, peak_at],
            jib,
            "sail",
            shade=UPRIGHT,
            light=0.95,
        )
    pen.stroke(
        [solids.seen(at, foot, 0), solids.seen(at, top, 0)], (0.022, 0.012), mast, "mast", shade=UPRIGHT
    )
    pen.stroke([leech(0, low - 0.012), leech(1.02, low)], 0.014, mast, "mast")
    if chance.maybe(0.4):
        x, y = solids.seen(at, top, 0)
        flag = mix(chance, ("red", "blue", "yellow", "green"), "fabric")
        pen.polygon([(x, y), (x - 0.09, y - 0.02), (x, y - 0.045)], flag, "flag")


def _house(
    pen: Pen,
    solids: Solids,
    chance: Chance,
    left: float,
    right: float,
    low: float,
    high: float,
    deep: float,
    layer: float = 0.0,
) -> None:
    """A cabin with windows all round and a roof that juts out."""
    coat = mix(
        chance,
        ("white", "white", "brown", "yellow", "blue", "red"),
        chance.choose(("painted", "wood", "metal")),
    )
    roof = mix(chance, ("white", "grey", "red", "blue", "green", "orange"), "painted")
    night = pen.canvas.light.night
    glass = (
        mix(chance, "yellow", "glass", rgb=(255.0, 220.0, 130.0))
        if night
        else mix(chance, ("blue", "black", "grey"), "glass")
    )
    box = solids.box(left, low, -deep, right, high, deep, coat, "cabin", layer=layer)
    panes = max(1, int((right - left) / 0.075))
    for k in range(panes):
        a = (k + 0.15) / panes
        box["front"].rect(a, 0.45, a + 0.7 / panes, 0.86, glass, "window", shade=FALLING, glow=night)
    for name in ("left", "right"):
        for a in (0.1, 0.55):
            box[name].rect(a, 0.45, a + 0.35, 0.86, glass, "window", glow=night)
    solids.box(
        left - 0.02,
        high,
        -deep - 0.015,
        right + 0.03,
        high + 0.022,
        deep + 0.015,
        roof,
        "roof",
        layer=layer + 0.3,
    )


def _fishing(pen: Pen, solids: Solids, yaw: float, chance: Chance) -> None:
    """A high bow, a small cabin and a mast with a derrick."""
    hull = _Hull(0.47, 0.14, 0.13, 0.13, 0.03)
    _draw_hull(pen, solids, hull, *_paints(chance, chance.choose(("painted", "wood"))))
    at = chance.choose((-0.2, 0.12))
    _house(pen, solids, chance, at - 0.1, at + 0.12, 0.12, chance.uniform(0.33, 0.4), 0.08)
    wood = mix(chance, ("brown", "grey", "white", "yellow"), chance.choose(("wood", "metal")))
    mast_x, top = -at * 0.9, chance.uniform(0.62, 0.78)
    foot, head = solids.seen(mast_x, 0.13, 0), solids.seen(mast_x, top, 0)
    rope = mix(chance, "black", "metal")
    pen.stroke([head, solids.seen(0.46, 0.26, 0)], 0.006, rope, "cable")
    pen.stroke([head, solids.seen(-0.45, 0.16, 0)], 0.006, rope, "cable")
    solids.draw()
    pen.stroke([foot, head], (0.024, 0.014), wood, "mast", shade=UPRIGHT)
    reach = solids.seen(mast_x - 0.26 * chance.sign(), top * 0.8, 0)
    pen.stroke([solids.seen(mast_x, 0.24, 0), reach], 0.016, wood, "mast")
    pen.stroke([head, reach], 0.006, rope, "cable")


def _motor(pen: Pen, solids: Solids, yaw: float, chance: Chance) -> None:
    """A flat sharp hull with a windshield, perhaps with a cabin below it."""
    hull = _Hull(0.48, 0.15, 0.13, 0.05, 0.0)
    coat, _, rail, band = _paints(chance)
    floor = mix(chance, ("white", "brown", "grey"), chance.choose(("wood", "painted")))
    _draw_hull(pen, solids, hull, coat, floor, rail, band)
    glass = mix(chance, ("blue", "grey", "black"), "glass")
    if chance.maybe(0.6):
        shell = [(-0.2, 0.12), (0.3, 0.12), (0.1, 0.23), (0.02, 0.3), (-0.14, 0.3)]
        cabin = solids.prism(shell, -0.1, 0.1, mix(chance, "white", "painted"), "cabin")
        cabin["front"].put(
            [(0.1, 0.5), (0.62, 0.5), (0.47, 0.85), (0.16, 0.85)], glass, "window", shade=FALLING
        )
        cabin["side 2"].rect(0.06, 0.05, 0.94, 0.95, glass, "windshield")
        cabin["side 1"].rect(0.2, 0.3, 0.8, 0.6, glass, "window")
    else:
        solids.plate(
            [(0.16, 0.13, -0.12), (0.16, 0.13, 0.12), (0.05, 0.25, 0.1), (0.05, 0.25, -0.1)],
            glass,
            "windshield",
        )
        seat = mix(chance, ("red", "white", "blue", "brown"), "leather")
        solids.box(-0.22, 0.12, -0.1, -0.14, 0.22, 0.1, seat, "seat")
    solids.box(
        -0.53, 0.05, -0.03, -0.46, 0.2, 0.03, mix(chance, ("black", "grey", "white"), "metal"), layer=1
    )
    solids.draw()


def _rowing(pen: Pen, solids: Solids, yaw: float, chance: Chance) -> None:
    """An open hull with thwarts and oars."""
    hull = _Hull(0.48, 0.17, 0.13, 0.07, 0.03)
    coat, floor, rail, band = _paints(chance, "wood")
    _draw_hull(pen, solids, hull, coat, floor.lit(0.6), rail, band)
    seat = mix(chance, ("brown", "yellow", "white"), "wood")
    for x in (-0.26, -0.02, 0.22):
        w = hull.width(x / 0.48) * 0.94
        board = [(x - 0.035, 0.13, -w), (x + 0.035, 0.13, -w), (x + 0.035, 0.13, w), (x - 0.035, 0.13, w)]
        pen.polygon([solids.seen(*each) for each in board], seat, "seat")
    oar = mix(chance, ("brown", "yellow", "white"), "wood")
    at = chance.uniform(-0.1, 0.05)
    hand, rowlock = solids.seen(at - 0.12, 0.24, 0.02), solids.seen(at, 0.15, -hull.beam)
    tip = (rowlock[0] + (rowlock[0] - hand[0]) * 1.5, rowlock[1] + (rowlock[1] - hand[1]) * 1.1)
    tip = (tip[0], max(tip[1], 0.0))
    pen.stroke([hand, rowlock, tip], 0.018, oar, "handle")
    pen.ellipse(tip[0], tip[1] + 0.01, 0.06, 0.02, oar, "blade", angle=-20)


def _tug(pen: Pen, solids: Solids, yaw: float, chance: Chance) -> None:
    """A short stout hull, a wheelhouse on a deckhouse, a funnel with a band, tyres along the side."""
    hull = _Hull(0.46, 0.17, 0.15, 0.12, 0.03)
    _draw_hull(pen, solids, hull, *_paints(chance))
    _house(pen, solids, chance, -0.2, 0.2, 0.14, 0.3, 0.1)
    _house(pen, solids, chance, 0.02, 0.18, 0.32, 0.47, 0.08, layer=0.6)
    solids.draw()
    x, y = solids.seen(-0.1, 0.32, 0)
    funnel = mix(chance, ("red", "black", "yellow", "blue"), "metal")
    pen.rect(x - 0.055, y - 0.01, x + 0.055, y + 0.24, funnel, "chimney", shade=UPRIGHT)
    pen.rect(
        x - 0.055,
        y + 0.12,
        x + 0.055,
        y + 0.18,
        mix(chance, ("white", "yellow"), "metal"),
        "chimney",
        shade=UPRIGHT,
    )
    pen.ellipse(x, y + 0.24, 0.055, 0.015, mix(chance, "black", "metal"), "chimney")
    tyre = mix(chance, "black", "rubber")
    for k in (-0.6, -0.2, 0.2):
        u, v = solids.seen(k * 0.46, 0.08, -hull.width(k))
        pen.polygon(oval(u, v, 0.034, 0.038), tyre, "wheel", shade=ROUND)
    mast = mix(chance, ("white", "grey"), "metal")
    pen.stroke([solids.seen(0.06, 0.49, 0), solids.seen(0.06, 0.72, 0)], 0.014, mast, "mast", shade=LYING)


PAINTERS = {"boat": boat}
