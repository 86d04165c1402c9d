"""What a unit really looks at: its measured receptive field, beside the theoretical one.

Zhou, Khosla, Lapedriza, Oliva & Torralba, "Object Detectors Emerge in Deep Scene CNNs", ICLR 2015,
section 3.2.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import Strongest, TopK, harvest
from cnnviz_widgets.errors import InputError, TargetError
from cnnviz_widgets.methods.discrepancy import (
    Bools,
    DiscrepancyMap,
    Floats,
    Whole,
    discrepancy_steps,
    unit_center,
)

GATHERED = 9  # pictures gathered for each channel, also where fewer are used: so lectures share what is kept


@dataclass(frozen=True, eq=False)
class EmpiricalField:
    """The field that was measured for one unit: the mean of its re-centred discrepancy maps.

    Attributes
    ----------
    layer : Layer
        The layer.
    channel : int
        The channel, counted from 0.
    maps : tuple of DiscrepancyMap
        One for each picture.
    mean : array, (2n + 1, 2m + 1) float32
        Mean over the pictures that reach a place; NaN where none does.
    counts : array, (2n + 1, 2m + 1) int64
        How many pictures reach it.
    level : float
        Share of the highest mean above which a place counts as seen.
    """

    layer: Layer
    channel: int
    maps: tuple[DiscrepancyMap, ...]
    mean: Floats
    counts: Whole
    level: float

    @property
    def stride(self) -> int:
        """Pixels from one place of the mean to the next."""
        return self.maps[0].stride

    @property
    def region(self) -> Bools:
        """Which places count as seen: those where the mean is above `level` of its maximum."""
        known = np.nan_to_num(self.mean)
        return known > self.level * known.max()

    @property
    def size(self) -> float:
        """Side of the square that is as large as the region, in pixels; 0 if no patch changed the unit."""
        return self.stride * math.sqrt(int(self.region.sum()))

    @property
    def theoretical(self) -> float:
        """Side of the field that the architecture allows, in pixels; not cut at the picture's edge."""
        return theoretical_size(self.layer)

    @property
    def done(self) -> int:
        """Patches computed so far."""
        return sum(each.done for each in self.maps)


def theoretical_size(layer: Layer) -> float:
    """Side of the square that a unit of a layer can see at most, in pixels (see `ReceptiveField`)."""
    return math.sqrt(math.prod(layer.receptive_field.size))


def average_field(maps: Sequence[DiscrepancyMap], level: float = 0.2) -> EmpiricalField:
    """Average re-centred discrepancy maps of one channel.

    Parameters
    ----------
    maps : sequence of DiscrepancyMap
        Of one layer and channel, with one patch and stride.
    level : float, 0..1
        Share of the highest mean above which a place counts as seen. The paper gives sizes and not the rule
        behind them; a fifth of the maximum is what the same authors cut class activation maps at (CVPR 2016,
        section 3.1), and small enough for the faint rim of a field to count.

    Returns
    -------
    EmpiricalField

    Raises
    ------
    InputError
        If there is no map, they are not of one kind, or the level is not from 0 to below 1.
    """
    if not maps:
        raise InputError("there is no discrepancy map to average")
    if not 0 <= level < 1:
        raise InputError(f"the level is a share of the maximum, from 0 to below 1; got {level}")
    kinds = {(each.layer.name, each.channel, each.patch, each.stride, each.values.shape) for each in maps}
    if len(kinds) > 1:
        raise InputError(
            "discrepancy maps are averaged over one channel, with one patch and stride; got "
            + " and ".join(f"{name} channel {c}, patch {p}, stride {s}" for name, c, p, s, _ in sorted(kinds))
        )
    stack = np.stack([each.values for each in maps])
    counts = (~np.isnan(stack)).sum(0)
    sums = np.nansum(stack, axis=0, dtype=np.float64)
    mean = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float32)
    return EmpiricalField(maps[0].layer, maps[0].channel, tuple(maps), mean, counts, level)


def field_steps(
    model: HookedModel,
    pictures: PictureSet,
    strongest: Strongest,
    channel: int,
    k: int = 9,
    *,
    patch: int | None = None,
    stride: int | None = None,
    level: float = 0.2,
    seed: int = 0,
) -> Iterator[EmpiricalField]:
    """Measure a unit's field picture by picture, from what a harvest has found: see `empirical_field`.

    Yields
    ------
    EmpiricalField
        Of the pictures seen so far, the last of them perhaps in part.
    """
    maps: list[DiscrepancyMap] = []
    for i, (number, row, column) in enumerate(firing(model, strongest, channel, k)):
        x = model.preprocess(pictures[number])
        how: dict[str, Any] = {"patch": patch, "stride": stride, "seed": seed * 1000 + i}
        for found in discrepancy_steps(model, x, strongest.layer, channel, row, column, **how):
            yield average_field([*maps, found], level)
        maps.append(found)


def empirical_field(
    model: HookedModel,
    pictures: Any,
    layer: str,
    channel: int,
    k: int = 9,
    *,
    patch: int | None = None,
    stride: int | None = None,
    level: float = 0.2,
    seed: int = 0,
    progress: bool = True,
) -> EmpiricalField:
    """Measure which part of the picture a unit really looks at, from the k pictures that excite it most.

    In each of them, random patches tell which pixels matter to the unit at its strongest place; the k
    discrepancy maps are laid on each other by that place, and averaged.

    Zhou et al. 2015, section 3.2 and figure 3.

    Parameters
    ----------
    model : HookedModel
        Any network.
    pictures : anything `picture_set` takes
        A folder's path, `Scenes` or `Objects`, a list, a torch data set.
    layer, channel, patch, stride, seed
        See `discrepancy_map`; the patches of each picture are others.
    k : int
        Pictures, at most; those in which the unit is not above 0 are left out.
    level : float, 0..1
        See `average_field`.
    progress : bool
        Show a progress bar while the pictures are looked through.

    Returns
    -------
    EmpiricalField
        With `size`, in pixels, beside `theoretical`.

    Raises
    ------
    InputError
        If the unit is above 0 in none of the pictures; and see `discrepancy_map`.
    LayerError, TargetError
        See `discrepancy_map`.

    Notes
    -----
    Cost: one forward pass for each picture up to the layer, once for all channels and kept on disk; then k
    sweeps (see `discrepancy_map`).
    """
    if k < 1:
        raise InputError(f"k is how many pictures to average over, 1 or more; got {k}")
    unit_center(model, layer, 0, 0)  # says at once what cannot be centred
    data = picture_set(pictures)
    (strongest,) = harvest(model, data, [TopK(layer, max(k, GATHERED))], progress=progress)
    how: dict[str, Any] = {"patch": patch, "stride": stride, "level": level, "seed": seed}
    *_, field = field_steps(model, data, strongest, channel, k, **how)
    return field


def firing(model: HookedModel, strongest: Strongest, channel: int, k: int) -> list[tuple[int, int, int]]:
    """List picture, row and column of a channel's k highest activations, those above 0.

    Raises
    ------
    TargetError
        If the layer has no such channel.
    InputError
        If there is none.
    """
    if not 0 <= channel < len(strongest.values):
        raise TargetError(
            f"layer {strongest.layer!r} has no channel {channel}: they go from 0 to "
            f"{len(strongest.values) - 1}"
        )
    if k < 1:
        raise InputError(f"k is how many pictures to average over, 1 or more; got {k}")
    fires = strongest.found[channel] & (strongest.values[channel] > 0)
    if not fires.any():
        broken = int(strongest.not_finite[channel])
        reason = f"; in {broken} its map holds NaN or infinity" if broken else ""
        raise InputError(
            f"channel {channel} of layer {strongest.layer!r} is above 0 in none of the pictures{reason}: "
            "what never fires has no field to measure. Choose another channel, or show "
            f"{model.name} more pictures."
        )
    lists = (
        getattr(strongest, name)[channel, fires][:k].tolist() for name in ("pictures", "rows", "columns")
    )
    return list(zip(*lists, strict=True))
