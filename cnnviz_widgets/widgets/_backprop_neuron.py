"""The page of BackpropStepper on a single neuron: four kinds, fed the same numbers."""

import numpy as np

from cnnviz_widgets.methods.backprop import Agreement
from cnnviz_widgets.methods.backprop_neuron import SingleNeuron
from cnnviz_widgets.paint.number_grids import Edge, Label, NumberGrid, short
from cnnviz_widgets.widgets._backprop_sheet import Cell, Links, Part, Sheet, as_grid, limit_of
from cnnviz_widgets.widgets._backprop_words import Line, number, total

_CELL, _REACH, _GAP, _TOP = 34, 82, 60, 48
_SLOPES = {"fully connected": "w", "convolution": "w, in its window", "max pooling": "switch", "ReLU": "gate"}
_FORWARD, _BACK, _SHUT = (70, 70, 70), (0, 114, 178), (205, 205, 205)
_FORMULAS = {
    "fully connected": "y = Σ wᵢ xᵢ",
    "convolution": "y = Σ wᵢ xᵢ, window of 3",
    "max pooling": "y = max of a window of 3",
    "ReLU": "y = max(0, x)",
}


def sheets(neurons: tuple[SingleNeuron, ...], focus: Cell) -> list[Sheet]:
    """Draw the neurons two by two: up at the left, back down at the right."""
    across = 3 * _CELL + 2 * _REACH + _CELL + 4
    down = _TOP + len(neurons[0].x) * _CELL + 16
    grids: list[NumberGrid] = []
    labels: list[Label] = []
    edges: list[Edge] = []
    for n, neuron in enumerate(neurons):
        left, top = 2 + n % 2 * (across + _GAP), n // 2 * down
        _diagram(n, neuron, (left, top), focus, (grids, labels, edges))
    return [Sheet(tuple(grids), (2 * across + _GAP + 12, 2 * down), tuple(labels), tuple(edges))]


def find(neurons: tuple[SingleNeuron, ...], cell: Cell) -> Cell | None:
    """Say which number is meant: of X, W, y, or a gradient; y's row is the number of the neuron."""
    name, n = cell[0][:-1], int(cell[0][-1])
    if name in ("y", "g"):
        return name, n if name == "y" else 0, 0
    if name == "w" and (n > 1 or cell[1] not in neurons[n].seen):
        return "x", cell[1], 0  # a switch or a gate is no weight
    return {"d": "dx"}.get(name, name), cell[1], 0


def lines(neurons: tuple[SingleNeuron, ...], focus: Cell) -> list[Line]:
    """Write for each neuron what it gives, and what goes back to the input in question."""
    i = focus[1] if focus[0] in ("x", "w", "dx") else neurons[3].seen.start
    found = []
    for neuron in neurons:
        if neuron.kind == "max pooling":
            y = f"max({', '.join(short(neuron.x[k]) for k in neuron.seen)})"
        elif neuron.kind == "ReLU":
            y = f"max(0, {short(neuron.x[neuron.seen.start])})"
        else:
            y = total((neuron.w[k], neuron.x[k]) for k in neuron.seen)
        found.append(
            (
                "",
                f"<b>{neuron.kind}</b>: y = {y} = <b>{short(neuron.y)}</b>; "
                f"∂E/∂x<sub>{i}</sub> = ∂E/∂y · ∂y/∂x<sub>{i}</sub> = {number(neuron.g)}·"
                f"{number(neuron.slopes[i])} = <b>{short(neuron.dx[i])}</b>",
            )
        )
    return found


def agreement(neurons: tuple[SingleNeuron, ...]) -> Agreement:
    """Put the comparisons of the four with autograd together."""
    each = {neuron.kind: neuron.agreement() for neuron in neurons}
    differences = {f"{kind} {name}": d for kind, a in each.items() for name, d in a.differences.items()}
    return Agreement(differences, max(a.scale for a in each.values()))


def _diagram(
    n: int,
    neuron: SingleNeuron,
    corner: tuple[int, int],
    focus: Cell,
    into: tuple[list[NumberGrid], list[Label], list[Edge]],
) -> None:
    grids, labels, edges = into
    left, top = corner[0], corner[1] + _TOP
    links = _links(n, neuron, focus)
    slopes = np.full(len(neuron.x), np.nan)
    slopes[neuron.seen] = neuron.slopes[neuron.seen]
    x = as_grid(Part(f"x{n}", "x", neuron.x[:, None]), left, top, _CELL, links)
    w = as_grid(Part(f"w{n}", _SLOPES[neuron.kind], slopes[:, None]), x.left + _CELL + 4, top, _CELL, links)
    middle = top + (len(neuron.x) * _CELL) // 2
    y_left = w.left + _CELL + _REACH
    y = as_grid(Part(f"y{n}", "y", np.array([[neuron.y]])), y_left, middle - _CELL - 6, _CELL, links)
    g = as_grid(Part(f"g{n}", "", np.array([[neuron.g]])), y_left, middle + 20, _CELL, links)
    scale = limit_of(neuron.dx)
    dx = as_grid(
        Part(f"d{n}", "∂E/∂x", neuron.dx[:, None]), y_left + _CELL + _REACH, top, _CELL, links, scale
    )
    grids += [x, w, y, g, dx]
    labels += [
        Label(left, corner[1] + 12, f"{neuron.kind}:  {_FORMULAS[neuron.kind]}", 14),
        Label(y_left + _CELL // 2, g.top + _CELL + 10, "∂E/∂y", 13, anchor="mm"),
    ]
    peak = max(1e-12, float(np.abs(neuron.slopes).max()))
    for i in neuron.seen:
        slope = neuron.slopes[i]
        thick = 1 + round(3 * abs(slope) / peak)
        up, back = (_FORWARD, _BACK) if slope else (_SHUT, _SHUT)
        edges.append(Edge((w.left + _CELL, w.middle(i, 0)[1]), (y_left - 3, y.middle(0, 0)[1]), up, thick))
        edges.append(
            Edge((y_left + _CELL, g.middle(0, 0)[1]), (dx.left - 3, dx.middle(i, 0)[1]), back, thick)
        )


def _links(n: int, neuron: SingleNeuron, focus: Cell) -> Links:
    name, row, _ = focus
    one = {(0, 0)}
    if (name == "y" and row == n) or name == "g":
        seen = {(i, 0) for i in neuron.seen}
        chosen = {f"{name}{n}": one}
        return Links(chosen, {f"x{n}": seen, f"w{n}": seen, f"d{n}": seen, f"y{n}": one, f"g{n}": one})
    if name == "y":
        return Links()
    at = {(row, 0)}
    met = one if row in neuron.seen else set()
    chosen = {} if name == "w" and (n > 1 or not met) else {f"{'d' if name == 'dx' else name}{n}": at}
    linked = {f"x{n}": at, f"w{n}": at, f"d{n}": at, f"y{n}": met, f"g{n}": met}
    return Links(chosen, linked)
