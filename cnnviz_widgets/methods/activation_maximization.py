"""Activation maximization: what picture a class, or a unit, would like to see most."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import (
    L2,
    Adam,
    Ascent,
    Blur,
    Clamp,
    Climb,
    ClipContribution,
    ClipNorm,
    Decay,
    Fourier,
    Jitter,
    Pad,
    Pixels,
    Rotate,
    Scale,
    Term,
    TotalVariation,
    climb,
)
from cnnviz_widgets.engines.ascent import Start
from cnnviz_widgets.engines.objectives import ClassScore
from cnnviz_widgets.engines.optimizers import Optimizer
from cnnviz_widgets.engines.regularizers import Regularizer
from cnnviz_widgets.engines.transforms import Transform
from cnnviz_widgets.errors import InputError, nearest


@dataclass(frozen=True)
class Regularization:
    """Everything that keeps a maximised picture a picture; 0 switches a part off.

    Attributes
    ----------
    steps : int
        How many steps to take.
    rate : float
        With pixels: the mean size of a step in one pixel, in standard deviations of the training pictures.
        With waves: Adam's rate.
    start : "zero" or "noise"
        The mean colour everywhere, or noise about it.
    l2, tv : float
        Weights of ||I||² and of the total variation, which are subtracted from the objective.
    decay : float
        What is lost of the picture in each step, 0..1.
    blur, blur_every : float, int
        Standard deviation of the blur in pixels, and the number of steps from one to the next.
    clip_norm, clip_contribution : float
        Percentage of the pixels that are set to the mean colour in each step, those of the smallest norm or
        contribution.
    jitter, scale, rotate, pad : int, float, float, int
        Random changes of what the network sees: pixels, share, degrees, pixels of the frame around.
    fourier : bool
        Write the picture as waves in decorrelated colours. Then what is done to pixels after a step (decay,
        blur, clips) is left out.
    clamp : bool
        Keep pixels between black and white. Waves always do.
    """

    steps: int = 100
    rate: float = 0.05
    start: str = "zero"
    l2: float = 0.0
    tv: float = 0.0
    decay: float = 0.0
    blur: float = 0.0
    blur_every: int = 0
    clip_norm: float = 0.0
    clip_contribution: float = 0.0
    jitter: int = 0
    scale: float = 0.0
    rotate: float = 0.0
    pad: int = 0
    fourier: bool = False
    clamp: bool = False

    def objective(self, wanted: Term) -> Term:
        """Subtract the priors from what is wanted."""
        priors = [(self.l2, L2()), (self.tv, TotalVariation())]
        for weight, prior in priors:
            wanted = wanted - weight * prior if weight else wanted
        return wanted

    def optimizer(self) -> Optimizer:
        """Give the way to step."""
        return Adam(self.rate) if self.fourier else Ascent(self.rate)

    def transforms(self) -> tuple[Transform, ...]:
        """Give the random changes, in Lucid's order."""
        drawn: list[Transform] = [Pad(self.pad)] if self.pad else []
        drawn += [Jitter(self.jitter)] if self.jitter else []
        drawn += [Scale(self.scale)] if self.scale else []
        drawn += [Rotate(self.rotate)] if self.rotate else []
        return tuple(drawn)

    def regularizers(self, model: HookedModel) -> tuple[Regularizer, ...]:
        """Give what is done after each step, in the order of Yosinski's toolbox."""
        if self.fourier:
            return ()
        done: list[Regularizer] = [Decay(self.decay)] if self.decay else []
        done += [Blur(self.blur, self.blur_every)] if self.blur and self.blur_every else []
        done += [ClipNorm(self.clip_norm)] if self.clip_norm else []
        done += [ClipContribution(self.clip_contribution)] if self.clip_contribution else []
        done += [Clamp(*model.limits)] if self.clamp else []
        return tuple(done)

    def steer(self, running: Climb, wanted: Term) -> None:
        """Let a climb that is going on follow these settings from its next step on."""
        running.objective = self.objective(wanted)
        running.optimizer.rate = self.rate
        running.transforms = self.transforms()
        running.regularizers = self.regularizers(running.model)
        running.steps = self.steps


# Yosinski et al. 2015, table 1, gives decay, blur and clips; rate and start are ours where the table has none.
_yosinski = Regularization(steps=500, rate=0.1, start="noise", clamp=True)
PRESETS = {
    "no prior": Regularization(steps=100),
    "Simonyan: L2": Regularization(steps=100, l2=1e-3),
    "L2, blur and jitter": Regularization(steps=100, l2=1e-3, blur=0.5, blur_every=10, jitter=16),
    "Yosinski 1": replace(_yosinski, blur=0.5, blur_every=4, clip_norm=50),
    "Yosinski 2": replace(_yosinski, steps=750, decay=0.3, clip_norm=20),
    "Yosinski 3": replace(_yosinski, steps=1000, decay=1e-4, blur=1.0, blur_every=4),
    "Yosinski 4": replace(_yosinski, steps=1000, blur=0.5, blur_every=4, clip_contribution=90),
    "waves (Olah)": Regularization(
        steps=512, rate=0.05, start="noise", fourier=True, pad=12, jitter=8, scale=0.1, rotate=10
    ),
}
