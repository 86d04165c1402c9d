"""How a gradient becomes a step uphill. What each remembers from step to step is the climb's."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from cnnviz_widgets.errors import InputError

Rate = float | Callable[[int], float]


def stages(*parts: tuple[int, float]) -> Callable[[int], float]:
    """Make a rate that changes in stages: ``stages((100, 0.004), (200, 0.0004))``; the last one stays.

    Each part is a number of steps and their rate.
    """
    if not parts or any(count <= 0 for count, _ in parts):
        raise InputError(f"stages are pairs of a number of steps and a rate, not {parts}")

    def rate(step: int) -> float:
        for count, value in parts:
            step -= count
            if step <= 0:
                return value
        return parts[-1][1]

    return rate


@dataclass
class Ascent:
    """A step of rate times the gradient.

    Attributes
    ----------
    rate : float or callable
        Of step number, counted from 1, where it is callable.
    normalized : bool
        Divide the gradient by the mean of its absolute values, for each picture: the step's size is then the
        rate's, on any network and in any layer. Nguyen et al. 2016 do so. The mean is over the numbers that
        have a gradient: a neuron that sees a small part of the picture would otherwise take giant steps.
    """

    rate: Rate
    normalized: bool = True

    def step(self, numbers: Tensor, gradient: Tensor, index: int, memory: dict[str, Any]) -> Tensor:
        """Go one step."""
        if self.normalized:
            flat = gradient.flatten(1)
            size = flat.abs().sum(1) / flat.count_nonzero(1).clamp(min=1)
            size = size.clamp(min=torch.finfo(gradient.dtype).tiny)
            gradient = gradient / size.reshape(-1, *[1] * (gradient.dim() - 1))
        return numbers + rate_at(self.rate, index) * gradient


@dataclass
class Momentum:
    """A step of a velocity that the gradient pushes: v becomes momentum * v + rate * gradient.

    When the rate changes, v is set to 0, or it would overshoot for some steps. Mahendran & Vedaldi 2015,
    section 2.3.

    Attributes
    ----------
    rate : float or callable
        Of step number, counted from 1, where it is callable.
    momentum : float
        What is kept of the velocity, 0 to below 1.
    """

    rate: Rate
    momentum: float = 0.9

    def __post_init__(self) -> None:
        if not 0 <= self.momentum < 1:
            raise InputError(f"a momentum is from 0 to below 1, not {self.momentum}")

    def step(self, numbers: Tensor, gradient: Tensor, index: int, memory: dict[str, Any]) -> Tensor:
        """Go one step."""
        rate = rate_at(self.rate, index)
        if memory.get("rate") != rate:
            memory["rate"], memory["velocity"] = rate, torch.zeros_like(numbers)
        memory["velocity"] = self.momentum * memory["velocity"] + rate * gradient
        return numbers + memory["velocity"]


@dataclass
class Adam:
    """A step of the rate in every number, less where the gradient keeps changing its sign.

    Kingma & Ba 2015, algorithm 1.

    Attributes
    ----------
    rate : float or callable
        Of step number, counted from 1, where it is callable.
    """

    rate: Rate = 0.05
    betas: tuple[float, float] = (0.9, 0.999)

    def step(self, numbers: Tensor, gradient: Tensor, index: int, memory: dict[str, Any]) -> Tensor:
        """Go one step."""
        first, second = self.betas
        if "mean" not in memory:
            memory.update(mean=torch.zeros_like(numbers), square=torch.zeros_like(numbers), count=0)
        memory["count"] += 1
        memory["mean"].lerp_(gradient, 1 - first)
        memory["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        unbiased = memory["mean"] / (1 - first ** memory["count"])
        spread = (memory["square"] / (1 - second ** memory["count"])).sqrt_().add_(1e-8)
        return numbers + rate_at(self.rate, index) * unbiased / spread


Optimizer = Ascent | Momentum | Adam


def rate_at(rate: Rate, index: int) -> float:
    """Give the rate of a step, counted from 1."""
    value: Any = rate(index) if callable(rate) else rate
    if not (isinstance(value, Real) and float(value) >= 0):
        raise InputError(f"a rate is a number from 0 on, not {value!r}")
    return float(value)
