"""What a student sees of BackpropStepper and does to it, without a browser."""

import io
import re

import numpy as np
from PIL import Image

from cnnviz_widgets.paint.number_grids import NumberGrid
from cnnviz_widgets.widgets.backprop import BackpropStepper

# Small enough to work out by hand.
X = [[1, 0, 2], [-1, 3, 1], [0, 1, -2]]
W = [[1, 2], [0, -1]]
G = [[1, 0], [-1, 2]]


def text(widget) -> str:
    """What an HTML widget says, without its tags."""
    return re.sub(r"<[^>]+>", "", widget.value).replace("\N{MINUS SIGN}", "-")


def grid(stepper: BackpropStepper, name: str) -> NumberGrid:
    return next(each for sheet in stepper._sheets for each in sheet.grids if each.name == name)


def where(stepper: BackpropStepper, name: str, row: int, column: int) -> tuple[int, int, int]:
    """The canvas on which a cell stands, and the pixel in its middle."""
    for number, sheet in enumerate(stepper._sheets):
        for each in sheet.grids:
            if each.name == name:
                return number, *each.middle(row, column)
    raise AssertionError(f"{name} is not drawn")


def hover(stepper: BackpropStepper, name: str, row: int, column: int) -> None:
    number, x, y = where(stepper, name, row, column)
    stepper._surfaces[number].canvas._mouse_move_callbacks(x, y)


def click(stepper: BackpropStepper, name: str, row: int, column: int) -> None:
    number, x, y = where(stepper, name, row, column)
    stepper._surfaces[number].canvas._mouse_down_callbacks(x, y)


def pixels(stepper: BackpropStepper, number: int = 0) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(stepper._surfaces[number].picture)).convert("RGB")).astype(int)


def framed(each: NumberGrid) -> set:
    return set(each.chosen) | set(each.linked)
