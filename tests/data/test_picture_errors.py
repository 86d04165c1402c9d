"""open_picture: what is no picture, or no whole one, is refused in words, cheaply, and never in part."""

import contextlib
import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from cnnviz_widgets.data import MAX_PIXELS, open_picture
from cnnviz_widgets.errors import PictureError


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (13, 11, 3), np.uint8))
KINDS = {
    "PNG": saved(NOISE, "PNG"),
    "JPEG": saved(NOISE, "JPEG"),
    "progressive": saved(NOISE, "JPEG", progressive=True),
    "GIF": saved(NOISE, "GIF"),
    "WEBP": saved(NOISE, "WEBP", lossless=True),
    "BMP": saved(NOISE, "BMP"),
    "TIFF": saved(NOISE, "TIFF"),
    "TIFF LZW": saved(NOISE, "TIFF", compression="tiff_lzw"),
    "PPM": saved(NOISE, "PPM"),
}


def refusal(source: object, **options: object) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(source, **options)
    return str(caught.value)


# Files


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (b"Dear diary, no picture today.\n", "is text, not a picture"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page, not a picture"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC photo, which is not supported: export it as JPEG"),
        (b"%PDF-1.7\n", "is a PDF: export the page as PNG"),
        (bytes(range(256)), "is not a picture of a known format"),
        (KINDS["PNG"][:-40], "is damaged or cut short"),
        (KINDS["JPEG"][:-40], "is damaged or cut short"),
    ],
    ids=["empty", "text", "html", "svg", "lfs", "heic", "pdf", "binary", "cut PNG", "cut JPEG"],
)
def test_a_file_that_is_no_whole_picture(tmp_path, content, words):
    path = tmp_path / "holiday.png"
    path.write_bytes(content)
    text = refusal(path)
    assert repr(str(path)) in text
    assert words in text
    if b"PNG" not in content and b"JFIF" not in content and content:
        assert "Pictures are PNG, JPEG, GIF, WebP, BMP, TIFF, PPM and AVIF." in text


@pytest.mark.parametrize("kind", KINDS)
def test_no_part_of_a_picture_ever_comes_back(kind):
    whole = np.asarray(open_picture(KINDS[kind]))
    refused = 0
    warnings.simplefilter("ignore")  # Pillow remarks on cut metadata; pytest restores the filters
    for length in range(len(KINDS[kind])):
        try:
            picture = open_picture(KINDS[kind][:length])
        except PictureError:
            refused += 1
        else:  # only what follows the pixels is missing
            assert np.array_equal(np.asarray(picture), whole), f"the first {length} bytes"
    assert refused > len(KINDS[kind]) / 2


def test_truncated_stays_refused_where_the_user_let_pillow_truncate(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    cut = KINDS["JPEG"][:-40]
    assert Image.open(io.BytesIO(cut)).convert("RGB").size == (11, 13)  # so Pillow would show a half
    assert "cut short" in refusal(cut)
    assert "Its file is damaged" in refusal(Image.open(io.BytesIO(cut)))
    threads = [
        threading.Thread(target=lambda: [open_picture(KINDS["JPEG"]) for _ in range(20)]) for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_mutated_files_are_refused_or_keep_their_size(kind, data):
    content = bytearray(KINDS[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(len(content) // 2, len(content)))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks about damaged metadata
        try:
            picture = open_picture(bytes(content))
        except PictureError:
            return
        with Image.open(io.BytesIO(content)) as header:
            assert sorted(picture.size) == sorted(header.size)  # damaged EXIF may turn it
    assert picture.mode == "RGB"


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"P6 ", b"II*\0"]),
)
def test_any_bytes_are_refused_or_a_picture(content, start):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(PictureError):
            assert open_picture(start + content).mode == "RGB"


# Bombs: a few bytes that claim 30,000 x 30,000 pixels

SIDE = 30_000


def bomb(kind: str) -> bytes:
    content = bytearray(saved(Image.new("L", (8, 8)), kind, **({"lossless": True} if kind == "WEBP" else {})))
    if kind == "PNG":
        content[16:24] = struct.pack(">II", SIDE, SIDE)
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    elif kind == "WEBP":  # its sides have 14 bits
        content[21:25] = struct.pack("<I", 16382 | 16382 << 14)
    elif kind == "GIF":
        content[6:10] = struct.pack("<HH", SIDE, SIDE)
    elif kind == "BMP":
        content[18:26] = struct.pack("<II", SIDE, SIDE)
    elif kind == "JPEG":
        start = content.index(b"\xff\xc0") + 5
        content[start : start + 4] = struct.pack(">HH", SIDE, SIDE)
    elif kind == "TIFF":
        for tag in (256, 257):
            content = content.replace(
                struct.pack("<HHII", tag, 4, 1, 8), struct.pack("<HHII", tag, 4, 1, SIDE)
            )
            content = content.replace(
                struct.pack("<HHIHH", tag, 3, 1, 8, 0), struct.pack("<HHIHH", tag, 3, 1, SIDE, 0)
            )
    return bytes(content)


MEASURE = """
import resource, sys, time, warnings
warnings.simplefilter("error")
from cnnviz_widgets.data import open_picture
from cnnviz_widgets.errors import PictureError
open_picture("cat")
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
try:
    open_picture(sys.argv[1])
except PictureError as error:
    took = time.perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(grown // 1024 if sys.platform != "darwin" else grown // 1024**2, took, error)
"""


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "JPEG", "TIFF", "WEBP"])
def test_a_bomb_is_refused_by_its_header(tmp_path, kind):
    pytest.importorskip("resource", reason="memory is measured with Unix's resource")
    path = tmp_path / f"bomb.{kind.lower()}"
    path.write_bytes(bomb(kind))
    assert path.stat().st_size < 4096
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    megabytes, seconds, text = done.stdout.split(" ", 2)
    assert int(megabytes) < 20
    assert float(seconds) < 0.1
    size = "its header claims over 89" if kind == "WEBP" else "30000 x 30000 = 900"
    # Pillow before its version 13 lets us see a WebP's size
    assert (
        f"is too large: {size} million pixels; up to 50 million are opened" in text or "16383 x 16383" in text
    )
    assert "Make it smaller first" in text


def test_pictures_that_pillow_only_warns_about_are_refused_without_a_warning():
    content = bytearray(bomb("BMP"))
    content[18:26] = struct.pack("<II", 10_000, 10_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "10000 x 10000 = 100 million" in refusal(bytes(content))


def test_the_limit_is_the_same_for_every_source(monkeypatch):
    monkeypatch.setattr("cnnviz_widgets.data.decode.MAX_PIXELS", 100)
    assert open_picture(Image.new("L", (10, 10))).size == (10, 10)
    for source in (
        Image.new("L", (101, 1)),
        np.zeros((101, 1), np.uint8),
        saved(Image.new("L", (101, 1)), "PNG"),
    ):
        assert "is too large" in refusal(source)
    assert 8160 * 6120 < MAX_PIXELS < 60e6


# Paths


def test_missing_files_name_what_is_near(tmp_path, monkeypatch):
    (tmp_path / "tiger.png").write_bytes(KINDS["PNG"])
    (tmp_path / "notes.txt").write_text("")
    text = refusal(tmp_path / "tigre.png")
    assert "there is no file" in text
    assert text.endswith("tigre.png'. Did you mean 'tiger.png'?")
    assert "does not exist either" in refusal(tmp_path / "nowhere" / "tiger.png")
    (tmp_path / "empty").mkdir()
    assert "has no pictures." in refusal(tmp_path / "empty" / "tiger.png")
    monkeypatch.chdir(tmp_path)
    assert refusal("astronaught") == "there is no file 'astronaught'. Did you mean 'astronaut'?"


def test_folders_pipes_and_impossible_paths(tmp_path):
    assert "is a folder: open one of its pictures, or all with picture_folder." in refusal(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert "is not a regular file" in refusal(tmp_path / "pipe.png")
    assert "cannot be read" in refusal("a\0b.png")
    text = refusal("x" * 100_000)
    assert "cannot be read" in text
    assert len(text) < 500
    assert "there is no file ''" in refusal("") or "is a folder" in refusal("")


def test_permission_denied(tmp_path, monkeypatch):
    path = tmp_path / "locked.png"
    path.write_bytes(KINDS["PNG"])

    def deny(*_: object) -> None:  # root may read everything, so chmod would test nothing here
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert "locked.png' may not be read: permission denied. Change its permissions" in refusal(path)


@pytest.mark.parametrize(
    "address",
    ["https://example.org/cat.png", "HTTP://example.org/cat.png", "ftp://a/b.png", "file:///a.png",
     "data:image/png;base64,iVBOR", "s3://bucket/cat.png", Path("https://example.org/cat.png")],
)  # fmt: skip
def test_web_addresses_are_refused(address):
    text = refusal(address)
    assert "is a web address" in text
    assert "download it first, then pass the path" in text


# Other sources


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[np.nan, 1.0, np.inf]]), "has 2 values that are NaN or infinite"),
        (
            np.array([[0.0, 255.0]]),
            "has floats from 0 to 255; floats are 0..1 here. Divide values 0..255 by 255",
        ),
        (np.array([[-0.5, 0.5]]), "has floats from -0.5 to 0.5"),
        (np.zeros((2, 2), np.int64), "pass array.astype('uint8')"),
        (np.zeros((2, 2), complex), "arrays are uint8 (0..255)"),
        (np.array([["a"]]), "arrays are uint8 (0..255)"),
        (np.array([[None]]), "arrays are uint8 (0..255)"),
        (np.zeros((0, 5, 3), np.uint8), "has no pixels: it is 5 wide and 0 high"),
        (np.zeros((5, 0)), "has no pixels"),
        (np.uint8(3) * np.ones((), np.uint8), "a picture cannot be opened from a uint8"),
        (np.array(3, np.uint8), "arrays are HxW"),
        (np.zeros(7, np.uint8), "of shape (7,) and type uint8 is not a picture: arrays are HxW"),
        (np.zeros((3, 8, 8), np.uint8), "pass array.transpose(1, 2, 0)"),
        (np.zeros((1, 8, 8, 3), np.uint8), "pass one picture of it, array[0]"),
        (np.zeros((8, 8, 2), np.uint8), "HxWx3 or HxWx4"),
    ],
    ids=lambda each: str(getattr(each, "shape", "")) if isinstance(each, np.ndarray) else "",
)
def test_arrays_that_are_no_picture(array, words):
    assert words in refusal(array)


def test_pillow_images_that_cannot_be_shown(tmp_path):
    assert "has no pixels" in refusal(Image.new("RGB", (0, 4)))
    assert "stored in LAB colours" in refusal(Image.new("LAB", (1, 1)))
    assert "whole numbers from -1 to -1" in refusal(Image.new("I", (1, 1), -1))
    assert "floats from 200 to 200" in refusal(Image.new("F", (1, 1), 200.0))
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["PNG"])
    with Image.open(path) as image:
        pass
    assert "was closed: pass the path to open_picture" in refusal(image)
    assert "Its file is damaged or was closed" in refusal(Image.open(io.BytesIO(KINDS["PNG"][:-40])))


def test_uploads_that_hold_no_picture():
    assert "no picture was uploaded yet: choose a file" in refusal(())
    entry = {"name": "<b>notes</b>.txt", "type": "text/plain", "size": 2, "content": memoryview(b"hi")}
    assert "the upload '<b>notes</b>.txt' is text, not a picture" in refusal((entry,))
    assert "2 files were uploaded" in refusal((entry, entry))
    assert "keys a is no upload" in refusal({"a": 1})
    assert "cannot be opened from a list of str" in refusal(["a.png", "b.png"])


def test_files_that_give_no_bytes(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["PNG"])
    with path.open("rb") as stream:
        open_picture(stream)
        assert "call seek(0) first" in refusal(stream)
    assert "of closed file. Open it with open(path, 'rb')." in refusal(stream)
    assert "gives str, not bytes. Open it with open(path, 'rb')." in refusal(io.StringIO("text"))


def test_things_that_are_no_source_at_all():
    assert refusal(None).startswith("a picture cannot be opened from a NoneType. Pass a path, a sample name")
    assert "cannot be opened from a int" in refusal(7)
    torch = pytest.importorskip("torch")
    assert "permute(1, 2, 0)" in refusal(torch.zeros(3, 4, 4))


@pytest.mark.parametrize("background", [(0, 0), (0, 0, 256), (0.5, 0, 0), "white", None, 7])
def test_a_background_that_is_no_colour(background):
    assert "three whole numbers 0..255" in refusal("cat", background=background)
