"""The pictures of EvolutionSlider: all channels at one checkpoint, and some channels at all of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as W
import numpy as np
import numpy.typing as npt

from cnnviz_widgets.methods.run_harvest import Bytes, Course
from cnnviz_widgets.paint import Mosaic, draw_box, jpeg, mosaic
from cnnviz_widgets.paint.blocks import fitted
from cnnviz_widgets.widgets._evolution_charts import (
    CHOSEN,
    INK,
    JUMP,
    WHITE,
    Sheet,
    short_names,
    value_chart,
)
from cnnviz_widgets.widgets._evolution_work import Wall
from cnnviz_widgets.widgets._surface import Surface

WAITING, SILENT = 228, 70  # grey levels: not computed yet; nothing excites the channel
_FRAME = 2  # around the chosen tile; also the gap
_SMALLEST, _LARGEST = 30, 96  # sides of a tile on the wall
_ROOM_FOR_SCROLLING = 18
_NARROWEST = 46  # a column of the strip, with its gap
_CORNER = 9  # of the blue corner that tells of a jump


class WallPanel:
    """All channels of a layer at one checkpoint, with a frame around the chosen one."""

    width, height = 536, 400  # screen pixels; what does not fit is scrolled to

    def __init__(
        self, on_point: Callable[[int | None], None], on_click: Callable[[int | None], None]
    ) -> None:
        self.surface = Surface(
            lambda x, y: on_point(self.channel_at(x, y)), lambda x, y: on_click(self.channel_at(x, y))
        )
        look = W.Layout(max_height=f"{self.height}px", overflow="auto", align_items="flex-start")
        self.box = W.Box([self.surface.canvas], layout=look)
        self._mosaic: Mosaic | None = None
        self._kept: dict[tuple[int, str, int], Bytes] = {}  # tiles by wall, so that dragging back is quick

    def draw(self, wall: Wall | None, course: Course, place: int, channel: int, show: str) -> None:
        """Paint the tiles of a checkpoint; light grey where they are not computed yet."""
        count = course.values.shape[1]
        columns, side = layout(count, self.width - _ROOM_FOR_SCROLLING, self.height - _ROOM_FOR_SCROLLING)
        if wall is None:
            tiles = np.full((count, side, side, 3), WAITING, np.uint8)
        else:
            tiles = self._tiles(wall, show, side).copy()
            tiles[~course.excited[place]] = SILENT
            corner = np.add.outer(np.arange(side), -np.arange(side)) <= _CORNER - side
            tiles[np.ix_(course.jumps[place], np.arange(side), np.arange(side))] = np.where(
                corner[..., None], JUMP, tiles[course.jumps[place]]
            )
        self._mosaic = found = mosaic(tiles, columns, _FRAME, 1, WHITE)
        framed = np.pad(found.array, ((_FRAME, _FRAME), (_FRAME, _FRAME), (0, 0)), constant_values=255)
        top, left, bottom, right = found.box(channel)
        framed = draw_box(framed, (top, left, bottom + 2 * _FRAME, right + 2 * _FRAME), CHOSEN, _FRAME)
        self.surface.show(jpeg(framed), "jpeg", (framed.shape[1], framed.shape[0]))

    def _tiles(self, wall: Wall, show: str, side: int) -> Bytes:
        key = (id(wall), show, side)
        if key not in self._kept:
            while len(self._kept) >= 32:
                self._kept.pop(next(iter(self._kept)))
            pictures = wall.projections if show == "projections" else wall.crops
            self._kept[key] = np.stack([fitted(each, side) for each in pictures])
        return self._kept[key]

    def forget(self) -> None:
        """Drop what was kept: other walls may get the same identity."""
        self._kept.clear()

    def channel_at(self, x: float, y: float) -> int | None:
        """Name the channel under a pixel; None between tiles."""
        found = self._mosaic.locate(x - _FRAME, y - _FRAME) if self._mosaic else None
        return None if found is None else found[0]


def layout(count: int, width: int, height: int) -> tuple[int, int]:
    """Choose columns and the side of the tiles, as large as they all fit; many get a readable size."""

    def side(columns: int) -> int:
        rows = math.ceil(count / columns)
        return min(width // columns - _FRAME, height // rows - _FRAME, _LARGEST)

    columns = max(range(1, count + 1), key=lambda each: (side(each), -(-count % each)))
    if side(columns) >= _SMALLEST:
        return columns, side(columns)
    return min(count, width // (_SMALLEST + _FRAME)), _SMALLEST


@dataclass(frozen=True, eq=False)
class Row:
    """One channel over the checkpoints.

    Attributes
    ----------
    channel : int
        The channel.
    projections, crops : list of array or None
        One for each checkpoint, (rows, columns, 3) uint8; None where not computed yet.
    values, excited, jumps : array, (T,)
        See `Course`.
    """

    channel: int
    projections: list[Bytes | None]
    crops: list[Bytes | None]
    values: npt.NDArray[np.float32]
    excited: npt.NDArray[np.bool_]
    jumps: npt.NDArray[np.bool_]


class StripPanel:
    """The chosen channel at all checkpoints, its activations below, and the rows that were kept.

    As in figure 4 of the paper: a column for each checkpoint.
    """

    width = 840  # screen pixels; more checkpoints than fit are scrolled to
    _gutter, _head, _chart, _gap = 62, 20, 88, 6

    def __init__(self, on_click: Callable[[int, int | None], None]) -> None:
        self._on_click = on_click
        self.surface = Surface(on_click=self._clicked)
        look = W.Layout(overflow="auto", max_width="100%", align_items="flex-start")
        self.box = W.Box([self.surface.canvas], layout=look)
        self._pitch, self._count = _NARROWEST, 1
        self._drawn: tuple[object, Bytes] | None = None
        self._bands: list[tuple[int, int, int]] = []  # top, bottom, channel of each row on screen

    def draw(self, rows: Sequence[Row], names: Sequence[str], place: int, key: object) -> None:
        """Paint the rows and a frame around the checkpoint on show.

        The first row comes with its pictures and its chart, the others with their patterns. The same `key`
        as before: only the frame has moved.
        """
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._rows(rows, names))
        canvas = self._drawn[1]
        left, height = self._gutter + place * self._pitch, canvas.shape[0]
        box = (self._head - 2, left - 2, height, left + self._pitch - self._gap + 2)
        framed = draw_box(canvas, box, CHOSEN, 2)
        self.surface.show(jpeg(framed, 93), "jpeg", (canvas.shape[1], height))

    def _rows(self, rows: Sequence[Row], names: Sequence[str]) -> Bytes:
        self._count = count = len(names)
        self._pitch = max(_NARROWEST, min(96, (self.width - self._gutter) // count))
        side, line, width = self._pitch - self._gap, self._pitch, self._gutter + count * self._pitch
        first, chart_top = rows[0], self._head + 2 * line
        tops = [self._head, *(chart_top + self._chart + order * line for order in range(len(rows) - 1))]
        sheet = Sheet(width, max(chart_top + self._chart, tops[-1] + line))
        self._heads(sheet, names)
        middle = tops[0] + side / 2
        for words, y in [
            ("pattern", middle - 7),
            (f"channel {first.channel}", middle + 7),
            ("picture", middle + line),
            ("activation", chart_top + self._chart / 2),
            *(
                (f"channel {row.channel}", top + side / 2)
                for row, top in zip(rows[1:], tops[1:], strict=True)
            ),
        ]:
            sheet.text(3, y, words)
        canvas = sheet.array
        for row, top in zip(rows, tops, strict=True):
            self._paste(canvas, row.projections, row, top)
        self._paste(canvas, first.crops, first, self._head + line)
        chart = value_chart(first.values, first.excited, first.jumps, self._middles(), width, self._chart)
        inked = (chart < 255).any(axis=2)
        canvas[chart_top : chart_top + self._chart][inked] = chart[inked]
        self._bands = [(tops[0], chart_top, first.channel)]
        self._bands += [(top, top + line, row.channel) for row, top in zip(rows[1:], tops[1:], strict=True)]
        return canvas

    def _middles(self) -> list[float]:
        side = self._pitch - self._gap
        return [self._gutter + t * self._pitch + side / 2 for t in range(self._count)]

    def _heads(self, sheet: Sheet, names: Sequence[str]) -> None:
        fits = max(sheet.width(name) for name in names) <= self._pitch
        for middle, name in zip(self._middles(), names if fits else short_names(names), strict=True):
            sheet.text(middle, self._head / 2 - 1, sheet.fitting(name, self._pitch), INK, "mm")

    def _paste(self, canvas: Bytes, pictures: Sequence[Bytes | None], row: Row, top: int) -> None:
        side = self._pitch - self._gap
        for t, picture in enumerate(pictures):
            left = self._gutter + t * self._pitch
            place = canvas[top : top + side, left : left + side]
            if picture is None:
                place[:] = WAITING
            elif not row.excited[t]:
                place[:] = SILENT
            else:
                place[:] = fitted(picture, side)
            if row.jumps[t]:  # a bar in the gap before it
                canvas[top : top + side, left - self._gap + 1 : left - 1] = JUMP

    def checkpoint_at(self, x: float) -> int | None:
        """Name the checkpoint of the column under a pixel; None beside the columns."""
        column = math.floor((x - self._gutter) / self._pitch)
        return column if 0 <= column < self._count else None

    def _clicked(self, x: float, y: float) -> None:
        place = self.checkpoint_at(x)
        if place is not None:
            channels = [channel for top, bottom, channel in self._bands if top <= y < bottom]
            self._on_click(place, channels[0] if channels else None)


class NowPanel:
    """The picture that excites the chosen channel most at this checkpoint, and the projection, large."""

    side = 140  # screen pixels each

    def __init__(self) -> None:
        self.image = W.Image(format="jpeg", layout=W.Layout(max_width="100%", flex="0 0 auto"))

    def draw(self, picture: Bytes | None, box: tuple[int, int, int, int], projection: Bytes | None) -> None:
        """Paint both; dark where nothing excites the channel, light where it is not known yet."""
        side, level = self.side, SILENT if projection is not None else WAITING
        both = np.full((side, 2 * side + 8, 3), 255, np.uint8)
        both[:, :side] = both[:, side + 8 :] = level
        if picture is not None:
            both[:, :side] = _boxed(picture, box, side)
            if projection is not None:
                both[:, side + 8 :] = fitted(projection, side)
            else:
                both[:, side + 8 :] = WAITING
        self.image.value = jpeg(both, 93)


def _boxed(picture: Bytes, box: tuple[int, int, int, int], side: int) -> Bytes:
    """Enlarge a picture and draw what the unit sees."""
    scale = side / max(picture.shape[:2])
    down, across = (round((side - each * scale) / 2) for each in picture.shape[:2])
    top, left, bottom, right = (round(each * scale) for each in box)
    place = (top + down, left + across, bottom + down, right + across)
    dark = draw_box(
        fitted(picture, side), (place[0] - 1, place[1] - 1, place[2] + 1, place[3] + 1), (0, 0, 0), 4
    )
    return draw_box(dark, place, CHOSEN, 2)
