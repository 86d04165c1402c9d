"""How a picture is written down while it is optimised: the numbers decide which way is short.

A parameterization turns pictures into numbers (`write`) and numbers into pictures (`read`); pictures are
(N, C, H, W), normalised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import InputError


class Parameterization(Protocol):
    """What climb asks of one."""

    in_pixels: bool

    def write(self, x: Tensor, model: HookedModel) -> Tensor:
        """Find the numbers that stand for pictures."""

    def read(self, numbers: Tensor, model: HookedModel, size: tuple[int, int]) -> Tensor:
        """Draw the pictures of this size that numbers stand for."""

    def settle(self, numbers: Tensor) -> Tensor:
        """Bring the numbers back to where they are allowed, after a step."""


@dataclass(frozen=True)
class Pixels:
    """Every pixel is its own number, as in Simonyan et al. 2014."""

    in_pixels = True

    def write(self, x: Tensor, model: HookedModel) -> Tensor:
        """Take the pixels."""
        return x

    def read(self, numbers: Tensor, model: HookedModel, size: tuple[int, int]) -> Tensor:
        """Take the numbers."""
        return numbers

    def settle(self, numbers: Tensor) -> Tensor:
        """Leave them."""
        return numbers


# Square root of the covariance of the colours of ImageNet's pixels, after Lucid (Olah et al. 2017); columns
# are light, blue against red, and green against both.
_COLORS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], dtype=torch.float64)
_COLORS = _COLORS / _COLORS.norm(dim=0).max()
_EDGE = 1e-3  # a sigmoid never reaches black and white


@dataclass(frozen=True)
class Fourier:
    """The picture as a sum of waves in decorrelated colours, its values squeezed between black and white.

    A step of the same size in every number then changes low frequencies most, as natural pictures do. Olah
    et al. 2017, Feature Visualization, section "Preconditioning and Parameterization".

    Attributes
    ----------
    decay : float
        A wave of frequency f is scaled by 1/f^decay; 0 treats all alike.
    decorrelate : bool
        Whether colours are decorrelated, for networks of three.

    Notes
    -----
    `write` and `read` are each other's inverse for pictures between black and white; values beyond 0.1 % from
    either are cut.
    """

    decay: float = 1.0
    decorrelate: bool = True
    in_pixels = False

    def write(self, x: Tensor, model: HookedModel) -> Tensor:
        """Find the waves, (N, C, H, W // 2 + 1, 2)."""
        low, high = (each.to(x) for each in model.limits)
        values = torch.logit(((x - low) / (high - low)).clamp(_EDGE, 1 - _EDGE))
        if self._mixes(x.shape[1]):
            values = (torch.linalg.inv(_COLORS).to(x) @ values.flatten(2)).reshape(values.shape)
        waves = torch.fft.rfft2(values, norm="ortho") / self._scale(x.shape[-2:], x)
        return torch.view_as_real(waves).clone()

    def read(self, numbers: Tensor, model: HookedModel, size: tuple[int, int]) -> Tensor:
        """Sum up the waves."""
        low, high = (each.to(numbers) for each in model.limits)
        scaled = numbers * self._scale(size, numbers)[..., None]
        values = torch.fft.irfft2(torch.view_as_complex(scaled), s=size, norm="ortho")
        if self._mixes(numbers.shape[1]):
            values = (_COLORS.to(numbers) @ values.flatten(2)).reshape(values.shape)
        return torch.sigmoid(values) * (high - low) + low

    def settle(self, numbers: Tensor) -> Tensor:
        """Leave them."""
        return numbers

    def _mixes(self, channels: int) -> bool:
        return self.decorrelate and channels == 3

    def _scale(self, size: tuple[int, ...], like: Tensor) -> Tensor:
        return _wave_sizes(*size, self.decay, like.dtype, like.device)


@lru_cache(maxsize=8)
def _wave_sizes(rows: int, columns: int, decay: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Give what a wave of each frequency is scaled by, (rows, columns // 2 + 1); the same in every step."""
    with torch.inference_mode(False):
        down = torch.fft.fftfreq(rows, dtype=torch.float64)[:, None]
        frequency = (down**2 + torch.fft.rfftfreq(columns, dtype=torch.float64) ** 2).sqrt()
        # /4 as in Lucid: it keeps the first steps away from the flat ends of the sigmoid
        return (1 / frequency.clamp(min=1 / max(rows, columns)) ** decay / 4).to(device, dtype)


@dataclass(frozen=True, eq=False)
class Generated:
    """The picture as what a generator makes of a code: only pictures it can draw are found.

    Nguyen et al. 2016, Synthesizing the preferred inputs via deep generator networks.

    Attributes
    ----------
    generate : callable
        Takes codes (N, ...) and returns pictures (N, C, H, W), normalised, differentiably.
    code : Tensor
        Where to start, (N, ...); what `start` says is not asked.
    low, high : float or Tensor
        The code is kept between them after each step.
    decay : float
        The code is multiplied by 1 - decay after each step.
    """

    generate: Callable[[Tensor], Tensor]
    code: Tensor
    low: float | Tensor = -torch.inf
    high: float | Tensor = torch.inf
    decay: float = 0.0
    in_pixels = False

    def write(self, x: Tensor, model: HookedModel) -> Tensor:
        """Give the code to start with, one for each picture."""
        if len(self.code) not in (1, len(x)):
            raise InputError(
                f"{len(self.code)} codes were given for {len(x)} pictures; give one, or one each"
            )
        return self.code.expand(len(x), *self.code.shape[1:])

    def read(self, numbers: Tensor, model: HookedModel, size: tuple[int, int]) -> Tensor:
        """Generate the pictures."""
        return self.generate(numbers)

    def settle(self, numbers: Tensor) -> Tensor:
        """Cut the code to its limits, then let it decay."""
        low, high = (torch.as_tensor(each).to(numbers) for each in (self.low, self.high))
        return torch.minimum(torch.maximum(numbers, low), high) * (1 - self.decay)
