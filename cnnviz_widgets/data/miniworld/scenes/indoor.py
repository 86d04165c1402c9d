"""The four scenes that are rooms."""

from collections.abc import Callable

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.scenes.bedroom import bedroom
from cnnviz_widgets.data.miniworld.scenes.dining_room import dining_room
from cnnviz_widgets.data.miniworld.scenes.living_room import living_room
from cnnviz_widgets.data.miniworld.scenes.staircase import staircase

PAINTERS: dict[str, Callable[[Chance, int], Canvas]] = {
    "bedroom": bedroom,
    "dining room": dining_room,
    "living room": living_room,
    "staircase": staircase,
}
