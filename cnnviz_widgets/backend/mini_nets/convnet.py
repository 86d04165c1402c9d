"""The smallest of the embedded networks: pictures of 32x32 pixels, filters of 7x7."""

from torch import Tensor, nn


class MiniConvNet(nn.Module):
    """Three 7x7 convolutions and a linear classifier: the small net whose filters the deck shows.

    The convolutions' weights are 16x3x7x7, 20x16x7x7 and 20x20x7x7. Each is followed by a ReLU and
    a 2x2 max pool, so the maps are 32, 16 and 8 pixels wide, and 4 where they are classified. There
    is no batch norm and no dropout: between the picture and the scores are these modules only.

    Parameters
    ----------
    classes : int
        Number of classes scored.

    References
    ----------
    The layout is that of ConvNetJS's CIFAR-10 demo (Karpathy, 2014), with wider filters.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=7, padding=3)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(16, 20, kernel_size=7, padding=3)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(20, 20, kernel_size=7, padding=3)
        self.relu3 = nn.ReLU()
        self.pool3 = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(20 * 4 * 4, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Score normalised pictures, (N, 3, 32, 32) float, for every class: (N, classes) logits."""
        x = self.pool1(self.relu1(self.conv1(x)))  # (N, 16, 16, 16)
        x = self.pool2(self.relu2(self.conv2(x)))  # (N, 20, 8, 8)
        x = self.pool3(self.relu3(self.conv3(x)))  # (N, 20, 4, 4)
        return self.fc(self.flatten(x))
