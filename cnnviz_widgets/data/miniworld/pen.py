"""The pen: shapes in a thing's own coordinates, put on the canvas with their names and paint."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnnviz_widgets.data.miniworld import tiles
from cnnviz_widgets.data.miniworld.palette import Paint
from cnnviz_widgets.data.miniworld.region import Region

if TYPE_CHECKING:
    from cnnviz_widgets.data.miniworld.canvas import Canvas

Point = tuple[float, float]
Shade = tuple[float, float, float, float]
"""(kx, ky, kxx, kyy): brightness 1 + kx p + ky q + kxx p^2 + kyy q^2 over the shape's own box, where p goes
from -1 to 1 towards the light's side and q from -1 at its lower edge to 1 at its upper edge."""

FLAT: Shade = (0.0, 0.0, 0.0, 0.0)
ROUND: Shade = (0.22, 0.16, -0.12, -0.12)
UPRIGHT: Shade = (0.24, 0.0, -0.24, 0.0)
LYING: Shade = (0.0, 0.24, 0.0, -0.24)
FALLING: Shade = (0.0, 0.14, 0.0, 0.0)
"""No shading; a ball; a standing cylinder; a lying cylinder; lighter above and darker below."""


class Pen:
    """Draws one thing, in its own coordinates: x to the right, y up, (0, 0) where it stands.

    Pens are taken from a `Canvas` or from another pen; they know the name of what they draw and which
    instance of it this is. Each shape has a paint, and may name the part it belongs to.
    """

    def __init__(
        self,
        canvas: "Canvas",
        name: str,
        instance: int,
        transform: tuple[float, ...],
        *,
        haze: float = 0.0,
        receives: bool = False,
    ) -> None:
        self.canvas, self.name = canvas, name
        self._instance, self._transform = instance, transform
        self._haze, self._receives = haze, receives
        a, b, _, d, e, _ = transform
        self.unit = math.sqrt(abs(a * e - b * d))
        """Subpixels per unit of length."""
        self._start = (canvas.chance.integer(0, 63), canvas.chance.integer(0, 63))

    @property
    def lit_side(self) -> int:
        """Side the light comes from in the thing's own coordinates, mirrored or not: -1 left, 1 right."""
        return self.canvas.light.side if self._transform[0] >= 0 else -self.canvas.light.side

    def thing(
        self, name: str, x: float, y: float, scale: float, *, flip: bool = False, tilt: float = 0.0
    ) -> "Pen":
        """Take a pen for a new thing that stands at (x, y) of this one, its unit `scale` of this one's."""
        transform = self._moved(x, y, scale, flip, tilt)
        number = self.canvas.begin(name)
        return Pen(self.canvas, name, number, transform, haze=self._haze, receives=False)

    def piece(
        self, x: float, y: float, scale: float = 1.0, *, flip: bool = False, tilt: float = 0.0
    ) -> "Pen":
        """Take a pen for a piece of the same thing in coordinates of its own: a head held aslant."""
        transform = self._moved(x, y, scale, flip, tilt)
        return Pen(
            self.canvas, self.name, self._instance, transform, haze=self._haze, receives=self._receives
        )

    def _moved(self, x: float, y: float, scale: float, flip: bool, tilt: float) -> tuple[float, ...]:
        a, b, c, d, e, f = self._transform
        turn = math.radians(tilt)
        cos, sin = math.cos(turn) * scale, math.sin(turn) * scale
        right = -1.0 if flip else 1.0
        inner = (cos * right, -sin, x, sin * right, cos, y)
        p, q, r, s, t, u = inner
        return (
            a * p + b * s, a * q + b * t, a * r + b * u + c,
            d * p + e * s, d * q + e * t, d * r + e * u + f,
        )  # fmt: skip

    def polygon(
        self,
        points: Sequence[Point],
        paint: Paint,
        part: str = "",
        *,
        shade: Shade = FLAT,
        light: float = 1.0,
        glow: bool = False,
        frame: tuple[Point, Point, Point] | None = None,
        horizon: float | Point | None = None,
    ) -> None:
        """Fill a polygon.

        Parameters
        ----------
        points : sequence of (x, y)
            Its corners.
        paint : Paint
            What with.
        part : str
            Name of the part it belongs to, of `vocabulary.PARTS`; "" for none.
        shade : Shade
            How light runs over it.
        light : float
            Brightness of all of it: 1 for a surface that faces the viewer, less for one in shade.
        glow : bool
            It shines by itself: no tint of the hour, no haze.
        frame : three points, optional
            Origin, and the ends of one unit to the right and one unit up, of the surface the pattern lies on;
            the pattern is foreshortened with it.
        horizon : float or point, optional
            For floors: height (in this pen's y) of the horizon that the pattern runs towards, or the point
            straight ahead on it; without one, ahead is x = 0.5. The paint may be turned by 0 to 90 degrees.
        """
        inked = self._inked(paint, frame, horizon)
        region = Region(
            self._instance, self.name, part, paint, shade, light, self._haze, glow, self._receives, inked
        )
        self.canvas.fill(self._corners(points), region)

    def rect(
        self, left: float, low: float, right: float, high: float, paint: Paint, part: str = "", **how: object
    ) -> None:
        """Fill an upright rectangle; `how` as for `polygon`."""
        self.polygon([(left, low), (right, low), (right, high), (left, high)], paint, part, **how)  # type: ignore[arg-type]

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        paint: Paint,
        part: str = "",
        *,
        angle: float = 0.0,
        start: float = 0.0,
        end: float = 360.0,
        **how: object,
    ) -> None:
        """Fill an ellipse around (x, y), turned by `angle` degrees, or its segment from `start` to `end`."""
        self.polygon(oval(x, y, rx, ry, angle, start, end), paint, part, **how)  # type: ignore[arg-type]

    def blob(self, points: Sequence[Point], paint: Paint, part: str = "", **how: object) -> None:
        """Fill a smooth closed curve through the points."""
        self.polygon(smooth(points), paint, part, **how)  # type: ignore[arg-type]

    def stroke(
        self,
        points: Sequence[Point],
        width: float | tuple[float, float],
        paint: Paint,
        part: str = "",
        **how: object,
    ) -> None:
        """Draw a line through the points; with two widths it runs from the first to the second."""
        self.polygon(ribbon(points, width), paint, part, **how)  # type: ignore[arg-type]

    def shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 1.0) -> None:
        """Darken the ground below: an ellipse around (x, y) with soft edges."""
        points = self._corners(oval(x, y, rx, ry))
        self.canvas.veil("shadow", points, self.canvas.light.shadow * strength)

    def shine(self, x: float, y: float, radius: float, strength: float = 0.5) -> None:
        """Lighten everything around a lamp at (x, y)."""
        points = self._corners(oval(x, y, radius, radius))
        self.canvas.veil("glow", points, strength)

    def _at(self, x: float, y: float) -> Point:
        a, b, c, d, e, f = self._transform
        return (a * x + b * y + c, d * x + e * y + f)

    def _corners(self, points: Sequence[Point]) -> list[tuple[int, int]]:
        """Whole subpixels: rounded, they are the same on machines whose sines differ in the last bit."""
        a, b, c, d, e, f = self._transform
        c, f, floor = c + 0.5, f + 0.5, math.floor  # one loop, all local: this is the busiest line of all
        return [(floor(a * x + b * y + c), floor(d * x + e * y + f)) for x, y in points]

    def _inked(
        self, paint: Paint, frame: tuple[Point, Point, Point] | None, horizon: float | Point | None
    ) -> tuple[float, ...]:
        """Coefficients that take a subpixel (x, y) to its texel: ((ax+by+c)w, (dx+ey+f)w), w = 1/(hy+i)."""
        if paint.tile == "plain":
            return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
        texels = tiles.SIDE / paint.scale
        start_u, start_v = self._start
        if horizon is not None:
            return self._floor(texels, paint.angle, horizon)
        origin, right, up = frame or ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
        (ox, oy), (rx, ry), (ux, uy) = self._at(*origin), self._at(*right), self._at(*up)
        rx, ry, ux, uy = rx - ox, ry - oy, ux - ox, uy - oy
        det = rx * uy - ry * ux
        if abs(det) < 1e-6:  # a face seen from its edge has no pixels worth a pattern
            return (0.0, 0.0, start_u, 0.0, 0.0, start_v, 0.0, 1.0)
        # Along the surface: s = (uy X - ux Y) / det, t = (-ry X + rx Y) / det, both from the origin.
        turn = math.radians(paint.angle)
        cos, sin = math.cos(turn) * texels / det, math.sin(turn) * texels / det
        a, b = cos * uy - sin * ry, -cos * ux + sin * rx
        d, e = sin * uy + cos * ry, -sin * ux - cos * rx
        # 4096 texels more keep the sum positive, where rounding towards zero is rounding down.
        c = start_u + 4096.0 - (a * ox + b * oy)
        f = start_v + 4096.0 - (d * ox + e * oy)
        return (a, b, c, d, e, f, 0.0, 1.0)

    def _floor(self, texels: float, angle: float, horizon: float | Point) -> tuple[float, ...]:
        """See `_inked`: a level floor below the horizon, seen from one unit of length above it."""
        middle, far = self._at(*(horizon if isinstance(horizon, tuple) else (0.5, horizon)))
        # A point at depth z is seen unit / z below the horizon, so z = unit * w; 1.5 subpixels keep w finite.
        i = 1.5 - far
        u, v = self._start[0] + 4096.0, float(self._start[1])
        cos, sin = math.cos(math.radians(angle)) * texels, math.sin(math.radians(angle)) * texels
        c = u * i - cos * middle + sin * self.unit
        return (cos, u, c, -sin, v, v * i + sin * middle + cos * self.unit, 1.0, i)


def oval(
    x: float, y: float, rx: float, ry: float, angle: float = 0.0, start: float = 0.0, end: float = 360.0
) -> list[Point]:
    """Points on an ellipse, counter-clockwise from `start` to `end` degrees."""
    whole = end - start >= 360
    count = max(6, int(22 * (end - start) / 360))
    turn = math.radians(angle)
    cos, sin = math.cos(turn), math.sin(turn)
    points = []
    for k in range(count if whole else count + 1):
        t = math.radians(start + (end - start) * k / count)
        u, v = rx * math.cos(t), ry * math.sin(t)
        points.append((x + u * cos - v * sin, y + u * sin + v * cos))
    return points


def smooth(points: Sequence[Point], pieces: int = 4) -> list[Point]:
    """Points on a closed Catmull-Rom curve through the given ones."""
    n, result = len(points), []
    for k in range(n):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (points[(k + j - 1) % n] for j in range(4))
        for step in range(pieces):
            t = step / pieces
            w0, w1 = t * (-0.5 + t * (1 - 0.5 * t)), 1 + t * t * (-2.5 + 1.5 * t)
            w2, w3 = t * (0.5 + t * (2 - 1.5 * t)), t * t * (-0.5 + 0.5 * t)
            result.append((w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3, w0 * y0 + w1 * y1 + w2 * y2 + w3 * y3))
    return result


def ribbon(points: Sequence[Point], width: float | tuple[float, float]) -> list[Point]:
    """Outline of a line of some width through the points, its ends a little rounded."""
    first, last = width if isinstance(width, tuple) else (width, width)
    left, right = [], []
    n = len(points)
    for k, (x, y) in enumerate(points):
        (x0, y0), (x1, y1) = points[max(k - 1, 0)], points[min(k + 1, n - 1)]
        dx, dy = x1 - x0, y1 - y0
        length = math.hypot(dx, dy) or 1.0
        half = (first + (last - first) * k / (n - 1)) / 2 if n > 1 else first / 2
        nx, ny = -dy / length * half, dx / length * half
        if k == 0:
            left.append((x - dx / length * half * 0.5, y - dy / length * half * 0.5))
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
        if k == n - 1:
            left.append((x + dx / length * half * 0.5, y + dy / length * half * 0.5))
    return left + right[::-1]
