"""A data set as points: every picture's code in a layer, and its pixels as the network sees them."""

from collections.abc import Iterator
from typing import ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.engines import Features, Harvest, passes
from cnnviz_widgets.engines.harvest import Progress
from cnnviz_widgets.engines.harvest_cache import Shelf
from cnnviz_widgets.errors import InputError, MemoryLimitError

Floats = npt.NDArray[np.float32]
Places = Literal["all", "mean"]

_MOST_BYTES = 2**30  # of codes: half of what a Binder session has
_KEPT_BYTES = 2**28  # of opened pictures: opening, or drawing, them takes longer than the network does
_BATCH = 16


class MeanFeatures(Features):
    """The codes of a layer, each channel's mean over all places: where something is does not count."""

    kind: ClassVar[str] = "mean features"

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Make room for one number a channel."""
        super().prepare((shape[0], 1, 1), pictures)

    def update(self, maps: Tensor, first: int) -> None:
        """Take in the maps of consecutive pictures, numbered from `first` on."""
        super().update(maps.mean((2, 3), keepdim=True), first)


class Pixels(Features):
    """The pictures themselves, preprocessed as the network sees them: one long vector each."""

    kind: ClassVar[str] = "pixels"


class Gallery:
    """A data set and its codes in one network, gathered when asked for.

    Parameters
    ----------
    model : HookedModel
        The network.
    pictures : PictureSet
        The data set.
    cache : bool
        Whether to read and keep codes on disk.

    Attributes
    ----------
    pictures : PictureSet
        The same pictures; opened ones are kept, up to 256 MB.
    """

    def __init__(self, model: HookedModel, pictures: PictureSet, *, cache: bool = True) -> None:
        self.model, self.pictures, self._cache = model, _kept(pictures), cache
        units = int(np.prod(model.input_shape))
        _check_memory("the pixels", len(pictures), units, "take fewer pictures, such as pictures[:200]")
        self._pixels = Pixels("")
        self._pixels.prepare((units, 1, 1), len(pictures))
        self._shelf = Shelf(model, pictures) if cache else None
        whole = self._shelf is not None and self._shelf.fetch(self._pixels)
        self._pixels_done = len(pictures) if whole else 0
        self._harvests: dict[tuple[str, Places], Harvest] = {}

    def __len__(self) -> int:
        return len(self.pictures)

    def gather(self, layer: str, places: Places = "all") -> Iterator[Progress]:
        """Gather what is missing of a layer's codes and of the pixels; yields after each batch.

        Stopped early, it leaves the codes of the first pictures, and goes on from there when asked again.

        Raises
        ------
        LayerError
            At once: if the layer is unknown, or its result cannot be arranged as maps.
        MemoryLimitError
            At once: if the codes would need more than 1 GB.
        """
        harvest = self._harvest(layer, places)

        def steps() -> Iterator[Progress]:
            for step in harvest:
                self._take_pixels(min(self._pixels_done + _BATCH, len(self)))
                yield step
            while self._pixels_done < len(self):  # the layer's codes were on disk
                self._take_pixels(min(self._pixels_done + _BATCH, len(self)))
                yield Progress(self._pixels_done, len(self))

        return steps()

    def known(self, layer: str, places: Places = "all") -> int:
        """Tell of how many pictures, the first ones, both codes are there."""
        seen = self._harvest(layer, places).accumulators[0].state["known"]
        first_missing = len(self) if seen.all() else int(np.argmin(seen))
        return min(first_missing, self._pixels_done)

    def features(self, layer: str, places: Places = "all") -> Floats:
        """Give the layer's codes of the pictures known so far, (known, units) float32."""
        codes: Floats = self._harvest(layer, places).results[0]
        return codes[: self.known(layer, places)]

    def pixels(self, count: int | None = None) -> Floats:
        """Give the preprocessed pixels of the first pictures, (count, channels x rows x columns) float32."""
        return self._pixels.result()[: self._pixels_done if count is None else count]

    def code(self, x: Tensor, layer: str, places: Places = "all") -> Floats:
        """Give the layer's code of one picture that need not be in the gallery, (1, units) float32.

        Where the network sees one of the pictures in the gallery, the code is that picture's: a pass
        of another batch size rounds otherwise, and equal pictures would not be at distance 0.
        """
        pixels = x.detach().flatten(1).float().cpu().numpy()
        known = self.known(layer, places)
        same = np.flatnonzero((self.pixels(known) == pixels).all(axis=1))
        if len(same):
            return self.features(layer, places)[same[:1]]
        one = _accumulator(self.model, layer, places, 1)
        with torch.no_grad(), self.model.record(layer, stop=True) as record:
            self.model.scores(x)
        maps = record.maps(layer)
        one.prepare((maps.shape[1], maps.shape[2], maps.shape[3]), 1)
        one.update(maps, 0)
        return one.result()

    def _harvest(self, layer: str, places: Places) -> Harvest:
        key = (layer, places)
        if key not in self._harvests:
            accumulator = _accumulator(self.model, layer, places, len(self))
            self._harvests.clear()  # one layer's codes are in memory, the others on disk
            self._harvests[key] = Harvest(
                self.model, self.pictures, [accumulator], batch=_BATCH, cache=self._cache
            )
        return self._harvests[key]

    def _take_pixels(self, stop: int) -> None:
        if self._pixels_done < stop:
            part = range(self._pixels_done, stop)
            self._pixels.update(passes.prepared(self.model, self.pictures, part), part.start)
        before, self._pixels_done = self._pixels_done, max(stop, self._pixels_done)
        if self._shelf is not None and before < len(self) == self._pixels_done:
            self._shelf.keep([self._pixels])


def _accumulator(model: HookedModel, layer: str, places: Places, pictures: int) -> Features:
    if places not in get_args(Places):
        raise InputError(f"codes have 'all' places of a map or their 'mean'; got {places!r}")
    shape = model.layer(layer).shape
    if places == "mean":
        return MeanFeatures(layer)
    advice = "take fewer pictures, a later layer, or the mean over places (places='mean')"
    _check_memory(f"the codes of layer {layer!r}", pictures, int(np.prod(shape)), advice)
    return Features(layer)


def _check_memory(what: str, pictures: int, units: int, advice: str) -> None:
    need = 4 * pictures * units
    if need > _MOST_BYTES:
        raise MemoryLimitError(
            f"{what} of {pictures} pictures would need {need / 2**30:.1f} GB, and 1 GB is the limit: {advice}"
        )


def _kept(pictures: PictureSet) -> PictureSet:
    """Keep opened pictures in memory, as far as it reaches."""
    shelf: dict[int, npt.NDArray[np.uint8]] = {}
    room = _KEPT_BYTES

    def open_(i: int) -> npt.NDArray[np.uint8]:
        nonlocal room
        if i in shelf:
            return shelf[i]
        picture: npt.NDArray[np.uint8] = pictures[i]
        if picture.nbytes <= room:
            shelf[i] = picture
            room -= picture.nbytes
        return picture

    return PictureSet(open_, pictures.names, pictures.labels, pictures.classes, lambda: pictures.id)
