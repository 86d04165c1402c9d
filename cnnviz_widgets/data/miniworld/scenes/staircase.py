"""Staircases: a flight of stairs in a hall with doors and paintings."""

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
from cnnviz_widgets.data.miniworld.scenes.laid import chest


def staircase(chance: Chance, size: int) -> Canvas:
    """Draw a hall with stairs."""
    room = enter(chance, size)
    hang_things(room, chance)
    column, metres = chance.uniform(0.3, 0.7), chance.uniform(2.2, 2.9)
    ahead = share_ahead(room, chance, column, metres, (0.5, 0.85), 1.0)
    if chance.maybe(0.3):
        lay_rug(room, chance, column + chance.uniform(-0.1, 0.1), max(ahead - 1.2, room.ahead(0)), 2.0)
    room.stand("stairs", column, ahead, metres)
    side = 1 if column < 0.5 else -1
    light_ceiling(room, chance, 0.5 + side * chance.uniform(0.1, 0.35), ahead, 0.45)
    if chance.maybe(0.4):
        place = 0.5 + side * chance.uniform(0.3, 0.45)
        size_of = (chance.uniform(0.5, 1.2), chance.uniform(0.6, 0.9), 0.4)
        on_top = chance.choose((("vase",), ("desk lamp",), ("plant",), ("clock",), ("book",)))
        chest(room, chance, place, max(room.wall_ahead(place) - 0.5, ahead), size_of, on_top)
    else:
        fill_walls(room, chance, (0.06, 0.94, 0.5 + side * 0.32), ahead - 0.3, 0.6)
    strew(room, chance, (0.08, 0.92, 0.5 + side * 0.3), 0.5)
    put_before(room, chance, 0.2)
    return room.furnish()
