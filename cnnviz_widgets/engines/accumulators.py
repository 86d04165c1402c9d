"""What a harvest gathers of one layer: parts that are updated picture by picture and can be merged."""

from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cnnviz_widgets.errors import ModelError

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
State = dict[str, npt.NDArray[Any]]


class Accumulator(Protocol):
    """Gathers something of one layer, in any order of pictures, in one piece or in several."""

    layer: str

    @property
    def key(self) -> str:
        """What is gathered, as text: two accumulators with the same key gather the same."""
        ...

    def fresh(self) -> Self:
        """Make an empty one of the same kind, for a shard of the data."""
        ...

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Make room, and forget what was there: the maps have this shape (channels, rows, columns)."""
        ...

    def update(self, maps: Tensor, first: int) -> None:
        """Take in maps, (n, channels, rows, columns), of consecutive pictures, numbered from `first` on."""
        ...

    def merge(self, other: Self, first: int = 0) -> None:
        """Take in what another one gathered from other pictures: its picture 0 is picture `first` here."""
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


def refuse_not_finite(layer: str, first: int, finite: npt.NDArray[np.bool_]) -> None:
    """Raise if a picture's activations are not all finite numbers; `finite` has one entry a picture."""
    if not finite.all():
        raise ModelError(
            f"layer {layer!r} answers picture {first + int(finite.argmin())} with a number that is not "
            "finite (NaN or infinity). Look at the network's weights, or leave the picture out: "
            "pictures.subset(numbers of the others)"
        )
