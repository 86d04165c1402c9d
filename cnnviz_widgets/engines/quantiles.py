"""Thresholds that a given share of a channel's activations exceeds, from a sketch instead of all values."""

from dataclasses import dataclass

import numpy as np
from datasketches import req_floats_sketch
from torch import Tensor

from cnnviz_widgets.engines.accumulators import Floats, State, refuse_not_finite
from cnnviz_widgets.errors import InputError

SIZE = 100  # the sketch's k: 46 KB a channel, and at a share of .005 wrong by .00002 at most (3 sigma)


@dataclass(frozen=True, eq=False)
class Quantiles:
    """How each channel's activations are spread, over all places and pictures.

    Attributes
    ----------
    layer : str
        The layer.
    count : int
        Values of each channel that were counted.
    sketches : tuple of req_floats_sketch
        One for each channel.
    """

    layer: str
    count: int
    sketches: tuple[req_floats_sketch, ...]

    def above(self, share: float = 0.005) -> Floats:
        """Give each channel's threshold T with P(a > T) = `share` (Bau et al. 2017, section 2.2).

        Parameters
        ----------
        share : float
            Between 0 and 1; Network Dissection takes the highest 0.005.

        Returns
        -------
        array, (channels,) float32
            A value that occurred. With equal activations no value may have exactly this share above it; then
            the share above T is the next smaller one.

        Raises
        ------
        InputError
            If `share` is not between 0 and 1, or nothing was counted.
        """
        rank = 1 - self._checked(share)
        thresholds = [sketch.get_quantile(rank, True) for sketch in self.sketches]
        return np.array(thresholds, np.float32)

    def error(self, share: float = 0.005) -> float:
        """Tell how far the true share above a threshold may be from `share`.

        Returns
        -------
        float
            Three standard deviations of the sketch's error. It shrinks with `share`: about 0.4 % of it, and
            0 where the sketch still holds all the values above the threshold.
        """
        rank = 1 - self._checked(share)
        bounds = [
            max(rank - each.get_rank_lower_bound(rank, 3), each.get_rank_upper_bound(rank, 3) - rank)
            for each in self.sketches
        ]
        return float(max(bounds))

    def _checked(self, share: float) -> float:
        if not 0 < share < 1:
            raise InputError(f"a share lies between 0 and 1, as 0.005 does; got {share}")
        if not self.count:
            raise InputError(f"nothing of layer {self.layer!r} was counted yet, so there is no threshold")
        return share


class Quantile:
    """Each channel's spread over all places and pictures, for thresholds such as Network Dissection's.

    A "relative error quantiles" sketch (Cormode et al. 2021; Apache DataSketches) with high accuracy at the
    upper end stands for all the values: it is small, can be merged, and is exact at the very top.
    `Quantiles.error` tells its error. It rolls dice when it makes room, so two harvests may differ within
    that error. The result is `Quantiles`; its ``above(0.005)`` gives the thresholds.

    Parameters
    ----------
    layer : str
        Any layer whose result can be arranged as maps.

    Raises
    ------
    ModelError
        While gathering, if an activation is not a finite number: it has no rank.

    Notes
    -----
    Cost: about 70 ns a value, so 0.3 ms a picture for 64 maps of 8x8; 46 KB a channel.
    """

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self.prepare((0, 0, 0), 0)

    @property
    def key(self) -> str:
        """The layer and the sketch's size."""
        return f"quantile {self.layer} size={SIZE}"

    def fresh(self) -> "Quantile":
        """Make an empty one of the same kind."""
        return Quantile(self.layer)

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Make an empty sketch for every channel."""
        self._count = 0
        self._sketches = [req_floats_sketch(SIZE, True) for _ in range(shape[0])]

    def update(self, maps: Tensor, first: int) -> None:
        """Take in every value of consecutive pictures."""
        values = maps.detach().flatten(2).float().cpu().numpy()
        refuse_not_finite(self.layer, first, np.isfinite(values).all((1, 2)))
        by_channel = np.ascontiguousarray(values.swapaxes(0, 1)).reshape(len(self._sketches), -1)
        for sketch, of_channel in zip(self._sketches, by_channel, strict=True):
            sketch.update(of_channel)
        self._count += by_channel.shape[1]

    def merge(self, other: "Quantile", first: int = 0) -> None:
        """Take in another one's sketches."""
        for mine, theirs in zip(self._sketches, other._sketches, strict=True):
            mine.merge(theirs)
        self._count += other._count

    @property
    def state(self) -> State:
        """The sketches' bytes, one after the other, and how many each has."""
        written = [sketch.serialize() for sketch in self._sketches]
        return {
            "count": np.array(self._count),
            "bytes": np.frombuffer(b"".join(written), np.uint8),
            "lengths": np.array([len(each) for each in written], np.int64),
        }

    @state.setter
    def state(self, state: State) -> None:
        ends = np.cumsum(state["lengths"])[:-1]
        pieces = np.split(state["bytes"], ends)
        self._sketches = [req_floats_sketch.deserialize(piece.tobytes()) for piece in pieces]
        self._count = int(state["count"])

    def result(self) -> Quantiles:
        """Give the sketches; what is gathered later does not change them."""
        copies = tuple(req_floats_sketch.deserialize(each.serialize()) for each in self._sketches)
        return Quantiles(self.layer, self._count, copies)
