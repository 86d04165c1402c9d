"""The lecture on activation maximization as a student sees it: sliders while it runs, and back in time."""

import time

import numpy as np
import pytest
from PIL import Image

from tests.browser.reading import decoded, same_picture, small_notebook, stop_answers, wall, words

LECTURE = "09_activation_maximization.ipynb"
CANVAS = ".cnnviz canvas"
WALL, FILM = 0, 1

SMALL = """
from cnnviz_widgets import OptimizerViewer
w = OptimizerViewer("mini-alexnet-objects", "dalmatian", preset="Simonyan: L2", steps=40)
w
"""


@pytest.fixture
def viewer(lab, open_notebook):
    return small_notebook(lab, open_notebook, "viewer.ipynb", SMALL, 300)


def test_the_lecture_shows_what_the_kernel_computed(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    assert page.evaluate("(w.error, gallery.error)") == (None, None)
    for nth, panel in ((WALL, "w._wall"), (FILM, "w._strip"), (2, "gallery._wall"), (3, "gallery._strip")):
        assert same_picture(page, nth, decoded(page.evaluate(f"{panel}.surface.picture.hex()")))
    second = page.page.locator(".cnnviz").nth(1).inner_text()
    assert "step 100 of 100" in second and "dumbbell with Olah: waves" in second
    assert len(np.unique(page.canvas_pixels(CANVAS, 2).reshape(-1, 4), axis=0)) > 5000
    assert page.console_errors() == []


def test_it_climbs_step_by_step_and_the_film_goes_back(viewer):
    page = viewer()
    grey = wall(page)
    page.button("Step").click()
    page.wait_for_change(lambda: wall(page), grey)
    page.wait_for(lambda: "step 1 of 40" in words(page), True)
    page.button("Start").click()
    page.wait_for(lambda: "step 40 of 40" in words(page), True, timeout=30)
    page.wait_for(lambda: "% sure of the class" in words(page), True)
    final = wall(page)
    page.slider("Step").drag(0)
    page.wait_for(lambda: page.evaluate("w.at_step"), 0)
    page.wait_for(lambda: np.array_equal(wall(page)[:336], grey[:336]), True)
    film = page.page.locator(CANVAS).nth(FILM)
    film.click(position={"x": 6 + 84 * 8 + 30, "y": 40})
    page.wait_for(lambda: page.evaluate("w.at_step"), -1)
    page.wait_for(lambda: np.array_equal(wall(page), final), True)
    page.button("Reset").click()
    page.wait_for(lambda: "step 0 of 40" in words(page), True)
    assert page.console_errors() == []


def test_sliders_act_while_it_runs_and_stop_answers(viewer):
    page = viewer()
    page.evaluate("w.set(steps=100_000)")
    page.button("Start").click()
    page.wait_for(lambda: page.evaluate("w.result.step > 5"), True)  # other cells run meanwhile
    page.slider("Jitter px").press("ArrowRight", times=4)
    page.wait_for(lambda: page.evaluate("w.jitter"), 4)
    page.wait_for(lambda: page.evaluate("len(w.result.climbs[0].transforms)"), 1)
    assert page.evaluate("(w._runner.state, w.error)") == ("running", None)
    frames = page.evaluate("w.result.step")
    time.sleep(2)
    assert page.evaluate("w.result.step") - frames > 4
    assert min(stop_answers(page, 5)) < 200, "milliseconds, at best: the other tests use this machine too"
    still = wall(page)
    time.sleep(0.5)
    assert np.array_equal(still, wall(page)) and page.console_errors() == []


def test_a_preset_stays_itself_where_its_numbers_lie_between_a_sliders_places(viewer):
    page = viewer()
    for name in ("Yosinski: decay, small norms", "Yosinski: wide blur"):
        page.dropdown("Preset").select_option(label=name)
        page.wait_for(lambda name=name: page.evaluate("w._settings_name()"), name)
    assert page.evaluate("(w.decay, w.blur, w.error)") == (1e-4, 1.0, None)
    assert page.slider("Decay").value == 0 and page.console_errors() == []


def test_a_gallery_is_clicked_and_saved(viewer):
    page = viewer()
    page.dropdown("Show").select_option(label="a gallery of classes")
    page.wait_for(lambda: page.evaluate("len(w.result.labels)"), 6)
    page.dropdown("Preset").select_option(label="no prior")
    page.evaluate("w.set(steps=6)")
    page.button("Start").click()
    page.wait_for(lambda: "step 6 of 6" in words(page), True, timeout=30)
    page.page.locator(CANVAS).nth(WALL).click(position={"x": 6 + 188 * 2 + 90, "y": 90})
    page.wait_for(lambda: "Step 6 of 6, dalmatian with no prior" in words(page), True)
    page.button("Save GIF").click()
    link = page.page.locator(".cnnviz a[download]")
    link.wait_for()
    with page.page.expect_download() as caught:
        link.click()
    film = Image.open(caught.value.path())
    assert (caught.value.suggested_filename, film.format, film.n_frames) == ("dalmatian.gif", "GIF", 7)
    page.dropdown("Climb")  # gone from the gallery, but there for one picture
    page.dropdown("Show").select_option(label="one picture")
    page.wait_for(lambda: page.evaluate("(w.error, len(w.result.labels))"), (None, 1))
    assert page.console_errors() == []


def test_it_fits_a_narrow_window(viewer):
    page = viewer(viewport={"width": 1000, "height": 900})
    room = page.page.locator(".cnnviz").first.bounding_box()
    for part in page.page.locator(".cnnviz canvas, .cnnviz select:visible, .cnnviz svg").all():
        box = part.bounding_box()
        assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
    assert page.console_errors() == []
