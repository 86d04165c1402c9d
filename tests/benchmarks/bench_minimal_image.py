"""Minimal images: a stroke is answered at once; true objects remain rather than the rest."""

from itertools import cycle

from cnnviz_widgets import Scenes, kept_objects, open_model
from cnnviz_widgets.methods.minimal_image import minimal_image_steps, whole_image
from cnnviz_widgets.methods.region_fills import FILLS
from cnnviz_widgets.widgets.minimal_image import MinimalImageStepper
from tests.methods.test_minimal_image import diagnostic_shares

MODEL = "mini-alexnet-scenes"
PICTURES = 24  # two of each class


def test_a_stroke_is_answered_at_once(measure):
    w = MinimalImageStepper(MODEL, class_name="bedroom")
    rows = cycle(range(20, 400, 7))

    def stroke(pause: bool) -> None:
        row = next(rows)
        w._canvas.press(40, row)
        w._canvas._asked = 0.0 if pause else float("inf")  # answer in this event, or only paint
        w._canvas.move(200, row + 5)

    def release() -> None:
        stroke(False)
        w._canvas.release()
        w.undo()

    measure("minimal image: a piece of a stroke, painted", lambda: stroke(False), limit_ms=10)
    measure("minimal image: a piece of a stroke, with the response", lambda: stroke(True), limit_ms=50)
    measure("minimal image: a step and its undo, all panels", release, limit_ms=250)
    assert w.error is None


def test_a_step_of_the_search(measure):
    w = MinimalImageStepper(MODEL, class_name="bedroom", method="slic", count=30)
    start = whole_image(w.model, w.result.seen, w.result.segments)
    measure(
        "minimal image: a step of the search, 30 segments",
        lambda: next(minimal_image_steps(w.model, start)),
        limit_ms=600,
        repeat=5,
    )


def test_true_objects_remain_rather_than_the_rest():
    model, data = open_model(MODEL), Scenes("test")
    print(f"\n{MODEL}: share of the pixels left in the minimal images, diagnostic objects | all else")  # noqa: T201
    for fill in FILLS:
        kept, rest, n = diagnostic_shares(model, data, range(PICTURES), fill)
        print(f"  true objects, {fill:7} {kept:.0%} | {rest:.0%}  ({n} pictures)")  # noqa: T201
        assert kept > 2 * rest
    kept, rest, n = diagnostic_shares(model, data, range(PICTURES), "blur", "slic")
    print(f"  30 of SLIC, blur      {kept:.0%} | {rest:.0%}  ({n} pictures)")  # noqa: T201
    assert kept > 2 * rest


def test_the_papers_table_for_miniworld():
    model, data = open_model(MODEL), Scenes("test")
    print("\nminimal images that keep an object, of those of the class:")  # noqa: T201
    for fill in ("grey", "blur"):
        found = kept_objects(model, (data[i] for i in range(PICTURES)), fill)
        for name, each in found.items():
            most = ", ".join(f"{thing} {share:.0%}" for thing, share in each.most(4))
            print(f"  {fill:5} {name:13} {each.pictures} pictures: {most or 'nothing is needed'}")  # noqa: T201
        assert found["bedroom"].share("bed") > 0.7
