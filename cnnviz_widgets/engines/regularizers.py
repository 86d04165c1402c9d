"""What is done to the picture after each step: Yosinski et al. 2015, and black and white as limits.

Each is called with the pictures x (N, C, H, W), normalised, so that 0 is the mean colour, the gradient of the
last step like x, and the number of the step, counted from 1; it returns the pictures to go on from.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from cnnviz_widgets.errors import InputError

Regularizer = Callable[[Tensor, Tensor, int], Tensor]


@dataclass(frozen=True)
class Decay:
    """Pull every pixel to the mean colour: x becomes (1 - share) x.

    Yosinski et al. 2015, section 4: L2 decay.

    Attributes
    ----------
    share : float
        0..1; what is lost in each step.
    """

    share: float

    def __post_init__(self) -> None:
        _check("a decay", self.share, 0, 1)

    def __call__(self, x: Tensor, gradient: Tensor, index: int) -> Tensor:
        """Scale the pictures down."""
        return x * (1 - self.share)


@dataclass(frozen=True)
class Blur:
    """Blur with a Gaussian, every few steps, which takes high frequencies away.

    Yosinski et al. 2015, section 4: Gaussian blur.

    Attributes
    ----------
    width : float
        Standard deviation, pixels; 0 does nothing.
    every : int
        The number of steps from one blur to the next; 0 does nothing.
    """

    width: float
    every: int = 1

    def __post_init__(self) -> None:
        _check("the width of a blur", self.width, 0, math.inf)
        _check("the number of steps between blurs", self.every, 0, math.inf)

    def __call__(self, x: Tensor, gradient: Tensor, index: int) -> Tensor:
        """Blur the pictures, if it is their step."""
        if not self.width or not self.every or index % self.every:
            return x
        reach = min(max(1, math.ceil(4 * self.width)), min(x.shape[-2:]) - 1)
        return gaussian_blur(x, [2 * reach + 1] * 2, [self.width] * 2)


@dataclass(frozen=True)
class ClipNorm:
    """Set the pixels of small norm to the mean colour, so that only what matters is drawn.

    Yosinski et al. 2015, section 4: clipping pixels with small norm.

    Attributes
    ----------
    percent : float
        0..100; how many of the pixels of each picture are set. The norm is over the colours.
    """

    percent: float

    def __post_init__(self) -> None:
        _check("the percentage of a clip", self.percent, 0, 100)

    def __call__(self, x: Tensor, gradient: Tensor, index: int) -> Tensor:
        """Clip the pictures."""
        return _without_smallest(x, x.square().sum(1).sqrt(), self.percent)


@dataclass(frozen=True)
class ClipContribution:
    """Set the pixels that contribute little to the objective to the mean colour.

    What a pixel contributes is how much the objective would change without it, to first order: the absolute
    value of the sum of x * gradient over the colours. Yosinski et al. 2015, section 4: clipping pixels with
    small contribution.

    Attributes
    ----------
    percent : float
        0..100; how many of the pixels of each picture are set.
    """

    percent: float

    def __post_init__(self) -> None:
        _check("the percentage of a clip", self.percent, 0, 100)

    def __call__(self, x: Tensor, gradient: Tensor, index: int) -> Tensor:
        """Clip the pictures."""
        return _without_smallest(x, (x * gradient).sum(1).abs(), self.percent)


@dataclass(frozen=True, eq=False)
class Clamp:
    """Keep every pixel between black and white, as a picture is.

    Attributes
    ----------
    low, high : Tensor, (C, 1, 1)
        Black and white after normalisation: ``Clamp(*model.limits)``.
    """

    low: Tensor
    high: Tensor

    def __call__(self, x: Tensor, gradient: Tensor, index: int) -> Tensor:
        """Clamp the pictures."""
        return torch.minimum(torch.maximum(x, self.low.to(x)), self.high.to(x))


def _without_smallest(x: Tensor, size: Tensor, percent: float) -> Tensor:
    """Set the pixels below this percentile of `size`, (N, H, W), to 0 in each picture."""
    if not percent:
        return x
    flat = size.flatten(1)
    # An order statistic and not torch.quantile, which refuses more than 16 million numbers and sorts all.
    rank = math.ceil(percent / 100 * (flat.shape[1] - 1))
    border = flat.kthvalue(rank + 1, dim=1).values
    return x * (size >= border[:, None, None])[:, None]


def _check(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        limits = f"from {low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
        raise InputError(f"{what} is {limits}, not {value}")
