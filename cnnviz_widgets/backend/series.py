"""A training run by its epochs: the weights kept on the way, beside the final ones.

``NAME.safetensors`` holds the final weights and says after which epoch that was; the files beside it,
``NAME/epoch-05.safetensors`` and the like, hold those before. ``"NAME@5"`` names one of them.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from cnnviz_widgets.backend.checkpoints import read_checkpoint
from cnnviz_widgets.errors import ModelNameError, WeightsError

Epochs = Literal["all"] | Sequence[int]
_FILE = re.compile(r"epoch-(\d+)\.safetensors")


def split_epoch(name: str) -> tuple[str, int | None]:
    """Split "mini-alexnet-objects@5" into the network's name and the epoch; None where no epoch is named.

    Raises
    ------
    ModelNameError
        If what follows the @ is not a number.
    """
    network, sign, epoch = name.partition("@") if isinstance(name, str) else (name, "", "")
    if not sign:
        return name, None
    if not epoch.strip().isdecimal():
        raise ModelNameError(
            f"{name!r} should end in the number of an epoch, as in {network + '@5'!r}, not in {epoch!r}. "
            f'For all epochs: open_model({network!r}, epochs="all").'
        )
    return network, int(epoch)


def epoch_path(folder: Path, name: str, epoch: int) -> Path:
    """Say where the weights of a network after `epoch` lie, if they are not the final ones."""
    return folder / name / f"epoch-{epoch:02}.safetensors"


def epochs_of(folder: Path, name: str) -> dict[int, Path]:
    """List the epochs after which a network's weights are kept, in order, with their files.

    The final epoch is among them; there are none for a network of which only the final weights are kept.

    Raises
    ------
    WeightsError
        If the file of the final weights is damaged.
    """
    kept = {
        int(match[1]): path for path in (folder / name).glob("*") if (match := _FILE.fullmatch(path.name))
    }
    if not kept:
        return {}
    final = folder / f"{name}.safetensors"
    last = read_checkpoint(final).metadata.get("epoch", "")
    if not last.isdecimal():
        raise WeightsError(f"{final} does not say after which epoch its weights are.")
    return dict(sorted((kept | {int(last): final}).items()))


def find_epochs(folder: Path, name: str, wanted: object) -> dict[int, Path]:
    """Find the files of some epochs, in order, or of all; `wanted` is what a student wrote for `Epochs`.

    Raises
    ------
    WeightsError
        If an epoch was not kept; the message lists those that were.
    """
    known = epochs_of(folder, name)
    if not known:
        raise WeightsError(f"Of {name!r} there are only the final weights, and none of earlier epochs.")
    if wanted == "all":
        return known
    chosen: list[Any] = list(wanted) if isinstance(wanted, Sequence) and not isinstance(wanted, str) else []
    if not chosen:
        raise WeightsError(f'epochs is "all" or a list of numbers such as [1, 5], not {wanted!r}.')
    for epoch in chosen:
        if epoch not in known:
            *most, last = map(str, known)
            raise WeightsError(
                f"The weights of {name!r} were not kept after epoch {epoch!r}. They were after "
                f"{', '.join(most)} and {last}."
            )
    return {epoch: path for epoch, path in known.items() if epoch in chosen}
