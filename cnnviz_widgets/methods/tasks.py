"""Four questions that can be asked of one picture, and the answers: the truth's and a network's.

Classification + localization: what is it, and where is it (one box). Object detection: a box for every thing.
Semantic segmentation: a name for every pixel. Instance segmentation: the pixels of every thing, one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPT_OF_CLASS
from cnnviz_widgets.errors import InputError

Box = tuple[float, float, float, float]
Mask = npt.NDArray[np.bool_]

_IN_THE_SKY = frozenset({"cloud", "sun", "moon", "bird"})
_OTHER_WORDS = {
    **CONCEPT_OF_CLASS,
    **{"diningtable": "table", "pottedplant": "plant", "tvmonitor": "screen"},  # PASCAL VOC
    **{"dining table": "table", "potted plant": "plant", "tv": "screen", "couch": "sofa"},  # COCO
    **{"sports ball": "ball", "stop sign": "sign", "automobile": "car", "ship": "boat"},  # COCO, CIFAR-10
    **{"__background__": "", "N/A": ""},  # torchvision's names for nothing
}


@dataclass(frozen=True, eq=False)
class Thing:
    """One thing in an answer: its name and where it is.

    Attributes
    ----------
    name : str
        What it is said to be.
    box : tuple of float
        (left, top, right, bottom) in pixels; right and bottom are excluded.
    mask : np.ndarray or None
        (H, W) bool, its pixels; None where only the box is known.
    score : float
        How sure the network is, 0 to 1; 1 for the truth.
    """

    name: str
    box: Box
    mask: Mask | None = None
    score: float = 1.0


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A name for every pixel.

    Attributes
    ----------
    labels : np.ndarray
        (H, W) int, indices into `names`.
    names : tuple of str
        What the numbers mean; number 0 is "", no name.
    """

    labels: npt.NDArray[np.integer]
    names: tuple[str, ...]

    def present(self) -> list[str]:
        """List the names in the map, the largest area first."""
        counts = np.bincount(self.labels.ravel(), minlength=len(self.names))
        return [self.names[i] for i in np.argsort(-counts, kind="stable") if i and counts[i]]


@dataclass(frozen=True, eq=False)
class FourAnswers:
    """What the four tasks want to hear about one picture.

    Attributes
    ----------
    class_name : str
        Classification: the name of the whole picture; "" where it has none.
    location : Thing or None
        Localization: the one thing that the class name speaks of.
    detections : tuple of Thing
        Object detection: a name and a box for each thing.
    segmentation : LabelMap
        Semantic segmentation.
    instances : tuple of Thing
        Instance segmentation: each with its mask.
    """

    class_name: str
    location: Thing | None
    detections: tuple[Thing, ...]
    segmentation: LabelMap
    instances: tuple[Thing, ...]


def concept_of(name: str) -> str:
    """Give the object concept that a network's class name means.

    A "husky" is a "dog", PASCAL VOC's "tvmonitor" and COCO's "tv" are a "screen". Names that need no
    translation come back as they are; torchvision's names for nothing become "".
    """
    return _OTHER_WORDS.get(name, name)


def true_answers(sample: Sample, class_name: str = "", level: str = "object") -> FourAnswers:
    """Read the right answers to the four tasks from a labelled picture.

    The thing that the class name speaks of is the largest one of that name; where none bears the name, as
    in a picture of a street, it is the largest of all; but what is in the sky says nothing of a place.

    Parameters
    ----------
    sample : Sample
        From `Scenes`, `Objects`, `SegmentedFolder` or `Broden`.
    class_name : str
        Name of the picture's class; "" where it has none.
    level : str
        Which of the picture's label maps is the semantic segmentation.

    Returns
    -------
    FourAnswers
        `location` is None and the lists are empty where single things are not known.

    Raises
    ------
    InputError
        The picture has no labels at this level.
    """
    things = tuple(Thing(each.name, each.box, each.mask) for each in sample.instances)
    named = [each for each in things if each.name == concept_of(class_name)]
    placed = [each for each in things if each.name not in _IN_THE_SKY]
    location = max(named or placed or things, key=_size, default=None)
    return FourAnswers(class_name, location, things, true_segmentation(sample, level), things)


def true_segmentation(sample: Sample, level: str = "object") -> LabelMap:
    """Read one level of a labelled picture as a single map.

    Where a pixel carries several concepts of the level, as in Broden, its first one counts.

    Raises
    ------
    InputError
        The picture has no labels at this level.
    """
    sample.present(level)  # says which levels there are
    maps = np.asarray(sample.maps[level])
    labels = maps[-1].copy()
    for each in maps[-2::-1]:
        labels = np.where(each > 0, each, labels)
    return LabelMap(labels, tuple(sample.concepts[level]))


def segmentation_of(output: Tensor, names: Sequence[str]) -> LabelMap:
    """Turn what a segmentation network returns into a label map: the best class of every pixel.

    Parameters
    ----------
    output : Tensor, (K, H, W) or (1, K, H, W)
        Logits, or probabilities.
    names : sequence of str
        The K classes; number 0 is the background.

    Returns
    -------
    LabelMap
        Its names are concepts, as `concept_of` translates them.

    Raises
    ------
    InputError
        The tensor has another shape.
    """
    scores = output[0] if output.dim() == 4 and len(output) == 1 else output
    if scores.dim() != 3 or len(scores) != len(names):
        raise InputError(
            f"need the scores of {len(names)} classes at every pixel, ({len(names)}, H, W); "
            f"got {tuple(output.shape)}"
        )
    return LabelMap(scores.argmax(0).cpu().numpy(), ("", *map(concept_of, names[1:])))


def things_of(
    output: Mapping[str, Tensor], names: Sequence[str], threshold: float = 0.5
) -> tuple[Thing, ...]:
    """Turn what a detection network returns into things, the surest first.

    Parameters
    ----------
    output : mapping of str to Tensor
        torchvision's: "boxes" (N, 4) float, left, top, right, bottom in pixels; "labels" (N,) int; "scores"
        (N,) 0 to 1; and of Mask R-CNN "masks" (N, 1, H, W), each pixel's probability of being the thing's.
    names : sequence of str
        The classes that the labels number.
    threshold : float
        Things with a lower score are left out; so are pixels of a mask below 0.5.

    Returns
    -------
    tuple of Thing

    Raises
    ------
    InputError
        The threshold is not from 0 to 1, or a label has no name.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"the threshold is a score from 0 to 1; got {threshold}")
    labels, scores = output["labels"].tolist(), output["scores"].tolist()
    if labels and (min(labels) < 0 or max(labels) >= len(names)):
        raise InputError(f"labels {min(labels)} to {max(labels)} need more than the {len(names)} names given")
    found = []
    for i in torch.argsort(output["scores"], descending=True, stable=True).tolist():
        if scores[i] >= threshold:
            left, top, right, bottom = output["boxes"][i].tolist()
            mask = (output["masks"][i, 0] >= 0.5).cpu().numpy() if "masks" in output else None
            found.append(Thing(concept_of(names[labels[i]]), (left, top, right, bottom), mask, scores[i]))
    return tuple(found)


def labels_at(sample: Sample, row: int, column: int) -> dict[str, list[str]]:
    """Name all that one pixel shows, level by level; levels that say nothing there are left out."""
    found = {}
    for level, maps in sample.maps.items():
        names = [sample.concepts[level][number] for number in maps[:, row, column].tolist() if number]
        if names:
            found[level] = list(dict.fromkeys(names))
    return found


def thing_at(things: Sequence[Thing], row: int, column: int) -> int | None:
    """Give the index of the thing that a pixel belongs to, the smallest of several; None for none."""
    here = [i for i, each in enumerate(things) if each.mask is not None and each.mask[row, column]]
    return min(here, key=lambda i: _size(things[i]), default=None)


def _size(thing: Thing) -> int:
    return 0 if thing.mask is None else int(np.count_nonzero(thing.mask))
