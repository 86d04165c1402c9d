"""Numbers to begin with, for each page of BackpropStepper."""

from typing import Any

Numbers = dict[str, Any]  # values of traits

_EDGE = [[0, 0, 2, 2, 2]] * 5
_SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
_SPOT = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 4, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
_G = [[1, 0, -1], [2, 1, 0], [0, -1, 1]]

PRESETS: dict[str, dict[str, Numbers]] = {
    "neuron": {
        "five inputs": {
            "x": [[2], [-1], [3], [1], [-2]],
            "w": [[1], [0.5], [-2], [1], [2]],
            "g": [[2]],
            "center": 2,
        },
        "a closed ReLU": {
            "x": [[2], [1], [-3], [1], [-2]],
            "w": [[1], [0.5], [-2], [1], [2]],
            "g": [[2]],
            "center": 2,
        },
        "a tie in the window": {
            "x": [[2], [3], [3], [1], [-2]],
            "w": [[1], [1], [1], [1], [1]],
            "g": [[1]],
            "center": 2,
        },
    },
    "linear": {
        "three neurons": {
            "x": [[1], [2], [-1], [3]],
            "w": [[1, 0, 2, -1], [0.5, 1, 0, 1], [-2, 1, 1, 0]],
            "g": [[1], [-1], [2]],
        },
        "two examples": {
            "x": [[1, 0], [2, 1], [-1, 2], [3, -2]],
            "w": [[1, 0, 2, -1], [0.5, 1, 0, 1], [-2, 1, 1, 0]],
            "g": [[1, 2], [-1, 0], [2, 1]],
        },
    },
    "convolution": {
        "vertical edge": {"x": _EDGE, "w": _SOBEL, "g": _G, "stride": 1, "padding": 0},
        "one bright spot": {
            "x": _SPOT,
            "w": [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
            "g": _G,
            "stride": 1,
            "padding": 0,
        },
        "average": {
            "x": _EDGE,
            "w": [[0.25, 0.25], [0.25, 0.25]],
            "g": [[1] * 4] * 4,
            "stride": 1,
            "padding": 0,
        },
        "a shift": {
            "x": _SPOT,
            "w": [[0, 0, 0], [0, 0, 1], [0, 0, 0]],
            "g": _SPOT,
            "stride": 1,
            "padding": 1,
        },
        "stride 2": {"x": _EDGE, "w": _SOBEL, "g": [[1, -1], [2, 0]], "stride": 2, "padding": 0},
    },
    "pooling": {
        "2x2, stride 2": {
            "x": [[1, 3, 2, 0], [4, 2, -1, 1], [0, 1, 5, 2], [-2, 0, 3, 6]],
            "g": [[1, -1], [2, 3]],
            "size": 2,
        },
        "3x3, stride 2: windows overlap": {
            "x": [[1, 0, 2, 1, 0], [0, 3, 1, 0, 4], [2, 1, 9, 2, 1], [0, 1, 2, 0, 3], [1, 0, 1, 2, 5]],
            "g": [[1, 2], [3, 4]],
            "size": 3,
        },
        "a tie": {
            "x": [[3, 1, 0, 0], [2, 3, 0, 0], [1, 5, 2, 1], [0, 4, 1, 2]],
            "g": [[2, 1], [-1, 3]],
            "size": 2,
        },
    },
    "relu": {
        "sixteen numbers": {
            "x": [[1, -2, 3, 0], [-1, 4, -3, 2], [2, -1, 0, 1], [-4, 1, 2, -2]],
            "g": [[2, 1, -1, 3], [-2, 1, 2, -3], [0, -1, 1, 2], [1, 3, -2, -1]],
        },
        "four cases": {"x": [[-1, 2], [3, -4]], "g": [[1, -1], [2, 5]]},
    },
}


def first(page: str) -> str:
    """Give the name of the numbers that a page opens with."""
    return next(iter(PRESETS[page]))


def name_of(page: str, numbers: Numbers) -> str:
    """Say which of a page's numbers these are, after X, W and dE/dY; "" where they are none of them."""
    given = {name: numbers[name] for name in ("x", "w", "g")}
    same = (name for name, each in PRESETS[page].items() if {"w": [], **each}.items() >= given.items())
    return next(same, "")
