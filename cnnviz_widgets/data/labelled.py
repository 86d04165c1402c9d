"""Pictures whose every pixel is labelled, in the six levels of Broden.

Miniworld draws such pictures, `segmented.py` reads them from a disk; the methods that score a network
against the truth see no difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from cnnviz_widgets.errors import InputError, nearest

LEVELS = ("object", "part", "material", "texture", "color", "scene")
"""The kinds of concept of Broden (Bau et al., CVPR 2017, table 1), in the order of this package."""


@dataclass(frozen=True)
class Instance:
    """One thing in a picture: what it is, where, and which pixels of it can be seen.

    Attributes
    ----------
    name : str
        Its concept at the level "object".
    box : tuple of int
        (left, top, right, bottom) in pixels, the smallest box around `mask`; right and bottom are excluded.
    mask : np.ndarray
        (H, W) bool, True where the thing itself is seen and nothing stands before it.
    """

    name: str
    box: tuple[int, int, int, int]
    mask: np.ndarray


@dataclass(frozen=True)
class Sample:
    """A picture with its class and with what every pixel shows.

    Attributes
    ----------
    image : np.ndarray
        (H, W, 3) uint8, RGB, 0 to 255.
    label : int or None
        Index of the picture's class in the data set's `classes`; None where pictures have no class.
    maps : mapping of str to np.ndarray
        Level to labels, (n, H, W) int16: indices into the data set's ``concepts[level]``, 0 where a pixel
        has none. There are n > 1 maps where a pixel can carry several concepts of one level, as in Broden.
    concepts : mapping of str to sequence of str
        Level to the names that the indices stand for; name 0 is "" (unlabelled). The data set's own.
    instances : sequence of Instance
        The things in the picture, those drawn first, or found first, coming first; empty where not known.
    source : str
        Where the picture comes from: a file's path, or the words it was drawn from.
    """

    image: np.ndarray
    label: int | None
    maps: Mapping[str, np.ndarray]
    concepts: Mapping[str, Sequence[str]] = field(repr=False)
    instances: Sequence[Instance] = ()
    source: str = ""

    def mask(self, level: str, concept: str) -> np.ndarray:
        """Say where the picture shows a concept.

        Parameters
        ----------
        level : str
            One of `LEVELS` that the data set has.
        concept : str
            A name of ``concepts[level]``.

        Returns
        -------
        np.ndarray
            (H, W) bool.

        Raises
        ------
        InputError
            There is no such level, or no such concept in it.
        """
        index = self._index(level, concept)
        return (self.maps[level] == index).any(axis=0)

    def present(self, level: str) -> list[str]:
        """List the concepts of one level that are in the picture, the largest first.

        Raises
        ------
        InputError
            There is no such level.
        """
        self._check(level)
        counts = np.bincount(self.maps[level].ravel(), minlength=len(self.concepts[level]))
        counts[0] = 0
        order = np.argsort(-counts, kind="stable")
        return [self.concepts[level][index] for index in order if counts[index]]

    def _index(self, level: str, concept: str) -> int:
        self._check(level)
        names = self.concepts[level]
        if not concept or concept not in names:
            known = [name for name in names if name]
            raise InputError(f"There is no {level} called {concept!r} here. {nearest(concept, known)}")
        return list(names).index(concept)

    def _check(self, level: str) -> None:
        if level not in self.maps:
            raise InputError(
                f"These pictures are not labelled at the level {level!r}; "
                f"they are at {', '.join(map(repr, self.maps))}. {nearest(level, self.maps)}"
            )


class LabelledDataset(Protocol):
    """What a data set of samples offers, Miniworld's and those on disk alike."""

    classes: Sequence[str]
    concepts: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        """Count the pictures."""

    def __getitem__(self, index: int) -> Sample:
        """Read or draw one picture with its labels."""


def boxed(name: str, mask: np.ndarray) -> Instance | None:
    """Make an Instance of a mask, (H, W) bool; None if nothing of it can be seen."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return Instance(name, (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1), mask)
