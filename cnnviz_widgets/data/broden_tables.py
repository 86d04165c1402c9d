"""The tables of a data set of Broden's form: index.csv, label.csv, category.csv and c_LEVEL.csv."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from cnnviz_widgets.data.label_names import NumberTable
from cnnviz_widgets.data.pictures import quoted
from cnnviz_widgets.errors import InputError, PictureError, nearest

_CATEGORY = re.compile(r"([^()]+)(?:\((\d+)\))?")  # object(3): in three pictures' object labels


class Label(NamedTuple):
    """A line of label.csv: a concept, and in how many pictures it is at each level."""

    name: str
    pictures: Mapping[str, int]


class Row(NamedTuple):
    """A line of index.csv: a picture and where its labels are."""

    image: str
    split: str
    picture_size: tuple[int, int]  # height, width
    map_size: tuple[int, int]
    cells: tuple[str, ...]  # one for each level asked for


def read_labels(root: Path) -> dict[int, Label]:
    """Read label.csv: number to label."""
    labels = {}
    for line, (number, name, categories) in _lines(root, "label.csv", ("number", "name", "category")):
        pictures = {}
        for each in filter(None, categories.split(";")):
            parts = _CATEGORY.fullmatch(each.strip())
            if parts is None:
                raise PictureError(f"{line} has the category {each!r}; it is a level and a count: object(3).")
            pictures[parts[1]] = int(parts[2] or 0)
        labels[_whole(number, line, "number")] = Label(name, pictures)
    return labels


def read_levels(
    root: Path, labels: Mapping[int, Label], wanted: Sequence[str] | None
) -> dict[str, NumberTable]:
    """Read category.csv: level to the meaning of its numbers, for all levels or those wanted."""
    there = [name for _, (name,) in _lines(root, "category.csv", ("name",))]
    for level in wanted or ():
        if level not in there:
            raise InputError(f"category.csv has no level {level!r}. {nearest(level, there)}")
    return {level: _meaning(root, level, labels) for level in (there if wanted is None else wanted)}


def read_index(root: Path, levels: Sequence[str]) -> list[Row]:
    """Read index.csv: a row for each picture, with its cells at these levels."""
    rows = []
    columns = ("image", "split", "ih", "iw", "sh", "sw", *levels)
    for line, (image, split, ih, iw, sh, sw, *cells) in _lines(root, "index.csv", columns):
        sizes = [
            _whole(*each) for each in ((ih, line, "ih"), (iw, line, "iw"), (sh, line, "sh"), (sw, line, "sw"))
        ]
        if leads_out(image):
            raise PictureError(f"{line} has the picture {image!r}, which would not lie in images/.")
        rows.append(Row(image, split, (sizes[0], sizes[1]), (sizes[2], sizes[3]), tuple(cells)))
    if not rows:
        raise PictureError(f"{quoted(root / 'index.csv')} lists no pictures.")
    return rows


def leads_out(name: str) -> bool:
    """Say whether a name in a table, which a stranger wrote, points out of the folder images/."""
    return name[:1] in ("", "/", "\\") or name[1:2] == ":" or ".." in re.split(r"[/\\]", name)


def _meaning(root: Path, level: str, labels: Mapping[int, Label]) -> NumberTable:
    codes = f"c_{level}.csv"
    if leads_out(level) or not (root / codes).is_file():
        members = [number for number, label in labels.items() if level in label.pictures]
        numbers = sorted(members, key=lambda number: (-labels[number].pictures[level], number))
    else:
        ordered = []
        for line, (code, text) in _lines(root, codes, ("code", "number")):
            number = _whole(text, line, "number")
            if number not in labels:
                raise PictureError(f"{line} has the label {number}, which label.csv does not list.")
            ordered.append((_whole(code, line, "code"), number))
        numbers = [number for _, number in sorted(ordered)]
    try:
        # 0 is no label, also where a table lists it, as "-".
        return NumberTable({number: labels[number].name for number in numbers} | {0: ""})
    except InputError as error:  # to whoever opens a folder, a wrong table is a wrong file
        raise PictureError(f"{quoted(root / 'label.csv')} cannot be used: {error}") from error


def _lines(root: Path, table: str, columns: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the columns asked for of each line of a table, with what errors call the line."""
    path = root / table
    if not path.is_file():
        raise PictureError(_why_no_table(root, table))
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            for column in columns:
                if column not in header:
                    raise PictureError(f"{quoted(path)} has no column {column!r}. {nearest(column, header)}")
            places = [header.index(column) for column in columns]
            pick = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
            for row in reader:
                line = f"line {reader.line_num} of {quoted(path)}"
                if len(row) != len(header) and row:
                    raise PictureError(f"{line} has {len(row)} values for {len(header)} columns.")
                if row:
                    yield line, pick(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PictureError(f"{quoted(path)} cannot be read as a table: {error}. Fetch it again.") from error


def _whole(text: str, line: str, column: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise PictureError(f"{line} has {text!r} in the column {column}, which is a whole number.")
    return int(text)


def _why_no_table(root: Path, table: str) -> str:
    if not root.is_dir():
        return f"there is no folder {quoted(root)}. Broden is unpacked to a folder like broden1_227."
    found = sorted(each.parent.name for each in root.glob(f"*/{table}"))
    if found:
        return (
            f"there is no {table} in {quoted(root)}, but in its sub-folder: open {quoted(root / found[0])}."
        )
    names = sorted(each.name for each in root.iterdir())
    return (
        f"there is no {table} in {quoted(root)}: a data set of Broden's form holds index.csv, label.csv, "
        f"category.csv and images/. This folder: {nearest(table, names)}"
    )
