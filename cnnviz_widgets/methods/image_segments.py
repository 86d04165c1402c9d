"""A picture in pieces: segments found from its colours, or the true things in it."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage import segmentation

from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.errors import InputError, nearest

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Method = Literal["slic", "felzenszwalb", "quickshift"]
METHODS: tuple[Method, ...] = get_args(Method)

_TRIES = 10  # of the one number that says how coarse felzenszwalb's segments are
_ROUNDS = 4  # of asking SLIC for more or fewer: it gives fewer than it is asked for
_SCALES = (0.1, 1e5)  # between which it lies


@dataclass(frozen=True, eq=False)
class Segments:
    """A picture cut into pieces; every pixel belongs to one.

    Attributes
    ----------
    labels : array, (H, W) int32
        Which segment, 0 to n - 1; read-only.
    names : tuple of str
        What each segment is, where that is known; else "".
    method : str
        Who found them.
    """

    labels: npt.NDArray[np.int32]
    names: tuple[str, ...]
    method: str

    def __len__(self) -> int:
        return len(self.names)

    def mask(self, segment: int) -> Mask:
        """Give the pixels of one segment, (H, W) bool."""
        if not 0 <= segment < len(self):
            raise InputError(f"there is no segment {segment}: they go from 0 to {len(self) - 1}")
        return self.labels == segment

    @property
    def sizes(self) -> npt.NDArray[np.intp]:
        """Count the pixels of each segment, (n,)."""
        return np.bincount(self.labels.ravel(), minlength=len(self))


def segments(picture: Bytes, method: str = "slic", count: int = 30) -> Segments:
    """Cut a picture into about so many pieces of like colour.

    Parameters
    ----------
    picture : array, (H, W, 3) uint8
        The picture; `seen_picture` gives it as the network sees it.
    method : {"slic", "felzenszwalb", "quickshift"}
        SLIC (Achanta et al. 2012) groups pixels by colour and place, into pieces of like size; Felzenszwalb &
        Huttenlocher (2004) merge along weak edges, into pieces of any size; quickshift (Vedaldi & Soatto
        2008) climbs to the nearest more frequent colour. All as in scikit-image.
    count : int
        How many; SLIC and Felzenszwalb give about as many.

    Returns
    -------
    Segments

    Raises
    ------
    InputError
        If there is no such method, the number is below 1 or above that of the pixels, or it is no picture.
    """
    if method not in METHODS:
        raise InputError(f"there is no segmentation {method!r}. {nearest(str(method), METHODS)}")
    picture = np.asarray(picture)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise InputError(f"segments need a picture (H, W, 3) uint8; got {picture.dtype} {picture.shape}")
    pixels = picture.shape[0] * picture.shape[1]
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 1 <= count <= pixels:
        raise InputError(f"the number of segments is a whole number from 1 to {pixels}; got {count!r}")
    if count == 1:
        found = np.zeros(picture.shape[:2], int)
    elif method == "slic":
        found = _slic(picture, int(count))
    elif method == "felzenszwalb":
        found = _felzenszwalb(picture, int(count))
    else:
        found = _quickshift(picture, int(count))
    return labelled(found, method)


def object_segments(sample: Sample, size: tuple[int, int]) -> Segments:
    """Cut a labelled picture into its true pieces: a segment for each thing, one for each kind of stuff.

    Where single things are not known, all things of one kind are one segment. Pixels without a name are a
    segment of their own, called "".

    Parameters
    ----------
    sample : Sample
        From `Scenes`, `Objects`, `SegmentedFolder` or `Broden`.
    size : (int, int)
        Rows and columns of the network's picture, to which the labels are cut and scaled as the picture is.

    Raises
    ------
    InputError
        If the picture has no labels of objects.
    """
    concepts = sample.concepts.get("object", ())
    if "object" not in sample.maps:
        raise InputError("this picture has no labels of objects: choose segments found from its colours")
    kinds = np.zeros(sample.image.shape[:2], int)
    for each in np.asarray(sample.maps["object"])[::-1]:
        kinds = np.where(each > 0, each, kinds)
    numbers, names = kinds.copy(), dict(enumerate(concepts))
    for thing in sample.instances:
        number = len(names)
        names[number] = thing.name
        numbers[thing.mask] = number
    fitted = _fitted(numbers, size)
    present = np.unique(fitted)
    return labelled(fitted, "objects", tuple(names[int(i)] for i in present))


def labelled(numbers: npt.NDArray[Any], method: str, names: tuple[str, ...] | None = None) -> Segments:
    """Number the pieces of any label map from 0 up, without gaps; `names` are in the order of the numbers."""
    present, labels = np.unique(numbers, return_inverse=True)
    own = labels.reshape(numbers.shape).astype(np.int32)
    own.setflags(write=False)
    return Segments(own, ("",) * len(present) if names is None else names, method)


def _slic(picture: Bytes, count: int) -> npt.NDArray[Any]:
    best, off, asked = None, np.inf, float(count)
    for _ in range(_ROUNDS):
        found = segmentation.slic(picture, round(asked), compactness=10, start_label=0, channel_axis=-1)
        n = int(found.max()) + 1
        if abs(n - count) < off:
            best, off = found, abs(n - count)
        if n == count:
            break
        asked *= count / n
    assert best is not None
    return best


def _felzenszwalb(picture: Bytes, count: int) -> npt.NDArray[Any]:
    """Look for the scale that gives the number nearest to `count`: larger scales, fewer segments."""
    low, high = np.log(_SCALES)
    smallest = max(2, picture.shape[0] * picture.shape[1] // (count * 20))
    best, off = None, np.inf
    for _ in range(_TRIES):
        scale = (low + high) / 2
        found = segmentation.felzenszwalb(picture, scale=float(np.exp(scale)), min_size=smallest)
        n = int(found.max()) + 1
        if abs(n - count) < off:
            best, off = found, abs(n - count)
        if n == count:
            break
        low, high = (scale, high) if n > count else (low, scale)
    assert best is not None
    return best


def _quickshift(picture: Bytes, count: int) -> npt.NDArray[Any]:
    """Cut quickshift's tree at the longest links that leave `count` pieces; one tree serves any number."""
    _, parent, length = segmentation.quickshift(
        picture, ratio=0.5, kernel_size=3, max_dist=np.inf, return_tree=True, rng=0
    )
    parent, length = np.array(parent).reshape(-1), np.array(length).reshape(-1)
    itself = np.arange(len(parent))
    # A top is its own parent, with the longest link of all.
    tops = np.argsort(-length, kind="stable")[: max(count, int((parent == itself).sum()))]
    parent[tops] = tops
    while True:
        up = parent[parent]
        if (up == parent).all():
            return up.reshape(picture.shape[:2])
        parent = up


def _fitted(numbers: npt.NDArray[Any], size: tuple[int, int]) -> npt.NDArray[Any]:
    """Cut the middle to the network's proportions and take the nearest label, as the picture is cut."""
    if numbers.shape == tuple(size):
        return numbers
    height, width = numbers.shape
    scale = min(height / size[0], width / size[1])
    top, left = (height - size[0] * scale) / 2, (width - size[1] * scale) / 2
    box = (left, top, left + size[1] * scale, top + size[0] * scale)
    image = Image.fromarray(numbers.astype(np.int32))
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.NEAREST, box=box))
