"""Furniture is built in metres; this is the point of view that makes it fill a thing's frame."""

from collections.abc import Sequence

from cnnviz_widgets.data.miniworld.palette import Paint
from cnnviz_widgets.data.miniworld.pen import UPRIGHT, Pen, Point, Shade, oval
from cnnviz_widgets.data.miniworld.solids import Point3, Solids


class Fitted(Solids):
    """Solids in metres, seen so large that the box around them just fills x from -0.5 to 0.5, y from 0 to 1.

    Parameters
    ----------
    pen : Pen
        Draws them.
    yaw, pitch : float
        Point of view, degrees, see `Solids`.
    width, height, depth : float
        The box: x from -width/2 to width/2, y from 0 to height, z from -depth/2 (near) to depth/2; metres.
    """

    def __init__(self, pen: Pen, yaw: float, pitch: float, width: float, height: float, depth: float) -> None:
        super().__init__(pen, yaw, pitch)
        self.size, self._shift = 1.0, (0.0, 0.0)
        """`size` is a metre's length in the pen's units, in the middle."""
        self._half = (width / 2, depth / 2)
        (x, y), (rx, ry) = self._around([0.0, height])
        size = 0.5 / max(rx, ry)
        self._shift = (-x * size, (ry - y) * size)
        self.size = size

    def seen(self, x: float, y: float, z: float) -> Point:
        """Where a point of space, in metres, is seen, in the pen's coordinates."""
        # As `Solids.seen`, but in one piece: this is called some hundred times for each piece of furniture.
        away = x * self._sy + z * self._cy
        near = self.size / (1.0 + self._depth * (away * self._cp - y * self._sp))
        shift_x, shift_y = self._shift
        return (
            (x * self._cy - z * self._sy) * near + shift_x,
            (y * self._cp + away * self._sp) * near + shift_y,
        )

    def away(self, x: float, y: float, z: float) -> float:
        """How far a point is from the viewer, metres more than the middle."""
        return self._turned(x, y, z)[2]

    def shadow(self, strength: float = 0.8) -> None:
        """Darken the floor below the box."""
        (x, y), (rx, ry) = self._around([0.0])
        self.pen.shadow(x, y, rx * 1.06 + 0.02, ry * 1.1 + 0.02, strength)

    def ring(
        self, x: float, y: float, z: float, r: float, start: float = 0.0, end: float = 360.0
    ) -> list[Point]:
        """Where a level circle is seen; at 0 degrees is its right end, at 270 its nearest point."""
        cy, sy = self._cy, self._sy
        flat = oval(0.0, 0.0, r, r, 0.0, start, end)
        return [self.seen(x + a * cy + b * sy, y, z - a * sy + b * cy) for a, b in flat]

    def drum(
        self, x: float, z: float, y0: float, y1: float, r0: float, r1: float, paint: Paint, part: str = "",
        *, top: Paint | None = None, shade: Shade = UPRIGHT,
    ) -> None:  # fmt: skip
        """Draw, at once, an upright cylinder or cone, of radius r0 at y0 and r1 at y1."""
        side = self.ring(x, y0, z, r0, 180, 360) + self.ring(x, y1, z, r1, 180, 360)[::-1]
        self.pen.polygon(side, paint.scaled(self.size), part, shade=shade)
        self.disc(x, y1, z, r1, top or paint, part)

    def disc(self, x: float, y: float, z: float, r: float, paint: Paint, part: str = "") -> None:
        """Draw, at once, a level disc."""
        frame = (self.seen(x, y, z), self.seen(x + 1, y, z), self.seen(x, y, z + 1))
        self.pen.polygon(self.ring(x, y, z, r), paint, part, light=1.08, frame=frame)

    def rod(
        self, points: Sequence[Point3], width: float, paint: Paint, part: str = "", *, shade: Shade = UPRIGHT
    ) -> None:
        """Draw, at once, a rod of some width (metres) through points of space."""
        self.pen.stroke([self.seen(*point) for point in points], width * self.size, paint, part, shade=shade)

    def _around(self, heights: Sequence[float]) -> tuple[Point, Point]:
        """Middle and half sides of the picture's rectangle around the box's corners at these heights."""
        w, d = self._half
        seen = [self.seen(x, y, z) for x in (-w, w) for y in heights for z in (-d, d)]
        xs, ys = [x for x, _ in seen], [y for _, y in seen]
        left, low, right, high = min(xs), min(ys), max(xs), max(ys)
        return ((left + right) / 2, (low + high) / 2), ((right - left) / 2, (high - low) / 2)
