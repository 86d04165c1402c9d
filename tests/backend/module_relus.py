"""A twin of a network that torch.fx can trace: its ReLUs are modules that follow a rule and keep notes.

The package leaves the network alone and acts on the autograd graph; this twin rewrites the network.
"""

import copy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

_FUNCTIONS = (F.relu, torch.relu, torch.relu_, F.relu_)


class Ruled(torch.autograd.Function):
    """max(0, x) forward; backward by the rule of the module that calls it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, module: "RuledRelu") -> Tensor:
        ctx.module = module
        module.was_open = x > 0
        module.forward_map = torch.where(x > 0, x, 0).detach()
        return module.forward_map.clone()

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        module = ctx.module
        module.came_down = g.clone()
        passes = {
            "backprop": module.was_open,
            "deconvnet": g > 0,
            "guided": module.was_open & (g > 0),
        }[module.rule]
        module.went_on = g * passes
        return module.went_on.clone(), None


class RuledRelu(nn.Module):
    """A ReLU with a rule; it remembers its last pass and its last gradient."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self.rule = rule
        self.was_open = self.forward_map = self.came_down = self.went_on = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        return Ruled.apply(x, self)


def with_module_relus(network: nn.Module, rule: str) -> tuple[nn.Module, list[RuledRelu]]:
    """Copy a network, in evaluation mode, and put a module of its own in place of each ReLU that runs."""
    traced = fx.symbolic_trace(copy.deepcopy(network).eval())
    modules = dict(traced.named_modules())
    ruled: list[RuledRelu] = []
    for node in list(traced.graph.nodes):
        is_module = node.op == "call_module" and isinstance(modules[node.target], nn.ReLU)
        is_function = node.op == "call_function" and node.target in _FUNCTIONS
        if is_module or is_function:
            ruled.append(RuledRelu(rule))
            name = f"ruled_{len(ruled)}"
            traced.add_module(name, ruled[-1])
            with traced.graph.inserting_after(node):
                new = traced.graph.call_module(name, (node.args[0],))
            node.replace_all_uses_with(new)
            traced.graph.erase_node(node)
    traced.recompile()
    return traced, ruled
