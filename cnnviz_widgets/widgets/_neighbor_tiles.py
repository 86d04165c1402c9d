"""The pictures of NeighborBrowser: the query, and a row of its neighbours in each space."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cnnviz_widgets.paint import resize_nearest, rgb_png
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._surface import Surface

SAME, OTHER, UNKNOWN = (0, 130, 100), (213, 94, 0), (150, 150, 150)  # frames; told apart by every eye
_INK, _PAPER = (30, 30, 30), (255, 255, 255)
_GAP, _FRAME, _MARK, _TEXT = 8, 4, 20, 13  # screen pixels
_LINE = _TEXT + 4
_IN_A_ROW = 6


@dataclass(frozen=True)
class Tile:
    """A neighbour: its picture, two lines of text, and whether it has the query's class (None: unknown)."""

    picture: Bytes
    title: str
    detail: str
    same: bool | None


class TileRow:
    """Neighbours side by side, nearest first, each in the colour and with the mark of its class.

    Parameters
    ----------
    on_click : callable
        Called with the place of the neighbour that was clicked, counted from 0.
    """

    width = 540  # screen pixels

    def __init__(self, on_click: Callable[[int], None]) -> None:
        self.surface = Surface(on_click=lambda x, y: self._tell(x, y, on_click))
        self._corners: list[tuple[int, int]] = []
        self._side = 1

    def draw(self, tiles: Sequence[Tile], message: str = "") -> None:
        """Paint the neighbours, or say in a sentence why there are none."""
        self._corners, self._side = _placed(len(tiles))
        height = max([y for _, y in self._corners], default=0) + _outer(self._side) + 2 * _LINE + 2
        sheet = Image.new("RGB", (self.width, height if tiles else 4 * _LINE), _PAPER)
        ink, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT)
        if not tiles:
            ink.text((8, _LINE), message, fill=_INK, font=font)
        for tile, corner in zip(tiles, self._corners, strict=True):
            _paint(sheet, ink, font, tile, corner, self._side)
        self.surface.show(rgb_png(np.asarray(sheet)), "png", sheet.size)

    def place_at(self, x: float, y: float) -> int | None:
        """Name the neighbour under a pixel; None between them."""
        outer = _outer(self._side)
        for place, (left, top) in enumerate(self._corners):
            if left <= x < left + outer and top <= y < top + outer + 2 * _LINE:
                return place
        return None

    def _tell(self, x: float, y: float, on_click: Callable[[int], None]) -> None:
        place = self.place_at(x, y)
        if place is not None:
            on_click(place)


def fitted(picture: Bytes, side: int) -> Bytes:
    """Make a picture as large as fits in a square, on white; a small one by a whole factor."""
    rows, columns = picture.shape[:2]
    longest = max(rows, columns)
    if 2 * longest <= side:
        zoom = side // longest
        shown = resize_nearest(picture, rows * zoom, columns * zoom)
    else:
        size = (max(1, round(columns * side / longest)), max(1, round(rows * side / longest)))
        shown = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
    paper = np.full((side, side, 3), _PAPER, np.uint8)
    top, left = (side - shown.shape[0]) // 2, (side - shown.shape[1]) // 2
    paper[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    return paper


def _outer(side: int) -> int:
    return side + 2 * _FRAME


def _placed(count: int) -> tuple[list[tuple[int, int]], int]:
    """Give each tile's corner (x, y), and the side of its picture."""
    rows = max(1, math.ceil(count / _IN_A_ROW))
    columns = max(4, math.ceil(count / rows))  # few neighbours do not become giants
    side = (TileRow.width + _GAP) // columns - _GAP - 2 * _FRAME
    across, down = _outer(side) + _GAP, _outer(side) + 2 * _LINE + _GAP
    return [(i % columns * across, i // columns * down) for i in range(count)], side


def _paint(
    sheet: Image.Image,
    ink: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    tile: Tile,
    corner: tuple[int, int],
    side: int,
) -> None:
    (left, top), outer = corner, _outer(side)
    color = UNKNOWN if tile.same is None else SAME if tile.same else OTHER
    ink.rectangle((left, top, left + outer - 1, top + outer - 1), fill=color)
    sheet.paste(Image.fromarray(fitted(tile.picture, side)), (left + _FRAME, top + _FRAME))
    if tile.same is not None:
        _mark(ink, tile.same, left, top, color)
    for line, text in enumerate((tile.title, tile.detail)):
        ink.text((left, top + outer + 2 + line * _LINE), _cut(text, font, outer), fill=_INK, font=font)


def _mark(ink: ImageDraw.ImageDraw, same: bool, x: int, y: int, color: tuple[int, int, int]) -> None:
    """Draw a tick or a cross on a plate: colour alone does not tell everybody."""
    ink.rectangle((x, y, x + _MARK, y + _MARK), fill=color)
    lines = [((5, 10), (9, 15), (16, 5))] if same else [((5, 5), (15, 15)), ((5, 15), (15, 5))]
    for line in lines:
        ink.line([(x + dx, y + dy) for dx, dy in line], fill=_PAPER, width=3, joint="curve")


def _cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "...") > room:
        text = text[:-1]
    return text.rstrip() + "..."
