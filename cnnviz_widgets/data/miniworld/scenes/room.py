"""An empty room in space: walls, floor, ceiling and a camera in it, to be furnished."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.canvas import FINER, Canvas
from cnnviz_widgets.data.miniworld.palette import Paint
from cnnviz_widgets.data.miniworld.pen import Pen, Point
from cnnviz_widgets.data.miniworld.things import PAINTERS, Painter
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPT_OF_CLASS

_NEAR = 0.4  # metres before the camera; what is nearer is cut off
_WORDS = {**CONCEPT_OF_CLASS, "seated person": "person"}


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from, and which way.

    Attributes
    ----------
    eye : float
        Height above the floor, metres.
    horizon : float
        Height in the picture, 0 to 1, of all that is as high as the eye.
    zoom : float
        Part of the picture's width that one metre takes at a distance of one metre.
    yaw : float
        Degrees turned to the right, away from looking straight at the back wall.
    middle : float
        Column of the picture, 0 to 1, that is straight ahead.
    """

    eye: float
    horizon: float
    zoom: float
    yaw: float
    middle: float = 0.5

    def turned(self, x: float, z: float) -> Point:
        """Metres to the right of the camera, and ahead of it."""
        turn = math.radians(self.yaw)
        return (x * math.cos(turn) - z * math.sin(turn), x * math.sin(turn) + z * math.cos(turn))

    def seen(self, across: float, y: float, ahead: float) -> Point:
        """Where in the picture a point is seen that is `across` metres to the right, y high, `ahead` away."""
        scale = self.zoom / max(ahead, _NEAR)
        return (self.middle + across * scale, self.horizon + (y - self.eye) * scale)


@dataclass(frozen=True)
class Wall:
    """A wall from (x0, z0) to (x1, z1), left to right as seen from inside, and how bright it is."""

    x0: float
    z0: float
    x1: float
    z1: float
    light: float = 1.0

    def at(self, along: float) -> Point:
        """The point so many metres from the left end."""
        share = along / math.hypot(self.x1 - self.x0, self.z1 - self.z0)
        return (self.x0 + share * (self.x1 - self.x0), self.z0 + share * (self.z1 - self.z0))

    @property
    def length(self) -> float:
        """Metres from end to end."""
        return math.hypot(self.x1 - self.x0, self.z1 - self.z0)


class Room:
    """A room being furnished: things are brought in in any order, and drawn the far ones first.

    The camera stands at x = 0, z = 0; x runs to the right along the back wall, z away from the camera. Places
    are given as a column of the picture, 0 at its left edge and 1 at its right, and as metres ahead.

    Parameters
    ----------
    canvas : Canvas
        What it is drawn on.
    camera : Camera
        Where it is seen from.
    left, right, back, height : float
        Metres from the camera to the walls, and from floor to ceiling.
    """

    def __init__(
        self, canvas: Canvas, camera: Camera, left: float, right: float, back: float, height: float
    ) -> None:
        self.canvas, self.camera, self.height = canvas, camera, height
        sides = (0.86, 1.0) if canvas.light.side < 0 else (1.0, 0.86)
        self.walls = (
            Wall(-left, -1.0, -left, back, sides[0]),
            Wall(-left, back, right, back, 0.95),
            Wall(right, back, right, -1.0, sides[1]),
        )
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def floor(self, paint: Paint, ceiling: Paint) -> None:
        """Lay the floor, its pattern in metres, and put on the ceiling; the walls come after this."""
        camera = self.camera
        # A turn of 90 degrees only swaps a floor's two directions.
        paint = paint.scaled(1 / camera.eye).turned(camera.yaw % 90)
        ahead = (camera.middle, camera.horizon)
        self.ground = self.canvas.stuff("floor", receives=True)
        self.ground.rect(0, 0, 1, camera.horizon, paint, horizon=ahead)
        self.canvas.stuff("ceiling").rect(0, camera.horizon, 1, 1, ceiling, shade=(0.0, -0.08, 0.0, 0.0))

    def panel(self, low: float, high: float, paint: Paint, *, light: float = 1.0) -> None:
        """Cover all walls from `low` to `high` metres; patterns are in metres."""
        pen = self.canvas.stuff("wall")
        for wall in self.walls:
            ends = self._clipped(wall)
            if ends is None:
                continue
            (x0, z0), (x1, z1) = ends
            at = self.camera.seen
            points = [at(x0, low, z0), at(x1, low, z1), at(x1, high, z1), at(x0, high, z0)]
            if points[1][0] <= 0 or points[0][0] >= 1:
                continue
            frame = self._frame(wall, points[0][0], points[1][0])
            shade = (0.1, 0.05, 0.0, -0.05)
            pen.polygon(points, paint, shade=shade, light=wall.light * light, frame=frame)

    def wall_ahead(self, column: float) -> float:
        """How many metres ahead the wall is in this column of the picture."""
        return self._hit(column)[2]

    def row(self, ahead: float, y: float = 0.0) -> float:
        """Height in the picture of what is so many metres ahead and y metres above the floor."""
        return self.camera.seen(0.0, y, ahead)[1]

    def ahead(self, row: float) -> float:
        """How many metres ahead the floor is that is seen at this height of the picture."""
        return self.camera.zoom * self.camera.eye / max(self.camera.horizon - row, 0.02)

    def stand(
        self,
        name: str,
        column: float,
        ahead: float,
        metres: float,
        *,
        y: float = 0.0,
        flip: bool | None = None,
        layer: float = 0.0,
        painter: Painter | None = None,
    ) -> None:
        """Bring in a thing whose longest side is `metres`, to stand y metres above the floor.

        `layer` draws it as if it were so many metres nearer. `name` is a key of
        `things.PAINTERS`, unless another painter is given for a thing called so.
        """
        mirrored = self.canvas.chance.maybe() if flip is None else flip
        paint = painter or PAINTERS[name]

        def draw() -> None:
            scale = metres * self.camera.zoom / ahead
            pen = self.canvas.thing(_WORDS.get(name, name), column, self.row(ahead, y), scale, flip=mirrored)
            paint(pen, self.canvas.chance)

        self.later(ahead - layer, draw)

    def later(self, ahead: float, draw: Callable[[], None]) -> None:
        """Have something drawn when all that is farther ahead has been drawn."""
        self._waiting.append((ahead, draw))

    def hang(self, name: str, column: float, y: float, metres: float) -> None:
        """Put a thing on the wall, foreshortened with it: its lower middle in this column, y metres high."""
        wall, along, _ = self._hit(column)
        (x0, z0), (x1, z1) = (self.camera.turned(*wall.at(along + each)) for each in (-0.3, 0.3))
        if min(z0, z1) < 2 * _NEAR:
            return
        size, seen = self.canvas.size * FINER, self.camera.seen
        (left, low), (right, high) = seen(x0, y, z0), seen(x1, y, z1)
        (x, bottom), (_, top) = (seen((x0 + x1) / 2, each, (z0 + z1) / 2) for each in (y, y + metres))
        right, high = (right - left) / 0.6 * metres, (high - low) / 0.6 * metres
        place = (right * size, 0.0, x * size, -high * size, (bottom - top) * size, (1 - bottom) * size)
        pen = Pen(self.canvas, name, self.canvas.begin(name), place)
        self.later(100.0, lambda: PAINTERS[name](pen, self.canvas.chance))

    def furnish(self) -> Canvas:
        """Draw all that was brought in, the far things first."""
        for _, draw in sorted(self._waiting, key=lambda each: -each[0]):
            draw()
        self._waiting.clear()
        return self.canvas

    def _clipped(self, wall: Wall) -> tuple[Point, Point] | None:
        """Both ends of a wall as the camera has them (across, ahead), cut off where it passes the camera."""
        (x0, z0), (x1, z1) = self.camera.turned(wall.x0, wall.z0), self.camera.turned(wall.x1, wall.z1)
        if max(z0, z1) <= _NEAR:
            return None
        if z0 < _NEAR:
            x0, z0 = x1 + (x0 - x1) * (z1 - _NEAR) / (z1 - z0), _NEAR
        elif z1 < _NEAR:
            x1, z1 = x0 + (x1 - x0) * (z0 - _NEAR) / (z0 - z1), _NEAR
        return (x0, z0), (x1, z1)

    def _frame(self, wall: Wall, left: float, right: float) -> tuple[Point, Point, Point]:
        """Origin and units of a wall's pattern where the middle of what is seen of it is, at eye height."""
        _, along, ahead = self._hit((max(left, 0.0) + min(right, 1.0)) / 2, wall)
        eye = self.camera.eye
        (x, z), (x1, z1) = (self.camera.turned(*wall.at(along + each)) for each in (0.0, 0.2))
        origin, there = self.camera.seen(x, eye, ahead), self.camera.seen(x1, eye, max(z1, _NEAR))
        unit = (origin[0] + max((there[0] - origin[0]) * 5, 0.02), origin[1])
        return origin, unit, self.camera.seen(x, eye + 1, z)

    def _hit(self, column: float, wall: Wall | None = None) -> tuple[Wall, float, float]:
        """The wall seen in a column, metres from its left end, and metres ahead."""
        best = None
        slope = (column - self.camera.middle) / self.camera.zoom  # metres across for each metre ahead
        for each in (wall,) if wall else self.walls:
            (x0, z0), (x1, z1) = self.camera.turned(each.x0, each.z0), self.camera.turned(each.x1, each.z1)
            across, along = x0 - slope * z0, x1 - slope * z1
            if across == along:
                continue
            share = across / (across - along)
            ahead = z0 + share * (z1 - z0)
            if ahead > _NEAR and -0.001 <= share <= 1.001 and (best is None or ahead < best[2]):
                best = (each, share * each.length, ahead)
        return best or (self.walls[1], self.walls[1].length / 2, 4.0)
