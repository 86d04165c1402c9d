"""What TopPatchBrowser gathers and keeps: the strongest activations of all layers, patches, tiles."""

import functools
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.data import sample_names
from cnnviz_widgets.data.miniworld import Objects, Scenes
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import Harvest, Progress, Strongest, TopK
from cnnviz_widgets.errors import InputError, LayerError
from cnnviz_widgets.methods.deconvnet import TopPatches, contrast, patches_of
from cnnviz_widgets.paint.blocks import fitted
from cnnviz_widgets.paint.rgba import Bytes

# Bytes of pictures kept in memory, since every channel asks again: all of Miniworld's, some hundred photos.
_ROOM = 96 * 2**20
_PAGES = 8  # walls kept in memory, 8 MB each
GREY = 128


def browsable(model: HookedModel) -> dict[str, int]:
    """List the layers whose result can be arranged as maps, with the number of their channels."""
    found = {}
    for layer in model.layers:
        try:
            found[layer.name] = channel_count(model, layer.name)
        except LayerError:
            continue
    return found


def channel_count(model: HookedModel, name: str) -> int:
    """Count a layer's channels; LayerError where there are none."""
    layer = model.layer(name)
    return int(as_maps(layer, torch.empty(1, *layer.shape, device="meta"), model.layers)[0].shape[1])


def pictures_for(model: HookedModel) -> tuple[PictureSet, str]:
    """Choose pictures of the kind that a network knows, and say so where there are only a few."""
    for source in (Scenes("train", 600), Objects("train", 1000)):
        if model.classes == tuple(source.classes):
            return picture_set(source), ""
    hint = (
        f"Only the {len(sample_names())} sample photos are shown to {model.name}: "
        "give pictures='folder/of/photos', some hundred or more."
    )
    return picture_set({name: name for name in sample_names()}), hint


class Gathering:
    """One pass over the pictures for all layers, that can be stopped, looked at and gone on with.

    Parameters
    ----------
    model : HookedModel
        The network.
    pictures : PictureSet
        The data set.
    layers : sequence of str
        Layers to gather in one pass, so that going from one to the next needs no other.
    k : int
        Pictures for each channel.
    """

    def __init__(self, model: HookedModel, pictures: PictureSet, layers: list[str], k: int) -> None:
        self.model, self.pictures, self.k = model, pictures.held(_ROOM), k
        self._layers = layers
        self._passes: dict[tuple[str, ...], Harvest] = {}
        self._whole: dict[str, Strongest] = {}
        self._part: dict[str, Strongest] = {}
        self.done = 0  # pictures seen in the pass that is going on
        self._asked: set[str] = set()

    def is_whole(self, layer: str) -> bool:
        """Tell whether all pictures have been seen for a layer, now or in an earlier session."""
        if layer not in self._whole and layer not in self._asked:
            self._asked.add(layer)
            kept = Harvest(self.model, self.pictures, [TopK(layer, self.k)])
            if kept.done == kept.total:
                self._whole[layer] = kept.results[0]
        return layer in self._whole

    def strongest(self, layer: str) -> Strongest | None:
        """Give what was found so far; None where no picture has been seen yet."""
        return self._whole[layer] if self.is_whole(layer) else self._part.get(layer)

    @property
    def total(self) -> int:
        """Number of pictures."""
        return len(self.pictures)

    def steps(self, layer: str) -> Iterator[Progress]:
        """Go on with the pass until all pictures have been seen."""
        together = tuple(dict.fromkeys([*self._layers, layer]))
        try:
            yield from self._pass(together)
        except LayerError:
            if len(together) == 1:
                raise
            # One layer that keeps no result per picture, as in Swin, must not spoil the others.
            self._layers = []
            yield from self._pass((layer,))

    def _pass(self, layers: tuple[str, ...]) -> Iterator[Progress]:
        if layers not in self._passes:
            gatherers = [TopK(each, self.k) for each in layers]
            self._passes[layers] = Harvest(self.model, self.pictures, gatherers)
        harvest = self._passes[layers]
        for step in harvest:
            self._take(harvest)
            yield step
        self._take(harvest)

    def _take(self, harvest: Harvest) -> None:
        """Copy what there is: the pass goes on in a thread, while the widget reads."""
        self.done = harvest.done
        found = {each.layer: each for each in harvest.results}
        if harvest.done == harvest.total:
            self._whole.update(found)
        else:
            self._part = {name: _copied(each) for name, each in found.items()}


def _copied(found: Strongest) -> Strongest:
    return replace(
        found,
        values=found.values.copy(),
        pictures=found.pictures.copy(),
        not_finite=found.not_finite.copy(),
    )


class Gallery:
    """Patches and tiles of what a `Gathering` found, made when asked for and kept.

    Parameters
    ----------
    gathering : Gathering
        What was found so far.
    side : int
        Screen pixels of a tile on a wall.
    """

    def __init__(self, gathering: Gathering, side: int) -> None:
        self._gathering, self._side = gathering, side
        self._walls: OrderedDict[tuple[str, str], dict[int, tuple[Any, Bytes]]] = OrderedDict()
        self.patches = functools.lru_cache(8)(self._find)

    def signature(self, layer: str, channel: int) -> Any:
        """Say which pictures a channel's patches are made of now; None before the first."""
        found = self._gathering.strongest(layer)
        if found is None:
            return None
        return found.pictures[channel].tobytes(), bool(found.not_finite[channel])

    def _find(self, layer: str, channel: int, rule: str, signature: Any) -> TopPatches:
        found = self._gathering.strongest(layer)
        assert found is not None  # there is a signature
        return patches_of(self._gathering.model, self._gathering.pictures, found, channel, rule)

    def wall(self, layer: str, rule: str, channels: range) -> Bytes:
        """Give the tiles, (channels, 2, k, side, side, 3) uint8; those not made yet are light grey."""
        made = self._walls.get((layer, rule), {})
        tiles = np.full((len(channels), 2, self._gathering.k, self._side, self._side, 3), 245, np.uint8)
        for number, channel in enumerate(channels):
            if channel in made:
                tiles[number] = made[channel][1]
        return tiles

    def missing(self, layer: str, rule: str, channels: range) -> list[int]:
        """List the channels whose tiles are not made, or not of the pictures known now."""
        made = self._walls.get((layer, rule), {})
        return [
            channel
            for channel in channels
            if channel not in made or made[channel][0] != self.signature(layer, channel)
        ]

    def make(self, layer: str, rule: str, channel: int) -> None:
        """Make the tiles of one channel; one without a picture stays white."""
        signature = self.signature(layer, channel)
        try:
            patches = self._find(layer, channel, rule, signature)
        except InputError:  # no number of this channel is finite: the others are still worth seeing
            tiles = np.full((2, self._gathering.k, self._side, self._side, 3), 255, np.uint8)
        else:
            tiles = tiles_of(patches, self._gathering.k, self._side)
        made = self._walls.setdefault((layer, rule), {})
        made[channel] = (signature, tiles)
        self._walls.move_to_end((layer, rule))
        while len(self._walls) > _PAGES:
            self._walls.popitem(last=False)


def tiles_of(patches: TopPatches, k: int, side: int) -> Bytes:
    """Make tiles of patches and of projections: (2, k, side, side, 3) uint8, white where there are fewer."""
    tiles = np.full((2, k, side, side, 3), 255, np.uint8)
    for number, each in enumerate(patches.crops(GREY)):
        tiles[0, number] = fitted(each, side)
    for number, each in enumerate(as_picture(patches.projected())):
        tiles[1, number] = fitted(each, side)
    return tiles


def as_picture(projections: np.ndarray) -> Bytes:
    """Turn projections, (..., rows, columns, 1 or 3), into pictures around grey, uint8."""
    shown = np.rint(contrast(projections) * 255).astype(np.uint8)
    return np.broadcast_to(shown, (*shown.shape[:-1], 3))
