"""Mosaics: every pixel leads back to the number it shows."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint import mosaic

GAP_VALUE = 255


def test_by_hand():
    tiles = np.array([[[1, 2]], [[3, 4]], [[5, 6]]], np.uint8)
    made = mosaic(tiles, columns=2, gap=1, zoom=2, gap_value=9)
    assert made.array.tolist() == [
        [1, 1, 2, 2, 9, 3, 3, 4, 4],
        [1, 1, 2, 2, 9, 3, 3, 4, 4],
        [9, 9, 9, 9, 9, 9, 9, 9, 9],
        [5, 5, 6, 6, 9, 9, 9, 9, 9],
        [5, 5, 6, 6, 9, 9, 9, 9, 9],
    ]
    assert made.size == (9, 5) and made.rows == 2
    assert made.corner(1) == (5, 0) and made.corner(2) == (0, 3)
    assert made.box(2) == (3, 0, 5, 4)
    assert made.locate(3.9, 1) == (0, 0, 1)
    assert made.locate(4, 0) is None  # a gap
    assert made.locate(6, 4) is None  # an empty place
    assert made.locate(9, 0) is None and made.locate(0, 5) is None and made.locate(-0.5, 0) is None


@settings(deadline=None, max_examples=60)
@given(
    count=st.integers(1, 12),
    height=st.integers(1, 4),
    across=st.integers(1, 4),
    columns=st.none() | st.integers(1, 14),
    gap=st.integers(0, 3),
    zoom=st.none() | st.integers(1, 4),
    width=st.none() | st.integers(1, 60),
    rgb=st.booleans(),
)
def test_every_pixel_leads_back_to_its_number(count, height, across, columns, gap, zoom, width, rgb):
    shape = (count, height, across, *([3] * rgb))
    tiles = np.random.default_rng(0).integers(0, GAP_VALUE, shape, np.uint8)
    made = mosaic(tiles, columns, gap, zoom, GAP_VALUE, width)
    seen = np.zeros(shape[:3], int)
    for y, x in np.ndindex(made.array.shape[:2]):
        place = made.locate(x, y)
        if place is None:
            assert (made.array[y, x] == GAP_VALUE).all()
        else:
            assert (made.array[y, x] == tiles[place]).all()
            seen[place] += 1
    assert (seen == made.zoom**2).all()
    for tile in range(count):
        x, y = made.corner(tile)
        assert made.locate(x, y) == (tile, 0, 0)
        top, left, bottom, right = made.box(tile)
        assert made.locate(right - 1, bottom - 1) == (tile, height - 1, across - 1) and (top, left) == (y, x)


def test_a_row_per_output_channel():
    weights = np.arange(4 * 3 * 2 * 2).reshape(4, 3, 2, 2)
    made = mosaic(weights.reshape(-1, 2, 2), columns=3, gap_value=-1)
    assert (made.rows, made.columns) == (4, 3)
    for out, into in np.ndindex(4, 3):
        top, left, bottom, right = made.box(out * 3 + into)
        assert (made.array[top:bottom, left:right] == weights[out, into]).all()


@pytest.mark.parametrize(("count", "side"), [(16, 32), (64, 55), (512, 13), (1000, 1), (2048, 7)])
def test_the_shape_is_pleasant(count, side):
    made = mosaic(np.zeros((count, side, side), np.uint8))
    assert 1.2 < made.size[0] / made.size[1] < 2.1


@pytest.mark.parametrize(("count", "side"), [(16, 32), (64, 55), (512, 13), (3, 7), (1, 6)])
def test_it_fills_the_width_and_does_not_pass_it(count, side):
    made = mosaic(np.zeros((count, side, side), np.uint8), width=900)
    assert made.size[0] <= 900 < made.columns * side * (made.zoom + 1) + made.columns - 1


def test_tiles_wider_than_the_width_stay_exact():
    made = mosaic(np.zeros((3, 50, 50), np.uint8), width=40)
    assert made.zoom == 1 and made.columns == 1 and made.size == (50, 152)


def test_512_maps_take_far_less_than_10_ms():
    tiles = np.zeros((512, 13, 13), np.uint8)
    took = []
    for _ in range(7):
        start = time.perf_counter()
        mosaic(tiles, zoom=2)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.01


@pytest.mark.parametrize(
    ("shape", "options", "says"),
    [
        ((0, 3, 3), {}, "not empty"),
        ((3, 3), {}, r"\(N, rows, columns\)"),
        ((2, 3, 3, 4), {}, r"\(2, 3, 3, 4\)"),
        ((2, 3, 3), {"zoom": 0}, "zoom must be at least 1; got 0"),
        ((2, 3, 3), {"columns": -1}, "columns"),
        ((2, 3, 3), {"gap": -1}, "gap"),
        ((2, 3, 3), {"width": 0}, "width"),
    ],
)
def test_errors(shape, options, says):
    with pytest.raises(PictureError, match=says):
        mosaic(np.zeros(shape, np.uint8), **options)


def test_no_such_tile():
    with pytest.raises(PictureError, match="no tile 2; tiles go from 0 to 1"):
        mosaic(np.zeros((2, 3, 3), np.uint8)).corner(2)
