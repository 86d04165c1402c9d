"""Buildings people live, work and pray in."""

import math

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, Pen
from cnnviz_widgets.data.miniworld.solids import Face, Solids
from cnnviz_widgets.data.miniworld.things.openings import Glazing

_WALLS = ("red", "brown", "white", "yellow", "grey", "pink", "orange", "blue", "green")
_ROOFS = ("red", "brown", "grey", "black", "orange", "blue", "green")


def house(pen: Pen, chance: Chance) -> None:
    """Draw a detached house: gabled, hipped or flat roof, of brick, wood or painted."""
    yaw = chance.uniform(14, 72) if chance.maybe(0.8) else chance.uniform(0, 8)
    storeys = chance.choose((1, 2), (0.6, 0.4))
    style = chance.choose(("gabled", "hipped", "flat"), (0.58, 0.27, 0.15))
    wide, deep = chance.uniform(0.6, 0.8), chance.uniform(0.5, 0.7)
    high = chance.uniform(0.34, 0.42) if storeys == 1 else chance.uniform(0.56, 0.66)
    rise = 0.0 if style == "flat" else chance.uniform(0.24, 0.42)
    # What is seen is wide cos + deep sin across; the house is made to fit into one unit.
    turn = math.radians(yaw)
    across = (wide + 0.08) * math.cos(turn) + (deep + 0.08) * math.sin(turn)
    fit = 0.97 / max(across, high + rise + 0.2)
    wide, deep, high, rise = wide * fit, deep * fit, high * fit, rise * fit
    solids = Solids(pen, yaw, chance.uniform(5, 13))
    pen.shadow(0, 0.02, 0.54, 0.12)
    material = chance.choose(("brick", "wood", "painted", "stone", "painted"))
    wall = mix(chance, _WALLS, material, scale=0.3, tile="planks" if material == "wood" else "")
    glazing = Glazing(pen, chance)
    x, z = wide / 2, deep / 2
    faces = solids.box(-x, 0, -z, x, high, z, wall, "wall")
    if storeys > 1 and glazing.bars == "cross":
        glazing.bars = "mullion"  # bars that small would only cost time
    _fronts(faces, glazing, storeys, chance, ("front", "left") if yaw > 3 else ("front",))
    roof = mix(chance, _ROOFS, "tile", "scaly", scale=0.28)
    if style == "gabled":
        _gable(solids, x, z, high, rise, wall, roof, glazing)
    elif style == "hipped":
        _hip(solids, x, z, high, rise, roof)
    else:
        solids.box(
            -x - 0.03, high, -z - 0.03, x + 0.03, high + 0.06, z + 0.03, glazing.frame, "roof", layer=1
        )
    if chance.maybe(0.7):
        _chimney(solids, x, z, high, rise, chance)
    solids.draw()


def _fronts(
    faces: dict[str, Face], glazing: Glazing, storeys: int, chance: Chance, sides: tuple[str, ...]
) -> None:
    """Put windows on the sides that are seen, and a door on one of them."""
    entrance = sides[-1] if chance.maybe(0.25) else sides[0]
    tall = 1.0 / storeys
    for name in sides:
        bays = chance.integer(2, 3) if storeys == 1 or not glazing.shutters else 2
        skip = chance.integer(0, bays - 1) if name == entrance else -1
        pitch = 1.0 / bays
        half = pitch * chance.uniform(0.2, 0.27)
        for storey in range(storeys):
            low = (storey + 0.36) * tall
            for bay in range(bays):
                middle = (bay + 0.5) * pitch
                if bay == skip and storey == 0:
                    glazing.door(faces[name], middle - pitch * 0.2, middle + pitch * 0.2, 0.72 * tall)
                else:
                    glazing.window(faces[name], middle - half, low, middle + half, low + 0.42 * tall)


def _gable(
    solids: Solids, x: float, z: float, high: float, rise: float, wall: Paint, roof: Paint, glazing: Glazing
) -> None:
    """Add a roof of two slopes, its boards along the gable."""
    eave = 0.045
    drop = rise * eave / x
    outline = [(-x - eave, high - drop), (x + eave, high - drop), (0.0, high + rise)]
    faces = solids.prism(
        outline, -z - eave, z + eave, glazing.frame, "roof", sides=[None, roof, roof], layer=1.0
    )
    board = 0.075
    faces["front"].put([(board * 1.6, 0), (1 - board * 1.6, 0), (0.5, 1 - board * 1.8)], wall, "wall")
    if rise > 0.24:
        glass, glow = glazing.pane()
        faces["front"].rect(0.42, 0.2, 0.58, 0.52, glazing.frame, "window")
        faces["front"].rect(0.44, 0.24, 0.56, 0.48, glass, "window", shade=FALLING, glow=glow)


def _hip(solids: Solids, x: float, z: float, high: float, rise: float, roof: Paint) -> None:
    """Add a roof of four slopes, with a ridge along the longer side."""
    x, z, top = x + 0.05, z + 0.05, high + rise * 0.8
    ridge_x, ridge_z = max(0.0, x - z), max(0.0, z - x)
    a, b, c, d = (-x, high, -z), (x, high, -z), (x, high, z), (-x, high, z)
    near = [(-ridge_x, top, -ridge_z), (ridge_x, top, -ridge_z)]
    far = [(-ridge_x, top, ridge_z), (ridge_x, top, ridge_z)]
    slopes = (
        (c, d, far[0], far[1]),
        (d, a, near[0], far[0]),
        (b, c, far[1], near[1]),
        (a, b, near[1], near[0]),
    )
    for order, (first, second, third, fourth) in enumerate(slopes):
        face = solids.plate((first, second, third, fourth), roof, "roof", layer=1 + order * 0.2)
        # The tiles run up the slope, not along its slanted edge.
        up = [(p + q - r - s) / 2 for p, q, r, s in zip(third, fourth, first, second, strict=True)]
        face.up = (up[0], up[1], up[2])


def _chimney(solids: Solids, x: float, z: float, high: float, rise: float, chance: Chance) -> None:
    paint = mix(chance, ("red", "brown", "grey", "white"), chance.choose(("brick", "stone")), scale=0.2)
    at, away = x * chance.uniform(-0.25, 0.4), z * chance.uniform(-0.1, 0.5)
    slope = max(abs(at) / x, abs(away) / z)  # where a roof of four slopes is lowest
    low = high + rise * max(0.0, 0.85 - slope)
    top = high + rise * 1.02 + (0.05 if rise else 0.16)
    solids.box(at - 0.045, low, away - 0.045, at + 0.045, top, away + 0.045, paint, "chimney", layer=3.0)
    solids.box(at - 0.06, top, away - 0.06, at + 0.06, top + 0.025, away + 0.06, paint, "chimney", layer=3.5)


PAINTERS = {"house": house}
