"""A table of the networks that are shipped, each measured anew from its file of weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from cnnviz_widgets.backend.checkpoints import Checkpoint, read_checkpoint
from cnnviz_widgets.backend.series import epochs_of
from cnnviz_widgets.errors import CnnvizError, WeightsError
from cnnviz_widgets.training import Recipe, recipe, recipe_names

LIMIT = 15_000_000
"""Bytes that all weights together may take in the package."""


@dataclass(frozen=True)
class Row:
    """One file of weights, measured.

    Attributes
    ----------
    name : str
        As `open_model` takes it.
    accuracy, target : float or None
        Share of test pictures right, and what it should be; None where not measured, or where none is set.
    parameters, bytes : int
        Number of weights, and size of the file.
    remark : str
        What else must be said: why it was not measured, or where the figure is from.
    """

    name: str
    accuracy: float | None
    target: float | None
    parameters: int
    bytes: int
    remark: str = ""

    @property
    def fails(self) -> bool:
        """Tell whether the network is missing, damaged, or below its target."""
        return self.accuracy is None or (self.target is not None and self.accuracy < self.target)


def rows(weights: Path, data: Path | None, *, seed: int = 0, device: str = "cpu") -> Iterator[Row]:
    """Measure every network that has a recipe, and its kept epochs, on test pictures drawn for this.

    Parameters
    ----------
    weights : Path
        Folder of the shipped files.
    data : Path or None
        Folder of CIFAR-10, for the network that wants it; without it the file's own word is given.
    seed : int
        Of the test pictures; 0 draws those of the model cards, another seed pictures nobody has seen.
    device : str
        Where to compute.

    Yields
    ------
    Row
        The final weights of a network first, then its earlier epochs.
    """
    for name in recipe_names():
        chosen, final = recipe(name), weights / f"{name}.safetensors"
        try:
            epochs = epochs_of(weights, name)
        except WeightsError:
            epochs = {}  # the row of the final weights says what is wrong with them
        for number, path in {0: final, **epochs}.items():
            if number and path == final:
                continue
            label, target = (f"{name}@{number}", None) if number else (name, chosen.target)
            try:
                yield _row(chosen, label, path, target, data, seed, device)
            except CnnvizError as error:
                size = path.stat().st_size if path.is_file() else 0
                yield Row(label, None, target, 0, size, str(error))


def _row(
    chosen: Recipe, label: str, path: Path, target: float | None, data: Path | None, seed: int, device: str
) -> Row:
    checkpoint = read_checkpoint(path)
    weights = [value for key, value in checkpoint.tensors.items() if "running_" not in key]
    remark = ""
    if chosen.wants is None:
        share = chosen.evaluate(None, path, seed=seed, device=device)
    elif data is not None:
        share = chosen.evaluate(data, path, device=device)
    else:
        share = _said(checkpoint)
        remark = f"its card's figure; measured with --data FOLDER ({chosen.wants})"
    return Row(label, share, target, sum(map(torch.numel, weights)), path.stat().st_size, remark)


def _said(checkpoint: Checkpoint) -> float:
    try:
        return float(checkpoint.metadata["accuracy"])
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{checkpoint.path} does not say how accurate it is.") from error


def table(found: Sequence[Row]) -> str:
    """Write the rows as a table for the terminal, with the size of all and what is wanting under it."""
    heading = f"{'network':30} {'accuracy':>8} {'target':>6} {'weights':>8} {'MB':>5}"
    lines = [heading, "-" * len(heading), *map(_line, found)]
    size = sum(row.bytes for row in found)
    lines += ["", f"{size / 1e6:.1f} MB of weights in all; at most {LIMIT / 1e6:.0f} MB are wanted."]
    failing = [row.name for row in found if row.fails]
    if size > LIMIT:
        lines.append("TOO LARGE.")
    lines.append(f"NOT REACHED: {', '.join(failing)}." if failing else "Every target is reached.")
    return "\n".join(lines)


def succeeded(found: Sequence[Row]) -> bool:
    """Tell whether every network is there and reaches its target, and all are small enough."""
    return not any(row.fails for row in found) and sum(row.bytes for row in found) <= LIMIT


def _line(row: Row) -> str:
    share = "-" if row.accuracy is None else f"{row.accuracy:.2%}"
    target = "" if row.target is None else f"{row.target:.0%}"
    numbers = f"{row.name:30} {share:>8} {target:>6} {row.parameters:8,} {row.bytes / 1e6:5.2f}"
    return f"{numbers}  {_verdict(row)}".rstrip()


def _verdict(row: Row) -> str:
    if row.accuracy is None:
        return f"NOT MEASURED: {row.remark}"
    return "BELOW ITS TARGET" if row.fails else row.remark
