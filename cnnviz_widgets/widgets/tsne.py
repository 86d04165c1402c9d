"""TSNEScatter: a data set as a map, where pictures that a network finds alike lie near each other."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import ipywidgets as W
import numpy as np
import traitlets

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.neighbors import last_feature_layer
from cnnviz_widgets.methods.picture_grid import PictureGrid
from cnnviz_widgets.methods.tsne import PERPLEXITY, Start, largest_perplexity
from cnnviz_widgets.paint import beside, rgb_png
from cnnviz_widgets.paint.scatter import scatter_picture
from cnnviz_widgets.widgets import _tsne_words as say
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar
from cnnviz_widgets.widgets._tsne_codes import Space, arrangeable
from cnnviz_widgets.widgets._tsne_controls import TSNEControls
from cnnviz_widgets.widgets._tsne_marks import Marks, place_of
from cnnviz_widgets.widgets._tsne_plot import SIDE, PointsPanel, class_labels, kinds_of
from cnnviz_widgets.widgets._tsne_side import MOST, WIDTH, SidePanel
from cnnviz_widgets.widgets._tsne_wall import SIDE as WALL_SIDE
from cnnviz_widgets.widgets._tsne_wall import WallPanel
from cnnviz_widgets.widgets._tsne_work import Arrangement, MapWork, Question, Step
from cnnviz_widgets.widgets._view import View

_FEW = 3000  # points whose accuracy is quick enough to count while they move


class TSNEScatter(View):
    """A data set as a map in the plane: pictures with similar codes lie near each other.

    The map is made in the background and moves while it is made. Pointing at a point shows its picture, a
    click its nearest in the space that was arranged, a lasso all pictures inside.

    van der Maaten & Hinton 2008.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    pictures : anything `picture_set` takes
        The data set: 5 pictures or more, better some hundred.
    layer : str, optional
        Where the codes come from; `last_feature_layer` of the network where none is given.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    space : "features" or "pixels"
        Arrange the layer's codes, or the pixels as the network sees them.
    perplexity : float
        How many neighbours a point has, smoothly counted. More than a third of the other pictures is reduced
        to that, and said.
    start : "pca" or "random"
        Points start at their first two principal components, or anywhere.
    seed : int
        Chance: the same one gives the same map.
    view : "points", "thumbnails" or "grid"
        Points by class; the pictures there; or one picture in each cell of a grid, with seams.
    highlight : str
        A class that stands out; "" for none.
    chosen : int
        Number of the picture whose nearest are shown; -1 for none.
    selected : list of int
        Numbers of the pictures inside a lasso.
    result : Arrangement
        The map on show, finished or not; ``result.layout.positions`` and ``result.accuracy``.

    Raises
    ------
    LayerError
        If the layer is unknown, or does not keep one code per picture.
    InputError
        If there are fewer than 5 pictures, or the perplexity is not above 1.
    TargetError
        If the chosen picture or class does not exist.
    MemoryLimitError
        If the codes would need more than 1 GB.
    """

    recompute_on = ("layer", "space", "perplexity", "start", "seed")
    redraw_on = ("view", "highlight", "chosen", "selected")

    layer = traitlets.Unicode(help="name of the layer whose codes are arranged")
    space: "traitlets.Enum[Space]" = traitlets.Enum(
        ["features", "pixels"], "features", help="what is arranged"
    )
    perplexity = traitlets.Float(PERPLEXITY, help="how many neighbours a point has")
    start: "traitlets.Enum[Start]" = traitlets.Enum(["pca", "random"], "pca", help="where points start")
    seed = traitlets.Int(0, min=0, help="chance")

    view = traitlets.Enum(["points", "thumbnails", "grid"], "points", help="what is shown")
    highlight = traitlets.Unicode("", help="a class that stands out")
    chosen = traitlets.Int(-1, min=-1, help="number of the picture whose nearest are shown")
    selected = traitlets.List(traitlets.Int(), help="numbers of the pictures inside a lasso")

    def __init__(
        self, model: HookedModel | str, pictures: Any, layer: str | None = None, **traits: Any
    ) -> None:
        self.model = opened(model, type(self).__name__)
        self._work = MapWork(self.model, picture_set(pictures))
        self._runner = Runner(self._on_step, self._on_state)
        self._next_frame = 0.0
        self._grid: PictureGrid | None = None
        self._marks = Marks(self.pictures)
        super().__init__(layer=layer or last_feature_layer(self.model), **traits)
        self._go_on()

    @property
    def pictures(self) -> PictureSet:
        """The data set."""
        return self._work.pictures

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        pictures, most = self.pictures, largest_perplexity(len(self.pictures))
        layers = [self.model.layer(name) for name in arrangeable(self.model)]
        self._controls = TSNEControls(layers, pictures.classes, len(pictures), most, self._on_control)
        self._bar = WorkBar(self._start_again, self._runner, "Arrange again")
        self._points = PointsPanel(pictures, self._point_at, self._choose, self._on_select)
        self._wall = WallPanel(self._work.album, self._point_at, self._choose)
        self._side = SidePanel(pictures, self._choose_number)
        self._title, self._accuracies = W.HTML(), W.HTML(layout=W.Layout(max_width=f"{WIDTH}px"))
        self._plot = W.Box([self._points.figure], layout=W.Layout(flex=f"0 0 {SIDE}px", overflow="hidden"))
        self._board = W.Box([self._wall.surface.canvas], layout=W.Layout(flex="1 1 330px", display="none"))
        self._board.layout.max_width = f"{WALL_SIDE}px"
        self._board.layout.align_items = "flex-start"
        side = W.VBox([self._side.box, self._accuracies], layout=W.Layout(flex=f"0 0 {WIDTH}px"))
        text = W.VBox([self._title], layout=W.Layout(margin="4px 0"))
        panels = flow(self._plot, self._board, side, gap="12px 16px")
        return self._controls.what, self._bar.box, self._controls.look, text, panels

    def _on_control(self, name: str, value: Any) -> None:
        if name == "chosen":
            self._choose_number(value)
        elif name == "highlight":
            self.set(highlight=value, selected=[], chosen=-1)
        else:
            setattr(self, name, value)

    # The question

    @property
    def _question(self) -> Question:
        return Question(self.layer, self.space, self.perplexity, self.start, self.seed)

    def _compute(self) -> Arrangement:
        if not self.perplexity > 1:
            raise InputError(f"the perplexity is a number of neighbours above 1; got {self.perplexity:g}")
        self._work.codes.check(self.layer, self.space)
        known = self._work.known(self._question)
        if known is not None:
            return known
        # What was there stays on screen until the first points move.
        return self.result if self.result is not None else self._work.empty(self._question)

    def _answer(self) -> None:
        super()._answer()
        if self._ready:
            self._go_on()

    def _go_on(self) -> None:
        """Work at what is not there yet: the map that is asked for, and then thumbnails."""
        if self._work.known(self._question) is None or self._wanted():
            question = self._question
            self._runner.start(lambda: self._steps(question))
        else:
            self._runner.stop()

    def _start_again(self) -> None:
        self.guard(self._forget_and_go_on)

    def _forget_and_go_on(self) -> None:
        self._work.forget(self._question)
        self._go_on()

    def _steps(self, question: Question) -> Iterator[Step]:
        if self._work.known(question) is None:
            yield from self._work.steps(question)
        while wanted := self._wanted():
            yield from self._work.small_pictures(wanted)

    def _wanted(self) -> list[int]:
        """List the pictures whose thumbnails the view needs and does not have."""
        arrangement: Arrangement = self.result
        if self.view == "points" or arrangement is None or arrangement.layout is None:
            return []
        points = self._wall.shown(arrangement, self.view)
        return self._work.album.missing(arrangement.numbers[points].tolist())

    def wait(self, seconds: float = 600) -> None:
        """Wait until the work in the background is done: for scripts and tests."""
        self._runner.wait(seconds)

    # The work, while it goes on

    def _on_step(self, step: Step) -> None:
        self._bar.show(step.done, step.total, say.progress(step))
        now = time.perf_counter()
        if step.arrangement is None:
            if self.view != "points" and (step.done == step.total or now >= self._next_frame):
                self.guard(self._draw_wall, self.result)
                self._next_frame = time.perf_counter() + 3 * (time.perf_counter() - now)
            return
        self.set_trait("result", step.arrangement)
        if now >= self._next_frame or self._runner.state != "running" or step.arrangement.is_finished:
            self.guard(self._frame, step.arrangement)
            spent = time.perf_counter() - now
            self._next_frame = now + spent + max(2 * spent, self._points.wait(len(step.arrangement.numbers)))

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._bar.enter(state)
        if error is not None:
            self._fail(error)
            self._bar.show(0, 1)
        elif state != "running":
            self.guard(self._paint)
            self._tell_progress(self.result)

    def _tell_progress(self, result: Arrangement) -> None:
        """Say how far the map on show is; while it moves, each step says so."""
        layout = result.layout
        if layout is not None and layout.stage != "neighbors":
            self._bar.show(layout.done, layout.total, say.finished(result))

    def _frame(self, arrangement: Arrangement) -> None:
        """Show points that move; what is said of them follows when they rest."""
        if self.view == "points":
            self._points.move(arrangement)
        else:
            self._draw_wall(arrangement)
        if len(arrangement.numbers) <= _FEW:
            self._accuracies.value = say.accuracies(self._seen(arrangement), self._work.chance)

    # The answer

    def _draw(self, result: Arrangement) -> str:
        self._marks = self._marked(result)
        values = {name: getattr(self, name) for name in self._controls.names}
        self._controls.show(values, self.model.layer(self.layer))
        self._plot.layout.display = "" if self.view == "points" else "none"
        self._board.layout.display = "none" if self.view == "points" else ""
        if result.layout is None:
            self._title.value = line("a map is being made", f"t-SNE of {result.question.name}:")
            return say.sentence(self.model.name, result, self.view, self._work.chance)
        self._grid = None
        if self.view == "points":
            self._points.move(result)
            self._points.mark(result, self._marks.bright(result), self._marks.links(result))
        else:
            self._draw_wall(result)
            if self._ready and self._wanted() and not self._runner.is_alive:
                self._go_on()
        self._side.show(self._marks.shown(result, MOST))
        if self.chosen >= 0:
            self._side.point(self.chosen, f"picture {self.chosen}")
        if not self._runner.is_alive:
            self._tell_progress(result)
        shown = len(self._wall.shown(result, self.view)) if self.view != "points" else len(result.numbers)
        self._title.value = say.title(result, self.view, shown, self._grid)
        self._accuracies.value = say.accuracies(self._seen(result), self._work.chance)
        return say.sentence(self.model.name, result, self.view, self._work.chance)

    def _draw_wall(self, arrangement: Arrangement) -> None:
        if arrangement.layout is None:
            return
        marked, bright = self._marks.points(arrangement), self._marks.bright(arrangement)
        if self.view == "grid":
            codes = self._work.codes.of(arrangement.question.layer, arrangement.question.space)
            self._grid = self._wall.draw_grid(arrangement, codes, marked, bright)
        else:
            self._wall.draw_plane(arrangement, marked, bright)

    def _marked(self, result: Arrangement) -> Marks:
        """Collect what stands out; raises before anything is painted."""
        marks = Marks(self.pictures, self.chosen, tuple(self.selected), self.highlight)
        marks.check()
        if place_of(result, self.chosen) is None:
            return marks
        return replace(marks, near=self._work.neighbors(result, self.chosen))

    def _seen(self, now: Arrangement) -> list[Arrangement]:
        """List the last finished map of each space, and the one that is being made."""
        latest = {each.question.name: each for each in self._work.finished.values()}
        latest[now.question.name] = now
        return sorted(latest.values(), key=lambda each: each.question.space != "pixels")

    # The pointer

    def _point_at(self, place: int) -> None:
        self.guard(self._tell, place)

    def _tell(self, place: int) -> None:
        if place < len(self.result.numbers):
            number = int(self.result.numbers[place])
            self._side.point(number, f"picture {number}")

    def _choose(self, place: int) -> None:
        if self.result is not None and place < len(self.result.numbers):
            self._choose_number(int(self.result.numbers[place]))

    def _choose_number(self, number: int) -> None:
        self.set(chosen=number, selected=[])

    def _on_select(self, places: list[int]) -> None:
        numbers = self.result.numbers
        self.set(selected=[int(numbers[each]) for each in places if each < len(numbers)], chosen=-1)

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the map, and the pictures beside it."""
        result: Arrangement = self.result
        words = say.sentence(self.model.name, result, self.view, self._work.chance)
        if result.layout is None:
            return beside([rgb_png(np.full((SIDE, SIDE, 3), 240, np.uint8))], [words])
        if self.view == "points":
            classes = self.pictures.classes if result.labels is not None else ()
            shown = scatter_picture(
                result.layout.positions,
                kinds_of(result),
                classes,
                size=SIDE,
                bright=self._marks.bright(result),
                links=self._marks.links(result),
                labels=class_labels(result, self.pictures.classes),
            )
            pictures = [rgb_png(shown)]
        else:
            pictures = [self._wall.surface.picture]
        texts = [words]
        beside_it = self._marks.shown(result, MOST)
        if beside_it is not None and self._side.board.picture:
            pictures.append(self._side.board.picture)
            texts.append(f"{beside_it.title} {beside_it.about}")
        return beside(pictures, texts)
