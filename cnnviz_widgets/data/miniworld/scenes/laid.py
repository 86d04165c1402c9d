"""Furniture with things on top: a chest with a lamp or a screen on it, a table laid for a meal."""

import math

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Pen
from cnnviz_widgets.data.miniworld.scenes.room import Room
from cnnviz_widgets.data.miniworld.things import PAINTERS
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.furnishing_paints import cloth, slab, steel, timber

_HEIGHTS = {  # metres of the longest side of what stands on furniture
    "desk lamp": (0.4, 0.6),
    "clock": (0.18, 0.26),
    "book": (0.22, 0.3),
    "vase": (0.25, 0.45),
    "plant": (0.35, 0.6),
    "screen": (0.8, 1.2),
    "bottle": (0.28, 0.34),
    "cup": (0.12, 0.17),
    "plate": (0.26, 0.32),
    "lemon": (0.11, 0.14),
    "bell pepper": (0.12, 0.16),
}


def chest(
    room: Room,
    chance: Chance,
    column: float,
    ahead: float,
    size: tuple[float, float, float],
    on_top: tuple[str, ...],
) -> None:
    """Stand a chest of drawers (width, height, depth in metres) in the room, with these things on it."""

    def draw() -> None:
        pen, view = _fitted(room, "cabinet", column, ahead, size, chance.uniform(-25, 25))
        width, high, deep = size
        body = timber(chance, 0.45)
        view.shadow(0.8)
        front = view.box(-width / 2, 0, -deep / 2, width / 2, high, deep / 2, body)["front"]
        across, up = max(1, round(width / 0.6)), max(1, round(high / 0.3))
        leaf, grip = body.lit(1.12), steel(chance)
        for k in range(across * up):
            left, low = (k % across + 0.06) / across, (k // across + 0.08) / up
            right, top = left + 0.88 / across, low + 0.84 / up
            front.rect(left, low, right, top, leaf, "drawer")
            middle = (left + right) / 2
            front.rect(
                middle - 0.06 / across, low + 0.36 / up, middle + 0.06 / across, low + 0.5 / up, grip, "knob"
            )
        view.draw()
        for k, name in enumerate(on_top):
            x = width * ((k + 0.5) / len(on_top) - 0.5) * 0.85
            put_on(pen, view, chance, name, (x, high, 0.0))

    room.later(ahead, draw)


def dining_table(
    room: Room, chance: Chance, column: float, ahead: float, size: tuple[float, float, float], yaw: float
) -> None:
    """Draw a table (width, height, depth in metres) that is laid for a meal."""
    pen, view = _table(room, chance, column, ahead, size, yaw)
    plate = mix(chance, ("white", "white", "blue", "yellow", "red", "green", "black"), "ceramic")
    spots = ((0, -0.33), (0.3, -0.17), (-0.3, -0.17), (-0.3, 0.17), (0.3, 0.17), (0, 0.33))
    kinds = ("plate", "cup", "plate", "plate", "cup", "plate")
    laid = chance.several(tuple(zip(kinds, spots, strict=True)), chance.integer(2, 3))
    middle = chance.choose(("vase", "cup", "bottle", "plant", "lemon", "bell pepper"))
    laid.append((middle, (chance.uniform(-0.1, 0.1), 0.0)))
    _serve(pen, view, chance, plate, laid, size)


def low_table(
    room: Room, chance: Chance, column: float, ahead: float, size: tuple[float, float, float], yaw: float
) -> None:
    """Draw a table (width, height, depth in metres) to sit around, with a thing or two on it."""
    pen, view = _table(room, chance, column, ahead, size, yaw)
    names = chance.several(("cup", "vase", "book", "plate", "plant", "bottle", "lemon"), chance.integer(0, 2))
    laid = list(zip(names, ((-0.2, 0.05), (0.2, -0.05)), strict=False))
    _serve(pen, view, chance, mix(chance, ("white", "blue", "red", "green"), "ceramic"), laid, size)


def _table(
    room: Room, chance: Chance, column: float, ahead: float, size: tuple[float, float, float], yaw: float
) -> tuple[Pen, Fitted]:
    pen, view = _fitted(room, "table", column, ahead, size, yaw)
    view.shadow(0.7)
    frame = (timber if chance.maybe(0.8) else steel)(chance)
    (_round if chance.maybe(0.4) and size[2] > 0.65 * size[0] else _square)(view, chance, frame, size)
    return pen, view


def _serve(
    pen: Pen,
    view: Fitted,
    chance: Chance,
    paint: Paint,
    laid: list[tuple[str, tuple[float, float]]],
    size: tuple[float, float, float],
) -> None:
    """Put things on a table, the far ones first; places are shares of its width and depth."""
    places = [(name, x * size[0], z * size[2]) for name, (x, z) in laid]
    for name, x, z in sorted(places, key=lambda each: -view.away(each[1], 0, each[2])):
        if name == "plate":
            _plate(pen, view, paint, x, size[1], z)
        else:
            put_on(pen, view, chance, name, (x, size[1], z))


def put_on(pen: Pen, view: Fitted, chance: Chance, name: str, at: tuple[float, float, float]) -> None:
    """Put a small thing on furniture, at a point of its space."""
    metres = chance.uniform(*_HEIGHTS[name])
    PAINTERS[name](pen.thing(name, *view.seen(*at), metres * view.size, flip=chance.maybe()), chance)


def _plate(pen: Pen, view: Fitted, paint: Paint, x: float, y: float, z: float) -> None:
    plate = pen.thing("plate", 0, 0, 1)
    plate.polygon(view.ring(x, y + 0.005, z, 0.14), paint)
    plate.polygon(view.ring(x, y + 0.008, z, 0.095), paint.lit(0.84))


def _fitted(
    room: Room, name: str, column: float, ahead: float, size: tuple[float, float, float], yaw: float
) -> tuple[Pen, Fitted]:
    """A pen and a point of view that fit the room's camera; a metre of the view is a metre of the room."""
    camera, middle = room.camera, ahead + size[2] / 2
    pitch = math.degrees(math.atan2(camera.eye - size[1] / 2, middle))
    view = Fitted(room.ground, yaw, pitch, *size)
    # Fitted fills a unit; only now is it known how many metres of the room that unit is.
    view.pen = room.canvas.thing(name, column, room.row(ahead), camera.zoom / middle / view.size)
    return view.pen, view


def _square(view: Fitted, chance: Chance, frame: Paint, size: tuple[float, float, float]) -> None:
    width, high, deep = size
    x, z, leg = width / 2, deep / 2, chance.uniform(0.05, 0.1)
    covered = chance.maybe(0.4)
    for a in (-x + 0.03, x - 0.03 - leg):
        for b in (-z + 0.03, z - 0.03 - leg):
            view.box(a, 0, b, a + leg, high - 0.05, b + leg, frame, "leg")
    view.draw()
    top = slab(chance) if chance.maybe(0.15) else timber(chance) if chance.maybe(0.3) else frame
    view.box(-x, high - 0.06, -z, x, high, z, top, "top")
    view.draw()
    if covered:
        hang = high - chance.uniform(0.1, 0.4)
        view.box(-x - 0.01, hang, -z - 0.01, x + 0.01, high + 0.004, z + 0.01, cloth(chance, 0.8))
        view.draw()


def _round(view: Fitted, chance: Chance, frame: Paint, size: tuple[float, float, float]) -> None:
    width, high, deep = size
    r = min(width, deep) / 2
    view.drum(0, 0, 0, 0.04, r * 0.5, r * 0.45, frame, "base")
    view.drum(0, 0, 0.04, high - 0.05, r * 0.13, r * 0.1, frame, "leg")
    view.drum(0, 0, high - 0.05, high, r, r, timber(chance), "top")
    if chance.maybe(0.4):
        view.drum(0, 0, high - chance.uniform(0.1, 0.35), high + 0.005, r, r, cloth(chance, 0.8))
