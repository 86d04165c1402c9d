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
    size = x.shape[-2:]
    canvas = _Canvas(x)
    for transform in transforms:
        if isinstance(transform, (Scale, Rotate)):
            canvas.turn(_matrix(transform, generator))
        elif isinstance(transform, Jitter):
            far = transform.pixels
            down, right = torch.randint(-far, far + 1, (2,), generator=generator).tolist()
            canvas.shift(down, right)
        else:
            canvas.pad(transform.pixels)
    return canvas.middle(size[0], size[1])


class _Canvas:
    """Pictures that have been padded, shifted and turned, of which the least possible is computed.

    Pixels are computed where a later change needs them, and at the end. Mostly that is one interpolation from
    the pictures to what is cut out of the middle: a frame is what lies outside them, and a shift, as long as
    nothing but frame comes in on the other side, moves the places that are read.
    """

    def __init__(self, x: Tensor) -> None:
        self._x = x
        self._matrix: Tensor | None = None  # (2, 2), from places about the middle to places in x
        self._before = (0, 0)  # what x is shifted by before that, down and to the right
        self._after: tuple[int, int] | None = None  # and after it, if it is
        self._pad = 0
        self._frame = 0  # how wide the frame is where it is narrowest

    def turn(self, matrix: Tensor) -> None:
        """Make each place show what was at `matrix` times it."""
        if self._after is not None:
            self._compute()
        self._matrix = matrix if self._matrix is None else self._matrix @ matrix

    def shift(self, down: int, right: int) -> None:
        """Shift, so that what leaves on one side comes in on the other."""
        if self._matrix is not None:
            earlier = self._after or (0, 0)
            self._after = earlier[0] + down, earlier[1] + right
            return
        if max(abs(down), abs(right)) > self._frame:
            self._compute()
            self._x = torch.roll(self._x, (down, right), (-2, -1))
            return
        self._frame -= max(abs(down), abs(right))
        self._before = self._before[0] + down, self._before[1] + right

    def pad(self, pixels: int) -> None:
        """Put a frame around."""
        if self._matrix is not None:
            self._compute()
        self._pad += pixels
        self._frame += pixels

    def middle(self, rows: int, columns: int) -> Tensor:
        """Cut out the middle."""
        height, width = self._size
        margin, after = min(height - rows, width - columns) // 2, self._after or (0, 0)
        if self._matrix is None or max(map(abs, after)) > margin:
            self._compute()
            top, left = (self._x.shape[-2] - rows) // 2, (self._x.shape[-1] - columns) // 2
            return self._x[..., top : top + rows, left : left + columns]
        return _read(self._x, self._matrix, self._before, after, (rows, columns))

    @property
    def _size(self) -> tuple[int, int]:
        return self._x.shape[-2] + 2 * self._pad, self._x.shape[-1] + 2 * self._pad

    def _compute(self) -> None:
        """Compute all pixels, so that what comes next begins with these."""
        if self._matrix is not None:
            self._x = _read(self._x, self._matrix, self._before, (0, 0), self._size)
            if self._after is not None:
                self._x = torch.roll(self._x, self._after, (-2, -1))
        elif self._pad or any(self._before):
            self._x = torch.roll(F.pad(self._x, [self._pad] * 4), self._before, (-2, -1))
        self._matrix, self._before, self._after = None, (0, 0), None
        self._pad = self._frame = 0


def _matrix(transform: Scale | Rotate, generator: torch.Generator) -> Tensor:
    """Draw a change about the middle: (2, 2), from places (column, row) in the new picture to the old one."""
    draw = 2 * torch.rand((), generator=generator, dtype=torch.float64).item() - 1
    if isinstance(transform, Scale):
        return torch.eye(2, dtype=torch.float64) / (1 + transform.share * draw)
    angle = math.radians(transform.degrees * draw)
    turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    return torch.tensor(turn, dtype=torch.float64)


def _read(
    x: Tensor, matrix: Tensor, before: tuple[int, int], after: tuple[int, int], size: tuple[int, int]
) -> Tensor:
    """Shift pictures, turn them, shift them again, and give the middle of that; around them all is 0."""
    (a, b), (c, d) = matrix.tolist()
    down, across = (
        torch.arange(n, dtype=x.dtype, device=x.device) - (n - 1) / 2 - by
        for n, by in zip(size, after, strict=True)
    )
    down = down[:, None]
    # grid_sample counts the sides of x from -1 to 1. F.affine_grid would be ten times slower.
    rows, columns = x.shape[-2:]
    right = (a * across + b * down - before[1]) * (2 / columns)
    below = (c * across + d * down - before[0]) * (2 / rows)
    flat = x.reshape(1, -1, rows, columns)  # all pictures and colours move alike: one grid for all
    read = F.grid_sample(flat, torch.stack([right, below], -1)[None], align_corners=False)
    return read.reshape(*x.shape[:-2], *size)


def _check(what: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise InputError(f"{what} is a number from 0 on, not {value}")
