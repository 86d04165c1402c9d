"""Matrices as pixels: the colour is the number's, the letters can be read, and the pointer finds the cell."""

import numpy as np
import pytest

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.number_grids import (
    ORANGE,
    Edge,
    Label,
    NumberGrid,
    cell_at,
    font,
    paint_grids,
    short,
    text_color,
)
from cnnviz_widgets.paint.rgba import DIVERGING, color_table, quantize


def grid(values: list, **options) -> NumberGrid:
    return NumberGrid("x", np.array(values, float), **{"left": 10, "top": 20, "cell": 30, **options})


def corner(picture: np.ndarray, row: int, column: int) -> tuple[int, ...]:
    """The colour of a cell near its corner, where there are no letters and no frame."""
    return tuple(int(each) for each in picture[20 + row * 30 + 4, 10 + column * 30 + 4])


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    def luminance(color):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_colours_are_the_numbers():
    picture = paint_grids([grid([[-2, 0], [1, 2]], limit=2.0)], (100, 100))
    assert picture.shape == (100, 100, 3) and picture.dtype == np.uint8
    assert corner(picture, 0, 0) == (59, 76, 192) and corner(picture, 1, 1) == (180, 4, 38)  # coolwarm's ends
    assert corner(picture, 0, 1) == (221, 220, 220)  # zero is grey
    assert corner(picture, 1, 0) == tuple(color_table(DIVERGING)[quantize(0.5, -1, 1)])
    assert tuple(picture[5, 5]) == tuple(picture[85, 50]) == (255, 255, 255)


def test_what_is_not_pointed_at_is_paler_and_what_is_has_a_frame():
    values = [[2, 2, 2]]
    plain = paint_grids([grid(values, limit=2.0)], (110, 60))
    faded = paint_grids([grid(values, limit=2.0, chosen={(0, 0)}, linked={(0, 1)}, faded=True)], (110, 60))
    assert corner(faded, 0, 0) == corner(faded, 0, 1) == corner(plain, 0, 0) == (180, 4, 38)
    assert corner(faded, 0, 2) == (225, 155, 168)  # 60 % of the way to white
    assert tuple(faded[20, 15]) == ORANGE
    assert tuple(faded[20, 45]) == (17, 17, 17)
    assert tuple(plain[20, 15]) == (180, 4, 38)


def test_cells_without_a_number_and_padding_have_no_colour():
    picture = paint_grids([grid([[np.nan, 5, 0]], limit=5.0, quiet={(0, 2)})], (110, 60))
    assert corner(picture, 0, 0) == corner(picture, 0, 2) == (247, 247, 247)
    inside = picture[22:46, 12:36]
    assert np.ptp(inside) == 0  # nothing is written
    assert np.ptp(picture[22:46, 72:96]) > 100  # a grey 0


def test_letters_have_contrast_on_every_colour():
    for color in color_table(DIVERGING)[3:]:
        back = tuple(int(each) for each in color)
        assert contrast(text_color(back), back) >= 4.5
    assert text_color((59, 76, 192)) == (255, 255, 255) and text_color((221, 221, 221)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (-1, "−1"), (0, "0"), (-0.0, "0"), (0.5, "0.5"), (2.345, "2.35"), (-12.0, "−12"), (100, "100"),
     (0.001, "~0"), (-0.004, "~0"), (1e-17, "0"), (12345, "1.23e+04"), (float("nan"), "")],
)  # fmt: skip
def test_numbers_are_written_short(value, text):
    assert short(value) == text


def test_a_number_fits_its_cell_or_loses_decimals_and_never_leaves_it():
    for value in (-88.88, 7.25, -123.456):
        for cell in (14, 20, 36):
            picture = paint_grids([grid([[value, np.nan]], cell=cell, limit=abs(value))], (120, 80))
            outside = picture.copy()
            outside[20 : 20 + cell, 10 : 10 + 2 * cell] = 255
            assert (outside == 255).all()
            written = np.ptp(picture[24 : 16 + cell, 12 : 8 + cell].reshape(-1, 3), axis=0).max() > 0
            assert written == (font(8).getlength(short(value, 0)) <= cell - 4)


def test_small_print_stands_at_the_foot():
    with_note = paint_grids([grid([[3]], cell=38, notes={(0, 0): "·−2"})], (80, 80))
    without = paint_grids([grid([[3]], cell=38)], (80, 80))
    foot = slice(20 + 28, 20 + 36)
    assert not np.array_equal(with_note[foot], without[foot])
    assert np.ptp(without[foot, 12:46].reshape(-1, 3), axis=0).max() == 0


def test_the_pointer_finds_the_cell():
    there = [grid([[1, 2, 3], [4, 5, 6]]), NumberGrid("y", np.zeros((1, 1)), 200, 20, 30)]
    assert cell_at(there, 10, 20) == ("x", 0, 0) and cell_at(there, 99.5, 79.9) == ("x", 1, 2)
    assert (
        cell_at(there, 9.9, 20) is None and cell_at(there, 100, 30) is None and cell_at(there, 50, 80) is None
    )
    assert cell_at(there, 215, 35) == ("y", 0, 0)
    assert there[0].middle(1, 2) == (85, 65)
    assert (there[0].width, there[0].height) == (90, 60)


def test_titles_labels_and_lines_are_drawn_and_cut_at_the_edge():
    base = paint_grids([grid([[1]])], (120, 80))
    assert (base[:19] == 255).all()
    titled = paint_grids([grid([[1]], title="∂E/∂Y")], (120, 80))
    assert titled[2:18].min() < 80 and np.array_equal(titled[20:], base[20:])
    labels = [
        Label(60, 70, "a word that is longer than the room", color=(200, 0, 0)),
        Label(-20, -5, "beyond"),
    ]
    assert paint_grids([], (120, 80), labels).shape == (80, 120, 3)
    lined = paint_grids([grid([[1]])], (120, 80), edges=[Edge((50, 35), (110, 35), (0, 114, 178), 2)])
    assert tuple(lined[35, 80]) == (0, 114, 178) and np.array_equal(lined[20:50, 10:40], base[20:50, 10:40])
    heads = (lined[:, 100:112] != 255).any(axis=2).sum(axis=0)
    assert heads[2] > heads[9] > 0  # the arrow's head is wider than its tip


def test_painting_again_is_quick_and_the_same():
    values = np.arange(81.0).reshape(9, 9)
    first = paint_grids([grid(values.tolist(), limit=80.0)], (300, 300))
    again = paint_grids([grid(values.tolist(), limit=80.0)], (300, 300))
    assert np.array_equal(first, again)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"limit": 0.0}, "limit of grid 'x' must be a positive number; got 0.0"),
        ({"limit": float("nan")}, "positive number; got nan"),
        ({"left": 80}, r"'x' of 60 x 30 px at \(80, 20\) does not fit on a picture of 100 x 100 px"),
        ({"top": -1}, "does not fit"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong, words):
    with pytest.raises(PictureError, match=words):
        paint_grids([grid([[1, 2]], **wrong)], (100, 100))
