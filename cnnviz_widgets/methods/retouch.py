"""What is done to a stimulus in one step: where, and what comes there, as plain values."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.errors import InputError, nearest
from cnnviz_widgets.methods.region_fills import FILLS, fill_regions

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Tool = Literal["brush", "box", "segment"]
TOOLS: tuple[Tool, ...] = get_args(Tool)

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_TENTHS = 1  # digits kept of a point, so that a log is short and replays to the very pixel
_MOST_NUMBERS, _LARGEST = 20_000, 1e8  # of a place


@dataclass(frozen=True)
class Retouch:
    """One simplification of a picture.

    Attributes
    ----------
    tool : {"brush", "box", "segment"}
        How the place was chosen.
    place : tuple of numbers
        Of a brush its diameter, then x, y of each point of the stroke, in pixels, (0, 0) being the picture's
        upper left corner. Of a box left, top, right, bottom, right and bottom excluded. Of a segment runs of
        pixels, counted row by row: how many are left out, how many belong to it, and so on in turn.
    fill : str
        "grey", "mean", "blur" or "smooth" as in `fill_regions`, or a colour, "#rrggbb".

    Raises
    ------
    InputError
        If there is no such tool, place or fill.
    """

    tool: str
    place: tuple[float, ...]
    fill: str

    def __post_init__(self) -> None:
        if self.tool not in TOOLS:
            raise InputError(f"there is no tool {self.tool!r}. {nearest(str(self.tool), TOOLS)}")
        if not isinstance(self.fill, str) or not (self.fill in FILLS or _COLOR.fullmatch(self.fill)):
            raise InputError(
                f'there is no fill {self.fill!r}: it is one of {", ".join(FILLS)}, or a colour like "#ff8800"'
            )
        _check_place(self.tool, self.place)

    @classmethod
    def brush(cls, points: Iterable[Sequence[float]], size: float, fill: str = "grey") -> "Retouch":
        """Draw a stroke through points (x, y) with a round brush of this diameter, in pixels."""
        flat = [round(float(value), _TENTHS) for point in points for value in point[:2]]
        return cls("brush", (float(size), *flat), fill)

    @classmethod
    def box(cls, left: float, top: float, right: float, bottom: float, fill: str = "mean") -> "Retouch":
        """Replace a rectangle; its corners may be given in any order."""
        across, down = sorted((round(left), round(right))), sorted((round(top), round(bottom)))
        return cls("box", (across[0], down[0], across[1], down[1]), fill)

    @classmethod
    def segment(cls, mask: Mask, fill: str = "mean") -> "Retouch":
        """Replace the pixels of a mask, (H, W) bool."""
        flat = np.concatenate([[False], np.asarray(mask, bool).reshape(-1)])
        edges = np.flatnonzero(np.diff(flat))
        return cls("segment", tuple(int(n) for n in np.diff(edges, prepend=0, append=flat.size - 1)), fill)

    def mask(self, rows: int, columns: int) -> Mask:
        """Give the pixels that it replaces in a picture of this size, (rows, columns) bool.

        Raises
        ------
        InputError
            If a segment's runs are those of a picture of another size.
        """
        if self.tool == "brush":
            return _stroke(self.place, rows, columns)
        if self.tool == "box":
            left, top, right, bottom = (max(0, int(each)) for each in self.place)
            mask = np.zeros((rows, columns), bool)
            mask[top:bottom, left:right] = True
            return mask
        runs = np.array(self.place, int)
        if runs.sum() != rows * columns:
            raise InputError(
                f"this segment is of a picture of {runs.sum()} pixels, and this one is {rows}x{columns}: "
                "the log belongs to another picture"
            )
        return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(rows, columns)

    def apply(self, picture: Bytes, ground: npt.ArrayLike) -> Bytes:
        """Make the simplified picture, (H, W, 3) uint8; `ground` is the colour of "grey"."""
        mask = self.mask(*picture.shape[:2])
        if self.fill in FILLS:
            return fill_regions(picture, np.where(mask, 0, -1), self.fill, ground)
        return np.where(mask[..., None], np.array(list(bytes.fromhex(self.fill[1:])), np.uint8), picture)

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values that JSON can hold."""
        return {"tool": self.tool, "place": list(self.place), "fill": self.fill}

    @classmethod
    def from_dict(cls, values: Any) -> "Retouch":
        """Read what `as_dict` gave.

        Raises
        ------
        InputError
            If it is something else.
        """
        if not isinstance(values, Mapping) or not {"tool", "place", "fill"} <= set(values):
            raise InputError(f"a step of a path has a tool, a place and a fill; got {str(values)[:80]!r}")
        place = values["place"]
        if not isinstance(place, (list, tuple)):
            raise InputError(f"the place of a step is a list of numbers; got {str(place)[:80]!r}")
        return cls(values["tool"], tuple(place), values["fill"])


def _check_place(tool: str, place: tuple[float, ...]) -> None:
    number = (int, float, np.integer, np.floating)
    good = bool(place) and all(isinstance(n, number) and not isinstance(n, bool) for n in place)
    if not good or len(place) > _MOST_NUMBERS or not all(abs(n) <= _LARGEST for n in place):
        raise InputError(f"the place of a {tool} is a list of numbers; got {str(place)[:80]}")
    if tool == "brush" and (len(place) < 3 or len(place) % 2 == 0 or place[0] <= 0):
        raise InputError(
            f"a brush needs its diameter, above 0, and then x, y of each point; got {str(place)[:80]}"
        )
    if tool == "box" and (len(place) != 4 or place[0] >= place[2] or place[1] >= place[3]):
        raise InputError(f"a box is left, top, right, bottom, and is not empty; got {place}")
    if tool == "segment" and any(n < 0 or n != int(n) for n in place):
        raise InputError("a segment's runs are whole numbers, 0 or more")


def _stroke(place: tuple[float, ...], rows: int, columns: int) -> Mask:
    """Mark the pixels whose centre is at most half a diameter from the stroke; a pixel's own at least."""
    radius = max(place[0] / 2, np.sqrt(0.5))
    points = np.array(place[1:], float).reshape(-1, 2)
    mask = np.zeros((rows, columns), bool)
    for a, b in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        low = np.floor(np.minimum(a, b) - radius).astype(int).clip(0)
        high = np.ceil(np.maximum(a, b) + radius).astype(int).clip(0) + 1
        part = mask[low[1] : high[1], low[0] : high[0]]
        y, x = np.ogrid[: part.shape[0], : part.shape[1]]
        x, y = x + low[0] + 0.5 - a[0], y + low[1] + 0.5 - a[1]
        way = b - a
        length = float(way @ way)
        along = ((x * way[0] + y * way[1]) / length).clip(0, 1) if length else 0.0
        part |= (x - along * way[0]) ** 2 + (y - along * way[1]) ** 2 <= radius**2
    return mask
