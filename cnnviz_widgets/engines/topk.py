"""The strongest pictures of every channel of a layer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.engines.accumulators import Floats, State, Whole
from cnnviz_widgets.errors import InputError


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

    def update(self, maps: Tensor, first: int) -> None:
        """Let consecutive pictures, numbered from `first` on, compete for the lists."""
        flat = maps.detach().flatten(2)
        peaks = flat.amax(2).float().cpu().numpy()  # (n, channels)
        finite = np.isfinite(peaks)
        if not finite.all():  # a NaN anywhere in a map makes its maximum NaN; an infinity would always win
            self._not_finite += (~finite).sum(0)
            peaks = np.where(finite, peaks, -np.inf)
        # Few maps make it into a list once it is full, and only for those the place is worth finding.
        last, numbers = self._values[:, -1], first + np.arange(len(peaks))[:, None]
        enters = (peaks > last) | ((peaks == last) & (numbers < self._pictures[:, -1]))
        changed = np.flatnonzero(enters.any(0))
        if not len(changed):
            return
        n, channel = np.nonzero(enters)
        places = np.zeros(peaks.shape, np.int64)
        places[n, channel] = flat[torch.from_numpy(n), torch.from_numpy(channel)].argmax(1).cpu().numpy()
        peaks = np.where(enters, peaks, -np.inf)[:, changed].T
        self._take(changed, peaks, np.broadcast_to(numbers[:, 0], peaks.shape), places[:, changed].T)

    def merge(self, other: "TopK", first: int = 0) -> None:
        """Let another one's pictures compete; its picture 0 is picture `first` here."""
        self._not_finite += other._not_finite
        pictures = np.where(other._pictures < 0, -1, other._pictures + first)
        self._take(np.arange(len(self._values)), other._values, pictures, other._places)

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
        """The lists, as arrays."""
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

    def result(self) -> Strongest:
        """Give the lists; what is gathered later does not change them."""
        found = self._pictures >= 0
        rows, columns = np.divmod(np.where(found, self._places, 0), max(1, self._columns))
        lists = self._values.copy(), self._pictures.copy(), rows, columns, self._not_finite.copy()
        return Strongest(self.layer, *lists)
