"""open_picture: every kind of file and source comes out with the pixels it should have."""

import contextlib
import gc
import io
import struct
import subprocess
import sys
import warnings
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from cnnviz_widgets.data import open_picture

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(image: Image.Image) -> list[tuple[int, ...]]:
    """Row by row."""
    return [tuple(map(int, each)) for each in np.asarray(image).reshape(-1, 3)]


def row(mode: str, *values: object) -> Image.Image:
    image = Image.new(mode, (len(values), 1))
    for x, value in enumerate(values):
        image.putpixel((x, 0), value)
    return image


def png(
    width: int, height: int, depth: int, colour: int, rows: bytes, *between: tuple[bytes, bytes]
) -> bytes:
    """A PNG by hand: kinds that Pillow can read but not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    extra = b"".join(chunk(*each) for each in between)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


FOUR = Image.frombytes("RGB", (2, 2), bytes([*RED, *GREEN, *BLUE, 10, 20, 30]))


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


def palette(*indices: int) -> Image.Image:
    image = row("P", *indices)
    image.putpalette([*RED, *GREEN, *BLUE])
    return image


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


# 65535 = 255 * 257, so 257 k is k exactly; 128 is the last that rounds to 0, 129 the first that rounds to 1.
GREY16 = np.array([[0, 128, 129, 257, 25700, 65535]], np.uint16)
GREY16_IN_8_BITS = [(v, v, v) for v in (0, 0, 1, 1, 100, 255)]


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


def test_every_kind_of_source(tmp_path, monkeypatch):
    file = saved(FOUR, "PNG")
    path = tmp_path / "four"  # the content counts, not the name
    path.write_bytes(file)
    upload = {"name": "four.png", "type": "image/png", "size": len(file), "content": memoryview(file)}
    sources = [
        path,
        str(path),
        file,
        bytearray(file),
        memoryview(file),
        io.BytesIO(file),
        FOUR,
        np.asarray(FOUR),
    ]
    sources += [(upload,), [upload], upload]
    for source in sources:
        assert pixels(open_picture(source)) == [RED, GREEN, BLUE, (10, 20, 30)], type(source)
    with path.open("rb") as stream:
        assert open_picture(stream).size == (2, 2)
        assert not stream.closed
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_picture("~/four").size == (2, 2)


def test_an_ipywidgets_upload():
    widgets = pytest.importorskip("ipywidgets")
    file = saved(FOUR, "PNG")
    upload = widgets.FileUpload()
    entry = {"name": "a.png", "type": "image/png", "size": len(file), "content": memoryview(file)}
    entry["last_modified"] = datetime.now(UTC)
    upload.set_trait("value", (entry,))
    assert open_picture(upload.value).size == (2, 2)


def test_a_sample_by_its_name_unless_a_file_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_picture("cat").size == (451, 300)
    (tmp_path / "cat").mkdir()  # a class folder is no picture, so the name still means the sample
    assert open_picture("cat").size == (451, 300)
    (tmp_path / "coffee").write_bytes(saved(FOUR, "PNG"))
    assert open_picture("coffee").size == (2, 2)


def test_the_result_is_a_picture_of_its_own():
    given_one = Image.new("RGB", (2, 1), RED)
    opened = open_picture(given_one)
    opened.putpixel((0, 0), BLUE)
    assert given_one.getpixel((0, 0)) == RED
    array = np.zeros((1, 1, 3), np.uint8)
    opened = open_picture(array)
    array[:] = 9
    assert opened.getpixel((0, 0)) == BLACK
    assert open_picture(saved(FOUR, "PNG", dpi=(72, 72))).info == {}


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0, 77]], np.uint8), [BLACK, (77, 77, 77)]),
        (np.array([[[0], [77]]], np.uint8), [BLACK, (77, 77, 77)]),
        (np.array([[[*RED, 128]]], np.uint8), [(255, 127, 127)]),
        (np.array([[False, True]]), [BLACK, WHITE]),
        (GREY16, GREY16_IN_8_BITS),
        (GREY16.astype(">u2"), GREY16_IN_8_BITS),
        (np.array([[[0.2, 1.0, 0.0]]], np.float64), [(51, 255, 0)]),
        (np.array([[0.2, 1.001, -0.001]], np.float32), [(51, 51, 51), WHITE, BLACK]),
        (np.array([[0.5]], np.float16), [(128, 128, 128)]),
        (np.arange(12, dtype=np.uint8).reshape(1, 4, 3)[:, ::-2], [(9, 10, 11), (3, 4, 5)]),
    ],
    ids=["HxW", "HxWx1", "RGBA", "bool", "uint16", "big-endian", "float64", "rounding", "float16", "strided"],
)
def test_arrays(array, expected):
    assert pixels(open_picture(array)) == expected


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_any_rgb_array_comes_back_as_it_was(array):
    assert np.array_equal(np.asarray(open_picture(array)), array)
    assert np.array_equal(np.asarray(open_picture(array / 255.0)), array)
    assert np.array_equal(np.asarray(open_picture(array.astype(np.uint16) * 257)), array)
    assert np.array_equal(np.asarray(open_picture(saved(Image.fromarray(array), "PNG"))), array)


@settings(deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 5), st.just(4))),
    st.tuples(*[st.integers(0, 255)] * 3),
)
def test_compositing_is_the_weighted_mean(array, background):
    alpha = array[..., 3:].astype(float) / 255
    by_hand = array[..., :3] * alpha + np.array(background, float) * (1 - alpha)
    assert np.abs(np.asarray(open_picture(array, background=background), float) - by_hand).max() <= 1


def test_no_file_stays_open(tmp_path):
    path, cut = tmp_path / "a.gif", tmp_path / "cut.tif"
    frames = [Image.new("RGB", (3, 2), RED), Image.new("RGB", (3, 2), BLUE)]
    path.write_bytes(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    cut.write_bytes(saved(FOUR, "TIFF")[:-5])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        for each in (path, cut):
            with contextlib.suppress(ValueError):
                open_picture(each)
        open_picture("cat")
        gc.collect()
    assert [str(each.message) for each in seen if each.category is ResourceWarning] == []


def test_opening_loads_neither_torch_nor_the_sample_packages():
    code = (
        "import sys, cnnviz_widgets as c; c.open_picture('cat'); c.open_picture('temple');"
        "print([m for m in ('torch', 'skimage', 'sklearn', 'scipy', 'ipywidgets') if m in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
