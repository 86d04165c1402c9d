"""A network whose saliency can be written down, and a picture with a square for it."""

import numpy as np
import torch
from torch import nn

from cnnviz_widgets import HookedModel


class Planted(nn.Module):
    """Class 0 weighs red in a square of the middle, most in its centre; class 1 is the same with minus."""

    def __init__(self) -> None:
        super().__init__()
        rows, columns = np.indices((24, 24)) - 11.5
        hill = np.exp(-(rows**2 + columns**2) / 20).astype(np.float32)
        self.register_buffer("hill", torch.from_numpy(hill))
        self.register_buffer("scale", torch.tensor([1.0, -1.0, 0.0]))
        self.passes = 0

    def forward(self, x):
        self.passes += 1
        return (torch.relu(x[:, 0]) * self.hill).sum((1, 2))[:, None] * self.scale


PICTURE = np.full((24, 24, 3), 40, np.uint8)
PICTURE[8:16, 8:16] = (220, 180, 30)
SQUARE = np.zeros((24, 24), bool)
SQUARE[8:16, 8:16] = True


def planted() -> HookedModel:
    return HookedModel(Planted(), (3, 24, 24), classes=["<b>ant</b>", "bee", "cat"], name="planted")
