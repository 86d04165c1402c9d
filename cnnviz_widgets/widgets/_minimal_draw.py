"""What MinimalImageStepper shows of each of its two paths, in the same panels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.methods.minimal_image import MinimalImage
from cnnviz_widgets.methods.reduction import Reduction
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets import _minimal_words as words
from cnnviz_widgets.widgets._captions import number


@dataclass(frozen=True, eq=False)
class Shown:
    """One path, and the step of it that is on show.

    Attributes
    ----------
    pictures : sequence of arrays, (H, W, 3) uint8
        All steps.
    notes : sequence of str
        What stands under each in the film.
    bad : sequence of bool
        Steps that go too far.
    step : int
        The one on show.
    lines : mapping of str to numbers
        The curves.
    bar : str
        The bar of the response, HTML.
    words : str
        Where on the path one is.
    """

    pictures: Sequence[Bytes]
    notes: Sequence[str]
    bad: Sequence[bool]
    step: int
    lines: Mapping[str, Sequence[float]]
    bar: str
    words: str

    @property
    def picture(self) -> Bytes:
        """The picture on show, (H, W, 3) uint8."""
        return self.pictures[self.step]


def by_hand(model: HookedModel, path: Reduction, step: int) -> Shown:
    """Show a path by hand; step -1 is its end."""
    last = len(path.steps)
    step = last if step < 0 else min(step, last)
    name = words.say_unit(model, path.unit)
    bar = words.response_bar(name, path.responses[0], path.responses[step], path.limit, "what must be kept")
    return Shown(
        path.pictures,
        [number(each) for each in path.responses],
        [path.falls(i) for i in range(last + 1)],
        step,
        {"response": path.responses, "must be kept": [path.limit] * (last + 1)},
        bar,
        words.say_path(path, step),
    )


def by_search(model: HookedModel, found: MinimalImage, step: int) -> Shown:
    """Show a search; step -1 is its minimal image so far."""
    last = len(found.steps) - 1
    step = found.minimal if step < 0 else min(step, last)
    name = f"score of {model.class_name(found.target)}"
    others = [float(np.delete(each.scores, found.target).max()) for each in found.steps]
    rival = np.argsort(-found.steps[step].scores, kind="stable")
    other = model.class_name(int(next(i for i in rival if i != found.target)))
    bar = words.response_bar(name, found.scores[0], found.scores[step], others[step], f"the score of {other}")
    return Shown(
        [each.picture for each in found.steps],
        [number(each) for each in found.scores],
        [each.top != found.target for each in found.steps],
        step,
        {name: found.scores, "strongest other": others},
        bar,
        words.say_search(model, found, step),
    )
