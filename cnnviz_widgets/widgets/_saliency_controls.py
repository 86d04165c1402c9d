"""The controls of SaliencyExplorer, all of which a keyboard reaches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.widgets._layout import class_options, flow, looks
from cnnviz_widgets.widgets._picture_controls import NONE, PictureControls, shares, show_those
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source

_RULES = [
    ("backprop: the gradient", "backprop"),
    ("deconvnet", "deconvnet"),
    ("guided backprop", "guided"),
]
_METHODS = [("the picture alone", "gradient"), ("SmoothGrad: noisy copies", "smoothgrad")]
_LOOKS = [("M: largest |value|", "magnitude"), ("with its sign", "signed")]
_MOST_SAMPLES = 100


class SaliencyControls(PictureControls):
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

    def __init__(
        self,
        model: HookedModel,
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
    ) -> None:
        late = {"continuous_update": False}  # every value costs as many passes as copies
        classes = [("the top class", NONE), *class_options(model)]
        controls: dict[str, W.Widget] = {
            "target": W.Dropdown(**looks("Explain"), options=classes),
            "rule": W.Dropdown(**looks("Rule", 250), options=_RULES),
            "method": W.Dropdown(**looks("Method", 290), options=_METHODS),
            "samples": W.IntSlider(**looks("Copies"), min=1, max=_MOST_SAMPLES, **late),
            "noise": shares("Noise", range(1, 51), **late),
            "look": W.Dropdown(**looks("Map"), options=_LOOKS),
            "opacity": shares("Opacity", range(0, 101, 5), 250),
            "cut": W.Checkbox(description="Cut out the object", indent=False, layout=W.Layout(width="190px")),
            "foreground": shares("Object ≥", range(51, 100)),
            "background": shares("Rest ≤", range(1, 51)),
        }
        super().__init__(data, chooser, on_change, **controls)
        get = self._controls
        self.question = flow(get["target"], get["rule"], get["method"])
        self.smooth = flow(get["samples"], get["noise"])
        self.looks = flow(get["look"], get["opacity"], get["cut"])
        self.quantiles = flow(get["foreground"], get["background"])

    def show(self, values: Mapping[str, Any], source: Source, top_class: str) -> None:
        """Bring the controls to the values on show, by name, and to what can be chosen there."""
        first = f"the top class: {top_class}" if top_class else "the top class"
        self._bring(values, source, lambda: self._offer_first("target", first))
        smooth = values["method"] == "smoothgrad"
        show_those((self["samples"], smooth), (self["noise"], smooth), (self.quantiles, values["cut"]))
