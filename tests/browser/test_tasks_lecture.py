"""Lecture 00 in a real JupyterLab: run it, choose a class, click a thumbnail, point, change the level."""

import numpy as np
import pytest

LECTURE = "00_what_has_the_net_learned.ipynb"
CANVAS = ".cnnviz canvas"
THUMBNAILS, LOCATED, SEGMENTED = 0, 1, 3  # canvases, in the order on screen


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")  # nothing downloaded yet


@pytest.fixture
def page(open_notebook, empty):
    page = open_notebook(LECTURE, env={"TORCH_HOME": str(empty)})
    page.run_all()
    yield page
    assert page.console_errors() == []


def place(page, canvas: int, x: float, y: float) -> dict[str, float]:
    """Turn a canvas's own pixel into a place on the element, however large it is shown."""
    box, pixels = page.page.locator(CANVAS).nth(canvas).bounding_box(), page.canvas_pixels(CANVAS, canvas)
    return {"x": x * box["width"] / pixels.shape[1], "y": y * box["height"] / pixels.shape[0]}


def middle_of_largest(page) -> tuple[int, int, int]:
    """Give the number of the largest thing, and a column and row in it that nothing else covers."""
    found = page.evaluate(
        "(lambda t: (lambda i: (i, *[int(v[len(v) // 2]) for v in t[i].mask.nonzero()][::-1]))"
        "(max(range(len(t)), key=lambda i: t[i].mask.sum())))(w.result.truth.instances)"
    )
    assert page.evaluate(f"bool(w.result.truth.instances[{found[0]}].mask[{found[2]}, {found[1]}])")
    return found


def test_a_student_browses_points_clicks_and_compares(page):
    thumbnails, located, segmented = (
        lambda canvas=canvas: page.canvas_pixels(CANVAS, canvas)
        for canvas in (THUMBNAILS, LOCATED, SEGMENTED)
    )
    page.wait_for(lambda: segmented().std() > 10, True)
    assert segmented().shape == (336, 336, 4)
    before = located()

    page.dropdown("Class").select_option(label="windmill")
    before = page.wait_for_change(located, before)
    assert page.evaluate("(w.class_name, w.number, w.error)") == ("windmill", 0, None)

    row = thumbnails()
    canvas = page.page.locator(CANVAS).nth(THUMBNAILS)
    canvas.scroll_into_view_if_needed()
    canvas.click(position=place(page, THUMBNAILS, 4 + 3 * 116 + 50, 60))
    before = page.wait_for_change(located, before)
    assert page.evaluate("(w.number, w.error)") == (3, None)
    assert not np.array_equal(thumbnails(), row), "the frame has moved"

    thing, x, y = middle_of_largest(page)
    canvas = page.page.locator(CANVAS).nth(LOCATED)
    canvas.scroll_into_view_if_needed()
    canvas.hover(position=place(page, LOCATED, x, y))
    lit = page.wait_for_change(located, before)
    assert lit[..., :3].mean() < before[..., :3].mean() - 5, "the rest is dark"
    page.page.get_by_text(f"instance {thing + 1} of ").first.wait_for()

    canvas.click(position=place(page, LOCATED, x, y))
    page.wait_for(lambda: page.evaluate("w.thing"), thing)
    label = page.evaluate('w._controls["thing"].label')
    assert page.dropdown("Thing").input_value() == label

    maps = segmented()
    page.dropdown("Labels").select_option(label="material")
    page.wait_for_change(segmented, maps)
    assert page.evaluate("(w.level, w.error)") == ("material", None)

    page.page.get_by_role("button", name="the networks").click()
    page.page.locator("button", has_text="Download maskrcnn_resnet50_fpn").first.wait_for()
    assert page.evaluate("(w.answers, w.error)") == ("network", None)


@pytest.mark.parametrize(("width", "rows"), [(1280, 1), (1000, 2)])
def test_the_panels_stand_in_one_row_or_two_by_two(open_notebook, width, rows):
    page = open_notebook(LECTURE, viewport={"width": width, "height": 1000})
    page.run_all()
    whole = page.page.locator(".cnnviz").first
    whole.scroll_into_view_if_needed()
    room = whole.bounding_box()
    for part in page.page.locator(f"{CANVAS}, .cnnviz select:visible, .cnnviz .widget-slider").all():
        box = part.bounding_box()
        assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
    boxes = [page.page.locator(CANVAS).nth(i).bounding_box() for i in range(1, 5)]
    assert len({round(box["y"]) for box in boxes}) == rows
    for box in boxes:
        assert box["width"] > 190 and box["height"] == pytest.approx(box["width"], rel=0.01)
    assert page.console_errors() == []
