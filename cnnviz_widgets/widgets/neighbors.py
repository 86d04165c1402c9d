"""NeighborBrowser: the pictures nearest to one picture, for the network and for the pixels."""

import html
import numbers
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.gallery import Places
from cnnviz_widgets.methods.neighbor_search import Measure
from cnnviz_widgets.methods.neighbors import last_feature_layer
from cnnviz_widgets.paint import beside
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._neighbor_controls import NeighborControls
from cnnviz_widgets.widgets._neighbor_panels import AgreementPanel, QueryPanel, SpacePanel
from cnnviz_widgets.widgets._neighbor_question import (
    MOST,
    SPACES,
    Neighborhood,
    Query,
    Question,
    Setting,
    Space,
    Step,
)
from cnnviz_widgets.widgets._neighbor_tiles import TileRow
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar
from cnnviz_widgets.widgets._view import View

_FIRST_LOOK = 32  # pictures that are worth a first answer


class NeighborBrowser(View):
    """The pictures nearest to a query: above by what a layer says of them, below by their pixels.

    A click on a neighbour makes it the query. What the layer says of all pictures is gathered in the
    background and kept on disk; until then neighbours are looked for among those already seen.

    Krizhevsky et al. 2012, section 6.1.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    gallery : anything `picture_set` takes
        Where neighbours are looked for: two pictures or more.
    query : int, str, path, array or PIL.Image.Image
        A picture's place in the gallery, or a picture from outside.
    layer : str, optional
        Where the codes come from; `last_feature_layer` of the network where none is given.
    pictures : folder, list or dict, optional
        Pictures from outside, offered beside the sample photos.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    measure : "l2" or "cosine"
        Length of the difference of two codes, or 1 - cos of the angle between them.
    places : "all" or "mean"
        Compare a layer's maps place by place, or each channel's mean.
    k : int, 1..12
        How many neighbours are shown, if there are so many.
    result : Neighborhood
        The query, and the indices and distances of its neighbours in both spaces. The query itself is left
        out where it is in the gallery.

    Raises
    ------
    LayerError
        If the layer is unknown, or its result cannot be arranged as maps.
    InputError
        If the gallery has fewer than two pictures, or the query is not one of them.
    PictureError
        If a folder is empty, or the query cannot be opened.
    MemoryLimitError
        If the codes would need more than 1 GB.
    """

    recompute_on = ("query", "layer", "places", "measure")
    redraw_on = ("k",)

    query = traitlets.Any(0, help="whose neighbours: a place in the gallery, or a picture")
    layer = traitlets.Unicode(help="name of the layer whose codes are compared")
    places: "traitlets.Enum[Places]" = traitlets.Enum(
        ["all", "mean"], "all", help="what of a map is compared"
    )
    measure: "traitlets.Enum[Measure]" = traitlets.Enum(["l2", "cosine"], "l2", help="what distance means")
    k = traitlets.Int(6, min=1, max=MOST, help="how many neighbours are shown")

    def __init__(
        self,
        model: HookedModel | str,
        gallery: Any,
        query: Any = 0,
        layer: str | None = None,
        *,
        pictures: Pictures | None = None,
        **traits: Any,
    ) -> None:
        self.model = opened(model, type(self).__name__)
        shown = picture_set(gallery)
        if len(shown) < 2:
            raise InputError("the gallery has one picture: a neighbour needs a second one")
        self._question = Question(self.model, shown)
        self._pictures = pictures
        self._seen: tuple[Any, Query] | None = None  # the last query, which does not depend on the layer
        self._setting: Setting | None = None  # what was gathered last, to its end or not
        self._steps: Callable[[], Iterator[Step]] = lambda: iter(())
        self._runner = Runner(self._on_step, self._on_state)
        super().__init__(query=query, layer=layer or last_feature_layer(self.model), **traits)
        self._runner.start(self._steps)

    @property
    def gallery(self) -> PictureSet:
        """Where neighbours are looked for."""
        return self._question.gallery.pictures

    def wait(self, seconds: float | None = None) -> None:
        """Wait until everything is gathered, as a script does that wants all of the result."""
        self._runner.join(seconds)

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._chooser = PictureChooser(self._pictures, self._go, self.guard)
        layers = [layer for layer in self.model.layers if layer.is_map or len(layer.shape) in (1, 2)]
        self._controls = NeighborControls(layers, self.gallery, self._question.most, self._on_control)
        self._work = WorkBar(self._gather_again, self._runner, "Go on")
        self._work.box.layout.display = "none"
        self._query = QueryPanel()
        self._spaces: dict[Space, SpacePanel] = {
            space: SpacePanel(space, self._question, self._go) for space in SPACES
        }
        self._agreement = AgreementPanel(self._question)
        answers = W.VBox([*(panel.box for panel in self._spaces.values()), self._agreement.box])
        answers.layout.flex, answers.layout.max_width = "1 1 500px", f"{TileRow.width + 4}px"
        who = flow(*self._controls.who, self._chooser.list, self._chooser.upload)
        return who, flow(*self._controls.how), self._work.box, flow(self._query.box, answers, gap="8px 16px")

    def _on_control(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def _go(self, query: Any) -> None:
        self.query = query

    # The question

    def _compute(self) -> Neighborhood:
        if self._seen is None or self._seen[0] != self._key(("query",)):
            self._seen = (self._key(("query",)), self._opened(self.query))
        setting = self._question.setting(self.layer, self.places, self.measure)
        self._gather(setting)
        return self._question.answer(self._seen[1], setting)

    def _opened(self, query: Any) -> Query:
        index = int(query) if isinstance(query, numbers.Integral) else None
        if index is None:
            picture, name, its_class = self._chooser.open(query), "", ""
            name = self._chooser.show(query)
        else:
            if not 0 <= index < len(self.gallery):
                last = len(self.gallery) - 1
                raise InputError(f"there is no picture {index} in the gallery: they go from 0 to {last}")
            name, its_class = self.gallery.names[index], self.gallery.class_of(index)
            picture = self.gallery[index]
        x = self.model.preprocess(picture)
        shown = self.model.to_picture(x)
        try:
            return Query(index, name, its_class, x, shown, self.model.top(x, 3))
        except InputError as error:  # a network that segments, say, still has codes
            return Query(index, name, its_class, x, shown, [], f"No classes: {error}")

    # Gathering, in a thread of its own

    def _gather(self, setting: Setting) -> None:
        """Begin what a new setting needs; one that was stopped, or failed, waits for the student."""
        steps = self._question.steps(setting)  # an impossible layer is refused here
        if setting != self._setting:
            self._setting, self._steps = setting, lambda: steps
            if self._ready:  # else the constructor starts it, when there is a widget to draw on
                self._work.show(0, 1)
                self._runner.start(self._steps)

    def _gather_again(self) -> None:
        self._setting = None
        self.guard(self._answer_and_paint)

    def _on_step(self, step: Step) -> None:
        self._work.show(step.done, step.total, html.escape(f"{step.done} of {step.total} {step.text}"))
        if self._ready and self._setting is not None:
            known = self._question.known("features", self._setting)
            if known == len(self.gallery) > self.result.known or known >= max(
                2 * self.result.known, _FIRST_LOOK
            ):
                self.guard(self._answer_and_paint)

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._work.enter(state)
        self._work.start.disabled = state in ("running", "paused")
        self._work.box.layout.display = "none" if state == "done" else ""
        if state in ("done", "stopped", "failed") and self._ready:
            self.guard(self._answer_and_paint)
        if error is not None:
            self._fail(error)

    # The answer

    def _draw(self, result: Neighborhood) -> str:
        setting = self._question.setting(result.layer.name, self.places, self.measure)
        panels = self._spaces.values()
        words = [self._query.draw(result.query), *(panel.draw(result, setting, self.k) for panel in panels)]
        words.append(self._agreement.draw(result, setting, self.k))
        stops = [
            (f"{place} in {panel.space}: {self.gallery.names[number]}", number)
            for panel in panels
            for place, number in enumerate(panel.numbers, 1)
        ]
        values = {name: getattr(self, name) for name in self._controls.names}
        self._controls.show(values, result.query.index, result.layer, stops)
        if result.query.index is not None:
            self._chooser.list.value = None
        return " ".join(each for each in words if each)

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the query, and its neighbours in both spaces."""
        pictures = [bytes(self._query.picture.value)]
        pictures += [panel.row.surface.picture for panel in self._spaces.values()]
        titles = [f"{self.model.name}: {self.result.query.name}"]
        titles += [f"nearest in {space} space" for space in ("feature", "pixel")]
        return beside(pictures, titles)
