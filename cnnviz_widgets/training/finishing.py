"""From a network that has learned to the files that are shipped: folded, rounded, measured, described."""

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn

from cnnviz_widgets.backend.series import epoch_path
from cnnviz_widgets.errors import WeightsError
from cnnviz_widgets.training.batch_norm import fold_batch_norm
from cnnviz_widgets.training.card import Measured, card
from cnnviz_widgets.training.lessons import LabelledPictures, accuracy, answers
from cnnviz_widgets.training.loop import Epoch, write_whole
from cnnviz_widgets.training.world_nets import Run


def finish(
    this: Run,
    log: Sequence[Epoch],
    network: nn.Module,
    kept: Mapping[int, Mapping[str, Tensor]],
    test: LabelledPictures,
    out: Path,
) -> Path:
    """Write a run's weights, those of its kept epochs, and its model card.

    Parameters
    ----------
    this : Run
        What was asked for.
    log : sequence of Epoch
        The loop's.
    network : nn.Module
        As the last epoch left it.
    kept : mapping of int to mapping
        Epoch to the network's state then.
    test : LabelledPictures
        What the accuracy is measured on: the very weights in the file, rounded as they are.
    out : Path
        Folder to write into.

    Returns
    -------
    Path
        The safetensors file of the last epoch.
    """
    series: dict[int, float] = {}
    for number, state in kept.items():
        then = copy.deepcopy(network)
        then.load_state_dict(state)
        weights, rounded = _rounded(this, then)
        series[number] = accuracy(rounded, test, this.mean, this.std)
        path = epoch_path(out, this.net.name, number)
        path.parent.mkdir(exist_ok=True)
        _write(path, weights, _described(this, log[:number], series[number]))
    weights, rounded = _rounded(this, network)
    said = answers(rounded, test.pictures, this.mean, this.std)
    share = int((said == test.labels).sum()) / len(test.labels)
    file = out / f"{this.net.name}.safetensors"
    _write(file, weights, _described(this, log, share))
    measured = Measured(
        accuracy=share,
        single=accuracy(_plain(this, network), test, this.mean, this.std),
        said=said,
        labels=test.labels,
        series=series,
        parameters=sum(each.numel() for each in rounded.parameters()),
        bytes=file.stat().st_size,
    )
    text = card(this, log, measured)
    write_whole(file.with_suffix(".md"), lambda path: path.write_text(text, encoding="utf-8"))
    return file


def packed(network: nn.Module) -> dict[str, Tensor]:
    """Give a network's state as it is shipped: filters and matrices in half precision, the rest in single.

    What has one dimension (biases, batch norms' statistics) takes no room, and a variance may be too small
    for half precision. The number of batches seen plays no part after learning, and is left out.

    Raises
    ------
    WeightsError
        If a weight is no number, or too large for half precision.
    """
    state = {}
    for name, value in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        state[name] = value.detach().cpu().to(torch.half if value.ndim > 1 else torch.float).contiguous()
        if not state[name].isfinite().all():
            raise WeightsError(f"{name} holds weights that are no numbers in half precision: not written.")
    return state


def _plain(this: Run, network: nn.Module) -> nn.Module:
    plain = fold_batch_norm(network) if this.net.folded else copy.deepcopy(network)
    return plain.eval()


def _rounded(this: Run, network: nn.Module) -> tuple[dict[str, Tensor], nn.Module]:
    """Pack a network's weights, and make the network that they give when they are opened."""
    rounded = _plain(this, network)
    weights = packed(rounded)
    rounded.load_state_dict(weights, strict=False)  # the counts of batches are not among them
    return weights, rounded


def _described(this: Run, log: Sequence[Epoch], share: float) -> dict[str, str]:
    """Say what a file of weights is, in the form `open_model` reads."""
    return {
        "name": this.net.name,
        "architecture": this.net.architecture.__name__,
        "classes": json.dumps(this.classes),
        "mean": json.dumps(this.mean),
        "std": json.dumps(this.std),
        "input_shape": json.dumps(this.input_shape),
        "epoch": str(len(log)),
        "accuracy": f"{share:.4f}",
        "data": f"Miniworld's {this.net.kind}, {this.pictures} training pictures",
        "recipe": f"{this.net.name} --epochs {this.epochs} --seed {this.seed}"
        + (" (bfloat16)" if this.bf16 else ""),
        "seconds": f"{sum(epoch['seconds'] for epoch in log):.0f}",
    }


def _write(path: Path, weights: dict[str, Tensor], described: dict[str, str]) -> None:
    # As bytes: safetensors' own save_file makes files that only their owner may read.
    write_whole(path, lambda beside: beside.write_bytes(save(weights, described)))
