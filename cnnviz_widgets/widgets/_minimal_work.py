"""What MinimalImageStepper is asked and what it has; parts that a new question does not touch are kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.methods.image_segments import Segments, object_segments, segments
from cnnviz_widgets.methods.minimal_image import MinimalImage, whole_image
from cnnviz_widgets.methods.reduction import Reduction, Unit
from cnnviz_widgets.methods.retouch import Retouch
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._task_pictures import Exhibit


@dataclass(frozen=True)
class Asked:
    """The question.

    Attributes
    ----------
    picture : Any
        What tells this picture from others.
    pieces : (str, int)
        How it is cut into segments: "objects" or a method, and how many.
    unit : int, str, Channel, Neuron or None
        Whose response is watched by hand.
    search : (target, str) or None
        The class and the fill of the automatic search; None while nobody asked for it.
    """

    picture: Any
    pieces: tuple[str, int]
    unit: Unit | str | None
    search: tuple[int | str | None, str] | None


@dataclass(frozen=True, eq=False)
class Stepped:
    """What MinimalImageStepper has.

    Attributes
    ----------
    sample : Sample
        The picture with its labels.
    class_name : str
        Its true class; "" where it has none.
    segments : Segments
        Its pieces.
    reduction : Reduction
        The path by hand.
    undone : tuple of Retouch
        Steps that were undone, the last one first to come back.
    minimal : MinimalImage or None
        The automatic search, as far as it has come.
    asked : Asked
        The question.
    """

    sample: Sample
    class_name: str
    segments: Segments
    reduction: Reduction
    undone: tuple[Retouch, ...]
    minimal: MinimalImage | None
    asked: Asked

    @property
    def seen(self) -> Bytes:
        """The whole picture as the network sees it, (H, W, 3) uint8."""
        return self.reduction.pictures[0]

    def then(self, step: Retouch) -> "Stepped":
        """Take a step by hand; what was undone before is lost."""
        return replace(self, reduction=self.reduction.then(step), undone=())

    def undo(self) -> "Stepped":
        """Take the last step back."""
        if not self.reduction.steps:
            return self
        undone = (*self.undone, self.reduction.steps[-1])
        return replace(self, reduction=self.reduction.undo(), undone=undone)

    def redo(self) -> "Stepped":
        """Take the step again that was undone last."""
        if not self.undone:
            return self
        return replace(self, reduction=self.reduction.then(self.undone[-1]), undone=self.undone[:-1])

    def reset(self) -> "Stepped":
        """Go back to the whole picture; all steps can be done again."""
        return replace(
            self, reduction=self.reduction.back(0), undone=(*self.undone, *reversed(self.reduction.steps))
        )


def answer(
    model: HookedModel,
    asked: Asked,
    before: Stepped | None,
    exhibit: Callable[[], Exhibit],
    keep: float,
    loaded: Reduction | None,
) -> Stepped:
    """Answer a question; what `before` has of it already is taken from there.

    Parameters
    ----------
    model : HookedModel
        The network.
    asked : Asked
        The question.
    before : Stepped or None
        The last answer.
    exhibit : callable
        Opens the picture, if it is another one than before.
    keep : float
        The share of the first response that a step by hand should leave.
    loaded : Reduction or None
        A path from a file, to be shown in place of a new one.
    """
    old = before if before is not None and before.asked.picture == asked.picture else None
    undone: tuple[Retouch, ...] = ()
    if old is None and loaded is not None:
        sample, class_name = Sample(loaded.pictures[0], None, {}, {}), ""
        path = loaded
    elif old is None:
        shown = exhibit()
        sample, class_name = shown.sample, shown.class_name
        path = Reduction.start(model, shown.learned, asked.unit, keep)
    else:
        sample, class_name, path, undone = old.sample, old.class_name, old.reduction, old.undone
        if asked.unit != old.asked.unit:
            path = _watched(old.reduction, asked.unit)
    seen = path.pictures[0]
    if old is not None and asked.pieces == old.asked.pieces:
        pieces = old.segments
    else:
        pieces = _cut(sample, seen, asked.pieces)
    kept = old is not None and pieces is old.segments and asked.search in (None, old.asked.search)
    minimal = old.minimal if old is not None and kept else None
    if asked.search is None and old is not None:
        asked = replace(asked, search=old.asked.search)  # what is kept is the answer to that
    elif minimal is None and asked.search is not None:
        minimal = whole_image(model, seen, pieces, *asked.search)
    return Stepped(sample, class_name, pieces, path, undone, minimal, asked)


def _watched(path: Reduction, unit: Unit | str | None) -> Reduction:
    """Walk the same path with another unit's responses."""
    found = Reduction.start(path.model, path.pictures[0], unit, path.keep)
    for step in path.steps:
        found = found.then(step)
    return found


def _cut(sample: Sample, seen: Bytes, pieces: tuple[str, int]) -> Segments:
    method, count = pieces
    if method == "objects":
        return object_segments(sample, seen.shape[:2])
    return segments(seen, method, count)
