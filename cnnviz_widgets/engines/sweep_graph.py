"""A network's computation as a graph of operations, found by torch.fx; and which node is which layer."""

import operator
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx, nn

from cnnviz_widgets.backend.tracing import LISTED_FUNCTIONS, Call, is_opaque

# torch.fx changes nn.Module itself while it follows a network; two that do so at once would leave it changed.
_FOLLOWING = threading.Lock()
_OPERATORS: dict[Any, str] = {operator.add: "add", operator.iadd: "add"}


class Graph:
    """A network's operations in order, and the calls they are.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode.

    Raises
    ------
    Exception
        Of any kind, if torch.fx cannot follow the network (a branch that depends on the picture, say).
    """

    def __init__(self, network: nn.Module) -> None:
        tracer = _Tracer()
        self.root = _OnPicture(network)
        with _FOLLOWING, _unchanged(network):
            self.nodes: list[fx.Node] = list(tracer.trace(self.root).nodes)
        self.picture = next(node for node in self.nodes if node.op == "placeholder")
        self._owners, self._results = tracer.owners, tracer.results

    def node_of(self, call: Call, values: Callable[[fx.Node], Any]) -> fx.Node | None:
        """Find the node that computes a layer; `values` gives a node's result for the unedited picture."""
        if call.function is None:
            return self._results.get((call.module, call.turn))
        turn = 0
        for node in self.nodes:
            if self._owners.get(node) == call.module and _name(node) == call.function:
                if call.function == "add" and not _adds_maps(node, values):
                    continue
                if turn == call.turn:
                    return node
                turn += 1
        return None


@contextmanager
def _unchanged(network: nn.Module) -> Iterator[None]:
    """Give modules back what they keep of a pass (a counter, a map), since this pass has no numbers."""
    kept = [(module, dict(module.__dict__)) for module in network.modules()]
    try:
        yield
    finally:
        for module, attributes in kept:
            module.__dict__.clear()
            module.__dict__.update(attributes)


class _OnPicture(nn.Module):
    """Calls a network with a picture, so that its other arguments have their defaults."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Any:
        return self.network(x)


class _Tracer(fx.Tracer):
    """Follows a network down to torch's own modules, and notes who called what."""

    def __init__(self) -> None:
        super().__init__()
        self.owners: dict[fx.Node, str] = {}
        self.results: dict[tuple[str, int], fx.Node] = {}
        self.opaque: set[str] = set()
        self._open = [""]
        self._turns: Counter[str] = Counter()
        self._thread = threading.get_ident()

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if threading.get_ident() != self._thread:  # another widget's network, that happens to run now
            return forward(*args, **kwargs)
        path = self.path_of_module(m).removeprefix("network").removeprefix(".")
        self._open.append(path)
        if is_opaque(m):  # the backend lists no functions inside
            self.opaque.add(path)
        try:
            result = super().call_module(m, forward, args, kwargs)
        finally:
            self._open.pop()
        first = result[0] if isinstance(result, (tuple, list)) and result else result
        if isinstance(first, fx.Proxy):
            self.results[path, self._turns[path]] = first.node
        self._turns[path] += 1
        return result

    def create_node(self, kind: str, *args: Any, **kwargs: Any) -> fx.Node:
        node = super().create_node(kind, *args, **kwargs)
        if kind in ("call_function", "call_method") and self._open[-1] not in self.opaque:
            self.owners[node] = self._open[-1]
        return node


def _name(node: fx.Node) -> str:
    """Name a function or method as the backend's layers do."""
    if node.target in _OPERATORS:
        return _OPERATORS[node.target]
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    name = name.rstrip("_")
    return name if name in LISTED_FUNCTIONS else ""


def _adds_maps(node: fx.Node, values: Callable[[fx.Node], Any]) -> bool:
    terms: list[Any] = [values(each) if isinstance(each, fx.Node) else each for each in node.args[:2]]
    return (
        len(terms) == 2
        and all(isinstance(each, Tensor) and not isinstance(each, nn.Parameter) for each in terms)
        and terms[0].shape[1:] == terms[1].shape[1:]
    )


def attribute(network: nn.Module, path: str) -> Any:
    """Follow a dotted path from the network to one of its tensors."""
    value: Any = network
    for name in path.split("."):
        value = getattr(value, name)
    return value


def is_plain(module: nn.Module) -> bool:
    """Tell whether a module does what its class does: no hook of the caller's changes it."""
    return not (module._forward_hooks or module._forward_pre_hooks)


def stand_in(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Make a tensor that has a shape and takes no memory, to ask for its shape."""
    return torch.empty((), dtype=like.dtype, device=like.device).expand(shape)
