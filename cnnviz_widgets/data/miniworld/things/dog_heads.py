"""Dogs' coats and heads, from the front and from the side."""

from collections.abc import Sequence
from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.palette import Paint
from cnnviz_widgets.data.miniworld.pen import ROUND, Pen, Point, oval


@dataclass(frozen=True)
class Coat:
    """Paints and shapes by which one breed differs from another."""

    fur: Paint
    head: Paint
    muzzle: Paint
    legs: Paint
    belly: Paint | None
    ear: Paint
    dark: Paint
    iris: Paint
    tongue: Paint | None
    collar: Paint | None
    pricked: bool
    bulk: float


def _placed(points: Sequence[Point], x: float, y: float, r: float, to: int = 1) -> list[Point]:
    return [(x + to * px * r, y + py * r) for px, py in points]


_CHEEKS: tuple[Point, ...] = (
    (-1.08, -0.25),
    (-0.85, 0.55),
    (-0.35, 0.9),
    (0.35, 0.9),
    (0.85, 0.55),
    (1.08, -0.25),
)
_CHEEKS += ((0.6, -0.72), (0.0, -0.9), (-0.6, -0.72))
_MASK: tuple[Point, ...] = (
    (-0.98, -0.28),
    (-0.75, 0.22),
    (-0.5, 0.42),
    (-0.2, 0.2),
    (0.0, -0.05),
    (0.2, 0.2),
    (0.5, 0.42),
)
_MASK += ((0.75, 0.22), (0.98, -0.28), (0.55, -0.72), (0.0, -0.88), (-0.55, -0.72))
_FLOPPY = ((0.5, 0.86), (0.95, 0.72), (1.28, 0.2), (1.2, -0.5), (0.92, -0.42), (0.76, 0.15))
_PRICKED = ((0.22, 0.72), (0.62, 1.62), (1.0, 0.42))
_UPRIGHT = ((-0.72, 0.4), (-0.36, 1.5), (0.14, 0.74))
_INNER = ((0.4, 0.76), (0.63, 1.36), (0.85, 0.5))
_MUZZLE = ((0.25, 0.4), (0.95, 0.22), (1.7, 0.1), (1.88, -0.18), (1.6, -0.5), (0.9, -0.66), (0.2, -0.72))
_DROP = ((-0.35, 0.8), (0.12, 0.66), (0.1, 0.05), (-0.12, -0.55), (-0.45, -0.5), (-0.6, 0.15))


def head(pen: Pen, coat: Coat, x: float, y: float, r: float, turned: bool) -> None:
    """Draw a head around (x, y), its skull's radius r: turned to the viewer, or looking to the right."""
    if turned:
        _front(pen, coat, x, y, r)
    else:
        _side(pen, coat, x, y, r)


def _front(pen: Pen, coat: Coat, x: float, y: float, r: float) -> None:
    if coat.pricked:
        for to in (-1, 1):
            pen.polygon(_placed(_PRICKED, x, y, r, to), coat.ear, "ear")
            pen.polygon(_placed(_INNER, x, y, r, to), coat.legs, "ear", light=0.82)
        pen.blob(_placed(_CHEEKS, x, y, r), coat.head, "head", shade=ROUND)
    else:
        pen.ellipse(x, y, 0.92 * r, 0.98 * r, coat.head, "head", shade=ROUND)
    if coat.belly:
        pen.blob(_placed(_MASK, x, y, r), coat.belly, "head", shade=ROUND)
    pen.ellipse(x, y - 0.42 * r, 0.5 * r, 0.45 * r, coat.muzzle, "muzzle", shade=ROUND, light=1.06)
    if not coat.pricked:
        for to in (-1, 1):
            pen.blob(_placed(_FLOPPY, x, y, r, to), coat.ear, "ear", light=0.9)
    if coat.tongue:
        pen.polygon(oval(x, y - 0.86 * r, 0.15 * r, 0.3 * r)[::2], coat.tongue, "mouth")
    lips = ((-0.36, -0.5), (-0.17, -0.62), (0.0, -0.46), (0.17, -0.62), (0.36, -0.5))
    pen.stroke(_placed(lips, x, y, r), 0.1 * r, coat.dark, "mouth")
    pen.polygon(oval(x, y - 0.24 * r, 0.2 * r, 0.15 * r)[::2], coat.dark, "nose")
    for to in (-1, 1):
        _eye(pen, coat, x + to * 0.4 * r, y + 0.14 * r, r)


def _side(pen: Pen, coat: Coat, x: float, y: float, r: float) -> None:
    if coat.pricked:
        pen.polygon(_placed(_UPRIGHT, x + 0.42 * r, y - 0.06 * r, r), coat.ear, "ear", light=0.72)
    pen.ellipse(x, y, 0.98 * r, 0.9 * r, coat.head, "head", shade=ROUND)
    if coat.tongue:
        pen.polygon(oval(x + 1.15 * r, y - 0.72 * r, 0.15 * r, 0.32 * r)[::2], coat.tongue, "mouth")
    pen.blob(_placed(_MUZZLE, x, y, r), coat.muzzle, "muzzle", shade=ROUND, light=1.04)
    if coat.belly:
        pen.ellipse(x + 0.3 * r, y - 0.3 * r, 0.66 * r, 0.5 * r, coat.belly, "head")
    pen.polygon(oval(x + 1.78 * r, y + 0.02 * r, 0.2 * r, 0.17 * r)[::2], coat.dark, "nose")
    pen.stroke(_placed(((1.72, -0.3), (1.2, -0.42), (0.8, -0.34)), x, y, r), 0.1 * r, coat.dark, "mouth")
    _eye(pen, coat, x + 0.52 * r, y + 0.24 * r, r)
    if coat.pricked:
        pen.polygon(_placed(_UPRIGHT, x, y, r), coat.ear, "ear")
    else:
        pen.blob(_placed(_DROP, x, y, r), coat.ear, "ear", light=0.88)


def _eye(pen: Pen, coat: Coat, x: float, y: float, r: float) -> None:
    pen.polygon(oval(x, y, 0.17 * r, 0.17 * r)[::2], coat.iris, "eye")
    if pen.unit > 90:
        pen.polygon(oval(x, y, 0.09 * r, 0.11 * r)[::3], coat.dark, "eye")
