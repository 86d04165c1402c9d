"""OcclusionSlider: a square over a picture, and what the network says wherever it stands."""

from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.methods.occluder import FILLS
from cnnviz_widgets.paint import rgb_png
from cnnviz_widgets.paint.sheets import sheet
from cnnviz_widgets.widgets import _occlusion_words as words
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._errand import Errand
from cnnviz_widgets.widgets._occlusion_answers import Answers, Asked, Occluded
from cnnviz_widgets.widgets._occlusion_controls import OcclusionControls
from cnnviz_widgets.widgets._occlusion_drag import Place
from cnnviz_widgets.widgets._occlusion_panels import OcclusionPanels
from cnnviz_widgets.widgets._picture_question import PICTURE, PictureQuestion
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar


class OcclusionSlider(PictureQuestion):
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
        *(*PICTURE, "target", "layer", "channel"),
        *("size", "stride", "fill", "top", "left"),
    )
    redraw_on = ("opacity",)

    layer = traitlets.Unicode(None, allow_none=True, help="whose maps are looked at; None is a late one")
    channel = traitlets.Int(None, allow_none=True, help="of the layer; None is the strongest")

    size = traitlets.Int(None, allow_none=True, help="side of the square, pixels")
    stride = traitlets.Int(None, allow_none=True, help="its steps, pixels")
    fill = traitlets.Enum(list(FILLS), "grey", help="what stands in the square")
    top = traitlets.Int(None, allow_none=True, help="first row of the square")
    left = traitlets.Int(None, allow_none=True, help="first column of the square")

    opacity = traitlets.Float(0.75, min=0, max=1, help="of the maps over the picture")

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._answers = Answers(self.model)
        self._controls = OcclusionControls(
            self.model,
            list(self._sources),
            self._chooser,
            lambda traits: self.guard(lambda: self.set(**traits)),
        )
        self._panels = OcclusionPanels(self._place, self._point)
        self._runner = Runner(self._on_step, self._on_state, owner=self)
        self._errand = Errand(self._runner)
        self._bar = WorkBar(self._start, self._runner, "Go on with the maps")
        self._pointer = W.HTML(line(words.HINT), layout=W.Layout(min_height="1.6em"))
        get = self._controls
        rows = (get.pictures, get.question, get.square, get.place)
        return (*rows, self._bar.box, self._panels.box, self._pointer)

    def _place(self, place: Place) -> None:
        self.guard(lambda: self.set(top=place[0], left=place[1]))

    def _point(self, row: int, column: int) -> None:
        self._pointer.value = line(words.say_place(self.model, self.result.maps, row, column))

    # The question

    @property
    def _asked(self) -> Asked:
        picture = self._key(PICTURE)
        about = (self.target, self.layer, self.channel)
        return Asked(picture, *about, self.size, self.stride, self.fill, self.top, self.left)

    def _compute(self) -> Occluded:
        asked = self._asked
        result = self._answers.answer(asked, self._exhibit)
        places = {"top": result.top, "left": result.left}  # moved in where it would stick out
        self._quietly(**{each: at for each, at in places.items() if getattr(self, each) is not None})
        self._answered = self._key(self.recompute_on)
        self._on_show = asked
        return result

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
        self._name = self._name_on_show()
        values = {each: getattr(self, each) for each in (*self.recompute_on, *self.redraw_on)}
        self._controls.show(values, self._source, result)

    # The maps, in a thread

    def _go_on(self) -> None:
        if self._fresh:
            asked, maps = self._on_show, self.result.maps
            self._errand.go_on(asked.maps, maps.done == maps.total, lambda: self._answers.steps(asked))
            self._tell_progress()

    def _start(self) -> None:
        self._errand.again()
        self.guard(self._go_on)

    def wait(self, seconds: float = 600) -> None:
        """Wait until the maps are whole: for scripts and tests."""
        self._runner.wait(seconds)

    def _on_step(self, step: Any) -> None:
        if step == self._on_show.maps:  # otherwise the question has changed since
            self.guard(self._paint)

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._bar.enter(state)
        self._errand.enter(state)
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
