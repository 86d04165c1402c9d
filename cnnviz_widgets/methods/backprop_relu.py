"""Backpropagation by hand through a ReLU, by three rules: backprop, deconvnet and guided backprop."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from cnnviz_widgets.backend.relu_rules import RULES, applied, find_relus
from cnnviz_widgets.methods.backprop import Agreement, Matrix, compared, matrix, same_shape

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ReluPass:
    """A ReLU, forward and back.

    Attributes
    ----------
    x : array, (rows, columns) float64
        What goes in.
    g : array, as `x`
        dE/dY, E per unit of Y.
    y : array, as `x`
        max(0, x).
    gate : array of bool, as `x`
        1(x > 0), remembered on the way up.
    positive : array of bool, as `x`
        1(g > 0), seen on the way down.
    outgoing : mapping of str to array, as `x`
        Name of the rule to what it lets through. Only backprop's is dE/dX.
    """

    x: Matrix
    g: Matrix
    y: Matrix
    gate: Mask
    positive: Mask
    outgoing: Mapping[str, Matrix]

    def agreement(self) -> Agreement:
        """Compare Y and the three answers with autograd's, the rules put in at its ReLU."""
        pairs = {}
        with torch.inference_mode(False), torch.enable_grad():
            x = torch.tensor(self.x, requires_grad=True)
            y = torch.relu(x)
            pairs["Y"] = (self.y, y.detach().numpy())
            relus = find_relus(y, x)
            for name, ours in self.outgoing.items():
                with applied(RULES[name], relus):
                    (theirs,) = torch.autograd.grad(y, x, torch.tensor(self.g), retain_graph=True)
                pairs[name] = (ours, theirs.numpy())
        return compared(pairs)


def relu_backprop(x: npt.ArrayLike, g: npt.ArrayLike) -> ReluPass:
    """Cut off what is below zero, and let the gradient back through by each of three rules.

    Forward y = max(0, x) (eq. 10). Back, of the gradient g that comes down, backprop lets through g 1(x > 0)
    (eq. 11), the deconvnet g 1(g > 0) (eq. 12), guided backprop g 1(g > 0) 1(x > 0) (eq. 13).

    Zeiler & Fergus 2014, section 2.1; Springenberg et al. 2015, figure 1.

    Parameters
    ----------
    x : array, (rows, columns)
        What goes in.
    g : array, as `x`
        dE/dY, the gradient that comes down from the layers above.

    Returns
    -------
    ReluPass

    Raises
    ------
    InputError
        If something is no matrix of finite numbers, or `g` has another size than `x`.

    Notes
    -----
    Cost: one comparison for each number and rule. At x = 0, where a ReLU has no derivative, backprop and
    guided let nothing through; the deconvnet does not look at x.
    """
    x, g = matrix(x, "X"), matrix(g, "dE/dY")
    same_shape(g, (x.shape[0], x.shape[1]))
    gate, positive = x > 0, g > 0
    outgoing = {
        "backprop": np.where(gate, g, 0.0),
        "deconvnet": np.where(positive, g, 0.0),
        "guided": np.where(gate & positive, g, 0.0),
    }
    return ReluPass(x, g, np.where(gate, x, 0.0), gate, positive, outgoing)
