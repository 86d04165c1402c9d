"""How much a small random patch on each part of a picture changes one unit.

Zhou, Khosla, Lapedriza, Oliva & Torralba, "Object Detectors Emerge in Deep Scene CNNs", ICLR 2015,
section 3.2.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.engines import Edits, Sweep
from cnnviz_widgets.engines.passes import map_shape
from cnnviz_widgets.errors import InputError, LayerError, TargetError

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

_PAPER_SIDE, _PAPER_PATCH, _PAPER_STRIDE = 227, 11, 3  # pixels


@dataclass(frozen=True, eq=False)
class DiscrepancyMap:
    """How much a random patch changes one unit of one picture, for patches around the place the unit is at.

    Row i, column j of `values` is the patch whose first pixel is at (`tops[i]`, `lefts[j]`). The patch in the
    middle of the map lies on the middle of the unit's field, so that maps of different pictures can be laid
    on each other as they are: they are re-centred.

    Attributes
    ----------
    layer : Layer
        The layer.
    channel, row, column : int
        The unit, counted from 0.
    activation : float
        Of the whole picture; raw, in no unit.
    values : array, (2n + 1, 2m + 1) float32
        |activation with the patch - activation|. 0 for patches that do not touch the theoretical field; NaN
        for those whose middle is outside the picture, and those not computed yet.
    tops, lefts : array, (2n + 1,) and (2m + 1,) int64
        First rows and columns of the patches, in pixels of the network's input; some are outside it.
    patch, stride : int
        Side of a patch, and pixels from one to the next.
    done, total : int
        Patches computed, of how many that touch the field.
    """

    layer: Layer
    channel: int
    row: int
    column: int
    activation: float
    values: Floats
    tops: Whole
    lefts: Whole
    patch: int
    stride: int
    done: int
    total: int

    def on_picture(self) -> Floats:
        """Lay the map over the picture, (H, W): a pixel has the value of the patch with the nearest middle.

        NaN beyond the map and where it is not computed yet.
        """
        rows, columns = (
            _nearest(starts + (self.patch - 1) / 2, length, self.stride)
            for starts, length in zip(
                (self.tops, self.lefts), self.layer.receptive_field.picture, strict=True
            )
        )
        found = self.values[rows[:, None], columns]
        found[(rows < 0)[:, None] | (columns < 0)] = np.nan
        return found


def _nearest(middles: npt.NDArray[np.floating], length: int, stride: int) -> Whole:
    """Number of the nearest middle for each pixel; -1 where none is within half a stride."""
    index = np.floor((np.arange(length) - middles[0]) / stride + 0.5).astype(np.int64)
    return np.where((index >= 0) & (index < len(middles)), index, -1)


def patch_size(model: HookedModel) -> tuple[int, int]:
    """Scale the paper's patch and stride, 11 and 3 of 227 pixels, to a network's input, the stride up."""
    side = min(model.input_shape[-2:])
    return max(1, round(_PAPER_PATCH * side / _PAPER_SIDE)), max(
        1, math.ceil(_PAPER_STRIDE * side / _PAPER_SIDE)
    )


def unit_center(model: HookedModel, name: str, row: int, column: int) -> tuple[float, float]:
    """Say over which point of the picture a unit is, in pixel indices: row, column.

    Where a unit sees the whole picture (attention), its place in the map is its share of the picture.

    Raises
    ------
    LayerError
        If the layer's units have no place: a vector, as of a fully connected layer.
    """
    layer = model.layer(name)
    field, shape = layer.receptive_field, map_shape(model, name)[1:]
    if len(layer.shape) < 2:
        maps = [each.name for each in model.layers if each.is_map]
        other = f"choose a layer with maps, such as {maps[-1]!r}" if maps else f"{model.name} has no maps"
        raise LayerError(
            f"a unit of layer {name!r} sees the whole picture and has no place in it, so its field cannot be "
            f"centred; {other}"
        )
    if field.whole:
        rows, columns = (
            (i + 0.5) * n / m - 0.5 for i, n, m in zip((row, column), field.picture, shape, strict=True)
        )
        return rows, columns
    return field.center[0] + row * field.stride[0], field.center[1] + column * field.stride[1]


def discrepancy_steps(
    model: HookedModel,
    x: Tensor,
    layer: str,
    channel: int,
    row: int | None = None,
    column: int | None = None,
    *,
    patch: int | None = None,
    stride: int | None = None,
    seed: int = 0,
) -> Iterator[DiscrepancyMap]:
    """Compute a discrepancy map batch by batch, coarse to fine: see `discrepancy_map`.

    Yields
    ------
    DiscrepancyMap
        With what is known so far; the last one is whole.
    """
    usual = patch_size(model)
    patch, stride = usual[0] if patch is None else patch, usual[1] if stride is None else stride
    _check(model, layer, channel, patch, stride)
    sweep = Sweep(model, x, layers={layer: [channel]}, scores=False)
    values = sweep.activations[layer][0]
    row, column = _place(values, layer, row, column)
    before = float(values[row, column])
    if not torch.isfinite(values).all():
        raise InputError(
            f"channel {channel} of layer {layer!r} holds NaN or infinity for this picture: there is no "
            "change to measure"
        )
    found = _empty(model, layer, channel, (row, column), before, patch, stride)
    there = np.argwhere(_inside(found) & _touching(found))
    tops, lefts = torch.from_numpy(found.tops[there[:, 0]]), torch.from_numpy(found.lefts[there[:, 1]])
    edits = Edits(tops, lefts, patch, patch, random_patches(model, sweep.x, len(there), patch, seed))
    whole = found.values
    yield replace(found, values=whole.copy(), total=len(there))
    for step in sweep.steps(edits):
        changed = (step.answers.activations[layer][:, 0, row, column] - values[row, column]).abs()
        places = there[step.answers.indices.numpy()]
        whole[places[:, 0], places[:, 1]] = changed.cpu().numpy()
        yield replace(found, values=whole.copy(), done=step.done, total=len(there))


def discrepancy_map(
    model: HookedModel,
    x: Tensor,
    layer: str,
    channel: int,
    row: int | None = None,
    column: int | None = None,
    *,
    patch: int | None = None,
    stride: int | None = None,
    seed: int = 0,
) -> DiscrepancyMap:
    """Put a small random patch on each place around a unit, and measure how much the unit changes.

    Zhou et al. 2015, section 3.2.

    Parameters
    ----------
    model : HookedModel
        Any network.
    x : Tensor, (1, C, H, W)
        One picture, as `model.preprocess` gives it.
    layer : str
        A layer whose result can be arranged as maps.
    channel : int
        The channel, counted from 0.
    row, column : int, optional
        The unit's place in its map; without them, where the map is highest.
    patch, stride : int, optional
        Side of a patch, and from one to the next, in pixels; without them, the paper's 11 and 3 pixels of
        227, scaled to the network's input (see `patch_size`).
    seed : int
        Of the patches. Each has its own random colours: every pixel and channel between black and white.

    Returns
    -------
    DiscrepancyMap

    Raises
    ------
    LayerError
        If the layer is unknown, or its units have no place in the picture.
    TargetError
        If there is no such unit.
    InputError
        If a patch does not fit into the picture, x is not one picture, or an activation is no finite number.

    Notes
    -----
    Cost: two forward passes up to the layer, and one sweep over the patches that touch the unit's theoretical
    field. A patch outside it cannot change the unit: it is 0 and is not computed.

    Differs from the paper in the grid: it is laid out from the middle of the unit's field and not from the
    picture's corner, so that maps can be averaged without being shifted by parts of a stride. Patches at the
    picture's edge are cut; those whose middle lies outside are left out.
    """
    steps = discrepancy_steps(model, x, layer, channel, row, column, patch=patch, stride=stride, seed=seed)
    *_, whole = steps
    return whole


def random_patches(model: HookedModel, x: Tensor, count: int, side: int, seed: int) -> Tensor:
    """Draw patches with every pixel and channel anywhere between black and white, (count, C, side, side)."""
    ends = []
    for shade in (0, 255):
        plain = model.preprocess(np.full((*x.shape[-2:], 3), shade, np.uint8))[0]
        ends.append(plain.to("cpu", torch.float64).mean((1, 2)))
    if not all(torch.isfinite(each).all() for each in ends) or torch.equal(*ends):
        # A preprocessing that takes each picture's own mean and spread leaves nothing of a plain one.
        flat = x[0].to("cpu", torch.float64).flatten(1)
        ends = [flat.amin(1), flat.amax(1)]
    chance = torch.Generator().manual_seed(seed)
    drawn = torch.rand(count, len(ends[0]), side, side, generator=chance, dtype=torch.float64)
    low, high = (each[:, None, None] for each in ends)
    return (low + drawn * (high - low)).to(x.dtype)


def _empty(
    model: HookedModel,
    name: str,
    channel: int,
    place: tuple[int, int],
    before: float,
    patch: int,
    stride: int,
) -> DiscrepancyMap:
    """Lay out the grid around a unit: NaN where there is something to compute, 0 beyond the field."""
    layer = model.layer(name)
    field = layer.receptive_field
    starts = []
    for middle, size, length in zip(unit_center(model, name, *place), field.size, field.picture, strict=True):
        reach = min(math.ceil((size + patch) / 2 / stride), math.ceil(length / stride))
        # Not round(), which goes to the even number: the grids of two units would differ by a pixel.
        first = math.floor(middle - (patch - 1) / 2 + 0.5)
        starts.append(first + stride * np.arange(-reach, reach + 1))
    values = np.full((len(starts[0]), len(starts[1])), np.nan, np.float32)
    row, column = place
    found = DiscrepancyMap(
        layer, channel, row, column, before, values, starts[0], starts[1], patch, stride, 0, 0
    )
    values[_inside(found) & ~_touching(found)] = 0
    return found


def _inside(found: DiscrepancyMap) -> Bools:
    """Tell which patches have their middle in the picture."""
    height, width = found.layer.receptive_field.picture
    down, across = (2 * starts + found.patch - 1 for starts in (found.tops, found.lefts))
    rows, columns = (down >= 0) & (down <= 2 * (height - 1)), (across >= 0) & (across <= 2 * (width - 1))
    return rows[:, None] & columns


def _touching(found: DiscrepancyMap) -> Bools:
    """Tell which patches touch the theoretical field, cut at the picture's edge."""
    top, left, bottom, right = found.layer.receptive_field.box(found.row, found.column)
    rows = (found.tops < bottom) & (found.tops + found.patch > top)
    columns = (found.lefts < right) & (found.lefts + found.patch > left)
    return rows[:, None] & columns


def _place(values: Tensor, layer: str, row: int | None, column: int | None) -> tuple[int, int]:
    rows, columns = values.shape
    if row is None or column is None:
        return divmod(int(values.flatten().argmax()), columns)
    if not (0 <= row < rows and 0 <= column < columns):
        raise TargetError(
            f"layer {layer!r} has no unit at row {row}, column {column}: its maps are {rows}x{columns}"
        )
    return row, column


def _check(model: HookedModel, layer: str, channel: int, patch: int, stride: int) -> None:
    unit_center(model, layer, 0, 0)
    count, side = map_shape(model, layer)[0], min(model.layer(layer).receptive_field.picture)
    if not 0 <= channel < count:
        raise TargetError(f"layer {layer!r} has no channel {channel}: they go from 0 to {count - 1}")
    if not 1 <= patch <= side:
        raise InputError(
            f"a patch of {patch} pixels does not fit: 1 to {side} do, the picture's shorter side"
        )
    if stride < 1:
        raise InputError(f"the stride is 1 pixel or more; got {stride}")
