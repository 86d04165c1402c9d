"""The base of the widgets that ask about one picture: of a labelled collection, or a photo."""

from typing import Any

import numpy as np
import traitlets

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.labelled import LabelledDataset, Sample
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._task_pictures import (
    Exhibit,
    PhotoSource,
    Source,
    checked,
    collection,
    collections,
    own_kind,
)
from cnnviz_widgets.widgets._view import View

PICTURE = ("data", "class_name", "number", "picture")  # the traits that choose it


class PictureQuestion(View):
    """A view of what a network makes of one picture.

    A child class names `PICTURE` and `target` in its `recompute_on`, and opens the picture by `_exhibit`.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    picture : str, path, array or PIL.Image.Image, optional
        Anything `open_picture` takes, or a name among `pictures`. Where none is given: labelled pictures of
        the kind that the network learned, if there are such, else a sample photo.
    target : int, str or None
        The class asked about.
    pictures : folder, list or dict, optional
        The caller's own pictures, offered beside the sample photos.
    dataset : SegmentedFolder, Broden or the like, optional
        Labelled pictures of your own.
    **traits
        Starting values of the traits.
    """

    data = traitlets.Unicode("photos", help="which pictures")
    class_name = traitlets.Unicode("", help="class of the picture; the first one if empty")
    number = traitlets.Int(0, min=0, help="which picture of the class")
    picture = traitlets.Any("cat", help="the photo: a name in the list, a path, an array")

    target = traitlets.Any(None, help="the class asked about, by number or name; None is the top class")

    def __init__(
        self,
        model: HookedModel | str,
        picture: Any = None,
        target: int | str | None = None,
        *,
        pictures: Pictures | None = None,
        dataset: LabelledDataset | None = None,
        **traits: Any,
    ) -> None:
        self.model = opened(model, type(self).__name__)
        self._chooser = PictureChooser(pictures, self._choose_photo, self.guard)
        photos = PhotoSource(lambda: self._chooser.list.options, self._chooser.open)
        self._sources = collections(photos, dataset)
        self._from = ("", "")  # the last picture's collection and class
        if picture is None:
            traits.setdefault("data", own_kind(self.model, dataset))
        else:
            traits = {"data": "photos", "picture": picture, **traits}
        super().__init__(target=target, **traits)
        self._go_on()

    def _go_on(self) -> None:
        """Begin or end work in a thread, whatever the question on show needs."""

    def _choose_photo(self, name: str) -> None:
        self.set(data="photos", picture=name)

    def _answer(self) -> None:
        source = self._sources.get(self.data)
        if source is not None:
            self._settle(source)
        super()._answer()
        self._from = (self.data, self.class_name)

    @property
    def _moved(self) -> bool:
        """Whether the last picture was from another collection."""
        return self._from[0] not in ("", self.data)

    def _settle(self, source: Source) -> None:
        """Give a new collection its first class where it has not the one that was on show."""
        if self.data == "photos":
            return
        stale = self._moved and self.class_name == self._from[1] and self.class_name not in source.classes
        if stale or not self.class_name:
            self._quietly(class_name=source.classes[0])
        there = self.class_name in source.classes
        if self._moved and there and self.number >= source.count(self.class_name):
            self._quietly(number=0)

    @property
    def _source(self) -> Source:
        return collection(self._sources, self.data)

    def _exhibit(self) -> Exhibit:
        """Open the picture that is asked for."""
        source = self._source
        if self.data == "photos":
            photo = np.array(self._chooser.open(self.picture))
            return Exhibit(Sample(photo, None, {}, {}), "", photo)
        checked(source, self.class_name, self.number)
        return source.exhibit(self.class_name, self.number)

    def _name_on_show(self) -> str:
        """Name the picture, and bring the list of photos to it."""
        photo = self.data == "photos"
        return self._chooser.show(self.picture) if photo else f"{self.class_name} {self.number}"
