"""The controls of SaliencyExplorer, all of which a keyboard reaches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source

_NAMES = {
    "objects": "Miniworld: objects",
    "scenes": "Miniworld: scenes",
    "yours": "your data set",
    "photos": "photos",
}
_RULES = [
    ("backprop: the gradient", "backprop"),
    ("deconvnet", "deconvnet"),
    ("guided backprop", "guided"),
]
_METHODS = [("the picture alone", "gradient"), ("SmoothGrad: noisy copies", "smoothgrad")]
_LOOKS = [("M: largest |value|", "magnitude"), ("with its sign", "signed")]
_TOP = -1  # a list cannot show that nothing is chosen
_MOST_SAMPLES = 100


class SaliencyControls:
    """Picture, class, rule, SmoothGrad, how the map looks, and the two quantiles.

    Parameters
    ----------
    model : HookedModel
        Its classes are offered.
    data : sequence of str
        The collections of pictures there are, by the names of the trait.
    chooser : PictureChooser
        Shown in place of class and number where photos are chosen.
    on_change : callable
        Called with a dict of traits when the student changes something, not when `show` does.
    """

    names = (
        *("data", "class_name", "number", "target", "rule", "method", "samples", "noise"),
        *("look", "opacity", "cut", "foreground", "background"),
    )

    def __init__(
        self,
        model: HookedModel,
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
    ) -> None:
        self._chooser, self._on_change, self._showing = chooser, on_change, False
        classes = [(_class_label(model, i), i) for i in range(model.class_count or 0)]
        self._controls: dict[str, W.Widget] = {
            "data": W.Dropdown(**looks("Pictures", 240), options=[(_NAMES[each], each) for each in data]),
            "class_name": W.Dropdown(**looks("Class", 220)),
            "number": W.IntSlider(**looks("Number", 260)),
            "target": W.Dropdown(**looks("Explain"), options=[("the top class", _TOP), *classes]),
            "rule": W.Dropdown(**looks("Rule", 250), options=_RULES),
            "method": W.Dropdown(**looks("Method", 290), options=_METHODS),
            "samples": W.IntSlider(**looks("Copies"), min=1, max=_MOST_SAMPLES, continuous_update=False),
            "noise": _shares("Noise", range(1, 51)),
            "look": W.Dropdown(**looks("Map"), options=_LOOKS),
            "opacity": _shares("Opacity", range(0, 101, 5), 250),
            "cut": W.Checkbox(description="Cut out the object", indent=False, layout=W.Layout(width="190px")),
            "foreground": _shares("Object ≥", range(51, 100)),
            "background": _shares("Rest ≤", range(1, 51)),
        }
        self._controls["noise"].continuous_update = False  # every value costs as many passes as copies
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
        self.question = flow(get["target"], get["rule"], get["method"])
        self.smooth = flow(get["samples"], get["noise"])
        self.looks = flow(get["look"], get["opacity"], get["cut"])
        self.quantiles = flow(get["foreground"], get["background"])

    def show(self, values: Mapping[str, Any], source: Source, top_class: str) -> None:
        """Bring the controls to the values on show, by name, and to what can be chosen there."""
        photos = values["data"] == "photos"
        get = self._controls
        self._showing = True  # none of this is anybody's choice
        try:
            if list(get["class_name"].options) != list(source.classes):
                get["class_name"].options = list(source.classes)
            get["number"].max = max(1, source.count(values["class_name"]) - 1)
            first = (f"the top class: {top_class}" if top_class else "the top class", _TOP)
            if get["target"].options[0] != first:
                get["target"].options = [first, *get["target"].options[1:]]
            for name, control in get.items():
                if name == "class_name" and photos:
                    continue  # a photo has none
                value = _TOP if name == "target" and values[name] is None else values[name]
                if isinstance(control, W.SelectionSlider):
                    value = min((each for _, each in control.options), key=lambda each: abs(each - value))
                control.value = value
        finally:
            self._showing = False
        smooth = values["method"] == "smoothgrad"
        for widget, shown in (
            (get["class_name"], not photos and len(source.classes) > 1),
            (get["number"], not photos),  # their list does
            (self.another, not photos),
            (self._chooser.list, photos),
            (self._chooser.upload, photos),
            (get["samples"], smooth),
            (get["noise"], smooth),
            (self.quantiles, values["cut"]),
        ):
            widget.layout.display = "" if shown else "none"

    def _next(self) -> None:
        number = self._controls["number"]
        self._tell("number", (number.value + 1) % (number.max + 1))

    def _tell(self, name: str, value: Any) -> None:
        if self._showing or value is None:
            return
        if name == "target" and value == _TOP:
            value = None
        fresh: dict[str, Any] = {"data": {"class_name": "", "number": 0}, "class_name": {"number": 0}}
        self._on_change({name: value, **fresh.get(name, {})})


def _shares(label: str, percents: range, width: int = 270) -> W.SelectionSlider:
    """Make a slider of shares; a FloatSlider sends 0.8500000000000001 back when it is told 0.85."""
    return W.SelectionSlider(**looks(label, width), options=[(f"{each}%", each / 100) for each in percents])


def _class_label(model: HookedModel, index: int) -> str:
    return f"{index} {model.classes[index]}" if model.classes is not None else model.class_name(index)
