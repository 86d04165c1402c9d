"""Colours for numbers: 253 levels and three colours that no number can have.

A mosaic of maps travels as one byte a pixel and a table of 256 colours. The number of levels is odd,
so that the middle of a symmetric scale, zero, has a colour of its own: exactly grey, not nearly.
"""

import functools
import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from cnnviz_widgets.errors import PictureError

Bytes = npt.NDArray[np.uint8]

GAP, NAN, MARK = 0, 1, 2  # indices: between tiles, not a number, what the student chose
FIRST = 3  # index of the lowest number's colour; the highest number's is 255
LEVELS = 256 - FIRST
RESERVED_COLORS = ((255, 255, 255), (255, 0, 255), (255, 140, 0))

SEQUENTIAL, DIVERGING, GREY = "viridis", "coolwarm", "gray"  # each safe for colour-blind eyes


@functools.cache
def color_table(name: str = SEQUENTIAL) -> Bytes:
    """Give the 256 colours of a palette: gap, not-a-number, mark, then matplotlib's map `name` in 253 steps.

    Parameters
    ----------
    name : str
        ``viridis`` (from 0 up), ``coolwarm`` (signed, zero is light grey), ``gray``, or any other colour
        map of matplotlib's.

    Returns
    -------
    array, (256, 3) uint8
        Red, green, blue by index; read-only, since it is shared.

    Raises
    ------
    PictureError
        When matplotlib has no map of this name.
    """
    from matplotlib import colormaps  # late: 0.2 s that a script without pictures need not pay

    if name not in colormaps:
        raise PictureError(
            f"matplotlib has no colour map {name!r}; safe for colour-blind eyes are "
            f"{SEQUENTIAL!r}, {DIVERGING!r} and {GREY!r}"
        )
    table = np.empty((256, 3), np.uint8)
    table[:FIRST] = RESERVED_COLORS
    table[FIRST:] = np.rint(colormaps[name](np.linspace(0, 1, LEVELS))[:, :3] * 255)
    table.setflags(write=False)
    return table


def table_for(signed: bool) -> Bytes:
    """Give the colours for numbers of both signs (diverging, zero in the middle) or from zero up."""
    return color_table(DIVERGING if signed else SEQUENTIAL)


def quantize(values: npt.ArrayLike, low: float = 0.0, high: float = 1.0) -> Bytes:
    """Turn numbers into palette indices: `low` becomes 3, `high` 255, halfway between them 129.

    Parameters
    ----------
    values : array of float, any shape
        Numbers outside the limits, infinities too, take the colour of the nearer limit; NaN takes index 1,
        `NAN`, whose colour no number has.
    low, high : float
        The limits. Where they are equal (a constant map) numbers up to `low` become 3 and larger ones 255.

    Returns
    -------
    array of uint8, as `values`
        The nearest level: off by at most half of 1/252 of the range.

    Raises
    ------
    PictureError
        When a limit is not a finite number, or `high` is below `low`.
    """
    low, high = float(low), float(high)
    if not (math.isfinite(low) and math.isfinite(high)) or high < low:
        raise PictureError(
            f"the limits of a colour scale must be finite numbers, low first; got {low} and {high}"
        )
    values = np.asarray(values)
    span = high - low
    # float32 halves the time of a large mosaic, where the limits are not too large, small or close for it
    largest = max(abs(low), abs(high))
    plain = values.dtype in (np.float16, np.float32) and 1e-30 < largest < 1e30 and span > 1e-3 * largest
    if span == 0:
        levels = np.where(values > low, LEVELS - 1.0, 0.0)
    else:
        levels = np.clip(values, low, high, dtype=np.float32 if plain else np.float64)
        levels = (levels - low) / span * (LEVELS - 1)
    unknown = np.isnan(values)
    indices = np.rint(np.where(unknown, 0, levels)).astype(np.uint8) + np.uint8(FIRST)
    return np.where(unknown, np.uint8(NAN), indices)


def palette_png(indices: Bytes, table: Bytes) -> bytes:
    """Write indices and their colours as a PNG: one byte a pixel, lossless, fast (level 1).

    Parameters
    ----------
    indices : array, (rows, columns) uint8
        From `quantize` or `mosaic`.
    table : array, (256, 3) uint8
        From `color_table`.

    Raises
    ------
    PictureError
        When the arrays have other shapes or types.
    """
    _check(indices, "indices", "(rows, columns)", indices.ndim == 2)
    _check(table, "a colour table", "(256, 3)", table.shape == (256, 3))
    picture = Image.fromarray(np.ascontiguousarray(indices))
    picture.putpalette(table.tobytes())
    return _encoded(picture, "PNG", compress_level=1)


def rgb_png(rgb: Bytes) -> bytes:
    """Write a (rows, columns, 3) uint8 picture as a lossless PNG."""
    _check_rgb(rgb)
    return _encoded(Image.fromarray(np.ascontiguousarray(rgb)), "PNG", compress_level=1)


def jpeg(rgb: Bytes, quality: int = 90) -> bytes:
    """Write a (rows, columns, 3) uint8 photo as a JPEG: a fifth of a PNG's size, not exact."""
    _check_rgb(rgb)
    return _encoded(Image.fromarray(np.ascontiguousarray(rgb)), "JPEG", quality=quality)


def overlay(picture: Bytes, heat: npt.NDArray[np.floating], table: Bytes, opacity: float = 0.5) -> Bytes:
    """Lay a map's colours over a picture of the same size.

    Parameters
    ----------
    picture : array, (rows, columns, 3) uint8
        Left as it is.
    heat : array, (rows, columns) float
        0 to 1. Where it is NaN the picture is left as it is.
    table : array, (256, 3) uint8
        From `color_table`.
    opacity : float
        0 shows the picture alone, 1 the map alone.

    Returns
    -------
    array, (rows, columns, 3) uint8
        A new one.

    Raises
    ------
    PictureError
        When the sizes differ, or the opacity is not from 0 to 1.
    """
    _check_rgb(picture)
    if heat.shape != picture.shape[:2]:
        raise PictureError(
            f"the map is {_by(heat.shape)} and the picture {_by(picture.shape[:2])}; resize the map first: "
            f"resize_bilinear(heat, {picture.shape[0]}, {picture.shape[1]})"
        )
    if not 0 <= opacity <= 1:
        raise PictureError(f"opacity goes from 0 to 1; got {opacity}")
    colors = table[quantize(heat)]
    strength = np.where(np.isnan(heat), np.float32(0), np.float32(opacity))[..., None]
    return np.rint(picture + (colors.astype(np.float32) - picture) * strength).astype(np.uint8)


def draw_box(
    rgb: Bytes,
    box: tuple[int, int, int, int],
    color: Sequence[int] = RESERVED_COLORS[MARK],
    thickness: int = 1,
) -> Bytes:
    """Draw the outline of a box, inside it, on a copy of a picture.

    Parameters
    ----------
    rgb : array, (rows, columns, 3) uint8
        Left as it is.
    box : (int, int, int, int)
        top, left, bottom, right in pixels: rows top to bottom - 1, columns left to right - 1. The part
        outside the picture is cut off; an edge that lies outside is not drawn.
    color : three of int
        Red, green, blue, 0 to 255.
    thickness : int
        Pixels.

    Returns
    -------
    array, (rows, columns, 3) uint8
    """
    _check_rgb(rgb)
    top, left, bottom, right = box
    result = rgb.copy()
    rows, columns = np.arange(rgb.shape[0])[:, None], np.arange(rgb.shape[1])
    inside = (top <= rows) & (rows < bottom) & (left <= columns) & (columns < right)
    depth = np.minimum(
        np.minimum(rows - top, bottom - 1 - rows), np.minimum(columns - left, right - 1 - columns)
    )
    result[inside & (depth < thickness)] = color
    return result


def _encoded(picture: Image.Image, form: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _check_rgb(rgb: Bytes) -> None:
    _check(rgb, "a picture", "(rows, columns, 3)", rgb.ndim == 3 and rgb.shape[2] == 3)


def _check(array: Bytes, what: str, wanted: str, fits: bool) -> None:
    if not fits or array.dtype != np.uint8 or array.size == 0:
        raise PictureError(
            f"{what} must be uint8 of shape {wanted}, not empty; got {array.dtype} {array.shape}"
        )


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
