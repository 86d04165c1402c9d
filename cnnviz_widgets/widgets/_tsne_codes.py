"""The codes that TSNEScatter arranges: of a layer or of the pixels, gathered in steps and kept."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.engines import Features, Harvest, Progress, passes
from cnnviz_widgets.engines.harvest_cache import Shelf
from cnnviz_widgets.errors import LayerError, MemoryLimitError
from cnnviz_widgets.methods.gallery import Pixels
from cnnviz_widgets.paint.rgba import Bytes

Floats = npt.NDArray[np.float32]
Space = Literal["features", "pixels"]

THUMB = 26  # screen pixels
_OPENED_BYTES = 2**27  # of opened pictures in memory: drawing them again takes longer than the network
_MOST_BYTES = 2**30
_BATCH = 16


class Album:
    """A data set whose pictures are kept for a while when opened, and small ones for good.

    Attributes
    ----------
    pictures : PictureSet
        The same pictures.
    """

    def __init__(self, pictures: PictureSet) -> None:
        self._source = pictures
        self._opened: OrderedDict[int, Bytes] = OrderedDict()
        self._small: dict[int, Bytes] = {}
        self._bytes = 0
        self.pictures = PictureSet(
            self._open, pictures.names, pictures.labels, pictures.classes, lambda: pictures.id
        )

    def small(self, number: int) -> Bytes:
        """Give a picture as a thumbnail, (26, 26, 3) uint8; opens it if that was never done."""
        if number not in self._small:
            self._open(number)
        return self._small[number]

    def missing(self, numbers: list[int]) -> list[int]:
        """Tell of which pictures there is no thumbnail yet."""
        return [number for number in numbers if number not in self._small]

    def smalls(self, numbers: list[int]) -> Bytes:
        """Give thumbnails, (pictures, 26, 26, 3) uint8; those that were not made yet are grey."""
        blank = np.full((THUMB, THUMB, 3), 225, np.uint8)
        return np.stack([self._small.get(number, blank) for number in numbers])

    def _open(self, number: int) -> Bytes:
        picture = self._opened.get(number)
        if picture is None:
            picture = np.asarray(self._source[number])
            self._small[number] = fitted(picture, THUMB)
            self._opened[number] = picture
            self._bytes += picture.nbytes
        self._opened.move_to_end(number)
        while self._bytes > _OPENED_BYTES:
            self._bytes -= self._opened.popitem(last=False)[1].nbytes
        return picture


class Codes:
    """What is arranged, gathered when asked for; the last layer's and the pixels' stay in memory.

    Parameters
    ----------
    model : HookedModel
        The network.
    pictures : PictureSet
        The data set.
    """

    def __init__(self, model: HookedModel, pictures: PictureSet) -> None:
        self.model, self.pictures = model, pictures
        self._known: dict[Space, tuple[str, Floats]] = {}

    def of(self, layer: str, space: Space) -> Floats | None:
        """Give the codes, (pictures, units), if they have been gathered."""
        name, codes = self._known.get(space, ("", None))
        return codes if name == self._name(layer, space) else None

    def check(self, layer: str, space: Space) -> None:
        """Raise if a layer is unknown or cannot be arranged, or its codes do not fit in memory."""
        units = int(np.prod(passes.map_shape(self.model, layer)))
        if space == "pixels":
            units = int(np.prod(self.model.input_shape))
        need = 4 * units * len(self.pictures)
        if need > _MOST_BYTES:
            what = "the pixels" if space == "pixels" else f"layer {layer!r}"
            raise MemoryLimitError(
                f"the codes of {what}, {units} numbers for each of {len(self.pictures)} pictures, would need "
                f"{need / 2**30:.1f} GB, and 1 GB is the limit: take fewer pictures, or a later layer"
            )

    def gather(self, layer: str, space: Space) -> Iterator[Progress]:
        """Gather what is not there yet; yields after each batch, and keeps what it has on disk."""
        if self.of(layer, space) is not None:
            return
        if space == "features":
            harvest = Harvest(self.model, self.pictures, [Features(layer)], batch=_BATCH)
            yield from harvest
            codes: Floats = harvest.results[0]
        else:
            pixels = Pixels("")
            yield from self._gather_pixels(pixels)
            codes = pixels.result()
        self._known[space] = (self._name(layer, space), codes)

    def _gather_pixels(self, pixels: Pixels) -> Iterator[Progress]:
        total = len(self.pictures)
        pixels.prepare((int(np.prod(self.model.input_shape)), 1, 1), total)
        shelf = Shelf(self.model, self.pictures)
        if shelf.fetch(pixels):
            return
        for part in passes.batches(range(total), _BATCH):
            pixels.update(passes.prepared(self.model, self.pictures, part), part.start)
            yield Progress(part.stop, total)
        shelf.keep([pixels])

    @staticmethod
    def _name(layer: str, space: Space) -> str:
        return layer if space == "features" else "pixels"


def arrangeable(model: HookedModel) -> list[str]:
    """List the layers that have a code for each picture."""
    names = []
    for layer in model.layers:
        try:
            passes.map_shape(model, layer.name)
        except LayerError:
            continue
        names.append(layer.name)
    return names


def fitted(picture: Bytes, side: int) -> Bytes:
    """Make a picture as large as fits in a square, on white."""
    rows, columns = picture.shape[:2]
    size = (
        max(1, round(columns * side / max(rows, columns))),
        max(1, round(rows * side / max(rows, columns))),
    )
    how = Image.Resampling.NEAREST if side >= 2 * max(rows, columns) else Image.Resampling.LANCZOS
    paper = Image.new("RGB", (side, side), "white")
    shown = Image.fromarray(np.ascontiguousarray(picture)).resize(size, how)
    paper.paste(shown, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.array(paper)
