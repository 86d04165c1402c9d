"""A folder of pictures with label maps beside them, as a data set of samples."""

import math
import operator
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from cnnviz_widgets.data.decode import MAX_PIXELS, Colour
from cnnviz_widgets.data.folder import PictureFolder, picture_folder
from cnnviz_widgets.data.label_maps import nearest_rows, open_colours, open_numbers
from cnnviz_widgets.data.label_names import ColourTable, Ignored, Names, colours_of, numbers_of
from cnnviz_widgets.data.labelled import LEVELS, Sample
from cnnviz_widgets.data.pictures import quoted
from cnnviz_widgets.errors import InputError, PictureError, nearest


class SegmentedFolder:
    """Your own pictures with label maps: ``dataset[i]`` is a Sample, as Miniworld's are.

    Listing the folder opens no picture; each is opened when it is asked for. Works as a torch map-style
    data set: ``DataLoader(dataset, num_workers=2, collate_fn=list)``.

    Parameters
    ----------
    folder : path
        Holds the pictures, in sub-folders too.
    names : sequence of str or mapping of int to str, optional
        What the numbers in the label maps mean. By default 0 is "label 0", 1 is "label 1", up to 255.
    colors : mapping of str to (int, int, int), optional
        For maps stored in colours: name to RGB, 0..255. Instead of `names`.
    level : str
        The kind of concept, one of Broden's: object, part, material, texture, color, scene.
    labels : str
        Where a picture's label map lies: a pattern, from `folder` on, in which * stands for the picture's
        path without its ending. ``"*_labels.png"`` pairs street/1.jpg with street/1_labels.png,
        ``"../annotations/*.png"`` with ../annotations/street/1.png.
    ignore : str, int, or several, optional
        Names or numbers that mean "no label", like "unlabelled" or 255. They become index 0, "".
    size : int, optional
        Cut the middle square out of each picture and scale it to size x size pixels: the picture
        smoothly (bilinear), the labels to the nearest pixel. None keeps pictures as they are.

    Attributes
    ----------
    classes : tuple of str
        Names of the sub-folders, if every picture lies in one of two or more; else (), and no picture has
        a label.
    concepts : dict of str to tuple of str
        Level to names; name 0 is "".
    paths, label_paths : tuple of pathlib.Path
        The pictures and their label maps, in the order a person would: 2.jpg before 10.jpg.
    unpaired : tuple of str
        Pictures passed over since they have no label map, as paths inside the folder.

    Raises
    ------
    PictureError
        There is no such folder, or no picture in it has a label map. When a sample is read: a file is
        damaged, too large, or gone; a map is of another size than its picture, no PNG, or has a number or
        colour without a name.
    InputError
        An argument contradicts another or cannot mean anything.

    Notes
    -----
    Label maps are PNGs with a number for each pixel (grey, 1 to 16 bits, or palette: the palette's
    colours do not matter), or with a colour for each pixel. Which pixels belong to which *thing* such maps
    do not say, and it is not guessed: `instances` is empty.

    Examples
    --------
    >>> names = "sky building pole road pavement tree sign fence car pedestrian cyclist unlabelled".split()
    >>> dataset = SegmentedFolder("camvid", names, ignore="unlabelled")  # doctest: +SKIP
    >>> dataset[0].present("object")[:4]  # doctest: +SKIP
    ['building', 'car', 'sky', 'road']
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        names: Names | None = None,
        *,
        colors: Mapping[str, Colour] | None = None,
        level: str = "object",
        labels: str = "*_labels.png",
        ignore: Ignored | None = None,
        size: int | None = None,
    ) -> None:
        if level not in LEVELS:
            raise InputError(f"There is no level {level!r}. {nearest(level, LEVELS)}")
        if names is not None and colors is not None:
            raise InputError("names is for maps of numbers, colors for maps of colours: pass one of them.")
        self._level = level
        self._size = _checked_size(size)
        self._table = numbers_of(names, ignore) if colors is None else colours_of(colors, ignore)
        self.concepts: dict[str, tuple[str, ...]] = {level: self._table.concepts}
        self._pictures, self.label_paths, self.unpaired = _paired(folder, labels)
        tops = [name.split("/")[0] if "/" in name else "" for name in self._pictures.names]
        found = tuple(dict.fromkeys(tops))
        self.classes: tuple[str, ...] = found if "" not in found and len(found) > 1 else ()
        self._class_of = [self.classes.index(top) if self.classes else None for top in tops]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where each picture lies."""
        return self._pictures.paths

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> Sample:
        place = operator.index(index)  # a slice would be a list of pictures without labels
        picture = self._pictures[place]
        path = self._pictures.root / self._pictures.names[place]
        labels = self._labels(self.label_paths[place])
        height, width = labels.shape
        if (width, height) != picture.size:
            raise PictureError(
                f"the label map {quoted(self.label_paths[place])} is {width} x {height} pixels and its "
                f"picture {quoted(path)} is {picture.width} x {picture.height}.{_why_sizes(picture, labels)}"
            )
        if self._size:
            picture, labels = _squared(picture, labels, self._size)
        return Sample(
            image=np.array(picture),
            label=self._class_of[place],
            maps={self._level: labels[None]},
            concepts=self.concepts,
            source=str(path),
        )

    def __repr__(self) -> str:
        passed = f", {len(self.unpaired)} without labels passed over" if self.unpaired else ""
        return f"SegmentedFolder({str(self._pictures.root)!r}, {len(self)} pictures{passed})"

    def _labels(self, path: Path) -> np.ndarray:
        source = f"the label map {quoted(path)}"
        if isinstance(self._table, ColourTable):
            return self._table.indices(open_colours(path), source)
        return self._table.indices(
            open_numbers(path),
            source,
            lambda number: (
                f"and no name goes with {number}. Add it to names, or pass ignore={number} if it means "
                f"unlabelled."
            ),
        )


def _checked_size(size: int | None) -> int | None:
    if size is None:
        return None
    largest = math.isqrt(MAX_PIXELS)
    if not isinstance(size, (int, np.integer)) or not 1 <= size <= largest:
        raise InputError(f"size is {size!r}; it is the side of a square in whole pixels, 1 to {largest}.")
    return int(size)


def _paired(
    folder: str | os.PathLike[str], labels: str
) -> tuple[PictureFolder, tuple[Path, ...], tuple[str, ...]]:
    pattern = os.fspath(labels)
    if pattern.count("*") != 1:
        raise InputError(
            f"labels is {pattern!r}; it is a pattern with one * for the picture's name: '*_labels.png' for "
            f"label maps beside the pictures, '../annotations/*.png' for a folder of them."
        )
    every = picture_folder(folder, recursive=True)
    maps = [every.root / pattern.replace("*", name.rpartition(".")[0]) for name in every.names]
    there = {path for path in maps if path.is_file()}
    # A label map beside its picture is a picture file too, and is no picture.
    pictures = [place for place, path in enumerate(every.paths) if path not in there]
    pairs = [place for place in pictures if maps[place] in there]
    if not pairs:
        first = pictures[0] if pictures else 0
        raise PictureError(
            f"none of the {len(every)} pictures in {quoted(every.root)} has a label map named {pattern!r}: "
            f"for {every.names[first]!r} it would be {quoted(maps[first])}. {_what_is_near(maps[first])}"
        )
    paired = PictureFolder(every.root, [every.names[place] for place in pairs])
    unpaired = [every.names[place] for place in pictures if maps[place] not in there]
    return paired, tuple(maps[place] for place in pairs), tuple(unpaired)


def _what_is_near(path: Path) -> str:
    if not path.parent.is_dir():
        return f"There is no folder {quoted(path.parent)}. Say with `labels` where the maps are."
    beside = sorted(each.name for each in path.parent.iterdir() if not each.name.startswith("."))
    return f"Say with `labels` how yours are named. {nearest(path.name, beside)}"


def _why_sizes(picture: Image.Image, labels: np.ndarray) -> str:
    if picture.size == labels.shape:
        return (
            " They are turned against each other: the photo's EXIF says which way is up, and the map is not."
        )
    return " Make the map anew at the picture's size, with nearest neighbours."


def _squared(picture: Image.Image, labels: np.ndarray, size: int) -> tuple[Image.Image, np.ndarray]:
    # Cut first: the other way round a picture of 1 x 8000 would be scaled to millions of rows.
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    rows = nearest_rows(size, side)
    return (
        square.resize((size, size), Image.Resampling.BILINEAR),
        labels[np.ix_(top + rows, left + rows)],
    )
