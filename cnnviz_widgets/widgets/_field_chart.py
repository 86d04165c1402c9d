"""The chart of ReceptiveFieldMapper: measured sizes by layer, beside what the architecture allows."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from cnnviz_widgets.methods.field_sizes import LayerSizes
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._evolution_charts import GRID, INK, PALE, Color, Sheet

Line = Sequence[tuple[str, float, LayerSizes | None]]  # layer, theoretical size, measured ones

# Okabe & Ito's, told apart by colour-blind eyes; shapes tell measured from theoretical.
COLORS: tuple[Color, ...] = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167))
_BAR = 5  # half the width of the cap of a spread, pixels


def size_chart(lines: Mapping[str, Line], size: tuple[int, int]) -> Bytes:
    """Draw sizes by layer for each network: rings are what the architecture allows, dots what was measured.

    Parameters
    ----------
    lines : mapping of str to sequence of (layer, theoretical size, measured sizes or None)
        By network.
    size : (int, int)
        Width and height, pixels.
    """
    width, height = size
    sheet = Sheet(width, height)
    left, right, top, bottom = 34, width - 10, 10, height - 26
    highest = max(each for line in lines.values() for _, each, _ in line)
    step = _round_step(highest / 4)
    ceiling = step * math.ceil(highest / step)
    up = lambda value: bottom - (bottom - top) * value / ceiling  # noqa: E731
    for number in range(round(ceiling / step) + 1):
        y = up(number * step)
        sheet.line([(left, y), (right, y)], GRID)
        sheet.text(left - 4, y, f"{number * step:g}", PALE, "rm")
    count = max(len(line) for line in lines.values())
    pitch = (right - left) / count
    names = max(lines.values(), key=len)
    for i, (name, _, _) in enumerate(names):
        sheet.text(left + pitch * (i + 0.5), bottom + 11, _fitting(sheet, name, pitch - 3), INK, "mm")
    for order, line in enumerate(lines.values()):
        color = COLORS[order % len(COLORS)]
        aside = (order - (len(lines) - 1) / 2) * 12  # networks side by side, not one on the other
        xs = [left + pitch * (i + 0.5) + aside for i in range(len(line))]
        theory = [(x, up(each)) for x, (_, each, _) in zip(xs, line, strict=True)]
        for start, end in pairwise(theory):
            sheet.dashed(start, end, _paler(color))
        for point in theory:
            sheet.dot(*point, color, 4, filled=False)
        known = [
            (x, found.mean, found.spread)
            for x, (_, _, found) in zip(xs, line, strict=True)
            if found is not None and len(found.sizes)
        ]
        sheet.line([(x, up(mean)) for x, mean, _ in known], color, 2)
        for x, mean, spread in known:
            low, high = up(max(0, mean - spread)), up(mean + spread)
            sheet.line([(x, low), (x, high)], color, 1.5)
            for y in (low, high):
                sheet.line([(x - _BAR, y), (x + _BAR, y)], color, 1.5)
            sheet.dot(x, up(mean), color, 4)
    return sheet.array


def _fitting(sheet: Sheet, name: str, room: float) -> str:
    """Shorten a layer's name to what is its own: layers of one block differ in what follows the dot."""
    if sheet.width(name) <= room or "." not in name:
        return sheet.fitting(name, room)
    return sheet.fitting("…" + name[name.rindex(".") + 1 :], room)


def _round_step(least: float) -> float:
    """Give the next of 1, 2, 5, 10, 20 ... for an axis."""
    power = 10 ** math.floor(math.log10(max(least, 1e-9)))
    return next(each * power for each in (1, 2, 5, 10) if each * power >= least)


def _paler(color: Color) -> Color:
    red, green, blue = ((each + 255) // 2 for each in color)
    return red, green, blue
