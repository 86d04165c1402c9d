"""Reading files of weights, and putting them into the network they belong to.

Only tensors are read (`weights_only=True`, or safetensors): opening a file never runs code from it.
"""

import json
import re
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from cnnviz_widgets.errors import WeightsError

# What DataParallel and torch.compile put into the names of what they wrap, in front or in the middle.
_WRAPPERS = re.compile(r"(^|(?<=\.))(?:module|_orig_mod)\.")
# DenseNets before torch 0.4 named their layers norm.1, relu.1, conv.1.
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(?=[12]\.)")
_NESTS = ("state_dict", "model_state_dict", "model", "net")


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a file by name, and what the file says about them.

    Attributes
    ----------
    path : Path
        The file.
    tensors : dict of str to Tensor
        Weights by the names of the bare network, of any dtype, on the CPU.
    metadata : dict of str to str
        What a safetensors file says about itself; empty for other files.
    versions : dict or None
        torch's record of module versions, which tells older layouts of the same layer.
    """

    path: Path
    tensors: dict[str, Tensor]
    metadata: dict[str, str]
    versions: dict[str, Any] | None = None

    @property
    def classes(self) -> list[str] | None:
        """Names of the classes, where the file holds them."""
        if "classes" not in self.metadata:
            return None
        try:
            names = json.loads(self.metadata["classes"])
        except ValueError:
            names = None
        if not isinstance(names, list):
            raise WeightsError(f'"classes" in the metadata of {self.path} is not a JSON list of names.')
        return [str(name) for name in names]


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read the weights of a .safetensors file or of anything `torch.save` wrote.

    Raises
    ------
    WeightsError
        There is no such file, it is damaged, or it holds no weights.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise WeightsError(f"There is no file of weights at {path}.")
    if path.suffix.lower() == ".safetensors":
        content, metadata = _read_safetensors(path)
    else:
        content, metadata = _read_torch(path), {}
    for nest in _NESTS:
        if isinstance(content, Mapping) and isinstance(content.get(nest), Mapping):
            content = content[nest]
            break
    tensors = {
        _bare(name): value
        for name, value in (content.items() if isinstance(content, Mapping) else ())
        if isinstance(name, str) and isinstance(value, Tensor)
    }
    if not tensors:
        raise WeightsError(
            f"{path} holds no named weights, but {_kind(content)}. "
            "Save a network's weights with torch.save(network.state_dict(), path)."
        )
    versions = getattr(content, "_metadata", None)
    if versions is not None:
        versions = {_bare(f"{name}.")[:-1]: value for name, value in versions.items()}
    return Checkpoint(path, tensors, metadata, versions)


def _bare(name: str) -> str:
    return _OLD_DENSENET.sub(r"\1", _WRAPPERS.sub("", name))


def _kind(content: object) -> str:
    if isinstance(content, Mapping):
        return (
            f"a dict with the keys {', '.join(map(repr, list(content)[:5]))}" if content else "an empty dict"
        )
    return f"a {type(content).__name__}"


def _read_safetensors(path: Path) -> tuple[Any, dict[str, str]]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118 - no dict
    except Exception as error:  # safetensors and OSErrors alike: the file cannot be read
        raise WeightsError(f"{path} cannot be read as safetensors: {error}. {_REMEDY}") from error


def _read_torch(path: Path) -> Any:
    try:
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except UnicodeDecodeError:
            # Byte strings pickled by Python 2, as Places365's were. torch warns that it ignores the encoding,
            # and does not.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return torch.load(path, map_location="cpu", weights_only=True, encoding="latin1")
    except Exception as error:  # a damaged pickle can raise anything, an IndexError or a KeyError too
        if "GLOBAL" in str(error):
            raise WeightsError(
                f"{path} holds Python objects and not only weights, perhaps a whole network saved with "
                "torch.save(network); such files can run code when they are opened, so they are not. "
                "Save the weights alone with torch.save(network.state_dict(), path)."
            ) from error
        said = (str(error).splitlines() or [""])[0][:200]
        raise WeightsError(f"{path} is damaged or is no file of weights ({said}). {_REMEDY}") from error


_REMEDY = "If it was downloaded, delete it and open the model again."


def count_classes(checkpoint: Checkpoint, network: nn.Module, classes: int) -> int | None:
    """Tell how many classes a checkpoint scores, given a network of the same kind that scores `classes`.

    Returns
    -------
    int or None
        None where the checkpoint has no such last layer.
    """
    last = [name for name, value in network.state_dict().items() if value.ndim and len(value) == classes]
    value = checkpoint.tensors.get(last[-1]) if last else None
    return len(value) if value is not None and value.ndim else None


def fill(network: nn.Module, checkpoint: Checkpoint, name: str, spare: tuple[str, ...] = ()) -> None:
    """Put a checkpoint's weights into a fresh `network`, in the network's own dtype, and see that all fit.

    Parameters
    ----------
    network : nn.Module
        Changed in place; to be thrown away after an error.
    checkpoint : Checkpoint
        Weights of any float dtype.
    name : str
        What the network is called, for messages.
    spare : tuple of str
        Beginnings of names that the file may hold and the network need not have.

    Raises
    ------
    WeightsError
        A weight is missing, has another shape, or has no place in the network.
    """
    wanted = network.state_dict()
    state: Any = OrderedDict(checkpoint.tensors)
    reshaped = [key for key, value in wanted.items() if key in state and state[key].shape != value.shape]
    for key in reshaped:
        del state[key]
    # torch hands these to each module; some then rename old weights (ViT, Swin) or refuse to guess (MNASNet).
    root = {"": {"version": getattr(network, "_version", None)}}
    state._metadata = OrderedDict(root if checkpoint.versions is None else checkpoint.versions)
    result = network.load_state_dict(state, strict=False)
    # Batch norms before torch 0.4.1 did not count their batches; the count plays no part in evaluation.
    missing = [
        key for key in result.missing_keys if key not in reshaped and not key.endswith("num_batches_tracked")
    ]
    unexpected = [key for key in result.unexpected_keys if not key.startswith(spare or ("\0",))]
    if missing or unexpected or reshaped:
        shapes = [
            f"{key} is {_shape(checkpoint.tensors[key])} and should be {_shape(wanted[key])}"
            for key in reshaped
        ]
        parts = [
            _few("missing", missing),
            _few("not part of it", unexpected),
            _few("of another shape", shapes),
        ]
        raise WeightsError(
            f"The weights in {checkpoint.path} do not fit {name}: {'; '.join(filter(None, parts))}. "
            f"They are another network's, or the file is damaged. {_REMEDY}"
        )


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _few(what: str, items: list[str], n: int = 3) -> str:
    more = f" and {len(items) - n} more" if len(items) > n else ""
    return f"{what}: {', '.join(items[:n])}{more}" if items else ""
