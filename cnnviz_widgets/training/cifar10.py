"""CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 photos of 32x32 pixels in 10 classes, from a folder on disk."""

import io
import pickle
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.training.lessons import LabelledPictures

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""The ten classes in the data set's own order: a label is an index into this."""

MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)
"""Mean and standard deviation of the training pixels per channel, RGB in 0..1."""

Split = Literal["train", "test"]

_BATCHES = {"train": [f"data_batch_{n}" for n in range(1, 6)], "test": ["test_batch"]}


def read_cifar10(folder: str | Path, split: Split) -> LabelledPictures:
    """Read one split of CIFAR-10 whole, 150 MB for the 50,000 training pictures.

    Parameters
    ----------
    folder : str or Path
        Either the root that torchvision's ``CIFAR10(root, download=True)`` filled (or the
        ``cifar-10-batches-py`` in it), or a folder with ``train.npz`` and ``test.npz``, each holding
        the pictures as encoded files: ``jpeg`` (all bytes, one after another), ``offsets`` (N + 1),
        ``labels`` and ``classes``.
    split : {"train", "test"}
        Which pictures.

    Returns
    -------
    LabelledPictures
        Pictures (N, 3, 32, 32), labels in 0..9, in the files' order.

    Raises
    ------
    PictureError
        If the folder does not hold CIFAR-10 or a file of it is damaged; the message says which.
    """
    files, read = _find(Path(folder), split)
    parts = []
    for file in files:
        try:
            pictures, labels = read(file)
            parts.append(_checked(pictures, labels))
        except Exception as error:  # a damaged zip, pickle or JPEG can raise anything; the file's name helps
            said = f"{type(error).__name__}: {error}"
            raise PictureError(f"{file} is damaged or is not CIFAR-10 ({said}). Fetch it again.") from error
    return LabelledPictures(torch.cat([each[0] for each in parts]), torch.cat([each[1] for each in parts]))


def _find(folder: Path, split: Split) -> tuple[list[Path], Callable[[Path], tuple[np.ndarray, Any]]]:
    """Tell by the file names which of the two layouts `folder` has."""
    packed = folder / f"{split}.npz"
    if packed.is_file():
        return [packed], _read_npz
    for root in (folder / "cifar-10-batches-py", folder):
        present = [name for name in _BATCHES[split] if (root / name).is_file()]
        missing = sorted(set(_BATCHES[split]) - set(present))
        if present and missing:
            raise PictureError(f"{root} lacks {', '.join(missing)}. Unpack CIFAR-10's archive again.")
        if present:
            return [root / name for name in present], _read_batch
    reason = "it holds other files, or none" if folder.is_dir() else "there is no such folder"
    raise PictureError(
        f"No CIFAR-10 {split} pictures in {str(folder)!r}: {reason}. Expected is {split}.npz, or what "
        f"torchvision.datasets.CIFAR10({str(folder)!r}, download=True) puts there."
    )


def _read_npz(file: Path) -> tuple[np.ndarray, Any]:
    with np.load(file, allow_pickle=False) as packed:
        jpeg, offsets, labels = (packed[key] for key in ("jpeg", "offsets", "labels"))
        if tuple(packed["classes"]) != CLASSES:
            raise ValueError(f"its classes are {list(packed['classes'])}, not {list(CLASSES)}")
    one_by_one = (jpeg[start:end].tobytes() for start, end in pairwise(offsets))
    pictures = np.stack([np.asarray(Image.open(io.BytesIO(each)).convert("RGB")) for each in one_by_one])
    return pictures.transpose(0, 3, 1, 2), labels


def _read_batch(file: Path) -> tuple[np.ndarray, Any]:
    with file.open("rb") as stream:
        batch = _ArraysOnly(stream, encoding="latin1").load()  # Python 2 wrote it
    return batch["data"].reshape(-1, 3, 32, 32), batch["labels"]


def _checked(pictures: np.ndarray, labels: Any) -> tuple[Tensor, Tensor]:
    labels = np.asarray(labels, dtype=np.int64)
    if pictures.shape != (len(labels), 3, 32, 32) or pictures.dtype != np.uint8 or not len(labels):
        raise ValueError(f"{len(labels)} labels for pictures {pictures.shape} of {pictures.dtype}")
    if labels.min() < 0 or labels.max() >= len(CLASSES):
        raise ValueError(f"labels from {labels.min()} to {labels.max()} where 0 to 9 are known")
    return torch.tensor(pictures), torch.tensor(labels)


class _ArraysOnly(pickle.Unpickler):
    """Unpickle arrays and plain containers only: a pickle can otherwise run any program it likes."""

    _SAFE = frozenset({"_reconstruct", "ndarray", "dtype", "encode"})

    def find_class(self, module: str, name: str) -> Any:
        if name in self._SAFE and module.split(".")[0] in ("numpy", "_codecs"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no CIFAR-10 file needs")
