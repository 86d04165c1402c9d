"""Climbs that are watched together: a round takes one step in each, and what was on the way is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Climb, Step
from cnnviz_widgets.paint.rgba import Bytes

_MEMORY = 64 * 2**20  # bytes for the pictures on the way
_FEWEST, _MOST = 16, 160  # of them


class Film:
    """The pictures of some steps from the first to the last: when there are too many, every second one goes.

    Attributes
    ----------
    steps : list of int
        The steps that are kept, in order.
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self._frames: list[Tensor] = []  # (N, C, H, W) half precision, 0.1 % of a pixel's range
        self._pace = 1

    def add(self, step: int, image: Tensor) -> None:
        """Keep a step's pictures; the newest one is always there."""
        if len(self.steps) > 1 and self.steps[-1] % self._pace:
            self._drop(-1)  # it was only the newest
        frame = image.detach().half().cpu()
        most = min(_MOST, max(_FEWEST, _MEMORY // max(1, frame.numel() * 2)))
        self.steps.append(step)
        self._frames.append(frame)
        if len(self.steps) > most:
            self._pace *= 2
            for place in reversed(range(len(self.steps) - 1)):
                if self.steps[place] % self._pace:
                    self._drop(place)

    def __len__(self) -> int:
        return len(self.steps)

    def place(self, step: int) -> int:
        """Find the frame of a step, or of the last kept one before it."""
        return max(0, int(np.searchsorted(self.steps, step, "right")) - 1)

    def image(self, place: int) -> Tensor:
        """Give the pictures of a frame, (N, C, H, W), normalised."""
        return self._frames[place].float()

    def _drop(self, place: int) -> None:
        del self.steps[place], self._frames[place]


@dataclass(eq=False)
class Board:
    """One climb of several pictures, or several climbs, each with its label, and their past.

    Attributes
    ----------
    model : HookedModel
        The network.
    climbs : sequence of Climb
        A round takes a step in each; those that have come to their end wait.
    labels : sequence of str
        One for each picture, in the order of the climbs.
    film : Film
        Pictures on the way.
    values : list of dict
        For each picture: step and value of each term by name, as lists of (step, value).
    """

    model: HookedModel
    climbs: Sequence[Climb]
    labels: Sequence[str]
    film: Film = field(default_factory=Film)
    values: list[dict[str, list[tuple[int, float]]]] = field(default_factory=list)
    woken: set[int] = field(default_factory=set)

    @property
    def step(self) -> int:
        """How many steps were taken."""
        return self.film.steps[-1] if len(self.film) else 0

    @property
    def steps(self) -> int:
        """How many are to be taken."""
        return max(each.steps for each in self.climbs)

    @property
    def is_done(self) -> bool:
        """Whether all have come to their end."""
        return len(self.film) > 0 and all(c.last is not None and c.last.index >= c.steps for c in self.climbs)

    @property
    def image(self) -> Tensor:
        """The newest pictures, (N, C, H, W), normalised, as exact as they were computed."""
        return torch.cat([each.last.image for each in self.climbs if each.last is not None])

    def advance(self) -> None:
        """Take a step in each climb; the first one looks at the start.

        Raises
        ------
        ClimbError
            If one of them ran into numbers that are none; the last good pictures stay.
        """
        steps: list[Step | None] = []
        for each in self.climbs:
            steps.append(next(each, each.last))
        if not self.values:
            self.values = [{} for _ in self.labels]
        newest = max(step.index for step in steps if step is not None)
        first = 0
        for step in steps:
            assert step is not None
            if step.index == newest:
                self._note(step, first)
            first += len(step.image)
        self.film.add(newest, self.image)

    def rounds(self) -> Iterator["Board"]:
        """Advance until the end, one round at a time."""
        while not self.is_done:
            self.advance()
            yield self

    def picture(self, number: int, place: int = -1, contrast: bool = False) -> Bytes:
        """Paint one picture of a frame of the film, (H, W, 3) uint8; see `painted`."""
        image = (
            self.film.image(place)[number] if place not in (-1, len(self.film) - 1) else self.image[number]
        )
        return painted(self.model, image, contrast)

    def probabilities(self, targets: Sequence[int]) -> list[float]:
        """Say how sure the network is that the newest pictures are what they should be."""
        with torch.no_grad():
            chances = self.model.scores(self.image).float().softmax(1)
        return [float(chances[i, target]) for i, target in enumerate(targets)]

    def _note(self, step: Step, first: int) -> None:
        self.woken |= {first + each for each in step.woken}
        for name, numbers in step.terms.items():
            for i, value in enumerate(numbers.tolist()):
                self.values[first + i].setdefault(name, []).append((step.index, value + 0.0))  # no -0


def painted(model: HookedModel, image: Tensor, contrast: bool = False) -> Bytes:
    """Turn a normalised picture (C, H, W) into bytes; with `contrast` it is spread about the mean colour.

    Spread so that all but 1 in 200 of its values fit between black and white; only colours change by it.
    """
    if contrast:
        low, high = (each.to(image) for each in model.limits)
        room = torch.minimum(-low, high)
        size = (image.abs() / room).flatten()
        border = size.kthvalue(max(1, int(0.995 * size.numel()))).values
        image = image / border if border > 0 else image
    return model.to_picture(image)
