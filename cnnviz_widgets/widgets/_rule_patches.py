"""RuleComparer's patches: the ten pictures that excite one channel most, and each rule's projection."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import ipywidgets as W
import numpy as np
from PIL import Image

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import Harvest, Progress, Strongest, TopK
from cnnviz_widgets.methods.deconvnet import TopPatches, contrast, patches_of
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.sheets import sheet
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._rule_maps import put_sheet
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar

K = 10
_SIDE = 84  # pixels of a patch
_KEPT = 40  # pictures that stay open
_EVERY = 1.0  # seconds between looks at what a harvest has so far: each costs some passes


class PatchesPanel:
    """Ten crops and, under each, what the rules carry down to it.

    Parameters
    ----------
    model : HookedModel
        The network.
    data : anything `picture_set` takes
        Where the patches come from.
    say_data : str
        What to call it.
    guard : callable
        Runs work, and tells the student what went wrong in it.
    """

    def __init__(self, model: HookedModel, data: Any, say_data: str, guard: Callable[..., None]) -> None:
        self._model, self._source, self._say_data, self._guard = model, data, say_data, guard
        self._data: PictureSet | None = None
        self._opened: PictureSet | None = None
        self._harvests: dict[str, Harvest] = {}
        self.runner = Runner(self._on_step, self._on_state)
        self.work = WorkBar(self._start, self.runner, f"Find the top {K}")
        self.title, self.image = (
            W.HTML(),
            W.Image(layout=W.Layout(max_width="100%", margin="0", display="none")),
        )
        self.box = W.VBox([self.work.box, self.title, self.image])
        self._asked: tuple[str, int, tuple[str, ...]] = ("", 0, ())
        self._drawn: Any = None
        self._next_look = 0.0
        self.picture: Bytes | None = None
        self.words = ""
        self.patches: dict[str, TopPatches] = {}

    def show(self, layer: str, channel: int, rules: Sequence[str]) -> None:
        """Show the patches of a channel if they are known, or how to find them."""
        self._asked = (layer, channel, tuple(rules))
        harvest = self._harvest(layer)
        self.work.show(harvest.done, harvest.total, f"{harvest.done} of {harvest.total} pictures")
        if harvest.done:
            self._draw(harvest)
        else:
            self._hide()
            self._say(f"not looked for yet in {self._say_data}, {harvest.total} pictures: press the button.")

    def _harvest(self, layer: str) -> Harvest:
        if self._data is None:
            self._data = found = picture_set(self._source)
            opened = lru_cache(_KEPT)(found.__getitem__)  # three rules, one picture
            self._opened = PictureSet(opened, found.names, found.labels, found.classes)
        if layer not in self._harvests:
            self._harvests[layer] = Harvest(self._model, self._data, [TopK(layer, K)])
        return self._harvests[layer]

    def _draw(self, harvest: Harvest) -> None:
        _, channel, rules = self._asked
        key = (*self._asked, harvest.done)
        if key == self._drawn:
            return
        assert self._opened is not None
        strongest: Strongest = harvest.results[0]
        self.patches = {
            rule: patches_of(self._model, self._opened, strongest, channel, rule) for rule in rules
        }
        first = next(iter(self.patches.values()))
        rows = [first.crops(), *(_painted(each) for each in self.patches.values())]
        cells = [[_sized(cell) for cell in row] for row in rows]
        columns = [
            f"{value:.3g}\n{name or ' '}" for value, name in zip(first.values, first.classes, strict=True)
        ]
        drawn = sheet(cells, columns, ["crop", *self.patches], text=13, gap=6)
        self.picture = put_sheet(self.image, drawn.array)
        self.image.layout.display = ""
        self._drawn = key
        so_far = "" if harvest.done == harvest.total else f", of {harvest.done} looked at so far"
        self._say(
            f"the {len(first)} strongest of {harvest.total} pictures, {self._say_data}{so_far}. "
            "Above each its activation and class; zero is grey."
        )
        kinds = Counter(name for name in first.classes if name)
        if kinds:
            self.words += f" They show: {', '.join(f'{name} ({n})' for name, n in kinds.most_common())}."

    def _say(self, text: str) -> None:
        layer, channel, _ = self._asked
        self.title.value = captions.line(text, f"{layer}, channel {channel}:")
        self.words = f"{layer}, channel {channel}: {text}"

    def _hide(self) -> None:
        self.image.layout.display, self.picture, self._drawn, self.patches = "none", None, None, {}

    # Long work

    def _start(self) -> None:
        self._guard(self._begin)

    def _begin(self) -> None:
        layer = self._asked[0]
        harvest = self._harvest(layer)
        self.runner.start(lambda: ((layer, step) for step in harvest))

    def _on_step(self, step: tuple[str, Progress]) -> None:
        layer, progress = step
        if layer != self._asked[0]:  # the student has gone on to another layer, and this one goes on too
            return
        self.work.show(progress.done, progress.total, f"{progress.done} of {progress.total} pictures")
        started = time.monotonic()
        if started >= self._next_look:
            self._guard(self._draw, self._harvest(layer))
            now = time.monotonic()
            self._next_look = now + max(_EVERY, 4 * (now - started))  # a slow machine should search, not look

    def _on_state(self, state: State, error: Exception | None) -> None:
        self.work.enter(state)
        if error is not None:
            self._guard(_raise, error)
        elif state in ("done", "stopped", "paused") and self._asked[0]:
            harvest = self._harvest(self._asked[0])
            if harvest.done:
                self._guard(self._draw, harvest)


def _raise(error: Exception) -> None:
    raise error


def _painted(patches: TopPatches) -> Bytes:
    shown = contrast(patches.projected())
    colors = np.rint(shown * 255).astype(np.uint8)
    return np.broadcast_to(colors, (*colors.shape[:3], 3))


def _sized(cell: Bytes) -> Bytes:
    """Make a crop 84 px large, whatever the layer's field; the same for crops and projections."""
    height, width = cell.shape[:2]
    scale = _SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.BICUBIC
    return np.array(Image.fromarray(np.ascontiguousarray(cell)).resize(size, how))
