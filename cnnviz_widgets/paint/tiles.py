"""Many small maps as one picture, and the way back from a pixel to the map under it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.rgba import GAP

ASPECT = 1.6  # width over height that a notebook's output area shows whole


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Tiles in rows, filled from the left and from the top, with a gap between them.

    Attributes
    ----------
    array : array, (height, width) or (height, width, 3)
        The picture, of the tiles' type.
    count : int
        Number of tiles; the last row may have empty places.
    tile_size : (int, int)
        Rows and columns of one tile before it was enlarged.
    columns : int
        Tiles side by side.
    gap, zoom : int
        Screen pixels between tiles, and per value.
    """

    array: npt.NDArray[Any]
    count: int
    tile_size: tuple[int, int]
    columns: int
    gap: int
    zoom: int

    @property
    def rows(self) -> int:
        """Rows of tiles."""
        return math.ceil(self.count / self.columns)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        return self.array.shape[1], self.array.shape[0]

    def locate(self, x: float, y: float) -> tuple[int, int, int] | None:
        """Name what lies under a pixel.

        Parameters
        ----------
        x, y : float
            Pixels from the left and from the top of the picture.

        Returns
        -------
        (int, int, int) or None
            Tile, row and column in it; None on a gap, on an empty place or outside.
        """
        (width, height), (across, down) = self.size, self._pitch
        if not (0 <= x < width and 0 <= y < height):
            return None
        (place_x, inside_x), (place_y, inside_y) = divmod(int(x), across), divmod(int(y), down)
        row, column, tile = inside_y // self.zoom, inside_x // self.zoom, place_y * self.columns + place_x
        if row >= self.tile_size[0] or column >= self.tile_size[1] or tile >= self.count:
            return None
        return tile, row, column

    def corner(self, tile: int) -> tuple[int, int]:
        """Give x and y of a tile's first pixel.

        Raises
        ------
        PictureError
            When there is no such tile.
        """
        if not 0 <= tile < self.count:
            raise PictureError(f"there is no tile {tile}; tiles go from 0 to {self.count - 1}")
        row, column = divmod(tile, self.columns)
        return column * self._pitch[0], row * self._pitch[1]

    def box(self, tile: int) -> tuple[int, int, int, int]:
        """Give a tile's pixels as top, left, bottom, right, for `draw_box`."""
        left, top = self.corner(tile)
        return top, left, top + self.tile_size[0] * self.zoom, left + self.tile_size[1] * self.zoom

    @property
    def _pitch(self) -> tuple[int, int]:
        return self.tile_size[1] * self.zoom + self.gap, self.tile_size[0] * self.zoom + self.gap


def mosaic(
    tiles: npt.NDArray[Any],
    columns: int | None = None,
    gap: int = 1,
    zoom: int | None = None,
    gap_value: int | tuple[int, int, int] = GAP,
    width: int | None = None,
) -> Mosaic:
    """Compose tiles into one picture, enlarged by repeating pixels.

    Parameters
    ----------
    tiles : array, (N, h, w) or (N, h, w, 3)
        Palette indices, or colours.
    columns : int, optional
        Tiles side by side; without it, as many as make the picture about 1.6 times as wide as high, and fit
        in `width`. For a row per output channel and a slice per input channel: the number of input channels.
    gap : int
        Screen pixels between tiles, however much these are enlarged.
    zoom : int, optional
        Screen pixels per value; without it, the largest that fits in `width`, or 1.
    gap_value : int or (int, int, int)
        What gaps and empty places are filled with.
    width : int, optional
        Screen pixels there are. A picture that does not fit at zoom 1 comes out wider, never less exact.

    Returns
    -------
    Mosaic

    Raises
    ------
    PictureError
        When the tiles have another shape, or a number is not positive.
    """
    _check(tiles, columns, gap, zoom, width)
    count, height, across = tiles.shape[:3]
    columns = min(columns or _columns(count, height, across, gap, zoom or 1, width), count)
    zoom = zoom or (max(1, (width - gap * (columns - 1)) // (columns * across)) if width else 1)
    rows = math.ceil(count / columns)
    down, side, rest = height * zoom, across * zoom, tiles.shape[3:]
    places = np.full((rows * columns, height, across, *rest), gap_value, tiles.dtype)
    places[:count] = tiles
    places = places.reshape(rows, columns, height, across, *rest).swapaxes(1, 2)
    canvas = np.full((rows, down + gap, columns, side + gap, *rest), gap_value, tiles.dtype)
    canvas[:, :down, :, :side] = places.repeat(zoom, axis=1).repeat(zoom, axis=3)
    picture = canvas.reshape(rows * (down + gap), columns * (side + gap), *rest)
    picture = picture[: len(picture) - gap, : picture.shape[1] - gap]
    return Mosaic(np.ascontiguousarray(picture), count, (height, across), columns, gap, zoom)


def _columns(count: int, height: int, across: int, gap: int, zoom: int, width: int | None) -> int:
    down, side = height * zoom + gap, across * zoom + gap
    wanted = max(1, round(math.sqrt(ASPECT * count * down / side)))
    if width:
        wanted = min(wanted, max(1, (width + gap) // side))
    return min(wanted, count)


def _check(
    tiles: npt.NDArray[Any], columns: int | None, gap: int, zoom: int | None, width: int | None
) -> None:
    if tiles.ndim not in (3, 4) or (tiles.ndim == 4 and tiles.shape[3] != 3) or tiles.size == 0:
        raise PictureError(
            f"tiles must be (N, rows, columns) or (N, rows, columns, 3), not empty; got {tiles.shape}"
        )
    for name, value in (("columns", columns), ("zoom", zoom), ("width", width)):
        if value is not None and value < 1:
            raise PictureError(f"{name} must be at least 1; got {value}")
    if gap < 0:
        raise PictureError(f"gap must be at least 0; got {gap}")
