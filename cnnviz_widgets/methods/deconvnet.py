"""What excites a channel: the pictures that do so most, and one activation projected down to the pixels.

Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, sections 2 and 4.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Layer, ReluRule, deconvnet
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import Neuron, Strongest, TopK, harvest
from cnnviz_widgets.errors import InputError, TargetError
from cnnviz_widgets.methods.field_crops import field_crop

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
Numbers = int | Sequence[int] | npt.NDArray[np.int64] | Tensor


@dataclass(frozen=True)
class Isolated:
    """Half the square of one unit's activation, for each picture.

    Its gradient at the layer is the activation itself at the unit, and zero everywhere else: what the
    deconvnet is given.

    Attributes
    ----------
    unit : Neuron
        The unit.
    """

    unit: Neuron

    @property
    def layers(self) -> tuple[str]:
        """The layer it reads: a pass can stop after it."""
        return self.unit.layers

    def __call__(self, record: Any) -> Tensor:
        """Read half the square for each picture, (N,)."""
        return 0.5 * self.unit(record).square()


def project(
    model: HookedModel,
    x: Tensor,
    layer: str,
    channels: Numbers,
    rows: Numbers = 0,
    columns: Numbers = 0,
    rule: ReluRule | str = deconvnet,
) -> Tensor:
    """Carry one activation of each picture back to the pixels that caused it.

    All other activations of the layer are set to zero; what is left goes down through the layers: filters
    transposed, pooling undone by its switches (the places of the maxima), ReLUs by the rule.

    Zeiler & Fergus 2014, section 2.1.

    Parameters
    ----------
    model : HookedModel
        Any network.
    x : Tensor, (N, C, H, W)
        Pictures, as `model.preprocess` gives them.
    layer : str
        Any layer whose result can be arranged as maps.
    channels, rows, columns : int, or one for each picture
        The unit, counted from 0.
    rule : ReluRule or str
        What to do at ReLUs: "deconvnet" as in the paper, "guided" (Springenberg et al. 2015), "backprop".

    Returns
    -------
    Tensor, (N, C, H, W)
        Signed, in units of the network's input times those of the activation; zero outside the unit's
        receptive field. With "backprop" it is the gradient of the unit times its activation.

    Raises
    ------
    LayerError
        If the layer is unknown, or its result cannot be arranged as maps.
    TargetError
        If it has no such unit.
    InputError
        If an activation, or what comes down from it, is not a finite number.
    ReluError
        If a rule other than backprop is asked of a network without ReLUs.

    Notes
    -----
    Cost: one forward and one backward pass up to the layer, for all pictures together.

    Differs from the paper where pools overlap: windows that share a maximum add up there (autograd), since
    each of them has sent it on; an unpooling that writes values to places keeps only the last one. The paper
    names no batch norm, no average pool and no addition of branches; each is transposed, as a filter is.
    """
    unit = Neuron(layer, *(_numbers(each) for each in (channels, rows, columns)))
    gradients = model.gradients(x, Isolated(unit), (rule,))
    value = gradients.value.reshape(-1)
    if not torch.isfinite(value).all():
        wrong = int((~torch.isfinite(value)).nonzero()[0, 0])
        raise InputError(
            f"the activation to project, picture {wrong} of {len(value)} at layer {layer!r}, is not a finite "
            "number: weights or pictures hold NaN or are too large"
        )
    projection = gradients[rule]
    if not torch.isfinite(projection).all():
        raise InputError(
            f"the projection from layer {layer!r} has values that are not finite numbers: weights below it "
            "hold NaN or are too large"
        )
    return projection


def contrast(projections: npt.NDArray[Any], clipped: float = 0.01) -> Floats:
    """Scale each projection for the eye: zero is grey, the strongest one percent are as far off as can be.

    Parameters
    ----------
    projections : array, (..., rows, columns, colours)
        Signed.
    clipped : float
        Share of a projection's numbers, those that are zero apart, that are cut off: a few large ones
        would leave all others grey. 0 cuts off nothing.

    Returns
    -------
    array, as `projections`, float32
        0 to 1; 0.5 is zero. The colours of a projection share one scale. One that is zero everywhere is grey.

    Raises
    ------
    InputError
        If the share is not from 0 to below 1.
    """
    if not 0 <= clipped < 1:
        raise InputError(f"the share that is cut off is from 0 to below 1; got {clipped}")
    flat = np.asarray(projections, np.float32).reshape(-1, *projections.shape[-3:])
    scaled = np.full(flat.shape, 0.5, np.float32)
    for each, target in zip(flat, scaled, strict=True):
        sizes = np.abs(each[each != 0])
        if len(sizes):
            target += np.clip(each / (2 * np.quantile(sizes, 1 - clipped)), -0.5, 0.5)
    return scaled.reshape(projections.shape)


@dataclass(frozen=True, eq=False)
class TopPatches:
    """What excites one channel most: k pictures, in each the part that its unit sees, and the projection.

    Attributes
    ----------
    layer : Layer
        The layer.
    channel : int
        The channel, counted from 0.
    values : array, (k,) float32
        The activations, highest first; raw, in no unit. Fewer than k where the data set has fewer pictures.
    pictures, rows, columns : array, (k,) int64
        Which picture, and where in its map.
    names, classes : tuple of str
        What each picture is called, and its class; "" where it has none.
    seen : array, (k, H, W, 3) uint8
        The pictures as the network sees them.
    projections : array, (k, H, W, 1 or 3) float32
        Signed; see `project`.
    """

    layer: Layer
    channel: int
    values: Floats
    pictures: Whole
    rows: Whole
    columns: Whole
    names: tuple[str, ...]
    classes: tuple[str, ...]
    seen: Bytes
    projections: Floats

    def __len__(self) -> int:
        return len(self.values)

    def box(self, i: int) -> tuple[int, int, int, int]:
        """Give the pixels of the i-th picture that its unit sees: top, left, bottom, right."""
        return self.layer.receptive_field.box(int(self.rows[i]), int(self.columns[i]))

    def crops(self, fill: int = 128) -> Bytes:
        """Cut out what the units see, (k, rows, columns, 3) uint8; `fill` is beyond the picture's edge."""
        return self._cut(self.seen, fill)

    def projected(self) -> Floats:
        """Cut the projections to what the units see, (k, rows, columns, colours); see `contrast`."""
        return self._cut(self.projections, 0)

    def _cut(self, arrays: npt.NDArray[Any], fill: int) -> npt.NDArray[Any]:
        places = zip(arrays, self.rows.tolist(), self.columns.tolist(), strict=True)
        return np.stack([field_crop(each, self.layer, row, column, fill) for each, row, column in places])


def patches_of(
    model: HookedModel,
    pictures: PictureSet,
    strongest: Strongest,
    channel: int,
    rule: ReluRule | str = deconvnet,
) -> TopPatches:
    """Show what a harvest has found for one channel: open its pictures, and project each activation.

    Parameters
    ----------
    model : HookedModel
        The network that was harvested.
    pictures : PictureSet
        The data set that was harvested.
    strongest : Strongest
        What `TopK` found, at the end or so far.
    channel : int
        The channel, counted from 0.
    rule : ReluRule or str
        See `project`.

    Returns
    -------
    TopPatches

    Raises
    ------
    TargetError
        If the layer has no such channel.
    InputError
        If there is no picture for it: none yet, or no activation that is a finite number.

    Notes
    -----
    Cost: one forward and one backward pass, up to the layer, of at most k pictures together.
    """
    layer = model.layer(strongest.layer)
    if not 0 <= channel < len(strongest.values):
        raise TargetError(
            f"layer {layer.name!r} has no channel {channel}: they go from 0 to {len(strongest.values) - 1}"
        )
    found = strongest.found[channel]
    if not found.any():
        broken = int(strongest.not_finite[channel])
        reason = f"in {broken} its map holds NaN or infinity" if broken else "none has been seen yet"
        raise InputError(
            f"there is no picture to show for channel {channel} of layer {layer.name!r}: {reason}"
        )
    values, numbers, rows, columns = (
        getattr(strongest, name)[channel, found] for name in ("values", "pictures", "rows", "columns")
    )
    x = torch.cat([model.preprocess(pictures[i]) for i in numbers.tolist()])
    down = project(model, x, layer.name, channel, rows, columns, rule)
    return TopPatches(
        layer,
        channel,
        values,
        numbers,
        rows,
        columns,
        tuple(pictures.names[i] for i in numbers),
        tuple(pictures.class_of(i) for i in numbers),
        np.stack([model.to_picture(each[None]) for each in x]),
        down.movedim(1, -1).detach().to("cpu", torch.float32).numpy(),
    )


def top_patches(
    model: HookedModel,
    pictures: Any,
    layer: str,
    channels: int | Sequence[int],
    k: int = 9,
    rule: ReluRule | str = deconvnet,
    *,
    progress: bool = True,
) -> list[TopPatches]:
    """Find the k pictures that excite each channel most, and project what excites it down to the pixels.

    A picture counts once, by the one place where its map is highest.

    Zeiler & Fergus 2014, section 4.1 and figure 2.

    Parameters
    ----------
    model : HookedModel
        Any network.
    pictures : anything `picture_set` takes
        A folder's path, `Scenes` or `Objects`, a list, a torch data set.
    layer : str
        Any layer whose result can be arranged as maps; a fully connected layer sees whole pictures.
    channels : int or sequence of int
        Which channels, counted from 0.
    k : int
        How many pictures for each channel.
    rule : ReluRule or str
        See `project`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    list of TopPatches
        One for each channel, in the order given.

    Raises
    ------
    LayerError
        If the layer is unknown, or its result cannot be arranged as maps.
    TargetError
        If the layer has no such channel.
    InputError, PictureError
        If there is no picture, or one cannot be opened.

    Notes
    -----
    Cost: one forward pass for each picture up to the layer, once for all channels and kept on disk (see
    `Harvest`); then one forward and one backward pass of k pictures for each channel.
    """
    wanted = [channels] if isinstance(channels, int) else [int(each) for each in channels]
    data = picture_set(pictures)
    (strongest,) = harvest(model, data, [TopK(layer, k)], progress=progress)
    return [patches_of(model, data, strongest, channel, rule) for channel in wanted]


def _numbers(places: Numbers) -> Any:
    return places.tolist() if isinstance(places, (np.ndarray, Tensor)) else places
