"""Small matrices as pixels: a number in each cell on its colour, frames around what belongs together."""

import functools
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.rgba import DIVERGING, Bytes, color_table, quantize

Place = tuple[int, int]  # row and column, counted from 0
Color = tuple[int, int, int]

INK, QUIET, ORANGE = (34, 34, 34), (96, 96, 96), (255, 140, 0)
_GROUND, _EMPTY, _EDGE = (255, 255, 255), (247, 247, 247), (255, 255, 255)
_GREY = (196, 196, 196)  # grid lines of cells without a number
_WASH = 0.6  # how far a cell that does not belong to what is pointed at goes towards white
_SMALLEST = 8  # letters, pixels: below that a number is left to its colour


@dataclass(frozen=True, eq=False)
class NumberGrid:
    """A matrix, and where on the picture it stands.

    Attributes
    ----------
    name : str
        By which `cell_at` calls it.
    values : array, (rows, columns) float
        The numbers; NaN is a cell where there is none.
    left, top, cell : int
        Its corner and the side of a cell, pixels.
    limit : float
        The absolute value that has the last colour: red above zero, blue below; zero is grey.
    title : str
        Written above it.
    chosen, linked : set of (row, column)
        Cells with a thick orange frame, and with a thin dark one.
    faded : bool
        Whether cells that have no frame are paler.
    quiet : set of (row, column)
        Cells that are there only to fill up, such as padding: no colour, grey digits.
    notes : mapping of (row, column) to str
        Small print at a cell's foot, such as the weight that it meets.
    """

    name: str
    values: npt.NDArray[np.float64]
    left: int
    top: int
    cell: int
    limit: float = 1.0
    title: str = ""
    chosen: Set[Place] = frozenset()
    linked: Set[Place] = frozenset()
    faded: bool = False
    quiet: Set[Place] = frozenset()
    notes: Mapping[Place, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.values.shape[1]) * self.cell

    @property
    def height(self) -> int:
        """Pixels down, the title not counted."""
        return len(self.values) * self.cell

    def middle(self, row: int, column: int) -> Place:
        """Give x and y of a cell's middle."""
        half = self.cell // 2
        return self.left + column * self.cell + half, self.top + row * self.cell + half


@dataclass(frozen=True)
class Label:
    """Words beside the grids; `anchor` is Pillow's: "lm" puts (x, y) at the left, half way up."""

    x: int
    y: int
    text: str
    size: int = 13
    color: Color = INK
    anchor: str = "lm"


@dataclass(frozen=True)
class Edge:
    """A line between two points, with an arrow's head at its end."""

    start: Place
    end: Place
    color: Color = INK
    width: int = 2
    head: bool = True


def paint_grids(
    grids: Sequence[NumberGrid],
    size: tuple[int, int],
    labels: Sequence[Label] = (),
    edges: Sequence[Edge] = (),
) -> Bytes:
    """Paint matrices on white.

    Parameters
    ----------
    grids : sequence of NumberGrid
        What they show and where.
    size : (int, int)
        Width and height of the picture, pixels.
    labels, edges : sequences
        Words, and lines under the grids.

    Returns
    -------
    array, (height, width, 3) uint8

    Raises
    ------
    PictureError
        If a grid does not fit on the picture, or a `limit` is not a positive number.
    """
    canvas = _lined(size, edges)
    for grid in grids:
        _check(grid, size)
        colors = color_table(DIVERGING)[quantize(grid.values, -grid.limit, grid.limit)].tolist()
        for row, column in np.ndindex(grid.values.shape):
            tile = _tile(grid, (row, column), tuple(colors[row][column]))
            y, x = grid.top + row * grid.cell, grid.left + column * grid.cell
            canvas[y : y + grid.cell, x : x + grid.cell] = tile
        if grid.title:
            _write(canvas, Label(grid.left, grid.top - 11, grid.title))
    for label in labels:
        _write(canvas, label)
    return canvas


def cell_at(grids: Sequence[NumberGrid], x: float, y: float) -> tuple[str, int, int] | None:
    """Name the cell under a pixel as (grid, row, column); None beside the grids."""
    for grid in grids:
        row, column = math.floor((y - grid.top) / grid.cell), math.floor((x - grid.left) / grid.cell)
        if 0 <= row < len(grid.values) and 0 <= column < grid.values.shape[1]:
            return grid.name, row, column
    return None


def short(value: float, digits: int = 2) -> str:
    """Write a number in few letters: at most `digits` decimals, no trailing zeros, a true minus sign.

    What rounds to zero and is not zero says so: "~0".
    """
    if math.isnan(value):
        return ""
    if abs(value) >= 1000:
        text = f"{value:.3g}"
    else:
        text = f"{value:.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    if text in ("0", "-0"):
        return "0" if abs(value) < 1e-9 else "~0"
    return text.replace("-", "\N{MINUS SIGN}")


def _check(grid: NumberGrid, size: tuple[int, int]) -> None:
    if not (math.isfinite(grid.limit) and grid.limit > 0):
        raise PictureError(f"the limit of grid {grid.name!r} must be a positive number; got {grid.limit}")
    inside = 0 <= grid.left <= size[0] - grid.width and 0 <= grid.top <= size[1] - grid.height
    if not inside:
        raise PictureError(
            f"grid {grid.name!r} of {grid.width} x {grid.height} px at ({grid.left}, {grid.top}) does not "
            f"fit on a picture of {size[0]} x {size[1]} px"
        )


def _tile(grid: NumberGrid, place: Place, back: Color) -> Bytes:
    value = float(grid.values[place])
    frame = 2 if place in grid.chosen else int(place in grid.linked)
    ink: Color | None = None
    if math.isnan(value):
        return _cell(None, grid.cell, _EMPTY, None, frame, "")  # NaN would never be found in the cache
    if place in grid.quiet:
        back, ink = _EMPTY, QUIET
    elif grid.faded and not frame:
        back = _pale(back)
    return _cell(value, grid.cell, back, ink, frame, grid.notes.get(place, ""))


@functools.cache
def _pale(color: Color) -> Color:
    red, green, blue = (round(each + (255 - each) * _WASH) for each in color)
    return red, green, blue


@functools.lru_cache(maxsize=8192)  # a moving pointer changes few cells; drawing letters is what takes time
def _cell(value: float | None, side: int, back: Color, ink: Color | None, frame: int, note: str) -> Bytes:
    image = Image.new("RGB", (side, side), _EDGE)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, side - 2, side - 2), fill=back)
    if back == _EMPTY:
        draw.rectangle((0, 0, side - 2, side - 2), outline=_GREY if ink else (234, 234, 234))
    ink = ink or text_color(back)
    text, size = _fitting(value, side - 4) if value is not None else ("", _SMALLEST)
    middle = (side - 1) / 2
    if text:
        up = side * 0.11 if note else 0
        draw.text((middle, middle - up), text, fill=ink, font=font(size), anchor="mm")
    if note:
        draw.text(
            (middle, side - 4), note, fill=ink, font=font(max(_SMALLEST, round(side * 0.25))), anchor="mb"
        )
    if frame == 1:
        draw.rectangle((0, 0, side - 2, side - 2), outline=(17, 17, 17), width=2 if side > 15 else 1)
    elif frame == 2:
        draw.rectangle((0, 0, side - 2, side - 2), outline=(17, 17, 17), width=4 if side > 24 else 3)
        draw.rectangle((0, 0, side - 2, side - 2), outline=ORANGE, width=3 if side > 24 else 2)
    tile = np.array(image)
    tile.setflags(write=False)
    return tile


def _fitting(value: float, room: int) -> tuple[str, int]:
    """Choose digits and the size of letters so that a number fits; nothing where it cannot be read."""
    largest = max(_SMALLEST, round(min(15, room * 0.55)))
    for digits in (2, 1, 0):
        text = short(value, digits)
        if digits < 2 and text == "~0":
            break
        for size in range(largest, _SMALLEST - 1, -1):
            if font(size).getlength(text) <= room:
                return text, size
    return "", _SMALLEST


def text_color(back: Color) -> Color:
    """Choose black or white for letters on a colour, whichever has the higher contrast (WCAG 2)."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (each / 255 for each in back)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if (luminance + 0.05) ** 2 > 0.05 * 1.05 else (255, 255, 255)


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Open the typeface: DejaVu Sans, which comes with matplotlib and has all signs of a formula."""
    import matplotlib  # late, as in color_table

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), size)


def _write(canvas: Bytes, label: Label) -> None:
    ink = _words(label.text, label.size, label.color)
    height, width = ink.shape[:2]
    x = label.x - {"l": 0, "m": width // 2, "r": width}[label.anchor[0]]
    y = label.y - {"t": 0, "m": height // 2, "b": height}[label.anchor[1]]
    rows, columns = slice(max(0, y), y + height), slice(max(0, x), x + width)
    room = canvas[rows, columns]
    cut = ink[max(0, -y) :, max(0, -x) :][: room.shape[0], : room.shape[1]]
    np.minimum(room, cut, out=room)


@functools.lru_cache(maxsize=1024)
def _words(text: str, size: int, color: Color) -> Bytes:
    letters = font(size)
    above, below = letters.getmetrics()
    image = Image.new("RGB", (max(1, math.ceil(letters.getlength(text))), above + below), _GROUND)
    ImageDraw.Draw(image).text((0, 0), text, fill=color, font=letters)
    return np.array(image)


def _lined(size: tuple[int, int], edges: Sequence[Edge]) -> Bytes:
    if not edges:
        return np.full((size[1], size[0], 3), _GROUND, np.uint8)
    zoom = 2  # drawn twice as large: smooth lines
    image = Image.new("RGB", (size[0] * zoom, size[1] * zoom), _GROUND)
    draw = ImageDraw.Draw(image)
    for edge in edges:
        (x0, y0), (x1, y1) = edge.start, edge.end
        draw.line((x0 * zoom, y0 * zoom, x1 * zoom, y1 * zoom), fill=edge.color, width=edge.width * zoom)
        if edge.head:
            turn, reach = math.atan2(y1 - y0, x1 - x0), (5 + 2 * edge.width) * zoom
            wings = [
                (x1 * zoom - reach * math.cos(turn + side), y1 * zoom - reach * math.sin(turn + side))
                for side in (-0.4, 0.4)
            ]
            draw.polygon([(x1 * zoom, y1 * zoom), *wings], fill=edge.color)
    return np.array(image.resize(size, Image.Resampling.BOX))
