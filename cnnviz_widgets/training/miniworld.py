"""Six networks that learn Miniworld: one its objects, five its scenes, all by the same recipe."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from cnnviz_widgets.backend import mini_nets
from cnnviz_widgets.training import Recipe
from cnnviz_widgets.training.batch_norm import add_batch_norm
from cnnviz_widgets.training.drawn import World, draw, drawn
from cnnviz_widgets.training.finishing import Run, finish, measured
from cnnviz_widgets.training.lessons import LabelledPictures, accuracy, moved, normalized, shuffled, statistics
from cnnviz_widgets.training.loop import Job, run, write_whole

Kind = Literal["objects", "scenes"]

SIZE = 112  # pixels of a side
COUNTS = {"train": 12_000, "val": 1_000, "test": 2_000}
PICTURES = Path("runs") / "miniworld"

BATCH = 64
MAX_SHIFT = 8  # pixels
DECAY, FIRST_LAYER_DECAY = 5e-4, 5e-3
FIRST_LAYER_START = 0.1  # of PyTorch's usual spread
SMOOTHING = 0.1  # of the label goes to all classes alike


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
        epochs=40,
        target=0.92,
        peak_rate=0.05,
    ),
    Net(
        name="mini-vgg-scenes",
        architecture=mini_nets.MiniVGG,
        kind="scenes",
        about="VGG's stacks of 3x3 convolutions, with a head that class activation maps can be read from.",
        epochs=20,
        target=0.92,
    ),
    Net(
        name="mini-googlenet-scenes",
        architecture=mini_nets.MiniGoogLeNet,
        kind="scenes",
        about="GoogLeNet's inception modules: several filter sizes side by side.",
        epochs=20,
        target=0.92,
    ),
    Net(
        name="mini-resnet-scenes",
        architecture=mini_nets.MiniResNet,
        kind="scenes",
        about="ResNet's residual blocks, each adding to what came in.",
        epochs=20,
        target=0.92,
        folded=False,
    ),
    Net(
        name="mini-densenet-scenes",
        architecture=mini_nets.MiniDenseNet,
        kind="scenes",
        about="DenseNet's blocks, in which each layer reads all layers before it.",
        epochs=20,
        target=0.92,
        folded=False,
    ),
)


def world(kind: Kind, split: str, count: int, seed: int = 0) -> World:
    """Open `count` pictures of one split of Miniworld, 112x112 pixels."""
    miniworld = importlib.import_module("cnnviz_widgets.data.miniworld")
    dataset = {"objects": miniworld.Objects, "scenes": miniworld.Scenes}[kind]
    return dataset(split, n=count, size=SIZE, seed=seed)


def train(
    net: Net,
    data: str | Path | None,
    out: Path,
    *,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    quiet: bool = False,
) -> Path:
    """Train a network, going on from `out`'s checkpoint where there is one, and write its weights and card.

    Parameters
    ----------
    net : Net
        Which.
    data : str, Path or None
        Folder that keeps the drawn pictures, shared by all networks; None for ``runs/miniworld``.
    out : Path
        Folder of the run: checkpoint, log, and in the end ``NAME.safetensors``, its card ``NAME.md``, and
        ``NAME/epoch-05.safetensors`` and the like where epochs are kept.
    epochs, seed : int
        How long, and from which random numbers; the pictures are the same for every seed.
    device : str
        Where to compute, ``"cpu"`` or ``"cuda"``.
    quiet : bool
        Show no progress bar.

    Returns
    -------
    Path
        The safetensors file.
    """
    epochs = epochs or net.epochs
    open_split = partial(_kept_pictures, net.kind, Path(data or PICTURES), quiet=quiet)
    (lessons, checksum), (validation, _) = open_split("train"), open_split("val")
    test = world(net.kind, "test", COUNTS["test"])
    mean, std = statistics(lessons.pictures)
    with torch.random.fork_rng(), torch.backends.cudnn.flags(benchmark=False, deterministic=True):
        torch.manual_seed(seed)
        network = beginner(net, len(test.classes)).to(device).to(memory_format=torch.channels_last)
        this = Run(net.name, net.kind, tuple(test.classes), mean, std, epochs, seed, native_bf16(device))
        job = _job(net, network, lessons, this, checksum, lambda: accuracy(network, validation, mean, std))
        job = _keeping(job, network, [each for each in net.kept if each < epochs], out)
        log = run(job, epochs, out, quiet=quiet)
    pictures = draw(test, processes=torch.get_num_threads())
    return finish(net, this, network, log, pictures, len(lessons.labels), out)
