"""Three 7x7 convolutions that tell CIFAR-10's ten classes apart, with filters smooth enough to look at."""

import json
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from cnnviz_widgets.backend.checkpoints import fill, read_checkpoint
from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.training import Recipe
from cnnviz_widgets.training.batch_norm import add_batch_norm, fold_batch_norm
from cnnviz_widgets.training.cifar10 import CLASSES, MEAN, STD, read_cifar10
from cnnviz_widgets.training.lessons import LabelledPictures, accuracy, moved, normalized, shuffled
from cnnviz_widgets.training.loop import Job, run, write_whole

NAME = "mini-convnet"
EPOCHS = 30
BATCH = 64
PEAK_RATE = 0.1
MAX_SHIFT = 2  # pixels
DECAY, FIRST_LAYER_DECAY = 5e-4, 5e-3
FIRST_LAYER_START = 0.1  # of PyTorch's usual spread


def train(
    data: str | Path,
    out: Path,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    device: str = "cpu",
    quiet: bool = False,
) -> Path:
    """Train the network, going on from `out`'s checkpoint where there is one, and write its weights.

    Parameters
    ----------
    data : str or Path
        Folder with CIFAR-10, as `read_cifar10` takes it.
    out : Path
        Folder of the run: checkpoint, log, and in the end ``mini-convnet.safetensors``.
    epochs, seed : int
        How long, and from which random numbers.
    device : str
        Where to compute, ``"cpu"`` or ``"cuda"``.
    quiet : bool
        Show no progress bar.

    Returns
    -------
    Path
        The safetensors file.
    """
    lessons, test = (_to(device, read_cifar10(data, split)) for split in ("train", "test"))
    with torch.random.fork_rng(), torch.backends.cudnn.flags(benchmark=False, deterministic=True):
        torch.manual_seed(seed)
        network = _beginner().to(device).to(memory_format=torch.channels_last)
        job = _job(network, lessons, test, epochs, seed)
        run(job, epochs, out, quiet=quiet)
    plain = fold_batch_norm(network)
    card = {
        "name": NAME,
        "architecture": MiniConvNet.__name__,
        "classes": json.dumps(CLASSES),
        "mean": json.dumps(MEAN),
        "std": json.dumps(STD),
        "input_shape": json.dumps([3, 32, 32]),
        "accuracy": f"{accuracy(plain, test, MEAN, STD):.4f}",
        "data": f"CIFAR-10, {len(lessons.labels)} training pictures",
        "recipe": f"{NAME} --epochs {epochs} --seed {seed}",
    }
    state = {key: each.detach().cpu().contiguous() for key, each in plain.state_dict().items()}
    file = out / f"{NAME}.safetensors"
    write_whole(file, lambda path: save_file(state, path, metadata=card))
    return file


def evaluate(data: str | Path, file: Path, *, first: int | None = None, device: str = "cpu") -> float:
    """Share of CIFAR-10's test pictures, all or the `first` ones, that the weights in `file` get right."""
    checkpoint = read_checkpoint(file)
    network = MiniConvNet(len(CLASSES)).to(device)
    fill(network, checkpoint, NAME)
    mean, std = (json.loads(checkpoint.metadata.get(key, "null")) for key in ("mean", "std"))
    test = LabelledPictures(*(each[:first] for each in _to(device, read_cifar10(data, "test"))))
    return accuracy(network, test, mean or MEAN, std or STD)


def _beginner() -> nn.Module:
    """The network before its first lesson.

    Its first layer starts small: what the filters learn soon outweighs the random numbers they began
    with, which would otherwise stay visible as grain.
    """
    network = add_batch_norm(MiniConvNet(len(CLASSES)))
    with torch.no_grad():
        network.get_parameter("conv1.conv.weight").mul_(FIRST_LAYER_START)
    return network


def _job(
    network: nn.Module, lessons: LabelledPictures, test: LabelledPictures, epochs: int, seed: int
) -> Job[Tensor]:
    """One step and all that it changes: momentum descent whose rate rises, then falls as a cosine."""
    first = network.get_parameter("conv1.conv.weight")
    others = [each for each in network.parameters() if each is not first]
    groups: list[dict[str, Any]] = [
        {"params": [first], "weight_decay": FIRST_LAYER_DECAY},
        {"params": others},
    ]
    optimizer = torch.optim.SGD(groups, PEAK_RATE, momentum=0.9, nesterov=True, weight_decay=DECAY)
    steps = epochs * len(shuffled(len(lessons.labels), BATCH))
    schedule = OneCycleLR(optimizer, PEAK_RATE, steps, pct_start=0.1, cycle_momentum=False)

    def step(chosen: Tensor) -> float:
        network.train()
        x = normalized(moved(lessons.pictures[chosen], MAX_SHIFT), MEAN, STD)
        loss = F.cross_entropy(network(x), lessons.labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return loss.item()

    return Job(
        parts={"network": network, "optimizer": optimizer, "schedule": schedule},
        batches=lambda: shuffled(len(lessons.labels), BATCH),
        step=step,
        measure=lambda: {"test_accuracy": accuracy(network, test, MEAN, STD)},
        settings={"recipe": NAME, "epochs": epochs, "seed": seed, "pictures": len(lessons.labels)},
    )


def _to(device: str, data: LabelledPictures) -> LabelledPictures:
    return LabelledPictures(data.pictures.to(device), data.labels.to(device))


RECIPES = {
    NAME: Recipe(
        name=NAME,
        about="Three 7x7 convolutions that tell CIFAR-10's ten classes apart.",
        epochs=EPOCHS,
        target=None,
        wants="CIFAR-10",
        train=train,
        evaluate=evaluate,
    )
}
