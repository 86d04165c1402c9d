"""Colours: the middle is exact, nothing crashes on strange numbers, and files hold what was put in."""

import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint import (
    GAP,
    LEVELS,
    MARK,
    NAN,
    color_table,
    draw_box,
    jpeg,
    overlay,
    palette_png,
    quantize,
    rgb_png,
    table_for,
)


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_levels_by_hand():
    # 252 steps from index 3 to 255: 0 -> 3, 1/4 -> 3 + 63, 1/2 -> 3 + 126, 1 -> 255
    assert quantize([0.0, 0.25, 0.5, 1.0]).tolist() == [3, 66, 129, 255]
    assert quantize([-2.0, -1.0, 0.0, 2.0], -2, 2).tolist() == [3, 66, 129, 255]
    assert quantize([-9.0, 9.0], 0, 1).tolist() == [3, 255]
    assert quantize([[0, 1], [2, 4]], 0, 4).tolist() == [[3, 66], [129, 255]]


@given(
    st.floats(-1e6, 1e6, width=32),
    st.floats(2.0**-10, 1e6, width=32),
    st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=20),
)
def test_levels_equal_a_slow_twin(low, span, shares):
    values = np.array([low + (share + 0.5) * span for share in shares], np.float32)
    levels = quantize(values, low, low + span)
    for value, level in zip(values.tolist(), levels.tolist(), strict=True):
        exact = 3 + (min(max(value, low), low + span) - low) / span * (LEVELS - 1)
        assert 3 <= level <= 255
        assert abs(level - exact) <= 0.5 + 0.05  # 0.05: float32


@given(st.floats(1e-300, 1e300))
def test_zero_is_in_the_middle_of_any_symmetric_scale(limit):
    for dtype in (np.float32, np.float64):
        assert quantize(np.zeros(3, dtype), -limit, limit).tolist() == [129, 129, 129]


def test_strange_numbers_have_a_color_and_a_constant_map_is_dark():
    strange = np.array([np.nan, np.inf, -np.inf, 0.5])
    with np.errstate(all="raise"):
        assert quantize(strange).tolist() == [NAN, 255, 3, 129]
        assert quantize(strange.astype(np.float32)).tolist() == [NAN, 255, 3, 129]
        assert quantize([0.0, 0.0, np.nan], 0, 0).tolist() == [3, 3, NAN]
        assert quantize([1.0, 2.0, 3.0], 2, 2).tolist() == [3, 3, 255]
        tiny = np.array([0, 1e-42], np.float32)
        assert quantize(tiny, 0, float(tiny[1])).tolist() == [3, 255]


@pytest.mark.parametrize(("low", "high"), [(1, 0), (0, np.nan), (-np.inf, 0)])
def test_limits_that_are_no_scale(low, high):
    with pytest.raises(PictureError, match="low first; got"):
        quantize([1.0], low, high)


def test_the_diverging_map_is_grey_in_the_middle_and_each_map_has_its_reserved_colors():
    red, green, blue = (int(each) for each in table_for(signed=True)[129])
    assert max(red, green, blue) - min(red, green, blue) <= 2
    low, high = table_for(signed=True)[3], table_for(signed=True)[255]
    assert low[2] > low[0] and high[0] > high[2]  # blue below zero, red above
    for name in ("viridis", "coolwarm", "gray"):
        table = color_table(name)
        assert table.shape == (256, 3) and table.dtype == np.uint8
        assert not (table[3:] == table[NAN]).all(axis=1).any()
        assert not (table[3:] == table[MARK]).all(axis=1).any()
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 0


def test_grey_from_black_to_white():
    grey = color_table("gray")
    assert grey[3].tolist() == [0, 0, 0] and grey[255].tolist() == [255, 255, 255]
    assert (np.diff(grey[3:, 0].astype(int)) > 0).all()


def test_a_sequential_map_grows_lighter_so_that_order_is_seen_without_color():
    lightness = table_for(signed=False)[3:] @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(lightness) > -0.5).all() and lightness[-1] - lightness[0] > 150


def test_an_unknown_map_names_the_safe_ones():
    with pytest.raises(PictureError, match="'viridis', 'coolwarm' and 'gray'"):
        color_table("jett")


def test_palette_png_is_exact_and_one_byte_a_pixel():
    indices = np.random.default_rng(0).integers(0, 256, (37, 53), np.uint8)
    data = palette_png(indices, color_table("viridis"))
    assert Image.open(io.BytesIO(data)).mode == "P"
    assert (opened(data) == color_table("viridis")[indices]).all()
    cut = indices[3:20:2, ::3]  # not contiguous
    assert (opened(palette_png(cut, color_table("gray"))) == color_table("gray")[cut]).all()


def test_few_indices_keep_their_numbers():
    assert (opened(palette_png(np.full((2, 2), 200, np.uint8), color_table())) == color_table()[200]).all()


def test_rgb_png_is_exact_and_a_jpeg_is_near():
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    photo = np.stack(np.broadcast_arrays(ramp[:, None], ramp, np.uint8(90)), axis=-1)
    assert (opened(rgb_png(photo)) == photo).all()
    assert np.abs(opened(jpeg(photo)).astype(int) - photo).mean() < 3
    assert len(jpeg(photo, 30)) < len(jpeg(photo, 95))


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4)), np.zeros((0, 4), np.uint8), np.zeros((4, 4, 3), np.uint8)], ids=str
)
def test_what_is_not_indices(array):
    with pytest.raises(PictureError, match=r"must be uint8 of shape \(rows, columns\), not empty; got"):
        palette_png(array, color_table())


@pytest.mark.parametrize("write", [rgb_png, jpeg])
def test_what_is_not_a_picture(write):
    with pytest.raises(PictureError, match=r"got float64 \(4, 4, 3\)"):
        write(np.zeros((4, 4, 3)))


def test_overlay_by_hand():
    picture = np.full((1, 4, 3), 100, np.uint8)
    heat = np.array([[0.0, 1.0, 1.0, np.nan]])
    laid = overlay(picture, heat, color_table("gray"), 0.25)
    assert laid[0, :, 0].tolist() == [75, 139, 139, 100]  # 100 - 25; 100 + 155/4 = 138.75
    assert (overlay(picture, heat, color_table("gray"), 0) == picture).all()
    assert overlay(picture, heat, color_table("gray"), 1)[0, :3, 0].tolist() == [0, 255, 255]
    assert (picture == 100).all()


def test_overlay_equals_a_slow_twin():
    generator = np.random.default_rng(1)
    picture = generator.integers(0, 256, (7, 5, 3), np.uint8)
    heat, table = generator.random((7, 5)), color_table("viridis")
    laid = overlay(picture, heat, table, 0.6)
    for row, column, channel in np.ndindex(7, 5, 3):
        color = float(table[3 + round(heat[row, column] * 252), channel])
        exact = 0.4 * float(picture[row, column, channel]) + 0.6 * color
        assert abs(laid[row, column, channel] - exact) <= 0.5 + 1e-4


def test_overlay_says_what_to_do():
    picture = np.zeros((8, 6, 3), np.uint8)
    with pytest.raises(
        PictureError, match=r"map is 4 x 3 and the picture 8 x 6.*resize_bilinear\(heat, 8, 6\)"
    ):
        overlay(picture, np.zeros((4, 3)), color_table())
    with pytest.raises(PictureError, match="opacity"):
        overlay(picture, np.zeros((8, 6)), color_table(), 1.5)


def test_a_box_by_hand():
    boxed = draw_box(np.zeros((5, 6, 3), np.uint8), (1, 1, 5, 5), (9, 9, 9))[:, :, 0]
    assert boxed.tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 9, 9, 9, 9, 0],
        [0, 9, 0, 0, 9, 0],
        [0, 9, 0, 0, 9, 0],
        [0, 9, 9, 9, 9, 0],
    ]


def test_a_box_is_cut_at_the_edge_and_a_thick_one_grows_inwards():
    blank = np.zeros((6, 6, 3), np.uint8)
    cut = draw_box(blank, (-3, -3, 3, 3), (9, 9, 9))[:, :, 0]
    assert cut[2, :3].all() and cut[:3, 2].all() and cut.astype(bool).sum() == 5
    assert draw_box(blank, (0, 0, 6, 6), (9, 9, 9), 2)[:, :, 0].astype(bool).sum() == 36 - 4
    assert not draw_box(blank, (8, 8, 12, 12)).any() and not draw_box(blank, (3, 3, 3, 3)).any()
    assert draw_box(blank, (2, 2, 3, 3), (9, 9, 9))[2, 2, 0] == 9  # one pixel is its own outline
    assert not blank.any()


def test_the_room_opens_without_torch_and_pyplot():
    code = (
        "import sys, cnnviz_widgets.paint as paint; paint.color_table(); "
        "print({'torch', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"


def test_the_gap_is_no_number():
    assert GAP not in quantize(np.linspace(-5, 5, 1001), -1, 1)
