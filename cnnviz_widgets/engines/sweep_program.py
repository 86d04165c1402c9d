"""A followed network, prepared for one picture: its operations, each with what it needs of that picture."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, fx

from cnnviz_widgets.engines.sweep_calls import ASKS_SHAPE, Called, called
from cnnviz_widgets.engines.sweep_graph import Graph, attribute
from cnnviz_widgets.engines.sweep_operations import (
    Joined,
    Local,
    Operation,
    Part,
    Plain,
    Sliding,
    Spans,
    Split,
    share,
)
from cnnviz_widgets.engines.sweep_rules import rule
from cnnviz_widgets.engines.sweep_sliding import Convolution
from cnnviz_widgets.engines.sweep_windows import BaseMap, Windows

_RELUS = ("relu",)


class Program:
    """Runs a batch of edits through a network's operations.

    Parameters
    ----------
    graph : Graph
        The network, followed.
    x : Tensor, (1, C, H, W)
        The unedited picture.

    Raises
    ------
    CannotFollow
        If the network writes into maps.
    """

    def __init__(self, graph: Graph, x: Tensor) -> None:
        self.graph = graph
        self.base = BaseMap(x, (2, 3))
        self.values: dict[fx.Node, Any] = {}
        self._maps: dict[fx.Node, Any] = {graph.picture: self.base}
        self._calls: dict[fx.Node, Called] = {}
        self._operations: dict[fx.Node, Operation] = {}
        depends = {graph.picture}
        for node in graph.nodes:
            if node.op == "output":
                break
            if depends.intersection(node.all_input_nodes):
                depends.add(node)
                self._add(node, depends)
            else:
                self.values[node] = x if node is graph.picture else self._constant(node)
        self.answer = graph.nodes[-1].args[0]

    def _constant(self, node: fx.Node) -> Any:
        if node.op == "get_attr":
            return attribute(self.graph.root, str(node.target))
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), self.values.__getitem__)
        call = called(node, self.graph.root, args, kwargs)
        return call.function(*call.args, **call.kwargs)

    def _add(self, node: fx.Node, depends: set[fx.Node]) -> None:
        """Compute a node for the unedited picture, and find how it works on windows."""

        def known(each: fx.Node) -> Any:
            return each if each in depends else self.values[each]

        args, kwargs = fx.node.map_arg((node.args, node.kwargs), known)
        call = called(node, self.graph.root, args, kwargs)
        inputs = [each for each in node.all_input_nodes if each in depends]
        plain = Plain(inputs, _of_inputs(call, inputs), call.name in ASKS_SHAPE)
        value = self.values[node] = plain.run([self.values[each] for each in inputs], None)
        operation = rule(call, value, self._maps) or plain
        self._calls[node], self._operations[node] = call, operation
        if isinstance(operation, Split):
            self._maps[node] = tuple(operation.bases)
        elif getattr(operation, "base", None) is not None:
            self._maps[node] = operation.base

    def finish(self, wanted: Iterable[fx.Node]) -> None:
        """Keep what is needed for these nodes alone, and let the rest go."""
        self._wanted = set(wanted)
        self._fold_batch_norms()
        self._keep_needed()
        self._work_in_place()
        self.sizes = {node: each.numel() for node, each in self.values.items() if isinstance(each, Tensor)}
        looked_at = {id(base) for node in self._wanted for base in self._bases(node)} | {id(self.base)}
        for operation in self._operations.values():
            if isinstance(operation, Sliding):
                for base in self._bases(operation.inputs[0]):
                    operation.pad(base)
            if not isinstance(operation, (Local, Split, Part)):
                looked_at |= {id(base) for node in operation.inputs for base in self._bases(node)}
        for node in self._maps:
            for base in self._bases(node):
                if id(base) not in looked_at:
                    base.forget()
        self.values.clear()

    def _bases(self, node: fx.Node) -> tuple[BaseMap, ...]:
        found = self._maps.get(node, ())
        return found if isinstance(found, tuple) else (found,)

    def _fold_batch_norms(self) -> None:
        for node, call in self._calls.items():
            operation = self._operations[node]
            if call.name != "batch_norm" or not isinstance(operation, Local):
                continue
            (given,) = operation.inputs
            before = self._operations.get(given)
            if isinstance(before, Convolution) and len(given.users) == 1 and given not in self._wanted:
                folded = self._operations[node] = before.with_batch_norm(call, self.values[node])
                self._maps[node] = folded.base
                del self._operations[given], self._maps[given]

    def _keep_needed(self) -> None:
        needed = set(self._wanted)
        for node, operation in reversed(self._operations.items()):
            if node in needed:
                needed.update(operation.inputs)
        self._operations = {node: each for node, each in self._operations.items() if node in needed}
        self._maps = {node: each for node, each in self._maps.items() if node in needed}
        last = {each: node for node, operation in self._operations.items() for each in operation.inputs}
        self._done_with: dict[fx.Node, list[fx.Node]] = {node: [] for node in self._operations}
        for each, node in last.items():
            if each not in self._wanted:
                self._done_with[node].append(each)

    def _work_in_place(self) -> None:
        """Let a ReLU write over what was made for it alone."""
        readers: Counter[fx.Node] = Counter(
            each for operation in self._operations.values() for each in operation.inputs
        )
        for node, operation in self._operations.items():
            if self._calls[node].name not in _RELUS or not isinstance(operation, Local):
                continue
            (given,) = operation.inputs
            fresh = isinstance(self._operations.get(given), (Convolution, Joined))
            if fresh and readers[given] == 1 and given not in self._wanted:
                operation.function = torch.relu_

    @property
    def nodes(self) -> list[fx.Node]:
        """The operations a batch goes through, without those that only ask for shapes."""
        return [node for node in self._operations if node in self.sizes]

    def run(self, windows: Windows | Tensor, spans: dict[fx.Node, Spans | None]) -> dict[fx.Node, Any]:
        """Run a batch of edited pictures, and give the results of the nodes wanted.

        Parameters
        ----------
        windows : Windows or Tensor
            The edited pictures, in full where that is no more.
        spans : dict
            What `reach` gives for them.
        """
        values: dict[fx.Node, Any] = {self.graph.picture: windows}
        for node, operation in self._operations.items():
            values[node] = operation.run([values[each] for each in operation.inputs], spans[node])
            for each in self._done_with[node]:
                del values[each]
        return values

    def reach(self, spans: Spans | None, most: float) -> dict[fx.Node, Spans | None]:
        """Work out each node's windows, without computing anything; None where there are whole maps.

        Parameters
        ----------
        spans : (Span, Span), or None
            The edits' rows and columns in the picture; None where pictures are edited in full.
        most : float
            The largest share of a map that windows may cover.
        """
        found: dict[fx.Node, Spans | None] = {self.graph.picture: spans}
        for node, operation in self._operations.items():
            found[node] = operation.spans([found[each] for each in operation.inputs], most)
        return found

    def most_numbers(self, spans: dict[fx.Node, Spans | None]) -> float:
        """Estimate how many numbers one edit of a batch needs at once."""
        alive = {self.graph.picture: self._numbers(self.graph.picture, spans)}
        most = 0.0
        for node, operation in self._operations.items():
            alive[node] = self._numbers(node, spans)
            # What is cut or widened for an operation comes on top of what is kept.
            copied = sum(
                self.sizes.get(each, 0) if spans[node] is None else alive[each] for each in operation.inputs
            )
            most = max(most, sum(alive.values()) + alive[node] + copied)
            for each in self._done_with[node]:
                del alive[each]
        return most

    def _numbers(self, node: fx.Node, spans: dict[fx.Node, Spans | None]) -> float:
        return self.sizes.get(node, 0) * share(spans[node])

    def saved(self, spans: dict[fx.Node, Spans | None]) -> float:
        """Count the floating-point operations that windows save, for each edit."""
        return sum(
            operation.flops * _cells(operation) * (1 - share(spans[node]))
            for node, operation in self._operations.items()
        )


def _cells(operation: Operation) -> int:
    return 0 if operation.base is None else operation.base.height * operation.base.width


def _of_inputs(call: Called, inputs: list[fx.Node]) -> Callable[..., Any]:
    """Make a call a function of what it reads."""

    def function(*values: Any) -> Any:
        by_node = dict(zip(inputs, values, strict=True))
        args, kwargs = fx.node.map_arg((call.args, call.kwargs), by_node.__getitem__)
        return call.function(*args, **kwargs)

    return function
