"""The controls of TopPatchBrowser, all of which a keyboard reaches."""

from collections.abc import Callable
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.widgets._layout import flow, layer_label, looks
from cnnviz_widgets.widgets._threads import Showing

_RULES = ["deconvnet", "guided", "backprop"]
_VIEWS = [("one channel", "channel"), ("whole layer", "wall")]
_SHOWS = [("patches and projections", "both"), ("patches", "patches"), ("projections", "projections")]


class TopPatchControls:
    """Layer, channel, rank, rule, view, and what is shown.

    Parameters
    ----------
    model : HookedModel
        The network.
    layers : dict of str to int
        What is offered: names, with the number of channels.
    on_change : callable
        Called with a control's name and its new value when the student changes it, not when `show` does.
    """

    def __init__(
        self, model: HookedModel, layers: dict[str, int], on_change: Callable[[str, Any], None]
    ) -> None:
        self._model, self._on_change, self._showing = model, on_change, Showing()
        self.layer = W.Dropdown(
            **looks("Layer", 390), options=[(layer_label(model.layer(each)), each) for each in layers]
        )
        self.view = W.ToggleButtons(options=_VIEWS, style={"button_width": "104px"})
        self._controls = {
            "layer": self.layer,
            "view": self.view,
            "channel": W.IntSlider(**looks("Channel", 330)),
            "rank": W.IntSlider(**looks("Rank"), min=1, max=9),
            "rule": W.Dropdown(**looks("Rule"), options=_RULES),
            "show": W.Dropdown(**looks("Show"), options=_SHOWS),
        }
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        rest = [control for name, control in self._controls.items() if name not in ("layer", "view")]
        self.box = W.VBox([flow(self.layer, self.view), flow(*rest)])

    def show(self, channels: int, ranks: int, values: dict[str, Any]) -> None:
        """Bring the controls to the values on show, by name."""
        with self._showing:  # a slider that gets shorter moves its handle, which is nobody's choice
            if values["layer"] not in [name for _, name in self.layer.options]:  # a block, such as layer1.0
                new = (layer_label(self._model.layer(values["layer"])), values["layer"])
                self.layer.options = [*self.layer.options, new]
            for name, last, first in (("channel", channels - 1, 0), ("rank", ranks, 1)):
                slider = self._controls[name]
                slider.max, slider.disabled = max(first + 1, last), last <= first  # a slider needs two ends
            for name, control in self._controls.items():
                control.value = values[name]

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, value)
