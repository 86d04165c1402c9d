"""Opening a picture, whatever it comes as: a path, bytes, an upload, an array, a Pillow image."""

import io
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from PIL import Image

from cnnviz_widgets.data.arrays import in_8_bits
from cnnviz_widgets.data.decode import ENDINGS, Colour, check_size, decode, to_rgb, whole_pictures_only
from cnnviz_widgets.data.samples import sample_names, sample_picture
from cnnviz_widgets.errors import PictureError, nearest

PictureSource = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | IO[bytes]
    | Image.Image
    | np.ndarray
    | Mapping[str, Any]
    | Sequence[Mapping[str, Any]]
)
"""What `open_picture` takes."""

T = TypeVar("T")

_ACCEPTED = (
    "a path, a sample name, bytes, an open binary file, a Pillow image, an array HxW, HxWx1, HxWx3 or HxWx4, "
    "or the value of a FileUpload widget"
)
_WEB_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://|https?:|ftp:|data:", re.IGNORECASE)


def open_picture(source: PictureSource, *, background: Colour = (255, 255, 255)) -> Image.Image:
    """Open a picture as 8-bit RGB, upright and opaque, or say why it cannot be opened.

    Parameters
    ----------
    source : PictureSource
        - a path; or one of `sample_names()` where no file has that name;
        - the bytes of a picture file, or a file open for reading in binary mode;
        - a Pillow image of any mode;
        - an array HxW, HxWx1 (grey), HxWx3 (RGB) or HxWx4 (RGBA): uint8 0..255, uint16 0..65535,
          floats 0..1 or bool;
        - the value of an ipywidgets 8 FileUpload that holds one file, or that file's entry.

        Web addresses are refused: a notebook that fetches what it is told to is a risk to its host.
    background : tuple of 3 int
        What shows through transparent pixels, RGB 0..255.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, values 0..255. Always a new picture: changing it changes nothing else.

    Raises
    ------
    PictureError
        The source is no picture, is damaged or cut short, is larger than `MAX_PIXELS` (told by the
        header, before anything is decoded), or cannot be read.

    Notes
    -----
    EXIF orientation is applied. 16-bit grey is scaled to 8 bits, not clipped; Pillow opens 16-bit
    colour by its upper 8 bits. Of an animation the first frame comes out. Whole-number (mode I)
    pictures are read as 16-bit, float (mode F) ones as 0..1. Colour profiles are ignored, as the
    networks' training did.

    Examples
    --------
    >>> open_picture("cat").size
    (300, 300)
    """
    _check_background(background)
    if isinstance(source, (str, os.PathLike)):
        return _from_path(source, background)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return decode(io.BytesIO(source), f"the {len(source)} bytes given", background)
    if isinstance(source, Image.Image):
        return _from_image(source, background)
    if isinstance(source, np.ndarray):
        return _from_array(source, background)
    if isinstance(source, (Mapping, list, tuple)):
        return _from_upload(_only_upload(source), background)
    if not isinstance(source, Sequence) and hasattr(source, "read"):
        return _from_file(source, background)
    if hasattr(source, "detach"):
        raise PictureError(
            "a torch tensor is not a picture: give it to the model as it is, or pass "
            "tensor.detach().permute(1, 2, 0).cpu().numpy() with values 0..1."
        )
    raise PictureError(f"a picture cannot be opened from a {type(source).__name__}. Pass {_ACCEPTED}.")


def quoted(path: object) -> str:
    """Quote a path for a message, shortened where somebody passed a whole file's text as the path."""
    text = str(path)
    return repr(text if len(text) <= 120 else f"{text[:80]}...{text[-20:]}")


def _from_path(source: str | os.PathLike[str], background: Colour) -> Image.Image:
    text = os.fspath(source)
    if isinstance(text, str) and _WEB_ADDRESS.match(text):
        raise PictureError(
            f"{quoted(text)} is a web address, and pictures are not fetched from the web: "
            f"download it first, then pass the path of the file."
        )
    path = Path(os.fsdecode(text)).expanduser()
    if source in sample_names() and not path.is_file():
        return sample_picture(str(source))
    return read_file(path, source, lambda stream, name: decode(stream, name, background))


def read_file(path: Path, source: object, read: Callable[[IO[bytes], str], T]) -> T:
    """Call `read(stream, name)` on a file, or say why it cannot be; `source` is what the caller named it."""
    name = quoted(source if isinstance(source, str) else path)
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise PictureError(f"{name} is a folder: open one of its pictures, or all with picture_folder.")
        if not stat.S_ISREG(kind):  # reading a pipe or a device may wait for ever
            raise PictureError(f"{name} is not a regular file (a pipe or a device). Copy it to a file first.")
        with path.open("rb") as stream:
            return read(stream, name)
    except FileNotFoundError as error:
        raise PictureError(f"there is no file {name}. {_what_is_there(path, source)}") from error
    except PermissionError as error:
        raise PictureError(
            f"{name} may not be read: permission denied. Change its permissions, or copy it to your folder."
        ) from error
    except PictureError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        why = getattr(error, "strerror", None) or error
        raise PictureError(f"{name} cannot be read: {why}. Check the path, or copy the file.") from error


def _what_is_there(path: Path, source: object) -> str:
    if not path.parent.is_dir():
        return f"Its folder {quoted(path.parent)} does not exist either."
    # A folder of a data set may hold a million files; the first thousand are hint enough.
    with os.scandir(path.parent) as entries:
        there = sorted(each.name for each in islice(entries, 1000) if each.name.lower().endswith(ENDINGS))
    if isinstance(source, str) and path.name == source and not path.suffix:
        there = [*sample_names(), *there]
    return (
        nearest(path.name, there) if there else f"Its folder {quoted(path.parent.resolve())} has no pictures."
    )


def _from_file(source: IO[bytes], background: Colour) -> Image.Image:
    path = getattr(source, "name", None)
    name = f"the open file {quoted(path)}" if isinstance(path, str) else "the open file given"
    try:
        content = source.read()
    except (OSError, ValueError) as error:  # ValueError: the file was closed
        raise PictureError(f"{name} cannot be read: {error}. Open it with open(path, 'rb').") from error
    if not isinstance(content, bytes):
        raise PictureError(
            f"{name} gives {type(content).__name__}, not bytes. Open it with open(path, 'rb')."
        )
    return decode(io.BytesIO(content), name, background)


def _from_image(source: Image.Image, background: Colour) -> Image.Image:
    check_size(*source.size, "the Pillow image given")
    try:
        with whole_pictures_only():
            return to_rgb(source, "the Pillow image given", background)
    except PictureError:
        raise
    except Exception as error:  # it may still be unread, and then its file can be damaged or closed
        raise PictureError(
            f"the Pillow image given cannot be read ({type(error).__name__}: {error}). "
            f"Its file is damaged or was closed: pass the path to open_picture instead."
        ) from error


def _only_upload(source: Mapping[str, Any] | Sequence[Any]) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    if not source:
        raise PictureError("no picture was uploaded yet: choose a file with the upload button first.")
    if not all(isinstance(each, Mapping) for each in source):
        kind = f"{type(source).__name__} of {type(source[0]).__name__}"
        raise PictureError(f"a picture cannot be opened from a {kind}. Pass {_ACCEPTED}.")
    if len(source) > 1:
        names = ", ".join(quoted(each.get("name", "?")) for each in source[:8])
        raise PictureError(
            f"{len(source)} files were uploaded ({names}): open them one by one, as upload.value[0]."
        )
    only: Mapping[str, Any] = source[0]
    return only


def _from_upload(entry: Mapping[str, Any], background: Colour) -> Image.Image:
    content = entry.get("content")
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise PictureError(
            f"a dict with the keys {', '.join(map(str, entry)) or '(none)'} is no upload: an entry of "
            f"FileUpload.value has name and content. Pass {_ACCEPTED}."
        )
    return decode(
        io.BytesIO(content), f"the upload {quoted(entry.get('name', 'without a name'))}", background
    )


def _from_array(array: np.ndarray, background: Colour) -> Image.Image:
    name = f"the array of shape {array.shape} and type {array.dtype}"
    levels = in_8_bits(array, name)
    check_size(levels.shape[1], levels.shape[0], name)
    return to_rgb(Image.fromarray(levels), name, background)


def _check_background(background: Colour) -> None:
    ok = isinstance(background, (tuple, list)) and len(background) == 3
    if not ok or not all(isinstance(each, (int, np.integer)) and 0 <= each <= 255 for each in background):
        raise PictureError(
            f"background is {background!r}; it is three whole numbers 0..255, like (255, 255, 255)."
        )
