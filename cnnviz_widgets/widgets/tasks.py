"""TaskStrip: one picture, four tasks, the truth and what networks make of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel, Prediction, model_names
from cnnviz_widgets.data.labelled import LabelledDataset
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.tasks import FourAnswers, Mask, Thing, thing_at, true_answers, true_segmentation
from cnnviz_widgets.paint import beside
from cnnviz_widgets.widgets import _task_words as words
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._task_controls import TaskControls, Thumbnails
from cnnviz_widgets.widgets._task_detectors import DETECTORS, Detectors
from cnnviz_widgets.widgets._task_panels import HEADINGS, SEGMENTATION, Drawn, Palette, TaskPanels
from cnnviz_widgets.widgets._task_pictures import (
    Exhibit,
    PhotoSource,
    Source,
    checked,
    collection,
    collections,
)
from cnnviz_widgets.widgets._view import View

_HINT = "Point at a picture to read its labels; click a thing to keep it lit."
_EMBEDDED = ("mini-alexnet-objects", "mini-alexnet-scenes")
_OTHERWISE = "mini-convnet"


@dataclass(frozen=True, eq=False)
class Answered:
    """What TaskStrip shows.

    Attributes
    ----------
    exhibit : Exhibit
        The picture; ``exhibit.sample`` has its labels.
    truth : FourAnswers or None
        The right answers; None for a photo, which nobody has labelled.
    tops : tuple of list of Prediction
        The 3 most probable classes of each of `models`, best first.
    """

    exhibit: Exhibit
    truth: FourAnswers | None
    tops: tuple[list[Prediction], ...]


class TaskStrip(View):
    """One picture and four tasks: name it, box its things, label its pixels, tell its things apart.

    Shows Miniworld's truth, or what networks say: the embedded classifiers at once, and torchvision's
    `fasterrcnn_resnet50_fpn`, `fcn_resnet50` and `maskrcnn_resnet50_fpn` when their download is asked for.

    Bau et al. 2017, table 1, for the six levels of labels.

    Parameters
    ----------
    data : "scenes", "objects", "photos" or "yours"
        Which pictures; "yours" is `dataset`.
    class_name : str
        A class of these pictures; the first one where it is "".
    number : int
        Which picture of the class, counted from 0.
    models : sequence of HookedModel or str, optional
        Classifiers; the two of Miniworld's where none are given.
    dataset : SegmentedFolder, Broden or the like, optional
        Labelled pictures of your own.
    pictures : folder, list or dict, optional
        Photos of your own, offered beside the sample photos.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    level : str
        Which labels the semantic segmentation shows: "object", "part", "material", "texture", "color" or
        "scene".
    answers : "truth" or "network"
        Whose answers are drawn.
    thing : int
        The thing that is lit, counted from 0 as in ``result.truth.instances``; -1 for none.
    result : Answered
        The picture, its truth and the classes.

    Raises
    ------
    InputError
        There are no such pictures, class, number, level or thing.
    ModelError
        One of `models` is neither a network nor the name of one.
    """

    recompute_on = ("data", "class_name", "number")
    redraw_on = ("level", "answers", "thing")

    data = traitlets.Unicode("scenes", help="which pictures")
    class_name = traitlets.Unicode("", help="class of the picture; the first one if empty")
    number = traitlets.Int(0, min=0, help="which picture of the class")
    level = traitlets.Unicode("object", help="which labels the semantic segmentation shows")
    answers = traitlets.Enum(["truth", "network"], "truth", help="whose answers are drawn")
    thing = traitlets.Int(-1, min=-1, help="the thing that is lit, -1 for none")

    def __init__(
        self,
        data: str = "scenes",
        class_name: str = "",
        number: int = 0,
        *,
        models: Sequence[HookedModel | str] | None = None,
        dataset: LabelledDataset | None = None,
        pictures: Pictures | None = None,
        **traits: Any,
    ) -> None:
        self.models = [
            opened(each, type(self).__name__) for each in (_embedded() if models is None else models)
        ]
        self._chooser = PictureChooser(pictures, self._choose_photo, self.guard)
        self._photos = PhotoSource(lambda: self._chooser.list.options, self._chooser.open)
        self._sources = collections(self._photos, dataset)
        self._palettes: dict[str, Palette] = {}
        self._lit: Mask | None = None  # what the pointer lights, for as long as it is there
        self._under: Any = None
        self._collection, self._kept = "", -1  # where the last picture came from, and what was lit in it
        self._level_given = "level" in traits
        super().__init__(data=data, class_name=class_name, number=number, **traits)

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = TaskControls(list(self._sources), self._chooser, self._on_control)
        self._thumbnails = Thumbnails(lambda number: self._on_control({"number": number}))
        self._panels = TaskPanels(
            lambda *place: self.guard(self._point, *place),
            lambda *place: self.guard(self._click, *place),
            lambda: self.guard(self._leave),
        )
        self._detectors = Detectors(self._news, self._fail)
        self._pointer = W.HTML(layout=W.Layout(min_height="1.6em", margin="6px 0 0 0"))
        self._bars = [W.HTML(layout=W.Layout(flex="1 1 300px", max_width="460px")) for _ in self.models]
        return (
            self._controls.pictures,
            self._thumbnails.surface.canvas,
            self._controls.views,
            self._pointer,
            self._panels.box,
            flow(*self._bars, gap="12px 24px"),
            self._detectors.box,
        )

    def _on_control(self, traits: dict[str, Any]) -> None:
        self.guard(lambda: self.set(**traits))

    def _choose_photo(self, name: str) -> None:
        self._chooser.show(name)  # an upload's name is not in the list before
        self._on_control({"data": "photos", "class_name": "", "number": self._photos.names().index(name)})

    # The question

    def _answer(self) -> None:
        moved = self._collection != self.data
        self._settle(moved)
        super()._answer()
        self._collection, self._level_given = self.data, self._level_given and not self._ready
        self._settle_level(moved)

    def _settle(self, moved: bool) -> None:
        """Give a new collection its first class, and let go of what was lit in the last picture."""
        source = self._sources.get(self.data)
        known_before = moved and self._collection != ""
        if source and (not self.class_name or (known_before and self.class_name not in source.classes)):
            self._quietly(class_name=source.classes[0])
        if source and known_before and self.number >= source.count(self.class_name):
            self._quietly(number=0)
        self._lit = self._under = None
        if self.thing == self._kept:
            self._quietly(thing=-1)

    def _settle_level(self, moved: bool) -> None:
        levels = list(self.result.exhibit.sample.maps)
        if moved and not self._level_given and levels and self.level not in levels:
            self._quietly(level=levels[0])

    @property
    def _source(self) -> Source:
        return collection(self._sources, self.data)

    def _compute(self) -> Answered:
        source = self._source
        checked(source, self.class_name, self.number)
        exhibit = source.exhibit(self.class_name, self.number)
        truth = None
        if exhibit.is_labelled:
            level = "object" if "object" in exhibit.sample.maps else next(iter(exhibit.sample.maps))
            truth = true_answers(exhibit.sample, exhibit.class_name, level)
        tops = tuple(model.top(model.preprocess(exhibit.learned), 3) for model in self.models)
        return Answered(exhibit, truth, tops)

    # The answer

    def _draw(self, result: Answered) -> str:
        exhibit, truth = result.exhibit, result.truth
        things = truth.instances if truth else ()
        if self.thing >= len(things):
            raise InputError(
                f"There is no thing {self.thing} in this picture: it has {len(things)}, counted from 0; "
                "-1 is none."
            )
        self._segmentation = true_segmentation(exhibit.sample, self.level) if exhibit.is_labelled else None
        self._drawn, captions = self._answers(exhibit, truth)
        self._panels.show(exhibit.sample.image)
        self._panels.tell(captions)
        self._light()
        self._kept = self.thing
        self._show_controls(exhibit, [each.name for each in things])
        for bars, model, top in zip(self._bars, self.models, result.tops, strict=True):
            bars.value = words.class_answer(model, top, exhibit)
        self._detectors.box.layout.display = "" if self.answers == "network" else "none"
        return words.summary(exhibit, truth, self.number, self.models, result.tops)

    def _show_controls(self, exhibit: Exhibit, things: list[str]) -> None:
        source = self._source
        self._thumbnails.show(self.data, source, self.class_name, self.number)
        values = {name: getattr(self, name) for name in (*self.recompute_on, *self.redraw_on)}
        self._controls.show(values, source, list(exhibit.sample.maps), things)
        if self.data == "photos":
            self._chooser.show(exhibit.sample.source)
        self._pointer.value = line(_HINT)

    def _answers(self, exhibit: Exhibit, truth: FourAnswers | None) -> tuple[Drawn, list[str]]:
        """Give what is drawn, and the line of HTML under each panel."""
        if self.answers == "truth":
            captions = words.truth_captions(truth, self._segmentation, self._palette(self.level))
            if truth is None:
                return Drawn(None, None, None, None), captions
            return Drawn(truth.location, truth.detections, self._segmentation, truth.instances), captions
        found: list[Any] = [self._detectors.answer(name, exhibit) for name in DETECTORS]
        boxes, segments, masks = found
        captions = [
            words.detection_caption(boxes, truth, masks=False) if boxes is not None else "",
            words.segmentation_caption(
                segments, truth.segmentation if truth else None, self._palette("object")
            )
            if segments
            else "",
            words.detection_caption(masks, truth, masks=True) if masks is not None else "",
        ]
        captions = [
            f"{name}: " + (caption or self._detectors.state(name))
            for name, caption in zip(DETECTORS, captions, strict=True)
        ]
        return Drawn(None, boxes, segments, masks), [words.NO_BOX, *captions]

    def _palette(self, level: str) -> Palette:
        if level not in self._palettes:
            self._palettes[level] = Palette(CONCEPTS.get(level, ("",)))
        return self._palettes[level]

    def _news(self) -> None:
        if self.answers == "network":
            self.guard(self._paint)

    # The pointer

    def _point(self, panel: int, row: int, column: int) -> None:
        under, mask = self._region(panel, row, column)
        self._pointer.value = line(
            words.say_pixel(self.result.exhibit, self._drawn, self._things, row, column)
        )
        if under != self._under:  # the pointer sends every pixel, and most change nothing
            self._under, self._lit = under, mask
            self._light()

    def _click(self, panel: int, row: int, column: int) -> None:
        thing = thing_at(self._things, row, column)
        if self.result.truth is not None:
            self.thing = -1 if thing is None or thing == self.thing else thing

    def _leave(self) -> None:
        self._pointer.value = line(_HINT)
        if self._under is not None:
            self._under = self._lit = None
            self._light()

    @property
    def _things(self) -> Sequence[Thing]:
        """The true things; of a photo, those that a network found."""
        truth = self.result.truth
        return truth.instances if truth else (self._drawn.instances or ())

    def _region(self, panel: int, row: int, column: int) -> tuple[Any, Mask | None]:
        """Give what lies under the pointer: a thing, or, in the segmentation, all pixels of one name."""
        thing = thing_at(self._things, row, column)
        if thing is not None and panel != SEGMENTATION:
            return ("thing", thing), self._things[thing].mask
        truth = self.result.truth
        known = self._drawn.segmentation if panel == SEGMENTATION or not truth else truth.segmentation
        if known is None or not known.labels[row, column]:
            return None, None
        label = int(known.labels[row, column])
        return ("label", panel == SEGMENTATION, label), known.labels == label

    def _light(self) -> None:
        chosen = self._things[self.thing].mask if self.thing >= 0 else None
        level = self.level if self.answers == "truth" else "object"  # networks know no other
        lit = chosen if self._lit is None else self._lit
        self._panels.draw(self._drawn, self._palette("object"), self._palette(level), lit)

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the four panels with their headings."""
        return beside([surface.picture for surface in self._panels.surfaces], list(HEADINGS))


def _embedded() -> list[str]:
    here = [name for name in _EMBEDDED if name in model_names("embedded")]
    return here or [_OTHERWISE]
