"""The controls of ReceptiveFieldMapper, all of which a keyboard reaches."""

from collections.abc import Callable
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._threads import Showing

_WIDE = {"style": {"description_width": "92px"}}


class FieldControls:
    """Which unit, how it is measured, and how the answer looks.

    Parameters
    ----------
    networks : list of str
        Names of the networks.
    on_change : callable
        Called with a control's name and its new value when the student changes it, not when `show` does.
    """

    def __init__(self, networks: list[str], on_change: Callable[[str, Any], None]) -> None:
        self._on_change, self._showing = on_change, Showing()
        share = {"min": 0.0, "max": 0.95, "step": 0.05, "readout_format": ".0%"}
        late = {"continuous_update": False}  # each value is a measurement of its own
        self._controls: dict[str, Any] = {
            "network": W.Dropdown(**looks("Network"), options=networks),
            "layer": W.Dropdown(**looks("Layer", 370)),
            "channel": W.IntSlider(**looks("Channel", 330), **late),
            "rank": W.IntSlider(**looks("Picture"), min=1, max=9),
            "k": W.IntSlider(**{**looks("Average over"), **_WIDE}, **late, min=1, max=9),
            "patch": W.IntSlider(**{**looks("Patch, px"), **_WIDE}, **late, min=1, max=32),
            "stride": W.IntSlider(**{**looks("Stride, px"), **_WIDE}, **late, min=1, max=32),
            "level": W.FloatSlider(**{**looks("Seen above"), **_WIDE}, **share),
            "opacity": W.FloatSlider(**{**looks("Map, opacity"), **_WIDE}, **{**share, "max": 1.0}),
            "threshold": W.FloatSlider(**{**looks("Active above"), **_WIDE}, **share),
        }
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        unit = [self._controls[name] for name in ("network", "layer", "channel", "rank")]
        rest = [self._controls[name] for name in ("k", "patch", "stride", "level", "opacity", "threshold")]
        unit[0].layout.display = "" if len(networks) > 1 else "none"
        self.box = W.VBox([flow(*unit), flow(*rest)])

    @property
    def names(self) -> list[str]:
        """The traits that have a control."""
        return list(self._controls)

    def show(self, model: HookedModel, layers: dict[str, int], pictures: int, values: dict[str, Any]) -> None:
        """Bring the controls to the values on show, by name."""
        with self._showing:  # a slider that gets shorter moves its handle, which is nobody's choice
            options = [(_label(model, name), name) for name in dict.fromkeys([*layers, values["layer"]])]
            if self._controls["layer"].options != tuple(options):
                self._controls["layer"].options = options
            side = min(model.input_shape[-2:])
            ends = {
                "channel": (0, max(1, layers.get(values["layer"], values["channel"] + 1) - 1)),
                "rank": (1, max(2, pictures)),
                "patch": (1, max(2, min(side, max(32, values["patch"])))),
                "stride": (1, max(2, min(side, max(32, values["stride"])))),
            }
            for name, (low, high) in ends.items():
                self._controls[name].min, self._controls[name].max = low, high
            for name, control in self._controls.items():
                control.value = values[name]

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, value)


def _label(model: HookedModel, name: str) -> str:
    layer = model.layer(name)
    field = layer.receptive_field
    sees = "all" if field.whole else f"{field.size[0]} px"
    return f"{name}  {layer.kind}, {'x'.join(map(str, layer.shape))}, sees {sees}"
