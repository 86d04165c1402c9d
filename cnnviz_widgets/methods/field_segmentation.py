"""Cutting a unit's concept out of pictures with its measured field.

Zhou et al., "Object Detectors Emerge in Deep Scene CNNs", ICLR 2015, section 3.2 and figure 5.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.engines import Strongest
from cnnviz_widgets.engines.passes import map_shape
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.discrepancy import unit_center
from cnnviz_widgets.methods.receptive_fields import firing

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FieldSegmentation:
    """The pictures that excite a unit most, and the part of each that it looks at.

    Attributes
    ----------
    values : array, (k,) float32
        The activations, highest first; raw, in no unit.
    names, classes : tuple of str
        What each picture is called, and its class; "" where it has none.
    seen : array, (k, H, W, 3) uint8
        The pictures as the network sees them.
    masks : array, (k, H, W) bool
        True where the unit looks.
    """

    values: Floats
    names: tuple[str, ...]
    classes: tuple[str, ...]
    seen: Bytes
    masks: Bools

    def __len__(self) -> int:
        return len(self.values)

    def dimmed(self, dim: float = 0.2) -> Bytes:
        """Paint the pictures with the rest darkened to `dim` of its brightness, (k, H, W, 3) uint8."""
        dark = np.rint(self.seen * np.float32(dim)).astype(np.uint8)
        return np.where(self.masks[..., None], self.seen, dark)


def segment_by_field(
    model: HookedModel, activations: npt.ArrayLike, layer: str, size: float, threshold: float = 0.5
) -> Bools:
    """Mark what a channel looks at: a disc as large as its measured field wherever it is active.

    Zhou et al. 2015, section 3.2 and figure 5.

    Parameters
    ----------
    model : HookedModel
        The network.
    activations : array, (rows, columns)
        The channel's map for one picture.
    layer : str
        Its layer.
    size : float
        Side of the measured field, pixels (`EmpiricalField.size`); the disc has the same area.
    threshold : float, 0..1
        Places above this share of the map's maximum count as active.

    Returns
    -------
    array, (H, W) bool
        The union of the discs around the active places; empty where the map is nowhere above 0.

    Raises
    ------
    InputError
        If the map has another size than the layer's or holds numbers that are not finite, or the threshold
        is not from 0 to below 1.
    LayerError
        If the layer's units have no place in the picture.

    Notes
    -----
    The paper shows such pictures and does not say how they are made: threshold and discs are ours. The map is
    not enlarged first, since only its own units have fields.
    """
    values, shape = np.asarray(activations, np.float64), map_shape(model, layer)[1:]
    if values.shape != shape:
        raise InputError(
            f"a map of layer {layer!r} is {shape[0]}x{shape[1]}, not {'x'.join(map(str, values.shape))}"
        )
    if not np.isfinite(values).all():
        raise InputError(f"this map of layer {layer!r} holds NaN or infinity, and has no highest place")
    if not 0 <= threshold < 1:
        raise InputError(f"the threshold is a share of the maximum, from 0 to below 1; got {threshold}")
    height, width = model.layer(layer).receptive_field.picture
    down, across = np.arange(height)[:, None], np.arange(width)
    mask = np.zeros((height, width), bool)
    if values.max() <= 0:
        return mask
    for row, column in np.argwhere(values > threshold * values.max()).tolist():
        y, x = unit_center(model, layer, row, column)
        mask |= (down - y) ** 2 + (across - x) ** 2 <= size**2 / math.pi
    return mask


def field_segments(
    model: HookedModel,
    pictures: PictureSet,
    strongest: Strongest,
    channel: int,
    size: float,
    k: int = 9,
    threshold: float = 0.5,
) -> FieldSegmentation:
    """Segment the k pictures that excite a unit most: see `segment_by_field`.

    Parameters
    ----------
    model : HookedModel
        The network.
    pictures : PictureSet
        The data set that was harvested.
    strongest : Strongest
        What `TopK` found in it.
    channel : int
        The channel, counted from 0.
    size : float
        Side of its measured field, pixels.
    k : int
        Pictures, at most.
    threshold : float, 0..1
        See `segment_by_field`.

    Raises
    ------
    TargetError
        If the layer has no such channel.
    InputError
        If it is above 0 in none of the pictures.

    Notes
    -----
    Cost: one forward pass of k pictures, up to the layer.
    """
    numbers = [number for number, *_ in firing(model, strongest, channel, k)]
    x = torch.cat([model.preprocess(pictures[i]) for i in numbers])
    with torch.no_grad(), model.record(strongest.layer, stop=True) as record:
        model.scores(x)
    maps = record.maps(strongest.layer)[:, channel].cpu().numpy()
    return FieldSegmentation(
        maps.max((1, 2)),
        tuple(pictures.names[i] for i in numbers),
        tuple(pictures.class_of(i) for i in numbers),
        np.stack([model.to_picture(each[None]) for each in x]),
        np.stack([segment_by_field(model, each, strongest.layer, size, threshold) for each in maps]),
    )
