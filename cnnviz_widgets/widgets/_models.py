"""The network a widget is about: opened, or opened by its name."""

from typing import Any

from cnnviz_widgets.backend import HookedModel, open_model
from cnnviz_widgets.errors import ModelError


def opened(model: Any, widget: str) -> HookedModel:
    """Take a network, or open it by its name; `widget` is who asks.

    Raises
    ------
    ModelError
        If it is neither.
    """
    if isinstance(model, str):
        return open_model(model)
    if not isinstance(model, HookedModel):
        raise ModelError(
            f"{widget} takes a HookedModel or a name, not {type(model).__name__}; see HookedModel(network)"
        )
    return model
