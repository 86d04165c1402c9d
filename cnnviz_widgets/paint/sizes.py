"""Small maps made as large as the picture they were computed from."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.errors import PictureError


def resize_nearest(array: npt.NDArray[Any], rows: int, columns: int) -> npt.NDArray[Any]:
    """Resize by repeating values, so that a student sees the units as they are: squares.

    Each new pixel takes the old one under its centre (torch's ``nearest-exact``).

    Parameters
    ----------
    array : array, (h, w) or (h, w, channels)
        Numbers or colours.
    rows, columns : int
        The new size.

    Returns
    -------
    array, (rows, columns) or (rows, columns, channels)
        Of the same type.

    Raises
    ------
    PictureError
        When a size is not positive.
    """
    _check(array, rows, columns)
    down, across = (
        (2 * np.arange(new) + 1) * old // (2 * new)
        for new, old in zip((rows, columns), array.shape[:2], strict=True)
    )
    return array[down[:, None], across]


def resize_bilinear(array: npt.NDArray[Any], rows: int, columns: int) -> npt.NDArray[np.float32]:
    """Resize with straight lines between the centres of neighbouring values.

    The same numbers as ``torch.nn.functional.interpolate(mode="bilinear", align_corners=False)``. Meant for
    enlarging: it skips values when it makes an array much smaller.

    Parameters
    ----------
    array : array, (h, w) or (h, w, channels)
        Numbers of any type. NaN spreads to the neighbours.
    rows, columns : int
        The new size.

    Returns
    -------
    array, (rows, columns) or (rows, columns, channels), float32

    Raises
    ------
    PictureError
        When a size is not positive.
    """
    _check(array, rows, columns)
    result = array.astype(np.float32)
    for axis, new in ((0, rows), (1, columns)):
        old = result.shape[axis]
        place = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
        before = np.floor(place).astype(int)
        after = np.minimum(before + 1, old - 1)
        share = (place - before).astype(np.float32)
        share = share.reshape([-1 if each == axis else 1 for each in range(result.ndim)])
        result = result.take(before, axis) * (1 - share) + result.take(after, axis) * share
    return result


def _check(array: npt.NDArray[Any], rows: int, columns: int) -> None:
    if array.ndim not in (2, 3) or array.size == 0:
        raise PictureError(
            f"need an array (rows, columns) or (rows, columns, channels), not empty; got {array.shape}"
        )
    if rows < 1 or columns < 1:
        raise PictureError(f"the new size must be at least 1 x 1; got {rows} x {columns}")
