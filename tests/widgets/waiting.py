"""A network whose passes can be held up, and a viewer's run and picture."""

import io
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, OptimizerViewer


class Waiting(nn.Module):
    """A network whose passes can be held up; class 0 likes red, class 1 blue, class 2 dark."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.look.weight.data = torch.zeros(3, 3, 3, 3)
        for channel in range(3):
            self.look.weight.data[channel, channel, 1, 1] = 1
        self.relu = nn.ReLU()
        self.go = threading.Event()
        self.go.set()
        self.passes = 0

    def forward(self, x):
        self.go.wait(20)
        self.passes += 1
        red, _, blue = self.look(x).mean((2, 3)).unbind(1)
        maps = self.relu(self.look(x) - 1)
        return torch.stack([red, blue, -red - blue], 1) + 0 * maps.mean()


@pytest.fixture(name="net")
def waiting_net() -> HookedModel:
    return HookedModel(
        Waiting(), (3, 8, 8), mean=0.5, std=0.25, classes=["<i>red</i>", "husky", "dark"], name="waiting"
    )


def ran(w: OptimizerViewer, **traits) -> OptimizerViewer:
    w.set(**traits)
    w.run()
    w.wait(30)
    return w


def shown(w: OptimizerViewer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(w._wall.surface.picture)).convert("RGB")).astype(int)
