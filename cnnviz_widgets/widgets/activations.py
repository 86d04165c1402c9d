"""ActivationBrowser: what every channel of a layer answers to one picture."""

from dataclasses import dataclass
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel, Layer, Prediction
from cnnviz_widgets.errors import InputError, LayerError
from cnnviz_widgets.methods.activations import ActivationMaps, OrderedBy, ScaledBy, activation_maps
from cnnviz_widgets.paint import beside, table_for
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._activation_controls import ActivationControls
from cnnviz_widgets.widgets._activation_panels import PicturePanel, TilesPanel, Unit
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._models import opened
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

    The box on the picture is the receptive field of the chosen unit: only these pixels can change its value.

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

    sort_by: "traitlets.Enum[OrderedBy]" = traitlets.Enum(
        ["channel", "mean", "max"], "channel", help="order of the tiles"
    )
    scale_by: "traitlets.Enum[ScaledBy]" = traitlets.Enum(
        ["map", "layer"], "map", help="whose largest value has the last colour"
    )
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
        self.model = opened(model, type(self).__name__)
        self._pictures = pictures
        self._seen: tuple[Any, ...] = ()  # the last picture, and what of it does not depend on the layer
        self._placed = {"row", "column"} & set(traits)
        layer = _first_map(self.model).name if layer is None else layer
        super().__init__(picture=picture, layer=layer, **traits)

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._chooser = PictureChooser(self._pictures, self._choose_picture, self.guard)
        layers = [layer for layer in self.model.layers if _is_shown(layer)]
        self._controls = ActivationControls(layers, self._on_control)
        self._tiles = TilesPanel(self._tell, self._choose)
        self._overlay = PicturePanel(self._tell, self._choose)
        self._title, self._pointer = W.HTML(), W.HTML(layout=W.Layout(min_height="2.8em"))
        self._picture_title, self._bars = W.HTML(), W.HTML()
        column = [self._picture_title, self._overlay.surface.canvas, self._bars]
        panels = [
            # they grow from what fits a narrow window to what they are drawn for
            W.VBox([self._tiles.box], layout=W.Layout(flex="1 1 330px", max_width=f"{TilesPanel.width}px")),
            W.VBox(column, layout=W.Layout(flex="1 1 220px", max_width=f"{PicturePanel.side}px")),
        ]
        choosers = flow(self._chooser.list, self._chooser.upload, self._controls.layer)
        text = W.VBox([self._title, self._pointer], layout=W.Layout(margin="8px 0 0 0"))
        return choosers, self._controls.box, text, flow(*panels, gap="12px 16px")

    def _on_control(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def _choose_picture(self, name: str) -> None:
        self.picture = name

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
        if self.channel >= shape[0]:
            self._quietly(channel=0)
        if self.row >= shape[1] or self.column >= shape[2]:
            self._quietly(row=shape[1] // 2, column=shape[2] // 2)

    # The answer

    def _draw(self, result: Browsed) -> str:
        maps, unit = result.maps, (self.channel, self.row, self.column)
        low, high = maps.limits(self.channel, self.scale_by)
        maps.box(self.row, self.column)  # a unit that does not exist is refused before anything is painted
        self._on_screen = maps
        # The pictures first: they are what the student waits for.
        scaled = maps.scaled(self.scale_by)
        self._tiles.draw(maps, scaled, self.channel, self.sort_by)
        self._overlay.draw(result.picture, maps, scaled, unit, self.opacity)
        self._controls.show(maps, {name: getattr(self, name) for name in self._controls.names})
        name = self._chooser.show(self.picture)
        self._title.value = captions.line(captions.say_maps(maps, self._tiles.step), maps.layer.name)
        self._pointer.value = captions.line(_HINT)
        title = captions.line(f"over {name}", f"channel {self.channel}")
        self._picture_title.value = title + captions.color_bar(table_for(maps.signed), low, high)
        self._bars.value = captions.class_bars(result.top, result.note)
        chosen = captions.say_unit(maps, unit)
        best = [f"Most probable class: {each.name}, {each.probability:.2f}." for each in result.top[:1]]
        return " ".join([f"{self.model.name} sees {name}. Chosen: {chosen}.", *best])

    # The pointer

    def _tell(self, unit: Unit | None) -> None:
        self._pointer.value = captions.line(captions.say_unit(self._on_screen, unit) if unit else _HINT)

    def _choose(self, unit: Unit | None) -> None:
        if unit is not None:
            self.set(channel=unit[0], row=unit[1], column=unit[2])

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the tiles, and the chosen channel over the picture."""
        maps = self._on_screen
        words = f"{self.model.name}, {maps.layer.name}: {captions.say_maps(maps, self._tiles.step)}"
        pictures = [self._tiles.surface.picture, self._overlay.surface.picture]
        return beside(pictures, [words, f"channel {self.channel}"])


def _is_shown(layer: Layer) -> bool:
    return layer.is_map or len(layer.shape) in (1, 2)  # vectors and tokens are arranged


def _first_map(model: HookedModel) -> Layer:
    shown = [layer for layer in model.layers if _is_shown(layer)]
    if not shown:
        raise LayerError(f"{model.name} has no layer whose result can be shown as maps")
    return next((layer for layer in shown if layer.is_map), shown[0])
