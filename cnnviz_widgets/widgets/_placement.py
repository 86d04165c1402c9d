"""Where the units of a layer sit on the picture, in pixels of the screen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.backend.receptive_field import ReceptiveField

Index = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Placement:
    """A map laid over the picture so that each unit covers the pixels it is centred on.

    Stretching the map from edge to edge, as is often done, moves units away from what they see: in a net
    without padding by up to half a receptive field.

    Attributes
    ----------
    field : ReceptiveField
        Of the layer. Where its units see everything, their map is stretched from edge to edge.
    map_size : (int, int)
        Rows and columns of the map.
    screen_size : (int, int)
        Rows and columns of the picture on screen.
    """

    field: ReceptiveField
    map_size: tuple[int, int]
    screen_size: tuple[int, int]

    def spread(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Give each screen pixel its unit's value, (rows, columns); NaN where no unit is centred."""
        rows, columns = self._units(0), self._units(1)
        spread = values[np.maximum(rows, 0)[:, None], np.maximum(columns, 0)]
        return np.where((rows[:, None] < 0) | (columns < 0), np.float32(np.nan), spread)

    def unit_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Name the unit, (row, column), under a pixel of the screen; None where there is none."""
        height, width = self.screen_size
        if not (0 <= x < width and 0 <= y < height):
            return None
        row, column = int(self._units(0)[int(y)]), int(self._units(1)[int(x)])
        return None if row < 0 or column < 0 else (row, column)

    def on_screen(self, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """Turn a box of the network's picture (top, left, bottom, right) into pixels of the screen."""
        down, across = (self.screen_size[axis] / self.field.picture[axis] for axis in (0, 1))
        top, left, bottom, right = box
        return round(top * down), round(left * across), round(bottom * down), round(right * across)

    def _units(self, axis: int) -> Index:
        """Give the unit of each screen row (axis 0) or column (axis 1), -1 where there is none."""
        screen, count, stride = self.screen_size[axis], self.map_size[axis], self.field.stride[axis]
        place = (np.arange(screen) + 0.5) / screen
        if stride == 0:
            return (place * count).astype(np.intp)
        pixel = place * self.field.picture[axis] - 0.5
        unit = np.floor((pixel - self.field.center[axis]) / stride + 0.5).astype(np.intp)
        return np.where((unit < 0) | (unit >= count), -1, unit)
