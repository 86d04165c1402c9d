"""VGG's idea: nothing but 3x3 convolutions, one on another, and a pool between the stacks."""

from torch import Tensor, nn


class MiniVGG(nn.Module):
    """Seven 3x3 convolutions in four stacks, each stack at half the resolution of the one before.

    Two 3x3 convolutions see 5x5 pixels and three see 7x7, with fewer weights than one large filter and
    a ReLU after each. The three fully connected layers of VGG are one here, on the mean of each map, so
    that class activation maps can be read from it.

    Parameters
    ----------
    classes : int
        Number of classes scored.

    References
    ----------
    Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015. The
    head is that of Zhou et al., "Learning Deep Features for Discriminative Localization", 2016.
    """

    def __init__(self, classes: int = 12) -> None:
        super().__init__()
        self.conv1_1 = _conv3x3(3, 16)
        self.relu1_1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2_1 = _conv3x3(16, 32)
        self.relu2_1 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.conv3_1 = _conv3x3(32, 64)
        self.relu3_1 = nn.ReLU()
        self.conv3_2 = _conv3x3(64, 64)
        self.relu3_2 = nn.ReLU()
        self.pool3 = nn.MaxPool2d(2)
        self.conv4_1 = _conv3x3(64, 96)
        self.relu4_1 = nn.ReLU()
        self.conv4_2 = _conv3x3(96, 96)
        self.relu4_2 = nn.ReLU()
        self.conv4_3 = _conv3x3(96, 128)
        self.relu4_3 = nn.ReLU()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Score normalised pictures, (N, 3, 112, 112) float, for every class: (N, classes) logits."""
        x = self.pool1(self.relu1_1(self.conv1_1(x)))  # (N, 16, 56, 56)
        x = self.pool2(self.relu2_1(self.conv2_1(x)))  # (N, 32, 28, 28)
        x = self.relu3_1(self.conv3_1(x))
        x = self.pool3(self.relu3_2(self.conv3_2(x)))  # (N, 64, 14, 14)
        x = self.relu4_1(self.conv4_1(x))
        x = self.relu4_2(self.conv4_2(x))
        x = self.relu4_3(self.conv4_3(x))  # (N, 128, 14, 14)
        return self.fc(self.flatten(self.avgpool(x)))


def _conv3x3(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, padding=1)
