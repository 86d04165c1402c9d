"""Where labelled pictures come from: Miniworld, a labelled data set of the caller's, or photos."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image, ImageOps

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.labelled import LabelledDataset, Sample
from cnnviz_widgets.data.miniworld.datasets import Miniworld, Objects, Scenes
from cnnviz_widgets.errors import InputError, nearest
from cnnviz_widgets.paint.rgba import Bytes

SHOWN = 336  # pixels of a panel; Miniworld is drawn at this size, and nothing needs to be enlarged
THUMBNAIL = 112  # pixels, the size at which the embedded networks learned


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One picture to ask the four questions about.

    Attributes
    ----------
    sample : Sample
        The picture and its labels, for the screen.
    class_name : str
        Its true class; "" where it has none.
    learned : array, (H, W, 3) uint8
        The picture as a classifier is shown it; Miniworld's at the size that the embedded nets learned.
    """

    sample: Sample
    class_name: str
    learned: Bytes

    @property
    def is_labelled(self) -> bool:
        """Whether the truth is known."""
        return bool(self.sample.maps)


class Source(Protocol):
    """A collection of pictures, by class and number."""

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes."""

    def count(self, class_name: str) -> int:
        """Count the pictures of a class."""

    def exhibit(self, class_name: str, number: int) -> Exhibit:
        """Give one picture with what is known of it."""

    def thumbnail(self, class_name: str, number: int) -> Bytes:
        """Give one picture small, (THUMBNAIL, THUMBNAIL, 3) uint8."""


class WorldSource:
    """The test pictures of Miniworld, of scenes or of objects."""

    def __init__(self, world: type[Miniworld]) -> None:
        self.classes = world.classes
        self._shown, self._learned = world("test", size=SHOWN), world("test", size=THUMBNAIL)

    def count(self, class_name: str) -> int:
        """Count the pictures of a class."""
        return len(self._shown) // len(self.classes)

    def exhibit(self, class_name: str, number: int) -> Exhibit:
        """Draw one picture with its labels."""
        index = self._index(class_name, number)
        return Exhibit(self._shown[index], class_name, self._learned.picture(index).picture)

    def thumbnail(self, class_name: str, number: int) -> Bytes:
        """Draw one picture small."""
        return self._learned.picture(self._index(class_name, number)).picture

    def _index(self, class_name: str, number: int) -> int:
        return number * len(self.classes) + self.classes.index(class_name)  # the classes take turns


class DatasetSource:
    """A labelled data set of the caller's, in its own order."""

    classes = ("all pictures",)

    def __init__(self, dataset: LabelledDataset) -> None:
        self._dataset = dataset

    def count(self, class_name: str) -> int:
        """Count the pictures."""
        return len(self._dataset)

    def exhibit(self, class_name: str, number: int) -> Exhibit:
        """Read one picture with its labels."""
        sample = self._dataset[number]
        name = "" if sample.label is None else self._dataset.classes[sample.label]
        return Exhibit(sample, name, sample.image)

    def thumbnail(self, class_name: str, number: int) -> Bytes:
        """Read one picture, and make it small."""
        return _small(Image.fromarray(self._dataset[number].image))


class PhotoSource:
    """Photos, of which no truth is known.

    Parameters
    ----------
    names : callable
        Gives the names there are now.
    open_photo : callable
        Opens one of them.
    """

    classes = ("photos",)
    largest = 640  # pixels: more is slower and shows no more

    def __init__(self, names: Callable[[], Sequence[str]], open_photo: Callable[[str], Image.Image]) -> None:
        self.names, self._open = names, open_photo

    def count(self, class_name: str) -> int:
        """Count the photos."""
        return len(self.names())

    def exhibit(self, class_name: str, number: int) -> Exhibit:
        """Open one photo."""
        name = self.names()[number]
        photo = self._open(name)
        photo.thumbnail((self.largest, self.largest))
        picture = np.array(photo)
        return Exhibit(Sample(picture, None, {}, {}, source=name), "", picture)

    def thumbnail(self, class_name: str, number: int) -> Bytes:
        """Open one photo, and make it small."""
        return _small(self._open(self.names()[number]))


def collections(photos: Source, dataset: LabelledDataset | None) -> dict[str, Source]:
    """List what a student can choose pictures from, by the names of the trait `data`."""
    own = {} if dataset is None else {"yours": DatasetSource(dataset)}
    return {"scenes": WorldSource(Scenes), "objects": WorldSource(Objects), **own, "photos": photos}


def collection(sources: Mapping[str, Source], name: str) -> Source:
    """Choose among `collections`.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in sources:
        raise InputError(f"There are no pictures called {name!r}. {nearest(name, sources)}")
    return sources[name]


def checked(source: Source, class_name: str, number: int) -> None:
    """Say what there is where there is no such class or picture.

    Raises
    ------
    InputError
    """
    if class_name not in source.classes:
        raise InputError(f"There is no class {class_name!r} here. {nearest(class_name, source.classes)}")
    count = source.count(class_name)
    if not 0 <= number < count:
        raise InputError(f"There is no picture {number} of {class_name!r}; they go from 0 to {count - 1}.")


def _small(photo: Image.Image) -> Bytes:
    return np.array(ImageOps.fit(photo, (THUMBNAIL, THUMBNAIL)))


def own_kind(model: HookedModel, dataset: LabelledDataset | None) -> str:
    """Choose pictures whose truth is known, if the network can know what is in them."""
    if dataset is not None:
        return "yours"
    known = {Objects.classes: "objects", Scenes.classes: "scenes"}
    return known.get(model.classes or (), "photos")
