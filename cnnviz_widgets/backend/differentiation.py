"""From an objective back to the picture: values, gradients, and what wakes a unit that is silent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from cnnviz_widgets.backend import opening
from cnnviz_widgets.backend.answers import Gradients
from cnnviz_widgets.backend.relu_rules import (
    ReluRule,
    applied,
    backprop,
    find_relus,
    find_rule,
    may_have_relus,
    no_relus,
)
from cnnviz_widgets.backend.targets import Objective, Target, as_numbers, class_indices, class_score
from cnnviz_widgets.errors import GradientError, InputError

if TYPE_CHECKING:
    from cnnviz_widgets.backend.hooked_model import HookedModel


def differentiate(
    model: "HookedModel", x: Tensor, target: Target, rules: Sequence[ReluRule | str] | ReluRule | str
) -> Gradients:
    """Do what `HookedModel.gradients` says."""
    rules = (rules,) if isinstance(rules, (str, ReluRule)) else rules
    chosen = list(dict.fromkeys(find_rule(rule) for rule in rules))
    with torch.inference_mode(False), torch.enable_grad(), model._evaluating():
        x = model.prepare(x).detach().clone().requires_grad_()
        value, indices = objective_values(model, x, target)
        if not value.requires_grad:
            raise GradientError("the objective does not depend on the picture: it has no gradient")
        only_backprop = all(rule is backprop for rule in chosen)
        relus = [] if only_backprop else find_relus(value, x)
        # An objective may lie before the first ReLU: all rules agree there.
        above_relus = isinstance(target, Objective) and may_have_relus(model._functions)
        if not (relus or only_backprop or above_relus):
            raise no_relus(model.name, chosen, model._functions)
        by_rule = {}
        for rule in chosen:
            with applied(rule, relus):
                (by_rule[rule.name],) = torch.autograd.grad(
                    value.sum(), x, retain_graph=rule is not chosen[-1], allow_unused=True
                )
    if any(gradient is None for gradient in by_rule.values()):
        raise GradientError("the objective does not depend on the picture: none of its pixels has a gradient")
    return Gradients(by_rule, indices, value.detach())


def objective_values(
    model: "HookedModel", x: Tensor, target: Target
) -> tuple[Tensor, tuple[int, ...] | None]:
    """Give the objective of each picture, on its graph, and the classes where it is about classes."""
    if isinstance(target, Objective):
        record = model.run_to(x, *target.layers, scores=getattr(target, "reads_scores", False))
        return as_numbers(target(record), x.shape[0]), None
    scores = opening.run(model.network, x, model.input_shape)
    if callable(target) and not isinstance(target, Tensor):
        return as_numbers(target(scores), x.shape[0]), None
    if scores.dim() != 2:
        raise InputError(
            f"the network's output has the shape {tuple(scores.shape)}, one score for each "
            "place, not for each class: "
            "give a function of the output as the target, such as lambda out: out[:, 3].mean((1, 2))"
        )
    indices = class_indices(target, model.classes, scores)
    return class_score(scores, indices), tuple(indices)


# What lets a silent unit learn where to go: a ReLU that lets nothing through for a picture lets all through.
_woken = ReluRule(
    "woken",
    "g if g * 1(x > 0) is zero for the whole picture, else g * 1(x > 0)",
    lambda g, gated: torch.where(
        (gated != 0).flatten(1).any(1).reshape(-1, *[1] * (gated.dim() - 1)), gated, g
    ),
)


def climbing_gradients(value: Tensor, leaf: Tensor, seen: Tensor) -> tuple[Tensor, list[int]]:
    """Differentiate a sum of objectives for what is optimised, and pass the ReLUs of silent units.

    A unit after a ReLU that is off has no gradient: nothing tells how to switch it on. For such a picture the
    ReLUs that let nothing at all through let everything through.

    Parameters
    ----------
    value : Tensor
        The scalar to climb, on its graph.
    leaf : Tensor
        What is optimised, (N, ...).
    seen : Tensor
        What the network saw of it, (N, C, H, W), on the way from `leaf` to `value`.

    Returns
    -------
    gradient : Tensor
        Like `leaf`.
    woken : list of int
        The pictures whose ReLUs were passed.

    Notes
    -----
    Cost: one backward pass, two where a unit is silent. "Redirected ReLU" of Lucid (Olah et al. 2017,
    Feature Visualization) is the idea; it holds there for the first 16 steps in all units, here only where
    nothing else gets through.
    """
    if not value.requires_grad:
        raise GradientError("the objective does not depend on the picture: it has no gradient")
    found = torch.autograd.grad(value, (leaf, seen), retain_graph=True, allow_unused=True)
    gradient, above = cast("tuple[Tensor | None, ...]", found)
    if gradient is None:
        raise GradientError("the objective does not depend on what is optimised: it has no gradient")
    if above is None:  # priors alone: no network between
        return gradient, []
    silent = (above == 0).flatten(1).all(1)
    if not silent.any():
        return gradient, []
    with applied(_woken, find_relus(value, leaf)):
        opened, above = torch.autograd.grad(value, (leaf, seen))
    woken = silent & (above != 0).flatten(1).any(1)
    chosen = woken.reshape(-1, *[1] * (gradient.dim() - 1))
    return torch.where(chosen, opened, gradient), woken.nonzero().flatten().tolist()
