"""CAMExplorer's pictures: the photo with the truth, then a map with its box for each network."""

import math
from collections.abc import Sequence

import ipywidgets as W
import numpy as np
from PIL import Image

from cnnviz_widgets.methods.tasks import Box
from cnnviz_widgets.paint import (
    Tag,
    beside,
    draw_tags,
    jpeg,
    outline,
    overlay,
    resize_bilinear,
    resize_nearest,
    table_for,
)
from cnnviz_widgets.paint.labels import Color
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets import _cam_words as words
from cnnviz_widgets.widgets._cam_answers import Explored, Judged, Seen
from cnnviz_widgets.widgets._captions import class_bars
from cnnviz_widgets.widgets._layout import flow

SIDE = 240  # pixels of a picture on screen
GREEN: Color = (0, 158, 115)
RED: Color = (213, 62, 20)
_LEAST = 190  # to which they shrink, so that four stand side by side in a usual window
_GAP = 16
_TEXT = 14
_LINE = (255, 255, 255)  # around the part of the map above the threshold
_SHARE = 0.995  # of a saliency map's pixels lie inside its colours; a few extreme ones would make it dark


class CamPanels:
    """A picture for the truth, one for each network, and one for the saliency map.

    Parameters
    ----------
    count : int
        Number of networks.
    """

    def __init__(self, count: int) -> None:
        self._images = [W.Image(layout=_size()) for _ in range(count + 2)]
        self._heads = [W.HTML() for _ in self._images]
        self._texts = [W.HTML() for _ in self._images]
        columns = [
            W.VBox([head, image, text], layout=_column())
            for head, image, text in zip(self._heads, self._images, self._texts, strict=True)
        ]
        across = _across(len(columns))
        self.box = flow(*columns, gap=f"10px {_GAP}px")
        self.box.layout.max_width = f"{across * SIDE + (across - 1) * _GAP + 4}px"
        self._captions: list[str] = []
        self._kept: dict[int, tuple[Seen, float, Bytes]] = {}  # place to map, opacity and picture

    def show(self, result: Explored, opacity: float) -> None:
        """Paint all pictures, and write what they show."""
        panels = [*result.maps, result.saliency]
        first = panels[0]
        truth = words.truth_name(result)
        photo = _on_screen(first.seen.picture)
        self._put(0, draw_tags(photo, _truth_tags(first, photo, truth), _TEXT))
        self._heads[0].value = words.head(words.picture_name(result.exhibit), words.say_truth(result))
        self._texts[0].value = class_bars(result.top, "no class is most probable")
        for place, panel in enumerate(panels, 1):
            self._put(place, marked(self._ground(place, panel.seen, opacity), panel))
            self._heads[place].value = words.head(words.title(panel), words.subtitle(panel))
            self._texts[place].value = words.judgement(panel, first) + words.account(panel)
        self._captions = ["the picture and the truth", *(words.title(panel) for panel in panels)]

    def _ground(self, place: int, seen: Seen, opacity: float) -> Bytes:
        """Give the picture without boxes; it is kept while only boxes move, as the threshold does."""
        kept = self._kept.get(place)
        if kept is None or kept[0] is not seen or kept[1] != opacity:
            self._kept[place] = kept = (seen, opacity, tinted(seen, opacity))
        return kept[2]

    def _put(self, place: int, picture: Bytes) -> None:
        image = self._images[place]
        image.format, image.value = "jpeg", jpeg(picture, 92)

    def snapshot(self) -> bytes:
        """Give all pictures with their titles side by side, as PNG."""
        return beside([bytes(image.value) for image in self._images], self._captions)


def tinted(seen: Seen, opacity: float) -> Bytes:
    """Lay a map's colours over its picture, as large as on screen: dark at zero, yellow at its maximum."""
    photo = _on_screen(seen.picture)
    heat = resize_bilinear(seen.heat, *photo.shape[:2])
    top = float(np.quantile(heat, _SHARE)) if seen.kind == "saliency" else float(heat.max())
    shares = heat / np.float32(top) if top > 0 else np.zeros_like(heat)
    return overlay(photo, shares, table_for(False), opacity)


def marked(ground: Bytes, panel: Judged) -> Bytes:
    """Draw on a tinted picture the edge of the part above the threshold, its box, and the true ones."""
    result, tags = ground.copy(), _truth_tags(panel, ground)
    if panel.region.box is not None:
        if panel.seen.map is not None:  # a saliency map's edges would hide it
            result[outline(resize_nearest(panel.region.mask, *ground.shape[:2]), 1)] = _LINE
        tags.append(Tag(panel.seen.kind, _scaled(panel.region.box, panel, ground), RED))
    return draw_tags(result, tags, _TEXT)


def _truth_tags(panel: Judged, photo: Bytes, name: str = "truth") -> list[Tag]:
    """Make a green box for each true thing; the largest gets the name."""
    boxes: Sequence[Box] = panel.truths
    if not boxes:
        return []
    named = max(boxes, key=lambda each: (each[2] - each[0]) * (each[3] - each[1]))
    return [Tag(name if box == named else "", _scaled(box, panel, photo), GREEN) for box in boxes]


def _scaled(box: Box, panel: Judged, photo: Bytes) -> Box:
    rows, columns = panel.seen.picture.shape[:2]
    down, across = photo.shape[0] / rows, photo.shape[1] / columns
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def _on_screen(picture: Bytes) -> Bytes:
    scale = SIDE / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def _across(count: int) -> int:
    """Give how many pictures stand side by side: rows of about the same length, of four at most."""
    return math.ceil(count / math.ceil(count / 4))


def _column() -> W.Layout:
    return W.Layout(flex=f"1 1 {_LEAST}px", min_width="0", max_width=f"{SIDE}px")


def _size() -> W.Layout:
    return W.Layout(width="100%", margin="0")
