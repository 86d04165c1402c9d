"""The lecture on minimal images as a student sees it: draw, undo, choose a segment, run and stop a search."""

from itertools import pairwise

import numpy as np
import pytest

from tests.browser.reading import decoded, words

LECTURE = "15_minimal_image.ipynb"
NOW, FILM = 0, 2  # canvases: the picture on show, the whole picture, the film

SMALL = """
from cnnviz_widgets import MinimalImageStepper
w = MinimalImageStepper("mini-alexnet-scenes", class_name="bedroom")
w
"""


def choose(page, label: str) -> None:
    page.page.locator(".cnnviz .widget-toggle-button", has_text=label).first.click()


def canvas(page, nth: int = NOW) -> np.ndarray:
    return page.canvas_pixels(".cnnviz canvas", nth)[..., :3]


def at(page, x: float, y: float) -> tuple[float, float]:
    """Say where on screen a pixel of the network's picture is."""
    box = page.page.locator(".cnnviz canvas").first.bounding_box()
    return box["x"] + x / 112 * box["width"], box["y"] + y / 112 * box["height"]


def is_painted(page) -> None:
    """Wait until the canvas shows what the kernel painted."""
    page.wait_for(
        lambda: np.array_equal(canvas(page), decoded(page.evaluate("w._canvas.surface.picture.hex()"))), True
    )


@pytest.fixture
def stepper(lab, open_notebook):
    """Open a notebook with the widget alone."""

    def open_(**context):
        page = open_notebook(lab.write("stepper.ipynb", SMALL), **context)
        page.run_all()
        page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
        page.wait_for(lambda: canvas(page).shape[:2] == (448, 448), True)
        is_painted(page)
        return page

    return open_


def test_the_lecture_runs_and_says_what_remains(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    assert page.evaluate("(w.error, a.error)") == (None, None)
    assert "score of bedroom" in words(page) and "4.02" in words(page)
    outputs = page.page.locator(".jp-OutputArea").all_inner_texts()
    assert any("left: ['bed'] 20% of the pixels" in each for each in outputs)
    assert any("bedroom    bed 100%" in each for each in outputs)
    assert page.console_errors() == []


def test_a_stroke_is_painted_and_undone(stepper):
    page = stepper()
    before, mouse = canvas(page), page.page.mouse
    mouse.move(*at(page, 20, 20))
    mouse.down()
    mouse.move(*at(page, 80, 20), steps=12)
    # Before the pointer is up the stroke is on the canvas, and no step is taken.
    page.wait_for(lambda: bool((canvas(page)[80, 200] == (120, 111, 104)).all()), True)
    assert page.evaluate("w.path") == []
    mouse.up()
    page.wait_for(lambda: page.evaluate("len(w.path)"), 1)
    is_painted(page)
    there = canvas(page)
    assert (there[80, 90:310] == (120, 111, 104)).all() and np.array_equal(there[200:], before[200:])
    response = page.evaluate("w.path[0]['response']")
    page.wait_for(lambda: f"{response:.3g}; 4.02 at first" in words(page), True)
    page.button("Undo").click()
    page.wait_for(lambda: np.array_equal(canvas(page), before), True)
    page.button("Redo").click()
    page.wait_for(lambda: np.array_equal(canvas(page), there), True)
    page.slider("Step").press("ArrowLeft")
    page.wait_for(lambda: np.array_equal(canvas(page), before), True)
    assert page.evaluate("(len(w.path), w.step, w.error)") == (1, 0, None)
    assert page.console_errors() == []


def test_a_segment_is_replaced_and_the_path_saved(stepper):
    page = stepper()
    choose(page, "Segment")
    page.wait_for(lambda: "Click a segment" in words(page), True)
    is_painted(page)
    page.dropdown("Put there").select_option(label="a blur")
    page.page.mouse.click(*at(page, 70, 85))  # the bed
    page.wait_for(lambda: page.evaluate("[each['tool'] for each in w.path]"), ["segment"])
    page.wait_for(lambda: "Below the line:" in words(page), True)
    is_painted(page)
    page.button("Save path").click()
    link = page.page.locator(".cnnviz a[download]")
    link.wait_for()
    with page.page.expect_download() as download:
        link.click()
    saved = download.value.path().read_text()
    assert saved == page.evaluate("w.to_json()")
    page.button("Reset").click()
    page.wait_for(lambda: page.evaluate("len(w.path)"), 0)
    with page.page.expect_file_chooser() as chooser:
        page.page.locator(".cnnviz button", has_text="Load path").first.click()
    chooser.value.set_files(
        {"name": "reduction.json", "mimeType": "application/json", "buffer": saved.encode()}
    )
    page.wait_for(lambda: page.evaluate("len(w.path)"), 1)
    is_painted(page)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_a_search_runs_and_its_film_is_clicked(stepper):
    page = stepper()
    choose(page, "Automatically")
    page.wait_for(lambda: "8 of 8 segments are left" in words(page), True)
    page.button("One step").click()
    page.wait_for(lambda: page.evaluate("len(w.result.minimal.steps)"), 2)
    page.button("Run").click()
    page.wait_for(lambda: "Left: bed." in words(page), True, timeout=30)
    is_painted(page)
    there = canvas(page)
    assert (there[:100] == (120, 111, 104)).all() and there[320:400, 200:].std() > 20, "the bed alone"
    box = page.page.locator(".cnnviz canvas").nth(FILM).bounding_box()
    left, top, width = page.evaluate(
        "(w._panels._sheet.lefts[1], w._panels._sheet.tops[0], w._panels._sheet.size[0])"
    )
    zoom = box["width"] / width
    page.page.mouse.click(box["x"] + (left + 30) * zoom, box["y"] + (top + 30) * zoom)
    page.wait_for(lambda: page.evaluate("w.step"), 1)
    page.wait_for(lambda: "7 of 8 segments are left" in words(page), True)
    page.dropdown("Pieces").select_option(label="SLIC")
    page.wait_for(lambda: page.evaluate("len(w.result.minimal.steps)"), 1)
    page.button("Run").click()
    page.wait_for(lambda: page.evaluate("len(w.result.minimal.steps) > 2"), True, timeout=30)
    page.button("Stop").click()
    page.wait_for(lambda: page.evaluate("w._runner.state") in ("stopped", "done"), True)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_it_fits_a_narrow_window(stepper):
    page = stepper(viewport={"width": 1000, "height": 1100})
    whole = page.page.locator(".cnnviz").first
    for label in ("Automatically", "By hand", "Segment"):
        choose(page, label)
        page.page.wait_for_timeout(400)
        room = whole.bounding_box()
        for part in page.page.locator(".cnnviz canvas, .cnnviz svg, .cnnviz select, .cnnviz button").all():
            box = part.bounding_box()
            if box is not None and box["width"]:
                assert room["x"] - 1 <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
    columns = [page.page.locator(".cnnviz canvas").nth(n).bounding_box() for n in (0, 1)]
    columns.append(page.page.locator(".cnnviz svg").first.bounding_box())
    assert all(a["x"] + a["width"] <= b["x"] for a, b in pairwise(columns)), "side by side"


@pytest.mark.real
def test_a_real_network_on_a_photo(open_notebook, real):
    env = {"CNNVIZ_MODEL": "squeezenet1_1", "TORCH_HOME": str(real / "torch_home")}
    page = open_notebook(LECTURE, env=env)
    page.run_all(timeout=240)
    assert page.evaluate("(w.error, a.error, w.picture)") == (None, None, "cat")
    # Once it has begun to be wrong the search ends; what was left just before is less than the whole picture.
    assert page.evaluate("a.result.minimal.is_misclassified")
    assert page.evaluate("0 < len(a.result.minimal.left()) < len(a.result.minimal.segments)")
    assert page.console_errors() == []
