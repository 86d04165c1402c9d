"""Bedrooms: a bed, mostly with something beside it, in a room of any kind."""

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
from cnnviz_widgets.data.miniworld.scenes.room import Room


def bedroom(chance: Chance, size: int) -> Canvas:
    """Draw a bedroom."""
    room = enter(chance, size)
    hang_things(room, chance)
    column, metres = chance.uniform(0.3, 0.7), chance.uniform(2.0, 2.3)
    ahead = share_ahead(room, chance, column, metres, (0.5, 1.05), 1.0)
    half = metres * room.camera.zoom / ahead / 2
    if chance.maybe(0.3):
        lay_rug(room, chance, column + chance.uniform(-0.1, 0.1), ahead - 0.5, chance.uniform(1.6, 2.4))
    room.stand("bed", column, ahead, metres)
    for side in chance.several((-1, 1), chance.choose((0, 1, 1, 1, 2))):
        _beside(room, chance, column + side * (half + 0.06), ahead + chance.uniform(0.5, 1.1))
    fill_walls(room, chance, (0.06, 0.94, 0.2, 0.8), ahead, 0.5)
    light_ceiling(room, chance, chance.uniform(0.3, 0.7), ahead + 0.3, 0.4)
    strew(room, chance, (0.1, 0.9), 0.3)
    put_before(room, chance, 0.2)
    return room.furnish()


def _beside(room: Room, chance: Chance, column: float, ahead: float) -> None:
    """Stand a nightstand with a lamp or the like on it beside the bed."""
    size = (chance.uniform(0.4, 0.55), chance.uniform(0.45, 0.65), 0.4)
    on_top = chance.choose((("desk lamp",), ("desk lamp",), ("desk lamp",), ("clock",), ("book",), ("vase",)))
    chest(room, chance, column, ahead, size, on_top)
