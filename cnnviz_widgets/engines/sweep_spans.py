"""Window arithmetic along one axis of a map: which cells an edit can reach, and which are computed.

Worked out for a batch of edits at once. All windows of a batch have one size, so that they make one tensor;
at the map's edge a window is shifted inward, where it holds cells that keep their old value.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Span:
    """Windows of one batch along one axis.

    Attributes
    ----------
    low, high : array, (B,) int64
        The cells each edit can reach, from low to before high.
    start : array, (B,) int64
        The first cell of each window; it holds what the edit can reach.
    size : int
        Cells in a window.
    length : int
        Cells in the map.
    """

    low: Whole
    high: Whole
    start: Whole
    size: int
    length: int

    @property
    def reach(self) -> Whole:
        """How many cells each edit can reach."""
        return self.high - self.low

    def slide(self, kernel: int, stride: int, before: int, length: int) -> "Span":
        """Give the span after an operation that slides a kernel over the padded map.

        Parameters
        ----------
        kernel : int
            Cells from the first to the last that one step reads, with dilation.
        stride, before : int
            Cells from one step to the next; cells of padding in front.
        length : int
            Steps, the cells of the result.
        """
        # Step o reads the cells o*stride - before to o*stride - before + kernel - 1.
        low = -((kernel - 1 - before - self.low) // stride)
        high = (self.high - 1 + before) // stride + 1
        return span(low, np.where(self.reach > 0, high, low), length)

    def same(self, other: "Span") -> bool:
        """Tell whether the windows are the same cells."""
        return self.size == other.size and bool((self.start == other.start).all())


def span(low: Whole, high: Whole, length: int) -> Span:
    """Cut reaches at the map's edges, and lay windows of one size over them."""
    low = low.clip(0, length)
    high = high.clip(low, length)
    size = max(1, int((high - low).max()))
    return Span(low, high, low.clip(0, length - size), size, length)


def union(spans: list[Span]) -> Span:
    """Give the windows that hold all of these, which lie on maps of one size."""
    if len({id(each) for each in spans}) == 1:
        return spans[0]
    # What reaches nothing must not widen the union.
    low = np.min([np.where(each.reach > 0, each.low, each.length) for each in spans], axis=0)
    high = np.max([np.where(each.reach > 0, each.high, 0) for each in spans], axis=0)
    return span(low, high, spans[0].length)
