"""The lecture on guided backprop as a student sees it: run, step down, randomize, find patches."""

from itertools import pairwise

import numpy as np
import pytest

from tests.browser.reading import decoded, words

LECTURE = "08_guided_backprop.ipynb"
IMAGES, TABLE = ".cnnviz img.widget-image", ".cnnviz canvas"
PHOTO, BACKPROP, DECONVNET, GUIDED, PLOT, PATCHES = 0, 1, 2, 3, 4, 8

SMALL = """
from cnnviz_widgets import Objects, RuleComparer
drawn = Objects("test")
pictures = {name: drawn[i].image for i, name in enumerate(drawn.classes[:4])}
w = RuleComparer("mini-alexnet-objects", "dalmatian", pictures=pictures, data=Objects("train", 140))
w
"""


def panel(page, label: str) -> None:
    page.page.locator(".cnnviz .widget-toggle-button", has_text=label).first.click()


@pytest.fixture
def comparer(lab, open_notebook):
    """Open a notebook with the widget alone."""

    def open_(**context):
        page = open_notebook(lab.write("comparer.ipynb", SMALL), **context)
        page.run_all()
        page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
        page.wait_for(lambda: page.canvas_pixels(TABLE).shape[1] > 800, True)
        return page

    return open_


def test_the_lecture_shows_what_the_kernel_computed(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    for rule, nth in (("backprop", BACKPROP), ("deconvnet", DECONVNET), ("guided", GUIDED)):
        seen = page.image_pixels(IMAGES, nth)[..., :3]
        sent = page.evaluate(f"bytes(w._maps.images[{rule!r}].value).hex()")
        assert seen.shape == (224, 224, 3) and np.array_equal(seen, decoded(sent))
        assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 500
    assert "score of dalmatian = 5.01" in words(page) and "dalmatian\n0.86" in words(page)
    assert page.evaluate("(w.error, r.error, p.error)") == (None, None, None)
    assert page.page.locator(".cnnviz").nth(2).inner_text().count("dalmatian (9)") == 1
    assert page.console_errors() == []


def test_stepping_down_through_the_relus(comparer):
    page = comparer()
    table = lambda: page.canvas_pixels(TABLE)[..., :3]  # noqa: E731
    page.wait_for(
        lambda: np.array_equal(table(), decoded(page.evaluate("w._steps.surface.picture.hex()"))), True
    )
    assert "ReLU 3 of 7 from the score down" in words(page)
    before = table()
    page.slider("ReLU").press("ArrowRight", times=2)
    before = page.wait_for_change(table, before)
    assert page.evaluate("w.relu") == "relu3" and "ReLU 5 of 7" in words(page)
    page.dropdown("Channels").select_option(label="the most active")
    before = page.wait_for_change(table, before)
    # Point at a value of the guided row's last map: third row, fifth column.
    left, top, zoom = page.evaluate(
        "(w._steps._sheet.lefts[4], w._steps._sheet.tops[2], w._steps._mosaic.zoom)"
    )
    canvas = page.page.locator(TABLE).first
    scale = canvas.bounding_box()["width"] / before.shape[1]
    place = {"x": (left + 3.5 * zoom) * scale, "y": (top + 4.5 * zoom) * scale}
    canvas.hover(position=place)
    channel = page.evaluate("int(w._steps._chosen[0])")
    page.wait_for(lambda: f"guided, channel {channel}, row 4, column 3:" in words(page), True)
    page.dropdown("Explain").select_option(label="one neuron")
    page.wait_for(lambda: "relu5, channel 3, row 4, column 4 = 2.47" in words(page), True)
    page.wait_for(lambda: page.evaluate("len(w.result.trained.steps)"), 5)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_random_layers_change_some_maps_and_not_others(comparer):
    page = comparer()
    panel(page, "Randomize")
    guided = lambda: page.image_pixels(IMAGES, PLOT + 3)[..., :3].astype(int)  # noqa: E731
    page.wait_for(lambda: "trained, all of them" in words(page), True)
    page.wait_for(lambda: np.array_equal(guided(), page.image_pixels(IMAGES, GUIDED)[..., :3]), True)
    trained = guided()
    page.slider("Down to").drag(5 / 8)
    page.wait_for(lambda: page.evaluate("w.depth"), 5)
    page.wait_for(lambda: "fc8 down to conv4 are random" in words(page), True)
    page.wait_for_change(guided, trained)
    assert "rank correlation 0.65" in words(page) and "rank correlation 0.92" in words(page)
    plot = lambda: page.image_pixels(IMAGES, PLOT)  # noqa: E731
    before = plot()
    page.button("All layers").click()
    page.wait_for(lambda: page.evaluate("w._random.runner.state"), "done", timeout=30)
    page.wait_for_change(plot, before)
    assert page.evaluate("sorted(w._random._points)") == list(range(9))
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_finding_patches_can_be_stopped_and_gone_on_with(comparer):
    page = comparer()
    panel(page, "Top-10")
    page.wait_for(lambda: "not looked for yet in your data set, 140 pictures" in words(page), True)
    page.button("Find the top 10").click()
    page.wait_for(lambda: page.evaluate("w._patches._harvest('relu5').done > 0"), True)
    page.page.locator("button.widget-button:visible", has_text="Stop").click()
    page.wait_for(lambda: page.evaluate("w._patches.runner.is_alive"), False, timeout=5)
    done = page.evaluate("w._patches._harvest('relu5').done")
    page.button("Find the top 10").click()
    page.wait_for(lambda: page.evaluate("w._patches._harvest('relu5').done"), 140, timeout=60)
    page.wait_for(lambda: page.evaluate("w._patches.runner.state"), "done")
    assert done > 0
    patches = lambda: page.image_pixels(IMAGES, PATCHES)[..., :3]  # noqa: E731
    before = patches()
    assert before.shape[1] > 900 and "windmill" in words(page)
    page.slider("Channel").set(38)
    page.wait_for_change(patches, before, timeout=30)
    page.wait_for(lambda: "They show: lemon" in words(page), True)
    assert page.evaluate("w.error") is None and page.console_errors() == []


def test_it_fits_a_narrow_window(comparer):
    page = comparer(viewport={"width": 1000, "height": 900})
    whole = page.page.locator(".cnnviz").first
    for label in ("Randomize", "Top-10", "Layer by layer"):
        panel(page, label)
        page.page.wait_for_timeout(300)
        room = whole.bounding_box()
        for part in page.page.locator(
            ".cnnviz canvas, .cnnviz img, .cnnviz select, .cnnviz .widget-slider"
        ).all():
            box = part.bounding_box()
            if box is not None and box["width"]:
                assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
    maps = [page.page.locator(IMAGES).nth(n).bounding_box() for n in (PHOTO, BACKPROP, DECONVNET, GUIDED)]
    assert len({round(each["y"]) for each in maps}) == 1, "side by side, at one height"
    assert all(a["x"] + a["width"] < b["x"] for a, b in pairwise(maps))


@pytest.mark.real
def test_a_real_network_on_a_photo(open_notebook, real):
    env = {"CNNVIZ_MODEL": "squeezenet1_1", "TORCH_HOME": str(real / "torch_home")}
    page = open_notebook(LECTURE, env=env)
    page.run_all()
    assert page.evaluate("(w.error, r.error, p.error, w.picture)") == (None, None, None, "cat")
    assert page.evaluate("w.result.top[0].name") in ("tabby", "Egyptian cat")
    alike = page.evaluate("{rule: round(each.spearman, 2) for rule, each in r.result.similarity.items()}")
    assert alike["guided"] > 0.9 > 0.7 > alike["backprop"]
    assert page.console_errors() == []
