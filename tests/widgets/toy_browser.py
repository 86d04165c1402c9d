"""A network of two channels whose every value can be worked out by hand, and how to read its picture."""

import io

import numpy as np
import torch
from PIL import Image
from torch import nn

VIRIDIS_LOW, VIRIDIS_HIGH = (68, 1, 84), (253, 231, 37)
ORANGE, WHITE = (255, 140, 0), (255, 255, 255)

# Red is 3 x (row x 9 + column): no two pixels are alike.
PICTURE = np.zeros((9, 9, 3), np.uint8)
PICTURE[..., 0] = 3 * np.arange(81).reshape(9, 9)


def tiny_net() -> nn.Sequential:
    """Two channels of 4x4: the red pixel in the middle of each window, and -2 times it."""
    net = nn.Sequential(nn.Conv2d(3, 2, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net[0].weight[0, 0, 1, 1], net[0].weight[1, 0, 1, 1] = 1, -2
        net[3].bias[:] = torch.tensor([0.0, 2.0, 1.0])
    return net


def red(row: int, column: int) -> float:
    """Give the red value under the unit (row, column): its window starts at twice that."""
    return 3 * ((2 * row + 1) * 9 + 2 * column + 1) / 255


def tiles(widget) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(widget._tiles.surface.picture)).convert("RGB"))


def overlay(widget) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(widget._overlay.surface.picture)).convert("RGB")).astype(int)


def on_tile(channel: int, row: int, column: int) -> tuple[float, float]:
    """Give the middle of a value on screen: 4x4 values of 64 px, and 2 px of frame around a tile."""
    return 2 + channel * 258 + 64 * column + 32, 2 + 64 * row + 32


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()
