"""Living rooms: a sofa and what people sit around: a low table, a screen, a fireplace, books."""

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.scenes.decor import enter
from cnnviz_widgets.data.miniworld.scenes.dressing import (
    hang_things,
    lay_rug,
    light_ceiling,
    put_before,
    share_ahead,
    strew,
)
from cnnviz_widgets.data.miniworld.scenes.laid import chest, low_table
from cnnviz_widgets.data.miniworld.scenes.room import Room


def living_room(chance: Chance, size: int) -> Canvas:
    """Draw a living room."""
    room = enter(chance, size)
    hang_things(room, chance, 1)
    column, metres = chance.uniform(0.32, 0.68), chance.uniform(1.7, 2.3)
    ahead = share_ahead(room, chance, column, metres, (0.45, 0.9), 0.9)
    side = 1 if column < 0.5 else -1
    far_side = column + side * (metres * room.camera.zoom / ahead / 2 + chance.uniform(0.06, 0.16))
    _attraction(room, chance, far_side, max(room.wall_ahead(far_side) - 0.4, ahead + 0.2))
    if chance.maybe(0.6):
        lay_rug(room, chance, column, max(ahead - 0.9, room.ahead(-0.03)), chance.uniform(1.8, 2.6))
    room.stand("sofa", column, ahead, metres)
    if chance.maybe(0.65):
        _before(room, chance, column + side * chance.uniform(0.0, 0.12), max(ahead - 0.8, room.ahead(0.0)))
    if chance.maybe(0.35):
        nearer = max(ahead - chance.uniform(0.2, 0.9), room.ahead(0.0))
        room.stand("chair", 0.5 + side * chance.uniform(0.3, 0.44), nearer, 0.95, flip=side > 0)
    light_ceiling(room, chance, chance.uniform(0.3, 0.7), ahead, 0.35)
    strew(room, chance, (0.1, 0.9, 0.5 - side * 0.25), 0.35)
    put_before(room, chance, 0.15)
    return room.furnish()


def _attraction(room: Room, chance: Chance, column: float, ahead: float) -> None:
    """What the seats are turned to, or stand beside: a screen on a chest, a fireplace, books, a lamp."""
    kind = chance.choose(("screen", "fireplace", "bookcase", "lamp"), (4, 2, 3, 2))
    if kind == "screen":
        chest(room, chance, column, ahead, (chance.uniform(1.1, 1.6), 0.5, 0.4), ("screen",))
    elif kind == "lamp":
        chest(room, chance, column, ahead, (0.5, 0.55, 0.4), ("desk lamp",))
    else:
        room.stand(kind, column, ahead, chance.uniform(1.3, 1.9))


def _before(room: Room, chance: Chance, column: float, ahead: float) -> None:
    """A low table before the sofa, which leaves the sofa to be seen."""
    width = chance.uniform(0.7, 1.1)
    size = (width, chance.uniform(0.32, 0.42), width * chance.uniform(0.5, 0.9))
    room.later(ahead, lambda: low_table(room, chance, column, ahead, size, chance.uniform(-30, 30)))
