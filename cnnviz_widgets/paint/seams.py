"""A grid of pictures with the distances between neighbours drawn into the gaps."""

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.tiles import Mosaic, mosaic

Doubles = npt.NDArray[np.float64]

NEAR, FAR = (255, 255, 255), (208, 28, 0)  # like the paper; and like no picture's shadow
SEAM = 4  # pixels


def seamed_grid(tiles: Bytes, cells: npt.NDArray[np.int64], right: Doubles, down: Doubles) -> Mosaic:
    """Compose pictures in the cells of a grid; the redder a seam, the farther apart its two neighbours are.

    Parameters
    ----------
    tiles : array, (points, side, side, 3) uint8
        The pictures.
    cells : array, (rows, columns) int
        Which picture is where; -1 for none.
    right : array, (rows, columns - 1)
        Distance between each cell and that at its right, 0 or more; NaN where one is empty.
    down : array, (rows - 1, columns)
        The same for the cell below.

    Returns
    -------
    Mosaic
        Its tiles are the cells, row by row; ``array`` is (height, width, 3) uint8.

    Raises
    ------
    PictureError
        If the shapes do not fit.
    """
    rows, columns = cells.shape
    if right.shape != (rows, columns - 1) or down.shape != (rows - 1, columns):
        raise PictureError(
            f"a grid of {rows} x {columns} cells has seams {(rows, columns - 1)} and {(rows - 1, columns)}; "
            f"got {right.shape} and {down.shape}"
        )
    shown = tiles[np.maximum(cells.ravel(), 0)]
    shown[cells.ravel() < 0] = 255
    grid = mosaic(shown, columns, SEAM, 1, (255, 255, 255))
    low, high = seam_limits(right, down)
    picture, side = grid.array.copy(), tiles.shape[1]
    pitch = side + SEAM
    colors = [_seam_colors(each, low, high) for each in (right, down)]
    for row, column in np.argwhere(np.isfinite(right)):
        x, y = column * pitch + side, row * pitch
        picture[y : y + side, x : x + SEAM] = colors[0][row, column]
    for row, column in np.argwhere(np.isfinite(down)):
        x, y = column * pitch, row * pitch + side
        picture[y : y + SEAM, x : x + side] = colors[1][row, column]
    return Mosaic(picture, grid.count, grid.tile_size, grid.columns, grid.gap, grid.zoom)


def seam_limits(right: Doubles, down: Doubles) -> tuple[float, float]:
    """Give the distances that are white and red: the 5th and the 95th percentile of all seams."""
    known = np.concatenate([right.ravel(), down.ravel()])
    known = known[np.isfinite(known)]
    if not len(known):
        return 0.0, 1.0
    low, high = np.percentile(known, [5, 95]).tolist()
    return low, high


def _seam_colors(distances: Doubles, low: float, high: float) -> Bytes:
    share = np.clip((np.nan_to_num(distances) - low) / (high - low or 1), 0, 1)[..., None]
    return np.rint(share * np.array(FAR) + (1 - share) * np.array(NEAR)).astype(np.uint8)
