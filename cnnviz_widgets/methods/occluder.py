"""One picture in one network, covered anywhere: what the network says then, and maps of it, step by step.

Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2, figure 6.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.backend.arrangement import no_maps
from cnnviz_widgets.engines import Edits, Sweep, cover, squares
from cnnviz_widgets.engines.passes import map_shape
from cnnviz_widgets.engines.sweep_order import levels
from cnnviz_widgets.errors import CnnvizError, InputError, LayerError, MemoryLimitError, nearest
from cnnviz_widgets.methods.cam import default_layer, map_layers
from cnnviz_widgets.methods.occlusion_maps import Doubles, Floats, OcclusionMaps, probabilities

FillName = Literal["grey", "black", "white", "mean", "blur"]
FILLS: tuple[FillName, ...] = get_args(FillName)

_MOST_BYTES = 400 * 2**20  # of one map's scores and totals
_MOST_AT_ONCE = 64  # squares a step
_PACE = 0.05  # seconds a step, about: Stop waits for no more


@dataclass(frozen=True, eq=False)
class Covered:
    """What a network says of a picture with one square on it, or with none.

    Attributes
    ----------
    scores : array, (K,) float32
        Scores of all classes, logits.
    totals : array, (channels,) float32
        Total activation of each channel of the layer looked at; no channels where there is no layer.
    """

    scores: Floats
    totals: Floats

    @property
    def probabilities(self) -> Doubles:
        """Probabilities of all classes, (K,): softmax of the scores."""
        return probabilities(self.scores)


class Occluder:
    """One picture in one network, ready to be covered anywhere.

    Parameters
    ----------
    model : HookedModel
        Any network that scores classes.
    x : Tensor, (1, C, H, W)
        One picture, as ``model.preprocess(picture)`` gives it.
    layer : str, optional
        The layer whose total activations are looked at; where none is given a late one, see `default_layer`.
        A network that has no layer with maps is looked at without.

    Attributes
    ----------
    layer : str
        The layer's name; "" for none.
    plain : Covered
        What the network says of the picture itself.
    channel : int
        The layer's channel that answers most to the picture: the one with the largest single activation. -1
        for none.

    Raises
    ------
    InputError
        If `x` is not one picture that the network can run on, or the network does not score classes.
    LayerError
        If there is no such layer, or its maps have a single place.

    Notes
    -----
    Cost: one forward pass; then less than one for each square (see `Sweep`).
    """

    def __init__(self, model: HookedModel, x: Tensor, layer: str | None = None) -> None:
        self.model, self.x = model, x
        self.layer = _layer_of(model, layer)
        self._sweep = self._prepared()
        self._filled: tuple[str, int, float | Tensor] | None = None
        if self._sweep.scores.dim() != 1:
            raise InputError(
                f"{model.name} gives {tuple(self._sweep.scores.shape)} numbers for a picture, not one score "
                "for each class: there is no class whose probability could fall"
            )
        maps = self._sweep.activations.get(self.layer)
        self.channel = -1 if maps is None else int(maps.flatten(1).amax(1).argmax())
        self.plain = Covered(_array(self._sweep.scores), self._totals(self._sweep.activations, ()))

    def at(self, top: int, left: int, size: int, fill: str | float | Tensor = "grey") -> Covered:
        """Cover one place, and say at once what the network says then.

        Parameters
        ----------
        top, left : int
            First row and column of the square, in pixels; it may stick out of the picture.
        size : int
            Its side, in pixels.
        fill : str, float or Tensor
            What stands in it: see `occlusion_maps`.
        """
        answers = self._sweep.ask(self._edit(top, left, size, fill))
        return Covered(_array(answers.scores[0]), self._totals(answers.activations, (1,))[0])

    def covered(self, top: int, left: int, size: int, fill: str | float | Tensor = "grey") -> Tensor:
        """Give the picture with the square on it, (1, C, H, W); parameters as of `at`."""
        return self._edit(top, left, size, fill).apply(self.x)

    def blank(self, size: int, stride: int, target: int | str | None = None) -> OcclusionMaps:
        """Give maps of which nothing is known yet, for `steps` to fill.

        Raises
        ------
        InputError
            If the square does not fit into the picture, or the stride is below 1.
        TargetError
            If there is no such class.
        MemoryLimitError
            If the maps would take more than 400 MB.
        """
        self.check(size, stride)
        index = int(self.plain.scores.argmax()) if target is None else self.model.class_index(target)
        grid = squares(self.x, size, stride)
        tops, lefts = (np.unique(each.numpy()) for each in (grid.tops, grid.lefts))
        shape, classes, channels = (len(tops), len(lefts)), len(self.plain.scores), len(self.plain.totals)
        if 4 * shape[0] * shape[1] * (classes + channels) > _MOST_BYTES:
            raise MemoryLimitError(
                f"a stride of {stride} px means {shape[0]}x{shape[1]} places with {classes} scores each, "
                "more than 400 MB: choose a larger stride"
            )
        return OcclusionMaps(
            tops=tops,
            lefts=lefts,
            size=size,
            stride=stride,
            picture=(self.x.shape[2], self.x.shape[3]),
            scores=np.full((*shape, classes), np.nan, np.float32),
            log_sums=np.full(shape, np.nan),
            label=np.full(shape, -1, np.intp),
            totals=np.full((*shape, channels), np.nan, np.float32),
            plain_scores=self.plain.scores,
            plain_totals=self.plain.totals,
            target=index,
            layer=self.layer,
            channel=self.channel,
        )

    def steps(self, maps: OcclusionMaps, fill: str | float | Tensor = "grey") -> Iterator[OcclusionMaps]:
        """Fill maps coarse to fine, some places at a time; places that are known already are left out.

        May run in another thread than `at`, if a lock of the caller's keeps steps and calls of `at` apart.

        Yields
        ------
        OcclusionMaps
            The same object each time, fuller by what takes about 0.05 seconds.
        """
        new = self.filled(fill, maps.size)  # now: a wrong fill raises here, not at the first step
        return self._steps(maps, new)

    def _steps(self, maps: OcclusionMaps, fill: float | Tensor) -> Iterator[OcclusionMaps]:
        grid = squares(self.x, maps.size, maps.stride)
        known, at_once = torch.from_numpy(maps.known.reshape(-1)), 4
        for level in levels(grid):
            left = level[~known[level]]
            while len(left):
                started = time.perf_counter()
                now, left = left[:at_once], left[at_once:]
                # Made for these places only: a fill that shows a picture has pixels of its own for each.
                edits = cover(self.x, grid.tops[now], grid.lefts[now], maps.size, fill)
                for step in self._sweep.steps(edits, "given"):
                    totals = self._totals(step.answers.activations, (len(step.answers),))
                    _enter(maps, now[step.answers.indices].numpy(), step.answers.scores, totals)
                faster = _PACE / max(time.perf_counter() - started, 1e-6)
                at_once = max(1, min(_MOST_AT_ONCE, round(at_once * min(2.0, faster))))
                yield maps

    def check(self, size: int, stride: int = 1) -> None:
        """Check that a square fits and moves.

        Raises
        ------
        InputError
        """
        rows, columns = self.x.shape[2:]
        if not 1 <= size <= min(rows, columns):
            raise InputError(
                f"a square of {size} px does not fit: the picture has {rows}x{columns} pixels, so choose a "
                f"size from 1 to {min(rows, columns)}"
            )
        if stride < 1:
            raise InputError(f"a stride of {stride} px goes nowhere: choose 1 or more")

    def filled(self, fill: str | float | Tensor, size: int) -> float | Tensor:
        """Give what stands in the square as `cover` takes it: a number, (C,), or a picture (C, H, W).

        Raises
        ------
        InputError
            If there is no fill of this name.
        """
        if not isinstance(fill, str):
            return fill
        if fill not in FILLS:
            raise InputError(f"there is no fill {fill!r}. {nearest(fill, FILLS)}")
        if self._filled is None or self._filled[:2] != (fill, size):  # while it is dragged it stays the same
            self._filled = (fill, size, self._named(fill, size))
        return self._filled[2]

    def _named(self, fill: str, size: int) -> float | Tensor:
        if fill == "grey":
            return 0.0
        if fill == "mean":
            return self.x[0].mean((1, 2))
        if fill == "blur":
            sigma = (0, size / 2, size / 2)
            picture = self.x[0].detach().cpu().numpy()
            return torch.from_numpy(ndimage.gaussian_filter(picture, sigma, mode="nearest")).to(self.x)
        # Through the network's own preprocessing, whatever that does to black and white.
        shade = np.full((*self.x.shape[2:], 3), 0 if fill == "black" else 255, np.uint8)
        return self.model.preprocess(shade)[0, :, 0, 0].to(self.x)

    def _edit(self, top: int, left: int, size: int, fill: str | float | Tensor) -> Edits:
        self.check(size)
        return cover(self.x, [top], [left], size, self.filled(fill, size))

    def _prepared(self) -> Sweep:
        try:
            return Sweep(self.model, self.x, layers={self.layer: None} if self.layer else None)
        except RuntimeError as error:
            if isinstance(error, CnnvizError):
                raise
            size, wanted = (
                "x".join(map(str, each)) for each in (self.x.shape[2:], self.model.input_shape[1:])
            )
            raise InputError(
                f"{self.model.name} cannot run on a picture of {size} pixels: {error}. It was opened for "
                f"{wanted}; model.preprocess(picture) makes any picture as large as that"
            ) from error

    def _totals(self, activations: dict[str, Tensor], shape: tuple[int, ...]) -> Floats:
        if not self.layer:
            return np.zeros((*shape, 0), np.float32)
        return _array(activations[self.layer].double().sum((-2, -1)))


def default_square(x: Tensor) -> tuple[int, int]:
    """Choose a size and a stride for a picture: a quarter and a fourteenth of its shorter side."""
    side = min(x.shape[2:])
    return max(1, side // 4), max(1, round(side / 14))


def checked_channel(maps: OcclusionMaps, channel: int) -> int:
    """Check that there is such a channel.

    Raises
    ------
    LayerError
    """
    count = len(maps.plain_totals)
    if not 0 <= channel < count:
        there = f"its channels go from 0 to {count - 1}" if count else "no layer with maps is looked at"
        raise LayerError(f"layer {maps.layer!r} has no channel {channel}: {there}")
    return channel


def _layer_of(model: HookedModel, layer: str | None) -> str:
    if layer is None:
        return default_layer(model).name if map_layers(model) else ""
    if map_shape(model, layer)[1:] == (1, 1):
        reason = "has one number for each unit, which has no place in the picture"
        raise no_maps(model.layer(layer), reason, map_layers(model))
    return layer


def _enter(maps: OcclusionMaps, numbers: np.ndarray, scores: Tensor, totals: Floats) -> None:
    """Write what is known of some places, counted row by row; the label last, since it says that they are."""
    i, j = np.unravel_index(numbers, maps.label.shape)
    maps.scores[i, j] = _array(scores)
    maps.log_sums[i, j] = scores.double().logsumexp(1).cpu().numpy()
    maps.totals[i, j] = totals
    maps.label[i, j] = scores.argmax(1).cpu().numpy()


def _array(values: Tensor) -> Floats:
    return values.detach().float().cpu().numpy()
