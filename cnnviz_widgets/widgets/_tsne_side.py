"""Beside the map of TSNEScatter: the picture under the pointer, and those chosen or lassoed."""

import html
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as W
import numpy as np

from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.paint import jpeg, mosaic, rgb_png
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._surface import Surface
from cnnviz_widgets.widgets._tsne_codes import fitted

WIDTH = 288  # screen pixels
MOST = 50  # pictures of a selection
_LARGE, _SMALL, _FRAME, _GAP, _IN_A_ROW = 112, 46, 3, 5, 5
_SAME, _OTHER, _UNKNOWN = (0, 130, 100), (213, 94, 0), (150, 150, 150)  # told apart by every eye
_HINT = "Point at a picture to see it; click it for its nearest; draw around some to see them all."


@dataclass(frozen=True)
class Shown:
    """Pictures to show beside the map: a title, a line about them, their numbers, and which have a class."""

    title: str
    about: str
    numbers: Sequence[int]
    same: Sequence[bool | None]


class SidePanel:
    """A large picture with its name, and below it a board of small ones that can be clicked.

    Parameters
    ----------
    pictures : PictureSet
        Where pictures come from.
    on_click : callable
        Called with the number of the picture that was clicked.
    """

    def __init__(self, pictures: PictureSet, on_click: Callable[[int], None]) -> None:
        self._pictures = pictures
        self.large = W.Image(format="png", layout=W.Layout(width=f"{_LARGE}px", height=f"{_LARGE}px"))
        self.name = W.HTML(layout=W.Layout(flex="1 1 120px"))
        self.title = W.HTML()
        self.board = Surface(on_click=lambda x, y: self._tell(x, y, on_click))
        self._numbers: list[int] = []
        self._pointed = -1
        head = W.HBox([self.large, self.name], layout=W.Layout(grid_gap="8px", min_height=f"{_LARGE + 4}px"))
        self.box = W.VBox([head, self.title, self.board.canvas], layout=W.Layout(width=f"{WIDTH}px"))
        self.large.value = rgb_png(np.full((_LARGE, _LARGE, 3), 240, np.uint8))
        self.name.value = captions.line(_HINT)

    def point(self, number: int, words: str) -> None:
        """Show the picture under the pointer."""
        if number != self._pointed:
            self._pointed = number
            self.large.value = rgb_png(fitted(self._pictures[number], _LARGE))
        self.name.value = _two_lines(self._pictures, number, words)

    def show(self, shown: Shown | None) -> None:
        """Show a board of pictures; without one the board is empty."""
        self.board.canvas.layout.display = "none" if shown is None else ""
        self.title.value = "" if shown is None else captions.line(shown.about, shown.title)
        self._numbers = [] if shown is None else list(shown.numbers[:MOST])
        if shown is None or not self._numbers:
            self.board.canvas.layout.display = "none"
            return
        tiles = [
            _framed(fitted(self._pictures[number], _SMALL), same)
            for number, same in zip(self._numbers, shown.same, strict=False)
        ]
        self._mosaic = mosaic(np.stack(tiles), _IN_A_ROW, _GAP, 1, (255, 255, 255))
        self.board.show(jpeg(self._mosaic.array), "jpeg", self._mosaic.size)

    def _tell(self, x: float, y: float, on_click: Callable[[int], None]) -> None:
        place = self._mosaic.locate(x, y) if self._numbers else None
        if place is not None:
            on_click(self._numbers[place[0]])


def composition(pictures: PictureSet, numbers: Sequence[int]) -> str:
    """Count the classes of some pictures: "12 chair, 3 bed"."""
    if pictures.labels is None:
        return ""
    counts = Counter(pictures.class_of(number) for number in numbers).most_common()
    said = ", ".join(f"{count} {name}" for name, count in counts[:4])
    rest = sum(count for _, count in counts[4:])
    return said + (f" and {rest} of {len(counts) - 4} other classes" if rest else "")


def _framed(tile: Bytes, same: bool | None) -> Bytes:
    color = _UNKNOWN if same is None else _SAME if same else _OTHER
    framed = np.empty((tile.shape[0] + 2 * _FRAME, tile.shape[1] + 2 * _FRAME, 3), np.uint8)
    framed[:] = color
    framed[_FRAME:-_FRAME, _FRAME:-_FRAME] = tile
    return framed


def _two_lines(pictures: PictureSet, number: int, words: str) -> str:
    name, kind = html.escape(pictures.names[number]), html.escape(pictures.class_of(number))
    second = kind if kind and kind not in name else ""
    lines = [f"<b>{name}</b>", second, html.escape(words)]
    return (
        '<div style="line-height:1.4;overflow-wrap:anywhere">' + "<br>".join(x for x in lines if x) + "</div>"
    )
