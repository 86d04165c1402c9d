"""The pictures that climb, and the film of how they came to be."""

from collections.abc import Callable, Sequence

import ipywidgets as W
import numpy as np

from cnnviz_widgets.paint import draw_box, fitted, jpeg, sheet
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.sheets import Sheet
from cnnviz_widgets.widgets._climb_board import Board
from cnnviz_widgets.widgets._surface import Surface

CHOSEN = (230, 110, 0)
_ALONE, _AMONG = 336, 150  # screen pixels of a picture's side
_FRAME, _FRAMES = 78, 9  # of the film: side in pixels, and how many are on show


class ClimbWall:
    """All pictures at one step, each with its caption; a click chooses one.

    Parameters
    ----------
    on_choose : callable
        Called with a picture's number.
    columns : int
        How many pictures stand side by side.
    """

    def __init__(self, on_choose: Callable[[int], None], columns: int = 3) -> None:
        self._on_choose, self._columns = on_choose, columns
        self.surface = Surface(on_click=self._clicked)
        self._sheet: Sheet | None = None
        self._count = 0

    def draw(self, pictures: Sequence[Bytes], captions: Sequence[str], chosen: int) -> None:
        """Paint the pictures; the chosen one has a frame where there are others."""
        self._count = count = len(pictures)
        side = _ALONE if count == 1 else _AMONG
        across = 1 if count == 1 else self._columns
        cells: list[Bytes | None] = [fitted(each, side) for each in pictures]
        if count > 1:
            cells[chosen] = draw_box(cells[chosen], (0, 0, side, side), CHOSEN, 3)  # type: ignore[arg-type]
        texts = [_cut(each, side) for each in captions]
        rows = range(0, count, across)
        blank = [[*cells[i : i + across], *[None] * (across - len(cells[i : i + across]))] for i in rows]
        words = [[*texts[i : i + across], *[""] * (across - len(texts[i : i + across]))] for i in rows]
        self._sheet = sheet(blank, captions=words, text=13, gap=8)
        self.surface.show(jpeg(self._sheet.array, 92), "jpeg", self._sheet.size)

    def _clicked(self, x: float, y: float) -> None:
        found = self._sheet.locate(x, y) if self._sheet is not None else None
        if found is not None and self._count > 1:
            number = found[0] * self._columns + found[1]
            if number < self._count:
                self._on_choose(number)


class FilmStrip:
    """Some frames of the film of one picture, from the first to the last, and a slider back in time.

    Parameters
    ----------
    on_step : callable
        Called with a step when the student goes back, and with -1 for the newest one.
    """

    def __init__(self, on_step: Callable[[int], None]) -> None:
        self._on_step, self._showing = on_step, False
        self.slider = W.SelectionSlider(
            options=[("0", 0)],
            description="Step",
            layout=W.Layout(width="480px", max_width="100%"),
            style={"description_width": "62px"},
        )
        self.slider.observe(self._moved, "value")
        self.surface = Surface(on_click=self._clicked)
        self.box = W.VBox([self.slider, self.surface.canvas], layout=W.Layout(max_width="100%"))
        self._places: list[int] = []
        self._board: Board | None = None

    def draw(self, board: Board, number: int, step: int, contrast: bool = False) -> None:
        """Paint the frames of picture `number`; the one at `step` has a frame, -1 is the newest."""
        self._board, film = board, board.film
        now = len(film) - 1 if step == -1 else film.place(step)
        self._offer(film.steps, now)
        places = np.unique(np.linspace(0, len(film) - 1, _FRAMES).round().astype(int)).tolist()
        self._places = places
        nearest = min(places, key=lambda place: abs(place - now))
        cells: list[Bytes | None] = []
        for place in places:
            cell = fitted(board.picture(number, place, contrast), _FRAME)
            cells.append(draw_box(cell, (0, 0, _FRAME, _FRAME), CHOSEN, 3) if place == nearest else cell)
        cells += [None] * (_FRAMES - len(cells))
        captions = [f"step {film.steps[place]}" for place in places]
        strip = sheet([cells], captions=[[*captions, *[""] * (_FRAMES - len(captions))]], text=11, gap=6)
        self._sheet = strip
        self.surface.show(jpeg(strip.array, 90), "jpeg", strip.size)

    def _offer(self, steps: Sequence[int], now: int) -> None:
        self._showing = True
        try:
            options = [(str(step), step) for step in steps]
            options = options if len(options) > 1 else [*options, *options]  # a slider needs two ends
            if list(self.slider.options) != options:
                self.slider.options = options
            self.slider.disabled = len(steps) < 2
            self.slider.value = steps[now]
        finally:
            self._showing = False

    def _moved(self, change: object) -> None:
        if not self._showing and self._board is not None:
            self._tell(int(self.slider.value))

    def _clicked(self, x: float, y: float) -> None:
        found = self._sheet.locate(x, y) if self._board is not None else None
        if found is not None and found[1] < len(self._places) and self._board is not None:
            self._tell(self._board.film.steps[self._places[found[1]]])

    def _tell(self, step: int) -> None:
        assert self._board is not None
        self._on_step(-1 if step == self._board.film.steps[-1] else step)


def _cut(text: str, side: int) -> str:
    most = side // 7
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
