"""OptimizerViewer: watch a picture become what a class, or a unit, would like to see."""

from dataclasses import asdict, fields
from typing import Any

import ipywidgets as W
import traitlets
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Channel, ClassScore, Neuron, Term
from cnnviz_widgets.engines.ascent import Start
from cnnviz_widgets.errors import InputError, LayerError
from cnnviz_widgets.methods.activation_maximization import (
    DECK,
    Regularization,
    maximize_activation,
    preset,
    priors_ladder,
)
from cnnviz_widgets.widgets import _optimizer_words as words
from cnnviz_widgets.widgets._climb_board import Board
from cnnviz_widgets.widgets._climb_steps import steps_here
from cnnviz_widgets.widgets._climb_view import ClimbView
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._optimizer_controls import OptimizerControls
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures

_SETTINGS = tuple(each.name for each in fields(Regularization))
_LIVE = tuple(name for name in _SETTINGS if name not in ("start", "fourier"))  # they act while it runs


class OptimizerViewer(ClimbView):
    """A picture climbs, step by step, to what a class or a unit responds to most; sliders act while it runs.

    Start, Pause, Step, Stop and Reset; the terms as curves; a film of past steps with a slider back in time.
    Also a gallery of classes that climb together, and a ladder of priors: one unit with each prior in turn.

    Simonyan et al. 2014, section 2; Yosinski et al. 2015, section 4; Olah et al. 2017.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    target : int or str, optional
        The class to climb, by number or name; the deck's first that the network knows where it is None.
    pictures : folder, list or dict, optional
        Your own pictures to start from, offered beside the sample photos.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    view : "one", "classes" or "priors"
        What climbs: one picture, one for each of `classes`, or one for each prior of the ladder.
    layer : str
        "" climbs the class's score; a layer's name climbs one of its units.
    channel, unit : int, "channel" or "neuron"
        The unit: the mean of a channel, or its middle neuron.
    classes : list
        The gallery's classes, by number or name; the deck's six that the network knows where it is empty.
    start : "zero", "noise" or "picture"
        The mean colour, noise about it, or `picture`.
    picture : str, path, array or PIL.Image.Image
        Where to start from.
    seed : int
        Of noise and transforms; the same seed gives the same pictures.
    preset : str
        The name of settings of `PRESETS`; "" leaves them as they are.
    steps, rate, l2, tv, decay, blur, blur_every, clip_norm, clip_contribution, jitter, scale, rotate, pad
        Settings; see `Regularization`. They act from the next step on.
    fourier, clamp : bool
        Settings, too; `fourier` begins anew.
    chosen : int
        The picture whose curves and film are shown.
    at_step : int
        The step on show; -1 is the newest.
    look : "true" or "stretched"
        Colours as the network sees them, or spread about the mean colour so that faint ones are seen.
    result : Board
        The climbs and their past.

    Raises
    ------
    TargetError, LayerError
        If there is no such class, layer or unit.
    InputError
        If there is no such preset, or a setting is out of its range.
    """

    recompute_on = (
        *("view", "target", "layer", "channel", "unit", "classes", "start", "picture", "seed", "fourier"),
    )
    redraw_on = ("preset", *_LIVE, "chosen", "at_step", "look")

    view = traitlets.Enum(["one", "classes", "priors"], "one", help="what climbs")
    target = traitlets.Any(None, allow_none=True, help="the class")
    layer = traitlets.Unicode("", help="whose unit climbs; empty for the class's score")
    channel = traitlets.Int(0, min=0, help="the unit's channel")
    unit = traitlets.Enum(["channel", "neuron"], "channel", help="a channel's mean, or its middle neuron")
    classes: "traitlets.List[Any]" = traitlets.List(help="classes of the gallery")
    start = traitlets.Enum(["zero", "noise", "picture"], "zero", help="where it starts")
    picture = traitlets.Any("cat", help="a picture to start from")
    seed = traitlets.Int(0, help="of noise and transforms")

    preset = traitlets.Unicode("", help="settings by name")
    steps = traitlets.Int(100, min=1, help="how many steps")
    rate = traitlets.Float(0.05, min=0, help="mean size of a step, or Adam's rate")
    l2 = traitlets.Float(0.0, min=0, help="weight of the L2 norm")
    tv = traitlets.Float(0.0, min=0, help="weight of the total variation")
    decay = traitlets.Float(0.0, help="share lost in each step")
    blur = traitlets.Float(0.0, help="width of the blur, pixels")
    blur_every = traitlets.Int(0, help="steps from one blur to the next")
    clip_norm = traitlets.Float(0.0, help="percentage of pixels of small norm that are set to the mean")
    clip_contribution = traitlets.Float(0.0, help="percentage of pixels of small contribution")
    jitter = traitlets.Int(0, help="pixels")
    scale = traitlets.Float(0.0, help="share")
    rotate = traitlets.Float(0.0, help="degrees")
    pad = traitlets.Int(0, help="pixels of the frame around what the network sees")
    fourier = traitlets.Bool(False, help="write the picture as waves")
    clamp = traitlets.Bool(False, help="keep pixels between black and white")

    def __init__(
        self,
        model: HookedModel | str,
        target: int | str | None = None,
        pictures: Pictures | None = None,
        **traits: Any,
    ) -> None:
        self.model = opened(model, "OptimizerViewer")
        self._chooser = PictureChooser(pictures, lambda name: self.set(picture=name), self.guard)
        self._spelling = False  # whether the settings of a preset are being set
        self._sure: tuple[Any, list[float] | None] = (None, None)
        traits.setdefault("preset", "L2, blur and jitter")
        super().__init__(target=self._first_class() if target is None else target, **traits)

    def set_trait_values(self, traits: dict[str, Any]) -> None:
        """Take the traits given by name; a preset stands for its settings, and those named beside it win."""
        super().set_trait_values(self._spelled_out(traits))

    def set(self, **traits: Any) -> None:
        """Change several traits for the price of one computation; a preset stands for its settings."""
        try:
            spelled_out = self._spelled_out(traits)
        except InputError as error:  # later than in the constructor a mistake is told on screen
            self._fail(error)
            return
        self._spelling = True
        try:
            super().set(**spelled_out)
        finally:
            self._spelling = False

    def _spelled_out(self, traits: dict[str, Any]) -> dict[str, Any]:
        if not traits.get("preset"):
            return traits
        found = preset(traits["preset"], self.model)
        return {**asdict(found), "steps": steps_here(found.steps), **traits}

    @traitlets.observe("preset")
    def _on_preset(self, change: Any) -> None:
        if self._ready and not self._spelling and change.new:
            self.guard(lambda: self.set(preset=change.new))

    def _first_class(self) -> int:
        return self._deck()[0]

    def _deck(self) -> list[int]:
        """Find the deck's classes among the network's; its first six where it knows none of them."""
        names = {name.lower(): i for i, name in enumerate(self.model.classes or ())}
        asked = [(each, f"siberian {each}") for each in DECK]
        found = [names[each] for pair in asked for each in pair if each in names]
        return found or list(range(min(6, self.model.class_count)))

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = OptimizerControls(self.model, self._chooser, self._on_control)
        self._build_board()
        wall = W.VBox([self._wall.surface.canvas], layout=W.Layout(max_width="100%"))
        side = W.VBox([self._curves, self._look], layout=W.Layout(flex="1 1 320px", max_width="420px"))
        return (
            self._controls.question,
            self._bar.box,
            flow(wall, side, gap="8px 16px"),
            self._strip.box,
            self._controls.sliders,
            self._save.box,
        )

    # The question

    def _wanted(self) -> Term:
        if self.view == "classes":
            return ClassScore(self._gallery())
        if not self.layer:
            return ClassScore(self.model.class_index(self.target))
        layer = self.model.layer(self.layer)
        if not layer.is_map:
            raise LayerError(f"layer {self.layer!r} has no maps; choose one of the list, or climb a class")
        if self.unit == "channel":
            return Channel(self.layer, self.channel)
        rows, columns = layer.shape[1:]
        return Neuron(self.layer, self.channel, rows // 2, columns // 2)

    def _settings(self) -> Regularization:
        start = "zero" if self.start == "picture" else self.start
        return Regularization(
            **{name: getattr(self, name) for name in _SETTINGS if name != "start"}, start=start
        )

    def _settings_name(self) -> str:
        """Name the preset that the settings are, or "" if they are nobody's."""
        if not self.preset:
            return ""
        now, named = asdict(self._settings()), asdict(preset(self.preset, self.model))
        free = ("start", "steps")  # how far it goes, and from where, is not what a preset is about
        return self.preset if all(now[name] == named[name] for name in now if name not in free) else ""

    def _compute(self) -> Board:
        start: Tensor | None = None
        if self.start == "picture":
            start = self.model.preprocess(self._chooser.open(self.picture))
        if self.view == "priors":
            begin: Start | None = (
                "noise" if self.start == "noise" else start
            )  # None: as each prior is best begun
            climbs = priors_ladder(self.model, self._wanted(), start=begin, seed=self.seed, steps=self.steps)
            board = Board(self.model, list(climbs.values()), list(climbs))
        else:
            asked = self._gallery() if self.view == "classes" else self._wanted()
            if isinstance(asked, list) and start is not None:
                start = start.expand(len(asked), -1, -1, -1)
            climb = maximize_activation(self.model, asked, self._settings(), start=start, seed=self.seed)
            board = Board(self.model, [climb], self._labels())
        board.advance()
        return board

    def _gallery(self) -> list[int]:
        return [self.model.class_index(each) for each in self.classes or self._deck()]

    def _labels(self) -> list[str]:
        if self.view == "classes":
            return [self.model.class_name(each) for each in self._gallery()]
        if self.layer:
            return [f"{self.layer} {self.unit} {self.channel}"]
        return [self.model.class_name(self.model.class_index(self.target))]

    def _steer(self) -> None:
        """Let the climb follow the settings from its next step on; the ladder has its own."""
        if self.view == "priors":
            for climb in self.result.climbs:
                climb.steps = self.steps
            return
        self._settings().steer(self.result.climbs[0], self._wanted())

    # The answer

    def _draw(self, result: Board) -> str:
        self._steer()
        running = self._runner.state == "running"
        sure = None if running else self._probabilities(result)
        shown = sure if self._is_newest else None
        captions = [
            words.say_caption(result, i, None if shown is None else shown[i], self.at_step)
            for i in range(len(result.labels))
        ]
        self._draw_board(captions)
        if self._controls_are_old():
            self._show_controls()
        named = None if self.view == "priors" else self._settings_name()
        return words.say_climb(result, self.chosen, named, sure[self.chosen] if sure else None)

    def _show_controls(self) -> None:
        values = {name: getattr(self, name) for name in (*self.recompute_on, *self.redraw_on)}
        values["preset"] = self._settings_name()
        values["target"] = self.model.class_index(self.target)
        self._controls.show(values, self.model)
        self._chooser.show(self.picture)

    def _probabilities(self, result: Board) -> list[float] | None:
        """Ask how sure the network is of the newest pictures, once; None where it is not about classes."""
        if self.layer and self.view != "classes":
            return None
        key = (result, result.step)
        if self._sure[0] != key:
            targets = self._gallery() if self.view == "classes" else [self.model.class_index(self.target)]
            targets = targets * len(result.labels) if len(targets) == 1 else targets
            self._sure = (key, result.probabilities(targets))
        return self._sure[1]

    def _on_control(self, traits: dict[str, Any]) -> None:
        self.guard(lambda: self.set(**traits))
