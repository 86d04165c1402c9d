"""Three ways back through a ReLU, side by side: backprop, deconvnet, guided backprop.

Springenberg, Dosovitskiy, Brox & Riedmiller, "Striving for Simplicity: The All Convolutional Net", ICLR
Workshop 2015, section 3.4 and figure 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, ReluRule, Target
from cnnviz_widgets.backend.relu_rules import RULES, find_rule
from cnnviz_widgets.backend.relu_steps import relu_steps
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.layer_steps import LayerStep, layer_step

Floats = npt.NDArray[np.float32]
Look = Literal["colours", "signed", "magnitude"]

_ALL = tuple(RULES)
_SHARE = 0.995  # of the values lie inside the scale: a few extreme pixels would make the rest grey


@dataclass(frozen=True, eq=False)
class RuleComparison:
    """One objective carried back to one picture by several rules.

    Attributes
    ----------
    maps : mapping of str to array, (C, H, W) float32
        Rule's name to what arrives at the picture: for backprop the gradient, in units of the objective per
        unit of the network's (normalised) input. Read-only.
    steps : tuple of LayerStep
        The ReLUs on the way, from the objective down to the picture.
    value : float
        The objective: a logit where it is a class.
    target : int or None
        The class explained; None where the objective is not a class.
    unnamed : int
        ReLUs on the way that are no layer of their own, and are not among the steps; the rules hold there,
        too.
    """

    maps: Mapping[str, Floats]
    steps: tuple[LayerStep, ...]
    value: float
    target: int | None
    unnamed: int = 0

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules' names."""
        return tuple(self.maps)

    def shown(self, rule: ReluRule | str, look: Look = "colours") -> tuple[Floats, float]:
        """Give a rule's map as it is looked at, and the value at the end of its scale.

        Parameters
        ----------
        rule : ReluRule or str
            Which map.
        look : "colours", "signed" or "magnitude"
            All colours, as the papers show them; the mean of the colours, with its sign; or the largest
            absolute value of the colours, as in lecture 12.

        Returns
        -------
        array, (H, W, C) for "colours", else (H, W), float32
            As it is, in no other scale.
        float
            The absolute value that 99.5 % of the numbers do not exceed: one extreme pixel would make the
            others grey. Where that is zero, the largest absolute value.

        Raises
        ------
        InputError
            If the rule was not asked for, or the look is none of these.
        """
        name = find_rule(rule).name
        if name not in self.maps:
            raise InputError(f"the rule {name!r} was not asked for; there are {', '.join(self.maps)}")
        values = self.maps[name]
        if look == "colours":
            shown = values.transpose(1, 2, 0)
        elif look == "signed":
            shown = values.mean(axis=0)
        elif look == "magnitude":
            shown = np.abs(values).max(axis=0)
        else:
            raise InputError(f"a map is shown as 'colours', 'signed' or 'magnitude'; got {look!r}")
        size = np.abs(shown[np.isfinite(shown)])
        limit = float(np.quantile(size, _SHARE)) if size.size else 0.0
        return shown, limit or float(size.max(initial=0.0))


def compare_rules(
    model: HookedModel,
    x: Tensor,
    target: Target = None,
    rules: Sequence[ReluRule | str] = _ALL,
) -> RuleComparison:
    """Carry one score, channel or neuron back to the picture by several ReLU rules, and keep every step.

    At each ReLU with input x, the gradient g that comes down goes on as g 1(x > 0) by backprop (Simonyan et
    al. 2014), g 1(g > 0) by deconvnet (Zeiler & Fergus 2014), g 1(g > 0) 1(x > 0) by guided backprop.
    Everything else is the same: the transposed filters, and the places of the maxima in pooling.

    Parameters
    ----------
    model : HookedModel
        Any network; one without ReLUs has backprop only.
    x : Tensor, (1, C, H, W)
        One picture, as ``model.preprocess(picture)`` gives it.
    target : int, str, callable, Objective or None
        A class, `Channel("conv5", 13)`, `Neuron("conv5", 13, 4, 2)`, or anything else that
        `HookedModel.gradients` explains. None is the top class.
    rules : sequence of ReluRule or str
        "backprop", "deconvnet", "guided".

    Returns
    -------
    RuleComparison

    Raises
    ------
    InputError
        If `x` is not exactly one picture.
    TargetError
        If there is no such class, channel or neuron.
    ReluError
        If deconvnet or guided is asked of a network without ReLUs.
    GradientError
        If the objective does not depend on the picture.

    Notes
    -----
    Cost: one forward pass, and one backward pass for each rule, up to the objective. Memory: every
    ReLU's maps, once and once more for each rule.

    Differs from the paper: a deconvnet starts from the unit's activation, and here, as the other two, from
    1, the gradient of the objective by itself: the maps of one neuron differ by that factor, and no scale
    shows it.
    """
    if not isinstance(x, Tensor) or x.dim() < 2 or len(x) != 1:
        got = f"a tensor {tuple(x.shape)}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
        raise InputError(f"need one picture, a tensor (1, C, H, W) from model.preprocess(picture); got {got}")
    found = relu_steps(model, x, target, rules)
    maps = {}
    for name, gradient in found.gradients.by_rule.items():
        maps[name] = np.ascontiguousarray(gradient[0].detach().float().cpu().numpy())
        maps[name].setflags(write=False)
    steps = [layer_step(each) for each in found.steps]
    kept = tuple(each for each in steps if each is not None)
    chosen = found.gradients.target
    return RuleComparison(
        maps,
        kept,
        float(found.gradients.value.reshape(-1)[0]),
        None if chosen is None else chosen[0],
        found.unnamed + len(steps) - len(kept),
    )
