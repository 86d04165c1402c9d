"""The pictures of TopPatchBrowser: blocks of tiles, and one picture with its projection at full size."""

import math
from collections.abc import Callable

import ipywidgets as W
import numpy as np

from cnnviz_widgets.methods.deconvnet import TopPatches
from cnnviz_widgets.paint import draw_box, jpeg, resize_bilinear, resize_nearest, rgb_png
from cnnviz_widgets.paint.blocks import Blocks, blocks
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._deconvnet_work import as_picture, tiles_of
from cnnviz_widgets.widgets._surface import Surface

Tile = tuple[int, int]  # channel, and rank counted from 0, -1 where no tile is meant
OnTile = Callable[[Tile | None], None]

SIDES = {"both": slice(0, 2), "patches": slice(0, 1), "projections": slice(1, 2)}
_PAGE = 96  # channels on a wall; a canvas has an end, and so has a student's patience
_ORANGE, _BLACK = np.array((255, 140, 0), np.uint8), np.array((0, 0, 0), np.uint8)
_FRAME, _GAP, _APART = 3, 3, 12


def page_of(channel: int, count: int) -> range:
    """Give the channels on the wall that a channel is on: all of them, if they are not too many."""
    first = channel // _PAGE * _PAGE
    return range(first, min(first + _PAGE, count))


class BlocksPanel:
    """One large block, or a wall of small ones, with a frame around what is chosen."""

    width, wall_width, height = 700, 784, 600  # screen pixels; a wall is scrolled

    def __init__(self, on_point: OnTile, on_click: OnTile) -> None:
        self.surface = Surface(
            lambda x, y: on_point(self.tile_at(x, y)), lambda x, y: on_click(self.tile_at(x, y))
        )
        # flex-start: a canvas that is stretched to the box instead of scrolled has flat tiles
        look = W.Layout(max_height=f"{self.height}px", overflow="auto", align_items="flex-start")
        self.box = W.Box([self.surface.canvas], layout=look)
        self._blocks: Blocks | None = None
        self._first, self._counts = 0, [0]

    @staticmethod
    def wall_side(k: int) -> int:
        """Give the screen pixels of a tile on a wall: nine make a square of 122."""
        return max(12, (122 - 2) // math.ceil(math.sqrt(k)))

    def draw(self, patches: TopPatches | None, channel: int, rank: int, k: int, show: str) -> None:
        """Paint one channel's block large; white tiles stand for pictures that are not there."""
        across, sides = math.ceil(math.sqrt(k)), 2 if show == "both" else 1
        room = (self.width - 2 * _FRAME - _APART * (sides - 1)) // sides - _GAP * (across - 1)
        side = min(room // across, 128 if across > 1 else 256)
        if patches is None:
            tiles = np.full((2, k, side, side, 3), 245, np.uint8)
        else:
            tiles = tiles_of(patches, k, side)
        self._blocks = blocks(tiles[None, SIDES[show]], gap=_GAP, between=_APART)
        self._first, self._counts = channel, [0 if patches is None else len(patches)]
        framed = self._framed(self._blocks.array)
        if patches is not None:
            for each in range(sides):
                _frame(framed, self._blocks.tile_box(0, each, rank - 1))
        self._show(framed, 95)

    def draw_wall(self, tiles: Bytes, channels: range, channel: int, show: str) -> None:
        """Paint a page of small blocks, each under its channel's number."""
        labels = [str(each) for each in channels]
        self._blocks = blocks(
            tiles[:, SIDES[show]], labels=labels, apart=10, width=self.wall_width - 2 * _FRAME
        )
        self._first, self._counts = channels.start, [tiles.shape[2]] * len(channels)
        framed = self._framed(self._blocks.array)
        _frame(framed, self._blocks.box(channel - channels.start))
        self._show(framed, 88)

    def tile_at(self, x: float, y: float) -> Tile | None:
        """Name the tile under a pixel; on a block's label its channel alone."""
        place = self._blocks.locate(x - _FRAME, y - _FRAME) if self._blocks else None
        if place is None:
            return None
        block, _, tile = place
        return self._first + block, tile if tile < self._counts[block] else -1

    def _framed(self, picture: Bytes) -> Bytes:
        return np.pad(picture, ((_FRAME, _FRAME), (_FRAME, _FRAME), (0, 0)), constant_values=255)

    def _show(self, picture: Bytes, quality: int) -> None:
        self.surface.show(jpeg(picture, quality), "jpeg", (picture.shape[1], picture.shape[0]))


class DetailPanel:
    """One of the pictures, whole, with the box that its unit sees; beside it the projection, whole."""

    side = 224  # screen pixels

    def __init__(self) -> None:
        look = W.Layout(max_width="100%", flex="0 1 auto")
        self.picture, self.projection = (W.Image(layout=look) for _ in range(2))
        self.text = W.HTML(layout=W.Layout(flex="1 1 200px"))
        self.box = W.Box([self.picture, self.projection, self.text], layout=W.Layout(grid_gap="8px"))

    def arrange(self, is_wall: bool) -> None:
        """Stand beside a wall, words first, or lie below a block."""
        self.box.layout.flex_flow = "column" if is_wall else "row wrap"
        self.box.layout.flex = f"1 1 {self.side}px" if is_wall else "1 1 100%"
        self.box.layout.max_width = f"{self.side + 32}px" if is_wall else "100%"
        self.text.layout.order = "-1" if is_wall else "0"
        self.text.layout.flex = "0 0 auto" if is_wall else "1 1 200px"

    def draw(self, patches: TopPatches | None, rank: int) -> None:
        """Paint the picture of this rank, 1 for the first."""
        if patches is None:
            for each in (self.picture, self.projection):
                each.value, each.width, each.height = b"", "0", "0"
            return
        box, i = patches.box(rank - 1), rank - 1
        shown = (patches.seen[i], as_picture(patches.projections[i]))
        for target, picture in zip((self.picture, self.projection), shown, strict=True):
            large, factor = enlarged(picture, self.side)
            target.format, target.value = "png", rgb_png(_boxed(large, box, factor))
            target.width, target.height = str(large.shape[1]), str(large.shape[0])


def enlarged(picture: Bytes, side: int) -> tuple[Bytes, tuple[float, float]]:
    """Make a picture about `side` screen pixels large, small ones by whole factors; and say by how much."""
    rows, columns = picture.shape[:2]
    longest = max(rows, columns)
    if longest <= side // 2:
        zoom = side // longest
        return resize_nearest(picture, rows * zoom, columns * zoom), (zoom, zoom)
    down, across = (max(1, round(each * side / longest)) for each in (rows, columns))
    large = np.rint(resize_bilinear(picture, down, across)).astype(np.uint8)
    return large, (down / rows, across / columns)


def _boxed(picture: Bytes, box: tuple[int, int, int, int], factor: tuple[float, float]) -> Bytes:
    top, left, bottom, right = (round(edge * factor[i % 2]) for i, edge in enumerate(box))
    dark = draw_box(picture, (top - 1, left - 1, bottom + 1, right + 1), _BLACK.tolist(), thickness=4)
    return draw_box(dark, (top, left, bottom, right), _ORANGE.tolist(), thickness=2)


def _frame(framed: Bytes, box: tuple[int, int, int, int]) -> None:
    """Draw a frame around a box of the picture, in the margin and the gaps."""
    top, left, bottom, right = box
    outer = framed[top : bottom + 2 * _FRAME, left : right + 2 * _FRAME]
    inside = outer[_FRAME:-_FRAME, _FRAME:-_FRAME].copy()
    outer[:] = _ORANGE
    outer[_FRAME:-_FRAME, _FRAME:-_FRAME] = inside
