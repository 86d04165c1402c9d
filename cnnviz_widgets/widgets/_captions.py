"""Small pieces of HTML beside the pictures. Every text in them is escaped here."""

import html
from collections.abc import Sequence

import numpy as np

from cnnviz_widgets.backend.hooked_model import Prediction
from cnnviz_widgets.methods.activations import ActivationMaps
from cnnviz_widgets.paint.rgba import FIRST, Bytes

_BAR = "#4c78a8"  # readable on white and on the dark theme's grey


def number(value: float) -> str:
    """Write a value with 3 digits, so that a student can compare it with another."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def line(text: str, bold: str = "") -> str:
    """One line of text, with something in bold before it."""
    strong = f"<b>{html.escape(bold)}</b> " if bold else ""
    return f'<div style="line-height:1.4">{strong}{html.escape(text)}</div>'


def class_bars(top: Sequence[Prediction], why_not: str = "") -> str:
    """A row for each class: its name, a bar as long as its probability, and the probability."""
    if not top:
        return line(why_not)
    rows = "".join(
        '<div style="display:flex;align-items:center;gap:6px;line-height:1.5">'
        '<span style="flex:0 0 46%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap" '
        f'title="{html.escape(each.name)}">{html.escape(each.name)}</span>'
        '<span style="flex:1 1 auto"><span style="display:block;height:9px;min-width:1px;'
        f'background:{_BAR};width:{each.probability:.1%}"></span></span>'
        f'<span style="flex:0 0 40px;text-align:right">{each.probability:.2f}</span></div>'
        for each in top
    )
    return f'<div role="list" aria-label="most probable classes">{rows}</div>'


def color_bar(table: Bytes, low: float, high: float) -> str:
    """The colours from the lowest value to the highest, and these values."""
    stops = table[np.linspace(FIRST, 255, 17).round().astype(int)]
    colors = ",".join("#" + bytes(stop).hex() for stop in stops)
    bar = f'<span style="flex:1;height:10px;background:linear-gradient(to right,{colors})"></span>'
    return (
        '<div style="display:flex;align-items:center;gap:6px;line-height:1.4">'
        f"<span>{number(low)}</span>{bar}<span>{number(high)}</span></div>"
    )


def say_maps(maps: ActivationMaps, step: int) -> str:
    """What a layer's tiles show, when each shows every `step`-th row and column."""
    count, rows, columns = maps.values.shape
    words = [f"{maps.layer.kind}, {count} maps of {rows}x{columns}"]
    if step > 1:
        words.append(f"a tile has room for 1 of {step} rows and columns")
    if maps.note:
        words.append(maps.note)
    if maps.finite < 1:
        words.append(f"{1 - maps.finite:.1%} of the values are not finite numbers")
    return "; ".join(words)


def say_unit(maps: ActivationMaps, unit: tuple[int, int, int]) -> str:
    """A unit's place (channel, row, column), its value, and what it sees of the picture."""
    channel, row, column = unit
    field, (top, left, bottom, right) = maps.layer.receptive_field, maps.box(row, column)
    sees = "the whole picture"
    if not field.whole and (top, left, bottom, right) != (0, 0, *field.picture):
        sees = f"rows {top} to {bottom - 1}, columns {left} to {right - 1} of the picture"
    size = "" if field.whole else f" (receptive field {field.size[0]}x{field.size[1]} px)"
    value = number(float(maps.values[unit]))
    return f"channel {channel}, row {row}, column {column}: {value}; sees {sees}{size}"
