"""What a model answers when it is asked for classes or gradients."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from cnnviz_widgets.backend.relu_rules import ReluRule, find_rule


class Prediction(NamedTuple):
    """One class and how the network rates it: logit, and probability among all classes (softmax)."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    name: str
    score: float
    probability: float


@dataclass(frozen=True)
class Gradients:
    """Gradients of one objective by several ReLU rules, from one forward pass.

    Attributes
    ----------
    by_rule : dict
        Rule's name to a tensor like the picture; ``gradients["guided"]`` and ``gradients[guided]`` read it.
    target : tuple of int or None
        The class explained, for each picture; None where the objective is not a class.
    value : Tensor
        The objective's value, (N,) or a scalar: a logit where it is a class.
    """

    by_rule: dict[str, Tensor]
    target: tuple[int, ...] | None
    value: Tensor

    def __getitem__(self, rule: ReluRule | str) -> Tensor:
        return self.by_rule[find_rule(rule).name]
