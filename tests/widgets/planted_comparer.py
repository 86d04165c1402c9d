"""A network whose three maps can be written down, and RuleComparer on it."""

import numpy as np
import torch
from torch import nn

from cnnviz_widgets import HookedModel, RuleComparer

RULES = ("backprop", "deconvnet", "guided")


class Planted(nn.Module):
    """Detectors of bright red pixels: the score is what they find at the left less what at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 2, 1), nn.ReLU()
        self.pool, self.fc = nn.AvgPool2d(2), nn.Linear(18, 3)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()
            self.conv.weight[:, 0] = 1.0
            self.conv.bias[:] = -0.5
            self.fc.weight[1, [0, 3, 6]] = 4.0  # channel 0, left column of the pooled map
            self.fc.weight[1, [2, 5, 8]] = -4.0  # and its right column
            self.fc.weight[2, 9:] = 1.0
            self.fc.bias[1] = 3.0

    def forward(self, x):
        return self.fc(self.pool(self.relu(self.conv(x))).flatten(1))


# Red, 6x6: bright in the first and the last two columns, in the upper half.
PICTURE = np.zeros((6, 6, 3), np.uint8)
PICTURE[:3, [0, 1, 4, 5], 0] = 255


def planted() -> HookedModel:
    return HookedModel(Planted(), (3, 6, 6), classes=["ant", "<b>bee</b>", "cat"], name="planted")


def comparer(model, **traits) -> RuleComparer:
    return RuleComparer(model, PICTURE, data=[PICTURE, 255 - PICTURE, PICTURE // 2], **traits)
