"""The page of BackpropStepper on max pooling: windows, winners, and what a tie does."""

import numpy as np

from cnnviz_widgets.methods.backprop import Place
from cnnviz_widgets.methods.backprop_pooling import PoolingPass
from cnnviz_widgets.paint.number_grids import short
from cnnviz_widgets.widgets._backprop_sheet import Cell, Links, Part, Sheet, around, in_rows
from cnnviz_widgets.widgets._backprop_words import DEDX, DEDY, Line, entry

BESIDE, BELOW = (250, 620), (564, 400)  # room for the transpose and for the matrix, screen pixels


def sheets(done: PoolingPass, focus: Cell, every: bool) -> list[Sheet]:
    """Draw eq. 8 and 9, the matrix of switches, and its transpose."""
    links = linked(done, focus, every)
    dx = done.dx_all if every else done.dx
    won = {place for at in np.ndindex(done.y.shape) for place in winners(done, at, every)}
    count = np.zeros(done.x.shape)
    for at in np.ndindex(done.y.shape):
        for place in winners(done, at, every):
            count[place] += 1
    stars = dict.fromkeys(won, "★")
    rule = "all winners" if every else "one winner"
    rows = [
        (
            f"eq. 8   Y = max over the window   (size {done.size}, stride {done.stride})",
            (Part("x", "X  (★ wins)", done.x, notes=stars), "→", Part("y", "Y", done.y)),
        ),
        (
            f"eq. 9   ∂E/∂X = Σ ∂E/∂Y · 1(x = y)   ({rule})",
            (
                Part("g", "∂E/∂Y", done.g),
                "→",
                Part("dx", "∂E/∂X", dx, notes=stars),
            ),
        ),
    ]
    return [in_rows(rows, links), *_switches(done, links, every)]


def winners(done: PoolingPass, at: Place, every: bool) -> list[Place]:
    """Give the places that get an output's gradient: all that equal it, or the first alone."""
    return done.winners(*at) if every else [done.switch(*at)]


def linked(done: PoolingPass, focus: Cell, every: bool) -> Links:
    """Find what has to do with a cell: an output's window, or the outputs whose window an input is in."""
    name, row, column = focus
    at = (row, column)
    if name in ("y", "g"):
        outputs, inputs = {at}, set(done.window(row, column))
        chosen = {"y": {at}, "g": {at}}
        back = set(winners(done, at, every))
    else:
        outputs, inputs = set(done.seen_by(row, column)), {at}
        chosen = {"x": {at}, "dx": {at}}
        back = {at}
    rows, columns = (
        {_flat(each, done.y.shape) for each in outputs},
        {_flat(each, done.x.shape) for each in inputs},
    )
    pairs = {(k, n) for k in rows for n in columns}
    return Links(
        chosen,
        {
            "x": inputs, "y": outputs, "g": outputs, "dx": back, "T": pairs, "Tt": {(n, k) for k, n in pairs},
            "flat_x": {(0, n) for n in columns}, "flat_y": {(k, 0) for k in rows},
            "flat_g": {(0, k) for k in rows}, "flat_dx": {(_flat(each, done.x.shape), 0) for each in back},
        },
    )  # fmt: skip


def find(done: PoolingPass, cell: Cell) -> Cell | None:
    """Say which entry of X, Y or a gradient is meant by a cell of any matrix on the page."""
    name, row, column = cell
    if name in ("x", "y", "g", "dx"):
        return cell
    names = {"T": ("y", row), "Tt": ("dx", row), "flat_x": ("x", column), "flat_y": ("y", row)}
    kind, index = {**names, "flat_g": ("g", column), "flat_dx": ("dx", row)}[name]
    return kind, *divmod(index, done.x.shape[1] if kind in ("x", "dx") else done.y.shape[1])


def lines(done: PoolingPass, focus: Cell, every: bool) -> list[Line]:
    """Write eq. 8 for the output in question and eq. 9 for the input in question, number by number."""
    (i, j), place = _nearest(done, focus, every)
    seen = ", ".join(short(done.x[each]) for each in done.window(i, j))
    won = " and ".join(entry("X", *each) for each in done.winners(i, j))
    found = [
        ("(8)", f"{entry('Y', i, j)} = max({seen}) = <b>{short(done.y[i, j])}</b>; it stands at {won}."),
        ("(9)", f"{entry(DEDX, *place)} = {_sum(done, place, every)}"),
    ]
    if done.ties:
        found.append(("", _say_ties(done)))
    return found


def remark(done: PoolingPass) -> str:
    """Say how far eq. 9 as it is written is from autograd, where there is a tie."""
    if not done.ties:
        return "No window has a tie, so eq. 9 and autograd mean the same."
    apart = done.agreement(every=True).differences["dE/dX"]
    where = np.argwhere(done.dx_all != done.dx)
    places = ", ".join(entry(DEDX, int(r), int(c)) for r, c in where)
    if not len(where):
        return "There is a tie, but the gradient that comes down to it is 0."
    return (
        "One winner each is autograd's answer; all winners (eq. 9) differ from it by up to "
        f"{short(apart)}, at {places}."
    )


def _sum(done: PoolingPass, place: Place, every: bool) -> str:
    terms = []
    for at in done.seen_by(*place):
        won = place in winners(done, at, every)
        terms.append(f"{_bracketed(done.g[at])}·{int(won)}")
    value = (done.dx_all if every else done.dx)[place]
    asked = ", ".join(entry("Y", *at) for at in done.seen_by(*place))
    why = f" (windows of {asked}; 1 where {entry('X', *place)} won)" if terms else " (in no window)"
    return f"{' + '.join(terms) or '0'} = <b>{short(value)}</b>{why}"


def _say_ties(done: PoolingPass) -> str:
    shown = "; ".join(
        f"{entry('Y', *at)} has {len(done.winners(*at))} winners, "
        f"{', '.join(entry('X', *each) for each in done.winners(*at))}"
        for at in done.ties[:3]
    )
    more = f"; and {len(done.ties) - 3} more" if len(done.ties) > 3 else ""
    return (
        f"<b>Tie:</b> {shown}{more}. Eq. 9 hands {DEDY} to every winner, 1(x = y); autograd to the first in "
        "reading order. Choose with <i>Ties</i>."
    )


def _nearest(done: PoolingPass, focus: Cell, every: bool) -> tuple[Place, Place]:
    name, row, column = focus
    if name in ("y", "g"):
        return (row, column), winners(done, (row, column), every)[-1]
    outputs = done.seen_by(row, column)
    return outputs[0] if outputs else (0, 0), (row, column)


def _switches(done: PoolingPass, links: Links, every: bool) -> list[Sheet]:
    forward, back = _sparse(done, False), _sparse(done, every)
    return [
        around(
            Part("T", "S: 1 where the winner stands", forward),
            Part("flat_x", "vec(X)", done.x.reshape(1, -1)),
            Part("flat_y", "vec(Y)", done.y.reshape(-1, 1)),
            "eq. 8 as a matrix   vec(Y) = S vec(X)",
            links,
            BELOW,
        ),
        around(
            Part("Tt", "S′" + (", all winners" if every else ""), back.T),
            Part("flat_g", "vec(∂E/∂Y)", done.g.reshape(1, -1)),
            Part("flat_dx", "vec(∂E/∂X)", (done.dx_all if every else done.dx).reshape(-1, 1)),
            "eq. 9   vec(∂E/∂X) = S′ vec(∂E/∂Y)",
            links,
            BESIDE,
        ),
    ]


def _sparse(done: PoolingPass, every: bool) -> np.ndarray:
    s, full = np.full((done.y.size, done.x.size), np.nan), done.switches(every)
    for at in np.ndindex(done.y.shape):
        for place in done.window(*at):
            entry_ = _flat(at, done.y.shape), _flat(place, done.x.shape)
            s[entry_] = full[entry_]
    return s


def _flat(at: Place, shape: tuple[int, ...]) -> int:
    return at[0] * shape[1] + at[1]


def _bracketed(value: float) -> str:
    return f"({short(value)})" if value < 0 else short(value)
