"""InversionViewer's inversions: what is asked of a layer, and a shelf of those that were begun."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.methods.inversion import InversionSettings, inversion_preset, invert, picture_error, steer
from cnnviz_widgets.methods.inversion_masks import channel_mask, field_mask, mask_box
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._climb_board import Board, Film

_KEPT = 60  # boards at least; the one that was not looked at for longest goes
_THIN = 9  # frames of the film of a board that is not on show


@dataclass(frozen=True)
class Subset:
    """The part of a code that counts.

    Attributes
    ----------
    side : int
        Side of a square field of the map, in units; 0 counts the whole map.
    row, column : int
        Its middle; -1 is the map's middle.
    channels : "all", "first half", "second half" or "first"
        The channels that count.
    count : int
        How many, for "first".
    """

    side: int = 0
    row: int = -1
    column: int = -1
    channels: str = "all"
    count: int = 8

    def place(self, layer: Layer) -> tuple[int, int] | None:
        """Give the middle of the field; None where there is none."""
        if not self.side or layer.channel_axis is None:
            return None
        rows, columns = (n for axis, n in enumerate(layer.shape) if axis != layer.channel_axis)
        middles = [(n - self.side) // 2 + self.side // 2 for n in (rows, columns)]
        row = self.row if 0 <= self.row < rows else max(0, middles[0])
        column = self.column if 0 <= self.column < columns else max(0, middles[1])
        return min(row, rows - 1), min(column, columns - 1)

    def mask(self, layer: Layer) -> Tensor | None:
        """Make the mask; None counts all. A layer without rows and columns has no field."""
        place = self.place(layer)
        mask = None if place is None else field_mask(layer, self.side, *place)
        if self.channels == "all":
            return mask
        half = channels_of(layer) // 2
        first, last = {"first half": (0, half), "second half": (half, None), "first": (0, self.count)}[
            self.channels
        ]
        chosen = channel_mask(layer, first, None if last is None else min(last, channels_of(layer)))
        return chosen if mask is None else mask * chosen

    def box(self, layer: Layer) -> tuple[int, int, int, int] | None:
        """Give the pixels that the field can see; None where there is no field."""
        return None if self.place(layer) is None else mask_box(layer, self.mask(layer))


def channels_of(layer: Layer) -> int:
    """Count the channels, or the units of a vector."""
    return layer.shape[layer.channel_axis if layer.channel_axis is not None else -1]


@dataclass(eq=False)
class Inversion(Board):
    """A board of one inversion, with what it is of.

    Attributes
    ----------
    layer : Layer
        Whose code is inverted.
    x : Tensor, (N, C, H, W)
        The pictures that were inverted.
    settings : InversionSettings
        With which it climbs.
    """

    layer: Layer = field(kw_only=True)
    x: Tensor = field(kw_only=True)
    settings: InversionSettings = field(kw_only=True)

    @cached_property
    def originals(self) -> list[Bytes]:
        """The pictures that were inverted, as the network sees them, (H, W, 3) uint8."""
        return [self.model.to_picture(each) for each in self.x]

    def follow(self, settings: InversionSettings) -> None:
        """Take other settings from the next step on; at its end only where there are more steps now."""
        if settings != self.settings and (not self.is_done or settings.steps > self.step):
            for each in self.climbs:
                steer(each, settings)
            self.settings = settings

    def code_error(self, number: int, step: int = -1) -> float:
        """Tell how far the code of a picture is from what is wanted, at a step; -1 is the newest."""
        points = next(iter(self.values[number].values()))
        at = len(points) - 1 if step == -1 else min(step, len(points) - 1)
        return -points[at][1]

    def picture_error(self, number: int, place: int = -1) -> float:
        """Tell how far a picture is from the one that was inverted, in a frame of the film."""
        newest = place in (-1, len(self.film) - 1)
        image = self.image[number] if newest else self.film.image(place)[number]
        return float(picture_error(image[None], self.x[number : number + 1]))

    def energies(self, number: int) -> dict[str, list[tuple[int, float]]]:
        """Give the terms of the energy over the steps; they are above zero, since they are made small."""
        return {
            name: [(step, -value) for step, value in points] for name, points in self.values[number].items()
        }


class Shelf:
    """The inversions that were begun, by what was asked.

    Parameters
    ----------
    model : HookedModel
        The network.
    open : callable
        Gives a picture that a trait names as the network takes it, (1, C, H, W).
    layers : int
        How many there are to go through: as many are kept, or the first would be gone with the last.
    """

    def __init__(self, model: HookedModel, open: Callable[[object], Tensor], layers: int = 0) -> None:
        self._model, self._open, self._most = model, open, max(_KEPT, layers + 1)
        self._boards: OrderedDict[Hashable, Inversion] = OrderedDict()

    def find(self, key: Hashable, layer: str) -> Inversion | None:
        """Give the inversion of a layer, if it was begun."""
        return self._boards.get((key, layer))

    def get(
        self,
        key: Hashable,
        layer: Layer,
        pictures: Sequence[object],
        labels: Sequence[str],
        subset: Subset,
        settings: InversionSettings,
        seed: int,
    ) -> Inversion:
        """Give the inversion of a layer, begun now or before; the films of the others become short."""
        found = self._boards.get((key, layer.name))
        if found is None:
            x = torch.cat([self._open(each) for each in pictures])
            running = invert(
                self._model, x, layer.name, mask=subset.mask(layer), settings=settings, seed=seed
            )
            found = Inversion(self._model, [running], labels, layer=layer, x=x, settings=settings)
            found.advance()
        for each in self._boards.values():
            if each is not found:
                _shorten(each)
        self._boards[(key, layer.name)] = found
        self._boards.move_to_end((key, layer.name))
        while len(self._boards) > self._most:
            self._boards.popitem(last=False)
        return found

    def drop(self, key: Hashable, layer: str) -> None:
        """Forget an inversion, so that it begins anew."""
        self._boards.pop((key, layer), None)


def settings_for(
    model: HookedModel, layer: str, tv: float | None, alpha: float, rate: float, steps: int
) -> InversionSettings:
    """Make the settings: without `tv` its weight is the preset of the layer's depth."""
    chosen = inversion_preset(model, layer).tv if tv is None else tv
    return InversionSettings(chosen, alpha, rate, steps)


def _shorten(board: Inversion) -> None:
    """Keep a few frames of a film that has come to its end: all films together would fill the memory."""
    if len(board.film) <= _THIN or not board.is_done:
        return
    short = Film()
    for place in np.unique(np.linspace(0, len(board.film) - 1, _THIN).round().astype(int)).tolist():
        short.add(board.film.steps[place], board.film.image(place))
    board.film = short
