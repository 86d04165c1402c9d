"""What NeighborBrowser asks: one query in two spaces, and in the background the whole gallery."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Layer, Prediction
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.methods.gallery import Floats, Gallery, Places
from cnnviz_widgets.methods.neighbor_search import Measure, Nearest, NeighborSearch
from cnnviz_widgets.methods.neighbors import MOST_QUERIES, Survey, chance_agreement, class_names
from cnnviz_widgets.paint.rgba import Bytes

Shares = npt.NDArray[np.float64]
Space = Literal["features", "pixels"]

SPACES: tuple[Space, Space] = ("features", "pixels")
MOST = 12  # neighbours that find room


@dataclass(frozen=True, eq=False)
class Query:
    """A picture whose neighbours are looked for, and what the network says of it.

    Attributes
    ----------
    index : int or None
        Its place in the gallery; None for a picture from outside.
    name, class_name : str
        "" where it has no class.
    x : Tensor, (1, C, H, W)
        Preprocessed.
    picture : array, (rows, columns, 3) uint8
        What the network sees.
    top : list of Prediction
        The 3 most probable classes; empty where the network's output is no score per class.
    note : str
        Why there are none.
    """

    index: int | None
    name: str
    class_name: str
    x: Tensor
    picture: Bytes
    top: list[Prediction]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Neighborhood:
    """What NeighborBrowser shows.

    Attributes
    ----------
    query : Query
        ``query.index`` is its place in the gallery, None for a picture from outside.
    layer : Layer
        Where the codes come from.
    features, pixels : Nearest or None
        The query's up to 12 neighbours in the two spaces, without itself: indices into the gallery and
        distances, (1, k). None as long as nothing is gathered.
    feature_agreement, pixel_agreement : array, (k,) float64, or None
        Class agreement@1 to @k of the whole gallery; None until it is known, or where there are no classes.
    known : int
        Among how many pictures, the first of the gallery, neighbours in feature space were looked for.
    passed_over : int
        How many of them have a code that cannot be compared.
    """

    query: Query
    layer: Layer
    features: Nearest | None
    pixels: Nearest | None
    feature_agreement: Shares | None
    pixel_agreement: Shares | None
    known: int
    passed_over: int


class Setting(NamedTuple):
    """Which codes are compared, and how."""

    layer: str
    places: Places
    measure: Measure


class Step(NamedTuple):
    """How far the background work is."""

    done: int
    total: int
    text: str


class Question:
    """A gallery that can be asked for the neighbours of a picture, with what was worked out so far.

    Parameters
    ----------
    model : HookedModel
        The network.
    pictures : PictureSet
        The gallery.
    """

    def __init__(self, model: HookedModel, pictures: PictureSet) -> None:
        self.model, self.gallery = model, Gallery(model, pictures)
        self.classes = None if pictures.labels is None else class_names(pictures)
        self.chance = None if self.classes is None else chance_agreement(self.classes, self.classes, True)
        self.most = min(MOST, len(pictures) - 1)
        self.asked = min(len(pictures), MOST_QUERIES)  # pictures whose neighbours make up the agreement
        self._shown: dict[int, Bytes] = {}  # a quarter of the pixels' memory, at most
        self._searches: dict[Space, tuple[tuple[object, ...], NeighborSearch]] = {}
        self._surveys: dict[tuple[object, ...], Survey] = {}

    def setting(self, layer: str, places: Places, measure: Measure) -> Setting:
        """Name a setting; a code that is a vector has no places, so it is the same in both."""
        found = self.model.layer(layer)
        return Setting(found.name, "all" if len(found.shape) < 2 else places, measure)

    def known(self, space: Space, setting: Setting) -> int:
        """Tell how many codes are there, of the first pictures."""
        if space == "pixels":
            return len(self.gallery.pixels())
        return self.gallery.known(setting.layer, setting.places)

    def picture(self, index: int) -> Bytes:
        """Show a picture of the gallery as the network sees it, (rows, columns, 3) uint8."""
        if index not in self._shown:
            x = torch.from_numpy(np.array(self.gallery.pixels()[index]))
            self._shown[index] = self.model.to_picture(x.reshape(1, *self.model.input_shape))
        return self._shown[index]

    def answer(self, query: Query, setting: Setting) -> Neighborhood:
        """Find the query's neighbours among the pictures known so far."""
        near = {space: self._nearest(space, query, setting) for space in SPACES}
        known = self.known("features", setting)
        return Neighborhood(
            query=query,
            layer=self.model.layer(setting.layer),
            features=near["features"],
            pixels=near["pixels"],
            feature_agreement=self.agreement("features", setting),
            pixel_agreement=self.agreement("pixels", setting),
            known=known,
            passed_over=self._search("features", setting, known).not_finite if known else 0,
        )

    def agreement(self, space: Space, setting: Setting) -> Shares | None:
        """Give the gallery's class agreement@1 to @k; None where it is not known."""
        survey = self._surveys.get(_key(space, setting))
        return None if survey is None else survey.agreement

    def layers_seen(self, setting: Setting) -> list[tuple[str, Shares]]:
        """Give the agreement of every layer whose whole gallery was asked, in the network's order."""
        seen = []
        for layer in self.model.layers:
            shares = self.agreement("features", self.setting(layer.name, setting.places, setting.measure))
            if shares is not None:
                seen.append((layer.name, shares))
        return seen

    def steps(self, setting: Setting) -> Iterator[Step]:
        """Gather what is missing of the codes, then ask every picture for its neighbours.

        Raises
        ------
        LayerError, MemoryLimitError
            At once, if there cannot be codes of this layer.
        """
        gathering = self.gallery.gather(setting.layer, setting.places)

        def run() -> Iterator[Step]:
            for step in gathering:
                yield Step(step.done, step.total, f"pictures seen, codes of {setting.layer}")
            for space in SPACES if self.classes is not None else ():
                yield from self._survey(space, setting)

        return run()

    def _survey(self, space: Space, setting: Setting) -> Iterator[Step]:
        key = _key(space, setting)
        if key in self._surveys or self.classes is None:
            return
        codes = self._codes(space, setting)
        survey = Survey(self._search(space, setting, len(codes)), codes, self.classes, self.most)
        where = "pixel space" if space == "pixels" else setting.layer
        for step in survey:
            yield Step(step.done, step.total, f"pictures asked for their neighbours in {where}")
        self._surveys[key] = survey

    def _nearest(self, space: Space, query: Query, setting: Setting) -> Nearest | None:
        known = self.known(space, setting)
        inside = query.index is not None and query.index < known
        k = min(MOST, known - inside)
        if k < 1:
            return None
        itself = [query.index or 0] if inside else None
        if itself is not None:
            code = self._codes(space, setting)[itself]
        elif space == "pixels":
            code = query.x.flatten(1).float().cpu().numpy()
        else:
            code = self.gallery.code(query.x, setting.layer, setting.places)
        search = self._search(space, setting, known)
        return search.nearest(code, k, itself)

    def _codes(self, space: Space, setting: Setting) -> Floats:
        if space == "pixels":
            return self.gallery.pixels()
        return self.gallery.features(setting.layer, setting.places)

    def _search(self, space: Space, setting: Setting, known: int) -> NeighborSearch:
        key = (*_key(space, setting), known)
        if space not in self._searches or self._searches[space][0] != key:
            search = NeighborSearch(self._codes(space, setting)[:known], setting.measure)
            self._searches[space] = (key, search)
            return search
        return self._searches[space][1]


def _key(space: Space, setting: Setting) -> tuple[object, ...]:
    return (space, setting.measure) if space == "pixels" else (space, *setting)
