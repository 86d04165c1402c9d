"""The lecture on activations as a student sees it: run, point, click, slide, upload."""

import numpy as np
import pytest

from tests.browser.reading import decoded, words

LECTURE = "02_activations.ipynb"
TILES, PICTURE = ".cnnviz canvas", 1  # the first canvas is the mosaic, the second the picture


def tile_middle(page, canvas: int, x: float, y: float) -> dict[str, float]:
    """Turn a canvas's own pixel into a place on the element, however large it is shown."""
    box, pixels = page.page.locator(TILES).nth(canvas).bounding_box(), page.canvas_pixels(TILES, canvas)
    return {"x": x * box["width"] / pixels.shape[1], "y": y * box["height"] / pixels.shape[0]}


def point(page, canvas: int, x: float, y: float, click: bool = False) -> None:
    target = page.page.locator(TILES).nth(canvas)
    (target.click if click else target.hover)(position=tile_middle(page, canvas, x, y))


def upload(page, name: str, content: bytes) -> None:
    with page.page.expect_file_chooser() as chooser:
        page.page.locator(".cnnviz button", has_text="Upload").first.click()
    chooser.value.set_files([{"name": name, "mimeType": "image/png", "buffer": content}])


@pytest.fixture
def lecture(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    page.wait_for(lambda: page.canvas_pixels(TILES, PICTURE).shape, (288, 288, 4))
    page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
    return page


def test_both_canvases_show_the_kernels_pixels(lecture):
    assert lecture.evaluate("(w.layer, w.channel, w.row, w.column)") == ("relu1", 7, 16, 16)
    # 16 tiles of 32x32, three pixels a value, and frames of two.
    seen = lecture.canvas_pixels(TILES)[..., :3]
    assert seen.shape == (394, 394, 3)
    sent = lecture.evaluate("w._tiles.surface.picture.hex()")
    assert np.array_equal(seen, decoded(sent))
    assert len(np.unique(lecture.canvas_pixels(TILES, PICTURE).reshape(-1, 4), axis=0)) > 1000
    assert "cat\n0.46" in words(lecture) and "16 maps of 32x32" in words(lecture)
    assert lecture.console_errors() == []


def test_a_click_on_a_tile_lays_its_channel_over_the_picture(lecture):
    picture = lambda: lecture.canvas_pixels(TILES, PICTURE)  # noqa: E731
    before, tiles = picture(), lecture.canvas_pixels(TILES)
    # Tile 2, row 8, column 20: tiles lie 98 px apart.
    point(lecture, 0, 2 + 2 * 98 + 20 * 3 + 1, 2 + 8 * 3 + 1, click=True)
    after = lecture.wait_for_change(picture, before)
    assert lecture.evaluate("(w.channel, w.row, w.column)") == (2, 8, 20)
    assert "channel 2 over cat" in words(lecture)
    # The box of unit (8, 20), which sees 7x7 pixels, each 9 on screen: rows 5 to 11, columns 17 to 23.
    orange = (after[..., :3] == (255, 140, 0)).all(axis=2)
    rows, columns = np.flatnonzero(orange.sum(axis=1) > 40), np.flatnonzero(orange.sum(axis=0) > 40)
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (45, 107, 153, 215)
    assert not np.array_equal(tiles, lecture.canvas_pixels(TILES))  # the frame moved

    point(lecture, PICTURE, 9 * 3 + 4, 9 * 30 + 4, click=True)
    lecture.wait_for(lambda: lecture.evaluate("(w.channel, w.row, w.column)"), (2, 30, 3))
    assert lecture.console_errors() == []


def test_the_pointer_shows_numbers(lecture):
    point(lecture, 0, 2 + 3 * 98 + 10 * 3 + 1, 2 + 98 + 30 * 3 + 1)
    value = lecture.evaluate("round(float(w.result.maps.values[7, 30, 10]), 2)")
    lecture.wait_for(lambda: "channel 7, row 30, column 10" in words(lecture), True)
    assert f"column 10: {value}" in words(lecture)
    point(lecture, PICTURE, 9 * 20 + 4, 9 * 12 + 4)
    lecture.wait_for(lambda: "channel 7, row 12, column 20" in words(lecture), True)
    assert "rows 9 to 15, columns 17 to 23 of the picture (receptive field 7x7 px)" in words(lecture)
    assert lecture.console_errors() == []


def test_controls_change_the_pixels(lecture):
    tiles, picture = (lambda n=n: lecture.canvas_pixels(TILES, n) for n in (0, PICTURE))
    first = picture()
    lecture.slider("Opacity").press("ArrowRight", times=3)
    second = lecture.wait_for_change(picture, first)
    lecture.wait_for(lambda: round(lecture.evaluate("w.opacity"), 2), 0.75)
    lecture.slider("Channel").press("ArrowLeft")
    third = lecture.wait_for_change(picture, second)
    assert lecture.evaluate("w.channel") == 6
    lecture.slider("Row").set(3)
    lecture.wait_for_change(picture, third)

    mosaic = tiles()
    lecture.dropdown("Order").select_option(label="maximum, largest first")
    mosaic = lecture.wait_for_change(tiles, mosaic)
    lecture.dropdown("Scale").select_option(label="all maps together")
    mosaic = lecture.wait_for_change(tiles, mosaic)
    lecture.dropdown("Layer").select_option(label="conv3 Conv2d 20x8x8")
    lecture.wait_for(lambda: lecture.evaluate("w.layer"), "conv3")
    lecture.wait_for_change(tiles, mosaic)
    lecture.dropdown("Picture").select_option(label="astronaut")
    lecture.wait_for(lambda: "dog\n0.91" in words(lecture), True)
    assert lecture.evaluate("w.error") is None
    assert lecture.console_errors() == []


def test_uploads_good_and_broken(lecture):
    picture = lecture.evaluate("w.picture")
    upload(lecture, "<b>broken.png", b"\x89PNG\r\n\x1a\n no")
    alert = lecture.page.locator(".cnnviz [role=alert]").first
    alert.wait_for(state="visible", timeout=10_000)
    assert "<b>broken.png" in alert.inner_text()
    assert lecture.evaluate("w.picture") == picture

    content = lecture.evaluate("__import__('cnnviz_widgets').paint.rgb_png(w.result.picture[::-1]).hex()")
    upload(lecture, "flipped.png", bytes.fromhex(content))
    alert.wait_for(state="hidden", timeout=10_000)
    assert lecture.evaluate("(w.picture, w.error)") == ("flipped.png", None)
    assert "over flipped.png" in words(lecture)
    assert lecture.console_errors() == []


def test_it_fits_a_narrow_window(open_notebook):
    page = open_notebook(LECTURE, viewport={"width": 1000, "height": 900})
    page.run_all()
    whole = page.page.locator(".cnnviz").first
    whole.scroll_into_view_if_needed()
    room = whole.bounding_box()
    for part in page.page.locator(".cnnviz canvas, .cnnviz select, .cnnviz .widget-slider").all():
        box = part.bounding_box()
        assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
    left, right = (page.page.locator(TILES).nth(n).bounding_box() for n in (0, PICTURE))
    assert left["x"] + left["width"] < right["x"] and right["y"] < left["y"] + left["height"]  # side by side


MANY_MAPS = """
import torch
from cnnviz_widgets import ActivationBrowser, HookedModel
torch.manual_seed(0)
w = ActivationBrowser(HookedModel(torch.nn.Sequential(torch.nn.Conv2d(3, 512, 1)), (3, 13, 13)))
w
"""


def test_many_maps_scroll_and_stay_square(lab, open_notebook):
    page = open_notebook(lab.write("many_maps.ipynb", MANY_MAPS))
    page.run_all()
    page.wait_for(lambda: page.canvas_pixels(TILES).shape, (814, 506, 4))
    box = page.page.locator(TILES).first.bounding_box()
    assert box["height"] / box["width"] == pytest.approx(814 / 506, rel=0.01)
    # Tile 511, in the last row, is reached by scrolling.
    point(page, 0, 2 + (511 % 18) * 28 + 5, 2 + (511 // 18) * 28 + 5, click=True)
    page.wait_for(lambda: page.evaluate("(w.channel, w.row, w.column)"), (511, 2, 2))
    assert page.console_errors() == []


@pytest.mark.real
def test_the_real_network_knows_the_cat(open_notebook, real):
    page = open_notebook(
        LECTURE, env={"CNNVIZ_MODEL": "squeezenet1_1", "TORCH_HOME": str(real / "torch_home")}
    )
    page.run_all()
    assert page.evaluate("(w.model.name, w.picture, w.error)") == ("squeezenet1_1", "cat", None)
    assert page.evaluate("w.result.top[0].name") in ("tabby", "Egyptian cat")
    assert (
        page.page.locator(".cnnviz [role=list]")
        .first.inner_text()
        .startswith(page.evaluate("w.result.top[0].name"))
    )
    # 64 maps of 111x111, every second value: tiles of 55 px.
    seen = page.canvas_pixels(TILES)[..., :3]
    assert np.array_equal(seen, decoded(page.evaluate("w._tiles.surface.picture.hex()")))
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 100
    assert page.console_errors() == []
