"""The order in which edits are scored: coarse to fine, so that a map is there at once and sharpens."""

import torch
from torch import Tensor

from cnnviz_widgets.engines.sweep_edits import Edits


def levels(edits: Edits) -> list[Tensor]:
    """Sort edits on a grid into levels: every 2^k-th row and column first, then those between.

    The grid is made of all tops and lefts that occur; it may have holes. The first level has
    about 9 to 36 places; each following one has three times as many as all before.

    Returns
    -------
    list of Tensor, int64
        Numbers of edits; together each occurs once.
    """
    row, column = (torch.unique(each, return_inverse=True)[1] for each in (edits.tops, edits.lefts))
    found, left, step = [], torch.ones(len(edits), dtype=torch.bool), 1
    while len(edits) / step**2 > 25:
        step *= 2
    while step >= 1:
        now = left & (row % step == 0) & (column % step == 0)
        if now.any():
            found.append(torch.nonzero(now)[:, 0])
        left &= ~now
        step //= 2
    return found
