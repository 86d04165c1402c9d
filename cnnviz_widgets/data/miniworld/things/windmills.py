"""Windmills: tower, smock and post mills, and the wind pump of the prairie."""

import math
from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND, UPRIGHT, Pen, Point, oval
from cnnviz_widgets.data.miniworld.things.openings import arched

_BODIES = ("white", "brown", "red", "grey", "yellow", "black", "green", "blue")


def windmill(pen: Pen, chance: Chance) -> None:
    """Draw a windmill with its blades at any angle: tower mill, smock mill, post mill or wind pump."""
    kind = chance.choose((_tower_mill, _smock_mill, _post_mill, _wind_pump), (0.36, 0.27, 0.22, 0.15))
    pen.shadow(0, 0, 0.38, 0.07)
    kind(pen, chance)


def _tower_mill(pen: Pen, chance: Chance) -> None:
    """A round tower of stone, brick or plaster under a turning cap."""
    material = chance.choose(("stone", "brick", "painted"))
    wall = mix(chance, ("white", "white", "grey", "yellow", "brown", "red"), material, scale=0.3)
    foot, neck, top = chance.uniform(0.16, 0.22), chance.uniform(0.11, 0.14), chance.uniform(0.5, 0.56)
    outline = [(-foot, 0), (-foot * 0.5, -0.02), (foot * 0.5, -0.02), (foot, 0), (neck, top), (-neck, top)]
    pen.polygon(outline, wall, "tower", shade=UPRIGHT)
    _openings(pen, chance, foot, top)
    _cap(pen, chance, neck, top)
    _blades(pen, chance, top + 0.05, chance.uniform(0.38, 0.42))


def _smock_mill(pen: Pen, chance: Chance) -> None:
    """An eight-sided wooden or thatched body on a brick base, with a gallery around it."""
    base = mix(chance, ("red", "brown", "grey"), "brick", scale=0.3)
    material = chance.choose(("wood", "wood", "tile"))
    texture = "scaly" if material == "tile" else ""
    body = mix(chance, _BODIES, material, texture, tile="" if texture else "planks", scale=0.3)
    foot, neck, top, stage = (
        chance.uniform(0.18, 0.22),
        0.1,
        chance.uniform(0.52, 0.56),
        chance.uniform(0.13, 0.2),
    )
    waist = foot + (neck - foot) * stage / top
    for a, b, light in ((-1.0, -0.42, 0.78), (-0.42, 0.42, 1.0), (0.42, 1.0, 0.78)):
        light = light + 0.1 * pen.canvas.light.side * (1 if a > 0 else -1 if b < 0 else 0)
        drop = (0.0, 0.02) if a < -0.5 else (0.02, 0.02) if a < 0 else (0.02, 0.0)
        low = [(foot * a, -drop[0]), (foot * b, -drop[1])]
        pen.polygon(
            [*low, (waist * b, stage - drop[1]), (waist * a, stage - drop[0])], base, "base", light=light
        )
        rise = [(waist * a, stage - drop[0]), (waist * b, stage - drop[1])]
        pen.polygon([*rise, (neck * b, top), (neck * a, top)], body, "tower", light=light)
    _openings(pen, chance, foot, top)
    if chance.maybe(0.7):
        deck = mix(chance, ("brown", "white", "grey"), "wood")
        wide = waist * 1.4
        pen.polygon(
            [
                (-wide, stage),
                (-wide * 0.5, stage - 0.025),
                (wide * 0.5, stage - 0.025),
                (wide, stage),
                (waist, stage + 0.012),
                (-waist, stage + 0.012),
            ],
            deck,
            "gallery",
        )
        rail = [
            (-wide, stage + 0.045),
            (-wide * 0.5, stage + 0.02),
            (wide * 0.5, stage + 0.02),
            (wide, stage + 0.045),
        ]
        pen.stroke(rail, 0.01, deck, "railing")
        for x, y in rail:
            pen.rect(x - 0.005, y - 0.045, x + 0.005, y, deck, "railing")
    _cap(pen, chance, neck, top)
    _blades(pen, chance, top + 0.05, chance.uniform(0.38, 0.42))


def _post_mill(pen: Pen, chance: Chance) -> None:
    """A wooden body that turns on a post, which a trestle props up."""
    beam = mix(chance, ("brown", "grey", "black"), "wood")
    body = mix(chance, _BODIES, "wood", tile="planks", scale=0.25)
    wide, low, high = chance.uniform(0.15, 0.19), chance.uniform(0.24, 0.3), chance.uniform(0.6, 0.66)
    pen.rect(-0.03, 0.02, 0.03, low + 0.02, beam, "pillar", shade=UPRIGHT)
    for side in (-1, 1):
        pen.stroke([(side * 0.22, 0.0), (side * 0.02, low - 0.02)], 0.035, beam, "leg")
        pen.stroke([(side * 0.1, -0.02), (side * 0.015, low - 0.05)], 0.035, beam, "leg")
    pen.rect(-0.24, -0.01, 0.24, 0.022, beam, "base")
    slant = wide * 0.45  # the side of the body, seen foreshortened
    pen.polygon(
        [(wide, low), (wide + slant, low + 0.02), (wide + slant, high - 0.01), (wide, high)],
        body,
        "tower",
        light=0.72,
    )
    pen.rect(-wide, low, wide, high, body, "tower")
    roof = mix(chance, ("brown", "red", "grey", "black"), chance.choose(("tile", "wood")), "scaly", scale=0.2)
    peak = high + 0.14
    pen.polygon(
        [
            (wide + 0.02, high - 0.01),
            (wide + slant + 0.02, high - 0.015),
            (slant * 0.9, peak + 0.015),
            (0, peak),
        ],
        roof,
        "roof",
        light=0.85,
    )
    pen.polygon([(-wide, high), (wide, high), (0, peak)], body, "tower")
    trim = mix(chance, ("white", "red", "brown", "green"), "wood")
    pen.stroke([(-wide - 0.02, high - 0.015), (0, peak), (wide + 0.02, high - 0.015)], 0.022, trim, "roof")
    _window(pen, chance, -wide * 0.45, low + 0.07)
    _window(pen, chance, wide * 0.45, low + 0.07)
    ladder = [(wide * 0.6, low), (wide + 0.2, 0.0)]
    pen.stroke(ladder, 0.03, trim.lit(0.8), "step")
    _blades(pen, chance, high - 0.03, chance.uniform(0.36, 0.4))


def _openings(pen: Pen, chance: Chance, foot: float, top: float) -> None:
    """A door at the foot, and windows above it."""
    leaf = mix(chance, ("green", "brown", "red", "blue", "white"), "wood")
    pen.polygon(arched(-0.04, -0.015, 0.04, 0.11), leaf, "door")
    for y in (0.25, 0.38)[: chance.integer(1, 2)]:
        _window(pen, chance, foot * 0.25 * chance.uniform(-1, 1), y * top / 0.5)


def _window(pen: Pen, chance: Chance, x: float, y: float) -> None:
    lit = pen.canvas.light.night
    frame = mix(chance, ("white", "brown", "green"), "wood")
    glass = (
        mix(chance, "yellow", "glass", rgb=(255.0, 216.0, 120.0))
        if lit
        else mix(chance, ("blue", "black"), "glass")
    )
    pen.rect(x - 0.028, y - 0.004, x + 0.028, y + 0.064, frame, "window")
    pen.rect(x - 0.02, y + 0.004, x + 0.02, y + 0.056, glass, "window", glow=lit)


def _cap(pen: Pen, chance: Chance, neck: float, top: float) -> None:
    """The cap that turns the blades into the wind: a dome, a cone or a boat's keel."""
    roof = mix(
        chance,
        ("brown", "black", "red", "grey", "green", "blue"),
        chance.choose(("tile", "wood", "painted")),
        "scaly",
        scale=0.2,
    )
    wide, high = neck * 1.2, chance.uniform(0.1, 0.15)
    style = chance.choose(("dome", "cone", "keel"))
    if style == "dome":
        pen.polygon(oval(0, top - 0.01, wide, high, 0, 0, 180), roof, "roof", shade=ROUND)
    elif style == "cone":
        pen.polygon(
            [(-wide, top - 0.01), (wide, top - 0.01), (0.01, top + high * 1.25), (-0.01, top + high * 1.25)],
            roof,
            "roof",
            shade=UPRIGHT,
        )
    else:
        outline = [
            (-wide, top - 0.01),
            (wide * 1.15, top - 0.01),
            (wide * 1.05, top + high * 0.55),
            (0.03, top + high),
        ]
        pen.polygon([*outline, (-wide * 0.6, top + high * 0.75)], roof, "roof", shade=ROUND)


def _blades(pen: Pen, chance: Chance, y: float, length: float) -> None:
    """Four blades around a hub: lattices with or without cloth, or boards; all in one turning plane."""
    start = chance.uniform(0, 90)
    wood = mix(chance, ("brown", "white", "black", "red", "grey"), "wood")
    style = chance.choose(("lattice", "cloth", "half", "boards"), (0.35, 0.3, 0.2, 0.15))
    cloth = mix(
        chance,
        ("white", "white", "red", "brown", "yellow", "blue"),
        "wood" if style == "boards" else "fabric",
    )
    squash = chance.uniform(0.8, 1.0)  # the plane of the blades is turned a little from us
    length = min(length, 1.0 - y)
    wide = length * chance.uniform(0.2, 0.27)
    for k in range(4):
        turn = math.radians(start + 90 * k)
        cos, sin = math.cos(turn), math.sin(turn)

        def at(along: float, aside: float, cos: float = cos, sin: float = sin) -> Point:
            """Point of the blade: `along` from the hub to the tip, `aside` from its spar."""
            u, v = along * length, aside * wide
            return ((u * cos - v * sin) * squash, y + u * sin + v * cos)

        if style in ("cloth", "boards", "half"):
            begin = 0.6 if style == "half" and k % 2 else 0.24
            pen.polygon(
                [at(begin, 0), at(0.98, 0), at(0.98, 0.94), at(begin, 0.94)],
                cloth,
                "sail",
                light=0.97 - 0.06 * (k % 2),
            )
        if style != "boards":
            pen.polygon(_comb(at), wood, "blade")
        pen.stroke([at(0, 0), at(1, 0)], (0.028, 0.015), wood, "blade")
    hub = mix(chance, ("black", "brown", "grey", "red", "white"), chance.choose(("wood", "metal")))
    pen.ellipse(0, y, 0.034, 0.034, hub, "hub", shade=ROUND)


def _comb(at: Callable[[float, float], Point]) -> list[Point]:
    """Outline of a blade's outer rail and the bars that reach in from it to the spar, all in one polygon."""
    bars, thick = 7, 0.022
    points = [at(0.99, 1.0), at(0.22, 1.0)]
    for k in range(bars):
        along = 0.22 + (0.77 - thick) * k / (bars - 1)
        points += [at(along, 0.9), at(along, 0.0), at(along + thick, 0.0), at(along + thick, 0.9)]
    return points


def _wind_pump(pen: Pen, chance: Chance) -> None:
    """A lattice tower with a wheel of many vanes and a tail that turns it into the wind."""
    steel = mix(chance, ("grey", "white", "brown", "red", "black"), chance.choose(("metal", "metal", "wood")))
    foot, head, y = chance.uniform(0.16, 0.2), 0.025, chance.uniform(0.68, 0.74)
    for k in range(3):
        low, high = k / 3, (k + 1) / 3
        a, b = foot + (head - foot) * low, foot + (head - foot) * high
        pen.stroke([(-a, low * y), (b, high * y)], 0.01, steel, "cable")
        pen.stroke([(a, low * y), (-b, high * y)], 0.01, steel, "cable")
        pen.stroke([(-b, high * y), (b, high * y)], 0.014, steel, "tower")
    for side in (-1, -0.4, 0.4, 1):
        pen.stroke([(side * foot, 0 if abs(side) == 1 else 0.03), (side * head, y)], 0.022, steel, "tower")
    vane = mix(chance, ("red", "white", "blue", "yellow", "grey", "green"), "metal")
    pen.stroke([(0, y), (0.34, y + 0.02)], 0.014, steel, "tail")
    pen.polygon([(0.26, y + 0.01), (0.42, y - 0.06), (0.42, y + 0.11), (0.26, y + 0.05)], vane, "tail")
    _vanes(pen, chance, y, min(0.27, 0.985 - y), steel)


def _vanes(pen: Pen, chance: Chance, y: float, radius: float, steel: Paint) -> None:
    count, squash, start = chance.integer(10, 14), chance.uniform(0.6, 0.95), chance.uniform(0, 40)
    blade = mix(chance, ("white", "grey", "red", "brown", "blue"), chance.choose(("metal", "wood")))
    shades = (blade, blade.lit(0.85))
    step = 360 / count
    for k in range(count):
        points = []
        for distance, turn in ((0.3, 0.0), (1.0, -0.1), (1.0, 0.62), (0.3, 0.5)):
            angle = math.radians(start + step * (k + turn))
            points.append(
                (radius * distance * math.cos(angle) * squash, y + radius * distance * math.sin(angle))
            )
        pen.polygon(points, shades[k % 2], "blade")
    pen.ellipse(0, y, radius * 0.2 * squash, radius * 0.2, steel, "hub", shade=ROUND)


PAINTERS = {"windmill": windmill}
