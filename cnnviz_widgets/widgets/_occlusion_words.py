"""OcclusionSlider in words and bars. Every text that becomes HTML is escaped here or in `_captions`."""

import html

import numpy as np

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.methods.occlusion_maps import OcclusionMaps, probabilities
from cnnviz_widgets.paint import table_for
from cnnviz_widgets.widgets._captions import color_bar, line, number
from cnnviz_widgets.widgets._occlusion_answers import Occluded

HINT = "Drag the square, or click on a map to bring it there. Point at a map to read its numbers."
PLAIN, COVERED = (
    "#4c78a8",
    "#d55e00",
)  # readable on white and on the dark theme's grey; all eyes tell them apart
_ROWS = 4  # classes in the bar chart, at the least
_LABELS = 5  # in the legend

Legend = list[tuple[int, tuple[int, int, int], float]]  # class, its colour, its share of the places


def bars(model: HookedModel, result: Occluded) -> str:
    """Draw two bars for each of the likely classes: without the square, and with it."""
    plain, covered = result.plain.probabilities, result.covered.probabilities
    rows = "".join(_row(model, index, plain[index], covered[index]) for index in _likely(result))
    legend = "".join(_swatch(color, text) for color, text in ((PLAIN, "uncovered"), (COVERED, "covered")))
    return (
        f'<div style="display:flex;gap:12px;line-height:1.5">{legend}</div>'
        f'<div role="list" aria-label="probabilities uncovered and covered">{rows}</div>'
    )


def _likely(result: Occluded) -> list[int]:
    """List the class in question, and the classes that are most probable without and with the square."""
    plain, covered = result.plain.probabilities, result.covered.probabilities
    first = np.argsort(-plain, kind="stable")[:_ROWS].tolist()
    likely = [int(covered.argmax()), result.target, *first]
    chosen = list(dict.fromkeys(likely))[:_ROWS]
    return sorted(chosen, key=lambda index: -plain[index])


def _row(model: HookedModel, index: int, plain: float, covered: float) -> str:
    name = html.escape(model.class_name(index))
    drawn = "".join(
        f'<span style="display:block;height:6px;min-width:1px;background:{color};width:{share:.1%}"></span>'
        for color, share in ((PLAIN, plain), (COVERED, covered))
    )
    return (
        '<div role="listitem" style="display:flex;align-items:center;gap:6px;line-height:1.5">'
        '<span style="flex:0 0 38%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap" '
        f'title="{name}">{name}</span><span style="flex:1 1 auto">{drawn}</span>'
        f'<span style="flex:0 0 74px;text-align:right">{plain:.2f} → {covered:.2f}</span></div>'
    )


def change(model: HookedModel, result: Occluded) -> str:
    """Write what the square does to the score of the class in question."""
    plain, covered = (float(each.scores[result.target]) for each in (result.plain, result.covered))
    text = f"{number(plain)} → {number(covered)} ({_signed(covered - plain)})"
    return line(text, f"Score of {model.class_name(result.target)}:")


def activation(result: Occluded, low: float, high: float) -> str:
    """Write the scale of the first map, and what the square does to the channel."""
    maps = result.maps
    if maps.channel < 0:
        return line("this network has no layer with maps")
    plain, covered = (float(each.totals[maps.channel]) for each in (result.plain, result.covered))
    share = f" ({_signed(100 * (covered - plain) / abs(plain))} %)" if plain else ""
    return color_bar(table_for(low < 0), low, high) + line(
        f"{number(plain)} → {number(covered)}{share}", "Here:"
    )


def probability(result: Occluded, high: float) -> str:
    """Write the scale of the second map, and what the square does to the probability."""
    plain, covered = (float(each.probabilities[result.target]) for each in (result.plain, result.covered))
    text = f"{plain:.3f} → {covered:.3f} ({_signed(covered - plain)})"
    return color_bar(table_for(False), 0.0, high) + line(text, "Here:")


def labels(model: HookedModel, legend: Legend) -> str:
    """Write the legend of the third map: colours, names, shares of the places."""
    rows = [
        _swatch(f"rgb{color}", f"{model.class_name(index)}: {share:.0%}")
        for index, color, share in legend[:_LABELS]
    ]
    rest = legend[_LABELS:]
    if rest:
        several = f"{len(rest)} others" if len(rest) > 1 else "1 other"
        rows.append(line(f"{several}: {sum(share for *_, share in rest):.0%}"))
    return "".join(rows) or line("not known yet")


def headings(model: HookedModel, result: Occluded) -> list[tuple[str, str]]:
    """Name the four panels: what is bold, and what is under it."""
    maps = result.maps
    of = f"total of {maps.layer}, channel {maps.channel}" if maps.channel >= 0 else "none"
    return [
        ("Picture", "drag the square"),
        ("Feature map", of),
        ("Probability", f"P({model.class_name(result.target)})"),
        ("Label", "most probable class"),
    ]


def say_place(model: HookedModel, maps: OcclusionMaps, row: int, column: int) -> str:
    """Write the numbers of the place nearest to a pixel."""
    place = maps.place_at(row, column)
    if place is None:
        return f"row {row}, column {column}: the square's centre does not come here"
    i, j = place
    at = f"square centred at row {maps.centers[0][i]:g}, column {maps.centers[1][j]:g}"
    if maps.label[i, j] < 0:
        return f"{at}: not known yet"
    name = model.class_name(int(maps.label[i, j]))
    chance = probabilities(maps.scores[i, j])
    said = [f"{at}: P({model.class_name(maps.target)}) = {chance[maps.target]:.3f}"]
    said.append(f"most probable {name} ({chance[maps.label[i, j]]:.3f})")
    if maps.channel >= 0:
        said.append(f"total activation {number(float(maps.activation[i, j]))}")
    return ", ".join(said)


def say_all(model: HookedModel, result: Occluded, name: str) -> str:
    """Say what the widget shows, for those who do not see it; `name` is the picture's."""
    plain, covered = result.plain.probabilities, result.covered.probabilities
    target = model.class_name(result.target)
    said = [
        f"{model.name} sees {name}. A square of {result.size} px at row {result.top}, column {result.left} "
        f"moves the probability of {target} from {plain[result.target]:.2f} to {covered[result.target]:.2f}; "
        f"most probable is then {model.class_name(int(covered.argmax()))}."
    ]
    maps = result.maps
    if maps.done:
        lowest = maps.probability[maps.known].min()
        i, j = np.argwhere(maps.known & (maps.probability == lowest))[0]
        said.append(
            f"On the map it is lowest, {lowest:.2f}, with the square's centre at row {maps.centers[0][i]:g}, "
            f"column {maps.centers[1][j]:g}."
        )
    return " ".join(said)


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else ''}{number(value)}"


def _swatch(color: str, text: str) -> str:
    look = "display:inline-block;width:10px;height:10px;border:1px solid #555;margin-right:5px"
    return f'<div><span style="{look};background:{color}"></span>{html.escape(text)}</div>'
