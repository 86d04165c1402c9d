"""Broden, the broadly and densely labelled data set of Network Dissection, as a data set of samples."""

import operator
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from cnnviz_widgets.data.broden_tables import Row, leads_out, read_index, read_labels, read_levels
from cnnviz_widgets.data.folder import PictureFolder
from cnnviz_widgets.data.label_maps import nearest_rows, open_colours
from cnnviz_widgets.data.label_names import LARGEST_NUMBER
from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.errors import InputError, PictureError, nearest


class Broden:
    """Broden or a data set of its form: ``dataset[i]`` is a Sample with maps at up to six levels.

    The form is that of Bau et al., "Network Dissection", CVPR 2017: the tables index.csv, label.csv and
    category.csv beside a folder images/. Broden itself (three versions, of 224, 227 and 384 pixels) is
    fetched by the scripts of the authors' NetDissect. Only the tables are read at first; pictures and
    their label maps are opened when they are asked for. Works as a torch map-style data set:
    ``DataLoader(dataset, num_workers=2, collate_fn=list)``.

    Parameters
    ----------
    folder : path
        The folder that holds index.csv.
    split : str, optional
        Keep the pictures of one split, as index.csv names it: "train" or "val". None keeps all.
    levels : str or iterable of str, optional
        Read these levels only, which is quicker. None reads all of category.csv.

    Attributes
    ----------
    classes : tuple of str
        (): Broden's pictures have no class; the level "scene" comes closest.
    concepts : dict of str to tuple of str
        Level to names; name 0 is "". They come in the order of the codes in c_LEVEL.csv, so that an index
        is NetDissect's own code; where there is no such file, those in most pictures come first.
    paths : tuple of pathlib.Path
        The pictures.

    Raises
    ------
    PictureError
        The folder, a table, or a column of one is missing, or a table says what cannot be; the message
        names the line. When a sample is read: a file is missing, damaged or too large, is not of the size
        that index.csv says, or has a label that is not in label.csv or not of this level.
    InputError
        There is no such split or level.

    Notes
    -----
    A cell of index.csv lists what a picture has at one level, divided by semicolons: numbers of label.csv,
    each for the whole picture, and PNGs, whose pixels hold the number red + 256 green. Each becomes one
    map, so a level of a sample has n maps, at least one. Label PNGs are about half as wide and high as
    their picture; each pixel of the picture takes the label nearest to its centre.
    """

    classes: tuple[str, ...] = ()

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        split: str | None = None,
        levels: str | Iterable[str] | None = None,
    ) -> None:
        self._root = Path(folder).expanduser()
        self._labels = read_labels(self._root)
        wanted = [levels] if isinstance(levels, str) else None if levels is None else list(levels)
        self._tables = read_levels(self._root, self._labels, wanted)
        self.concepts = {level: table.concepts for level, table in self._tables.items()}
        rows = read_index(self._root, list(self._tables))
        self._rows = rows if split is None else [row for row in rows if row.split == split]
        if not self._rows:
            splits = sorted({row.split for row in rows})
            raise InputError(f"index.csv has no pictures of split {split!r}. {nearest(str(split), splits)}")
        self._pictures = PictureFolder(self._root / "images", [row.image for row in self._rows])

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where each picture lies."""
        return self._pictures.paths

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Sample:
        place = operator.index(index)  # a slice would be a list of pictures without labels
        picture, row = np.array(self._pictures[place]), self._rows[place]
        _check_size(row.image, picture, row.picture_size, "ih x iw")
        maps = {
            level: self._maps(row, level, cell, (len(picture), picture.shape[1]))
            for level, cell in zip(self._tables, row.cells, strict=True)
        }
        return Sample(picture, None, maps, self.concepts, source=str(self._pictures.root / row.image))

    def __repr__(self) -> str:
        return f"Broden({str(self._root)!r}, {len(self)} pictures)"

    def _maps(self, row: Row, level: str, cell: str, shape: tuple[int, int]) -> np.ndarray:
        entries = [each.strip() for each in cell.split(";") if each.strip()]
        # A label that is filtered out of Broden stays in a cell as 0: no map for it.
        found = [self._map(row, level, each, shape) for each in entries if each != "0"]
        return np.stack(found) if found else np.zeros((1, *shape), np.int16)

    def _map(self, row: Row, level: str, entry: str, shape: tuple[int, int]) -> np.ndarray:
        cell = f"the {level} cell of {row.image!r} in index.csv"
        if entry.isdecimal() and len(entry) < 10:
            if int(entry) > LARGEST_NUMBER:
                raise PictureError(f"{cell} has label {entry}; labels go up to {LARGEST_NUMBER}.")
            numbers = np.full(shape, int(entry), np.uint16)
            return self._tables[level].indices(numbers, cell, self._why_not(level))
        if leads_out(entry):
            raise PictureError(f"{cell} has the label map {entry!r}, which would not lie in images/.")
        pixels = open_colours(self._pictures.root / entry)
        _check_size(entry, pixels, row.map_size, "sh x sw")
        numbers = pixels[:, :, 0] + np.uint16(256) * pixels[:, :, 1]
        labels = self._tables[level].indices(numbers, f"the label map {entry!r}", self._why_not(level))
        return labels[np.ix_(nearest_rows(shape[0], len(labels)), nearest_rows(shape[1], labels.shape[1]))]

    def _why_not(self, level: str) -> Callable[[int], str]:
        def meaning(number: int) -> str:
            label = self._labels.get(number)
            if label is None:
                return f"which label.csv does not list: its numbers go up to {max(self._labels, default=0)}."
            where = ", ".join(label.pictures) or "no level"
            return (
                f"which is {label.name!r}: label.csv lists it under {where}, and this is the level {level}."
            )

        return meaning


def _check_size(name: str, pixels: np.ndarray, expected: tuple[int, int], columns: str) -> None:
    height, width = pixels.shape[:2]
    if (height, width) != expected:
        raise PictureError(
            f"{name!r} is {height} x {width} pixels (height x width), and index.csv says {columns} = "
            f"{expected[0]} x {expected[1]}: pictures and tables are of two versions of the data set."
        )
