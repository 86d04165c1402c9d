"""Momentum that notices when a rate is too high, and goes on from the best picture with a lower one."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cnnviz_widgets.engines import Climb, Momentum

_ABOVE = 1.2  # how much worse than at the start; on the way a picture may well become worse for some steps


@dataclass
class CautiousMomentum(Momentum):
    """`Momentum`, with a rate of its own for each picture that is divided where the climb has gone astray.

    A picture has gone astray when its objective, or its first term alone, is a fifth worse than where it
    started. It goes back to the best picture it has had, its velocity becomes 0, and its rate a quarter.
    Where that never happens each step is `Momentum`'s.

    Attributes
    ----------
    rate, momentum
        See `Momentum`.
    climb : Climb or None
        The climb whose steps these are: it knows the values. Without one each step is `Momentum`'s.
    division : float
        What the rate is divided by.
    """

    climb: Climb | None = None
    division: float = 4.0

    def step(self, numbers: Tensor, gradient: Tensor, index: int, memory: dict[str, Any]) -> Tensor:
        """Go one step, from the best picture where the last steps led astray."""
        if self.climb is None or self.climb.last is None:
            return super().step(numbers, gradient, index, memory)
        last = self.climb.last
        value, first = last.value, next(iter(last.terms.values()))
        if memory.setdefault("objective", self.climb.objective) is not self.climb.objective:
            # Changed by the student: the values at hand are still those of the one before.
            memory["objective"] = self.climb.objective
            memory.pop("best", None)
            return super().step(numbers, self._slowed(gradient, memory), index, memory)
        if "best" not in memory:
            # A code error of 1 is a code of zeros: nothing is astray below that.
            memory["floor"] = value.clamp(max=-1.0), first.clamp(max=-1.0)
            memory["best"] = value, numbers, gradient
        share = memory.setdefault("share", torch.ones_like(value))
        floors, (best, place, slope) = memory["floor"], memory["best"]
        astray = (value < _ABOVE * floors[0]) | (first < _ABOVE * floors[1])
        better = value > best
        best = torch.where(better, value, best)
        place, slope = _chosen(better, numbers, place), _chosen(better, gradient, slope)
        memory["best"] = (best, place, slope)
        if astray.any():
            memory["share"] = torch.where(astray, share / self.division, share)
            numbers, gradient = _chosen(astray, place, numbers), _chosen(astray, slope, gradient)
            if "velocity" in memory:
                memory["velocity"] = _chosen(astray, torch.zeros_like(numbers), memory["velocity"])
        return super().step(numbers, self._slowed(gradient, memory), index, memory)

    def _slowed(self, gradient: Tensor, memory: dict[str, Any]) -> Tensor:
        share = memory.get("share")
        return gradient if share is None else gradient * _wide(share, gradient)


def _chosen(which: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(_wide(which, yes), yes, no)


def _wide(numbers: Tensor, like: Tensor) -> Tensor:
    """Give one number for each picture the dimensions of pictures."""
    return numbers.reshape(-1, *[1] * (like.dim() - 1))
