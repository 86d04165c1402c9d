"""The controls of OcclusionSlider, all of which a keyboard reaches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.methods.cam import map_layers
from cnnviz_widgets.widgets._layout import class_options, flow, layer_label, looks
from cnnviz_widgets.widgets._occlusion_answers import Occluded
from cnnviz_widgets.widgets._picture_controls import NONE, PictureControls, shares, show_those
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source

_FILLS = [
    ("grey: mean of all pictures", "grey"),
    ("black", "black"),
    ("white", "white"),
    ("mean colour of the picture", "mean"),
    ("the picture, blurred", "blur"),
]


class OcclusionControls(PictureControls):
    """Picture, class, layer and channel, the square with its place, and how the maps look.

    Parameters
    ----------
    model : HookedModel
        Its classes and layers are offered.
    data : sequence of str
        The collections of pictures there are, by the names of the trait.
    chooser : PictureChooser
        Shown in place of class and number where photos are chosen.
    on_change : callable
        Called with a dict of traits when the student changes something, not when `show` does.
    """

    # another layer's channels have other numbers
    fresh: ClassVar[dict[str, dict[str, Any]]] = {**PictureControls.fresh, "layer": {"channel": None}}
    optional = ("target", "channel")

    def __init__(
        self,
        model: HookedModel,
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
    ) -> None:
        self._model = model
        self._offered: object = None  # what the lists were made for
        layers = [(layer_label(each), each.name) for each in map_layers(model)]
        later = {"continuous_update": False}  # every value means another map
        classes = [("the top class", NONE), *class_options(model)]
        controls: dict[str, W.Widget] = {
            "target": W.Dropdown(**looks("P of", 300), options=classes),
            "layer": W.Dropdown(**looks("Layer", 300), options=layers or [("none has maps", "")]),
            "channel": W.Dropdown(**looks("Channel", 240), options=[("the strongest", NONE)]),
            "size": W.IntSlider(**looks("Size", 260), min=1, **later),
            "stride": W.IntSlider(**looks("Stride", 260), min=1, **later),
            "fill": W.Dropdown(**looks("Fill", 270), options=_FILLS),
            "top": W.IntSlider(**looks("Top", 260), min=0),
            "left": W.IntSlider(**looks("Left", 260), min=0),
            "opacity": shares("Opacity", range(0, 101, 5), 260),
        }
        super().__init__(data, chooser, on_change, **controls)
        self.question = flow(*map(self.__getitem__, ("target", "layer", "channel")))
        self.square = flow(*map(self.__getitem__, ("size", "stride", "fill")))
        self.place = flow(*map(self.__getitem__, ("top", "left", "opacity")))

    def show(self, values: Mapping[str, Any], source: Source, result: Occluded) -> None:
        """Bring the controls to the values on show, by name, and to what can be chosen there."""
        maps = result.maps
        shown = {
            **values,
            **{"target": None if values["target"] is None else result.target},
            **{"layer": maps.layer, "channel": None if values["channel"] is None else maps.channel},
            **{"size": maps.size, "stride": maps.stride, "top": result.top, "left": result.left},
        }
        self._bring(shown, source, lambda: self._offer(result))
        show_those((self["channel"], maps.channel >= 0))

    def _offer(self, result: Occluded) -> None:
        """Set the limits; say which class, layer and channel are taken where none is chosen."""
        get, maps, model = self._controls, result.maps, self._model
        shortest = min(maps.picture)
        get["size"].max, get["stride"].max = shortest, max(2, shortest // 2, maps.stride)
        get["top"].max, get["left"].max = (max(1, length - maps.size) for length in maps.picture)
        offered = (result.truth, maps.plain_label, maps.layer, result.strongest)
        if offered == self._offered:
            return
        self._offered = offered
        top = maps.plain_label if result.truth is None else result.truth
        kind = "top" if result.truth is None else "true"
        self._offer_first("target", f"the {kind} class: {model.class_name(top)}")
        if maps.layer not in [name for _, name in get["layer"].options]:  # a block, such as layer1.0
            added = (layer_label(model.layer(maps.layer)), maps.layer)
            get["layer"].options = [*get["layer"].options, added]
        channels = [(f"the strongest: {result.strongest}", NONE)]
        channels += [(str(each), each) for each in range(len(maps.plain_totals))]
        get["channel"].options = channels
