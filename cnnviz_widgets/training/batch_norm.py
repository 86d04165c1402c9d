"""Batch norm while a network learns, none in the network that is shipped.

Batch norm makes a small network learn several times faster, but in a lecture it is one more module
between the picture and the filters. Once the statistics are fixed it is only a scale and a shift per
channel, which the convolution before it can do itself.
"""

import copy
from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


class NormalizedConv(nn.Module):
    """A convolution and the batch norm of its output, (N, C, H, W); they fold into one convolution."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(conv.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, then bring every channel to its learned mean and spread."""
        return self.norm(self.conv(x))


def add_batch_norm(network: Network) -> Network:
    """Put a batch norm after every convolution of `network`, in place, and return it."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv2d):
                setattr(parent, name, NormalizedConv(child))
    return network


def fold_batch_norm(network: Network) -> Network:
    """Return a copy without batch norms that computes, up to rounding, what `network` does in evaluation."""
    plain = copy.deepcopy(network).eval()
    for parent in list(plain.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, NormalizedConv):
                setattr(parent, name, fuse_conv_bn_eval(child.conv, child.norm))
    return plain
