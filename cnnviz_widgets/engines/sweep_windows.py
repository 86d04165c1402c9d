"""Windows of a map: cut from the unedited picture's map, with the edited cells pasted in.

Maps lie in memory with the channels last, so that a row of a window is one run of numbers.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz_widgets.engines.sweep_spans import Span, Whole

Axes = tuple[int, int]


class BaseMap:
    """What an operation computes of the unedited picture, ready to cut windows from.

    Parameters
    ----------
    value : Tensor, (1, ...)
        The map.
    axes : (int, int)
        Where its rows and columns are.
    """

    def __init__(self, value: Tensor, axes: Axes) -> None:
        self.axes = axes
        self.shape = value.shape
        self.height, self.width = value.shape[axes[0]], value.shape[axes[1]]
        self._value: Tensor | None = value
        self._margins: dict[float, tuple[int, int, int, int]] = {}
        self._stores: dict[float, tuple[Tensor, int, int]] = {}

    @property
    def value(self) -> Tensor:
        """The map, (1, ...)."""
        assert self._value is not None, "this map was not to be looked at again"
        return self._value

    def forget(self) -> None:
        """Let the map go: no operation cuts windows from it."""
        self._value = None

    def pad(self, fill: float, margins: tuple[int, int, int, int]) -> None:
        """Say that windows will reach over the edges: top, bottom, left, right, filled with `fill`."""
        old = self._margins.get(fill, (0, 0, 0, 0))
        self._margins[fill] = (
            max(old[0], margins[0]),
            max(old[1], margins[1]),
            max(old[2], margins[2]),
            max(old[3], margins[3]),
        )

    def _store(self, fill: float) -> tuple[Tensor, int, int]:
        """Give the padded map, (rows, columns, everything else), and its margins at the top and left."""
        if fill not in self._stores:
            top, bottom, left, right = self._margins.get(fill, (0, 0, 0, 0))
            flat = rows_first(self.value, self.axes)[0].flatten(2)
            self._stores[fill] = (
                F.pad(flat, (0, 0, left, right, top, bottom), value=fill).contiguous(),
                top,
                left,
            )
        return self._stores[fill]

    def cut(self, tops: Whole, height: int, lefts: Whole, width: int, fill: float = 0.0) -> Tensor:
        """Copy one window for each edit; `tops` and `lefts` may be negative, down to the margins.

        Returns
        -------
        Tensor
            Arranged as the map is, with the windows' rows and columns.
        """
        store, top, left = self._store(fill)
        rows, columns, rest = store.shape
        # Every window there is, without copying: then those wanted are picked.
        every = store.as_strided(
            (rows - height + 1, columns - width + 1, height, width * rest),
            (columns * rest, rest, columns * rest, 1),
        )
        windows = every[_index(tops + top, store), _index(lefts + left, store)]
        shape = [n for axis, n in enumerate(self.shape) if axis not in (0, *self.axes)]
        return rows_back(windows.reshape(len(tops), height, width, *shape), self.axes)


@dataclass(eq=False)
class Windows:
    """The edited cells of a map, for a batch of edits.

    Attributes
    ----------
    cells : Tensor, (B, ...)
        Arranged as the map is, with the windows' rows and columns.
    rows, columns : Span
        Where they lie.
    base : BaseMap
        The map of the unedited picture.
    """

    cells: Tensor
    rows: Span
    columns: Span
    base: BaseMap
    _whole: Tensor | None = field(default=None, repr=False)

    def cut(self, tops: Whole, height: int, lefts: Whole, width: int, fill: float = 0.0) -> Tensor:
        """Give other windows of the edited maps: see `BaseMap.cut`. It may be `cells` itself."""
        if (
            (height, width) == (self.rows.size, self.columns.size)
            and (tops == self.rows.start).all()
            and (lefts == self.columns.start).all()
        ):
            return self.cells
        windows = self.base.cut(tops, height, lefts, width, fill)
        paste(windows, self.cells, self.rows.start - tops, self.columns.start - lefts, self.base.axes)
        return windows

    def within(self, rows: Span, columns: Span) -> Tensor:
        """Give the windows at these spans."""
        return self.cut(rows.start, rows.size, columns.start, columns.size)

    def whole(self) -> Tensor:
        """Give the edited maps in full, (B, ...)."""
        if self._whole is None:
            self._whole = self.widen(self.base.value, self.cells, self.base.axes)
        return self._whole

    def widen(self, base: Tensor, cells: Tensor, axes: Axes) -> Tensor:
        """Lay cells, perhaps of some channels only, over as many copies of the base."""
        flat = rows_first(base, axes)
        copies = rows_back(flat.repeat(len(cells), *[1] * (flat.dim() - 1)), axes)
        paste(copies, cells, self.rows.start, self.columns.start, axes)
        return copies


def paste(
    target: Tensor, cells: Tensor, down: Whole, across: Whole, axes: Axes, mask: Tensor | None = None
) -> None:
    """Write each edit's cells into its target, as far as they overlap.

    Parameters
    ----------
    target, cells : Tensor, (B, ...)
        Arranged alike.
    down, across : array, (B,)
        Where the cells' first row and column come to lie in the target; may be negative.
    axes : (int, int)
        Where rows and columns are.
    mask : Tensor, (B, rows, columns) bool, optional
        Which cells to write.
    """
    target, cells = rows_first(target, axes), rows_first(cells, axes)
    # Neighbours in the batch mostly have the same place: each run of them is one copy.
    new = np.flatnonzero((np.diff(down) != 0) | (np.diff(across) != 0)) + 1
    for first, end in zip([0, *new.tolist()], [*new.tolist(), len(down)], strict=True):
        there, here = zip(
            _overlap(int(down[first]), target.shape[1], cells.shape[1]),
            _overlap(int(across[first]), target.shape[2], cells.shape[2]),
            strict=True,
        )
        place = target[first:end, there[0], there[1]]
        source = cells[first:end, here[0], here[1]]
        if mask is None:
            place.copy_(source)
        else:
            place.copy_(torch.where(mask[first:end, here[0], here[1], None], source, place))


def _overlap(offset: int, target: int, source: int) -> tuple[slice, slice]:
    """Cut one axis to where both are: slices of the target and of the source."""
    low, high = max(0, offset), max(0, min(target, offset + source))
    return slice(low, max(low, high)), slice(low - offset, max(low, high) - offset)


def rows_first(value: Tensor, axes: Axes) -> Tensor:
    """Move rows and columns right behind the batch, without copying."""
    return value.movedim(axes, (1, 2))


def rows_back(value: Tensor, axes: Axes) -> Tensor:
    """Move rows and columns back to where the map has them, without copying."""
    return value.movedim((1, 2), axes)


def _index(numbers: Whole, like: Tensor) -> Tensor:
    return torch.from_numpy(numbers).to(like.device)
