"""Class agreement over k as a small chart, and as numbers beside it."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Shares = npt.NDArray[np.float64]

_WIDTH, _HEIGHT = 240, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 28, 8, 8, 32  # margins
FEATURES, PIXELS, CHANCE = "#0072b2", "#e69f00", "#777777"


@dataclass(frozen=True)
class Curve:
    """Agreement@1 to @k of one space: of the query, and of the whole gallery; None where it is not known."""

    name: str
    color: str
    query: Shares | None
    all: Shares | None


def chart(curves: Sequence[Curve], chance: float | None, k: int, most: int) -> str:
    """Draw the curves as SVG: solid the whole gallery, dotted the query, a line at k."""
    shapes = [_axes(most), _line([(k, 0), (k, 1)], "#444", most, 'stroke-width="1"')]
    if chance is not None:
        shapes.append(
            _line([(1, chance), (most, chance)], CHANCE, most, 'stroke-width="1.5" stroke-dasharray="2 3"')
        )
    for curve in curves:
        if curve.query is not None:
            points = list(enumerate(curve.query.tolist(), 1))
            shapes.append(_line(points, curve.color, most, 'stroke-width="1.5" stroke-dasharray="4 3"'))
            shapes += [_dot(x, y, curve.color, most) for x, y in points]
        if curve.all is not None:
            points = list(enumerate(curve.all.tolist(), 1))
            shapes.append(_line(points, curve.color, most, 'stroke-width="3"'))
    return (
        f'<svg role="img" aria-label="class agreement over k" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" style="display:block;background:#fff;max-width:100%">'
        f"{''.join(shapes)}</svg>"
    )


def table(curves: Sequence[Curve], chance: float | None, k: int, asked: int) -> str:
    """Write the agreement at k as a table, which is also the chart's legend."""
    cell = 'style="text-align:right;padding:0 4px"'
    head = f"<th></th><th {cell}>this query</th><th {cell}>{f'all {asked}' if asked else 'all'}</th>"
    rows = [
        f'<th scope="row" style="text-align:left;font-weight:normal">{_swatch(curve.color)} '
        f"{html.escape(curve.name)}</th><td {cell}>{_share(curve.query, k)}</td>"
        f"<td {cell}>{_share(curve.all, k)}</td>"
        for curve in curves
    ]
    if chance is not None:
        rows.append(
            f'<th scope="row" style="text-align:left;font-weight:normal">{_swatch(CHANCE)} by lot</th>'
            f"<td></td><td {cell}>{chance:.2f}</td>"
        )
    body = "".join(f"<tr>{row}</tr>" for row in (head, *rows))
    return (
        f'<div style="line-height:1.4"><b>Class agreement@{k}</b></div>'
        f'<table style="line-height:1.4;border-spacing:0">{body}</table>'
    )


def layer_bars(shares: Sequence[tuple[str, float]], k: int) -> str:
    """Draw a bar for each layer looked at, in the network's order: how agreement grows with depth."""
    rows = "".join(
        '<div style="display:flex;align-items:center;gap:6px;line-height:1.4">'
        '<span style="flex:0 0 42%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap" '
        f'title="{html.escape(name)}">{html.escape(name)}</span>'
        '<span style="flex:1 1 auto"><span style="display:block;height:9px;min-width:1px;'
        f'background:{PIXELS if name == "pixels" else FEATURES};width:{share:.1%}"></span></span>'
        f'<span style="flex:0 0 34px;text-align:right">{share:.2f}</span></div>'
        for name, share in shares
    )
    title = f'<div style="line-height:1.4"><b>Agreement@{k} by depth</b>, layers looked at so far</div>'
    return f'{title}<div role="list" aria-label="agreement by layer">{rows}</div>'


def _place(x: float, y: float, most: int) -> str:
    across = _WIDTH - _LEFT - _RIGHT
    px = _LEFT + (x - 1) / max(1, most - 1) * across
    return f"{px:.1f},{_TOP + (1 - y) * (_HEIGHT - _TOP - _BOTTOM):.1f}"


def _line(points: Sequence[tuple[float, float]], color: str, most: int, look: str) -> str:
    path = " ".join(_place(x, y, most) for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{color}" {look}/>'


def _dot(x: float, y: float, color: str, most: int) -> str:
    px, py = _place(x, y, most).split(",")
    return f'<circle cx="{px}" cy="{py}" r="2.5" fill="#fff" stroke="{color}" stroke-width="1.5"/>'


def _axes(most: int) -> str:
    parts = []
    text = 'font-size="11" font-family="sans-serif" fill="#333"'
    for y in (0.0, 0.5, 1.0):
        parts.append(_line([(1, y), (most, y)], "#ddd", most, 'stroke-width="1"'))
        py = float(_place(1, y, most).split(",")[1])
        parts.append(f'<text x="{_LEFT - 4}" y="{py + 4:.0f}" text-anchor="end" {text}>{y:g}</text>')
    for x in sorted({1, *range(3, most, 3), most} - ({most - 1} if most > 3 else set())):
        px = _place(x, 0, most).split(",")[0]
        parts.append(f'<text x="{px}" y="{_HEIGHT - _BOTTOM + 13}" text-anchor="middle" {text}>{x}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 4}" text-anchor="middle" {text}>k nearest</text>')
    return "".join(parts)


def _swatch(color: str) -> str:
    return (
        f'<span style="display:inline-block;width:12px;height:4px;vertical-align:middle;background:{color}">'
        "</span>"
    )


def _share(shares: Shares | None, k: int) -> str:
    return "" if shares is None or not len(shares) else f"{shares[min(k, len(shares)) - 1]:.2f}"
