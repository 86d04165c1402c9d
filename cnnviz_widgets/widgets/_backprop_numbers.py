"""The numbers that BackpropStepper starts with on each page, and which ones have room on it."""

from typing import Any

import numpy as np

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.backprop import Matrix, column, matrix
from cnnviz_widgets.methods.backprop_convolution import convolved_shape
from cnnviz_widgets.widgets._backprop_presets import PRESETS, first

NAMES = {"x": "X", "w": "W", "g": "dE/dY"}
WEIGHTED = ("neuron", "linear", "convolution")
MOST = {"x": 8, "w": 5, "g": 10}  # rows and columns; more would be too small to read
LARGEST = 999


def start(page: str) -> dict[str, Any]:
    """Give the lists that a page starts with; W is empty where nothing has weights."""
    return {"w": [], **PRESETS[page][first(page)]}


def gradients(page: str) -> Matrix:
    """Make numbers for dE/dY of any size there is, `start`'s own in the corner."""
    most = MOST["g"]
    found = np.random.default_rng(5).integers(-2, 4, (most, most)).astype(float)
    own = np.array(start(page)["g"], float)
    found[: len(own), : own.shape[1]] = own
    return found


def drawn(seed: int, shapes: dict[str, tuple[int, int]]) -> dict[str, list[list[float]]]:
    """Draw whole numbers from -3 to 3 for matrices of these shapes, the same for the same seed."""
    random = np.random.default_rng(seed)
    return {name: random.integers(-3, 4, shape).astype(float).tolist() for name, shape in shapes.items()}


def as_lists(values: Any) -> Any:
    """Turn arrays and tensors, and a list's rows that are such, into lists; leave all else as it is."""
    values = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(values, (list, tuple)):
        return values
    return [row.tolist() if hasattr(row, "tolist") else row for row in values]


def is_empty(values: Any) -> bool:
    """Tell whether a matrix is left to the page."""
    return values is None or (isinstance(values, (list, tuple)) and len(values) == 0)


def checked(page: str, name: str, values: Any) -> Matrix:
    """Read one of the matrices, where it has room on the page.

    Raises
    ------
    InputError
        If it is no matrix of finite numbers, or is too large, or numbers are.
    """
    title = NAMES[name]
    flat = page == "neuron" or (page == "linear" and name != "w")
    found = column(values, title) if flat else matrix(values, title)
    most = MOST[name]
    if max(found.shape) > most:
        raise InputError(
            f"{title} is {found.shape[0]}x{found.shape[1]}; up to {most}x{most} can be read on the screen"
        )
    if np.abs(found).max() > LARGEST:
        raise InputError(
            f"{title} holds {found.flat[np.abs(found).argmax()]:g}; "
            f"numbers from -{LARGEST} to {LARGEST} fit in a cell"
        )
    if page == "neuron" and found.shape[1] > 1:
        raise InputError(f"{title} of a single neuron is one column; got {found.shape[0]}x{found.shape[1]}")
    return found


def output_shape(
    page: str, x: Matrix, w: Matrix | None, stride: int, padding: int, size: int
) -> tuple[int, int]:
    """Give rows and columns of Y, which are those of dE/dY.

    Raises
    ------
    InputError
        If a window is larger than X.
    """
    if page == "neuron":
        return 1, 1
    if page == "relu":
        return x.shape[0], x.shape[1]
    if page == "pooling":
        return convolved_shape((x.shape[0], x.shape[1]), (size, size), 2)
    assert w is not None  # the other pages have weights
    if page == "linear":
        return w.shape[0], x.shape[1]
    return convolved_shape((x.shape[0], x.shape[1]), (w.shape[0], w.shape[1]), stride, padding)
