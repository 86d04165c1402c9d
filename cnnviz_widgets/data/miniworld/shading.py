"""From region numbers to colours: every surface's paint, its pattern, its roundness and its light, at once.

All arithmetic is single sums, products and quotients of float32, which IEEE 754 fixes to the last bit, on
coefficients that are rounded beforehand: the same picture has the same bytes on every machine.
"""

from functools import cache
from typing import Any

import numpy as np

from cnnviz_widgets.data.miniworld import tiles
from cnnviz_widgets.data.miniworld.region import Light, Region

_TILE = {name: index * tiles.SIDE * tiles.SIDE for index, name in enumerate(tiles.NAMES)}
_FINE = 16384.0  # coefficients are multiples of 1 / _FINE
_VIGNETTE = 0.10
_GRAIN = 3.5  # grey levels, from the mean to the brightest grain

Table = dict[str, np.ndarray]


def table(regions: list[Region], light: Light) -> Table:
    """Gather what shading needs to know of each region: name to (regions + 1,) arrays, row 0 for nothing."""
    columns: dict[str, np.ndarray] = {}
    frames = np.array([each.frame for each in regions])
    columns.update(zip("abcdefhi", (np.round(frames * _FINE) / _FINE).T, strict=True))
    first, second = (
        _seen([getattr(each.paint, key) for each in regions], regions, light) for key in ("rgb", "rgb2")
    )
    columns.update(zip(("red", "green", "blue"), first.T, strict=True))
    columns.update(zip(("to red", "to green", "to blue"), (second - first).T, strict=True))
    columns.update(zip(("1", "x", "y", "xx", "yy"), _curves(regions, light), strict=True))
    # A floor passes f w^2 texels a sample; at 8 its pattern begins to fade, at 24 it is gone.
    columns["rush"] = np.where(columns["h"] > 0, columns["f"] - columns["e"] * columns["i"], 0) / 16
    columns["receives"] = np.array([float(each.receives) for each in regions])
    result = {name: np.concatenate([[0.0], column]).astype(np.float32) for name, column in columns.items()}
    result["i"][0] = 1.0  # nothing is divided by it, too
    result["tile"] = np.array([0, *(_TILE[each.paint.tile] for each in regions)], np.int32)
    return result


def _seen(rgb: list[tuple[float, ...]], regions: list[Region], light: Light) -> np.ndarray:
    """Light colours, and let them fade with distance; what glows is neither shaded by the hour nor faded."""
    plain = np.array(rgb)
    bright, haze = (np.array([[getattr(each, key)] for each in regions]) for key in ("light", "haze"))
    lit = plain * np.array(light.tint) * bright
    far = lit + (np.array(light.haze) - lit) * haze
    glow = np.array([[each.glow] for each in regions])
    return np.round(np.where(glow, plain, far) * 64) / 64


def _curves(regions: list[Region], light: Light) -> np.ndarray:
    """Turn shades (see `pen.Shade`) over regions' boxes into polynomials in subpixels: 1, x, y, xx, yy."""
    kx, ky, kxx, kyy = (np.array([each.shade for each in regions]) * light.contrast).T
    left, top, right, bottom = np.array([each.box for each in regions], np.float64).T
    u, v = 2.0 / np.maximum(right - left, 1), 2.0 / np.maximum(bottom - top, 1)  # p = u x - m, q = n - v y
    m, n = u * (left + right) / 2, v * (top + bottom) / 2
    kx = kx * light.side
    return np.stack(
        [
            1 - kx * m + ky * n + kxx * m * m + kyy * n * n,
            kx * u - 2 * kxx * u * m,
            -ky * v - 2 * kyy * v * n,
            kxx * u * u,
            kyy * v * v,
        ]
    )


def _mixture(numbers: np.ndarray, t: Table, *, fade: bool = False) -> np.ndarray:
    """How much of the second colour each sample shows, flat, 0 to 1.

    With `fade`, a floor's pattern gives way to its mean where it is too fine to be seen.
    """
    x, y = _grid(*numbers.shape)
    n = numbers.ravel().astype(np.intp)
    take = np.take
    w = 1 / (take(t["h"], n) * y + take(t["i"], n))
    u = ((take(t["a"], n) * x + take(t["b"], n) * y + take(t["c"], n)) * w).astype(np.int32)
    v = ((take(t["d"], n) * x + take(t["e"], n) * y + take(t["f"], n)) * w).astype(np.int32)
    mask = tiles.SIDE - 1
    mixture = take(tiles.atlas(), take(t["tile"], n) + (v & mask) * tiles.SIDE + (u & mask))
    if fade and t["h"].any():
        clear = np.float32(1.5) - take(t["rush"], n) * w * w
        mixture -= np.float32(0.5)
        mixture *= np.clip(clear, 0, 1, out=clear)
        mixture += np.float32(0.5)
    return mixture


def shows_second(numbers: np.ndarray, t: Table) -> np.ndarray:
    """Say of each sample whether its pattern's second colour outweighs the first: bool, as `numbers`."""
    return (_mixture(numbers, t) > 0.5).reshape(numbers.shape)


def shaded(numbers: np.ndarray, t: Table, veils: dict[str, np.ndarray], start: int) -> np.ndarray:
    """Colour the samples and average each pixel's four: (H, W, 3) uint8 of (2H, 2W) region numbers.

    Parameters
    ----------
    numbers : np.ndarray
        (2H, 2W) int32, row of the table for each sample.
    t : Table
        Of `table`.
    veils : dict
        "shadow" and "glow", (2H, 2W) float32 from 0 to 1, where there are any.
    start : int
        Which of the sensor's grains comes first.
    """
    side, n = numbers.shape[0], numbers.ravel().astype(np.intp)
    x, y = _grid(*numbers.shape)
    take = np.take
    mixture = _mixture(numbers, t, fade=True)
    light = take(t["1"], n)
    for key, along in (("x", x), ("y", y), ("xx", x * x), ("yy", y * y)):
        light += take(t[key], n) * along
    np.maximum(light, np.float32(0.35), out=light)
    light *= _vignette(*numbers.shape)
    if "shadow" in veils:
        light *= 1 - veils["shadow"].ravel() * take(t["receives"], n)
    if "glow" in veils:
        light *= 1 + veils["glow"].ravel()
    planes = []
    for color in ("red", "green", "blue"):
        plane = (take(t["to " + color], n) * mixture + take(t[color], n)) * light
        plane = plane.reshape(side, side)
        np.minimum(plane, np.float32(255), out=plane)
        planes.append((plane[::2, ::2] + plane[::2, 1::2]) + (plane[1::2, ::2] + plane[1::2, 1::2]))
    picture = np.stack(planes, axis=-1) * np.float32(0.25)
    picture += _sensor(start, *picture.shape[:2])[..., None] + np.float32(0.5)
    return np.clip(picture, 0, 255, out=picture).astype(np.uint8)


@cache
def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x.ravel(), y.ravel()


@cache
def _vignette(height: int, width: int) -> np.ndarray:
    x, y = _grid(height, width)
    u, v = x / np.float32(width) - np.float32(0.5), y / np.float32(height) - np.float32(0.5)
    return 1 - np.float32(_VIGNETTE * 2) * (u * u + v * v)


def _sensor(start: int, height: int, width: int) -> np.ndarray:
    """Grain as a camera's sensor gives it, grey levels around 0."""
    grain = _grains()
    return np.resize(np.roll(grain, -start), height * width).reshape(height, width)


@cache
def _grains() -> np.ndarray:
    h: Any = np.arange(1 << 16, dtype=np.int64)
    total = np.zeros(1 << 16)
    for salt in (1, 2, 3):  # a sum of three even draws is nearly normal
        k = (h * 2654435761 + salt * 40503) & 0xFFFFFFFF
        k = ((k ^ (k >> 15)) * 2246822519) & 0xFFFFFFFF
        total += ((k ^ (k >> 13)) & 0xFFFF) / 65535.0 - 0.5
    return (total * (_GRAIN / 1.5)).astype(np.float32)
