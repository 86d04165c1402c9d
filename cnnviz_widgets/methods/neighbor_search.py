"""Nearest neighbours among codes: found by brute force, measured without cancellation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from cnnviz_widgets.errors import InputError

Floats = npt.NDArray[np.float32]
Measure = Literal["l2", "cosine"]

_AT_ONCE = 128  # queries
_ROUNDING = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest points of each query, nearest first; of equally far ones the first in the gallery.

    Attributes
    ----------
    indices : array, (queries, k) int64
        Places in the gallery, counted from 0; -1 where there is none.
    distances : array, (queries, k) float64
        In the unit of the codes (L2) or 0 to 2 (cosine); NaN where there is none.
    """

    indices: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]

    def __getitem__(self, query: int) -> "Nearest":
        """Keep the neighbours of one query, (1, k)."""
        return Nearest(self.indices[[query]], self.distances[[query]])

    def first(self, k: int) -> "Nearest":
        """Keep the k nearest."""
        return Nearest(self.indices[:, :k], self.distances[:, :k])


class NeighborSearch:
    """Finds the nearest of many codes, by brute force.

    A matrix product in float32 gives |x|^2 - 2 xy + |y|^2: fast, but it cancels where points are close. All
    that could be among the nearest but for its rounding are measured again, in float64 from the differences,
    so that the order is right and equal codes are at distance 0.

    Parameters
    ----------
    codes : array, (pictures, units) float32
        The gallery. A code with a number that is not finite is nobody's neighbour.
    measure : "l2" or "cosine"
        The length of the difference, or 1 - cos of the angle at the origin: the length of a code does not
        count then, and a code of zeros, which has no direction, is nobody's neighbour.

    Raises
    ------
    InputError
        If there is no code, or no such measure.
    """

    def __init__(self, codes: Floats, measure: Measure = "l2") -> None:
        if measure not in get_args(Measure):
            raise InputError(f"distances are measured by 'l2' or 'cosine'; got {measure!r}")
        if codes.ndim != 2 or not codes.size:
            raise InputError(f"codes are an array (pictures, units), not empty; got {codes.shape}")
        self.measure: Measure = measure
        self._size = len(codes)
        codes, usable = _prepared(codes, measure)
        self._numbers = np.flatnonzero(usable)
        self._codes = codes if usable.all() else codes[usable]
        self._squares = np.einsum("ij,ij->i", self._codes, self._codes, dtype=np.float64)

    @property
    def not_finite(self) -> int:
        """How many codes of the gallery are nobody's neighbour."""
        return self._size - len(self._numbers)

    def nearest(self, queries: Floats, k: int, leave_out: npt.ArrayLike | None = None) -> Nearest:
        """Find each query's k nearest; see `steps`."""
        parts = list(self.steps(queries, k, leave_out))
        return Nearest(
            np.concatenate([each.indices for each in parts]),
            np.concatenate([each.distances for each in parts]),
        )

    def steps(self, queries: Floats, k: int, leave_out: npt.ArrayLike | None = None) -> Iterator[Nearest]:
        """Find each query's k nearest, some queries at a time.

        Parameters
        ----------
        queries : array, (queries, units) float32
            A query that is not finite has no neighbours.
        k : int
            How many.
        leave_out : array, (queries,) int, optional
            For each query the gallery's picture that does not count: itself.

        Yields
        ------
        Nearest
            Of the next queries.

        Raises
        ------
        InputError
            If the gallery has fewer than k pictures besides the query, or codes of another length.

        Notes
        -----
        Cost: queries x pictures x units multiplications.
        """
        self._check(queries, k, leave_out is not None)
        queries, usable = _prepared(queries, self.measure)
        itself = np.full(len(queries), -1) if leave_out is None else np.asarray(leave_out)
        for start in range(0, len(queries), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            yield self._part(queries[part], usable[part], k, itself[part])

    def _part(
        self, queries: Floats, usable: npt.NDArray[np.bool_], k: int, itself: npt.NDArray[Any]
    ) -> Nearest:
        found = Nearest(np.full((len(queries), k), -1, np.int64), np.full((len(queries), k), np.nan))
        if not len(self._codes):
            return found
        squares = np.einsum("ij,ij->i", queries, queries, dtype=np.float64)
        about = squares[:, None] - 2.0 * (queries @ self._codes.T) + self._squares
        about[self._numbers == itself[:, None]] = np.inf
        doubt = _ROUNDING * np.sqrt(queries.shape[1]) * (squares + self._squares.max())
        last = np.partition(about, min(k, about.shape[1]) - 1, axis=1)[:, min(k, about.shape[1]) - 1]
        for row in np.flatnonzero(usable):
            near = np.flatnonzero((about[row] <= last[row] + 2 * doubt[row]) & np.isfinite(about[row]))
            far = cdist(queries[row : row + 1], self._codes[near])[0]
            order = np.lexsort((near, far))[:k]
            found.indices[row, : len(order)] = self._numbers[near[order]]
            found.distances[row, : len(order)] = far[order] if self.measure == "l2" else far[order] ** 2 / 2
        return found

    def _check(self, queries: Floats, k: int, without_itself: bool) -> None:
        most = self._size - without_itself
        if not 1 <= k <= most:
            besides = " besides the query" if without_itself else ""
            raise InputError(
                f"{k} neighbours were asked for, and the gallery has {most} pictures{besides}: "
                f"k goes from 1 to {most}"
            )
        if queries.ndim != 2 or queries.shape[1] != self._codes.shape[1]:
            raise InputError(
                f"the gallery's codes have {self._codes.shape[1]} numbers each; got queries {queries.shape}"
            )


def _prepared(codes: Floats, measure: Measure) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Give the points to compare by L2, and which of them are points."""
    codes = np.asarray(codes, np.float32)
    usable = np.asarray(np.isfinite(codes).all(axis=1))
    if measure == "l2":
        return codes, usable
    # of unit vectors, half the squared distance is 1 - cos
    with np.errstate(invalid="ignore", over="ignore"):
        length = np.sqrt(np.einsum("ij,ij->i", codes, codes, dtype=np.float64))
        usable = usable & (length > 0)
        units = np.divide(codes, np.where(usable, length, 1)[:, None], dtype=np.float32)
    return units, usable
