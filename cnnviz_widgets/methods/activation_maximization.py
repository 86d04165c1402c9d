"""Activation maximization: what picture a class, or a unit, would like to see most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

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
from cnnviz_widgets.errors import InputError, TargetError, nearest


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


# Decay, blur and clips are those of Yosinski et al. 2015, table 1; their rate is for other units than ours.
_yosinski = Regularization(steps=500, rate=0.1, start="noise", clamp=True)
PRESETS = {
    "no prior": Regularization(),
    "Simonyan: L2": Regularization(l2=1e-3),
    "L2, blur and jitter": Regularization(l2=1e-3, blur=0.5, blur_every=10, jitter=16),
    "Yosinski: blur, small norms": replace(_yosinski, blur=0.5, blur_every=4, clip_norm=50),
    "Yosinski: decay, small norms": replace(_yosinski, steps=750, decay=0.3, clip_norm=20),
    "Yosinski: wide blur": replace(_yosinski, steps=1000, decay=1e-4, blur=1.0, blur_every=4),
    "Yosinski: small contributions": replace(
        _yosinski, steps=1000, blur=0.5, blur_every=4, clip_contribution=90
    ),
    "Olah: waves": Regularization(
        steps=512, start="noise", fourier=True, pad=12, jitter=8, scale=0.1, rotate=10
    ),
}
"""Settings by name, for pictures of 224 px; see `preset`."""

LADDER = {
    "no prior": Regularization(),
    "L2": Regularization(l2=1e-3),
    "blur": Regularization(blur=0.5, blur_every=2),
    "TV": Regularization(tv=1e-3),
    "jitter": Regularization(jitter=16),
    "jitter and waves": Regularization(start="noise", fourier=True, pad=12, jitter=8, scale=0.1, rotate=10),
}
"""One prior after the other, for the same unit; see `priors_ladder`."""

DECK = ("dumbbell", "cup", "dalmatian", "bell pepper", "lemon", "husky")
"""The classes of the lecture's gallery."""

_MADE_FOR = 224  # pixels: the side that jitter and padding are given for


def preset(name: str, model: HookedModel, among: Mapping[str, Regularization] = PRESETS) -> Regularization:
    """Look up settings by name, their pixels scaled to the pictures of a network.

    Raises
    ------
    InputError
        If there are no settings of this name.
    """
    if name not in among:
        raise InputError(f"there is no preset {name!r}. {nearest(name, among)}")
    found, share = among[name], min(model.input_shape[1:]) / _MADE_FOR
    return replace(found, jitter=round(found.jitter * share), pad=round(found.pad * share))


def maximize_activation(
    model: HookedModel,
    target: Term | int | str | Sequence[int | str],
    settings: Regularization | str = "L2, blur and jitter",
    *,
    start: Start | None = None,
    seed: int = 0,
    **changes: Any,
) -> Climb:
    """Find a picture that a class, or a unit, responds to most: the "appearance model" of a class.

    Climbs S_c(I) - lambda ||I||² from the mean colour, with the weights fixed; S_c is the score before the
    softmax. Simonyan et al. 2014, equation 1; other settings are those of Yosinski et al. 2015, section 4,
    and Olah et al. 2017.

    Parameters
    ----------
    model : HookedModel
        The network.
    target : int, str, sequence or Term
        A class by number or name; several, whose pictures climb together; or any objective, such as
        ``Channel("conv5", 13)`` or ``Neuron("fc8", 3)``.
    settings : Regularization or str
        Priors, transforms, rate and steps, or the name of a preset.
    start : "zero", "noise" or Tensor, (N, C, H, W), optional
        Where to start; None: what the settings say.
    seed : int
        Of noise and transforms.
    **changes
        Settings that differ: ``l2=1e-2``, ``steps=50``.

    Returns
    -------
    Climb
        An iterator of `Step`; ``*_, last = maximize_activation(...)`` runs it.

    Raises
    ------
    InputError
        If there is no such preset or setting.
    TargetError, LayerError
        If there is no such class, layer or unit.

    Notes
    -----
    Differs from the paper, which gives neither lambda nor rate: the rate here is the mean size of a step, so
    that it means the same on all networks. Cost: one forward and one backward pass a step.
    """
    found = preset(settings, model) if isinstance(settings, str) else settings
    unknown = set(changes) - {each.name for each in fields(Regularization)}
    if unknown:
        known = ", ".join(each.name for each in fields(Regularization))
        raise InputError(f"there is no setting {sorted(unknown)[0]!r}; there are {known}")
    found = replace(found, **changes)
    wanted, pictures = _wanted(model, target)
    return climb(
        model,
        found.objective(wanted),
        start=found.start if start is None else start,  # type: ignore[arg-type]
        steps=found.steps,
        optimizer=found.optimizer(),
        parameterization=Fourier() if found.fourier else Pixels(),
        transforms=found.transforms(),
        regularizers=found.regularizers(model),
        pictures=pictures,
        seed=seed,
    )


def priors_ladder(
    model: HookedModel, target: Term | int | str, *, start: Start | None = None, seed: int = 0, **changes: Any
) -> dict[str, Climb]:
    """Climb for one unit with one prior after the other: none, L2, blur, TV, jitter, jitter and waves.

    Parameters
    ----------
    model, target, start, seed, **changes
        As for `maximize_activation`.

    Returns
    -------
    dict of str to Climb
        The prior's name to its climb.
    """
    return {
        name: maximize_activation(
            model, target, preset(name, model, LADDER), start=start, seed=seed, **changes
        )
        for name in LADDER
    }


def _wanted(model: HookedModel, target: Any) -> tuple[Term, int]:
    """Turn a target into an objective, and say how many pictures it is about."""
    if isinstance(target, Term):
        return target, 1
    if isinstance(target, (int, str)):
        model.class_index(target)  # says what there is
        return ClassScore(target), 1
    targets = list(target)
    if not targets:
        raise TargetError("no class was given: name at least one")
    for each in targets:
        model.class_index(each)
    return ClassScore(targets), len(targets)
