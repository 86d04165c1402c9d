"""Learning Miniworld: one recipe for all six networks, one of its objects, five of its scenes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from cnnviz_widgets.backend.checkpoints import fill, read_checkpoint
from cnnviz_widgets.errors import WeightsError
from cnnviz_widgets.training import Recipe
from cnnviz_widgets.training.batch_norm import add_batch_norm
from cnnviz_widgets.training.drawn import Drawn, draw, drawn
from cnnviz_widgets.training.finishing import finish
from cnnviz_widgets.training.lessons import (
    LabelledPictures,
    accuracy,
    moved,
    normalized,
    shuffled,
    statistics,
    tinted,
)
from cnnviz_widgets.training.loop import Job, run, write_whole
from cnnviz_widgets.training.world_nets import COUNTS, NETS, Kind, Net, Run, world

PICTURES = Path("runs") / "miniworld"
BATCH = 64
MAX_SHIFT = 8  # pixels
MAX_TINT = 0.2  # of the training pictures' spread
DECAY, FIRST_LAYER_DECAY = 5e-4, 5e-3
FIRST_LAYER_START = 0.1  # of PyTorch's usual spread
SMOOTHING = 0.1  # of a label that is spread over all classes


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
    folder = Path(data or PICTURES)
    (lessons, checksum), (validation, _) = (_kept(net, each, folder, quiet) for each in ("train", "val"))
    mean, std = statistics(lessons.pictures)
    classes = tuple(world(net.kind, "train", COUNTS["train"]).classes)
    shape = tuple(lessons.pictures.shape[1:])
    this = Run(net, classes, shape, mean, std, len(lessons.labels), epochs, seed, native_bf16(device))
    with torch.random.fork_rng(), torch.backends.cudnn.flags(benchmark=False, deterministic=True):
        torch.manual_seed(seed)
        network = beginner(net, len(classes)).to(device).to(memory_format=torch.channels_last)
        job = replace(
            _job(this, network, lessons, checksum),
            measure=lambda: {"val_accuracy": accuracy(network, validation, mean, std)},
            after_epoch=partial(_keep, network, out, [each for each in net.kept if each < epochs]),
        )
        log = run(job, epochs, out, quiet=quiet)
    states = {number: _read_kept(out, number) for number in net.kept if number < epochs}
    return finish(this, log, network, states, test_pictures(net.kind, COUNTS["test"], 0), out)


def evaluate(net: Net, data: str | Path | None, file: Path, *, seed: int = 0, device: str = "cpu") -> float:
    """Share of the test pictures, drawn anew, that the weights in `file` get right; `data` is not used."""
    checkpoint = read_checkpoint(file)
    classes = list(world(net.kind, "test", COUNTS["test"], seed).classes)
    network = net.architecture(len(classes)).to(device)
    fill(network, checkpoint, net.name)
    if checkpoint.classes != classes:
        raise WeightsError(
            f"{file} scores {checkpoint.classes}; Miniworld's {net.kind} are {classes}. Train it again."
        )
    try:
        mean, std = (json.loads(checkpoint.metadata[key]) for key in ("mean", "std"))
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{file} does not say how its pictures are normalised ({error!r}).") from error
    return accuracy(network, test_pictures(net.kind, COUNTS["test"], seed), mean, std)


def beginner(net: Net, classes: int) -> nn.Module:
    """Build a network before its first lesson.

    Its first layer starts small: what the filters learn soon outweighs the random numbers they began
    with, which would otherwise stay visible as grain.
    """
    network = net.architecture(classes)
    with torch.no_grad():
        first_filters(network).mul_(FIRST_LAYER_START)
    return add_batch_norm(network) if net.folded else network


def first_filters(network: nn.Module) -> Tensor:
    """Find the weights of the first convolution, (filters, 3, height, width)."""
    return next(each.weight for each in network.modules() if isinstance(each, nn.Conv2d))


def native_bf16(device: str) -> bool:
    """Tell whether a device computes with bfloat16 itself, which is then nearly twice as fast.

    Where it would have to imitate it, float32 is faster.
    """
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    # The question can be asked since torch 2.10; before, float32 is always right.
    told: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(told.get("avx512_bf16") or told.get("amx_bf16"))


def _job(this: Run, network: nn.Module, lessons: LabelledPictures, checksum: int) -> Job[Tensor]:
    """One step and all that it changes: momentum descent whose rate rises, then falls as a cosine."""
    net, device = this.net, next(network.parameters()).device
    first = first_filters(network)
    others = [each for each in network.parameters() if each is not first]
    groups: list[dict[str, Any]] = [
        {"params": [first], "weight_decay": FIRST_LAYER_DECAY},
        {"params": others},
    ]
    optimizer = torch.optim.SGD(groups, net.peak_rate, momentum=0.9, nesterov=True, weight_decay=DECAY)
    steps = this.epochs * (len(lessons.labels) // min(BATCH, len(lessons.labels)))
    schedule = OneCycleLR(optimizer, net.peak_rate, steps, pct_start=0.1, cycle_momentum=False)

    def step(chosen: Tensor) -> float:
        network.train()
        pictures, labels = lessons.pictures[chosen].to(device), lessons.labels[chosen].to(device)
        x = tinted(normalized(moved(pictures, MAX_SHIFT), this.mean, this.std), MAX_TINT)
        with torch.autocast(device.type, torch.bfloat16, enabled=this.bf16):
            scores = network(x)
        loss = F.cross_entropy(scores.float(), labels, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return loss.item()

    settings = {"recipe": net.name, "epochs": this.epochs, "seed": this.seed, "bf16": this.bf16}
    return Job(
        parts={"network": network, "optimizer": optimizer, "schedule": schedule},
        batches=lambda: shuffled(len(lessons.labels), BATCH),
        step=step,
        measure=dict,
        settings=settings | {"pictures": this.pictures, "checksum": checksum},
    )


def _kept(net: Net, split: str, folder: Path, quiet: bool) -> Drawn:
    name = f"{net.kind}-{split}-{COUNTS[split]}"
    processes = torch.get_num_threads()
    return drawn(world(net.kind, split, COUNTS[split]), name, folder, processes=processes, quiet=quiet)


@lru_cache(maxsize=2)  # a report measures many networks on the same pictures
def test_pictures(kind: Kind, count: int, seed: int) -> LabelledPictures:
    """Draw the test pictures of one kind, 38 MB a thousand."""
    return draw(world(kind, "test", count, seed), processes=torch.get_num_threads())


def _keep(network: nn.Module, out: Path, wanted: Sequence[int], number: int) -> None:
    if number in wanted:
        write_whole(_kept_path(out, number), lambda path: torch.save(network.state_dict(), path))


def _read_kept(out: Path, number: int) -> dict[str, Tensor]:
    path = _kept_path(out, number)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a cut file can fail in the zip or in the unpickler
        raise WeightsError(
            f"The weights after epoch {number}, {path}, are missing or damaged. "
            f"They cannot be had without learning again: delete {out} to start over."
        ) from error


def _kept_path(out: Path, number: int) -> Path:
    return out / f"after-epoch-{number:02}.pt"


def _recipe(net: Net) -> Recipe:
    learn: Callable[..., Path] = partial(train, net)
    return Recipe(net.name, net.about, net.epochs, net.target, None, learn, partial(evaluate, net))


RECIPES = {net.name: _recipe(net) for net in NETS}
