"""A small network to invert, and viewers of it that end with the test."""

import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel
from cnnviz_widgets.widgets.inversion import InversionViewer
from tests.widgets.inversion.planted import NAMES, pictures


@pytest.fixture(scope="module")
def model() -> HookedModel:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.ReLU(),
        nn.Dropout(),
        nn.Conv2d(8, 6, 3, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(216, 4),
    )
    return HookedModel(network, (3, 16, 16), mean=0.5, std=0.25)


@pytest.fixture
def view(model):
    made = []

    def make(layer="3", picture=NAMES[0], **traits):
        traits.setdefault("steps", 12)
        made.append(InversionViewer(model, picture, layer, pictures=pictures(), **traits))
        return made[-1]

    yield make
    for each in made:
        each.stop()
        each.wait(5)
