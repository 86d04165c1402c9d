"""What a convolution looks for: its weights, looked at as pictures (Krizhevsky et al. 2012, figure 3)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.errors import InputError, LayerError, WeightsError, nearest

if TYPE_CHECKING:
    from cnnviz_widgets.backend.hooked_model import HookedModel

Floats = npt.NDArray[np.float32]
ScaledBy = Literal["filter", "joint"]


@dataclass(frozen=True, eq=False)
class FilterBank:
    """All filters of one convolution.

    Attributes
    ----------
    layer : str
        The layer's name.
    weights : array, (out, in, rows, columns) float32
        One filter per output channel, one slice per input channel it reads; read-only, a copy of the
        network's. A grouped convolution's filter reads only its own group: `in` is the input channels divided
        by `groups` (1 for a depthwise one).
    groups : int
        Into how many groups the channels are split; 1 where every filter reads every input channel.
    """

    layer: str
    weights: Floats
    groups: int = 1

    @property
    def is_rgb(self) -> bool:
        """True where the filters read 3 channels, all there are: shown as colour pictures."""
        return self.weights.shape[1] == 3 and self.groups == 1

    @property
    def low(self) -> Floats:
        """Smallest weight of each filter, (out,)."""
        return self.weights.min(axis=(1, 2, 3))

    @property
    def high(self) -> Floats:
        """Largest weight of each filter, (out,)."""
        return self.weights.max(axis=(1, 2, 3))

    def scaled(self, by: ScaledBy = "filter") -> Floats:
        """Scale weights to brightness, w / (2 max|w|) + 1/2, so that a weight of zero is exactly mid-grey.

        Parameters
        ----------
        by : "filter" or "joint"
            Whose largest absolute weight reaches black or white: each filter's own, over all its input
            channels (shows every filter's pattern), or the layer's (shows which filters are strong).

        Returns
        -------
        array, (out, in, rows, columns) float32
            0 to 1; 0.5 throughout a filter that is zero.

        Raises
        ------
        InputError
            When `by` is something else.
        """
        if by not in ("filter", "joint"):
            raise InputError(f"filters are scaled by 'filter' or 'joint'; got {by!r}")
        peak = np.abs(self.weights).max(axis=(1, 2, 3) if by == "filter" else None, keepdims=True)
        return (self.weights / np.where(peak > 0, peak, 1) * 0.5 + 0.5).astype(np.float32, copy=False)

    def tiles(self, by: ScaledBy = "filter") -> Floats:
        """Arrange the scaled weights as pictures.

        Returns
        -------
        array, (out, rows, columns, 3) or (out * in, rows, columns) float32
            0 to 1. Colour pictures where `is_rgb`; otherwise grey slices, filter after filter, so that a
            mosaic with `in` columns has a row per output channel.
        """
        brightness = self.scaled(by)
        if self.is_rgb:
            return brightness.transpose(0, 2, 3, 1)
        return brightness.reshape(-1, *brightness.shape[2:])


def filter_shapes(model: "HookedModel") -> dict[str, tuple[int, ...]]:
    """List the layers whose filters can be shown, 2-D convolutions, with the shapes of their weights.

    Returns
    -------
    dict of str to (out, in, rows, columns)
        In the order of the data, each module once.
    """
    shapes: dict[nn.Conv2d, tuple[str, tuple[int, ...]]] = {}
    for layer in model.layers:
        module = _convolution(model, layer)
        if module is not None:
            shapes.setdefault(module, (layer.name, tuple(module.weight.shape)))
    return dict(shapes.values())


def convolution_names(model: "HookedModel") -> list[str]:
    """List the layers whose filters can be shown: 2-D convolutions in data order, each module once."""
    return list(filter_shapes(model))


def filter_bank(model: "HookedModel", layer: str) -> FilterBank:
    """Copy the weights of one convolution.

    Works for `nn.Conv2d` and what is derived from it: grouped, depthwise, 1x1, weight-normed and otherwise
    parametrized ones (the weight as it is used). Not for 1-D, 3-D and transposed convolutions, nor for
    weights handed to ``F.conv2d`` by the network's own code.

    Parameters
    ----------
    model : HookedModel
        Any network.
    layer : str
        One of ``convolution_names(model)``.

    Returns
    -------
    FilterBank

    Raises
    ------
    LayerError
        When no layer goes by this name, or it is not a 2-D convolution; the message names some that are.
    WeightsError
        When weights are not finite numbers, as after a training that diverged.

    Notes
    -----
    Cost: no forward pass.
    """
    found = model.layer(layer)
    module = _convolution(model, found)
    if module is None:
        raise LayerError(
            f"layer {found.name!r} is a {found.kind}, not a 2-D convolution: no filters to show as pictures. "
            + nearest(found.name, convolution_names(model))
        )
    with torch.no_grad():
        weights = module.weight.detach().to("cpu", torch.float32, copy=True).numpy()
    broken = int(weights.size - np.isfinite(weights).sum())
    if broken:
        raise WeightsError(
            f"{broken} of the {weights.size} weights of layer {found.name!r} are not finite numbers: "
            "the training diverged, or the file is damaged. Load weights from before that."
        )
    weights.setflags(write=False)
    return FilterBank(found.name, weights, module.groups)


def _convolution(model: "HookedModel", layer: Layer) -> nn.Conv2d | None:
    if layer.call.function is not None:
        return None
    module = model.network.get_submodule(layer.call.module)
    return module if isinstance(module, nn.Conv2d) else None
