"""The lecture on occlusion as a student sees it: the square dragged, the maps, Stop, another fill."""

import io
import time

import numpy as np
import pytest
from PIL import Image

from tests.browser.reading import words

LECTURE = "14_occlusion.ipynb"
PANELS = ".cnnviz canvas"
PICTURE, ACTIVATION, PROBABILITY, LABEL = range(4)

SMALL = """
from cnnviz_widgets import OcclusionSlider
w = OcclusionSlider("mini-alexnet-objects", class_name="dalmatian", number=4, stride=14)
w
"""


def place(page) -> tuple:
    return page.evaluate("(w.top, w.left, w.result.top, w.result.left)")


@pytest.fixture
def slider(lab, open_notebook):
    """Open a notebook with the widget alone, and wait for its maps: 7x7 places."""

    def open_(**context):
        page = open_notebook(lab.write("slider.ipynb", SMALL), **context)
        page.run_all()
        page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
        page.wait_for(lambda: "49 of 49 places" in words(page), True, timeout=30)
        page.wait_for(lambda: page.canvas_pixels(PANELS, LABEL).shape, (224, 224, 4))
        return page

    return open_


def test_the_lecture_shows_what_the_kernel_computed(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    assert page.evaluate("(w.error, w.result.maps.done == w.result.maps.total)") == (None, True)
    box = page.evaluate("w._panels.surfaces[0].mark")
    for panel in range(4):
        sent = bytes.fromhex(page.evaluate(f"w._panels.surfaces[{panel}].picture.hex()"))
        expected = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB")).repeat(2, 0).repeat(2, 1)
        page.wait_for(lambda panel=panel: page.canvas_pixels(PANELS, panel).shape, (224, 224, 4))
        shown = page.canvas_pixels(PANELS, panel)[..., :3]
        frame = np.zeros((224, 224), bool)
        left, top, width, height = (int(each) for each in box)
        frame[top : top + height, left : left + width] = True
        frame[top + 5 : top + height - 5, left + 5 : left + width - 5] = False
        assert np.array_equal(shown[~frame], expected[~frame])
        assert (np.abs(shown[frame].astype(int) - (255, 140, 0)).sum(axis=1) < 30).mean() > 0.2, "orange"
    assert "moves the probability of dalmatian from 0.92 to 0.01" in words(page)
    assert page.console_errors() == []


def test_the_square_is_dragged_and_the_scores_follow(slider):
    page = slider()
    canvas = page.page.locator(PANELS).nth(PICTURE)
    box = canvas.bounding_box()
    zoom = box["width"] / 112
    before, said = page.canvas_pixels(PANELS, PICTURE), words(page)
    assert place(page) == (None, None, 42, 42)
    mouse = page.page.mouse
    mouse.move(box["x"] + 50 * zoom, box["y"] + 50 * zoom)
    mouse.down()
    mouse.move(box["x"] + 48 * zoom, box["y"] + 64 * zoom, steps=12)
    mouse.up()
    page.wait_for(lambda: place(page)[2:], (56, 40))
    page.wait_for_change(lambda: page.canvas_pixels(PANELS, PICTURE), before)
    assert place(page)[:2] == (56, 40) and page.slider("Top").value == 56 and page.slider("Left").value == 40
    page.wait_for(lambda: words(page) != said and "at row 56, column 40 moves" in words(page), True)
    mouse.move(box["x"] + 20 * zoom, box["y"] + 20 * zoom)
    assert place(page)[:2] == (56, 40), "let go"
    page.slider("Left").press("ArrowLeft", times=3)
    page.wait_for(lambda: place(page)[1:], (37, 56, 37))
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_a_click_on_a_map_brings_the_square_there(slider):
    page = slider()
    canvas = page.page.locator(PANELS).nth(PROBABILITY)
    scale = canvas.bounding_box()["width"] / 112
    canvas.hover(position={"x": 61.5 * scale, "y": 33.5 * scale})
    page.wait_for(lambda: "square centred at row 27.5, column 55.5: P(dalmatian) = " in words(page), True)
    before = page.canvas_pixels(PANELS, LABEL)
    canvas.click(position={"x": 60 * scale, "y": 30 * scale})
    found = page.wait_for_change(lambda: place(page), (None, None, 42, 42))
    assert np.abs(np.subtract(found, (16, 46, 16, 46))).max() <= 1, "a pixel of the screen is half of one"
    page.wait_for_change(lambda: page.canvas_pixels(PANELS, LABEL), before)  # the frame is there, too
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_stop_answers_and_the_maps_go_on(slider):
    page = slider()
    page.evaluate("setattr(w, 'stride', 1)")
    page.wait_for(lambda: page.button("Stop").is_enabled(), True)
    page.wait_for(lambda: page.evaluate("w.result.maps.done") > 30, True)
    page.button("Stop").click()
    pressed = time.monotonic()
    page.wait_for(lambda: page.evaluate("w._runner.state"), "stopped")
    assert time.monotonic() - pressed < 2  # with the way there and back, on a busy machine
    done, total = page.evaluate("(w.result.maps.done, w.result.maps.total)")
    assert 30 < done < total == 7225 and f"{done} of 7225 places" in words(page)
    page.button("Go on with the maps").click()
    page.wait_for(lambda: page.evaluate("w.result.maps.done") > done, True)
    before = page.canvas_pixels(PANELS, PICTURE)
    page.dropdown("Fill").select_option(label="black")
    page.wait_for_change(lambda: page.canvas_pixels(PANELS, PICTURE), before)
    page.evaluate("setattr(w, 'stride', 0)")
    page.wait_for(lambda: "stride of 0 px goes nowhere" in words(page), True)
    page.evaluate("setattr(w, 'stride', 42)")
    page.wait_for(lambda: "9 of 9 places" in words(page) and "goes nowhere" not in words(page), True)
    assert page.evaluate("(w.error, w.fill)") == (None, "black") and page.console_errors() == []


def test_a_narrow_window_has_two_by_two(slider):
    page = slider(viewport={"width": 1000, "height": 900})
    page.page.wait_for_timeout(300)
    room = page.page.locator(".cnnviz").first.bounding_box()
    for part in page.page.locator(".cnnviz canvas, .cnnviz select, .cnnviz .widget-slider").all():
        box = part.bounding_box()
        if box is not None and box["width"]:
            assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
    boxes = [page.page.locator(PANELS).nth(nth).bounding_box() for nth in range(4)]
    assert len({round(each["width"]) for each in boxes}) == 1 and boxes[0]["width"] > 180


@pytest.mark.real
def test_a_real_network_on_a_photo(open_notebook, real):
    env = {"CNNVIZ_MODEL": "squeezenet1_1", "TORCH_HOME": str(real / "torch_home")}
    page = open_notebook(LECTURE, env=env)
    page.run_all()
    assert page.evaluate("(w.error, w.data)") == (None, "photos")
    dog = str(real / "imagenet_samples" / "0251_dalmatian.jpg")
    page.evaluate(f"w.set(picture={dog!r}, size=56, stride=28)")
    page.wait_for(lambda: "49 of 49 places" in words(page), True, timeout=40)
    assert page.evaluate("model.class_name(w.result.target)") == "dalmatian"
    lowest = page.evaluate(
        "[float(c[k]) for c, k in zip(w.result.maps.centers, "
        "np.unravel_index(w.result.maps.probability.argmin(), w.result.maps.label.shape))]"
    )
    assert 26 <= lowest[0] < 155 and 50 <= lowest[1] < 215, "head and ears, read off by eye"
    page.wait_for(lambda: page.canvas_pixels(PANELS, PICTURE).shape, (288, 288, 4))
    assert page.console_errors() == []
