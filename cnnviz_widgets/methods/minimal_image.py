"""The minimal image: as little of a picture as the network needs to name its class.

Zhou, Khosla, Lapedriza, Oliva & Torralba, "Object Detectors Emerge in Deep Scene CNNs", ICLR 2015, section
"Simplifying the input images".
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Sweep, regions
from cnnviz_widgets.errors import InputError, TargetError
from cnnviz_widgets.methods.image_segments import Segments
from cnnviz_widgets.methods.region_fills import check_fill, fill_regions
from cnnviz_widgets.methods.seen_pictures import ground_color, network_input

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

_FEW = 12  # segments: for no more than these, preparing a sweep costs more than it saves


@dataclass(frozen=True, eq=False)
class Removal:
    """One step: a segment taken away, and what the network says then.

    Attributes
    ----------
    segment : int or None
        Which one; None for the picture before the first step.
    picture : array, (H, W, 3) uint8
        What is left; read-only.
    scores : array, (K,) float32
        The network's scores, logits.
    candidates : dict of int to float
        For each segment that could be taken away in this step, the score of the right class without it.
    """

    segment: int | None
    picture: Bytes
    scores: Floats
    candidates: dict[int, float]

    @property
    def top(self) -> int:
        """The class that the network names."""
        return int(self.scores.argmax())


@dataclass(frozen=True, eq=False)
class MinimalImage:
    """A picture from which segments are taken away, as far as that has come.

    Attributes
    ----------
    segments : Segments
        The pieces.
    target : int
        The right class.
    fill : str
        What stands where a segment was: see `fill_regions`.
    steps : tuple of Removal
        ``steps[0]`` is the whole picture. Of a finished search the last one is misclassified, unless every
        segment was taken away.
    """

    segments: Segments
    target: int
    fill: str
    steps: tuple[Removal, ...]

    @property
    def is_finished(self) -> bool:
        """Whether the network is wrong now, or nothing is left to take away."""
        return self.steps[-1].top != self.target or len(self.steps) > len(self.segments)

    @property
    def is_misclassified(self) -> bool:
        """Whether the search ended with a wrong class."""
        return self.steps[-1].top != self.target

    @property
    def minimal(self) -> int:
        """The step of the minimal image so far: the last one at which the class is still right."""
        return len(self.steps) - 1 - self.is_misclassified

    @property
    def picture(self) -> Bytes:
        """The minimal image, (H, W, 3) uint8."""
        return self.steps[self.minimal].picture

    @property
    def order(self) -> tuple[int, ...]:
        """The segments in the order in which they were taken away."""
        return tuple(each.segment for each in self.steps if each.segment is not None)

    @property
    def scores(self) -> list[float]:
        """The score of the right class at each step, a logit."""
        return [float(each.scores[self.target]) for each in self.steps]

    @property
    def probabilities(self) -> list[float]:
        """The probability of the right class at each step."""
        logits = torch.from_numpy(np.stack([each.scores for each in self.steps]))
        return [float(p) for p in logits.softmax(1)[:, self.target]]

    def left(self, step: int | None = None) -> tuple[int, ...]:
        """Name the segments that are left at a step; without one, in the minimal image."""
        gone = self.order[: self.minimal if step is None else step]
        return tuple(i for i in range(len(self.segments)) if i not in gone)

    def kept(self, step: int | None = None) -> Mask:
        """Give the pixels that are left at a step, (H, W) bool; without one, in the minimal image."""
        return np.isin(self.segments.labels, self.left(step))


def whole_image(
    model: HookedModel,
    picture: Bytes,
    segments: Segments,
    target: int | str | None = None,
    fill: str = "grey",
) -> MinimalImage:
    """Begin a search with the whole picture: see `minimal_image` for the parameters and errors.

    Notes
    -----
    Cost: one forward pass.
    """
    check_fill(fill)
    if segments.labels.shape != picture.shape[:2]:
        raise InputError(
            f"the segments are of a picture of {segments.labels.shape} and this one is {picture.shape[:2]}: "
            "cut the picture as the network sees it, seen_picture(model, picture)"
        )
    if len(segments) < 2:
        raise InputError(
            "there is one segment only, and taking it away leaves nothing: ask for more segments, or another "
            "method"
        )
    scores = model.scores(network_input(model, picture))
    if scores.dim() != 2:
        raise InputError(f"{model.name} gives no score per class, so no picture is right or wrong for it")
    found = scores[0].float().cpu().numpy()
    top = int(found.argmax())
    wanted = top if target is None else model.class_index(target)
    if wanted != top:
        raise TargetError(
            f"the network takes the whole picture for {model.class_name(top)!r}, not for "
            f"{model.class_name(wanted)!r}: it is misclassified before anything is taken away. Ask for "
            f"{model.class_name(top)!r}, or give no class"
        )
    return MinimalImage(segments, wanted, fill, (Removal(None, _kept(picture), found, {}),))


def minimal_image_steps(model: HookedModel, start: MinimalImage) -> Iterator[MinimalImage]:
    """Take segments away one by one until the network is wrong; go on from where a search has come to.

    Parameters
    ----------
    model : HookedModel
        The network.
    start : MinimalImage
        From `whole_image`, or from a search that was stopped.

    Yields
    ------
    MinimalImage
        After each segment.

    Notes
    -----
    Cost of a step: one pass for each segment that is left, in batches, and one for the picture they are left
    in; a `Sweep` computes only what the segments can reach, where there are more than 12.
    """
    now = start
    while not now.is_finished:
        now = _step(model, now)
        yield now


def minimal_image(
    model: HookedModel,
    picture: Bytes,
    segments: Segments,
    target: int | str | None = None,
    fill: str = "grey",
) -> MinimalImage:
    """Find as little of a picture as the network needs: take away what it misses least until it is wrong.

    In each step every segment that is left is taken away on trial; the one without which the score of the
    right class falls least (or rises most) goes. The minimal image is the last one that is classified right.

    Zhou et al. 2015, section "Simplifying the input images".

    Parameters
    ----------
    model : HookedModel
        The network.
    picture : array, (H, W, 3) uint8
        As the network sees it: ``seen_picture(model, picture)``.
    segments : Segments
        Its pieces, from `segments` or `object_segments`.
    target : int, str or None
        The right class. None is what the network says of the whole picture.
    fill : {"grey", "mean", "blur", "smooth"}
        What stands where a segment was: see `fill_regions`.

    Returns
    -------
    MinimalImage

    Raises
    ------
    TargetError
        If there is no such class, or the whole picture is misclassified; it says as what.
    InputError
        If the picture or the segments do not have the network's size, there is one segment only, or there is
        no such fill.

    Notes
    -----
    Cost: with n segments at most n (n + 1) / 2 forward passes in batches, and n single ones.

    The score is the logit; where several segments tie, the one with the lowest number goes. The search is
    greedy: another order may lead to a smaller image.

    Differs from the paper: its first segments are of edges and regions, ours are of regions only; its second
    are annotated objects, as `object_segments` gives them. What stands where a segment was is our choice, and
    results depend on it; "smooth", a fill in the gradient domain, leaves no edge that the network could see.
    """
    found = whole_image(model, picture, segments, target, fill)
    while not found.is_finished:
        found = next(minimal_image_steps(model, found))
    return found


def _step(model: HookedModel, now: MinimalImage) -> MinimalImage:
    left = now.left(len(now.steps) - 1)
    picture = now.steps[-1].picture
    labels = np.where(np.isin(now.segments.labels, left), now.segments.labels, -1)
    filled = fill_regions(picture, labels, now.fill, ground_color(model))
    x = network_input(model, picture)
    masks = torch.from_numpy(np.stack([labels == each for each in left]))
    edits = regions(x, masks, network_input(model, filled))
    if len(edits) <= _FEW:
        scores = model.scores(edits.apply(x)).float().cpu().numpy()
    else:
        scores = Sweep(model, x).ask(edits).scores.float().cpu().numpy()
    best = int(scores[:, now.target].argmax())  # the first of equal ones
    candidates = dict(zip(left, scores[:, now.target].tolist(), strict=True))
    without = _kept(np.where(labels[..., None] == left[best], filled, picture))
    removal = Removal(left[best], without, scores[best].copy(), candidates)
    return replace(now, steps=(*now.steps, removal))


def _kept(picture: Bytes) -> Bytes:
    own = np.array(picture)
    own.setflags(write=False)
    return own
