"""Any source of many pictures as one kind of data set: in order, with names and, where known, classes."""

import hashlib
import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cnnviz_widgets.data.folder import PictureFolder, picture_folder
from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.data.pictures import open_picture
from cnnviz_widgets.data.samples import sample_names
from cnnviz_widgets.errors import InputError, PictureError

Bytes = npt.NDArray[np.uint8]


class PictureSet(Sequence[Bytes]):
    """Many pictures in order: ``pictures[i]`` opens the i-th, and none is kept.

    Made by `picture_set`.

    Attributes
    ----------
    names : tuple of str
        What to call each picture on screen.
    labels : tuple of int or None
        Each picture's class, an index into `classes`; None where the source knows no classes.
    classes : tuple of str
        Names of the classes; empty where there are none.
    """

    def __init__(
        self,
        open_: Callable[[int], Any],
        names: Sequence[str],
        labels: Sequence[int] | None = None,
        classes: Sequence[str] = (),
        identify: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._open, self._identify = open_, identify
        self.names, self.classes = tuple(names), tuple(classes)
        self.labels = None if labels is None else tuple(map(int, labels))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.subset(range(len(self))[index])
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no picture {index}: they are numbered 0 to {len(self) - 1}")
        picture = self._open(index % len(self))
        return picture if _is_rgb(picture) else np.asarray(open_picture(picture))

    def __repr__(self) -> str:
        known = f", {len(self.classes)} classes" if self.classes else ""
        return f"PictureSet({len(self)} pictures{known})"

    def class_of(self, index: int) -> str:
        """Name a picture's class; "" where it has none."""
        return "" if self.labels is None else self.classes[self.labels[index]]

    @cached_property
    def id(self) -> str | None:
        """What tells this data set from every other, for files kept from one session to the next.

        None where that cannot be told without reading everything; then nothing is kept.
        """
        return self._identify()

    def subset(self, indices: Iterable[int]) -> "PictureSet":
        """Keep some of the pictures, in the order given."""
        kept = [int(each) for each in indices]
        if not kept:
            raise InputError("a set of pictures needs at least one picture")

        def identify() -> str | None:
            return None if self.id is None else _digest(self.id, kept)

        return PictureSet(
            lambda place: self[kept[place]],
            [self.names[each] for each in kept],
            None if self.labels is None else [self.labels[each] for each in kept],
            self.classes,
            identify,
        )

    def held(self, limit: int) -> "PictureSet":
        """Keep pictures in memory once opened, as far as `limit` bytes go: for those who ask many times."""
        kept: dict[int, Bytes] = {}
        room = limit

        def open_(index: int) -> Bytes:
            nonlocal room
            picture: Bytes | None = kept.get(index)
            if picture is None:
                picture = self[index]
                if picture.nbytes <= room:
                    kept[index], room = picture, room - picture.nbytes
            return picture

        return PictureSet(open_, self.names, self.labels, self.classes, lambda: self.id)


def picture_set(
    source: Any, *, labels: Sequence[int | str] | None = None, recursive: bool = True
) -> PictureSet:
    """Take pictures from wherever they are.

    Parameters
    ----------
    source : PictureSet, Miniworld, SegmentedFolder, folder, mapping, or sequence
        - `Scenes` or `Objects`, or any labelled data set of this package;
        - a folder's path: its pictures, sub-folders too; where every picture lies in one of two or more
          sub-folders, these are the classes;
        - a dict of name to picture, or a sequence of anything `open_picture` takes;
        - any torch map-style data set of pictures, or of (picture, label) pairs, as torchvision's are.
    labels : sequence, optional
        A class for each picture, where the source does not tell: names, or numbers.
    recursive : bool
        Look into sub-folders of a folder.

    Raises
    ------
    PictureError
        If the folder is missing or empty, or a picture, once asked for, cannot be opened.
    InputError
        If there is no picture, or the number of labels is wrong.
    """
    found = _found(source, recursive)
    if not len(found):
        raise InputError("there is no picture in what was given; a set of pictures needs at least one")
    return found if labels is None else _labelled(found, labels)


def _found(source: Any, recursive: bool) -> PictureSet:
    if isinstance(source, PictureSet):
        return source
    if isinstance(source, (str, os.PathLike)):
        source = picture_folder(source, recursive=recursive)
    if isinstance(source, PictureFolder):
        return _from_folder(source)
    if isinstance(source, Mapping):
        named = list(source.items())
        return PictureSet(
            lambda i: named[i][1], [str(name) for name, _ in named], identify=_identify([p for _, p in named])
        )
    if callable(getattr(source, "picture", None)) and callable(getattr(source, "label", None)):
        return _from_miniworld(source)
    if not (hasattr(source, "__len__") and hasattr(source, "__getitem__")):
        raise InputError(
            f"pictures cannot be taken from a {type(source).__name__}: give a folder's path, a list of "
            "pictures, or a data set such as Scenes or Objects"
        )
    return _from_sequence(source)


def _from_folder(folder: PictureFolder) -> PictureSet:
    tops = [name.split("/")[0] if "/" in name else "" for name in folder.names]
    classes = tuple(dict.fromkeys(tops))
    labels = None if "" in classes or len(classes) < 2 else [classes.index(top) for top in tops]
    paths = folder.paths
    return PictureSet(
        paths.__getitem__, folder.names, labels, classes if labels is not None else (), _identify(paths)
    )


def _from_miniworld(data: Any) -> PictureSet:
    def identify() -> str:
        # Should a painter change, its pictures do: one of each class stands for all.
        drawn = [data.picture(i).picture.tobytes() for i in range(min(len(data), len(data.classes)))]
        return _digest(repr(data), drawn)

    labels = [data.label(i) for i in range(len(data))]
    names = [f"{data.classes[label]} {i}" for i, label in enumerate(labels)]
    return PictureSet(lambda i: data.picture(i).picture, names, labels, data.classes, identify)


def _from_sequence(source: Any) -> PictureSet:
    """Take a list of pictures, or a data set whose items are pictures, samples or (picture, label)."""
    count = len(source)
    if not count:
        raise InputError("there is no picture in what was given; a set of pictures needs at least one")
    names = [_name(source, i) for i in range(count)]
    if isinstance(source, (list, tuple)) and not _is_pair(source[0]) and not isinstance(source[0], Sample):
        return PictureSet(source.__getitem__, names, identify=_identify(source))
    classes = tuple(map(str, getattr(source, "classes", ())))
    labels = _labels(source)
    known = classes or (() if labels is None else tuple(f"class {i}" for i in range(max(labels) + 1)))
    return PictureSet(
        lambda i: _picture(source[i]),
        names,
        labels,
        known if labels is not None else (),
        _identify_code(source),
    )


def _identify_code(source: Any) -> Callable[[], str | None]:
    """Tell a data set that is code by its files, where it names them; its settings show in a picture."""

    def identify() -> str | None:
        paths = getattr(source, "paths", None)
        if paths is None or len(paths) != len(source):
            return None
        first = np.asarray(open_picture(_picture(source[0]))).tobytes()
        return _digest(repr(source), first, [_fingerprint(path) for path in paths])

    return identify


def _labels(source: Any) -> list[int] | None:
    """Read every picture's class; from the data set's own list where it has one, since opening takes long."""
    listed = getattr(source, "targets", None)
    if listed is not None and len(listed) == len(source):
        return [int(each) for each in listed]
    first = source[0]
    if isinstance(first, Sample):
        if first.label is None:
            return None
        return [int(source[i].label) for i in range(len(source))]
    return [int(source[i][1]) for i in range(len(source))] if _is_pair(first) else None


def _picture(item: Any) -> Any:
    if isinstance(item, Sample):
        return item.image
    return item[0] if _is_pair(item) else item


def _is_pair(item: Any) -> bool:
    is_number = isinstance(item, tuple) and len(item) == 2 and hasattr(item[1], "__int__")
    return is_number and not isinstance(item[1], np.ndarray)


def _name(source: Any, index: int) -> str:
    item = source[index] if isinstance(source, (list, tuple)) else None
    paths = getattr(source, "paths", ())
    item = paths[index] if len(paths) == len(source) else item
    return Path(item).name if isinstance(item, (str, os.PathLike)) else f"picture {index}"


def _labelled(pictures: PictureSet, labels: Sequence[int | str]) -> PictureSet:
    if len(labels) != len(pictures):
        raise InputError(f"{len(labels)} labels were given for {len(pictures)} pictures: give one for each")
    if all(isinstance(each, str) for each in labels):
        classes = tuple(dict.fromkeys(map(str, labels)))
        numbers = [classes.index(str(each)) for each in labels]
    else:
        numbers = [int(each) for each in labels]
        if min(numbers) < 0:
            raise InputError(f"labels are numbered from 0; got {min(numbers)}")
        classes = pictures.classes or tuple(f"class {i}" for i in range(max(numbers) + 1))
        if max(numbers) >= len(classes):
            raise InputError(f"there is no class {max(numbers)}: they are numbered 0 to {len(classes) - 1}")
    return PictureSet(pictures.__getitem__, pictures.names, numbers, classes, lambda: pictures.id)


def _is_rgb(picture: Any) -> bool:
    return isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.shape[2:] == (3,)


def _identify(pictures: Sequence[Any]) -> Callable[[], str | None]:
    def identify() -> str | None:
        parts = [_fingerprint(each) for each in pictures]
        return None if None in parts else _digest(*parts)

    return identify


def _fingerprint(picture: Any) -> str | None:
    """Tell one picture from others: a file by its place, size and time, what is in memory by its numbers."""
    if isinstance(picture, (str, os.PathLike)):
        if isinstance(picture, str) and picture in sample_names() and not Path(picture).is_file():
            return f"sample {picture}"
        try:
            status = Path(picture).expanduser().stat()
        except OSError as error:
            raise PictureError(f"{str(picture)!r} cannot be read: {error.strerror}.") from error
        return f"{Path(picture).expanduser().resolve()} {status.st_size} {status.st_mtime_ns}"
    if isinstance(picture, Image.Image):
        picture = np.asarray(open_picture(picture))
    if isinstance(picture, np.ndarray):
        return _digest(picture.shape, str(picture.dtype), np.ascontiguousarray(picture).tobytes())
    return _digest(bytes(picture)) if isinstance(picture, (bytes, bytearray)) else None


def _digest(*parts: Any) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()
