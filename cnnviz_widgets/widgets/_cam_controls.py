"""CAMExplorer's controls, all of which a keyboard reaches."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel, Layer, Prediction
from cnnviz_widgets.widgets._layout import flow, layer_label, looks
from cnnviz_widgets.widgets._picture_controls import NONE, PictureControls
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source


class CamControls(PictureControls):
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

    photos_have_numbers = True

    def __init__(
        self,
        model: HookedModel,
        automatic: str,
        layers: Sequence[Layer],
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
    ) -> None:
        self._model = model
        named = [(f"Grad-CAM of {layer_label(each)}", each.name) for each in layers]
        percent = {"max": 1, "readout_format": ".0%"}
        controls: dict[str, W.Widget] = {
            "target": W.Dropdown(**looks("Map of", 290)),
            "layer": W.Dropdown(**looks("Layer", 400), options=[(automatic, ""), *named]),
            "threshold": W.FloatSlider(**{**looks("Above", 300), **percent, "max": 0.95}, step=0.01),
            "opacity": W.FloatSlider(**looks("Opacity", 300), **percent, step=0.05),
        }
        super().__init__(data, chooser, on_change, **controls)
        self.question = flow(self["target"], self["layer"])
        self.look = flow(self["threshold"], self["opacity"])

    def show(self, values: dict[str, Any], source: Source, top: Sequence[Prediction]) -> None:
        """Bring the controls to the values on show, by name, and to what can be chosen there."""
        self._bring(values, source, lambda: self._offer(top, values["layer"]))

    def _offer(self, top: Sequence[Prediction], layer: str) -> None:
        """List the top class, then the most probable ones, then all others in their order."""
        layers, target = self["layer"], self["target"]
        if layer not in [name for _, name in layers.options]:  # a block, such as layer1.0
            added = (f"Grad-CAM of {layer_label(self._model.layer(layer))}", layer)
            layers.options = [*layers.options, added]
        first = [(f"the top class: {top[0].name}", NONE)] if top else [("the top class", NONE)]
        likely = [(f"{each.name}  {each.probability:.2f}", each.index) for each in top]
        known = {each.index for each in top}
        rest = [(self._model.class_name(i), i) for i in range(self._model.class_count or 0) if i not in known]
        options = [*first, *likely, *rest]
        if list(target.options) != options:
            target.options = options
