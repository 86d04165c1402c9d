"""How each kind of operation works on windows: from a call to an `Operation`, or None where it cannot."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, fx

from cnnviz_widgets.engines.sweep_calls import CHANNELWISE, POINTWISE, Called
from cnnviz_widgets.engines.sweep_operations import Joined, Operation, channels_last
from cnnviz_widgets.engines.sweep_rearranging import REARRANGING
from cnnviz_widgets.engines.sweep_sliding import SLIDING, keep, local
from cnnviz_widgets.engines.sweep_windows import BaseMap

Maps = Mapping[fx.Node, Any]
_RULES: dict[str, Callable[..., Operation | None]] = SLIDING | REARRANGING
_CHANNELS_FIRST = (2, 3)


def rule(call: Called, value: Any, maps: Maps) -> Operation | None:
    """Find how a call works on windows.

    Parameters
    ----------
    call : Called
        Its arguments hold nodes for what depends on the picture, and values for all else.
    value : Any
        What it gives for the unedited picture.
    maps : mapping of fx.Node to BaseMap or tuple of BaseMap
        Of the nodes that give windows.
    """
    if not call.name or not call.args:
        return None
    if call.name == "cat":
        return _cat(call, value, maps, *call.args, **call.kwargs)
    if call.name in ("add", "sub", "mul", "div"):
        return _arithmetic(call, value, maps)
    given = call.args[0]
    if not isinstance(given, fx.Node) or given not in maps:
        return None
    rest = (*call.args[1:], *call.kwargs.values())
    # A reshape's sizes may have been read from the picture; its result for the unedited picture has them.
    if call.name != "reshape" and any(isinstance(each, fx.Node) for each in rest):
        return None
    if call.name in POINTWISE or call.name in CHANNELWISE:
        return _pointwise(call, value, given, maps[given])
    found = _RULES.get(call.name)
    return None if found is None else found(call, value, given, maps[given], *call.args[1:], **call.kwargs)


def _pointwise(call: Called, value: Any, given: fx.Node, base: Any) -> Operation | None:
    if not isinstance(base, BaseMap):
        return None
    if call.name in CHANNELWISE and (base.axes != _CHANNELS_FIRST or len(base.shape) != 4):
        return None
    if call.name in ("dropout", "stochastic_depth"):
        return local(value, given, base, lambda cells: cells)  # traced in evaluation mode
    if call.name in POINTWISE and any(isinstance(each, Tensor) for each in call.args[1:]):
        return None
    if call.name == "channel_shuffle":
        whole = keep(call)
        return local(value, given, base, lambda cells: channels_last(whole(cells)))
    return local(value, given, base, keep(call))


def _arithmetic(call: Called, value: Any, maps: Maps) -> Operation | None:
    if len(call.args) != 2 or call.kwargs or not isinstance(value, Tensor):
        return None
    nodes = [each for each in call.args if isinstance(each, fx.Node)]
    bases = [maps.get(each) for each in nodes]
    if not nodes or not all(isinstance(each, BaseMap) for each in bases):
        return None
    first = bases[0]
    assert isinstance(first, BaseMap)
    if len(nodes) == 2:
        alike = {(each.axes, each.height, each.width, len(each.shape)) for each in bases if each is not None}
        if len(alike) > 1:
            return None
        if nodes[0] is nodes[1]:
            return local(value, nodes[0], first, lambda cells: call.function(cells, cells))
        return Joined(nodes, call.function, BaseMap(value, first.axes))
    left = isinstance(call.args[0], fx.Node)
    other = call.args[1 if left else 0]
    if isinstance(other, Tensor) and not _spreads(other, first):
        return None

    def with_number(cells: Tensor) -> Tensor:
        return call.function(cells, other) if left else call.function(other, cells)

    return local(value, nodes[0], first, with_number) if value.shape == first.shape else None


def _spreads(other: Tensor, base: BaseMap) -> bool:
    """Tell whether a constant has one value for all rows and columns of a map."""
    short = len(base.shape) - other.dim()
    return short >= 0 and all(axis < short or other.shape[axis - short] == 1 for axis in base.axes)


def _cat(call: Called, value: Any, maps: Maps, tensors: Any, dim: int = 0) -> Operation | None:
    if not isinstance(tensors, (tuple, list)) or not all(isinstance(each, fx.Node) for each in tensors):
        return None
    bases = [maps.get(each) for each in tensors]
    if not bases or not all(isinstance(each, BaseMap) for each in bases):
        return None
    if len({(each.axes, each.height, each.width) for each in bases if each is not None}) > 1:
        return None
    axes = bases[0].axes  # type: ignore[union-attr]
    if dim % value.dim() in (0, *axes):
        return None
    order = list(dict.fromkeys(tensors))
    places = [order.index(each) for each in tensors]

    def join(*cells: Tensor) -> Tensor:
        return torch.cat([cells[place] for place in places], dim)

    return Joined(order, join, BaseMap(value, axes))
