"""Following a forward pass: every call of a module or function, named, in the order of the data.

Module hooks see the modules; a `TorchFunctionMode` sees the functions between them (``F.relu``,
``torch.cat``, ``x + y``), whatever Python runs: no graph capture, so loops and branches are fine.
What cannot be seen: what happens inside compiled code (TorchScript, torch.compile).
"""

from collections import Counter
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

# Functions worth a name of their own; the rest (view, permute, mul, ...) only carries data along.
LISTED_FUNCTIONS = frozenset(
    """
    relu relu6 leaky_relu elu gelu silu mish hardtanh hardswish hardsigmoid sigmoid tanh softplus
    softmax log_softmax conv1d conv2d conv3d conv_transpose2d linear
    batch_norm layer_norm group_norm instance_norm local_response_norm
    max_pool2d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d interpolate flatten cat add mean
    scaled_dot_product_attention
    """.split()
)
_CONTAINERS = (nn.Module, nn.Sequential, nn.ModuleList, nn.ModuleDict)


class Call(NamedTuple):
    """The how-manieth call of a module, or of a function inside a module, in one forward pass."""

    module: str
    function: str | None
    turn: int


class StopPass(BaseException):
    """Ends a forward pass early; not an `Exception`, so that a network's own ``except`` lets it through.

    Parameters
    ----------
    asker : object
        Who stopped the pass, and so who must catch this: records may be nested.
    """

    def __init__(self, asker: object) -> None:
        super().__init__("this pass ends here")
        self.asker = asker


def is_opaque(module: nn.Module) -> bool:
    """Tell a building block of torch (its inside is its own business) from the caller's own composition."""
    return any(
        c.__module__.startswith("torch.nn.modules") and c not in _CONTAINERS for c in type(module).__mro__
    )


class Tracer(TorchFunctionMode):
    """Watches one network inside a ``with``; no hook outlives it.

    Parameters
    ----------
    network : nn.Module
        The network to watch. It is not changed but for hooks while the ``with`` lasts.
    on_call : callable
        Gets ``(call, kind, result)`` after each call that returned a tensor; what it returns, if not None,
        goes on through the network in place of the result.
    on_function : callable, optional
        Gets ``(name, args, kwargs, result)`` of every torch function, listed or not.
    on_start : callable, optional
        Called when a pass begins.
    only : collection of Call, optional
        The calls that are of interest: what cannot be one of them is not watched, which saves milliseconds
        in a network of many modules.
    """

    def __init__(
        self,
        network: nn.Module,
        on_call: Callable[[Call, str, Tensor], Tensor | None],
        on_function: Callable[[str, tuple, dict, Any], None] | None = None,
        on_start: Callable[[], None] | None = None,
        only: Collection[Call] | None = None,
    ) -> None:
        super().__init__()
        self._only = only
        self._functions = only is None or any(each.function for each in only)
        self._network, self._on_call = network, on_call
        self._on_function, self._on_start = on_function, on_start
        self._names = {module: name for name, module in network.named_modules()}
        self._opaque = {module for module in self._names if is_opaque(module)} if self._functions else set()
        self._handles: list[RemovableHandle] = []
        self._open: list[nn.Module] = []
        self._counts: Counter[tuple[str, str | None]] = Counter()

    def __enter__(self) -> "Tracer":
        try:
            for module, name in self._names.items():
                if module is self._network or self._matters(name):
                    self._handles.append(module.register_forward_pre_hook(self._before_module))
                    self._handles.append(module.register_forward_hook(self._after_module))
            if self._functions:
                super().__enter__()
        except BaseException:
            self._remove_hooks()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._functions:
                super().__exit__(kind, error, trace)
        finally:
            self._remove_hooks()

    def _matters(self, name: str) -> bool:
        """Tell whether a module's calls are wanted, or it lies in one whose functions are.

        The functions of a module inside would otherwise be taken for the outer one's.
        """
        if self._only is None:
            return True
        inside = (each.module + "." * bool(each.module) for each in self._only if each.function)
        return any(each.module == name for each in self._only) or name.startswith(tuple(inside))

    def _remove_hooks(self) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _before_module(self, module: nn.Module, args: tuple) -> None:
        if module is self._network:  # a new pass, perhaps after one that broke off
            self._open.clear()
            self._counts.clear()
            if self._on_start is not None:
                self._on_start()
        self._open.append(module)

    def _after_module(self, module: nn.Module, args: tuple, output: Any) -> Any:
        while self._open and self._open.pop() is not module:
            pass  # a call inside broke off and was caught by the network itself
        if module is self._network:
            return None
        # attention and recurrent modules return (result, extras)
        nested = isinstance(output, (tuple, list)) and len(output) > 0 and isinstance(output[0], Tensor)
        result = output[0] if nested else output
        if not isinstance(result, Tensor):
            return None
        replaced = self._report(self._names[module], None, type(module).__name__, result)
        if replaced is None or not nested:
            return replaced
        rest = [replaced, *output[1:]]
        return type(output)(*rest) if hasattr(output, "_fields") else type(output)(rest)

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        name = name if name.startswith("__") else name.rstrip("_")
        if self._on_function is not None:
            self._on_function(name, args, kwargs, result)
        if name not in LISTED_FUNCTIONS or not self._open or self._open[-1] in self._opaque:
            return result
        if not isinstance(result, Tensor) or (name == "add" and not _adds_maps(args)):
            return result
        replaced = self._report(self._names[self._open[-1]], name, name, result)
        return result if replaced is None else replaced

    def _report(self, module: str, function: str | None, kind: str, result: Tensor) -> Tensor | None:
        turn = self._counts[module, function]
        self._counts[module, function] += 1
        return self._on_call(Call(module, function, turn), kind, result)


def _adds_maps(args: tuple) -> bool:
    # a residual sum has a name of its own; x + 1 and x + position_embedding have none
    if len(args) < 2 or not isinstance(args[0], Tensor) or not isinstance(args[1], Tensor):
        return False
    return args[0].shape[1:] == args[1].shape[1:] and not any(
        isinstance(each, nn.Parameter) for each in args[:2]
    )
