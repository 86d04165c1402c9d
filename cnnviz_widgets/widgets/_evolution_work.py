"""The long work of EvolutionSlider: passes and projections, what is looked at first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cnnviz_widgets.backend import HookedModel, Layer, ReluRule
from cnnviz_widgets.backend.training_run import TrainingRun
from cnnviz_widgets.data.miniworld import Objects, Scenes
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.errors import InputError, LayerError
from cnnviz_widgets.methods.deconvnet import contrast
from cnnviz_widgets.methods.evolution import likeness, mean_likeness, projected
from cnnviz_widgets.methods.run_harvest import Bytes, Course, Floats, RunHarvest

LARGEST = 112  # pixels of a side that are kept of a projection: 512 channels of VGG-16 would fill the memory
_TOGETHER = 16  # channels a step, so that Stop is answered at once
_MOST_LAYERS = 6
_EACH_CLASS = 12  # pictures of Miniworld: 8 checkpoints see 336 objects in some seconds


@dataclass(frozen=True, eq=False)
class Wall:
    """What one checkpoint's channels look like: (channels, rows, columns, 3) uint8 each.

    Attributes
    ----------
    projections : array
        Contrast enhanced; grey is zero.
    crops : array
        What the units see.
    """

    projections: Bytes
    crops: Bytes


class Evolving:
    """What EvolutionSlider knows so far, and the steps that find out the rest.

    Attributes
    ----------
    run : TrainingRun
        The checkpoints.
    pictures : PictureSet
        The data set.
    walls : dict of (str, int) to Wall
        By layer and checkpoint: the projections that are ready.
    """

    def __init__(
        self,
        run: TrainingRun,
        pictures: PictureSet,
        layers: list[str],
        rule: ReluRule | str,
        cache: bool = True,
    ) -> None:
        self._harvest = RunHarvest(run, pictures, layers, cache=cache)
        self.run, self.pictures, self.rule = run, self._harvest.pictures, rule
        self.walls: dict[tuple[str, int], Wall] = {}
        self._likeness: dict[str, npt.NDArray[np.float64]] = {}
        self._last: dict[str, Floats] = {}  # projections of the last checkpoint, while others are compared
        self._courses: dict[str, tuple[int, Course]] = {}
        self._eye = run[-1]
        self._seen: tuple[int, Bytes] | None = None
        self._passed = 0  # pictures of the checkpoint that is looked at now
        self._harvest.fetch()

    @property
    def layers(self) -> dict[str, Layer]:
        """The layers that are followed, by name."""
        return self._harvest.layers

    def add(self, layer: str) -> None:
        """Follow one more layer; LayerError or InputError if the run has no such layer."""
        if layer not in self.layers:
            self._harvest.add(layer)

    def channels(self, layer: str) -> int:
        """Count the channels of a layer."""
        return self._harvest.channels[layer]

    def course(self, layer: str) -> Course:
        """Give a layer's strongest activations so far: values, pictures and places by checkpoint."""
        known = sum(self._harvest.has(place, layer) for place in range(len(self.run)))
        if layer not in self._courses or self._courses[layer][0] != known:
            self._courses[layer] = (known, self._harvest.course(layer))
        return self._courses[layer][1]

    def likeness(self, layer: str) -> npt.NDArray[np.float64]:
        """Give how much each projection is like the last checkpoint's, (T, channels); NaN until known."""
        shape = (len(self.run), self.channels(layer))
        return self._likeness.get(layer, np.full(shape, np.nan))

    def shares(self, compare: str) -> dict[str, npt.NDArray[np.float64]]:
        """Give a number for each layer and checkpoint, (T,), 0 to 1; NaN until known.

        "pattern": the mean over the channels of `likeness`; "picture": `Course.settled`.
        """
        if compare == "picture":
            return {layer: self.course(layer).settled for layer in list(self.layers)}
        return {layer: mean_likeness(self.likeness(layer)) for layer in list(self.layers)}

    def seen(self, picture: int) -> Bytes:
        """Give a picture as the network sees it."""
        if self._seen is None or self._seen[0] != picture:
            x = self._eye.preprocess(self.pictures[picture])
            self._seen = (picture, self._eye.to_picture(x))
        return self._seen[1]

    @property
    def version(self) -> tuple[int, int]:
        """A value that changes when a checkpoint was passed, or a wall is ready."""
        passed = sum(self._harvest.has(t, layer) for layer in self.layers for t in range(len(self.run)))
        return passed, len(self.walls)

    # The work

    def progress(self) -> tuple[int, int, str]:
        """Say how much is done, of how much, and what is going on."""
        passes = sum(all(self._harvest.has(t, each) for each in self.layers) for t in range(len(self.run)))
        passed, pictures = passes * len(self.pictures) + self._passed, self._harvest.total
        walls, all_walls = len(self.walls), len(self.layers) * len(self.run)
        # A projection goes forward and back; its time is about that of three passes.
        one = 3 * sum(self.channels(each) for each in self.layers) // max(1, len(self.layers))
        done, total = passed + one * walls, pictures + one * all_walls
        if walls == all_walls:
            return 1, 1, "all is computed"
        return done, total, f"pictures passed: {passed:,} of {pictures:,}; walls: {walls} of {all_walls}"

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to do."""
        return len(self.walls) == len(self.layers) * len(self.run)

    def steps(self, look: Callable[[], tuple[str, int]]) -> Iterator[None]:
        """Find out everything, what is on screen first; `look` says which layer and checkpoint that is."""
        while not self.is_done:
            layer, place = self._next(*look())
            for step in self._harvest.at(place):
                self._passed = step.done if step.done < step.total else 0
                yield
            yield from self._build(layer, place)

    def _next(self, layer: str, place: int) -> tuple[str, int]:
        last = len(self.run) - 1
        for name in (layer, *list(self.layers)):
            # The last one first: all others are compared with it.
            for each in (last, place, *range(last)):
                if (name, each) not in self.walls:
                    return name, each
        raise AssertionError("nothing is left to do")

    def _build(self, layer: str, place: int) -> Iterator[None]:
        channels, found = self.channels(layer), self._harvest.strongest(place, layer)
        parts = []
        for start in range(0, channels, _TOGETHER):
            chosen = range(start, min(start + _TOGETHER, channels))
            parts.append(projected(self.run[place], self.pictures, found, chosen, self.rule))
            yield
        down, crops = (np.concatenate(each) for each in zip(*parts, strict=True))
        self._compare(layer, place, down)
        self.walls[layer, place] = Wall(_small(painted(down)), _small(crops))
        yield

    def _compare(self, layer: str, place: int, down: Floats) -> None:
        if place == len(self.run) - 1:
            self._last[layer] = down
        found = self.likeness(layer).copy()  # a copy: it may be being drawn now
        found[place] = likeness(down, self._last[layer])
        self._likeness[layer] = found
        if not np.isnan(found).all(1).any():
            self._last.pop(layer, None)


def pictures_for(model: HookedModel, pictures: Any) -> PictureSet:
    """Take the caller's pictures, or Miniworld's for a network that knows its classes.

    Raises
    ------
    InputError
        If there are none for this network.
    """
    if pictures is not None:
        return picture_set(pictures)
    for world in (Objects, Scenes):
        if model.classes == tuple(world.classes):
            return picture_set(world("train", _EACH_CLASS * len(world.classes)))
    raise InputError(
        f"which pictures was {model.name} trained on? Give them, or some: pictures='folder/of/pictures'"
    )


def painted(projections: Floats) -> Bytes:
    """Make pictures of projections, (n, rows, columns, 3) uint8: grey is zero."""
    colours = np.rint(contrast(projections) * 255)
    colours = np.nan_to_num(colours, nan=0).astype(np.uint8)
    return np.repeat(colours, 3, axis=-1) if colours.shape[-1] == 1 else colours[..., :3]


def layers_to_follow(model: HookedModel) -> list[str]:
    """Choose layers to offer: maps after a ReLU, at most six of them, from the first to the last.

    Raises
    ------
    LayerError
        If the network has no maps.
    """
    maps = [layer for layer in model.layers if layer.is_map]
    if not maps:
        raise LayerError(f"{model.name} has no layer whose result is maps; name one: layers=[...]")
    for kind in ("relu", "conv", ""):
        found = [layer.name for layer in maps if kind in layer.kind.lower()]
        if found:
            break
    places = np.linspace(0, len(found) - 1, min(len(found), _MOST_LAYERS)).round().astype(int)
    return [found[place] for place in places]


def _small(pictures: Bytes) -> Bytes:
    longest = max(pictures.shape[1:3])
    if longest <= LARGEST:
        return pictures
    rows, columns = (max(1, round(side * LARGEST / longest)) for side in pictures.shape[1:3])
    resized = [Image.fromarray(each).resize((columns, rows), Image.Resampling.BOX) for each in pictures]
    return np.stack([np.asarray(each) for each in resized])
