"""The strongest activation of every channel, checkpoint after checkpoint of a training run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.backend.training_run import TrainingRun
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.engines import Harvest, Strongest, TopK
from cnnviz_widgets.engines.harvest import Progress
from cnnviz_widgets.errors import InputError

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]

HELD_BYTES = 2**28  # of pictures kept in memory, so that they are drawn or decoded once for all checkpoints
_BATCH = 32


@dataclass(frozen=True, eq=False)
class Course:
    """The strongest activation of every channel of one layer over the checkpoints of a training run.

    Attributes
    ----------
    layer : Layer
        The layer.
    checkpoints : tuple of str
        What each of the T checkpoints is called, in order.
    known : array, (T,) bool
        Which checkpoints were looked at.
    values : array, (T, channels) float32
        The strongest activation over all pictures and places; raw, in no unit. Minus infinity where there is
        none: the checkpoint was not looked at yet, or no picture gives numbers that are finite.
    pictures : array, (T, channels) int64
        In which picture, counted from 0; -1 where there is none.
    rows, columns : array, (T, channels) int64
        Where in the map.
    """

    layer: Layer
    checkpoints: tuple[str, ...]
    known: Bools
    values: Floats
    pictures: Whole
    rows: Whole
    columns: Whole

    @cached_property
    def excited(self) -> Bools:
        """Where some picture gives a channel a value above zero, (T, channels)."""
        return (self.pictures >= 0) & (self.values > 0)

    @cached_property
    def jumps(self) -> Bools:
        """Where the strongest picture is another than at the checkpoint before, (T, channels).

        False at the first checkpoint, and where nothing excites the channel at one of the two.
        """
        found = np.zeros(self.pictures.shape, np.bool_)
        both = self.excited[1:] & self.excited[:-1]
        found[1:] = both & (self.pictures[1:] != self.pictures[:-1])
        return found

    @cached_property
    def stays(self) -> Bools:
        """Where a channel's strongest picture stays the same from there to the end, (T, channels)."""
        same = self.excited & (self.pictures == self.pictures[-1])
        return np.logical_and.accumulate(same[::-1])[::-1]

    @cached_property
    def settled(self) -> npt.NDArray[np.float64]:
        """Share of the channels whose strongest picture stays the same to the end, (T,), 0 to 1.

        Of the channels that some picture excites at the last checkpoint; NaN where there are none, and while
        a checkpoint has not been looked at.
        """
        alive = self.excited[-1]
        if not alive.any() or not self.known.all():
            return np.full(len(self.known), np.nan)
        return self.stays[:, alive].mean(1)


class RunHarvest:
    """The strongest activation of every channel of some layers, checkpoint after checkpoint.

    Each checkpoint's pass is kept on disk (see `Harvest`); the pictures are drawn or decoded once for all.

    Parameters
    ----------
    run : TrainingRun
        The checkpoints.
    pictures : PictureSet
        The data set.
    layers : sequence of str
        Which layers; all are gathered in the same pass.
    cache : bool
        Whether to read and keep results on disk.

    Raises
    ------
    LayerError, InputError
        If a checkpoint has no such layer, or another one of the name; if no layer is named.
    """

    def __init__(
        self, run: TrainingRun, pictures: PictureSet, layers: Sequence[str], *, cache: bool = True
    ) -> None:
        if not layers:
            raise InputError("feature evolution needs the name of a layer; model.layers lists them")
        self.run, self.pictures, self._cache = run, pictures.held(HELD_BYTES), cache
        self.layers: dict[str, Layer] = {}
        self.channels: dict[str, int] = {}
        self._found: dict[int, dict[str, Strongest]] = {place: {} for place in range(len(run))}
        for name in layers:
            self.add(name)

    def add(self, layer: str) -> None:
        """Ask for one more layer."""
        found = self.run.layer(layer)
        maps, _ = as_maps(found, torch.zeros(1, *found.shape, device="meta"), self.run[0].layers)
        self.layers[layer], self.channels[layer] = found, maps.shape[1]

    @property
    def total(self) -> int:
        """Number of pictures times checkpoints: passes when nothing was kept on disk."""
        return len(self.run) * len(self.pictures)

    def fetch(self) -> None:
        """Take what was kept on disk, without a pass."""
        for place in range(len(self.run)):
            self._take(place, self._harvest(place))

    def at(self, checkpoint: int) -> Iterator[Progress]:
        """Look at one checkpoint for all layers that it was not yet looked at for; a step is a batch."""
        if not all(self.has(checkpoint, layer) for layer in list(self.layers)):
            harvest = self._harvest(checkpoint)
            yield from harvest
            self._take(checkpoint, harvest)

    def has(self, checkpoint: int, layer: str) -> bool:
        """Tell whether a checkpoint was looked at for a layer."""
        return layer in self._found[checkpoint]

    def strongest(self, checkpoint: int, layer: str) -> Strongest:
        """Give what was found for one layer at a checkpoint that was looked at."""
        return self._found[checkpoint][layer]

    def course(self, layer: str) -> Course:
        """Put together what was found for one layer so far."""
        shape = (len(self.run), self.channels[layer])
        found: dict[str, Any] = {
            "values": np.full(shape, -np.inf, np.float32),
            "pictures": np.full(shape, -1, np.int64),
            "rows": np.zeros(shape, np.int64),
            "columns": np.zeros(shape, np.int64),
        }
        for place in range(len(self.run)):
            if self.has(place, layer):
                for name, column in found.items():
                    column[place] = getattr(self.strongest(place, layer), name)[:, 0]
        known = np.array([self.has(place, layer) for place in range(len(self.run))])
        return Course(self.layers[layer], self.run.names, known, **found)

    def _harvest(self, place: int) -> Harvest:
        wanted = [TopK(layer, 1) for layer in list(self.layers) if not self.has(place, layer)]
        wanted = wanted or [TopK(next(iter(self.layers)), 1)]
        return Harvest(self.run[place], self.pictures, wanted, batch=_BATCH, cache=self._cache)

    def _take(self, place: int, harvest: Harvest) -> None:
        if harvest.done == harvest.total:
            for each in harvest.results:
                self._found[place][each.layer] = each
