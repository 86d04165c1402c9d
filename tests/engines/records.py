"""What an objective reads, made by hand: no network runs."""

from collections.abc import Mapping

import torch
from torch import Tensor


class Given(Mapping):
    """A record of tensors as they are given, whose maps are (N, C, H, W) already."""

    def __init__(self, picture=None, scores=None, classes=None, **layers: Tensor) -> None:
        self.picture, self.scores, self.classes, self._layers = picture, scores, classes, layers

    def __getitem__(self, name: str) -> Tensor:
        return self._layers[name]

    def __iter__(self):
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def maps(self, name: str) -> Tensor:
        found = self._layers[name]
        return found if found.dim() == 4 else found[:, :, None, None]


def random(*shape: int, seed: int = 0) -> Tensor:
    """Numbers of both signs, in float64, the same in every run."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slope(term, picture: Tensor) -> Tensor:
    """Say how a prior changes with each pixel."""
    picture = picture.clone().requires_grad_()
    return torch.autograd.grad(term(Given(picture)).sum(), picture)[0]
