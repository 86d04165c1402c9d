"""What each ReLU between score and picture sees on the way back, for several rules, from one forward pass."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import Node

from cnnviz_widgets.backend.answers import Gradients
from cnnviz_widgets.backend.differentiation import objective_values
from cnnviz_widgets.backend.hooked_model import HookedModel
from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.backend.relu_rules import (
    ReluRule,
    applied,
    backprop,
    deconvnet,
    find_relus,
    find_rule,
    guided,
    is_relu,
    may_have_relus,
    no_relus,
)
from cnnviz_widgets.backend.targets import Objective, Target
from cnnviz_widgets.errors import GradientError


@dataclass(frozen=True, eq=False)
class ReluStep:
    """One ReLU on the way back.

    Attributes
    ----------
    layer : Layer
        The call of the ReLU.
    forward : Tensor, (N, *layer.shape)
        What it gave in the forward pass.
    gate : Tensor, (N, *layer.shape) bool
        1(x > 0): where it let its input through; for a ReLU6 1(0 < x < 6).
    incoming : dict
        Rule's name to the gradient g that came down to it when this rule held at every ReLU, like `forward`.
    """

    layer: Layer
    forward: Tensor
    gate: Tensor
    incoming: dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class ReluSteps:
    """The way back from an objective to the picture.

    Attributes
    ----------
    gradients : Gradients
        What arrives at the picture, as `HookedModel.gradients` gives it.
    steps : tuple of ReluStep
        The ReLUs from the score down, against the order of the data.
    unnamed : int
        ReLUs at which the rules hold too, but which are no layer of their own: ``x.clamp(min=0)``, say.
    """

    gradients: Gradients
    steps: tuple[ReluStep, ...]
    unnamed: int


def relu_steps(
    model: HookedModel,
    x: Tensor,
    target: Target = None,
    rules: Sequence[ReluRule | str] = (backprop, deconvnet, guided),
) -> ReluSteps:
    """Carry an objective's gradient back by several rules, and keep what comes down to each ReLU.

    Parameters
    ----------
    model : HookedModel
        The network.
    x : Tensor, (N, C, H, W)
        Pictures, normalised.
    target : int, str, list, Tensor, callable, Objective or None
        As for `HookedModel.gradients`.
    rules : sequence of ReluRule or str
        What to do at ReLUs; each counts once.

    Raises
    ------
    TargetError, ReluError, GradientError
        As `HookedModel.gradients` does.

    Notes
    -----
    Cost: one forward pass, and one backward pass for each rule. Memory: every ReLU's result once, and once
    more for each rule.
    """
    chosen = list(dict.fromkeys(find_rule(rule) for rule in rules))
    found: dict[Node, tuple[str, Tensor]] = {}

    def note(name: str, result: Tensor) -> Tensor:
        node = result.grad_fn
        # Layers that hand on what they got, as dropout does, end in the same node: the first is the ReLU.
        if node is not None and node not in found and is_relu(node):
            found[node] = (name, result.detach().clone())  # apart: what follows may work in place
        return result.new_zeros(())

    names = [layer.name for layer in model.layers]
    with torch.inference_mode(False), torch.enable_grad(), model._evaluating():
        x = model.prepare(x).detach().clone().requires_grad_()
        with model.record(*names, keep=note):
            value, indices = objective_values(model, x, target)
        if not value.requires_grad:
            raise GradientError("the objective does not depend on the picture: it has no gradient")
        relus = find_relus(value, x)
        above_relus = isinstance(target, Objective) and may_have_relus(model._functions)
        if not relus and not above_relus and any(rule is not backprop for rule in chosen):
            raise no_relus(model.name, chosen, model._functions)
        gates = _gates(relus)
        by_rule, came = {}, {}
        for rule in chosen:
            with applied(rule, relus), _listening(relus) as heard:
                (by_rule[rule.name],) = torch.autograd.grad(
                    value.sum(), x, retain_graph=rule is not chosen[-1], allow_unused=True
                )
            came[rule.name] = heard
    if any(gradient is None for gradient in by_rule.values()):
        raise GradientError("the objective does not depend on the picture: none of its pixels has a gradient")
    named = [node for node in reversed(found) if node in gates]
    steps = tuple(
        ReluStep(
            model.layer(found[node][0]),
            found[node][1],
            gates[node],
            {name: heard.get(node, torch.zeros_like(found[node][1])) for name, heard in came.items()},
        )
        for node in named
    )
    return ReluSteps(Gradients(by_rule, indices, value.detach()), steps, len(relus) - len(named))


def _gates(relus: list[Node]) -> dict[Node, Tensor]:
    """Ask each ReLU which of a gradient of ones it lets through: so a ceiling needs no rule of its own."""
    gates = {}
    for node in relus:
        about = node._input_metadata[0]
        ones = torch.ones(tuple(about.shape), dtype=about.dtype, device=about.device)
        passed = node(ones)  # type: ignore[operator]
        gates[node] = (passed[0] if isinstance(passed, tuple) else passed) > 0
    return gates


@contextmanager
def _listening(relus: list[Node]) -> Iterator[dict[Node, Tensor]]:
    """Keep the gradient that comes down to each ReLU in the backward pass inside the ``with``."""
    heard: dict[Node, Tensor] = {}

    def listener(node: Node):  # type: ignore[no-untyped-def]
        def listen(above: tuple[Tensor | None, ...]) -> None:
            if above[0] is not None:
                heard[node] = above[0].detach().clone()

        return listen

    handles = [node.register_prehook(listener(node)) for node in relus]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()
