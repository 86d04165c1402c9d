"""The controls of NeighborBrowser, all of which a keyboard reaches."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.widgets._layout import layer_label, looks
from cnnviz_widgets.widgets._threads import Showing

_MEASURES = [("length (L2)", "l2"), ("angle (cosine)", "cosine")]
_PLACES = [("place by place", "all"), ("mean over places", "mean")]


class NeighborControls:
    """The query, the space it is compared in, how many neighbours, and a way to go to one of them.

    Parameters
    ----------
    layers : list of Layer
        What is offered.
    gallery : PictureSet
        Whose pictures can be the query.
    on_change : callable
        Called with a trait's name and its new value when the student changes it, not when `show` does.
    """

    names = ("layer", "measure", "places", "k")

    def __init__(
        self,
        layers: Sequence[Layer],
        gallery: PictureSet,
        most: int,
        on_change: Callable[[str, Any], None],
    ) -> None:
        self._on_change, self._gallery, self._showing = on_change, gallery, Showing()
        self.query = W.IntSlider(**looks("Query"), max=max(1, len(gallery) - 1))
        self.classes = W.Dropdown(**looks("Class", 230), options=list(gallery.classes), value=None)
        self.random = W.Button(description="Random", icon="random", layout=W.Layout(width="110px"))
        self.neighbor = W.Dropdown(**looks("Go to"), options=[], value=None)
        self._controls = {
            "layer": W.Dropdown(
                **looks("Layer", 390), options=[(layer_label(each), each.name) for each in layers]
            ),
            "places": W.Dropdown(**looks("Maps"), options=_PLACES),
            "measure": W.Dropdown(**looks("Distance"), options=_MEASURES),
            "k": W.IntSlider(**looks("k"), min=1, max=max(2, most)),
        }
        self.classes.layout.display = "" if gallery.labels is not None else "none"
        for name, control in (*self._controls.items(), ("query", self.query), ("query", self.neighbor)):
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.classes.observe(self._next_of_class, "value")
        self.random.on_click(lambda _: self._tell("query", random.randrange(len(gallery))))
        self.who = (self.query, self.random, self.classes)
        self.how = (*self._controls.values(), self.neighbor)

    def show(
        self,
        values: dict[str, Any],
        index: int | None,
        layer: Layer,
        neighbors: Sequence[tuple[str, int]],
    ) -> None:
        """Bring the controls to what is on show; `neighbors` are the words and numbers to go to."""
        with self._showing:
            chooser = self._controls["layer"]
            if layer.name not in [name for _, name in chooser.options]:  # a block, such as layer1.0
                chooser.options = [*chooser.options, (layer_label(layer), layer.name)]
            for name, control in self._controls.items():
                control.value = values[name]
            self._controls["places"].disabled = len(layer.shape) < 2  # a vector has no places
            if index is not None:
                self.query.value = index
            self.classes.value = self._gallery.class_of(index) or None if index is not None else None
            self.neighbor.options = [("a neighbour ...", None), *neighbors]
            self.neighbor.value = None

    def _next_of_class(self, change: Any) -> None:
        """Go to the class's next picture after the one on show."""
        labels = self._gallery.labels
        if self._showing or change.new is None or labels is None:
            return
        wanted, count = self._gallery.classes.index(change.new), len(labels)
        start = self.query.value + 1
        for step in range(count):
            if labels[(start + step) % count] == wanted:
                self._tell("query", (start + step) % count)
                return

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, value)
