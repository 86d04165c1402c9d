"""The controls of BackpropStepper, all of which a keyboard reaches."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as W

from cnnviz_widgets.widgets._backprop_numbers import LARGEST
from cnnviz_widgets.widgets._backprop_pages import GIVEN, PAGES, TITLES
from cnnviz_widgets.widgets._backprop_presets import PRESETS
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._threads import Showing

_NEEDS = {
    "stride": "convolution",
    "padding": "convolution",
    "size": "pooling",
    "ties": "pooling",
    "center": "neuron",
}


class StepperControls:
    """The page, what belongs to it, and the chosen cell with its value.

    Parameters
    ----------
    on_change : callable
        Called with a trait's name, or "preset", and its new value when the student changes it, not when
        `show` does.
    on_value : callable
        Called with the new value of the chosen cell.
    on_press : callable
        Called with "random", "reset" or "tie".
    """

    def __init__(
        self,
        on_change: Callable[[str, Any], None],
        on_value: Callable[[float], None],
        on_press: Callable[[str], None],
    ) -> None:
        self._showing = Showing()
        page = W.ToggleButtons(
            options=[(words, name) for name, words in PAGES.items()],
            tooltips=["equations 1 to 5", "equations 1 to 5", "equations 6 and 7", "8 and 9", "10 to 13"],
            style={"button_width": "132px"},
        )
        self.matrix = W.Dropdown(**looks("Cell of", 170), options=list(TITLES))
        self.row = W.BoundedIntText(**looks("row", 128), min=0, max=0)
        self.column = W.BoundedIntText(**looks("column", 128), min=0, max=0)
        self.value = W.BoundedFloatText(**looks("Value", 160), min=-LARGEST, max=LARGEST, step=1)
        self._computed = W.HTML()
        self.seed = W.BoundedIntText(**looks("Seed", 136), min=0, max=9999)
        self.by_name: dict[str, W.Widget] = {
            "page": page,
            "stride": W.Dropdown(**looks("Stride", 150), options=[1, 2]),
            "padding": W.Dropdown(**looks("Padding", 150), options=[0, 1]),
            "size": W.Dropdown(
                **looks("Window", 300), options=[("2x2, windows apart", 2), ("3x3, windows overlap", 3)]
            ),
            "ties": W.Dropdown(
                **looks("Ties", 270),
                options=[("one winner (autograd)", "one"), ("all winners (eq. 9)", "all")],
            ),
            "center": W.IntSlider(**looks("Looks at", 300), min=0, max=0),
            "matrix": self.matrix,
            "row": self.row,
            "column": self.column,
        }
        self.preset = W.Dropdown(**looks("Numbers", 300))
        self.preset.observe(lambda change: self._tell(on_change, "preset", change.new or None), "value")
        for name, control in self.by_name.items():
            control.observe(lambda change, name=name: self._tell(on_change, name, change.new), "value")
        self.value.observe(lambda change: self._tell(on_value, change.new), "value")
        self._tie = self._button("Make a tie", "tie", on_press)
        starts = [
            self.preset,
            self._button("Reset", "reset", on_press),
            self._button("Random numbers", "random", on_press),
            self.seed,
        ]
        self._options = flow(*(self.by_name[name] for name in _NEEDS), self._tie, gap="2px 12px")
        chosen = flow(self.matrix, self.row, self.column, self.value, self._computed)
        self.box = W.VBox([page, flow(*starts), self._options, chosen])

    def show(
        self, traits: Mapping[str, Any], matrices: Mapping[str, tuple[int, int]], value: float, preset: str
    ) -> None:
        """Bring the controls up to date: `traits` by name, the cells there are, the chosen one's value.

        `preset` is the name of the numbers on show, "" where they are the student's own.
        """
        page, matrix = traits["page"], traits["matrix"]
        with self._showing:
            for name, needs in _NEEDS.items():
                self.by_name[name].layout.display = "" if needs == page else "none"
            self._tie.layout.display = "" if page == "pooling" else "none"
            self._options.layout.display = "" if page in _NEEDS.values() else "none"
            self.by_name["center"].max = max(matrices["x"][0] - 1, traits["center"])
            options = [(TITLES[name], name) for name in matrices]
            if list(self.matrix.options) != options:
                self.matrix.options = options
            self.row.max, self.column.max = (n - 1 for n in matrices[matrix])
            for name, control in self.by_name.items():
                control.value = traits[name]
            names = [(name, name) for name in PRESETS[page]] + [("your own", "")] * (not preset)
            if list(self.preset.options) != names:
                self.preset.options = names
            self.preset.value = preset
            given = matrix in GIVEN
            self.value.disabled = not given
            self.value.value = value
            self._computed.value = "" if given else "<i>computed from the others</i>"

    def _button(self, words: str, name: str, on_press: Callable[[str], None]) -> W.Button:
        button = W.Button(description=words, layout=W.Layout(width="156px"))
        button.on_click(lambda _: on_press(name))
        return button

    def _tell(self, tell: Callable[..., None], *what: Any) -> None:
        if not self._showing and what[-1] is not None:
            tell(*what)
