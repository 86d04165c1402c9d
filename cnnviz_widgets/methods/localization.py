"""From a map to a box, and how often the box is right.

Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016, section 3.2 (the box);
Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015, section 4.2 (IoU of 0.5);
Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016, section 4.1 (the pointing game).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.labelled import LabelledDataset, Sample
from cnnviz_widgets.errors import InputError, TargetError, nearest
from cnnviz_widgets.methods.agreement import box_iou
from cnnviz_widgets.methods.cam import class_activation_maps
from cnnviz_widgets.methods.tasks import Box, Mask, concept_of

Heat = Callable[[HookedModel, Tensor, list[int]], Sequence[npt.NDArray[np.floating]]]
Which = Literal["cam", "saliency"]

FOUND = 0.5
"""Least IoU of a box that counts as right."""

THINGS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{"street": ("road",), "harbor": ("boat",), "desert": ("cactus",), "soccer field": ("goal",)},
        **{"cemetery": ("gravestone", "cross"), "bedroom": ("bed",), "dining room": ("table",)},
        **{"living room": ("sofa",), "staircase": ("stairs",)},
    }
)
"""What makes a place of Miniworld that place, where the place has another name than the thing. Chosen by the
words and by what is drawn there, before any map was looked at."""

_BATCH = 16  # pictures
_GRID = 14  # places on each side of a picture at which a centred box may begin


@dataclass(frozen=True, eq=False)
class Region:
    """The largest part of a map that is above a share of its maximum.

    Attributes
    ----------
    box : tuple of float or None
        (left, top, right, bottom) around it in pixels of the map, right and bottom excluded; None where the
        map singles out no place.
    mask : array, (rows, columns) bool
        Its pixels.
    why : str
        Why there is no box; "" where there is one.
    """

    box: Box | None
    mask: Mask
    why: str = ""


def strongest_region(values: npt.ArrayLike, threshold: float = 0.2) -> Region:
    """Put a box around the largest connected part of a map that is above 20 % of its maximum.

    Zhou et al. 2016, section 3.2. Pixels are connected where they touch at a side. Of several parts of the
    same size the one with the highest value counts.

    Parameters
    ----------
    values : array, (rows, columns)
        A map, enlarged to the picture.
    threshold : float
        Share of the maximum, 0 or more and below 1; a pixel *at* the threshold is not above it.

    Returns
    -------
    Region
        Without a box where the map is the same everywhere, is nowhere above zero, or has values that are no
        finite numbers.

    Raises
    ------
    InputError
        If `values` is no map, or the threshold is not in its range.

    Notes
    -----
    Differs from the paper: it does not say which pixels are neighbours.
    """
    heat = np.asarray(values, np.float64)
    if heat.ndim != 2 or heat.size == 0:
        raise InputError(f"a map has rows and columns, (rows, columns); got {heat.shape}")
    if not 0 <= threshold < 1:
        raise InputError(f"the threshold is a share of the maximum, from 0 to below 1; got {threshold}")
    nowhere = np.zeros(heat.shape, np.bool_)
    if not np.isfinite(heat).all():
        return Region(None, nowhere, "the map has values that are not finite numbers")
    if heat.max() == heat.min():
        return Region(None, nowhere, "the map is flat, the same everywhere")
    if heat.max() <= 0:
        return Region(None, nowhere, "the map is nowhere above zero: no place speaks for this class")
    parts, count = ndimage.label(heat > threshold * heat.max())
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    peaks = ndimage.maximum(heat, parts, np.arange(1, count + 1))
    largest = 1 + max(range(count), key=lambda part: (sizes[part], peaks[part]))
    mask = parts == largest
    return Region(box_around(mask), mask)


def box_around(mask: Mask) -> Box:
    """Give the smallest box around a mask that is not empty: (left, top, right, bottom)."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1


def true_things(sample: Sample, class_name: str) -> tuple[Mask, ...]:
    """Give the masks of what a class name speaks of in a picture; empty where there is nothing of it.

    For an object's name these are all things of that name; for a place's, what makes it that place (see
    `THINGS_OF`): a bedroom's bed, a harbor's boats. What has no single things, such as a waterfall, counts as
    one.

    Parameters
    ----------
    sample : Sample
        From `Scenes`, `Objects`, `SegmentedFolder` or `Broden`.
    class_name : str
        As the data set or the network calls it.

    Returns
    -------
    tuple of array, (H, W) bool
    """
    names = THINGS_OF.get(class_name, (concept_of(class_name),))
    masks = tuple(each.mask for each in sample.instances if each.name in names and each.mask.any())
    if masks or "object" not in sample.maps:
        return masks
    known = [name for name in names if name and name in sample.concepts["object"]]
    found = [sample.mask("object", name) for name in known]
    return tuple(mask for mask in found if mask.any())


def in_frame(model: HookedModel, mask: Mask) -> Mask:
    """Cut and scale a mask, (H, W) bool, as the network's preprocessing does with the picture."""
    painted = np.repeat(np.where(mask, np.uint8(255), np.uint8(0))[..., None], 3, axis=2)
    return model.to_picture(model.preprocess(painted))[..., 0] > 127


@dataclass(frozen=True, eq=False)
class LocalizationScore:
    """How often boxes and peaks of maps find the true thing, over a set of pictures.

    Attributes
    ----------
    ious : array, (n,)
        IoU of each picture's box with the true box that it agrees with best; 0 where there is no box.
    pointed : array, (n,) bool
        Whether the map's maximum lies on the true thing.
    named : array, (n,) bool
        Whether the network's top class is the picture's.
    truths : tuple of tuple of Box
        The true boxes of each picture, in pixels of the network's picture.
    centred : array, (n,) bool
        Whether the centre point lies on the true thing.
    size : (int, int)
        Rows and columns of the network's picture.
    left_out : int
        Pictures in which there was nothing to find.
    """

    ious: npt.NDArray[np.float64]
    pointed: Mask
    named: Mask
    truths: tuple[tuple[Box, ...], ...]
    centred: Mask
    size: tuple[int, int]
    left_out: int

    def __len__(self) -> int:
        return len(self.ious)

    @property
    def localized(self) -> float:
        """Share of the pictures whose box has an IoU of at least 0.5, whatever the network calls them."""
        return float((self.ious >= FOUND).mean())

    @property
    def named_and_localized(self) -> float:
        """Share with the right top class *and* such a box: ILSVRC's measure, for one guess."""
        return float((self.named & (self.ious >= FOUND)).mean())

    @property
    def pointing(self) -> float:
        """Share of the pictures whose maximum lies on the true thing: the pointing game."""
        return float(self.pointed.mean())

    @property
    def centre_pointing(self) -> float:
        """The pointing game of one who always points at the centre."""
        return float(self.centred.mean())

    @property
    def fixed_box(self) -> tuple[Box, float]:
        """The best box that is centred and the same for all pictures, and its share with IoU of at least 0.5.

        It is the best of 196 *for these pictures*, which no map may be: a baseline that is hard to beat where
        the things are in the middle.
        """
        rows, columns = self.size
        best: tuple[Box, float] = ((0.0, 0.0, float(columns), float(rows)), -1.0)
        for i, j in np.ndindex(_GRID, _GRID):
            left, top = j * columns / (2 * _GRID), i * rows / (2 * _GRID)
            box = (left, top, columns - left, rows - top)
            share = float(np.mean([_best_iou(box, each) >= FOUND for each in self.truths]))
            best = max(best, (box, share), key=lambda each: each[1])
        return best


def localization_score(
    model: HookedModel,
    data: LabelledDataset,
    heat: Which | Heat = "cam",
    threshold: float = 0.2,
    target: Literal["true", "top"] = "true",
) -> LocalizationScore:
    """Count how often the maps of a class find its thing in a set of labelled pictures.

    Zhou et al. 2016, section 3.2, and the pointing game of Zhang et al. 2016.

    Parameters
    ----------
    model : HookedModel
        A network whose classes have the names of the pictures' classes.
    data : Scenes, Objects, SegmentedFolder or the like
        Pictures with labels for every pixel.
    heat : "cam", "saliency" or callable
        Which map: `class_activation_map`, the M of `saliency_map`, or any function of (model, x, classes)
        that returns a map, (rows, columns), for each of the pictures x. The box is found in all of them by
        `strongest_region`.
    threshold : float
        Share of the maximum above which the box is taken.
    target : "true" or "top"
        Whose map is taken: the true class's, or that of the class the network names first.

    Returns
    -------
    LocalizationScore

    Raises
    ------
    InputError
        If there is nothing to find in any of the pictures, or `heat` or `target` is none of these.
    TargetError
        If the network has no class of a picture's name.

    Notes
    -----
    Cost: one forward pass a picture for a CAM; a forward and a backward pass more for Grad-CAM and saliency.
    """
    look = _heat(heat)
    if target not in ("true", "top"):
        raise InputError(f"the map is that of the 'true' or the 'top' class; got {target!r}")
    found = _truths(model, data)
    judged: list[tuple[float, bool, bool, bool]] = []
    for first in range(0, len(found), _BATCH):
        part = found[first : first + _BATCH]
        x = torch.cat([each.x for each in part])
        classes = [each.target for each in part]
        tops = model.scores(x).argmax(1).tolist()
        maps = look(model, x, classes if target == "true" else tops)
        for each, top, values in zip(part, tops, maps, strict=True):
            judged.append((*_judged(each, values, threshold), top == each.target))
    if not judged:
        raise InputError("there is nothing to find: no picture has a thing that its class's name speaks of")
    ious, pointed, centred, named = (np.array(each) for each in zip(*judged, strict=True))
    boxes = tuple(tuple(box_around(mask) for mask in each.masks) for each in found)
    size = found[0].masks[0].shape
    return LocalizationScore(ious, pointed, named, boxes, centred, (size[0], size[1]), len(data) - len(found))


@dataclass(frozen=True, eq=False)
class _Truth:
    """A picture as the network sees it, its class there, and the masks of its things in the same frame."""

    x: Tensor
    target: int
    masks: tuple[Mask, ...]


def _truths(model: HookedModel, data: LabelledDataset) -> list[_Truth]:
    """Draw or read the pictures; those in which there is nothing to find are left out."""
    found = []
    for i in range(len(data)):
        sample = data[i]
        name = "" if sample.label is None else data.classes[sample.label]
        masks = [in_frame(model, mask) for mask in true_things(sample, name)]
        masks = [mask for mask in masks if mask.any()]  # the frame may cut it away
        if masks:
            found.append(_Truth(model.preprocess(sample.image), _class(model, name), tuple(masks)))
    return found


def _judged(truth: _Truth, values: npt.NDArray[np.floating], threshold: float) -> tuple[float, bool, bool]:
    """Give the best IoU, and whether the map's maximum and the centre lie on the thing."""
    anywhere = np.logical_or.reduce(truth.masks)
    size = anywhere.shape
    if np.shape(values) != size:
        raise InputError(f"the map must be as large as the network's picture, {size}; got {np.shape(values)}")
    box = strongest_region(values, threshold).box
    iou = 0.0 if box is None else _best_iou(box, [box_around(mask) for mask in truth.masks])
    pointed = box is not None and bool(anywhere.ravel()[np.argmax(values)])
    return iou, pointed, bool(anywhere[size[0] // 2, size[1] // 2])


def _best_iou(box: Box, truths: Sequence[Box]) -> float:
    """Compare with whichever true box agrees best: any of three boats is a boat."""
    return max((box_iou(box, each) for each in truths), default=0.0)


def _class(model: HookedModel, name: str) -> int:
    try:
        return model.class_index(name)
    except TargetError as error:
        known = nearest(name, model.classes or ())
        raise TargetError(
            f"{model.name} has no class {name!r}, which these pictures show. {known}"
        ) from error


def _heat(heat: Which | Heat) -> Heat:
    if heat == "cam":
        return lambda model, x, classes: [
            each.enlarged() for each in class_activation_maps(model, x, classes)
        ]
    if heat == "saliency":
        return lambda model, x, classes: list(model.gradient(x, classes).abs().amax(1).cpu().numpy())
    if not callable(heat):
        raise InputError(f"a map is 'cam', 'saliency' or a function of (model, x, classes); got {heat!r}")
    return heat
