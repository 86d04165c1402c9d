"""Curves of the terms over the steps, as SVG: drawn many times a second; matplotlib takes too long."""

import html
import math
from collections.abc import Mapping, Sequence

import numpy as np

from cnnviz_widgets.widgets._captions import number

_WIDTH, _HEIGHT = 400, 230
_LEFT, _TOP, _RIGHT, _BELOW = 52, 10, 384, 172  # of the axes
# Okabe & Ito's colours, that all eyes can tell apart; dashes tell them apart in print.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#222222")
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "4 4")
_TEXT = 'font-family="sans-serif" font-size="11" fill="#222"'
_POINTS = 240  # of a curve: more are not seen

Points = Sequence[tuple[float, float]]


def terms_svg(
    lines: Mapping[str, Points], steps: int, mark: float | None = None, logarithmic: bool = False
) -> str:
    """Draw named curves over the steps.

    Parameters
    ----------
    lines : mapping of str to points (step, value)
        At most six are drawn.
    steps : int
        Where the axis ends at least.
    mark : float, optional
        The step that gets a vertical line: where the student is.
    logarithmic : bool
        Whether the values are drawn by their logarithms; those that are not above zero leave a gap.
    """
    thin = {name: _thinned(points) for name, points in list(lines.items())[: len(_COLORS)]}
    values = np.array([v for points in thin.values() for _, v in points if _fits(v, logarithmic)] or [1.0])
    last = max([steps, 1, *(points[-1][0] for points in thin.values() if points)])
    low, high = _ends(values, logarithmic)

    def x(step: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * step / last

    def y(value: float) -> float:
        at = math.log10(value) if logarithmic else value
        return _BELOW - (_BELOW - _TOP) * (at - low) / (high - low)

    parts = [f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>']
    for tick in _ticks(low, high, 4, whole=logarithmic):
        value = 10.0**tick if logarithmic else tick
        parts += [
            f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>',
            f'<text x="{_LEFT - 5}" y="{y(value) + 4:.1f}" text-anchor="end" {_TEXT}>{number(value)}</text>',
        ]
    for tick in _ticks(0, last, 6, whole=True):
        parts.append(
            f'<text x="{x(tick):.1f}" y="{_BELOW + 15}" text-anchor="middle" {_TEXT}>{tick:.0f}</text>'
        )
    parts.append(f'<text x="2" y="{_BELOW + 15}" {_TEXT}>step</text>')
    if mark is not None:
        parts.append(
            f'<line x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{_TOP}" y2="{_BELOW}" stroke="#888" '
            'stroke-dasharray="2 3"/>'
        )
    for i, (name, points) in enumerate(thin.items()):
        parts += _curve(i, name, [(x(a), y(b) if _fits(b, logarithmic) else None) for a, b in points])
    said = html.escape(f"curves of {', '.join(thin)} over {last:.0f} steps", quote=True)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}" '
        f'style="width:100%;max-width:{_WIDTH}px;display:block">{"".join(parts)}</svg>'
    )


def _curve(i: int, name: str, places: Sequence[tuple[float, float | None]]) -> list[str]:
    look = f'stroke="{_COLORS[i]}" stroke-width="2" stroke-dasharray="{_DASHES[i]}" fill="none"'
    path, pen = "", "M"
    for a, b in places:
        path += "" if b is None else f"{pen}{a:.1f} {b:.1f}"
        pen = "M" if b is None else "L"
    dot = ""
    if len(places) == 1 and places[0][1] is not None:  # of one point a path shows nothing
        dot = f'<circle cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="3" fill="{_COLORS[i]}"/>'
    left, top = _LEFT + (i % 2) * 178, 200 + (i // 2) * 13
    return [
        f'<path d="{path}" {look}/>{dot}',
        f'<line x1="{left}" x2="{left + 22}" y1="{top}" y2="{top}" {look}/>',
        f'<text x="{left + 27}" y="{top + 4}" {_TEXT}>{html.escape(_short(name), quote=False)}</text>',
    ]


def _thinned(points: Points) -> list[tuple[float, float]]:
    pace = math.ceil(len(points) / _POINTS)
    kept = list(points[::pace]) if pace else []
    return kept if not kept or kept[-1] == points[-1] else [*kept, points[-1]]


def _fits(value: float, logarithmic: bool) -> bool:
    return math.isfinite(value) and (value > 0 or not logarithmic)


def _ends(values: np.ndarray, logarithmic: bool) -> tuple[float, float]:
    if logarithmic:
        low, high = math.log10(values.min()), math.log10(values.max())
        return (math.floor(low), math.ceil(high)) if math.ceil(high) > math.floor(low) else (low - 1, low + 1)
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    if low == high:
        high = low + 1
    margin = 0.05 * (high - low)
    return low - margin * (low < 0), high + margin * (high > 0)


def _ticks(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """Choose round numbers between two ends: 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * 0.999)
    step = max(step, 1.0) if whole else step
    return [each * step for each in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "\N{HORIZONTAL ELLIPSIS}"
