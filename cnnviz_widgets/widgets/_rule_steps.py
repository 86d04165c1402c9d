"""RuleComparer's stepper: at one ReLU, what comes down, both masks and what goes on, for each rule."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W
import numpy as np
import numpy.typing as npt

from cnnviz_widgets.methods.layer_steps import LayerStep
from cnnviz_widgets.paint import Mosaic, draw_box, mosaic, quantize, rgb_png, table_for
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.sheets import Sheet, sheet
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._rule_maps import FORMULAS
from cnnviz_widgets.widgets._surface import Surface
from cnnviz_widgets.widgets._threads import Showing

CHANNELS = (1, 4, 9)
_SIDE = 146  # pixels of a cell, about
_MOST = 1.2 * _SIDE
_SHARE = 0.98  # of the values that are not zero lie inside the scale: a few large ones would hide the rest
_SHUT, _OPEN = (40, 40, 46), (255, 244, 190)
_EDGE = (150, 150, 150)
_FADE = 0.75  # towards white: a mask that the rule does not look at
_USES = {"backprop": (True, False), "deconvnet": (False, True), "guided": (True, True)}
_COLUMNS = (
    "forward map\nafter the ReLU",
    "g comes down\nred > 0, blue < 0",
    "1(x > 0)\nlight passes",
    "1(g > 0)\nlight passes",
    "what goes on\nred > 0, blue < 0",
)
_HINT = "Point at a value to read x, g and what the rule makes of it."


class StepsPanel:
    """A slider over the ReLUs from the score down to the picture, and a table of maps.

    Parameters
    ----------
    on_change : callable
        Called with "relu" or "channels" and the value when the student changes it, not when `show` does.
    """

    def __init__(self, on_change: Callable[[str, Any], None]) -> None:
        self._on_change, self._showing = on_change, Showing()
        self.relu = W.SelectionSlider(**looks("ReLU", 420), options=["-"])
        self.channels = W.Dropdown(
            **looks("Channels", 250),
            options=[(f"the {k} most active" if k > 1 else "the most active", k) for k in CHANNELS],
        )
        self.relu.observe(lambda change: self._tell("relu", change.new), "value")
        self.channels.observe(lambda change: self._tell("channels", change.new), "value")
        self.title, self.pointer = W.HTML(), W.HTML(layout=W.Layout(min_height="1.6em"))
        self.surface = Surface(self._point)
        self.box = W.VBox([flow(self.relu, self.channels), self.title, self.surface.canvas, self.pointer])
        self._step: LayerStep | None = None
        self._sheet: Sheet | None = None
        self._mosaic: Mosaic | None = None
        self._chosen: npt.NDArray[np.intp] = np.arange(0)
        self._rules: tuple[str, ...] = ()
        self._every = 1  # of the rows and columns that have room

    def show(self, steps: Sequence[LayerStep], step: LayerStep | None, channels: int) -> None:
        """Paint one step; None where the network has no ReLU on the way."""
        self._step = step
        names = [each.layer.name for each in steps]
        with self._showing:  # options that change move the handle, which is nobody's choice
            if names and list(self.relu.options) != names:
                self.relu.options = names
            if step is not None:
                self.relu.value = step.layer.name
            self.channels.value = channels
            self.relu.disabled = len(names) < 2
        if step is None:
            self._sheet = None
            self.surface.canvas.layout.display = "none"
            self.title.value = captions.line(
                "No ReLU lies on the way down, so there is nothing to step through."
            )
            self.pointer.value = ""
            return
        self.surface.canvas.layout.display = ""
        self._draw(step, channels, names.index(step.layer.name) + 1, len(names))

    def _draw(self, step: LayerStep, channels: int, number: int, count: int) -> None:
        flat = step.forward.shape[1:] == (1, 1)
        # The units of a vector are all shown, in reading order; of maps the most active channels.
        self._chosen = np.arange(len(step.forward)) if flat else step.strongest(_with_room(step, channels))
        self._rules = tuple(step.incoming)
        cells, words = [], []
        for i, rule in enumerate(self._rules):
            g, out = step.incoming[rule][self._chosen], step.outgoing(rule)[self._chosen]
            peak = _scale(g)
            masks = step.gate[self._chosen], step.positive(rule)[self._chosen]
            row = [self._signed(g, peak), *map(self._mask, masks, _USES[rule]), self._signed(out, peak)]
            forward = self._forward(step) if i == 0 else None
            cells.append([forward, *row])
            scale = f"\N{PLUS-MINUS SIGN}{peak:.2g}"
            shares = [_share(m, used) for m, used in zip(masks, _USES[rule], strict=True)]
            passed = np.count_nonzero(out) / out.size
            top = f"0 to {captions.number(float(step.forward[self._chosen].max()))}" if i == 0 else ""
            words.append([top, scale, *shares, f"{scale}, {passed:.0%} not 0"])
        headings = [f"{rule}\n{FORMULAS[rule]}" for rule in self._rules]
        self._sheet = drawn = sheet(cells, _COLUMNS, headings, words, text=13)
        self.surface.show(rgb_png(drawn.array), "png", drawn.size)
        self.title.value = captions.line(self.say(step, number, count), step.layer.name)
        self.pointer.value = captions.line(_HINT)

    def say(self, step: LayerStep, number: int, count: int) -> str:
        """Write which ReLU this is, and which of its channels are shown."""
        shape = "x".join(map(str, step.forward.shape))
        place = f"ReLU {number} of {count} from the score down, {shape}"
        if step.forward.shape[1:] == (1, 1):
            return f"{place}; a square for each of its {len(step.forward)} units"
        several = "channels" if len(self._chosen) > 1 else "channel"
        some = f"; there is room for 1 of {self._every} rows and columns" if self._every > 1 else ""
        return f"{place}; {several} {', '.join(map(str, self._chosen))}, strongest first{some}"

    @property
    def picture(self) -> Bytes | None:
        """The table on show, (rows, columns, 3) uint8."""
        return None if self._sheet is None else self._sheet.array

    # Cells

    def _tiled(self, maps: npt.NDArray[Any], table: Bytes) -> Bytes:
        columns = math.ceil(math.sqrt(len(maps)))
        width = columns * maps.shape[2]
        self._every = step = max(1, math.ceil(width / _MOST))
        maps = maps[:, step // 2 :: step, step // 2 :: step]
        zoom = max(1, round(_SIDE / (columns * maps.shape[2])))
        self._mosaic = tiles = mosaic(maps, columns, gap=1, zoom=zoom)
        return draw_box(table[tiles.array], (0, 0, *tiles.array.shape), _EDGE)

    def _forward(self, step: LayerStep) -> Bytes:
        values = step.forward[self._chosen]
        peak = float(values[np.isfinite(values)].max(initial=0))
        return self._tiled(quantize(values, 0, peak), table_for(False))

    def _signed(self, values: npt.NDArray[np.float32], peak: float) -> Bytes:
        shown = quantize(values, -peak, peak) if peak else np.full(values.shape, 129, np.uint8)
        return self._tiled(shown, table_for(True))

    def _mask(self, mask: npt.NDArray[np.bool_], used: bool) -> Bytes:
        table = np.full((256, 3), 255, np.uint8)
        table[1], table[2] = _SHUT, _OPEN
        if not used:
            table = np.rint(table + (255.0 - table) * _FADE).astype(np.uint8)
        return self._tiled(np.where(mask, np.uint8(2), np.uint8(1)), table)

    # The student

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, value)

    def _point(self, x: float, y: float) -> None:
        self.pointer.value = captions.line(self.say_at(x, y) or _HINT)

    def say_at(self, x: float, y: float) -> str:
        """Write the numbers under a pixel; "" beside the maps."""
        step = self._step
        place = self._sheet.locate(x, y) if self._sheet else None
        if place is None or step is None or self._mosaic is None:
            return ""
        at = self._mosaic.locate(place[3], place[2])
        if at is None or (place[1] == 0 and place[0] > 0):
            return ""
        row, column = (each * self._every + self._every // 2 for each in at[1:])
        unit = (int(self._chosen[at[0]]), row, column)
        where = f"channel {unit[0]}, row {unit[1]}, column {unit[2]}"
        if step.forward.shape[1:] == (1, 1):
            where = f"unit {unit[0]}"
        value = captions.number(float(step.forward[unit]))
        gate = f"x {'>' if step.gate[unit] else '≤'} 0"
        if place[1] == 0:
            return f"{where}: {value} after the ReLU ({gate})"
        rule = self._rules[place[0]]
        g, out = float(step.incoming[rule][unit]), float(step.outgoing(rule)[unit])
        return (
            f"{rule}, {where}: {value} after the ReLU ({gate}); "
            f"g = {captions.number(g)} comes down, {captions.number(out)} goes on"
        )


def _with_room(step: LayerStep, channels: int) -> int:
    """Give how many channels can be shown side by side without leaving out values."""
    width = step.forward.shape[2]
    return max([1, *(k for k in CHANNELS if k <= channels and math.isqrt(k) * width <= _MOST)])


def _scale(g: npt.NDArray[np.float32]) -> float:
    size = np.abs(g[np.isfinite(g) & (g != 0)])
    return float(np.quantile(size, _SHARE)) if size.size else 0.0


def _share(mask: npt.NDArray[np.bool_], used: bool) -> str:
    return f"{mask.mean():.0%} pass" if used else "not looked at"
