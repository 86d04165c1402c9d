"""The lecture on saliency as a student sees it: the maps, another class, quantiles, noisy copies, a pixel."""

import time

import numpy as np
import pytest

from tests.browser.reading import decoded, words

LECTURE = "12_saliency.ipynb"
PANELS = ".cnnviz canvas"
PICTURE, MAP, SEEDS, OBJECT = range(4)

SMALL = """
from cnnviz_widgets import SaliencyExplorer
w = SaliencyExplorer("mini-alexnet-objects", class_name="dalmatian", number=1)
w
"""


@pytest.fixture
def explorer(lab, open_notebook):
    """Open a notebook with the widget alone."""

    def open_(**context):
        page = open_notebook(lab.write("explorer.ipynb", SMALL), **context)
        page.run_all()
        page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
        page.wait_for(lambda: page.canvas_pixels(PANELS, OBJECT).shape, (224, 224, 4))
        return page

    return open_


def test_the_lecture_shows_what_the_kernel_computed(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    assert page.evaluate("(d.error, w.error, s.error)") == (None, None, None)
    # Two pictures of the linear model (the cut's two are not shown), then four of the network.
    for name, nth, side in (("d", MAP, 288), ("w", 4 + MAP, 224), ("w", 4 + OBJECT, 224)):
        sent = page.evaluate(f"{name}._panels.surfaces[{nth % 4}].picture.hex()")
        page.wait_for(lambda nth=nth: page.canvas_pixels(PANELS, nth).shape, (side, side, 4))
        assert np.array_equal(page.canvas_pixels(PANELS, nth)[..., :3], decoded(sent))
    assert "dalmatian, score 5.66" in page.page.locator(".cnnviz").nth(1).inner_text()
    assert "IoU 0.91" in page.page.locator(".cnnviz").nth(1).inner_text()
    assert page.evaluate("w.foreground") == 0.95, "what the page sends back undoes nothing"
    assert page.console_errors() == []


def test_another_class_another_look_another_quantile(explorer):
    page = explorer()
    maps, cut = (lambda nth=nth: page.canvas_pixels(PANELS, nth) for nth in (MAP, OBJECT))
    before = maps()
    page.dropdown("Explain").select_option(label="5 boat")
    before = page.wait_for_change(maps, before)
    assert page.evaluate("w.target") == 5 and "boat, score \N{MINUS SIGN}0.0445" in words(page)
    page.dropdown("Map").select_option(label="with its sign")
    before = page.wait_for_change(maps, before)
    page.slider("Opacity").press("ArrowLeft", times=4)
    page.wait_for_change(maps, before)
    assert page.evaluate("w.opacity") == 0.8
    page.dropdown("Explain").select_option(index=0)
    page.wait_for(lambda: "IoU 0.91" in words(page), True)
    before = cut()
    page.slider("Object ≥").press("ArrowLeft", times=10)
    page.wait_for(lambda: page.evaluate("w.foreground"), 0.85)
    page.wait_for_change(cut, before)
    page.wait_for(lambda: "IoU 0.33" in words(page), True)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_noisy_copies_settle_and_can_be_stopped(explorer):
    page = explorer()
    maps = lambda: page.canvas_pixels(PANELS, MAP)  # noqa: E731
    before = maps()
    page.dropdown("Method").select_option(label="SmoothGrad: noisy copies")
    before = page.wait_for_change(maps, before, timeout=20)
    page.wait_for(lambda: "25 of 25 copies" in words(page), True, timeout=30)
    assert page.evaluate("w.result.saliency.samples") == 25
    page.slider("Copies").press("End")  # the most there are: time to press Stop
    page.wait_for(lambda: page.button("Stop").is_enabled(), True)
    page.button("Stop").click()
    pressed = time.monotonic()
    page.wait_for(lambda: page.button("Start again").is_enabled(), True)
    assert time.monotonic() - pressed < 3
    done = page.evaluate("w.result.saliency.samples")
    assert done < 100 and f"{done} of 100 copies" in words(page)
    page.button("Start again").click()
    page.wait_for(lambda: "100 of 100 copies" in words(page), True, timeout=40)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_a_pixel_under_the_pointer_and_another_picture(explorer):
    page = explorer()
    canvas = page.page.locator(PANELS).nth(MAP)
    scale = canvas.bounding_box()["width"] / 224
    canvas.hover(position={"x": (2 * 50 + 1) * scale, "y": (2 * 60 + 1) * scale})
    page.wait_for(lambda: "row 60, column 50: M = " in words(page), True)
    value = page.evaluate("float(w.result.saliency.magnitude[60, 50])")
    assert f"M = {value:.3g}" in words(page) and "; dog" in words(page)
    before = page.canvas_pixels(PANELS, PICTURE)
    page.button("Another").click()
    before = page.wait_for_change(lambda: page.canvas_pixels(PANELS, PICTURE), before)
    assert page.evaluate("w.number") == 2
    page.dropdown("Pictures").select_option(label="photos")
    page.wait_for_change(lambda: page.canvas_pixels(PANELS, PICTURE), before)
    assert "sees cat" in words(page) and "no truth to compare with" in words(page)
    page.evaluate("setattr(w, 'target', 'unicorn')")
    page.wait_for(lambda: "there is no class 'unicorn'" in words(page), True)
    page.dropdown("Explain").select_option(label="0 dalmatian")
    page.wait_for(lambda: "there is no class" in words(page), False)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_it_fits_a_narrow_window(explorer):
    page = explorer(viewport={"width": 1000, "height": 900})
    page.page.wait_for_timeout(300)
    room = page.page.locator(".cnnviz").first.bounding_box()
    for part in page.page.locator(".cnnviz canvas, .cnnviz select, .cnnviz .widget-slider").all():
        box = part.bounding_box()
        if box is not None and box["width"]:
            assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
    boxes = [page.page.locator(PANELS).nth(nth).bounding_box() for nth in range(4)]
    assert len({round(each["width"]) for each in boxes}) == 1 and boxes[0]["width"] > 180
    assert round(boxes[PICTURE]["y"]) == round(boxes[MAP]["y"]) < round(boxes[SEEDS]["y"])
    assert round(boxes[SEEDS]["y"]) == round(boxes[OBJECT]["y"])


@pytest.mark.real
def test_a_real_network_on_photos(open_notebook, real):
    env = {"CNNVIZ_MODEL": "squeezenet1_1", "TORCH_HOME": str(real / "torch_home")}
    page = open_notebook(LECTURE, env=env)
    page.run_all()
    assert page.evaluate("(w.error, s.error, w.data, s.result.saliency.samples)") == (
        None,
        None,
        "photos",
        16,
    )
    dog = str(real / "imagenet_samples" / "0251_dalmatian.jpg")
    page.evaluate(f"w.set(picture={dog!r}, target='dalmatian')")
    page.wait_for(
        lambda: (
            "0251_dalmatian.jpg. Saliency of dalmatian" in page.page.locator(".cnnviz").nth(1).inner_text()
        ),
        True,
    )
    inside = "w.result.saliency.magnitude[26:155, 50:215].sum() / w.result.saliency.magnitude.sum()"
    assert page.evaluate("w.result.top[0].name") == "dalmatian" and page.evaluate(f"float({inside})") > 0.55
    assert page.evaluate("w.error") is None and page.console_errors() == []
