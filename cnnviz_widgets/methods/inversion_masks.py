"""Which part of a code is to be matched: a field of the map, some of the channels, or both.

Mahendran & Vedaldi, "Understanding Deep Image Representations by Inverting Them", CVPR 2015, section 5.
"""

import torch
from torch import Tensor

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.errors import InputError, LayerError


def field_mask(layer: Layer, size: int = 5, row: int | None = None, column: int | None = None) -> Tensor:
    """Choose a square field of a layer's map: 1 in it, 0 elsewhere.

    Mahendran & Vedaldi 2015, figure 9, take the central 5x5 field.

    Parameters
    ----------
    layer : Layer
        One with rows and columns: ``model.layer("conv3")``.
    size : int
        Side of the field, in units of the map; it is cut at the edges.
    row, column : int, optional
        Its middle, counted from 0. None: the middle of the map.

    Returns
    -------
    Tensor
        Of 0 and 1; broadcasts to `layer.shape`.

    Raises
    ------
    LayerError
        If the layer's result is not a map.
    InputError
        If the size is below 1, or the map has no such row or column.
    """
    if layer.channel_axis is None:
        raise LayerError(
            f"the result of layer {layer.name!r}, {'x'.join(map(str, layer.shape))}, has no rows and columns "
            "of which a field could be chosen"
        )
    if size < 1:
        raise InputError(f"a field has a side of at least 1, not {size}")
    spatial = [length for axis, length in enumerate(layer.shape) if axis != layer.channel_axis]
    inside = []
    for name, length, middle in zip(("row", "column"), spatial, (row, column), strict=True):
        if middle is not None and not 0 <= middle < length:
            raise InputError(f"layer {layer.name!r} has no {name} {middle}: they go from 0 to {length - 1}")
        first = (length - size) // 2 if middle is None else middle - size // 2
        places = torch.arange(length)
        inside.append((places >= first) & (places < first + size))
    return (inside[0][:, None] & inside[1]).float().unsqueeze(layer.channel_axis)


def channel_mask(layer: Layer, first: int = 0, last: int | None = None) -> Tensor:
    """Choose channels of a layer: 1 from `first` up to, and without, `last`; 0 elsewhere.

    Mahendran & Vedaldi 2015, figure 10, invert the two halves of AlexNet's channels, which were computed on
    two GPUs and have become colour-blind and colour-minded: ``channel_mask(layer, 0, layer.channels // 2)``
    and ``channel_mask(layer, layer.channels // 2)``.

    Parameters
    ----------
    layer : Layer
        Any; units of a vector count as channels.
    first, last : int
        Counted from 0. None: to the end.

    Returns
    -------
    Tensor
        Of 0 and 1; broadcasts to `layer.shape`.

    Raises
    ------
    InputError
        If no channel is left.
    """
    axis = layer.channel_axis if layer.channel_axis is not None else len(layer.shape) - 1
    count = layer.shape[axis]
    last = count if last is None else last
    if not 0 <= first < last <= count:
        raise InputError(
            f"channels {first} to {last - 1} of layer {layer.name!r} are none: they go from 0 to {count - 1}"
        )
    places = torch.arange(count)
    mask = ((places >= first) & (places < last)).float()
    return mask.reshape([-1 if each == axis else 1 for each in range(len(layer.shape))])


def mask_box(layer: Layer, mask: Tensor | None) -> tuple[int, int, int, int]:
    """Find the pixels that what a mask counts can see: the union of the receptive fields.

    Parameters
    ----------
    layer : Layer
        Any.
    mask : Tensor or None
        Broadcasts to `layer.shape`; None counts all.

    Returns
    -------
    (int, int, int, int)
        top, left, bottom, right; rows top to bottom - 1, columns left to right - 1.
    """
    field = layer.receptive_field
    if layer.channel_axis is None or field.whole or mask is None:
        return (0, 0, *field.picture)
    counted = (mask != 0).expand(layer.shape).any(layer.channel_axis).nonzero()
    boxes = [field.box(*place) for place in (counted.min(0).values.tolist(), counted.max(0).values.tolist())]
    return boxes[0][0], boxes[0][1], boxes[1][2], boxes[1][3]
