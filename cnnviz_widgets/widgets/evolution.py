"""EvolutionSlider: how what excites each channel changes while a network learns."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel, ReluRule, deconvnet
from cnnviz_widgets.backend.relu_rules import find_rule
from cnnviz_widgets.backend.training_run import training_run
from cnnviz_widgets.errors import InputError, TargetError
from cnnviz_widgets.paint import beside, rgb_png
from cnnviz_widgets.widgets import _evolution_words as words
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._evolution_charts import marked, share_chart, short_names
from cnnviz_widgets.widgets._evolution_controls import MOST_KEPT, EvolutionControls
from cnnviz_widgets.widgets._evolution_panels import NowPanel, Row, StripPanel, WallPanel
from cnnviz_widgets.widgets._evolution_work import Evolving, layers_to_follow, pictures_for
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar
from cnnviz_widgets.widgets._view import View

_CHART = (288, 190)  # screen pixels


class EvolutionSlider(View):
    """The wall of a layer's strongest patterns after each epoch; a slider moves through the training.

    For each channel the strongest activation over the training pictures is projected down to the pixels. A
    row shows the chosen channel after all epochs; a blue bar tells that another picture excites it most now.

    The pictures are passed through each checkpoint once, in a thread, and what was found is kept on disk.

    Zeiler & Fergus 2014, section 4.1 and figure 4.

    Parameters
    ----------
    checkpoints : str, list or dict
        "mini-alexnet-objects", a network of which epochs are kept; or the checkpoints of your own run, in
        order: models, files of weights, or ``copy.deepcopy(network.state_dict())``.
    pictures : anything `picture_set` takes, optional
        The training pictures, or some of them. Without it, 12 of each class of Miniworld for a network that
        knows its classes.
    layer : str, optional
        The layer to begin with.
    layers : sequence of str, optional
        The layers to follow; without it, at most six with maps after a ReLU.
    model : HookedModel, optional
        Your network, where checkpoints are weights only.
    rule : ReluRule or str
        What happens at ReLUs on the way down: "deconvnet", "guided" or "backprop".
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    checkpoint : int
        The checkpoint on show, counted from 0; the last one to begin with.
    channel : int
        The chosen channel, counted from 0. A new layer keeps it if it has one of that number.
    show : "projections" or "crops"
        What the wall shows: the projected patterns, or what the units see.
    compare : "pattern" or "picture"
        What the chart of all layers tells: how much projections are like the last ones, or how many channels'
        strongest pictures stay the same to the end.
    kept : list of int
        Channels whose rows stay on screen; at most five.
    result : Evolving
        What is known so far; ``result.course(layer)`` has the values, pictures and places.

    Raises
    ------
    InputError, WeightsError, ModelError
        If the checkpoints are not those of one network, or there are none.
    LayerError
        If a checkpoint has no such layer.
    TargetError
        If the layer has no such channel.
    """

    recompute_on = ("checkpoints", "pictures")
    redraw_on = ("layer", "channel", "checkpoint", "show", "compare", "kept")

    checkpoints = traitlets.Any(help="the run: a name, or checkpoints in order")
    pictures = traitlets.Any(None, allow_none=True, help="the data set")

    layer = traitlets.Unicode(help="name of the layer on show")
    channel = traitlets.Int(0, min=0, help="chosen channel")
    checkpoint = traitlets.Int(0, min=0, help="checkpoint on show")
    show = traitlets.Enum(["projections", "crops"], "projections", help="what the wall shows")
    compare = traitlets.Enum(["pattern", "picture"], "pattern", help="what the chart of layers tells")
    kept: "traitlets.List[int]" = traitlets.List(traitlets.Int(min=0), help="channels whose rows stay")

    def __init__(
        self,
        checkpoints: Any,
        pictures: Any = None,
        layer: str | None = None,
        *,
        layers: Sequence[str] | None = None,
        model: HookedModel | None = None,
        rule: ReluRule | str = deconvnet,
        **traits: Any,
    ) -> None:
        self._model, self._layers, self._rule = model, layers, find_rule(rule)
        self._placed = "checkpoint" in traits
        self._chart: tuple[Any, ...] | None = None
        self._shown: tuple[str, int] | None = None  # what the work looks at: the last that could be drawn
        self._broken: Exception | None = None  # what ended the work
        self._drawn: Any = None
        self._runner = Runner(self._on_step, self._on_state)
        if layer is not None:
            traits["layer"] = layer
        super().__init__(checkpoints=checkpoints, pictures=pictures, **traits)
        self._go_on()

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = EvolutionControls(self._on_control, self._keep)
        self._wall = WallPanel(self._tell, self._choose)
        self._strip = StripPanel(self._choose_column)
        self._now = NowPanel()
        self._lines = W.Image(format="png", layout=W.Layout(max_width="100%", flex="0 0 auto"))
        self._title, self._pointer = W.HTML(), W.HTML()
        self._now_title, self._chart_title = W.HTML(), W.HTML()
        self._bar = WorkBar(self._go_on, self._runner, "Go on")
        column = [self._now_title, self._now.image, self._controls.compare, self._lines, self._chart_title]
        panels = [
            W.VBox([self._wall.box], layout=W.Layout(flex="1 1 330px", max_width=f"{WallPanel.width}px")),
            W.VBox(column, layout=W.Layout(flex="1 1 220px", max_width="288px")),
        ]
        text = W.VBox([self._title, self._pointer], layout=W.Layout(margin="4px 0 0 0"))
        return self._controls.box, text, flow(*panels, gap="8px 16px"), self._strip.box, self._bar.box

    # The question

    def _compute(self) -> Evolving:
        run = training_run(self.checkpoints, self._model)
        layers = list(self._layers or layers_to_follow(run[-1]))
        if self.layer and self.layer not in layers and not self._ready:
            layers.append(self.layer)
        return Evolving(run, pictures_for(run[-1], self.pictures), layers, self._rule)

    def _answer(self) -> None:
        super()._answer()
        self._wall.forget()
        self._chart = None
        last = len(self.result.run) - 1
        if self.layer not in self.result.layers:
            self._quietly(layer=list(self.result.layers)[min(1, len(self.result.layers) - 1)])
        if not self._placed or (self._ready and self.checkpoint > last):
            self._quietly(checkpoint=last)
        if self._ready:
            self._placed = True
            self._shown = None
            self._go_on()
        self._placed = True

    def _go_on(self) -> None:
        """Begin the work, or go on with it."""
        work, self._broken = self.result, None
        self._shown = self._shown or (self.layer, self.checkpoint)
        if not work.is_done:
            self._runner.start(lambda: work.steps(lambda: self._shown or (self.layer, self.checkpoint)))

    def _on_step(self, _: Any) -> None:
        if self._drawn == self.result.version:
            self._bar.show(*self.result.progress())
        elif self._ready:
            self.guard(self._paint)

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._bar.enter(state)
        self._bar.start.disabled = state in ("running", "paused", "done")
        if error is not None:
            self._broken = error
            self._fail(error)
        elif state == "done" and not self.result.is_done:  # a layer was added at the last moment
            self._go_on()

    def _succeed(self) -> None:
        if self._broken is None:
            super()._succeed()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until all is computed, as a script or a test does; not while the work is paused."""
        self._runner.join(seconds)

    # The answer

    def _draw(self, result: Evolving) -> str:
        result.add(self.layer)
        course = self._checked(result)
        self._settle(result)
        place, channel = self.checkpoint, self.channel
        wall = result.walls.get((self.layer, place))
        # The wall first: it is what the student waits for.
        self._wall.draw(wall, course, place, channel, self.show)
        self._controls.offer(result.layers, result.run.names)
        self._controls.show({name: getattr(self, name) for name in self.redraw_on}, len(course.values[0]))
        rows = [self._row(result, each) for each in (channel, *(k for k in self.kept if k != channel))]
        key = (id(result), result.version, self.layer, [row.channel for row in rows])
        self._strip.draw(rows, result.run.names, place, key)
        self._draw_now(result, place, channel)
        self._draw_chart(result)
        self._bar.show(*result.progress())
        self._title.value = words.say_wall(result, self.layer, place)
        self._pointer.value = line(words.HINT)
        self._shown, self._drawn = (self.layer, place), result.version
        return words.say_channel(result, self.layer, channel, place)

    def _checked(self, result: Evolving) -> Any:
        course, run = result.course(self.layer), result.run
        if self.checkpoint >= len(run):
            raise InputError(
                f"there is no checkpoint {self.checkpoint}: they are numbered 0 to {len(run) - 1}"
            )
        for channel in (self.channel, *self.kept):
            if channel >= course.values.shape[1]:
                if self._ready and self._shown is not None and self._shown[0] != self.layer:
                    continue  # the new layer has fewer channels
                raise TargetError(
                    f"layer {self.layer!r} has no channel {channel}: they go from 0 to "
                    f"{course.values.shape[1] - 1}"
                )
        return course

    def _settle(self, result: Evolving) -> None:
        """Keep what a new layer has of the chosen channels, and wake the work for it."""
        count = result.channels(self.layer)
        if self.channel >= count:
            self._quietly(channel=0)
        if any(each >= count for each in self.kept):
            self._quietly(kept=[each for each in self.kept if each < count])
        self._painted = self._key(self.redraw_on)
        if self._ready and self._runner.state == "done" and not result.is_done:
            self._shown = (self.layer, self.checkpoint)
            self._go_on()

    def _row(self, result: Evolving, channel: int) -> Row:
        course = result.course(self.layer)
        walls = [result.walls.get((self.layer, t)) for t in range(len(result.run))]
        return Row(
            channel,
            [None if wall is None else wall.projections[channel] for wall in walls],
            [None if wall is None else wall.crops[channel] for wall in walls],
            course.values[:, channel],
            course.excited[:, channel],
            course.jumps[:, channel],
        )

    def _draw_now(self, result: Evolving, place: int, channel: int) -> None:
        course, wall = result.course(self.layer), result.walls.get((self.layer, place))
        picture, box = None, (0, 0, 0, 0)
        if course.excited[place, channel]:
            picture = result.seen(int(course.pictures[place, channel]))
            rows, columns = int(course.rows[place, channel]), int(course.columns[place, channel])
            box = course.layer.receptive_field.box(rows, columns)
        self._now.draw(picture, box, None if wall is None else wall.projections[channel])
        self._now_title.value = words.say_now(result, self.layer, channel, place)

    def _draw_chart(self, result: Evolving) -> None:
        key = (id(result), result.version, self.compare, self.layer)
        if self._chart is None or self._chart[0] != key:
            labels = short_names(result.run.names)
            self._chart = (key, *share_chart(result.shares(self.compare), labels, self.layer, _CHART))
        _, chart, places = self._chart
        self._lines.value = rgb_png(marked(chart, float(places[self.checkpoint])))
        self._chart_title.value = words.say_chart(result, self.compare, self.layer, self.checkpoint)

    # The controls and the pointer

    def _on_control(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def _keep(self, on: bool) -> None:
        kept = [each for each in self.kept if each != self.channel]
        self.kept = [*kept, self.channel][-MOST_KEPT:] if on else kept

    def _tell(self, channel: int | None) -> None:
        told = words.HINT
        if channel is not None:
            told = words.say_channel(self.result, self.layer, channel, self.checkpoint)
        self._pointer.value = line(told)

    def _choose(self, channel: int | None) -> None:
        if channel is not None:
            self.channel = channel

    def _choose_column(self, place: int, channel: int | None) -> None:
        self.set(checkpoint=place, channel=self.channel if channel is None else channel)

    @property
    def state(self) -> dict[str, Any]:
        """The traits that make this picture, as plain values; checkpoints and pictures only by name."""
        told = super().state
        for name in self.recompute_on:
            if not isinstance(getattr(self, name), str):
                del told[name]
        return told

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the wall, the row of the chosen channel, and the chart."""
        names = self.result.run.names
        told = f"{self.layer}, {names[self.checkpoint]}: the strongest pattern of each channel"
        pictures = [self._wall.surface.picture, self._strip.surface.picture, bytes(self._lines.value)]
        return beside(
            pictures, [told, f"channel {self.channel} over the checkpoints", words.COMPARED[self.compare]]
        )
