"""The lecture on code inversion as a student sees it: noise becomes a picture, layer after layer."""

import numpy as np
import pytest

from tests.browser.reading import decoded, same_picture, small_notebook, stop_answers, until, wall

LECTURE = "17_code_inversion.ipynb"
CANVAS = ".cnnviz canvas"
WALL, FILM, ROW = 0, 1, 2

SMALL = """
from cnnviz_widgets import InversionViewer, Scenes
drawn = Scenes("test")
pictures = {name: drawn[i].image for i, name in enumerate(drawn.classes[:3])}
w = InversionViewer("mini-alexnet-scenes", "street", "relu2", pictures=pictures, steps=24)
w
"""


@pytest.fixture
def viewer(lab, open_notebook):
    return small_notebook(lab, open_notebook, "inversion.ipynb", SMALL, 400)


def test_the_lecture_shows_what_the_kernel_computed(open_notebook):
    page = open_notebook(LECTURE, env={"CNNVIZ_STEPS": "8"})
    page.run_all()
    assert page.evaluate("(w.error, field.error)") == (None, None)
    for nth, panel in enumerate(
        ["w._panel", "w._strip", "w._row", "field._panel", "field._strip", "field._row"]
    ):
        assert same_picture(page, nth, decoded(page.evaluate(f"{panel}.surface.picture.hex()")))
    second = page.page.locator(".cnnviz").nth(1).inner_text()
    assert "a field of 5x5 units" in second and "columns 20 to 84 of the picture (white box)" in second
    assert page.console_errors() == []


def test_noise_becomes_the_picture_and_the_film_goes_back(viewer):
    page = viewer()
    page.evaluate("w.set(layer='conv1', steps=80)")
    until(page, "from its code in conv1")
    noise = wall(page)
    page.button("Step").click()
    until(page, "step 1 of 80")
    page.button("Start").click()
    until(page, "Step 80 of 80")
    left, top = page.evaluate("(w._panel._sheet.lefts, w._panel._sheet.tops[0])")

    def likeness(shown: np.ndarray) -> float:
        there, made = (shown[top : top + 224, each : each + 224].mean(2).ravel() for each in left)
        return np.corrcoef(there, made)[0, 1]

    final = wall(page)
    assert likeness(final) > 0.5 > 0.1 > likeness(noise)
    page.slider("Step").drag(0)
    page.wait_for(lambda: page.evaluate("w.at_step"), 0)
    page.wait_for(lambda: abs(likeness(wall(page)) - likeness(noise)) < 1e-3, True)
    page.page.locator(CANVAS).nth(FILM).click(position={"x": 6 + 84 * 8 + 30, "y": 40})
    page.wait_for(lambda: np.array_equal(wall(page), final), True)
    page.button("Reset").click()
    until(page, "step 0 of 80")
    assert page.console_errors() == []


def test_all_layers_and_back_to_one_of_them(viewer):
    page = viewer()
    page.evaluate("w.set(steps=2)")
    page.button("All layers").click()
    until(page, "layer 18 of 18, step 2 of 2", timeout=60)
    page.wait_for(lambda: page.evaluate("w._runner.state"), "done")
    row = page.canvas_pixels(CANVAS, ROW)[..., :3].astype(int)
    corners = page.evaluate("[(t, l) for t in w._row._sheet.tops for l in w._row._sheet.lefts][1:19]")
    for top, left in corners:
        assert row[top + 5 : top + 85, left + 5 : left + 85].std() > 10, "each layer has its picture"
    page.page.locator(CANVAS).nth(ROW).click(position={"x": corners[2][1] + 40, "y": corners[2][0] + 40})
    page.wait_for(lambda: page.evaluate("(w.layer, w.result.step)"), ("pool1", 2))
    until(page, "from its code in pool1")
    page.slider("Depth").press("ArrowRight")
    page.wait_for(lambda: page.evaluate("(w.layer, w.result.step)"), ("conv2", 2))
    assert page.console_errors() == []


def test_a_field_is_clicked_on_the_picture(viewer):
    page = viewer()
    page.page.locator(".cnnviz .widget-checkbox", has_text="only a field").locator("input").click()
    page.wait_for(lambda: page.evaluate("w.field"), 5)
    until(page, "a field of 5x5 units")
    before = wall(page)
    page.page.locator(CANVAS).nth(WALL).click(position={"x": 6 + 60, "y": 6 + 170})
    shown = page.wait_for_change(lambda: wall(page), before).astype(int)
    row, column = page.evaluate("(w.row, w.column)")
    assert column < 8 < row
    top, _, bottom, right = page.evaluate("w.subset.box(w.result.layer)")
    for start in page.evaluate("w._panel._sheet.lefts"):
        x, y = start + round(2 * right), 6 + round(top + bottom)
        assert shown[y, x - 4 : x].min(1).max() > 220, "a white line on the right side of both"
    page.dropdown("Channels").select_option(label="second half")
    until(page, "the second half of 64 channels")
    page.button("Start").click()
    until(page, "Step 24 of 24")
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_it_is_lively_while_it_runs_and_stop_answers(viewer):
    page = viewer()
    page.evaluate("w.set(steps=100_000)")
    page.evaluate("exec('drawn = []; show = w._panel.surface.show')")
    page.evaluate("exec('w._panel.surface.show = lambda *a: (drawn.append(1), show(*a))')")
    page.button("Start").click()
    page.wait_for(lambda: page.evaluate("w.result.step > 5"), True)  # other cells run meanwhile
    page.dropdown("Prior").select_option(label="late, v = 100")
    page.wait_for(lambda: page.evaluate("w.result.settings.tv"), 100)
    before = page.evaluate("len(drawn)")
    page.wait_for(lambda: page.evaluate("len(drawn)") > before + 5, True)  # the picture is live
    assert min(stop_answers(page, 5)) < 200, "milliseconds, at best: the other tests use this machine too"
    assert page.console_errors() == []
