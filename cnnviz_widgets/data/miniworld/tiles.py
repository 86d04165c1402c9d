"""The patterns paint is made with: square tiles that repeat without a seam.

A tile says, texel by texel, how much of a paint's second colour shows: 0 none, 255 nothing else.
Everything here is integers or plain sums and products, so that a tile has the same bytes everywhere.
"""

from functools import cache

import numpy as np

SIDE = 64  # texels
_Y, _X = np.mgrid[0:SIDE, 0:SIDE]


def _hash(x: np.ndarray, y: np.ndarray, salt: int) -> np.ndarray:
    """Numbers from 0 to 65535 that look random, one for each lattice point."""
    h = (x * 374761393 + y * 668265263 + salt * 974634777) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return (h ^ (h >> 16)) & 0xFFFF


def _noise(across: int, down: int, salt: int) -> np.ndarray:
    """Smooth noise with so many bumps across and down, 0 to 1."""
    u, v = _X * across, _Y * down
    i, j = u // SIDE, v // SIDE
    fx, fy = (u % SIDE) / SIDE, (v % SIDE) / SIDE
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    a, b, c, d = (_hash((i + di) % across, (j + dj) % down, salt) / 65535.0 for dj in (0, 1) for di in (0, 1))
    return (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy


def _layers(across: int, down: int, salt: int, octaves: int = 3) -> np.ndarray:
    """Noise with finer and fainter noise on top, spread to 0 to 1."""
    total = np.zeros((SIDE, SIDE))
    for k in range(octaves):
        total += _noise(across << k, down << k, salt + k) * 0.5**k
    return (total - total.min()) / (total.max() - total.min())


def _cells(per_side: int, salt: int, jitter: float) -> tuple[np.ndarray, np.ndarray]:
    """Distances (squared, in cells) to the nearest and second nearest of scattered points."""
    first = np.full((SIDE, SIDE), 9e9)
    second = first.copy()
    u, v = (_X + 0.5) * per_side / SIDE, (_Y + 0.5) * per_side / SIDE
    for j in range(-1, per_side + 1):
        for i in range(-1, per_side + 1):
            at = np.array([[i % per_side]]), np.array([[j % per_side]])
            px = i + 0.5 + jitter * (_hash(*at, salt)[0, 0] / 65535.0 - 0.5)
            py = j + 0.5 + jitter * (_hash(*at, salt + 1)[0, 0] / 65535.0 - 0.5)
            distance = (u - px) * (u - px) + (v - py) * (v - py)
            second = np.minimum(second, np.maximum(first, distance))
            first = np.minimum(first, distance)
    return first, second


def _wave(ramp: np.ndarray, period: int) -> np.ndarray:
    """A smooth wave along integers, 0 to 1, without a sine."""
    t = (ramp % period) / period
    t = np.minimum(t, 1 - t) * 2
    return t * t * (3 - 2 * t)


def _brick() -> np.ndarray:
    row = _Y // 8
    column = (_X + 8 * (row % 2)) % 16
    mortar = (_Y % 8 == 0) | (column == 0)
    tone = _hash(((_X + 8 * (row % 2)) // 16) % 4, row, 5) / 65535.0 * 0.35
    return np.where(mortar, 1.0, tone)


def _scales() -> np.ndarray:
    """Rows of rounded tiles that overlap, each darker towards its lower edge."""
    row = _Y // 8
    x = (_X + 4 * (row % 2)) % 8 - 3.5
    y = _Y % 8
    edge = (x * x) * 0.28
    return np.where(y + edge < 7.0, np.clip(0.75 - y / 12, 0, 1) * 0.75, 1.0)


def _honeycomb() -> np.ndarray:
    """Hexagons: the cells of points in rows that are shifted by half."""
    first = np.full((SIDE, SIDE), 9e9)
    second = first.copy()
    for j in range(-1, 9):
        for i in range(-1, 9):
            dx, dy = _X + 0.5 - (i * 8 + 4 * (j % 2)), _Y + 0.5 - j * 8
            distance = dx * dx + dy * dy * 0.93
            second = np.minimum(second, np.maximum(first, distance))
            first = np.minimum(first, distance)
    return np.where(second - first < 10, 1.0, 0.12)


def _wood() -> np.ndarray:
    bend = (_layers(2, 2, 31, 2) * 20).astype(int)
    return 0.55 * _wave(_Y * 4 + bend, 32) + 0.45 * _layers(2, 16, 33)


def _woven() -> np.ndarray:
    over = ((_X // 8) + (_Y // 8)) % 2 == 0
    along = np.where(over, _Y % 8, _X % 8)
    return np.where(over, 0.75, 0.15) + np.abs(along - 3.5) / 3.5 * 0.25


def _foliage() -> np.ndarray:
    first, _ = _cells(10, 41, 0.9)
    return np.clip(0.25 + first * 1.1 + 0.4 * (_layers(4, 4, 43, 2) - 0.5), 0, 1)


def _cracks() -> np.ndarray:
    first, second = _cells(5, 51, 0.95)
    tone = _layers(8, 8, 53, 2) * 0.3
    return np.where(second - first < 0.13, 1.0, tone)


def _ruled(period: int, width: int, ramp: np.ndarray) -> np.ndarray:
    return np.where(ramp % period < width, 1.0, 0.0)


_RECIPES = {
    # patterns, with the names of vocabulary.TEXTURES
    "striped": lambda: _ruled(16, 8, _X),
    "banded": lambda: _ruled(32, 16, _Y),
    "dotted": lambda: np.where(_cells(4, 0, 0.0)[0] < 0.085, 1.0, 0.0),
    "chequered": lambda: np.where((_X // 8 + _Y // 8) % 2 == 0, 1.0, 0.0),
    "woven": _woven,
    "zigzagged": lambda: _ruled(16, 8, _Y + np.abs(_X % 16 - 8)),
    "grid": lambda: np.where((_X % 16 < 3) | (_Y % 16 < 3), 1.0, 0.0),
    "marbled": lambda: np.clip(1 - np.abs(_layers(3, 3, 61, 4) - 0.5) * 5, 0, 1),
    "cracked": _cracks,
    "scaly": _scales,
    "fibrous": lambda: np.clip(_layers(24, 3, 71, 2) * 1.5 - 0.3, 0, 1),
    "honeycombed": _honeycomb,
    "flecked": lambda: np.where(_cells(9, 81, 0.95)[0] < 0.06, 1.0, 0.0),
    "wrinkled": lambda: _wave(_Y * 2 + (_layers(3, 3, 91, 3) * 90).astype(int), 32),
    # what materials look like close by
    "plain": lambda: np.full((SIDE, SIDE), 0.5),
    "soft": lambda: _layers(4, 4, 1),
    "fine": lambda: _layers(16, 16, 2, 2),
    "brick": _brick,
    "wood": _wood,
    "planks": lambda: np.where(_Y % 16 == 0, 1.0, 0.75 * _wood()),
    "tiles": lambda: np.where(
        (_X % 16 == 0) | (_Y % 16 == 0), 1.0, _hash(_X // 16, _Y // 16, 7) / 65535.0 * 0.3
    ),
    "foliage": _foliage,
    "grass": lambda: np.clip(0.7 * _layers(24, 6, 21, 2) + 0.3 * _layers(3, 3, 23, 2), 0, 1),
    "waves": lambda: np.clip(_wave(_Y * 4 + (_layers(4, 3, 11, 2) * 60).astype(int), 32) * 1.2 - 0.2, 0, 1),
    "clouds": lambda: np.clip(_layers(2, 3, 13, 4) * 2.2 - 1.0, 0, 1),
    "blotches": lambda: np.where(_layers(5, 5, 17, 2) > 0.56, 1.0, 0.0),
    "coat": lambda: np.where(_cells(5, 19, 0.85)[0] < 0.11, 1.0, 0.0),
    "boulders": lambda: np.clip(_layers(5, 5, 29, 4) * 1.3 - 0.15, 0, 1),
}
NAMES = tuple(_RECIPES)


@cache
def atlas() -> np.ndarray:
    """All tiles one after another, flat: (len(NAMES) * SIDE * SIDE,) float32, 0 to 1 in steps of 1/255."""
    tiles = [np.floor(np.clip(recipe(), 0, 1) * 255 + 0.5) for recipe in _RECIPES.values()]
    return (np.stack(tiles) / 255).astype(np.float32).ravel()
