"""Several things that look the same, as the chairs of one table, drawn once and put in many places."""

from collections.abc import Callable, Sequence

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint
from cnnviz_widgets.data.miniworld.pen import Pen, Point
from cnnviz_widgets.data.miniworld.things import Painter


class Stencil(Pen):
    """A pen that draws nothing yet: it keeps polygons and shadows, to draw them with other pens.

    Working out the shapes of a chair takes four times as long as drawing them.
    """

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, "", -1, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
        self._kept: list[Callable[[Pen], None]] = []

    def polygon(self, points: Sequence[Point], paint: Paint, part: str = "", **how: object) -> None:
        """Keep a polygon, see `Pen.polygon`."""
        self._kept.append(lambda pen: pen.polygon(points, paint, part, **how))  # type: ignore[arg-type]

    def shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 1.0) -> None:
        """Keep a shadow, see `Pen.shadow`."""
        self._kept.append(lambda pen: pen.shadow(x, y, rx, ry, strength))

    def draw(self, pen: Pen) -> None:
        """Draw all that was kept."""
        for each in self._kept:
            each(pen)


def alike(painter: Painter) -> Painter:
    """Turn a painter into one that draws the same thing each time."""
    stencils: list[Stencil] = []

    def draw(pen: Pen, chance: Chance) -> None:
        if not stencils:
            stencils.append(Stencil(pen.canvas))
            painter(stencils[0], chance)
        stencils[0].draw(pen)

    return draw
