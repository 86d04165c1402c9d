"""Scoring edited pictures by full passes of the network, many at once, channels last."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.engines.sweep_edits import Edits
from cnnviz_widgets.errors import LayerError

Channels = Sequence[int] | slice | None
_MOST = 32  # pictures a pass: from here on more are no faster on a CPU


class Found(NamedTuple):
    """What a batch of edited pictures gave."""

    scores: Tensor
    activations: dict[str, Tensor]


class FullPasses:
    """Runs every edited picture through the whole network, or as far as the last layer asked for.

    Parameters
    ----------
    model : HookedModel
        The network.
    x : Tensor, (1, C, H, W)
        The picture, on the network's device.
    layers : mapping of str to channels
        Layers whose activations are wanted.
    scores : bool
        Whether the scores are wanted too.
    memory : int
        Bytes that a batch may take, about.
    """

    def __init__(
        self, model: HookedModel, x: Tensor, layers: Mapping[str, Channels], scores: bool, memory: int
    ) -> None:
        self._model, self._x, self._layers, self._scores = model, x, dict(layers), scores
        self._batch = max(1, min(_MOST, memory // _bytes_a_picture(model, x)))
        self._flops = 0
        self.done = 0
        self.why = ""

    @property
    def how(self) -> str:
        """Say that all is computed, and why."""
        return f"full passes: {self.why}" if self.why else "full passes"

    def portions(self, edits: Edits, indices: Tensor) -> Iterator[Tensor]:
        """Cut edits into batches."""
        yield from indices.split(self._batch)

    def run(self, edits: Edits) -> Found:
        """Score one batch of edits."""
        self.done += self._flops * len(edits)
        return self._pass(edits.apply(self._x))

    def unedited(self) -> tuple[Found, int]:
        """Score the picture itself, and count the floating-point operations that takes."""
        with FlopCounterMode(display=False) as counter:
            found = self._pass(self._x)
        self._flops = int(counter.get_total_flops())
        return found, self._flops

    def _pass(self, x: Tensor) -> Found:
        kept: dict[str, Tensor] = {}

        def keep(name: str, result: Tensor) -> Tensor:
            if len(result) != len(x):
                raise LayerError(
                    f"layer {name!r} gives {len(result)} results for {len(x)} pictures: it cannot be told "
                    "which belongs to which"
                )
            maps, _ = as_maps(self._model.layer(name), result)
            kept[name] = chosen(maps, self._layers[name]).clone(memory_format=torch.contiguous_format)
            return kept[name][:0]

        scores = x.new_zeros(len(x), 0)
        x = x.contiguous(memory_format=torch.channels_last)
        if not self._layers:
            scores = self._model.scores(x)
        else:
            with self._model.record(*self._layers, stop=not self._scores, keep=keep):
                scores = self._model.scores(x)
            for name in self._layers:
                if name not in kept:
                    raise LayerError(f"layer {name!r} did not run for this picture")
        return Found(scores, kept)


def chosen(maps: Tensor, channels: Channels) -> Tensor:
    """Take the channels asked for, of maps (N, channels, rows, columns)."""
    if channels is None:
        return maps
    return maps[:, channels if isinstance(channels, slice) else list(channels)]


def _bytes_a_picture(model: HookedModel, x: Tensor) -> int:
    """Guess what one picture of a batch takes: its largest layers' input, output and working memory."""
    largest = max((math.prod(layer.shape) for layer in model.layers), default=0)
    grown = x[0].numel() / max(1, math.prod(model.input_shape))
    return int(4 * max(largest * grown, x[0].numel()) * x.element_size()) + 1
