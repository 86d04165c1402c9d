"""Any layer's result as maps: a batch of channels with rows and columns, whatever the network made it."""

import math
from collections.abc import Sequence

from torch import Tensor

from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.errors import LayerError, nearest


def as_maps(layer: Layer, values: Tensor, among: Sequence[Layer] = ()) -> tuple[Tensor, str]:
    """Arrange what a layer computed as maps.

    Maps that keep their channels last are turned round; a vector becomes maps of 1x1; of tokens in a square
    (a vision transformer's) the patches' are arranged, and the class token in front of them is left out.

    Parameters
    ----------
    layer : Layer
        Where the values come from.
    values : Tensor, (N, *layer.shape)
        One result for each picture.
    among : sequence of Layer
        The network's layers, to name others where this one will not do.

    Returns
    -------
    maps : Tensor, (N, channels, rows, columns)
        A view of `values` where that is possible.
    note : str
        What was done to a result that is not maps by itself, for the student; empty otherwise.

    Raises
    ------
    LayerError
        If the result cannot be arranged as maps.
    """
    if layer.channel_axis is not None:
        return values.movedim(layer.channel_axis + 1, 1), ""
    if values.dim() <= 2:
        note = "one number per unit, which has no place in the picture"
        return values.reshape(len(values), -1, 1, 1), note
    if values.dim() == 3:
        extra, side = _square(layer, values.shape[1], among)
        note = f"the {side * side} patch tokens as {side}x{side} maps" + ", without the class token" * extra
        return values[:, extra:].unflatten(1, (side, side)).movedim(3, 1), note
    raise no_maps(layer, "is neither maps (channels, rows, columns), tokens nor a vector", among)


def _square(layer: Layer, tokens: int, among: Sequence[Layer]) -> tuple[int, int]:
    for extra in (1, 0):
        side = math.isqrt(tokens - extra)
        if side and side * side == tokens - extra:
            return extra, side
    raise no_maps(layer, f"has {tokens} tokens, which with or without a class token make no square", among)


def no_maps(layer: Layer, reason: str, among: Sequence[Layer] = ()) -> LayerError:
    """Make the error that says why a layer's result is not maps, and which layers' are."""
    maps = [each.name for each in among if each.is_map and each is not layer]
    shape = "x".join(map(str, layer.shape))
    hint = f" {nearest(layer.name, maps)}" if among else ""
    return LayerError(f"the result of layer {layer.name!r}, {shape}, {reason}.{hint}")
