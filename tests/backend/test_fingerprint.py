"""Two networks with one fingerprint answer alike; whatever changes the answer changes it."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel, fingerprint
from tests.backend.toy_nets import small_net
from tests.conftest import REPOSITORY

SHAPE = (1, 12, 12)


def opened(network=None, **more):
    return HookedModel(network or small_net(), SHAPE, **more)


def counted(network):
    network.passes = 0  # this toy counts its passes, and what a network holds is part of it
    return network


def of(network=None, **more):
    model = opened(network, **more)
    counted(model.network)
    return fingerprint(model)


def test_the_same_network_has_the_same_one():
    assert of() == of() == of(small_net().train()) == of(copy.deepcopy(small_net()), name="another name")
    assert len(of()) == 32


def edited(change):
    network = small_net()
    with torch.no_grad():
        change(network)
    return network


class Sum(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.fc = nn.Linear(144, 3)

    def forward(self, x):
        return self.fc(x.flatten(1)) + x.mean()


class Difference(Sum):
    def forward(self, x):
        return self.fc(x.flatten(1)) - x.mean()


class SumAgain(Sum):
    def forward(self, x):
        return self.fc(x.flatten(1)) + x.mean()


Difference.__qualname__ = SumAgain.__qualname__ = "Edited"  # as when a cell is run again
Difference.__name__ = SumAgain.__name__ = "Edited"


def with_default(factor):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.fc = nn.Linear(144, 3)

        def forward(self, x, factor=factor):
            return self.fc(x.flatten(1)) * factor

    return Scaled()


class Buffered(nn.Module):
    def __init__(self, shift, unsaved=0.0, plain=0.0):
        super().__init__()
        torch.manual_seed(0)
        self.fc, self.shift, self.plain = nn.Linear(144, 3), shift, torch.tensor(plain)
        self.register_buffer("unsaved", torch.tensor(unsaved), persistent=False)
        self.kind = "grey"

    def forward(self, x):
        known = self.kind in {"grey", "red", "green", "blue"}  # a set, whose order is another in each process
        return (self.fc(x.flatten(1)) + self.shift + self.unsaved + self.plain) * known


CHANGES = {
    "a weight": lambda: (of(), of(edited(lambda n: n.fc.weight[0, 0].add_(1e-9)))),
    "running statistics": lambda: (of(), of(edited(lambda n: n.bn.running_var.mul_(1.01)))),
    "the kind of number": lambda: (of(), of(small_net().float())),
    "a module": lambda: (of(), of(edited(lambda n: setattr(n, "relu", nn.LeakyReLU())))),
    "a module's setting": lambda: (of(), of(edited(lambda n: setattr(n.bn, "eps", 0.1)))),
    "the code": lambda: (of(SumAgain()), of(Difference())),
    "a default": lambda: (of(with_default(1.0)), of(with_default(2.0))),
    "a number it holds": lambda: (of(Buffered(1.0)), of(Buffered(2.0))),
    "a buffer that is not saved": lambda: (of(Buffered(1.0)), of(Buffered(1.0, unsaved=1.0))),
    "a tensor it holds": lambda: (of(Buffered(1.0)), of(Buffered(1.0, plain=1.0))),
    "mean": lambda: (of(), of(mean=0.5)),
    "std": lambda: (of(), of(std=0.5)),
    "transform": lambda: (
        of(),
        of(transform=lambda i: torch.from_numpy(np.asarray(i.convert("L"))[None, :12, :12] / 255)),
    ),
    "size": lambda: (of(), fingerprint(HookedModel(counted(small_net()), (1, 16, 16)))),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_changes_it(what):
    before, after = CHANGES[what]()
    assert before != after


@pytest.mark.heavy
def test_another_process_finds_the_same():
    code = "from tests.backend.test_fingerprint import of, Buffered; print(of(Buffered(1.0)), of())"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(REPOSITORY)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == [of(Buffered(1.0)), of()]
