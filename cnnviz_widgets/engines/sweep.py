"""Many small edits of one picture, scored exactly, at a fraction of the cost of full passes.

An edit of a few pixels reaches, at each layer, a window that grows with depth. Only that window is computed
anew; all else is as in the unedited picture (Krypton: Nakandala, Nagrecha, Kumar and Papakonstantinou,
SIGMOD 2019). Where the window covers most of a map, the whole map is computed, and from there on all layers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines.passes import map_shape
from cnnviz_widgets.engines.sweep_edits import Edits, one_picture
from cnnviz_widgets.engines.sweep_full import Channels, Found, FullPasses
from cnnviz_widgets.engines.sweep_order import levels
from cnnviz_widgets.engines.sweep_partial import CannotFollow, PartialPasses
from cnnviz_widgets.errors import InputError, LayerError

MEMORY = 300 * 2**20
_ORDERS = ("coarse", "given")


@dataclass(frozen=True, eq=False)
class Answers:
    """What the network says of edited pictures.

    Attributes
    ----------
    indices : Tensor, (n,) int64
        Which edits these are, counted from 0.
    scores : Tensor, (n, K)
        The scores, logits; (n, 0) where none were asked for.
    activations : dict of str to Tensor, (n, channels, rows, columns)
        For each layer asked for, the channels asked for.
    """

    indices: Tensor
    scores: Tensor
    activations: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True, eq=False)
class SweepStep:
    """How far a sweep is, and the answers that are new: edits done, of how many."""

    done: int
    total: int
    answers: Answers


@dataclass(frozen=True)
class Work:
    """Floating-point operations of convolutions and matrix products; a multiplication and its sum are two.

    Attributes
    ----------
    done : int
        What this sweep has done since it was made, without the pass of the unedited picture.
    full : int
        What full passes of the same edited pictures do.
    """

    done: int
    full: int


class Sweep:
    """One picture in one network, prepared so that many edits of it can be scored.

    The scores are those of full passes, but for rounding (1e-5 of their range, in float32).

    Parameters
    ----------
    model : HookedModel
        The network.
    x : Tensor, (1, C, H, W)
        The picture, as `model.preprocess` gives it.
    layers : mapping of str to (sequence of int, slice or None)
        Layers whose activations are wanted too, and which of their channels; None is all of them.
    scores : bool
        Without scores, passes end after the last of the layers.
    memory : int
        Bytes that a batch may take, about; it decides how many edits are scored at once.

    Attributes
    ----------
    scores : Tensor, (K,)
        Of the unedited picture; (0,) where none were asked for.
    activations : dict of str to Tensor, (channels, rows, columns)
        Of the unedited picture.

    Raises
    ------
    InputError
        If x is not one picture, or nothing is asked for.
    LayerError
        If there is no such layer or channel, or its result cannot be arranged as maps.

    Notes
    -----
    Cost of building: two forward passes, one by the network itself and one by what torch.fx saw of it; if
    they differ, passes are full. What is computed of the unedited picture is kept, so the network's weights
    must not change while a sweep is in use. Cost of an edit: `work` tells. A square of 32 pixels on 224 takes
    about a fifth of a full pass of VGG-11, half of one of ResNet-18; in transformers, and in nets that gate
    their channels by the mean of a map (EfficientNet), nearly all of it.
    """

    def __init__(
        self,
        model: HookedModel,
        x: Tensor,
        *,
        layers: Mapping[str, Channels] | None = None,
        scores: bool = True,
        memory: int = MEMORY,
    ) -> None:
        layers = dict(layers or {})
        if not (layers or scores):
            raise InputError("a sweep needs something to look at: the scores, or layers")
        for name, channels in layers.items():
            _check(model, name, channels)
        self.model, self.layers = model, layers
        self.x = model.prepare(one_picture(x)[None]).detach().clone()
        asked = (model, self.x, layers, scores, memory)
        full = FullPasses(*asked)
        self._passes: FullPasses | PartialPasses = full
        with torch.inference_mode():
            found, self._flops = full.unedited()
            try:
                self._passes = PartialPasses(*asked, found, self._flops)
            except CannotFollow as problem:
                full.why = str(problem)
        self.scores = found.scores[0].clone()
        self.activations = {name: maps[0].clone() for name, maps in found.activations.items()}
        self._scored = 0

    @property
    def how(self) -> str:
        """How the edits are scored, in words."""
        return self._passes.how

    @property
    def work(self) -> Work:
        """What was computed so far."""
        return Work(self._passes.done, self._scored * self._flops)

    def ask(self, edits: Edits) -> Answers:
        """Score all edits, and come back when they are done.

        Raises
        ------
        InputError
            If the edits do not fit the picture.
        """
        n = len(edits)
        scores = self.scores.new_empty(n, *self.scores.shape)
        activations = {name: maps.new_empty(n, *maps.shape) for name, maps in self.activations.items()}
        for step in self.steps(edits, "given"):
            scores[step.answers.indices] = step.answers.scores
            for name, maps in step.answers.activations.items():
                activations[name][step.answers.indices] = maps
        return Answers(torch.arange(n), scores, activations)

    def steps(self, edits: Edits, order: str = "coarse") -> Iterator[SweepStep]:
        """Score the edits batch by batch.

        Parameters
        ----------
        edits : Edits
            The edits.
        order : {"coarse", "given"}
            With "coarse", edits that lie on a grid come coarse to fine: every 8th row and column, say, then
            those between. With "given", in their order.

        Yields
        ------
        SweepStep
            The answers to the edits just scored; `answers.indices` says which.

        Raises
        ------
        InputError
            If the edits do not fit the picture, or there is no such order.
        """
        if order not in _ORDERS:
            raise InputError(f"the order of a sweep is one of {', '.join(_ORDERS)}, not {order!r}")
        if edits.patch.shape[-3] != self.x.shape[1]:
            raise InputError(
                f"the edits have {edits.patch.shape[-3]} channels, and the picture {self.x.shape[1]}"
            )
        return self._steps(edits, order)

    def _steps(self, edits: Edits, order: str) -> Iterator[SweepStep]:
        done = 0
        for indices in self._portions(edits, order):
            with torch.inference_mode():
                found = self._passes.run(edits[indices])
            self._scored += len(indices)
            done += len(indices)
            yield SweepStep(done, len(edits), _plain(indices, found))

    def _portions(self, edits: Edits, order: str) -> Iterator[Tensor]:
        for part in levels(edits) if order == "coarse" else [torch.arange(len(edits))]:
            if len(part):
                yield from self._passes.portions(edits, part)


def _plain(indices: Tensor, found: Found) -> Answers:
    """Make tensors that autograd can use: those of inference mode are for reading only."""
    activations = {name: maps.clone() for name, maps in found.activations.items()}
    return Answers(indices, found.scores.clone(), activations)


def _check(model: HookedModel, name: str, channels: Channels) -> None:
    count = map_shape(model, name)[0]
    if channels is None or isinstance(channels, slice):
        return
    wrong = [each for each in channels if not -count <= each < count]
    if wrong:
        raise LayerError(f"layer {name!r} has no channel {wrong[0]}: they go from 0 to {count - 1}")
