"""CAMExplorer in words. Every text that becomes HTML is escaped here or in `_captions`."""

import html

from cnnviz_widgets.methods.localization import FOUND, THINGS_OF
from cnnviz_widgets.methods.tasks import concept_of
from cnnviz_widgets.widgets._cam_answers import Explored, Judged
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._task_pictures import Exhibit

NO_TRUTH = "nobody has labelled this photo"


def head(bold: str, text: str) -> str:
    """Write two lines above a picture, cut where they are too long, so that pictures begin at one height."""
    one_line = "white-space:nowrap;overflow:hidden;text-overflow:ellipsis;line-height:1.4"
    bold, text = html.escape(bold), html.escape(text)
    return (
        f'<div style="font-size:93%" title="{bold}: {text}"><div style="{one_line}"><b>{bold}</b></div>'
        f'<div style="{one_line}">{text}</div></div>'
    )


def picture_name(exhibit: Exhibit) -> str:
    """Name the picture: its class, or its file."""
    return exhibit.class_name or exhibit.sample.source


def truth_name(result: Explored) -> str:
    """Name the thing that is the truth: of a bedroom, the bed."""
    return " or ".join(THINGS_OF.get(result.truth, (concept_of(result.truth),)))


def say_truth(result: Explored) -> str:
    """Write what the green boxes are."""
    if not result.exhibit.is_labelled:
        return NO_TRUTH
    if not result.truth:
        return "nothing to find: no such thing here"
    return f"truth: {truth_name(result)}"


def title(panel: Judged) -> str:
    """Name the map and its network."""
    kind = "Saliency" if panel.seen.map is None else panel.seen.kind
    return f"{kind} · {panel.model.name}"


def subtitle(panel: Judged) -> str:
    """Write the class, its score and its probability."""
    said = panel.seen.prediction
    own = " (own top)" if panel.seen.own else ""
    return f"{said.name}{own}: {_decimal(said.score)}, P = {said.probability:.2f}"


def verdict(panel: Judged) -> str:
    """Say whether the box is right, in words."""
    if panel.region.box is None:
        return f"no box: {panel.region.why}"
    if panel.iou is None:
        left, top, right, bottom = (round(each) for each in panel.region.box)
        return f"box: columns {left} to {right - 1}, rows {top} to {bottom - 1}"
    sign = "≥" if panel.found else "<"
    return f"IoU {panel.iou:.2f} {sign} {FOUND}: {'found' if panel.found else 'not found'}"


def judgement(panel: Judged, main: Judged) -> str:
    """Write the verdict as HTML, with a mark and a colour where there is a truth."""
    text = html.escape(verdict(panel))
    if panel.iou is None:
        return f'<div style="line-height:1.4">{text}</div>'
    mark, color = ("✓", "#0a7d5a") if panel.found else ("✗", "#b5380a")
    look = f"display:inline-block;background:#fff;color:{color};padding:0 6px;line-height:1.4"
    return f'<div><span style="{look}"><b>{mark} {text}</b></span></div>'


def account(panel: Judged) -> str:
    """Write where the map comes from; for a CAM the sum that must give the score."""
    found = panel.seen.map
    if found is None:
        return line("largest |dS/dI| of the colours; the same rule for the box")
    shape = "x".join(map(str, found.values.shape))
    if found.kind == "Grad-CAM":
        return line(f"Grad-CAM of {found.layer}, {shape}: weights are mean gradients")
    whole = f"{_decimal(found.score)}, the score"
    if not found.readout:
        return line(f"{found.layer}, {shape}, the class's own map: mean {_decimal(found.mean)} = {whole}")
    sign = "+" if found.bias >= 0 else "\N{MINUS SIGN}"
    total = f"mean {_decimal(found.mean)} {sign} bias {_decimal(abs(found.bias))} = {whole}"
    return line(f"{found.layer}, {shape}, weighed by {found.readout}: {total}")


def say_all(result: Explored, threshold: float) -> str:
    """Say what the widget shows, for those who do not see it."""
    said = f"{picture_name(result.exhibit)}; {say_truth(result)}."
    parts = [
        f"{title(panel)} of {panel.seen.prediction.name}: {verdict(panel)}"
        for panel in (*result.maps, result.saliency)
    ]
    return f"{said} Boxes around the largest part above {threshold:.0%} of the maximum. {'; '.join(parts)}."


def _decimal(value: float) -> str:
    """Write terms of a sum so that a student can add them up."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
