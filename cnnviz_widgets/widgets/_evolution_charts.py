"""The two charts of EvolutionSlider, drawn with the pixels of its pictures, so that columns line up."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from cnnviz_widgets.paint import color_table
from cnnviz_widgets.paint.rgba import FIRST, Bytes
from cnnviz_widgets.widgets._captions import number

Color = tuple[int, int, int]
Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]

WHITE, INK, PALE, GRID = (255, 255, 255), (40, 40, 40), (140, 140, 140), (222, 222, 222)
CHOSEN, JUMP = (255, 140, 0), (0, 114, 178)  # orange and blue: told apart by every kind of colour vision
_FINE = 2  # lines are drawn larger and made smaller, which smooths them
_TEXT = 11  # pixels


class Sheet:
    """A white picture to draw on in pixels of the screen."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._image = Image.new("RGB", (width * _FINE, height * _FINE), WHITE)
        self._ink = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(_TEXT * _FINE)

    def line(self, points: Sequence[tuple[float, float]], color: Color, width: float = 1) -> None:
        """Draw a line through points (x, y); fewer than two are none."""
        if len(points) > 1:
            self._ink.line(
                [(x * _FINE, y * _FINE) for x, y in points], color, round(width * _FINE), joint="curve"
            )

    def dashed(self, start: tuple[float, float], end: tuple[float, float], color: Color) -> None:
        """Draw a straight line of dashes, 4 pixels each."""
        way = np.subtract(end, start)
        length = float(np.hypot(*way))
        for at in np.arange(0, length, 7):
            part = [np.add(start, way * (min(each, length) / length)) for each in (at, at + 4)]
            self.line([(float(x), float(y)) for x, y in part], color, 2)

    def dot(self, x: float, y: float, color: Color, radius: float = 3, filled: bool = True) -> None:
        """Draw a dot, or a ring."""
        box = [(each - radius) * _FINE for each in (x, y)] + [(each + radius) * _FINE for each in (x, y)]
        self._ink.ellipse(box, color if filled else WHITE, color, round(1.5 * _FINE))

    def box(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """Fill a rectangle."""
        self._ink.rectangle([left * _FINE, top * _FINE, right * _FINE, bottom * _FINE], color)

    def text(self, x: float, y: float, words: str, color: Color = INK, anchor: str = "lm") -> None:
        """Write words; the anchor is Pillow's, "mm" for the middle."""
        self._ink.text((x * _FINE, y * _FINE), words, color, self._font, anchor)

    def width(self, words: str) -> float:
        """Measure words."""
        return self._font.getlength(words) / _FINE

    def fitting(self, words: str, room: float) -> str:
        """Shorten words to the room there is."""
        if self.width(words) <= room:
            return words
        while words and self.width(words + "…") > room:
            words = words[:-1]
        return words + "…" if words else ""

    @property
    def array(self) -> Bytes:
        """The picture, (height, width, 3) uint8."""
        return np.array(self._image.resize(self._size, Image.Resampling.BOX))


def value_chart(
    values: Floats, excited: Bools, jumps: Bools, middles: Sequence[float], width: int, height: int
) -> Bytes:
    """Draw a channel's strongest activation over the checkpoints; where the picture changed it is dashed.

    Parameters
    ----------
    values, excited, jumps : array, (T,)
        Of one channel; see `Course`.
    middles : sequence of float
        Where the middle of each checkpoint's column is, pixels from the left.
    width, height : int
        Pixels.
    """
    sheet = Sheet(width, height)
    top, bottom, left = 10, height - 8, middles[0] - 14
    peak = float(values[excited].max()) if excited.any() else 1.0
    for level in (0.0, peak):
        y = bottom - (bottom - top) * level / peak
        sheet.line([(left, y), (width, y)], GRID)
        sheet.text(left - 4, y, number(level) if excited.any() or not level else "", PALE, "rm")
    points = [
        (x, bottom - (bottom - top) * float(value) / peak if on else bottom)
        for x, value, on in zip(middles, values, excited, strict=True)
    ]
    for t in range(1, len(points)):
        if not (excited[t] and excited[t - 1]):
            continue
        if jumps[t]:
            sheet.dashed(points[t - 1], points[t], JUMP)
        else:
            sheet.line(points[t - 1 : t + 1], INK, 2)
    for t, (x, y) in enumerate(points):
        if excited[t]:
            sheet.dot(x, y, JUMP if jumps[t] else INK, filled=not jumps[t])
    return sheet.array


def share_chart(
    lines: Mapping[str, Floats], labels: Sequence[str], shown: str, size: tuple[int, int]
) -> tuple[Bytes, Floats]:
    """Draw a line for each layer, 0 to 1 over the checkpoints; early layers are dark, late ones light.

    Parameters
    ----------
    lines : mapping of str to array, (T,)
        By layer; NaN where not known yet.
    labels : sequence of str
        Short names of the checkpoints.
    shown : str
        The layer on screen.
    size : (int, int)
        Width and height in pixels.

    Returns
    -------
    (array, array)
        The picture, and where the checkpoints are, pixels from the left; for `marked`.
    """
    width, height = size
    sheet = Sheet(width, height)
    names = {layer: sheet.fitting(layer, 76) for layer in lines}
    room = max(sheet.width(each) for each in names.values()) + 24
    left, right, top, bottom = 26, width - room - 8, 8, height - 20
    xs = np.linspace(left + 6, right - 6, len(labels)) if len(labels) > 1 else np.array([(left + right) / 2])
    for level in (0.0, 0.5, 1.0):
        y = bottom - (bottom - top) * level
        sheet.line([(left, y), (right, y)], GRID)
        sheet.text(left - 4, y, f"{level:g}", PALE, "rm")
    step = max(1, int(np.ceil(max(sheet.width(each) + 4 for each in labels) * len(labels) / (right - left))))
    for x, label in list(zip(xs, labels, strict=True))[::step]:
        sheet.text(x, bottom + 10, sheet.fitting(label, right - left), INK, "mm")
    colors = layer_colors(len(lines))
    for order, (layer, line) in enumerate(lines.items()):
        known = ~np.isnan(line)
        y = top + 6 + order * 16
        thick = 3.5 if layer == shown else 1.5
        sheet.line([(right + 10, y), (right + 22, y)], colors[order] if known.any() else GRID, thick)
        sheet.text(right + 26, y, names[layer], INK if known.any() else PALE)
        points = [
            (float(x), bottom - (bottom - top) * float(np.clip(np.nan_to_num(v), 0, 1)))
            for x, v in zip(xs, line, strict=True)
        ]
        for t, point in enumerate(points):
            if t and known[t - 1 : t + 1].all():  # no line over checkpoints that are not computed yet
                sheet.line([points[t - 1], point], colors[order], thick)
            if known[t]:
                sheet.dot(*point, colors[order], 2.5 if layer == shown else 1.5)
    return sheet.array, xs


def marked(chart: Bytes, x: float) -> Bytes:
    """Draw an upright orange line behind what a chart shows."""
    found = chart.copy()
    strip = found[6:-18, round(x) - 1 : round(x) + 1]
    strip[(strip > 200).all(axis=2)] = CHOSEN
    return found


def layer_colors(count: int) -> list[Color]:
    """Give colours from dark blue to green, readable on white."""
    table = color_table()
    steps = np.linspace(FIRST, FIRST + 0.78 * (255 - FIRST), max(2, count)).round().astype(int)
    return [(int(r), int(g), int(b)) for r, g, b in table[steps[:count]]]


def short_names(names: Sequence[str]) -> list[str]:
    """Leave out what all names of checkpoints begin with: "epoch 5" is 5 on an axis."""
    words = {name.rpartition(" ")[0] for name in names}
    if len(names) > 1 and len(words) == 1:
        return [name.rpartition(" ")[2] for name in names]
    return list(names)
