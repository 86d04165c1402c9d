"""The controls of TSNEScatter, all of which a keyboard reaches."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.widgets._layout import flow, layer_label, looks
from cnnviz_widgets.widgets._threads import Showing

_SPACES = [("features of the layer", "features"), ("pixels", "pixels")]
_STARTS = [("principal components", "pca"), ("anywhere (seed)", "random")]
_VIEWS = [("points", "points"), ("thumbnails", "thumbnails"), ("picture grid with seams", "grid")]


class TSNEControls:
    """What is arranged and how; what is shown of it.

    Parameters
    ----------
    layers : list of Layer
        What is offered.
    classes : sequence of str
        Classes that can be made to stand out; none hides that control.
    pictures, most : int
        Number of pictures, and the largest perplexity.
    on_change : callable
        Called with a trait's name and its new value when the student changes it, not when `show` does.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        classes: Sequence[str],
        pictures: int,
        most: float,
        on_change: Callable[[str, Any], None],
    ) -> None:
        self._on_change, self._showing = on_change, Showing()
        largest = max(3, min(200, int(most)))
        self._controls: dict[str, Any] = {
            "space": W.Dropdown(**looks("Arrange"), options=_SPACES),
            "layer": W.Dropdown(
                **looks("Layer", 330), options=[(layer_label(each), each.name) for each in layers]
            ),
            "perplexity": W.FloatSlider(
                **{**looks("Perplexity", 300), "style": {"description_width": "72px"}},
                min=2,
                max=largest,
                step=1,
                readout_format=".3",  # no letter: without zeros at the end
                continuous_update=False,
            ),
            "start": W.Dropdown(**looks("Start at"), options=_STARTS),
            "seed": W.BoundedIntText(**looks("Seed", 150), min=0, max=2**31 - 1),
            "view": W.Dropdown(**looks("Show"), options=_VIEWS),
            "highlight": W.Dropdown(
                **looks("Class", 230), options=[("all classes", ""), *[(each, each) for each in classes]]
            ),
            "chosen": W.BoundedIntText(**looks("Picture", 170), min=-1, max=pictures - 1),
        }
        if not classes:
            self._controls["highlight"].layout.display = "none"
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        by_name = self._controls.__getitem__
        self.what = flow(*map(by_name, ("space", "layer", "perplexity", "start", "seed")))
        self.look = flow(*map(by_name, ("view", "highlight", "chosen")))

    def show(self, values: dict[str, Any], layer: Layer) -> None:
        """Bring the controls to what is asked for."""
        with self._showing:
            chooser, slider = self._controls["layer"], self._controls["perplexity"]
            if layer.name not in [name for _, name in chooser.options]:  # a block, such as layer1.0
                chooser.options = [*chooser.options, (layer_label(layer), layer.name)]
            chooser.disabled = values["space"] == "pixels"
            slider.min = min(slider.min, values["perplexity"])
            slider.max = max(slider.max, values["perplexity"])
            for name, control in self._controls.items():
                control.value = values[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The traits that have a control."""
        return tuple(self._controls)

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, value)
