"""What TSNEScatter works out: a map of the codes for each question, in steps; finished ones are kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.neighbor_search import Nearest, NeighborSearch
from cnnviz_widgets.methods.tsne import (
    LEAST,
    Layout,
    Start,
    largest_perplexity,
    neighbor_accuracy,
    tsne_steps,
)
from cnnviz_widgets.widgets._tsne_codes import Album, Codes, Floats, Space

Whole = npt.NDArray[np.int64]

K = 10  # neighbours that vote, and that are shown
_STAGES = {
    "components": "principal components",
    "neighbors": "neighbours in many dimensions",
    "exaggeration": "early exaggeration, iteration",
    "descent": "iteration",
}


@dataclass(frozen=True)
class Question:
    """What is arranged, and how."""

    layer: str
    space: Space
    perplexity: float
    start: Start
    seed: int

    @property
    def name(self) -> str:
        """What the codes are called on screen."""
        return "pixels" if self.space == "pixels" else self.layer

    @property
    def key(self) -> tuple[str | float, ...]:
        """What makes it another question: a layer does not, where pixels are arranged."""
        return (self.space, self.name, self.perplexity, self.start, self.seed)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """A map of the pictures, finished or not.

    Attributes
    ----------
    question : Question
        What was asked.
    layout : Layout or None
        Where the points are; ``layout.positions`` is (points, 2). None before the first step.
    numbers : array, (points,) int64
        Which picture each point is: all whose code is finite.
    labels : array, (points,) int64, or None
        Their classes.
    note : str
        What the student should know, such as pictures that were left out.
    chance : float or None
        10-NN accuracy where points lie anywhere; None where there are no classes.
    """

    question: Question
    layout: Layout | None
    numbers: Whole
    labels: Whole | None
    note: str = ""
    chance: float | None = None

    @property
    def is_finished(self) -> bool:
        """Whether all iterations were made."""
        return self.layout is not None and self.layout.is_last

    @cached_property
    def accuracy(self) -> float | None:
        """10-NN accuracy in the plane, 0 to 1; None where there are no classes."""
        if self.layout is None or self.labels is None or len(self.numbers) <= K:
            return None
        return neighbor_accuracy(self.layout.positions, self.labels, K)

    def same_in_plane(self, point: int, others: Whole) -> int:
        """Count which of some points are among a point's 10 nearest in the plane."""
        if self.layout is None or len(self.numbers) <= K:
            return 0
        squares = ((self.layout.positions - self.layout.positions[point]) ** 2).sum(axis=1)
        squares[point] = np.inf
        return len(set(np.argsort(squares, kind="stable")[:K].tolist()) & set(others.tolist()))


@dataclass(frozen=True, eq=False)
class Step:
    """How far the work is, in words and numbers, and the map so far; None where nothing has moved."""

    text: str
    done: int
    total: int
    arrangement: Arrangement | None = None


class MapWork:
    """Makes maps of a data set.

    Parameters
    ----------
    model : HookedModel
        The network.
    pictures : PictureSet
        The data set: 5 pictures or more.
    """

    def __init__(self, model: HookedModel, pictures: PictureSet) -> None:
        if len(pictures) < LEAST:
            there = "there is 1" if len(pictures) == 1 else f"there are {len(pictures)}"
            raise InputError(f"t-SNE needs {LEAST} pictures or more, and better a hundred; {there}")
        self.album = Album(pictures)
        self.codes = Codes(model, self.album.pictures)
        self.finished: dict[object, Arrangement] = {}
        self._searches: dict[tuple[str, Space], NeighborSearch] = {}

    @property
    def pictures(self) -> PictureSet:
        """The data set."""
        return self.album.pictures

    @cached_property
    def chance(self) -> float | None:
        """10-NN accuracy where the points lie anywhere; None where there are no classes."""
        if self.pictures.labels is None or len(self.pictures) <= K:
            return None
        anywhere = np.random.default_rng(0).normal(size=(len(self.pictures), 2))
        return neighbor_accuracy(anywhere, self.pictures.labels, K)

    def known(self, question: Question) -> Arrangement | None:
        """Give the map if it is finished."""
        return self.finished.get(question.key)

    def forget(self, question: Question) -> None:
        """Make the map anew the next time."""
        self.finished.pop(question.key, None)

    def empty(self, question: Question) -> Arrangement:
        """Give the map before anything is known."""
        return Arrangement(question, None, np.zeros(0, np.int64), None)

    def steps(self, question: Question) -> Iterator[Step]:
        """Gather the codes and arrange them."""
        for progress in self.codes.gather(question.layer, question.space):
            yield Step("looking at pictures", progress.done, progress.total)
        codes = self.codes.of(question.layer, question.space)
        assert codes is not None
        numbers, note = self._usable(codes, question)
        perplexity, reduced = self._perplexity(question, len(numbers))
        labels = None
        if self.pictures.labels is not None:
            labels = np.asarray(self.pictures.labels, np.int64)[numbers]
        kept = codes if len(numbers) == len(codes) else codes[numbers]
        for layout in tsne_steps(kept, perplexity, question.seed, start=question.start):
            text = _STAGES[layout.stage]
            if layout.stage == "components":
                yield Step(text, layout.done, layout.total)
                continue
            arrangement = Arrangement(question, layout, numbers, labels, note + reduced, self.chance)
            if layout.is_last:
                self.finished[question.key] = arrangement
            yield Step(text, layout.done, layout.total, arrangement)

    def neighbors(self, arrangement: Arrangement, number: int) -> Nearest | None:
        """Find a picture's 10 nearest in the space that was arranged; None while its codes are not known."""
        question, pictures = arrangement.question, len(self.pictures)
        codes = self.codes.of(question.layer, question.space)
        if codes is None or not np.isfinite(codes[number]).all():
            return None
        key = (question.name, question.space)
        if key not in self._searches:
            self._searches = {key: NeighborSearch(codes)}
        return self._searches[key].nearest(codes[[number]], min(K, pictures - 1), [number])

    def small_pictures(self, numbers: list[int]) -> Iterator[Step]:
        """Make the thumbnails that are missing, some at a time."""
        missing = self.album.missing(numbers)
        for done, number in enumerate(missing, 1):
            self.album.small(number)
            if done % 8 == 0 or done == len(missing):
                yield Step("opening pictures", len(numbers) - len(missing) + done, len(numbers))

    def _usable(self, codes: Floats, question: Question) -> tuple[Whole, str]:
        finite = np.isfinite(codes).all(axis=1)
        if finite.all():
            return np.arange(len(codes)), ""
        out = int((~finite).sum())
        if finite.sum() < LEAST:
            raise InputError(
                f"{out} of {len(codes)} pictures have codes in {question.name!r} that are not finite numbers "
                f"(NaN or infinity), and t-SNE needs {LEAST} pictures or more: look at the network's "
                "weights, or choose another layer"
            )
        return np.flatnonzero(finite), (
            f"{out} of {len(codes)} pictures are left out: their codes are not finite numbers. "
        )

    @staticmethod
    def _perplexity(question: Question, points: int) -> tuple[float, str]:
        most = largest_perplexity(points)
        if question.perplexity <= most:
            return question.perplexity, ""
        return most, (
            f"Perplexity {question.perplexity:g} asks for more than {3 * question.perplexity:g} pictures; "
            f"there are {points}, so {most:.3g} is used. "
        )
