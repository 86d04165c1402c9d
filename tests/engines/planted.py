"""A network whose channels are planted, and pictures that are known to excite them."""

import numpy as np
import torch
from torch import Tensor, nn

from cnnviz_widgets.backend import HookedModel

SIDE = 8


class Colours(nn.Module):
    """Three channels, the red, green and blue of a 2x2 window each; then a ReLU in place, and scores."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 2, stride=2, bias=False)
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(3)[:, :, None, None].expand(3, 3, 2, 2) / 4)
        self.relu, self.fc = nn.ReLU(inplace=True), nn.Linear(3, 4)
        nn.init.eye_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.relu(self.conv(x)).amax((2, 3)))


def colours(**more) -> HookedModel:
    return HookedModel(Colours(), (3, SIDE, SIDE), **more)


def noise(n: int, seed: int = 0, top: int = 100) -> list[np.ndarray]:
    """Make dim pictures of noise, of values below `top`."""
    rng = np.random.default_rng(seed)
    return list(rng.integers(0, top, (n, SIDE, SIDE, 3), np.uint8))


def spotted(picture: np.ndarray, channel: int, row: int, column: int, value: int = 255) -> np.ndarray:
    """Light up one window of one colour."""
    picture = picture.copy()
    picture[2 * row : 2 * row + 2, 2 * column : 2 * column + 2, channel] = value
    return picture


def maps_of(model: HookedModel, pictures, layer: str) -> Tensor:
    """Record a layer of all pictures at once, by the backend alone."""
    with torch.no_grad(), model.record(layer) as record:
        model.scores(torch.cat([model.preprocess(each) for each in pictures]))
    return record.maps(layer)
