"""Lecture 01 in a real JupyterLab: run it, look, choose, point, click."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")  # nothing downloaded yet


@pytest.fixture
def page(open_notebook, empty):
    page = open_notebook("01_filters.ipynb", env={"TORCH_HOME": str(empty)})
    page.run_all()
    yield page
    assert page.console_errors() == []


def test_a_student_looks_chooses_points_and_clicks(page):
    read = page.canvas_pixels
    page.wait_for(lambda: read().std() > 20, True)
    first = read()
    assert first.shape[:2] == tuple(reversed(page.evaluate("w.panels[0].surface.size")))

    canvas = page.page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    canvas.hover(position={"x": 5, "y": 5})
    page.page.get_by_text("filter 0").first.wait_for()

    canvas.click(position={"x": 5, "y": 5})
    marked = page.wait_for_change(read, first)
    assert page.evaluate("w.selected") == [0]
    assert (marked[0, 0, :3] == (213, 94, 0)).all()
    assert (marked[60:, 100:] == first[60:, 100:]).all()

    page.dropdown("Layer").select_option(label="conv2  64x48x5x5")
    deeper = page.wait_for_change(read, marked)
    assert page.evaluate("(w.layer, w.error)") == ("conv2", None)
    colours = deeper[..., :3].astype(int)
    assert np.ptp(colours, axis=2).max() == 0  # grey slices

    page.page.locator("button", has_text="all filters together").first.click()
    page.wait_for_change(read, deeper)
    assert page.evaluate("w.scale") == "joint"


def test_a_wrong_layer_is_told_on_screen_and_the_widget_goes_on(page):
    page.evaluate("setattr(w, 'layer', 'conv9')")
    page.page.get_by_text("Did you mean 'conv5', 'conv4', 'conv3', 'conv2'?").first.wait_for()
    page.evaluate("setattr(w, 'layer', 'conv3')")
    page.wait_for(lambda: page.page.get_by_text("Did you mean 'conv5'").first.is_visible(), False)


def test_nets_whose_weights_are_missing_offer_a_download(page):
    labels = page.page.locator("button", has_text="Download").all_inner_texts()
    assert [label.split()[1] for label in labels] == ["alexnet", "resnet18", "resnet101", "densenet121"]
    assert all("MB" in label for label in labels)
