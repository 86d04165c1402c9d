"""The panels of MinimalImageStepper: the canvas, the whole picture, the response and its curve, the film."""

from collections.abc import Callable, Mapping, Sequence

import ipywidgets as W
import numpy as np

from cnnviz_widgets.paint import draw_box, rgb_png
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.sheets import Sheet, sheet
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._minimal_canvas import DrawingCanvas, large, with_seams
from cnnviz_widgets.widgets._minimal_curve import curve_svg
from cnnviz_widgets.widgets._surface import Surface

_WHOLE = 224  # screen pixels of the whole picture
_FRAME = 96  # and of a picture of the film
_FRAMES = 9  # pictures of the film that fit side by side
_HERE, _FALLEN = (230, 159, 0), (213, 94, 0)


class MinimalPanels:
    """Lays out the canvas at the left, the whole picture and the response beside it, the film below.

    Parameters
    ----------
    canvas : DrawingCanvas
        The picture on show.
    on_frame : callable
        Gets the step whose picture in the film was clicked.
    """

    def __init__(self, canvas: DrawingCanvas, on_frame: Callable[[int], None]) -> None:
        self._on_frame = on_frame
        self.canvas = canvas
        self.whole = Surface()
        self.bar, self.top, self.text, self.about = W.HTML(), W.HTML(), W.HTML(), W.HTML()
        self.curve = W.HTML()
        self.film = Surface(on_click=self._click)
        self._sheet: Sheet | None = None
        self._steps: list[int] = []
        self._heading = W.HTML()
        self.box = W.VBox([
            W.HBox(
                [
                    _column([self._heading, canvas.surface.canvas, self.text], 448),
                    _column([W.HTML(line("", "The whole picture")), self.whole.canvas, self.about], 224),
                    _column([self.bar, self.top, self.curve], 344),
                ],
                layout=W.Layout(grid_gap="14px", width="100%", margin="4px 0 0 0", align_items="flex-start"),
            ),
            W.HTML(line("Click a picture to go back to its step.", "The path.")),
            self.film.canvas,
        ])  # fmt: skip

    def heading(self, text: str) -> None:
        """Write above the canvas."""
        self._heading.value = line("", text)

    def show_whole(self, picture: Bytes, seams: np.ndarray | None, chosen: int | None) -> None:
        """Show the whole picture, with the segments' seams if there are any."""
        shown = large(picture, _WHOLE)
        if seams is not None:
            shown = with_seams(shown, seams, chosen)
        self.whole.show(rgb_png(shown), "png", (shown.shape[1], shown.shape[0]))

    def show_curve(self, lines: Mapping[str, Sequence[float]], step: int) -> None:
        """Draw the curves over the steps."""
        self.curve.value = curve_svg(lines, step)

    def show_film(
        self, pictures: Sequence[Bytes], notes: Sequence[str], bad: Sequence[bool], step: int
    ) -> None:
        """Show some of the pictures in order: the first, the last, the one on show and those between."""
        self._steps = chosen_steps(len(pictures), step, _FRAMES)
        cells = []
        for each in self._steps:
            cell = large(pictures[each], _FRAME)
            whole = (0, 0, *cell.shape[:2])
            if bad[each]:
                cell = draw_box(cell, whole, _FALLEN, 2)
            if each == step:
                cell = draw_box(draw_box(cell, whole, (0, 0, 0), 5), whole, _HERE, 4)
            cells.append(cell)
        empty: list[Bytes | None] = [None] * (_FRAMES - len(cells))  # the canvas keeps its size
        heads = ["start" if each == 0 else f"step {each}" for each in self._steps] + [""] * len(empty)
        captions = [*(notes[each] for each in self._steps), *[""] * len(empty)]
        self._sheet = sheet([[*cells, *empty]], heads, captions=[captions], text=12, gap=8)
        self.film.show(rgb_png(self._sheet.array), "png", self._sheet.size)

    def _click(self, x: float, y: float) -> None:
        place = None if self._sheet is None else self._sheet.locate(x, y)
        if place is not None and place[1] < len(self._steps):
            self._on_frame(self._steps[place[1]])


def chosen_steps(count: int, here: int, room: int) -> list[int]:
    """Choose at most `room` of `count` steps, evenly, with the first, the last and the one on show."""
    if count <= room:
        return list(range(count))
    steps = np.linspace(0, count - 1, room).round().astype(int)
    if here not in steps:
        inner = steps[1:-1]
        inner[np.abs(inner - here).argmin()] = here
    return sorted({int(each) for each in steps})


def _column(children: Sequence[W.Widget], width: int) -> W.VBox:
    return W.VBox(list(children), layout=W.Layout(flex=f"{width} 1 0", min_width="0", max_width=f"{width}px"))
