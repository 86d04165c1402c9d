"""Lecture 04 with 20,000 points: its film, pointing and a lasso, beside a plain plotly figure of them.

A browser without a graphics card paints them on the processor, which is what is measured here.
"""

import time

import pytest

SETUP = """
import time
from types import SimpleNamespace
import numpy as np
import plotly.graph_objects as go
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.paint.scatter import SYMBOLS
from cnnviz_widgets.widgets._tsne_plot import PointsPanel

rng, count = np.random.default_rng(0), 20_000
labels, names = np.arange(count) % 28, [str(i) for i in range(count)]
places = rng.normal(size=(28, 2))[labels] * 10 + rng.normal(size=(count, 2))
selected = []
"""
OURS = """
pictures = PictureSet(lambda _: np.zeros((8, 8, 3), np.uint8), names, labels, [f"c{i}" for i in range(28)])
panel = PointsPanel(pictures, lambda _: None, lambda _: None, lambda found: selected.append(len(found)))

def move(grown):
    layout = SimpleNamespace(positions=places * grown)
    panel.move(SimpleNamespace(layout=layout, numbers=np.arange(count), labels=labels))

move(1)
panel.figure
"""
PLOTLY = """
colors = [f"hsl({360 * i // 28},70%,45%)" for i in range(28)]
marker = {"color": [colors[i] for i in labels], "symbol": [SYMBOLS[i % 7] for i in labels], "size": 4}
layout = {"width": 480, "height": 480, "dragmode": "lasso", "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
points = go.Scattergl(x=places[:, 0], y=places[:, 1], mode="markers", marker=marker, hovertext=names)
figure = go.FigureWidget([points], layout)
figure.data[0].on_selection(lambda _, found, __: selected.append(len(found.point_inds)))

def move(grown):
    with figure.batch_update():
        figure.data[0].x, figure.data[0].y = places.T * grown

figure
"""
PLOT = ".js-plotly-plot"
WATCH = f"""() => {{
  window.painted = [];
  document.querySelector('{PLOT}').on('plotly_afterplot', () => window.painted.push(performance.now()));
}}"""


@pytest.mark.parametrize("whose", ["ours", "plotly"])
def test_twenty_thousand_points(whose, lab, open_notebook, measure):
    page = open_notebook(lab.write(f"points_{whose}.ipynb", SETUP + (OURS if whose == "ours" else PLOTLY)))
    page.run_all()
    plot = page.page.locator(PLOT)
    plot.scroll_into_view_if_needed()
    page.page.wait_for_function(f"document.querySelector('{PLOT} canvas') !== null")
    page.page.evaluate(WATCH)
    frames = [_film_frame(page, 1.02 + 0.02 * i) for i in range(15)]
    box, mouse = plot.bounding_box(), page.page.mouse
    x, y = box["x"] + 150, box["y"] + 150
    time.sleep(2)
    pointing = [_moved(mouse, x + 4 * i, y + 2 * i) for i in range(40)]
    mouse.move(x, y)
    mouse.down()
    round_ = [(x + 15 * i, y) for i in range(10)] + [(x + 150, y + 15 * i) for i in range(10)]
    lasso = [_moved(mouse, *place) for place in [*round_, (x, y + 150)]]
    mouse.up()
    page.wait_for(lambda: page.evaluate("len(selected)"), 1)
    assert page.evaluate("selected[0]") > 1000, "the lasso found points"
    limit = 1 if whose == "ours" else 100  # plotly's are there to compare with
    measure.record(f"20,000 points, {whose}: a frame of the film", frames, limit_ms=600 * limit)
    measure.record(f"20,000 points, {whose}: a move of the pointer", pointing, limit_ms=50 * limit)
    measure.record(f"20,000 points, {whose}: a move with the lasso", lasso, limit_ms=250 * limit)


def _film_frame(page, grown: float) -> float:
    """Move all points: milliseconds until they are painted, from the command on."""
    page.page.evaluate("window.painted = []")
    started = time.perf_counter()
    page.evaluate(f"move({grown})")
    page.page.wait_for_function("window.painted.length > 0")
    return 1000 * (time.perf_counter() - started)


def _moved(mouse, x: float, y: float) -> float:
    started = time.perf_counter()
    mouse.move(x, y)
    return 1000 * (time.perf_counter() - started)
