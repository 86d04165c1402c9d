"""Objectives add and scale: ``Channel("conv5", 13) + 0.5 * Neuron("conv4", 7) - 1e-3 * L2()``.

A term is one number for each picture, computed from a record of the pass: what layers gave, the scores, the
picture itself. We climb, so what is wanted is added and what is not is subtracted.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from cnnviz_widgets.backend import Record
from cnnviz_widgets.errors import TargetError


class Term:
    """What a climb can be about; a child class says which layers it reads, its name, and its number.

    Attributes
    ----------
    layers : tuple of str
        The layers it reads: a pass stops after the last.
    reads_scores : bool
        Whether it needs the scores, and so a whole pass.
    name : str
        What a curve of it is called.
    parts : tuple
        The terms of a sum with their weights; a term alone is a sum of one.
    """

    layers: tuple[str, ...] = ()
    reads_scores = False

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        return type(self).__name__

    @property
    def parts(self) -> "tuple[tuple[float, Term], ...]":
        """The terms and their weights."""
        return ((1.0, self),)

    def __call__(self, record: Record) -> Tensor:
        """Give the number of each picture, (N,)."""
        raise NotImplementedError

    def __add__(self, other: "Term") -> "Sum":
        return Sum((*self.parts, *_parts(other)))

    def __sub__(self, other: "Term") -> "Sum":
        return self + -1.0 * checked(other)

    def __mul__(self, weight: float) -> "Sum":
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not math.isfinite(weight):
            raise TargetError(f"an objective is scaled by a finite number, not by {weight!r}")
        return Sum(tuple((weight * each, term) for each, term in self.parts))

    __rmul__ = __mul__

    def __neg__(self) -> "Sum":
        return -1.0 * self


@dataclass(frozen=True)
class Sum(Term):
    """A weighted sum of terms: what ``+``, ``-`` and ``*`` make.

    Attributes
    ----------
    terms : tuple of (float, Term)
        Each with its weight; the same term twice counts twice.
    """

    terms: tuple[tuple[float, Term], ...]

    @property
    def parts(self) -> tuple[tuple[float, Term], ...]:
        """The terms and their weights."""
        return self.terms

    @property
    def name(self) -> str:
        """The sum as it was written."""
        return " + ".join(f"{weight:g} {term.name}" for weight, term in self.terms)

    @property
    def layers(self) -> tuple[str, ...]:  # type: ignore[override]
        """The layers all its terms read."""
        return tuple(dict.fromkeys(name for _, term in self.terms for name in term.layers))

    @property
    def reads_scores(self) -> bool:  # type: ignore[override]
        """Whether one of its terms needs the scores."""
        return any(term.reads_scores for _, term in self.terms)

    def __call__(self, record: Record) -> Tensor:
        """Add the weighted terms, (N,)."""
        values = list(evaluate(self, record).values())
        total = values[0]
        for value in values[1:]:
            total = total + value
        return total


def evaluate(objective: Term, record: Record) -> dict[str, Tensor]:
    """Give each weighted term of an objective by its name, (N,) each; their sum is what is climbed.

    Two terms of the same name are numbered.
    """
    count = Counter(term.name for _, term in objective.parts)
    seen: Counter[str] = Counter()
    values = {}
    for weight, term in objective.parts:
        seen[term.name] += 1
        name = f"{term.name} ({seen[term.name]})" if count[term.name] > 1 else term.name
        values[name] = weight * term(record)
    return values


def one_each(value: int | Sequence[int], pictures: int, name: str) -> int | Sequence[int]:
    """Check that a sequence has one entry for each picture; a single number stands for all."""
    if isinstance(value, Sequence) and len(value) != pictures:
        raise TargetError(f"{len(value)} numbers were given as {name} for {pictures} pictures")
    return value


def checked(other: Any) -> Term:
    """Give an objective back, and refuse what is none."""
    if not isinstance(other, Term):
        raise TargetError(
            f"an objective is made of objectives, not of {type(other).__name__}: of Channel, Neuron, "
            "Direction, ClassScore, CodeMatch, and the priors L2, AlphaNorm, TotalVariation"
        )
    return other


def _parts(other: Any) -> tuple[tuple[float, Term], ...]:
    return checked(other).parts
