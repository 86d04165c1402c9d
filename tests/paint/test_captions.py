"""Pictures side by side, each under its words."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint import beside, rgb_png


def plain(color, rows=10, columns=20):
    return rgb_png(np.full((rows, columns, 3), color, np.uint8))


def test_every_pixel_of_every_picture_is_there_below_its_caption():
    red, blue = (200, 0, 0), (0, 0, 200)
    sheet = np.asarray(Image.open(io.BytesIO(beside([plain(red), plain(blue, 30, 300)], ["one", "two"]))))
    assert sheet.shape[2] == 3
    places = [np.argwhere((sheet == color).all(2)) for color in (red, blue)]
    assert [len(place) for place in places] == [10 * 20, 30 * 300]
    (top, left), (other_top, other_left) = places[0][0], places[1][0]
    assert top == other_top
    assert other_left - left == 240 + 8  # a narrow picture leaves room for its words, and a margin
    ink = (sheet[:top] < 128).all(2)
    assert ink[:, :200].any()
    assert ink[:, other_left:].any()
    assert not ink[:, 200:other_left].any()


def test_a_long_caption_is_broken_and_stays_above_its_picture():
    short, long = (
        Image.open(io.BytesIO(beside([plain((9, 9, 9))], [words]))) for words in ("one", "one two " * 30)
    )
    assert long.width == short.width
    assert long.height > short.height + 60


def test_nothing_to_show_is_an_error():
    with pytest.raises(PictureError, match="no picture to take yet"):
        beside([], [])
