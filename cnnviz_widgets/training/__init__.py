"""Recipes of the embedded networks: ``python -m cnnviz_widgets.training NAME``.

A recipe is a `Recipe` in the table `RECIPES` of a module of this package. The names are listed here, so
that a mistyped one is answered before torch is loaded.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnnviz_widgets.errors import ModelNameError, nearest

_MODULES = {
    "mini-convnet": "mini_convnet",
    "mini-alexnet-objects": "miniworld",
    "mini-alexnet-scenes": "miniworld",
    "mini-vgg-scenes": "miniworld",
    "mini-googlenet-scenes": "miniworld",
    "mini-resnet-scenes": "miniworld",
    "mini-densenet-scenes": "miniworld",
}


@dataclass(frozen=True)
class Recipe:
    """How one embedded network is trained and measured.

    Attributes
    ----------
    name : str
        As `open_model` takes it.
    about : str
        One sentence about the network.
    epochs : int
        How many passes over the data it gets.
    target : float or None
        Share of the test pictures it must get right, 0..1; None where none is set.
    wants : str or None
        The data set whose folder it must be given; None where it draws its own pictures.
    train : callable
        ``train(data, out, epochs=, seed=, device=, quiet=)`` trains, going on from the checkpoint in the
        folder `out`, and gives the path of the weights.
    evaluate : callable
        ``evaluate(data, file, device=)`` gives the share of the test pictures that the weights get right.
    """

    name: str
    about: str
    epochs: int
    target: float | None
    wants: str | None
    train: Callable[..., Path]
    evaluate: Callable[..., float]


def recipe_names() -> list[str]:
    """Names of the embedded networks that can be trained here."""
    return list(_MODULES)


def recipe(name: str) -> Recipe:
    """Open the recipe of the embedded network `name`.

    Raises
    ------
    ModelNameError
        If there is no such recipe.
    """
    if name not in _MODULES:
        raise ModelNameError(f"No training recipe is called {name!r}. {nearest(name, recipe_names())}")
    module = importlib.import_module(f"{__name__}.{_MODULES[name]}")
    return module.RECIPES[name]
