"""The question of MinimalImageStepper: which picture, which unit, which pieces."""

from typing import Any

import numpy as np
import traitlets
from PIL import ImageColor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.labelled import LabelledDataset, Sample
from cnnviz_widgets.data.miniworld import Objects, Scenes
from cnnviz_widgets.engines import Channel, Neuron
from cnnviz_widgets.errors import InputError, nearest
from cnnviz_widgets.methods.reduction import Reduction, Unit
from cnnviz_widgets.methods.region_fills import FILLS
from cnnviz_widgets.widgets._minimal_work import Asked, Stepped, answer
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._task_pictures import (
    DatasetSource,
    Exhibit,
    PhotoSource,
    Source,
    WorldSource,
    checked,
    own_kind,
)
from cnnviz_widgets.widgets._view import View


class MinimalQuestion(View):
    """The traits of MinimalImageStepper, and what they ask; see there."""

    recompute_on = (
        *("mode", "data", "class_name", "number", "picture", "target"),
        *("subject", "layer", "channel", "row", "column", "method", "count", "fill"),
    )
    redraw_on = ("step", "tool", "size", "ink", "color", "keep", "refuse", "segment")

    mode = traitlets.Enum(["hand", "auto"], "hand", help="who simplifies")

    data = traitlets.Unicode("photos", help="which pictures")
    class_name = traitlets.Unicode("", help="class of the picture; the first one if empty")
    number = traitlets.Int(0, min=0, help="which picture of the class")
    picture = traitlets.Any("cat", help="the photo: a name in the list, a path, an array")

    target = traitlets.Any(None, help="the class watched, by number or name; None is the top class")
    subject = traitlets.Enum(["class", "channel", "neuron"], "class", help="what is watched by hand")
    layer = traitlets.Unicode("", help="of the channel or neuron; the first one if empty")
    channel = traitlets.Int(0, min=0, help="counted from 0")
    row = traitlets.Int(0, min=0, help="of the neuron, counted from 0")
    column = traitlets.Int(0, min=0, help="of the neuron, counted from 0")

    method = traitlets.Unicode("slic", help="what the segments are")
    count = traitlets.Int(30, min=1, help="about how many segments")
    fill = traitlets.Enum(list(FILLS), "grey", help="what the search puts where a segment was")

    step = traitlets.Int(-1, min=-1, help="the step on show; -1 is the newest")
    tool = traitlets.Enum(["brush", "box", "segment"], "brush", help="what the pointer does")
    size = traitlets.Int(11, min=1, help="diameter of the brush, pixels of the network's picture")
    ink = traitlets.Enum([*FILLS, "color"], "grey", help="what comes where the pointer goes")
    color = traitlets.Unicode("#e69f00", help="the colour, #rrggbb")
    keep = traitlets.Float(0.9, min=0, max=1, help="share of the first response that must be left")
    refuse = traitlets.Bool(False, help="do not take steps that leave less")
    segment = traitlets.Int(0, min=0, help="the segment that the button Replace it replaces")

    @traitlets.validate("color")
    def _as_hexadecimal(self, proposal: Any) -> str:
        try:
            return "#" + bytes(ImageColor.getrgb(proposal.value)[:3]).hex()
        except ValueError:
            raise InputError(f'{proposal.value!r} is no colour: give one like "#ff8800" or "red"') from None

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
        self._sources: dict[str, Source] = {"objects": WorldSource(Objects), "scenes": WorldSource(Scenes)}
        if dataset is not None:
            self._sources["yours"] = DatasetSource(dataset)
        self._sources["photos"] = PhotoSource(lambda: self._chooser.list.options, self._chooser.open)
        self._on_show = ""  # the mode of the last answer
        self._from = ("", "")  # the last picture's collection and class
        self._note = ""
        self._loaded: Reduction | None = None  # a path from a file, that is about to be shown
        if picture is None:
            traits.setdefault("data", own_kind(self.model, dataset))
        else:
            traits = {"data": "photos", "picture": picture, **traits}
        traits.setdefault("method", "slic" if traits["data"] == "photos" else "objects")
        super().__init__(target=target, **traits)

    def _choose_photo(self, name: str) -> None:
        self.set(data="photos", picture=name)

    # The question

    @property
    def _unit(self) -> Unit | str | None:
        if self.subject == "class":
            return self.target
        layer = self.layer or self.model.layers[0].name
        if self.subject == "channel":
            return Channel(layer, self.channel)
        return Neuron(layer, self.channel, self.row, self.column)

    def _answer(self) -> None:
        self._settle()
        super()._answer()
        self._from = (self.data, self.class_name)
        self._note = ""

    def _settle(self) -> None:
        """Give a new collection its first class, and pieces that it has, where the old ones are not there."""
        source = self._sources.get(self.data)
        if source is None:
            return
        was_ready, self._ready = self._ready, False  # these changes are part of the answer
        try:
            moved = self._from[0] not in ("", self.data)
            if moved and self.data == "photos" and self.method == "objects":
                self.method = "slic"
            stale = moved and self.class_name == self._from[1] and self.class_name not in source.classes
            if self.data != "photos" and (stale or not self.class_name):
                self.class_name = source.classes[0]
        finally:
            self._ready = was_ready

    def _source(self) -> Source:
        if self.data not in self._sources:
            raise InputError(
                f"There are no pictures called {self.data!r}. {nearest(self.data, self._sources)}"
            )
        return self._sources[self.data]

    def _compute(self) -> Stepped:
        source = self._source()
        asked = Asked(
            self._key(("data", "class_name", "number", "picture")),
            (self.method, self.count),
            self._unit,
            (self.target, self.fill) if self.mode == "auto" else None,
        )
        found = answer(self.model, asked, self.result, lambda: self._exhibit(source), self.keep, self._loaded)
        if self.result is None or found.seen is not self.result.seen or self._on_show != self.mode:
            self._go_to(-1)
        self._on_show = self.mode
        return found

    def _exhibit(self, source: Source) -> Exhibit:
        if self.data == "photos":
            photo = np.array(self._chooser.open(self.picture))
            return Exhibit(Sample(photo, None, {}, {}), "", photo)
        checked(source, self.class_name, self.number)
        return source.exhibit(self.class_name, self.number)

    def _go_to(self, step: int) -> None:
        was_ready, self._ready = self._ready, False  # it is drawn with what comes
        try:
            self.step = step
        finally:
            self._ready = was_ready
