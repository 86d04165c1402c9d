"""The places of Miniworld: one painter for each, by name."""

from collections.abc import Callable

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.scenes import (
    cemetery,
    fields,
    harbor,
    indoor,
    nature,
    soccer,
    street,
    waterfalls,
)

SCENE_PAINTERS: dict[str, Callable[[Chance, int], Canvas]] = {
    **street.PAINTERS,
    **harbor.PAINTERS,
    **nature.PAINTERS,
    **waterfalls.PAINTERS,
    **cemetery.PAINTERS,
    **soccer.PAINTERS,
    **fields.PAINTERS,
    **indoor.PAINTERS,
}
