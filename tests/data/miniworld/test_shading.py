"""Shading against a slow plain twin: one sample at a time, in float64."""

import math

import numpy as np
import pytest

from cnnviz_widgets.data.miniworld import shading, tiles
from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.pen import FALLING, ROUND, UPRIGHT
from cnnviz_widgets.data.miniworld.region import Light

ATLAS = tiles.atlas().reshape(-1, tiles.SIDE, tiles.SIDE)
LIGHT = Light(tint=(0.9, 0.8, 1.1), side=1, contrast=0.8, haze=(190.0, 200.0, 210.0))


def scene(size: int = 20) -> Canvas:
    chance = Chance("twin")
    drawn = Canvas(size, chance, LIGHT)
    sky = mix(chance, "blue", "", tile="clouds", second="white", scale=0.83)  # no texel's edge on a sample
    drawn.stuff("sky").rect(0, 0, 1, 1, sky, shade=FALLING)
    floor = drawn.stuff("floor", receives=True)
    floor.rect(0, 0, 1, 0.5, mix(chance, "white", "tile", "chequered", "black", scale=1.5), horizon=0.55)
    thing = drawn.thing("ball", 0.4, 0.4, 0.7, tilt=25, haze=0.3)
    thing.shadow(0, -0.4, 0.5, 0.1)
    thing.ellipse(0, 0, 0.4, 0.4, mix(chance, "red", "rubber", "striped", "yellow", scale=0.6), shade=ROUND)
    thing.rect(0.1, -0.5, 0.5, 0.4, mix(chance, "brown", "wood", angle=40), shade=UPRIGHT, light=0.8)
    return drawn


def twin(drawn: Canvas) -> np.ndarray:
    """Every sample by itself; means of four; without the sensor's grain."""
    numbers = np.asarray(drawn._numbers)
    shadow = drawn._softened("shadow")
    side = len(numbers)
    samples = np.zeros((side, side, 3))
    for y in range(side):
        for x in range(side):
            samples[y, x] = one(drawn._regions[numbers[y, x] - 1], x, y, side, shadow[y, x])
    return samples.reshape(side // 2, 2, side // 2, 2, 3).mean(axis=(1, 3))


def one(region, x: int, y: int, side: int, shadow: float) -> np.ndarray:
    a, b, c, d, e, f, h, i = (round(each * 16384) / 16384 for each in region.frame)
    w = 1 / (h * y + i)
    u, v = math.floor((a * x + b * y + c) * w), math.floor((d * x + e * y + f) * w)
    t = ATLAS[tiles.NAMES.index(region.paint.tile), v % tiles.SIDE, u % tiles.SIDE]
    if h:
        pattern = (f - e * i) * w * w  # texels a sample
        t = 0.5 + (t - 0.5) * min(1.0, max(0.0, 1.5 - pattern / 16))
    left, top, right, bottom = region.box
    p = LIGHT.side * (2 * (x - left) / (right - left) - 1)
    q = 1 - 2 * (y - top) / (bottom - top)
    kx, ky, kxx, kyy = (k * LIGHT.contrast for k in region.shade)
    shade = max(0.35, 1 + kx * p + ky * q + kxx * p * p + kyy * q * q)
    shade *= 1 - 0.2 * ((x / side - 0.5) ** 2 + (y / side - 0.5) ** 2)
    shade *= 1 - shadow * region.receives
    result = []
    for channel in range(3):
        first, second = region.paint.rgb[channel], region.paint.rgb2[channel]
        colour = first + (second - first) * t
        lit = colour * LIGHT.tint[channel] * region.light
        far = lit + (LIGHT.haze[channel] - lit) * region.haze
        result.append(min(255.0, far * shade))
    return np.array(result)


def test_a_picture_is_what_the_twin_computes(monkeypatch):
    monkeypatch.setattr(
        shading, "_sensor", lambda start, height, width: np.zeros((height, width), np.float32)
    )
    drawn = scene()
    difference = np.abs(drawn.picture().astype(float) - twin(drawn))
    # A texel whose edge lies on a sample may go either way.
    assert np.median(difference) <= 0.5
    assert (difference > 1.5).mean() < 0.02


def test_second_colours_are_where_the_twin_sees_them():
    drawn = scene()
    numbers = np.asarray(drawn._numbers)
    seen = shading.shows_second(numbers, shading.table(drawn._regions, LIGHT))
    expected = np.zeros(numbers.shape, bool)
    for y, x in np.ndindex(numbers.shape):
        region = drawn._regions[numbers[y, x] - 1]
        a, b, c, d, e, f, h, i = (round(each * 16384) / 16384 for each in region.frame)
        w = 1 / (h * y + i)
        u, v = math.floor((a * x + b * y + c) * w), math.floor((d * x + e * y + f) * w)
        expected[y, x] = ATLAS[tiles.NAMES.index(region.paint.tile), v % tiles.SIDE, u % tiles.SIDE] > 0.5
    assert (seen != expected).mean() < 0.01


def test_a_floors_squares_shrink_with_the_distance_as_perspective_asks():
    """Half as far below the horizon is twice as far away: squares are half as wide."""
    drawn = Canvas(256, Chance("floor"), Light())
    paint = mix(Chance("p"), "white", "tile", "chequered", "black", scale=2.0)
    drawn.stuff("floor").rect(0, 0, 1, 1, paint, horizon=1.0)
    black = drawn.maps()["color"][0] == drawn.maps()["color"][0].max()
    changes = [int((np.diff(black[row].astype(int)) != 0).sum()) for row in (255, 127)]
    # Depth 1 at the lower border: 1 unit wide, and 8 squares are 2 units, so 4 across; twice that halfway up.
    assert changes[0] in (3, 4, 5)
    assert changes[1] in (7, 8, 9)


def test_grain_is_centred_and_faint():
    grain = shading._sensor(1234, 100, 100)
    assert abs(grain.mean()) < 0.1
    assert 0.7 < grain.std() < 2
    assert np.abs(grain).max() <= shading._GRAIN


@pytest.mark.parametrize("start", [0, 65535])
def test_grain_begins_where_it_is_told(start):
    assert shading._sensor(start, 1, 3)[0, 0] == shading._grains()[start]
