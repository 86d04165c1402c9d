"""The five pages of BackpropStepper under one roof: what each computes, shows and says."""

from collections.abc import Sequence
from typing import Any

from cnnviz_widgets.methods.backprop import Agreement, LinearPass, Matrix, linear_backprop
from cnnviz_widgets.methods.backprop_convolution import ConvolutionPass, convolution_backprop
from cnnviz_widgets.methods.backprop_neuron import KINDS, SingleNeuron, single_neuron
from cnnviz_widgets.methods.backprop_pooling import PoolingPass, pooling_backprop
from cnnviz_widgets.methods.backprop_relu import ReluPass, relu_backprop
from cnnviz_widgets.widgets import _backprop_convolution as convolution
from cnnviz_widgets.widgets import _backprop_linear as linear
from cnnviz_widgets.widgets import _backprop_neuron as neuron
from cnnviz_widgets.widgets import _backprop_pooling as pooling
from cnnviz_widgets.widgets import _backprop_relu as relu
from cnnviz_widgets.widgets._backprop_sheet import Cell, Sheet
from cnnviz_widgets.widgets._backprop_words import Line

Pass = tuple[SingleNeuron, ...] | LinearPass | ConvolutionPass | PoolingPass | ReluPass

PAGES = {
    "neuron": "a single neuron",
    "linear": "fully connected",
    "convolution": "convolution",
    "pooling": "max pooling",
    "relu": "ReLU",
}
TITLES = {"x": "X", "w": "W", "g": "∂E/∂Y", "y": "Y", "dx": "∂E/∂X", "dw": "∂E/∂W"}
GIVEN = ("x", "w", "g")  # the others are computed
FOCUS: dict[str, Cell] = {
    "neuron": ("x", 2, 0),
    "linear": ("y", 0, 0),
    "convolution": ("y", 1, 1),
    "pooling": ("y", 0, 0),
    "relu": ("g", 0, 0),
}  # what is pointed at when a page opens
ROOM = {"neuron": 118, "linear": 146, "convolution": 146, "pooling": 118, "relu": 118}  # of the sums, px
_MODULES: dict[str, Any] = {"linear": linear, "convolution": convolution, "pooling": pooling, "relu": relu}


def compute(page: str, numbers: dict[str, Matrix], how: dict[str, int]) -> Pass:
    """Work a page out; `how` holds stride, padding, size and center."""
    x, g = numbers["x"], numbers["g"]
    if page == "pooling":
        return pooling_backprop(x, g, how["size"], 2)
    if page == "relu":
        return relu_backprop(x, g)
    w = numbers["w"]
    if page == "convolution":
        return convolution_backprop(x, w, g, how["stride"], how["padding"])
    if page == "linear":
        return linear_backprop(x, w, g)
    slope = float(g[0, 0])
    return tuple(single_neuron(kind, x[:, 0], w[:, 0], slope, how["center"]) for kind in KINDS)


def matrices(done: Pass) -> dict[str, tuple[int, int]]:
    """List the matrices whose cells can be chosen, with their shapes; those that are given first."""
    if isinstance(done, tuple):
        n = len(done[0].x)
        return {"x": (n, 1), "w": (n, 1), "g": (1, 1), "y": (len(done), 1), "dx": (n, 1)}
    if isinstance(done, ReluPass):
        return dict.fromkeys(("x", "g", "y", "dx"), (done.x.shape[0], done.x.shape[1]))
    names = [name for name in TITLES if hasattr(done, name)]
    if isinstance(done, ConvolutionPass):
        names.remove("dw")  # not drawn: eq. 6 and 7 are about X
    return {name: getattr(done, name).shape for name in names}


def value_at(done: Pass, cell: Cell) -> float:
    """Read the number in a cell of one of `matrices`."""
    name, row, column = cell
    if name == "dx" and isinstance(done, ReluPass):
        return float(done.outgoing["backprop"][row, column])
    if not isinstance(done, tuple):
        return float(getattr(done, name)[row, column])
    if name == "y":
        return done[row].y
    return done[0].g if name == "g" else float(getattr(done[0], name)[row])


def sheets(done: Pass, focus: Cell, every: bool) -> list[Sheet]:
    """Draw a page: the equations, and where there are some the big matrix and its transpose."""
    if isinstance(done, tuple):
        return neuron.sheets(done, focus)
    if isinstance(done, PoolingPass):
        return pooling.sheets(done, focus, every)
    return _module(done).sheets(done, focus)


def find(done: Pass, cell: Cell) -> Cell | None:
    """Say which cell of `matrices` is meant by any cell drawn; None where it stands for nothing."""
    return neuron.find(done, cell) if isinstance(done, tuple) else _module(done).find(done, cell)


def lines(done: Pass, focus: Cell, every: bool) -> Sequence[Line]:
    """Write the equations with their numbers."""
    if isinstance(done, tuple):
        return neuron.lines(done, focus)
    if isinstance(done, PoolingPass):
        return pooling.lines(done, focus, every)
    return _module(done).lines(done, focus)


def agreement(done: Pass, every: bool) -> Agreement:
    """Ask autograd for the same numbers, and measure how far they are."""
    if isinstance(done, tuple):
        return neuron.agreement(done)
    return done.agreement(every) if isinstance(done, PoolingPass) else done.agreement()


def remark(done: Pass) -> str:
    """Say what else is worth knowing of the comparison; "" where there is nothing."""
    return _module(done).remark(done) if isinstance(done, (PoolingPass, ReluPass)) else ""


def _module(done: Pass) -> Any:
    kinds = {
        LinearPass: "linear",
        ConvolutionPass: "convolution",
        PoolingPass: "pooling",
        ReluPass: "relu",
    }
    return _MODULES[kinds[type(done)]]
