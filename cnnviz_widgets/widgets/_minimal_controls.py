"""The controls of MinimalImageStepper, all of which a keyboard reaches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.widgets._layout import class_options, flow, looks
from cnnviz_widgets.widgets._picture_controls import NONE, PictureControls, show_those
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source

_MODES = [("By hand", "hand"), ("Automatically", "auto")]
_SUBJECTS = [("a class", "class"), ("a channel's mean", "channel"), ("one neuron", "neuron")]
_TOOLS = [("Brush", "brush"), ("Rectangle", "box"), ("Segment", "segment")]
_INKS = [
    ("erase: grey", "grey"),
    ("its mean colour", "mean"),
    ("a blur", "blur"),
    ("what is around it", "smooth"),
    ("paint: a colour", "color"),
]
_FILLS = [("grey", "grey"), ("its mean colour", "mean"), ("a blur", "blur"), ("what is around it", "smooth")]
_METHODS = [
    ("true objects", "objects"),
    ("SLIC", "slic"),
    ("Felzenszwalb", "felzenszwalb"),
    ("quickshift", "quickshift"),
]


class MinimalControls(PictureControls):
    """Picture, unit, tools, segments and buttons.

    Parameters
    ----------
    model : HookedModel
        Its classes and layers are offered.
    data : sequence of str
        The collections of pictures there are, by the names of the trait.
    chooser : PictureChooser
        Shown in place of class and number where photos are chosen.
    on_change : callable
        Called with a dict of traits when the student changes something, not when `show` does.
    """

    fresh: ClassVar[dict[str, dict[str, Any]]] = {
        "data": {"class_name": "", "number": 0, "target": None},
        "class_name": {"number": 0, "target": None},
        "number": {"target": None},
        "layer": {"channel": 0, "row": 0, "column": 0},
    }

    def __init__(
        self,
        model: HookedModel,
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
    ) -> None:
        late = {"continuous_update": False}
        classes = [("the top class", NONE), *class_options(model)]
        controls: dict[str, W.Widget] = {
            "mode": W.ToggleButtons(options=_MODES, style={"button_width": "112px"}),
            "subject": W.Dropdown(**looks("Watch", 220), options=_SUBJECTS),
            "target": W.Dropdown(**looks("Class", 270), options=classes),
            "layer": W.Dropdown(**looks("Layer", 220), options=[each.name for each in model.layers]),
            "channel": W.IntSlider(**looks("Channel", 250), **late),
            "row": W.IntSlider(**looks("Row", 220), **late),
            "column": W.IntSlider(**looks("Column", 220), **late),
            "tool": W.ToggleButtons(options=_TOOLS, style={"button_width": "88px"}),
            "size": W.IntSlider(**looks("Brush px", 230), min=1, max=60),
            "ink": W.Dropdown(**looks("Put there", 240), options=_INKS),
            "color": W.ColorPicker(**looks("Colour", 190)),
            "keep": W.FloatSlider(**looks("Keep ≥", 240), max=1, step=0.05, readout_format=".0%"),
            "refuse": W.Checkbox(description="Refuse steps that fall below", indent=False),
            "method": W.Dropdown(**looks("Pieces", 220), options=_METHODS),
            "count": W.IntSlider(**looks("About", 230), min=2, max=120, **late),
            "fill": W.Dropdown(**looks("Put there", 240), options=_FILLS),
            "segment": W.IntSlider(**looks("Segment", 230)),
        }
        super().__init__(data, chooser, on_change, **controls)
        self.replace = _button("Replace it", "eraser", "112px")
        self.undo, self.redo = _button("Undo", "undo", "84px"), _button("Redo", "repeat", "84px")
        self.reset = _button("Reset", "refresh", "84px")
        self.save = _button("Save path", "download", "104px")
        self.load = W.FileUpload(description="Load path", accept=".json", multiple=False)
        self.load.layout.width = "140px"  # the count of files stands in it, too
        self.link = W.HTML()
        get = self._controls
        self._refuse = W.Box([get["refuse"]], layout=W.Layout(width="210px"))
        asked = ("subject", "target", "layer", "channel", "row", "column")
        self.question = flow(get["mode"], *self.pictures.children, *(get[name] for name in asked))
        how = ("tool", "size", "ink", "color", "method", "count", "fill", "segment")
        self.tools = flow(*(get[name] for name in how), self.replace)
        self.rule = flow(
            self.undo, self.redo, self.reset, get["keep"], self._refuse, self.save, self.load, self.link
        )

    def show(
        self,
        values: Mapping[str, Any],
        source: Source,
        limits: Mapping[str, int],
        top_class: str,
        labelled: bool,
        buttons: tuple[bool, bool],
    ) -> None:
        """Bring the controls to the values on show, by name, and to what can be chosen there.

        Parameters
        ----------
        values : mapping of str to value
            The traits.
        source : Source
            The collection of pictures.
        limits : mapping of str to int
            The largest value of some sliders.
        top_class : str
            What the network says of the whole picture.
        labelled : bool
            Whether true objects are known.
        buttons : (bool, bool)
            Whether there is something to undo, and to redo.
        """
        self._bring(values, source, lambda: self._offer(limits, top_class, labelled))
        self.undo.disabled, self.redo.disabled = (not each for each in buttons)
        self.reset.disabled = not buttons[0]
        self._arrange(values)

    def _arrange(self, values: Mapping[str, Any]) -> None:
        """Show the controls that matter now."""
        hand, get, subject = values["mode"] == "hand", self._controls, values["subject"]
        whole = values["method"] == "objects"
        cut = not hand or values["tool"] == "segment"
        show_those(
            (get["subject"], hand),
            (get["target"], not hand or subject == "class"),
            (get["layer"], hand and subject != "class"),
            (get["channel"], hand and subject != "class"),
            (get["row"], hand and subject == "neuron"),
            (get["column"], hand and subject == "neuron"),
            (get["tool"], hand),
            (get["size"], hand and values["tool"] == "brush"),
            (get["ink"], hand),
            (get["color"], hand and values["ink"] == "color"),
            (get["method"], cut),
            (get["count"], cut and not whole),
            (get["fill"], not hand),
            (get["segment"], hand and cut),
            (self.replace, hand and cut),
            (self.rule, hand),
        )

    def _offer(self, limits: Mapping[str, int], top_class: str, labelled: bool) -> None:
        for name, limit in limits.items():
            self[name].max = max(limit, self[name].min, 1)
        methods = _METHODS if labelled else _METHODS[1:]
        if list(self["method"].options) != methods:
            self["method"].options = methods
        self._offer_first("target", f"the top class: {top_class}" if top_class else "the top class")


def _button(text: str, icon: str, width: str) -> W.Button:
    return W.Button(description=text, icon=icon, layout=W.Layout(width=width))
