"""The lecture on t-SNE as a student sees it: points that move, a click, a lasso, the grid, Pause and Stop."""

import nbformat
import numpy as np
import pytest

LECTURE = "04_tsne.ipynb"
PLOT = ".cnnviz .js-plotly-plot"

# 280 of the lecture's pictures: ten of each class.
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


def words(page) -> str:
    return page.page.locator(".cnnviz").first.inner_text()


def colors_on_screen(page) -> int:
    seen = page.screen_pixels(PLOT).reshape(-1, 3)
    return len(np.unique(seen[(np.ptp(seen.astype(int), axis=1) > 40)], axis=0))


@pytest.fixture
def small(lab, open_notebook):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SMALL)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.root / "small_map.ipynb")
    page = open_notebook("small_map.ipynb")
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
