"""The controls that choose a picture, of a labelled collection or a photo, and those that stand with them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import ipywidgets as W

from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Source
from cnnviz_widgets.widgets._threads import Showing

NONE = -1  # a list cannot show that nothing is chosen
_COLLECTIONS = {
    "scenes": "Miniworld: scenes",
    "objects": "Miniworld: objects",
    "yours": "your data set",
    "photos": "photos",
}


class PictureControls:
    """Collection, class and number of a picture, or a photo; a child class adds its own controls.

    Parameters
    ----------
    data : sequence of str
        The collections there are, by the names of the trait.
    chooser : PictureChooser
        Shown in place of class and number where photos are chosen.
    on_change : callable
        Called with a dict of traits when the student changes something, not when `show` does.
    **controls
        Those of the child class, by the names of their traits.
    """

    fresh: ClassVar[dict[str, dict[str, Any]]] = {
        "data": {"class_name": "", "number": 0},
        "class_name": {"number": 0},
    }  # what a change of one trait makes of others
    optional: ClassVar[tuple[str, ...]] = ("target",)  # lists that have `NONE`, for None
    photos_have_numbers: ClassVar[bool] = False  # True where `number` chooses a photo, too

    def __init__(
        self,
        data: Sequence[str],
        chooser: PictureChooser,
        on_change: Callable[[dict[str, Any]], None],
        **controls: W.Widget,
    ) -> None:
        self._chooser, self._on_change, self._showing = chooser, on_change, Showing()
        chosen = [(_COLLECTIONS[each], each) for each in data]
        self._controls: dict[str, W.Widget] = {
            "data": W.Dropdown(**looks("Pictures", 240), options=chosen),
            "class_name": W.Dropdown(**looks("Class", 220)),
            "number": W.IntSlider(**looks("Number", 260)),
            **controls,
        }
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.another = W.Button(
            description="Another", tooltip="the next picture", layout=W.Layout(width="84px")
        )
        self.another.on_click(lambda _: self._next())
        get = self._controls
        self.pictures = flow(
            get["data"], get["class_name"], chooser.list, chooser.upload, get["number"], self.another
        )

    def __getitem__(self, name: str) -> W.Widget:
        return self._controls[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The traits that have a control."""
        return tuple(self._controls)

    def _bring(
        self, values: Mapping[str, Any], source: Source, offer: Callable[[], None] = lambda: None
    ) -> None:
        """Bring the controls to the values on show, by name, after lists and limits by `offer`."""
        photos = values["data"] == "photos"
        numbered = not photos or self.photos_have_numbers
        missing = {"class_name": photos, "number": not numbered}  # of a photo
        classes, number = self["class_name"], self["number"]
        with self._showing:  # none of this is anybody's choice
            if list(classes.options) != list(source.classes):
                classes.options = list(source.classes)
            if numbered:
                number.max = max(1, source.count(values["class_name"]) - 1)
            offer()
            for name, control in self._controls.items():
                if missing.get(name, False):
                    continue
                shown = self._shown(name, values[name])
                # Not for a last digit: to a handle that is being dragged it comes late, and takes it back.
                if not _same(control.value, shown):
                    control.value = shown
        show_those(
            (classes, not photos and len(source.classes) > 1),
            (number, not photos),  # their list does
            (self.another, numbered),
            (self._chooser.list, photos),
            (self._chooser.upload, photos),
        )

    def _shown(self, name: str, value: Any) -> Any:
        control = self._controls[name]
        if name in self.optional and value is None:
            return NONE
        if isinstance(control, W.SelectionSlider):
            return min((each for _, each in control.options), key=lambda each: abs(each - value))
        return value

    def _offer_first(self, name: str, label: str) -> None:
        """Say in a list what is taken where nothing is chosen."""
        control = self._controls[name]
        if control.options[0] != (label, NONE):
            control.options = [(label, NONE), *control.options[1:]]

    def _next(self) -> None:
        number = self["number"]
        self._tell("number", (number.value + 1) % (number.max + 1))

    def _tell(self, name: str, value: Any) -> None:
        if self._showing or value is None:
            return
        if name in self.optional and value == NONE:
            value = None
        if isinstance(value, float):
            value = round(value, 9)  # a slider that is told 0.85 answers 0.8500000000000001
        self._on_change({name: value, **self.fresh.get(name, {})})


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (isinstance(one, float) and abs(one - other) < 1e-9))


def shares(label: str, percents: range, width: int = 270, **how: Any) -> W.SelectionSlider:
    """Make a slider of shares, in whole percents."""
    return W.SelectionSlider(
        **looks(label, width), options=[(f"{each}%", each / 100) for each in percents], **how
    )


def show_those(*parts: tuple[W.Widget, bool]) -> None:
    """Show or hide each part."""
    for widget, shown in parts:
        widget.layout.display = "" if shown else "none"
