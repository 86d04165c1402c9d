"""Backpropagation by hand through one layer, fully connected: the sums of the chain rule, number by number.

The equations carry the numbers of the course's slides: 1 to 5 here, 6 and 7 in `backprop_convolution`, 8 and
9 in `backprop_pooling`, 10 to 13 in `backprop_relu`. Autograd is asked only to check them.

Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", Nature 323, 1986.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.errors import InputError

Matrix = npt.NDArray[np.float64]
Place = tuple[int, int]  # row and column, counted from 0
Pairs = list[tuple[Place, Place]]  # where the factors of each product of a sum stand

_ROUNDING = 1e-9  # of the largest number: sums taken in another order differ by far less


@dataclass(frozen=True)
class Agreement:
    """How far numbers worked out by hand are from autograd's.

    Attributes
    ----------
    differences : mapping of str to float
        What was compared, and the largest absolute difference in it.
    scale : float
        The largest absolute number among autograd's.
    """

    differences: Mapping[str, float]
    scale: float

    @property
    def largest(self) -> float:
        """The largest difference of all."""
        return max(self.differences.values())

    @property
    def holds(self) -> bool:
        """Whether the differences are no more than rounding in float64."""
        return self.largest <= _ROUNDING * max(1.0, self.scale)


@dataclass(frozen=True, eq=False)
class LinearPass:
    """A fully connected layer, forward and back; each column is one example.

    Attributes
    ----------
    x : array, (inputs, examples) float64
        What goes in.
    w : array, (neurons, inputs) float64
        Weights: a row for each neuron.
    g : array, (neurons, examples) float64
        dE/dY: what the layers above report, E per unit of Y.
    y : array, (neurons, examples) float64
        Y = W X.
    dx : array, (inputs, examples) float64
        dE/dX = W' dE/dY.
    dw : array, (neurons, inputs) float64
        dE/dW = dE/dY X'.
    """

    x: Matrix
    w: Matrix
    g: Matrix
    y: Matrix
    dx: Matrix
    dw: Matrix

    def agreement(self) -> Agreement:
        """Compare Y, dE/dX and dE/dW with autograd's."""
        found, (dx, dw) = autograd(lambda x, w: w @ x, (self.x, self.w), self.g)
        return compared({"Y": (self.y, found), "dE/dX": (self.dx, dx), "dE/dW": (self.dw, dw)})


def linear_backprop(x: npt.ArrayLike, w: npt.ArrayLike, g: npt.ArrayLike) -> LinearPass:
    """Push numbers through a fully connected layer, and the gradient of what comes out back to what went in.

    A neuron is a weighted sum, y_j = sum_i w_ji x_i (eq. 1); a layer of them is Y = W X (eq. 2). The chain
    rule sums over all neurons that an input reaches, dE/dx_i = sum_j dE/dy_j w_ji (eq. 3), and over all
    examples for a weight, dE/dw_ji = dE/dy_j x_i (eq. 4). In matrices: dE/dX = W' dE/dY (eq. 5).

    Parameters
    ----------
    x : array, (inputs,) or (inputs, examples)
        What goes in.
    w : array, (neurons, inputs)
        Weights.
    g : array, (neurons,) or (neurons, examples)
        dE/dY, the gradient that comes down from the layers above.

    Returns
    -------
    LinearPass

    Raises
    ------
    InputError
        If something is no matrix of finite numbers, or the sizes do not fit.

    Notes
    -----
    Cost: two products for each weight and example. No bias: it changes neither dE/dX nor dE/dW.
    """
    x, w, g = column(x, "X"), matrix(w, "W"), column(g, "dE/dY")
    if w.shape[1] != len(x):
        raise InputError(
            f"W has {w.shape[1]} columns and X {len(x)} rows: a neuron has one weight for each input"
        )
    same_shape(g, (len(w), x.shape[1]))
    y, dx, dw = np.zeros(g.shape), np.zeros(x.shape), np.zeros(w.shape)
    for j, i in np.ndindex(w.shape):
        y[j] += w[j, i] * x[i]
        dx[i] += g[j] * w[j, i]
        dw[j, i] = sum(g[j] * x[i])
    return LinearPass(x, w, g, y, dx, dw)


# What the four kinds of layers share


def matrix(values: npt.ArrayLike, name: str) -> Matrix:
    """Read a matrix of finite numbers, (rows, columns) float64; `name` is for the error."""
    try:
        found = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} must be rows of numbers, all of one length, such as [[1, 2], [3, 4]]"
        ) from None
    if found.ndim != 2 or found.size == 0:
        raise InputError(
            f"{name} must be a matrix, a list of rows such as [[1, 2], [3, 4]]; got shape {found.shape}"
        )
    if not np.isfinite(found).all():
        row, col = np.argwhere(~np.isfinite(found))[0]
        raise InputError(
            f"{name} must hold finite numbers; row {row}, column {col} (from 0) is {found[row, col]}"
        )
    return found


def column(values: npt.ArrayLike, name: str) -> Matrix:
    """Read a matrix as `matrix` does; a plain list of numbers is its one column."""
    flat = isinstance(values, (list, tuple)) and all(isinstance(each, (int, float)) for each in values)
    if flat or getattr(values, "ndim", 2) == 1:
        return matrix([[each] for each in values], name)  # type: ignore
    return matrix(values, name)


def same_shape(g: Matrix, shape: tuple[int, int]) -> None:
    """Refuse a gradient that has not one number for each output."""
    if g.shape != shape:
        raise InputError(
            f"dE/dY must have one number for each number of Y, which is {shape[0]}x{shape[1]}; "
            f"got {g.shape[0]}x{g.shape[1]}"
        )


def autograd(
    forward: Callable[..., Tensor], inputs: tuple[Matrix, ...], g: Matrix
) -> tuple[Matrix, tuple[Matrix, ...]]:
    """Ask autograd: what `forward` gives, and the gradient of sum(g * result) for each input, in float64."""
    with torch.inference_mode(False), torch.enable_grad():
        leaves = [torch.tensor(each, requires_grad=True) for each in inputs]
        result = forward(*leaves)
        gradients = torch.autograd.grad(result, leaves, torch.tensor(g))
    return result.detach().numpy(), tuple(each.numpy() for each in gradients)


def compared(pairs: Mapping[str, tuple[Matrix, Matrix]]) -> Agreement:
    """Measure for each name how far the first matrix is from autograd's, the second."""
    differences = {name: float(abs(ours - theirs).max()) for name, (ours, theirs) in pairs.items()}
    return Agreement(differences, max(float(abs(theirs).max()) for _, theirs in pairs.values()))
