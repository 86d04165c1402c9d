"""How features evolve while a network learns: every channel's strongest activation, epoch by epoch.

Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.1, figure 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tqdm.auto import tqdm

from cnnviz_widgets.backend import HookedModel, ReluRule, deconvnet
from cnnviz_widgets.backend.training_run import training_run
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import Strongest
from cnnviz_widgets.errors import TargetError
from cnnviz_widgets.methods.deconvnet import project
from cnnviz_widgets.methods.field_crops import field_crop
from cnnviz_widgets.methods.run_harvest import Bytes, Course, Floats, RunHarvest

_BATCH = 32


@dataclass(frozen=True, eq=False)
class FeatureEvolution:
    """Figure 4 of the paper for one layer: a row per channel, a column per checkpoint.

    Attributes
    ----------
    course : Course
        Values and pictures of all channels of the layer.
    channels : tuple of int
        The n channels that were projected, counted from 0.
    projections : array, (T, n, rows, columns, 1 or 3) float32
        The strongest activation carried down to the pixels (`project`), cut to its receptive field. Signed;
        zero where nothing excites the channel. `contrast` makes it fit to be seen.
    crops : array, (T, n, rows, columns, 3) uint8
        The same part of the picture, as the network sees it.
    names : tuple of str
        What each picture of the data set is called.
    """

    course: Course
    channels: tuple[int, ...]
    projections: Floats
    crops: Bytes
    names: tuple[str, ...]

    @cached_property
    def likeness(self) -> npt.NDArray[np.float64]:
        """How much each projection is like the last checkpoint's, (T, n): `likeness` of them."""
        return np.stack([likeness(each, self.projections[-1]) for each in self.projections])

    @cached_property
    def mean_likeness(self) -> npt.NDArray[np.float64]:
        """The mean of `likeness` over the n channels, (T,): how far the layer has come."""
        return mean_likeness(self.likeness)


def likeness(projections: Floats, last: Floats) -> npt.NDArray[np.float64]:
    """Compare projections with those of the last checkpoint: the cosine of the angle between them.

    Parameters
    ----------
    projections, last : array, (n, rows, columns, colours)
        Cut to the receptive field, so that units at different places and in different pictures compare.

    Returns
    -------
    array, (n,) float64
        1: the same pattern, however strong; 0: nothing in common, or no pattern yet; NaN where the last one
        is zero everywhere.
    """
    one, other = (np.asarray(each, np.float64).reshape(len(each), -1) for each in (projections, last))
    lengths = np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1)
    product = lengths[0] * lengths[1]
    cosine = (one * other).sum(1) / np.where(product > 0, product, 1)
    return np.where(lengths[1] > 0, cosine, np.nan)


def mean_likeness(found: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Average `likeness`, (T, n), over channels alive at the end: (T,); NaN where none is known."""
    known = ~np.isnan(found)
    total = np.where(known, found, 0).sum(1)
    return np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan)


def projected(
    model: HookedModel,
    pictures: PictureSet,
    strongest: Strongest,
    channels: Sequence[int],
    rule: ReluRule | str = deconvnet,
) -> tuple[Floats, Bytes]:
    """Project the strongest activation of some channels, and cut out what each unit sees.

    Parameters
    ----------
    model : HookedModel
        The network that was harvested.
    pictures : PictureSet
        The data set that was harvested.
    strongest : Strongest
        What `TopK` found for the layer.
    channels : sequence of int
        Which channels, counted from 0.
    rule : ReluRule or str
        See `project`.

    Returns
    -------
    projections : array, (n, rows, columns, 1 or 3) float32
        Signed; zero for a channel that nothing excites.
    crops : array, (n, rows, columns, 3) uint8
        Grey, 128, beyond the picture's edge, and for a channel that nothing excites.

    Notes
    -----
    Cost: one forward and one backward pass up to the layer for each channel, 32 channels at a time.
    """
    layer = model.layer(strongest.layer)
    size, colours = field_crop(np.zeros(layer.receptive_field.picture), layer).shape, model.input_shape[0]
    down = np.zeros((len(channels), *size, colours), np.float32)
    crops = np.full((len(channels), *size, 3), 128, np.uint8)
    values, numbers, rows, columns = (
        getattr(strongest, name)[:, 0] for name in ("values", "pictures", "rows", "columns")
    )
    alive = [(n, k) for n, k in enumerate(channels) if numbers[k] >= 0 and values[k] > 0]
    for start in range(0, len(alive), _BATCH):
        part = alive[start : start + _BATCH]
        chosen = [k for _, k in part]
        x = torch.cat([model.preprocess(pictures[int(numbers[k])]) for k in chosen])
        found = project(model, x, layer.name, chosen, rows[chosen], columns[chosen], rule)
        found = found.movedim(1, -1).to("cpu", torch.float32)
        for (n, k), one, seen in zip(part, found.numpy(), x, strict=True):
            place = layer, int(rows[k]), int(columns[k])
            down[n] = field_crop(one, *place)
            crops[n] = field_crop(model.to_picture(seen[None]), *place, fill=128)
    return down, crops


def feature_evolution(
    checkpoints: Any,
    pictures: Any,
    layers: str | Sequence[str],
    channels: Sequence[int] | None = None,
    *,
    model: HookedModel | None = None,
    rule: ReluRule | str = deconvnet,
    progress: bool = True,
) -> list[FeatureEvolution]:
    """Follow what excites every channel of a layer most from checkpoint to checkpoint of a training run.

    At each checkpoint, for each channel, the strongest activation over all pictures and places is found and
    projected down to the pixels. A sudden jump in how a projection looks comes from another picture that now
    excites the channel most: `Course.jumps`.

    Zeiler & Fergus 2014, section 4.1 and figure 4 (there after epochs 1, 2, 5, 10, 20, 30, 40 and 64).

    Parameters
    ----------
    checkpoints : anything `training_run` takes
        "mini-alexnet-objects"; a list or dict of models, files of weights or weights in memory.
    pictures : anything `picture_set` takes
        The training pictures, or some of them.
    layers : str or sequence of str
        Any layers whose results can be arranged as maps, best after their ReLU.
    channels : sequence of int, optional
        Which channels to project, counted from 0; all where none are given.
    model : HookedModel, optional
        The network, where the checkpoints are weights only.
    rule : ReluRule or str
        What to do at ReLUs; see `project`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    list of FeatureEvolution
        One for each layer, in the order given.

    Raises
    ------
    InputError, WeightsError, ModelError
        If the checkpoints are not those of one network; see `training_run`.
    LayerError
        If a checkpoint has no such layer.
    TargetError
        If a layer has no such channel.
    PictureError
        If a picture cannot be opened.

    Notes
    -----
    Cost: one forward pass of each picture for each checkpoint, kept on disk; then one forward and one
    backward pass for each channel, layer and checkpoint. Pictures are kept in memory up to 256 MB. The
    projections of one layer of the embedded AlexNet take up to 94 MB.

    Differs from the paper where it says only that contrast is enhanced: nothing is enhanced here; `contrast`
    does it.
    """
    run, data = training_run(checkpoints, model), picture_set(pictures)
    names = [layers] if isinstance(layers, str) else list(layers)
    harvest = RunHarvest(run, data, names)
    with tqdm(total=harvest.total, disable=not progress, unit="picture") as bar:
        for place in range(len(run)):
            for step in harvest.at(place):
                bar.update(place * step.total + step.done - bar.n)
        bar.update(harvest.total - bar.n)
    return [_projected_run(harvest, name, channels, rule) for name in names]


def _projected_run(
    harvest: RunHarvest, layer: str, channels: Sequence[int] | None, rule: ReluRule | str
) -> FeatureEvolution:
    course, run = harvest.course(layer), harvest.run
    count = course.values.shape[1]
    chosen = tuple(range(count) if channels is None else (int(each) for each in channels))
    for channel in chosen:
        if not 0 <= channel < count:
            raise TargetError(f"layer {layer!r} has no channel {channel}: they go from 0 to {count - 1}")
    found = [
        projected(run[place], harvest.pictures, harvest.strongest(place, layer), chosen, rule)
        for place in range(len(run))
    ]
    projections, crops = (np.stack(each) for each in zip(*found, strict=True))
    return FeatureEvolution(course, chosen, projections, crops, harvest.pictures.names)
