"""What a node of the graph calls: torch's functions, methods and modules under one name each.

Nothing here works in place: maps of the unedited picture are kept, and nobody may write into them.
"""

import copy
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import fx, nn

from cnnviz_widgets.engines.sweep_graph import is_plain


class CannotFollow(Exception):
    """A network does something that the sweep cannot follow; the text says what."""


class Called(NamedTuple):
    """A call: what it is known as ("" if it is not known), the callable, and its arguments."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


# Of these, a cell of the result depends on the same cell of the map, whatever the arrangement.
POINTWISE = frozenset(
    """
    relu relu6 leaky_relu elu selu celu gelu silu mish hardswish hardsigmoid hardtanh sigmoid tanh softplus
    softsign logsigmoid tanhshrink softshrink hardshrink threshold clamp clip abs neg exp sqrt square pow
    contiguous clone detach identity dropout dropout2d feature_dropout alpha_dropout stochastic_depth
    """.split()
)
# Of these, where the channels come right after the batch.
CHANNELWISE = frozenset("batch_norm local_response_norm prelu channel_shuffle".split())
ASKS_SHAPE = frozenset("size dim shape ndim device dtype".split())
_OTHERS = """
    add sub mul div truediv cat concat conv2d max_pool2d avg_pool2d adaptive_avg_pool2d mean pad linear
    layer_norm view reshape unflatten permute transpose unsqueeze chunk split getitem
""".split()
_IN_PLACE = {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "truediv"}
_SAME = {"concat": "cat", "truediv": "div", "clip": "clamp", "view": "reshape", "unflatten": "reshape"}
_SAME |= {"feature_dropout": "dropout", "dropout2d": "dropout", "alpha_dropout": "dropout"}
_ACTIVATIONS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish),
    *(
        nn.Hardsigmoid,
        nn.Hardtanh,
        nn.Sigmoid,
        nn.Tanh,
        nn.Softplus,
        nn.Softsign,
        nn.LogSigmoid,
        nn.Tanhshrink,
    ),
    *(nn.Softshrink, nn.Hardshrink, nn.Threshold, nn.Identity, nn.Dropout, nn.Dropout2d, nn.AlphaDropout),
)


def _known_functions() -> dict[Any, str]:
    found: dict[Any, str] = {}
    for name in [*POINTWISE, *CHANNELWISE, *_OTHERS]:
        for home in (F, torch, operator):
            for spelled in (name, f"{name}_"):
                if hasattr(home, spelled):
                    found[getattr(home, spelled)] = _SAME.get(name, name)
    return found


_FUNCTIONS = _known_functions()


def called(node: fx.Node, network: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Called:
    """Say what a node calls, with these arguments.

    Raises
    ------
    CannotFollow
        If it writes into a map.
    """
    if node.op == "call_module":
        return _module(network.get_submodule(str(node.target)), args, kwargs)
    if isinstance(node.target, str):
        name = _not_in_place(node.target)
        method = Called("", lambda first, *more, **named: getattr(first, name)(*more, **named), args, kwargs)
        known = name in POINTWISE or name in _OTHERS or name in ASKS_SHAPE
        return method._replace(name=_SAME.get(name, name) if known else "")
    return _function(node.target, args, kwargs)


def _function(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Called:
    name = getattr(target, "__name__", "")
    if name in _IN_PLACE and target is getattr(operator, name):
        target = getattr(operator, _IN_PLACE[name])
    elif target is operator.setitem or kwargs.get("out") is not None:
        raise CannotFollow("it writes into maps")
    elif name.endswith("_") and not name.startswith("_"):
        homes = [home for home in (F, torch) if getattr(home, name, None) is target]
        twin = getattr(homes[0], name.rstrip("_"), None) if homes else None
        if twin is None:
            raise CannotFollow(f"{name} writes into maps")
        target = twin
    if target is getattr:
        return Called(args[1] if args[1] in ASKS_SHAPE else "", target, args, kwargs)
    if name == "stochastic_depth":
        return Called(name, target, args, kwargs)
    kwargs = {key: value for key, value in kwargs.items() if key != "inplace"}
    return Called(_FUNCTIONS.get(target, ""), target, args, kwargs)


def _not_in_place(method: str) -> str:
    if method.startswith("__"):
        if method in ("__setitem__", "__iadd__", "__imul__", "__isub__", "__itruediv__"):
            raise CannotFollow("it writes into maps")
        return method
    name = method.rstrip("_")
    if not hasattr(torch.Tensor, name):
        raise CannotFollow(f"{method} writes into maps")
    return name


def _module(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Called:
    """Say which function a module of torch's is; others are called as they are."""
    if getattr(module, "inplace", False):
        module = copy.copy(module)
        module.inplace = False  # type: ignore[assignment]
    kind, alone = type(module), len(args) == 1 and not kwargs and is_plain(module)
    as_it_is = Called("", module, args, kwargs)
    if not alone:
        return as_it_is
    if kind is nn.ReLU:
        return Called("relu", torch.relu, args, kwargs)
    if kind in _ACTIVATIONS:
        return as_it_is._replace(name="identity")
    if kind in (nn.LocalResponseNorm, nn.PReLU, nn.ChannelShuffle):
        return as_it_is._replace(name="channel_shuffle")
    if isinstance(module, nn.BatchNorm2d) and kind is nn.BatchNorm2d and module.running_mean is not None:
        statistics = (
            module.running_mean,
            module.running_var,
            module.weight,
            module.bias,
            False,
            0.0,
            module.eps,
        )
        return Called("batch_norm", F.batch_norm, (*args, *statistics), {})
    if isinstance(module, nn.Conv2d) and kind is nn.Conv2d and module.padding_mode == "zeros":
        sizes = (module.stride, module.padding, module.dilation, module.groups)
        return Called("conv2d", F.conv2d, (*args, module.weight, module.bias, *sizes), {})
    return _pooling(module, args) or _matrix(module, args) or as_it_is


def _pooling(module: nn.Module, args: tuple[Any, ...]) -> Called | None:
    kind = type(module)
    if isinstance(module, nn.MaxPool2d) and kind is nn.MaxPool2d and not module.return_indices:
        sizes = (module.kernel_size, module.stride, module.padding, module.dilation, module.ceil_mode)
        return Called("max_pool2d", F.max_pool2d, (*args, *sizes), {})
    if isinstance(module, nn.AvgPool2d) and kind is nn.AvgPool2d:
        given = (*args, module.kernel_size, module.stride, module.padding)
        how = (module.ceil_mode, module.count_include_pad, module.divisor_override)
        return Called("avg_pool2d", F.avg_pool2d, (*given, *how), {})
    if isinstance(module, nn.AdaptiveAvgPool2d) and kind is nn.AdaptiveAvgPool2d:
        return Called("adaptive_avg_pool2d", F.adaptive_avg_pool2d, (*args, module.output_size), {})
    if isinstance(module, (nn.ZeroPad2d, nn.ConstantPad2d)) and kind in (nn.ZeroPad2d, nn.ConstantPad2d):
        return Called("pad", F.pad, (*args, module.padding, "constant", module.value), {})
    return None


def _matrix(module: nn.Module, args: tuple[Any, ...]) -> Called | None:
    kind = type(module)
    if isinstance(module, nn.Linear) and kind is nn.Linear:
        return Called("linear", F.linear, (*args, module.weight, module.bias), {})
    if isinstance(module, nn.LayerNorm) and kind is nn.LayerNorm:
        sizes = (module.normalized_shape, module.weight, module.bias, module.eps)
        return Called("layer_norm", F.layer_norm, (*args, *sizes), {})
    return None
