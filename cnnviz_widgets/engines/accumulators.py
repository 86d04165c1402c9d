"""What a harvest gathers of one layer: parts that are updated picture by picture and can be merged."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.errors import InputError

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
State = dict[str, npt.NDArray[Any]]


class Accumulator(Protocol):
    """Gathers something of one layer, in any order of pictures, in one piece or in several."""

    layer: str

    @property
    def key(self) -> str:
        """What is gathered, as text: two accumulators with the same key gather the same."""
        ...

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Make room: the layer's maps have this shape (channels, rows, columns)."""
        ...

    def update(self, maps: Tensor, first: int) -> None:
        """Take in maps, (n, channels, rows, columns), of consecutive pictures, numbered from `first` on."""
        ...

    def merge(self, other: Self) -> None:
        """Take in what another one of the same kind gathered from other pictures."""
        ...

    def fresh(self) -> Self:
        """Make an empty one of the same kind, for a shard of the data."""
        ...

    @property
    def state(self) -> State:
        """All that was gathered, as arrays that can be written to a file."""
        ...

    @state.setter
    def state(self, state: State) -> None: ...

    def result(self) -> Any:
        """Give what was gathered."""
        ...


@dataclass(frozen=True, eq=False)
class Strongest:
    """For each channel the pictures with the highest single activation, one place in each.

    Attributes
    ----------
    layer : str
        The layer.
    values : array, (channels, k) float32
        The activations, highest first; raw, in no unit. Minus infinity where there were fewer pictures.
    pictures : array, (channels, k) int64
        Which picture, counted from 0; -1 where there is none.
    rows, columns : array, (channels, k) int64
        Where in the map.
    not_finite : array, (channels,) int64
        How many pictures were passed over since their map holds a value that is not a finite number.
    """

    layer: str
    values: Floats
    pictures: Whole
    rows: Whole
    columns: Whole
    not_finite: Whole

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """Where there is a picture, (channels, k)."""
        return self.pictures >= 0


class TopK:
    """For each channel, the k pictures with the highest single activation (Zeiler & Fergus 2014, sec. 4.1).

    Equal activations are ordered by the picture's number, and within a map the first place in reading order
    counts, so that shards merge to what one pass gives.

    Parameters
    ----------
    layer : str
        Any layer whose result can be arranged as maps.
    k : int
        How many pictures for each channel.
    """

    kind: ClassVar[str] = "topk"

    def __init__(self, layer: str, k: int = 9) -> None:
        if k < 1:
            raise InputError(f"k is how many pictures to keep for each channel, 1 or more; got {k}")
        self.layer, self.k = layer, int(k)
        self._shape = (0, 0, 0)

    @property
    def key(self) -> str:
        """What is gathered: which layer, and how."""
        return f"{self.kind} {self.layer} k={self.k}"

    def fresh(self) -> "TopK":
        """Make an empty one of the same kind."""
        return TopK(self.layer, self.k)

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Make room for maps of this shape."""
        self._shape = shape
        self._values = np.full((shape[0], self.k), -np.inf, np.float32)
        self._pictures = np.full((shape[0], self.k), -1, np.int64)
        self._places = np.zeros((shape[0], self.k), np.int64)
        self._not_finite = np.zeros(shape[0], np.int64)

    def update(self, maps: Tensor, first: int) -> None:
        """Take in the maps of consecutive pictures, numbered from `first` on."""
        flat = maps.detach().flatten(2)
        peaks = flat.amax(2).float().cpu().numpy()  # (n, channels)
        finite = np.isfinite(peaks)
        if not finite.all():  # a NaN anywhere in a map makes its maximum NaN; an infinity would always win
            self._not_finite += (~finite).sum(0)
            peaks = np.where(finite, peaks, -np.inf)
        numbers = np.broadcast_to(first + np.arange(len(peaks))[:, None], peaks.shape)
        # Few maps make it into the list once it is full, and only for those the place is worth finding.
        last, earlier = self._values[:, -1], numbers < self._pictures[:, -1]
        n, channel = np.nonzero((peaks > last) | ((peaks == last) & earlier))
        if not len(n):
            return
        places = flat[torch.from_numpy(n), torch.from_numpy(channel)].argmax(1).cpu().numpy()
        found = np.zeros(peaks.shape, np.int64)
        found[n, channel] = places
        changed = np.unique(channel)
        self._take(changed, peaks[:, changed].T, numbers[:, changed].T, found[:, changed].T)

    def merge(self, other: "TopK") -> None:
        """Take in what another one gathered from other pictures."""
        self._not_finite += other._not_finite
        self._take(np.arange(self._shape[0]), other._values, other._pictures, other._places)

    def _take(self, channels: Whole, values: Floats, pictures: Whole, places: Whole) -> None:
        """Sort newcomers, (channels, n), in among those there; what is no candidate has minus infinity."""
        values = np.concatenate([self._values[channels], values], 1)
        pictures = np.concatenate([self._pictures[channels], pictures], 1)
        places = np.concatenate([self._places[channels], places], 1)
        pictures = np.where(np.isneginf(values), -1, pictures)
        order = np.lexsort((pictures, -values), axis=1)[:, : self.k]
        self._values[channels] = np.take_along_axis(values, order, 1)
        self._pictures[channels] = np.take_along_axis(pictures, order, 1)
        self._places[channels] = np.take_along_axis(places, order, 1)

    @property
    def state(self) -> State:
        """All that was gathered, as arrays."""
        return {
            "values": self._values,
            "pictures": self._pictures,
            "places": self._places,
            "not_finite": self._not_finite,
        }

    @state.setter
    def state(self, state: State) -> None:
        self._values, self._pictures = state["values"].copy(), state["pictures"].copy()
        self._places, self._not_finite = state["places"].copy(), state["not_finite"].copy()

    def result(self) -> Strongest:
        """Give the pictures and places with the highest activations."""
        rows, columns = np.divmod(self._places, self._shape[2])
        nowhere = self._pictures < 0
        rows, columns = np.where(nowhere, 0, rows), np.where(nowhere, 0, columns)
        return Strongest(self.layer, self._values, self._pictures, rows, columns, self._not_finite)


class Features:
    """The codes of a layer: every picture's result as one long vector.

    Maps are flattened channel after channel. Codes larger than memory should hold lie in a file.

    Parameters
    ----------
    layer : str
        Any layer whose result can be arranged as maps.
    """

    kind: ClassVar[str] = "features"

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self._codes: Floats = np.zeros((0, 0), np.float32)
        self._known = np.zeros(0, np.bool_)

    @property
    def key(self) -> str:
        """What is gathered: which layer, and how."""
        return f"{self.kind} {self.layer}"

    def fresh(self) -> "Features":
        """Make an empty one of the same kind."""
        return Features(self.layer)

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Make room for maps of this shape."""
        self._codes = np.zeros((pictures, int(np.prod(shape))), np.float32)
        self._known = np.zeros(pictures, np.bool_)

    def update(self, maps: Tensor, first: int) -> None:
        """Take in the maps of consecutive pictures, numbered from `first` on."""
        place = slice(first, first + len(maps))
        self._codes[place] = maps.detach().flatten(1).float().cpu().numpy()
        self._known[place] = True

    def merge(self, other: "Features") -> None:
        """Take in what another one gathered from other pictures."""
        self._codes[other._known] = other._codes[other._known]
        self._known |= other._known

    @property
    def state(self) -> State:
        """All that was gathered, as arrays."""
        return {"codes": self._codes, "known": self._known}

    @state.setter
    def state(self, state: State) -> None:
        self._codes, self._known = state["codes"].copy(), state["known"].copy()

    def result(self) -> Floats:
        """Give the codes, (pictures, units) float32."""
        return self._codes


@dataclass(frozen=True, eq=False)
class Spread:
    """Mean and standard deviation of each channel over all places and pictures.

    Attributes
    ----------
    count : int
        Values of each channel that were counted.
    mean, std : array, (channels,) float64
        Of the population (divided by `count`).
    """

    count: int
    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]


class Moments:
    """Mean and variance of each channel, in float64 and without cancellation (Chan et al. 1979)."""

    kind: ClassVar[str] = "moments"

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self._count = 0

    @property
    def key(self) -> str:
        """What is gathered: which layer, and how."""
        return f"{self.kind} {self.layer}"

    def fresh(self) -> "Moments":
        """Make an empty one of the same kind."""
        return Moments(self.layer)

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Make room for maps of this shape."""
        self._count = 0
        self._mean, self._squares = np.zeros(shape[0]), np.zeros(shape[0])

    def update(self, maps: Tensor, first: int) -> None:
        """Take in the maps of consecutive pictures, numbered from `first` on."""
        flat = maps.detach().double().movedim(1, 0).flatten(1).cpu().numpy()  # (channels, n * places)
        mean = flat.mean(1)
        self._take(flat.shape[1], mean, ((flat - mean[:, None]) ** 2).sum(1))

    def merge(self, other: "Moments") -> None:
        """Take in what another one gathered from other pictures."""
        self._take(other._count, other._mean, other._squares)

    def _take(self, count: int, mean: npt.NDArray[Any], squares: npt.NDArray[Any]) -> None:
        total = self._count + count
        if not total:
            return
        apart = mean - self._mean
        self._squares = self._squares + squares + apart**2 * (self._count * count / total)
        self._mean = self._mean + apart * (count / total)
        self._count = total

    @property
    def state(self) -> State:
        """All that was gathered, as arrays."""
        return {"count": np.array(self._count), "mean": self._mean, "squares": self._squares}

    @state.setter
    def state(self, state: State) -> None:
        self._count = int(state["count"])
        self._mean, self._squares = state["mean"].copy(), state["squares"].copy()

    def result(self) -> Spread:
        """Give the mean and the standard deviation."""
        return Spread(self._count, self._mean, np.sqrt(self._squares / max(1, self._count)))
