"""Backpropagation by hand through a convolution: a window that slides, and its Toeplitz matrix."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.backprop import (
    Agreement,
    Matrix,
    Pairs,
    Place,
    autograd,
    compared,
    matrix,
    same_shape,
)


@dataclass(frozen=True, eq=False)
class ConvolutionPass:
    """A convolution of one channel with one filter, forward and back.

    Attributes
    ----------
    x : array, (rows, columns) float64
        What goes in.
    w : array, (height, width) float64
        The filter.
    g : array, as `y`
        dE/dY, E per unit of Y.
    stride, padding : int
        How far the window moves, and how many zeros are put around X.
    y : array, (out rows, out columns) float64
        Y = X * W.
    dx : array, as `x`
        dE/dX.
    dw : array, as `w`
        dE/dW.
    """

    x: Matrix
    w: Matrix
    g: Matrix
    stride: int
    padding: int
    y: Matrix
    dx: Matrix
    dw: Matrix

    def sees(self, row: int, column: int) -> Pairs:
        """List what an output sums, the padding left out: (place in X, place in W) of each product."""
        return window(self.x.shape, self.w.shape, self.stride, self.padding, (row, column))

    def seen_by(self, row: int, column: int) -> Pairs:
        """List what an input's gradient sums: (place in dE/dY, place in W) of each product."""
        pairs = []
        for a, b in np.ndindex(self.w.shape):
            i, left_over = divmod(row + self.padding - a, self.stride)
            j, right_over = divmod(column + self.padding - b, self.stride)
            if not left_over and not right_over and 0 <= i < len(self.y) and 0 <= j < self.y.shape[1]:
                pairs.append(((i, j), (a, b)))
        return pairs

    def toeplitz(self) -> Matrix:
        """Write the convolution as a matrix T, (outputs, inputs), so that vec(Y) = T vec(X).

        Outputs and inputs are counted row by row. Each row of T holds the filter, moved along; the rest is
        zero. The way back is its transpose: vec(dE/dX) = T' vec(dE/dY).
        """
        t = np.zeros((self.y.size, self.x.size))
        for row, column in np.ndindex(self.y.shape):
            for (r, c), at in self.sees(row, column):
                t[row * self.y.shape[1] + column, r * self.x.shape[1] + c] = self.w[at]
        return t

    def framed(self) -> Matrix:
        """Give dE/dY as eq. 7 reads it, (rows + height - 1, columns + width - 1): framed with zeros.

        With a stride of 2 there are zeros between its numbers too.
        """
        shape = tuple(n + k - 1 for n, k in zip(self.x.shape, self.w.shape, strict=True))
        frame = np.zeros(shape)
        for i, j in np.ndindex(self.g.shape):
            place = self.place_in_frame(i, j)
            if place is not None:
                frame[place] = self.g[i, j]
        return frame

    def place_in_frame(self, row: int, column: int) -> Place | None:
        """Say where a number of dE/dY stands in `framed`; None where padding alone is under its window."""
        place = []
        for at, n, k in zip((row, column), self.x.shape, self.w.shape, strict=True):
            place.append(at * self.stride + k - 1 - self.padding)
            if not 0 <= place[-1] < n + k - 1:
                return None
        return place[0], place[1]

    def turned(self) -> Matrix:
        """Give W', the filter turned by 180 degrees, as eq. 7 slides it over `framed`."""
        return self.w[::-1, ::-1].copy()

    def agreement(self) -> Agreement:
        """Compare Y, dE/dX and dE/dW with autograd's.

        As sums over windows, by the Toeplitz matrix and its transpose, and dE/dX also as the framed
        gradient convolved with the turned filter and by `conv_transpose2d`.
        """

        def forward(x: Tensor, w: Tensor) -> Tensor:
            return F.conv2d(x[None, None], w[None, None], stride=self.stride, padding=self.padding)[0, 0]

        found, (dx, dw) = autograd(forward, (self.x, self.w), self.g)
        t = self.toeplitz()
        pairs = {
            "Y": (self.y, found),
            "T vec(X)": (t @ self.x.ravel(), found.ravel()),
            "dE/dX": (self.dx, dx),
            "framed dE/dY * W'": (self._again(), dx),
            "T' vec(dE/dY)": (t.T @ self.g.ravel(), dx.ravel()),
            "dE/dW": (self.dw, dw),
        }
        if self.padding < min(self.w.shape):
            pairs["conv_transpose2d"] = (self.dx, self._transposed())
        return compared(pairs)

    def _again(self) -> Matrix:
        # Eq. 7 as it is drawn: the turned filter slides over the framed gradient.
        frame, turned, dx = self.framed(), self.turned(), np.zeros(self.x.shape)
        for row, column in np.ndindex(dx.shape):
            for place, weight in window(frame.shape, turned.shape, 1, 0, (row, column)):
                dx[row, column] += frame[place] * turned[weight]
        return dx

    def _transposed(self) -> Matrix:
        # Rows at the end that no window reaches are outputs that the transposed convolution has to add.
        left = [
            (n + 2 * self.padding - k) % self.stride for n, k in zip(self.x.shape, self.w.shape, strict=True)
        ]

        def forward(g: Tensor) -> Tensor:
            w = torch.tensor(self.w)[None, None]
            return F.conv_transpose2d(g[None, None], w, None, self.stride, self.padding, left)[0, 0]

        return forward(torch.tensor(self.g)).numpy()


def convolution_backprop(
    x: npt.ArrayLike,
    w: npt.ArrayLike,
    g: npt.ArrayLike,
    stride: int = 1,
    padding: int = 0,
) -> ConvolutionPass:
    """Slide a filter over a matrix, and carry the gradient of what comes out back to what went in.

    Forward each output is the weighted sum of a window, Y = X * W (eq. 6). Back each input collects from the
    outputs whose window it was in, by the weight it met there. That is a convolution again: dE/dX is dE/dY
    framed with zeros, convolved with W' (eq. 7), W turned by 180 degrees.

    Parameters
    ----------
    x : array, (rows, columns)
        What goes in: one channel.
    w : array, (height, width)
        The filter.
    g : array, (out rows, out columns)
        dE/dY, the gradient that comes down from the layers above.
    stride : int
        How far the window moves, 1 or more.
    padding : int
        Zeros around X, 0 or more.

    Returns
    -------
    ConvolutionPass

    Raises
    ------
    InputError
        If something is no matrix of finite numbers, or the sizes do not fit.

    Notes
    -----
    Cost: height x width products for each output, forward and back.

    As everywhere in deep learning * is a cross-correlation: the filter is not turned in eq. 6.
    """
    x, w, g = matrix(x, "X"), matrix(w, "W"), matrix(g, "dE/dY")
    shape = convolved_shape(x.shape, w.shape, stride, padding)
    same_shape(g, shape)
    y, dx, dw = np.zeros(shape), np.zeros(x.shape), np.zeros(w.shape)
    for at in np.ndindex(shape):
        for place, weight in window(x.shape, w.shape, stride, padding, at):
            y[at] += x[place] * w[weight]
            dw[weight] += g[at] * x[place]
    found = ConvolutionPass(x, w, g, stride, padding, y, dx, dw)
    for place in np.ndindex(x.shape):
        for at, weight in found.seen_by(*place):
            dx[place] += g[at] * w[weight]
    return found


def convolved_shape(x: Place, w: Place, stride: int = 1, padding: int = 0) -> Place:
    """Give rows and columns of what a window of size `w` makes of a matrix of size `x`.

    Raises
    ------
    InputError
        If stride or padding are impossible, or the window is larger than the matrix.
    """
    if stride < 1 or padding < 0:
        raise InputError(f"stride is 1 or more and padding 0 or more; got {stride} and {padding}")
    rows, columns = ((n + 2 * padding - k) // stride + 1 for n, k in zip(x, w, strict=True))
    if rows < 1 or columns < 1:
        raise InputError(
            f"a window of {w[0]}x{w[1]} does not fit on {x[0]}x{x[1]} numbers with padding {padding}"
        )
    return rows, columns


def window(x: Place, w: Place, stride: int, padding: int, at: Place) -> Pairs:
    """List the places in X that a window covers, each with its place in the window; padding left out."""
    top, left = at[0] * stride - padding, at[1] * stride - padding
    return [
        ((top + a, left + b), (a, b))
        for a, b in np.ndindex(w)
        if 0 <= top + a < x[0] and 0 <= left + b < x[1]
    ]
