"""CAMExplorer's controls, all of which a keyboard reaches."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel, Layer, Prediction
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source

_NAMES = {
    "scenes": "Miniworld: scenes",
    "objects": "Miniworld: objects",
    "yours": "your data set",
    "photos": "photos",
}
_TOP = -1  # a list cannot show that nothing is chosen


class CamControls:
    """Which picture, which class, from which layer, above which share, how opaque.

    Parameters
    ----------
    model : HookedModel
        The main network: its classes are offered.
    automatic : str
        What is shown where no layer is named.
    layers : sequence of Layer
        The layers that are offered for Grad-CAM.
    data : sequence of str
        The collections there are, by the names of the trait.
    chooser : PictureChooser
        Shown in place of class and number where photos are chosen.
    on_change : callable
        Called with a dict of traits when the student changes something, not when `show` does.
    """

    def __init__(
        self,
        model: HookedModel,
        automatic: str,
        layers: Sequence[Layer],
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
    ) -> None:
        self._model, self._chooser, self._on_change, self._showing = model, chooser, on_change, False
        self.data = W.Dropdown(**looks("Pictures", 225), options=[(_NAMES[each], each) for each in data])
        self.class_name = W.Dropdown(**looks("Class", 215))
        self.number = W.IntSlider(**looks("Number", 260))
        self.another = W.Button(
            description="Another", tooltip="the next picture", layout=W.Layout(width="84px")
        )
        self.target = W.Dropdown(**looks("Map of", 290))
        named = [(f"Grad-CAM of {_label(each)}", each.name) for each in layers]
        self.layer = W.Dropdown(**looks("Layer", 400), options=[(automatic, ""), *named])
        self.threshold = W.FloatSlider(
            **looks("Above", 300), min=0, max=0.95, step=0.01, readout_format=".0%"
        )
        self.opacity = W.FloatSlider(**looks("Opacity", 300), min=0, max=1, step=0.05, readout_format=".0%")
        for name in ("data", "class_name", "number", "target", "layer", "threshold", "opacity"):
            getattr(self, name).observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.another.on_click(lambda _: self._tell("number", (self.number.value + 1) % (self.number.max + 1)))
        self.pictures = flow(
            self.data, self.class_name, chooser.list, chooser.upload, self.number, self.another
        )
        self.question = flow(self.target, self.layer)
        self.look = flow(self.threshold, self.opacity)

    def show(self, values: dict[str, Any], source: Source, top: Sequence[Prediction]) -> None:
        """Bring the controls to the values on show, by name, and to what can be chosen there."""
        photos = values["data"] == "photos"
        self._showing = True  # none of this is anybody's choice
        try:
            self.class_name.options = list(source.classes)
            self.number.max = max(1, source.count(values["class_name"]) - 1)
            self._offer(top)
            if values["layer"] not in [name for _, name in self.layer.options]:  # a block, such as layer1.0
                added = (f"Grad-CAM of {_label(self._model.layer(values['layer']))}", values["layer"])
                self.layer.options = [*self.layer.options, added]
            for name, value in values.items():
                getattr(self, name).value = _TOP if name == "target" and value is None else value
        finally:
            self._showing = False
        for widget, shown in (
            (self.class_name, not photos and len(source.classes) > 1),
            (self.number, not photos),  # their list does
            (self._chooser.list, photos),
            (self._chooser.upload, photos),
        ):
            widget.layout.display = "" if shown else "none"

    def _offer(self, top: Sequence[Prediction]) -> None:
        """List the top class, then the most probable ones, then all others in their order."""
        first = [(f"the top class: {top[0].name}", _TOP)] if top else [("the top class", _TOP)]
        likely = [(f"{each.name}  {each.probability:.2f}", each.index) for each in top]
        known = {each.index for each in top}
        rest = [(self._model.class_name(i), i) for i in range(self._model.class_count or 0) if i not in known]
        options = [*first, *likely, *rest]
        if list(self.target.options) != options:
            self.target.options = options

    def _tell(self, name: str, value: Any) -> None:
        if self._showing or value is None:
            return
        fresh: dict[str, Any] = {"data": {"class_name": "", "number": 0}, "class_name": {"number": 0}}
        value = None if name == "target" and value == _TOP else value
        self._on_change({name: value, **fresh.get(name, {})})


def _label(layer: Layer) -> str:
    return f"{layer.name}  {layer.kind}  {'x'.join(map(str, layer.shape))}"
