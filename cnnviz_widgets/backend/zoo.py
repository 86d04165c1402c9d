"""Opening a network by its name: torchvision's, MIT's Places365 ones, and the embedded ones."""

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, overload

import torch
from torchvision import models

from cnnviz_widgets.backend import assembly, places365
from cnnviz_widgets.backend.assembly import EMBEDDED, Pieces, weights_member
from cnnviz_widgets.backend.checkpoints import read_checkpoint
from cnnviz_widgets.backend.downloads import Progress, cached_path
from cnnviz_widgets.backend.hooked_model import HookedModel
from cnnviz_widgets.backend.series import Epochs, epochs_of, find_epochs, split_epoch
from cnnviz_widgets.errors import ModelNameError, WeightsError, nearest

Source = Literal["embedded", "torchvision", "places365"]


@dataclass(frozen=True)
class ModelInfo:
    """What can be said of a model without opening it.

    Attributes
    ----------
    name : str
        As `open_model` takes it.
    source : str
        "embedded", "torchvision" or "places365".
    classes : int
        Number of classes it scores.
    megabytes : float
        Size of its file of weights, in 2**20 bytes.
    cached : bool
        Whether the file is there now, so that opening the model needs no network.
    path : Path
        Where the file is, or will be.
    epochs : tuple of int
        Epochs of its training run that can be opened, as "name@5"; empty where there are final weights only.
    """

    name: str
    source: Source
    classes: int
    megabytes: float
    cached: bool
    path: Path
    epochs: tuple[int, ...] = ()


@overload
def open_model(
    name: str, weights: str | Path | None = "default", *, epochs: None = None, progress: Progress = True
) -> HookedModel: ...


@overload
def open_model(name: str, *, epochs: Epochs, progress: Progress = True) -> list[HookedModel]: ...


def open_model(
    name: str,
    weights: str | Path | None = "default",
    *,
    epochs: Epochs | None = None,
    progress: Progress = True,
) -> HookedModel | list[HookedModel]:
    """Open a network by its name, with its weights, preprocessing and class names.

    Weights that are not on this machine are downloaded once, into torch's own folder (`TORCH_HOME` is
    honoured). Embedded models never need a network.

    Parameters
    ----------
    name : str
        One of `model_names()`: a torchvision classifier as "alexnet", a scene network as
        "places365/resnet18", or an embedded model as "mini-convnet". Capitals, dots and hyphens are forgiven.
        "mini-alexnet-objects@5" is that network as it was after epoch 5 of its training.
    weights : str, Path or None
        "default"; one of torchvision's sets, as "IMAGENET1K_V1"; a file of your own weights (.pth from
        ``torch.save(network.state_dict(), path)``, or .safetensors), whose number of classes may differ and
        whose pictures are prepared as for the default weights; None for random weights without a download.
        Class names of your own come from the file, if it is safetensors with a "classes" entry (a JSON list)
        in its metadata; ImageNet's and Places365's are used where the number of classes is theirs.
    epochs : "all", list of int or None
        Open a training run: the network as it was after each of these epochs, or after all that were kept;
        ``model_info(name).epochs`` lists them.
    progress : bool or callable
        Show a bar while downloading, or not, or call a function with ``(bytes so far, bytes in all)``.

    Returns
    -------
    HookedModel, or a list of them where `epochs` is given
        In evaluation mode, on the CPU. `classes` is None where the names are not known. Those of a list are
        in the order of the epochs, and each one's `name` tells its epoch.

    Raises
    ------
    ModelNameError
        There is no such model.
    WeightsError
        There are no such weights, no such epoch, or the file is damaged or another network's.
    DownloadError
        The weights are not here and cannot be fetched.

    Notes
    -----
    A download arrives whole and checked, or leaves nothing behind. Schools that keep a copy of the files name
    its address in the environment variable ``CNNVIZ_MIRROR``.

    Examples
    --------
    >>> model = open_model("resnet18", weights=None)
    >>> model.input_shape
    (3, 224, 224)
    >>> [model.name for model in open_model("mini-alexnet-objects", epochs=[1, 5])]  # doctest: +SKIP
    ['mini-alexnet-objects@1', 'mini-alexnet-objects@5']
    """
    if epochs is None:
        return _hooked(load(name, weights, progress=progress))
    if weights != "default":
        raise WeightsError(
            f"{name!r} can be opened with weights={weights!r} or by its epochs, not with both."
        )
    network, epoch = split_epoch(name)
    if epoch is not None:
        raise ModelNameError(
            f"{name!r} names one epoch already; for several: open_model({network!r}, epochs=...)."
        )
    name = find(network)
    return [_hooked(load(f"{name}@{number}")) for number in find_epochs(EMBEDDED, name, epochs)]


def _hooked(pieces: Pieces) -> HookedModel:
    return HookedModel(
        pieces.network,
        pieces.input_shape,
        mean=pieces.mean,
        std=pieces.std,
        classes=pieces.classes,
        transform=pieces.transform,
        name=pieces.name,
    )


def model_names(source: Source | None = None) -> list[str]:
    """List the models `open_model` knows, the embedded ones first.

    Earlier epochs of a training run are not listed one by one; ``model_info(name).epochs`` has them.

    Parameters
    ----------
    source : "embedded", "torchvision", "places365" or None
        List those of one source only.
    """
    names = {
        "embedded": sorted(path.stem for path in EMBEDDED.glob("*.safetensors")),
        "torchvision": _torchvision_names(),
        "places365": [f"{places365.SOURCE}/{each}" for each in places365.ARCHITECTURES],
    }
    if source is None:
        return [name for group in names.values() for name in group]
    if source not in names:
        raise ModelNameError(f"There is no source of models called {source!r}. {nearest(source, names)}")
    return list(names[source])


def model_info(name: str, weights: str = "default") -> ModelInfo:
    """Tell a model's source, size and whether its weights are here, without opening or downloading it.

    Parameters
    ----------
    name : str
        One of `model_names()`, or an epoch of one as "mini-alexnet-objects@5".
    weights : str
        "default" or one of torchvision's sets.

    Raises
    ------
    ModelNameError, WeightsError
        There is no such model, or no such set of weights.
    """
    network, epoch = split_epoch(name)
    name = find(network)
    source = _source(name)
    epochs: tuple[int, ...] = ()
    if epoch is not None:
        path = find_epochs(EMBEDDED, name, [epoch])[epoch]
        classes, megabytes = _told(path)
        name = f"{name}@{epoch}"
    elif source == "torchvision":
        member = weights_member(name, weights)
        path = cached_path(member.url)
        classes, megabytes = (
            len(member.meta["categories"] or assembly.default_classes(name)),
            member.meta["_file_size"],
        )
    elif source == "places365":
        architecture = name.split("/")[1]
        path, classes = cached_path(places365.url(architecture)), len(places365.classes())
        megabytes = _megabytes(architecture, classes)
    else:
        path = EMBEDDED / f"{name}.safetensors"
        classes, megabytes = _told(path)
        epochs = tuple(epochs_of(EMBEDDED, name))
    return ModelInfo(name, source, classes, float(megabytes), path.is_file(), path, epochs)


def find(name: str) -> str:
    """Return the name of `model_names()` that is meant by `name`, or say which are near.

    Raises
    ------
    ModelNameError
        There is none, or `name` is no string.
    """
    if not isinstance(name, str):
        raise ModelNameError(
            f"open_model takes the name of a model and got a {type(name).__name__}. "
            "For a network of your own: HookedModel(network)."
        )
    names = model_names()
    plain = re.sub(r"[-.\s_]+", "_", name.strip().lower())
    for separator in ("_", ""):  # regnet_x_16gf and regnet_x_1_6gf differ by separators alone: those first
        meant = plain.replace("_", separator)
        same = [each for each in names if re.sub(r"[-_]", separator, each) == meant]
        if len(same) == 1:
            return same[0]
    guess = nearest(plain, names)
    raise ModelNameError(
        f"There is no model called {name!r}. {guess} model_names() lists all. {_offline()}".rstrip()
    )


def load(name: str, weights: str | Path | None = "default", *, progress: Progress = True) -> Pieces:
    """Put together a network and what is known of it; arguments and errors are those of `open_model`."""
    network, epoch = split_epoch(name)
    name = find(network)
    if epoch is not None:
        if weights != "default":
            raise WeightsError(f"{name}@{epoch} is a set of weights already; weights={weights!r} is another.")
        pieces = load(name, find_epochs(EMBEDDED, name, [epoch])[epoch])
        return replace(pieces, name=f"{name}@{epoch}")
    assemble = {
        "torchvision": assembly.from_torchvision,
        "places365": assembly.from_places365,
        "embedded": assembly.from_file,
    }[_source(name)]
    pieces = assemble(name, weights, progress, _offline())
    pieces.network.eval()
    return pieces


def _told(path: Path) -> tuple[int, float]:
    """Read the number of classes from an embedded network's file, and its size in 2**20 bytes."""
    return len(read_checkpoint(path).classes or ()), path.stat().st_size / 2**20


def _source(name: str) -> Source:
    if name.startswith(f"{places365.SOURCE}/"):
        return "places365"
    return "torchvision" if name in _torchvision_names() else "embedded"


@cache
def _torchvision_names() -> tuple[str, ...]:
    return tuple(models.list_models(module=models))  # this module alone: not detection, not video


@cache
def _megabytes(architecture: str, classes: int) -> float:
    """Compute the size of an architecture's weights as float32, without making any."""
    with torch.device("meta"):
        state = models.get_model(architecture, weights=None, num_classes=classes).state_dict()
    return sum(4 * value.numel() for value in state.values()) / 2**20


def _offline() -> str:
    """Name the models that need no network."""
    names = ", ".join(f"open_model({name!r})" for name in model_names("embedded"))
    return f"These need no network: {names}." if names else ""
