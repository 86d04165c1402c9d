"""A folder of pictures as a sequence: named, in order, opened one at a time."""

import operator
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from PIL import Image

from cnnviz_widgets.data.decode import ENDINGS
from cnnviz_widgets.data.pictures import open_picture, quoted
from cnnviz_widgets.errors import PictureError, nearest


class PictureFolder(Sequence[Image.Image]):
    """The pictures of a folder: `folder[i]` opens the i-th, `folder.names[i]` names it.

    Made by `picture_folder`. No picture is opened before it is asked for, and none is kept, so a
    folder of a million pictures costs a million names. A slice is a folder too.

    Attributes
    ----------
    root : pathlib.Path
        The folder.
    names : tuple of str
        Paths inside the folder, with forward slashes: "dog/3.jpg" for a picture in a sub-folder.
    """

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root = root
        self.names = tuple(names)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where each picture lies."""
        return tuple(self.root / name for name in self.names)

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Image.Image: ...
    @overload
    def __getitem__(self, index: slice) -> "PictureFolder": ...
    def __getitem__(self, index: int | slice) -> "Image.Image | PictureFolder":
        if isinstance(index, slice):
            return PictureFolder(self.root, self.names[index])
        position = operator.index(index)  # numpy's integers too
        if not -len(self) <= position < len(self):
            raise IndexError(f"there is no picture {position}: {self!r} counts from 0 to {len(self) - 1}.")
        return open_picture(self.root / self.names[position])

    def __repr__(self) -> str:
        return f"PictureFolder({str(self.root)!r}, {len(self)} pictures)"


def picture_folder(
    path: str | os.PathLike[str], *, recursive: bool = False, limit: int | None = None
) -> PictureFolder:
    """List a folder's pictures by their names' endings, in the order a person would: 2.jpg before 10.jpg.

    Parameters
    ----------
    path : path
        The folder.
    recursive : bool
        Look into sub-folders too. Hidden files and folders (.ipynb_checkpoints) are passed over.
    limit : int, optional
        Keep the first `limit` pictures only.

    Returns
    -------
    PictureFolder
        A sequence: `len(folder)`, `folder[i]` (PIL, mode RGB), `folder.names[i]`, `folder.paths[i]`.

    Raises
    ------
    PictureError
        The folder does not exist, may not be read, or holds no picture; the message says what it holds.
    """
    if limit is not None and operator.index(limit) < 1:
        raise PictureError(f"limit is {limit}; it is how many pictures to keep, 1 or more, or None for all.")
    root = Path(path).expanduser()
    if not root.is_dir():
        raise PictureError(_why_no_folder(root))
    try:
        names = sorted((each for each in _files(root, recursive) if _is_picture(each)), key=_natural)
    except OSError as error:
        raise PictureError(f"the folder {quoted(root)} cannot be read: {error.strerror}.") from error
    if not names:
        raise PictureError(f"the folder {quoted(root)} has no pictures: {_what_is_inside(root, recursive)}")
    return PictureFolder(root, names[:limit])


def _files(root: Path, recursive: bool) -> list[str]:
    def refuse(error: OSError) -> None:
        if Path(error.filename) == root:  # a locked sub-folder is passed over, a locked folder is not
            raise error

    found = []
    for folder, subfolders, files in os.walk(root, onerror=refuse):
        subfolders[:] = [each for each in subfolders if recursive and not each.startswith(".")]
        inside = Path(folder).relative_to(root)
        found += [(inside / each).as_posix() for each in files if not each.startswith(".")]
    return found


def _is_picture(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _natural(name: str) -> tuple[list[list[tuple[bool, int, str]]], str]:
    def pieces(part: str) -> list[tuple[bool, int, str]]:
        split = [each for each in re.split(r"(\d+)", part.casefold()) if each]
        return [(False, int(each), "") if each.isdecimal() else (True, 0, each) for each in split]

    return [pieces(part) for part in Path(name).with_suffix("").parts], name


def _why_no_folder(root: Path) -> str:
    if root.exists():
        return f"{quoted(root)} is a file, not a folder: open_picture opens a single picture."
    if not root.parent.is_dir():
        return f"there is no folder {quoted(root)}, nor the folder {quoted(root.parent)} it would be in."
    beside = sorted(
        each.name for each in root.parent.iterdir() if each.is_dir() and not each.name.startswith(".")
    )
    return f"there is no folder {quoted(root)}. Beside it: {nearest(root.name, beside)}"


def _what_is_inside(root: Path, recursive: bool) -> str:
    endings = Counter(Path(each).suffix.lower() or "no ending" for each in _files(root, recursive))
    most = sorted(endings.items(), key=lambda each: (-each[1], each[0]))[:5]
    kinds = ", ".join(f"{count} {ending}" for ending, count in most)
    inside = f"it holds {endings.total()} other files ({kinds})." if endings else "it is empty."
    deeper = 0 if recursive else sum(map(_is_picture, _files(root, True)))
    if deeper:
        return f"{inside} Its sub-folders hold {deeper}: pass recursive=True."
    return f"{inside} Picture names end in {', '.join(ENDINGS)}."
