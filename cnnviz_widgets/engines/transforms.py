"""Small random changes of what the network sees, another in each step: what survives them is no accident.

"Transformation robustness" of Olah et al. 2017, Feature Visualization; jitter is from Mordvintsev et al.
2015, Inceptionism. All pictures of a step get the same change: a batch climbs as each picture would alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz_widgets.errors import InputError


@dataclass(frozen=True)
class Jitter:
    """Shift by up to so many pixels in both directions; what leaves on one side comes in on the other.

    Attributes
    ----------
    pixels : int
        The largest shift.
    """

    pixels: int

    def __post_init__(self) -> None:
        _check("a jitter", self.pixels)


@dataclass(frozen=True)
class Scale:
    """Enlarge or shrink about the middle, by up to this share.

    Attributes
    ----------
    share : float
        0.1 draws a factor between 0.9 and 1.1. What comes in from outside has the mean colour.
    """

    share: float

    def __post_init__(self) -> None:
        _check("a scale", self.share)
        if self.share >= 1:
            raise InputError(f"a scale of {self.share} would shrink pictures to nothing: it is below 1")


@dataclass(frozen=True)
class Rotate:
    """Turn about the middle, by up to so many degrees to either side.

    Attributes
    ----------
    degrees : float
        The largest angle. What comes in from outside has the mean colour.
    """

    degrees: float

    def __post_init__(self) -> None:
        _check("a rotation", self.degrees)


@dataclass(frozen=True)
class Pad:
    """Put a frame of the mean colour around, so that shifts and turns lose nothing; it is cut off at the end.

    Attributes
    ----------
    pixels : int
        The frame's width.
    """

    pixels: int

    def __post_init__(self) -> None:
        _check("a padding", self.pixels)


Transform = Jitter | Scale | Rotate | Pad


def transformed(x: Tensor, transforms: Sequence[Transform], generator: torch.Generator) -> Tensor:
    """Change pictures by random transforms, one after the other.

    Parameters
    ----------
    x : Tensor, (N, C, H, W)
        Pictures, normalised.
    transforms : sequence of Jitter, Scale, Rotate or Pad
        In order; neighbouring scales and rotations are done in one interpolation, which blurs less.
    generator : torch.Generator
        What draws the numbers, on the CPU.

    Returns
    -------
    Tensor
        Like x: the middle is cut out if the pictures have grown.
    """
    rows, columns = x.shape[-2:]
    matrix: Tensor | None = None
    for transform in transforms:
        if isinstance(transform, (Scale, Rotate)):
            drawn = _matrix(transform, generator)
            matrix = drawn if matrix is None else matrix @ drawn
            continue
        x, matrix = _warped(x, matrix), None
        if isinstance(transform, Jitter):
            far = transform.pixels
            shift = torch.randint(-far, far + 1, (2,), generator=generator).tolist()
            x = torch.roll(x, shift, (-2, -1)) if any(shift) else x
        else:
            x = F.pad(x, [transform.pixels] * 4)
    x = _warped(x, matrix)
    top, left = (x.shape[-2] - rows) // 2, (x.shape[-1] - columns) // 2
    return x[..., top : top + rows, left : left + columns]


def _matrix(transform: Scale | Rotate, generator: torch.Generator) -> Tensor:
    """Draw a change about the middle: (2, 2), from places (column, row) in the new picture to the old one."""
    draw = 2 * torch.rand((), generator=generator, dtype=torch.float64).item() - 1
    if isinstance(transform, Scale):
        return torch.eye(2, dtype=torch.float64) / (1 + transform.share * draw)
    angle = math.radians(transform.degrees * draw)
    turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    return torch.tensor(turn, dtype=torch.float64)


def _warped(x: Tensor, matrix: Tensor | None) -> Tensor:
    if matrix is None:
        return x
    rows, columns = x.shape[-2:]
    # grid_sample counts both sides from -1 to 1, so a turn in pixels is squeezed where they differ.
    squeeze = torch.tensor([[1.0, rows / columns], [columns / rows, 1.0]], dtype=torch.float64)
    (a, b), (c, d) = (matrix * squeeze).tolist()
    down, across = (
        (2 * torch.arange(n, dtype=x.dtype, device=x.device) + 1) / n - 1 for n in (rows, columns)
    )
    down = down[:, None]
    # F.affine_grid would give the same, ten times slower
    grid = torch.stack([a * across + b * down, c * across + d * down], -1)[None]
    flat = x.reshape(1, -1, rows, columns)  # all pictures and colours move alike: one grid for all
    return F.grid_sample(flat, grid, align_corners=False).reshape(x.shape)


def _check(what: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise InputError(f"{what} is a number from 0 on, not {value}")
