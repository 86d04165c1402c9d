"""One neuron of each kind, fed the same numbers: what it sees, gives, and hands back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.backprop import Agreement, Matrix, autograd, column, compared

KINDS = ("fully connected", "convolution", "max pooling", "ReLU")


@dataclass(frozen=True, eq=False)
class SingleNeuron:
    """One neuron, forward and back.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    x : array, (inputs,) float64
        What goes in.
    w : array, (inputs,) float64
        Weights; a convolution has those of its window, pooling and ReLU have none, and none are used.
    g : float
        dE/dy, the gradient that comes down to it.
    seen : range
        The inputs that it sees.
    y : float
        What it gives.
    slopes : array, (inputs,) float64
        dy/dx_i: how much y grows with each input.
    dx : array, (inputs,) float64
        dE/dx_i = dE/dy dy/dx_i, the chain rule.
    """

    kind: str
    x: Matrix
    w: Matrix
    g: float
    seen: range
    y: float
    slopes: Matrix
    dx: Matrix

    def agreement(self) -> Agreement:
        """Compare y and dE/dx with autograd's."""
        part = slice(self.seen.start, self.seen.stop)
        weights = torch.tensor(self.w[part])

        def forward(x: Tensor) -> Tensor:
            if self.kind == "max pooling":
                return F.max_pool1d(x[None, None, part], len(self.seen)).reshape(1)
            if self.kind == "ReLU":
                return torch.relu(x[part])
            if self.kind == "convolution":
                return F.conv1d(x[None, None, part], weights[None, None]).reshape(1)
            return F.linear(x[None], weights[None]).reshape(1)

        found, (dx,) = autograd(forward, (self.x,), np.array([self.g]))
        return compared({"y": (np.array([self.y]), found), "dE/dx": (self.dx, dx)})


def single_neuron(
    kind: str, x: npt.ArrayLike, w: npt.ArrayLike, g: float, at: int = 0, size: int = 3
) -> SingleNeuron:
    """Feed a neuron, and share its gradient out among what it saw.

    A fully connected neuron sums all inputs by its weights, one of a convolution those of a window. Pooling
    keeps the largest of a window, a ReLU one input where it is above zero. Each is y = f(x) with slopes
    dy/dx_i, and dE/dx_i = dE/dy dy/dx_i; inputs out of its sight have slope zero.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    x, w : array, (inputs,)
        What goes in, and a weight for each input.
    g : float
        dE/dy.
    at : int
        The input that a ReLU sees, and the middle of a window; one that would reach over an end is moved.
    size : int
        Inputs in a window.

    Returns
    -------
    SingleNeuron

    Raises
    ------
    InputError
        If there is no neuron of this kind or no such input, or numbers are not finite or do not fit.
    """
    if kind not in KINDS:
        raise InputError(f"there is no neuron of kind {kind!r}; there are {', '.join(KINDS)}")
    inputs, weights = column(x, "x")[:, 0], column(w, "w")[:, 0]
    (slope_above,) = column([g], "dE/dy")[0]
    if len(inputs) != len(weights):
        raise InputError(f"x has {len(inputs)} numbers and w {len(weights)}: a weight for each input")
    if not 0 <= at < len(inputs):
        raise InputError(f"there is no input {at}: they go from 0 to {len(inputs) - 1}")
    if size < 1:
        raise InputError(f"a window has 1 input or more; got {size}")
    seen = _sight(kind, len(inputs), at, size)
    slopes = np.zeros(len(inputs))
    if kind in ("fully connected", "convolution"):
        slopes[seen] = weights[seen]
        y = sum(weights[i] * inputs[i] for i in seen)
    elif kind == "max pooling":
        winner = max(seen, key=lambda i: inputs[i])  # the first of equals
        slopes[winner], y = 1.0, inputs[winner]
    else:
        slopes[at] = float(inputs[at] > 0)
        y = max(0.0, inputs[at])
    return SingleNeuron(
        kind, inputs, weights, float(slope_above), seen, float(y), slopes, slope_above * slopes
    )


def _sight(kind: str, count: int, at: int, size: int) -> range:
    if kind == "fully connected":
        return range(count)
    if kind == "ReLU":
        return range(at, at + 1)
    size = min(size, count)
    first = min(max(at - size // 2, 0), count - size)
    return range(first, first + size)
