"""What to explain or climb, written as numbers computed from layers and scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnviz_widgets.backend import Record
from cnnviz_widgets.backend.targets import class_indices, class_score
from cnnviz_widgets.engines.algebra import Term, one_each
from cnnviz_widgets.errors import TargetError


@dataclass(frozen=True)
class ClassScore(Term):
    """The score of a class, S_c(I) of Simonyan et al. 2014, equation 1 there.

    Attributes
    ----------
    target : int, str or sequence
        A class by number or name, the same for all pictures, or one for each.
    probability : bool
        The class's probability after the softmax instead, which can also grow by making all other classes
        unlikely: what the paper warns of.

    Raises
    ------
    TargetError
        When it is read, if there is no such class.
    """

    target: int | str | Sequence[int | str]
    probability: bool = False
    reads_scores = True

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        return "class probability" if self.probability else "class score"

    def __call__(self, record: Record) -> Tensor:
        """Read the score for each picture, (N,)."""
        scores = record.scores
        if scores is None or scores.dim() != 2:
            raise TargetError(
                "the network scores places, not classes: climb a Channel or Neuron of its last layer"
            )
        indices = class_indices(self.target, record.classes, scores)
        return class_score(scores.softmax(1) if self.probability else scores, indices)


@dataclass(frozen=True)
class Neuron(Term):
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
    def layers(self) -> tuple[str]:  # type: ignore[override]
        """The layer it reads: a pass can stop after it."""
        return (self.layer,)

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        if not all(isinstance(each, int) for each in (self.channel, self.row, self.column)):
            return f"neurons of {self.layer}"
        return f"{self.layer} channel {self.channel} at row {self.row}, column {self.column}"

    def __call__(self, record: Record) -> Tensor:
        """Read the unit's value for each picture, (N,)."""
        maps = record.maps(self.layer)
        places = [torch.arange(len(maps), device=maps.device)]
        for name, size in zip(("channel", "row", "column"), maps.shape[1:], strict=True):
            places.append(_place(maps, getattr(self, name), size, self.layer, name))
        return maps[tuple(places)]


@dataclass(frozen=True)
class Channel(Term):
    """The mean of one channel over all its places, for each picture.

    Attributes
    ----------
    layer : str
        Any layer whose result can be arranged as maps.
    channel : int or sequence of int
        Counted from 0, the same for all pictures, or one for each.

    Raises
    ------
    TargetError
        When it is read, if the layer has no such channel.
    """

    layer: str
    channel: int | Sequence[int]

    @property
    def layers(self) -> tuple[str]:  # type: ignore[override]
        """The layer it reads: a pass can stop after it."""
        return (self.layer,)

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        one = isinstance(self.channel, int)
        return f"{self.layer} channel {self.channel}" if one else f"channels of {self.layer}"

    def __call__(self, record: Record) -> Tensor:
        """Average the channel for each picture, (N,)."""
        maps = record.maps(self.layer)
        channels = _place(maps, self.channel, maps.shape[1], self.layer, "channel")
        return maps[torch.arange(len(maps), device=maps.device), channels].mean((1, 2))


@dataclass(frozen=True, eq=False)
class Direction(Term):
    """How far a layer's result goes in a direction of its channels: v · f(place), averaged over places.

    A unit is the direction of one axis; a sum of two units is one between them. Of "Feature Visualization",
    Olah et al. 2017, section "The Space of Neurons".

    Attributes
    ----------
    layer : str
        Any layer whose result can be arranged as maps.
    vector : Tensor, (channels,)
        The direction; its length counts.

    Raises
    ------
    TargetError
        When it is read, if the vector has not one number for each channel.
    """

    layer: str
    vector: Tensor

    @property
    def layers(self) -> tuple[str]:  # type: ignore[override]
        """The layer it reads: a pass can stop after it."""
        return (self.layer,)

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        return f"direction in {self.layer}"

    def __call__(self, record: Record) -> Tensor:
        """Project each picture's mean code on the vector, (N,)."""
        maps = record.maps(self.layer)
        vector = torch.as_tensor(self.vector, dtype=maps.dtype, device=maps.device)
        if vector.shape != maps.shape[1:2]:
            raise TargetError(
                f"a direction in layer {self.layer!r} has {maps.shape[1]} numbers, one for each channel; "
                f"this vector has the shape {tuple(vector.shape)}"
            )
        return maps.mean((2, 3)) @ vector


@dataclass(frozen=True, eq=False)
class CodeMatch(Term):
    """How far a picture's code is from another one: ||(f(I) - F0) m||² / ||F0 m||². Subtract it to invert.

    0 where the codes agree, 1 for a code of zeros. Mahendran & Vedaldi 2015, equation 4; with a mask their
    section 5.3 (a part of the map) and 5.4 (a part of the channels).

    Attributes
    ----------
    layer : str
        Any layer.
    code : Tensor, (*layer.shape) or (N, *layer.shape)
        F0, the same for all pictures, or one for each.
    mask : Tensor or None
        m, 0 or 1 for each number of the code, or anything that broadcasts to it: (channels, 1, 1) for a part
        of the channels, (rows, columns) for a part of the map. None counts all.

    Raises
    ------
    TargetError
        When it is read, if code or mask have the wrong shape, or the masked code is nothing but zeros.
    """

    layer: str
    code: Tensor
    mask: Tensor | None = None

    @property
    def layers(self) -> tuple[str]:  # type: ignore[override]
        """The layer it reads: a pass can stop after it."""
        return (self.layer,)

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        return f"code of {self.layer}"

    def __call__(self, record: Record) -> Tensor:
        """Compare each picture's code, (N,)."""
        found = record[self.layer]
        code = _fitting(self.code, found, f"the code of layer {self.layer!r}")
        error = found - code
        if self.mask is not None:
            mask = _fitting(self.mask, found, f"a mask for layer {self.layer!r}")
            error, code = error * mask, code * mask
        size = code.expand_as(found).flatten(1).square().sum(1)
        if not (size > 0).all():
            raise TargetError(
                f"the code of layer {self.layer!r} is zero wherever the mask counts it: there is nothing to "
                "match. Choose more channels, or a larger part of the map"
            )
        return error.flatten(1).square().sum(1) / size


def _fitting(given: Tensor, found: Tensor, what: str) -> Tensor:
    try:
        given = torch.as_tensor(given, dtype=found.dtype, device=found.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TargetError(f"{what} is a tensor, not {type(given).__name__}") from error
    try:
        if torch.broadcast_shapes(given.shape, found.shape) == found.shape:
            return given
    except RuntimeError:
        pass
    raise TargetError(
        f"{what} must broadcast to {tuple(found.shape[1:])}; it has the shape {tuple(given.shape)}"
    )


def _place(maps: Tensor, value: int | Sequence[int], size: int, layer: str, name: str) -> Tensor:
    """Turn a place, or one for each picture, into an index (N,)."""
    place = torch.as_tensor(one_each(value, len(maps), name), device=maps.device)
    if not ((place >= 0) & (place < size)).all():
        raise TargetError(f"layer {layer!r} has no {name} {value}: they go from 0 to {size - 1}")
    return place.expand(len(maps))
