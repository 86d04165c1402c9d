"""Backprop by hand: every sum by a slow twin, by autograd, and by numbers worked out on paper."""

import itertools

import numpy as np
import pytest
import torch

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods import (
    convolution_backprop,
    linear_backprop,
    pooling_backprop,
    relu_backprop,
    single_neuron,
)
from cnnviz_widgets.methods.backprop import Agreement
from cnnviz_widgets.methods.backprop_convolution import convolved_shape
from cnnviz_widgets.methods.backprop_neuron import KINDS

GEOMETRIES = [
    (x, w, stride, padding)
    for x, w, stride, padding in itertools.product(
        [(5, 5), (4, 6), (3, 7)], [(3, 3), (1, 2), (2, 3)], [1, 2, 3], [0, 1, 2]
    )
]


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def slopes(forward, x: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The gradient of E = sum(g * y), by moving one input at a time: the definition."""
    step, found = 1e-6, np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[at] += step
        down[at] -= step
        found[at] = ((g * forward(up)).sum() - (g * forward(down)).sum()) / (2 * step)
    return found


def slow_convolution(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """Pad, then cut each window out and sum: another road than the method's."""
    padded = np.pad(x, padding)
    rows = (padded.shape[0] - w.shape[0]) // stride + 1
    columns = (padded.shape[1] - w.shape[1]) // stride + 1
    y = np.empty((rows, columns))
    for i, j in np.ndindex(rows, columns):
        top, left = i * stride, j * stride
        y[i, j] = (padded[top : top + w.shape[0], left : left + w.shape[1]] * w).sum()
    return y


# Fully connected: equations 1 to 5


def test_fully_connected_by_hand():
    step = linear_backprop(x=[1, 2], w=[[3, -1], [0, 4], [-2, 1]], g=[1, -1, 2])
    assert step.y.tolist() == [[1], [8], [0]]  # 3-2, 0+8, -2+2
    assert step.dx.tolist() == [[-1], [-3]]  # 3+0-4, -1-4+2
    assert step.dw.tolist() == [[1, 2], [-1, -2], [2, 4]]
    assert step.agreement() == Agreement({"Y": 0, "dE/dX": 0, "dE/dW": 0}, 8)


@pytest.mark.parametrize("shape", [(3, 5, 1), (1, 1, 1), (4, 2, 3)])
def test_fully_connected_equal_to_its_slopes_and_to_autograd(shape):
    neurons, inputs, examples = shape
    x, w, g = numbers(inputs, examples), numbers(neurons, inputs), numbers(neurons, examples)
    step = linear_backprop(x, w, g)
    np.testing.assert_allclose(step.y, w @ x, atol=1e-12)
    np.testing.assert_allclose(step.dx, slopes(lambda v: w @ v, x, g), atol=1e-6)
    np.testing.assert_allclose(step.dw, slopes(lambda v: v @ x, w, g), atol=1e-6)
    assert step.agreement().holds and set(step.agreement().differences) == {"Y", "dE/dX", "dE/dW"}


# One neuron of each kind


def test_single_neurons_by_hand():
    x, w = [2, -1, 3, 3, -4], [1, 0, -2, 5, 1]
    found = {kind: single_neuron(kind, x, w, g=2, at=2) for kind in KINDS}
    assert {kind: each.y for kind, each in found.items()} == {
        "fully connected": 7,  # 2 + 0 - 6 + 15 - 4
        "convolution": 9,  # 0 - 6 + 15
        "max pooling": 3,
        "ReLU": 3,
    }
    assert found["fully connected"].dx.tolist() == [2, 0, -4, 10, 2]
    assert found["convolution"].dx.tolist() == [0, 0, -4, 10, 0]
    assert found["max pooling"].dx.tolist() == [0, 0, 2, 0, 0]  # the first of two equals
    assert found["ReLU"].dx.tolist() == [0, 0, 2, 0, 0]
    assert single_neuron("ReLU", x, w, g=2, at=1).dx.tolist() == [0] * 5
    assert single_neuron("max pooling", x, w, g=2, at=4).seen == range(2, 5)  # moved back inside


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", range(5))
def test_single_neurons_agree_with_autograd(kind, at):
    for seed in range(5):
        assert single_neuron(kind, numbers(5, seed=seed), numbers(5, seed=9), 1.7, at).agreement().holds


# Convolution: equations 6 and 7


def test_convolution_by_hand():
    x, w = [[1, 0, 2], [-1, 3, 1], [0, 1, -2]], [[1, 2], [0, -1]]
    step = convolution_backprop(x, w, [[1, 0], [-1, 2]])
    assert step.y.tolist() == [[-2, 3], [4, 7]]  # 1+0+0-3, 0+4+0-1, -1+6+0-1, 3+2+0+2
    assert step.dx.tolist() == [[1, 2, 0], [-1, -1, 4], [0, 1, -2]]
    assert step.dw.tolist() == [[8, -1], [1, -2]]  # 1+0+1+6, 0+0-3+2, -1+0+0+2, 3+0-1-4
    assert step.turned().tolist() == [[-1, 0], [2, 1]]
    assert step.framed().tolist() == [[0, 0, 0, 0], [0, 1, 0, 0], [0, -1, 2, 0], [0, 0, 0, 0]]
    assert step.toeplitz().tolist() == [
        [1, 2, 0, 0, -1, 0, 0, 0, 0],
        [0, 1, 2, 0, 0, -1, 0, 0, 0],
        [0, 0, 0, 1, 2, 0, 0, -1, 0],
        [0, 0, 0, 0, 1, 2, 0, 0, -1],
    ]
    assert step.agreement().largest == 0


@pytest.mark.parametrize(("x_shape", "w_shape", "stride", "padding"), GEOMETRIES)
def test_convolution_equal_to_its_twins(x_shape, w_shape, stride, padding):
    x, w = numbers(*x_shape), numbers(*w_shape, seed=1)
    y = slow_convolution(x, w, stride, padding)
    g = numbers(*y.shape, seed=2)
    step = convolution_backprop(x, w, g, stride, padding)
    np.testing.assert_allclose(step.y, y, atol=1e-12)
    np.testing.assert_allclose(
        step.dx, slopes(lambda v: slow_convolution(v, w, stride, padding), x, g), atol=1e-6
    )
    np.testing.assert_allclose(
        step.dw, slopes(lambda v: slow_convolution(x, v, stride, padding), w, g), atol=1e-6
    )
    t = step.toeplitz()
    np.testing.assert_allclose(t @ x.ravel(), y.ravel(), atol=1e-12)  # the Toeplitz matrix is the convolution
    np.testing.assert_allclose(t.T @ g.ravel(), step.dx.ravel(), atol=1e-12)  # and its transpose the way back
    # eq. 7: dE/dX is again a convolution
    np.testing.assert_allclose(slow_convolution(step.framed(), step.turned(), 1, 0), step.dx, atol=1e-12)
    assert step.agreement().holds
    assert ("conv_transpose2d" in step.agreement().differences) == (padding < min(w_shape))


def test_convolution_lists_of_who_sees_whom_match_both_ways():
    step = convolution_backprop(numbers(5, 5), numbers(3, 3), numbers(3, 3), 2, 1)
    forward = {(at, place, w) for at in np.ndindex(3, 3) for place, w in step.sees(*at)}
    back = {(at, place, w) for place in np.ndindex(5, 5) for at, w in step.seen_by(*place)}
    assert forward == back and len(forward) == 49
    for i, j in np.ndindex(3, 3):
        assert step.framed()[step.place_in_frame(i, j)] == step.g[i, j]


# Max pooling: equations 8 and 9


def test_pooling_by_hand_with_a_tie():
    step = pooling_backprop([[1, 3, 0, 0], [3, 2, 0, 5]], [[2, -1]])
    assert step.y.tolist() == [[3, 5]]
    assert step.switch(0, 0) == (0, 1) and step.winners(0, 0) == [(0, 1), (1, 0)]
    assert step.dx.tolist() == [[0, 2, 0, 0], [0, 0, 0, -1]]
    assert step.dx_all.tolist() == [[0, 2, 0, 0], [2, 0, 0, -1]]
    assert step.ties == [(0, 0)]
    assert step.agreement() == Agreement({"Y": 0, "dE/dX": 0, "S' vec(dE/dY)": 0}, 5)
    assert step.agreement(every=True) == Agreement({"Y": 0, "dE/dX": 2, "S' vec(dE/dY)": 2}, 5)
    assert not step.agreement(every=True).holds
    assert step.switches().tolist() == [[0, 1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1]]
    assert step.switches(every=True)[0].tolist() == [0, 1, 0, 0, 1, 0, 0, 0]


def test_overlapping_windows_add_up_where_they_share_a_winner():
    x = np.zeros((5, 5))
    x[2, 2] = 1
    step = pooling_backprop(x, [[1, 2], [3, 4]], size=3, stride=2)
    assert step.dx[2, 2] == 10 and step.dx.sum() == 10
    assert step.seen_by(2, 2) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert step.seen_by(0, 2) == [(0, 0), (0, 1)] and step.agreement().holds


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 1), (3, 3), (1, 2)])
def test_pooling_equal_to_its_twins(size, stride, tied):
    for seed in range(4):
        x = numbers(6, 7, seed=seed)
        x = np.rint(x) if tied else x
        shape = convolved_shape(x.shape, (size, size), stride)
        g = numbers(*shape, seed=1)
        step = pooling_backprop(x, g, size, stride)
        expected = np.zeros(x.shape)
        for i, j in np.ndindex(shape):  # eq. 9, by comparing whole windows
            cut = (slice(i * stride, i * stride + size), slice(j * stride, j * stride + size))
            assert step.y[i, j] == x[cut].max()
            expected[cut] += g[i, j] * (x[cut] == x[cut].max())
        np.testing.assert_allclose(step.dx_all, expected, atol=1e-12)
        assert step.agreement().holds
        assert bool(step.ties) == (not np.allclose(step.dx, step.dx_all)) == (not step.agreement(True).holds)
        np.testing.assert_allclose(step.switches() @ x.ravel(), step.y.ravel())
        np.testing.assert_allclose(step.switches(True).T @ g.ravel(), step.dx_all.ravel())
        assert step.dx.sum() == pytest.approx(g.sum())  # one winner hands on exactly what came


# ReLU: equations 10 to 13


def test_relu_by_hand():
    step = relu_backprop([[1, -2, 0], [-1, 3, 4]], [[-2, 5, 7], [-3, 6, 0]])
    assert step.y.tolist() == [[1, 0, 0], [0, 3, 4]]
    assert step.outgoing["backprop"].tolist() == [[-2, 0, 0], [0, 6, 0]]
    assert step.outgoing["deconvnet"].tolist() == [[0, 5, 7], [0, 6, 0]]
    assert step.outgoing["guided"].tolist() == [[0, 0, 0], [0, 6, 0]]
    assert step.agreement().differences == {"Y": 0, "backprop": 0, "deconvnet": 0, "guided": 0}


def test_relu_equal_to_a_slow_twin():
    for seed in range(5):
        x, g = np.rint(numbers(4, 4, seed=seed)), np.rint(2 * numbers(4, 4, seed=seed + 9))
        step = relu_backprop(x, g)
        for at in np.ndindex(4, 4):
            opened, pulls = 1 if x[at] > 0 else 0, 1 if g[at] > 0 else 0
            assert step.gate[at] == opened and step.positive[at] == pulls
            assert step.outgoing["backprop"][at] == g[at] * opened
            assert step.outgoing["deconvnet"][at] == g[at] * pulls
            assert step.outgoing["guided"][at] == g[at] * opened * pulls
        assert step.agreement().holds


# The check itself, and what is refused


@pytest.mark.parametrize("wrong", ["y", "dx", "dw"])
def test_a_wrong_number_is_found_by_the_check(wrong):
    step = convolution_backprop(numbers(5, 5), numbers(3, 3), numbers(3, 3))
    getattr(step, wrong)[0, 0] += 0.001
    assert not step.agreement().holds and step.agreement().largest == pytest.approx(0.001)


def test_the_check_also_works_where_autograd_is_switched_off():
    with torch.no_grad():
        assert linear_backprop([1.0], [[2.0]], [3.0]).agreement().holds
    with torch.inference_mode():
        assert relu_backprop([[1.0]], [[3.0]]).agreement().holds


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: linear_backprop([1, 2], [[1, 2, 3]], [1]), "W has 3 columns and X 2 rows"),
        (
            lambda: linear_backprop([1], [[1], [2]], [1]),
            "one number for each number of Y, which is 2x1; got 1x1",
        ),
        (lambda: convolution_backprop([[1, 2], [3]], [[1]], [[1]]), "X must be rows of numbers"),
        (lambda: convolution_backprop([["a"]], [[1]], [[1]]), "X must be rows of numbers"),
        (lambda: convolution_backprop([1, 2], [[1]], [[1]]), r"X must be a matrix.* got shape \(2,\)"),
        (lambda: convolution_backprop([[1, 2]], [[float("nan")]], [[1, 1]]), "row 0, column 0 .* is nan"),
        (lambda: convolution_backprop([[1]], [[1, 1]], [[1]]), "a window of 1x2 does not fit on 1x1"),
        (lambda: convolution_backprop([[1]], [[1]], [[1]], stride=0), "stride is 1 or more"),
        (lambda: convolution_backprop([[1, 1]], [[1]], [[1]]), "which is 1x2; got 1x1"),
        (lambda: pooling_backprop([[1, 1], [1, 1]], [[1, 1]]), "which is 1x1; got 1x2"),
        (lambda: pooling_backprop([[]], [[1]]), "X must be a matrix"),
        (lambda: relu_backprop([[1, 1]], [[1]]), "which is 1x2; got 1x1"),
        (
            lambda: single_neuron("average", [1], [1], 1),
            "no neuron of kind 'average'; there are fully connected",
        ),
        (lambda: single_neuron("ReLU", [1], [1], 1, at=1), "no input 1: they go from 0 to 0"),
        (lambda: single_neuron("ReLU", [1, 2], [1], 1), "x has 2 numbers and w 1"),
        (lambda: single_neuron("ReLU", [1], [1], float("inf")), "dE/dy must hold finite numbers"),
        (lambda: single_neuron("max pooling", [1], [1], 1, size=0), "a window has 1 input or more"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, words):
    with pytest.raises(InputError, match=words):
        call()
