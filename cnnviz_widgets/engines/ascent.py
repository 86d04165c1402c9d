"""Climbing: a picture is changed step by step so that an objective grows; the weights stay fixed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, Literal, cast

import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Record
from cnnviz_widgets.backend.differentiation import climbing_gradients
from cnnviz_widgets.engines.algebra import Term, checked, evaluate
from cnnviz_widgets.engines.optimizers import Ascent, Optimizer
from cnnviz_widgets.engines.parameterizations import Parameterization, Pixels
from cnnviz_widgets.engines.regularizers import Regularizer
from cnnviz_widgets.engines.transforms import Transform, transformed
from cnnviz_widgets.errors import ClimbError, CnnvizError, InputError

Start = Literal["zero", "noise"] | Tensor

_NOISE = 0.2  # normalised; Yosinski's toolbox starts from 10 of 255 about the mean, which is 0.17


@dataclass(frozen=True, eq=False)
class Step:
    """Where a climb is.

    Attributes
    ----------
    index : int
        How many steps were taken; 0 is the start.
    value : Tensor, (N,)
        The objective of `image`, under this step's transforms: the sum of `terms`.
    terms : dict of str to Tensor, (N,)
        Each weighted term by its name.
    image : Tensor, (N, C, H, W)
        The pictures, normalised; ``model.to_picture(step.image[0])`` shows one. Nothing changes them later.
    woken : tuple of int
        The pictures whose unit was silent: ReLUs that were off were passed to find a way.
    """

    index: int
    value: Tensor
    terms: dict[str, Tensor]
    image: Tensor
    woken: tuple[int, ...] = ()


@dataclass(eq=False)
class Climb(Iterator[Step]):
    """A climb that goes on as far as it is asked; `climb` makes one, and says what the settings are.

    What is set between two steps (a weight, a rate, more steps) counts from the next step on. Another
    objective or other transforms cost one pass more, since another way is up.
    """

    model: HookedModel
    objective: Term
    numbers: Tensor
    size: tuple[int, int]
    parameterization: Parameterization
    optimizer: Optimizer
    steps: int
    transforms: Sequence[Transform] = ()
    regularizers: Sequence[Regularizer] = ()
    seed: int = 0
    last: Step | None = None
    _memory: dict[str, Any] = field(default_factory=dict)
    _gradient: Tensor | None = None
    _climbed: tuple[Term, tuple[Transform, ...]] | None = None

    def __post_init__(self) -> None:
        self._random = torch.Generator().manual_seed(self.seed)
        self._check()

    def _check(self) -> None:
        for name in self.objective.layers:
            self.model.layer(name)  # says which exist
        if self.regularizers and not self.parameterization.in_pixels:
            kind = type(self.parameterization).__name__
            raise InputError(
                f"regularizers change pixels after each step, and {kind} has none to change: use them with "
                "Pixels, or take priors and transforms"
            )

    def __next__(self) -> Step:
        taken = -1 if self.last is None else self.last.index
        if taken >= self.steps:
            raise StopIteration
        good = self.numbers, self._gradient, self._climbed
        try:
            if self.last is not None:
                if self._climbed != (self.objective, tuple(self.transforms)):
                    self._look(taken)  # what is wanted was changed, and another way is up
                self._move(taken + 1)
            self.last = self._look(taken + 1)
        except BaseException:
            # It can go on from the last good step, with a lower rate; what the optimizer remembers is spoilt.
            self.numbers, self._gradient, self._climbed = good
            self._memory.clear()
            raise
        return self.last

    def _move(self, index: int) -> None:
        """Take a step along the gradient that the last look found."""
        gradient = cast(Tensor, self._gradient)
        with torch.inference_mode(False), torch.no_grad():
            numbers = self.optimizer.step(self.numbers, gradient, index, self._memory)
            for regularizer in self.regularizers:
                numbers = regularizer(numbers, gradient, index)
            self.numbers = self.parameterization.settle(numbers)

    def _look(self, index: int) -> Step:
        """Draw the pictures, show them to the network, and find which way is up."""
        # once: they may be set by another thread meanwhile
        objective, transforms = self.objective, tuple(self.transforms)
        with torch.inference_mode(False), torch.enable_grad():
            leaf = self.numbers.detach().clone().requires_grad_()
            image = self.parameterization.read(leaf, self.model, self.size)
            # Always a tensor of its own: the network's part of the gradient can be told from the priors'.
            seen = transformed(image, transforms, self._random)
            # Convolutions and pools take a tenth to a quarter less time where the colours lie side by side.
            seen = seen.contiguous(memory_format=torch.channels_last)
            terms = self._terms(objective, image, seen)
            self._check_terms(terms, index)
            value = torch.stack(list(terms.values())).sum(0)
            gradient, woken = climbing_gradients(value.sum(), leaf, seen)
        if not torch.isfinite(gradient.sum()):
            raise self._broken("the gradient", "is not a finite number", index)
        self._gradient, self._climbed = gradient, (objective, transforms)
        told = {name: term.detach().clone() for name, term in terms.items()}
        return Step(index, value.detach(), told, image.detach(), tuple(woken))

    def _terms(self, objective: Term, image: Tensor, seen: Tensor) -> dict[str, Tensor]:
        record = run_to(self.model, seen, *objective.layers, scores=objective.reads_scores)
        record.picture = image
        terms = evaluate(objective, record)
        return {name: value.expand(len(image)) for name, value in terms.items()}

    def _check_terms(self, terms: dict[str, Tensor], index: int) -> None:
        for name, term in terms.items():
            if not torch.isfinite(term).all():
                raise self._broken(f"the term {name!r}", f"is {term[~torch.isfinite(term)][0].item()}", index)

    def _broken(self, term: str, what: str, index: int) -> ClimbError:
        kept = "" if self.last is None else f" The picture of step {self.last.index} is kept."
        advice = "its values are too large" if self.last is None else "lower the rate or the weights"
        return ClimbError(f"at step {index} {term} {what}: {advice}.{kept}", term, self.last)


def run_to(model: HookedModel, x: Tensor, *layers: str, scores: bool = False) -> Record:
    """Do what `HookedModel.run_to` does, and say so where pictures of this size are too small or too large.

    Raises
    ------
    InputError
        If the network cannot take pictures of this size.
    """
    try:
        return model.run_to(x, *layers, scores=scores)
    except CnnvizError:
        raise
    except RuntimeError as error:
        if x.shape[1:] == model.input_shape:
            raise  # the network's own
        size, made = ("x".join(map(str, each)) for each in (x.shape[1:], model.input_shape))
        raise InputError(
            f"{model.name} cannot take pictures of {size}; it was made for {made}. "
            f"It says: {str(error).splitlines()[0]}"
        ) from error


def climb(
    model: HookedModel,
    objective: Term,
    *,
    start: Start = "zero",
    steps: int = 100,
    optimizer: Optimizer | None = None,
    parameterization: Parameterization | None = None,
    transforms: Sequence[Transform] = (),
    regularizers: Sequence[Regularizer] = (),
    pictures: int = 1,
    size: tuple[int, int] | None = None,
    seed: int = 0,
) -> Climb:
    """Change pictures step by step so that an objective grows: gradient ascent on the input.

    Simonyan et al. 2014, section 2; Erhan et al. 2009 were the first.

    Parameters
    ----------
    model : HookedModel
        The network. Its weights stay as they are.
    objective : Term
        What should grow: ``ClassScore("dalmatian") - 1e-3 * L2()``. Penalties are subtracted.
    start : "zero", "noise" or Tensor
        The mean colour everywhere, as the paper starts; noise about it; or pictures (N, C, H, W), normalised.
    steps : int
        How many steps to take; the climb yields one picture more, the start.
    optimizer : Ascent, Momentum or Adam
        How a gradient becomes a step. None: `Ascent` of rate 0.05 with normalised gradients.
    parameterization : Pixels, Fourier or Generated
        How pictures are written down. None: pixels.
    transforms : sequence of Jitter, Scale, Rotate, Pad
        Random changes of what the network sees. Priors read the picture without them.
    regularizers : sequence of Decay, Blur, ClipNorm, ClipContribution, Clamp
        What is done to the picture after each step, in order; only with pixels.
    pictures : int
        How many climb together, each its own objective's way; not asked where `start` is a tensor.
    size : tuple of int, optional
        Rows and columns of the pictures; None: what the network was made for.
    seed : int
        Of the noise and the transforms. The same seed gives the same bytes.

    Returns
    -------
    Climb
        An iterator of `Step`, whose settings may be changed between steps.

    Raises
    ------
    LayerError, TargetError
        If the objective asks for what the network has not; before any step where that can be known.
    InputError
        If the network cannot take pictures of this size, or the start, or the number of steps, is none.
    ClimbError
        At a step where a term or the gradient is not finite; it names the term and has the last good step.

    Notes
    -----
    Cost of a step: one forward and one backward pass, cut off after the last layer the objective reads, and
    one more backward pass where a unit is silent, which is a start behind a ReLU that is off; such ReLUs are
    passed, and the step says so.

    Examples
    --------
    >>> steps = climb(model, ClassScore("dalmatian") - 1e-3 * L2())  # doctest: +SKIP
    >>> *_, last = steps  # doctest: +SKIP
    """
    checked(objective)
    _check_steps(steps)
    parameterization = parameterization or Pixels()
    picture = _start(model, start, pictures, size, seed)
    numbers = parameterization.write(picture, model).detach().clone()
    return Climb(
        model,
        objective,
        numbers,
        (picture.shape[-2], picture.shape[-1]),
        parameterization,
        optimizer or Ascent(0.05),
        steps,
        tuple(transforms),
        tuple(regularizers),
        seed,
    )


def _check_steps(steps: Any) -> None:
    if not isinstance(steps, Integral) or steps < 0:
        raise InputError(f"a number of steps is a whole number from 0 on, not {steps!r}")


def _start(
    model: HookedModel, start: Start, pictures: int, size: tuple[int, int] | None, seed: int
) -> Tensor:
    """Make the pictures to start from, as the network's weights are."""
    if isinstance(start, Tensor):
        start = start[None] if start.dim() == 3 else start
        if not torch.isfinite(start).all():
            raise InputError("a start must be finite, and this tensor has numbers that are not")
        return model.prepare(start)
    if start not in ("zero", "noise"):
        raise InputError(f"a start is 'zero', 'noise' or a tensor of pictures, not {start!r}")
    if pictures < 1:
        raise InputError(f"a climb needs at least one picture, not {pictures}")
    sides: Sequence[int] = model.input_shape[1:] if size is None else size
    if not isinstance(sides, Sequence) or len(sides) != 2 or min(sides) < 1:
        raise InputError(f"a size is a number of rows and one of columns, at least 1 each, not {sides!r}")
    shape = (pictures, model.input_shape[0], *sides)
    if start == "zero":
        return model.prepare(torch.zeros(shape))
    # A generator of its own for each picture, so that it starts alike alone and among others.
    noise = [
        torch.randn(shape[1:], generator=torch.Generator().manual_seed(seed + i)) for i in range(pictures)
    ]
    return model.prepare(_NOISE * torch.stack(noise))
