"""Three ways to carry a gradient back through a ReLU.

The rules differ only at ReLUs, so they act where the autograd graph has one: on its ``ReluBackward0`` nodes
and their kin. That reaches ``nn.ReLU``, ``F.relu``, in-place ones and one module called many times, in any
network, with no change to the model and no module hook.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor
from torch.autograd.graph import Node

from cnnviz_widgets.errors import ReluError


@dataclass(frozen=True)
class ReluRule:
    """What a ReLU with input x lets through of the gradient g that comes down to it.

    Attributes
    ----------
    name : str
        backprop, deconvnet or guided.
    formula : str
        The rule as the lecture writes it.
    passes : callable
        ``passes(g, gated)`` gives what goes on down; `gated` is g * 1(x > 0), which autograd has worked out.
    """

    name: str
    formula: str
    passes: Callable[[Tensor, Tensor], Tensor]

    def __repr__(self) -> str:
        return self.name


backprop = ReluRule("backprop", "g * 1(x > 0)", lambda g, gated: gated)
deconvnet = ReluRule("deconvnet", "g * 1(g > 0)", lambda g, gated: g.clamp(min=0))
guided = ReluRule("guided", "g * 1(g > 0) * 1(x > 0)", lambda g, gated: gated.clamp(min=0))

RULES = {rule.name: rule for rule in (backprop, deconvnet, guided)}


def find_rule(rule: ReluRule | str) -> ReluRule:
    """Accept a rule or its name.

    Raises
    ------
    ReluError
        If there is no rule of that name.
    """
    if isinstance(rule, ReluRule):
        return rule
    if rule not in RULES:
        raise ReluError(f"there is no ReLU rule {rule!r}; there are {', '.join(map(repr, RULES))}")
    return RULES[rule]


def is_relu(node: Node) -> bool:
    """Tell whether a node of the autograd graph is a ReLU, or one with a ceiling (ReLU6: 0 < x < 6)."""
    name = node.name().rstrip("0123456789")
    if name == "ReluBackward":
        return True
    if name == "HardtanhBackward":  # ReLU6; a real hardtanh has a floor below zero
        return node._saved_min_val == 0  # type: ignore[attr-defined]
    if name in ("ClampMinBackward", "ClampBackward"):
        floor = getattr(node, "_saved_min", None)
        return isinstance(floor, (int, float)) and floor == 0
    if name == "ThresholdBackward":  # its other value is not saved: F.threshold(x, 0, 0) is what people write
        return node._saved_threshold == 0  # type: ignore[attr-defined]
    return False


# Nodes that hide others: what is below them is computed out of the graph's sight. What to do about each:
_CURTAINS = {
    "CheckpointFunctionBackward": "build it without checkpointing, or with use_reentrant=False",
    "CompiledFunctionBackward": "use the network from before torch.compile",
    "DifferentiableGraphBackward": "use the network from before TorchScript",
    "CopySlices": "something there works in place on part of a tensor, or on a view of it: "
    "build it with inplace=False",
}


def between(score: Tensor, x: Tensor) -> set[Node]:
    """Give the nodes of the autograd graph on the ways from `score` down to the leaf `x`.

    What lies elsewhere is not the picture's: Swin v2 makes its position bias by a little network with ReLUs.
    """
    above: dict[Node, list[Node]] = {}
    waiting = [score.grad_fn] if score.grad_fn is not None else []
    ends: list[Node] = []
    while waiting:
        node = waiting.pop()
        if getattr(node, "variable", None) is x:
            ends.append(node)
        for below, _ in node.next_functions:
            if below is None:
                continue
            if below not in above:
                above[below] = []
                waiting.append(below)
            above[below].append(node)
    found: set[Node] = set()
    while ends:
        node = ends.pop()
        if node not in found:
            found.add(node)
            ends += above.get(node, [])
    return found


def find_relus(score: Tensor, x: Tensor) -> list[Node]:
    """List the ReLUs between `score` and the leaf `x`.

    Raises
    ------
    ReluError
        If part of the graph cannot be looked into.
    """
    relus = []
    for node in between(score, x):
        name = node.name().rpartition("::")[2]
        if name in _CURTAINS:
            raise ReluError(
                f"part of this network runs out of sight ({name.removesuffix('Backward')}), so a rule cannot "
                f"reach the ReLUs in it; {_CURTAINS[name]}"
            )
        if is_relu(node):
            relus.append(node)
    return relus


@contextmanager
def applied(rule: ReluRule, relus: list[Node]) -> Iterator[None]:
    """Let `rule` hold at these ReLUs for the backward passes inside the ``with``."""

    def at_relu(
        gradients: tuple[Tensor | None, ...], above: tuple[Tensor | None, ...]
    ) -> tuple[Tensor | None, ...] | None:
        gated, g = gradients[0], above[0]
        if gated is None or g is None:
            return None
        return (rule.passes(g, gated), *gradients[1:])

    handles = []
    try:
        if rule is not backprop:  # autograd's own gate is already the rule
            handles = [node.register_hook(at_relu) for node in relus]
        yield
    finally:
        for handle in handles:
            handle.remove()


_RELUS = frozenset(["relu", "relu6", "hardtanh", "threshold", "clamp", "clamp_min"])
_OTHERS = frozenset(["gelu", "silu", "hardswish", "leaky_relu", "elu", "tanh", "sigmoid", "mish"])


def no_relus(name: str, rules: Sequence[ReluRule], functions: frozenset[str]) -> ReluError:
    """Make the error that says why these rules have nothing to act on in the network called `name`."""
    asked = [rule.name for rule in rules if rule is not backprop]
    says = f"{' and '.join(asked)} {'says' if len(asked) == 1 else 'say'}"
    others = ", ".join(sorted(functions & _OTHERS))
    used = f"its activations are {others}" if others else "it has no activation this package knows"
    return ReluError(
        f"{says} what happens at ReLUs, and {name} has none on the way to the picture: {used}. "
        "Use rule=backprop, or a network with ReLUs"
    )


def may_have_relus(functions: frozenset[str]) -> bool:
    """Tell whether a network that calls these functions may have a ReLU somewhere."""
    return not _RELUS.isdisjoint(functions)
