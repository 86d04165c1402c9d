"""The strongest pictures of every channel of a layer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cnnviz_widgets.engines.accumulators import Floats, State, Whole
from cnnviz_widgets.errors import InputError

_TOGETHER = 256  # pictures sorted in at once


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
        How many pictures were passed over since the highest value of their map is no finite number; a map
        with a NaN has none.
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
    counts, so that shards merge to what one pass gives. The result is `Strongest`.

    Parameters
    ----------
    layer : str
        Any layer whose result can be arranged as maps.
    k : int
        How many pictures for each channel.
    """

    def __init__(self, layer: str, k: int = 9) -> None:
        if k < 1:
            raise InputError(f"k is how many pictures to keep for each channel, 1 or more; got {k}")
        self.layer, self.k = layer, int(k)
        self.prepare((0, 0, 0), 0)

    @property
    def key(self) -> str:
        """The layer and k."""
        return f"topk {self.layer} k={self.k}"

    def fresh(self) -> "TopK":
        """Make an empty one of the same kind."""
        return TopK(self.layer, self.k)

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Make empty lists for every channel."""
        self._columns = shape[2]
        self._values = np.full((shape[0], self.k), -np.inf, np.float32)
        self._pictures = np.full((shape[0], self.k), -1, np.int64)
        self._places = np.zeros((shape[0], self.k), np.int64)
        self._not_finite = np.zeros(shape[0], np.int64)
        self._waiting: list[tuple[Floats, Whole, Whole]] = []

    def update(self, maps: Tensor, first: int) -> None:
        """Let consecutive pictures, numbered from `first` on, compete for the lists."""
        flat = maps.detach().flatten(2)
        peaks, places = _highest_on_cpu(flat) if flat.is_cpu else _highest(flat)
        self._waiting.append((peaks, places, np.arange(first, first + len(peaks))))
        if sum(len(numbers) for *_, numbers in self._waiting) >= _TOGETHER:
            self._sort_in()

    def merge(self, other: "TopK", first: int = 0) -> None:
        """Let another one's pictures compete; its picture 0 is picture `first` here."""
        self._sort_in()
        state = other.state
        self._not_finite += state["not_finite"]
        channel, rank = np.nonzero(state["pictures"] >= 0)
        values, pictures, places = (state[name][channel, rank] for name in ("values", "pictures", "places"))
        self._take(channel, values, pictures + first, places)

    def _sort_in(self) -> None:
        """Choose candidates among those who wait, and sort them in; many cost little more than few."""
        if not self._waiting:
            return
        peaks, places, numbers = (np.concatenate(each) for each in zip(*self._waiting, strict=True))
        self._waiting = []
        finite = np.isfinite(peaks)
        if not finite.all():  # an infinity would always win
            self._not_finite += (~finite).sum(0)
            peaks = np.where(finite, peaks, -np.inf)
        last, numbers = self._values[:, -1], numbers[:, None]
        enters = (peaks > last) | ((peaks == last) & (numbers < self._pictures[:, -1]))
        if len(peaks) > self.k:  # no more than k of them can stay, but for ties
            enters &= peaks >= np.partition(peaks, -self.k, axis=0)[-self.k]
        n, channel = np.nonzero(enters & np.isfinite(peaks))
        self._take(channel, peaks[n, channel], numbers[n, 0], places[n, channel])

    def _take(self, channel: Whole, values: Floats, pictures: Whole, places: Whole) -> None:
        """Sort candidates, (n,) with their channels, in among those there."""
        changed = np.unique(channel)
        channel = np.concatenate([np.repeat(changed, self.k), channel])
        values = np.concatenate([self._values[changed].ravel(), values])
        pictures = np.concatenate([self._pictures[changed].ravel(), pictures])
        places = np.concatenate([self._places[changed].ravel(), places])
        order = np.lexsort((pictures, -values, channel))
        starts = np.searchsorted(channel[order], changed)
        best = order[starts[:, None] + np.arange(self.k)]
        self._values[changed], self._pictures[changed] = values[best], pictures[best]
        self._places[changed] = places[best]

    @property
    def state(self) -> State:
        """The lists, as arrays."""
        self._sort_in()
        return {
            "values": self._values,
            "pictures": self._pictures,
            "places": self._places,
            "not_finite": self._not_finite,
        }

    @state.setter
    def state(self, state: State) -> None:
        names = ("values", "pictures", "places", "not_finite")
        self._values, self._pictures, self._places, self._not_finite = (state[name].copy() for name in names)
        self._waiting = []

    def result(self) -> Strongest:
        """Give the lists; what is gathered later does not change them."""
        self._sort_in()
        found = self._pictures >= 0
        rows, columns = np.divmod(np.where(found, self._places, 0), max(1, self._columns))
        lists = self._values.copy(), self._pictures.copy(), rows, columns, self._not_finite.copy()
        return Strongest(self.layer, *lists)


def _highest(flat: Tensor) -> tuple[Floats, Whole]:
    """Find each map's highest value and its place, the first of equals; of a NaN, where there is one."""
    found = flat.max(2)
    return found.values.float().cpu().numpy(), found.indices.cpu().numpy()


def _highest_on_cpu(flat: Tensor) -> tuple[Floats, Whole]:
    """Do the same with numpy, which finds places ten times as fast as torch does."""
    values = flat.float().numpy()
    places = values.argmax(2)
    return np.take_along_axis(values, places[..., None], 2)[..., 0], places
