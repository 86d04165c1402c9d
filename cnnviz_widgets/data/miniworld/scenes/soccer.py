"""Soccer fields: a goal, white lines, players; from any side of the goal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Pen, Point, ribbon
from cnnviz_widgets.data.miniworld.scenes.landscape import (
    Stage,
    View,
    draw_season,
    hills,
    level,
    woods,
)
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour, draw_hour, paint_sky

_NEAREST = 0.9  # metres ahead; what is nearer is not drawn


@dataclass(frozen=True)
class Pitch:
    """A field as it lies before the viewer: u across and v into the field from the middle of a goal, metres.

    Attributes
    ----------
    view : View
        From where it is seen.
    goal : tuple of float
        Where that goal stands, (x, z), metres.
    turn : float
        Degrees; at 0 we look straight at the goal, at 180 from behind it.
    scale : float
        1 for a full-sized field.
    """

    view: View
    goal: Point
    turn: float
    scale: float

    def ground(self, u: float, v: float) -> Point:
        """Where a point of the field lies before us: (x, z), metres."""
        angle = math.radians(self.turn)
        cos, sin = math.cos(angle) * self.scale, math.sin(angle) * self.scale
        return (self.goal[0] + u * cos - v * sin, self.goal[1] - u * sin - v * cos)

    def at(self, u: float, v: float, up: float = 0.0) -> Point:
        """Where a point is seen that is `up` metres (of a full-sized field) above (u, v)."""
        x, z = self.ground(u, v)
        return self.view.at(x, max(z, _NEAREST), up * self.scale)

    def ahead(self, u: float, v: float) -> bool:
        """Whether this point of the field lies before us."""
        return self.ground(u, v)[1] > _NEAREST


def soccer_field(chance: Chance, size: int) -> Canvas:
    """A goal on a marked field, with players."""
    hour, season = draw_hour(chance), draw_season(chance)
    canvas = Canvas(size, chance, hour.light)
    view = View(chance.uniform(0.34, 0.8), chance.uniform(1.3, 4.0))
    view = View(view.horizon, view.eye * (1 + 3 * max(0.0, view.horizon - 0.45)), chance.uniform(0.35, 0.65))
    paint_sky(canvas, chance, hour, view.horizon)
    hills(canvas, chance, hour, view.horizon, season)
    turf, lines = _turf(chance, season)
    level(canvas, view, *turf)
    _behind(canvas, chance, hour, view, season)
    pitch = _pitch(chance, view)
    _markings(canvas, chance, pitch, turf[0], lines)
    stage = Stage(canvas, view, hour, chance)
    _goal(stage, chance, pitch)
    _players(stage, chance, pitch)
    stage.draw()
    return canvas


_DUSTS = (
    ("brown", (150.0, 110.0, 74.0)),
    ("orange", (198.0, 134.0, 84.0)),
    ("yellow", (214.0, 186.0, 124.0)),
)
_COURTS = (
    ("red", (168.0, 72.0, 62.0)),
    ("blue", (70.0, 110.0, 160.0)),
    ("grey", (120.0, 122.0, 124.0)),
    ("green", (70.0, 120.0, 96.0)),
)


def _turf(chance: Chance, season: str) -> tuple[tuple[str, Paint], Paint]:
    """What the field is made of, and the paint of its lines."""
    kind = chance.choose(
        ("mown", "green", "worn", "dust", "snow", "hard"), (3, 4, 2, 2, 3 if season == "winter" else 1, 1)
    )
    white = mix(chance, "white", "painted")
    if kind == "mown":
        stripes = mix(chance, "green", "foliage", "striped", scale=chance.uniform(8, 16), strength=0.22)
        return ("grass", stripes.turned(chance.choose((0.0, 90.0)))), white
    if kind == "snow":
        snow = mix(chance, "white", "snow", scale=5.0, strength=0.25, rgb=(226.0, 232.0, 242.0))
        return ("snow", snow), mix(chance, ("red", "blue", "black", "orange"), "painted")
    if kind == "dust":
        color, rgb = chance.choose(_DUSTS)
        return ("ground", mix(chance, color, "sand", scale=3.0, strength=0.3, rgb=rgb)), white
    if kind == "hard":
        color, rgb = chance.choose(_COURTS)
        return ("ground", mix(chance, color, "rubber", tile="soft", scale=3.0, strength=0.1, rgb=rgb)), white
    colors = ("green",) if kind == "green" else ("yellow", "brown", "green")
    return ("grass", mix(chance, colors, "foliage", tile="grass", scale=2.0, strength=0.4)), white


def _pitch(chance: Chance, view: View) -> Pitch:
    """Where the goal stands: well within the picture."""
    scale = chance.choose((1.0, 0.7, 0.5), (2, 2, 1))
    turn = chance.uniform(-75.0, 75.0) if chance.maybe(0.85) else chance.uniform(140.0, 220.0)
    z = scale * chance.uniform(11.0, 30.0)
    # No nearer than where the goal's foot is in the lower fifth of the picture.
    z = max(z, view.eye / (view.horizon - 0.12))
    x = z * (chance.uniform(0.26, 0.74) - view.middle)
    return Pitch(view, (x, z), turn, scale)


def _markings(canvas: Canvas, chance: Chance, pitch: Pitch, field: str, paint: Paint) -> None:
    """The lines of a field: goal line, touch lines, areas, half-way line and circle."""
    pen = canvas.stuff(field, receives=True)
    far = 52.5
    boxes: list[Sequence[Point]] = [
        [(-34, 0), (34, 0)], [(-34, 0), (-34, 2 * far)], [(34, 0), (34, 2 * far)], [(-34, far), (34, far)],
    ]  # fmt: skip
    for half, deep in ((20.2, 16.5), (9.2, 5.5)):
        boxes += [[(-half, 0), (-half, deep)], [(half, 0), (half, deep)], [(-half, deep), (half, deep)]]
    boxes += [_arc(far, 9.15, 0, 360), _arc(11.0, 9.15, 37, 143)]
    width = chance.uniform(0.22, 0.4)
    for line in boxes:
        for piece in _clipped(pitch, line):
            pen.polygon([pitch.view.at(*each) for each in ribbon(piece, width) if each[1] > 0.3], paint)


def _arc(v: float, radius: float, start: float, end: float) -> list[Point]:
    angles = [math.radians(start + (end - start) * k / 20) for k in range(21)]
    return [(radius * math.cos(each), v + radius * math.sin(each)) for each in angles]


def _clipped(pitch: Pitch, line: Sequence[Point]) -> list[list[Point]]:
    """The stretches of a line of the field that lie before us: points (x, z), metres."""
    pieces: list[list[Point]] = [[]]
    ground = [pitch.ground(*each) for each in line]
    for k, (x, z) in enumerate(ground):
        if k:
            x0, z0 = ground[k - 1]
            if (z > _NEAREST) != (z0 > _NEAREST):
                t = (_NEAREST - z0) / (z - z0)
                pieces[-1].append((x0 + (x - x0) * t, _NEAREST))
        if z > _NEAREST:
            pieces[-1].append((x, z))
        elif pieces[-1]:
            pieces.append([])
    return [each for each in pieces if len(each) > 1]


def _goal(stage: Stage, chance: Chance, pitch: Pitch) -> None:
    """Posts, bar and net."""
    half, high, deep = 3.66, 2.44, chance.uniform(1.2, 2.2)
    tall = 1.25  # a little larger than the rules say, to be seen
    half, high, deep = half * tall, high * tall, deep * tall
    net = mix(chance, ("white", "white", "grey", "black", "yellow", "blue", "red"), "fabric")
    posts = mix(chance, ("white", "white", "white", "yellow", "red", "black", "blue"), "metal")
    thick = chance.uniform(0.012, 0.022)

    def draw() -> None:
        pen = stage.canvas.thing("goal", 0, 0, 1)
        _net(pen, pitch, net, half, high, deep)
        frame = [pitch.at(-half, 0), pitch.at(-half, 0, high), pitch.at(half, 0, high), pitch.at(half, 0)]
        for a, b in ((0, 1), (1, 2), (3, 2)):
            pen.stroke([frame[a], frame[b]], thick, posts, "frame")

    stage.later(pitch.at(0, -0.5 if abs(pitch.turn) < 90 else 0.0)[1], draw)


def _net(pen: Pen, pitch: Pitch, paint: Paint, half: float, high: float, deep: float) -> None:
    """Threads over the back, which leans, and over both sides."""
    back = high * 0.5

    def thread(*points: Point) -> None:
        pen.stroke(points, 0.0055, paint, "frame")

    for k in range(10):
        u = -half + 2 * half * k / 9
        thread(pitch.at(u, 0, high), pitch.at(u, -deep * 0.5, high * 0.9), pitch.at(u, -deep, 0))
    for t in (0.0, 0.25, 0.5, 0.75):
        v, up = -deep * (1 - t * 0.5), high * 0.9 * t
        thread(pitch.at(-half, 0, up), pitch.at(-half, v, up), pitch.at(half, v, up), pitch.at(half, 0, up))
    for u in (-half, half):
        for t in (0.3, 0.6):
            thread(pitch.at(u, -deep * t, 0), pitch.at(u, -deep * t, back + (high - back) * (1 - t)))


def _players(stage: Stage, chance: Chance, pitch: Pitch) -> None:
    """A keeper, players in the field, a ball, and what stands beside a field."""
    grown = 1.75 * 1.15
    spots = [(chance.uniform(-2.0, 2.0), 0.6)] if chance.maybe(0.65) else []
    spots += [(chance.uniform(-16.0, 16.0), chance.uniform(4.0, 26.0)) for _ in range(chance.integer(0, 3))]
    for spot in spots:
        x, z = pitch.ground(*spot)
        where = stage.view.at(x, max(z, _NEAREST))
        if z > 3.5 and -0.05 < where[0] < 1.05:
            stage.put("player", *where, grown)
    near = stage.view.eye / stage.view.horizon
    if chance.maybe(0.3):
        z = chance.uniform(1.7, 3.2) * near
        stage.put("player", *stage.view.at(chance.sign() * chance.uniform(0.2, 0.45) * z, z), grown)
    if chance.maybe(0.75):
        z = chance.uniform(1.15, 3.0) * near
        stage.put("ball", *stage.view.at(chance.uniform(-0.4, 0.4) * z, z), 0.24 * chance.uniform(1.3, 2.6))
    metres = {
        "player": grown,
        "person": grown,
        "flag": 1.7,
        "bench": 2.0,
        "husky": 0.8,
        "tree": 5.0,
        "bird": 0.4,
        "sign": 1.8,
    }
    for name in chance.several(tuple(metres), chance.integer(0, 2)):
        z = (chance.uniform(8, 20) if name == "tree" else chance.uniform(1.9, 6.0)) * near
        x = chance.sign() * chance.uniform(0.2, 0.48) * z
        stage.put(name, *stage.view.at(x, z), metres[name])


def _behind(canvas: Canvas, chance: Chance, hour: Hour, view: View, season: str) -> None:
    """A wood, boards with advertisements, a stand full of people, floodlights, or nothing."""
    y = view.horizon - chance.uniform(0.015, 0.05)
    kind = chance.choose(("woods", "stand", "boards", "nothing"), (4, 3, 2, 2))
    if kind == "woods":
        woods(canvas, chance, hour, view.horizon - 0.015, chance.uniform(0.05, 0.22), season, 0.4)
    elif kind == "stand":
        crowd = mix(
            chance,
            ("grey", "blue", "brown", "red"),
            "fabric",
            "flecked",
            ("white", "yellow", "red"),
            scale=0.12,
        )
        high, roof = y + chance.uniform(0.1, 0.24), mix(chance, ("grey", "white", "blue", "red"), "metal")
        left, right = chance.choose(((-0.01, 1.01), (-0.01, 0.7), (0.3, 1.01)))
        pen = canvas.stuff("building", haze=hour.haze(0.2))
        pen.rect(left, y, right, high, crowd, light=0.85)
        pen.polygon(
            [(left, high + 0.03), (right, high + 0.03), (right, high + 0.055), (left, high + 0.055)],
            roof,
            "roof",
        )
        for k in range(4):
            x = left + (right - left) * (0.08 + 0.28 * k)
            pen.rect(x, high - 0.04, x + 0.008, high + 0.04, roof, "pillar")
    if kind in ("stand", "boards"):
        pen = canvas.thing("sign", 0, 0, 1, haze=hour.haze(0.15))
        tall = chance.uniform(0.025, 0.05)
        for k in range(5):
            pen.rect(
                k * 0.2 - 0.01,
                y - 0.01,
                k * 0.2 + 0.2,
                y + tall,
                mix(chance, ("red", "blue", "white", "yellow", "green", "orange", "black"), "painted"),
            )
    if chance.maybe(0.3):
        _floodlights(canvas, chance, hour, y)


def _floodlights(canvas: Canvas, chance: Chance, hour: Hour, y: float) -> None:
    """Lamps on tall masts."""
    steel, lamp = mix(chance, ("grey", "black", "white"), "metal"), mix(chance, ("white", "yellow"), "glass")
    for x in (chance.uniform(0.03, 0.25), chance.uniform(0.75, 0.97)):
        high = chance.uniform(0.3, 0.5)
        pen = canvas.thing("streetlight", x, y, high, haze=hour.haze(0.2))
        pen.rect(-0.015, 0, 0.015, 1, steel)
        pen.rect(-0.13, 0.92, 0.13, 1.08, lamp, "bulb", glow=hour.light.night)
        if hour.light.night:
            pen.shine(0, 1, 0.5, 0.6)


PAINTERS = {"soccer field": soccer_field}
