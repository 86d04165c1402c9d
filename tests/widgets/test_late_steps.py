"""A step of work that comes when the question is already another one changes nothing on show."""

import dataclasses

from cnnviz_widgets import MinimalImageStepper, OcclusionSlider, SaliencyExplorer, open_model
from tests.widgets.planted_saliency import PICTURE, planted


def test_copies_of_another_class_are_not_kept():
    w = SaliencyExplorer(planted(), PICTURE, 0, method="smoothgrad", samples=6)
    w.wait(20)
    asked, mean = w._asked, w.result.saliency
    w._on_step((dataclasses.replace(asked, target=1), dataclasses.replace(mean, samples=2)))
    assert w._answers.map(asked) is w.result.saliency is mean


def test_maps_of_another_square_are_not_drawn(monkeypatch):
    w = OcclusionSlider(planted(), PICTURE, stride=8)
    w.wait(20)
    drawn = []
    monkeypatch.setattr(w, "_paint", lambda: drawn.append(w.stride))
    w._on_step(w._on_show.maps)
    w._on_step(dataclasses.replace(w._on_show, stride=5).maps)
    assert drawn == [8]


def test_another_search_ends_the_first_and_keeps_what_it_has():
    model = open_model("mini-alexnet-scenes")
    w = MinimalImageStepper(model, class_name="bedroom", method="slic", count=60, mode="auto")
    old = w.result.minimal
    w.run()
    w.fill = "mean"
    now = w.result
    w._on_step(old)
    w.wait(30)
    assert w._runner.state == "stopped" and w.error is None
    assert w.result is now and now.minimal.fill == "mean" and len(now.minimal.steps) == 1
