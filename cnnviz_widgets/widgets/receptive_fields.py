"""ReceptiveFieldMapper: what a unit really looks at, beside what it could see."""

import html
from collections.abc import Iterable, Sequence
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import InputError, ModelError, TargetError, nearest
from cnnviz_widgets.methods.discrepancy import patch_size
from cnnviz_widgets.methods.field_segmentation import FieldSegmentation
from cnnviz_widgets.methods.receptive_fields import EmpiricalField
from cnnviz_widgets.methods.unit_labels import category_counts, checked_labels, labels_as_json
from cnnviz_widgets.widgets import _field_words as say
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._deconvnet_work import channel_count
from cnnviz_widgets.widgets._field_controls import FieldControls
from cnnviz_widgets.widgets._field_labels import LabelDesk
from cnnviz_widgets.widgets._field_panels import FieldPanels, paint_mean, paint_one
from cnnviz_widgets.widgets._field_work import Asked, field_work
from cnnviz_widgets.widgets._runner import WorkBar
from cnnviz_widgets.widgets._work_queue import Piece, QueueView

_SURVEY_K = 3  # pictures a unit for the chart, which measures many


class ReceptiveFieldMapper(QueueView):
    """Which part of the picture a unit really looks at, measured with small random patches.

    Left, one picture with the box of the theoretical field and how much a patch at each place changes the
    unit. Then the mean of such maps, re-centred: the measured field; then sizes by layer. Below, the pictures
    that excite the unit most, cut out by the field, and a label that the student gives.

    Zhou et al. 2015, sections 3.2 and 4.1.

    Parameters
    ----------
    model : HookedModel or str, or a list of them
        A network, or a name for `open_model`; several are compared in the chart and in the counts.
    pictures : anything `picture_set` takes, optional
        A folder's path, a data set, a list. Without it, Miniworld for a network that knows its classes, else
        the few sample photos.
    layer : str, optional
        A layer with maps; without it, the last one of the chart.
    units : int
        How many channels of each layer are measured for the chart.
    labels : list of dict
        Labels given before: see the attribute.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    network : str
        The network on show, by its name.
    channel : int
        The channel, counted from 0. A new layer keeps it if it has one of that number.
    k : int
        Pictures that are averaged, 1 to 9.
    patch, stride : int
        Side of a patch, and from one to the next, in pixels of the network's input.
    level : float, 0..1
        Share of the mean's maximum above which a place counts as seen.
    rank : int
        The picture on show: 1 is the one with the highest activation.
    opacity : float, 0..1
        Of the map over the picture.
    threshold : float, 0..1
        Share of a map's maximum above which a place is cut out.
    survey : bool
        Whether the sizes of all layers are measured.
    labels : list of dict
        With "network", "layer", "channel", "label" and "category" (see `unit_labels.CATEGORIES`).
    result : EmpiricalField or None
        What is measured so far; None while the pictures are looked through.

    Raises
    ------
    LayerError
        If the layer is unknown, or its units have no place in the picture.
    TargetError
        If the layer has no such channel.
    InputError
        If the unit never fires, a patch does not fit into the picture, or a label is none.
    ModelError
        If there is no network.
    """

    _on_show: Asked

    recompute_on = ("network", "layer", "channel", "k", "patch", "stride", "level")
    redraw_on = ("rank", "opacity", "threshold", "survey", "labels")
    part = 0.25

    network = traitlets.Unicode(help="name of the network on show")
    layer = traitlets.Unicode(help="name of the layer")
    channel = traitlets.Int(0, min=0, help="chosen channel")

    k = traitlets.Int(4, min=1, max=9, help="pictures that are averaged")
    patch = traitlets.Int(11, min=1, help="side of a patch, pixels")
    stride = traitlets.Int(3, min=1, help="pixels from one patch to the next")
    level = traitlets.Float(0.2, min=0, max=0.99, help="share of the maximum that counts as seen")

    rank = traitlets.Int(1, min=1, max=9, help="chosen picture, 1 for the highest activation")
    opacity = traitlets.Float(0.6, min=0, max=1, help="of the map over the picture")
    threshold = traitlets.Float(0.5, min=0, max=0.99, help="share of a map's maximum that is cut out")
    survey = traitlets.Bool(False, help="whether the sizes of all layers are measured")
    labels = traitlets.Any(help="what the student calls the units")

    def __init__(
        self,
        model: HookedModel | str | Sequence[HookedModel | str],
        pictures: Any = None,
        layer: str | None = None,
        *,
        units: int = 6,
        labels: Any = (),
        **traits: Any,
    ) -> None:
        self._work, self._hints = field_work(model, pictures, units, type(self).__name__)
        first = next(iter(self.models))
        network = traits.setdefault("network", first)
        usual = patch_size(self.models.get(network, self.models[first]))
        traits.setdefault("patch", usual[0])
        traits.setdefault("stride", 2 * usual[1])  # a quarter of the paper's patches: a class is waiting
        if layer is None:
            layer = self._work.chart_layers.get(network, [""])[-1]
        super().__init__(layer=layer, labels=labels, **traits)

    @property
    def models(self) -> dict[str, HookedModel]:
        """The networks by name."""
        return self._work.models

    @property
    def model(self) -> HookedModel:
        """The network on show."""
        return self.models[self._on_show.network]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many units of each network were given each category."""
        return {name: category_counts(self.labels, name) for name in self.models}

    @property
    def state(self) -> dict[str, Any]:
        """The traits that make this picture, as plain values that JSON can hold."""
        return {**super().state, "labels": [dict(each) for each in self.labels]}

    @traitlets.validate("labels")
    def _check_labels(self, proposal: Any) -> list[dict[str, Any]]:
        return checked_labels(proposal.value)

    def save_labels(self, path: Any = "unit_labels.json") -> None:
        """Write the labels to a file; `labels=labels_from_json(path)` brings them back."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(labels_as_json(self.labels))

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = FieldControls(list(self.models), self._on_control)
        self._panels = FieldPanels(lambda rank: self.guard(lambda: self.set(rank=rank)))
        self._bar = WorkBar(self._start, self._runner, "Measure this unit")
        self._every = W.Button(description="Measure every layer", layout=W.Layout(width="auto"))
        self._every.on_click(lambda _: self.guard(self._measure_all))
        self._desk = LabelDesk(self._label, lambda found: self.set(labels=[*self.labels, *found]), self.guard)
        self._hint, self._row_title = W.HTML(layout=W.Layout(display="none")), W.HTML()
        self._bar.box.children = (self._bar.start, self._every, *self._bar.box.children[1:])
        return (
            self._controls.box,
            self._bar.box,
            self._hint,
            self._panels.columns,
            self._row_title,
            self._panels.row.canvas,
            self._desk.box,
        )

    def _on_control(self, name: str, value: Any) -> None:
        self.guard(lambda: self.set(**{name: value}))

    def _label(self, label: str, category: str | None) -> None:
        unit = {key: getattr(self._on_show, key) for key in ("network", "layer", "channel")}
        others = [each for each in self.labels if any(each[key] != unit[key] for key in unit)]
        new = [] if category is None else [{**unit, "label": label, "category": category}]
        self.guard(lambda: self.set(labels=[*others, *new]))

    # The question

    def _compute(self) -> EmpiricalField | None:
        if self.network not in self.models:
            raise ModelError(
                f"there is no network {self.network!r} here. {nearest(self.network, self.models)}"
            )
        model = self.models[self.network]
        moved = self._ready and self.network != self._on_show.network
        if moved and self.layer not in self._work.layers[self.network]:
            self._correct(layer=self._work.chart_layers[self.network][-1])
        count = channel_count(model, self.layer)
        if self.channel >= count:
            left_over = self._ready and self.channel == self._on_show.channel
            if not left_over:
                raise TargetError(
                    f"layer {self.layer!r} has no channel {self.channel}: they go from 0 to {count - 1}"
                )
            self._correct(channel=0)
        asked = Asked(self.network, self.layer, self.channel, self.k, self.patch, self.stride)
        field = self._work.field(asked, self.level)
        self._on_show = asked
        return field

    def _correct(self, **traits: Any) -> None:
        self._quietly(**traits)
        self._answered = self._key(self.recompute_on)

    # The answer

    def _draw(self, result: EmpiricalField | None) -> str:
        asked = self._on_show  # not the traits: they may ask for what does not exist
        is_whole = self._work.is_whole(asked)
        cut = self._cut(result if is_whole else None)
        self._panels.segments(cut, self.rank, is_whole)
        self._row_title.value = say.segments(result, is_whole, self.threshold)
        if cut is not None:
            i = self.rank - 1
            shown = result.maps[i] if result is not None and i < len(result.maps) else None
            picture = paint_one(cut.seen[i], shown, self.opacity)
            self._panels.one.show(picture, say.one(result, self.rank, cut.names[i]))
        if result is not None:
            self._panels.mean.show(paint_mean(result), say.mean(result, is_whole))
        self._draw_chart()
        self._show_controls(asked, 9 if cut is None else len(cut))
        if self._ready:
            self._go_on()
        return say.say_all(asked, result, is_whole, () if cut is None else cut.classes)

    def _cut(self, field: EmpiricalField | None) -> FieldSegmentation | None:
        """Give the unit's pictures, segmented if its field is known; None before they are."""
        if self._work.strongest(self._on_show.network, self._on_show.layer) is None:
            return None
        cut = self._work.segments(self._on_show, 0.0 if field is None else field.size, self.threshold)
        if self.rank > len(cut):
            if not self._ready:
                raise InputError(f"there is no picture {self.rank}: they are numbered 1 to {len(cut)}")
            self._correct(rank=len(cut))
        return cut

    def _show_controls(self, asked: Asked, pictures: int) -> None:
        if self._fresh:
            values = {name: getattr(self, name) for name in self._controls.names}
            self._controls.show(self.model, self._work.layers[asked.network], pictures, values)
        unit = {"network": asked.network, "layer": asked.layer, "channel": asked.channel}
        mine = [each for each in self.labels if unit.items() <= each.items()]
        self._desk.show(mine[0] if mine else None, self.labels, list(self.models))
        hint = self._hints[asked.network]
        self._hint.value, self._hint.layout.display = line(hint), "" if hint else "none"

    def _draw_chart(self) -> None:
        asked, work = self._on_show, self._work
        lines = say.layer_lines(self.models, work.chart_layers, work.sizes, (_SURVEY_K, asked.patch))
        self._panels.draw_chart(lines, say.chart(lines, asked.network))

    # The work, in a thread: all pictures, then the unit on show, then every layer

    def _undone(self) -> list[Piece]:
        return self._work.undone(self._on_show, _SURVEY_K if self.survey else 0)

    @property
    def _next_piece(self) -> Piece | None:
        return super()._next_piece if self._fresh else None

    def _do(self, piece: Piece) -> Iterable[object]:
        return self._work.do(piece)

    def _measure_all(self) -> None:
        self._halted.clear()
        self.set(survey=True)
        self._go_on()

    def _look(self) -> None:
        if self._fresh:
            if self._doing and self._doing[0] == "layer" and self._work.is_whole(self._on_show):
                self._draw_chart()
                self._twin.refresh_soon()
            else:
                self._answer_and_paint()

    def _tell_progress(self) -> None:
        undone, busy = self._undone(), self._runner.state in ("running", "paused")
        done, total, text = self._work.progress(self._on_show, undone)
        self._bar.show(done, total, html.escape(text))
        self._bar.start.disabled = busy or not any(each[0] != "layer" for each in undone)
        self._every.disabled = self.survey and (busy or not undone)

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the three panels and the segmented pictures."""
        return self._panels.snapshot(f"{self.network}, {self.layer}, channel {self.channel}")
