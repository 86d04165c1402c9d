"""Operations that slide a kernel over a map: what they read, and how they work on windows."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx

from cnnviz_widgets.engines.sweep_calls import Called
from cnnviz_widgets.engines.sweep_operations import Local, Mean, Operation, Sliding
from cnnviz_widgets.engines.sweep_windows import Axes, BaseMap

_CHANNELS_FIRST = (2, 3)


def keep(call: Called) -> Callable[[Tensor], Any]:
    """Make the call a function of what depends on the picture alone."""
    args, kwargs = call.args[1:], call.kwargs
    return lambda cells: call.function(cells, *args, **kwargs)


def local(
    value: Any, given: fx.Node, base: Any, function: Callable[[Tensor], Any], axes: Axes | None = None
) -> Local | None:
    """Make a step whose cells depend on the same cells, if its map has the same rows and columns."""
    if not isinstance(base, BaseMap):
        return None
    axes = axes or base.axes
    if not isinstance(value, Tensor) or value.dim() <= max(axes) or len(value) != 1:
        return None
    if (value.shape[axes[0]], value.shape[axes[1]]) != (base.height, base.width):
        return None
    return Local([given], function, BaseMap(value, axes))


def _pair(value: Any) -> tuple[int, int]:
    return (int(value), int(value)) if isinstance(value, int) else (int(value[0]), int(value[-1]))


def _slides(base: Any, value: Any) -> bool:
    return (
        isinstance(base, BaseMap)
        and base.axes == _CHANNELS_FIRST
        and len(base.shape) == 4
        and isinstance(value, Tensor)
        and value.dim() == 4
    )


def _conv2d(
    call: Called, value: Tensor, given: fx.Node, base: Any, *arguments: Any, **named: Any
) -> Operation | None:
    return Convolution(call, value, given, *arguments, **named) if _slides(base, value) else None


class Convolution(Sliding):
    """A convolution; a batch norm that follows goes into its weights.

    Parameters
    ----------
    call : Called
        The call.
    value : Tensor
        What it gives for the unedited picture.
    given : fx.Node
        What it reads.
    weight, bias, stride, padding, dilation, groups : Any
        As `torch.nn.functional.conv2d` takes them.
    """

    def __init__(
        self,
        call: Called,
        value: Tensor,
        given: fx.Node,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> None:
        stride, dilation = _pair(stride), _pair(dilation)
        rows, columns = (d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True))
        if padding == "same":  # where it does not divide, the end gets more
            padding = (rows - 1) // 2, (columns - 1) // 2
        super().__init__(
            [given],
            lambda cells: F.conv2d(cells, weight, bias, stride, 0, dilation, groups),
            keep(call),
            (rows, columns),
            stride,
            (0, 0) if padding == "valid" else _pair(padding),
            BaseMap(value, _CHANNELS_FIRST),
            flops=2.0 * weight.numel(),
        )
        self.call, self.weight, self.bias = call, weight, bias

    def with_batch_norm(self, norm: Called, value: Tensor) -> "Convolution":
        """Give the convolution and the batch norm after it as one; `value` is what it gives."""
        mean, variance, scale, shift, _, _, eps = norm.args[1:]
        factor = (variance + eps).rsqrt()
        if scale is not None:
            factor = factor * scale
        bias = -mean * factor if self.bias is None else (self.bias - mean) * factor
        if shift is not None:
            bias = bias + shift
        weight = self.weight * factor[:, None, None, None]
        sizes = {key: each for key, each in self.call.kwargs.items() if key not in ("weight", "bias")}
        call = self.call._replace(args=(self.call.args[0], weight, bias, *self.call.args[3:]), kwargs=sizes)
        return Convolution(call, value, self.inputs[0], weight, bias, *call.args[3:], **sizes)


def _max_pool2d(
    call: Called,
    value: Tensor,
    given: fx.Node,
    base: BaseMap,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Operation | None:
    if not _slides(base, value) or return_indices:
        return None
    size, dilation = _pair(kernel_size), _pair(dilation)
    step = size if stride is None or stride == [] else _pair(stride)
    kernel = dilation[0] * (size[0] - 1) + 1, dilation[1] * (size[1] - 1) + 1
    return Sliding(
        [given],
        lambda cells: F.max_pool2d(cells, size, step, 0, dilation),
        keep(call),
        kernel,
        step,
        _pair(padding),
        BaseMap(value, _CHANNELS_FIRST),
        fill=-torch.inf,
    )


def _avg_pool2d(
    call: Called, value: Tensor, given: fx.Node, base: BaseMap, kernel_size: Any, *how: Any, **more: Any
) -> Operation | None:
    if not _slides(base, value):
        return None
    stride = how[0] if how else more.get("stride")
    padding = how[1] if len(how) > 1 else more.get("padding", 0)
    size = _pair(kernel_size)
    step = size if stride is None or stride == [] else _pair(stride)
    # At an edge the network may divide by fewer cells: what it makes of ones tells by how many.
    ones = torch.ones(1, 1, base.height, base.width, dtype=value.dtype, device=value.device)
    sums = F.avg_pool2d(ones, size, step, padding, *_ceil(how, more), divisor_override=1)
    shares = call.function(ones, *call.args[1:], **call.kwargs) / sums
    return Sliding(
        [given],
        lambda cells: F.avg_pool2d(cells, size, step, divisor_override=1),
        keep(call),
        size,
        step,
        _pair(padding),
        BaseMap(value, _CHANNELS_FIRST),
        weigh=BaseMap(shares, _CHANNELS_FIRST),
    )


def _ceil(how: tuple[Any, ...], more: Mapping[str, Any]) -> tuple[bool]:
    return (how[2] if len(how) > 2 else more.get("ceil_mode", False),)


def _adaptive_avg_pool2d(
    call: Called, value: Tensor, given: fx.Node, base: BaseMap, output_size: Any
) -> Operation | None:
    if not _slides(base, value):
        return None
    rows, columns = value.shape[2:]
    if (rows, columns) == (base.height, base.width):
        return local(value, given, base, lambda cells: cells)
    if (rows, columns) == (1, 1):
        return Mean([given], keep(call), base, value)
    if base.height % rows or base.width % columns:
        return None
    size = base.height // rows, base.width // columns
    return Sliding(
        [given],
        lambda cells: F.avg_pool2d(cells, size),
        keep(call),
        size,
        size,
        (0, 0),
        BaseMap(value, _CHANNELS_FIRST),
    )


def _mean(
    call: Called, value: Tensor, given: fx.Node, base: BaseMap, dim: Any = None, *more: Any, **named: Any
) -> Operation | None:
    if not isinstance(base, BaseMap) or not isinstance(dim, (tuple, list)) or named.get("dtype") is not None:
        return None
    if {each % len(base.shape) for each in dim} != set(base.axes):
        return None
    return Mean([given], keep(call), base, value)


def _pad(
    call: Called,
    value: Tensor,
    given: fx.Node,
    base: BaseMap,
    pad: Any,
    mode: str = "constant",
    fill: float | None = None,
    **named: Any,
) -> Operation | None:
    if not _slides(base, value) or mode != "constant" or len(pad) != 4 or min(pad) < 0:
        return None
    return Sliding(
        [given],
        lambda cells: cells,
        keep(call),
        (1, 1),
        (1, 1),
        (pad[2], pad[0]),
        BaseMap(value, _CHANNELS_FIRST),
        fill=float(named.get("value") or fill or 0.0),
    )


SLIDING: dict[str, Callable[..., Operation | None]] = {
    "conv2d": _conv2d,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "adaptive_avg_pool2d": _adaptive_avg_pool2d,
    "mean": _mean,
    "pad": _pad,
}
