"""One training loop for every recipe: a progress bar, a log, and runs that survive being stopped.

The loop knows what must be remembered between two epochs; a recipe knows what one step is. After every
epoch the run's folder holds ``checkpoint.pt`` (the parts' states and the random generators') and
``log.jsonl`` (one line per epoch). A run that was stopped and started again gives the same weights, bit
for bit, as one that was not, on the same machine with the same number of threads.
"""

import json
import math
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from tqdm import tqdm

from cnnviz_widgets.errors import ModelError, WeightsError

Batch = TypeVar("Batch")
Epoch = dict[str, float]
"""What the log says about one epoch: its number from 1, loss, seconds, and what the recipe measured."""


class Remembered(Protocol):
    """A network, an optimizer, a schedule: anything with a state to save and restore."""

    def state_dict(self) -> dict[str, Any]:
        """Give the state, as tensors, numbers and text in plain containers."""

    def load_state_dict(self, state: dict[str, Any], /) -> Any:
        """Take a state that `state_dict` gave."""


@dataclass(frozen=True)
class Job(Generic[Batch]):
    """What a recipe hands to the loop.

    Parameters
    ----------
    parts : mapping of str to Remembered
        All that changes while training, by name: the network, its optimizer, its schedule.
    batches : callable
        Gives the batches of one epoch, drawing chance from torch's global generators only.
    step : callable
        Learns from one batch and returns its loss.
    measure : callable
        Measures the network after an epoch: numbers by name, for the log.
    settings : mapping
        What the result depends on (seed, epochs ...); a run is only taken up again with the same.
    after_epoch : callable
        Gets the number of the epoch just learned, from 1, for a recipe that keeps what the network was then.
        Called again for the same epoch if the run is stopped before it is saved.
    """

    parts: Mapping[str, Remembered]
    batches: Callable[[], Collection[Batch]]
    step: Callable[[Batch], float]
    measure: Callable[[], dict[str, float]]
    settings: Mapping[str, Any]
    after_epoch: Callable[[int], None] = lambda number: None


def run(job: Job[Any], epochs: int, folder: Path, *, quiet: bool = False) -> list[Epoch]:
    """Train for `epochs` epochs in all, going on from the checkpoint in `folder` where there is one.

    Returns
    -------
    list of Epoch
        The log: one entry per epoch, those before an interruption too.

    Raises
    ------
    WeightsError
        If the checkpoint is damaged or belongs to a run with other settings.
    ModelError
        If the loss is no longer a number; the last whole epoch stays on disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = _restore(job, folder / "checkpoint.pt")
    while len(log) < epochs:
        log.append(_epoch(job, len(log) + 1, epochs, quiet))
        job.after_epoch(len(log))
        _save(job, log, folder)
    return log


def _epoch(job: Job[Any], number: int, epochs: int, quiet: bool) -> Epoch:
    start, total = time.perf_counter(), 0.0
    batches = job.batches()
    with tqdm(desc=f"epoch {number}/{epochs}", total=len(batches), unit="batch", disable=quiet) as bar:
        for done, batch in enumerate(batches, start=1):
            total += job.step(batch)
            if not math.isfinite(total):
                raise ModelError(
                    f"The loss is not a number any more (epoch {number}, batch {done}): the learning rate is "
                    f"too high, or the data are damaged. The {number - 1} epochs before are still on disk."
                )
            if done % 20 == 0 or done == len(batches):
                bar.set_postfix(loss=f"{total / done:.3f}", refresh=False)
            bar.update()
        summary = {"loss": total / len(batches), **job.measure()}
        bar.set_postfix({name: f"{value:.3f}" for name, value in summary.items()})
    return {"epoch": number, **summary, "seconds": round(time.perf_counter() - start, 1)}


def _save(job: Job[Any], log: list[Epoch], folder: Path) -> None:
    checkpoint = {
        "settings": dict(job.settings),
        "log": log,
        "parts": {name: part.state_dict() for name, part in job.parts.items()},
        "chance": torch.get_rng_state(),
        "chance_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    # The log first: stopped in between, the epoch is done again and the log is written over with it.
    lines = "".join(json.dumps(epoch) + "\n" for epoch in log)
    write_whole(folder / "log.jsonl", lambda path: path.write_text(lines))
    write_whole(folder / "checkpoint.pt", lambda path: torch.save(checkpoint, path))


def _restore(job: Job[Any], path: Path) -> list[Epoch]:
    """Bring the parts and the generators to where the run was left; the log so far, empty for a new run."""
    if not path.exists():
        return []
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        settings = checkpoint["settings"]
    except Exception as error:  # a cut file can fail in the zip, in the unpickler or in the missing key
        raise WeightsError(f"{path} is damaged. Delete it to start the run again.") from error
    if settings != dict(job.settings):
        raise WeightsError(
            f"{path.parent} holds a run with {_told(settings)}; asked for was {_told(job.settings)}. "
            "Ask for the same again to go on with it, or name another folder."
        )
    try:
        for name, part in job.parts.items():
            part.load_state_dict(checkpoint["parts"][name])
    except (KeyError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"{path} is of another version of this recipe. Delete it to start again."
        ) from error
    torch.set_rng_state(checkpoint["chance"])
    if torch.cuda.is_available() and checkpoint["chance_cuda"]:
        torch.cuda.set_rng_state_all(checkpoint["chance_cuda"])
    return checkpoint["log"]


def _told(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a file beside `path` and rename it: `path` is the old file or the new, whole."""
    beside = path.with_name(f".{path.name}.unfinished")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
