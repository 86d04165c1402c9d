"""The networks that learn Miniworld, what is particular to each, and the pictures they learn from."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import nn

from cnnviz_widgets.backend import mini_nets
from cnnviz_widgets.training.drawn import World

Kind = Literal["objects", "scenes"]

SIZE = 112  # pixels of a side
COUNTS = {"train": 12_000, "val": 1_200, "test": 2_400}


@dataclass(frozen=True)
class Net:
    """One network of this recipe, and what is particular to its training.

    Attributes
    ----------
    name : str
        As `open_model` takes it.
    architecture : type
        Called with the number of classes.
    kind : "objects" or "scenes"
        Which pictures, and so which labels.
    about : str
        A sentence for its model card.
    epochs : int
        Passes over the training pictures.
    target : float
        Share of the test pictures it must get right.
    peak_rate : float
        Highest learning rate.
    folded : bool
        Whether batch norm only helps it learn and is folded away; False where its family has batch norm.
    kept : tuple of int
        Epochs after which its weights are kept, beside the last.
    """

    name: str
    architecture: Callable[[int], nn.Module]
    kind: Kind
    about: str
    epochs: int
    target: float
    peak_rate: float = 0.1
    folded: bool = True
    kept: tuple[int, ...] = ()


@dataclass(frozen=True)
class Run:
    """One training run of a network: all that its result depends on.

    Attributes
    ----------
    net : Net
        Which network.
    classes : tuple of str
        Names of the classes, in the order of the labels.
    input_shape : tuple of int
        (3, H, W) of the pictures.
    mean, std : tuple of float
        Of the training pictures' pixels in 0..1, per channel.
    pictures : int
        Number of training pictures.
    epochs, seed : int
        How long, and from which random numbers.
    bf16 : bool
        Whether convolutions are computed in bfloat16 while learning.
    """

    net: Net
    classes: tuple[str, ...]
    input_shape: tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    pictures: int
    epochs: int
    seed: int
    bf16: bool


NETS = (
    Net(
        name="mini-alexnet-objects",
        architecture=mini_nets.MiniAlexNet,
        kind="objects",
        about="AlexNet's shape, trained to name the one object in the middle: the deck's ImageNet-CNN.",
        epochs=64,
        target=0.90,
        peak_rate=0.05,
        kept=(1, 2, 5, 10, 20, 30, 40),
    ),
    Net(
        name="mini-alexnet-scenes",
        architecture=mini_nets.MiniAlexNet,
        kind="scenes",
        about="AlexNet's shape, trained to name the place: the deck's Places-CNN.",
        epochs=24,
        target=0.92,
        peak_rate=0.05,
    ),
    Net(
        name="mini-vgg-scenes",
        architecture=mini_nets.MiniVGG,
        kind="scenes",
        about="VGG's stacks of 3x3 convolutions, with a head that class activation maps can be read from.",
        epochs=15,
        target=0.92,
    ),
    Net(
        name="mini-googlenet-scenes",
        architecture=mini_nets.MiniGoogLeNet,
        kind="scenes",
        about="GoogLeNet's inception modules: several filter sizes side by side.",
        epochs=15,
        target=0.92,
    ),
    Net(
        name="mini-resnet-scenes",
        architecture=mini_nets.MiniResNet,
        kind="scenes",
        about="ResNet's residual blocks, each adding to what came in.",
        epochs=15,
        target=0.92,
        folded=False,
    ),
    Net(
        name="mini-densenet-scenes",
        architecture=mini_nets.MiniDenseNet,
        kind="scenes",
        about="DenseNet's blocks, in which each layer reads all layers before it.",
        epochs=12,
        target=0.92,
        folded=False,
    ),
)


def world(kind: Kind, split: str, count: int, seed: int = 0) -> World:
    """Open `count` pictures of one split of Miniworld, 112x112 pixels."""
    miniworld = importlib.import_module("cnnviz_widgets.data.miniworld")
    dataset = {"objects": miniworld.Objects, "scenes": miniworld.Scenes}[kind]
    return dataset(split, n=count, size=SIZE, seed=seed)
