"""Numbers of other ranges as the 8-bit levels of a picture, scaled and never clipped."""

import numpy as np

from cnnviz_widgets.errors import PictureError


def in_8_bits(array: np.ndarray, name: str) -> np.ndarray:
    """Return a picture's array as uint8 levels, HxW, HxWx3 or HxWx4; errors call it `name`."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise PictureError(
            f"{name} is not a picture: arrays are HxW, HxWx1, HxWx3 or HxWx4.{_hint_for(array)}"
        )
    if array.dtype.kind == "b":
        levels = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype.kind == "f":
        levels = fractions_in_8_bits(array, name)
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2:
        levels = grey16_in_8_bits(array)
    elif array.dtype == np.uint8:
        levels = array
    else:
        raise PictureError(
            f"{name} is not a picture: arrays are uint8 (0..255), uint16 (0..65535), floats (0..1) or bool. "
            f"If the values are 0..255, pass array.astype('uint8')."
        )
    grey = levels.ndim == 3 and levels.shape[2] == 1
    return np.ascontiguousarray(levels[:, :, 0] if grey else levels)


def grey16_in_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale 0..65535 to 0..255, rounded: 65535 = 255 * 257."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def fractions_in_8_bits(values: np.ndarray, name: str) -> np.ndarray:
    """Scale floats 0..1 to 0..255, rounded, and refuse what is not in that range."""
    bad = values.size - int(np.isfinite(values).sum())
    if bad:
        raise PictureError(f"{name} has {bad} values that are NaN or infinite. Replace them: np.nan_to_num.")
    levels = np.rint(values * 255.0)  # an overshoot below half a level is rounding, not a mistake
    if levels.size and (levels.min() < 0 or levels.max() > 255):
        raise PictureError(
            f"{name} has floats from {values.min():.4g} to {values.max():.4g}; floats are 0..1 here. "
            f"Divide values 0..255 by 255, or make them 8-bit with .astype('uint8')."
        )
    return levels.astype(np.uint8)


def _hint_for(array: np.ndarray) -> str:
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        return " Its channels come first: pass array.transpose(1, 2, 0)."
    if array.ndim == 4:
        return " It looks like a batch: pass one picture of it, array[0]."
    return ""
