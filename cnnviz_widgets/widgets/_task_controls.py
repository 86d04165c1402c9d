"""TaskStrip's controls: which picture, whose answers, which labels, which thing."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W
import numpy as np

from cnnviz_widgets.data.labelled import LEVELS
from cnnviz_widgets.paint import Mosaic, draw_box, jpeg, mosaic
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._picture_controls import PictureControls
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._surface import Surface
from cnnviz_widgets.widgets._task_pictures import Source

AT_ONCE = 8  # thumbnails
_FRAME = 4
_GREY = (128, 128, 128)  # seen as a gap on white and on the dark theme
_ANSWERS = [("the truth", "truth"), ("the networks", "network")]


class TaskControls(PictureControls):
    """The controls above the panels, all of which a keyboard reaches.

    Parameters
    ----------
    data : list of str
        The collections there are, by the names of the trait.
    chooser : PictureChooser
        Shown in place of class and number where photos are chosen.
    on_change : callable
        Called with a dict of traits when the student changes something, not when `show` does.
    """

    photos_have_numbers = True

    def __init__(
        self, data: Sequence[str], chooser: PictureChooser, on_change: Callable[[dict[str, Any]], None]
    ) -> None:
        super().__init__(
            data,
            chooser,
            on_change,
            answers=W.ToggleButtons(options=_ANSWERS, style={"button_width": "120px"}),
            level=W.Dropdown(**looks("Labels", 200), options=LEVELS),
            thing=W.Dropdown(**looks("Thing", 240), options=[("none", -1)], value=-1),
        )
        self.views = flow(self["answers"], self["level"], self["thing"])

    def show(
        self, values: dict[str, Any], source: Source, levels: Sequence[str], things: Sequence[str]
    ) -> None:
        """Bring the controls to the values on show, by name, and to what can be chosen there."""
        self._bring(values, source, lambda: self._offer(values["level"], levels, things))

    def _offer(self, level: str, levels: Sequence[str], things: Sequence[str]) -> None:
        self["level"].options = [each for each in LEVELS if each in levels] or [level]
        self["level"].disabled = not levels
        numbered = [(f"{number} {name}", number - 1) for number, name in enumerate(things, 1)]
        self["thing"].options = [("none", -1), *numbered]
        self["thing"].disabled = not things


class Thumbnails:
    """A row of pictures of one class; a click chooses one.

    Parameters
    ----------
    on_choose : callable
        Called with the picture's number.
    """

    def __init__(self, on_choose: Callable[[int], None]) -> None:
        self.surface = Surface(on_click=self._click)
        self._on_choose = on_choose
        self._page: Any = None  # which pictures are shown
        self._mosaic: Mosaic | None = None
        self._first = 0

    def show(self, name: str, source: Source, class_name: str, number: int) -> None:
        """Show the eight pictures among which `number` is, with a frame around it."""
        self._first = number - number % AT_ONCE
        last = min(self._first + AT_ONCE, source.count(class_name))
        page = (name, class_name, self._first, last)
        if page != self._page:
            small = [source.thumbnail(class_name, each) for each in range(self._first, last)]
            self._mosaic = mosaic(np.stack(small), columns=len(small), gap=_FRAME, gap_value=_GREY)
            self._page = page
        assert self._mosaic is not None
        painted = framed(self._mosaic, number - self._first)
        self.surface.show(jpeg(painted), "jpeg", (painted.shape[1], painted.shape[0]))

    def _click(self, x: float, y: float) -> None:
        place = self._mosaic.locate(x - _FRAME, y - _FRAME) if self._mosaic else None
        if place is not None:
            self._on_choose(self._first + place[0])


def framed(tiles: Mosaic, chosen: int) -> Bytes:
    """Give the row of pictures with an orange frame around one of them, outside its pixels."""
    wide = np.pad(tiles.array, ((_FRAME, _FRAME), (_FRAME, _FRAME), (0, 0)), constant_values=_GREY[0])
    top, left, bottom, right = tiles.box(chosen)
    return draw_box(
        wide, (top, left, bottom + 2 * _FRAME, right + 2 * _FRAME), thickness=_FRAME, color=(230, 120, 0)
    )
