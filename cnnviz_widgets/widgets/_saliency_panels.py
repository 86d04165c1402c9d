"""The four pictures of SaliencyExplorer: picture, map, the pixels taken for colours, the object cut out."""

from collections.abc import Callable, Sequence

import ipywidgets as W
import numpy as np

from cnnviz_widgets.methods.saliency import SaliencyLook
from cnnviz_widgets.methods.tasks import Mask
from cnnviz_widgets.paint import (
    jpeg,
    outline,
    overlay,
    paint_labels,
    paint_mask,
    resize_nearest,
    rgb_png,
    table_for,
)
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._activation_panels import PicturePanel, enlarged
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._saliency_answers import Explained
from cnnviz_widgets.widgets._surface import Surface, batch

PICTURE, MAP, SEEDS, OBJECT = range(4)
HEADINGS = (
    ("Picture", "as the network sees it"),
    ("Saliency", "effect of each pixel"),
    ("Most and least salient", "colours of object, of rest"),
    ("Object", "cut out by its colours"),
)
# Okabe & Ito's colours, that all eyes can tell apart.
FRONT, BACK = (230, 159, 0), (0, 114, 178)
FOUND, TRUE = (213, 94, 0), (0, 158, 115)
_UNUSED, _NOT_FOUND = 0.45, 0.5  # brightness of pixels taken for neither, and of those cut away
_LABELS = np.array([(0, 0, 0), FRONT, BACK], np.uint8)
_THICK = 3  # of outlines, pixels of the screen


class SaliencyPanels:
    """Four canvases with headings, side by side or two by two, and a line of HTML under each.

    Parameters
    ----------
    on_point : callable
        Called with the row and column of the network's picture under the pointer.
    """

    def __init__(self, on_point: Callable[[int, int], None]) -> None:
        self._on_point = on_point
        self._size = (1, 1)  # rows and columns of the network's picture
        self._screen = (1, 1)  # and of the screen's
        self._seen: tuple[Bytes, Bytes] | None = None  # the last picture, and what it looks like large
        self.surfaces = [Surface(self._point) for _ in HEADINGS]
        self.texts = [W.HTML() for _ in HEADINGS]
        self.shown: list[Bytes | None] = [None] * len(HEADINGS)
        columns = [
            W.VBox(
                [W.HTML(_heading(*words)), surface.canvas, text],
                layout=W.Layout(flex="1 1 0", min_width="0", max_width=f"{PicturePanel.side}px"),
            )
            for words, surface, text in zip(HEADINGS, self.surfaces, self.texts, strict=True)
        ]
        # In pairs, so that a narrow window has two by two and never three and one.
        pairs = [_pair(columns[:2]), _pair(columns[2:])]
        self._cut = pairs[1]
        self.box = flow(*pairs, gap="8px 14px")

    def draw(self, result: Explained, look: SaliencyLook, opacity: float, cut: bool = True) -> None:
        """Paint all four; without `cut` the last two are not there."""
        self._cut.layout.display = "" if cut else "none"
        if self._seen is None or self._seen[0] is not result.picture:
            self._seen = (result.picture, enlarged(result.picture))
        large = self._seen[1]
        self._size, self._screen = result.picture.shape[:2], large.shape[:2]
        painted = [
            large,
            enlarged(overlay(result.picture, heat(result, look), table_for(look == "signed"), opacity)),
            enlarged(_seeds(result)),
            _object(result, large),
        ]
        # Squares are small and sharp as a PNG, photos as a JPEG.
        small = max(self._size) <= PicturePanel.side // 2
        with batch():  # one message for all four
            for surface, before, picture in zip(self.surfaces, self.shown, painted, strict=True):
                if picture is not before:  # the first panel's, where only the map is another one
                    data, kind = (rgb_png(picture), "png") if small else (jpeg(picture), "jpeg")
                    surface.show(data, kind, (picture.shape[1], picture.shape[0]))
        self.shown = [*painted]

    def tell(self, texts: Sequence[str]) -> None:
        """Write a line of HTML under each panel."""
        for widget, text in zip(self.texts, texts, strict=True):
            widget.value = f'<div style="font-size:90%;line-height:1.35">{text}</div>'

    def _point(self, x: float, y: float) -> None:
        row, column = (
            int(at * size / screen) for at, size, screen in zip((y, x), self._size, self._screen, strict=True)
        )
        if 0 <= row < self._size[0] and 0 <= column < self._size[1]:
            self._on_point(row, column)


def heat(result: Explained, look: SaliencyLook) -> np.ndarray:
    """Scale a map to 0..1 for its colours, (H, W); zero is 0.5 where values have signs."""
    values, limit = result.saliency.shown(look)
    share = np.clip(values / (limit or 1.0), -1, 1)
    return share * 0.5 + 0.5 if look == "signed" else share


def _seeds(result: Explained) -> Bytes:
    labels = np.zeros(result.picture.shape[:2], np.intp)
    if result.segmentation is not None:
        labels[result.segmentation.foreground] = 1
        labels[result.segmentation.background] = 2
    return paint_labels(result.picture, labels, _LABELS, opacity=0.8, dim=_UNUSED)


def _object(result: Explained, large: Bytes) -> Bytes:
    """Draw the outlines of what was found and of the truth on the picture as it is on screen."""
    painted = large
    if result.segmentation is not None:
        mask = resize_nearest(result.segmentation.mask, *large.shape[:2])
        painted = np.where(
            mask[..., None], painted, np.rint(painted * np.float32(_NOT_FOUND)).astype(np.uint8)
        )
        painted = paint_mask(painted, mask, FOUND, opacity=0, thickness=_THICK)
    if result.truth is not None:
        painted = _outlined(painted, resize_nearest(result.truth, *large.shape[:2]))
    return painted


def _outlined(picture: Bytes, truth: Mask) -> Bytes:
    """Draw the truth's outline with a white line inside it, so that it is seen on any ground."""
    painted = picture.copy()
    painted[outline(truth, _THICK + 1)] = 255
    painted[outline(truth, _THICK)] = TRUE
    return painted


def _pair(columns: Sequence[W.Widget]) -> W.HBox:
    width = f"{2 * PicturePanel.side + 14}px"
    return W.HBox(columns, layout=W.Layout(flex="1 1 400px", max_width=width, min_width="0", grid_gap="14px"))


def _heading(bold: str, quiet: str) -> str:
    one_line = "white-space:nowrap;overflow:hidden;text-overflow:ellipsis"
    return f'<div style="{one_line}">{line("", bold)}{line(quiet)}</div>'
