"""Sheets: every picture whole in its place, the way back from a pixel, headings that are really there."""

import numpy as np
import pytest

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.sheets import sheet, stacked


def flat(value: int, size: tuple[int, int] = (20, 30)) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


def test_pictures_lie_in_rows_and_columns_with_a_gap():
    found = sheet([[flat(10), flat(20)], [None, flat(40)]], gap=4)
    assert found.tops == (6, 30) and found.lefts == (6, 40) and found.size == (76, 56)
    assert found.cell_size == (20, 30)
    inner = found.array[6:50, 6:70]
    assert (inner[:20, :30] == 10).all() and (inner[:20, 34:] == 20).all() and (inner[24:, 34:] == 40).all()
    assert (inner[24:, :34] == 255).all() and (inner[20:24] == 255).all()  # an empty place, and the gap
    assert (found.array[:6] == 255).all() and (found.array[:, -6:] == 255).all()


def test_the_way_back_from_a_pixel():
    found = sheet([[flat(10), flat(20)], [flat(30), flat(40)]], ["one", "two"], ["a", "b"], gap=4)
    for i in (0, 1):
        for j in (0, 1):
            value = 10 * (1 + 2 * i + j)
            top, left = found.tops[i], found.lefts[j]
            assert (found.array[top : top + 20, left : left + 30] == value).all()
            assert found.locate(left, top) == (i, j, 0, 0)
            assert found.locate(left + 29.9, top + 19.9) == (i, j, 19, 29)
            assert found.locate(left + 30, top) is None
    assert found.locate(0, 0) is None


def test_headings_and_captions_are_written_beside_the_pictures():
    bare = sheet([[flat(10)]])
    full = sheet([[flat(10)]], ["heading\nand more"], ["row"], [["caption"]], text=13)
    assert full.tops[0] > bare.tops[0] + 26 and full.lefts[0] > bare.lefts[0] + 13
    assert full.size[1] > full.tops[0] + 20 + 13
    ink = (full.array < 200).any(axis=2)
    top, left = full.tops[0], full.lefts[0]
    ink[top : top + 20, left : left + 30] = False
    for where in (ink[:top, left:], ink[top : top + 20, :left], ink[top + 20 :, left:]):
        assert where.any()
    assert not (bare.array < 200).any(axis=2)[:6].any()


def test_what_cannot_be_arranged():
    with pytest.raises(PictureError, match="have one size"):
        sheet([[flat(1), flat(2, (3, 3))]])
    with pytest.raises(PictureError, match="these have none"):
        sheet([[None]])


def test_stacked_pictures_are_whole():
    found = stacked([flat(1), flat(2, (5, 40))], gap=3)
    assert found.shape == (28, 40, 3)
    assert (found[:20, :30] == 1).all() and (found[23:] == 2).all() and (found[20:23] == 255).all()
    assert (found[:20, 30:] == 255).all()
