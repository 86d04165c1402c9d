"""What to explain: a class by number or name, one per picture, or anything that can be computed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from cnnviz_widgets.errors import TargetError, nearest


@runtime_checkable
class Objective(Protocol):
    """A number computed from layers: it knows which, so a pass can stop after the last one."""

    layers: Sequence[str]

    def __call__(self, record: Mapping[str, Tensor]) -> Tensor:
        """Compute one number, or one per picture, from the layers' results."""
        ...


Target = int | str | Sequence[int | str] | Tensor | Callable[[Tensor], Tensor] | Objective | None


def class_index(target: Any, classes: Sequence[str] | None, count: int) -> int:
    """Find a class by number or by name, upper and lower case alike.

    Raises
    ------
    TargetError
        If there is no such class, or two share the name.
    """
    if isinstance(target, str):
        if classes is None:
            raise TargetError(
                f"class {target!r}: this model has no class names; give a number from 0 to {count - 1}"
            )
        found = [i for i, name in enumerate(classes) if name.lower() == target.lower()]
        if not found:
            raise TargetError(f"there is no class {target!r}. {nearest(target, classes)}")
        if len(found) > 1:
            raise TargetError(f"{len(found)} classes are called {target!r}: give one of the numbers {found}")
        return found[0]
    if isinstance(target, bool) or not hasattr(target, "__index__"):
        raise TargetError(f"a class is a number or a name, not {target!r} of type {type(target).__name__}")
    index = target.__index__()
    if not 0 <= index < count:
        raise TargetError(f"there is no class {index}: this model's classes are numbered 0 to {count - 1}")
    return index


def class_indices(target: Any, classes: Sequence[str] | None, scores: Tensor) -> list[int]:
    """Find one class for each picture; None means the top class of each."""
    pictures, count = scores.shape[0], scores.shape[1]
    if target is None:
        return [int(i) for i in scores.detach().argmax(1)]
    if hasattr(target, "tolist"):  # a tensor or an array
        target = target.tolist()
    if not isinstance(target, str) and hasattr(target, "__len__"):
        if len(target) != pictures:
            raise TargetError(
                f"{len(target)} classes were given for {pictures} pictures; give one each, or a single one"
            )
        return [class_index(each, classes, count) for each in target]
    return [class_index(target, classes, count)] * pictures


def class_score(scores: Tensor, indices: Sequence[int]) -> Tensor:
    """Pick each picture's logit of its class: (N, K) and N numbers give (N,)."""
    return scores.gather(1, torch.tensor(list(indices), device=scores.device)[:, None])[:, 0]


def as_numbers(value: Any, pictures: int) -> Tensor:
    """Check that an objective gave one number, or one per picture; (N,) or a scalar.

    Raises
    ------
    TargetError
        If it gave something else.
    """
    if not isinstance(value, Tensor):
        raise TargetError(
            f"an objective must return a tensor computed from the network, not {type(value).__name__}"
        )
    if value.dim() > 1 or (value.dim() == 1 and value.shape[0] != pictures):
        raise TargetError(
            f"an objective must return one number, or one for each of the {pictures} pictures; "
            "it returned the shape "
            f"{tuple(value.shape)}: take a mean, a sum or one entry"
        )
    if not value.dtype.is_floating_point:
        raise TargetError(f"an objective must return a floating-point number, not {value.dtype}")
    return value
