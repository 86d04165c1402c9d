"""How controls line up."""

from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import HookedModel, Layer


def looks(description: str, width: int = 270) -> dict[str, Any]:
    """Give a control its label and a width that lines up with the others."""
    layout = W.Layout(width=f"{width}px", max_width="100%")
    return {"description": description, "layout": layout, "style": {"description_width": "62px"}}


def flow(*children: W.Widget, gap: str = "0 8px") -> W.HBox:
    """Put widgets in a row that breaks where the window ends."""
    return W.HBox(children, layout=W.Layout(flex_flow="row wrap", grid_gap=gap))


def layer_label(layer: Layer) -> str:
    """Say of a layer what a student chooses it by: name, kind and size of its result."""
    return f"{layer.name}  {layer.kind}  {'x'.join(map(str, layer.shape))}"


def class_options(model: HookedModel) -> list[tuple[str, int]]:
    """List a network's classes for a dropdown: number and name, and the number."""
    named = model.classes is not None
    names = (model.class_name(index) for index in range(model.class_count or 0))
    return [(f"{index} {name}" if named else name, index) for index, name in enumerate(names)]
