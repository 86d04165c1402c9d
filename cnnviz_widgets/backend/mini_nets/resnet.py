"""ResNet's idea: each block adds something to what came in, instead of making it anew."""

from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3x3 convolutions whose result is added to the block's input.

    Where the number of channels or the resolution changes, the input is brought to the new shape by a 1x1
    convolution (the projection), else it is added as it is.

    Parameters
    ----------
    inputs, outputs : int
        Channels that come in and go out.
    stride : int
        Of the first convolution and of the projection.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.projection: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.projection = nn.Sequential(
                nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(outputs),
            )
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, inputs, H, W) into (N, outputs, H / stride, W / stride)."""
        shortcut = x if self.projection is None else self.projection(x)
        x = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.bn2(self.conv2(x)) + shortcut)


class MiniResNet(nn.Module):
    """A stem, six residual blocks in three stages, and a linear layer on the mean of each map.

    The last stage keeps the resolution of the one before it, so that class activation maps have 14x14
    places.

    Parameters
    ----------
    classes : int
        Number of classes scored.

    References
    ----------
    He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2016.
    """

    def __init__(self, classes: int = 12) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(BasicBlock(32, 32), BasicBlock(32, 32))
        self.layer2 = nn.Sequential(BasicBlock(32, 56, stride=2), BasicBlock(56, 56))
        self.layer3 = nn.Sequential(BasicBlock(56, 72), BasicBlock(72, 72))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(72, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Score normalised pictures, (N, 3, 112, 112) float, for every class: (N, classes) logits."""
        x = self.pool1(self.relu1(self.bn1(self.conv1(x))))  # (N, 32, 28, 28)
        x = self.layer1(x)
        x = self.layer2(x)  # (N, 56, 14, 14)
        x = self.layer3(x)  # (N, 72, 14, 14)
        return self.fc(self.flatten(self.avgpool(x)))
