"""A few lines in one small plot, as PNG bytes."""

import io
from collections.abc import Mapping, Sequence

from cnnviz_widgets.errors import PictureError

# Okabe & Ito's: told apart by colour-blind eyes; the markers tell them apart in print.
_COLORS = ("#0072b2", "#e69f00", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
_MARKERS = ("o", "s", "^", "D", "v", "P")


def curves(
    lines: Mapping[str, Sequence[tuple[float, float]]],
    *,
    x_label: str = "",
    y_label: str = "",
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    mark: float | None = None,
    size: tuple[int, int] = (300, 220),
) -> bytes:
    """Draw named lines through points.

    Parameters
    ----------
    lines : mapping of str to points (x, y)
        In the order of x. Points that are not finite numbers leave a gap.
    x_label, y_label : str
        What the axes are.
    x_range, y_range : (float, float), optional
        Ends of the axes; without them, what the points need.
    mark : float, optional
        An x that gets a vertical line: where the student is.
    size : (int, int)
        Width and height on screen, pixels. The picture has twice as many, for sharp text.

    Returns
    -------
    bytes
        A PNG file with a white background.

    Raises
    ------
    PictureError
        If there are more lines than colours to tell them apart.
    """
    from matplotlib.figure import Figure  # late, and not pyplot: 0.3 s that others need not pay

    if len(lines) > len(_COLORS):
        raise PictureError(f"{len(lines)} lines cannot be told apart; at most {len(_COLORS)} can")
    figure = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=200, facecolor="white")
    left, below = 44 / size[0], 36 / size[1]  # by hand: an automatic layout doubles the time
    axes = figure.add_axes((left, below, 0.97 - left, 0.96 - below))
    for (name, points), color, marker in zip(lines.items(), _COLORS, _MARKERS, strict=False):
        across, up = [x for x, _ in points], [y for _, y in points]
        axes.plot(across, up, color=color, marker=marker, markersize=3.5, linewidth=1.4, label=name)
    if mark is not None:
        axes.axvline(mark, color="#666666", linewidth=1, linestyle=":")
    axes.set_xlabel(x_label, fontsize=7.5)
    axes.set_ylabel(y_label, fontsize=7.5)
    axes.tick_params(labelsize=7)
    if x_range is not None:
        axes.set_xlim(*x_range)
    if y_range is not None:
        axes.set_ylim(*y_range)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if lines:
        axes.legend(fontsize=7, frameon=False, loc="lower left")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
