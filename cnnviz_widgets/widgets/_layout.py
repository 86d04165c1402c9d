"""How controls line up."""

from typing import Any

import ipywidgets as W


def looks(description: str, width: int = 270) -> dict[str, Any]:
    """Give a control its label and a width that lines up with the others."""
    layout = W.Layout(width=f"{width}px", max_width="100%")
    return {"description": description, "layout": layout, "style": {"description_width": "62px"}}


def flow(*children: W.Widget, gap: str = "0 8px") -> W.HBox:
    """Put widgets in a row that breaks where the window ends."""
    return W.HBox(children, layout=W.Layout(flex_flow="row wrap", grid_gap=gap))
