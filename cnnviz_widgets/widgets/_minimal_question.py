"""The question of MinimalImageStepper: which picture, which unit, which pieces."""

from typing import Any

import traitlets
from PIL import ImageColor

from cnnviz_widgets.engines import Channel, Neuron
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.reduction import Reduction, Unit
from cnnviz_widgets.methods.region_fills import FILLS
from cnnviz_widgets.widgets._minimal_work import Asked, Stepped, answer
from cnnviz_widgets.widgets._picture_question import PICTURE, PictureQuestion
from cnnviz_widgets.widgets._task_pictures import Source


class MinimalQuestion(PictureQuestion):
    """The traits of MinimalImageStepper, and what they ask; see there."""

    recompute_on = (
        *("mode", *PICTURE, "target"),
        *("subject", "layer", "channel", "row", "column", "method", "count", "fill"),
    )
    redraw_on = ("step", "tool", "size", "ink", "color", "keep", "refuse", "segment")

    mode = traitlets.Enum(["hand", "auto"], "hand", help="who simplifies")

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

    _on_show = ""  # the mode of the last answer
    _note = ""
    _loaded: Reduction | None = None  # a path from a file, that is about to be shown

    def set_trait_values(self, traits: dict[str, Any]) -> None:
        """Take the traits given by name; the pieces are true objects where these are known."""
        super().set_trait_values({"method": "slic" if traits["data"] == "photos" else "objects", **traits})

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
        super()._answer()
        self._note = ""

    def _settle(self, source: Source) -> None:
        """Give pieces that a new collection has, too, where the old ones are not there."""
        if self._moved and self.data == "photos" and self.method == "objects":
            self._quietly(method="slic")
        super()._settle(source)

    def _compute(self) -> Stepped:
        asked = Asked(
            self._key(PICTURE),
            (self.method, self.count),
            self._unit,
            (self.target, self.fill) if self.mode == "auto" else None,
        )
        found = answer(self.model, asked, self.result, self._exhibit, self.keep, self._loaded)
        if self.result is None or found.seen is not self.result.seen or self._on_show != self.mode:
            self._quietly(step=-1)  # it is drawn with what comes
        self._on_show = self.mode
        return found
