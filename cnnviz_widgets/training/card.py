"""The model card of a Miniworld network: what it is, what it learned from and how, and where it errs."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cnnviz_widgets.training.lessons import confusions
from cnnviz_widgets.training.loop import Epoch
from cnnviz_widgets.training.world_nets import Run

_SHOWN = 8  # epochs of the log, and confusions


@dataclass(frozen=True)
class Measured:
    """What was found out about a finished network.

    Attributes
    ----------
    accuracy, single : float
        Share of the test pictures that the shipped weights get right, and that they did before rounding.
    said, labels : Tensor
        (N,) int64: the answers of the shipped weights on the test pictures, and the right ones.
    series : mapping of int to float
        Kept epochs, and the accuracy of each.
    parameters, bytes : int
        Number of weights, and size of their file.
    """

    accuracy: float
    single: float
    said: Tensor
    labels: Tensor
    series: Mapping[int, float]
    parameters: int
    bytes: int


def card(this: Run, log: Sequence[Epoch], measured: Measured) -> str:
    """Write the model card as Markdown."""
    _, height, width = this.input_shape
    parts = [
        f"# {this.net.name}",
        _filled(f'{this.net.about} It opens with no network: `open_model("{this.net.name}")`.'),
        _facts(this, measured),
        "## Data",
        _filled(
            f"Miniworld, drawn by code (`cnnviz_widgets.data.miniworld`): {this.pictures:,} training "
            f"pictures of {this.net.kind}, {width}x{height} pixels, {len(this.classes)} classes. The test "
            "pictures are never drawn for training, and nothing was chosen by them."
        ),
        "## Recipe",
        _recipe(this, log),
        "## While it learned",
        _history(log),
        *([] if not measured.series else ["## Its epochs", _series(this, measured)]),
        "## Where it errs",
        _errors(this, measured),
        "## What it is for, and what not",
        _filled(
            "For looking into: it knows Miniworld's drawings and nothing else. A photo gets one of these "
            "classes, too, often with confidence and rarely with reason. Not for any decision outside a "
            "lecture."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(this: Run, measured: Measured) -> str:
    mean, std = (" ".join(f"{each:.4f}" for each in values) for values in (this.mean, this.std))
    count, shape = len(measured.labels), "x".join(map(str, this.input_shape))
    rows = [
        (
            "accuracy",
            f"**{measured.accuracy:.2%}** of {count:,} test pictures, from this file; wanted: "
            f"{this.net.target:.0%}; before rounding to half precision: {measured.single:.2%}",
        ),
        (
            "input",
            f"{shape}, RGB in 0..1, minus the mean {mean}, divided by the spread {std}",
        ),
        ("output", f"{len(this.classes)} logits: {', '.join(this.classes)}"),
        ("size", f"{measured.parameters:,} weights; filters and matrices in half precision"),
        ("file", f"`{this.net.name}.safetensors`, {measured.bytes / 1e6:.2f} MB; it describes itself"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)])


def _recipe(this: Run, log: Sequence[Epoch]) -> str:
    minutes = sum(epoch["seconds"] for epoch in log) / 60
    precision = "bfloat16 convolutions" if this.bf16 else "single precision"
    norm = (
        "Batch norm after every convolution while learning, folded into the convolutions at the end"
        if this.net.folded
        else "Batch norm is part of this family and stays"
    )
    command = f"python -m cnnviz_widgets.training {this.net.name} --epochs {this.epochs} --seed {this.seed}"
    sentences = [
        f"{this.epochs} epochs, {minutes:.0f} minutes with {torch.get_num_threads()} CPU thread(s) and "
        f"PyTorch {torch.__version__.split('+')[0]}, {precision}.",
        f"Momentum descent, rate up to {this.net.peak_rate:g}, then down as a cosine; softened labels; "
        "stronger weight decay and a small start for the first layer, so that its filters are what it "
        "learned.",
        "Pictures are shifted and tinted a little, and every other one is mirrored.",
        f"{norm}.",
        "The weights are those of the last epoch, not of the best.",
    ]
    items = [_filled(f"- {each}", indent="  ") for each in sentences]
    return "\n".join(["```", command, "```", "", *items])


def _history(log: Sequence[Epoch]) -> str:
    """Some epochs of the log, evenly spread, the first and the last among them."""
    chosen = torch.linspace(0, len(log) - 1, min(_SHOWN, len(log))).round().int().tolist()
    lines = [
        f"| {log[index]['epoch']:.0f} | {log[index]['loss']:.3f} | {log[index]['val_accuracy']:.1%} |"
        for index in chosen
    ]
    return "\n".join(["| epoch | loss | validation pictures right |", "|---|---|---|", *lines])


def _series(this: Run, measured: Measured) -> str:
    name, every = this.net.name, {**measured.series, this.epochs: measured.accuracy}
    told = _filled(
        f'`open_model("{name}@{min(every)}")` opens the weights after that epoch, '
        f'`open_model("{name}", epochs="all")` a list of all, in order.'
    )
    lines = [f"| {number} | {share:.2%} |" for number, share in every.items()]
    return "\n".join([told, "", "| epoch | test pictures right |", "|---|---|", *lines])


def _errors(this: Run, measured: Measured) -> str:
    wrong = int((measured.said != measured.labels).sum())
    if not wrong:
        return "It got every test picture right."
    lines = [
        f"| {this.classes[label]} | {this.classes[answer]} | {count} |"
        for (label, answer, count), _ in zip(
            confusions(measured.said, measured.labels), range(_SHOWN), strict=False
        )
    ]
    told = f"{wrong} of {len(measured.labels):,} test pictures; the commonest confusions:"
    return "\n".join([told, "", "| shown | called | times |", "|---|---|---|", *lines])


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 115, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
