"""What OcclusionSlider is asked and what it answers; maps that were made are kept for a while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import InputError, TargetError
from cnnviz_widgets.methods.occluder import Covered, Occluder, checked_channel, default_square
from cnnviz_widgets.methods.occlusion_maps import OcclusionMaps
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._task_pictures import Exhibit

_SMALL = 112  # pixels: networks that learned Miniworld get its pictures as they were when they learned
_MOST_BYTES = 64 * 2**20  # of maps that are kept beside the one on show


@dataclass(frozen=True)
class Asked:
    """A question: which picture, which class and channel, which square, and where it is now.

    Attributes
    ----------
    picture : Any
        What tells this picture from others.
    target : int, str or None
        The class; None is the picture's true class where the network knows it, else the top class.
    layer : str or None
        The layer; None is a late one.
    channel : int or None
        Which of its channels; None is the one that answers most.
    size, stride, top, left : int or None
        In pixels of the network's picture; None is what suits the picture, and its middle.
    fill : str
        What stands in the square.
    """

    picture: Any
    target: int | str | None
    layer: str | None
    channel: int | None
    size: int | None
    stride: int | None
    fill: str
    top: int | None
    left: int | None

    @property
    def maps(self) -> Any:
        """What the maps depend on: they hold the scores of all classes and the sums of all channels."""
        return self.picture, self.layer, self.size, self.stride, self.fill


@dataclass(frozen=True, eq=False)
class Occluded:
    """What OcclusionSlider shows.

    Attributes
    ----------
    top, left, size : int
        Where the square is, and its side, in pixels of the network's picture.
    plain, covered : Covered
        What the network says without and with the square.
    maps : OcclusionMaps
        The three maps, as far as they are known.
    truth : int or None
        The picture's true class, where the network has it.
    strongest : int
        The layer's channel that answers most to the picture itself; -1 for none.
    picture, covered_picture : array, (H, W, 3) uint8
        What the network sees without and with the square.
    """

    top: int
    left: int
    size: int
    plain: Covered
    covered: Covered
    maps: OcclusionMaps
    truth: int | None
    strongest: int
    picture: Bytes
    covered_picture: Bytes

    @property
    def target(self) -> int:
        """The class whose probability is looked at."""
        return self.maps.target


class Answers:
    """Answers questions about one network; each part is computed again only if what it depends on changed."""

    def __init__(self, model: HookedModel) -> None:
        self._model = model
        self._kept: dict[str, tuple[Any, Any]] = {}
        self._shelf: dict[Any, OcclusionMaps] = {}
        self._turn = threading.Lock()  # one sweep serves the dragged square and the maps
        self._asking = False

    def answer(self, asked: Asked, exhibit: Callable[[], Exhibit]) -> Occluded:
        """Answer at once: the square's scores, and of the maps what is known."""
        with self._first():
            x, seen, truth = self._once("picture", asked.picture, lambda: self._look(exhibit()))
            occluder = self._occluder(asked, x)
            maps = self._maps(asked, occluder)
            top, left = placed(asked, maps)
            square = (top, left, maps.size, asked.fill)
            covered = self._once("covered", (occluder, square), lambda: occluder.at(*square))
            painted = self._once(
                "painted",
                (asked.picture, square),
                lambda: self._model.to_picture(occluder.covered(*square)),
            )
        target = truth if asked.target is None else self._model.class_index(asked.target)
        channel = occluder.channel if asked.channel is None else checked_channel(maps, asked.channel)
        maps = maps.about(target, channel)
        return Occluded(
            top, left, maps.size, occluder.plain, covered, maps, truth, occluder.channel, seen, painted
        )

    def steps(self, asked: Asked) -> Iterator[Any]:
        """Fill the maps of a question that was answered; each step is the question's `maps`."""
        x = self._kept["picture"][1][0]  # now, and not when the first step is taken: the picture may change
        occluder = self._occluder(asked, x)
        steps = occluder.steps(self._shelf[asked.maps], asked.fill)

        def waiting() -> Iterator[Any]:
            while True:
                while self._asking:  # a square that is dragged goes first
                    time.sleep(0.001)
                with self._turn:
                    step = next(steps, None)
                if step is None:
                    return
                yield asked.maps

        return waiting()

    @contextmanager
    def _first(self) -> Iterator[None]:
        """Take the turn after at most one step of a map in the making, which goes on after this."""
        self._asking = True
        try:
            with self._turn:
                yield
        finally:
            self._asking = False

    def _occluder(self, asked: Asked, x: Tensor) -> Occluder:
        return self._once(
            "occluder", (asked.picture, asked.layer), lambda: Occluder(self._model, x, asked.layer)
        )

    def _maps(self, asked: Asked, occluder: Occluder) -> OcclusionMaps:
        if asked.maps not in self._shelf:
            size, stride = default_square(occluder.x)
            occluder.filled(asked.fill, 1)  # says which fills there are
            self._shelf[asked.maps] = occluder.blank(
                size if asked.size is None else asked.size, stride if asked.stride is None else asked.stride
            )
        found = self._shelf.pop(asked.maps)
        while sum(each.scores.nbytes + each.totals.nbytes for each in self._shelf.values()) > _MOST_BYTES:
            self._shelf.pop(next(iter(self._shelf)))  # the one not looked at for longest
        self._shelf[asked.maps] = found
        return found

    def _look(self, exhibit: Exhibit) -> tuple[Tensor, Bytes, int | None]:
        small = max(self._model.input_shape[1:]) <= _SMALL
        x = self._model.preprocess(exhibit.learned if small else exhibit.sample.image)
        try:
            truth = self._model.class_index(exhibit.class_name) if exhibit.class_name else None
        except TargetError:
            truth = None
        return x, self._model.to_picture(x), truth

    def _once(self, part: str, key: Any, make: Callable[[], Any]) -> Any:
        if part not in self._kept or self._kept[part][0] != key:
            self._kept[part] = (key, make())
        return self._kept[part][1]


def placed(asked: Asked, maps: OcclusionMaps) -> tuple[int, int]:
    """Give the square's first row and column: inside the picture, in its middle where nothing is asked.

    Raises
    ------
    InputError
        If there is no such row or column in the picture.
    """
    found = []
    for what, name, at, length in (
        ("top", "row", asked.top, maps.picture[0]),
        ("left", "column", asked.left, maps.picture[1]),
    ):
        if at is not None and not 0 <= at < length:
            raise InputError(
                f"the square's {what} cannot be {name} {at}: the picture's {name}s go from 0 to {length - 1}"
            )
        last = length - maps.size
        found.append(last // 2 if at is None else min(at, last))
    return found[0], found[1]
