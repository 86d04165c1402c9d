"""Putting a network together: its architecture, its weights, its preprocessing and its class names.

One function per source. `open_model` in zoo.py chooses among them and makes a HookedModel of the pieces.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor, nn
from torchvision import models, transforms
from torchvision.models import WeightsEnum

from cnnviz_widgets.backend import mini_nets, places365
from cnnviz_widgets.backend.checkpoints import Checkpoint, count_classes, fill, read_checkpoint
from cnnviz_widgets.backend.downloads import Progress, fetch
from cnnviz_widgets.errors import WeightsError

EMBEDDED = Path(__file__).parent.parent / "weights"
Weights = str | Path | None
_SUFFIXES = {".pth", ".pt", ".tar", ".ckpt", ".bin", ".safetensors"}


@dataclass(frozen=True)
class Pieces:
    """A network and what is known of it, ready for HookedModel.

    Attributes
    ----------
    name : str
        As `open_model` takes it.
    network : nn.Module
        In evaluation mode, on the CPU.
    input_shape : tuple of int
        (C, H, W) of the pictures it was trained on.
    mean, std : tuple of float
        What pictures in [0, 1] are normalised by, per channel.
    classes : list of str or None
        Names in the order of the scores; None where they are not known.
    transform : callable
        Makes a normalised (C, H, W) float32 tensor of an RGB picture.
    """

    name: str
    network: nn.Module
    input_shape: tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: list[str] | None
    transform: Callable[[Image.Image], Tensor]


def from_torchvision(name: str, weights: Weights, progress: Progress, advice: str) -> Pieces:
    """Assemble a torchvision classifier, prepared for as its weights ask."""
    own = _own_file(weights)
    member = weights_member(name, "default" if weights is None or own else str(weights))
    known: Sequence[str] = default_classes(name)
    if own:
        network, classes = _fitted(name, own, known)
    elif weights is None:
        network, classes = _build(name, len(known)), None
    else:
        path = fetch(member.url, f"the weights of {name!r}", progress=progress, advice=advice)
        # A vision transformer's position code fixes the size of its pictures.
        size = {"image_size": member.meta["min_size"][0]} if name.startswith("vit_") else {}
        network, classes = _fitted(name, read_checkpoint(path), known, adapt=False, **size)
        if member.meta["categories"] is None:  # weights for features only: their last layers are not numbers
            classes = None
    preset = member.transforms()
    side = preset.crop_size[0]
    return Pieces(name, network, (3, side, side), tuple(preset.mean), tuple(preset.std), classes, preset)


def from_places365(name: str, weights: Weights, progress: Progress, advice: str) -> Pieces:
    """Assemble one of MIT's scene networks."""
    architecture, known = name.partition("/")[2], places365.classes()
    own = _own_file(weights)
    if own:
        network, classes = _fitted(architecture, own, known)
    elif weights is None:
        network, classes = _build(architecture, len(known)), None
    else:
        _only_default(name, weights)

        def approve(file: Path) -> None:
            # The release has no hashes: a download is trusted once all of it has gone into the network.
            try:
                _fitted(architecture, read_checkpoint(file), known, adapt=False)
            except WeightsError as error:
                raise ValueError("what came is damaged, or is not this network's") from error

        address, what = places365.url(architecture), f"the weights of {name!r}"
        path = fetch(address, what, progress=progress, approve=approve, advice=advice)
        network, classes = _fitted(architecture, read_checkpoint(path), known, adapt=False)
    mean, std, shape = places365.MEAN, places365.STD, places365.INPUT_SHAPE
    return Pieces(name, network, shape, mean, std, classes, places365.transform())


def from_file(name: str, weights: Weights, progress: Progress, advice: str) -> Pieces:
    """Assemble an embedded network from the file that describes it; nothing is downloaded."""
    packaged = read_checkpoint(EMBEDDED / f"{name}.safetensors")
    own = _own_file(weights)
    if weights is not None and not own:
        _only_default(name, weights)
    chosen = own or packaged
    # The student's own training run of the same recipe brings its own description.
    said = chosen.metadata if "mean" in chosen.metadata else packaged.metadata
    try:
        architecture = getattr(mini_nets, packaged.metadata["architecture"])
        mean, std, shape = (tuple(json.loads(said[key])) for key in ("mean", "std", "input_shape"))
        n_known = len(packaged.classes or ())
        classes = chosen.classes
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{chosen.path} does not describe its network as it should ({error!r})."
        ) from error
    network = architecture(n_known)
    if weights is None:
        classes = None
    else:
        n = count_classes(chosen, network, n_known) if own else n_known
        network = network if n in (None, n_known) else architecture(n)
        fill(network, chosen, repr(name))
        classes = classes if classes and len(classes) == (n or n_known) else None
    transform = transforms.Compose(
        [
            transforms.Resize(shape[1:]) if shape[1] != shape[2] else transforms.Resize(shape[1]),
            transforms.CenterCrop(shape[1:]),
            transforms.ToTensor(),
            transforms.Normalize(mean, std),
        ]
    )
    return Pieces(name, network, shape, mean, std, classes, transform)


def weights_member(name: str, weights: str) -> WeightsEnum:
    """Return the set of torchvision's weights of this name, in any case, or say which there are."""
    members = models.get_model_weights(name)
    kind, _, wanted = weights.rpartition(".")  # ResNet50_Weights.IMAGENET1K_V2 is understood, too
    found = members.__members__.get(wanted.upper())  # DEFAULT is among them, as another name of one
    if found is None or kind not in ("", members.__name__):
        every = [member.name for member in members]
        raise WeightsError(
            f"{name!r} has no weights called {weights!r}. There are {', '.join(map(repr, every))}; "
            "'default'; None for random weights; or the path of a file."
        )
    return found


@cache
def default_classes(name: str) -> tuple[str, ...]:
    """Return the class names of a torchvision classifier's default weights."""
    return tuple(weights_member(name, "default").meta["categories"])


def _own_file(weights: Weights) -> Checkpoint | None:
    """Read the student's own file, if `weights` is a path and not the name of a set of weights."""
    if weights is None or isinstance(weights, WeightsEnum):
        return None
    if not isinstance(weights, str | os.PathLike):
        raise WeightsError(f"weights are a name, the path of a file or None; got a {type(weights).__name__}.")
    is_path = isinstance(weights, os.PathLike) or "/" in weights or os.sep in weights
    if is_path or Path(weights).suffix.lower() in _SUFFIXES or Path(weights).is_file():
        return read_checkpoint(weights)
    return None


def _only_default(name: str, weights: object) -> None:
    if str(weights).lower() != "default":
        raise WeightsError(
            f"{name!r} has no weights called {weights!r}. "
            "There are 'default', None for random weights, or the path of a file."
        )


def _build(name: str, classes: int, checkpoint: Checkpoint | None = None, **options: Any) -> nn.Module:
    """Build a torchvision architecture with random weights, the fast way, to be filled from `checkpoint`."""
    if name in ("googlenet", "inception_v3"):
        # Their own initialisation samples truncated normals and takes up to a minute; torch's is used.
        options["init_weights"] = False
        if checkpoint:
            # As torchvision does for its weights, which want Inception's own scaling of the picture. A file
            # fine-tuned from them wants it, too, though it cannot say so.
            options["transform_input"] = True
            heads = any(key.startswith("AuxLogits.") for key in checkpoint.tensors)
            options["aux_logits"] = heads and name == "inception_v3"
    elif checkpoint and name.startswith("vgg"):
        options["init_weights"] = False
    return models.get_model(name, weights=None, num_classes=classes, **options)


def _fitted(
    name: str, checkpoint: Checkpoint, known: Sequence[str], *, adapt: bool = True, **options: Any
) -> tuple[nn.Module, list[str] | None]:
    """Build an architecture, fill it from a checkpoint, and name its classes.

    With `adapt`, the last layer takes the checkpoint's number of classes in place of ``len(known)``.
    """
    network = _build(name, len(known), checkpoint, **options)
    n = (count_classes(checkpoint, network, len(known)) if adapt else None) or len(known)
    if n != len(known):
        network = _build(name, n, checkpoint, **options)
    # GoogLeNet's files hold training heads that torchvision leaves out, too.
    fill(network, checkpoint, repr(name), spare=("aux1.", "aux2.") if name == "googlenet" else ())
    for names in (checkpoint.classes, known):
        if names and len(names) == n:
            return network, list(names)
    return network, None
