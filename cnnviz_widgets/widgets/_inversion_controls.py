"""InversionViewer's controls, all of which a keyboard reaches."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.methods.inversion import TV_BY_DEPTH
from cnnviz_widgets.widgets._inversion_boards import channels_of
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._threads import Showing

_BY_DEPTH, _OWN = "depth", "own"
_TV = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_ALPHA = (0.0, 8e-11, 8e-10, 8e-9, 8e-8)
_CHANNELS = ("all", "first half", "second half", "first")


class InversionControls:
    """Pictures, depth, priors, and the part of the code that counts.

    Parameters
    ----------
    layers : sequence of Layer
        From the picture to the scores.
    chooser : PictureChooser
        Where pictures come from.
    on_change : callable
        Called with a dict of traits when the student changes something, not when `show` does.
    on_add, on_remove : callable
        Called when a picture is to be put beside the others, or taken away.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
        on_add: Callable[[], None],
        on_remove: Callable[[], None],
    ) -> None:
        self._on_change, self._showing = on_change, Showing()
        options = [(f"{i + 1}  {each.name}", each.name) for i, each in enumerate(layers)]
        late = {"continuous_update": False}
        get: dict[str, Any] = {
            "layer": W.SelectionSlider(**looks("Depth", 520), options=options, **late),
            "prior": W.Dropdown(**looks("Prior", 232), options=[("", _BY_DEPTH)]),
            "tv": W.SelectionSlider(**looks("TV  v", 210), options=_named(_TV)),
            "alpha": W.SelectionSlider(**looks("6-norm", 210), options=_named(_ALPHA)),
            "steps": W.BoundedIntText(**looks("Steps", 130), min=1, max=100_000),
            "local": W.Checkbox(description="only a field of the map", indent=False),
            "field": W.BoundedIntText(**looks("Side", 150), min=1, max=99),
            "row": W.IntSlider(**looks("Row", 230), **late),
            "column": W.IntSlider(**looks("Column", 230), **late),
            "channels": W.Dropdown(**looks("Channels", 210), options=_CHANNELS),
            "count": W.BoundedIntText(**looks("Count", 150), min=1, max=100_000),
        }
        get["local"].layout = W.Layout(width="180px")
        for name, control in get.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        self._controls = get
        self.add = W.Button(description="Add beside", icon="plus", layout=W.Layout(width="120px"))
        self.remove = W.Button(description="Remove", icon="minus", layout=W.Layout(width="100px"))
        self.add.on_click(lambda _: on_add())
        self.remove.on_click(lambda _: on_remove())
        self.pictures = flow(chooser.list, chooser.upload, self.add, self.remove)
        self.depth = get["layer"]
        self.priors = flow(*(get[name] for name in ("prior", "tv", "alpha", "steps")))
        self.subset = flow(*(get[name] for name in ("local", "field", "row", "column", "channels", "count")))

    def show(
        self, values: Mapping[str, Any], layer: Layer, depth: str, place: tuple[int, int] | None
    ) -> None:
        """Bring the controls to the values on show, by name; `depth` is that of the layer."""
        get = self._controls
        with self._showing:
            preset = TV_BY_DEPTH[depth]  # type: ignore[index]
            named = [(f"{name}, v = {weight:g}", name) for name, weight in TV_BY_DEPTH.items()]
            offered = [(f"by depth: v = {preset:g}", _BY_DEPTH), *named, ("your own", _OWN)]
            tv, known = values["tv"], {weight: name for name, weight in TV_BY_DEPTH.items()}
            _choose(get["prior"], offered, _BY_DEPTH if tv is None else known.get(tv, _OWN))
            shown = preset if tv is None else tv
            _choose(get["tv"], _named({*_TV, shown}), shown)
            _choose(get["alpha"], _named({*_ALPHA, values["alpha"]}), values["alpha"])
            for name in ("layer", "steps", "channels", "count"):
                get[name].value = values[name]
            get["local"].value, get["field"].value = bool(values["field"]), values["field"] or 5
            if place is not None:
                spatial = [n for axis, n in enumerate(layer.shape) if axis != layer.channel_axis]
                for name, value, size in zip(("row", "column"), place, spatial, strict=True):
                    get[name].max, get[name].value = max(1, size - 1), value
                    get[name].disabled = size == 1
            get["count"].max = channels_of(layer)
            for name in ("field", "row", "column"):
                get[name].layout.display = "" if place is not None else "none"
            get["local"].disabled = layer.channel_axis is None
            get["count"].layout.display = "" if values["channels"] == "first" else "none"
            self.remove.disabled = len(values["shown"]) < 2

    def _tell(self, name: str, value: Any) -> None:
        if self._showing or value is None:
            return
        if name == "prior":
            if value != _OWN:  # what is chosen by hand is called so
                self._on_change({"tv": None if value == _BY_DEPTH else TV_BY_DEPTH[value]})
        elif name == "local":
            self._on_change({"field": self._controls["field"].value if value else 0})
        elif name == "field":
            self._on_change({"field": value if self._controls["local"].value else 0})
        else:
            self._on_change({name: value})


def _named(values: Iterable[float]) -> list[tuple[str, float]]:
    return [(f"{each:g}", each) for each in sorted(values)]


def _choose(control: Any, options: Sequence[tuple[str, Any]], value: Any) -> None:
    """Bring a control to a value, and to other options only where they differ: each change is a message."""
    if list(control.options) != list(options):
        control.options = options
    control.value = value
