"""Choosing a picture: the sample photos, the caller's own, and what a student uploads."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as W
from PIL import Image

from cnnviz_widgets.data import PictureFolder, open_picture, picture_folder, sample_names
from cnnviz_widgets.widgets._layout import looks
from cnnviz_widgets.widgets._threads import Showing

Pictures = str | os.PathLike[str] | PictureFolder | Mapping[str, Any] | Iterable[Any]


class PictureChooser:
    """A list of pictures by name, and an upload button that adds to it.

    Parameters
    ----------
    pictures : folder, list or dict, optional
        Pictures offered before the sample photos: a folder's path, a list of anything `open_picture` takes,
        or a dict from name to picture.
    on_choose : callable
        Called with a picture's name when the student chooses or uploads one.
    guard : callable
        Runs the reading of an upload, and tells the student what went wrong there.
    """

    def __init__(
        self,
        pictures: Pictures | None,
        on_choose: Callable[[str], None],
        guard: Callable[..., None],
    ) -> None:
        self._shelf = {**_named(pictures), **{name: name for name in sample_names()}}
        self._on_choose, self._guard = on_choose, guard
        self.list = W.Dropdown(**looks("Picture"), options=list(self._shelf), value=None)
        self.upload = W.FileUpload(description="Upload", accept="image/*", multiple=False)
        self.upload.layout.width = "110px"
        self._showing = Showing()
        self.list.observe(self._on_list, "value")
        self.upload.observe(self._on_upload, "value")

    def open(self, picture: Any) -> Image.Image:
        """Open a picture by its name in the list, or anything else that `open_picture` takes."""
        is_name = isinstance(picture, str) and picture in self._shelf
        return open_picture(self._shelf[picture] if is_name else picture)

    def show(self, picture: Any) -> str:
        """Bring the list to what is on show, and return its name."""
        name = self._name_of(picture)
        with self._showing:
            if name not in self._shelf or not isinstance(picture, str):
                self._shelf[name] = picture
            if name not in self.list.options:
                self.list.options = list(self._shelf)
            self.list.value = name
        return name

    def _name_of(self, picture: Any) -> str:
        """Name a picture: as in the list, else as its file, with a number where another has that name."""
        if isinstance(picture, str) and picture in self._shelf:
            return picture
        if not isinstance(picture, (str, os.PathLike)):
            return "your picture"
        files = (name for name, each in self._shelf.items() if isinstance(each, (str, os.PathLike)))
        known = next((name for name in files if self._shelf[name] == picture), None)
        return known or _free(_name(picture, ""), self._shelf)

    def _on_list(self, change: Any) -> None:
        if change.new and not self._showing:
            self._on_choose(change.new)

    def _on_upload(self, change: Any) -> None:
        if change.new:
            self._guard(self._take, change.new[0])
            self.upload.value = ()  # so that the same file can be chosen again

    def _take(self, entry: Mapping[str, Any]) -> None:
        open_picture(entry)  # a broken file raises here, and what is on show stays
        name = _free(str(entry.get("name") or "upload"), self._shelf)
        self._shelf[name] = bytes(entry["content"])  # a tenth of the decoded picture's memory
        self._on_choose(name)


def _named(pictures: Pictures | None) -> dict[str, Any]:
    if pictures is None:
        return {}
    if isinstance(pictures, (str, os.PathLike)):
        pictures = picture_folder(pictures)
    if isinstance(pictures, PictureFolder):
        return dict(zip(pictures.names, pictures.paths, strict=True))
    if isinstance(pictures, Mapping):
        return {str(name): picture for name, picture in pictures.items()}
    shelf: dict[str, Any] = {}
    for number, picture in enumerate(pictures, 1):
        name = _name(picture, f"picture {number}")
        is_sample = isinstance(picture, str) and picture in sample_names()
        shelf[name if is_sample else _free(name, shelf)] = picture
    return shelf


def _name(picture: Any, otherwise: str) -> str:
    return Path(picture).name if isinstance(picture, (str, os.PathLike)) else otherwise


def _free(name: str, taken: Mapping[str, Any]) -> str:
    free, count = name, 1
    while free in taken or free in sample_names():
        count += 1
        free = f"{name} ({count})"
    return free
