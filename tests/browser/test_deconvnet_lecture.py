"""The lecture on the deconvnet as a student sees it: slide, click, build a wall, stop it."""

import numpy as np
import pytest

from tests.browser.reading import words

LECTURE = "06_deconvnet.ipynb"
BLOCKS, DETAIL = ".cnnviz canvas", ".cnnviz img.widget-image"


def click_tile(page, box: str) -> None:
    """Click the middle of a tile or block; `box` is an expression that gives its place."""
    top, left, bottom, right = page.evaluate(f"tuple(int(edge) for edge in w._panel._blocks.{box})")
    shown = page.page.locator(BLOCKS).first.bounding_box()
    pixels = page.canvas_pixels(BLOCKS)
    scale = shown["width"] / pixels.shape[1]
    place = {"x": ((left + right) / 2 + 3) * scale, "y": ((top + bottom) / 2 + 3) * scale}
    page.page.locator(BLOCKS).first.click(position=place)


@pytest.fixture
def lecture(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    page.wait_for(lambda: page.evaluate("(w.layer, w.channel, w._runner.is_alive)"), ("relu5", 9, False))
    page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
    return page


def test_patches_beside_projections_and_a_click_shows_one_whole(lecture):
    seen = lecture.canvas_pixels(BLOCKS)[..., :3].astype(int)
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 2000
    right = seen[:, seen.shape[1] // 2 + 10 :]
    assert (np.abs(right - 128).max(axis=2) < 12).mean() > 0.2  # projections lie on grey
    assert "all 600 pictures seen" in words(lecture) and "mountain 9" in words(lecture)
    picture = lambda: lecture.screen_pixels(DETAIL)  # noqa: E731
    before = picture()
    click_tile(lecture, "tile_box(0, 1, 4)")
    lecture.wait_for_change(picture, before)
    lecture.wait_for(lambda: lecture.evaluate("w.rank") == 5 and "5th of 9" in words(lecture), True)
    assert lecture.console_errors() == []


def test_the_slider_goes_through_the_channels(lecture):
    blocks = lambda: lecture.canvas_pixels(BLOCKS)  # noqa: E731
    before = blocks()
    lecture.slider("Channel").press("ArrowRight")
    lecture.wait_for_change(blocks, before)
    assert lecture.evaluate("(w.channel, w.error)") == (10, None)
    before = blocks()
    lecture.dropdown("Rule").select_option(label="guided")
    lecture.wait_for_change(blocks, before)
    assert lecture.evaluate("(w.rule, w.error)") == ("guided", None)
    assert lecture.console_errors() == []


def test_a_wall_grows_can_be_stopped_and_a_click_chooses_its_channel(lecture):
    lecture.dropdown("Layer").select_option(index=1)
    lecture.wait_for(lambda: lecture.evaluate("w.layer"), "relu1")
    lecture.page.get_by_role("button", name="whole layer").click()
    lecture.wait_for(
        lambda: lecture.evaluate("len(w._gallery.missing(*w._doing[1:], w._page)) < 46"), True, 30
    )
    lecture.button("Stop").click()
    lecture.wait_for(lambda: lecture.evaluate("w._runner.state"), "stopped")
    assert lecture.evaluate("0 < len(w._gallery.missing(*w._doing[1:], w._page)) < 46")
    assert "of 48 blocks made" in words(lecture)
    lecture.button("Look through").click()
    lecture.evaluate("w.wait()")
    lecture.wait_for(lambda: lecture.evaluate("(w._runner.state, w.error)"), ("done", None))
    click_tile(lecture, "tile_box(2, 0, 3)")
    lecture.wait_for(lambda: lecture.evaluate("(w.channel, w.rank)"), (2, 4))
    lecture.wait_for(lambda: "4th of 9" in words(lecture) and "all 48 channels" in words(lecture), True)
    assert lecture.console_errors() == []
