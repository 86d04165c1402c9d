"""What TSNEScatter says: of the map, of its accuracy, of a point. Every text in HTML is escaped here."""

import html
from collections.abc import Sequence

import numpy as np

from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.methods.picture_grid import PictureGrid
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._tsne_side import Shown, composition
from cnnviz_widgets.widgets._tsne_work import Arrangement, K, Step, Whole

_FEATURES, _PIXELS, _LOT = "#0072b2", "#e69f00", "#777777"


def progress(step: Step) -> str:
    """How far the work is; escaped."""
    kl = ""
    if step.arrangement is not None and step.arrangement.layout is not None:
        value = step.arrangement.layout.kl
        kl = f", KL divergence {value:.2f}" if value == value else ""
    return html.escape(f"{step.text} {step.done} of {step.total}{kl}")


def finished(arrangement: Arrangement) -> str:
    """What became of it; escaped."""
    layout = arrangement.layout
    if layout is None:
        return ""
    rest = "" if arrangement.is_finished else f" of {layout.total}"
    kl = f", KL divergence {layout.kl:.2f}" if layout.kl == layout.kl else ""
    return html.escape(f"{layout.done}{rest} iterations{kl}") if layout.stage != "neighbors" else ""


def title(arrangement: Arrangement, view: str, shown: int, grid: PictureGrid | None) -> str:
    """What is on show: one line and what the student should know."""
    question, there = arrangement.question, len(arrangement.numbers)
    perplexity = arrangement.layout.perplexity if arrangement.layout else question.perplexity
    about = f"{there} pictures, perplexity {perplexity:.3g}"
    if shown < there:
        about += f"; {shown} of them, drawn by lot"
    if grid is not None:
        about += (
            f"; moved {grid.moved:.1f} cells to the grid; red seams: neighbours whose codes are far apart"
        )
    line = captions.line(about, f"t-SNE of {question.name}:")
    return line + (captions.line(arrangement.note) if arrangement.note else "")


def accuracies(seen: Sequence[Arrangement], chance: float | None) -> str:
    """A bar for each space that was arranged: how often the 10 nearest in the plane tell the class."""
    known = [each for each in seen if each.accuracy is not None]
    if chance is None:
        return captions.line("The pictures have no classes, so no accuracy can be counted.")
    rows = [
        (each.question.name, each.accuracy or 0.0, _PIXELS if each.question.space == "pixels" else _FEATURES)
        for each in known
    ]
    rows.append(("by lot", chance, _LOT))
    cells = "".join(
        '<div role="listitem" style="display:flex;align-items:center;gap:6px;line-height:1.5">'
        '<span style="flex:0 0 30%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap" '
        f'title="{html.escape(name)}">{html.escape(name)}</span>'
        '<span style="flex:1 1 auto"><span style="display:block;height:9px;min-width:1px;'
        f'background:{color};width:{share:.1%}"></span></span>'
        f'<span style="flex:0 0 40px;text-align:right">{share:.3f}</span></div>'
        for name, share, color in rows
    )
    head = captions.line(
        "share of pictures whose class is that of most of their 10 nearest", "10-NN accuracy:"
    )
    return f'{head}<div role="list" aria-label="10-NN accuracy in the plane">{cells}</div>'


def sentence(model: str, arrangement: Arrangement, view: str, chance: float | None) -> str:
    """Say in words what the picture shows."""
    question, layout = arrangement.question, arrangement.layout
    if layout is None:
        return f"{model}: no map of {question.name} yet."
    what = "the pixels" if question.space == "pixels" else f"layer {question.layer}"
    how = {"points": "points", "thumbnails": "thumbnails", "grid": "a grid of pictures"}[view]
    state = "finished" if arrangement.is_finished else f"after {layout.done} of {layout.total} iterations"
    if layout.stage == "neighbors":
        state = "before the first iteration"
    words = f"{len(arrangement.numbers)} pictures as {how}, arranged by t-SNE of {what} of {model}, {state}."
    if arrangement.accuracy is not None and chance is not None:
        words += f" 10-NN accuracy in the plane: {arrangement.accuracy:.3f}; by lot {chance:.3f}."
    return words


def neighborhood(
    arrangement: Arrangement, point: int, near: Whole, distances: Sequence[float], pictures: PictureSet
) -> Shown:
    """Say which pictures are a point's nearest, and how many of them are near in the plane too."""
    number, there = int(arrangement.numbers[point]), len(near)
    places = {int(each): place for place, each in enumerate(arrangement.numbers)}
    kept = sum(int(each) in places for each in near)
    in_plane = arrangement.same_in_plane(point, _places(places, near))
    about = (
        f"nearest first, distances {distances[0]:.3g} to {distances[-1]:.3g}; {in_plane} of these "
        f"{kept} are among the {K} nearest in the plane"
    )
    same: list[bool | None] = [None] * there
    if pictures.labels is not None:
        own = pictures.labels[number]
        same = [pictures.labels[int(each)] == own for each in near]
        about += f"; green frame: also {pictures.class_of(number)}, {sum(map(bool, same))} of {there}"
    heading = f"{there} nearest of {pictures.names[number]} in {arrangement.question.name}:"
    return Shown(heading, about, [int(each) for each in near], same)


def selection(numbers: Sequence[int], name: str, pictures: PictureSet, most: int) -> Shown:
    """Say which pictures were lassoed, or belong to the class that stands out."""
    count = len(numbers)
    about = composition(pictures, numbers) if not name else ""
    if count > most:
        about += f"{'; ' if about else ''}the first {most} are shown"
    head = f"{count} pictures{f' of {name}' if name else ''}{':' if about else '.'}"
    return Shown(head, about, list(numbers), [None] * count)


def _places(places: dict[int, int], numbers: Whole) -> Whole:
    return np.array([places[int(each)] for each in numbers if int(each) in places], np.int64)
