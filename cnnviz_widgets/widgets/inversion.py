"""InversionViewer: what each layer has kept of a picture, made visible step by step."""

import time
from collections.abc import Sequence
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.inversion import InversionSettings, depth_of
from cnnviz_widgets.paint import beside
from cnnviz_widgets.widgets import _inversion_words as words
from cnnviz_widgets.widgets._climb_curves import terms_svg
from cnnviz_widgets.widgets._climb_steps import steps_here
from cnnviz_widgets.widgets._inversion_boards import Inversion, Shelf, Subset, settings_for
from cnnviz_widgets.widgets._inversion_controls import InversionControls
from cnnviz_widgets.widgets._inversion_panels import DepthRow, InversionWall
from cnnviz_widgets.widgets._inversion_tour import LayerTour
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._placement import Placement

_MOST = 6  # pictures side by side
_ROW_EVERY = 1.0  # seconds between two drawings of the row of layers while it runs
_SAME_CODE = ("dropout", "flatten", "identity")  # what they give is what they are given


class InversionViewer(LayerTour):
    """A picture made again from its code in a layer, step by step; and one from each layer, in a row.

    The whole code counts, or a field of the map, whose receptive field is a white box, or some of the
    channels. Several pictures climb side by side. Start, Pause, Step, Stop and Reset; a film of past steps;
    the terms of the energy as curves.

    Mahendran & Vedaldi 2015, sections 2 to 5.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    picture : str, path, array, PIL.Image.Image, or list of them
        What is inverted: anything `open_picture` takes, or names among `pictures`; at most six.
    layer : str, optional
        Whose code; the middle one of the convolutions where none is given.
    layers : sequence of str, optional
        The layers or blocks in the row; all but those that hand on what they are given where none are named.
    pictures : folder, list or dict, optional
        Your own pictures, offered beside the sample photos.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    shown : list
        The pictures that are inverted.
    field : int
        Side of the field of the map that counts, in units; 0 counts the whole map.
    row, column : int
        The field's middle; -1 is the map's.
    channels : "all", "first half", "second half" or "first"
        The channels that count; `count` says how many for "first".
    seed : int
        Of the noise it starts from.
    tv : float or None
        v, the weight of the total variation; None is 1, 10 or 100 by the layer's depth.
    alpha, rate, steps : float, float, int
        See `InversionSettings`. Like `tv` they act from the next step on.
    chosen : int
        The picture whose curves, film and layers are shown.
    at_step : int
        The step on show; -1 is the newest.
    look : "true" or "stretched"
        Colours as the network sees them, or spread about the mean colour so that faint ones are seen.
    result : Inversion
        The climb on show and its past.
    layers : tuple of Layer
        The layers in the row.

    Raises
    ------
    LayerError
        If there is no such layer.
    PictureError
        If a picture cannot be opened.
    TargetError, InputError
        If the part of the code that should count is empty.
    """

    recompute_on = ("shown", "layer", "field", "row", "column", "channels", "count", "seed")
    redraw_on = ("tv", "alpha", "rate", "steps", "chosen", "at_step", "look")
    logarithmic = True

    shown: "traitlets.List[Any]" = traitlets.List(minlen=1, maxlen=_MOST, help="what is inverted")
    field = traitlets.Int(0, min=0, help="side of the field that counts; 0 is the whole map")
    row = traitlets.Int(-1, min=-1, help="row of the field's middle")
    column = traitlets.Int(-1, min=-1, help="column of the field's middle")
    channels = traitlets.Enum(["all", "first half", "second half", "first"], "all", help="which count")
    count = traitlets.Int(8, min=1, help="how many channels count, for 'first'")
    seed = traitlets.Int(0, min=0, help="of the noise")

    tv = traitlets.Float(None, min=0, allow_none=True, help="weight of the total variation; None by depth")
    alpha = traitlets.Float(InversionSettings.alpha, min=0, help="weight of the 6-norm")
    rate = traitlets.Float(InversionSettings.rate, min=0, help="of the first steps")
    steps = traitlets.Int(InversionSettings.steps, min=1, help="how many steps")

    def __init__(
        self,
        model: HookedModel | str,
        picture: Any = "cat",
        layer: str | None = None,
        *,
        layers: Sequence[str] | None = None,
        pictures: Pictures | None = None,
        **traits: Any,
    ) -> None:
        self.model = opened(model, "InversionViewer")
        every = [each for each in self.model.layers if not each.kind.lower().startswith(_SAME_CODE)]
        self.layers = tuple(every if not layers else map(self.model.layer, layers))
        self._chooser = PictureChooser(pictures, self._on_picture, self.guard)
        self._shelf = Shelf(
            self.model, lambda each: self.model.preprocess(self._chooser.open(each)), len(self.layers)
        )
        traits.setdefault("steps", steps_here(InversionSettings.steps))
        self._rowed: tuple[float, Any] = (0.0, None)  # when the row of layers was drawn, and what for
        shown = picture if isinstance(picture, list) else [picture]
        if not 1 <= len(shown) <= _MOST:
            raise InputError(f"1 to {_MOST} pictures stand side by side, not {len(shown)}")
        super().__init__(shown=shown, layer=self._middle() if layer is None else layer, **traits)

    def _middle(self) -> str:
        convolutions = [each.name for each in self.layers if each.kind.lower().startswith("conv")]
        names = convolutions or [each.name for each in self.layers]
        return names[len(names) // 2]

    def _build(self) -> tuple[W.Widget, ...]:
        if all(each.name != self.layer for each in self.layers):
            self.layers = (*self.layers, self.model.layer(self.layer))  # a block, or one of those left out
        self._controls = InversionControls(
            self.layers,
            self._chooser,
            self._on_control,
            lambda: self._beside(True),
            lambda: self._beside(False),
        )
        self._build_tour()
        self._panel = InversionWall(self._pointed)
        self._row = DepthRow(self.layers, lambda name: self.set(layer=name))
        wall = W.VBox([self._panel.surface.canvas], layout=W.Layout(max_width="100%"))
        side = W.VBox([self._curves, self._look], layout=W.Layout(flex="1 1 300px", max_width="420px"))
        return (
            self._controls.pictures,
            flow(self._controls.depth, self._all),
            self._controls.priors,
            self._controls.subset,
            self._bar.box,
            flow(wall, side, gap="8px 16px"),
            self._strip.box,
            W.VBox([self._row.surface.canvas], layout=W.Layout(max_width="100%")),
            self._save.box,
        )

    # The question

    @property
    def subset(self) -> Subset:
        """The part of the code that counts."""
        return Subset(self.field, self.row, self.column, self.channels, self.count)

    @property
    def _subject(self) -> Any:
        """What is asked of every layer alike."""
        return self._key(tuple(name for name in self.recompute_on if name != "layer"))

    def _settings(self, layer: str) -> InversionSettings:
        return settings_for(self.model, layer, self.tv, self.alpha, self.rate, self.steps)

    def _compute(self) -> Inversion:
        return self._inversion(self.model.layer(self.layer))

    def _inversion(self, layer: Layer) -> Inversion:
        labels = [self._chooser.show(each) for each in self.shown]
        settings = self._settings(layer.name)
        return self._shelf.get(self._subject, layer, self.shown, labels, self.subset, settings, self.seed)

    # The answer

    def _steer(self) -> None:
        self.result.follow(self._settings(self.result.layer.name))

    def _draw(self, result: Inversion) -> str:
        self._steer()
        self._draw_board([])
        if self._controls_are_old():
            self._show_controls(result.layer)
        return words.say_inversion(result, self.chosen, self.subset)

    def _show_controls(self, layer: Layer) -> None:
        values = {name: getattr(self, name) for name in (*self.recompute_on, *self.redraw_on)}
        self._controls.show(values, layer, depth_of(self.model, layer.name), self.subset.place(layer))
        self._controls.add.disabled = len(self.shown) >= _MOST
        self._chooser.show(self.shown[self.chosen])

    def _draw_board(self, captions: Any) -> None:
        board: Inversion = self.result
        self._check_chosen()
        place = -1 if self._is_newest else board.film.place(self.at_step)
        stretched, which = self.look == "stretched", range(len(board.labels))
        told = [words.say_captions(board, i, self.at_step, place) for i in which]
        found = [board.picture(i, place, stretched) for i in which]
        self._panel.draw(board.originals, found, told, self.chosen, self.subset.box(board.layer))
        mark = board.step if self.at_step == -1 else self.at_step
        self._curves.value = terms_svg(board.energies(self.chosen), board.steps, mark, self.logarithmic)
        self._draw_film(stretched)
        self._draw_row(stretched)
        self._show_progress()
        self._bar.know(board.is_done)
        self._save.forget()

    def _draw_row(self, stretched: bool) -> None:
        now = time.monotonic()
        asked = (self.chosen, stretched, self.layer)
        if self._runner.state == "running" and now - self._rowed[0] < _ROW_EVERY and self._rowed[1] == asked:
            return
        self._rowed = (now, asked)
        boards = [self._shelf.find(self._subject, each.name) for each in self.layers]
        begun = [board if board is not None and board.step > 0 else None for board in boards]
        pictures = [None if each is None else each.picture(self.chosen, -1, stretched) for each in begun]
        errors = [None if each is None else each.code_error(self.chosen) for each in begun]
        self._row.draw(self.result.originals[self.chosen], pictures, errors, self.layer)

    def _check_chosen(self) -> None:
        if self.chosen >= len(self.shown):
            raise InputError(
                f"there is no picture {self.chosen}: they are numbered 0 to {len(self.shown) - 1}"
            )

    def snapshot(self) -> bytes:
        """Give the pictures on screen as PNG bytes."""
        board: Inversion = self.result
        told = (
            f"{board.layer.name}, step {board.step if self.at_step == -1 else self.at_step} of {board.steps}"
        )
        shown = [self._panel.surface.picture, self._row.surface.picture]
        return beside(shown, [told, "from each layer, with the error of its code"])

    # What the student does

    def _pointed(self, which: int, down: float, across: float) -> None:
        """Choose the picture clicked on, and the field's middle where a field counts."""
        self.guard(self._point, which, down, across)

    def _point(self, which: int, down: float, across: float) -> None:
        layer = self.result.layer
        changes: dict[str, int] = {"chosen": which}
        if self.field and layer.is_map:
            spatial = [n for axis, n in enumerate(layer.shape) if axis != layer.channel_axis]
            seen = layer.receptive_field
            placement = Placement(seen, (spatial[0], spatial[1]), seen.picture)
            unit = placement.unit_at(across * seen.picture[1], down * seen.picture[0])
            changes |= {} if unit is None else {"row": unit[0], "column": unit[1]}
        self.set(**changes)

    def _on_control(self, traits: dict[str, Any]) -> None:
        self.guard(lambda: self.set(**traits))

    def _on_picture(self, name: str) -> None:
        """Show another picture in the chosen place."""
        shown = list(self.shown)
        shown[self.chosen] = name
        self.guard(lambda: self.set(shown=shown))

    def _beside(self, more: bool) -> None:
        """Put a further picture beside those on show, or take the chosen one away."""
        shown = list(self.shown)
        if more and len(shown) < _MOST:
            offered = list(self._chooser.list.options)
            free = [name for name in offered if name not in shown] or offered
            self.guard(lambda: self.set(shown=[*shown, free[0]], chosen=len(shown)))
        elif not more and len(shown) > 1:
            del shown[self.chosen]
            self.guard(lambda: self.set(shown=shown, chosen=max(0, self.chosen - 1)))
