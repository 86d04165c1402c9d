"""Saliency: a new class is drawn at once; what is cut out overlaps the truth more than any fixed box."""

import numpy as np

from cnnviz_widgets import Objects, open_model
from cnnviz_widgets.methods.agreement import mask_iou
from cnnviz_widgets.methods.saliency import saliency_map
from cnnviz_widgets.methods.segmentation import segment_salient
from cnnviz_widgets.methods.smoothgrad import smoothgrad
from cnnviz_widgets.methods.tasks import concept_of
from cnnviz_widgets.widgets.saliency import SaliencyExplorer
from tests.methods.test_saliency_segmentation import best_centred_box

MODEL = "mini-alexnet-objects"
PICTURES = 140  # five of each class
MAPS = {
    "the gradient": lambda model, x: saliency_map(model, x),
    "guided backprop": lambda model, x: saliency_map(model, x, rule="guided"),
    "SmoothGrad of 16 copies": lambda model, x: smoothgrad(model, x, samples=16),
}


def test_a_new_class_is_drawn_at_once(measure):
    w = SaliencyExplorer(MODEL, class_name="dalmatian")
    turns = {"class": 0, "quantile": 0}

    def choose() -> None:
        turns["class"] = (turns["class"] + 1) % 28
        w.target = turns["class"]

    def slide() -> None:
        turns["quantile"] = (turns["quantile"] + 1) % 40
        w.foreground = 0.55 + turns["quantile"] / 100

    measure("saliency: a new class, map and cut, embedded net", choose, limit_ms=150)
    measure("saliency: a new quantile, cut alone", slide, limit_ms=120)
    assert w.error is None


def test_the_cut_overlaps_the_truth_more_than_the_best_centred_box():
    model, data = open_model(MODEL), Objects("test")
    truths, found = [], {name: [] for name in MAPS}
    for i in range(PICTURES):
        sample = data[i]
        truths.append(sample.mask("object", concept_of(data.classes[sample.label])))
        x = model.preprocess(sample.image)
        for name, make in MAPS.items():
            cut = segment_salient(model.to_picture(x), make(model, x).magnitude)
            found[name].append(mask_iou(cut.mask, truths[-1]))
    box, rows, columns = best_centred_box(truths)
    print(  # noqa: T201
        f"\n{PICTURES} test pictures of Miniworld's objects, {MODEL}: mean IoU with the truth (share >= 0.5)"
        f"\n  best box in the middle, {rows}x{columns} of {truths[0].shape[0]} px, chosen on these: {box:.3f}"
    )
    for name, scores in found.items():
        share = np.mean(np.array(scores) >= 0.5)
        print(f"  cut out by {name}: {np.mean(scores):.3f} ({share:.0%})")  # noqa: T201
        assert np.mean(scores) > box + 0.05
