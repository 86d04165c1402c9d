"""The controls of OptimizerViewer: what to climb, from where, and what keeps the picture a picture."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.methods.activation_maximization import PRESETS
from cnnviz_widgets.widgets._layout import class_options, flow, looks
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._threads import Showing

_SHOWN = [("one picture", "one"), ("a gallery of classes", "classes"), ("a ladder of priors", "priors")]
_STARTS = [("mean colour", "zero"), ("noise", "noise"), ("a picture", "picture")]
_UNITS = [("the whole channel", "channel"), ("its middle neuron", "neuron")]
_OWN = "your own"


class OptimizerControls:
    """Everything but the buttons of the run.

    Parameters
    ----------
    model : HookedModel
        Its classes and layers are offered.
    chooser : PictureChooser
        Shown where the climb starts from a picture.
    on_change : callable
        Called with a dict of traits when the student changes something, not when `show` does.
    """

    def __init__(
        self, model: HookedModel, chooser: PictureChooser, on_change: Callable[[dict[str, Any]], None]
    ) -> None:
        self._chooser, self._on_change, self._showing = chooser, on_change, Showing()
        self._shown: Mapping[str, Any] = {}
        layers = [(f"{each.name}  {each.kind}", each.name) for each in model.layers if each.is_map]
        late = {"continuous_update": False}
        self._controls: dict[str, Any] = {
            "view": W.Dropdown(**looks("Show", 230), options=_SHOWN),
            "layer": W.Dropdown(**looks("Climb", 250), options=[("a class score", ""), *layers]),
            "target": W.Dropdown(**looks("Class", 230), options=class_options(model)),
            "channel": W.IntSlider(**looks("Channel", 250), **late),
            "unit": W.Dropdown(**looks("Unit", 230), options=_UNITS),
            "start": W.Dropdown(**looks("Start", 210), options=_STARTS),
            "preset": W.Dropdown(**looks("Preset", 280), options=[_OWN, *PRESETS]),
            "steps": W.BoundedIntText(**looks("Steps", 150), min=1, max=100_000),
            "rate": _log("Rate", -3, 1),
            "l2": _log("L2", -6, 0),
            "tv": _log("TV", -6, 0),
            "decay": W.FloatSlider(**looks("Decay", 260), max=0.5, step=0.01, readout_format=".2f"),
            "blur": W.FloatSlider(**looks("Blur px", 260), max=3, step=0.1, readout_format=".1f"),
            "blur_every": W.IntSlider(**looks("every", 260), max=20),
            "clip_norm": W.FloatSlider(**looks("Norm %", 260), max=99, step=1, readout_format=".0f"),
            "clip_contribution": W.FloatSlider(
                **looks("Effect %", 260), max=99, step=1, readout_format=".0f"
            ),
            "jitter": W.IntSlider(**looks("Jitter px", 260), max=32),
            "scale": W.FloatSlider(**looks("Scale ±", 260), max=0.5, step=0.01, readout_format=".0%"),
            "rotate": W.FloatSlider(**looks("Turn ±°", 260), max=45, step=1, readout_format=".0f"),
            "fourier": W.Checkbox(description="as waves (Fourier)", indent=False),
            "clamp": W.Checkbox(description="between black and white", indent=False),
        }
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        get = self._controls
        for name in ("fourier", "clamp"):
            get[name].layout = W.Layout(width="190px")
        asked = ("view", "layer", "target", "channel", "unit", "start")
        self.question = flow(*(get[name] for name in asked), chooser.list, chooser.upload, get["preset"])
        pixels = ("decay", "blur", "blur_every", "clip_norm", "clip_contribution")
        self._after = W.VBox([_head("After each step"), *(get[name] for name in pixels), get["clamp"]])
        priors = W.VBox([_head("Step and priors"), *(get[name] for name in ("rate", "l2", "tv"))])
        seen = W.VBox(
            [_head("What the network sees"), *(get[name] for name in ("jitter", "scale", "rotate"))]
        )
        left = W.VBox([priors, get["steps"], get["fourier"]])
        self.sliders = flow(left, self._after, seen, gap="4px 12px")

    def show(self, values: Mapping[str, Any], model: HookedModel) -> None:
        """Bring the controls to the values on show, by name."""
        self._shown = values
        with self._showing:
            layer = values["layer"]
            if layer:
                self._controls["channel"].max = max(1, model.layer(layer).shape[0] - 1)
            for name, control in self._controls.items():
                value = values[name]
                if name == "preset":
                    value = value or _OWN
                if name in ("rate", "l2", "tv"):
                    _show_power(control, value)
                elif control.value != value:
                    control.value = value
            self._arrange(values)

    def _arrange(self, values: Mapping[str, Any]) -> None:
        """Show the controls that matter now."""
        get, view, layer = self._controls, values["view"], values["layer"]
        is_photo = values["start"] == "picture"
        for widget, shown in (
            (get["layer"], view != "classes"),
            (get["target"], view != "classes" and not layer),
            (get["channel"], view != "classes" and bool(layer)),
            (get["unit"], view != "classes" and bool(layer)),
            (self._chooser.list, is_photo),
            (self._chooser.upload, is_photo),
            (get["preset"], view != "priors"),
            (self.sliders, view != "priors"),
            (self._after, not values["fourier"]),
        ):
            widget.layout.display = "" if shown else "none"

    def _tell(self, name: str, value: Any) -> None:
        if self._showing or value is None:
            return
        if self._is_rounded(name, value):
            return
        if name == "preset" and value == _OWN:
            return  # what is chosen by hand is called so
        more = {"channel": 0} if name == "layer" else {}
        if name == "blur" and value and not self._controls["blur_every"].value:
            more = {"blur_every": 1}  # a slider that is moved must not do nothing
        self._on_change({name: value, **more})

    def _is_rounded(self, name: str, value: Any) -> bool:
        """Tell whether a browser only brought what is shown to its own places: 20 to 20.000000000000004."""
        control = self._controls[name]
        return isinstance(control, W.FloatSlider) and abs(value - self._shown[name]) < 0.4 * control.step


def _log(label: str, low: int, high: int) -> W.SelectionSlider:
    """Make a slider over powers of ten whose left end is 0: it must be possible to switch a prior off."""
    digits = (1, 1.5, 2, 3, 5, 7)
    powers = [float(f"{digit}e{power}") for power in range(low, high) for digit in digits]
    options = [(f"{each:g}", each) for each in [0.0, *powers, 10.0**high]]
    return W.SelectionSlider(**looks(label, 260), options=options)


def _show_power(slider: W.SelectionSlider, value: float) -> None:
    """Bring the handle to the nearest place; the value itself may lie between two."""
    nearest = min((power for _, power in slider.options), key=lambda each: abs(each - value))
    if slider.value != nearest:
        slider.value = nearest


def _head(text: str) -> W.HTML:
    return W.HTML(f"<b>{text}</b>", layout=W.Layout(margin="0 0 0 4px"))
