"""What TaskStrip says in words. Every text that becomes HTML is escaped here or in `_captions`."""

import html
from collections.abc import Sequence

from cnnviz_widgets.backend import HookedModel, Prediction
from cnnviz_widgets.methods.agreement import class_iou, matched, pixel_accuracy, verdict
from cnnviz_widgets.methods.tasks import FourAnswers, LabelMap, Thing, concept_of, labels_at, thing_at
from cnnviz_widgets.widgets._captions import class_bars
from cnnviz_widgets.widgets._task_panels import HEADINGS, Drawn, Palette, legend
from cnnviz_widgets.widgets._task_pictures import Exhibit

NO_BOX = "Classifiers name the picture and draw no box: their answers are below the pictures."
NO_TRUTH = "Nobody has labelled this photo: there is no truth to show."


def summary(
    exhibit: Exhibit,
    truth: FourAnswers | None,
    number: int,
    models: Sequence[HookedModel],
    tops: Sequence[Sequence[Prediction]],
) -> str:
    """Say what the widget shows, for those who do not see it."""
    said = [f"{model.name} says {top[0].name}" for model, top in zip(models, tops, strict=True) if top]
    truths = NO_TRUTH if truth is None else f"In the picture: {say_count(truth.instances)}."
    name = exhibit.class_name or exhibit.sample.source
    return " ".join([f"{name}, picture {number}.", truths, *([f"{', '.join(said)}."] if said else [])])


def say_pixel(exhibit: Exhibit, drawn: Drawn, things: Sequence[Thing], row: int, column: int) -> str:
    """Say what is under the pointer at all levels: dog · head · fur · dotted · white · instance 2 of 3.

    Of a photo without labels, what the networks have drawn there.
    """
    thing = thing_at(things, row, column)
    if exhibit.is_labelled:
        found = labels_at(exhibit.sample, row, column)
        words = [
            f"scene: {names[0]}" if level == "scene" else " and ".join(names)
            for level, names in found.items()
        ]
    elif drawn.segmentation is None and drawn.instances is None:
        return NO_TRUTH
    else:
        named = drawn.segmentation.names[drawn.segmentation.labels[row, column]] if drawn.segmentation else ""
        words = [
            f"said to be {name}" for name in {named, "" if thing is None else things[thing].name} if name
        ]
    if thing is not None:
        words.append(f"instance {thing + 1} of {len(things)}")
    return " · ".join(words) or "no label here"


def say_count(things: Sequence[Thing]) -> str:
    """Say how many things there are of which kind: 3 things: 2 dog, 1 car."""
    names: dict[str, int] = {}
    for each in things:
        names[each.name] = names.get(each.name, 0) + 1
    kinds = ", ".join(f"{count} {name}" if count > 1 else name for name, count in names.items())
    return f"{_plural(len(things), 'thing')}{': ' if kinds else ''}{kinds}"


def truth_captions(truth: FourAnswers | None, segmentation: LabelMap | None, palette: Palette) -> list[str]:
    """Write the line of HTML under each panel where the truth is shown."""
    if truth is None or segmentation is None:
        return [html.escape(NO_TRUTH)] + [""] * (len(HEADINGS) - 1)
    where = f"the box is the {truth.location.name}" if truth.location else "nothing to put a box around"
    named = f"<b>{html.escape(truth.class_name)}</b>; " if truth.class_name else ""
    return [
        named + html.escape(where),
        html.escape(say_count(truth.detections)),
        legend(segmentation.present(), palette),
        html.escape(f"{_plural(len(truth.instances), 'thing')}, each with its own pixels and colour"),
    ]


def detection_caption(found: Sequence[Thing], truth: FourAnswers | None, masks: bool) -> str:
    """Say what a detector found, and how much of it is there."""
    said = say_count(found)
    if truth is not None:
        true = truth.instances if masks else truth.detections
        result = matched(found, true, masks=masks)
        kind = "mask" if masks else "box"
        said += f". Found {len(result.pairs)} of {len(true)}, {len(result.wrong)} wrong ({kind} IoU ≥ 0.5)"
    return html.escape(said)


def segmentation_caption(found: LabelMap, truth: LabelMap | None, palette: Palette) -> str:
    """Say what a segmentation network found, and how many of the pixels are right."""
    said = legend(found.present(), palette) or "background everywhere"
    if truth is None:
        return said
    ious = class_iou(found, truth)
    mean = sum(ious.values()) / len(ious)
    score = f"{pixel_accuracy(found, truth):.0%} of the pixels right, mean IoU {mean:.2f}"
    return f"{said}<br>{html.escape(score)}"


def class_answer(model: HookedModel, top: Sequence[Prediction], exhibit: Exhibit) -> str:
    """Write what a classifier says as HTML: three bars, and whether the first is right."""
    head = f"<b>{html.escape(model.name)}</b> ({model.class_count} classes)"
    return f'<div style="line-height:1.4">{head}</div>{class_bars(top)}{judged(model, top, exhibit)}'


def judged(model: HookedModel, top: Sequence[Prediction], exhibit: Exhibit) -> str:
    """Say whether a classifier's first answer is right."""
    if not exhibit.class_name or not top:
        return ""
    said, wanted = top[0].name, exhibit.class_name
    present = exhibit.sample.present("object") if "object" in exhibit.sample.maps else []
    sentences = {
        "right": "✓ right",
        "wrong": f"✗ wrong: this is “{wanted}”",
        "present": f"It has no class “{wanted}”, and there is “{concept_of(said)}” in the picture.",
        "absent": f"It has no class “{wanted}”, and there is no “{said}” in the picture.",
    }
    color = {"right": "#0a7d5a", "wrong": "#c8500a"}
    judgement = verdict(said, model.classes or (), wanted, present)
    text = html.escape(sentences[judgement])
    if judgement in color:  # a light ground: green and orange are hard to read on the dark theme's
        return f'<span style="background:#fff;color:{color[judgement]};padding:0 6px"><b>{text}</b></span>'
    return f'<div style="line-height:1.4">{text}</div>'


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
