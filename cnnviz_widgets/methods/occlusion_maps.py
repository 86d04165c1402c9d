"""What a network says of a picture with a square at each place: the three maps of an occlusion experiment.

Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2, figure 6.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class OcclusionMaps:
    """The maps of one picture and one square, at the places of a grid.

    The value at (i, j) is what the network says while the square covers the pixels from row `tops[i]` and
    column `lefts[j]` on. It belongs to the square's centre, see `centers`. While the maps are being made,
    what is not known yet is NaN, and -1 in `label`.

    Attributes
    ----------
    tops, lefts : array, (rows,) and (columns,) int
        First row and column of the square, in pixels of the network's picture.
    size, stride : int
        Side of the square, and its steps, in pixels.
    picture : (int, int)
        Rows and columns of the network's picture.
    scores : array, (rows, columns, K) float32
        Scores of all classes, logits.
    log_sums : array, (rows, columns) float64
        log(sum(exp(scores))), so that the probability of any class is one subtraction away.
    label : array, (rows, columns) int
        The most probable class at each place: the third map of the figure.
    totals : array, (rows, columns, channels) float32
        Total activation of every channel of `layer`: the sum over its map. No channels without a layer.
    plain_scores : array, (K,) float32
        Scores of the picture itself.
    plain_totals : array, (channels,) float32
        Total activations of the picture itself.
    target : int
        The class whose probability is looked at.
    layer : str
        The layer whose maps are looked at; "" for none.
    channel : int
        Which of its channels; -1 for none.
    """

    tops: Whole
    lefts: Whole
    size: int
    stride: int
    picture: tuple[int, int]
    scores: Floats
    log_sums: Doubles
    label: Whole
    totals: Floats
    plain_scores: Floats
    plain_totals: Floats
    target: int
    layer: str
    channel: int

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where the square has been, (rows, columns)."""
        return self.label >= 0

    @property
    def done(self) -> int:
        """At how many places the square has been."""
        return int(self.known.sum())

    @property
    def total(self) -> int:
        """How many places there are."""
        return self.label.size

    @property
    def score(self) -> Floats:
        """The score of `target`, a logit, (rows, columns)."""
        return self.scores[..., self.target]

    @property
    def probability(self) -> Floats:
        """The probability of `target`, softmax of the scores, (rows, columns): the figure's second map."""
        return np.exp(self.score - self.log_sums).astype(np.float32)

    @property
    def activation(self) -> Floats:
        """The total activation of `channel`, (rows, columns): the figure's first map. NaN without a layer."""
        if self.channel < 0:
            return np.full(self.label.shape, np.nan, np.float32)
        return self.totals[..., self.channel]

    @property
    def plain_probability(self) -> float:
        """The probability of `target` in the picture itself."""
        return float(probabilities(self.plain_scores)[self.target])

    @property
    def plain_activation(self) -> float:
        """The total activation of `channel` in the picture itself; NaN without a layer."""
        return float(self.plain_totals[self.channel]) if self.channel >= 0 else float("nan")

    @property
    def plain_label(self) -> int:
        """The most probable class of the picture itself."""
        return int(self.plain_scores.argmax())

    @cached_property
    def centers(self) -> tuple[Doubles, Doubles]:
        """The square's centre at each place, rows (rows,) and columns (columns,), in pixels.

        Pixel 0 has its centre at 0: a square of 4 pixels at the top has its centre at 1.5.
        """
        half = (self.size - 1) / 2
        return self.tops.astype(np.float64) + half, self.lefts.astype(np.float64) + half

    def about(self, target: int | None = None, channel: int | None = None) -> "OcclusionMaps":
        """Look at another class or channel: no new pass, since the scores of all are here."""
        return replace(
            self,
            target=self.target if target is None else target,
            channel=self.channel if channel is None else channel,
        )

    def place_at(self, row: float, column: float) -> tuple[int, int] | None:
        """Name the place, (i, j), whose centre is nearest to a pixel; None where no centre comes near."""
        if not (0 <= row < self.picture[0] and 0 <= column < self.picture[1]):
            return None
        i, j = int(self._nearest(0)[int(row)]), int(self._nearest(1)[int(column)])
        return None if i < 0 or j < 0 else (i, j)

    def spread(self, values: npt.NDArray) -> npt.NDArray:
        """Lay a map over the picture, (rows, columns) to (H, W): each pixel takes the nearest centre's value.

        Places that are not known yet take the nearest known value, so that a coarse map covers the picture.
        Near the edges, where no centre comes, it is NaN, and -1 in a map of whole numbers.
        """
        nothing = -1 if np.issubdtype(values.dtype, np.integer) else np.nan
        known = self.known
        if not known.any():
            return np.full(self.picture, nothing, values.dtype)
        if not known.all():
            i, j = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
            values = values[i, j]
        rows, columns = self._nearest(0), self._nearest(1)
        large = values[np.maximum(rows, 0)[:, None], np.maximum(columns, 0)]
        return np.where((rows[:, None] < 0) | (columns < 0), np.asarray(nothing, values.dtype), large)

    def _nearest(self, axis: int) -> Whole:
        """Give for each pixel of a row or column the nearest centre's number; -1 beyond half a stride."""
        centers, pixels = self.centers[axis], np.arange(self.picture[axis])
        nearest: Whole = np.searchsorted((centers[1:] + centers[:-1]) / 2, pixels)
        far = (pixels < centers[0] - self.stride / 2) | (pixels > centers[-1] + self.stride / 2)
        nearest[far] = -1
        return nearest


def probabilities(scores: npt.NDArray[np.floating]) -> Doubles:
    """Turn scores, (..., K), into probabilities: softmax."""
    raised = np.exp(scores.astype(np.float64) - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)
