"""The lecture on receptive fields as a student sees it: measure, slide, click, label, stop."""

import numpy as np
import pytest

from tests.browser.reading import decoded, words

LECTURE = "16_receptive_fields.ipynb"
IMAGES, ROW = ".cnnviz img.widget-image", ".cnnviz canvas"
ONE, MEAN = 0, 1

SMALL = """
from cnnviz_widgets import ReceptiveFieldMapper, Scenes
w = ReceptiveFieldMapper("mini-alexnet-scenes", Scenes("train", 60), "pool2", channel=3, stride=8, units=1)
w
"""


@pytest.fixture
def mapper(lab, open_notebook):
    page = open_notebook(lab.write("mapper.ipynb", SMALL))
    page.run_all()
    page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
    page.wait_for(lambda: page.evaluate("w._runner.state"), "done", timeout=60)
    return page


def test_the_lecture_shows_what_the_kernel_measured(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all(timeout=300)
    for nth, column in ((ONE, "one"), (MEAN, "mean")):
        sent = decoded(page.evaluate(f"bytes(w._panels.{column}.image.value).hex()"))
        page.wait_for(
            lambda nth=nth, sent=sent: np.array_equal(page.image_pixels(IMAGES, nth)[..., :3], sent), True
        )
        assert len(np.unique(sent.reshape(-1, 3), axis=0)) > 20
    assert "of 101 px theoretical" in words(page) and "windmill" in words(page)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_sliders_and_a_click_change_what_is_seen(mapper):
    mean, one = (lambda nth=nth: mapper.image_pixels(IMAGES, nth) for nth in (MEAN, ONE))
    before = mean()
    mapper.slider("Seen above").press("ArrowRight", times=4)
    mapper.wait_for_change(mean, before)
    before, canvas = one(), mapper.page.locator(ROW).first
    scale = canvas.bounding_box()["width"] / mapper.canvas_pixels(ROW).shape[1]
    left, top = mapper.evaluate("(w._panels._sheet.lefts[4], w._panels._sheet.tops[0])")
    canvas.click(position={"x": (left + 50) * scale, "y": (top + 50) * scale})
    mapper.wait_for_change(one, before)
    mapper.wait_for(lambda: mapper.evaluate("(w.rank, w.error)"), (5, None))
    assert mapper.console_errors() == []


def test_a_label_is_kept_counted_and_can_be_saved(mapper):
    field = mapper.page.locator(".cnnviz input[type=text]").first
    field.fill("roof <b>")
    field.press("Enter")
    mapper.wait_for(lambda: mapper.evaluate("[each['label'] for each in w.labels]"), ["roof <b>"])
    mapper.dropdown("Kind").select_option(label="object part")
    mapper.wait_for(lambda: mapper.evaluate("w.counts['mini-alexnet-scenes']['object part']"), 1)
    mapper.wait_for(lambda: "Save 1 labels as JSON" in words(mapper), True)
    with mapper.page.expect_download() as download:
        mapper.page.get_by_text("Save 1 labels as JSON").first.click()
    with open(download.value.path(), encoding="utf-8") as file:
        assert "roof <b>" in file.read()
    assert mapper.console_errors() == []


def test_measuring_every_layer_can_be_stopped_and_gone_on_with(mapper):
    mapper.button("Measure every layer").click()
    mapper.wait_for(lambda: mapper.evaluate("w._runner.state"), "running")
    mapper.button("Stop").click()
    mapper.wait_for(lambda: mapper.evaluate("w._runner.state"), "stopped", timeout=5)
    assert mapper.evaluate("len(w._undone()) > 0")
    mapper.button("Measure every layer").click()
    mapper.wait_for(lambda: mapper.evaluate("w._runner.state"), "done", timeout=90)
    assert "pool5:" in words(mapper) and mapper.evaluate("w.error") is None
