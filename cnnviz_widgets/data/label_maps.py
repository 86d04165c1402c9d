"""Label maps on a disk: a PNG whose numbers or colours say what every pixel shows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import ImageFile

from cnnviz_widgets.data.decode import decode_as
from cnnviz_widgets.data.pictures import read_file
from cnnviz_widgets.errors import PictureError

# Pillow stretches these to 0..255, since to a viewer they are pictures; in a label map 3 means 3.
_STRETCHED = {"L;2": 85, "L;4": 17}


def open_numbers(path: Path) -> np.ndarray:
    """Open a label map of numbers: (H, W) uint16, as stored; a palette's colours are not looked at.

    Raises
    ------
    PictureError
        The file is not there, damaged, too large, no PNG, or stored in colours.
    """

    def read(image: ImageFile.ImageFile, name: str) -> np.ndarray:
        if image.mode not in ("1", "L", "P", "I", "I;16"):
            raise PictureError(
                f"{name} is stored in {image.mode} colours, and a number for each pixel is needed. "
                f"Give SegmentedFolder `colors`, what each colour means, or save one channel as a grey PNG."
            )
        stretched = _STRETCHED.get(_stored_as(image), 1)
        return np.asarray(image).astype(np.uint16) // np.uint16(stretched)

    return _open_map(path, read)


def open_colours(path: Path) -> np.ndarray:
    """Open a label map of colours: (H, W, 3) uint8, RGB, 0 to 255.

    Raises
    ------
    PictureError
        The file is not there, damaged, too large, no PNG, grey, or stored in 16-bit colours.
    """

    def read(image: ImageFile.ImageFile, name: str) -> np.ndarray:
        if image.mode not in ("P", "RGB", "RGBA"):
            raise PictureError(f"{name} is grey (mode {image.mode}), and its labels should be colours, RGB.")
        if "16" in _stored_as(image):  # Pillow would keep the upper half of each number only
            raise PictureError(f"{name} has 16 bits for each colour; labels are 8-bit RGB. Save it as that.")
        return np.asarray(image.convert("RGB"))

    return _open_map(path, read)


def _open_map(path: Path, read: Callable[[ImageFile.ImageFile, str], np.ndarray]) -> np.ndarray:
    def checked(image: ImageFile.ImageFile, name: str) -> np.ndarray:
        if image.format != "PNG":  # JPEG makes new labels at every edge; other formats are not worth the risk
            raise PictureError(
                f"{name} is {image.format}; label maps are PNG, which keeps numbers as they are."
            )
        return read(image, name)

    return read_file(path, path, lambda stream, name: decode_as(stream, name, lambda im: checked(im, name)))


def _stored_as(image: ImageFile.ImageFile) -> str:
    # The layout in the file, "L;4" for grey of 4 bits: known until the pixels are loaded.
    return str(image.tile[0][3]) if image.tile else ""


def nearest_rows(size: int, extent: int) -> np.ndarray:
    """Say which of `extent` rows lies under the centre of each of `size` rows, (size,) int64.

    Labels are never mixed: between a sky and a car there is no third thing.
    """
    # Centre of row i: (i + 1/2) extent / size. In whole numbers, so that no rounding can move an edge.
    return (2 * np.arange(size) + 1) * extent // (2 * size)
