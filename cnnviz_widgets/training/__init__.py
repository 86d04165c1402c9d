"""Recipes of the embedded networks: ``python -m cnnviz_widgets.training NAME --data FOLDER``.

A recipe is a module of this package with a sentence about itself as its docstring's first line, the
default number of `EPOCHS`, and two functions, `train` and `evaluate`.
"""

import importlib
from types import ModuleType

from cnnviz_widgets.errors import ModelNameError, nearest

_MODULES = {"mini-convnet": "mini_convnet"}


def recipe_names() -> list[str]:
    """Names of the embedded networks that can be trained here."""
    return sorted(_MODULES)


def recipe(name: str) -> ModuleType:
    """Open the recipe of the embedded network `name`.

    Raises
    ------
    ModelNameError
        If there is no such recipe.
    """
    if name not in _MODULES:
        raise ModelNameError(f"No training recipe is called {name!r}. {nearest(name, recipe_names())}")
    return importlib.import_module(f"{__name__}.{_MODULES[name]}")
