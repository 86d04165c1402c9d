"""One streaming pass of a data set through a network, feeding accumulators; the data set is never held."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import harvest_cache
from cnnviz_widgets.engines.accumulators import Accumulator
from cnnviz_widgets.errors import InputError, LayerError


@dataclass(frozen=True)
class Progress:
    """How far a harvest is: pictures done, of how many."""

    done: int
    total: int


class Harvest:
    """A pass of a data set through a network, that can be stopped and gone on with.

    Iterating runs it, and yields a `Progress` after each batch. What was gathered is kept on disk, by the
    network's weights, the data set and what is gathered, so that the same harvest is instant the next time,
    and goes on where it was stopped.

    Parameters
    ----------
    model : HookedModel
        The network.
    pictures : anything `picture_set` takes
        The data set.
    accumulators : sequence of Accumulator
        What to gather: `TopK`, `Features`, `Moments`, `Quantile`.
    batch : int
        Pictures a pass. More is little faster and costs memory: the layers of AlexNet hold 7 MB a picture.
    cache : bool
        Whether to read and keep results on disk, in `cache_folder()`.

    Raises
    ------
    LayerError
        If a layer is unknown, or its result cannot be arranged as maps.
    InputError
        If there is no picture, or nothing to gather.

    Notes
    -----
    Cost: one forward pass for each picture, up to the last of the layers. A layer's result is read when it is
    computed, and not kept.
    """

    def __init__(
        self,
        model: HookedModel,
        pictures: Any,
        accumulators: Sequence[Accumulator],
        *,
        batch: int = 16,
        cache: bool = True,
    ) -> None:
        if not accumulators:
            raise InputError("a harvest needs something to gather, such as TopK('conv1')")
        self.model, self.pictures = model, picture_set(pictures)
        self.accumulators, self.batch = tuple(accumulators), int(batch)
        for each in self.accumulators:
            layer = model.layer(each.layer)
            maps, _ = as_maps(layer, torch.zeros(1, *layer.shape, device="meta"), model.layers)
            each.prepare((maps.shape[1], maps.shape[2], maps.shape[3]), len(self.pictures))
        self._shelf = harvest_cache.Shelf(model, self.pictures) if cache else None
        self._missing = [each for each in self.accumulators if not (self._shelf and self._shelf.fetch(each))]
        self.done = len(self.pictures) if not self._missing else 0
        if self._missing and self._shelf:
            self.done = self._shelf.fetch_part(self._missing)

    @property
    def total(self) -> int:
        """Number of pictures."""
        return len(self.pictures)

    def __iter__(self) -> Iterator[Progress]:
        try:
            while self.done < self.total:
                stop = min(self.done + self.batch, self.total)
                gather(self.model, self.pictures, self._missing, range(self.done, stop))
                self.done = stop
                yield Progress(self.done, self.total)
        finally:
            self._keep()

    def _keep(self) -> None:
        """Put on the shelf what is there: whole if it is, for later if not."""
        if self._shelf and self._missing and self.done:
            if self.done < self.total:
                self._shelf.keep_part(self._missing, self.done)
            else:
                self._shelf.keep(self._missing)
                self._missing = []

    def run(self, progress: bool = True) -> list[Any]:
        """Run to the end, with a progress bar, and give the accumulators' results in their order."""
        start = self.done
        with tqdm(total=self.total, initial=start, disable=not progress, unit="picture") as bar:
            for step in self:
                bar.update(step.done - bar.n)
        return self.results

    @property
    def results(self) -> list[Any]:
        """What each accumulator has gathered so far, in their order."""
        return [each.result() for each in self.accumulators]


def gather(
    model: HookedModel, pictures: PictureSet, accumulators: Sequence[Accumulator], part: range
) -> None:
    """Pass consecutive pictures through the network in one batch, and feed the accumulators."""
    by_layer: dict[str, list[Accumulator]] = {}
    for each in accumulators:
        by_layer.setdefault(each.layer, []).append(each)
    layers = {name: model.layer(name) for name in by_layer}

    def feed(name: str, result: Tensor) -> Tensor:
        if len(result) != len(x):
            raise LayerError(f"layer {name!r} does not keep one result per picture")
        maps, _ = as_maps(layers[name], result)
        for each in by_layer[name]:
            each.update(maps, part.start)
        return result.new_zeros(())

    x = torch.cat([model.preprocess(pictures[i]) for i in part])
    with torch.no_grad(), model.record(*by_layer, stop=True, keep=feed):
        model.scores(x)


def harvest(
    model: HookedModel,
    pictures: Any,
    accumulators: Sequence[Accumulator],
    *,
    batch: int = 16,
    cache: bool = True,
    progress: bool = True,
) -> list[Any]:
    """Gather something of every picture of a data set in one pass; see `Harvest`.

    Returns
    -------
    list
        Each accumulator's result, in their order.
    """
    return Harvest(model, pictures, accumulators, batch=batch, cache=cache).run(progress)
