"""Boxes and prisms seen from a chosen side: what houses, buses, beds and stairs are made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from cnnviz_widgets.data.miniworld.palette import Paint
from cnnviz_widgets.data.miniworld.pen import FLAT, Pen, Point, Shade

Point3 = tuple[float, float, float]


@dataclass
class Face:
    """A flat side of a solid, from its lower left corner; `right` and `up` are its edges."""

    corners: list[Point3]
    origin: Point3
    right: Point3
    up: Point3
    paint: Paint
    part: str
    shade: Shade = FLAT
    light: float | None = None
    glow: bool = False
    decals: list["Face"] = field(default_factory=list)

    def put(
        self,
        points: Sequence[Point],
        paint: Paint,
        part: str = "",
        *,
        shade: Shade = FLAT,
        light: float | None = None,
        glow: bool = False,
    ) -> None:
        """Draw a polygon on this side: a window, a door; where the side cannot be seen, neither can this.

        Points run from (0, 0), the lower left corner, to (1, 1), the upper right.
        """
        corners = [self.at(*point) for point in points]
        origin, right, up = self.origin, self.right, self.up
        self.decals.append(Face(corners, origin, right, up, paint, part, shade, light, glow))

    def rect(
        self, left: float, low: float, right: float, high: float, paint: Paint, part: str = "", **how: object
    ) -> None:
        """Draw a rectangle on this side, see `put`."""
        self.put([(left, low), (right, low), (right, high), (left, high)], paint, part, **how)  # type: ignore[arg-type]

    def at(self, s: float, t: float) -> Point3:
        """Point of space at (s, t) of this side."""
        (a, b, c), (d, e, f), (g, h, i) = self.origin, self.right, self.up
        return (a + s * d + t * g, b + s * e + t * h, c + s * f + t * i)


class Solids:
    """A group of solids drawn by one pen from one point of view, the far ones first.

    Coordinates: x to the right, y up, z away from the viewer; (0, 0, 0) is where the pen stands.

    Parameters
    ----------
    pen : Pen
        Draws them.
    yaw : float
        Degrees the group is turned about the vertical; positive turns its front to the right and shows more
        of its left side.
    pitch : float
        Degrees the viewer looks down; positive shows the tops.
    depth : float
        Strength of perspective: how much smaller things get with each unit of z. 0 for none.
    """

    def __init__(self, pen: Pen, yaw: float, pitch: float, depth: float = 0.12) -> None:
        self.pen, self._depth = pen, depth
        y, p = math.radians(yaw), math.radians(pitch)
        self._cy, self._sy, self._cp, self._sp = math.cos(y), math.sin(y), math.cos(p), math.sin(p)
        self._groups: list[tuple[float, list[Face]]] = []

    def box(
        self,
        x0: float, y0: float, z0: float, x1: float, y1: float, z1: float,
        paint: Paint,
        part: str = "",
        *,
        top: Paint | None = None,
        layer: float = 0.0,
    ) -> dict[str, Face]:  # fmt: skip
        """Add a box between two corners, and return its sides.

        They are called "front", "back", "left", "right", "top" and "bottom". `top` is the top's own paint;
        `layer` draws it later (above 0) or earlier than its distance says.
        """
        dx, dy, dz = (x1 - x0, 0.0, 0.0), (0.0, y1 - y0, 0.0), (0.0, 0.0, z1 - z0)
        minus_x, minus_z = (x0 - x1, 0.0, 0.0), (0.0, 0.0, z0 - z1)
        edges = {
            "front": ((x0, y0, z0), dx, dy),
            "back": ((x1, y0, z1), minus_x, dy),
            "left": ((x0, y0, z1), minus_z, dy),
            "right": ((x1, y0, z0), dz, dy),
            "top": ((x0, y1, z0), dx, dz),
            "bottom": ((x0, y0, z1), dx, minus_z),
        }
        faces = {name: self._side(*edges[name], paint, part) for name in edges}
        faces["top"].paint = top or paint
        self._add(list(faces.values()), layer)
        return faces

    def prism(
        self,
        outline: Sequence[Point],
        z0: float,
        z1: float,
        paint: Paint,
        part: str = "",
        *,
        sides: Paint | Sequence[Paint | None] | None = None,
        side_part: str | None = None,
        layer: float = 0.0,
    ) -> dict[str, Face]:
        """Add a solid with the same outline at z0 (front) and at z1 (back); in x and y, counter-clockwise.

        Parameters
        ----------
        outline : sequence of (x, y)
            Convex, or the back may show through.
        z0, z1 : float
            Where it begins and ends.
        paint : Paint
            Of front and back.
        part : str
            The part that front and back belong to.
        sides : Paint or one for each edge, optional
            What the edges' sides are painted with; the front's paint by default. None leaves a side open.
        side_part : str, optional
            Part the sides belong to, if not the front's.
        layer : float
            Draws it later (above 0) or earlier than its distance says.

        Returns
        -------
        dict
            "front", "back", and "side 0", "side 1" ... for the edge that starts at that corner. The own
            coordinates of front and back are those of the box around the outline.
        """
        xs, ys = [x for x, _ in outline], [y for _, y in outline]
        x0, y0, x1, y1 = min(xs), min(ys), max(xs), max(ys)
        across, up = (x1 - x0, 0.0, 0.0), (0.0, y1 - y0, 0.0)
        front = Face([(x, y, z0) for x, y in outline], (x0, y0, z0), across, up, paint, part)
        behind = [(x, y, z1) for x, y in reversed(outline)]
        faces = {"front": front, "back": Face(behind, (x1, y0, z1), (x0 - x1, 0.0, 0.0), up, paint, part)}
        paints = list(sides) if isinstance(sides, Sequence) else [sides or paint] * len(outline)
        for k, ((ax, ay), each) in enumerate(zip(outline, paints, strict=True)):
            bx, by = outline[(k + 1) % len(outline)]
            if each is not None:
                edge = (bx - ax, by - ay, 0.0)
                name = part if side_part is None else side_part
                # Walking the outline counter-clockwise, the outside is to the right of each edge.
                faces[f"side {k}"] = self._side((ax, ay, z0), (0.0, 0.0, z1 - z0), edge, each, name)
        self._add(list(faces.values()), layer)
        return faces

    def plate(
        self,
        corners: Sequence[Point3],
        paint: Paint,
        part: str = "",
        *,
        shade: Shade = FLAT,
        layer: float = 0.0,
    ) -> Face:
        """Add a flat piece, seen from both sides.

        Its first corner is its origin, the second lies to the right of it, the last above it.
        """
        o, r, u = corners[0], corners[1], corners[-1]
        face = Face(list(corners), o, _minus(r, o), _minus(u, o), paint, part, shade)
        self._add([face], layer, both=True)
        return face

    def draw(self) -> None:
        """Draw all that was added, the far groups first; each group's hidden sides are left out."""
        for _, faces in sorted(self._groups, key=lambda each: -each[0]):
            for face in faces:
                self._show(face)
        self._groups.clear()

    def seen(self, x: float, y: float, z: float) -> Point:
        """Where a point of space is seen, in the pen's coordinates."""
        u, v, far = self._turned(x, y, z)
        near = 1.0 / (1.0 + self._depth * far)
        return (u * near, v * near)

    def _turned(self, x: float, y: float, z: float) -> Point3:
        across, away = x * self._cy - z * self._sy, x * self._sy + z * self._cy
        return (across, y * self._cp + away * self._sp, away * self._cp - y * self._sp)

    def _side(self, origin: Point3, right: Point3, up: Point3, paint: Paint, part: str) -> Face:
        there = _plus(origin, right)
        return Face([origin, there, _plus(there, up), _plus(origin, up)], origin, right, up, paint, part)

    def _add(self, faces: list[Face], layer: float, both: bool = False) -> None:
        for face in faces:
            if both and not self._faces_us(face):
                face.corners.reverse()
        corners = [corner for face in faces for corner in face.corners]
        middle = [sum(values) / len(corners) for values in zip(*corners, strict=True)]
        self._groups.append((self._turned(*middle)[2] - layer, faces))

    def _faces_us(self, face: Face) -> bool:
        return _area([self.seen(*corner) for corner in face.corners]) > 1e-9

    def _show(self, face: Face) -> None:
        outline = [self.seen(*corner) for corner in face.corners]
        if _area(outline) <= 1e-9:
            return
        bright = self._brightness(face)
        frame = self._frame(face)
        for each in (face, *face.decals):
            light = bright if each.light is None else each.light * bright
            points = outline if each is face else [self.seen(*corner) for corner in each.corners]
            self.pen.polygon(
                points, each.paint, each.part, shade=each.shade, light=light, glow=each.glow, frame=frame
            )

    def _frame(self, face: Face) -> tuple[Point, Point, Point] | None:
        """Where the pattern's units on a side are seen; nothing needs them if no paint has a pattern."""
        if all(each.paint.tile == "plain" for each in (face, *face.decals)):
            return None
        across, up = (math.sqrt(a * a + b * b + c * c) or 1.0 for a, b, c in (face.right, face.up))
        return (self.seen(*face.at(0, 0)), self.seen(*face.at(1 / across, 0)), self.seen(*face.at(0, 1 / up)))

    def _brightness(self, face: Face) -> float:
        """Lambert's cosine with a lamp above, in front and to one side, over some light from everywhere."""
        (a, b, c), (d, e, f) = (self._turned(*each) for each in (face.right, face.up))
        normal = (
            c * e - b * f,
            a * f - c * d,
            b * d - a * e,
        )  # of a side that is seen, towards the viewer (-z)
        length = math.sqrt(sum(each * each for each in normal)) or 1.0
        x, y, z = (each / length for each in normal)
        if z > 0:
            x, y, z = -x, -y, -z
        lamp = self.pen.canvas.light
        cosine = (x * 0.5 * self.pen.lit_side + y * 0.62 - z * 0.6) / 0.998
        return 1.0 + lamp.contrast * (0.38 * max(0.0, cosine) - 0.30)


def _area(points: list[Point]) -> float:
    """Twice the area, positive for points that run counter-clockwise."""
    total, (a, b) = 0.0, points[-1]
    for c, d in points:
        total += a * d - b * c
        a, b = c, d
    return total


def _plus(a: Point3, b: Point3) -> Point3:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _minus(a: Point3, b: Point3) -> Point3:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])
