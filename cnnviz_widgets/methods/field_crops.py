"""What a unit sees, cut out of the picture: crops of one size for all units of a layer."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.errors import InputError


def field_window(layer: Layer, row: int = 0, column: int = 0) -> tuple[int, int, int, int]:
    """Say where a unit looks, in a window of the same size for all units of the layer.

    As `ReceptiveField.box`, but not cut at the picture's edge. A field larger than the picture gets a window
    as large as the picture that holds all of it that lies in the picture.

    Returns
    -------
    (int, int, int, int)
        top, left, bottom, right in pixels of the network's input; some may lie outside it.
    """
    field = layer.receptive_field
    box = field.box(row, column)
    edges = []
    for axis, index in enumerate((row, column)):
        size = min(field.size[axis], field.picture[axis])
        middle = field.center[axis] + index * field.stride[axis]
        first = round(middle - (size - 1) / 2)
        start, end = box[axis], box[axis + 2]
        if size < field.size[axis]:
            first = min(max(first, end - size), start)
        edges.append((first, first + size))
    (top, bottom), (left, right) = edges
    return top, left, bottom, right


def field_crop(
    array: npt.NDArray[Any], layer: Layer, row: int = 0, column: int = 0, fill: float = 0
) -> npt.NDArray[Any]:
    """Cut out what a unit sees of a picture; all units of a layer give crops of one size.

    Parameters
    ----------
    array : array, (H, W) or (H, W, ...)
        A picture or a projection, of the size of the network's input.
    layer : Layer
        The unit's layer.
    row, column : int
        The unit's place in its map.
    fill : number
        What stands where the field reaches over the edge of the picture.

    Returns
    -------
    array, (rows, columns) or (rows, columns, ...)
        A copy. See `field_window` for its size; the whole picture for units that see all of it.

    Raises
    ------
    InputError
        If the array has another size than the network's input.
    """
    if array.shape[:2] != layer.receptive_field.picture:
        raise InputError(
            f"a crop is cut from what the network sees, {layer.receptive_field.picture} rows and columns; "
            f"got {array.shape[:2]}"
        )
    top, left, bottom, right = field_window(layer, row, column)
    crop = np.full((bottom - top, right - left, *array.shape[2:]), fill, array.dtype)
    y0, x0, y1, x1 = layer.receptive_field.box(row, column)
    crop[y0 - top : y1 - top, x0 - left : x1 - left] = array[y0:y1, x0:x1]
    return crop
