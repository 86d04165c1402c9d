"""What MinimalImageStepper says in words. Every text that becomes HTML is escaped here or in `_captions`."""

import html
from collections import Counter

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Channel, Neuron
from cnnviz_widgets.methods.kept_objects import kept_names
from cnnviz_widgets.methods.minimal_image import MinimalImage
from cnnviz_widgets.methods.reduction import Reduction, Unit
from cnnviz_widgets.widgets._captions import number

KEPT, FALLEN = "#0072b2", "#d55e00"  # Okabe & Ito's blue and vermilion, told apart by all eyes


def say_unit(model: HookedModel, unit: Unit) -> str:
    """Name what is watched."""
    if isinstance(unit, Neuron):
        return f"{unit.layer}, channel {unit.channel} at row {unit.row}, column {unit.column}"
    if isinstance(unit, Channel):
        return f"{unit.layer}, mean of channel {unit.channel}"
    return f"score of {model.class_name(unit)}"


def response_bar(name: str, first: float, now: float, limit: float, meaning: str) -> str:
    """Draw a response as a bar: the first one as a frame, the limit as a line, in words beside.

    Parameters
    ----------
    name : str
        Whose response.
    first, now : float
        Of the whole picture, and of the one on show.
    limit : float
        What it must not fall below.
    meaning : str
        What the limit is.
    """
    ends = [0.0, first, now, limit]
    low, high = min(ends), max(ends)
    span = (high - low) or 1.0

    def at(value: float) -> float:
        return 100 * (value - low) / span

    def part(a: float, b: float, look: str) -> str:
        left, width = min(at(a), at(b)), abs(at(a) - at(b))
        return f'<span style="position:absolute;left:{left:.2f}%;width:{width:.2f}%;{look}"></span>'

    fallen = now < limit
    color = FALLEN if fallen else KEPT
    bars = part(0, first, "top:0;height:20px;box-sizing:border-box;border:1px solid #777;background:#e8e8e8")
    bars += part(0, now, f"top:4px;height:12px;min-width:2px;background:{color}")
    tick = f"left:calc({at(limit):.2f}% - 1px);top:-3px;width:2px;height:26px;background:#222"
    bars += f'<span style="position:absolute;{tick}"></span>'
    said = f"{number(now)}; {number(first)} at first. The line is {meaning}, {number(limit)}."
    verdict = "<b>Below the line:</b> " if fallen else ""
    return (
        '<div style="line-height:1.4;background:#fff;color:#222;padding:4px 6px">'
        f"<div><b>{html.escape(name)}</b></div>"
        f'<div role="img" aria-label="{html.escape(said)}" '
        f'style="position:relative;height:20px;margin:6px 2px">{bars}</div>'
        f"<div>{verdict}{html.escape(said)}</div></div>"
    )


def say_path(path: Reduction, step: int) -> str:
    """Say where on the path by hand one is."""
    if not path.steps:
        return "The whole picture: draw on it to simplify it."
    said = f"Step {step} of {len(path.steps)}; {path.changed(step):.0%} of the pixels are changed"
    fallen = sum(path.falls(i) for i in range(1, len(path.steps) + 1))
    if fallen:
        said += f"; at {fallen} step{'s' if fallen > 1 else ''} the response is too low"
    return said + "."


def say_search(model: HookedModel, found: MinimalImage, step: int) -> str:
    """Say where the automatic search is."""
    n, name = len(found.segments), model.class_name(found.target)
    left = len(found.left(step))
    are = "is" if left == 1 else "are"
    said = f"Step {step}: {left} of {n} segments {are} left, {found.kept(step).mean():.0%} of the pixels"
    if found.is_misclassified and step == len(found.steps) - 1:
        said += f"; without {_piece(found, found.order[-1])} it is taken for "
        said += f"{model.class_name(found.steps[-1].top)}"
    elif found.is_finished and step == found.minimal:
        said += "; the minimal image" if left else f"; nothing is left, and it still passes for {name}"
    return said + "." + _left(found, step)


def _left(found: MinimalImage, step: int) -> str:
    names: Counter[str] = kept_names(found, step)
    if not any(found.segments.names):
        return ""
    listed = ", ".join(name if n == 1 else f"{n} {name}" for name, n in names.most_common())
    return f" Left: {listed or 'none'}."


def _piece(found: MinimalImage, segment: int) -> str:
    return f"the {found.segments.names[segment]}" if found.segments.names[segment] else f"segment {segment}"


def say_refused(fell: float, limit: float) -> str:
    """Say why a step was not taken."""
    return f"Refused: the response would fall to {number(fell)}, below {number(limit)}."


def link(data: str, steps: int) -> str:
    """Make a link that saves a path, given in base64."""
    name = f"path, {steps} step{'' if steps == 1 else 's'}"
    return (
        f'<a download="reduction.json" href="data:application/json;base64,{data}" '
        f'style="text-decoration:underline">Download: {name}</a>'
    )
