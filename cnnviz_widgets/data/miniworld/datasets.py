"""Miniworld as data sets: pictures of scenes and of objects, each drawn when it is asked for."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.composition import object_canvas, scene_canvas
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS, INDEX, OBJECTS, SCENES
from cnnviz_widgets.errors import InputError, nearest

Split = Literal["train", "val", "test"]
SPLITS = ("train", "val", "test")
DEFAULT_LENGTH = {"train": 12000, "val": 1200, "test": 2400}
SMALLEST, LARGEST = 64, 512  # pixels


class Drawn(NamedTuple):
    """A picture, (size, size, 3) uint8 RGB, and the index of its class."""

    picture: np.ndarray
    label: int


class Miniworld(Dataset[Sample]):
    """A world drawn by code, in which every pixel is labelled: what `Scenes` and `Objects` have in common.

    Nothing is stored: picture `i` of a split is drawn from the numbers (kind, split, seed, i), has the same
    bytes on every machine, and shows the same at every size. The classes take turns, so that any run of
    ``len(classes)`` pictures has one of each.

    Parameters
    ----------
    split : {"train", "val", "test"}
        Which pictures; no picture belongs to two splits.
    n : int, optional
        How many pictures; 12,000, 1,200 and 2,400 by default. A longer data set begins with a shorter one.
    size : int
        Side of the pictures, 64 to 512 pixels. The embedded networks learned at 112.
    seed : int
        Another seed gives another world of the same kind.

    Attributes
    ----------
    classes : tuple of str
        Names of the classes, in the order of the labels.
    concepts : mapping of str to tuple of str
        The names at each of Broden's six levels; 0 stands for "" everywhere.

    Raises
    ------
    InputError
        There is no such split, or the size, number or seed is not one that can be drawn.

    Notes
    -----
    Drawing costs about 5 ms a picture of 112 pixels, its labels about 3 ms more.
    """

    kind: ClassVar[str]
    classes: ClassVar[tuple[str, ...]]
    concepts: Mapping[str, Sequence[str]] = CONCEPTS

    def __init__(
        self, split: Split = "train", n: int | None = None, *, size: int = 112, seed: int = 0
    ) -> None:
        if split not in SPLITS:
            raise InputError(f"Miniworld has no split {split!r}. {nearest(str(split), SPLITS)}")
        self.split = split
        self.size = _whole("size", size, SMALLEST, LARGEST, "pixels")
        self.seed = _whole("seed", seed, 0, None)
        self._n = DEFAULT_LENGTH[split] if n is None else _whole("n", n, 1, None, "pictures")

    def __len__(self) -> int:
        return self._n

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.split!r}, {self._n}, size={self.size}, seed={self.seed})"

    def __getitem__(self, index: int) -> Sample:
        """Draw a picture with all its labels."""
        canvas, label = self._canvas(index)
        maps = canvas.maps()
        scene = INDEX["scene"].get(self.classes[label], 0) if self.kind == "scenes" else 0
        maps["scene"] = np.full((1, self.size, self.size), scene, np.int16)
        source = f"{type(self).__name__}({self.split!r}, seed={self.seed})[{self._index(index)}]"
        return Sample(canvas.picture(), label, maps, self.concepts, canvas.instances(), source)

    def label(self, index: int) -> int:
        """Tell the class of a picture without drawing it: an index into `classes`."""
        return self._index(index) % len(self.classes)

    def picture(self, index: int) -> Drawn:
        """Draw a picture alone, in less time than with its labels."""
        canvas, label = self._canvas(index)
        return Drawn(canvas.picture(), label)

    def tensors(self) -> "PictureTensors":
        """Return the same pictures as (picture, label) pairs of tensors, to train a network with."""
        return PictureTensors(self)

    def _canvas(self, index: int) -> tuple[Canvas, int]:
        index = self._index(index)
        label = self.label(index)
        return self._draw(self.classes[label], Chance(self.kind, self.split, self.seed, index)), label

    def _draw(self, name: str, chance: Chance) -> Canvas:
        raise NotImplementedError

    def _index(self, index: int) -> int:
        index = operator.index(index)
        if not -self._n <= index < self._n:
            raise IndexError(f"picture {index} of {self._n}")
        return index % self._n


class Scenes(Miniworld):
    """Pictures of twelve places, built of the same things as `Objects`: the embedded nets' "Places".

    Examples
    --------
    >>> data = Scenes("test")
    >>> data.classes[:3]
    ('street', 'harbor', 'mountain')
    >>> sample = data[0]
    >>> sample.image.shape, data.classes[sample.label]
    ((112, 112, 3), 'street')
    """

    kind = "scenes"
    classes = SCENES

    def _draw(self, name: str, chance: Chance) -> Canvas:
        return scene_canvas(name, chance, self.size)


class Objects(Miniworld):
    """Pictures of one object each, about in the middle, in front of anything: the embedded nets' "ImageNet".

    Examples
    --------
    >>> sample = Objects("test")[2]
    >>> Objects.classes[sample.label]
    'person'
    """

    kind = "objects"
    classes = OBJECTS

    def _draw(self, name: str, chance: Chance) -> Canvas:
        return object_canvas(name, chance, self.size)


class PictureTensors(Dataset[tuple[Tensor, Tensor]]):
    """Pictures and labels of a Miniworld data set as a DataLoader collates them.

    Item `i` is the picture, (3, size, size) uint8 RGB, and its label, () int64.
    """

    def __init__(self, data: Miniworld) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        picture, label = self.data.picture(index)
        return torch.from_numpy(picture).permute(2, 0, 1), torch.tensor(label)


def _whole(what: str, value: Any, least: int, most: int | None, unit: str = "") -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{what} must be a whole number; got {value!r}.") from None
    if number < least or (most is not None and number > most):
        bounds = f"from {least} to {most}" if most is not None else f"{least} or more"
        raise InputError(f"{what} must be {bounds}{' ' + unit if unit else ''}; got {number}.")
    return number
