"""One network's part of FilterGrid: layer chooser, pages, picture, words."""

import html
from typing import TYPE_CHECKING, Any, cast

import ipywidgets as W
import numpy as np

from cnnviz_widgets.backend import HookedModel, model_info
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods import FilterBank, filter_shapes
from cnnviz_widgets.methods.filters import ScaledBy
from cnnviz_widgets.paint import Mosaic, color_table, draw_box, mosaic, quantize, rgb_png
from cnnviz_widgets.widgets._download import DownloadButton
from cnnviz_widgets.widgets._surface import Surface
from cnnviz_widgets.widgets._view import caption

if TYPE_CHECKING:
    from cnnviz_widgets.widgets.filters import FilterGrid

# What fits on screen and travels in a moment; a layer with more has pages.
_COLOR_PAGE, _ROWS_PAGE, _COLUMNS_PAGE = 128, 32, 32
_CHANNELS = ("red", "green", "blue")


class FilterPanel:
    """Shows one filter bank inside a `width` of screen pixels and changes the grid's traits.

    Attributes
    ----------
    box : W.VBox
        What is put on screen.
    words : str
        What the picture shows, in words.
    """

    def __init__(self, grid: "FilterGrid", index: int, name: str, width: int) -> None:
        self._grid, self._index, self._name, self._width = grid, index, name, width
        self.words = ""
        self._bank: FilterBank | None = None
        self._mosaic: Mosaic | None = None
        self._choice = W.Dropdown(description="Layer", layout=W.Layout(width=f"{min(width, 340)}px"))
        self._number = W.BoundedIntText(
            min=-1, max=0, value=-1, description="Filter", layout=W.Layout(width="170px")
        )
        self._outputs = self._page_slider("Filters from", _ROWS_PAGE)
        self._inputs = self._page_slider("Inputs from", _COLUMNS_PAGE)
        self.surface = Surface(self._point_at, self._click_at)
        self._caption = W.HTML(layout=W.Layout(max_width=f"{width}px"))
        self._pointer = W.HTML(
            "Point at a filter.", layout=W.Layout(max_width=f"{width}px", min_height="40px")
        )
        self.box = W.VBox(layout=W.Layout(max_width="100%", min_width="240px"))
        self._listen()
        model = grid.models[index]
        if model is None:
            self._offer_download()
        else:
            self.open(model)

    def _page_slider(self, name: str, step: int) -> W.IntSlider:
        return W.IntSlider(
            description=name, step=step, layout=W.Layout(width="300px"), style={"description_width": "90px"}
        )

    def _listen(self) -> None:
        grid, i = self._grid, self._index

        def on_layer(change: Any) -> None:
            if change.new and change.new != grid.layers[i]:
                grid.show_layer(i, change.new)

        def on_number(change: Any) -> None:
            if change.new != grid.selected[i]:
                grid.select(i, change.new)

        def on_page(change: Any) -> None:
            self._set("pages", (self._outputs.value, self._inputs.value))

        self._choice.observe(on_layer, "value")
        self._number.observe(on_number, "value")
        for slider in (self._outputs, self._inputs):
            slider.observe(on_page, "value")

    def _set(self, trait: str, value: object) -> None:
        values = list(getattr(self._grid, trait))
        if values[self._index] != value:
            values[self._index] = value
            setattr(self._grid, trait, values)

    def open(self, model: HookedModel) -> None:
        """Offer the convolutions of a network."""
        shapes = filter_shapes(model)
        options = [(f"{name}  {'x'.join(map(str, shape))}", name) for name, shape in shapes.items()]
        with self._choice.hold_trait_notifications():
            self._choice.options = options
        title = W.HTML(f"<b>{html.escape(self._name)}</b>")
        tools = [title, self._choice, self._number, self._outputs, self._inputs]
        self.box.children = (*tools, self._caption, self._pointer, self.surface.canvas)

    def _offer_download(self) -> None:
        title = W.HTML(f"<b>{html.escape(self._name)}</b>")
        button = DownloadButton(
            model_info(self._name), lambda model: self._grid.take_model(self._index, model)
        )
        self.box.children = (title, button)

    def draw(self, bank: FilterBank | None) -> None:
        """Paint a filter bank, with what it shows in words."""
        self._bank = bank
        if bank is None:
            self.words = f"{self._name}: its weights are not on this machine."
            return
        scale = self._grid.scale
        chosen, count = self._grid.selected[self._index], len(bank.weights)
        if not -1 <= chosen < count:
            raise InputError(
                f"{bank.layer} has no filter {chosen}: its filters are numbered 0 to {count - 1}"
            )
        self._fit_controls(bank)
        first, first_input = self._start()
        picture = self._paint(bank, first, first_input)
        self.surface.show(rgb_png(picture), "png", (picture.shape[1], picture.shape[0]))
        self.words = self._say(bank, first, first_input, scale)
        self._caption.value = caption(self.words)
        self._say_under_pointer(self._name_filter(chosen) or "Point at a filter.")

    def _fit_controls(self, bank: FilterBank) -> None:
        outputs, inputs = bank.weights.shape[:2]
        self._choice.value = bank.layer
        self._number.max = outputs - 1
        self._number.value = self._grid.selected[self._index]
        start, start_input = self._grid.pages[self._index]
        for slider, page, count, at in (
            (self._outputs, self._page(bank)[0], outputs, start),
            (self._inputs, self._page(bank)[1], inputs, start_input),
        ):
            slider.layout.display = "" if count > page else "none"
            slider.max, slider.step = max(0, (count - 1) // page * page), page
            slider.value = at

    @staticmethod
    def _page(bank: FilterBank) -> tuple[int, int]:
        if bank.is_rgb or bank.weights.shape[1] == 1:
            return _COLOR_PAGE, bank.weights.shape[1]
        return _ROWS_PAGE, _COLUMNS_PAGE

    def page_of(self, number: int) -> tuple[int, int]:
        """Find the page on which a filter is: first filter and first input channel."""
        first, first_input = self._grid.pages[self._index]
        if self._bank is None or number < 0:
            return first, first_input
        page = self._page(self._bank)[0]
        return number // page * page, first_input

    def _start(self) -> tuple[int, int]:
        return self._outputs.value, self._inputs.value if self._inputs.max else 0

    def _paint(self, bank: FilterBank, first: int, first_input: int) -> np.ndarray:
        rows, columns = self._page(bank)
        shown = bank.scaled(cast(ScaledBy, self._grid.scale))[first : first + rows]
        if bank.is_rgb:
            tiled = np.rint(shown.transpose(0, 2, 3, 1) * 255).astype(np.uint8)
            across = None
        else:
            shown = shown[:, first_input : first_input + columns]
            across = shown.shape[1] if shown.shape[1] > 1 else None
            tiled = color_table("gray")[quantize(shown.reshape(-1, *shown.shape[2:]))]
        columns = across or min(8 if len(tiled) <= 64 else 12, len(tiled))
        zoom = max(1, min(24, (self._width - columns) // (columns * tiled.shape[2])))
        self._mosaic = mosaic(tiled, columns=columns, zoom=zoom, gap_value=(255, 255, 255))
        return self._mark(self._mosaic, self._grid.selected[self._index] - first, across)

    def _mark(self, shown: Mosaic, filter_: int, across: int | None) -> np.ndarray:
        picture = shown.array
        tiles = range(filter_ * (across or 1), (filter_ + 1) * (across or 1))
        if filter_ < 0 or tiles[-1] >= shown.count:
            return picture
        top, left, _, _ = shown.box(tiles[0])
        _, _, bottom, right = shown.box(tiles[-1])
        return draw_box(picture, (top, left, bottom, right), (213, 94, 0), 2)

    def _say(self, bank: FilterBank, first: int, first_input: int, scale: str) -> str:
        outputs, inputs, height, width = bank.weights.shape
        rows, columns = self._page(bank)
        what = "colour pictures" if bank.is_rgb else "a row per filter, a grey slice per input channel"
        if not bank.is_rgb and inputs == 1:
            what = "one grey slice per filter" + (
                ", each reads one channel of its own" if bank.groups > 1 else ""
            )
        text = f"{self._name}, {bank.layer}: {outputs} filters of {inputs}x{height}x{width}, {what}"
        if outputs > rows:
            text += f"; filters {first} to {min(first + rows, outputs) - 1}"
        if inputs > columns:
            text += f", inputs {first_input} to {min(first_input + columns, inputs) - 1}"
        peak = float(np.abs(bank.weights).max())
        scaled = (
            f"white is +{peak:.3g}, black -{peak:.3g}"
            if scale == "joint"
            else "white and black are each filter's own largest |weight|"
        )
        return f"{text}. Grey is 0; {scaled}."

    # The pointer

    def _under(self, x: float, y: float) -> tuple[int, int | None, int, int] | None:
        if self._bank is None or self._mosaic is None:
            return None
        place = self._mosaic.locate(x, y)
        if place is None:
            return None
        tile, row, column = place
        first, first_input = self._start()
        inputs = self._bank.weights.shape[1]
        if self._bank.is_rgb or inputs == 1:
            return first + tile, None, row, column
        output, input_ = divmod(tile, self._mosaic.columns)
        return first + output, first_input + input_, row, column

    def _point_at(self, x: float, y: float) -> None:
        self._grid.guard(self._tell, x, y)

    def _tell(self, x: float, y: float) -> None:
        place = self._under(x, y)
        if place is None or self._bank is None:
            return
        output, input_, row, column = place
        weights = self._bank.weights[output, :, row, column]
        if self._bank.is_rgb:
            value = ", ".join(f"{name} {w:+.3g}" for name, w in zip(_CHANNELS, weights, strict=True))
        else:
            value = f"input {input_ or 0}: {weights[input_ or 0]:+.3g}"
        self._say_under_pointer(f"{self._name_filter(output)}<br>row {row}, column {column}: {value}")

    def _say_under_pointer(self, text: str) -> None:
        self._pointer.value = f'<div style="line-height:1.35">{text}</div>'

    def _name_filter(self, output: int) -> str:
        if output < 0 or self._bank is None:
            return ""
        weights = self._bank.weights[output]
        shape = "x".join(map(str, weights.shape))
        return f"<b>filter {output}</b> {shape}, from {weights.min():+.3g} to {weights.max():+.3g}"

    def _click_at(self, x: float, y: float) -> None:
        place = self._under(x, y)
        if place is not None:
            kept = self._grid.selected[self._index]
            self._grid.select(self._index, -1 if place[0] == kept else place[0])
