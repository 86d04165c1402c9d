"""The page of BackpropStepper on convolution: windows forward and back, and the Toeplitz matrix."""

import numpy as np

from cnnviz_widgets.methods.backprop import Matrix, Place
from cnnviz_widgets.methods.backprop_convolution import ConvolutionPass
from cnnviz_widgets.paint.number_grids import short
from cnnviz_widgets.widgets._backprop_sheet import Cell, Links, Part, Sheet, around, in_rows
from cnnviz_widgets.widgets._backprop_words import DEDX, DEDY, Line, entry, total

BESIDE, BELOW = (250, 700), (564, 400)  # room for the transpose and for the matrix, screen pixels


def sheets(done: ConvolutionPass, focus: Cell) -> list[Sheet]:
    """Draw eq. 6 and 7, the Toeplitz matrix, and its transpose."""
    links = linked(done, focus)
    return [_equations(done, focus, links), *_toeplitz(done, links)]


def linked(done: ConvolutionPass, focus: Cell) -> Links:
    """Find what has to do with a cell: the window and its weights, or the outputs that saw an input."""
    name, *place = focus
    at = (place[0], place[1])
    if name in ("y", "g"):
        triples = {(at, seen, weight) for seen, weight in done.sees(*at)}
        chosen = {"y": {at}, "g": {at}}
    elif name in ("x", "dx"):
        triples = {(output, at, weight) for output, weight in done.seen_by(*at)}
        chosen = {"x": {at}, "dx": {at}}
    else:
        triples = {
            (output, seen, weight)
            for output in np.ndindex(done.y.shape)
            for seen, weight in done.sees(*output)
            if weight == at
        }
        chosen = {"w": {at}, "turned": {_turned(done, at)}}
    return Links({**chosen, **_flat_chosen(done, chosen)}, _linked(done, name, at, triples))


def find(done: ConvolutionPass, cell: Cell) -> Cell | None:
    """Say which entry of X, W, Y or a gradient is meant by a cell of any matrix on the page."""
    name, row, column = cell
    if name in ("x", "w", "y", "g", "dx"):
        return cell
    if name == "padded":
        row, column = row - done.padding, column - done.padding
        inside = 0 <= row < len(done.x) and 0 <= column < done.x.shape[1]
        return ("x", row, column) if inside else None
    if name == "turned":
        return ("w", *_turned(done, (row, column)))
    if name == "framed":
        found = [at for at in np.ndindex(done.g.shape) if done.place_in_frame(*at) == (row, column)]
        return ("g", *found[0]) if found else None
    names = {"T": ("y", row), "Tt": ("dx", row), "flat_x": ("x", column), "flat_y": ("y", row)}
    kind, index = {**names, "flat_g": ("g", column), "flat_dx": ("dx", row)}[name]
    width = done.x.shape[1] if kind in ("x", "dx") else done.y.shape[1]
    return kind, *divmod(index, width)


def lines(done: ConvolutionPass, focus: Cell) -> list[Line]:
    """Write eq. 6 for the output in question and eq. 7 for the input in question, number by number."""
    output, place = nearest(done, focus)
    i, j = output
    seen = [(done.x[a], done.w[b]) for a, b in done.sees(*output)]
    back = [(done.g[a], done.w[b]) for a, b in done.seen_by(*place)]
    row, column = i * done.y.shape[1] + j, place[0] * done.x.shape[1] + place[1]
    return [
        (
            "(6)",
            f"{entry('Y', i, j)} = (X ∗ W){_index(i, j)} = {total(seen)} = <b>{short(done.y[output])}</b>",
        ),
        ("", f"The same numbers stand in row {row} of T, and vec(Y) = T vec(X)."),
        (
            "(7)",
            f"{entry(DEDX, *place)} = ({DEDY} ∗ W′){_index(*place)} = {total(back)} = "
            f"<b>{short(done.dx[place])}</b>",
        ),
        ("", f"Column {column} of T, which is row {column} of T′: vec({DEDX}) = T′ vec({DEDY})."),
    ]


def nearest(done: ConvolutionPass, focus: Cell) -> tuple[Place, Place]:
    """Give an output and an input that have to do with a cell."""
    name, row, column = focus
    if name in ("y", "g"):
        seen = done.sees(row, column)
        return (row, column), seen[len(seen) // 2][0] if seen else (0, 0)
    if name in ("x", "dx"):
        outputs = done.seen_by(row, column)
        return outputs[len(outputs) // 2][0] if outputs else (0, 0), (row, column)
    return (0, 0), (done.sees(0, 0) or [((0, 0), (0, 0))])[0][0]


def _equations(done: ConvolutionPass, focus: Cell, links: Links) -> Sheet:
    p = done.padding
    padded = np.pad(done.x, p)
    ring = {at for at in np.ndindex(padded.shape) if not _inside(at, done.x.shape, p)}
    frame = done.framed()
    real = {done.place_in_frame(*at) for at in np.ndindex(done.g.shape)}
    zeros = {at for at in np.ndindex(frame.shape) if at not in real}
    forward, back = _notes(done, focus)
    how = f"stride {done.stride}, padding {p}"
    rows = [
        (
            f"eq. 6   X ∗ W → Y   ({how})",
            (
                Part("padded", "X" if not p else "X, framed by padding", padded, ring, forward),
                "∗",
                Part("w", "W", done.w),
                "→",
                Part("y", "Y", done.y),
            ),
        ),
        (
            "eq. 7   ∂E/∂Y ∗ W′ → ∂E/∂X",
            (
                Part("framed", "∂E/∂Y, framed by zeros", frame, zeros, back),
                "∗",
                Part("turned", "W′, turned", done.turned()),
                "→",
                Part("dx", "∂E/∂X", done.dx),
            ),
        ),
    ]
    return in_rows(rows, links)


def _notes(done: ConvolutionPass, focus: Cell) -> tuple[dict[Place, str], dict[Place, str]]:
    """Write under each number of the window the weight that it meets."""
    name, row, column = focus
    forward: dict[Place, str] = {}
    back: dict[Place, str] = {}
    if name in ("y", "g"):
        for a, b in np.ndindex(done.w.shape):
            forward[row * done.stride + a, column * done.stride + b] = f"·{short(float(done.w[a, b]), 1)}"
    if name in ("x", "dx"):
        turned = done.turned()
        for a, b in np.ndindex(turned.shape):
            back[row + a, column + b] = f"·{short(float(turned[a, b]), 1)}"
    return forward, back


def _toeplitz(done: ConvolutionPass, links: Links) -> list[Sheet]:
    t = _sparse(done)
    forward = around(
        Part("T", "T: W in each row, moved along", t),
        Part("flat_x", "vec(X)", done.x.reshape(1, -1)),
        Part("flat_y", "vec(Y)", done.y.reshape(-1, 1)),
        "eq. 6 as a matrix   vec(Y) = T vec(X)",
        links,
        BELOW,
    )
    back = around(
        Part("Tt", "T′", t.T),
        Part("flat_g", "vec(∂E/∂Y)", done.g.reshape(1, -1)),
        Part("flat_dx", "vec(∂E/∂X)", done.dx.reshape(-1, 1)),
        "eq. 7   vec(∂E/∂X) = T′ vec(∂E/∂Y)",
        links,
        BESIDE,
    )
    return [forward, back]


def _sparse(done: ConvolutionPass) -> Matrix:
    """Leave empty what is zero because no weight stands there; a weight that is zero stays a zero."""
    t = np.full((done.y.size, done.x.size), np.nan)
    full = done.toeplitz()
    for i, j in np.ndindex(done.y.shape):
        for place, _ in done.sees(i, j):
            at = _flat((i, j), done.y), _flat(place, done.x)
            t[at] = full[at]
    return t


def _linked(done: ConvolutionPass, name: str, at: Place, triples: set) -> dict[str, set[Place]]:
    p = done.padding
    outputs, inputs, weights = ({each[i] for each in triples} for i in range(3))
    entries = {(_flat(output, done.y), _flat(place, done.x)) for output, place, _ in triples}
    padded = {(r + p, c + p) for r, c in inputs}
    frame = {each for each in (done.place_in_frame(*output) for output in outputs) if each is not None}
    if name in ("y", "g"):  # the whole window, padding too
        top, left = at[0] * done.stride, at[1] * done.stride
        padded = {(top + a, left + b) for a, b in np.ndindex(done.w.shape)}
        weights = set(np.ndindex(done.w.shape))
    if name in ("x", "dx"):
        frame = {(at[0] + a, at[1] + b) for a, b in np.ndindex(done.w.shape)}
    turned = {_turned(done, each) for each in weights}
    if name in ("x", "dx"):
        turned = set(np.ndindex(done.w.shape))
    return {
        "padded": padded, "w": weights, "y": outputs, "framed": frame, "turned": turned, "dx": inputs,
        "T": entries, "Tt": {(k, n) for n, k in entries},
        "flat_x": {(0, _flat(each, done.x)) for each in inputs},
        "flat_y": {(_flat(each, done.y), 0) for each in outputs},
        "flat_g": {(0, _flat(each, done.y)) for each in outputs},
        "flat_dx": {(_flat(each, done.x), 0) for each in inputs},
    }  # fmt: skip


def _flat_chosen(done: ConvolutionPass, chosen: dict[str, set[Place]]) -> dict[str, set[Place]]:
    found: dict[str, set[Place]] = {}
    for r, c in chosen.get("x", ()):
        found["padded"] = {(r + done.padding, c + done.padding)}
        found["flat_x"], found["flat_dx"] = {(0, _flat((r, c), done.x))}, {(_flat((r, c), done.x), 0)}
    for at in chosen.get("y", ()):
        place = done.place_in_frame(*at)
        found["framed"] = {place} if place is not None else set()
        found["flat_y"], found["flat_g"] = {(_flat(at, done.y), 0)}, {(0, _flat(at, done.y))}
    return found


def _flat(at: Place, matrix: Matrix) -> int:
    return at[0] * int(matrix.shape[1]) + at[1]


def _turned(done: ConvolutionPass, at: Place) -> Place:
    return len(done.w) - 1 - at[0], done.w.shape[1] - 1 - at[1]


def _inside(at: Place, shape: tuple[int, ...], padding: int) -> bool:
    return all(0 <= each - padding < n for each, n in zip(at, shape, strict=True))


def _index(*place: int) -> str:
    return f"<sub>{','.join(map(str, place))}</sub>"
