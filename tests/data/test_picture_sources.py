"""open_picture: paths, bytes, uploads, arrays; and the result is a picture of its own."""

import contextlib
import gc
import io
import subprocess
import sys
import warnings
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
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
    pixels,
    saved,
)


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
    assert open_picture("cat").size == (300, 300)
    (tmp_path / "cat").mkdir()  # a class folder is no picture, so the name still means the sample
    assert open_picture("cat").size == (300, 300)
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
