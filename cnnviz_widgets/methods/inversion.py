"""Code inversion: which pictures have this code? What a layer has kept of a picture, seen again.

Mahendran & Vedaldi, "Understanding Deep Image Representations by Inverting Them", CVPR 2015.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.engines import AlphaNorm, Climb, CodeMatch, Step, Term, TotalVariation, climb, stages
from cnnviz_widgets.engines.ascent import run_to
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.cautious_momentum import CautiousMomentum

Depth = Literal["early", "middle", "late"]

# The weight v of the total variation, for AlexNet's layers 1-6, 7-12 and 13-20 in the authors' code.
TV_BY_DEPTH: dict[Depth, float] = {"early": 1.0, "middle": 10.0, "late": 100.0}
_PIXEL = 68.9 / 255  # root of the mean square of a photo's pixels about the mean: the authors' sigma
_SHARES = ((0.25, 1.0), (0.5, 0.1), (0.25, 0.01))  # of the steps, and of the rate


@dataclass(frozen=True)
class InversionSettings:
    """Weights of the priors, and how to step; the defaults are the authors'.

    Attributes
    ----------
    tv : float
        v, the weight of the total variation: 1, 10, 100 for early, middle and late layers.
    alpha : float
        The weight of the sum of the 6th powers, for pixels of 0..255 about the mean.
    rate : float
        Of a step along sigma² times the gradient: for the first quarter of the steps. A tenth for the next
        half, a hundredth for the rest.
    steps : int
        How many steps to take.
    """

    tv: float = 10.0
    alpha: float = 8e-10
    rate: float = 0.004
    steps: int = 400

    def __post_init__(self) -> None:
        for name in ("tv", "alpha", "rate"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is a number from 0 on, not {getattr(self, name)}")
        if self.steps < 0:
            raise InputError(f"a number of steps is 0 or more, not {self.steps}")

    def objective(self, model: HookedModel, wanted: CodeMatch, pixels: int) -> Term:
        """Make what is climbed, minus the energy, for pictures of so many numbers."""
        size = sigma_squared(model, pixels)
        alpha = self.alpha * _levels(model) ** 4  # 6 of the norm less 2 of sigma
        energy: Term = 1.0 * wanted
        energy = energy + self.tv / (2 * size) * TotalVariation() if self.tv else energy
        energy = energy + alpha / (2 * size) * AlphaNorm(6) if self.alpha else energy
        return -energy

    def optimizer(self, model: HookedModel, pixels: int) -> CautiousMomentum:
        """Make the way to step: momentum 0.9, its velocity 0 again where the rate changes."""
        rate = self.rate * sigma_squared(model, pixels)
        counts = [max(1, round(share * self.steps)) for share, _ in _SHARES]
        return CautiousMomentum(
            stages(*((count, rate * part) for count, (_, part) in zip(counts, _SHARES, strict=True))), 0.9
        )


def invert(
    model: HookedModel,
    x: Tensor,
    layer: str,
    *,
    mask: Tensor | None = None,
    settings: InversionSettings | None = None,
    steps: int | None = None,
    start: Tensor | None = None,
    seed: int = 0,
) -> Climb:
    """Find a picture whose code in a layer is that of a given picture: gradient descent from noise.

    The energy is ||(f(I) - F0) m||² / ||F0 m||² + (a/2 sum |I|⁶ + v/2 sum (dx² + dy²)) / sigma², with the
    layer f, the picture's code F0, and a mask m of 0 and 1. Mahendran & Vedaldi 2015, equations 1 to 4.

    Parameters
    ----------
    model : HookedModel
        Any network.
    x : Tensor, (N, C, H, W)
        Pictures, as ``model.preprocess(picture)`` gives them. They climb together, each from the same noise.
    layer : str
        Whose code to invert; any layer or block.
    mask : Tensor, optional
        What of the code counts: broadcasts to the layer's shape. See `field_mask` and `channel_mask`; their
        product is both. None counts all.
    settings : InversionSettings, optional
        None: `inversion_preset(model, layer)`.
    steps : int, optional
        How many to take, instead of the settings' number.
    start : Tensor, (N, C, H, W), optional
        Where to start. None: white noise with the norm sigma of an average photo.
    seed : int
        Of the noise.

    Returns
    -------
    Climb
        An iterator of `Step`: ``step.image`` is (N, C, H, W), normalised, and ``code_error(step)`` tells how
        near the codes are. The terms are negative, since a climb goes up.

    Raises
    ------
    LayerError
        If there is no such layer.
    TargetError
        If the mask does not fit the layer's shape, or the code is zero wherever it counts.
    InputError
        If x is no batch of pictures, or they are of a size that the network cannot take.
    ClimbError
        At a step that gives no finite numbers.

    Notes
    -----
    Cost of a step: one forward and one backward pass, cut off after the layer.

    Differs from the paper: the authors' rate was chosen for two networks, and in late layers of others it
    explodes. A picture whose energy rises above that of the noise goes back to its best one with a quarter of
    the rate (`CautiousMomentum`); otherwise steps are the authors'. Rates and weights are told as for pixels
    of 0..255, and brought to the network's units by what black and white are there; colours whose standard
    deviations differ count by their mean. The total variation is per pixel: on a picture with half as many
    rows and columns the same v smooths four times as much of what is seen.
    """
    x = model.prepare(x)
    settings = settings or inversion_preset(model, layer)
    settings = settings if steps is None else replace(settings, steps=steps)
    with torch.no_grad():
        record = run_to(model, x, layer)
        wanted = CodeMatch(layer, record[layer].detach(), mask)
        wanted(record)  # says at once what is wrong with the mask
    pixels = x[0].numel()
    optimizer = settings.optimizer(model, pixels)
    running = climb(
        model,
        settings.objective(model, wanted, pixels),
        start=_noise(model, x, seed) if start is None else start,
        steps=settings.steps,
        optimizer=optimizer,
        seed=seed,
    )
    optimizer.climb = running
    return running


def steer(running: Climb, settings: InversionSettings) -> None:
    """Let an inversion that is going on follow other settings from its next step on."""
    pixels = running.numbers[0].numel()
    wanted = next(term for _, term in running.objective.parts if isinstance(term, CodeMatch))
    optimizer = settings.optimizer(running.model, pixels)
    optimizer.climb = running
    running.objective = settings.objective(running.model, wanted, pixels)
    running.optimizer, running.steps = optimizer, settings.steps


def depth_of(model: HookedModel, layer: str) -> Depth:
    """Say whether a layer is early, middle or late: among the first quarter of the weights' layers, or half.

    Convolutions and fully connected layers are counted up to this one. Of AlexNet's eight, two are early and
    four early or middle, as in the authors' code, but for pool2, which they call middle.

    Raises
    ------
    LayerError
        If there is no such layer.
    """
    model.layer(layer)
    inside = [i for i, each in enumerate(model.layers) if f"{each.name}.".startswith(f"{layer}.")]
    upto = model.layers[: max(inside, default=len(model.layers) - 1) + 1]
    passed, total = _weighted(upto) or len(upto), _weighted(model.layers) or len(model.layers)
    share = passed / total
    return "early" if share <= 0.25 else "middle" if share <= 0.5 else "late"


def inversion_preset(model: HookedModel, layer: str) -> InversionSettings:
    """Give the authors' settings for a layer: they depend on its depth alone.

    Raises
    ------
    LayerError
        If there is no such layer.
    """
    return InversionSettings(tv=TV_BY_DEPTH[depth_of(model, layer)])


def code_error(step: Step) -> Tensor:
    """Read how far a step's codes are from those wanted: ||(f(I) - F0) m||² / ||F0 m||², (N,).

    0 where the codes agree; 1 for a code of zeros.
    """
    return -next(iter(step.terms.values()))


def picture_error(image: Tensor, x: Tensor) -> Tensor:
    """Measure how far pictures are from those that were inverted: ||image - x||² / ||x||², (N,).

    0 for the same picture; 1 for the mean colour everywhere; above 1 where even that would be nearer. The
    inversion knows nothing of this number: it is told the code alone.

    Parameters
    ----------
    image, x : Tensor, (N, C, H, W)
        Normalised.
    """
    x = x.to(image)
    return (image - x).flatten(1).square().sum(1) / x.flatten(1).square().sum(1)


def sigma_squared(model: HookedModel, pixels: int) -> float:
    """Give the squared norm of an average photo about the mean colour, in the network's units.

    Parameters
    ----------
    model : HookedModel
        Whose black and white are asked.
    pixels : int
        How many numbers a picture has, C·H·W.
    """
    return pixels * (_PIXEL * 255 / _levels(model)) ** 2


def _levels(model: HookedModel) -> float:
    """Say how many of the 256 levels of a pixel one unit of the network's input is."""
    black, white = model.limits
    return 255 / float((white - black).mean())


def _noise(model: HookedModel, x: Tensor, seed: int) -> Tensor:
    """Draw one noise for all pictures, so that each starts as it would alone."""
    noise = torch.randn(x.shape[1:], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    noise = noise * (sigma_squared(model, noise.numel()) ** 0.5 / noise.norm())
    return noise.expand(x.shape).to(x)


def _weighted(layers: Sequence[Layer]) -> int:
    return sum(each.kind.lower().startswith(("conv", "linear")) for each in layers)
