"""DenseNet's idea: each layer reads the maps of all layers before it, and adds a few of its own."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

GROWTH = 16  # maps that each dense layer adds
BOTTLENECK = 4 * GROWTH


class DenseLayer(nn.Module):
    """Batch norm, ReLU and convolution, twice; the new maps are joined to those that came in.

    The first convolution is 1x1 (the bottleneck), the second 3x3.

    Parameters
    ----------
    inputs : int
        Channels that come in; ``inputs + GROWTH`` go out.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(inputs, BOTTLENECK, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(BOTTLENECK, GROWTH, kernel_size=3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, inputs, H, W) into (N, inputs + GROWTH, H, W)."""
        new = self.conv1(self.relu1(self.norm1(x)))
        new = self.conv2(self.relu2(self.norm2(new)))
        return torch.cat([x, new], dim=1)


class Transition(nn.Module):
    """Between two dense blocks: fewer channels by a 1x1 convolution, half the resolution by a mean.

    Parameters
    ----------
    inputs, outputs : int
        Channels that come in and go out.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(inputs, outputs, kernel_size=1, bias=False)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, inputs, H, W) into (N, outputs, H / 2, W / 2)."""
        return self.pool(self.conv(self.relu(self.norm(x))))


class MiniDenseNet(nn.Module):
    """A stem, two dense blocks with a transition between them, and a linear layer on the mean of each map.

    Parameters
    ----------
    classes : int
        Number of classes scored.

    References
    ----------
    Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", 2017.
    """

    def __init__(self, classes: int = 12) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 2 * GROWTH, kernel_size=7, stride=2, padding=3, bias=False)
        self.norm0 = nn.BatchNorm2d(2 * GROWTH)
        self.relu0 = nn.ReLU()
        self.pool0 = nn.MaxPool2d(3, stride=2, padding=1)
        self.dense1 = _dense_block(2 * GROWTH, layers=3)
        self.transition1 = Transition(5 * GROWTH, 4 * GROWTH)
        self.dense2 = _dense_block(4 * GROWTH, layers=11)
        self.norm = nn.BatchNorm2d(15 * GROWTH)
        self.relu = nn.ReLU()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(15 * GROWTH, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Score normalised pictures, (N, 3, 112, 112) float, for every class: (N, classes) logits."""
        x = self.pool0(self.relu0(self.norm0(self.conv0(x))))  # (N, 32, 28, 28)
        x = self.transition1(self.dense1(x))  # (N, 64, 14, 14)
        x = self.dense2(x)  # (N, 240, 14, 14)
        x = self.relu(self.norm(x))
        return self.fc(self.flatten(self.avgpool(x)))


def _dense_block(inputs: int, layers: int) -> nn.Sequential:
    """Chain dense layers, named from 1 as the paper counts them."""
    named = [(f"layer{i + 1}", DenseLayer(inputs + i * GROWTH)) for i in range(layers)]
    return nn.Sequential(OrderedDict(named))
