"""The page of BackpropStepper on the ReLU: forward, and back by three rules."""

import numpy as np

from cnnviz_widgets.methods.backprop_relu import ReluPass
from cnnviz_widgets.paint.number_grids import short
from cnnviz_widgets.widgets._backprop_sheet import Cell, Links, Part, Sheet, in_rows
from cnnviz_widgets.widgets._backprop_words import Line, entry, number

_WIDTH = 800  # four matrices side by side
_RULES = {
    "backprop": ("(11)", "backprop", "1(x &gt; 0)"),
    "deconvnet": ("(12)", "deconvnet", "1(g &gt; 0)"),
    "guided": ("(13)", "guided backprop", "1(x &gt; 0)·1(g &gt; 0)"),
}


def sheets(done: ReluPass, focus: Cell) -> list[Sheet]:
    """Draw eq. 10 with the two masks, and eq. 11 to 13 side by side."""
    gate, positive = done.gate.astype(float), done.positive.astype(float)
    names = ("x", "y", "gate", "positive", "g", *_RULES)
    at = {(focus[1], focus[2])}
    links = Links({focus[0]: at}, dict.fromkeys(names, at))
    back: list[Part | str] = [Part("g", "g = ∂E/∂Y", done.g), "→"]
    for name, (tag, words, _) in _RULES.items():
        back += [
            *([""] if len(back) > 2 else []),
            Part(name, f"eq. {tag[1:-1]}  {words}", done.outgoing[name]),
        ]
    rows = [
        (
            "eq. 10   Y = max(0, X), and the masks that the rules use",
            (
                Part("x", "X", done.x),
                "→",
                Part("y", "Y", done.y),
                "",
                Part("gate", "1(x > 0)", gate),
                "",
                Part("positive", "1(g > 0)", positive),
            ),
        ),
        ("eq. 11 to 13   the way back: g times one mask, or both", tuple(back)),
    ]
    return [in_rows(rows, links, _WIDTH)]


def find(done: ReluPass, cell: Cell) -> Cell | None:
    """Say which entry is meant; masks and answers stand for the gradient that comes in there."""
    name, row, column = cell
    known = {"x": "x", "y": "y", "gate": "x", "g": "g", "positive": "g"}
    return known.get(name, "dx"), row, column


def lines(done: ReluPass, focus: Cell) -> list[Line]:
    """Write eq. 10 to 13 for one place, number by number."""
    _, i, j = focus
    x, g = done.x[i, j], done.g[i, j]
    open_, pulls = int(done.gate[i, j]), int(done.positive[i, j])
    factors = {"backprop": f"·{open_}", "deconvnet": f"·{pulls}", "guided": f"·{open_}·{pulls}"}
    found = [("(10)", f"{entry('Y', i, j)} = max(0, {short(x)}) = <b>{short(done.y[i, j])}</b>")]
    for name, (tag, words, formula) in _RULES.items():
        value = short(done.outgoing[name][i, j])
        found.append((tag, f"{words}: g·{formula} = {number(g)}{factors[name]} = <b>{value}</b>"))
    return found


def remark(done: ReluPass) -> str:
    """Say which of the three is the gradient."""
    apart = int(np.count_nonzero(done.outgoing["guided"] != done.outgoing["backprop"]))
    return (
        "Autograd's own gradient is eq. 11; eq. 12 and 13 are its answer with that rule put in at its ReLU. "
        f"Guided backprop is not the gradient at {apart} of {done.x.size} places."
    )
