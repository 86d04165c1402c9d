"""A small run of three checkpoints, its EvolutionSlider, and what is on its screen."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import EvolutionSlider, HookedModel
from cnnviz_widgets.widgets._evolution_panels import layout

ORANGE, BLUE, DARK, WAITING = (255, 140, 0), (0, 114, 178), (70, 70, 70), (228, 228, 228)


def net(seed: int, channels: int = 4) -> nn.Sequential:
    torch.manual_seed(seed)
    found = nn.Sequential(nn.Conv2d(3, channels, 3), nn.ReLU(), nn.Conv2d(channels, 6, 3), nn.ReLU())
    with torch.no_grad():
        found[0].bias += 0.5
        found[2].bias += 0.5
    return found


def hooked(seed: int, channels: int = 4) -> HookedModel:
    return HookedModel(net(seed, channels), (3, 12, 12), name=f"toy@{seed}")


PICTURES = {
    f"<b>{n}</b>": each
    for n, each in enumerate(np.random.default_rng(0).integers(0, 256, (6, 12, 12, 3), np.uint8))
}


@pytest.fixture
def run() -> list[HookedModel]:
    return [hooked(seed) for seed in (1, 2, 3)]


@pytest.fixture
def w(run) -> EvolutionSlider:
    widget = EvolutionSlider(run, PICTURES, layer="1")
    widget.wait()
    return widget


def seen(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def wall(widget) -> np.ndarray:
    return seen(widget._wall.surface.picture)


def strip(widget) -> np.ndarray:
    return seen(widget._strip.surface.picture)


def is_like(pixels: np.ndarray, color: tuple, within: int = 30) -> bool:
    """Compare with room for what a JPEG does to colours."""
    return bool(np.abs(pixels.reshape(-1, 3).mean(0) - color).max() < within)


def mouse(surface, event: str, x: float, y: float) -> None:
    """Send what the browser sends."""
    surface.canvas._handle_frontend_event(None, {"event": event, "x": x, "y": y}, [])


def tile(channel: int, count: int = 4) -> tuple[slice, slice]:
    """Say where a channel's tile is on the wall."""
    columns, side = layout(count, 518, 382)
    row, column = divmod(channel, columns)
    top, left = 2 + row * (side + 2), 2 + column * (side + 2)
    return slice(top, top + side), slice(left, left + side)


def middle(channel: int, count: int = 4) -> tuple[float, float]:
    rows, columns = tile(channel, count)
    return (columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2


def column(place: int, row: int = 0) -> tuple[slice, slice]:
    """Say where a checkpoint's tile is on the strip: 0 the pattern, 1 the picture."""
    top, left = 20 + row * 96, 62 + place * 96
    return slice(top, top + 90), slice(left, left + 90)
