"""One network at several moments of its training: from kept epochs, files, weights in memory, or models."""

import copy
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from torch import Tensor

from cnnviz_widgets.backend.checkpoints import Checkpoint, fill, read_checkpoint
from cnnviz_widgets.backend.hooked_model import HookedModel
from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.backend.zoo import open_model
from cnnviz_widgets.errors import InputError, LayerError, ModelError, WeightsError

_SUFFIXES = {".pth", ".pt", ".tar", ".ckpt", ".bin", ".safetensors"}
_EPOCH = re.compile(r".*@(\d+)|epoch[-_ ]?0*(\d+)")  # mini-alexnet-objects@5, epoch-05.safetensors


class TrainingRun(Sequence[HookedModel]):
    """The checkpoints of one network in the order given; ``run[i]`` opens the i-th.

    Made by `training_run`. Of checkpoints that are weights only one at a time is held as a network.

    Attributes
    ----------
    names : tuple of str
        What to call each checkpoint on screen; no two alike.
    """

    def __init__(self, names: Sequence[str], openers: Sequence[Callable[[], HookedModel]]) -> None:
        self.names, self._openers = tuple(names), tuple(openers)
        self._opened: tuple[int, HookedModel] | None = None

    def __len__(self) -> int:
        return len(self._openers)

    @overload
    def __getitem__(self, index: int) -> HookedModel: ...

    @overload
    def __getitem__(self, index: slice) -> "TrainingRun": ...

    def __getitem__(self, index: int | slice) -> "HookedModel | TrainingRun":
        if isinstance(index, slice):
            return TrainingRun(self.names[index], self._openers[index])
        index = range(len(self))[index]
        opened = self._opened  # once: another thread may open another one meanwhile
        if opened is None or opened[0] != index:
            self._opened = opened = (index, self._openers[index]())
        return opened[1]

    def __repr__(self) -> str:
        return f"TrainingRun({', '.join(self.names)})"

    def layer(self, name: str) -> Layer:
        """Find a layer that is the same at every checkpoint.

        Raises
        ------
        LayerError
            If a checkpoint has no such layer; the message tells which.
        InputError
            If it has another shape, or sees other pixels, in one checkpoint than in another.
        """
        layers = []
        for place, model in enumerate(self):
            try:
                layers.append(model.layer(name))
            except LayerError as error:
                raise LayerError(f"checkpoint {self.names[place]!r}: {error}") from error
        first = layers[0]
        for place, layer in enumerate(layers):
            if (layer.shape, layer.receptive_field) != (first.shape, first.receptive_field):
                raise InputError(
                    f"layer {name!r} is {_by(first.shape)} at checkpoint {self.names[0]!r} and "
                    f"{_by(layer.shape)} at {self.names[place]!r}: the checkpoints of a run are one network's"
                )
        return first


def training_run(checkpoints: Any, model: HookedModel | None = None) -> TrainingRun:
    """Take the checkpoints of a training run from wherever they are.

    Parameters
    ----------
    checkpoints : str, sequence or mapping
        The name of an embedded network whose epochs are kept, as "mini-alexnet-objects"; or a list, or a dict
        by what to call them, of `HookedModel`, of names for `open_model`, of files of weights, or of weights
        in memory (``copy.deepcopy(network.state_dict())``). The order given is kept.
    model : HookedModel, optional
        The network that weights alone belong to. It is copied, and stays as it is.

    Returns
    -------
    TrainingRun

    Raises
    ------
    InputError
        If there is no checkpoint, or two of them are the same network or share their memory.
    WeightsError
        If a file is damaged, or weights do not fit `model`.
    ModelError
        If something is no checkpoint, or weights are given without `model`.
    """
    if isinstance(checkpoints, TrainingRun):
        return checkpoints
    if isinstance(checkpoints, (HookedModel, os.PathLike)) or _is_state(checkpoints):
        checkpoints = [checkpoints]
    elif isinstance(checkpoints, str):
        checkpoints = [checkpoints] if _is_file(checkpoints) else open_model(checkpoints, epochs="all")
    if isinstance(checkpoints, Mapping):
        names, items = [str(name) for name in checkpoints], list(checkpoints.values())
    elif isinstance(checkpoints, Sequence):
        items = list(checkpoints)
        names = _names(items)
    else:
        raise ModelError(f"the checkpoints of a run come in a list or a dict, not {_kind(checkpoints)}")
    if not items:
        raise InputError("a training run needs at least one checkpoint; the list is empty")
    _refuse_twins(items, names)
    run = TrainingRun(names, [_opener(*each, model) for each in zip(items, names, strict=True)])
    for _ in run:  # all are opened once now, so that what does not fit is told before any work is done
        pass
    return run


def _opener(item: Any, name: str, model: HookedModel | None) -> Callable[[], HookedModel]:
    if isinstance(item, HookedModel):
        return lambda: item
    is_path = _is_file(item)
    if isinstance(item, str) and not is_path:
        return lambda: open_model(item)
    if not (is_path or isinstance(item, Mapping)):
        raise ModelError(
            f"checkpoint {name!r} is a {_kind(item)}; a checkpoint is a HookedModel, a file of weights, or "
            "weights in memory: copy.deepcopy(network.state_dict())"
        )
    if model is None:
        raise ModelError(
            f"checkpoint {name!r} is weights only: give the network that they belong to, "
            "model=HookedModel(network)"
        )
    if not is_path and not _is_state(item):
        raise WeightsError(f"checkpoint {name!r} holds no named weights; network.state_dict() gives them")

    def open_() -> HookedModel:
        checkpoint = read_checkpoint(item) if is_path else _in_memory(item, name)
        filled = copy.deepcopy(model)
        fill(filled.network, checkpoint, repr(model.name))
        filled.name = f"{model.name}, {name}"
        return filled

    return open_


def _in_memory(state: Mapping[str, Any], name: str) -> Checkpoint:
    tensors = {key: value for key, value in state.items() if isinstance(value, Tensor)}
    return Checkpoint(Path(name), tensors, {}, getattr(state, "_metadata", None))


def _is_file(item: Any) -> bool:
    """Tell a file of weights from the name of a model."""
    if isinstance(item, str):
        return Path(item).suffix.lower() in _SUFFIXES or Path(item).expanduser().is_file()
    return isinstance(item, os.PathLike)


def _is_state(item: Any) -> bool:
    return isinstance(item, Mapping) and any(isinstance(value, Tensor) for value in item.values())


def _refuse_twins(items: Sequence[Any], names: Sequence[str]) -> None:
    """Tell a student who kept the same, still changing, weights several times."""
    seen: dict[Any, str] = {}
    for item, name in zip(items, names, strict=True):
        for key in _memory(item):
            if key in seen:
                raise InputError(
                    f"checkpoints {seen[key]!r} and {name!r} are the same weights in memory, so both are "
                    "what was trained last: keep copies, copy.deepcopy(network.state_dict())"
                )
            seen[key] = name


def _memory(item: Any) -> list[Any]:
    if isinstance(item, HookedModel):
        return [id(item.network)]
    if not isinstance(item, Mapping):
        return []
    tensors = [value for value in item.values() if isinstance(value, Tensor) and value.numel()]
    return [tensor.data_ptr() for tensor in tensors[:1]]


def _names(items: Sequence[Any]) -> list[str]:
    names = [_name(item) for item in items]
    known = "" not in names and len(set(names)) == len(names)
    return names if known else [f"checkpoint {number}" for number in range(1, len(items) + 1)]


def _name(item: Any) -> str:
    if isinstance(item, HookedModel):
        name = item.name
    elif isinstance(item, (str, os.PathLike)):
        name = Path(item).stem
    else:
        return ""
    epoch = _EPOCH.fullmatch(name)
    return f"epoch {epoch[1] or epoch[2]}" if epoch else name


def _kind(item: Any) -> str:
    return type(item).__name__


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"
