"""The lecture on class activation maps as a student sees it: run, drag the threshold, ask further."""

import json

import numpy as np
import pytest

from tests.browser.reading import decoded, words

LECTURE = "13_cam.ipynb"
IMAGES = ".cnnviz img.widget-image"
PHOTO, FIRST, LAST = 0, 1, 3

SMALL = """
from cnnviz_widgets import CAMExplorer
nets = ["mini-vgg-scenes", "mini-alexnet-scenes"]
w = CAMExplorer(nets, saliency="mini-resnet-scenes", class_name="bedroom", number=1)
w
"""


def is_red(pixel: np.ndarray) -> bool:
    return bool(np.abs(pixel[:3].astype(int) - (213, 62, 20)).max() < 60)  # a JPEG's red


@pytest.fixture
def explorer(lab, open_notebook):
    """Open a notebook with the widget alone."""

    def open_(**context):
        page = open_notebook(lab.write("explorer.ipynb", SMALL), **context)
        page.run_all()
        page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
        page.wait_for(lambda: page.image_pixels(IMAGES, LAST).shape[1], 240)
        return page

    return open_


def test_the_lecture_shows_what_the_kernel_computed(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    for place in range(6):
        seen = page.image_pixels(IMAGES, place)[..., :3].astype(int)
        sent = decoded(page.evaluate(f"bytes(w._panels._images[{place}].value).hex()")).astype(int)
        assert seen.shape == (240, 240, 3) and np.abs(seen - sent).max() < 8, "the same JPEG"
        assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 500
    assert "truth: bed" in words(page) and "IoU 0.66 ≥ 0.5: found" in words(page)
    assert "the score" in words(page) and "Saliency · mini-alexnet-scenes" in words(page)
    assert page.evaluate("(w.error, g.error)") == (None, None)
    second = page.page.locator(".cnnviz").nth(1).inner_text()
    assert "CAM · alexnet-gap" in second and "Grad-CAM · mini-alexnet-objects" in second
    assert page.console_errors() == []


def test_dragging_the_threshold_moves_the_box(explorer):
    page = explorer()
    first = lambda: page.image_pixels(IMAGES, FIRST)  # noqa: E731
    photo, widths = page.image_pixels(IMAGES, PHOTO), []
    for share in (0.2, 0.5, 0.8):
        if widths:
            page.slider("Above").drag(share / 0.95)
        page.wait_for(lambda share=share: abs(page.evaluate("w.threshold") - share) < 0.02, True)
        left, top, right, bottom = page.evaluate("[each * 240 / 112 for each in w.result.maps[0].region.box]")
        edge = round((top + bottom) / 2), round(left) + 1
        page.wait_for(lambda edge=edge: is_red(first()[edge]), True)
        widths.append(right - left)
    assert widths[0] > widths[1] > widths[2], "the higher the share, the smaller the box"
    assert "not found" in words(page) and np.array_equal(page.image_pixels(IMAGES, PHOTO), photo)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_other_classes_layers_and_pictures(explorer):
    page = explorer()
    first = lambda: page.image_pixels(IMAGES, FIRST)  # noqa: E731
    before = first()
    page.dropdown("Map of").select_option(label="cemetery")
    before = page.wait_for_change(first, before)
    page.wait_for(lambda: "cemetery: " in words(page), True)
    page.dropdown("Layer").select_option(label="Grad-CAM of relu2_1  ReLU  32x56x56")
    before = page.wait_for_change(first, before)
    page.wait_for(lambda: "Grad-CAM of relu2_1, 56x56" in words(page), True)
    page.button("Another").click()
    before = page.wait_for_change(first, before)
    assert page.evaluate("(w.number, w.layer, w.error)") == (2, "relu2_1", None)
    page.slider("Opacity").press("Home")
    page.wait_for_change(first, before)
    photo = page.evaluate("w.result.maps[0].seen.picture[60, 60].tolist()")
    assert page.evaluate("w.opacity") == 0 and len(photo) == 3 and page.console_errors() == []


def test_it_fits_a_narrow_window(explorer):
    page = explorer(viewport={"width": 1000, "height": 900})
    room = page.page.locator(".cnnviz").first.bounding_box()
    parts = page.page.locator(".cnnviz img, .cnnviz select, .cnnviz .widget-slider").all()
    boxes = [box for part in parts if (box := part.bounding_box()) is not None and box["width"]]
    assert len(boxes) > 8
    for box in boxes:
        assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1


@pytest.mark.real
def test_the_real_networks_map_falls_on_the_dog(lab, open_notebook, real):
    photo = json.dumps(str(real / "imagenet_samples" / "0251_dalmatian.jpg"))
    code = f"""
    from cnnviz_widgets import CAMExplorer
    w = CAMExplorer("squeezenet1_1", pictures={{"a dog": {photo}}})
    w
    """
    env = {"TORCH_HOME": str(real / "torch_home")}
    code = "\n".join(line.strip() for line in code.strip().splitlines())
    page = open_notebook(lab.write("dog.ipynb", code), env=env)
    page.run_all()
    page.wait_for(lambda: "dalmatian: 29.83, P = 1.00" in words(page), True)
    left, top, right, bottom = page.evaluate("[int(each) for each in w.result.maps[0].region.box]")
    assert 30 < left < 70 and top < 30 and right > 210 and 150 < bottom < 200, "the head"
    assert "the class's own map: mean 29.83 = 29.83, the score" in words(page)
    assert page.evaluate("w.error") is None and page.console_errors() == []
