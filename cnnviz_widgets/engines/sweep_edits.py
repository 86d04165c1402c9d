"""Edits of one picture: rectangles that are replaced, each edit on its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cnnviz_widgets.errors import InputError

Fill = float | Sequence[float] | Tensor


@dataclass(frozen=True, eq=False)
class Edits:
    """N edits of one picture; each replaces the pixels of one rectangle, and stands for one edited picture.

    All rectangles of one `Edits` have the same size. They may stick out of the picture, and are cut at its
    edges.

    Attributes
    ----------
    tops, lefts : Tensor, (N,) int64
        The rectangles' first row and column, in pixels of the network's input.
    height, width : int
        Their size, in pixels.
    patch : Tensor, (C, height, width) or (N, C, height, width)
        What stands there instead, normalised as `model.preprocess` does it; one for all, or one for each.
    mask : Tensor, (N, height, width) bool, or None
        Where in its rectangle each edit replaces; None is everywhere.

    Raises
    ------
    InputError
        If the sizes do not fit each other.
    """

    tops: Tensor
    lefts: Tensor
    height: int
    width: int
    patch: Tensor
    mask: Tensor | None = None

    def __post_init__(self) -> None:
        n, size = len(self.tops), (self.height, self.width)
        if self.tops.shape != (n,) or self.lefts.shape != (n,):
            raise InputError(
                f"edits need one top and one left each; got {tuple(self.tops.shape)} and "
                f"{tuple(self.lefts.shape)}"
            )
        if min(size) < 1:
            raise InputError(f"an edit is 1 pixel large or more; got {_size(size)}")
        several = self.patch.dim() == 4 and len(self.patch) == n
        if not (self.patch.dim() == 3 or several) or self.patch.shape[-2:] != size:
            raise InputError(
                f"the patch of {n} edits of {_size(size)} is (C, {_size(size)}) or ({n}, C, {_size(size)}), "
                f"not {_size(self.patch.shape)}"
            )
        if self.mask is not None and (self.mask.shape != (n, *size) or self.mask.dtype != torch.bool):
            raise InputError(
                f"the mask of {n} edits of {_size(size)} is {n}x{_size(size)} of bool, "
                f"not {_size(self.mask.shape)} of {self.mask.dtype}"
            )

    @property
    def boxes(self) -> Tensor:
        """Top, left, bottom and right of each rectangle, (N, 4) int64, not cut; bottom and right excluded."""
        return torch.stack([self.tops, self.lefts, self.tops + self.height, self.lefts + self.width], dim=1)

    def __len__(self) -> int:
        return len(self.tops)

    def __getitem__(self, which: Any) -> "Edits":
        """Take some of the edits: a slice, numbers, or a mask of bool."""
        if isinstance(which, int):
            which = [which]
        if not isinstance(which, slice):
            which = torch.as_tensor(which)
        patch = self.patch if self.patch.dim() == 3 else self.patch[which]
        mask = None if self.mask is None else self.mask[which]
        return Edits(self.tops[which], self.lefts[which], self.height, self.width, patch, mask)

    def apply(self, x: Tensor) -> Tensor:
        """Make the edited pictures in full: (1, C, H, W) or (C, H, W) to (N, C, H, W).

        Raises
        ------
        InputError
            If x is not one picture, or has other channels than the patch.
        """
        picture = one_picture(x)
        if self.patch.shape[-3] != len(picture):
            raise InputError(f"the patch has {self.patch.shape[-3]} channels, and the picture {len(picture)}")
        edited = picture.repeat(len(self), 1, 1, 1)
        patch = self.patch.to(picture)
        rows, columns = picture.shape[-2:]
        for i, (top, left) in enumerate(zip(self.tops.tolist(), self.lefts.tolist(), strict=True)):
            there = (
                slice(max(0, top), max(0, top + self.height)),
                slice(max(0, left), max(0, left + self.width)),
            )
            cut_rows = slice(max(0, -top), max(0, min(self.height, rows - top)))
            cut_columns = slice(max(0, -left), max(0, min(self.width, columns - left)))
            new = (patch if patch.dim() == 3 else patch[i])[:, cut_rows, cut_columns]
            place = edited[i][:, there[0], there[1]]
            if self.mask is None:
                place.copy_(new)
            else:
                place.copy_(torch.where(self.mask[i, cut_rows, cut_columns].to(x.device), new, place))
        return edited


def squares(x: Tensor, size: int | tuple[int, int], stride: int | tuple[int, int], fill: Fill = 0.0) -> Edits:
    """Cover the picture with a square at each position of a grid (Zeiler & Fergus 2014, sec. 4.2).

    Parameters
    ----------
    x : Tensor, (1, C, H, W)
        The picture.
    size, stride : int or (int, int)
        Of the square, and from one to the next, down and across, in pixels.
    fill : float, sequence of C floats, or Tensor
        What stands in the square, normalised: see `cover`.

    Returns
    -------
    Edits
        Row by row from the top left. The last of a row and of a column are flush with the picture's edge, so
        that every pixel is covered whether or not the stride divides.

    Raises
    ------
    InputError
        If the square is larger than the picture, or the stride is below 1.
    """
    picture = one_picture(x)
    size, stride = _pair(size, "size"), _pair(stride, "stride")
    if size[0] > picture.shape[1] or size[1] > picture.shape[2]:
        raise InputError(
            f"a square of {_size(size)} does not fit into a picture of {_size(picture.shape[1:])} pixels"
        )
    if min(stride) < 1:
        raise InputError(f"the stride is 1 pixel or more; got {_size(stride)}")
    places = []
    for length, side, step in zip(picture.shape[1:], size, stride, strict=True):
        last = length - side
        places.append(torch.tensor([*range(0, last, step), last]))
    tops, lefts = torch.meshgrid(*places, indexing="ij")
    return cover(x, tops.reshape(-1), lefts.reshape(-1), size, fill)


def cover(
    x: Tensor,
    tops: Sequence[int] | Tensor,
    lefts: Sequence[int] | Tensor,
    size: int | tuple[int, int],
    fill: Fill = 0.0,
) -> Edits:
    """Cover the picture with one rectangle at each of the places given.

    Parameters
    ----------
    x : Tensor, (1, C, H, W)
        The picture.
    tops, lefts : N ints
        The rectangles' first rows and columns; they may stick out.
    size : int or (int, int)
        Height and width, in pixels.
    fill : float, sequence of C floats, or Tensor
        What stands there, normalised: one number, one for each channel (0 is the mean picture where the
        preprocessing subtracts it), a patch (C, height, width), or a picture (C, H, W) that shows through.

    Raises
    ------
    InputError
        If the fill has another number of channels or another size.
    """
    picture = one_picture(x)
    height, width = _pair(size, "size")
    tops, lefts = (torch.as_tensor(each, dtype=torch.int64).reshape(-1).cpu() for each in (tops, lefts))
    return Edits(tops, lefts, height, width, _patch(picture, tops, lefts, (height, width), fill))


def regions(x: Tensor, masks: Tensor, fill: Fill = 0.0) -> Edits:
    """Replace regions of any shape, one for each edit.

    Parameters
    ----------
    x : Tensor, (1, C, H, W)
        The picture.
    masks : Tensor or array, (N, H, W) bool
        True where an edit replaces.
    fill : float, sequence of C floats, or Tensor
        What stands there: see `cover`.

    Raises
    ------
    InputError
        If the masks do not have the picture's size.
    """
    picture = one_picture(x)
    masks = torch.as_tensor(masks).cpu()
    rows, columns = picture.shape[1:]
    if masks.dim() != 3 or masks.shape[1:] != (rows, columns) or masks.dtype != torch.bool:
        raise InputError(
            f"masks are Nx{rows}x{columns} of bool for this picture, not {_size(masks.shape)} of "
            f"{masks.dtype}"
        )
    tops, height = _extent(masks.any(2))
    lefts, width = _extent(masks.any(1))
    down = tops[:, None] + torch.arange(height)
    across = lefts[:, None] + torch.arange(width)
    cut = masks[torch.arange(len(masks))[:, None, None], down[:, :, None], across[:, None, :]]
    return Edits(tops, lefts, height, width, _patch(picture, tops, lefts, (height, width), fill), cut)


def _extent(there: Tensor) -> tuple[Tensor, int]:
    """Find where to put windows of one size that hold each row's True: their starts, (N,), and the size."""
    length = there.shape[1]
    numbers = torch.arange(length)
    first = torch.where(there, numbers, length).amin(1)
    last = torch.where(there, numbers, -1).amax(1)
    size = max(1, int((last - first).max()) + 1) if len(there) else 1
    return first.clamp(0, length - size), size


def _patch(picture: Tensor, tops: Tensor, lefts: Tensor, size: tuple[int, int], fill: Fill) -> Tensor:
    new = torch.as_tensor(fill, dtype=picture.dtype, device=picture.device)
    channels = len(picture)
    if new.dim() == 4 and len(new) == 1:
        new = new[0]
    if new.dim() <= 1 and new.numel() in (1, channels):
        return new.reshape(-1, 1, 1).expand(channels, *size)
    if new.dim() == 3 and len(new) == channels:
        if new.shape[1:] == size:
            return new
        if new.shape == picture.shape:
            down = (tops[:, None] + torch.arange(size[0])).clamp(0, picture.shape[1] - 1)
            across = (lefts[:, None] + torch.arange(size[1])).clamp(0, picture.shape[2] - 1)
            return new[:, down[:, :, None], across[:, None, :]].movedim(1, 0)
    raise InputError(
        f"a fill is one number, {channels} numbers, a patch {channels}x{_size(size)} or a picture "
        f"{_size(picture.shape)}, not {_size(new.shape)}"
    )


def one_picture(x: Tensor) -> Tensor:
    """Take the one picture out of a batch of one: (1, C, H, W) to (C, H, W).

    Raises
    ------
    InputError
        If there are several, or it is no picture.
    """
    if not isinstance(x, Tensor):
        raise InputError(f"a picture is a tensor (1, C, H, W) here, not {type(x).__name__}")
    if x.dim() == 4 and len(x) == 1:
        x = x[0]
    if x.dim() != 3:
        raise InputError(f"edits are made on one picture, (1, C, H, W), not on {_size(x.shape)}")
    return x


def _pair(value: int | tuple[int, int], what: str) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    if len(value) != 2:
        raise InputError(f"the {what} is one number or two, (height, width); got {value!r}")
    return int(value[0]), int(value[1])


def _size(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "one number"
