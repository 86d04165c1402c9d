"""What every channel of a layer answers to one picture (Yosinski et al. 2015, section 2)."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.backend.arrangement import as_maps, no_maps
from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.errors import InputError

if TYPE_CHECKING:
    from cnnviz_widgets.backend.hooked_model import HookedModel

Floats = npt.NDArray[np.float32]
OrderedBy = Literal["channel", "mean", "max"]
ScaledBy = Literal["map", "layer"]


@dataclass(frozen=True, eq=False)
class ActivationMaps:
    """The result of one layer for one picture, a map per channel.

    Attributes
    ----------
    layer : Layer
        Where it was taken.
    values : array, (channels, rows, columns) float32
        Raw, in no unit; read-only. A fully connected layer has maps of 1x1.
    note : str
        What was done to a result that is not a map by itself, for the student; empty otherwise.
    """

    layer: Layer
    values: Floats
    note: str = ""

    @cached_property
    def signed(self) -> bool:
        """True where any value is below zero, as before a ReLU."""
        return bool((self.values < 0).any())

    @cached_property
    def finite(self) -> float:
        """Share of the values that are finite numbers: 1.0 in a healthy network."""
        return float(np.isfinite(self.values).mean())

    @cached_property
    def mean(self) -> Floats:
        """Mean of each channel's finite values, (channels,); NaN where there are none."""
        if self.finite == 1:
            return self.values.mean(axis=(1, 2))
        known = np.isfinite(self.values)
        total = np.where(known, self.values, 0).sum(axis=(1, 2))
        count = known.sum(axis=(1, 2))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)

    @cached_property
    def max(self) -> Floats:
        """Largest finite value of each channel, (channels,); NaN where there are none."""
        if self.finite == 1:
            return self.values.max(axis=(1, 2))
        largest = np.where(np.isfinite(self.values), self.values, -np.inf).max(axis=(1, 2))
        return np.where(np.isfinite(largest), largest, np.nan).astype(np.float32)

    def order(self, by: OrderedBy = "channel") -> npt.NDArray[np.intp]:
        """Rank the channels.

        Parameters
        ----------
        by : "channel", "mean" or "max"
            By index, or by the channel's mean or maximum, largest first; equal ones by index, NaN last.

        Returns
        -------
        array, (channels,) int
            Channel indices, each once.

        Raises
        ------
        InputError
            When `by` is something else.
        """
        if by == "channel":
            return np.arange(len(self.values))
        if by not in ("mean", "max"):
            raise InputError(f"channels are ordered by 'channel', 'mean' or 'max'; got {by!r}")
        return np.argsort(-(self.mean if by == "mean" else self.max), kind="stable")

    def limits(self, channel: int, by: ScaledBy = "map") -> tuple[float, float]:
        """Give the values that become 0 and 1 when this channel is scaled.

        Returns
        -------
        (float, float)
            (-m, m) in a layer with negative values, else (0, m), where m is the largest finite absolute value
            of the channel (by "map") or of the layer (by "layer").

        Raises
        ------
        InputError
            When there is no such channel, or `by` is something else.
        """
        if not 0 <= channel < len(self.values):
            raise InputError(
                f"layer {self.layer.name!r} has no channel {channel}; "
                f"channels go from 0 to {len(self.values) - 1}"
            )
        peak = float(self._peaks(by)[channel])
        return (-peak if self.signed else 0.0), peak

    def scaled(self, by: ScaledBy = "map") -> Floats:
        """Scale values to 0..1 between their `limits`: zero becomes 0.5 in a signed layer, else 0.

        Parameters
        ----------
        by : "map" or "layer"
            Whose largest absolute value reaches the end of the scale: each map's own (shows every pattern) or
            the layer's (shows which channels are strong).

        Returns
        -------
        array, (channels, rows, columns) float32
            0 to 1. Infinities become 0 or 1; NaN stays NaN.

        Raises
        ------
        InputError
            When `by` is something else.
        """
        peaks = self._peaks(by)[:, None, None]
        ratio = self.values / np.where(peaks > 0, peaks, 1)
        if self.finite < 1:
            ratio = np.clip(ratio, -1, 1)
        return (ratio * 0.5 + 0.5 if self.signed else ratio).astype(np.float32, copy=False)

    def box(self, row: int = 0, column: int = 0) -> tuple[int, int, int, int]:
        """Give the pixels of the picture that the unit at (row, column) can see.

        Returns
        -------
        (int, int, int, int)
            top, left, bottom, right; rows top to bottom - 1, columns left to right - 1, cut at the picture's
            edge.

        Raises
        ------
        InputError
            When the position is outside the map.
        """
        rows, columns = self.values.shape[1:]
        if not (0 <= row < rows and 0 <= column < columns):
            raise InputError(
                f"({row}, {column}) is outside the maps of layer {self.layer.name!r}: "
                f"rows go from 0 to {rows - 1}, columns from 0 to {columns - 1}"
            )
        return self.layer.receptive_field.box(row, column)

    def _peaks(self, by: ScaledBy) -> Floats:
        if by not in ("map", "layer"):
            raise InputError(f"maps are scaled by 'map' or 'layer'; got {by!r}")
        return self._map_peaks if by == "map" else np.full_like(self._map_peaks, self._map_peaks.max())

    @cached_property
    def _map_peaks(self) -> Floats:
        known = self.values if self.finite == 1 else np.where(np.isfinite(self.values), self.values, 0)
        return np.maximum(known.max(axis=(1, 2)), -known.min(axis=(1, 2)))


def activation_maps(model: "HookedModel", x: Tensor, layer: str) -> ActivationMaps:
    """Show one picture to the network and keep what one layer answers.

    Maps that keep their channels last are turned round. Of tokens in a square (a vision transformer's) the
    patches' are arranged as maps, and the class token in front of them is left out; `ActivationMaps.note`
    says so.

    Parameters
    ----------
    model : HookedModel
        Any network.
    x : Tensor, (1, C, H, W)
        One picture, as ``model.preprocess(picture)`` gives it.
    layer : str
        The name of any layer in ``model.layers``.

    Returns
    -------
    ActivationMaps

    Raises
    ------
    InputError
        When `x` is not exactly one picture, or not of the size that the model was opened for.
    LayerError
        When no layer goes by this name, or its result cannot be arranged as maps.

    Notes
    -----
    Cost: one forward pass, up to the layer.
    """
    found = model.layer(layer)
    if not isinstance(x, Tensor) or x.dim() < 2 or len(x) != 1:
        got = f"a tensor {tuple(x.shape)}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
        raise InputError(f"need one picture, a tensor (1, C, H, W) from model.preprocess(picture); got {got}")
    with torch.no_grad(), model.record(found.name, stop=True) as record:
        model.scores(x)
    result = record[found.name]
    if tuple(result.shape[1:]) != found.shape:
        raise InputError(
            f"layer {found.name!r} gives {tuple(result.shape[1:])} for a picture {tuple(x.shape)}, and "
            f"{found.shape} for one of the size that the model was opened for: what its units see would be "
            "wrong. Use model.preprocess(picture), or HookedModel(network, input_shape=...)."
        )
    if len(result) != 1:
        raise no_maps(found, "does not keep one result per picture", model.layers)
    maps, note = as_maps(found, result.detach().to("cpu", torch.float32), model.layers)
    values = np.ascontiguousarray(maps[0].numpy())
    values.setflags(write=False)
    return ActivationMaps(found, values, note)
