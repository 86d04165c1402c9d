"""Saliency: which pixels of a picture change the score of a class most.

Simonyan, Vedaldi & Zisserman, "Deep Inside Convolutional Networks: Visualising Image Classification Models
and Saliency Maps", ICLR Workshop 2014, section 3.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, ReluRule, Target, backprop
from cnnviz_widgets.backend.relu_rules import find_rule
from cnnviz_widgets.errors import InputError

Floats = npt.NDArray[np.float32]
SaliencyLook = Literal["magnitude", "signed"]

_SHARE = 0.995  # of the pixels lie inside the scale: a few extreme ones would make the rest dark


@dataclass(frozen=True, eq=False)
class Saliency:
    """How the score of a class changes with every pixel of one picture.

    Attributes
    ----------
    gradient : array, (C, H, W) float32
        dS/dI, in units of the score per unit of the network's (normalised) input. Read-only. By another rule
        than backprop, what that rule brings down to the picture.
    target : int or None
        The class explained; None where the objective is not a class.
    value : float
        S, the score of the picture without noise: a logit where it is a class.
    rule : str
        What was done at the ReLUs.
    samples : int
        How many noisy copies the gradient is the mean of; 0 for the picture alone.
    """

    gradient: Floats
    target: int | None
    value: float
    rule: str = "backprop"
    samples: int = 0

    @cached_property
    def magnitude(self) -> Floats:
        """M = max over the channels of |dS/dI| (equations 17 and 18 of the deck), (H, W), 0 or more."""
        return np.abs(self.gradient).max(axis=0)

    @cached_property
    def signed(self) -> Floats:
        """The same derivative with its sign, (H, W): above zero, more of that colour raises the score."""
        strongest = np.abs(self.gradient).argmax(axis=0)
        return np.take_along_axis(self.gradient, strongest[None], axis=0)[0]

    def shown(self, look: SaliencyLook = "magnitude") -> tuple[Floats, float]:
        """Give the map as it is looked at, and the value at the end of its scale.

        Parameters
        ----------
        look : "magnitude" or "signed"
            M, or the same numbers with their signs.

        Returns
        -------
        array, (H, W) float32
            As it is, in no other scale.
        float
            The absolute value that 99.5 % of the pixels do not exceed; where that is zero, the largest one.

        Raises
        ------
        InputError
            If the look is neither.
        """
        if look not in ("magnitude", "signed"):
            raise InputError(f"a saliency map is shown as 'magnitude' or 'signed'; got {look!r}")
        size = self.magnitude[np.isfinite(self.magnitude)]
        limit = float(np.quantile(size, _SHARE)) if size.size else 0.0
        values = self.magnitude if look == "magnitude" else self.signed
        return values, limit or float(size.max(initial=0.0))


def saliency_map(
    model: HookedModel, x: Tensor, target: Target = None, rule: ReluRule | str = backprop
) -> Saliency:
    """Say which pixels change a class's score most: the gradient of the score, its largest channel.

    Near the picture the score is about S(I) = w I + b with w = dS/dI. The saliency of a pixel is the largest
    |w| of its channels: how much the score moves when the pixel moves least.

    Simonyan et al. 2014, section 3.1; equations 17 and 18 of the deck.

    Parameters
    ----------
    model : HookedModel
        Any network.
    x : Tensor, (1, C, H, W)
        One picture, as ``model.preprocess(picture)`` gives it.
    target : int, str, callable, Objective or None
        The class, by number or name, or anything else that `HookedModel.gradients` explains. None is the top
        class.
    rule : ReluRule or str
        "backprop" is the gradient. "deconvnet" and "guided" are no gradient of anything; see lecture 8.

    Returns
    -------
    Saliency

    Raises
    ------
    InputError
        If `x` is not exactly one picture.
    TargetError
        If there is no such class.
    ReluError
        If deconvnet or guided is asked of a network without ReLUs.
    GradientError
        If the score does not depend on the picture.

    Notes
    -----
    Cost: one forward and one backward pass.

    S is the logit and not the probability, which can also be raised by lowering other classes.

    Differs from the paper: its maps for localisation are the mean over ten crops and reflections of the
    picture; this is the map of the one picture that is given.
    """
    one_picture(x)
    found = model.gradients(x, target, (rule,))
    chosen = None if found.target is None else found.target[0]
    name = find_rule(rule).name
    value = float(found.value.reshape(-1)[0])
    return Saliency(frozen(found[name][0].detach().float().cpu().numpy()), chosen, value, name)


def one_picture(x: Tensor) -> None:
    """Check that there is exactly one picture.

    Raises
    ------
    InputError
    """
    if not isinstance(x, Tensor) or x.dim() < 2 or len(x) != 1:
        got = f"a tensor {tuple(x.shape)}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
        raise InputError(f"need one picture, a tensor (1, C, H, W) from model.preprocess(picture); got {got}")


def frozen(gradient: npt.NDArray[np.floating]) -> Floats:
    """Give a gradient, (C, H, W), as an array of its own that nobody changes."""
    values = np.array(gradient, np.float32)
    values.setflags(write=False)
    return values
