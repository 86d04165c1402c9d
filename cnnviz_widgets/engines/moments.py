"""Mean and standard deviation of every channel of a layer."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from cnnviz_widgets.engines.accumulators import Doubles, State, refuse_not_finite


@dataclass(frozen=True, eq=False)
class Spread:
    """Mean and standard deviation of each channel over all places and pictures.

    Attributes
    ----------
    count : int
        Values of each channel that were counted.
    mean, std : array, (channels,) float64
        Of the population (divided by `count`); 0 where nothing was counted.
    """

    count: int
    mean: Doubles
    std: Doubles


class Moments:
    """Mean and variance of each channel, in float64 and without cancellation (Chan et al. 1979).

    The result is `Spread`.

    Parameters
    ----------
    layer : str
        Any layer whose result can be arranged as maps.

    Raises
    ------
    ModelError
        While gathering, if an activation is not a finite number: no mean would be left.
    """

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self.prepare((0, 0, 0), 0)

    @property
    def key(self) -> str:
        """The layer."""
        return f"moments {self.layer}"

    def fresh(self) -> "Moments":
        """Make an empty one of the same kind."""
        return Moments(self.layer)

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Begin at nothing."""
        self._count = 0
        self._mean, self._squares = np.zeros(shape[0]), np.zeros(shape[0])

    def update(self, maps: Tensor, first: int) -> None:
        """Take in every value of consecutive pictures."""
        values = maps.detach().flatten(2).cpu().double().numpy()  # (n, channels, places)
        refuse_not_finite(self.layer, first, np.isfinite(values).all((1, 2)))
        mean = values.mean((0, 2))
        apart = values - mean[:, None]
        self._take(values.shape[0] * values.shape[2], mean, np.einsum("ncp,ncp->c", apart, apart))

    def merge(self, other: "Moments", first: int = 0) -> None:
        """Take in what another one counted."""
        self._take(other._count, other._mean, other._squares)

    def _take(self, count: int, mean: Doubles, squares: Doubles) -> None:
        total = self._count + count
        if not total:
            return
        apart = mean - self._mean
        self._squares = self._squares + squares + apart**2 * (self._count * count / total)
        self._mean = self._mean + apart * (count / total)
        self._count = total

    @property
    def state(self) -> State:
        """The count, the mean, and the sum of squared distances from it."""
        return {"count": np.array(self._count), "mean": self._mean, "squares": self._squares}

    @state.setter
    def state(self, state: State) -> None:
        self._count, self._mean, self._squares = int(state["count"]), state["mean"], state["squares"]

    def result(self) -> Spread:
        """Give the mean and the standard deviation."""
        return Spread(self._count, self._mean, np.sqrt(self._squares / max(1, self._count)))
