"""Layers: one call of a module or function each, in the order of the data, found by one dry pass."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from cnnviz_widgets.backend.receptive_field import PIXELS, WHOLE, Field, ReceptiveField, describe, propagate
from cnnviz_widgets.backend.tracing import Call, Tracer


@dataclass(frozen=True)
class Layer:
    """One step of the network's computation, and what one of its units sees of the picture.

    Attributes
    ----------
    name : str
        As torchvision names it: the module's path (``features.0``), with ``_1``, ``_2`` for the second and
        third call of a module; a function's name in the module that calls it (``layer1.0.add``,
        ``conv1.relu``).
    kind : str
        The module's class or the function's name: ``Conv2d``, ``ReLU``, ``relu``, ``flatten``.
    shape : tuple of int
        Shape of its result for one picture, without the batch: (channels, rows, columns) for a map.
    receptive_field : ReceptiveField
        What one unit sees, in pixels of the network's input.
    channel_axis : int or None
        Where the channels are in `shape`: 0; 2 in nets that keep them last (Swin, inside ConvNeXt's blocks);
        None where the result is not a map.
    is_block : bool
        True for a module that is made of other layers here (``features``, ``layer1.0``).
    call : Call
        How the backend finds it again in a later pass.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    receptive_field: ReceptiveField
    channel_axis: int | None
    is_block: bool
    call: Call

    @property
    def stride(self) -> tuple[int, int]:
        """Pixels of the picture from one unit to the next, down and across."""
        return self.receptive_field.stride

    @property
    def is_map(self) -> bool:
        """Tell whether the result has channels, rows and columns, and can be shown as pictures."""
        return self.channel_axis is not None

    @property
    def channels(self) -> int:
        """Number of channels of a map, of units otherwise."""
        return self.shape[self.channel_axis or 0] if self.shape else 1

    def __repr__(self) -> str:
        field = self.receptive_field
        sees = (
            "the whole picture"
            if field.whole
            else f"{field.size[0]}x{field.size[1]} px, stride {field.stride[0]}"
        )
        return f"Layer({self.name!r}, {self.kind}, {'x'.join(map(str, self.shape))}, sees {sees})"


def find_layers(network: nn.Module, example: Tensor) -> tuple[list[Layer], frozenset[str], Any]:
    """Run `example` through the network once and list every call, with the functions it used.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode.
    example : Tensor
        One picture of zeros, (1, C, H, W) or any shape the network takes; its size fixes the layers' shapes.

    Returns
    -------
    layers : list of Layer
        In the order in which their results are ready, so a block comes after the layers it is made of.
    functions : frozenset of str
        Names of all torch functions that ran, inside layers too.
    output : Any
        What the network returned.

    Notes
    -----
    Cost: one forward pass.
    """
    search = _Search(network, example)
    # Inference mode, should the caller be in it, would hide which tensors are views of one memory.
    with torch.inference_mode(False), torch.no_grad(), Tracer(network, search.on_call, search.on_function):
        output = network(example)
    return search.layers, frozenset(search.functions), output


class _Search:
    """Collects layers during the dry pass, and carries receptive fields from tensor to tensor."""

    def __init__(self, network: nn.Module, example: Tensor) -> None:
        self.layers: list[Layer] = []
        self.functions: set[str] = set()
        self._module_names = {name for name, _ in network.named_modules()}
        self._taken: set[str] = set()
        self._has_inside: set[str] = set()
        self._fields: Any = WeakTensorKeyDictionary()
        is_picture = example.dim() == 4
        self._fields[example] = PIXELS if is_picture else WHOLE
        self._picture = (example.shape[-2], example.shape[-1]) if is_picture else (1, 1)

    def on_function(self, name: str, args: tuple, kwargs: dict, result: Any) -> None:
        self.functions.add(name)
        given = _tensors((args, *kwargs.values()))
        inputs = [(t, self._fields[t]) for t in given if t in self._fields]
        if not inputs:
            return
        if name == "__setitem__":
            self._write(args[0], WHOLE)
        for tensor in _tensors((result,)):
            field = propagate(name, args, kwargs, inputs, tensor)
            if any(tensor is t for t in given):
                self._write(tensor, field)
            else:
                self._fields[tensor] = field

    def _write(self, tensor: Tensor, field: Field) -> None:
        """Note what was written into `tensor`: other views of the same memory changed with it."""
        if self._fields.get(tensor) == field:
            return
        memory = tensor._base if tensor._base is not None else tensor
        for other in [memory, *self._fields]:
            if other is memory or other._base is memory:
                self._fields[other] = WHOLE
        self._fields[tensor] = field

    def on_call(self, call: Call, kind: str, result: Tensor) -> None:
        if result not in self._fields:  # made by compiled code, out of sight: it may have seen anything
            self._fields[result] = WHOLE
        field = self._fields[result]
        base = call.module if call.function is None else f"{call.module}.{call.function}".lstrip(".")
        self._note_inside(call)
        self.layers.append(
            Layer(
                name=self._free_name(base, call.function is None),
                kind=kind,
                shape=tuple(result.shape[1:]),
                receptive_field=describe(field, self._picture),
                channel_axis=_channel_axis(field, tuple(result.shape[1:])),
                is_block=call.function is None and call.module in self._has_inside,
                call=call,
            )
        )

    def _note_inside(self, call: Call) -> None:
        path = call.module if call.function is not None else call.module.rpartition(".")[0]
        while path:
            self._has_inside.add(path)
            path = path.rpartition(".")[0]

    def _free_name(self, base: str, is_module: bool) -> str:
        name, count = base, 0
        while name in self._taken or (name in self._module_names and not (is_module and count == 0)):
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name


def _tensors(values: Any) -> list[Tensor]:
    found = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found.extend(_tensors(value))
    return found


def _channel_axis(field: Field, shape: tuple[int, ...]) -> int | None:
    if len(shape) != 3:
        return None
    if field.axes == (-3, -2):
        return 2
    if field == WHOLE and shape[0] == shape[1] != shape[2]:
        return 2  # square maps with the channels last, as in Swin, whose fields cannot be followed
    return 0
