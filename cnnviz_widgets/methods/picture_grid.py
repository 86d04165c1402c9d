"""A map of pictures without gaps or overlaps: every point gets a cell of a grid of its own."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.errors import InputError

Doubles = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MOST = 2500  # points: the assignment's time grows with the cube of their number


@dataclass(frozen=True, eq=False)
class PictureGrid:
    """Points in the cells of a grid, one in each.

    Attributes
    ----------
    cells : array, (rows, columns) int64
        Which point lies in each cell, counted from 0; -1 in the cells that are left over.
    moved : float
        How far the points had to move to their cells: the root of the mean square, in cells.
    """

    cells: Whole
    moved: float

    def seams(self, codes: npt.ArrayLike) -> tuple[Doubles, Doubles]:
        """Measure how far neighbours on the grid are in the space that the map was made from.

        A large distance is a seam: the map has put side by side what does not belong together.

        Parameters
        ----------
        codes : array, (points, units)
            The points in their own space.

        Returns
        -------
        right : array, (rows, columns - 1) float64
            Euclidean distance between each cell's code and that of the cell at its right; NaN where one of
            them is empty.
        down : array, (rows - 1, columns) float64
            The same for the cell below.
        """
        codes = np.asarray(codes)
        if len(codes) != (self.cells >= 0).sum():
            raise InputError(f"there are {len(codes)} codes for {(self.cells >= 0).sum()} points of the grid")
        return (
            _apart(codes, self.cells[:, :-1], self.cells[:, 1:]),
            _apart(codes, self.cells[:-1], self.cells[1:]),
        )


def picture_grid(positions: npt.ArrayLike, columns: int | None = None) -> PictureGrid:
    """Move points to the cells of a grid so that the squares of all ways have the smallest possible sum.

    The linear assignment problem (Kuhn 1955), solved exactly by `scipy.optimize.linear_sum_assignment`
    (Crouse 2016). The map is stretched to the grid's size first.

    Parameters
    ----------
    positions : array, (points, 2) of finite numbers
        Places in the plane: x to the right, y up.
    columns : int, optional
        Cells in a row; without it the grid is about square.

    Returns
    -------
    PictureGrid
        Row 0 is at the top.

    Raises
    ------
    InputError
        If there is no point, or more than 2500, or a number is not finite.

    Notes
    -----
    Cost: up to the cube of the number of points: 0.2 seconds for 1000, some seconds for 2500.
    """
    from scipy.optimize import linear_sum_assignment

    points = np.asarray(positions, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise InputError(f"positions are finite numbers, (points, 2); got {points.shape}")
    if not 1 <= len(points) <= MOST:
        raise InputError(f"a grid holds 1 to {MOST} pictures; got {len(points)}: arrange some of them")
    if columns is not None and columns < 1:
        raise InputError(f"a grid has 1 column or more; got {columns}")
    columns = math.ceil(math.sqrt(len(points))) if columns is None else min(columns, len(points))
    rows = math.ceil(len(points) / columns)
    wanted = _stretched(points, rows, columns)
    row, column = np.divmod(np.arange(rows * columns), columns)
    squares = (wanted[:, :1] - column) ** 2 + (wanted[:, 1:] - row) ** 2
    point, cell = linear_sum_assignment(squares)
    cells = np.full(rows * columns, -1, np.int64)
    cells[cell] = point
    return PictureGrid(cells.reshape(rows, columns), float(np.sqrt(squares[point, cell].mean())))


def _stretched(points: Doubles, rows: int, columns: int) -> Doubles:
    """Give each point's column and row as fractions: the outermost points lie in the outermost cells."""
    low, high = points.min(axis=0), points.max(axis=0)
    share = (points - low) / np.where(high > low, high - low, 1)
    share[:, high == low] = 0.5
    return np.column_stack([share[:, 0] * (columns - 1), (1 - share[:, 1]) * (rows - 1)])


def _apart(codes: npt.NDArray[np.generic], one: Whole, other: Whole) -> Doubles:
    result = np.full(one.shape, np.nan)
    there = (one >= 0) & (other >= 0)
    first, second = (codes[each[there]].astype(np.float64) for each in (one, other))
    result[there] = np.sqrt(((first - second) ** 2).sum(axis=1))
    return result
