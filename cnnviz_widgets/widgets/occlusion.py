"""OcclusionSlider: a square over a picture, and what the network says wherever it stands."""

import time
from typing import Any

import ipywidgets as W
import numpy as np
import traitlets

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.labelled import LabelledDataset, Sample
from cnnviz_widgets.data.miniworld import Objects, Scenes
from cnnviz_widgets.errors import InputError, nearest
from cnnviz_widgets.methods.occluder import FILLS
from cnnviz_widgets.paint import rgb_png
from cnnviz_widgets.paint.sheets import sheet
from cnnviz_widgets.widgets import _occlusion_words as words
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._occlusion_answers import Answers, Asked, Occluded
from cnnviz_widgets.widgets._occlusion_controls import OcclusionControls
from cnnviz_widgets.widgets._occlusion_drag import Place
from cnnviz_widgets.widgets._occlusion_panels import OcclusionPanels
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar
from cnnviz_widgets.widgets._task_pictures import (
    DatasetSource,
    Exhibit,
    PhotoSource,
    Source,
    WorldSource,
    checked,
    own_kind,
)
from cnnviz_widgets.widgets._view import View


class OcclusionSlider(View):
    """A square that is dragged over a picture, the scores that move with it, and maps of all its places.

    The maps come coarse to fine: total activation of a late feature map, probability of a class, most
    probable class, each as a function of where the square's centre is. They hold the scores of all classes,
    so that another class needs no new pass.

    Zeiler & Fergus 2014, section 4.2 and figure 6.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    picture : str, path, array or PIL.Image.Image, optional
        Anything `open_picture` takes, or a name among `pictures`. Where none is given: labelled pictures of
        the kind that the network learned, if there are such, else a sample photo.
    target : int, str or None
        The class; None is the picture's true class where the network knows it, else the top class.
    pictures : folder, list or dict, optional
        The caller's own pictures, offered beside the sample photos.
    dataset : SegmentedFolder, Broden or the like, optional
        Labelled pictures of your own.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    data : "objects", "scenes", "photos" or "yours"
        Which pictures: Miniworld's, `picture`, or `dataset`.
    class_name : str
        A class of these pictures; the first one where it is "".
    number : int
        Which picture of the class, counted from 0.
    layer : str or None
        The layer whose maps are looked at; None is a late one.
    channel : int or None
        Which of its channels; None is the one that answers most to the uncovered picture.
    size, stride : int or None
        Side of the square and its steps, in pixels of the network's picture; None is a quarter and a
        fourteenth of the picture.
    fill : "grey", "black", "white", "mean" or "blur"
        What stands in the square; see `occlusion_maps`.
    top, left : int or None
        First row and column of the square; None is the middle. A square that would stick out is moved in.
    opacity : float, 0..1
        0 shows the picture alone, 1 the maps alone.
    result : Occluded
        Scores without and with the square, and the maps as far as they are known.

    Raises
    ------
    TargetError
        If there is no such class.
    LayerError
        If there is no such layer or channel, or the layer's maps have a single place.
    PictureError
        If the picture cannot be opened.
    InputError
        If there are no such pictures, class or number, the square is larger than the picture or outside it,
        or the stride is below 1.
    """

    recompute_on = (
        *("data", "class_name", "number", "picture", "target", "layer", "channel"),
        *("size", "stride", "fill", "top", "left"),
    )
    redraw_on = ("opacity",)

    data = traitlets.Unicode("photos", help="which pictures")
    class_name = traitlets.Unicode("", help="class of the picture; the first one if empty")
    number = traitlets.Int(0, min=0, help="which picture of the class")
    picture = traitlets.Any("cat", help="the photo: a name in the list, a path, an array")

    target = traitlets.Any(None, help="the class, by number or name; None is the true or the top class")
    layer = traitlets.Unicode(None, allow_none=True, help="whose maps are looked at; None is a late one")
    channel = traitlets.Int(None, allow_none=True, help="of the layer; None is the strongest")

    size = traitlets.Int(None, allow_none=True, help="side of the square, pixels")
    stride = traitlets.Int(None, allow_none=True, help="its steps, pixels")
    fill = traitlets.Enum(list(FILLS), "grey", help="what stands in the square")
    top = traitlets.Int(None, allow_none=True, help="first row of the square")
    left = traitlets.Int(None, allow_none=True, help="first column of the square")

    opacity = traitlets.Float(0.75, min=0, max=1, help="of the maps over the picture")

    def __init__(
        self,
        model: HookedModel | str,
        picture: Any = None,
        target: int | str | None = None,
        *,
        pictures: Pictures | None = None,
        dataset: LabelledDataset | None = None,
        **traits: Any,
    ) -> None:
        self.model = opened(model, type(self).__name__)
        self._answers = Answers(self.model)
        self._chooser = PictureChooser(pictures, self._choose_photo, self.guard)
        self._sources: dict[str, Source] = {"objects": WorldSource(Objects), "scenes": WorldSource(Scenes)}
        if dataset is not None:
            self._sources["yours"] = DatasetSource(dataset)
        self._sources["photos"] = PhotoSource(lambda: self._chooser.list.options, self._chooser.open)
        self._from = ("", "")  # the last picture's collection and class
        self._doing: Any = None  # the maps that are being made
        self._halted: Any = None  # the maps that the student stopped
        if picture is None:
            traits.setdefault("data", own_kind(self.model, dataset))
        else:
            traits = {"data": "photos", "picture": picture, **traits}
        super().__init__(target=target, **traits)
        self._go_on()

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = OcclusionControls(
            self.model,
            list(self._sources),
            self._chooser,
            lambda traits: self.guard(lambda: self.set(**traits)),
        )
        self._panels = OcclusionPanels(self._place, self._point)
        self._runner = Runner(self._on_step, self._on_state, owner=self)
        self._bar = WorkBar(self._start, self._runner, "Go on with the maps")
        self._pointer = W.HTML(line(words.HINT), layout=W.Layout(min_height="1.6em"))
        get = self._controls
        rows = (get.pictures, get.question, get.square, get.place)
        return (*rows, self._bar.box, self._panels.box, self._pointer)

    def _choose_photo(self, name: str) -> None:
        self.set(data="photos", picture=name)

    def _place(self, place: Place) -> None:
        self.guard(lambda: self.set(top=place[0], left=place[1]))

    def _point(self, row: int, column: int) -> None:
        self._pointer.value = line(words.say_place(self.model, self.result.maps, row, column))

    # The question

    @property
    def _asked(self) -> Asked:
        picture = self._key(("data", "class_name", "number", "picture"))
        about = (self.target, self.layer, self.channel)
        return Asked(picture, *about, self.size, self.stride, self.fill, self.top, self.left)

    def _answer(self) -> None:
        self._settle()
        super()._answer()
        self._from = (self.data, self.class_name)

    def _settle(self) -> None:
        """Give a new collection its first class where it has not the one that was on show."""
        source = self._sources.get(self.data)
        if source is None or self.data == "photos":
            return
        moved = self._from[0] not in ("", self.data)
        stale = moved and self.class_name == self._from[1] and self.class_name not in source.classes
        if stale or not self.class_name:
            self._quietly(class_name=source.classes[0])
        if moved and self.class_name in source.classes and self.number >= source.count(self.class_name):
            self._quietly(number=0)

    def _quietly(self, **traits: Any) -> None:
        """Change traits as a part of the answer that is going on."""
        was_ready, self._ready = self._ready, False
        try:
            self.set(**traits)
        finally:
            self._ready = was_ready

    def _source(self) -> Source:
        if self.data not in self._sources:
            raise InputError(
                f"There are no pictures called {self.data!r}. {nearest(self.data, self._sources)}"
            )
        return self._sources[self.data]

    def _compute(self) -> Occluded:
        source = self._source()
        asked = self._asked
        result = self._answers.answer(asked, lambda: self._exhibit(source))
        places = {"top": result.top, "left": result.left}  # moved in where it would stick out
        self._quietly(**{each: at for each, at in places.items() if getattr(self, each) is not None})
        self._answered = self._key(self.recompute_on)
        self._on_show = asked
        return result

    def _exhibit(self, source: Source) -> Exhibit:
        if self.data == "photos":
            photo = np.array(self._chooser.open(self.picture))
            return Exhibit(Sample(photo, None, {}, {}), "", photo)
        checked(source, self.class_name, self.number)
        return source.exhibit(self.class_name, self.number)

    # The answer

    def _draw(self, result: Occluded) -> str:
        # The pictures first: they are what the student waits for.
        self._panels.draw(result, self.opacity)
        low, high = self._panels.limits(result)
        texts = [
            words.bars(self.model, result) + words.change(self.model, result),
            words.activation(result, low, high),
            words.probability(result, self._panels.highest(result)),
            words.labels(self.model, self._panels.legend(result.maps)),
        ]
        self._panels.tell(words.headings(self.model, result), texts)
        if self._fresh:
            self._show_controls(result)
        if self._ready:
            self._go_on()
        return words.say_all(self.model, result, self._name)

    def _show_controls(self, result: Occluded) -> None:
        photo = self.data == "photos"
        self._name = self._chooser.show(self.picture) if photo else f"{self.class_name} {self.number}"
        values = {each: getattr(self, each) for each in (*self.recompute_on, *self.redraw_on)}
        self._controls.show(values, self._source(), result)

    # The maps, in a thread

    def _go_on(self) -> None:
        """Begin or end the work, whatever the question on show needs."""
        if not self._fresh:
            return
        asked, maps = self._on_show, self.result.maps
        if self._doing != asked.maps:
            self._doing = None
            self._runner.stop()
        if self._doing is None and maps.done < maps.total and asked.maps != self._halted:
            self._doing = asked.maps
            steps = self._answers.steps(asked)
            self._runner.start(lambda: steps)
        self._tell_progress()

    def _start(self) -> None:
        self._halted = None
        self.guard(self._go_on)

    def wait(self, seconds: float = 600) -> None:
        """Wait until the maps are whole: for scripts and tests."""
        end = time.monotonic() + seconds
        while self._runner.is_alive and time.monotonic() < end:
            self._runner.join(max(0, end - time.monotonic()))

    def _on_step(self, step: Any) -> None:
        if step == self._on_show.maps:  # otherwise the question has changed since
            self.guard(self._paint)

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._bar.enter(state)
        if state in ("stopped", "failed", "done"):
            self._halted = self._doing if state != "done" else None
            self._doing = None
        if error is not None:
            self._fail(error)
        self._tell_progress()

    def _tell_progress(self) -> None:
        maps = self.result.maps
        self._bar.show(maps.done, maps.total, f"{maps.done} of {maps.total} places")
        self._bar.start.disabled = maps.done == maps.total or self._runner.state in ("running", "paused")

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the four panels with their headings."""
        headings = ["\n".join(each) for each in words.headings(self.model, self.result)]
        return rgb_png(sheet([self._panels.snapshot()], headings).array)
