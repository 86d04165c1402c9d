"""The controls of EvolutionSlider, all of which a keyboard reaches."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.widgets._layout import flow, layer_label, looks
from cnnviz_widgets.widgets._threads import Showing

_SHOWN = [("patterns: projections", "projections"), ("pictures: what the units see", "crops")]
_COMPARED = [("the same pattern", "pattern"), ("the same picture", "picture")]
MOST_KEPT = 5
_INTERVAL = 900  # milliseconds a checkpoint when playing


class EvolutionControls:
    """Layer, channel, checkpoint with a play button, what the wall shows, what is compared, kept rows.

    Parameters
    ----------
    on_change : callable
        Called with a trait's name and its new value when the student changes it, not when `show` does.
    on_keep : callable
        Called with True or False when the student keeps the chosen channel's row, or no longer does.
    """

    def __init__(self, on_change: Callable[[str, Any], None], on_keep: Callable[[bool], None]) -> None:
        self._on_change, self._on_keep, self._showing = on_change, on_keep, Showing()
        self.layer = W.Dropdown(**looks("Layer", 330))
        self.channel = W.IntSlider(**looks("Channel", 330))
        self.show_ = W.Dropdown(**looks("Wall", 290), options=_SHOWN)
        self.compare = W.Dropdown(**looks("Keeps"), options=_COMPARED)
        self.compare.layout = W.Layout(width="auto")  # as wide as the chart below it, its margins apart
        self.checkpoint = W.SelectionSlider(**looks("Epoch", 430), options=[("", 0)])
        self.play = W.Play(interval=_INTERVAL, show_repeat=False, layout=W.Layout(width="auto"))
        self.keep = W.ToggleButton(description="Keep row", icon="thumb-tack", layout=W.Layout(width="110px"))
        self._traits: dict[str, Any] = {
            "layer": self.layer,
            "channel": self.channel,
            "show": self.show_,
            "compare": self.compare,
            "checkpoint": self.checkpoint,
        }
        for name, control in self._traits.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.play.observe(lambda change: self._tell("checkpoint", change.new), "value")
        self.keep.observe(lambda change: self._showing or self._on_keep(change.new), "value")
        self.box = W.VBox(
            [flow(self.layer, self.channel, self.keep), flow(self.checkpoint, self.play, self.show_)]
        )

    def offer(self, layers: dict[str, Layer], checkpoints: Sequence[str]) -> None:
        """Bring the lists to what there is."""
        with self._showing:
            options = [(layer_label(layer), name) for name, layer in layers.items()]
            if options != list(self.layer.options):
                self.layer.options = options
            places = [(name, place) for place, name in enumerate(checkpoints)]
            single = len(places) == 1  # a slider needs two ends
            self.checkpoint.disabled = self.play.disabled = single
            places = [*places, *places] if single else places
            if places != list(self.checkpoint.options):
                self.checkpoint.options = places
                self.play.max = len(checkpoints) - 1

    def show(self, values: dict[str, Any], channels: int) -> None:
        """Bring the controls to the values on show, by name."""
        with self._showing:  # a slider that gets shorter moves its handle, which is nobody's choice
            self.channel.max, self.channel.disabled = max(1, channels - 1), channels == 1
            for name, control in self._traits.items():
                if control.value != values[name]:
                    control.value = values[name]
            self.play.value = values["checkpoint"]
            kept = values["channel"] in values["kept"]
            self.keep.value = kept
            self.keep.description = "Kept" if kept else "Keep row"
            self.keep.disabled = not kept and len(values["kept"]) >= MOST_KEPT

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, value)
