"""A curve over the steps, as SVG: drawn anew after every stroke, for which matplotlib takes too long."""

import html
from collections.abc import Mapping, Sequence

import numpy as np

from cnnviz_widgets.widgets._captions import number

_WIDTH, _HEIGHT = 340, 200
_LEFT, _TOP, _RIGHT, _BELOW = 44, 10, 300, 164  # of the axes; "step" stands right of its numbers
# Okabe & Ito's colours, that all eyes can tell apart; the second line is dashed, for print.
_COLORS, _DASHES = ("#0072b2", "#d55e00"), ("", "5 3")
_TEXT = 'font-family="sans-serif" font-size="11" fill="#222"'


def curve_svg(lines: Mapping[str, Sequence[float]], step: int) -> str:
    """Draw at most two named lines over the steps 0, 1, 2 ..., with a mark at one of them.

    Parameters
    ----------
    lines : mapping of str to numbers
        All of one length; the first has dots.
    step : int
        Where the mark is.
    """
    values = np.array(list(lines.values()), float)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    margin = 0.05 * (high - low)
    low, high = low - (margin if low < 0 else 0), high + (margin if high > 0 else 0)
    last = max(values.shape[1] - 1, 4)

    def x(at: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (at + 0.3) / (last + 0.6)

    def y(value: float) -> float:
        return _BELOW - (_BELOW - _TOP) * (value - low) / (high - low)

    parts = [f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>']
    for value in _ticks(low, high, 4):
        parts += [
            f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>',
            f'<text x="{_LEFT - 5}" y="{y(value) + 4:.1f}" text-anchor="end" {_TEXT}>{number(value)}</text>',
        ]
    for value in _ticks(0, last, 8):
        if value == int(value):
            parts.append(
                f'<text x="{x(value):.1f}" y="{_BELOW + 14}" text-anchor="middle" {_TEXT}>{value:.0f}</text>'
            )
    parts += [
        f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#888"/>',
        f'<line x1="{x(step):.1f}" x2="{x(step):.1f}" y1="{_TOP}" y2="{_BELOW}" stroke="#888" '
        'stroke-dasharray="2 3"/>',
    ]
    for i, (name, row) in enumerate(zip(lines, values, strict=True)):
        points = [(x(at), y(value)) for at, value in enumerate(row) if np.isfinite(value)]
        drawn = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        look = f'stroke="{_COLORS[i]}" stroke-width="2" stroke-dasharray="{_DASHES[i]}"'
        parts.append(f'<polyline points="{drawn}" fill="none" {look}/>')
        if i == 0:
            parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{_COLORS[0]}"/>' for a, b in points]
        left = _LEFT + i * 168
        parts.append(f'<line x1="{left}" x2="{left + 22}" y1="190" y2="190" {look}/>')
        parts.append(f'<text x="{left + 27}" y="194" {_TEXT}>{html.escape(_short(name))}</text>')
    parts.append(f'<text x="{_RIGHT + 10}" y="{_BELOW + 14}" {_TEXT}>step</text>')
    said = html.escape(f"curves of {' and '.join(lines)} over the steps")
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}" '
        f'style="width:100%;max-width:{_WIDTH}px;display:block">{"".join(parts)}</svg>'
    )


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Choose round numbers between two ends: 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * 0.999)
    return [float(each * step) for each in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _short(name: str) -> str:
    return name if len(name) <= 22 else name[:21] + "\N{HORIZONTAL ELLIPSIS}"
