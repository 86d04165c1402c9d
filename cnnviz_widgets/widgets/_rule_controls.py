"""The controls of RuleComparer, all of which a keyboard reaches."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.widgets._layout import class_options, flow, layer_label, looks
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._threads import Showing

_SUBJECTS = [("a class's score", "class"), ("a channel's mean", "channel"), ("one neuron", "neuron")]
_LOOKS = [
    ("in colour, grey is 0", "colours"),
    ("mean of the colours, signed", "signed"),
    ("largest |value| of the colours", "magnitude"),
]
_PANELS = [
    ("Layer by layer", "steps"),
    ("Randomize the weights", "random"),
    ("Top-10 patches", "patches"),
]
_UNIT = ("channel", "row", "column")
_TOP = -1  # a list cannot show that nothing is chosen


class RuleControls:
    """Picture, what is explained, the unit, and how maps look.

    Parameters
    ----------
    model : HookedModel
        Its classes are offered.
    layers : list of Layer
        Those whose units are offered.
    chooser : PictureChooser
        The list of pictures.
    on_change : callable
        Called with a control's name and its new value when the student changes it, not when `show` does.
    on_strongest : callable
        Called when the student asks for the strongest unit of the layer.
    """

    names = ("subject", "target", "layer", "look", "panel", *_UNIT)

    def __init__(
        self,
        model: HookedModel,
        layers: Sequence[Layer],
        chooser: PictureChooser,
        on_change: Callable[[str, Any], None],
        on_strongest: Callable[[], None],
    ) -> None:
        self._model, self._on_change, self._showing = model, on_change, Showing()
        self._controls = {
            "subject": W.Dropdown(**looks("Explain"), options=_SUBJECTS),
            "target": W.Dropdown(**looks("Class"), options=[("the top class", _TOP), *class_options(model)]),
            "layer": W.Dropdown(
                **looks("Layer", 378), options=[(layer_label(each), each.name) for each in layers]
            ),
            **{name: W.IntSlider(**looks(name.capitalize(), 250)) for name in _UNIT},
            "look": W.Dropdown(**looks("Maps", 320), options=_LOOKS),
            "panel": W.ToggleButtons(options=_PANELS, style={"button_width": "180px"}),
        }
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.strongest = W.Button(description="Strongest unit", icon="star", layout=W.Layout(width="140px"))
        self.strongest.on_click(lambda _: on_strongest())
        get = self._controls
        self.top = flow(chooser.list, chooser.upload, get["look"])
        self.question = flow(get["subject"], get["target"], get["layer"])
        self.unit = flow(*(get[name] for name in _UNIT), self.strongest)
        self.panel = get["panel"]

    def show(self, layer: Layer, shape: tuple[int, ...], top_class: str, values: dict[str, Any]) -> None:
        """Bring the controls to the values on show; the layer's maps are (channels, rows, columns)."""
        with self._showing:  # a slider that gets shorter moves its handle, which is nobody's choice
            known = self._controls["layer"]
            if layer.name not in [name for _, name in known.options]:  # a block, such as layer1.0
                known.options = [*known.options, (layer_label(layer), layer.name)]
            first = (f"the top class: {top_class}" if top_class else "the top class", _TOP)
            target = self._controls["target"]
            if target.options[0] != first:
                target.options = [first, *target.options[1:]]
            for name, count in zip(_UNIT, shape, strict=True):
                slider = self._controls[name]
                slider.max, slider.disabled = max(1, count - 1), count == 1  # a slider needs two ends
            for name, control in self._controls.items():
                control.value = _TOP if name == "target" and values[name] is None else values[name]
            self._hide_what_does_nothing(values["subject"], values["panel"])

    def _hide_what_does_nothing(self, subject: str, panel: str) -> None:
        """Show the class where one is explained, the unit where it or its patches are on show."""
        of_unit = subject != "class" or panel == "patches"
        shown = {
            "target": subject == "class",
            "layer": of_unit,
            **{"channel": of_unit, "row": subject == "neuron", "column": subject == "neuron"},
        }
        for name, is_shown in shown.items():
            self._controls[name].layout.display = "" if is_shown else "none"
        self.strongest.layout.display = "" if of_unit else "none"

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, None if name == "target" and value == _TOP else value)
