"""Actual against theoretical fields, layer by layer.

Zhou et al., "Object Detectors Emerge in Deep Scene CNNs", ICLR 2015, section 3.2 and table 2.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import Strongest, TopK, harvest
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.discrepancy import patch_size, unit_center
from cnnviz_widgets.methods.receptive_fields import GATHERED, EmpiricalField, field_steps, theoretical_size

_PLACES = 16  # strides in a field


@dataclass(frozen=True, eq=False)
class LayerSizes:
    """Measured sizes of some of a layer's fields.

    Attributes
    ----------
    layer : Layer
        The layer.
    channels : tuple of int
        Which channels were measured.
    sizes : array, (channels,) float64
        Side of each measured field, in pixels (see `EmpiricalField.size`).
    """

    layer: Layer
    channels: tuple[int, ...]
    sizes: npt.NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean of the sizes, pixels; NaN where no unit fires."""
        return float(self.sizes.mean()) if len(self.sizes) else float("nan")

    @property
    def spread(self) -> float:
        """Standard deviation of the sizes, pixels; NaN where no unit fires."""
        return float(self.sizes.std()) if len(self.sizes) else float("nan")

    @property
    def theoretical(self) -> float:
        """Side of the field that the architecture allows, pixels; not cut at the picture's edge."""
        return theoretical_size(self.layer)

    def __repr__(self) -> str:
        return (
            f"LayerSizes({self.layer.name!r}, {self.mean:.1f} ± {self.spread:.1f} px of "
            f"{self.theoretical:.0f} px, {len(self.sizes)} units)"
        )


def firing_channels(strongest: Strongest, units: int) -> list[int]:
    """Choose channels evenly among those that are above 0 in some picture; all if there are no more."""
    alive = np.flatnonzero((strongest.found & (strongest.values > 0)).any(1))
    if len(alive) <= units:
        return alive.tolist()
    return alive[np.linspace(0, len(alive) - 1, units).round().astype(int)].tolist()


def survey_stride(model: HookedModel, layer: str) -> int:
    """Choose a stride that lays about 18x18 patches on a layer's field, the paper's or more, in pixels."""
    return max(patch_size(model)[1], round(theoretical_size(model.layer(layer)) / _PLACES))


def size_steps(
    model: HookedModel,
    pictures: PictureSet,
    strongest: Strongest,
    units: int = 8,
    k: int = 4,
    *,
    stride: int | None = None,
    **how: Any,
) -> Iterator[tuple[LayerSizes, EmpiricalField]]:
    """Measure a layer's fields unit by unit: see `field_sizes`.

    Yields
    ------
    (LayerSizes, EmpiricalField)
        The sizes so far, and the field being measured.
    """
    layer = model.layer(strongest.layer)
    sizes: list[float] = []
    stride = survey_stride(model, strongest.layer) if stride is None else stride
    channels = firing_channels(strongest, units)
    for number, channel in enumerate(channels):
        field = None
        for field in field_steps(model, pictures, strongest, channel, k, stride=stride, **how):
            yield LayerSizes(layer, tuple(channels[:number]), np.array(sizes)), field
        assert field is not None  # a channel that fires has a picture
        sizes.append(field.size)
        yield LayerSizes(layer, tuple(channels[: number + 1]), np.array(sizes)), field


def field_sizes(
    model: HookedModel,
    pictures: Any,
    layers: Sequence[str],
    units: int = 8,
    k: int = 4,
    *,
    patch: int | None = None,
    stride: int | None = None,
    level: float = 0.2,
    seed: int = 0,
    progress: bool = True,
) -> list[LayerSizes]:
    """Measure how large the fields of some units of each layer are, beside what the architecture allows.

    Zhou et al. 2015, table 2: in Places-AlexNet 17.8, 37.4, 52.1, 60.0 and 72.0 px after pool1, pool2, conv3,
    conv4 and pool5, where the architecture allows 19, 67, 99, 131 and 195.

    Parameters
    ----------
    model : HookedModel
        Any network.
    pictures : anything `picture_set` takes
        A folder's path, `Scenes` or `Objects`, a list, a torch data set.
    layers : sequence of str
        Layers with maps.
    units : int
        Channels of each layer, chosen evenly among those that fire.
    k : int
        Pictures for each, 9 at most.
    stride : int, optional
        Pixels from one patch to the next; without it, a sixteenth of each layer's field, but not less than
        the paper's, so that all layers cost about the same.
    patch, level, seed
        See `empirical_field`.
    progress : bool
        Show a progress bar while the pictures are looked through.

    Returns
    -------
    list of LayerSizes
        In the order given.

    Raises
    ------
    LayerError
        If a layer is unknown, or its units have no place in the picture.
    InputError
        If there are no pictures, or units, k, patch or stride are out of range.

    Notes
    -----
    Cost: one forward pass for each picture, kept on disk; then layers * units * k sweeps.

    Differs from the paper, which measures all units over 200 000 pictures.
    """
    if not (1 <= k <= GATHERED and units >= 1):
        raise InputError(f"units is 1 or more, and k from 1 to {GATHERED}; got {units} and {k}")
    for name in layers:
        unit_center(model, name, 0, 0)
    data = picture_set(pictures)
    found = harvest(model, data, [TopK(name, GATHERED) for name in layers], progress=progress)
    how: dict[str, Any] = {"patch": patch, "stride": stride, "level": level, "seed": seed}
    sizes = []
    for strongest in found:
        last = LayerSizes(model.layer(strongest.layer), (), np.array([]))
        for so_far, _ in size_steps(model, data, strongest, units, k, **how):
            last = so_far
        sizes.append(last)
    return sizes
