"""A table of pictures with its headings written in: one picture, and the way back from a pixel to a cell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.rgba import Bytes

_WHITE, _INK, _QUIET = (255, 255, 255), (32, 32, 32), (110, 110, 110)
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_MARGIN = 6  # white around everything, pixels
_LINE = 1.3  # height of a line of text, in letter sizes


@dataclass(frozen=True, eq=False)
class Sheet:
    """Pictures in rows and columns, with headings.

    Attributes
    ----------
    array : array, (height, width, 3) uint8
        The picture.
    cell_size : (int, int)
        Rows and columns of one cell.
    tops, lefts : tuple of int
        First pixel of each row and column of cells.
    """

    array: Bytes
    cell_size: tuple[int, int]
    tops: tuple[int, ...]
    lefts: tuple[int, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.array.shape[1], self.array.shape[0]

    def locate(self, x: float, y: float) -> tuple[int, int, int, int] | None:
        """Name what lies under a pixel: the cell (row, column), then row and column in it; None beside."""
        for i, top in enumerate(self.tops):
            for j, left in enumerate(self.lefts):
                inside = int(y) - top, int(x) - left
                if 0 <= inside[0] < self.cell_size[0] and 0 <= inside[1] < self.cell_size[1]:
                    return i, j, *inside
        return None


def sheet(
    cells: Sequence[Sequence[Bytes | None]],
    columns: Sequence[str] = (),
    rows: Sequence[str] = (),
    captions: Sequence[Sequence[str]] = (),
    *,
    text: int = 14,
    gap: int = 10,
) -> Sheet:
    """Arrange pictures of one size as a table on white.

    Parameters
    ----------
    cells : rows of arrays, (rows, columns, 3) uint8
        The pictures; None leaves a place empty.
    columns, rows : sequence of str
        Headings above and at the left; a line break makes a second line, in a quieter colour.
    captions : rows of str
        A line under each picture.
    text : int
        Size of the letters, pixels.
    gap : int
        Pixels between cells.

    Returns
    -------
    Sheet

    Raises
    ------
    PictureError
        If there is no picture, or they differ in size.
    """
    sizes = {cell.shape for row in cells for cell in row if cell is not None}
    if len(sizes) != 1:
        raise PictureError(f"the pictures of a sheet have one size; these have {sorted(sizes) or 'none'}")
    height, width = sizes.pop()[:2]
    font = ImageFont.load_default(text)
    line = round(text * _LINE)
    left = _MARGIN + max([0, *(round(_width(each, font)) + gap for each in rows)])
    above = _MARGIN + max([0, *(line * (each.count("\n") + 1) + 4 for each in columns)])
    below = line + 2 if captions else 0
    count = max(len(row) for row in cells)
    tops = tuple(above + i * (height + below + gap) for i in range(len(cells)))
    lefts = tuple(left + j * (width + gap) for j in range(count))
    picture = Image.new("RGB", (lefts[-1] + width + _MARGIN, tops[-1] + height + below + _MARGIN), _WHITE)
    ink = ImageDraw.Draw(picture)
    for start, heading in zip(lefts, columns, strict=False):
        _write(ink, (start, _MARGIN), heading, font, line)
    for i, row in enumerate(cells):
        if rows:
            lines = rows[i].count("\n") + 1
            _write(ink, (_MARGIN, tops[i] + (height - lines * line) // 2), rows[i], font, line)
        for j, cell in enumerate(row):
            if cell is not None:
                picture.paste(Image.fromarray(cell), (lefts[j], tops[i]))
            if captions:
                _write(ink, (lefts[j], tops[i] + height + 2), captions[i][j], font, line)
    return Sheet(np.array(picture), (height, width), tops, lefts)


def stacked(pictures: Sequence[Bytes], gap: int = 12) -> Bytes:
    """Put pictures, (rows, columns, 3) uint8 of any sizes, one under the other on white."""
    width = max(each.shape[1] for each in pictures)
    height = sum(each.shape[0] for each in pictures) + gap * (len(pictures) - 1)
    result = np.full((height, width, 3), 255, np.uint8)
    top = 0
    for each in pictures:
        result[top : top + each.shape[0], : each.shape[1]] = each
        top += each.shape[0] + gap
    return result


def _write(ink: ImageDraw.ImageDraw, place: tuple[int, int], words: str, font: _Font, line: int) -> None:
    for i, each in enumerate(words.split("\n")):
        ink.text((place[0], place[1] + i * line), each, fill=_QUIET if i else _INK, font=font)


def _width(words: str, font: _Font) -> float:
    return max(font.getlength(each) for each in words.split("\n"))
