"""Wheels, and the lamps and plates that cars and buses share."""

import math
from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND, Pen, Point, oval
from cnnviz_widgets.data.miniworld.solids import Face, Solids


@dataclass
class Trim:
    """What a vehicle has besides its body; every paint is mixed once."""

    tyre: Paint
    rim: Paint
    glass: Paint
    metal: Paint
    lamp: Paint
    rear: Paint
    plate: Paint
    shines: bool

    @classmethod
    def of(cls, pen: Pen, chance: Chance) -> "Trim":
        """Mix the paints of one vehicle."""
        return cls(
            tyre=mix(chance, "black", "rubber"),
            rim=mix(chance, ("grey", "white", "grey", "black"), "metal"),
            glass=mix(chance, ("blue", "grey", "blue", "black"), "glass"),
            metal=mix(chance, ("grey", "black", "white"), "metal"),
            lamp=mix(chance, ("white", "yellow"), "glass"),
            rear=mix(chance, "red", "glass"),
            plate=mix(chance, ("white", "yellow"), "metal"),
            shines=pen.canvas.light.night,
        )


def wheels(
    pen: Pen, solids: Solids, at: tuple[float, ...], radius: float, near: float, thick: float, trim: Trim
) -> None:
    """Draw the near wheels of axles at these x, their outer side at z = near."""
    for x in at:
        inner, outer = (_disc(solids, x, radius, z, _ROUND) for z in (near + thick, near))
        pen.polygon(inner, trim.tyre, "wheel")
        pen.polygon(outer, trim.tyre, "wheel")
        pen.polygon(_disc(solids, x, radius, near, _FEWER, 0.62), trim.rim, "rim", shade=ROUND)
        pen.polygon(_disc(solids, x, radius, near, _FEWEST, 0.2), trim.tyre, "rim")


def far_wheels(
    pen: Pen, solids: Solids, at: tuple[float, ...], radius: float, far: float, trim: Trim
) -> None:
    """Draw the wheels of the other side, to be covered by the body: a dark tyre each."""
    for x in at:
        pen.polygon(_disc(solids, x, radius, far - 0.04, _FEWER), trim.tyre, "wheel")


def arches(pen: Pen, solids: Solids, at: tuple[float, ...], radius: float, near: float, trim: Trim) -> None:
    """Draw the dark openings that the near wheels stand in."""
    for x in at:
        pen.polygon(_disc(solids, x, radius, near, _UPPER, 1.18), trim.tyre, "body")


def _circle(count: int, start: float = 0.0, end: float = 360.0) -> list[Point]:
    turns = [math.radians(start + (end - start) * k / count) for k in range(count)]
    return [(math.cos(turn), math.sin(turn)) for turn in turns]


_ROUND, _FEWER, _FEWEST, _UPPER = _circle(18), _circle(14), _circle(7), _circle(13, -12, 205)


def _disc(
    solids: Solids, x: float, radius: float, z: float, circle: list[Point], size: float = 1.0
) -> list[Point]:
    """See a disc of a wheel: over so small a piece, perspective is as good as linear."""
    (u, v), (a, b), (c, d) = (
        solids.seen(*each) for each in ((x, radius, z), (x + radius, radius, z), (x, 0, z))
    )
    a, b, c, d = (a - u) * size, (b - v) * size, (u - c) * size, (v - d) * size
    return [(u + p * a + q * c, v + p * b + q * d) for p, q in circle]


def lamps(face: Face, trim: Trim, paint: Paint, low: float, high: float, *, round_: bool = False) -> None:
    """Put two headlights or tail lamps on an end of a vehicle."""
    for middle in (0.16, 0.84):
        if round_:
            points = oval(middle, (low + high) / 2, 0.1, (high - low) * 0.55)
            face.put(points, paint, "headlight", glow=trim.shines)
        else:
            face.rect(middle - 0.11, low, middle + 0.11, high, paint, "headlight", glow=trim.shines)
