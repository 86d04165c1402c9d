"""ActivationBrowser: what every channel of a layer answers to one picture."""

from dataclasses import dataclass
from typing import Any

import ipywidgets as W
import numpy as np
import traitlets

from cnnviz_widgets.backend import HookedModel, Layer, Prediction, open_model
from cnnviz_widgets.errors import CnnvizError, InputError, LayerError, ModelError
from cnnviz_widgets.methods.activations import ActivationMaps, activation_maps
from cnnviz_widgets.paint import beside, table_for
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._activation_panels import (
    MOSAIC_WIDTH,
    PICTURE_SIDE,
    PicturePanel,
    TilesPanel,
    Unit,
)
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._view import View

_HINT = "Point at a value to read it; click to choose its channel and place."


@dataclass(frozen=True, eq=False)
class Browsed:
    """What ActivationBrowser shows.

    Attributes
    ----------
    maps : ActivationMaps
        The layer's channels; ``maps.values`` is (channels, rows, columns) float32.
    top : list of Prediction
        The 5 most probable classes, best first; empty where the network's output is no score per class.
    picture : array, (rows, columns, 3) uint8
        What the network sees: cut and scaled as it was trained.
    note : str
        Why there are no classes, for the student; empty otherwise.
    """

    maps: ActivationMaps
    top: list[Prediction]
    picture: Bytes
    note: str = ""


class ActivationBrowser(View):
    """All channels of any layer for one picture; the chosen one is laid over the picture.

    The box on the picture is the receptive field of the chosen unit: the only pixels that can change its value.

    Yosinski et al. 2015, section 2.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    picture : str, path, array or PIL.Image.Image
        Anything `open_picture` takes, or a name among `pictures`.
    layer : str, optional
        Any layer of the network; the first with maps where none is given.
    pictures : folder, list or dict, optional
        The caller's own pictures, offered beside the sample photos.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    channel, row, column : int
        The chosen unit, counted from 0. A new layer keeps what exists in it.
    sort_by : "channel", "mean" or "max"
        Order of the tiles: by index, or largest mean or maximum first.
    scale_by : "map" or "layer"
        Whose largest absolute value has the last colour.
    opacity : float, 0..1
        0 shows the picture alone, 1 the map alone.
    result : Browsed
        The maps, the classes and the picture on show.

    Raises
    ------
    LayerError
        If the layer is unknown or its result is no map.
    PictureError
        If the picture cannot be opened.
    InputError
        If the chosen unit does not exist.
    """

    recompute_on = ("picture", "layer")
    redraw_on = ("channel", "row", "column", "sort_by", "scale_by", "opacity")

    picture = traitlets.Any("cat", help="what the network is shown: a name in the list, a path, an array")
    layer = traitlets.Unicode(help="name of the layer on show")

    channel = traitlets.Int(0, min=0, help="chosen channel")
    row = traitlets.Int(0, min=0, help="row of the chosen unit in its map")
    column = traitlets.Int(0, min=0, help="column of the chosen unit in its map")

    sort_by = traitlets.Enum(["channel", "mean", "max"], "channel", help="order of the tiles")
    scale_by = traitlets.Enum(["map", "layer"], "map", help="whose largest value has the last colour")
    opacity = traitlets.Float(0.6, min=0, max=1, help="of the map laid over the picture")

    def __init__(
        self,
        model: HookedModel | str,
        picture: Any = "cat",
        layer: str | None = None,
        *,
        pictures: Pictures | None = None,
        **traits: Any,
    ) -> None:
        self.model = _opened(model)
        self._chooser = PictureChooser(
            pictures, self._choose_picture, self.guard, layout=_width(270), style=_LABELS
        )
        self._seen: tuple[Any, ...] = ()  # the last picture, and what of it does not depend on the layer
        self._placed = {"row", "column"} & set(traits)
        layer = _first_map(self.model).name if layer is None else layer
        super().__init__(picture=picture, layer=layer, **traits)

    # Controls

    def _build(self) -> tuple[W.Widget, ...]:
        self._syncing = False
        self._layers = W.Dropdown(description="Layer", layout=_width(370), style=_LABELS)
        self._layers.options = [(_label(each), each.name) for each in self.model.layers if _is_shown(each)]
        orders = [
            ("channel number", "channel"),
            ("mean, largest first", "mean"),
            ("maximum, largest first", "max"),
        ]
        scales = [("each map by itself", "map"), ("all maps together", "layer")]
        self._controls = {
            "layer": self._layers,
            "sort_by": W.Dropdown(description="Order", options=orders, layout=_width(270), style=_LABELS),
            "scale_by": W.Dropdown(description="Scale", options=scales, layout=_width(270), style=_LABELS),
            "opacity": W.FloatSlider(
                description="Opacity", max=1, step=0.05, layout=_width(270), style=_LABELS
            ),
            **{
                name: W.IntSlider(description=name.capitalize(), layout=_width(270), style=_LABELS)
                for name in ("channel", "row", "column")
            },
        }
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._on_control(name, change.new), "value")
        first = (self._chooser.list, self._chooser.upload, self._layers)
        others = [control for name, control in self._controls.items() if name != "layer"]
        return _flow(*first), _flow(*others), self._panels()

    def _panels(self) -> W.Widget:
        self._tiles = TilesPanel(self._tell, self._choose)
        self._overlay = PicturePanel(self._tell, self._choose)
        self._tiles_title, self._picture_title, self._bars = W.HTML(), W.HTML(), W.HTML()
        self._pointer = W.HTML(layout=W.Layout(min_height="2.8em"))
        # text above the canvases, where a picture that scrolls or grows cannot push it away
        left = [self._tiles_title, self._pointer, self._tiles.box]
        right = [self._picture_title, self._overlay.surface.canvas, self._bars]
        return W.HBox(
            [
                W.VBox(left, layout=W.Layout(width=f"{MOSAIC_WIDTH + 20}px", max_width="100%")),
                W.VBox(right, layout=W.Layout(width=f"{PICTURE_SIDE}px", max_width="100%")),
            ],
            layout=W.Layout(flex_flow="row wrap", grid_gap="12px 20px", margin="8px 0 0 0"),
        )

    def _on_control(self, name: str, value: Any) -> None:
        if not self._syncing and value is not None:
            setattr(self, name, value)

    def _choose_picture(self, name: str) -> None:
        self.picture = name

    def _sync_controls(self, maps: ActivationMaps) -> None:
        """Bring the controls to the traits, without the controls answering back."""
        self._syncing = True
        try:
            if self.layer not in [name for _, name in self._layers.options]:  # a block, such as layer1.0
                self._layers.options = [*self._layers.options, (_label(maps.layer), self.layer)]
            for name, count in zip(("channel", "row", "column"), maps.values.shape, strict=True):
                slider = self._controls[name]
                slider.max, slider.disabled = max(1, count - 1), count == 1  # a slider needs two ends
            for name, control in self._controls.items():
                control.value = getattr(self, name)
        finally:
            self._syncing = False

    # The question

    def _compute(self) -> Browsed:
        key = self._key(("picture",))
        if not self._seen or self._seen[0] != key:
            x = self.model.preprocess(self._chooser.open(self.picture))
            self._seen = (key, x, self.model.to_picture(x), *self._classes(x))
        _, x, picture, top, note = self._seen
        return Browsed(activation_maps(self.model, x, self.layer), top, picture, note)

    def _classes(self, x: Any) -> tuple[list[Prediction], str]:
        try:
            return self.model.top(x, 5), ""
        except InputError as error:  # a network that segments, say, still has activations
            return [], f"No classes: {error}"

    def _answer(self) -> None:
        super()._answer()
        self._stay_inside(self.result.maps.values.shape)

    def _stay_inside(self, shape: tuple[int, ...]) -> None:
        """Keep the chosen unit if the new layer has it; else channel 0, or the middle of the map."""
        if not self._ready:  # what the constructor was given is not corrected but refused, in _draw
            if not self._placed:
                self.row, self.column = shape[1] // 2, shape[2] // 2
            return
        self._ready = False  # these changes are part of the answer
        try:
            if self.channel >= shape[0]:
                self.channel = 0
            if self.row >= shape[1] or self.column >= shape[2]:
                self.row, self.column = shape[1] // 2, shape[2] // 2
        finally:
            self._ready = True

    # The answer

    def _draw(self, result: Browsed) -> str:
        maps, unit = result.maps, (self.channel, self.row, self.column)
        low, high = maps.limits(self.channel, self.scale_by)
        maps.box(self.row, self.column)  # a unit that does not exist is refused before anything is painted
        self._sync_controls(maps)
        name = self._chooser.show(self.picture)
        self._tiles.draw(maps, self.channel, self.sort_by, self.scale_by)
        self._overlay.draw(result.picture, maps, unit, self.scale_by, self.opacity)
        self._tiles_title.value = captions.line(self._say_tiles(maps), maps.layer.name)
        title = captions.line(f"over {name}", f"channel {self.channel}")
        self._picture_title.value = title + captions.color_bar(table_for(maps.signed), low, high)
        self._bars.value = captions.class_bars(result.top, result.note)
        self._pointer.value = captions.line(_HINT)
        best = (
            f" Most probable class: {result.top[0].name}, {result.top[0].probability:.2f}."
            if result.top
            else ""
        )
        return f"{self.model.name} sees {name}. Chosen: {self._say_unit(unit)}.{best}"

    def _say_tiles(self, maps: ActivationMaps) -> str:
        count, rows, columns = maps.values.shape
        words = [f"{maps.layer.kind}, {count} maps of {rows}\N{MULTIPLICATION SIGN}{columns}"]
        if self._tiles.step > 1:
            words.append(f"each tile shows every {self._tiles.step}. row and column")
        if maps.note:
            words.append(maps.note)
        if maps.finite < 1:
            words.append(f"{1 - maps.finite:.1%} of the values are no finite numbers")
        return "; ".join(words)

    def _say_unit(self, unit: Unit) -> str:
        maps, (channel, row, column) = self.result.maps, unit
        value = captions.number(float(maps.values[unit]))
        top, left, bottom, right = maps.box(row, column)
        field = maps.layer.receptive_field
        sees = "the whole picture"
        if not field.whole and (top, left, bottom, right) != (0, 0, *field.picture):
            sees = f"rows {top}\N{EN DASH}{bottom - 1}, columns {left}\N{EN DASH}{right - 1} of the picture"
        size = (
            ""
            if field.whole
            else f" (receptive field {field.size[0]}\N{MULTIPLICATION SIGN}{field.size[1]} px)"
        )
        return f"channel {channel}, row {row}, column {column}: {value}; sees {sees}{size}"

    # The pointer

    def _tell(self, unit: Unit | None) -> None:
        words = captions.line(self._say_unit(unit)) if unit else captions.line(_HINT)
        if self._pointer.value != words:
            self._pointer.value = words

    def _choose(self, unit: Unit | None) -> None:
        if unit is not None:
            self.set(channel=unit[0], row=unit[1], column=unit[2])

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the tiles, and the chosen channel over the picture."""
        maps = self.result.maps
        words = [f"{self.model.name}, {maps.layer.name}: {self._say_tiles(maps)}", f"channel {self.channel}"]
        return beside([self._tiles.surface.picture, self._overlay.surface.picture], words)


_LABELS = {"description_width": "62px"}


def _width(pixels: int) -> W.Layout:
    return W.Layout(width=f"{pixels}px", max_width="100%")


def _flow(*controls: W.Widget) -> W.HBox:
    return W.HBox(controls, layout=W.Layout(flex_flow="row wrap", grid_gap="0 8px"))


def _opened(model: HookedModel | str) -> HookedModel:
    if isinstance(model, str):
        return open_model(model)
    if not isinstance(model, HookedModel):
        raise ModelError(
            f"ActivationBrowser takes a HookedModel or a name, not {type(model).__name__}; see HookedModel(network)"
        )
    return model


def _is_shown(layer: Layer) -> bool:
    return layer.is_map or len(layer.shape) in (1, 2)  # vectors and tokens are arranged


def _first_map(model: HookedModel) -> Layer:
    shown = [layer for layer in model.layers if _is_shown(layer)]
    if not shown:
        raise LayerError(f"{model.name} has no layer whose result can be shown as maps")
    return next((layer for layer in shown if layer.is_map), shown[0])


def _label(layer: Layer) -> str:
    return f"{layer.name}  {layer.kind}  {chr(215).join(map(str, layer.shape))}"
