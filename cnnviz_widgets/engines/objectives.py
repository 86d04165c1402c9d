"""What to explain or climb, written as numbers computed from a layer."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnviz_widgets.backend import Record
from cnnviz_widgets.errors import TargetError


@dataclass(frozen=True)
class Neuron:
    """One unit of a layer, the same for all pictures, or one for each.

    Attributes
    ----------
    layer : str
        Any layer whose result can be arranged as maps; a fully connected layer has maps of 1x1.
    channel, row, column : int or sequence of int
        The unit's place, counted from 0; a sequence has one entry for each picture.

    Raises
    ------
    TargetError
        When it is read, if a layer has no such unit.
    """

    layer: str
    channel: int | Sequence[int]
    row: int | Sequence[int] = 0
    column: int | Sequence[int] = 0

    @property
    def layers(self) -> tuple[str]:
        """The layer it reads: a pass can stop after it."""
        return (self.layer,)

    def __call__(self, record: Record) -> Tensor:
        """Read the unit's value for each picture, (N,)."""
        maps = record.maps(self.layer)
        places = [torch.arange(len(maps), device=maps.device)]
        for name, size in zip(("channel", "row", "column"), maps.shape[1:], strict=True):
            place = torch.as_tensor(getattr(self, name), device=maps.device)
            if place.dim() and len(place) != len(maps):
                raise TargetError(f"{len(place)} numbers were given as {name} for {len(maps)} pictures")
            if not ((place >= 0) & (place < size)).all():
                raise TargetError(
                    f"layer {self.layer!r} has no {name} {getattr(self, name)}: they go from 0 to {size - 1}"
                )
            places.append(place.expand(len(maps)))
        return maps[tuple(places)]


@dataclass(frozen=True)
class Channel:
    """The mean of one channel over all its places, for each picture.

    Attributes
    ----------
    layer : str
        Any layer whose result can be arranged as maps.
    channel : int
        Counted from 0.

    Raises
    ------
    TargetError
        When it is read, if the layer has no such channel.
    """

    layer: str
    channel: int

    @property
    def layers(self) -> tuple[str]:
        """The layer it reads: a pass can stop after it."""
        return (self.layer,)

    def __call__(self, record: Record) -> Tensor:
        """Average the channel for each picture, (N,)."""
        maps = record.maps(self.layer)
        if not 0 <= self.channel < maps.shape[1]:
            raise TargetError(
                f"layer {self.layer!r} has no channel {self.channel}: they go from 0 to {maps.shape[1] - 1}"
            )
        return maps[:, self.channel].mean((1, 2))
