"""The lecture on feature evolution as a student sees it: run, slide through the epochs, play, click, keep."""

import numpy as np
import pytest

from tests.browser.reading import decoded, words

LECTURE = "07_feature_evolution.ipynb"
WALL, STRIP = 0, 1  # the canvases
CANVAS = ".cnnviz canvas"
ORANGE, BLUE = (255, 140, 0), (0, 114, 178)


def click(page, canvas: int, x: float, y: float) -> None:
    """Click on a canvas's own pixel, however large it is shown."""
    target = page.page.locator(CANVAS).nth(canvas)
    box, pixels = target.bounding_box(), page.canvas_pixels(CANVAS, canvas)
    target.click(position={"x": x * box["width"] / pixels.shape[1], "y": y * box["height"] / pixels.shape[0]})


def near(pixels: np.ndarray, color: tuple) -> np.ndarray:
    return np.abs(pixels[..., :3].astype(int) - color).max(axis=-1) < 60


def chosen_column(page) -> int:
    """Find the column of the strip that is framed in orange."""
    framed = near(page.canvas_pixels(CANVAS, STRIP)[30:110], ORANGE).sum(axis=0)
    return int((np.flatnonzero(framed > 40)[0] - 60 + 48) // 96)


@pytest.fixture
def lecture(open_notebook):
    page = open_notebook(LECTURE, keep="w")
    page.run_all()
    whole = "all((w.layer, t) in w.result.walls for t in range(8))"
    page.wait_for(lambda: page.evaluate(whole), True, timeout=100)
    page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
    return page


def test_the_canvases_show_the_kernels_pixels(lecture):
    assert lecture.evaluate("(w.layer, w.channel, w.checkpoint, w.error)") == ("relu2", 4, 7, None)
    for canvas, panel in ((WALL, "_wall"), (STRIP, "_strip")):
        sent = decoded(lecture.evaluate(f"w.{panel}.surface.picture.hex()")).astype(int)
        shown = lecture.canvas_pixels(CANVAS, canvas)[..., :3].astype(int)
        assert shown.shape == sent.shape and np.abs(shown - sent).mean() < 2
    assert chosen_column(lecture) == 7
    assert "epoch 64 relu2, 64 channels, each sees 41x41 px" in words(lecture)
    assert "2.29 in lighthouse 288" in words(lecture)
    assert lecture.console_errors() == []


def test_slider_and_play_move_through_the_epochs(lecture):
    wall = lambda: lecture.canvas_pixels(CANVAS, WALL)  # noqa: E731
    before = wall()
    slider = lecture.slider("Epoch")
    slider.press("ArrowLeft")
    lecture.wait_for_change(wall, before)
    lecture.wait_for(lambda: lecture.evaluate("w.checkpoint"), 6)
    slider.drag(0)
    lecture.wait_for(lambda: lecture.evaluate("w.checkpoint"), 0)
    lecture.wait_for(lambda: chosen_column(lecture), 0)
    noise = wall()
    lecture.page.locator(".cnnviz .widget-play button").first.click()
    lecture.wait_for(lambda: lecture.evaluate("w.checkpoint"), 7, timeout=30)
    lecture.wait_for(lambda: chosen_column(lecture), 7)
    assert not np.array_equal(noise, wall()) and "epoch 64" in words(lecture)
    assert slider.readout.inner_text() == "epoch 64"
    assert lecture.console_errors() == []


def test_a_click_on_a_tile_shows_its_row_and_one_on_the_strip_its_epoch(lecture):
    strip = lambda: lecture.canvas_pixels(CANVAS, STRIP)  # noqa: E731
    before = strip()
    click(lecture, WALL, 2 + 51 * 8 + 20, 2 + 20)  # 10 tiles of 49 px in a row
    lecture.wait_for(lambda: lecture.evaluate("w.channel"), 8)
    lecture.wait_for_change(strip, before)
    click(lecture, STRIP, 62 + 96 * 2 + 40, 60)
    lecture.wait_for(lambda: lecture.evaluate("w.checkpoint"), 2)
    lecture.wait_for(lambda: chosen_column(lecture), 2)
    jumps = lecture.evaluate("[bool(each) for each in w.result.course('relu2').jumps[:, 8]]")
    bars = [near(strip()[30:100, 62 + 96 * t - 4 : 62 + 96 * t - 2], BLUE).mean() > 0.5 for t in range(8)]
    assert [bars[t] for t in (1, 4, 5, 6, 7)] == [jumps[t] for t in (1, 4, 5, 6, 7)]  # 2 and 3: the frame
    assert f"epoch {[1, 2, 5][2]}" in words(lecture) and lecture.console_errors() == []


def test_a_row_is_kept_and_a_new_layer_is_shown(lecture):
    strip = lambda: lecture.canvas_pixels(CANVAS, STRIP)  # noqa: E731
    height = strip().shape[0]
    lecture.page.locator(".cnnviz button", has_text="Keep row").first.click()
    lecture.wait_for(lambda: lecture.evaluate("w.kept"), [4])
    lecture.slider("Channel").press("ArrowRight")
    lecture.wait_for(lambda: strip().shape[0], height + 96)
    lecture.dropdown("Layer").select_option(label="relu1 ReLU 48x37x37")
    lecture.wait_for(lambda: "48 channels, each sees 11x11 px" in words(lecture), True)
    lecture.wait_for(lambda: lecture.evaluate("('relu1', 7) in w.result.walls"), True, timeout=60)
    chart = lambda: lecture.image_pixels(".cnnviz img.widget-image", 1)  # noqa: E731
    before = chart()
    lecture.dropdown("Keeps").select_option(label="the same picture")
    lecture.wait_for_change(chart, before)
    lecture.wait_for(lambda: "of relu1's channels keep the strongest picture" in words(lecture), True)
    assert lecture.evaluate("w.error") is None and lecture.console_errors() == []


def test_it_fits_a_narrow_window(open_notebook):
    page = open_notebook(LECTURE, viewport={"width": 1000, "height": 900}, keep="w")
    page.run_all()
    whole = page.page.locator(".cnnviz").first
    whole.scroll_into_view_if_needed()
    room = whole.bounding_box()
    for part in page.page.locator(".cnnviz canvas, .cnnviz select, .cnnviz .widget-slider").all():
        box = part.bounding_box()
        assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
    wall, strip = (page.page.locator(CANVAS).nth(n).bounding_box() for n in (WALL, STRIP))
    shape = page.canvas_pixels(CANVAS, STRIP).shape
    assert strip["y"] > wall["y"] + wall["height"]
    assert strip["height"] / strip["width"] == pytest.approx(shape[0] / shape[1], rel=0.02)
