"""The controls of MinimalImageStepper, all of which a keyboard reaches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source

_NAMES = {
    "objects": "Miniworld: objects",
    "scenes": "Miniworld: scenes",
    "yours": "your data set",
    "photos": "photos",
}
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
_TOP = -1  # a list cannot show that nothing is chosen


class MinimalControls:
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

    names = (
        *("mode", "data", "class_name", "number", "target", "subject", "layer", "channel", "row", "column"),
        *("tool", "size", "ink", "color", "keep", "refuse", "method", "count", "fill", "segment"),
    )

    def __init__(
        self,
        model: HookedModel,
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
    ) -> None:
        self._chooser, self._on_change, self._showing = chooser, on_change, False
        classes = [(f"{i} {model.class_name(i)}", i) for i in range(model.class_count or 0)]
        late = {"continuous_update": False}
        self._controls: dict[str, W.Widget] = {
            "mode": W.ToggleButtons(options=_MODES, style={"button_width": "112px"}),
            "data": W.Dropdown(**looks("Pictures", 240), options=[(_NAMES[each], each) for each in data]),
            "class_name": W.Dropdown(**looks("Class", 220)),
            "number": W.IntSlider(**looks("Number", 230), **late),
            "subject": W.Dropdown(**looks("Watch", 220), options=_SUBJECTS),
            "target": W.Dropdown(**looks("Class", 270), options=[("the top class", _TOP), *classes]),
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
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.replace = _button("Replace it", "eraser", "112px")
        self.undo, self.redo = _button("Undo", "undo", "84px"), _button("Redo", "repeat", "84px")
        self.reset = _button("Reset", "refresh", "84px")
        self.save = _button("Save path", "download", "104px")
        self.load = W.FileUpload(description="Load path", accept=".json", multiple=False)
        self.load.layout.width = "140px"  # the count of files stands in it, too
        self.link = W.HTML()
        self.another = _button("Another", "", "84px")
        self.another.on_click(lambda _: self._next())
        get = self._controls
        self._refuse = W.Box([get["refuse"]], layout=W.Layout(width="210px"))
        asked = ("subject", "target", "layer", "channel", "row", "column")
        self.question = flow(
            *(get["mode"], get["data"], get["class_name"], chooser.list, chooser.upload, get["number"]),
            *(self.another, *(get[name] for name in asked)),
        )
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
        photos, get = values["data"] == "photos", self._controls
        self._showing = True  # none of this is anybody's choice
        try:
            if list(get["class_name"].options) != list(source.classes):
                get["class_name"].options = list(source.classes)
            for name, limit in limits.items():
                get[name].max = max(limit, get[name].min, 1)
            methods = _METHODS if labelled else _METHODS[1:]
            if list(get["method"].options) != methods:
                get["method"].options = methods
            first = (f"the top class: {top_class}" if top_class else "the top class", _TOP)
            if get["target"].options[0] != first:
                get["target"].options = [first, *get["target"].options[1:]]
            for name, control in get.items():
                if name in values and not (name == "class_name" and photos):
                    control.value = _TOP if name == "target" and values[name] is None else values[name]
        finally:
            self._showing = False
        self.undo.disabled, self.redo.disabled = (not each for each in buttons)
        self.reset.disabled = not buttons[0]
        self._arrange(values, source, photos)

    def _arrange(self, values: Mapping[str, Any], source: Source, photos: bool) -> None:
        """Show the controls that matter now."""
        hand, get, subject = values["mode"] == "hand", self._controls, values["subject"]
        whole = values["method"] == "objects"
        cut = not hand or values["tool"] == "segment"
        for widget, shown in (
            (get["class_name"], not photos and len(source.classes) > 1),
            (get["number"], not photos),  # their list does
            (self.another, not photos),
            (self._chooser.list, photos),
            (self._chooser.upload, photos),
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
        ):
            widget.layout.display = "" if shown else "none"

    def _next(self) -> None:
        number = self._controls["number"]
        self._tell("number", (number.value + 1) % (number.max + 1))

    def _tell(self, name: str, value: Any) -> None:
        if self._showing or value is None:
            return
        if name == "target" and value == _TOP:
            value = None
        fresh: dict[str, Any] = {
            "data": {"class_name": "", "number": 0, "target": None},
            "class_name": {"number": 0, "target": None},
            "number": {"target": None},
            "layer": {"channel": 0, "row": 0, "column": 0},
        }
        self._on_change({name: value, **fresh.get(name, {})})


def _button(text: str, icon: str, width: str) -> W.Button:
    return W.Button(description=text, icon=icon, layout=W.Layout(width=width))
