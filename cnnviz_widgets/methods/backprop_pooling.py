"""Backpropagation by hand through max pooling: the gradient goes where the maximum came from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch.nn.functional as F

from cnnviz_widgets.methods.backprop import (
    Agreement,
    Matrix,
    Place,
    autograd,
    compared,
    matrix,
    same_shape,
)
from cnnviz_widgets.methods.backprop_convolution import convolved_shape, window


@dataclass(frozen=True, eq=False)
class PoolingPass:
    """Max pooling of one channel, forward and back.

    Attributes
    ----------
    x : array, (rows, columns) float64
        What goes in.
    g : array, as `y`
        dE/dY, E per unit of Y.
    size, stride : int
        Rows and columns of a window, and how far it moves.
    y : array, (out rows, out columns) float64
        The largest number of each window.
    dx : array, as `x`
        dE/dX when each window has one winner, the first in reading order: what autograd computes.
    dx_all : array, as `x`
        dE/dX of eq. 9, where all that equal the maximum win.
    """

    x: Matrix
    g: Matrix
    size: int
    stride: int
    y: Matrix
    dx: Matrix
    dx_all: Matrix

    def window(self, row: int, column: int) -> list[Place]:
        """List the places in X that an output looks at, in reading order."""
        return pooled_places(self.x.shape, self.size, self.stride, (row, column))

    def winners(self, row: int, column: int) -> list[Place]:
        """List the places in X that equal the output: more than one where there is a tie."""
        return [at for at in self.window(row, column) if self.x[at] == self.y[row, column]]

    def switch(self, row: int, column: int) -> Place:
        """Give the one winner whose place is remembered on the way up, the first in reading order."""
        return self.winners(row, column)[0]

    def seen_by(self, row: int, column: int) -> list[Place]:
        """List the outputs whose window an input is in: several where windows overlap, none at some edges."""
        return [at for at in np.ndindex(self.y.shape) if (row, column) in self.window(*at)]

    @property
    def ties(self) -> list[Place]:
        """The outputs whose window has more than one winner."""
        return [at for at in np.ndindex(self.y.shape) if len(self.winners(*at)) > 1]

    def switches(self, every: bool = False) -> Matrix:
        """Write the switches as a matrix S, (outputs, inputs): 1 where an input won; vec(Y) = S vec(X).

        Outputs and inputs are counted row by row. The way back is the transpose, vec(dE/dX) = S' vec(dE/dY).
        With `every`, all that equal the maximum have a 1, as eq. 9 says; then only the way back is right.
        """
        s = np.zeros((self.y.size, self.x.size))
        for row, column in np.ndindex(self.y.shape):
            won = self.winners(row, column) if every else [self.switch(row, column)]
            for r, c in won:
                s[row * self.y.shape[1] + column, r * self.x.shape[1] + c] = 1
        return s

    def agreement(self, every: bool = False) -> Agreement:
        """Compare Y and dE/dX with autograd's.

        The dE/dX of one winner, or of eq. 9 with `every`, which differs from autograd's where there is a tie.
        """
        found, (dx,) = autograd(
            lambda x: F.max_pool2d(x[None, None], self.size, self.stride)[0, 0], (self.x,), self.g
        )
        ours, s = self.dx_all if every else self.dx, self.switches(every)
        pairs = {
            "Y": (self.y, found),
            "dE/dX": (ours, dx),
            "S' vec(dE/dY)": (s.T @ self.g.ravel(), dx.ravel()),
        }
        return compared(pairs)


def pooling_backprop(x: npt.ArrayLike, g: npt.ArrayLike, size: int = 2, stride: int = 2) -> PoolingPass:
    """Keep the largest number of each window, and send the gradient back to where it stood.

    Forward y_i = max of x_j over the window of i (eq. 8). Back an input collects from each window that it
    won: dE/dx_j = sum_i dE/dy_i 1(x_j = y_i) (eq. 9).

    Zeiler & Fergus 2014, section 2.1, call the winners' places switches.

    Parameters
    ----------
    x : array, (rows, columns)
        What goes in: one channel.
    g : array, (out rows, out columns)
        dE/dY, the gradient that comes down from the layers above.
    size, stride : int
        Rows and columns of a window, and how far it moves; windows overlap where `stride` is smaller.

    Returns
    -------
    PoolingPass

    Raises
    ------
    InputError
        If something is no matrix of finite numbers, or the sizes do not fit.

    Notes
    -----
    Cost: one comparison for each number of each window.

    Where two numbers of a window are both the largest, eq. 9 gives the gradient to both, autograd to the
    first alone. Both answers are here. Rows and columns at the end that fill no window have no gradient.
    """
    x, g = matrix(x, "X"), matrix(g, "dE/dY")
    shape = convolved_shape(x.shape, (size, size), stride)
    same_shape(g, shape)
    y, dx, dx_all = np.zeros(shape), np.zeros(x.shape), np.zeros(x.shape)
    for at in np.ndindex(shape):
        y[at] = max(x[place] for place in pooled_places(x.shape, size, stride, at))
    found = PoolingPass(x, g, size, stride, y, dx, dx_all)
    for at in np.ndindex(shape):
        dx[found.switch(*at)] += g[at]
        for place in found.winners(*at):
            dx_all[place] += g[at]
    return found


def pooled_places(x: Place, size: int, stride: int, at: Place) -> list[Place]:
    """List the places in X that a pooling window covers, in reading order."""
    return [place for place, _ in window(x, (size, size), stride, 0, at)]
