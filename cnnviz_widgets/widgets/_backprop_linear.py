"""The page of BackpropStepper on a fully connected layer: Y = W X, and back through the transpose."""

import numpy as np

from cnnviz_widgets.methods.backprop import LinearPass, Place
from cnnviz_widgets.paint.number_grids import short
from cnnviz_widgets.widgets._backprop_sheet import Cell, Links, Part, Sheet, in_rows
from cnnviz_widgets.widgets._backprop_words import DEDW, DEDX, DEDY, Line, entry, total, vector


def sheets(done: LinearPass, focus: Cell) -> list[Sheet]:
    """Draw eq. 2, 5 and 4 as products of matrices."""
    rows = [
        (
            "eq. 1 and 2   Y = W X   (a row of W is a neuron, a column of X an example)",
            (Part("w", "W", done.w), "·", Part("x", "X", done.x), "=", Part("y", "Y", done.y)),
        ),
        (
            "eq. 3 and 5   ∂E/∂X = W′ ∂E/∂Y",
            (Part("wt", "W′", done.w.T), "·", Part("g", DEDY, done.g), "=", Part("dx", DEDX, done.dx)),
        ),
        (
            "eq. 4   ∂E/∂W = ∂E/∂Y X′",
            (Part("g4", DEDY, done.g), "·", Part("xt", "X′", done.x.T), "=", Part("dw", DEDW, done.dw)),
        ),
    ]
    return [in_rows(rows, linked(done, focus))]


def linked(done: LinearPass, focus: Cell) -> Links:
    """Find what has to do with a cell: the row of an output, the column of an input, both for a weight."""
    name, row, column = focus
    neurons, inputs, examples = range(len(done.w)), range(len(done.x)), range(done.x.shape[1])
    if name in ("y", "g"):
        chosen = {"y": {(row, column)}, "g": {(row, column)}, "g4": {(row, column)}}
        weights, xs, ys = _pairs([row], inputs), _pairs(inputs, [column]), {(row, column)}
    elif name in ("x", "dx"):
        chosen = {"x": {(row, column)}, "dx": {(row, column)}, "xt": {(column, row)}}
        weights, xs, ys = _pairs(neurons, [row]), {(row, column)}, _pairs(neurons, [column])
    else:
        chosen = {"w": {(row, column)}, "dw": {(row, column)}, "wt": {(column, row)}}
        weights, xs, ys = {(row, column)}, _pairs([column], examples), _pairs([row], examples)
    turned = {(i, j) for j, i in weights}
    linked_ = {
        "w": weights, "x": xs, "y": ys, "wt": turned, "g": ys, "dx": xs, "g4": ys, "dw": weights,
        "xt": {(e, i) for i, e in xs},
    }  # fmt: skip
    return Links(chosen, linked_)


def find(done: LinearPass, cell: Cell) -> Cell | None:
    """Say which entry of X, W, Y or a gradient is meant by a cell of any matrix on the page."""
    name, row, column = cell
    if name in ("wt", "xt"):
        return {"wt": "w", "xt": "x"}[name], column, row
    return {"g4": "g"}.get(name, name), row, column


def lines(done: LinearPass, focus: Cell) -> list[Line]:
    """Write eq. 1 to 5 for the neuron, the input and the weight in question, number by number."""
    j, i, e = _nearest(done, focus)
    y = total((done.w[j, n], done.x[n, e]) for n in range(len(done.x)))
    dx = total((done.g[n, e], done.w[n, i]) for n in range(len(done.w)))
    dw = total((done.g[j, n], done.x[i, n]) for n in range(done.x.shape[1]))
    return [
        (
            "(1)",
            f"{entry('Y', j, e)} = Σ w<sub>{j},i</sub> x<sub>i</sub> = {y} = <b>{short(done.y[j, e])}</b>",
        ),
        ("(2)", f"Y = W X = {_columns(done.y)}"),
        (
            "(3)",
            f"{entry(DEDX, i, e)} = Σ ∂E/∂y<sub>j</sub> ∂y<sub>j</sub>/∂x<sub>{i}</sub> = {dx} = "
            f"<b>{short(done.dx[i, e])}</b>, for ∂y<sub>j</sub>/∂x<sub>{i}</sub> = w<sub>j,{i}</sub>",
        ),
        ("(4)", f"{entry(DEDW, j, i)} = {dw} = <b>{short(done.dw[j, i])}</b>"),
        ("(5)", f"{DEDX} = W′ {DEDY} = {_columns(done.dx)}"),
    ]


def _nearest(done: LinearPass, focus: Cell) -> tuple[int, int, int]:
    name, row, column = focus
    if name in ("y", "g"):
        return row, 0, column
    return (0, row, column) if name in ("x", "dx") else (row, column, 0)


def _columns(values: np.ndarray) -> str:
    shown = [vector(values[:, e]) for e in range(values.shape[1])]
    return shown[0] if len(shown) == 1 else f"[{' '.join(shown)}]"


def _pairs(a: list[int] | range, b: list[int] | range) -> set[Place]:
    return {(i, j) for i in a for j in b}
