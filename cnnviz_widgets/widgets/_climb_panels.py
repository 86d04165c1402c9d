"""The pictures that climb, and the film of how they came to be."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import ipywidgets as W
import numpy as np
from PIL import ImageFont

from cnnviz_widgets.paint import draw_box, jpeg
from cnnviz_widgets.paint.blocks import fitted
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.sheets import Sheet, sheet
from cnnviz_widgets.widgets._climb_board import Board
from cnnviz_widgets.widgets._surface import Surface
from cnnviz_widgets.widgets._threads import Showing

CHOSEN = (230, 110, 0)
_ALONE, _AMONG = 336, 180  # screen pixels of a picture's side
TEXT = 13  # size of a caption
_DOTS = "\N{HORIZONTAL ELLIPSIS}"
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
        texts = [cut(each, side) for each in captions]
        rows = range(0, count, across)
        blank = [[*cells[i : i + across], *[None] * (across - len(cells[i : i + across]))] for i in rows]
        words = [[*texts[i : i + across], *[""] * (across - len(texts[i : i + across]))] for i in rows]
        self._sheet = sheet(blank, captions=words, text=TEXT, gap=8)
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
        self._on_step, self._showing = on_step, Showing()
        self.slider = W.IntSlider(
            description="Step",
            max=1,
            layout=W.Layout(width="480px", max_width="100%"),
            style={"description_width": "62px"},
        )
        self.slider.observe(self._moved, "value")
        self.surface = Surface(on_click=self._clicked)
        self.box = W.VBox([self.slider, self.surface.canvas], layout=W.Layout(max_width="100%"))
        self._steps: list[int] = []  # of the frames on screen
        self._board: Board | None = None
        self._sheet: Sheet | None = None

    def draw(self, board: Board, number: int, step: int, contrast: bool = False) -> None:
        """Paint the frames of picture `number`; the one at `step` has a frame, -1 is the newest."""
        film = board.film
        now = len(film) - 1 if step == -1 else film.place(step)
        self.show_step(board, step)
        places = np.unique(np.linspace(0, len(film) - 1, _FRAMES).round().astype(int)).tolist()
        self._steps = [film.steps[place] for place in places]
        nearest = min(places, key=lambda place: abs(place - now))
        cells: list[Bytes | None] = []
        for place in places:
            cell = fitted(board.picture(number, place, contrast), _FRAME)
            cells.append(draw_box(cell, (0, 0, _FRAME, _FRAME), CHOSEN, 3) if place == nearest else cell)
        cells += [None] * (_FRAMES - len(cells))
        captions = [f"step {each}" for each in self._steps]
        strip = sheet([cells], captions=[[*captions, *[""] * (_FRAMES - len(captions))]], text=11, gap=6)
        self._sheet = strip
        self.surface.show(jpeg(strip.array, 90), "jpeg", strip.size)

    def show_step(self, board: Board, step: int) -> None:
        """Bring the slider to a step; -1 is the newest."""
        self._board = board
        with self._showing:
            self.slider.max, self.slider.disabled = max(1, board.step), board.step == 0
            self.slider.value = board.step if step == -1 else step

    def _moved(self, change: Any) -> None:
        if not self._showing:
            self._tell(change.new)

    def _clicked(self, x: float, y: float) -> None:
        found = self._sheet.locate(x, y) if self._sheet is not None else None
        if found is not None and found[1] < len(self._steps):
            self._tell(self._steps[found[1]])

    def _tell(self, step: int) -> None:
        if self._board is not None:
            self._on_step(-1 if step == self._board.step else step)


def cut(text: str, side: int) -> str:
    """Shorten a caption to what a picture of this side has room for."""
    font, kept = _font(), text
    while kept and font.getlength(kept if kept == text else kept + _DOTS) > side:
        kept = kept[:-1]
    return text if kept == text else kept + _DOTS


@lru_cache(maxsize=1)
def _font() -> Any:
    return ImageFont.load_default(TEXT)
