"""Dining rooms: a laid table with chairs around it, mostly under a lamp."""

import math

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.scenes.decor import enter
from cnnviz_widgets.data.miniworld.scenes.dressing import (
    fill_walls,
    hang_things,
    lay_rug,
    light_ceiling,
    put_before,
    share_ahead,
    strew,
)
from cnnviz_widgets.data.miniworld.scenes.laid import chest, dining_table
from cnnviz_widgets.data.miniworld.scenes.room import Room
from cnnviz_widgets.data.miniworld.scenes.stencil import alike
from cnnviz_widgets.data.miniworld.things import PAINTERS


def dining_room(chance: Chance, size: int) -> Canvas:
    """Draw a dining room."""
    room = enter(chance, size)
    hang_things(room, chance)
    column = chance.uniform(0.36, 0.64)
    width, high = chance.uniform(1.2, 2.0), chance.uniform(0.7, 0.78)
    deep = width * chance.uniform(0.5, 0.95)
    ahead = share_ahead(room, chance, column, width, (0.42, 0.75), 1.2)
    if chance.maybe(0.25):
        lay_rug(room, chance, column, ahead - 0.6, width + 1.2)
    _chairs(room, chance, column, ahead, (width, deep))
    table = (width, high, deep)
    yaw = chance.uniform(-12, 12)
    room.later(ahead, lambda: dining_table(room, chance, column, ahead, table, yaw))
    light_ceiling(room, chance, column, ahead + deep / 2, 0.7)
    if chance.maybe(0.2):
        side = column + chance.sign() * chance.uniform(0.25, 0.4)
        on_top = chance.choose(
            (("vase",), ("plant", "vase"), ("desk lamp", "bottle"), ("bottle", "clock"), ())
        )
        chest(room, chance, side, max(room.wall_ahead(side) - 0.5, ahead + deep), (1.3, 0.85, 0.45), on_top)
    else:
        fill_walls(room, chance, (0.06, 0.94, 0.2, 0.8), ahead + deep, 0.4)
    strew(room, chance, (0.06, 0.94), 0.2)
    put_before(room, chance, 0.15)
    return room.furnish()


def _chairs(room: Room, chance: Chance, column: float, ahead: float, size: tuple[float, float]) -> None:
    """Stand three to six equal chairs around the table."""
    width, deep = size
    painter = alike(PAINTERS["chair"])
    around = [(-0.28, 1), (0.28, 1), (-0.5, 0.5), (0.5, 0.5), (-0.3, 0), (0.3, 0)]
    # The near chairs hide the table, so they come last.
    places = around[:2] + chance.several(around[2:4], chance.choose((1, 1, 2)))
    places += chance.several(around[4:], chance.choose((0, 0, 0, 0, 1, 1, 2)))
    for x, z in places:
        sideways = abs(x) == 0.5
        away = ahead + (z * deep if sideways else (deep + 0.1 if z else -0.35))
        across = (x * width + math.copysign(0.22, x)) if sideways else x * width
        place = column + across * room.camera.zoom / away
        room.stand("chair", place, away, 0.95, flip=x > 0, painter=painter)
