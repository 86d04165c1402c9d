"""The pictures of ReceptiveFieldMapper: one picture's map, the mean, the chart, the segmented pictures."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as W
import numpy as np
from PIL import Image

from cnnviz_widgets.methods.discrepancy import DiscrepancyMap
from cnnviz_widgets.methods.field_segmentation import FieldSegmentation
from cnnviz_widgets.methods.receptive_fields import EmpiricalField
from cnnviz_widgets.paint import (
    beside,
    color_table,
    draw_box,
    outline,
    overlay,
    quantize,
    resize_bilinear,
    rgb_png,
)
from cnnviz_widgets.paint.blocks import fitted
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.sheets import Sheet, sheet, stacked
from cnnviz_widgets.paint.sizes import resize_nearest
from cnnviz_widgets.widgets._captions import line, number
from cnnviz_widgets.widgets._field_chart import Line, size_chart
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._surface import Surface

SIDE, TILE = 260, 112  # screen pixels: three columns fit beside an open file browser
_ORANGE, _BLACK, _WHITE = (255, 140, 0), (0, 0, 0), (255, 255, 255)
_EMPTY = 235  # grey of what is not known


class Column:
    """A heading, a picture and a caption."""

    def __init__(self, bold: str, quiet: str) -> None:
        one_line = "white-space:nowrap;overflow:hidden;text-overflow:ellipsis"
        heading = W.HTML(f'<div style="{one_line}">{line("", bold)}{line(quiet)}</div>')
        self.image = W.Image(format="png", layout=W.Layout(max_width="100%", object_fit="contain"))
        self.caption = W.HTML()
        look = W.Layout(flex="0 1 auto", width=f"{SIDE}px", max_width="100%")
        self.box = W.VBox([heading, self.image, self.caption], layout=look)

    def show(self, picture: Bytes, caption: str) -> None:
        """Put a picture and the HTML under it on screen."""
        self.image.value = rgb_png(picture)
        self.image.width, self.image.height = str(picture.shape[1]), str(picture.shape[0])
        self.caption.value = caption


class FieldPanels:
    """Three columns, and the row of segmented pictures, where a click chooses one.

    Parameters
    ----------
    on_click : callable
        Called with the rank, 1 for the first, of the picture that was clicked.
    """

    def __init__(self, on_click: Callable[[int], None]) -> None:
        self._on_click, self._count = on_click, 0
        self._sheet: Sheet | None = None
        self._charted: Any = None
        self.one = Column("One picture", "what a patch there changes")
        self.mean = Column("Measured field", "mean of the maps, re-centred")
        self.chart = Column("Sizes by layer, px", "ring: theory; dot: measured ± spread")
        self.row = Surface(on_click=self._click)
        self.columns = flow(self.one.box, self.mean.box, self.chart.box, gap="10px 18px")

    def draw_chart(self, lines: Mapping[str, Line], caption: str) -> None:
        """Draw the sizes by layer, where they have changed."""
        known = {name: [found and found.sizes.tolist() for *_, found in each] for name, each in lines.items()}
        if (known, caption) != self._charted:
            self._charted = (known, caption)
            self.chart.show(size_chart(lines, (SIDE, SIDE)), caption)

    def segments(self, found: FieldSegmentation | None, rank: int, is_cut: bool) -> None:
        """Paint the pictures that excite the unit, with the rest dimmed once its field is known."""
        if found is None:
            self._sheet, self._count = None, 0
            blank = np.full((TILE, TILE * 9, 3), _EMPTY, np.uint8)
            self.row.show(rgb_png(blank), "png", (blank.shape[1], blank.shape[0]))
            return
        shown = found.dimmed() if is_cut else found.seen
        tiles = [fitted(each, TILE) for each in shown]
        frame = (0, 0, TILE, TILE)
        tiles[rank - 1] = draw_box(tiles[rank - 1], frame, _ORANGE, 3)
        words = [
            f"{number(float(value))}  {name}" for value, name in zip(found.values, found.classes, strict=True)
        ]
        self._sheet = sheet([tiles], captions=[[_short(each) for each in words]], text=11, gap=6)
        self._count = len(found)
        self.row.show(rgb_png(self._sheet.array), "png", self._sheet.size)

    def snapshot(self, title: str) -> bytes:
        """Give the three columns and the row below them as one PNG."""
        texts = (title, "measured field", "sizes by layer, px")
        there = [
            (bytes(each.image.value), text)
            for each, text in zip((self.one, self.mean, self.chart), texts, strict=True)
            if each.image.value
        ]
        above = beside([picture for picture, _ in there], [text for _, text in there])
        rows = [_decoded(above)] + ([self._sheet.array] if self._sheet is not None else [])
        return rgb_png(stacked(rows))

    def _click(self, x: float, y: float) -> None:
        place = self._sheet.locate(x, y) if self._sheet is not None else None
        if place is not None and place[1] < self._count:
            self._on_click(place[1] + 1)


def _decoded(data: bytes) -> Bytes:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _short(words: str, most: int = 18) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def paint_one(picture: Bytes, found: DiscrepancyMap | None, opacity: float) -> Bytes:
    """Lay a discrepancy map over its picture, with the theoretical field's box and a cross at the unit."""
    large, factor = _enlarged(picture)
    if found is None:
        return large
    heat = found.on_picture()
    known = heat[~np.isnan(heat)]
    heat = heat / known.max() if len(known) and known.max() > 0 else heat
    large = overlay(large, resize_nearest(heat, *large.shape[:2]), color_table(), opacity)
    edges = found.layer.receptive_field.box(found.row, found.column)
    top, left, bottom, right = (round(edge * factor[i % 2]) for i, edge in enumerate(edges))
    return _boxed(large, (top, left, bottom, right))


def paint_mean(field: EmpiricalField) -> Bytes:
    """Paint the mean map, with the box of the theoretical field and the outline of what counts as seen."""
    rows, columns = field.mean.shape
    zoom = SIDE / max(rows, columns)
    down, across = max(1, round(rows * zoom)), max(1, round(columns * zoom))
    mean = resize_nearest(field.mean, down, across)
    peak = float(np.nanmax(field.mean, initial=0)) if not np.isnan(field.mean).all() else 0.0
    painted = color_table()[quantize(mean, 0, peak or 1)]
    painted[np.isnan(mean)] = _EMPTY
    region = resize_nearest(field.region, down, across)
    painted[outline(~region, 1) | outline(region, 1)] = _WHITE
    half = [size / field.stride / 2 * zoom for size in field.layer.receptive_field.size]
    middle = down / 2, across / 2
    box = (middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1])
    top, left, bottom, right = (round(each) for each in box)
    return _boxed(painted, (top, left, bottom, right))


def _enlarged(picture: Bytes) -> tuple[Bytes, tuple[float, float]]:
    rows, columns = picture.shape[:2]
    zoom = SIDE / max(rows, columns)
    down, across = max(1, round(rows * zoom)), max(1, round(columns * zoom))
    large = np.rint(resize_bilinear(picture, down, across)).astype(np.uint8)
    return large, (down / rows, across / columns)


def _boxed(picture: Bytes, box: tuple[int, int, int, int]) -> Bytes:
    top, left, bottom, right = box
    dark = draw_box(picture, (top - 1, left - 1, bottom + 1, right + 1), _BLACK, 4)
    return draw_box(dark, box, _ORANGE, 2)
