"""The three ReLU rules written a second time, straight from the papers, and put in place of torch's ReLUs.

The package acts on the autograd graph after the forward pass; this twin replaces the functions before it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ALL_RULES = ("backprop", "deconvnet", "guided")


class RuledRelu(torch.autograd.Function):
    """A ReLU, with a ceiling or without, whose backward pass follows a rule."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ceiling: float, rule: str) -> Tensor:
        ctx.save_for_backward((x > 0) & (x < ceiling))
        ctx.rule = rule
        return x.clamp(0, ceiling)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
        (was_open,) = ctx.saved_tensors
        if ctx.rule == "backprop":
            return torch.where(was_open, g, 0), None, None
        if ctx.rule == "deconvnet":
            return torch.where(g > 0, g, 0), None, None
        return torch.where(was_open & (g > 0), g, 0), None, None


@contextmanager
def ruled(rule: str) -> Iterator[list[float]]:
    """Let every ReLU and ReLU6 follow `rule`; yields a list with the ceiling of each one that ran."""
    used: list[float] = []
    hardtanh = F.hardtanh

    def with_ceiling(ceiling: float) -> Any:
        def relu(input: Tensor, inplace: bool = False) -> Tensor:
            used.append(ceiling)
            return RuledRelu.apply(input, ceiling, rule)

        return relu

    def maybe_relu6(input: Tensor, min_val: float = -1, max_val: float = 1, inplace: bool = False) -> Tensor:
        if min_val == 0:
            return with_ceiling(max_val)(input)
        return hardtanh(input, min_val, max_val)

    relu, relu6 = with_ceiling(float("inf")), with_ceiling(6.0)
    with (
        mock.patch.object(F, "relu", relu),
        mock.patch.object(F, "relu_", relu),
        mock.patch.object(torch, "relu", relu),
        mock.patch.object(torch, "relu_", relu),
        mock.patch.object(Tensor, "relu", relu),
        mock.patch.object(Tensor, "relu_", relu),
        mock.patch.object(F, "relu6", relu6),
        mock.patch.object(F, "hardtanh", maybe_relu6),
    ):
        yield used


def twin_gradient(network: nn.Module, x: Tensor, index: int, rule: str) -> tuple[Tensor, int]:
    """Give d score[index] / d x under a rule, and how many ReLUs ran; `network` is in evaluation mode."""
    x = x.detach().clone().requires_grad_()
    with ruled(rule) as used:
        output = network(x)
        (gradient,) = torch.autograd.grad(output[:, index].sum(), x)
    return gradient, len(used)
