"""Wheels, and the lamps and plates that cars and buses share."""

from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND, Pen, oval
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
    """Draw the near wheels of axles at these x, their outer side at z = near: tyre, its width, rim and hub."""
    for x in at:
        for z, size, paint, part in (
            (near + thick, 1.0, trim.tyre, "wheel"),
            (near + thick / 2, 1.0, trim.tyre, "wheel"),
            (near, 1.0, trim.tyre, "wheel"),
            (near - 0.004, 0.62, trim.rim, "rim"),
            (near - 0.006, 0.2, trim.tyre, "rim"),
        ):
            circle = [solids.seen(u, v, z) for u, v in oval(x, radius, radius * size, radius * size)]
            pen.polygon(circle, paint, part, shade=ROUND if part == "rim" else (0.0, 0.0, 0.0, 0.0))


def far_wheels(
    pen: Pen, solids: Solids, at: tuple[float, ...], radius: float, far: float, trim: Trim
) -> None:
    """Draw the wheels of the other side, to be covered by the body: a dark tyre each."""
    for x in at:
        for z in (far, far - 0.07):
            pen.polygon(
                [solids.seen(u, v, z) for u, v in oval(x, radius, radius, radius)], trim.tyre, "wheel"
            )


def lamps(face: Face, trim: Trim, paint: Paint, low: float, high: float, *, round_: bool = False) -> None:
    """Put two headlights or tail lamps on an end of a vehicle."""
    for middle in (0.16, 0.84):
        if round_:
            points = oval(middle, (low + high) / 2, 0.1, (high - low) * 0.55)
            face.put(points, paint, "headlight", glow=trim.shines)
        else:
            face.rect(middle - 0.11, low, middle + 0.11, high, paint, "headlight", glow=trim.shines)
