"""The four pictures of OcclusionSlider: the picture with the square, and Zeiler & Fergus's three maps."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W
import numpy as np

from cnnviz_widgets.methods.occlusion_maps import Floats, OcclusionMaps
from cnnviz_widgets.paint import (
    draw_box,
    jpeg,
    label_colors,
    overlay,
    paint_labels,
    resize_bilinear,
    resize_nearest,
    rgb_png,
    table_for,
)
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._activation_panels import PicturePanel
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._occlusion_answers import Occluded
from cnnviz_widgets.widgets._occlusion_drag import MarkedSurface, Place, SquareDrag
from cnnviz_widgets.widgets._occlusion_words import Legend

PICTURE, ACTIVATION, PROBABILITY, LABEL = range(4)
_ORANGE, _BLACK = (255, 140, 0), (0, 0, 0)


class OcclusionPanels:
    """Four canvases with headings, side by side or two by two, and a line of HTML under each.

    Parameters
    ----------
    on_place : callable
        Called with (top, left), in a thread, when the square is dragged.
    on_point : callable
        Called with the row and column of the network's picture under the pointer.
    """

    def __init__(self, on_place: Callable[[Place], None], on_point: Callable[[int, int], None]) -> None:
        self.surfaces = [MarkedSurface() for _ in range(4)]
        self.heads, self.texts = [W.HTML() for _ in range(4)], [W.HTML() for _ in range(4)]
        grips = [panel == PICTURE for panel in range(4)]
        self.drag = SquareDrag(self.surfaces, grips, on_place, on_point)
        self.shown: list[Bytes] = [np.zeros((1, 1, 3), np.uint8)] * 4
        self._picture: Bytes | None = None  # the last one, and its rows and columns on screen
        self._screen = (1, 1)
        self._painted: dict[int, tuple[Any, ...]] = {}  # what each panel shows
        self._colors: dict[int, int] = {}  # class to its number among the label map's colours
        columns = [
            W.VBox(
                [head, surface.canvas, text],
                layout=W.Layout(flex="1 1 0", min_width="0", max_width=f"{PicturePanel.side}px"),
            )
            for head, surface, text in zip(self.heads, self.surfaces, self.texts, strict=True)
        ]
        # In pairs, so that a narrow window has two by two and never three and one.
        self.box = flow(_pair(columns[:2]), _pair(columns[2:]), gap="8px 14px")

    def draw(self, result: Occluded, opacity: float) -> None:
        """Paint what has changed: while the square is dragged, the picture and four frames."""
        maps, picture = result.maps, result.picture
        if self._picture is not picture:
            self._picture, self._screen, self._colors = picture, _on_screen(picture), {maps.plain_label: 1}
        whole = (picture, maps.label, maps.done, opacity)
        self._show(PICTURE, (result.covered_picture,), lambda: result.covered_picture)
        self._show(
            ACTIVATION,
            (*whole, maps.channel),
            lambda: _heated(picture, maps, maps.activation, self.limits(result), opacity),
        )
        self._show(
            PROBABILITY,
            (*whole, maps.target),
            lambda: _heated(picture, maps, maps.probability, (0.0, self.highest(result)), opacity),
        )
        self._show(LABEL, whole, lambda: self._labelled(picture, maps, opacity))
        down, across = (screen / size for screen, size in zip(self._screen, maps.picture, strict=True))
        box = (result.left * across, result.top * down, result.size * across, result.size * down)
        for surface in self.surfaces:
            surface.put(box)
        self.drag.know(maps.picture, result.top, result.left, result.size)

    def tell(self, headings: Sequence[tuple[str, str]], texts: Sequence[str]) -> None:
        """Write what stands above and under each panel."""
        for head, text, heading, words in zip(self.heads, self.texts, headings, texts, strict=True):
            head.value = _heading(*heading)
            text.value = f'<div style="font-size:90%;line-height:1.35">{words}</div>'

    def limits(self, result: Occluded) -> tuple[float, float]:
        """Give the ends of the first map's scale: from zero, or as far below zero as above."""
        maps = result.maps
        known = maps.activation[maps.known & np.isfinite(maps.activation)]
        values = np.append(known, np.nan_to_num(maps.plain_activation))
        high = float(np.abs(values).max())
        return (-high if (values < 0).any() else 0.0), high

    def highest(self, result: Occluded) -> float:
        """Give the upper end of the second map's scale; the lower one is zero."""
        maps = result.maps
        known = maps.probability[maps.known]
        return float(np.append(known[np.isfinite(known)], np.nan_to_num(maps.plain_probability)).max())

    def legend(self, maps: OcclusionMaps) -> Legend:
        """List the classes of the third map with colour and share, the largest first."""
        kinds, counts = np.unique(maps.label[maps.known], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        colors = self._table(maps)
        return [
            (int(kinds[i]), _triple(colors[self._colors[int(kinds[i])]]), float(counts[i] / counts.sum()))
            for i in order
        ]

    def snapshot(self) -> list[Bytes]:
        """Give the four pictures with the square's frame."""
        return [
            _framed(_enlarged(picture, self._screen), surface.mark)
            for picture, surface in zip(self.shown, self.surfaces, strict=True)
        ]

    def _table(self, maps: OcclusionMaps) -> Bytes:
        """Give each class that occurs a colour, and leave those that have one theirs: (n, 3) uint8."""
        for kind in np.unique(maps.label[maps.known]).tolist():
            self._colors.setdefault(kind, len(self._colors) + 1)
        return label_colors(["", *(str(each) for each in range(len(self._colors)))])

    def _labelled(self, picture: Bytes, maps: OcclusionMaps, opacity: float) -> Bytes:
        table, numbers = self._table(maps), np.zeros(len(maps.plain_scores) + 1, np.intp)
        for kind, place in self._colors.items():
            numbers[kind] = place
        # -1, not known, is the last: 0
        return paint_labels(picture, numbers[maps.spread(maps.label)], table, opacity, dim=1.0)

    def _show(self, panel: int, key: tuple[Any, ...], paint: Callable[[], Bytes]) -> None:
        if panel in self._painted and _same(self._painted[panel], key):
            return
        self._painted[panel] = key
        self.shown[panel] = picture = paint()
        surface, rows = self.surfaces[panel], self._screen[0]
        # Squares are small and sharp as a PNG, photos as a JPEG.
        surface.smooth = rows % len(picture) > 0
        data, kind = (jpeg(picture), "jpeg") if surface.smooth else (rgb_png(picture), "png")
        surface.show(data, kind, (self._screen[1], rows))


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Compare arrays by identity, numbers by value."""
    return len(one) == len(other) and all(
        a is b or (not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray) and a == b)
        for a, b in zip(one, other, strict=True)
    )


def _heated(
    picture: Bytes, maps: OcclusionMaps, values: Floats, limits: tuple[float, float], opacity: float
) -> Bytes:
    low, high = limits
    return overlay(picture, (maps.spread(values) - low) / ((high - low) or 1.0), table_for(low < 0), opacity)


def _on_screen(picture: Bytes) -> tuple[int, int]:
    """Choose rows and columns on screen, about 288: small pictures by whole factors, to see their pixels."""
    side, (rows, columns) = PicturePanel.side, picture.shape[:2]
    longest = max(rows, columns)
    if longest <= side // 2:
        return rows * (side // longest), columns * (side // longest)
    return max(1, round(rows * side / longest)), max(1, round(columns * side / longest))


def _enlarged(picture: Bytes, screen: tuple[int, int]) -> Bytes:
    if screen[0] % len(picture) == 0:
        return resize_nearest(picture, *screen)
    return np.rint(resize_bilinear(picture, *screen)).astype(np.uint8)


def _framed(picture: Bytes, mark: tuple[float, float, float, float] | None) -> Bytes:
    if mark is None:
        return picture
    left, top, width, height = mark
    box = (round(top), round(left), round(top + height), round(left + width))
    return draw_box(draw_box(picture, box, _BLACK, 4), _inside(box), _ORANGE, 2)


def _inside(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    top, left, bottom, right = box
    return top + 1, left + 1, bottom - 1, right - 1


def _triple(color: Bytes) -> tuple[int, int, int]:
    red, green, blue = color.tolist()
    return red, green, blue


def _pair(columns: Sequence[W.Widget]) -> W.HBox:
    width = f"{2 * PicturePanel.side + 14}px"
    return W.HBox(columns, layout=W.Layout(flex="1 1 400px", max_width=width, min_width="0", grid_gap="14px"))


def _heading(bold: str, quiet: str) -> str:
    one_line = "white-space:nowrap;overflow:hidden;text-overflow:ellipsis"
    return f'<div style="{one_line}">{line("", bold)}{line(quiet)}</div>'
