"""InversionViewer's pictures: originals and reconstructions, and a reconstruction for each layer."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.paint import draw_box, jpeg
from cnnviz_widgets.paint.blocks import fitted
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.sheets import Sheet, sheet
from cnnviz_widgets.widgets._captions import number
from cnnviz_widgets.widgets._climb_panels import CHOSEN, TEXT, cut
from cnnviz_widgets.widgets._surface import Surface

Box = tuple[int, int, int, int]
_ALONE, _AMONG = 224, 168  # screen pixels of a picture's side
_CELL, _ACROSS = 90, 10  # of the row of layers
_EMPTY = (232, 232, 232)
_WHITE, _DARK = (255, 255, 255), (60, 60, 60)


class InversionWall:
    """The pictures above, their reconstructions below; beside each other where it is one picture.

    Parameters
    ----------
    on_point : callable
        Called with a picture's number and the place clicked on, (row, column), as shares of its sides.
    """

    def __init__(self, on_point: Callable[[int, float, float], None]) -> None:
        self._on_point = on_point
        self.surface = Surface(on_click=self._clicked)
        self._sheet: Sheet | None = None
        self._count = 0
        self._shapes: list[tuple[int, int]] = []
        self._upper: tuple[Any, list[Bytes], list[Bytes]] = (None, [], [])  # question, pictures, tiles

    def draw(
        self,
        originals: Sequence[Bytes],
        found: Sequence[Bytes],
        captions: Sequence[tuple[str, str]],
        chosen: int,
        box: Box | None,
    ) -> None:
        """Paint the pictures; `box` is in pixels of them, and white."""
        self._count = count = len(originals)
        self._shapes = [each.shape[:2] for each in originals]
        side = _ALONE if count == 1 else _AMONG
        asked = (tuple(map(id, originals)), side, box)
        if self._upper[0] != asked:  # they stay while it runs
            self._upper = (asked, list(originals), [_tile(each, side, box) for each in originals])
        upper, lower = self._upper[2], [_tile(each, side, box) for each in found]
        if count > 1:
            lower[chosen] = draw_box(lower[chosen], (0, 0, side, side), CHOSEN, 3)
        words = [[cut(text, side) for text in row] for row in zip(*captions, strict=True)]
        cells: list[list[Bytes | None]] = [[*upper, *lower]] if count == 1 else [[*upper], [*lower]]
        lines = [[*words[0], *words[1]]] if count == 1 else words
        self._sheet = sheet(cells, captions=lines, text=TEXT, gap=8)
        self.surface.show(jpeg(self._sheet.array, 92), "jpeg", self._sheet.size)

    def _clicked(self, x: float, y: float) -> None:
        place = self._sheet.locate(x, y) if self._sheet is not None else None
        if place is None:
            return
        _, column, down, across = place
        which = 0 if self._count == 1 else column
        rows, columns = self._shapes[which]
        side = _ALONE if self._count == 1 else _AMONG
        scale = side / max(rows, columns)
        # the tile is a square, with the picture in its middle
        row = (down - (side - rows * scale) / 2) / (rows * scale)
        self._on_point(which, row, (across - (side - columns * scale) / 2) / (columns * scale))


class DepthRow:
    """The reconstruction from each layer, with its error under it; a click chooses a layer.

    Parameters
    ----------
    layers : sequence of Layer
        From the picture to the scores.
    on_choose : callable
        Called with a layer's name.
    """

    def __init__(self, layers: Sequence[Layer], on_choose: Callable[[str], None]) -> None:
        self._names, self._on_choose = [each.name for each in layers], on_choose
        self.surface = Surface(on_click=self._clicked)
        self._sheet: Sheet | None = None

    def draw(
        self, original: Bytes, found: Sequence[Bytes | None], errors: Sequence[float | None], chosen: str
    ) -> None:
        """Paint the picture, and for each layer what was found; None where nothing was yet."""
        cells: list[Bytes | None] = [fitted(original, _CELL)]
        texts = ["the picture"]
        for i, (name, picture, error) in enumerate(zip(self._names, found, errors, strict=True)):
            tile = np.full((_CELL, _CELL, 3), _EMPTY, np.uint8) if picture is None else fitted(picture, _CELL)
            cells.append(draw_box(tile, (0, 0, _CELL, _CELL), CHOSEN, 3) if name == chosen else tile)
            value = "" if error is None else f" {percent(error)}"
            place = f"{i + 1} "  # as on the slider of depth: of long names the ends are often alike
            texts.append(f"{place}{_tail(name, 13 - len(place + value))}{value}")
        missing = -len(cells) % _ACROSS if len(cells) > _ACROSS else 0
        cells, texts = cells + [None] * missing, texts + [""] * missing
        rows = range(0, len(cells), _ACROSS)
        self._sheet = sheet(
            [cells[i : i + _ACROSS] for i in rows],
            captions=[texts[i : i + _ACROSS] for i in rows],
            text=12,
            gap=6,
        )
        self.surface.show(jpeg(self._sheet.array, 90), "jpeg", self._sheet.size)

    def _clicked(self, x: float, y: float) -> None:
        place = self._sheet.locate(x, y) if self._sheet is not None else None
        if place is not None and 0 < place[0] * _ACROSS + place[1] <= len(self._names):
            self._on_choose(self._names[place[0] * _ACROSS + place[1] - 1])


def percent(error: float) -> str:
    """Write an error of 0.0345 as 3.45 %, with three digits and no more than a tile has room for."""
    return "huge" if error >= 100 else f"{number(100 * error) if error < 1 else f'{100 * error:.0f}'}%"


def _tail(name: str, most: int) -> str:
    return name if len(name) <= most else "\N{HORIZONTAL ELLIPSIS}" + name[len(name) - most + 1 :]


def _tile(picture: Bytes, side: int, box: Box | None) -> Bytes:
    tile = fitted(picture, side)
    if box is None:
        return tile
    rows, columns = picture.shape[:2]
    scale = side / max(rows, columns)
    down, across = (side - rows * scale) / 2, (side - columns * scale) / 2
    top, left, bottom, right = box
    edges = [round(down + top * scale), round(across + left * scale)]
    edges += [round(down + bottom * scale), round(across + right * scale)]
    dark = draw_box(tile, (edges[0], edges[1], edges[2], edges[3]), _DARK, 4)  # seen on white ground, too
    return draw_box(dark, (edges[0] + 1, edges[1] + 1, edges[2] - 1, edges[3] - 1), _WHITE, 2)
