"""Small networks of a student's kind, for the tests of this room."""

import torch
from torch import Tensor, nn


class SmallNet(nn.Module):
    """Grey 12 x 12 pictures, 5 classes; one ReLU called twice, in place; a sum; batch norm and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.conv2, self.relu = nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True)
        self.drop, self.fc = nn.Dropout(0.5), nn.Linear(4, 5)
        self.passes = 0
        self.reached_end = 0
        self.fail_with: BaseException | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        h = self.relu(self.bn(self.conv1(x)))
        if self.fail_with is not None:
            raise self.fail_with
        h = self.relu(h + self.conv2(h))
        self.reached_end += 1
        return self.fc(self.drop(h.mean((2, 3))))


def small_net(seed: int = 0) -> SmallNet:
    torch.manual_seed(seed)
    net = SmallNet().double()
    net.bn.running_mean.uniform_(-0.1, 0.1)
    return net


def pictures(n: int = 1, seed: int = 1) -> Tensor:
    return torch.randn(n, 1, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class Unit:
    """An objective on layers: the sum of one channel."""

    def __init__(self, layer: str, channel: int) -> None:
        self.layers, self.channel = (layer,), channel

    def __call__(self, record):
        return record[self.layers[0]][:, self.channel].flatten(1).sum(1)
