"""Which pictures a network finds alike: neighbours in the space of its codes, and in the space of pixels.

Krizhevsky et al. 2012, section 6.1: the pictures whose last hidden layer is nearest to that of a test picture
show the same thing, which the pictures with the nearest pixels do not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import Progress
from cnnviz_widgets.errors import InputError, LayerError
from cnnviz_widgets.methods.gallery import Gallery, Places
from cnnviz_widgets.methods.neighbor_search import Measure, Nearest, NeighborSearch

if TYPE_CHECKING:
    from cnnviz_widgets.backend.hooked_model import HookedModel

MOST_QUERIES = 1000  # of a survey
_QUERIES_AT_ONCE = 64
_SCORING = ("linear", "conv2d")  # the kinds of layer, module or function, that score classes
_CARRYING = ("flatten", "dropout", "identity")  # what leaves the numbers as they are


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The neighbours of each query in two spaces.

    Attributes
    ----------
    gallery, queries : PictureSet
        Where neighbours are looked for, and whose.
    layer : str
        Where the codes come from.
    features, pixels : Nearest
        In the space of the layer's codes, and in the space of preprocessed pixels: indices and distances,
        (queries, k).
    left_out : bool
        True where the queries are the gallery's own pictures, each left out of its own neighbours.
    """

    gallery: PictureSet
    queries: PictureSet
    layer: str
    features: Nearest
    pixels: Nearest
    left_out: bool

    @property
    def feature_agreement(self) -> npt.NDArray[np.float64] | None:
        """Class agreement@1 to @k in the space of codes, (k,), 0 to 1; None where there are no classes."""
        return self._agreement(self.features)

    @property
    def pixel_agreement(self) -> npt.NDArray[np.float64] | None:
        """Class agreement@1 to @k in the space of pixels, (k,), 0 to 1; None where there are no classes."""
        return self._agreement(self.pixels)

    @cached_property
    def chance(self) -> float | None:
        """Class agreement of neighbours drawn by lot; None where there are no classes."""
        if self.gallery.labels is None or self.queries.labels is None:
            return None
        return chance_agreement(class_names(self.gallery), class_names(self.queries), self.left_out)

    def _agreement(self, found: Nearest) -> npt.NDArray[np.float64] | None:
        if self.gallery.labels is None or self.queries.labels is None:
            return None
        same = same_class(found, class_names(self.gallery), class_names(self.queries))
        return class_agreement(same)


def nearest_neighbors(
    model: "HookedModel",
    gallery: Any,
    queries: Any = None,
    layer: str | None = None,
    k: int = 5,
    *,
    measure: Measure = "l2",
    places: Places = "all",
    cache: bool = True,
    progress: bool = True,
) -> Neighbors:
    """Find the pictures that lie nearest to each query, for the network and for the pixels.

    Krizhevsky et al. 2012, section 6.1: nearest by Euclidean distance in the last hidden layer.

    Parameters
    ----------
    model : HookedModel
        Any network.
    gallery : anything `picture_set` takes
        Where neighbours are looked for.
    queries : anything `picture_set` takes, optional
        Whose neighbours. Without them every picture of the gallery is a query, and is left out of its own
        neighbours. A query given here that is in the gallery too finds itself, at distance 0.
    layer : str, optional
        Where the codes come from; without it `last_feature_layer` of the network.
    k : int
        How many neighbours.
    measure : "l2" or "cosine"
        Length of the difference, as in the paper; or 1 - cos of the angle between two codes, which the length
        of a code does not change.
    places : "all" or "mean"
        Of a layer with maps: compare them place by place, or each channel's mean. No difference where a code
        has no places.
    cache : bool
        Whether to read and keep codes on disk.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Neighbors
        Indices into the gallery and distances in both spaces, (queries, k), and class agreement@k.

    Raises
    ------
    LayerError
        If the layer is unknown, or its result cannot be arranged as maps.
    InputError
        If there are fewer than k pictures besides the query, or a parameter has no such value.
    PictureError
        If a folder is empty, or a picture cannot be opened.
    MemoryLimitError
        If the codes would need more than 1 GB.

    Notes
    -----
    Cost: one forward pass up to the layer for each picture, and queries x pictures x numbers multiplications.
    Codes and pixels are kept on disk, and are there at once the next time. Pixel space is the picture as the
    network sees it: cut, scaled and normalised.
    """
    name = last_feature_layer(model) if layer is None else model.layer(layer).name
    home = Gallery(model, picture_set(gallery), cache=cache)
    guests = home if queries is None else Gallery(model, picture_set(queries), cache=cache)
    most = len(home) - (guests is home)
    if not 1 <= k <= most:
        raise InputError(
            f"{k} neighbours were asked for, and there are {most} pictures besides the query: "
            f"k goes from 1 to {most}"
        )
    for each in dict.fromkeys((home, guests)):
        _gather(each, name, places, progress)
    itself = np.arange(len(home)) if guests is home else None
    pixels = NeighborSearch(home.pixels(), measure).nearest(guests.pixels(), k, itself)
    codes = guests.features(name, places)
    if guests is not home:
        codes = _codes_of_equals(pixels, home.features(name, places), codes)
    features = NeighborSearch(home.features(name, places), measure).nearest(codes, k, itself)
    return Neighbors(home.pictures, guests.pictures, name, features, pixels, guests is home)


def _gather(gallery: Gallery, layer: str, places: Places, progress: bool) -> None:
    with tqdm(total=len(gallery), disable=not progress, unit="picture") as bar:
        for step in gallery.gather(layer, places):
            bar.update(step.done - bar.n)


def _codes_of_equals(
    pixels: Nearest, home: npt.NDArray[np.float32], codes: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Give a query that is in the gallery the gallery's code of it.

    A pass of another batch size rounds otherwise, and equal pictures would not be at distance 0.
    """
    equal = pixels.distances[:, 0] == 0
    codes = codes.copy()
    codes[equal] = home[pixels.indices[equal, 0]]
    return codes


class Survey:
    """Class agreement@1 to @k of a whole gallery in one space, worked out some queries at a time.

    Every picture is a query and is left out of its own neighbours; of more than 1000, as many evenly spread.

    Parameters
    ----------
    search : NeighborSearch
        Of the gallery's codes.
    codes : array, (pictures, units) float32
        The same codes.
    classes : sequence of str
        Each picture's class.
    k : int
        Up to how many neighbours.

    Attributes
    ----------
    queries : int
        How many pictures are asked.
    agreement : array, (k,) float64, or None
        0 to 1; None until the last query is done.
    """

    def __init__(
        self, search: NeighborSearch, codes: npt.NDArray[np.float32], classes: Sequence[str], k: int
    ) -> None:
        self._search, self._codes, self._classes, self._k = search, codes, np.asarray(classes), k
        self._asked = np.unique(np.linspace(0, len(codes) - 1, min(len(codes), MOST_QUERIES)).astype(int))
        self.queries = len(self._asked)
        self.agreement: npt.NDArray[np.float64] | None = None

    def __iter__(self) -> Iterator[Progress]:
        same: list[npt.NDArray[np.bool_]] = []
        done = 0
        for part in np.array_split(self._asked, -(-self.queries // _QUERIES_AT_ONCE)):
            found = self._search.nearest(self._codes[part], self._k, part)
            same.append(same_class(found, self._classes, self._classes[part]))
            done += len(part)
            yield Progress(done, self.queries)
        self.agreement = class_agreement(np.concatenate(same))


def class_names(pictures: PictureSet) -> list[str]:
    """Name each picture's class: two data sets may number the same classes differently."""
    return [pictures.class_of(i) for i in range(len(pictures))]


def same_class(found: Nearest, gallery: npt.ArrayLike, queries: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which neighbours have their query's class, (queries, k); a missing one has not."""
    names = np.asarray(gallery)[found.indices]
    same: npt.NDArray[np.bool_] = (names == np.asarray(queries)[:, None]) & (found.indices >= 0)
    return same


def class_agreement(same: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Give the share of the 1, 2 ... k nearest that have their query's class, over all queries, (k,)."""
    shares: npt.NDArray[np.float64] = np.cumsum(same.mean(axis=0)) / np.arange(1, same.shape[1] + 1)
    return shares


def chance_agreement(gallery: Sequence[str], queries: Sequence[str], left_out: bool) -> float:
    """Give the expected share of neighbours drawn by lot that have their query's class."""
    names, counts = np.unique(np.asarray(gallery), return_counts=True)
    known = dict(zip(names.tolist(), counts.tolist(), strict=True))
    others = len(gallery) - left_out
    return float(np.mean([(known.get(name, 0) - left_out) / others for name in queries]))


def last_feature_layer(model: "HookedModel") -> str:
    """Name the layer whose result the classifier reads: the network's last description of a picture.

    In AlexNet it is the ReLU after fc7 (4096 numbers), in a ResNet the average pooling. A classifier that is
    a convolution, as SqueezeNet's, reads maps.

    Parameters
    ----------
    model : HookedModel
        Any network whose last layer with weights is linear or a convolution.

    Returns
    -------
    str
        A name for `model.layer`.

    Raises
    ------
    LayerError
        If nothing comes before the classifier, or there is no linear layer and no convolution.

    Notes
    -----
    Cost: none. Dropout and flattening leave the numbers as they are and are skipped.
    """
    kinds = [layer.kind.lower() for layer in model.layers]
    scoring = [i for i, kind in enumerate(kinds) if kind.endswith(_SCORING)]
    for i in range(scoring[-1] - 1 if scoring else -1, -1, -1):
        if not kinds[i].startswith(_CARRYING):
            return model.layers[i].name
    raise LayerError(
        f"{model.name} has no layer before its classifier: name one of model.layers as the place of the codes"
    )
