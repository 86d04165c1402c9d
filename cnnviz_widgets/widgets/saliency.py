"""SaliencyExplorer: which pixels change a class's score, and the object cut out from that alone."""

from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.methods.saliency import Saliency, SaliencyLook
from cnnviz_widgets.paint import rgb_png
from cnnviz_widgets.paint.sheets import sheet
from cnnviz_widgets.widgets import _saliency_words as words
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._errand import Errand
from cnnviz_widgets.widgets._picture_question import PICTURE, PictureQuestion
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar
from cnnviz_widgets.widgets._saliency_answers import Answers, Asked, Explained, Method
from cnnviz_widgets.widgets._saliency_controls import SaliencyControls
from cnnviz_widgets.widgets._saliency_panels import HEADINGS, SaliencyPanels


class SaliencyExplorer(PictureQuestion):
    """How each pixel changes the score of a class, and the object that a graph cut finds from it.

    The map at once; with SmoothGrad it settles while noisy copies of the picture are added. The most and the
    least salient pixels lend their colours to two models, and a graph cut gives each pixel to one of them.

    Simonyan et al. 2014, section 3; Smilkov et al. 2017, section 3.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    picture : str, path, array or PIL.Image.Image, optional
        Anything `open_picture` takes, or a name among `pictures`. Where none is given: labelled pictures of
        the kind that the network learned, if there are such, else a sample photo.
    target : int, str or None
        The class; None is the network's top class.
    pictures : folder, list or dict, optional
        The caller's own pictures, offered beside the sample photos.
    dataset : SegmentedFolder, Broden or the like, optional
        Labelled pictures of your own.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    data : "objects", "scenes", "photos" or "yours"
        Which pictures: Miniworld's with their truth, `picture`, or `dataset`.
    class_name : str
        A class of these pictures; the first one where it is "".
    number : int
        Which picture of the class, counted from 0.
    rule : "backprop", "deconvnet" or "guided"
        What is done at ReLUs.
    method : "gradient" or "smoothgrad"
        The map of the picture alone, or the mean of noisy copies.
    samples : int
        How many noisy copies.
    noise : float, 0..1
        Their noise, as a share of the range of the picture's values.
    seed : int
        Of the noise.
    foreground, background : float, 0..1
        The quantiles from which, and up to which, pixels lend their colours to object and rest.
    cut : bool
        Whether the object is cut out; without it there are the picture and the map alone.
    look : "magnitude" or "signed"
        M, or the derivative of the same channel with its sign.
    opacity : float, 0..1
        0 shows the picture alone, 1 the map alone.
    result : Explained
        The map, the segmentation and the truth on show.

    Raises
    ------
    TargetError
        If there is no such class.
    PictureError
        If the picture cannot be opened.
    InputError
        If there are no such pictures, class or number, or the quantiles are out of order and used.
    ReluError
        If another rule than backprop is asked of a network without ReLUs.
    """

    recompute_on = (
        *(*PICTURE, "target", "rule", "method", "samples", "noise", "seed"),
        *("foreground", "background", "cut"),
    )
    redraw_on = ("look", "opacity")

    rule = traitlets.Enum(["backprop", "deconvnet", "guided"], "backprop", help="what is done at ReLUs")
    method: "traitlets.Enum[Method]" = traitlets.Enum(
        ["gradient", "smoothgrad"], "gradient", help="the picture alone, or the mean of noisy copies"
    )
    samples = traitlets.Int(25, min=1, help="how many noisy copies")
    noise = traitlets.Float(0.15, min=0, max=1, help="of the copies, as a share of the range of values")
    seed = traitlets.Int(0, min=0, help="of the noise")

    foreground = traitlets.Float(0.95, min=0, max=1, help="quantile from which pixels are the object's")
    background = traitlets.Float(0.30, min=0, max=1, help="quantile up to which pixels are the rest's")

    cut = traitlets.Bool(True, help="whether the object is cut out")

    look: "traitlets.Enum[SaliencyLook]" = traitlets.Enum(
        ["magnitude", "signed"], "magnitude", help="M, or the derivative with its sign"
    )
    opacity = traitlets.Float(1.0, min=0, max=1, help="of the map over the picture")

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._answers = Answers(self.model)
        self._controls = SaliencyControls(
            self.model,
            list(self._sources),
            self._chooser,
            lambda traits: self.guard(lambda: self.set(**traits)),
        )
        self._panels = SaliencyPanels(self._point)
        self._runner = Runner(self._on_step, self._on_state, owner=self)
        self._errand = Errand(self._runner)
        self._bar = WorkBar(self._start, self._runner, "Start again")
        self._note = W.HTML(layout=W.Layout(display="none"))
        self._pointer = W.HTML(line(words.HINT), layout=W.Layout(min_height="1.6em"))
        return (
            self._controls.pictures,
            self._controls.question,
            self._controls.smooth,
            self._bar.box,
            self._controls.looks,
            self._controls.quantiles,
            self._note,
            self._panels.box,
            self._pointer,
        )

    # The question

    @property
    def _asked(self) -> Asked:
        return Asked(
            self._key(PICTURE), self.target, self.rule, self.method, self.samples, self.noise, self.seed
        )

    def _compute(self) -> Explained:
        asked = self._asked
        self._answers.picture(asked.picture, self._exhibit)
        quantiles = (self.foreground, self.background) if self.cut else None
        result = self._answers.explain(asked, quantiles)
        self._on_show = asked
        return result

    # The answer

    def _draw(self, result: Explained) -> str:
        # The pictures first: they are what the student waits for.
        asked = self._on_show  # not the traits: they may ask for what does not exist
        self._panels.draw(result, self.look, self.opacity, self.cut)
        self._panels.tell(words.captions(self.model, asked, result, self.look))
        self._note.layout.display = "" if result.note else "none"
        self._note.value = line(result.note, "Note.") if result.note else ""
        if self._fresh:
            self._show_controls(result)
        self._pointer.value = line(words.HINT)
        if self._ready:
            self._go_on()
        return words.say_all(self.model, asked, result, self._name)

    def _show_controls(self, result: Explained) -> None:
        self._name = self._name_on_show()
        values: dict[str, Any] = {each: getattr(self, each) for each in self._controls.names}
        if self.target is not None:
            values["target"] = self.model.class_index(self.target)
        self._controls.show(values, self._source, result.top[0].name if result.top else "")

    def _point(self, row: int, column: int) -> None:
        self._pointer.value = line(words.say_pixel(self.result, row, column))

    # The noisy copies, in a thread

    def _go_on(self) -> None:
        asked = self._on_show
        self._bar.box.layout.display = "" if asked.method == "smoothgrad" else "none"
        if self._fresh:
            self._errand.go_on(asked, self._answers.is_whole(asked), lambda: self._answers.steps(asked))
            self._tell_progress()

    def _start(self) -> None:
        self._errand.again()
        self.guard(self._go_on)

    def wait(self, seconds: float = 600) -> None:
        """Wait until all noisy copies are added: for scripts and tests."""
        self._runner.wait(seconds)

    def _on_step(self, step: tuple[Asked, Saliency]) -> None:
        asked, mean = step
        if asked == self._asked:  # otherwise the question has changed since
            self._answers.keep(asked, mean)
            self.guard(self._answer_and_paint)

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._bar.enter(state)
        self._errand.enter(state)
        if error is not None:
            self._fail(error)
        self._tell_progress()

    def _tell_progress(self) -> None:
        done, total = self.result.saliency.samples, self._on_show.samples
        self._bar.show(done, total, f"{done} of {total} copies")
        self._bar.start.disabled = done == total or self._runner.state in ("running", "paused")

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the four panels with their headings."""
        shown = self._panels.shown[: 4 if self.cut else 2]
        headings = ["\n".join(each) for each in HEADINGS]
        return rgb_png(sheet([shown], headings[: len(shown)]).array)
