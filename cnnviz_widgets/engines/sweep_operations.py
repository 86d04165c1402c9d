"""The operations of a followed network: each takes windows and gives windows, or whole maps where it must."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from cnnviz_widgets.engines.sweep_graph import stand_in
from cnnviz_widgets.engines.sweep_spans import Span, Whole, union
from cnnviz_widgets.engines.sweep_windows import BaseMap, Windows, rows_first

# Windows that cover more of a map than this are not worth cutting: the whole map is computed.
COVERS_MOST = 0.9

Function = Callable[..., Any]
Spans = tuple[Span, Span]
Values = dict[fx.Node, Any]


class Operation:
    """One step of a network.

    Attributes
    ----------
    inputs : sequence of fx.Node
        Whose results it reads.
    base : BaseMap or None
        What it computes of the unedited picture, where windows of it are of use; None where it does not give
        windows.
    flops : float
        Floating-point operations for one cell of its map, counted where there are many.
    """

    inputs: Sequence[fx.Node]
    base: BaseMap | None = None
    flops: float = 0.0

    def spans(self, spans: Sequence[Spans | None], most: float = COVERS_MOST) -> Spans | None:
        """Work out the windows of the result from those of the inputs; None where it gives whole maps."""
        return None

    def run(self, values: Sequence[Any], spans: Spans | None) -> Any:
        """Compute it for a batch of edits; `spans` is what `spans` gave for the inputs' windows."""
        raise NotImplementedError


@dataclass(eq=False)
class Local(Operation):
    """A step whose cells depend on the same cells of one map: ReLU, batch norm, a number added."""

    inputs: Sequence[fx.Node]
    function: Function
    base: BaseMap

    def spans(self, spans: Sequence[Spans | None], most: float = COVERS_MOST) -> Spans | None:
        """Keep the windows."""
        return spans[0]

    def run(self, values: Sequence[Any], spans: Spans | None) -> Any:
        """Compute the cells."""
        (value,) = values
        if not isinstance(value, Windows):
            return self.function(value)
        return Windows(self.function(value.cells), value.rows, value.columns, self.base)


@dataclass(eq=False)
class Sliding(Operation):
    """A step that slides a kernel over one map: convolution, pooling, padding.

    Attributes
    ----------
    function : callable
        The step without padding, on windows.
    on_whole : callable
        The step as the network does it.
    kernel, stride, before : (int, int)
        Cells read at once, with dilation; cells from step to step; padding at the top and left.
    fill : float
        What is in the padding.
    weigh : BaseMap, optional
        What to multiply each cell of a window with: an average at the edge divides by fewer cells.
    """

    inputs: Sequence[fx.Node]
    function: Function
    on_whole: Function
    kernel: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]
    base: BaseMap
    fill: float = 0.0
    weigh: BaseMap | None = None
    flops: float = 0.0

    def pad(self, given: BaseMap) -> None:
        """Let the map that it reads have the margins that windows at the edge need."""
        margins = []
        for axis, (length, result) in enumerate(
            [(given.height, self.base.height), (given.width, self.base.width)]
        ):
            before = self.before[axis]
            after = (result - 1) * self.stride[axis] + self.kernel[axis] - before - length
            margins += [max(0, before), max(0, after)]
        given.pad(self.fill, (margins[0], margins[1], margins[2], margins[3]))

    def spans(self, spans: Sequence[Spans | None], most: float = COVERS_MOST) -> Spans | None:
        """Widen the windows by what the kernel reads."""
        if spans[0] is None:
            return None
        lengths = self.base.height, self.base.width
        rows, columns = (
            one.slide(*sizes)
            for one, *sizes in zip(spans[0], self.kernel, self.stride, self.before, lengths, strict=True)
        )
        return None if share((rows, columns)) > most else (rows, columns)

    def run(self, values: Sequence[Any], spans: Spans | None) -> Any:
        """Compute the windows, each from what its kernel reads."""
        (value,) = values
        if spans is None or not isinstance(value, Windows):
            return self.on_whole(whole(value))
        rows, columns = spans
        cells = self.function(value.cut(*self._reads(0, rows), *self._reads(1, columns), self.fill))
        if self.weigh is not None:
            cells = cells * self.weigh.cut(rows.start, rows.size, columns.start, columns.size)
        return Windows(cells, rows, columns, self.base)

    def _reads(self, axis: int, made: Span) -> tuple[Whole, int]:
        """Tell what windows of the map given make these of the result: first cells, and how many."""
        first = made.start * self.stride[axis] - self.before[axis]
        return first, (made.size - 1) * self.stride[axis] + self.kernel[axis]


@dataclass(eq=False)
class Joined(Operation):
    """A step whose cells depend on the same cells of several maps: a residual sum, a concatenation."""

    inputs: Sequence[fx.Node]
    function: Function
    base: BaseMap

    def spans(self, spans: Sequence[Spans | None], most: float = COVERS_MOST) -> Spans | None:
        """Take the windows that hold all."""
        known = [each for each in spans if each is not None]
        if len(known) < len(spans):
            return None
        rows, columns = (union(list(each)) for each in zip(*known, strict=True))
        return None if share((rows, columns)) > most else (rows, columns)

    def run(self, values: Sequence[Any], spans: Spans | None) -> Any:
        """Bring all to the same windows, and join them."""
        if spans is None:
            return self.function(*map(whole, values))
        return Windows(self.function(*(each.within(*spans) for each in values)), *spans, self.base)


@dataclass(eq=False)
class Mean(Operation):
    """The mean over a map: that of the unedited picture, and what the windows change of it.

    Attributes
    ----------
    function : callable
        The mean as the network takes it.
    given : BaseMap
        The map it is taken of.
    result : Tensor, (1, ...)
        The mean for the unedited picture.
    """

    inputs: Sequence[fx.Node]
    function: Function
    given: BaseMap
    result: Tensor

    def run(self, values: Sequence[Any], spans: Spans | None) -> Any:
        """Take the mean."""
        (value,) = values
        if not isinstance(value, Windows):
            return self.function(value)
        before = self.given.cut(value.rows.start, value.rows.size, value.columns.start, value.columns.size)
        change = rows_first(value.cells - before, self.given.axes).sum((1, 2))
        change = change / (self.given.height * self.given.width)
        return self.result + change.reshape(len(change), *self.result.shape[1:])


@dataclass(eq=False)
class Split(Operation):
    """A step that gives several maps, each of some channels of one."""

    inputs: Sequence[fx.Node]
    function: Function
    bases: Sequence[BaseMap]

    def spans(self, spans: Sequence[Spans | None], most: float = COVERS_MOST) -> Spans | None:
        """Keep the windows."""
        return spans[0]

    def run(self, values: Sequence[Any], spans: Spans | None) -> Any:
        """Give the parts."""
        (value,) = values
        if not isinstance(value, Windows):
            return self.function(value)
        parts = self.function(value.cells)
        return tuple(
            Windows(part, value.rows, value.columns, base)
            for part, base in zip(parts, self.bases, strict=True)
        )


@dataclass(eq=False)
class Part(Operation):
    """One of the maps that a `Split` gave."""

    inputs: Sequence[fx.Node]
    number: int
    base: BaseMap | None

    def spans(self, spans: Sequence[Spans | None], most: float = COVERS_MOST) -> Spans | None:
        """Keep the windows."""
        return spans[0]

    def run(self, values: Sequence[Any], spans: Spans | None) -> Any:
        """Take it."""
        return values[0][self.number]


@dataclass(eq=False)
class Plain(Operation):
    """Any other step: it sees whole maps.

    Attributes
    ----------
    asks_shape : bool
        It reads nothing but the shape, so that maps need not be made for it.
    """

    inputs: Sequence[fx.Node]
    function: Function
    asks_shape: bool = False

    def run(self, values: Sequence[Any], spans: Spans | None) -> Any:
        """Compute it as the network does."""
        if self.asks_shape:
            return self.function(*map(_shape_of, values))
        return self.function(*map(whole, values))


def whole(value: Any) -> Any:
    """Give whole maps, where there are windows."""
    if isinstance(value, tuple):
        return tuple(whole(each) for each in value)
    return value.whole() if isinstance(value, Windows) else value


def _shape_of(value: Any) -> Any:
    if not isinstance(value, Windows):
        return value
    return stand_in((len(value.cells), *value.base.shape[1:]), value.cells)


def share(spans: Spans | None) -> float:
    """Tell which share of a map the windows cover."""
    if spans is None:
        return 1.0
    rows, columns = spans
    return rows.size * columns.size / (rows.length * columns.length)


def channels_last(value: Tensor) -> Tensor:
    """Lay maps (B, C, rows, columns) out with the channels last; others stay as they are."""
    return value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else value
