"""The harness sees what a student sees: proven on a notebook of three cells before any lecture trusts it."""

import sys

import numpy as np
import pytest

SLIDER_DRIVES_IMAGE = """
import io, os, sys
import ipywidgets as widgets
from PIL import Image

def picture(level):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 20), (level, 0, 255 - level)).save(buffer, "png")
    return buffer.getvalue()

level = widgets.IntSlider(description="level", value=100, max=255)
size = widgets.Dropdown(description="size", options=["small", "large"])
reset = widgets.Button(description="Reset")
image = widgets.Image(value=picture(100), layout=widgets.Layout(width="320px"))
level.observe(lambda change: setattr(image, "value", picture(change.new)), "value")
reset.on_click(lambda button: setattr(level, "value", 0))
widgets.VBox([level, size, reset, image])
"""


def test_keys_mouse_and_readout_move_a_slider_and_the_picture_follows(lab, open_notebook, tmp_path):
    page = open_notebook(lab.write("slider.ipynb", SLIDER_DRIVES_IMAGE))
    page.run_all()
    slider, pixels = page.slider("level"), page.image_pixels
    assert slider.value == 100
    first = pixels()
    assert first.shape == (20, 32, 4)
    assert first[0, 0].tolist() == [100, 0, 155, 255]

    slider.press("ArrowRight", times=3)
    second = page.wait_for_change(pixels, first)
    page.wait_for(lambda: pixels()[0, 0].tolist(), [103, 0, 152, 255])

    slider.set(7)
    page.wait_for(lambda: pixels()[0, 0].tolist(), [7, 0, 248, 255])

    slider.drag(1.0)
    page.wait_for(lambda: pixels()[0, 0].tolist(), [255, 0, 0, 255])

    page.button("Reset").click()
    page.wait_for(lambda: slider.value, 0)
    page.dropdown("size").select_option(label="large")
    page.wait_for(lambda: page.evaluate("size.value"), "large")

    page.screenshot(tmp_path / "window.png")
    assert (tmp_path / "window.png").stat().st_size > 10_000
    seen = page.screen_pixels("img.widget-image")
    assert np.abs(seen[5, 5].astype(int) - [0, 0, 255]).max() < 8
    assert not np.array_equal(first, second)
    assert page.console_errors() == []
    with pytest.raises(LookupError, match="there are \\['level'\\]"):
        page.slider("lvel")


def test_the_kernel_is_this_python_in_the_lectures_folder(lab, open_notebook):
    page = open_notebook(lab.write("kernel.ipynb", "import os, sys"))
    page.run_all()
    assert page.evaluate("sys.prefix") == sys.prefix
    assert page.evaluate("os.getcwd()") == str(lab.root)
    assert page.evaluate("os.environ.get('CNNVIZ_MODEL')") is None


def test_a_kernel_can_be_given_variables(lab, open_notebook):
    name = lab.write("variables.ipynb", "import os, sys")
    page = open_notebook(name, env={"CNNVIZ_MODEL": "squeezenet1_1"})
    page.run_all()
    assert page.evaluate("os.environ['CNNVIZ_MODEL']") == "squeezenet1_1"
    assert page.evaluate("sys.prefix") == sys.prefix


def test_a_failing_cell_and_a_console_error_are_seen(lab, open_notebook):
    page = open_notebook(lab.write("fails.ipynb", "x = 1", "1 / 0", "y = 2"))
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        page.run_all()
    page.page.evaluate("console.error('the sky is falling')")
    page.wait_for(lambda: len(page.console_errors()), 1)
    with pytest.raises(FileNotFoundError, match=r"no notebook missing\.ipynb; there are: .*fails\.ipynb"):
        open_notebook("missing.ipynb")


def test_canvas_pixels_are_exact(lab, open_notebook):
    draw = "from ipycanvas import Canvas\nc = Canvas(width=40, height=30)\nc.fill_style = '#102030'\n"
    page = open_notebook(lab.write("canvas.ipynb", draw + "c.fill_rect(0, 0, 40, 30)\nc"))
    page.run_all()
    page.wait_for(lambda: page.canvas_pixels(".jp-OutputArea canvas")[29, 39].tolist(), [16, 32, 48, 255])
