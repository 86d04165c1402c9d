"""Everything that can be put into a picture: one painter for each thing, by name."""

from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.pen import Pen
from cnnviz_widgets.data.miniworld.things import (
    animals,
    beds,
    boats,
    bridges,
    buildings,
    castles,
    city,
    lamps,
    people,
    plants,
    room_things,
    screens,
    seating,
    small,
    stairs,
    storage,
    street,
    tables,
    towers,
    vehicles,
    wall_things,
    windmills,
)

Painter = Callable[[Pen, Chance], None]
"""Draws a thing that stands at (0, 0) of its pen and whose longest side is about 1."""

PAINTERS: dict[str, Painter] = {
    **animals.PAINTERS,
    **people.PAINTERS,
    **plants.PAINTERS,
    **small.PAINTERS,
    **vehicles.PAINTERS,
    **boats.PAINTERS,
    **buildings.PAINTERS,
    **castles.PAINTERS,
    **towers.PAINTERS,
    **windmills.PAINTERS,
    **bridges.PAINTERS,
    **city.PAINTERS,
    **street.PAINTERS,
    **beds.PAINTERS,
    **seating.PAINTERS,
    **tables.PAINTERS,
    **storage.PAINTERS,
    **stairs.PAINTERS,
    **lamps.PAINTERS,
    **screens.PAINTERS,
    **wall_things.PAINTERS,
    **room_things.PAINTERS,
}
