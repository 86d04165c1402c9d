"""What SaliencyExplorer says in words. Every text that becomes HTML is escaped here or in `_captions`."""

import html

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.methods.saliency import SaliencyLook
from cnnviz_widgets.paint import table_for
from cnnviz_widgets.widgets._captions import class_bars, color_bar, line, number
from cnnviz_widgets.widgets._saliency_answers import Asked, Explained
from cnnviz_widgets.widgets._saliency_panels import BACK, FOUND, FRONT, TRUE

HINT = "Point at a pixel to read its numbers."
_RULES = {"backprop": "", "deconvnet": " by the deconvnet's rule", "guided": " by guided backprop"}


def say_class(model: HookedModel, result: Explained) -> str:
    """Name what is explained."""
    target = result.saliency.target
    return "the objective" if target is None else model.class_name(target)


def say_map(model: HookedModel, asked: Asked, result: Explained) -> str:
    """Say what the map is of, and how it was made."""
    found = result.saliency
    said = f"{say_class(model, result)}, score {number(found.value)}{_RULES[found.rule]}"
    if asked.method == "smoothgrad":
        mean = f"mean of {found.samples} noisy copies" if found.samples else "no noisy copy yet"
        said += f", {mean}, noise {asked.noise:.0%}"
    return said


def captions(model: HookedModel, asked: Asked, result: Explained, look: SaliencyLook) -> list[str]:
    """Write the HTML under each of the four panels."""
    limit = result.saliency.shown(look)[1]
    scale = color_bar(table_for(look == "signed"), -limit if look == "signed" else 0.0, limit)
    return [
        class_bars(result.top),
        scale + line(say_map(model, asked, result)),
        _say_seeds(result),
        _say_object(result),
    ]


def _say_seeds(result: Explained) -> str:
    found = result.segmentation
    if found is None:
        return line("none: see the note above")
    share = [each.sum() / each.size for each in (found.foreground, found.background)]
    return (
        _swatch(FRONT, f"object: M ≥ {number(found.high)} ({share[0]:.0%})")
        + _swatch(BACK, f"rest: M ≤ {number(found.low)} ({share[1]:.0%})")
        + line("dark: neither of the two")
    )


def _say_object(result: Explained) -> str:
    if result.segmentation is None:
        found = line("nothing to cut out")
    elif not result.segmentation.mask.any():
        found = line("found: nothing; the colours of the rest fit everywhere better")
    else:
        found = _swatch(FOUND, f"found: {result.segmentation.mask.mean():.0%} of the picture")
    if result.truth is None:
        return found + line("nobody has labelled this picture's object: no truth to compare with")
    truth = _swatch(TRUE, f"truth: {result.truth_name}, {result.truth.mean():.0%} of the picture")
    return found + truth + (line(f"{result.iou:.2f}", "IoU") if result.iou is not None else "")


def say_all(model: HookedModel, asked: Asked, result: Explained, name: str) -> str:
    """Say what the widget shows, for those who do not see it; `name` is the picture's."""
    said = [f"{model.name} sees {name}. Saliency of {say_map(model, asked, result)}."]
    if result.segmentation is not None:
        box = result.segmentation.box
        where = "nothing"
        if box is not None:
            left, top, right, bottom = (round(each) for each in box)
            where = f"columns {left} to {right - 1}, rows {top} to {bottom - 1}"
        said.append(f"Cut out by its colours: {where}.")
    if result.iou is not None:
        said.append(f"Overlap (IoU) with the true {result.truth_name}: {result.iou:.2f}.")
    return " ".join(said)


def say_pixel(result: Explained, row: int, column: int) -> str:
    """Write the numbers of one pixel, and what it is taken for."""
    found = result.saliency
    derivative = number(float(found.signed[row, column]))
    said = [f"row {row}, column {column}: M = {number(float(found.magnitude[row, column]))}"]
    if len(found.gradient) == 3:
        color = "red green blue".split()[int(abs(found.gradient[:, row, column]).argmax())]
        said.append(f"from {color}, dS/dI = {derivative}")
    else:
        said.append(f"dS/dI = {derivative}")
    cut = result.segmentation
    if cut is not None:
        seed = "object" if cut.foreground[row, column] else "rest" if cut.background[row, column] else ""
        said += [f"its colour stands for the {seed}"] if seed else []
        said += ["found" if cut.mask[row, column] else "not found"]
    if result.truth is not None:
        said += [f"{'' if result.truth[row, column] else 'not '}{result.truth_name}"]
    return "; ".join(said)


def _swatch(color: tuple[int, int, int], text: str) -> str:
    look = "display:inline-block;width:10px;height:10px;border:1px solid #555;margin-right:5px"
    return f'<div><span style="{look};background:rgb{color}"></span>{html.escape(text)}</div>'
