"""Operations that work along the channels of each cell, or only move data: reshape, permute, split."""

import math
from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, fx

from cnnviz_widgets.engines.sweep_calls import Called
from cnnviz_widgets.engines.sweep_operations import Operation, Part, Sliding, Split, channels_last
from cnnviz_widgets.engines.sweep_sliding import keep, local
from cnnviz_widgets.engines.sweep_windows import BaseMap


def _linear(
    call: Called, value: Tensor, given: fx.Node, base: Any, weight: Tensor, bias: Tensor | None = None
) -> Operation | None:
    if not isinstance(base, BaseMap) or len(base.shape) - 1 in base.axes:
        return None
    found = local(value, given, base, lambda cells: F.linear(cells, weight, bias))
    if found is not None:
        found.flops = 2.0 * weight.shape[1] * value.numel() / (base.height * base.width)
    return found


def _layer_norm(
    call: Called, value: Tensor, given: fx.Node, base: Any, normalized_shape: Any, *more: Any, **named: Any
) -> Operation | None:
    if not isinstance(base, BaseMap):
        return None
    first = len(base.shape) - len(normalized_shape)
    return local(value, given, base, keep(call)) if max(base.axes) < first else None


def _reshape(call: Called, value: Any, given: fx.Node, base: Any, *to: Any, **named: Any) -> Operation | None:
    """Regroup the channels; rows and columns must stay the last two axes."""
    if not isinstance(base, BaseMap) or not isinstance(value, Tensor) or value.dim() < 3:
        return None
    last = (len(base.shape) - 2, len(base.shape) - 1)
    if base.axes != last or math.prod(value.shape[:-2]) != math.prod(base.shape[:-2]):
        return None
    middle = value.shape[1:-2]

    def regroup(cells: Tensor) -> Tensor:
        return channels_last(cells.reshape(len(cells), *middle, *cells.shape[-2:]))

    return local(value, given, base, regroup, (value.dim() - 2, value.dim() - 1))


def _permute(
    call: Called, value: Tensor, given: fx.Node, base: Any, *dims: Any, **named: Any
) -> Operation | None:
    if not isinstance(base, BaseMap) or named:
        return None
    several = dims[0] if isinstance(dims[0], (tuple, list)) else dims
    return _reordered(call, value, given, base, [each % len(base.shape) for each in several])


def _transpose(call: Called, value: Tensor, given: fx.Node, base: Any, a: int, b: int) -> Operation | None:
    if not isinstance(base, BaseMap):
        return None
    order = list(range(len(base.shape)))
    order[a], order[b] = order[b], order[a]
    return _reordered(call, value, given, base, order)


def _reordered(
    call: Called, value: Tensor, given: fx.Node, base: BaseMap, order: list[int]
) -> Operation | None:
    if order[0] != 0:
        return None
    axes = order.index(base.axes[0]), order.index(base.axes[1])
    return local(value, given, base, keep(call), axes)


def _unsqueeze(call: Called, value: Tensor, given: fx.Node, base: Any, dim: int) -> Operation | None:
    if not isinstance(base, BaseMap) or dim % value.dim() == 0:
        return None
    dim %= value.dim()
    axes = base.axes[0] + (dim <= base.axes[0]), base.axes[1] + (dim <= base.axes[1])
    return local(value, given, base, keep(call), axes)


def _split(call: Called, value: Any, given: fx.Node, base: Any, sizes: Any, dim: int = 0) -> Operation | None:
    if not isinstance(base, BaseMap) or dim % len(base.shape) in (0, *base.axes):
        return None
    return Split([given], keep(call), [BaseMap(part, base.axes) for part in value])


def _getitem(call: Called, value: Any, given: fx.Node, base: Any, which: Any) -> Operation | None:
    """Take one of several maps, some of the channels, or every n-th row and column."""
    if isinstance(base, tuple):
        return Part([given], which, base[which]) if isinstance(which, int) else None
    if not isinstance(which, tuple) or not all(isinstance(each, (int, slice)) for each in which):
        return None
    which = (*which, *[slice(None)] * (len(base.shape) - len(which)))
    if which[0] != slice(None) or len(which) != len(base.shape):
        return None
    steps = [which[axis] for axis in base.axes]
    axes = tuple(axis - sum(isinstance(each, int) for each in which[:axis]) for axis in base.axes)
    if all(each == slice(None) for each in steps):
        return local(value, given, base, keep(call), (axes[0], axes[1]))
    whole_steps = all(
        isinstance(each, slice) and each.start in (None, 0) and each.stop is None for each in steps
    )
    if not whole_steps or any((each.step or 1) < 1 for each in steps):
        return None
    stride = steps[0].step or 1, steps[1].step or 1
    made = BaseMap(value, (axes[0], axes[1]))
    return Sliding([given], keep(call), keep(call), (1, 1), stride, (0, 0), made)


REARRANGING: dict[str, Callable[..., Operation | None]] = {
    "linear": _linear,
    "layer_norm": _layer_norm,
    "reshape": _reshape,
    "permute": _permute,
    "transpose": _transpose,
    "unsqueeze": _unsqueeze,
    "chunk": _split,
    "split": _split,
    "getitem": _getitem,
}
