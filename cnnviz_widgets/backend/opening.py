"""The first look at a network: it must run, on some shape of input, and have layers."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from cnnviz_widgets.backend.layers import Layer, find_layers
from cnnviz_widgets.errors import MemoryLimitError, ModelError

# Sides of square pictures to try where the caller gives none: ImageNet's first, then small ones.
_SIDES = (224, 32, 28, 64, 96, 112, 128, 227, 256, 299)


@dataclass(frozen=True)
class Inspection:
    """What one dry pass tells of a network."""

    input_shape: tuple[int, ...]
    class_count: int
    layers: list[Layer]
    functions: frozenset[str]


def inspect(network: nn.Module, input_shape: tuple[int, ...] | None) -> Inspection:
    """Run a picture of zeros through the network, in evaluation mode.

    Raises
    ------
    ModelError
        If it does not run, or no input shape can be guessed.
    """
    if any(is_lazy(each) for each in (*network.parameters(), *network.buffers())):
        raise ModelError(
            "this network has lazy layers whose sizes are not known yet; run one batch through it first"
        )
    if any(isinstance(module, torch.jit.ScriptModule) for module in network.modules()):
        raise ModelError(
            "this network, or a part of it, is compiled by TorchScript, which cannot be looked into: "
            "open the network from before torch.jit.script or torch.jit.trace"
        )
    tried = [input_shape] if input_shape is not None else list(_guesses(network))
    problem: Exception | None = None
    for shape in tried:
        example = like_weights(network, torch.zeros(1, *shape))
        try:
            with _memory_errors(example):
                layers, functions, output = find_layers(network, example)
            scores = read_scores(output, 1)
        except MemoryLimitError:
            raise
        except Exception as error:  # the network's own errors can be of any kind
            problem = problem or error
            continue
        return Inspection(shape, scores.shape[1], layers, functions)
    sizes = ", ".join(shape_text(shape) for shape in tried)
    first = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
    raise ModelError(
        f"{type(network).__name__} does not run on an input of {sizes}: {first}. "
        "Give the shape of one input: HookedModel(network, input_shape=(channels, rows, columns))"
    ) from problem


def _guesses(network: nn.Module) -> Iterable[tuple[int, ...]]:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            return [(module.in_channels, side, side) for side in _SIDES]
        if isinstance(module, nn.Linear):
            # A picture that the network flattens, if it takes one; a plain vector otherwise.
            pictures = [(c, s, s) for s in _SIDES for c in (1, 3) if c * s * s == module.in_features]
            return [*pictures, (module.in_features,)]
    raise ModelError(
        f"{type(network).__name__} starts with no layer that tells the shape of its input; "
        "give it: HookedModel(network, input_shape=(channels, rows, columns))"
    )


def run(network: nn.Module, x: Tensor, input_shape: tuple[int, ...]) -> Tensor:
    """Score a batch; errors say what was put in.

    Raises
    ------
    MemoryLimitError
        If there is not enough memory.
    ModelError
        If the network returns no scores.
    """
    try:
        with _memory_errors(x):
            output = network(x)
    except Exception as error:
        error.add_note(
            f"The network was given {shape_text(x.shape)}; it was opened for {shape_text(input_shape)}."
        )
        raise
    return read_scores(output, x.shape[0])


@contextmanager
def _memory_errors(x: Tensor) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        raise MemoryLimitError(
            f"not enough memory for a batch of {shape_text(x.shape)} on {x.device}: use fewer or "
            "smaller pictures"
        ) from error


def read_scores(output: Any, pictures: int) -> Tensor:
    """Find the scores in what a network returned: (N, K), or (N, K, ...) where it scores places.

    A network that ends in ``squeeze()`` loses the axis of the classes where there is one of them, and that of
    the pictures where there is one of those; both come back.
    """
    if isinstance(output, dict):
        output = next((output[key] for key in ("logits", "out") if key in output), output)
    elif isinstance(getattr(output, "logits", None), Tensor):
        output = output.logits
    elif isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not isinstance(output, Tensor):
        raise ModelError(
            f"the network returned {type(output).__name__}, and a tensor of scores is needed: "
            "wrap it in a module "
            "whose forward returns the scores"
        )
    if output.dim() < 2 and (pictures == 1 or output.shape == (pictures,)):
        output = output.reshape(pictures, -1)
    if output.dim() < 2 or output.shape[0] != pictures:
        raise ModelError(
            f"the network returned the shape {tuple(output.shape)} for a batch of {pictures}: "
            "its first axis must "
            "be the batch"
        )
    return output


def like_weights(network: nn.Module, x: Tensor) -> Tensor:
    """Bring a batch to the device and floating-point type of the network's weights."""
    weights = next((p for p in network.parameters() if p.dtype.is_floating_point), None)
    if weights is None:
        return x if x.dtype.is_floating_point else x.float()
    return x.to(weights.device, weights.dtype)


def shape_text(shape: Iterable[object]) -> str:
    """Write a shape as people say it: 1 x 3 x 224 x 224."""
    return " x ".join(map(str, shape))
