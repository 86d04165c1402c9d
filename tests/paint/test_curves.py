"""A plot has its lines where the numbers say, in colours of their own."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.curves import curves

BLUE, ORANGE = (0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def middle(picture: np.ndarray, color: tuple[int, int, int]) -> float:
    """Give the mean row of the pixels of a colour in the right half, clear of the legend."""
    half = picture[:, picture.shape[1] // 2 :]
    return float(np.nonzero((np.abs(half - color) < 12).all(axis=2))[0].mean())


def test_lines_lie_where_the_numbers_say():
    lines = {"high": [(0, 1.0), (8, 1.0)], "low": [(0, 0.5), (8, 0.5)]}
    seen = pixels(curves(lines, x_range=(0, 8), y_range=(0, 1), size=(300, 220)))
    assert seen.shape == (440, 600, 3) and (seen[0, 0] == 255).all()
    # The axes begin 36 px from below, and are 96 % of the height less that, each pixel twice.
    bottom, height = 440 - 72, 0.96 * 440 - 72
    assert middle(seen, BLUE) == pytest.approx(bottom - height, abs=4)
    assert middle(seen, ORANGE) == pytest.approx(bottom - height / 2, abs=4)


def test_a_gap_where_there_is_no_number_and_a_mark_where_the_student_is():
    whole = pixels(curves({"a": [(0, 0.5), (4, 0.5), (8, 0.5)]}, x_range=(0, 8), y_range=(0, 1)))
    gap = pixels(curves({"a": [(0, 0.5), (4, float("nan")), (8, 0.5)]}, x_range=(0, 8), y_range=(0, 1)))
    blue = [((np.abs(each - BLUE) < 12).all(axis=2)).sum() for each in (whole, gap)]
    assert blue[1] < blue[0] / 2
    marked = pixels(curves({"a": [(0, 0.5), (8, 0.5)]}, x_range=(0, 8), y_range=(0, 1), mark=6))
    plain = pixels(curves({"a": [(0, 0.5), (8, 0.5)]}, x_range=(0, 8), y_range=(0, 1)))
    columns = np.nonzero((marked != plain).any(axis=(0, 2)))[0]
    left = 88
    assert columns.min() == pytest.approx(left + 0.75 * (0.97 * 600 - left), abs=4)
    assert columns.max() - columns.min() < 8


def test_more_lines_than_colours_are_refused():
    with pytest.raises(PictureError, match="7 lines cannot be told apart; at most 6 can"):
        curves({str(i): [(0, i)] for i in range(7)})
