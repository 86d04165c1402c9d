"""What stands along streets and paths: lamps, lights, signs, benches, fences, flags, gravestones."""

import math

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.pen import FALLING, ROUND, UPRIGHT, Pen, Point, oval
from cnnviz_widgets.data.miniworld.things.openings import arched


def streetlight(pen: Pen, chance: Chance) -> None:
    """Draw a street light: an arm over the road, a lantern or a globe; it shines at night."""
    iron = mix(chance, ("black", "grey", "green", "grey"), "metal")
    lit = pen.canvas.light.night
    glass = mix(chance, ("yellow", "white"), "glass")
    if lit:
        glass = mix(chance, "yellow", "glass", rgb=(255.0, 236.0, 160.0))
    pen.shadow(0, 0, 0.1, 0.03)
    pen.rect(-0.03, 0, 0.03, 0.09, iron, "base", shade=UPRIGHT)
    kind = chance.choose(("arm", "lantern", "globe"))
    if kind == "arm":
        reach = chance.uniform(0.2, 0.3)
        arc = [(0, 0.05), (0, 0.85), (0.02, 0.93), (0.08, 0.975), (reach, 0.985)]
        pen.stroke(arc, (0.034, 0.02), iron, "pillar")
        pen.polygon(
            [(reach - 0.06, 0.985), (reach - 0.04, 0.945), (reach + 0.08, 0.945), (reach + 0.1, 0.985)],
            iron,
            "lampshade",
        )
        pen.rect(reach - 0.03, 0.925, reach + 0.07, 0.947, glass, "bulb", glow=lit)
        lamp = (reach + 0.02, 0.93)
    elif kind == "lantern":
        pen.stroke([(0, 0.05), (0, 0.78)], (0.036, 0.022), iron, "pillar", shade=UPRIGHT)
        pen.polygon([(-0.04, 0.78), (0.04, 0.78), (0.07, 0.92), (-0.07, 0.92)], glass, "bulb", glow=lit)
        pen.stroke([(0, 0.78), (0, 0.92)], 0.012, iron, "lampshade")
        pen.polygon([(-0.09, 0.92), (0.09, 0.92), (0.02, 0.985), (-0.02, 0.985)], iron, "lampshade")
        lamp = (0.0, 0.85)
    else:
        pen.stroke([(0, 0.05), (0, 0.84)], (0.036, 0.022), iron, "pillar", shade=UPRIGHT)
        heads = ((0.0, 0.9),) if chance.maybe(0.6) else ((-0.11, 0.85), (0.11, 0.85))
        if len(heads) == 2:
            pen.stroke([(-0.11, 0.79), (0, 0.74), (0.11, 0.79)], 0.018, iron, "pillar")
        for x, y in heads:
            pen.ellipse(x, y, 0.068, 0.072, glass, "bulb", shade=ROUND, glow=lit)
        lamp = (0.0, 0.88)
    if lit:
        pen.shine(*lamp, 0.28, 0.8)


_SIGNALS = (("green", (60.0, 230.0, 110.0)), ("yellow", (255.0, 210.0, 60.0)), ("red", (255.0, 60.0, 50.0)))


def traffic_light(pen: Pen, chance: Chance) -> None:
    """Draw a traffic light that shows red, yellow or green; one for walkers has no yellow."""
    iron = mix(chance, ("grey", "black", "yellow", "green"), "metal")
    case = mix(chance, ("black", "yellow", "black", "green"), "metal")
    signals = _SIGNALS if chance.maybe(0.8) else _SIGNALS[::2]
    radius = chance.uniform(0.05, 0.062)
    low, half = 0.985 - 2.3 * radius * len(signals), radius * chance.uniform(1.5, 1.9)
    thin = chance.uniform(0.014, 0.024)
    pen.shadow(0, 0, 0.1, 0.03)
    pen.rect(-thin, 0, thin, low + 0.05, iron, "pillar", shade=UPRIGHT)
    if chance.maybe(0.4):
        pen.rect(-thin * 2.2, 0, thin * 2.2, 0.14, iron, "base", shade=UPRIGHT)
    if chance.maybe(0.35):  # a light board behind the case lets it be seen against the sky
        board = mix(chance, ("white", "black", "yellow"), "metal")
        pen.rect(-half * 1.3, low - 0.015, half * 1.3, 1.0, board, "frame")
    pen.rect(-half, low, half, 0.985, case, "body")
    on = chance.integer(0, len(signals) - 1)
    for k, (name, rgb) in enumerate(signals):
        lamp = mix(chance, name, "glass", rgb=rgb) if k == on else mix(chance, name, "glass").lit(0.4)
        y = low + radius * (1.15 + 2.3 * k)
        pen.ellipse(0, y, radius, radius, lamp, "bulb", glow=k == on)
        if k == on and pen.canvas.light.night:
            pen.shine(0, y, 0.16, 0.5)


def sign(pen: Pen, chance: Chance) -> None:
    """Draw a road sign on a post: an octagon, a triangle, a disc, a board or an arrow."""
    post = mix(chance, ("grey", "brown", "white"), chance.choose(("metal", "wood")))
    pen.shadow(0, 0, 0.1, 0.03)
    pen.rect(-0.02, 0, 0.02, 0.9, post, "pillar", shade=UPRIGHT)
    shape = chance.choose(("octagon", "triangle", "disc", "board", "arrow"))
    white = mix(chance, "white", "metal")
    red = mix(chance, ("red", "blue", "red", "yellow"), "metal")
    if shape == "octagon":
        corners = [
            (math.cos(math.radians(22.5 + 45 * k)), math.sin(math.radians(22.5 + 45 * k))) for k in range(8)
        ]
        for size, paint in ((0.21, white), (0.185, red)):
            pen.polygon([(size * x, 0.78 + size * y) for x, y in corners], paint, "display")
        pen.rect(-0.11, 0.75, 0.11, 0.81, white, "display")
    elif shape == "triangle":
        for size, paint in ((0.22, red), (0.145, white)):
            pen.polygon(
                [(-size, 0.75 - size * 0.55), (size, 0.75 - size * 0.55), (0, 0.75 + size * 1.13)],
                paint,
                "display",
            )
        pen.rect(-0.016, 0.69, 0.016, 0.82, mix(chance, "black", "metal"), "display")
    elif shape == "disc":
        for size, paint in ((0.2, red), (0.145, white)):
            pen.ellipse(0, 0.79, size, size, paint, "display")
        if chance.maybe():
            pen.stroke([(-0.1, 0.69), (0.1, 0.89)], 0.035, red, "display")
    else:
        board = mix(chance, ("green", "blue", "brown", "white", "yellow"), chance.choose(("metal", "wood")))
        tip = 0.38 if shape == "arrow" else 0.28
        pen.polygon([(-0.28, 0.68), (0.28, 0.68), (tip, 0.81), (0.28, 0.94), (-0.28, 0.94)], board, "display")
        ink = mix(chance, "black" if board.color in ("white", "yellow") else "white", "painted")
        for y in (0.84, 0.75):
            pen.rect(-0.2, y, 0.1 + 0.1 * chance.uniform(0, 1), y + 0.035, ink, "display")


def bench(pen: Pen, chance: Chance) -> None:
    """Draw a park bench: slats of wood, or a slab of stone."""
    pen.shadow(0, 0.02, 0.48, 0.06)
    if chance.maybe(0.25):
        stone = mix(chance, ("grey", "white", "brown"), "stone")
        for x in (-0.34, 0.34):
            pen.rect(x - 0.06, 0, x + 0.06, 0.2, stone, "leg", light=0.8)
        pen.polygon([(-0.48, 0.25), (0.48, 0.25), (0.43, 0.32), (-0.43, 0.32)], stone.lit(1.1), "seat")
        pen.rect(-0.48, 0.18, 0.48, 0.25, stone, "seat")
        return
    iron = mix(chance, ("black", "grey", "green"), "metal")
    slat = mix(chance, ("brown", "green", "red", "yellow", "blue", "white"), "wood")
    for x in (-0.38, 0.38):
        pen.stroke([(x + 0.01, 0.05), (x, 0.24), (x, 0.5)], 0.03, iron, "leg")
        pen.stroke([(x, 0.0), (x, 0.24)], 0.03, iron, "leg")
    rows = chance.integer(2, 4)
    for k in range(rows):
        y = 0.29 + 0.21 * k / rows
        pen.rect(-0.46, y, 0.46, y + 0.15 / rows, slat, "backrest")
    for k in range(3):
        y, out = 0.245 - 0.028 * k, 0.45 + 0.015 * k
        pen.polygon(
            [(-out - 0.007, y - 0.02), (out + 0.007, y - 0.02), (out, y), (-out, y)], slat, "seat", light=1.1
        )
    for x in (-0.42, 0.42):
        pen.stroke([(x, 0.32), (x, 0.345), (x * 1.06, 0.33), (x * 1.06, 0.2)], 0.022, iron, "armrest")


def fence(pen: Pen, chance: Chance) -> None:
    """Draw a length of fence, 1 wide, so that lengths of one key join: pickets, rails or iron bars."""
    kind = chance.choose(("pickets", "rails", "iron"))
    high = chance.uniform(0.32, 0.44)
    if kind == "rails":
        wood = mix(chance, ("white", "brown", "grey", "green"), "wood")
        for y in (0.2, 0.5, 0.8) if chance.maybe(0.6) else (0.3, 0.75):
            pen.rect(-0.5, y * high, 0.5, (y + 0.11) * high, wood, "railing", light=0.85)
        for x in (-0.46, 0.0, 0.46) if chance.maybe(0.6) else (-0.25, 0.25):
            pen.rect(x - 0.035, 0, x + 0.035, high, wood, "pillar", shade=UPRIGHT)
        return
    wood = mix(chance, ("white", "brown", "grey", "green"), "wood")
    iron = mix(chance, ("black", "grey", "green"), "metal")
    count, paint = (chance.integer(11, 15), iron) if kind == "iron" else (chance.integer(8, 12), wood)
    thin = 0.009 if kind == "iron" else 0.33 / count
    tip = chance.uniform(0.03, 0.07)
    for y in (0.22, 0.7):
        pen.rect(
            -0.5, y * high, 0.5, y * high + (0.022 if kind == "iron" else 0.04), paint, "railing", light=0.85
        )
    for k in range(count):
        x = (k + 0.5) / count - 0.5
        top = [(x + thin, high - tip), (x, high), (x - thin, high - tip)]
        pen.polygon([(x - thin, 0), (x + thin, 0), *top], paint, "railing")


def flag(pen: Pen, chance: Chance) -> None:
    """Draw a flag that waves from a pole: bands upright or lying, or a cross."""
    pole = mix(chance, ("white", "grey", "brown"), chance.choose(("metal", "wood")))
    pen.shadow(0, 0, 0.08, 0.025)
    low, high, long = chance.uniform(0.58, 0.66), 0.96, chance.uniform(0.44, 0.52)
    lift = chance.uniform(-0.06, 0.02)
    names = ("red", "white", "blue", "yellow", "green", "black", "orange")
    colors = [mix(chance, name, "fabric") for name in chance.several(names, 3)]

    def at(s: float, t: float) -> Point:
        """Point of the cloth: s along it, t up it."""
        wave = 0.028 * math.sin(6.3 * s) * min(1.0, 3 * s) + lift * s
        return (0.01 + s * long, low + t * (high - low) + wave)

    steps = [k / 6 for k in range(7)]
    style = chance.choose(("lying", "upright", "cross"))
    if style == "cross":
        pen.polygon([at(s, 0) for s in steps] + [at(s, 1) for s in steps[::-1]], colors[0], "flag")
        pen.polygon([at(s, 0.4) for s in steps] + [at(s, 0.6) for s in steps[::-1]], colors[1], "flag")
        pen.polygon([at(0.3, 0), at(0.43, 0), at(0.43, 1), at(0.3, 1)], colors[1], "flag")
    for k, paint in enumerate(colors):
        a, b = k / 3, (k + 1) / 3
        if style == "lying":
            pen.polygon([at(s, a) for s in steps] + [at(s, b) for s in steps[::-1]], paint, "flag")
        elif style == "upright":
            part = [a, (a + b) / 2, b]
            pen.polygon(
                [at(s, 0) for s in part] + [at(s, 1) for s in part[::-1]],
                paint,
                "flag",
                light=1.06 - 0.08 * (k % 2),
            )
    pen.rect(-0.014, 0, 0.014, 0.985, pole, "pillar", shade=UPRIGHT)
    pen.ellipse(0, 0.985, 0.022, 0.022, mix(chance, ("yellow", "grey"), "metal"), "pillar", shade=ROUND)


def gravestone(pen: Pen, chance: Chance) -> None:
    """Draw a gravestone: round-headed, gothic, square, shouldered, or an obelisk."""
    material = chance.choose(("", "", "cracked", "flecked", "marbled"))
    stone = mix(chance, ("grey", "grey", "white", "brown", "black"), "stone", material, strength=0.3)
    half = chance.uniform(0.24, 0.34)
    pen.shadow(0.02, 0, half * 1.5, 0.07)
    kind = chance.choose(("round", "gothic", "square", "shoulder", "obelisk"), (0.3, 0.2, 0.2, 0.2, 0.1))
    top = 1.0 if kind == "obelisk" else chance.uniform(0.78, 0.95)
    outline = _headstone(kind, half, top)
    thick = 0.07
    pen.polygon([(x + thick, y + 0.025) for x, y in outline], stone, "body", light=0.62)
    pen.polygon(outline, stone, "body", shade=FALLING)
    pen.rect(-half - 0.05, -0.02, half + 0.09, 0.09, stone, "base", light=0.88)
    ink = stone.lit(0.5) if sum(stone.rgb) > 250 else mix(chance, ("grey", "yellow", "white"), "stone")
    if kind == "obelisk":
        pen.rect(-0.2, 0.08, 0.2, 0.2, stone, "base", shade=FALLING)
        return
    if chance.maybe(0.5):
        pen.rect(-0.022, top * 0.58, 0.022, top * 0.86, ink, "body")
        pen.rect(-0.085, top * 0.72, 0.085, top * 0.77, ink, "body")
    for k in range(chance.integer(2, 3)):
        wide = half * chance.uniform(0.45, 0.7)
        pen.rect(-wide, top * 0.5 - 0.1 * k, wide, top * 0.5 - 0.1 * k + 0.035, ink, "body")


def _headstone(kind: str, half: float, top: float) -> list[Point]:
    """Outline of a gravestone of this kind."""
    if kind == "round":
        return arched(-half, 0, half, top)
    if kind == "obelisk":
        return [(-0.13, 0.1), (0.13, 0.1), (0.085, 0.88), (0, 1.0), (-0.085, 0.88)]
    foot = [(-half, 0.0), (half, 0.0)]
    if kind == "gothic":
        x, y = half * 0.62, top - 0.12
        return [*foot, (half, top - 0.3), (x, y), (0, top), (-x, y), (-half, top - 0.3)]
    if kind == "square":
        x, y = half - 0.05, top - 0.06
        return [*foot, (half, y), (x, top), (-x, top), (-half, y)]
    return [*foot, (half, top - 0.2), *oval(0, top - 0.2, half * 0.68, 0.2, 0, 0, 180), (-half, top - 0.2)]


def cross(pen: Pen, chance: Chance) -> None:
    """Draw a standing cross of stone, wood or iron: Latin, Celtic with its ring, or with two beams."""
    material = chance.choose(("stone", "stone", "wood", "metal"))
    paint = mix(chance, ("grey", "white", "brown", "black"), material)
    pen.shadow(0.02, 0, 0.3, 0.06)
    half, arm, at = chance.uniform(0.055, 0.085), chance.uniform(0.26, 0.33), chance.uniform(0.66, 0.72)
    kind = chance.choose(("latin", "celtic", "double"), (0.5, 0.3, 0.2))
    if kind == "celtic":
        ring = [(x, y) for x, y in oval(0, at, 0.23, 0.23)]
        inner = [(x, y) for x, y in oval(0, at, 0.165, 0.165)]
        pen.polygon([*ring, ring[0], inner[0], *inner[::-1]], paint, "body", light=0.85)
    outline = [
        (-half, 0),
        (half, 0),
        (half, at - half),
        (arm, at - half),
        (arm, at + half),
        (half, at + half),
    ]
    outline += [
        (half, 1.0),
        (-half, 1.0),
        (-half, at + half),
        (-arm, at + half),
        (-arm, at - half),
        (-half, at - half),
    ]
    pen.polygon([(x + 0.035, y + 0.012) for x, y in outline], paint, "body", light=0.6)
    pen.polygon(outline, paint, "body", shade=FALLING)
    if kind == "double":
        pen.rect(-arm * 0.6, at - 0.24, arm * 0.6, at - 0.24 + half * 1.5, paint, "body")
    for k in range(chance.integer(1, 2)):
        wide = 0.24 - 0.07 * k
        pen.rect(-wide, 0.09 * k - 0.015, wide, 0.09 * (k + 1), paint, "base", light=0.85 + 0.08 * k)


PAINTERS = {
    "streetlight": streetlight,
    "traffic light": traffic_light,
    "sign": sign,
    "bench": bench,
    "fence": fence,
    "flag": flag,
    "gravestone": gravestone,
    "cross": cross,
}
