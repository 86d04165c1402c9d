"""Points and thumbnails in the plane, as pixels; and which of them lies under the pointer."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.labels import label_colors
from cnnviz_widgets.paint.rgba import Bytes

Floats = npt.NDArray[np.floating]

# A colour alone does not tell 28 classes apart, nor colours all eyes: neighbours in the list differ in both.
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")  # plotly's names
MANY = 3000  # points; where there are more, they are small circles: no eye tells small shapes apart
_SMOOTH = 3  # drawn so many times larger, then shrunk
_PAPER, _INK, _FADED = (255, 255, 255), (32, 32, 32), 0.86
_LINE = (60, 60, 60)


@dataclass(frozen=True, eq=False)
class Plane:
    """The part of the plane that a picture shows: square, a little wider than the points.

    Attributes
    ----------
    left, top : float
        The place of the picture's upper left corner; y grows upwards.
    scale : float
        Pixels per unit.
    size : int
        Pixels of a side.
    """

    left: float
    top: float
    scale: float
    size: int

    def pixels(self, positions: Floats) -> npt.NDArray[np.float64]:
        """Turn places, (points, 2), into pixels from the left and from the top."""
        return (np.asarray(positions, np.float64) - (self.left, self.top)) * (self.scale, -self.scale)

    @property
    def ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Give the lowest and highest x, and y."""
        span = self.size / self.scale
        return (self.left, self.left + span), (self.top - span, self.top)


def plane_of(positions: Floats, size: int, margin: float = 0.05) -> Plane:
    """Choose what to show of the plane so that all points are seen.

    Parameters
    ----------
    positions : array, (points, 2)
        Finite numbers.
    size : int
        Pixels of a side.
    margin : float
        Share of the width that stays free on each side.
    """
    low, high = positions.min(axis=0), positions.max(axis=0)
    middle, span = (low + high) / 2, float((high - low).max()) or 1.0
    half = span / (1 - 2 * margin) / 2
    return Plane(float(middle[0] - half), float(middle[1] + half), size / (2 * half), size)


def class_look(classes: Sequence[str], points: int) -> tuple[Bytes, list[str]]:
    """Give each class a colour, (classes, 3) uint8, and the name of a symbol, as suits so many points."""
    if not classes:
        return np.array([[0, 114, 178]], np.uint8), [SYMBOLS[0]]
    symbols = SYMBOLS if points <= MANY else SYMBOLS[:1]
    return label_colors(classes), [symbols[i % len(symbols)] for i in range(len(classes))]


def scatter_picture(
    positions: Floats,
    kinds: npt.ArrayLike,
    classes: Sequence[str],
    *,
    size: int = 480,
    radius: float = 3.6,
    bright: npt.ArrayLike | None = None,
    links: Sequence[tuple[int, int]] = (),
    labels: Sequence[tuple[str, float, float]] = (),
) -> Bytes:
    """Paint points of several classes.

    Parameters
    ----------
    positions : array, (points, 2)
        Places in the plane.
    kinds : array, (points,) int
        Each point's class, a place in `classes`; 0 where there are no classes.
    classes : sequence of str
        Their names, which choose colours.
    size : int
        Pixels of a side.
    radius : float
        Of a point, pixels.
    bright : array, (points,) bool, optional
        Which points stand out; the others are faded.
    links : sequence of (int, int)
        Points joined by a line, each with a ring.
    labels : sequence of (str, float, float)
        Texts and their places in the plane.

    Returns
    -------
    array, (size, size, 3) uint8

    Raises
    ------
    PictureError
        If there is no point.
    """
    if not len(positions):
        raise PictureError("there are no points to paint")
    places = plane_of(positions, size).pixels(positions) * _SMOOTH
    kinds, (colors, symbols) = np.asarray(kinds), class_look(classes, len(positions))
    stands_out = np.ones(len(places), bool) if bright is None else np.asarray(bright, bool)
    picture = Image.new("RGB", (size * _SMOOTH, size * _SMOOTH), _PAPER)
    ink = ImageDraw.Draw(picture)
    for i in np.argsort(stands_out, kind="stable").tolist():  # faded ones lie below
        color = colors[kinds[i]].astype(float)
        shade = color if stands_out[i] else color + (255 - color) * _FADED
        fill = tuple(np.rint(shade).astype(int).tolist())
        _symbol(ink, symbols[kinds[i]], places[i], radius * _SMOOTH, fill)
    for pair in links:
        ink.line([tuple(places[i]) for i in pair], fill=_LINE, width=_SMOOTH)
        for i in pair:
            _ring(ink, places[i], (radius + 3) * _SMOOTH)
    shown = picture.resize((size, size), Image.Resampling.BOX)
    _write(shown, labels, plane_of(positions, size))
    return np.array(shown)


def paste_thumbnails(places: npt.NDArray[np.float64], tiles: Bytes, size: int) -> Bytes:
    """Lay small pictures at their places, later ones over earlier ones.

    Parameters
    ----------
    places : array, (points, 2)
        Pixels from the left and from the top of each one's middle.
    tiles : array, (points, side, side, 3) uint8
        The pictures.
    size : int
        Pixels of the result's side.

    Returns
    -------
    array, (size, size, 3) uint8
        White where there is none.
    """
    side = tiles.shape[1]
    paper = np.full((size + 2 * side, size + 2 * side, 3), 255, np.uint8)  # a margin, so that none is cut
    corners = np.clip(np.rint(places - side / 2).astype(int) + side, 0, size + side)
    for (x, y), tile in zip(corners.tolist(), tiles, strict=True):
        paper[y : y + side, x : x + side] = tile
    return np.ascontiguousarray(paper[side:-side, side:-side])


def nearest_point(places: npt.NDArray[np.float64], x: float, y: float, reach: float) -> int | None:
    """Name the point nearest to a pixel, if it is within reach."""
    squares = ((places - (x, y)) ** 2).sum(axis=1)
    nearest = int(squares.argmin())
    return nearest if squares[nearest] <= reach**2 else None


def _symbol(
    ink: ImageDraw.ImageDraw, name: str, place: npt.NDArray[np.float64], radius: float, fill: tuple[int, ...]
) -> None:
    x, y = place.tolist()
    if name == "circle":
        ink.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
        return
    ink.polygon([(x + dx * radius, y + dy * radius) for dx, dy in _CORNERS[name]], fill=fill)


def _ring(ink: ImageDraw.ImageDraw, place: npt.NDArray[np.float64], radius: float) -> None:
    x, y = place.tolist()
    ink.ellipse((x - radius, y - radius, x + radius, y + radius), outline=_INK, width=2 * _SMOOTH)


def _write(picture: Image.Image, labels: Sequence[tuple[str, float, float]], plane: Plane) -> None:
    ink, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    for text, x, y in labels:
        place = plane.pixels(np.array([[x, y]]))[0]
        width = font.getlength(text) / 2
        x, y = float(np.clip(place[0], width + 2, plane.size - width - 2)), float(place[1])
        ink.text((x, y), text, _INK, font, "mm", stroke_width=2, stroke_fill=_PAPER)


def _star(points: int, inner: float) -> list[tuple[float, float]]:
    return [
        (
            (1.25 if i % 2 == 0 else inner) * math.sin(math.pi * i / points),
            -(1.25 if i % 2 == 0 else inner) * math.cos(math.pi * i / points),
        )
        for i in range(2 * points)
    ]


def _plus(arm: float) -> list[tuple[float, float]]:
    a, b = arm, 1.15
    quarter = [(-a, -b), (a, -b), (a, -a)]
    return [corner for turn in _QUARTERS for corner in [turn(x, y) for x, y in quarter]]


_QUARTERS: list[Callable[[float, float], tuple[float, float]]] = [
    lambda x, y: (x, y),
    lambda x, y: (-y, x),
    lambda x, y: (-x, -y),
    lambda x, y: (y, -x),
]


def _turned(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    half = math.sqrt(0.5)
    return [((x - y) * half, (x + y) * half) for x, y in corners]


_CORNERS = {
    "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    "diamond": [(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
    "triangle-up": [(0.0, -1.2), (1.15, 0.85), (-1.15, 0.85)],
    "cross": _plus(0.45),
    "x": _turned(_plus(0.45)),
    "star": _star(5, 0.55),
}
