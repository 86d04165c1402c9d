"""From the bytes of a picture file to an RGB picture, or to an error that says what is wrong.

Pillow does the decoding. This file adds what Pillow leaves to its user: a limit on the size that is
checked before a pixel is decoded, no half-decoded pictures, 16-bit and transparent pictures that
keep their looks, and one kind of error.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TypeVar

import numpy as np
from PIL import Image, ImageFile

from cnnviz_widgets.data.arrays import fractions_in_8_bits, grey16_in_8_bits
from cnnviz_widgets.errors import PictureError

MAX_PIXELS = 8192 * 6144
"""Largest picture that is opened, in pixels: a 50-megapixel camera's, 200 MB when decoded."""

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF")
# fmt: off
ENDINGS = (
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".gif", ".webp", ".bmp",
    ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".avif",
)
# fmt: on
OPENED = "PNG, JPEG, GIF, WebP, BMP, TIFF, PPM and AVIF"

Colour = tuple[int, int, int]
T = TypeVar("T")

# What EXIF calls orientation n is undone by this turn (EXIF 2.32, tag 0x0112).
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_EIGHT_BIT = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"}


def decode(stream: IO[bytes], name: str, background: Colour) -> Image.Image:
    """Decode the picture in a binary, seekable stream; `name` is what error messages call it."""
    return decode_as(stream, name, lambda image: to_rgb(image, name, background))


def decode_as(stream: IO[bytes], name: str, read: Callable[[ImageFile.ImageFile], T]) -> T:
    """Give a picture of permitted size to `read`, which decodes it; whatever goes wrong is a PictureError."""
    head = stream.read(1024)
    if not head:
        raise PictureError(
            f"{name} is empty (0 bytes): the copy or download did not work, fetch it again; "
            f"if you pass an open file that was read before, call seek(0) first."
        )
    with whole_pictures_only():
        try:
            image = _identify(stream, head)
            if image is None:
                raise PictureError(f"{name} {_what_it_is(head)} Pictures are {OPENED}.")
            check_size(image.width, image.height, name)
            return read(image)
        except PictureError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            # Pillow's WebP and GIF readers look at the size before we can, and do not tell it.
            raise PictureError(_too_large(name, "its header claims over 89 million pixels")) from error
        except Exception as error:  # a damaged file makes Pillow raise anything, KeyError to zlib.error
            raise PictureError(
                f"{name} cannot be decoded: it is damaged or cut short ({_words(error)}). "
                f"Copy or download it again, or save it anew from a program that still shows it."
            ) from error


def check_size(width: int, height: int, name: str) -> None:
    """Refuse a picture with no pixels, or with more than `MAX_PIXELS`."""
    if width < 1 or height < 1:
        raise PictureError(f"{name} has no pixels: it is {width} wide and {height} high.")
    if width * height > MAX_PIXELS:
        raise PictureError(
            _too_large(name, f"{width} x {height} = {width * height / 1e6:,.0f} million pixels")
        )


def to_rgb(image: Image.Image, name: str, background: Colour) -> Image.Image:
    """Return the picture upright, opaque and 8-bit RGB, as a new picture; `image` stays as it was."""
    image.load()
    upright = _upright(image)
    if upright.mode in ("I", "F") or upright.mode.startswith("I;16"):
        upright = _grey_in_8_bits(upright, name)
    if upright.mode not in _EIGHT_BIT:
        raise PictureError(
            f"{name} is stored in {upright.mode} colours, which cannot be shown. Save it as RGB first."
        )
    if upright.has_transparency_data:
        below = Image.new("RGBA", upright.size, (*background, 255))
        upright = Image.alpha_composite(below, upright.convert("RGBA"))
    # Profiles, EXIF and colour keys describe the file, no longer these pixels.
    rgb = upright.convert("RGB")
    rgb.info = {}
    return rgb


def _identify(stream: IO[bytes], head: bytes) -> ImageFile.ImageFile | None:
    # Image.open would warn about, or refuse, a large picture by a limit that belongs to the whole
    # process, without telling its size; the readers that it chooses from just read the header.
    Image.init()
    for each in FORMATS:
        reader, accepts = Image.OPEN.get(each, (None, None))
        if reader and (accepts is None or accepts(head[:16]) is True):
            stream.seek(0)
            return reader(stream, "")
    return None


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # unreadable EXIF says nothing about the pixels, which are fine
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _grey_in_8_bits(image: Image.Image, name: str) -> Image.Image:
    # Pillow's own conversion clips at 255, which turns most 16-bit pictures white.
    values = np.asarray(image)
    if image.mode == "F":
        return Image.fromarray(fractions_in_8_bits(values, name))
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise PictureError(
            f"{name} holds whole numbers from {low} to {high}; grey pictures are 8-bit (0..255) or 16-bit "
            f"(0..65535). Scale it to one of these first."
        )
    grey = Image.fromarray(grey16_in_8_bits(values))
    key = image.info.get("transparency")  # the one 16-bit grey that means "nothing here"
    if isinstance(key, int):
        grey.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return grey


def _what_it_is(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "is an SVG drawing, which has no pixels: export it as PNG first."
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a picture: save the picture itself, not the page around it."
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the picture: run `git lfs pull` first."
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"):
        return "is a HEIC photo, which is not supported: export it as JPEG first."
    if head[4:12] == b"ftypavif":
        return "is an AVIF picture, and this Pillow was built without AVIF: save it as PNG or JPEG first."
    if start.startswith(b"%pdf"):
        return "is a PDF: export the page as PNG first."
    if not any(byte < 9 for byte in head):  # text has no control characters below the tab
        return "is text, not a picture, whatever its name says."
    return "is not a picture of a known format, whatever its name says."


_strict_lock = threading.Lock()
_strict_users = 0
_strict_before: bool = False


@contextmanager
def whole_pictures_only() -> Iterator[None]:
    """Let no half-decoded picture out of the block, whatever Pillow's switch for it says."""
    # LOAD_TRUNCATED_IMAGES makes Pillow return pictures whose missing part is grey; it is popular, and
    # one switch for the whole process. The first thread in turns it off, the last one out puts it back.
    global _strict_users, _strict_before
    with _strict_lock:
        if _strict_users == 0:
            _strict_before = ImageFile.LOAD_TRUNCATED_IMAGES
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        _strict_users += 1
    try:
        yield
    finally:
        with _strict_lock:
            _strict_users -= 1
            if _strict_users == 0:
                ImageFile.LOAD_TRUNCATED_IMAGES = _strict_before


def _too_large(name: str, size: str) -> str:
    return (
        f"{name} is too large: {size}; up to {MAX_PIXELS / 1e6:.0f} million are opened. "
        f"Make it smaller first: networks look at about 224 x 224."
    )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
