"""The lecture on nearest neighbours as a student sees it: run, click, go deeper, stop, upload."""

import numpy as np
import pytest

from tests.browser.reading import decoded, words

LECTURE = "03_nearest_neighbors.ipynb"
ROWS = ".cnnviz canvas"  # the first canvas is the row of feature space, the second that of pixel space
FEATURES, PIXELS = 0, 1
GREEN, ORANGE = (0, 130, 100), (213, 94, 0)

# A gallery of 140, so that gathering it anew takes a second.
SMALL = """
import time
from cnnviz_widgets import NeighborBrowser, Objects, open_model
slow = lambda *_: time.sleep(0.3)  # for a test that wants to press Stop in time
w = NeighborBrowser(open_model("mini-alexnet-objects"), Objects("val", 140), query=1)
w
"""


@pytest.fixture
def small(lab, open_notebook):
    page = open_notebook(lab.write("neighbors.ipynb", SMALL))
    page.run_all()
    page.wait_for(lambda: page.evaluate("(w._runner.is_alive, w.result.known)"), (False, 140), 60)
    page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
    return page


def row(page, space: int) -> np.ndarray:
    return page.canvas_pixels(ROWS, space)[..., :3]


def click(page, space: int, place: int) -> None:
    name = ("features", "pixels")[space]
    x, y = page.evaluate(f"w._spaces[{name!r}].row._corners[{place}]")
    canvas = page.page.locator(ROWS).nth(space)
    scale = canvas.bounding_box()["width"] / row(page, space).shape[1]
    canvas.click(position={"x": (x + 30) * scale, "y": (y + 30) * scale})


@pytest.mark.timeout(300)
def test_the_lecture_shows_both_spaces_and_what_they_know(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all(timeout=240)
    page.wait_for(lambda: page.evaluate("(w.query, w.k, w._runner.is_alive)"), (29, 6, False), 60)
    for space, name in enumerate(("features", "pixels")):
        sent = page.evaluate(f"w._spaces[{name!r}].row.surface.picture.hex()")
        assert np.array_equal(row(page, space), decoded(sent))
    # six huskies in green frames; no husky among the nearest in pixels
    assert (row(page, FEATURES) == GREEN).all(axis=2).sum() > 6 * 1000
    assert not (row(page, FEATURES) == ORANGE).all(axis=2).any()
    assert (row(page, PIXELS) == ORANGE).all(axis=2).sum() > 6 * 1000
    assert "relu7\t1.00\t0.96" in words(page) and "pixels\t0.00\t0.06" in words(page)
    assert page.page.locator(".cnnviz svg polyline").count() >= 6
    click(page, PIXELS, 1)  # a bus
    page.wait_for(lambda: "Query bus 480 (class bus)" in words(page), True)
    assert page.evaluate("(w.query, w.error)") == (480, None)
    assert page.console_errors() == []


def test_a_click_and_the_keyboard_go_to_a_neighbour(small):
    first = small.evaluate("w._spaces['features'].numbers[2]")
    before = row(small, FEATURES)
    click(small, FEATURES, 2)
    before = small.wait_for_change(lambda: row(small, FEATURES), before)
    assert small.evaluate("(w.query, w._controls.query.value)") == (first, first)
    label = small.evaluate("w._controls.neighbor.options[8][0]")
    assert label.startswith("2 in pixels")
    second = small.evaluate("w._spaces['pixels'].numbers[1]")
    small.dropdown("Go to").select_option(label=label)
    small.wait_for_change(lambda: row(small, FEATURES), before)
    assert small.evaluate("(w.query, w.error)") == (second, None)
    assert small.console_errors() == []


def test_k_and_distance_and_layer_change_what_is_seen(small):
    height = lambda: row(small, PIXELS).shape[0]  # noqa: E731
    before = height()
    small.slider("k").set(12)
    small.wait_for(lambda: height() > before + 80, True)
    small.dropdown("Distance").select_option(label="angle (cosine)")
    small.wait_for(
        lambda: small.evaluate("(w.measure, w._runner.is_alive, w.error)"), ("cosine", False, None), 60
    )
    assert "1 - cos = " in words(small)
    small.dropdown("Layer").select_option(label="pool5 MaxPool2d 64x3x3")
    small.wait_for(lambda: small.evaluate("(w.layer, w._runner.is_alive)"), ("pool5", False), 60)
    small.wait_for(lambda: "Agreement@12 by depth" in words(small), True)
    bars = small.page.locator(".cnnviz [aria-label='agreement by layer'] > div").all_inner_texts()
    assert [each.split()[0] for each in bars] == ["pixels", "pool5", "relu7"]
    shares = [float(each.split()[1]) for each in bars]
    assert shares[0] < shares[1] < shares[2]
    assert small.console_errors() == []


def test_stop_answers_at_once_and_go_on_finishes(small):
    small.evaluate("w.model.network.register_forward_pre_hook(slow) and None")
    small.dropdown("Layer").select_option(label="pool2 MaxPool2d 64x8x8")
    stop = small.button("Stop")
    stop.wait_for(state="visible")
    small.wait_for(lambda: small.evaluate("w.result.known >= 32"), True, 60)
    stop.click()
    small.wait_for(lambda: small.evaluate("w._runner.state"), "stopped")
    known = small.evaluate("w.result.known")
    assert 32 <= known < 140 and f"among the first {known} of 140 pictures" in words(small)
    small.page.locator(".cnnviz button", has_text="Go on").first.click()
    small.wait_for(lambda: small.evaluate("(w._runner.state, w.result.known)"), ("done", 140), 60)
    stop.wait_for(state="hidden")
    assert small.evaluate("w.error") is None and small.console_errors() == []


def test_a_picture_of_the_gallery_that_is_uploaded_finds_itself(small):
    content = small.evaluate("__import__('cnnviz_widgets').paint.rgb_png(w.gallery[77]).hex()")
    upload(small, "<b>mine.png", bytes.fromhex(content))
    small.wait_for(lambda: small.evaluate("(w.query, w.error)"), ("<b>mine.png", None))
    for space in ("features", "pixels"):
        found = f"w.result.{space}"
        assert small.evaluate(f"(int({found}.indices[0, 0]), float({found}.distances[0, 0]))") == (77, 0.0)
    assert "Query <b>mine.png" in words(small)
    upload(small, "broken.png", b"\x89PNG\r\n\x1a\n no")
    alert = small.page.locator(".cnnviz [role=alert]").first
    alert.wait_for(state="visible", timeout=10_000)
    assert small.evaluate("w.query") == "<b>mine.png"
    assert small.console_errors() == []


def upload(page, name: str, content: bytes) -> None:
    with page.page.expect_file_chooser() as chooser:
        page.page.locator(".cnnviz button", has_text="Upload").first.click()
    chooser.value.set_files([{"name": name, "mimeType": "image/png", "buffer": content}])


def test_it_fits_a_narrow_window(small):
    small.page.set_viewport_size({"width": 1000, "height": 900})
    small.page.wait_for_timeout(500)
    whole = small.page.locator(".cnnviz").first
    room = whole.bounding_box()
    for part in small.page.locator(
        ".cnnviz canvas, .cnnviz select, .cnnviz .widget-slider, .cnnviz svg"
    ).all():
        box = part.bounding_box()
        if box is not None:
            assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
