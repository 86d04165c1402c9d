"""RuleComparer: three ways back through a ReLU, side by side, step by step, and put to the test."""

from typing import Any, Literal

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.data import sample_names
from cnnviz_widgets.data.miniworld import Objects, Scenes
from cnnviz_widgets.errors import LayerError, nearest
from cnnviz_widgets.methods.deconvnet import TopPatches
from cnnviz_widgets.methods.guided_backprop import Look, RuleComparison
from cnnviz_widgets.methods.layer_steps import LayerStep
from cnnviz_widgets.methods.randomization import layer_groups, not_resettable
from cnnviz_widgets.paint import rgb_png
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.sheets import sheet, stacked
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._rule_answers import Answers, Asked, Compared, Subject, exists, strongest
from cnnviz_widgets.widgets._rule_controls import RuleControls
from cnnviz_widgets.widgets._rule_maps import FORMULAS, Strip, frame, heading, put
from cnnviz_widgets.widgets._rule_patches import PatchesPanel
from cnnviz_widgets.widgets._rule_random import RandomPanel
from cnnviz_widgets.widgets._rule_steps import CHANNELS, StepsPanel
from cnnviz_widgets.widgets._rule_words import say_all, say_shut, say_step, say_subject
from cnnviz_widgets.widgets._view import View

Panel = Literal["steps", "random", "patches"]


class RuleComparer(View):
    """Backprop, deconvnet and guided backprop of one score, channel or neuron, down to the picture.

    Under the maps: every ReLU on the way with both masks; the same maps of a copy whose layers are made
    random from the top down; the ten patches that excite a channel most, with each rule's projection.

    Springenberg et al. 2015, section 3.4; Adebayo et al. 2018, section 3.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    picture : str, path, array or PIL.Image.Image
        Anything `open_picture` takes, or a name among `pictures`.
    layer : str, optional
        The layer of channel and neuron; the last ReLU with maps where none is given.
    pictures : folder, list or dict, optional
        The caller's own pictures, offered beside the sample photos.
    data : anything `picture_set` takes, optional
        Where the top-10 patches come from. Without it `Objects("train", 1000)` or `Scenes("train", 600)` for
        networks that learned Miniworld, else `pictures` or the sample photos.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    subject : "class", "channel" or "neuron"
        What is explained: a class's score, the mean of a channel, or one neuron.
    target : int, str or None
        The class; None is the network's top class.
    channel, row, column : int
        The unit, counted from 0. Where none is given: the strongest of the layer.
    depth : int
        How many layers are random in the copy, from the top; 0 is none.
    seed : int
        Of the random weights.
    look : "colours", "signed" or "magnitude"
        How maps are painted; see `RuleComparison.shown`.
    panel : "steps", "random" or "patches"
        What is shown below the maps.
    relu : str
        The ReLU on show, by its layer's name; "" is the first with maps from the top.
    channels : 1, 4 or 9
        How many of its most active channels are shown.
    measure : "spearman" or "ssim"
        What the plot shows.
    result : Compared
        The maps and steps on show.
    data : Any
        Where the top-10 patches come from.
    patches : dict of str to TopPatches
        Rule's name to the patches that were shown last.

    Raises
    ------
    LayerError
        If the layer is unknown or its result cannot be arranged as maps, or `relu` is not on the way.
    PictureError
        If the picture cannot be opened.
    TargetError
        If there is no such class or unit.
    InputError
        If `depth` is more layers than there are.
    """

    recompute_on = (
        "picture",
        "subject",
        "target",
        "layer",
        "channel",
        "row",
        "column",
        "depth",
        "seed",
    )
    redraw_on = ("look", "panel", "relu", "channels", "measure")

    picture = traitlets.Any("cat", help="what the network is shown: a name in the list, a path, an array")
    subject: "traitlets.Enum[Subject]" = traitlets.Enum(
        ["class", "channel", "neuron"], "class", help="what is explained"
    )
    target = traitlets.Any(None, help="the class explained, by number or name; None is the top class")
    layer = traitlets.Unicode(help="the layer of channel and neuron")
    channel = traitlets.Int(0, min=0, help="chosen channel")
    row = traitlets.Int(0, min=0, help="row of the neuron in its map")
    column = traitlets.Int(0, min=0, help="column of the neuron in its map")

    depth = traitlets.Int(0, min=0, help="layers made random in a copy, from the top")
    seed = traitlets.Int(0, min=0, help="of the random weights")

    look: "traitlets.Enum[Look]" = traitlets.Enum(
        ["colours", "signed", "magnitude"], "colours", help="how maps are painted"
    )
    panel: "traitlets.Enum[Panel]" = traitlets.Enum(
        ["steps", "random", "patches"], "steps", help="what is shown below the maps"
    )
    relu = traitlets.Unicode("", help="the ReLU on show")
    channels = traitlets.Enum(CHANNELS, 4, help="how many channels of it are shown")
    measure = traitlets.Enum(["spearman", "ssim"], "spearman", help="what the plot shows")

    def __init__(
        self,
        model: HookedModel | str,
        picture: Any = "cat",
        layer: str | None = None,
        *,
        pictures: Pictures | None = None,
        data: Any = None,
        **traits: Any,
    ) -> None:
        self.model = opened(model, type(self).__name__)
        self._pictures, self._data = pictures, data
        self._answers = Answers(self.model)
        self._placed = {"channel", "row", "column"} & set(traits)
        layer = _late_layer(self.model).name if layer is None else layer
        super().__init__(picture=picture, layer=layer, **traits)

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._chooser = PictureChooser(self._pictures, self._choose_picture, self.guard)
        layers = [layer for layer in self.model.layers if _is_shown(layer)]
        self._controls = RuleControls(
            self.model, layers, self._chooser, self._on_control, lambda: self.guard(self._to_strongest)
        )
        self._photo, self._photo_title, self._bars = frame(), W.HTML(), W.HTML()
        self._maps = Strip([self._photo_title, self._photo, self._bars])
        self._subject, self._note = W.HTML(), W.HTML(layout=W.Layout(display="none"))
        self._steps = StepsPanel(self._on_control)
        self._random = RandomPanel(
            layer_groups(self.model),
            not_resettable(self.model),
            self._on_control,
            lambda: self._answers.cascade(self._asked),
            self.guard,
        )
        self.data, say_data = self._data_set()
        self._patches = PatchesPanel(self.model, self.data, say_data, self.guard)
        self._panels = {"steps": self._steps.box, "random": self._random.box, "patches": self._patches.box}
        return (
            self._controls.top,
            self._controls.question,
            self._controls.unit,
            self._subject,
            self._note,
            self._maps.box,
            self._controls.panel,
            *self._panels.values(),
        )

    @property
    def patches(self) -> dict[str, TopPatches]:
        """Rule's name to the patches that were shown last; empty before they are found."""
        return self._patches.patches

    def _data_set(self) -> tuple[Any, str]:
        if self._data is not None:
            return self._data, "your data set"
        if self.model.classes == Objects.classes:
            return Objects("train", 1000), "Miniworld's objects"
        if self.model.classes == Scenes.classes:
            return Scenes("train", 600), "Miniworld's scenes"
        return (self._pictures, "your pictures") if self._pictures else (sample_names(), "the sample photos")

    def _on_control(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def _choose_picture(self, name: str) -> None:
        self.picture = name

    def _to_strongest(self) -> None:
        channel, row, column = strongest(self._answers.unit(self._asked))
        self.set(channel=channel, row=row, column=column)

    # The question

    @property
    def _asked(self) -> Asked:
        unit = (self.channel, self.row, self.column)
        key = self._key(("picture",))
        return Asked(key, self.subject, self.target, self.layer, unit, self.depth, self.seed)

    def _compute(self) -> Compared:
        self._answers.picture(self._key(("picture",)), lambda: self._chooser.open(self.picture))
        unit = self._answers.unit(self._asked)
        moved = self._ready and self.result.unit.layer.name != self.layer
        if (moved and not exists(unit, self._asked.unit)) or not (self._ready or self._placed):
            self._place(*strongest(unit))  # nobody has chosen one that exists
        return self._answers.compare(self._asked)

    def _place(self, channel: int, row: int, column: int) -> None:
        self._quietly(channel=channel, row=row, column=column)
        self._answered = self._key(self.recompute_on)

    # The answer

    def _draw(self, result: Compared) -> str:
        trained, asked = result.trained, self._asked
        step = self._step(trained)
        # The maps first: they are what the student waits for.
        self._maps.show(trained, self.look)
        self._photo_shown = put(self._photo, result.picture)
        name = self._chooser.show(self.picture)
        self._photo_title.value = heading(name, f"{result.picture.shape[0]}x{result.picture.shape[1]} px")
        self._subject.value = captions.line(say_subject(self.model, asked, result), "Carried back:")
        self._bars.value = captions.class_bars(result.top)
        self._say_note(result.note or say_shut(asked, result))
        self._show_controls(result)
        for panel, box in self._panels.items():
            box.layout.display = "" if panel == self.panel else "none"
        if self.panel == "steps":
            self._steps.show(trained.steps, step, self.channels)
        elif self.panel == "random":
            self._random.show(asked, self.measure, self.look, result)
        else:
            self._patches.show(self.layer, self.channel, trained.rules)
        return " ".join([say_all(self.model, asked, result, name), *self._say_panel(step)])

    def _say_panel(self, step: LayerStep | None) -> list[str]:
        if self.panel == "steps":
            return [say_step(step)] if step is not None else []
        return [self._random.words if self.panel == "random" else self._patches.words]

    def _show_controls(self, result: Compared) -> None:
        values = {each: getattr(self, each) for each in self._controls.names}
        if self.target is not None:
            values["target"] = self.model.class_index(self.target)
        top_class = result.top[0].name if result.top else ""
        self._controls.show(result.unit.layer, result.unit.values.shape, top_class, values)

    def _step(self, trained: RuleComparison) -> LayerStep | None:
        """Find the ReLU on show; where it is not on the way, the first that has maps."""
        found = {step.layer.name: step for step in trained.steps}
        if self.relu in found:
            return found[self.relu]
        if self.relu and not self._ready:
            raise LayerError(
                f"there is no ReLU {self.relu!r} on the way to the picture. {nearest(self.relu, found)}"
            )
        with_maps = [step for step in trained.steps if step.forward.shape[1:] != (1, 1)]
        return next(iter(with_maps or trained.steps), None)

    def _say_note(self, note: str) -> None:
        self._note.layout.display = "" if note else "none"
        self._note.value = captions.line(note, "Note.") if note else ""

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the maps, and the panel under them."""
        maps = self._maps.pictures
        headings = ["picture", *(f"{rule}\n{FORMULAS[rule]}" for rule in maps)]
        rows: list[list[Bytes | None]] = [[self._photo_shown, *maps.values()]]
        names = ["trained"]
        if self.panel == "random" and self.depth:
            rows.append([None, *self._random.pictures.values()])
            names.append(f"random\n{self.depth} layers")
        parts = [sheet(rows, headings, names).array]
        below = {"steps": self._steps.picture, "random": None, "patches": self._patches.picture}[self.panel]
        return rgb_png(stacked([*parts, *([] if below is None else [below])]))


def _is_shown(layer: Layer) -> bool:
    return layer.is_map or len(layer.shape) in (1, 2)  # vectors and tokens are arranged


def _late_layer(model: HookedModel) -> Layer:
    """Find the last ReLU with maps that are not the classes' own; else the last layer that can be shown."""
    shown = [layer for layer in model.layers if _is_shown(layer)]
    if not shown:
        raise LayerError(f"{model.name} has no layer whose result can be shown as maps")
    maps = [layer for layer in shown if layer.is_map and max(layer.shape[1:]) > 1] or shown
    relus = [layer for layer in maps if layer.kind.lower().startswith("relu")] or maps
    return next((each for each in reversed(relus) if each.channels != model.class_count), relus[-1])
