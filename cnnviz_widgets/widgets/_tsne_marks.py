"""What stands out on the map of TSNEScatter: the chosen picture and its nearest, a lasso, a class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.errors import TargetError
from cnnviz_widgets.methods.neighbor_search import Nearest
from cnnviz_widgets.widgets import _tsne_words as say
from cnnviz_widgets.widgets._tsne_side import Shown
from cnnviz_widgets.widgets._tsne_work import Arrangement


@dataclass(frozen=True, eq=False)
class Marks:
    """What stands out, in a data set.

    Attributes
    ----------
    pictures : PictureSet
        The data set.
    chosen : int
        Number of a picture; -1 for none.
    selected : sequence of int
        Numbers of pictures.
    highlight : str
        Name of a class; "" for none.
    near : Nearest or None
        The pictures nearest to the chosen one, in the space that was arranged.
    """

    pictures: PictureSet
    chosen: int = -1
    selected: Sequence[int] = ()
    highlight: str = ""
    near: Nearest | None = None

    def check(self) -> None:
        """Raise if a picture or the class does not exist."""
        if self.highlight and self.highlight not in self.pictures.classes:
            known = ", ".join(map(repr, self.pictures.classes[:8])) or "none"
            raise TargetError(f"there is no class {self.highlight!r}; there are {known}")
        for number in (self.chosen, *self.selected):
            if not -1 <= number < len(self.pictures):
                raise TargetError(
                    f"there is no picture {number}: they are numbered 0 to {len(self.pictures) - 1}"
                )

    def bright(self, arrangement: Arrangement) -> npt.NDArray[np.bool_] | None:
        """Tell which points stand out; None where all do."""
        if self.selected:
            return np.isin(arrangement.numbers, self.selected)
        if self.highlight and arrangement.labels is not None:
            return arrangement.labels == self.pictures.classes.index(self.highlight)
        return None

    def links(self, arrangement: Arrangement) -> list[tuple[int, int]]:
        """Pair the chosen point with each of its nearest; places in the arrangement."""
        place = place_of(arrangement, self.chosen)
        if place is None or self.near is None:
            return []
        ends = [place_of(arrangement, int(number)) for number in self.near.indices[0]]
        return [(place, end) for end in ends if end is not None]

    def points(self, arrangement: Arrangement) -> list[int]:
        """List the chosen point and its nearest."""
        return list(dict.fromkeys(place for pair in self.links(arrangement) for place in pair))

    def shown(self, arrangement: Arrangement, most: int) -> Shown | None:
        """Choose the pictures to show beside the map, and say what they are; None where nothing is marked."""
        place = place_of(arrangement, self.chosen)
        if place is not None and self.near is not None:
            near = self.near.indices[0][self.near.indices[0] >= 0]
            distances = self.near.distances[0][: len(near)].tolist()
            return say.neighborhood(arrangement, place, near, distances, self.pictures)
        if self.selected:
            return say.selection(self.selected, "", self.pictures, most)
        bright = self.bright(arrangement)
        if bright is not None:
            return say.selection(arrangement.numbers[bright].tolist(), self.highlight, self.pictures, most)
        return None


def place_of(arrangement: Arrangement, number: int) -> int | None:
    """Find a picture's place in the arrangement; None where it is not there."""
    if number < 0:
        return None
    place = int(np.searchsorted(arrangement.numbers, number))
    there = place < len(arrangement.numbers) and arrangement.numbers[place] == number
    return place if there else None
