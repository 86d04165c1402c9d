"""The way back through the ReLUs, one after the other: what a rule lets through at each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.backend.relu_rules import ReluRule, find_rule
from cnnviz_widgets.backend.relu_steps import ReluStep
from cnnviz_widgets.errors import InputError, LayerError

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LayerStep:
    """One ReLU on the way from the score down to the picture, for one picture.

    A rule's own gradient meets the masks: deconvnet's g at this layer has come down by deconvnet's rule, so
    it is another one than backprop's.

    Attributes
    ----------
    layer : Layer
        The call of the ReLU.
    forward : array, (channels, rows, columns) float32
        What it gave in the forward pass; raw, in no unit. A fully connected layer has maps of 1x1.
    gate : array, (channels, rows, columns) bool
        1(x > 0), the first mask: where the ReLU let its input x through; for a ReLU6 1(0 < x < 6).
    incoming : mapping of str to array, (channels, rows, columns) float32
        Rule's name to the gradient g that comes down to this ReLU, in units of the score per unit of the
        layer.
    """

    layer: Layer
    forward: Floats
    gate: Mask
    incoming: Mapping[str, Floats]

    def positive(self, rule: ReluRule | str) -> Mask:
        """Give 1(g > 0), the second mask, (channels, rows, columns): where the rule's own g is above zero."""
        return self._incoming(rule) > 0

    def mask(self, rule: ReluRule | str) -> Mask:
        """Give what the rule multiplies g by, (channels, rows, columns): one of the masks, or both."""
        name = find_rule(rule).name
        if name == "backprop":
            return self.gate
        return self.positive(name) if name == "deconvnet" else self.gate & self.positive(name)

    def outgoing(self, rule: ReluRule | str) -> Floats:
        """Give the gradient that goes on down, (channels, rows, columns): g where the mask is 1, else 0."""
        return np.where(self.mask(rule), self._incoming(rule), np.float32(0))

    def strongest(self, k: int = 1) -> npt.NDArray[np.intp]:
        """Rank the k channels whose largest forward value is highest, best first; equal ones by index."""
        peaks = np.where(np.isfinite(self.forward), self.forward, -np.inf).max(axis=(1, 2))
        return np.argsort(-peaks, kind="stable")[:k]

    def _incoming(self, rule: ReluRule | str) -> Floats:
        name = find_rule(rule).name
        if name not in self.incoming:
            raise InputError(f"the rule {name!r} was not asked for; there are {', '.join(self.incoming)}")
        return self.incoming[name]


def layer_step(step: ReluStep) -> LayerStep | None:
    """Arrange what the backend kept of one ReLU as maps of the first picture; None where it has none."""

    def arranged(values: Tensor) -> npt.NDArray:
        return np.ascontiguousarray(as_maps(step.layer, values[:1].detach().cpu())[0][0].numpy())

    try:
        gate = arranged(step.gate)
    except LayerError:
        return None
    return LayerStep(
        step.layer,
        arranged(step.forward.float()),
        gate,
        {name: arranged(g.float()) for name, g in step.incoming.items()},
    )
