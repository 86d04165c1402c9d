"""BackpropStepper: a layer forward and back, every number on screen."""

from typing import Any

import ipywidgets as W
import numpy as np
import traitlets

from cnnviz_widgets.errors import InputError, nearest
from cnnviz_widgets.methods.backprop import Agreement, Matrix
from cnnviz_widgets.methods.backprop_pooling import PoolingPass
from cnnviz_widgets.paint import beside, rgb_png
from cnnviz_widgets.paint.number_grids import cell_at, short
from cnnviz_widgets.widgets import _backprop_numbers as numbers
from cnnviz_widgets.widgets import _backprop_pages as pages
from cnnviz_widgets.widgets._backprop_controls import StepperControls
from cnnviz_widgets.widgets._backprop_presets import PRESETS, first, name_of
from cnnviz_widgets.widgets._backprop_sheet import Cell, Sheet
from cnnviz_widgets.widgets._backprop_words import equations, verdict
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._surface import Surface, batch
from cnnviz_widgets.widgets._view import View

_HINT = (
    "Point at a number to see what it is made of. Click it to choose it; X, W and ∂E/∂Y can then be changed. "
    "Red is above zero, blue below, each matrix on its own scale."
)


class BackpropStepper(View):
    """Backpropagation through one layer, number by number: a neuron, a matrix, a filter, a pool, a ReLU.

    Point at a number: its window, its weights, its row of the Toeplitz matrix are framed, and its sum is
    written out. Click one of X, W or dE/dY and change it: all that follows from it changes. Each time
    autograd is asked for the same numbers, and the largest difference is on screen.

    Rumelhart et al. 1986; for switches and the rules at ReLUs Zeiler & Fergus 2014, section 2.1, and
    Springenberg et al. 2015, figure 1.

    Parameters
    ----------
    page : "neuron", "linear", "convolution", "pooling" or "relu"
        Which layer.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    x, w, g : list of list of float
        X, W and the incoming gradient dE/dY, row by row; a plain list is one column on the pages "neuron" and
        "linear". Each page has its own. An empty list stands for those it starts with. Give a new list to
        change one; dE/dY follows by itself where Y gets another size.
    stride, padding : int
        Of the convolution: 1 or 2, and 0 or 1.
    size : 2 or 3
        Side of a pooling window; it moves by 2, so windows of 3 overlap.
    ties : "one" or "all"
        Who gets the gradient where a window has two largest numbers: the first, as autograd, or all (eq. 9).
    center : int
        The input that a single neuron's ReLU sees, and the middle of its window.
    matrix, row, column
        The chosen cell: one of "x", "w", "g", "y", "dx", "dw", and its place from 0.
    result : LinearPass, ConvolutionPass, PoolingPass, ReluPass, or a tuple of four SingleNeuron
        The numbers on screen.
    agreement : Agreement
        How far they are from autograd's.

    Raises
    ------
    InputError
        If a matrix holds something else than finite numbers, has no room, or does not fit the others, or
        there is no such cell.
    """

    recompute_on = ("page", "x", "w", "g", "stride", "padding", "size", "center")
    redraw_on = ("ties", "matrix", "row", "column")
    tells = False

    page = traitlets.Enum(list(pages.PAGES), "convolution", help="which layer")
    x = traitlets.Any(help="X, a list of rows; empty for the page's own")
    w = traitlets.Any(help="W, a list of rows; empty for the page's own")
    g = traitlets.Any(help="dE/dY, a list of rows; empty for the page's own")
    stride = traitlets.Enum([1, 2], 1, help="how far the convolution's window moves")
    padding = traitlets.Enum([0, 1], 0, help="zeros around the convolution's X")
    size = traitlets.Enum([2, 3], 2, help="side of a pooling window")
    center = traitlets.Int(2, min=0, help="input that a single neuron looks at")
    ties = traitlets.Enum(["one", "all"], "one", help="who gets the gradient of a tie")

    matrix = traitlets.Enum(list(pages.TITLES), help="matrix of the chosen cell")
    row = traitlets.Int(0, min=0, help="row of the chosen cell")
    column = traitlets.Int(0, min=0, help="column of the chosen cell")

    def __init__(self, page: str = "convolution", **traits: Any) -> None:
        self.agreement = Agreement({}, 0.0)
        self._preset: dict[str, str] = {}  # each page's numbers by name, as they were taken last
        self._kept: dict[str, dict[str, Any]] = {}  # each page's numbers, while another is on show
        self._gradients: dict[str, Matrix] = {}  # each page's dE/dY, also of the sizes that it had before
        self._seen: dict[str, Any] = {}
        self._asked = self._page = ""  # the page asked for last, and the one on show
        self._chosen: Cell = ("", 0, 0)
        self._pointed: Cell | None = None
        self._sheets: list[Sheet] = []
        opens_at = pages.FOCUS.get(page, ("x", 0, 0))
        focus = dict(zip(("matrix", "row", "column"), opens_at, strict=True))
        if focus.keys() & traits.keys():
            focus = {"matrix": opens_at[0], "row": 0, "column": 0}
        super().__init__(**{"x": [], "w": [], "g": [], **focus, "page": page, **traits})

    @traitlets.validate("x", "w", "g")
    def _as_lists(self, proposal: Any) -> Any:
        value = numbers.as_lists(proposal.value)
        now = self._trait_values.get(proposal.trait.name)
        if not self._cross_validation_lock and type(value) is type(now) and value == now:
            return now  # nothing will be computed, so it is not given for the next page either
        return value

    def set(self, **traits: Any) -> None:
        """Change several traits for the price of one computation."""
        super().set(**traits)
        if self._ready and self._key(self.recompute_on) == self._answered:
            self._note_given()  # the same numbers again: there was nothing to compute

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = StepperControls(self._on_control, self._on_value, self._on_press)
        self._surfaces = [self._surface(number) for number in range(3)]
        main, big, transpose = (surface.canvas for surface in self._surfaces)
        self._verdict, self._hint = W.HTML(), W.HTML(line(_HINT))
        self._equations = W.HTML(layout=W.Layout(overflow="auto"))
        for canvas in (main, big, transpose):
            canvas.layout.align_self = "flex-start"
        left = W.VBox([main, big], layout=W.Layout(flex="0 1 auto", max_width="100%"))
        return (
            self._controls.box,
            self._verdict,
            self._equations,
            self._hint,
            flow(left, transpose, gap="8px 20px"),
        )

    def _surface(self, number: int) -> Surface:
        surface = Surface(
            lambda x, y: self.guard(self._look_at, self._cell(number, x, y)),
            lambda x, y: self.guard(self._choose, self._cell(number, x, y)),
        )
        surface.canvas.on_mouse_out(lambda *_: self.guard(self._look_at, None))
        return surface

    # The numbers

    def _compute(self) -> pages.Pass:
        page = self.page
        given = {name: getattr(self, name) for name in pages.GIVEN}
        fresh = {name for name in given if given[name] is not self._seen.get(name)}
        self._note_given()
        turned = page != self._asked
        self._asked = page
        own = self._kept.get(page) or numbers.start(page)
        for name, value in given.items():
            if numbers.is_empty(value) or (turned and name not in fresh):
                given[name] = own[name]
                fresh.discard(name)
        found = self._fitted(page, given, "g" in fresh)
        how = {name: getattr(self, name) for name in ("stride", "padding", "size", "center")}
        done = pages.compute(page, found, how)
        lists = {name: found[name].tolist() if name in found else [] for name in pages.GIVEN}
        self._quietly(**lists, **self._focus_for(done, turned))
        self._answered = self._key(self.recompute_on)
        self._note_given()
        self._kept[page], self._page = lists, page
        rows, columns = found["g"].shape
        self._gradients[page][:rows, :columns] = found["g"]
        return done

    def _note_given(self) -> None:
        # By identity: the next page may be given just the numbers that this one has.
        self._seen = {name: getattr(self, name) for name in pages.GIVEN}

    def _fitted(self, page: str, given: dict[str, Any], g_is_fresh: bool) -> dict[str, Matrix]:
        """Read the matrices; a dE/dY that nobody has given just now takes the size of Y."""
        if page not in numbers.WEIGHTED and not numbers.is_empty(given["w"]):
            raise InputError(f"{pages.PAGES[page]} has no weights: leave W empty")
        names = [name for name in pages.GIVEN if name != "w" or page in numbers.WEIGHTED]
        found = {name: numbers.checked(page, name, given[name]) for name in names}
        shape = numbers.output_shape(page, found["x"], found.get("w"), self.stride, self.padding, self.size)
        master = self._gradients.setdefault(page, numbers.gradients(page))
        if not g_is_fresh and found["g"].shape != shape:
            found["g"] = master[: shape[0], : shape[1]].copy()
        if page == "neuron" and found["g"].shape != shape:
            raise InputError(f"a single neuron has one incoming gradient; got {found['g'].shape[0]}")
        return found

    def _focus_for(self, done: pages.Pass, turned: bool) -> dict[str, Any]:
        """Choose another cell where the chosen one is gone, and nobody has just asked for it."""
        focus = self._focus
        asked = focus != self._chosen
        self._chosen = focus
        shapes = pages.matrices(done)
        if asked or (_there(shapes, focus) and not turned):
            return {}
        name, row, column = pages.FOCUS[self.page]
        if not turned and focus[0] in shapes:
            name, row, column = focus
        rows, columns = shapes[name]
        self._chosen = name, min(row, rows - 1), min(column, columns - 1)
        return dict(zip(("matrix", "row", "column"), self._chosen, strict=True))

    @property
    def _focus(self) -> Cell:
        return self.matrix, self.row, self.column

    # The picture

    def _draw(self, result: pages.Pass) -> str:
        shapes = pages.matrices(result)
        focus = self._focus
        if not _there(shapes, focus):
            known = ", ".join(f"{name} {rows}x{columns}" for name, (rows, columns) in shapes.items())
            raise InputError(
                f"there is no cell {focus[1]}, {focus[2]} of {focus[0]!r} on this page; it has {known}"
            )
        self._chosen, self._pointed = focus, None
        every = self.ties == "all"
        self.agreement = pages.agreement(result, every)
        self._verdict.value = verdict(self.agreement, pages.remark(result))
        traits = {name: getattr(self, name) for name in self._controls.by_name}
        traits["page"] = self._page  # what is on show, if the page that is asked for failed
        value = pages.value_at(result, focus)
        self._controls.show(traits, shapes, value, name_of(self._page, self._kept[self._page]))
        # Of one height, so that what is under the pointer stays there while the sums change.
        self._equations.layout.height = f"{pages.ROOM[self._page]}px"
        self._show(result, focus)
        state = "agrees" if self.agreement.holds else "differs"
        return (
            f"{pages.PAGES[self._page]}: {pages.TITLES[focus[0]]} at row {focus[1]}, column {focus[2]} is "
            f"{short(value)}; autograd {state}, largest difference "
            f"{self.agreement.largest:.1g}."
        )

    def _show(self, result: pages.Pass, focus: Cell) -> None:
        """Paint the page with what belongs to one cell framed, and write its sums."""
        every = self.ties == "all"
        self._sheets = pages.sheets(result, focus, every)
        with batch():
            for n, surface in enumerate(self._surfaces):
                shown = n < len(self._sheets)
                surface.canvas.layout.display = "" if shown else "none"
                if shown:
                    surface.show(rgb_png(self._sheets[n].paint()), "png", self._sheets[n].size)
        self._equations.value = equations(pages.lines(result, focus, every))

    # The student

    def _on_control(self, name: str, value: Any) -> None:
        if name == "preset":
            self.guard(self.load, value)
        elif name == "matrix":  # the place may not be there in the other matrix
            rows, columns = pages.matrices(self.result)[value]
            self.set(matrix=value, row=min(self.row, rows - 1), column=min(self.column, columns - 1))
        else:
            setattr(self, name, value)

    def _on_value(self, value: float) -> None:
        name, row, column = self._focus
        if name in pages.GIVEN:
            changed = [list(each) for each in getattr(self, name)]
            changed[row][column] = value
            setattr(self, name, changed)

    def _on_press(self, name: str) -> None:
        if name == "reset":
            self.guard(self.reset)
        elif name == "tie":
            self.guard(self.make_tie)
        else:
            self.randomize(self._controls.seed.value)
            self._controls.seed.value = (self._controls.seed.value + 1) % 10_000

    def load(self, name: str) -> None:
        """Take numbers that show something on this page, such as "vertical edge" or "a tie"."""
        presets = PRESETS[self.page]
        if name not in presets:
            raise InputError(f"this page has no numbers called {name!r}. {nearest(name, presets)}")
        self._gradients.pop(self.page, None)
        self._preset[self.page] = name
        self.set(**{"w": [], **presets[name]})

    def reset(self) -> None:
        """Take the page's numbers again as they were before they were changed."""
        self.load(self._preset.get(self.page, first(self.page)))

    def randomize(self, seed: int = 0) -> None:
        """Take whole numbers from -3 to 3, the same for the same seed."""
        shapes = {name: np.shape(getattr(self, name)) for name in pages.GIVEN if getattr(self, name)}
        self.set(**numbers.drawn(seed, shapes))

    def make_tie(self) -> None:
        """Raise a second number of the chosen window to its maximum: page "pooling"."""
        done = self.result
        if not isinstance(done, PoolingPass):
            raise InputError("a tie is between the numbers of a pooling window: choose the page 'pooling'")
        name, row, column = self._focus
        at = (row, column) if name in ("y", "g") else (done.seen_by(row, column) or [(0, 0)])[0]
        losers = [place for place in done.window(*at) if place not in done.winners(*at)]
        if losers:
            changed = [list(each) for each in self.x]
            second = max(losers, key=lambda place: done.x[place])
            changed[second[0]][second[1]] = float(done.y[at])
            self.x = changed

    def _cell(self, number: int, x: float, y: float) -> Cell | None:
        if number >= len(self._sheets):
            return None
        cell = cell_at(self._sheets[number].grids, x, y)
        return None if cell is None else pages.find(self.result, cell)

    def _look_at(self, cell: Cell | None) -> None:
        """Show what belongs to the cell under the pointer; beside all cells, to the chosen one."""
        if cell != self._pointed:
            self._pointed = cell
            self._show(self.result, cell or self._chosen)

    def _choose(self, cell: Cell | None) -> None:
        if cell is not None:
            self.set(matrix=cell[0], row=cell[1], column=cell[2])

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes."""
        shown = [surface.picture for surface in self._surfaces[: len(self._sheets)]]
        return beside(shown, [self.words, "the matrix", "its transpose"][: len(shown)])


def _there(shapes: dict[str, tuple[int, int]], cell: Cell) -> bool:
    rows, columns = shapes.get(cell[0], (0, 0))
    return cell[1] < rows and cell[2] < columns
