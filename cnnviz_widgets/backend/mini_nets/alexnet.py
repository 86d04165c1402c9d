"""AlexNet's shape for pictures of 112x112: large filters first, fully connected layers last."""

from torch import Tensor, nn


class MiniAlexNet(nn.Module):
    """Five convolutions and three fully connected layers, the first filters 11x11 pixels.

    As in AlexNet, pools are 3x3 with stride 2, so that they overlap, and follow the first, second and
    fifth convolution. Its stride of 4 is 3 here: half the picture's side, and still maps of 37 pixels.

    Parameters
    ----------
    classes : int
        Number of classes scored.

    References
    ----------
    Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012.
    """

    def __init__(self, classes: int = 28) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 48, kernel_size=11, stride=3, padding=4)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, stride=2)
        self.conv2 = nn.Conv2d(48, 64, kernel_size=5, padding=2)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(3, stride=2)
        self.conv3 = nn.Conv2d(64, 96, kernel_size=3, padding=1)
        self.relu3 = nn.ReLU()
        self.conv4 = nn.Conv2d(96, 96, kernel_size=3, padding=1)
        self.relu4 = nn.ReLU()
        self.conv5 = nn.Conv2d(96, 64, kernel_size=3, padding=1)
        self.relu5 = nn.ReLU()
        self.pool5 = nn.MaxPool2d(3, stride=2)
        self.flatten = nn.Flatten()
        self.fc6 = nn.Linear(64 * 3 * 3, 192)
        self.relu6 = nn.ReLU()
        self.drop6 = nn.Dropout(0.25)
        self.fc7 = nn.Linear(192, 192)
        self.relu7 = nn.ReLU()
        self.drop7 = nn.Dropout(0.25)
        self.fc8 = nn.Linear(192, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Score normalised pictures, (N, 3, 112, 112) float, for every class: (N, classes) logits."""
        x = self.pool1(self.relu1(self.conv1(x)))  # (N, 48, 18, 18)
        x = self.pool2(self.relu2(self.conv2(x)))  # (N, 64, 8, 8)
        x = self.relu3(self.conv3(x))
        x = self.relu4(self.conv4(x))
        x = self.pool5(self.relu5(self.conv5(x)))  # (N, 64, 3, 3)
        x = self.drop6(self.relu6(self.fc6(self.flatten(x))))
        x = self.drop7(self.relu7(self.fc7(x)))
        return self.fc8(x)
