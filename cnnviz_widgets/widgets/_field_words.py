"""What ReceptiveFieldMapper says in words. Every text that becomes HTML is escaped in `_captions`."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnnviz_widgets.methods.field_sizes import LayerSizes
from cnnviz_widgets.methods.receptive_fields import EmpiricalField, theoretical_size
from cnnviz_widgets.paint import color_table
from cnnviz_widgets.widgets._captions import color_bar, line, number
from cnnviz_widgets.widgets._field_chart import COLORS, Line


def one(field: EmpiricalField | None, rank: int, name: str) -> str:
    """The caption of one picture."""
    if field is None:
        return line("comes when all pictures have been seen")
    if rank > len(field.maps):
        return line(name, f"{rank}.") + line(
            f"not measured: the mean is over the first {len(field.maps)} pictures"
        )
    found = field.maps[rank - 1]
    known = found.values[~np.isnan(found.values)]
    peak = float(known.max()) if len(known) else 0.0
    said = f"activation {number(found.activation)}; the strongest patch changes it by {number(peak)}"
    scale = color_bar(color_table(), 0.0, peak)
    return scale + line(name, f"{rank}.") + line(said) + line("box: all that the unit can see")


def mean(field: EmpiricalField | None, is_whole: bool) -> str:
    """The caption of the mean."""
    if field is None:
        return line("")
    share = (field.size / field.theoretical) if field.theoretical else 0.0
    so_far = "" if is_whole else " so far"
    height, width = field.layer.receptive_field.picture
    beyond = (
        f"; larger than the picture of {height}x{width}" if field.theoretical > min(height, width) else ""
    )
    whole = f"theoretical: {field.theoretical:.0f} px (box{beyond})"
    if field.layer.receptive_field.whole:
        whole = f"theoretical: the whole picture, {field.theoretical:.0f} px"
    return (
        line(f"px{so_far}, {share:.0%} of the theoretical", f"{field.size:.0f}")
        + line(whole)
        + line(f"white line: above {field.level:.0%} of the maximum")
    )


def chart(lines: Mapping[str, Line], shown: str) -> str:
    """The caption of the chart: the networks' colours, and the numbers of the one on show."""
    said = ""
    for i, name in enumerate(lines):
        look = "display:inline-block;width:10px;height:10px;margin-right:5px;"
        look += f"background:rgb{COLORS[i % len(COLORS)]}"
        swatch = f'<span style="{look}"></span>'
        said += f'<span style="margin-right:12px;display:inline-block">{swatch}{html.escape(name)}</span>'
    rows = [
        f"{name}: {found.mean:.0f} ± {found.spread:.0f} of {theory:.0f} px, {len(found.sizes)} units"
        for name, theory, found in lines[shown]
        if found is not None and len(found.sizes)
    ]
    if not rows:
        rows = ["not measured yet: press “Measure every layer”"]
    return f'<div style="line-height:1.5">{said}</div>' + "".join(map(line, rows))


def segments(field: EmpiricalField | None, is_whole: bool, threshold: float) -> str:
    """The heading of the segmented pictures."""
    if field is None:
        return line("", "The pictures that excite this unit most")
    quiet = (
        f"lit: discs as large as the measured field, where the map is above {threshold:.0%} of its maximum"
        if is_whole
        else "cut out when the field is measured"
    )
    return line(quiet, "The pictures that excite this unit most;")


def say_all(asked: Any, field: EmpiricalField | None, is_whole: bool, classes: Sequence[str]) -> str:
    """Say what is on show, for those who do not see it."""
    start = f"{asked.network}, layer {asked.layer}, channel {asked.channel}: "
    if field is None:
        return start + "the pictures are being looked through."
    size = f"{field.size:.0f} px of {field.theoretical:.0f} px theoretical"
    how = "" if is_whole else ", so far"
    count = f"mean of {len(field.maps)} pictures, patches of {asked.patch} px every {asked.stride} px"
    kinds = ", ".join(f"{each} {classes.count(each)}" for each in dict.fromkeys(classes) if each)
    return f"{start}measured field {size}{how} ({count})." + (
        f" Strongest pictures: {kinds}." if kinds else ""
    )


def layer_lines(
    models: Mapping[str, Any], layers: Mapping[str, Sequence[str]], sizes: Mapping[Any, LayerSizes], how: Any
) -> dict[str, Line]:
    """Collect the chart's numbers: for each network and layer, theory and what was measured."""
    return {
        name: [
            (layer, theoretical_size(model.layer(layer)), sizes.get((name, layer, *how)))
            for layer in layers[name]
        ]
        for name, model in models.items()
    }
