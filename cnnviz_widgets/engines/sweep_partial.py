"""Scoring edited pictures by recomputing what edits can reach (Krypton, Nakandala et al., SIGMOD 2019)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, fx

from cnnviz_widgets.backend import HookedModel, opening
from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.engines.sweep_calls import CannotFollow
from cnnviz_widgets.engines.sweep_edits import Edits
from cnnviz_widgets.engines.sweep_full import Channels, Found, chosen
from cnnviz_widgets.engines.sweep_graph import Graph
from cnnviz_widgets.engines.sweep_operations import COVERS_MOST, Spans, channels_last, share, whole
from cnnviz_widgets.engines.sweep_program import Program
from cnnviz_widgets.engines.sweep_spans import Span, span
from cnnviz_widgets.engines.sweep_windows import Windows, paste

_MOST = 32  # edits a batch: from here on more are hardly faster on a CPU


class PartialPasses:
    """Runs batches of edits through a followed network, window by window.

    Parameters
    ----------
    model, x, layers, scores, memory
        See `FullPasses`.
    unedited : Found
        What the network itself says of the picture, with all that is wanted, to compare with.
    flops : int
        Floating-point operations of a full pass.

    Raises
    ------
    CannotFollow
        If torch.fx cannot follow the network, or what was followed gives other results.
    """

    def __init__(
        self,
        model: HookedModel,
        x: Tensor,
        layers: Mapping[str, Channels],
        scores: bool,
        memory: int,
        unedited: Found,
        flops: int,
    ) -> None:
        self._model, self._layers, self._scores = model, dict(layers), scores
        self._memory, self._flops = memory, flops
        self._x = x.contiguous(memory_format=torch.channels_last)
        with model._evaluating():
            graph = _followed(model)
            self._program = Program(graph, self._x)
        self._nodes = self._matched(unedited)
        answers: list[fx.Node] = []
        if scores:
            fx.node.map_arg(self._program.answer, answers.append)
        self._program.finish([*answers, *self._nodes.values()])
        self._latest: dict[fx.Node, Spans | None] = {}
        self.done = 0

    def _matched(self, unedited: Found) -> dict[str, fx.Node]:
        """Find the layers' nodes, and compare what was computed with what the network itself says."""
        program = self._program
        if self._scores and not _alike(self._read(program.values, 1), unedited.scores):
            raise CannotFollow("what torch.fx saw of this network gives other scores than the network")
        nodes: dict[str, fx.Node] = {}
        for name, channels in self._layers.items():
            layer = self._model.layer(name)
            node = program.graph.node_of(layer.call, program.values.get)
            value = None if node is None else program.values.get(node)
            if node is None or not isinstance(value, Tensor) or value.dim() != len(layer.shape) + 1:
                raise CannotFollow(f"layer {name!r} is not among what torch.fx saw")
            if not _alike(chosen(as_maps(layer, value)[0], channels), unedited.activations[name]):
                raise CannotFollow(f"layer {name!r} is another in what torch.fx saw")
            nodes[name] = node
        return nodes

    @property
    def how(self) -> str:
        """Say in how many operations there are windows, for the edits last seen."""
        spans = self._latest or self._program.reach(_middle(self._x), COVERS_MOST)
        windows = sum(spans[node] is not None for node in self._program.nodes)
        return f"windows in {windows} of {len(self._program.nodes)} operations, then whole layers"

    def portions(self, edits: Edits, indices: Tensor) -> Iterator[Tensor]:
        """Cut edits into batches; those of a batch reach about equally far, and so waste little."""
        if len(indices) == 1:
            yield indices
            return
        rows, columns = _reach(edits[indices], self._x)
        size = self._batch(rows, columns)
        batches = -(-len(indices) // size)
        if batches == 1:
            yield indices
            return
        down, across = self._extents(rows, columns)
        strips = max(1, round(batches**0.5))
        for strip in np.array_split(np.argsort(down, kind="stable"), strips):
            ordered = strip[np.argsort(across[strip], kind="stable")]
            for some in np.array_split(ordered, max(1, -(-len(ordered) // size))):
                yield indices[np.sort(some)]

    def _extents(self, rows: Span, columns: Span) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Add up how far each edit reaches, down and across, in all maps."""
        spans = [each for each in self._program.reach((rows, columns), 1.0).values() if each is not None]
        down = sum((one.reach / one.length for one, _ in spans), np.zeros(len(rows.low)))
        across = sum((one.reach / one.length for _, one in spans), np.zeros(len(rows.low)))
        return down.round(3), across.round(3)

    def _batch(self, rows: Span, columns: Span) -> int:
        """Choose how many edits fit into the memory allowed."""
        spans = self._program.reach(_unless_most((rows, columns)), COVERS_MOST)
        numbers = self._program.most_numbers(spans)
        return max(1, min(_MOST, int(self._memory / (numbers * self._x.element_size()))))

    def run(self, edits: Edits) -> Found:
        """Score one batch of edits."""
        where = _unless_most(_reach(edits, self._x))
        self._latest = self._program.reach(where, COVERS_MOST)
        with self._model._evaluating():
            values = self._program.run(self._edited(edits, where), self._latest)
        self.done += int(len(edits) * (self._flops - self._program.saved(self._latest)))
        scores = self._read(values, len(edits)) if self._scores else self._x.new_zeros(len(edits), 0)
        return Found(scores, {name: self._maps(name, values[node]) for name, node in self._nodes.items()})

    def _edited(self, edits: Edits, where: Spans | None) -> Windows | Tensor:
        """Make the edited pictures' windows, or the whole pictures."""
        if where is None:
            return channels_last(edits.apply(self._x))
        base, (rows, columns) = self._program.base, where
        cells = base.cut(rows.start, rows.size, columns.start, columns.size)
        patch = edits.patch.to(self._x)
        patch = patch.expand(len(edits), *patch.shape[-3:])
        down, across = (each.numpy() for each in (edits.tops, edits.lefts))
        mask = None if edits.mask is None else edits.mask.to(self._x.device)
        paste(cells, patch, down - rows.start, across - columns.start, base.axes, mask)
        return Windows(cells, rows, columns, base)

    def _read(self, values: Mapping[fx.Node, Any], pictures: int) -> Tensor:
        answer = fx.node.map_arg(self._program.answer, lambda node: whole(values[node]))
        return opening.read_scores(answer, pictures)

    def _maps(self, name: str, value: Any) -> Tensor:
        """Give a layer's maps, of the channels asked for."""
        layer, channels = self._model.layer(name), self._layers[name]
        if not isinstance(value, Windows) or layer.channel_axis is None:
            return chosen(as_maps(layer, whole(value))[0], channels)
        base, cells = (chosen(as_maps(layer, each)[0], channels) for each in (value.base.value, value.cells))
        return value.widen(base, cells, (2, 3))


def _followed(model: HookedModel) -> Graph:
    try:
        return Graph(model.network)
    except Exception as error:  # a network's code can fail in any way when it is given no numbers
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise CannotFollow(f"torch.fx cannot follow this network ({reason})") from error


def _alike(found: Tensor, expected: Tensor) -> bool:
    """Tell whether two results are the same but for rounding."""
    if found.shape != expected.shape:
        return False
    scale = float(expected.abs().nan_to_num().max()) if expected.numel() else 0.0
    close = 1e-4 if expected.dtype == torch.float32 else 1e-9 if expected.dtype == torch.float64 else 2e-2
    return torch.allclose(found, expected, rtol=0, atol=close * scale, equal_nan=True)


def _reach(edits: Edits, x: Tensor) -> Spans:
    """Find which rows and columns of the picture each edit changes."""
    found = []
    for axis, (starts, size) in enumerate([(edits.tops, edits.height), (edits.lefts, edits.width)]):
        low, high = starts, starts + size
        if edits.mask is not None:
            there = edits.mask.any(2 - axis)
            numbers = torch.arange(size)
            first = torch.where(there, numbers, size).amin(1)
            low, high = starts + first, starts + torch.where(there, numbers + 1, first[:, None]).amax(1)
        found.append(span(low.numpy(), high.numpy(), x.shape[2 + axis]))
    return found[0], found[1]


def _unless_most(spans: Spans) -> Spans | None:
    return None if share(spans) > COVERS_MOST else spans


def _middle(x: Tensor) -> Spans:
    """Give the span of one pixel in the middle."""
    rows, columns = (np.array([n // 2]) for n in x.shape[2:])
    return span(rows, rows + 1, x.shape[2]), span(columns, columns + 1, x.shape[3])
