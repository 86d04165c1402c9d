"""The two pictures of ActivationBrowser: all channels of a layer, and one of them over the picture."""

import math
from collections.abc import Callable

import ipywidgets as W
import numpy as np
import numpy.typing as npt

from cnnviz_widgets.methods.activations import ActivationMaps, Floats, OrderedBy
from cnnviz_widgets.paint import (
    MARK,
    Mosaic,
    draw_box,
    jpeg,
    mosaic,
    overlay,
    palette_png,
    quantize,
    resize_bilinear,
    resize_nearest,
    rgb_png,
    table_for,
)
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._placement import Placement
from cnnviz_widgets.widgets._surface import Surface

Unit = tuple[int, int, int]  # channel, row, column
OnUnit = Callable[[Unit | None], None]

_SMALLEST_TILE, _LARGEST_TILE = 22, 60  # sides on screen: to tell maps apart, and to show many of them
_FRAME = 2  # around the chosen tile; also the gap, so that the frame hides no value
_ROOM_FOR_SCROLLING = 18  # a scroll bar must not come out of the picture
_ORANGE, _BLACK = (255, 140, 0), (0, 0, 0)


class TilesPanel:
    """All channels of a layer, a tile each, with a frame around the chosen one."""

    width, height = 536, 480  # screen pixels; what does not fit is scrolled to

    def __init__(self, on_point: OnUnit, on_click: OnUnit) -> None:
        self.surface = Surface(
            lambda x, y: on_point(self.unit_at(x, y)), lambda x, y: on_click(self.unit_at(x, y))
        )
        # flex-start: a canvas that is stretched to the box instead of scrolled has flat tiles
        look = W.Layout(max_height=f"{self.height}px", overflow="auto", align_items="flex-start")
        self.box = W.Box([self.surface.canvas], layout=look)
        self._mosaic: Mosaic | None = None
        self._order: npt.NDArray[np.intp] = np.arange(0)
        self._step = 1

    def draw(self, maps: ActivationMaps, scaled: Floats, channel: int, sort_by: OrderedBy) -> None:
        """Paint the tiles in order. Maps too large for a tile are shown by every second, third ... value."""
        self._order = maps.order(sort_by)
        self._step = step = max(1, math.ceil(max(maps.values.shape[1:]) / _LARGEST_TILE))
        shown = scaled[self._order, step // 2 :: step, step // 2 :: step]
        self._mosaic = tiles = _tiled(quantize(shown))
        framed = np.pad(tiles.array, _FRAME)
        _frame(framed, tiles.box(int(np.flatnonzero(self._order == channel)[0])))
        size = (framed.shape[1], framed.shape[0])
        self.surface.show(palette_png(framed, table_for(maps.signed)), "png", size)

    @property
    def step(self) -> int:
        """1 where tiles show every value, 2 where they show every second one, and so on."""
        return self._step

    def unit_at(self, x: float, y: float) -> Unit | None:
        """Name the value under a pixel; None between tiles."""
        place = self._mosaic.locate(x - _FRAME, y - _FRAME) if self._mosaic else None
        if place is None:
            return None
        tile, row, column = place
        middle = self._step // 2
        return int(self._order[tile]), row * self._step + middle, column * self._step + middle


class PicturePanel:
    """The picture as the network sees it, one channel laid over it, and what the chosen unit sees."""

    side = 288  # screen pixels

    def __init__(self, on_point: OnUnit, on_click: OnUnit) -> None:
        self.surface = Surface(
            lambda x, y: on_point(self.unit_at(x, y)), lambda x, y: on_click(self.unit_at(x, y))
        )
        self._channel = 0
        self._placement: Placement | None = None
        self._enlarged: tuple[Bytes, Bytes] | None = None  # the last picture, and what it looks like large

    def draw(self, picture: Bytes, maps: ActivationMaps, scaled: Floats, unit: Unit, opacity: float) -> Bytes:
        """Paint and return the picture, (rows, columns, 3) uint8 in pixels of the screen."""
        self._channel, row, column = unit
        if self._enlarged is None or self._enlarged[0] is not picture:
            self._enlarged = (picture, enlarged(picture))
        shown = self._enlarged[1]
        rows, columns = maps.values.shape[1:]
        self._placement = None
        if (rows, columns) != (1, 1):  # a single number has no place in the picture
            self._placement = Placement(maps.layer.receptive_field, (rows, columns), shown.shape[:2])
            heat = self._placement.spread(scaled[self._channel])
            shown = overlay(shown, heat, table_for(maps.signed), opacity)
            shown = _boxed(shown, self._placement.on_screen(maps.box(row, column)))
        size = (shown.shape[1], shown.shape[0])
        if _is_small(picture):  # squares and lines: small and sharp as a PNG
            self.surface.show(rgb_png(shown), "png", size)
        else:
            self.surface.show(jpeg(shown), "jpeg", size)
        return shown

    def unit_at(self, x: float, y: float) -> Unit | None:
        """Name the unit under a pixel; None where none is centred."""
        place = self._placement.unit_at(x, y) if self._placement else None
        return None if place is None else (self._channel, *place)


def enlarged(picture: Bytes) -> Bytes:
    """Make a picture about 288 px large: small ones by whole factors, so that their pixels are seen."""
    height, width = picture.shape[:2]
    longest = max(height, width)
    if _is_small(picture):
        zoom = PicturePanel.side // longest
        return resize_nearest(picture, height * zoom, width * zoom)
    rows, columns = (max(1, round(side * PicturePanel.side / longest)) for side in (height, width))
    return np.rint(resize_bilinear(picture, rows, columns)).astype(np.uint8)


def _is_small(picture: Bytes) -> bool:
    return max(picture.shape[:2]) <= PicturePanel.side // 2


def _tiled(tiles: Bytes) -> Mosaic:
    """Make tiles as large as they all fit on screen; many small ones get a readable size, and scroll."""
    count, height, width = tiles.shape
    room_across, room_down = (room - _ROOM_FOR_SCROLLING for room in (TilesPanel.width, TilesPanel.height))

    def zoom(columns: int) -> int:
        rows = math.ceil(count / columns)
        return min((room_across // columns - _FRAME) // width, (room_down // rows - _FRAME) // height)

    columns = max(range(1, count + 1), key=lambda each: (zoom(each), -(-count % each)))
    smallest = max(1, math.ceil(_SMALLEST_TILE / max(height, width)))
    if zoom(columns) >= smallest:
        return mosaic(tiles, columns, _FRAME, zoom(columns))
    return mosaic(tiles, max(1, room_across // (width * smallest + _FRAME)), _FRAME, smallest)


def _frame(framed: Bytes, box: tuple[int, int, int, int]) -> None:
    top, left, bottom, right = box
    outer = framed[top : bottom + 2 * _FRAME, left : right + 2 * _FRAME]
    inside = outer[_FRAME:-_FRAME, _FRAME:-_FRAME].copy()
    outer[:] = MARK
    outer[_FRAME:-_FRAME, _FRAME:-_FRAME] = inside


def _boxed(picture: Bytes, box: tuple[int, int, int, int]) -> Bytes:
    top, left, bottom, right = box
    dark = draw_box(picture, (top - 1, left - 1, bottom + 1, right + 1), _BLACK, thickness=4)
    return draw_box(dark, box, _ORANGE, thickness=2)
