"""The controls of ActivationBrowser, all of which a keyboard reaches."""

from collections.abc import Callable
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.methods.activations import ActivationMaps
from cnnviz_widgets.widgets._layout import flow, layer_label, looks
from cnnviz_widgets.widgets._threads import Showing

_ORDERS = [("channel number", "channel"), ("mean, largest first", "mean"), ("maximum, largest first", "max")]
_SCALES = [("each map by itself", "map"), ("all maps together", "layer")]
_UNIT = ("channel", "row", "column")


class ActivationControls:
    """Layer, order, scale, opacity and the chosen unit.

    Parameters
    ----------
    layers : list of Layer
        What is offered.
    on_change : callable
        Called with a control's name and its new value when the student changes it, not when `show` does.
    """

    names = ("layer", "sort_by", "scale_by", "opacity", *_UNIT)

    def __init__(self, layers: list[Layer], on_change: Callable[[str, Any], None]) -> None:
        self._on_change, self._showing = on_change, Showing()
        self.layer = W.Dropdown(
            **looks("Layer", 390), options=[(layer_label(each), each.name) for each in layers]
        )
        self._controls = {
            "layer": self.layer,
            "sort_by": W.Dropdown(**looks("Order"), options=_ORDERS),
            "scale_by": W.Dropdown(**looks("Scale"), options=_SCALES),
            "opacity": W.FloatSlider(**looks("Opacity"), max=1, step=0.05),
            **{name: W.IntSlider(**looks(name.capitalize())) for name in _UNIT},
        }
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.box = flow(*(control for name, control in self._controls.items() if name != "layer"))

    def show(self, maps: ActivationMaps, values: dict[str, Any]) -> None:
        """Bring the controls to the values on show, by name."""
        with self._showing:  # a slider that gets shorter moves its handle, which is nobody's choice
            if maps.layer.name not in [name for _, name in self.layer.options]:  # a block, such as layer1.0
                self.layer.options = [*self.layer.options, (layer_label(maps.layer), maps.layer.name)]
            for name, count in zip(_UNIT, maps.values.shape, strict=True):
                slider = self._controls[name]
                slider.max, slider.disabled = max(1, count - 1), count == 1  # a slider needs two ends
            for name, control in self._controls.items():
                control.value = values[name]

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, value)
