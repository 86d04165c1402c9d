"""The lecture on t-SNE as a student sees it: points that move, a click, a lasso, the grid, Pause and Stop."""

import time

import numpy as np
import pytest

from tests.browser.reading import words

PLOT = ".cnnviz .js-plotly-plot"

# 280 of the pictures of lecture 04, whose own 2,000 nbval runs: ten of each class.
SMALL = """
from cnnviz_widgets import Objects, TSNEScatter, open_model
model = open_model("mini-alexnet-objects")
w = TSNEScatter(model, Objects("test", 280), perplexity=9)
w
"""
_X = "() => Array.from(document.querySelector('.cnnviz .js-plotly-plot').data[1].x)"
_LOOK = """() => ['color', 'symbol'].map(name =>
  Array.from(document.querySelector('.cnnviz .js-plotly-plot').data[1].marker[name]))"""
_MOVING = """() => [...document.querySelectorAll('.cnnviz button')]
  .some(button => button.innerText.includes('Pause') && !button.disabled)"""
_POINTS = """() => {
  const plot = document.querySelector('.cnnviz .js-plotly-plot');
  if (!plot?.data?.[1]) return [];  // not there yet
  const full = plot._fullLayout, box = plot.getBoundingClientRect(), trace = plot.data[1];
  return Array.from(trace.x).map((x, i) => [
    box.left + full.xaxis._offset + full.xaxis.d2p(x),
    box.top + full.yaxis._offset + full.yaxis.d2p(trace.y[i])]);
}"""


def places(page) -> np.ndarray:
    """Give each point's place in the window."""
    return np.array(page.page.evaluate(_POINTS))


def colors_on_screen(page) -> int:
    seen = page.screen_pixels(PLOT).reshape(-1, 3)
    return len(np.unique(seen[(np.ptp(seen.astype(int), axis=1) > 40)], axis=0))


def too_wide(page) -> list:
    """List the parts that reach out of the widget."""
    room = page.page.locator(".cnnviz").first.bounding_box()
    parts = page.page.locator(".cnnviz .js-plotly-plot, .cnnviz select:visible, .cnnviz img:visible").all()
    boxes = [part.bounding_box() for part in parts]
    right = room["x"] + room["width"] + 1
    return [box for box in boxes if box["x"] < room["x"] or box["x"] + box["width"] > right]


@pytest.fixture
def small(lab, open_notebook):
    page = open_notebook(lab.write("small_map.ipynb", SMALL), keep="w")
    page.run_all()
    page.evaluate("w.wait()")
    page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
    page.wait_for(lambda: len(places(page)), 280, timeout=60)
    return page


def test_the_points_on_screen_are_the_kernels(small):
    x = small.evaluate("w._points.figure.data[1].x.tolist()")
    assert np.allclose(small.page.evaluate(_X), x)
    look = small.evaluate("[list(w._points.figure.data[1].marker[name]) for name in ('color', 'symbol')]")
    assert small.page.evaluate(_LOOK) == look
    assert colors_on_screen(small) > 28
    assert "280 pictures, perplexity 9" in words(small) and "by lot" in words(small)
    assert small.console_errors() == []


def test_pointing_shows_the_picture_and_a_click_its_nearest(small):
    number = 33
    x, y = places(small)[number]
    before = small.image_pixels(".cnnviz img.widget-image")
    small.page.mouse.move(x - 3, y - 3)
    small.page.mouse.move(x, y)
    small.wait_for_change(lambda: small.image_pixels(".cnnviz img.widget-image"), before)
    small.page.mouse.click(x, y)
    small.wait_for(lambda: "10 nearest of" in words(small), True)
    chosen = small.evaluate("w.chosen")
    assert np.hypot(*(places(small)[chosen] - (x, y))) < 6  # points may lie on each other
    assert small.evaluate("len(w._points.figure.data[2].x)") == 11
    small.page.locator(".cnnviz canvas:visible").last.click(position={"x": 20, "y": 20})
    small.wait_for(lambda: small.evaluate("w.chosen") not in (chosen, -1), True)
    assert small.console_errors() == []


def test_a_lasso_shows_all_inside_and_the_class_list_another(small):
    points = places(small)
    middle = np.median(points, axis=0)
    mouse = small.page.mouse
    mouse.move(*(middle - 70))
    mouse.down()
    for dx, dy in ((70, -70), (70, 70), (-70, 70), (-70, -70)):
        mouse.move(middle[0] + dx, middle[1] + dy, steps=5)
    mouse.up()
    inside = np.flatnonzero((np.abs(points - middle) < 69).all(axis=1))
    small.wait_for(lambda: len(small.evaluate("w.selected")) > 0, True)
    selected = set(small.evaluate("w.selected"))
    assert set(inside.tolist()) <= selected and len(selected) <= len(inside) + 8
    small.wait_for(lambda: f"{len(selected)} pictures" in words(small), True)
    small.dropdown("Class").select_option(label="husky")
    small.wait_for(lambda: "10 pictures of husky" in words(small), True)
    assert small.evaluate("(w.selected, w.error)") == ([], None)
    assert small.console_errors() == []


def test_the_grid_can_be_clicked(small):
    small.dropdown("Show").select_option(label="picture grid with seams")
    small.wait_for(
        lambda: small.canvas_pixels(".cnnviz canvas:visible").shape, (506, 506, 4)
    )  # 17 x 17 cells
    small.evaluate("w.wait()")
    red = lambda: (small.canvas_pixels(".cnnviz canvas:visible")[..., :3] == (208, 28, 0)).all(axis=2).sum()  # noqa: E731
    small.wait_for(lambda: bool(red() > 100), True)
    small.page.locator(".cnnviz canvas:visible").first.click(position={"x": 40, "y": 40})
    small.wait_for(lambda: "10 nearest of" in words(small), True)
    assert small.evaluate("w.chosen") == small.evaluate("int(w.result.numbers[w._wall._grid[1].cells[1, 1]])")
    assert small.console_errors() == []


def test_it_moves_pauses_and_stops(small):
    small.evaluate("w.set(start='random')")
    pause, stop = small.button("Pause"), small.button("Stop")
    small.page.wait_for_function(_MOVING)
    pause.click()
    small.page.locator("button", has_text="Go on").first.wait_for(timeout=5_000)
    time.sleep(0.5)
    first = places(small)
    assert small.evaluate("w._runner.state") == "paused" and np.array_equal(first, places(small))
    small.button("Go on").click()
    small.wait_for_change(lambda: small.evaluate("w.result.layout.done"), small.evaluate("0"))
    if small.evaluate("w._runner.state") == "running":
        stop.click()
    small.evaluate("w.wait()")
    assert small.evaluate("w._runner.state") in ("stopped", "done")
    assert not np.array_equal(first, places(small)) and small.console_errors() == []


def test_it_fits_a_narrow_window(lab, open_notebook):
    page = open_notebook(
        lab.write("small_map.ipynb", SMALL), viewport={"width": 1000, "height": 900}, keep="w"
    )
    page.run_all()
    page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
    page.wait_for(lambda: too_wide(page), [])  # plotly takes the window's width a moment later
    page.wait_for(lambda: colors_on_screen(page) > 28, True)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_a_map_that_was_finished_before_it_is_shown(lab, open_notebook):
    page = open_notebook(lab.write("late_map.ipynb", SMALL.replace("\nw\n", "\nw.wait()\n"), "w"))
    page.run_all()
    page.wait_for(lambda: len(places(page)), 280, timeout=60)
    page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
    page.wait_for(lambda: colors_on_screen(page) > 28, True)
    assert page.console_errors() == []
