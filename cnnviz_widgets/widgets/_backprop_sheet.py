"""How BackpropStepper lays matrices out: in rows, as equations are written, and around their big matrix."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from cnnviz_widgets.methods.backprop import Matrix, Place
from cnnviz_widgets.paint.number_grids import Edge, Label, NumberGrid, font, paint_grids
from cnnviz_widgets.paint.rgba import Bytes

Cell = tuple[str, int, int]  # matrix, row, column
Places = Mapping[str, Set[Place]]

WIDTH = 564  # of a sheet of equations, screen pixels
_LARGEST, _SMALLEST = 38, 22  # sides of a cell
_OPERATOR, _HEAD, _TITLE, _BELOW = 30, 24, 20, 14
_TAG_SIZE = 14
_BIG, _GAP = 20, 8  # side of a cell of a big matrix, and the gap to its vectors


@dataclass(frozen=True)
class Links:
    """What is framed: the cell that is pointed at, and all that have to do with it.

    Attributes
    ----------
    chosen, linked : mapping of str to set of (row, column)
        By the names of the matrices.
    """

    chosen: Places = field(default_factory=dict)
    linked: Places = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Part:
    """A matrix in a row: its name for the pointer, its title, its numbers; NaN is a cell without one."""

    name: str
    title: str
    values: Matrix
    quiet: Set[Place] = frozenset()
    notes: Mapping[Place, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Sheet:
    """One canvas: what stands on it."""

    grids: tuple[NumberGrid, ...]
    size: tuple[int, int]
    labels: tuple[Label, ...] = ()
    edges: tuple[Edge, ...] = ()

    def paint(self) -> Bytes:
        """Paint it, (height, width, 3) uint8."""
        return paint_grids(self.grids, self.size, self.labels, self.edges)


Row = tuple[str, tuple[Part | str, ...]]  # its heading, and matrices with the signs between them


def in_rows(rows: Sequence[Row], links: Links, width: int = WIDTH) -> Sheet:
    """Lay rows of matrices out one under the other, all cells of one size."""
    cell = min(_largest_cell(parts, width) for _, parts in rows)
    grids, labels, top = [], [], 0
    for heading, parts in rows:
        labels.append(Label(2, top + _HEAD // 2, heading, _TAG_SIZE))
        top += _HEAD + _TITLE
        tallest = max(len(part.values) for part in parts if isinstance(part, Part)) * cell
        left = 2
        for part in parts:
            if isinstance(part, str):  # "" is only a gap
                labels.append(Label(left + _OPERATOR // 2, top + tallest // 2, part, 18, anchor="mm"))
                left += _OPERATOR
                continue
            down = top + (tallest - len(part.values) * cell) // 2
            grids.append(as_grid(part, left, down, cell, links))
            left += _width(part, cell) + 4
        top += tallest + _BELOW
    headings = max(round(font(_TAG_SIZE).getlength(heading)) for heading, _ in rows) + 8
    needed = max(headings, *(grid.left + max(grid.width, _title_width(grid)) for grid in grids)) + 4
    return Sheet(
        tuple(grids), (min(needed, max(width, grids[-1].left + grids[-1].width)), top), tuple(labels)
    )


def as_grid(
    part: Part, left: int, top: int, cell: int, links: Links, limit: float | None = None
) -> NumberGrid:
    """Place a matrix on the sheet, with the frames that are its own."""
    chosen, linked = (each.get(part.name, frozenset()) for each in (links.chosen, links.linked))
    return NumberGrid(
        part.name,
        part.values,
        left,
        top,
        cell,
        limit or limit_of(part.values),
        part.title,
        chosen,
        linked,
        bool(chosen or linked),
        part.quiet,
        part.notes if cell >= 26 else {},
    )


def around(
    matrix: Part, above: Part, right: Part, heading: str, links: Links, room: tuple[int, int]
) -> Sheet:
    """Draw a big matrix, the vector that goes in above its columns, and what comes out beside its rows."""
    rows, columns = matrix.values.shape
    down = _HEAD + _TITLE
    cell = min(_BIG, (room[0] - _GAP - 4) // (columns + 1), (room[1] - down - _TITLE - 8) // (rows + 1))
    cell = max(9, cell)
    top = down + cell + _TITLE + 4
    grids = (
        as_grid(above, 2, down, cell, links),
        as_grid(matrix, 2, top, cell, links),
        as_grid(right, 2 + columns * cell + _GAP, top, cell, links),
    )
    width = max(
        2 + (columns + 1) * cell + _GAP + 2,
        round(font(_TAG_SIZE).getlength(heading)) + 6,
        2 + columns * cell + _GAP + _title_width(right),
    )
    return Sheet(grids, (width, top + rows * cell + 2), (Label(2, _HEAD // 2, heading, _TAG_SIZE),))


def limit_of(values: Matrix) -> float:
    """Give the largest absolute number, which gets the last colour; 1 where all are zero."""
    known = np.abs(values[np.isfinite(values)])
    return float(known.max()) if known.size and known.max() > 0 else 1.0


def _largest_cell(parts: tuple[Part | str, ...], width: int) -> int:
    for cell in range(_LARGEST, _SMALLEST, -1):
        if 2 + sum(_OPERATOR if isinstance(part, str) else _width(part, cell) + 4 for part in parts) <= width:
            return cell
    return _SMALLEST


def _width(part: Part, cell: int) -> int:
    return max(part.values.shape[1] * cell, _title_width(part))


def _title_width(part: Part | NumberGrid) -> int:
    return round(font(13).getlength(part.title)) + 2
