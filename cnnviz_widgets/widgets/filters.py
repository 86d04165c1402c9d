"""FilterGrid: what a network's convolutions look for, as pictures."""

from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel, model_info
from cnnviz_widgets.errors import LayerError, ModelError
from cnnviz_widgets.methods import FilterBank, convolution_names, filter_bank
from cnnviz_widgets.paint import beside
from cnnviz_widgets.widgets._filter_panel import FilterPanel
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._view import View


class FilterGrid(View):
    """The filters of one network, or of several side by side.

    Filters that read red, green and blue are colour pictures. Deeper filters have a row each, with a grey
    slice for every input channel. A weight of zero is mid-grey in both; the caption says what white and black
    are. Pointing at a filter names it; a click, or its number in the box, keeps it marked.

    Krizhevsky et al. 2012, figure 3; Zeiler & Fergus 2014, section 4.1.

    Parameters
    ----------
    *models : HookedModel or str
        Networks, or names for `open_model`. A name whose weights are not on this machine gets a button that
        downloads them.
    layer : str, optional
        Convolution to show of the first network; its first one where none is given.
    scale : "filter" or "joint"
        Whose largest absolute weight is white or black: each filter's own, or the layer's.

    Attributes
    ----------
    layers : list of str
        Convolution shown of each network; "" while its weights are missing.
    pages : list of (int, int)
        First filter and first input channel on show, where a layer has more than fit.
    selected : list of int
        The marked filter of each network, -1 for none.
    result : tuple of FilterBank or None
        The weights on show.

    Raises
    ------
    LayerError
        If the layer is unknown or no convolution, or a network has none.
    """

    recompute_on = ("layers",)
    redraw_on = ("scale", "pages", "selected")
    tells = False

    layers = traitlets.List(traitlets.Unicode(), help="convolution shown of each network")
    scale = traitlets.Enum(["filter", "joint"], "filter", help="whose largest weight is white or black")
    pages: traitlets.List = traitlets.List(help="first filter and first input on show, of each network")
    selected = traitlets.List(traitlets.Int(), help="the marked filter of each network, -1 for none")

    def __init__(self, *models: HookedModel | str, layer: str | None = None, scale: str = "filter") -> None:
        if not models:
            raise ModelError("FilterGrid shows a network: give one, or a name such as 'mini-convnet'")
        self.models: list[HookedModel | None] = [_open_if_here(each) for each in models]
        self._names = [each if isinstance(each, str) else each.name for each in models]
        first = [_first_convolution(model) for model in self.models]
        if layer is not None:
            first[0] = layer
        many = len(models)
        super().__init__(layers=first, scale=scale, pages=[(0, 0)] * many, selected=[-1] * many)

    @property
    def layer(self) -> str:
        """The convolution shown of the first network; set it to show another."""
        return self.layers[0]

    @layer.setter
    def layer(self, name: str) -> None:
        self.show_layer(0, name)

    def show_layer(self, network: int, name: str) -> None:
        """Show another convolution of one of the networks, from its first filter on."""
        self.set(
            layers=_replaced(self.layers, network, name),
            pages=_replaced(self.pages, network, (0, 0)),
            selected=_replaced(self.selected, network, -1),
        )

    def select(self, network: int, number: int) -> None:
        """Mark a filter of one of the networks, on the page where it is; -1 marks none."""
        page = self.panels[network].page_of(number)
        self.set(
            selected=_replaced(self.selected, network, number),
            pages=_replaced(self.pages, network, page),
        )

    @traitlets.validate("layers", "pages", "selected")
    def _one_each(self, proposal: Any) -> list:
        if len(proposal.value) != len(self.models):
            raise traitlets.TraitError(
                f"{proposal.trait.name} needs one entry for each of the {len(self.models)} networks, "
                f"not {len(proposal.value)}"
            )
        return proposal.value

    def _build(self) -> tuple[W.Widget, ...]:
        buttons = W.ToggleButtons(
            options=[("each filter by itself", "filter"), ("all filters together", "joint")],
            description="Scale",
            style={"button_width": "150px"},
        )
        traitlets.link((self, "scale"), (buttons, "value"))
        width = {1: 600, 2: 380}.get(len(self.models), 300)
        self.panels = [FilterPanel(self, i, name, width) for i, name in enumerate(self._names)]
        row = W.HBox(
            [panel.box for panel in self.panels], layout=W.Layout(flex_flow="row wrap", grid_gap="8px 24px")
        )
        return buttons, row

    def take_model(self, network: int, model: HookedModel) -> None:
        """Show a network whose weights have arrived."""
        self.models[network] = model
        self.panels[network].open(model)
        self.show_layer(network, _first_convolution(model))

    def _compute(self) -> tuple[FilterBank | None, ...]:
        return tuple(
            None if model is None else filter_bank(model, layer)
            for model, layer in zip(self.models, self.layers, strict=True)
        )

    def _draw(self, result: Any) -> str:
        for panel, bank in zip(self.panels, result, strict=True):
            panel.draw(bank)
        return " ".join(panel.words for panel in self.panels)

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the networks side by side, with their captions."""
        shown = [panel for panel in self.panels if panel.surface.picture]
        return beside([panel.surface.picture for panel in shown], [panel.words for panel in shown])


def _open_if_here(model: HookedModel | str) -> HookedModel | None:
    is_elsewhere = isinstance(model, str) and not model_info(model).cached
    return None if is_elsewhere else opened(model, "FilterGrid")


def _first_convolution(model: HookedModel | None) -> str:
    if model is None:
        return ""
    names = convolution_names(model)
    if not names:
        raise LayerError(f"{model.name} has no 2-D convolution, so it has no filters to show")
    return names[0]


def _replaced(values: list, index: int, value: Any) -> list:
    return [value if i == index else each for i, each in enumerate(values)]
