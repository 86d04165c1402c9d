"""How well an answer agrees with the truth: overlaps, matches, and shares of pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.tasks import LabelMap, Mask, Thing, concept_of

Names = npt.NDArray[np.str_]
Verdict = Literal["right", "wrong", "present", "absent"]

BACKGROUND = "background"
"""What a pixel shows where no name fits: number 0 of every label map, and of torchvision's networks."""


@dataclass(frozen=True)
class Matches:
    """Which answers found which true things.

    Attributes
    ----------
    pairs : tuple of (int, int, float)
        Index of the answer, index of the true thing, and their overlap (IoU, 0 to 1).
    wrong : tuple of int
        Answers that found nothing: false positives.
    missed : tuple of int
        True things that nothing found: false negatives.
    """

    pairs: tuple[tuple[int, int, float], ...]
    wrong: tuple[int, ...]
    missed: tuple[int, ...]

    @property
    def precision(self) -> float:
        """Share of the answers that are right, 0 to 1; NaN where there are none."""
        return _share(len(self.pairs), len(self.wrong))

    @property
    def recall(self) -> float:
        """Share of the true things that were found, 0 to 1; NaN where there are none."""
        return _share(len(self.pairs), len(self.missed))


def box_iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Say how well two boxes agree: their common area over the area that both cover (IoU), 0 to 1.

    Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 2010, section 4.2.

    Parameters
    ----------
    one, other : four of float
        (left, top, right, bottom), right and bottom excluded, so that a box of one pixel has the area 1.

    Raises
    ------
    InputError
        A box ends before it begins.
    """
    for box in (one, other):
        if len(box) != 4 or box[2] < box[0] or box[3] < box[1]:
            raise InputError(
                f"a box is (left, top, right, bottom), each end after its start; got {tuple(box)}"
            )
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    union = sum(areas) - width * height
    return float(width * height / union) if union else 0.0


def mask_iou(one: Mask, other: Mask) -> float:
    """Say how well two masks agree: their common pixels over the pixels in either (IoU), 0 to 1.

    Parameters
    ----------
    one, other : np.ndarray
        (H, W) bool. Two empty masks have nothing in common: 0.

    Raises
    ------
    InputError
        The sizes differ.
    """
    if one.shape != other.shape:
        raise InputError(f"the masks are of pictures of different sizes: {one.shape} and {other.shape}")
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 0.0


def matched(
    found: Sequence[Thing], truth: Sequence[Thing], overlap: float = 0.5, masks: bool = False
) -> Matches:
    """Pair the things a network found with those that are there.

    The surest answer chooses first: of the true things of its name that nobody has, the one it overlaps most,
    by at least `overlap`. A second answer to the same thing is wrong. This is COCO's rule at one threshold.

    Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; the threshold 0.5 is PASCAL VOC's.

    Parameters
    ----------
    found, truth : sequence of Thing
        Of one picture. Names are compared as concepts: a "husky" found is a true "dog".
    overlap : float
        Least IoU, above 0 and up to 1.
    masks : bool
        Compare masks, as in instance segmentation, and not boxes.

    Raises
    ------
    InputError
        The overlap is none, or a thing has no mask to compare.
    """
    if not 0 < overlap <= 1:
        raise InputError(f"the overlap is above 0 and up to 1; got {overlap}")
    measure: Callable[[Thing, Thing], float] = (
        (lambda a, b: mask_iou(_pixels(a), _pixels(b))) if masks else (lambda a, b: box_iou(a.box, b.box))
    )
    free = list(range(len(truth)))
    pairs, wrong = [], []
    for i in sorted(range(len(found)), key=lambda each: -found[each].score):
        name = concept_of(found[i].name)
        rivals = [(measure(found[i], truth[j]), -j) for j in free if concept_of(truth[j].name) == name]
        best, j = max(rivals, default=(0.0, 0))
        if best >= overlap:
            pairs.append((i, -j, best))
            free.remove(-j)
        else:
            wrong.append(i)
    return Matches(tuple(pairs), tuple(wrong), tuple(free))


def pixel_accuracy(found: LabelMap, truth: LabelMap) -> float:
    """Give the share of pixels with the right name, 0 to 1.

    A network can only use the names it has learned: pixels of any other concept are background to it, as in
    PASCAL VOC, and background is right there.

    Long, Shelhamer & Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015, section 5.

    Raises
    ------
    InputError
        The maps are of different sizes.
    """
    said, true = _as_names(found, truth)
    return float((said == true).mean())


def class_iou(found: LabelMap, truth: LabelMap) -> dict[str, float]:
    """Give the IoU (0 to 1) of every name in either map, background too; their mean is PASCAL VOC's score.

    Concepts that the network has no name for are background, as in `pixel_accuracy`.

    Raises
    ------
    InputError
        The maps are of different sizes.
    """
    said, true = _as_names(found, truth)
    names = dict.fromkeys([*true.ravel(), *said.ravel()])
    return {str(name) or BACKGROUND: mask_iou(said == name, true == name) for name in names}


def verdict(said: str, classes: Sequence[str], class_name: str, present: Sequence[str] = ()) -> Verdict:
    """Judge the class that a network gives to a whole picture.

    Parameters
    ----------
    said : str
        The network's answer.
    classes : sequence of str
        Every class the network knows.
    class_name : str
        The true class of the picture; "" where it has none.
    present : sequence of str
        Objects that are in the picture.

    Returns
    -------
    "right", "wrong", "present" or "absent"
        Right or wrong where the network knows the picture's class. Where it does not (a network of objects
        before a picture of a street), whether what it says is in the picture.
    """
    if class_name in classes:
        return "right" if said == class_name else "wrong"
    if concept_of(class_name) in map(concept_of, classes):
        return "right" if concept_of(said) == concept_of(class_name) else "wrong"
    return "present" if concept_of(said) in present else "absent"


def _as_names(found: LabelMap, truth: LabelMap) -> tuple[Names, Names]:
    """Write both maps, (H, W), as concepts that the network knows."""
    if found.labels.shape != truth.labels.shape:
        raise InputError(
            f"the answer is {found.labels.shape} pixels and the truth {truth.labels.shape}: they are of "
            "pictures of different sizes"
        )
    known = [concept_of(name) for name in found.names]
    true = [concept_of(name) for name in truth.names]
    true = [name if name in known else "" for name in true]
    return np.array(known)[found.labels], np.array(true)[truth.labels]


def _pixels(thing: Thing) -> Mask:
    if thing.mask is None:
        raise InputError(f"the {thing.name} has a box and no mask; compare boxes: matched(..., masks=False)")
    return thing.mask


def _share(right: int, other: int) -> float:
    return right / (right + other) if right + other else float("nan")
