"""GoogLeNet's idea: look at several scales side by side, and join what was seen."""

import torch
from torch import Tensor, nn


class Inception(nn.Module):
    """Four branches over one input, joined channel by channel: 1x1, 3x3, 5x5, and a pool.

    A 1x1 convolution first makes the channels fewer where a large filter follows, which keeps it cheap.

    Parameters
    ----------
    inputs : int
        Channels that come in.
    ones, reduce3, threes, reduce5, fives, pooled : int
        Channels of the 1x1 branch, of the 3x3 branch's reduction and filters, of the 5x5 branch's, and of
        the 1x1 convolution after the pool; ``ones + threes + fives + pooled`` come out.
    """

    def __init__(
        self, inputs: int, ones: int, reduce3: int, threes: int, reduce5: int, fives: int, pooled: int
    ) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(inputs, ones, kernel_size=1)
        self.relu1x1 = nn.ReLU()
        self.reduce3x3 = nn.Conv2d(inputs, reduce3, kernel_size=1)
        self.relu_reduce3x3 = nn.ReLU()
        self.conv3x3 = nn.Conv2d(reduce3, threes, kernel_size=3, padding=1)
        self.relu3x3 = nn.ReLU()
        self.reduce5x5 = nn.Conv2d(inputs, reduce5, kernel_size=1)
        self.relu_reduce5x5 = nn.ReLU()
        self.conv5x5 = nn.Conv2d(reduce5, fives, kernel_size=5, padding=2)
        self.relu5x5 = nn.ReLU()
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.project = nn.Conv2d(inputs, pooled, kernel_size=1)
        self.relu_project = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, inputs, H, W) into (N, outputs, H, W)."""
        ones = self.relu1x1(self.conv1x1(x))
        threes = self.relu3x3(self.conv3x3(self.relu_reduce3x3(self.reduce3x3(x))))
        fives = self.relu5x5(self.conv5x5(self.relu_reduce5x5(self.reduce5x5(x))))
        pooled = self.relu_project(self.project(self.pool(x)))
        return torch.cat([ones, threes, fives, pooled], dim=1)


class MiniGoogLeNet(nn.Module):
    """A stem of three convolutions, five inception modules, and a linear layer on the mean of each map.

    Stem and head are GoogLeNet's; its side heads, which only helped it learn, are left out.

    Parameters
    ----------
    classes : int
        Number of classes scored.

    References
    ----------
    Szegedy et al., "Going Deeper with Convolutions", 2015.
    """

    def __init__(self, classes: int = 12) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, kernel_size=7, stride=2, padding=3)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.reduce2 = nn.Conv2d(32, 32, kernel_size=1)
        self.relu_reduce2 = nn.ReLU()
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(3, stride=2, padding=1)
        self.inception3a = Inception(64, 32, 32, 64, 8, 16, 16)
        self.inception3b = Inception(128, 48, 32, 64, 8, 24, 24)
        self.inception4a = Inception(160, 48, 40, 72, 10, 24, 24)
        self.inception4b = Inception(168, 48, 48, 80, 12, 32, 32)
        self.inception4c = Inception(192, 64, 48, 96, 12, 32, 32)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(224, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Score normalised pictures, (N, 3, 112, 112) float, for every class: (N, classes) logits."""
        x = self.pool1(self.relu1(self.conv1(x)))  # (N, 32, 28, 28)
        x = self.pool2(self.relu2(self.conv2(self.relu_reduce2(self.reduce2(x)))))  # (N, 64, 14, 14)
        x = self.inception3b(self.inception3a(x))
        x = self.inception4c(self.inception4b(self.inception4a(x)))  # (N, 224, 14, 14)
        return self.fc(self.flatten(self.avgpool(x)))
