"""Pictures as a network is taught with them: in batches, moved a little, normalised; and how well it did."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

_PORTION = 100  # pictures scored at a time; 112x112 pixels of the widest network then take 100 MB


class LabelledPictures(NamedTuple):
    """Pictures as (N, 3, H, W) uint8 RGB in 0..255, and their labels as (N,) int64 from 0."""

    pictures: Tensor
    labels: Tensor


def shuffled(count: int, batch: int) -> list[Tensor]:
    """Indices of an epoch's batches; the few pictures that make no whole batch wait for another epoch."""
    batch = min(batch, count)
    return list(torch.randperm(count)[: count // batch * batch].split(batch))


def moved(pictures: Tensor, most: int) -> Tensor:
    """Shift each picture by up to `most` pixels, its border mirrored, and mirror every other one.

    Parameters
    ----------
    pictures : Tensor
        (N, C, H, W), any type.
    most : int
        Pixels, less than H and W.
    """
    count, _, height, width = pictures.shape
    down, right = torch.randint(-most, most + 1, (2, count, 1))
    rows = _mirrored(torch.arange(height) + down, height)
    columns = _mirrored(torch.arange(width) + right, width)
    columns = torch.where(torch.rand(count, 1) < 0.5, columns.flip(1), columns)
    which = torch.arange(count)
    # Indices on both sides of the channels' slice give (N, H, W, C), the order CPU convolutions are fast in.
    return pictures[which[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _mirrored(index: Tensor, size: int) -> Tensor:
    """Reflect indices that left 0..size-1 back inside."""
    return (size - 1) - ((size - 1) - index.abs()).abs()


def normalized(pictures: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Turn RGB pictures, (N, 3, H, W) uint8, into 0..1, subtract `mean` and divide by `std`, per channel."""
    low, spread = (torch.tensor(each, device=pictures.device).view(3, 1, 1) * 255 for each in (mean, std))
    return pictures.float().sub_(low).div_(spread)


def tinted(x: Tensor, most: float) -> Tensor:
    """Change the contrast and the brightness of each picture's channels by chance, in place.

    Parameters
    ----------
    x : Tensor
        (N, 3, H, W) float, normalised, so that 1 is the spread of the training pictures.
    most : float
        A channel's contrast becomes 1 - most to 1 + most times what it was, its brightness moves by as much.
    """
    gain, shift = (torch.rand(2, len(x), 3, 1, 1) * 2 - 1).mul(most).to(x.device)
    return x.mul_(1 + gain).add_(shift)


def statistics(pictures: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of (N, 3, H, W) uint8 pixels in 0..1, per channel, to four digits."""
    counts = torch.zeros(3, 256, dtype=torch.int64)
    for some in pictures.split(500):
        counts += torch.stack([some[:, channel].flatten().bincount(minlength=256) for channel in range(3)])
    share = counts.double() / counts.sum(1, keepdim=True)
    value = torch.arange(256, dtype=torch.float64) / 255
    mean = (share * value).sum(1)
    std = (share * (value - mean[:, None]).square()).sum(1).sqrt()
    return tuple(round(each, 4) for each in mean.tolist()), tuple(round(each, 4) for each in std.tolist())


@torch.no_grad()
def answers(network: nn.Module, pictures: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Name the class with the highest score for each of (N, 3, H, W) uint8 pictures: (N,) int64."""
    network.eval()
    device = next((each.device for each in network.parameters()), pictures.device)
    said = [
        network(normalized(some.to(device), mean, std)).argmax(1).to(pictures.device)
        for some in pictures.split(_PORTION)
    ]
    return torch.cat(said)


def accuracy(
    network: nn.Module, test: LabelledPictures, mean: Sequence[float], std: Sequence[float]
) -> float:
    """Share of the pictures whose highest score is that of their label."""
    said = answers(network, test.pictures, mean, std)
    return int((said == test.labels).sum()) / len(test.labels)


def confusions(said: Tensor, labels: Tensor) -> Iterator[tuple[int, int, int]]:
    """Yield (label, answer, how often) of the wrong answers, the most frequent first; both (N,) int64."""
    wrong = said != labels
    pairs, counts = torch.stack([labels[wrong], said[wrong]], 1).unique(dim=0, return_counts=True)
    for index in counts.argsort(descending=True, stable=True).tolist():
        label, answer = pairs[index].tolist()
        yield label, answer, int(counts[index])
