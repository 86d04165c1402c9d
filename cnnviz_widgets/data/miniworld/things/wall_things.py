"""What hangs on walls: paintings, mirrors, windows, curtains; and screens."""

from collections.abc import Sequence

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Pen, Point
from cnnviz_widgets.data.miniworld.solids import Face
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.furnishing_paints import timber
from cnnviz_widgets.data.miniworld.things.pictures import Put, views_for


def painting(pen: Pen, chance: Chance) -> None:
    """Draw a painting: a landscape, a portrait, a still life or shapes, in a frame."""
    w, h = chance.choose(((1.0, 0.7), (0.72, 1.0), (0.9, 0.9), (1.3, 0.6)))
    view = Fitted(pen, chance.uniform(-35, 35), chance.uniform(-8, 8), w, h, 0.05)
    edge = chance.uniform(0.03, 0.1)
    front = view.box(-w / 2, 0, -0.025, w / 2, h, 0.025, _frame(chance), "frame")["front"]
    inner = (edge / w, edge / h, 1 - edge / w, 1 - edge / h)
    front.rect(
        inner[0] - 0.012, inner[1] - 0.012, inner[2] + 0.012, inner[3] + 0.012, front.paint.lit(0.6), "frame"
    )
    if chance.maybe(0.35):  # a mount of card
        front.rect(*inner, mix(chance, ("white", "white", "grey", "yellow"), "paper"), "frame")
        inner = tuple(a + (b - a) * 0.13 for a, b in zip(inner, (*inner[2:], *inner[:2]), strict=True))  # type: ignore[assignment]
    ground = chance.choose(("painted", "painted", "paper", "fabric"))
    chance.choose(views_for(w / h))(within(front, inner, "canvas"), chance, ground, w / h)
    view.draw()


def _frame(chance: Chance) -> Paint:
    if chance.maybe(0.3):
        return mix(chance, ("yellow", "yellow", "grey", "black", "white"), "metal")
    return timber(chance, 0.35)


def within(front: Face, at: tuple[float, float, float, float], part: str, *, glow: bool = False) -> Put:
    """Say how to fill polygons of a view that lies on a solid's side, from left, low to right, high."""
    left, low, right, high = at

    def put(points: Sequence[Point], paint: Paint) -> None:
        front.put(
            [(left + x * (right - left), low + y * (high - low)) for x, y in points], paint, part, glow=glow
        )

    return put


PAINTERS = {"painting": painting}
