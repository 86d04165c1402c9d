"""The equations of BackpropStepper with their numbers put in. Only numbers and our own words get in here."""

from collections.abc import Iterable

from cnnviz_widgets.methods.backprop import Agreement
from cnnviz_widgets.paint.number_grids import short

Line = tuple[str, str]  # the number of the equation, and what it says, as HTML

DEDY, DEDX, DEDW = "∂E/∂Y", "∂E/∂X", "∂E/∂W"
_GOOD, _BAD = "#e6f2ec", "#fff3e6"


def entry(name: str, *place: int) -> str:
    """Write an entry of a matrix: its name, and row and column as an index."""
    return f"{name}<sub>{','.join(map(str, place))}</sub>"


def number(value: float) -> str:
    """Write a number for a sum, with brackets where it has a sign."""
    text = short(value)
    return f"({text})" if value < 0 else text


def total(products: Iterable[tuple[float, float]]) -> str:
    """Write a sum of products; 0 where there is none."""
    return " + ".join(f"{number(a)}·{number(b)}" for a, b in products) or "0"


def vector(values: Iterable[float]) -> str:
    """Write a column lying down, as its transpose."""
    return f"({', '.join(short(each) for each in values)})′"


def equations(lines: Iterable[Line]) -> str:
    """A line for each equation, its number before it."""
    rows = "".join(
        '<div style="display:flex;gap:8px;line-height:1.5;margin:1px 0">'
        f'<span style="flex:0 0 38px;text-align:right;opacity:0.75">{tag}</span>'
        f'<span style="font-variant-numeric:tabular-nums">{text}</span></div>'
        for tag, text in lines
    )
    return f'<div role="list" aria-label="equations with their numbers">{rows}</div>'


def verdict(agreement: Agreement, remark: str = "") -> str:
    """Say what was compared with autograd just now, and with which result; `remark` is our own HTML."""
    parts = ", ".join(f"{_sign(name)} by {_tiny(value)}" for name, value in agreement.differences.items())
    mark, color = ("✓ Autograd agrees", _GOOD) if agreement.holds else ("✗ Autograd differs", _BAD)
    edge = "#0072b2" if agreement.holds else "#d55e00"
    text = f"<b>{mark}</b> with these numbers (largest differences: {parts}). {remark}"
    return (
        f'<div role="status" style="padding:4px 8px;border-left:4px solid {edge};background:{color};'
        f'color:#222;line-height:1.4">{text}</div>'
    )


def _sign(name: str) -> str:
    return name.replace("dE/d", "∂E/∂").replace("'", "′").replace("*", "∗").replace("vec(X)", "vec X")


def _tiny(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}" if value < 0.01 else short(value, 3)
