"""The four pictures of TaskStrip, one for each task."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as W
import numpy as np
from PIL import Image

from cnnviz_widgets.methods.tasks import LabelMap, Mask, Thing, concept_of
from cnnviz_widgets.paint import (
    Tag,
    draw_tags,
    jpeg,
    label_colors,
    paint_labels,
    paint_mask,
    resize_nearest,
    spotlight,
)
from cnnviz_widgets.paint.labels import Color
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._surface import Surface
from cnnviz_widgets.widgets._task_pictures import SHOWN

HEADINGS = (
    "Classification + localization",
    "Object detection",
    "Semantic segmentation",
    "Instance segmentation",
)
SEGMENTATION = 2  # its panel's number
_QUESTIONS = (
    "one name, one box",
    "a box for every thing",
    "a name for every pixel",
    "the pixels of every thing",
)
_LARGE_ENOUGH = 0.006  # share of the picture from which a thing's name is written on it
_NO_THING = 0.55  # brightness, among instances, of what belongs to none
_TEXT = 20  # pixels; a window of usual width shows the panels at two thirds of their size
_NO_ANSWER = 0.4  # brightness of a picture about which nothing is said
_ORANGE = (255, 140, 0)

OnPoint = Callable[[int, int, int], None]  # panel, row, column


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the panels show; None where there is no answer (yet), and the picture is shown alone.

    Attributes
    ----------
    location : Thing or None
        With the class's name.
    detections, instances : sequence of Thing, or None
        The boxes, and the masks.
    segmentation : LabelMap or None
        The labels.
    """

    location: Thing | None
    detections: Sequence[Thing] | None
    segmentation: LabelMap | None
    instances: Sequence[Thing] | None


class Palette:
    """The colour of every name: a concept has the same one in the truth and in a network's answer.

    Parameters
    ----------
    names : sequence of str
        The concepts of the pictures' own labels, number 0 being none. Others are added as they come.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(names)}
        self._colors = label_colors(list(self._numbers))

    def table(self, names: Sequence[str]) -> list[Color]:
        """Give the colours of several concepts."""
        for name in names:
            self._numbers.setdefault(concept_of(name), len(self._numbers))
        if len(self._numbers) > len(self._colors):
            self._colors = label_colors(list(self._numbers))
        chosen = [self._colors[self._numbers[concept_of(name)]] for name in names]
        return [(int(red), int(green), int(blue)) for red, green, blue in chosen]


class TaskPanels:
    """Four canvases with headings, side by side or two by two.

    Parameters
    ----------
    on_point, on_click : callable
        Called with the panel's number and the picture's row and column.
    on_leave : callable
        Called when the pointer leaves a panel.
    """

    def __init__(self, on_point: OnPoint, on_click: OnPoint, on_leave: Callable[[], None]) -> None:
        self._size = (1, 1)  # rows and columns of the picture
        self._shown: Bytes = np.zeros((1, 1, 3), np.uint8)
        self.surfaces = [
            Surface(self._at(panel, on_point), self._at(panel, on_click)) for panel in range(len(HEADINGS))
        ]
        for surface in self.surfaces:
            surface.canvas.on_mouse_out(lambda *_: on_leave())
        self._texts = [W.HTML() for _ in HEADINGS]
        self.box = flow(self._pair(0), self._pair(2), gap="12px 12px")

    def _pair(self, first: int) -> W.HBox:
        # In pairs, so that a narrow window has two by two and never three and one.
        panels = [
            W.VBox([_heading(i), self.surfaces[i].canvas, self._texts[i]], layout=_column())
            for i in (first, first + 1)
        ]
        width = f"{2 * SHOWN + 12}px"
        return W.HBox(
            panels, layout=W.Layout(flex="1 1 400px", max_width=width, min_width="0", grid_gap="12px")
        )

    def _at(self, panel: int, told: OnPoint) -> Callable[[float, float], None]:
        def tell(x: float, y: float) -> None:
            (rows, columns), (height, width) = self._size, self._shown.shape[:2]
            row, column = int(y * rows / height), int(x * columns / width)
            if 0 <= row < rows and 0 <= column < columns:
                told(panel, row, column)

        return tell

    def show(self, picture: Bytes) -> None:
        """Take a new picture, (rows, columns, 3) uint8; it is painted by `draw`."""
        self._size = picture.shape[0], picture.shape[1]
        scale = SHOWN / max(self._size)
        if scale != 1:
            size = (round(self._size[1] * scale), round(self._size[0] * scale))
            picture = np.array(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
        self._shown = picture

    def tell(self, texts: Sequence[str]) -> None:
        """Write a line of HTML under each panel."""
        for widget, text in zip(self._texts, texts, strict=True):
            widget.value = f'<div style="font-size:90%;line-height:1.35;min-height:2.7em">{text}</div>'

    def draw(self, drawn: Drawn, objects: Palette, labels: Palette, lit: Mask | None = None) -> None:
        """Paint all four; where `lit`, (rows, columns) bool, is given, the rest of the picture goes dark."""
        light = None if lit is None else resize_nearest(lit, *self._shown.shape[:2])
        for surface, (ground, tags) in zip(
            self.surfaces, self._paintings(drawn, objects, labels), strict=True
        ):
            painted = ground if light is None else spotlight(ground, light)
            painted = draw_tags(painted, tags, _TEXT, thickness=4)
            surface.show(jpeg(painted, 92), "jpeg", (painted.shape[1], painted.shape[0]))

    def _paintings(self, drawn: Drawn, objects: Palette, labels: Palette) -> list[tuple[Bytes, list[Tag]]]:
        picture = self._shown
        location = [] if drawn.location is None else [drawn.location]
        unanswered = np.rint(picture * np.float32(_NO_ANSWER)).astype(np.uint8)
        detections = drawn.detections or ()
        return [
            (picture, [Tag(each.name, self._on_screen(each), _ORANGE) for each in location]),
            (
                unanswered if drawn.detections is None else picture,
                self._tags(detections, objects.table([each.name for each in detections])),
            ),
            (unanswered if drawn.segmentation is None else self._labelled(drawn.segmentation, labels), []),
            (unanswered, []) if drawn.instances is None else self._instances(drawn.instances),
        ]

    def _labelled(self, segmentation: LabelMap, palette: Palette) -> Bytes:
        colors = np.array(palette.table(segmentation.names), np.uint8)
        return paint_labels(self._shown, resize_nearest(segmentation.labels, *self._shown.shape[:2]), colors)

    def _instances(self, things: Sequence[Thing]) -> tuple[Bytes, list[Tag]]:
        painted, colors = self._shown, thing_colors(len(things))
        if things:
            painted = np.rint(painted * np.float32(_NO_THING)).astype(np.uint8)
        for thing, color in zip(things, colors, strict=True):
            if thing.mask is not None:
                mask = resize_nearest(thing.mask, *painted.shape[:2])
                painted[mask] = self._shown[mask]
                painted = paint_mask(painted, mask, color)
        numbered = [f"{number} " for number in range(1, len(things) + 1)]
        return painted, self._tags(things, colors, numbered, frame=False)

    def _tags(
        self, things: Sequence[Thing], colors: Sequence[Color], before: Sequence[str] = (), frame: bool = True
    ) -> list[Tag]:
        """Make the tags; small things get no name, which would hide them and their neighbours."""
        tags = []
        for i, (thing, color) in enumerate(zip(things, colors, strict=True)):
            left, top, right, bottom = box = self._on_screen(thing)
            area = (right - left) * (bottom - top) / self._shown[..., 0].size
            text = (
                (before[i] if before else "")
                + thing.name
                + (f" {thing.score:.2f}" if thing.score < 1 else "")
            )
            tags.append(Tag(text if area >= _LARGE_ENOUGH else "", box, color, frame))
        return sorted(tags, key=lambda each: -_area(each))  # large ones get their names first

    def _on_screen(self, thing: Thing) -> tuple[float, float, float, float]:
        down, across = self._shown.shape[0] / self._size[0], self._shown.shape[1] / self._size[1]
        left, top, right, bottom = thing.box
        return left * across, top * down, right * across, bottom * down


def thing_colors(count: int) -> list[Color]:
    """Give each of several things a colour, so that two dogs can be told apart."""
    return [(int(r), int(g), int(b)) for r, g, b in label_colors([""] * (count + 1))[1:]]


def legend(names: Sequence[str], palette: Palette, most: int = 9) -> str:
    """Write names as HTML, each behind its colour; the first are the most important."""
    look = "display:inline-block;width:10px;height:10px;border:1px solid #555"
    parts = [
        '<span style="white-space:nowrap">'
        f'<span style="{look};background:rgb{color}"></span> {html.escape(name)}</span>'
        for name, color in zip(names[:most], palette.table(names[:most]), strict=True)
    ]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return " &nbsp;".join(parts) + more


def _area(tag: Tag) -> float:
    left, top, right, bottom = tag.box
    return (right - left) * (bottom - top)


def _column() -> W.Layout:
    return W.Layout(flex="1 1 0", min_width="0", max_width=f"{SHOWN}px")


def _heading(panel: int) -> W.HTML:
    return W.HTML(
        '<div style="line-height:1.3;white-space:nowrap;font-size:93%">'
        f"<b>{HEADINGS[panel]}</b><br>{_QUESTIONS[panel]}</div>"
    )
