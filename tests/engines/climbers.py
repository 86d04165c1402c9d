"""Small networks to climb on, whose answers are known."""

import torch
from torch import Tensor, nn

from cnnviz_widgets.backend import HookedModel
from tests.engines.records import random

SIDE = 11


class Slope(nn.Module):
    """Pictures of 11x11, four classes; ReLUs in place, batch norm, dropout: all that may go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.relu1, self.conv2 = nn.ReLU(inplace=True), nn.Conv2d(4, 5, 3, stride=2)
        self.relu2, self.drop, self.fc = nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(5, 4)
        self.calls: list[str] = []

    def forward(self, x: Tensor) -> Tensor:
        self.calls.append("start")
        h = self.relu1(self.bn(self.conv1(x)))
        h = self.conv2(h)
        self.calls.append("after conv2")
        h = self.fc(self.drop(self.relu2(h).mean((2, 3))))
        self.calls.append("end")
        return h


def slope_net() -> Slope:
    torch.manual_seed(3)
    net = Slope().double()
    net.bn.running_mean.uniform_(-0.1, 0.1)
    return net.eval()


def slope_model(**more) -> HookedModel:
    more = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]} | more
    return HookedModel(slope_net(), (3, SIDE, SIDE), **more)


def linear_model(weights: Tensor, side: int = 4, **more) -> HookedModel:
    """Scores that are sums of pixels: (classes, 3 * side * side)."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(*weights.T.shape, bias=False)).double()
    with torch.no_grad():
        net[1].weight.copy_(weights)
    return HookedModel(net, (3, side, side), **more)


def well_shaped(count: int, seed: int = 0) -> Tensor:
    """A square matrix that can be inverted: it stretches by 1 to 2."""
    left, right = (torch.linalg.qr(random(count, count, seed=seed + i))[0] for i in (0, 1))
    return left @ torch.diag(torch.linspace(1, 2, count, dtype=torch.float64)) @ right


class Gate(nn.Module):
    """One pixel per channel: a score is relu(pixel - 1), so a picture of zeros is in the dark."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True)
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(3)[:, :, None, None])
            self.conv.bias.fill_(-1.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.conv(x)).mean((2, 3))


def gate_model() -> HookedModel:
    return HookedModel(Gate().double(), (3, 2, 2))
