"""open_picture: every kind of file comes out with the pixels it should have."""

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from cnnviz_widgets.data import open_picture
from tests.data.made_pictures import (
    BLACK,
    BLUE,
    FOUR,
    GREEN,
    GREY16,
    GREY16_IN_8_BITS,
    RED,
    WHITE,
    palette,
    pixels,
    png,
    row,
    saved,
)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("PPM", {}),
        ("GIF", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_formats_keep_every_pixel(kind, options):
    picture = open_picture(saved(FOUR, kind, **options))
    assert picture.mode == "RGB"
    assert pixels(picture) == [RED, GREEN, BLUE, (10, 20, 30)]


def test_jpeg_of_one_colour_is_that_colour():
    picture = open_picture(saved(Image.new("RGB", (16, 8), (200, 100, 50)), "JPEG", quality=100))
    assert picture.size == (16, 8)
    assert np.abs(np.asarray(picture, int) - (200, 100, 50)).max() <= 2


def test_avif_where_pillow_has_it():
    from PIL import features

    if not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    picture = open_picture(saved(Image.new("RGB", (16, 16), (200, 100, 50)), "AVIF", quality=100))
    assert np.abs(np.asarray(picture, int) - (200, 100, 50)).max() <= 3


def test_mpo_gives_its_first_picture():
    other = Image.new("RGB", (8, 8), BLACK)
    file = saved(Image.new("RGB", (8, 8), WHITE), "MPO", save_all=True, append_images=[other])
    assert Image.open(io.BytesIO(file)).format == "MPO"
    assert pixels(open_picture(file)) == [WHITE] * 64


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (row("L", 0, 77, 255), [BLACK, (77, 77, 77), WHITE]),
        (row("1", 0, 255), [BLACK, WHITE]),
        (row("LA", (100, 255), (100, 0)), [(100, 100, 100), WHITE]),
        (row("RGBA", (*RED, 255), (*RED, 128), (*RED, 0)), [RED, (255, 127, 127), WHITE]),
    ],
    ids=["grey", "one bit", "grey and alpha", "RGBA"],
)
def test_png_modes(image, expected):
    assert pixels(open_picture(saved(image, "PNG"))) == expected


def test_transparency_shows_the_background_asked_for():
    file = saved(row("RGBA", (*RED, 255), (*RED, 0)), "PNG")
    assert pixels(open_picture(file, background=(1, 2, 3))) == [RED, (1, 2, 3)]
    assert pixels(open_picture(file, background=BLACK)) == [RED, BLACK]


def test_palette():
    assert pixels(open_picture(saved(palette(2, 0, 1), "PNG"))) == [BLUE, RED, GREEN]
    assert pixels(open_picture(saved(palette(2, 0, 1), "GIF"))) == [BLUE, RED, GREEN]


def test_palette_with_one_transparent_colour():
    assert pixels(open_picture(saved(palette(2, 0, 1), "PNG", transparency=0))) == [BLUE, WHITE, GREEN]
    assert pixels(open_picture(saved(palette(2, 0, 1), "GIF", transparency=0))) == [BLUE, WHITE, GREEN]


def test_palette_with_an_alpha_for_each_colour():
    file = saved(palette(0, 1, 2), "PNG", transparency=bytes([0, 128, 255]))
    assert pixels(open_picture(file)) == [WHITE, (127, 255, 127), BLUE]


def test_grey_and_rgb_with_a_colour_key():
    assert pixels(open_picture(saved(row("L", 7, 8), "PNG", transparency=7))) == [WHITE, (8, 8, 8)]
    assert pixels(open_picture(saved(row("RGB", RED, BLUE), "PNG", transparency=RED))) == [WHITE, BLUE]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bit_grey_is_scaled_and_not_clipped(kind):
    assert pixels(open_picture(saved(Image.fromarray(GREY16), kind))) == GREY16_IN_8_BITS


def test_16_bit_grey_with_a_colour_key():
    file = png(3, 1, 16, 0, b"\0" + struct.pack(">3H", 25700, 25701, 0), (b"tRNS", struct.pack(">H", 25700)))
    assert pixels(open_picture(file)) == [WHITE, (100, 100, 100), BLACK]


def test_16_bit_colour_with_and_without_alpha():
    rgb = png(2, 1, 16, 2, b"\0" + struct.pack(">6H", 25700, 0, 65535, 257, 514, 771))
    assert pixels(open_picture(rgb)) == [(100, 0, 255), (1, 2, 3)]
    rgba = png(2, 1, 16, 6, b"\0" + struct.pack(">8H", 25700, 0, 65535, 65535, 257, 514, 771, 0))
    assert pixels(open_picture(rgba)) == [(100, 0, 255), WHITE]
    grey = png(2, 1, 16, 4, b"\0" + struct.pack(">4H", 25700, 65535, 25700, 0))
    assert pixels(open_picture(grey)) == [(100, 100, 100), WHITE]


def test_whole_number_and_float_pictures():
    whole = Image.fromarray(np.array([[0, 25700, 65535]], np.int32))
    assert whole.mode == "I"
    assert pixels(open_picture(whole)) == [BLACK, (100, 100, 100), WHITE]
    assert pixels(open_picture(saved(whole, "TIFF"))) == [BLACK, (100, 100, 100), WHITE]
    fractions = Image.fromarray(np.array([[0, 0.2, 1]], np.float32))
    assert pixels(open_picture(saved(fractions, "TIFF"))) == [BLACK, (51, 51, 51), WHITE]


def test_cmyk():
    # Cyan, magenta, yellow, black as ink: 255 is all ink, so all magenta and yellow is red.
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert pixels(open_picture(ink)) == [RED] * 64
    assert pixels(open_picture(saved(ink, "TIFF"))) == [RED] * 64
    jpeg = saved(ink, "JPEG", quality=100)
    assert b"Adobe" in jpeg  # the kind that stores its inks upside down
    assert pixels(open_picture(jpeg)) == [RED] * 64
    assert pixels(open_picture(saved(Image.new("CMYK", (8, 8)), "JPEG"))) == [WHITE] * 64


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("YCbCr", (1, 1), (255, 128, 128)), WHITE),
        (Image.new("HSV", (1, 1), (0, 255, 255)), RED),
        (Image.new("RGBa", (1, 1), (0, 0, 0, 0)), WHITE),
        (row("PA", (0, 0)), WHITE),
    ],
    ids=lambda each: getattr(each, "mode", ""),
)
def test_rarer_modes_of_pillow(image, expected):
    assert pixels(open_picture(image)) == [expected]


# What a camera held in each of the eight ways stores of the upright picture  1 2 3
#                                                                             4 5 6
STORED = {
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[3, 6], [2, 5], [1, 4]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[4, 1], [5, 2], [6, 3]],
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation(kind, orientation):
    stored = Image.fromarray(np.array(STORED[orientation], np.uint8) * 40).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = saved(stored, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    upright = [(v, v, v) for v in (40, 80, 120, 160, 200, 240)]
    assert pixels(open_picture(file)) == upright
    assert pixels(open_picture(Image.open(io.BytesIO(file)))) == upright
    assert open_picture(open_picture(file)).size == (3, 2)  # nothing is left that turns it again


def test_exif_orientation_of_a_jpeg_and_of_a_palette():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_picture(saved(Image.new("RGB", (32, 16)), "JPEG", exif=exif)).size == (16, 32)
    assert pixels(open_picture(saved(palette(2, 0, 1), "PNG", transparency=0, exif=exif))) == [
        BLUE,
        WHITE,
        GREEN,
    ]


@pytest.mark.parametrize("exif", [b"Exif\0\0junk", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"])
def test_broken_exif_does_not_cost_the_picture(exif):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow grumbles
        assert open_picture(saved(Image.new("RGB", (8, 8), WHITE), "JPEG", exif=exif)).size == (8, 8)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animations_give_their_first_frame(kind):
    frames = [Image.new("RGB", (3, 2), each) for each in (RED, GREEN, BLUE)]
    options = {"lossless": True} if kind == "WEBP" else {}
    file = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert Image.open(io.BytesIO(file)).n_frames == 3
    assert pixels(open_picture(file)) == [RED] * 6
