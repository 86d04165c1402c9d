"""Blocks of tiles: for each channel a square of patches beside a square of projections, and walls of such."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.tiles import Mosaic, mosaic

GROUND = (255, 255, 255)
_HEAD = 14  # room for a label, screen pixels


@dataclass(frozen=True, eq=False)
class Blocks:
    """A wall of blocks, and the way back from a pixel to the tile under it.

    Attributes
    ----------
    array : array, (height, width, 3) uint8
        The picture.
    sides : int
        Squares side by side in each block: 2 for patches beside projections.
    """

    array: Bytes
    sides: int
    _wall: Mosaic
    _square: Mosaic
    _head: int
    _between: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.array.shape[1], self.array.shape[0]

    def locate(self, x: float, y: float) -> tuple[int, int, int] | None:
        """Name what lies under a pixel: block, side and tile, counted from 0; None between tiles.

        On a block's label and its gaps the tile is -1 and the side 0.
        """
        place = self._wall.locate(x, y)
        if place is None:
            return None
        block, row, column = place
        side, inside = divmod(column, self._square.size[0] + self._between)
        found = self._square.locate(inside, row - self._head)
        return (block, 0, -1) if found is None else (block, side, found[0])

    def box(self, block: int) -> tuple[int, int, int, int]:
        """Give a block's pixels as top, left, bottom, right, for `draw_box`."""
        return self._wall.box(block)

    def tile_box(self, block: int, side: int, tile: int) -> tuple[int, int, int, int]:
        """Give a tile's pixels as top, left, bottom, right."""
        top, left, _, _ = self._wall.box(block)
        y0, x0, y1, x1 = self._square.box(tile)
        across, down = left + side * (self._square.size[0] + self._between), top + self._head
        return down + y0, across + x0, down + y1, across + x1


def blocks(
    tiles: Bytes,
    columns: int | None = None,
    *,
    labels: Sequence[str] = (),
    gap: int = 1,
    between: int = 6,
    apart: int = 10,
    width: int | None = None,
) -> Blocks:
    """Compose tiles into blocks, and blocks into a wall.

    Zeiler & Fergus 2014, figure 2, is such a wall.

    Parameters
    ----------
    tiles : array, (blocks, sides, k, rows, columns, 3) uint8
        For each block its squares, for each square its k tiles, of the size on screen.
    columns : int, optional
        Blocks side by side; without it, as many as fit in `width`, or make about 1.6 times as wide as high.
    labels : sequence of str
        What stands above each block; none where empty.
    gap, between, apart : int
        Pixels between tiles, squares and blocks.
    width : int, optional
        Pixels there are. One block may be wider.

    Returns
    -------
    Blocks

    Raises
    ------
    PictureError
        If the tiles have another shape, or the number of labels is wrong.
    """
    if tiles.ndim != 6 or tiles.shape[5] != 3 or tiles.dtype != np.uint8 or tiles.size == 0:
        raise PictureError(
            "tiles must be uint8 of shape (blocks, sides, k, rows, columns, 3), not empty; "
            f"got {tiles.dtype} {tiles.shape}"
        )
    count, sides, k = tiles.shape[:3]
    if labels and len(labels) != count:
        raise PictureError(f"{len(labels)} labels were given for {count} blocks: give one each")
    across = math.ceil(math.sqrt(k))
    squares = [mosaic(each, across, gap, 1, GROUND) for each in tiles.reshape(-1, *tiles.shape[2:])]
    head, square = _HEAD * bool(labels), squares[0]
    span = square.size[0] + between
    whole = np.full((count, head + square.size[1], sides * span - between, 3), GROUND, np.uint8)
    for number, each in enumerate(squares):
        block, side = divmod(number, sides)
        whole[block, head:, side * span : side * span + square.size[0]] = each.array
    if columns is None and width is not None:
        columns = max(1, (width + apart) // (whole.shape[2] + apart))
    wall = mosaic(whole, columns, apart, 1, GROUND)
    picture = _labelled(wall, labels) if labels else wall.array
    return Blocks(picture, sides, wall, square, head, between)


def _labelled(wall: Mosaic, labels: Sequence[str]) -> Bytes:
    image = Image.fromarray(wall.array)
    ink, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for number, text in enumerate(labels):
        left, top = wall.corner(number)
        ink.text((left, top), text, fill=(70, 70, 70), font=font)
    return np.array(image)


def fitted(picture: Bytes, side: int) -> Bytes:
    """Bring a picture to a square tile of `side` pixels, its middle on white where it is not square.

    Small pictures are enlarged by repeating pixels, large ones made smaller by averaging.

    Parameters
    ----------
    picture : array, (rows, columns, 3) uint8
        Left as it is.
    side : int
        Screen pixels.

    Returns
    -------
    array, (side, side, 3) uint8
    """
    rows, columns = picture.shape[:2]
    scale = side / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX
    small = np.asarray(Image.fromarray(np.ascontiguousarray(picture)).resize(size, how))
    tile = np.full((side, side, 3), GROUND, np.uint8)
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    return tile
