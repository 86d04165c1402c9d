"""The controls of OcclusionSlider, all of which a keyboard reaches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.methods.cam import map_layers
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._occlusion_answers import Occluded
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source

_NAMES = {
    "objects": "Miniworld: objects",
    "scenes": "Miniworld: scenes",
    "yours": "your data set",
    "photos": "photos",
}
_FILLS = [
    ("grey: mean of all pictures", "grey"),
    ("black", "black"),
    ("white", "white"),
    ("mean colour of the picture", "mean"),
    ("the picture, blurred", "blur"),
]
_AUTO = -1  # a list cannot show that nothing is chosen


class OcclusionControls:
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

    def __init__(
        self,
        model: HookedModel,
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
    ) -> None:
        self._model, self._chooser, self._on_change, self._showing = model, chooser, on_change, False
        self._offered: object = None  # what the lists were made for
        classes = [(_class_label(model, i), i) for i in range(model.class_count or 0)]
        layers = [(_layer_label(each), each.name) for each in map_layers(model)]
        later = {"continuous_update": False}  # every value means another map
        self._controls: dict[str, W.Widget] = {
            "data": W.Dropdown(**looks("Pictures", 240), options=[(_NAMES[each], each) for each in data]),
            "class_name": W.Dropdown(**looks("Class", 220)),
            "number": W.IntSlider(**looks("Number", 260)),
            "target": W.Dropdown(**looks("P of", 260), options=[("the top class", _AUTO), *classes]),
            "layer": W.Dropdown(**looks("Layer", 280), options=layers or [("none has maps", "")]),
            "channel": W.Dropdown(**looks("Channel", 240), options=[("the strongest", _AUTO)]),
            "size": W.IntSlider(**looks("Size", 260), min=1, **later),
            "stride": W.IntSlider(**looks("Stride", 260), min=1, **later),
            "fill": W.Dropdown(**looks("Fill", 270), options=_FILLS),
            "top": W.IntSlider(**looks("Top", 260), min=0),
            "left": W.IntSlider(**looks("Left", 260), min=0),
            "opacity": W.SelectionSlider(
                **looks("Opacity", 260), options=[(f"{each}%", each / 100) for each in range(0, 101, 5)]
            ),
        }
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.another = W.Button(
            description="Another", tooltip="the next picture", layout=W.Layout(width="84px")
        )
        self.another.on_click(lambda _: self._next())
        get = self._controls
        self.pictures = flow(
            get["data"], get["class_name"], chooser.list, chooser.upload, get["number"], self.another
        )
        self.question = flow(get["target"], get["layer"], get["channel"])
        self.square = flow(get["size"], get["stride"], get["fill"])
        self.place = flow(get["top"], get["left"], get["opacity"])

    def __getitem__(self, name: str) -> W.Widget:
        return self._controls[name]

    def show(self, values: Mapping[str, Any], source: Source, result: Occluded) -> None:
        """Bring the controls to the values on show, by name, and to what can be chosen there."""
        photos = values["data"] == "photos"
        get, maps = self._controls, result.maps
        shown = {
            **values,
            **{"target": _AUTO if values["target"] is None else result.target},
            **{"layer": maps.layer, "channel": _AUTO if values["channel"] is None else maps.channel},
            **{"size": maps.size, "stride": maps.stride, "top": result.top, "left": result.left},
            "opacity": min(
                (each / 100 for each in range(0, 101, 5)), key=lambda at: abs(at - values["opacity"])
            ),
        }
        self._showing = True  # none of this is anybody's choice
        try:
            if list(get["class_name"].options) != list(source.classes):
                get["class_name"].options = list(source.classes)
            get["number"].max = max(1, source.count(values["class_name"]) - 1)
            get["size"].max, get["stride"].max = (
                min(maps.picture),
                max(2, min(maps.picture) // 2, maps.stride),
            )
            get["top"].max, get["left"].max = (max(1, length - maps.size) for length in maps.picture)
            self._offer(result)
            for name, control in get.items():
                if not (name == "class_name" and photos):  # a photo has none
                    control.value = shown[name]
        finally:
            self._showing = False
        for widget, there in (
            (get["class_name"], not photos and len(source.classes) > 1),
            (get["number"], not photos),  # their list does
            (self.another, not photos),
            (self._chooser.list, photos),
            (self._chooser.upload, photos),
            (get["channel"], maps.channel >= 0),
        ):
            widget.layout.display = "" if there else "none"

    def _offer(self, result: Occluded) -> None:
        """Say which class, layer and channel are taken where none is chosen, and list the others."""
        get, maps, model = self._controls, result.maps, self._model
        offered = (result.truth, maps.plain_label, maps.layer, result.strongest)
        if offered == self._offered:
            return
        self._offered = offered
        top = maps.plain_label if result.truth is None else result.truth
        kind = "top" if result.truth is None else "true"
        first = (f"the {kind} class: {model.class_name(top)}", _AUTO)
        get["target"].options = [first, *get["target"].options[1:]]
        if maps.layer not in [name for _, name in get["layer"].options]:  # a block, such as layer1.0
            added = (_layer_label(model.layer(maps.layer)), maps.layer)
            get["layer"].options = [*get["layer"].options, added]
        channels = [(f"the strongest: {result.strongest}", _AUTO)]
        channels += [(str(each), each) for each in range(len(maps.plain_totals))]
        get["channel"].options = channels

    def _next(self) -> None:
        number = self._controls["number"]
        self._tell("number", (number.value + 1) % (number.max + 1))

    def _tell(self, name: str, value: Any) -> None:
        if self._showing or value is None:
            return
        if name in ("target", "channel") and value == _AUTO:
            value = None
        fresh: dict[str, Any] = {
            "data": {"class_name": "", "number": 0},
            "class_name": {"number": 0},
            "layer": {"channel": None},  # another layer's channels have other numbers
        }
        self._on_change({name: value, **fresh.get(name, {})})


def _class_label(model: HookedModel, index: int) -> str:
    return f"{index} {model.classes[index]}" if model.classes is not None else model.class_name(index)


def _layer_label(layer: Layer) -> str:
    return f"{layer.name}  {layer.kind}  {'x'.join(map(str, layer.shape))}"
