"""Lecture 05 in a real JupyterLab: point at numbers, change them, turn pages, break it and go on."""

import numpy as np
import pytest

from tests.browser.reading import words

LECTURE = "05_backprop.ipynb"
CANVAS = ".cnnviz canvas"
MAIN, BIG, TRANSPOSE = 0, 1, 2  # canvases: the equations, the big matrix, its transpose
ORANGE, DARK = (255, 140, 0), (17, 17, 17)


@pytest.fixture
def page(open_notebook):
    page = open_notebook(LECTURE)
    page.run_all()
    page.page.locator(CANVAS).first.scroll_into_view_if_needed()
    page.wait_for(lambda: pixels(page).std() > 10, True)
    yield page
    assert page.console_errors() == []


def pixels(page, canvas: int = MAIN) -> np.ndarray:
    return page.canvas_pixels(CANVAS, canvas)[..., :3]


def corner(page, name: str, row: int, column: int, canvas: int = MAIN) -> tuple[int, int, int]:
    """Give x, y of a cell's first pixel on a canvas, and the cell's side."""
    left, top, cell = page.evaluate(
        f"next((g.left, g.top, g.cell) for g in w._sheets[{canvas}].grids if g.name == {name!r})"
    )
    return left + column * cell, top + row * cell, cell


def framed(page, name: str, color: tuple[int, int, int], canvas: int = MAIN) -> set[tuple[int, int]]:
    """List the cells whose first pixel has the colour of a frame, on the student's screen."""
    rows, columns = page.evaluate(
        f"next(g.values.shape for g in w._sheets[{canvas}].grids if g.name == {name!r})"
    )
    seen, (left, top, cell) = pixels(page, canvas), corner(page, name, 0, 0, canvas)
    return {
        (i, j) for i, j in np.ndindex(rows, columns) if tuple(seen[top + i * cell, left + j * cell]) == color
    }


def point(page, name: str, row: int, column: int, canvas: int = MAIN, click: bool = False) -> None:
    x, y, cell = corner(page, name, row, column, canvas)
    element = page.page.locator(CANVAS).nth(canvas)
    element.scroll_into_view_if_needed()
    box, shape = element.bounding_box(), pixels(page, canvas).shape
    at = {
        "x": (x + cell / 2) * box["width"] / shape[1],
        "y": (y + cell / 2) * box["height"] / shape[0],
    }
    (element.click if click else element.hover)(position=at)


def test_the_window_its_weights_and_its_row_light_up_under_the_pointer(page):
    before = pixels(page)
    point(page, "y", 0, 2)
    page.wait_for_change(lambda: pixels(page), before)
    assert framed(page, "y", ORANGE) == {(0, 2)}
    window = {(i, j) for i in range(3) for j in range(2, 5)}
    assert framed(page, "padded", DARK) == window
    assert len(framed(page, "w", DARK)) == 9
    # Row 2 of T: the same nine weights, at inputs 2 3 4, 7 8 9, 12 13 14.
    assert framed(page, "T", DARK, BIG) == {(2, 5 * i + j) for i, j in window}
    assert framed(page, "Tt", DARK, TRANSPOSE) == {(5 * i + j, 2) for i, j in window}
    value = page.evaluate("f'{w.result.y[0, 2]:g}'").replace("-", "\N{MINUS SIGN}")
    text = words(page)
    assert f"= {value}" in next(line for line in text.splitlines() if "Y0,2" in line.replace("\n", ""))

    before = pixels(page)
    point(page, "dx", 0, 0)  # a corner is in one window only
    page.wait_for_change(lambda: pixels(page), before)
    assert framed(page, "y", DARK) == {(0, 0)} and framed(page, "dx", ORANGE) == {(0, 0)}
    assert framed(page, "Tt", DARK, TRANSPOSE) == {(0, 0)}


def test_a_click_chooses_a_number_and_the_keyboard_changes_it(page):
    before, y = pixels(page), page.evaluate("w.result.y.tolist()")
    point(page, "w", 1, 1, click=True)
    page.wait_for(lambda: page.evaluate("(w.matrix, w.row, w.column)"), ("w", 1, 1))
    box = page.page.locator(".cnnviz input[type=number]:visible").filter(
        has=page.page.locator("xpath=self::*[not(@disabled)]")
    )
    value = page.page.locator(".cnnviz .widget-text:has(.widget-label:text-is('Value')) input").first
    assert box.count() and value.is_enabled()
    value.fill("7.5")
    value.press("Enter")
    page.wait_for(lambda: page.evaluate("w.w[1][1]"), 7.5)
    page.wait_for_change(lambda: pixels(page), before)
    # Each output's window has an X in its middle that meets this weight.
    old = page.evaluate("__import__('numpy').array(w.result.x)[1:4, 1:4].tolist()")
    change = np.array(page.evaluate("w.result.y.tolist()")) - np.array(y)
    weight = 7.5 - 0.0
    assert np.allclose(change, weight * np.array(old))
    assert page.evaluate("(w.error, w.agreement.holds)") == (None, True)
    assert "Autograd agrees" in words(page)


def test_a_tie_and_both_of_its_answers(page):
    page.page.get_by_role("button", name="max pooling").click()
    page.wait_for(lambda: page.evaluate("w.page"), "pooling")
    page.dropdown("Numbers").select_option(label="a tie")
    page.wait_for(lambda: "Tie:" in words(page), True)
    assert "Autograd agrees" in words(page)
    before = pixels(page)
    page.evaluate("setattr(w, 'ties', 'all')")
    page.wait_for_change(lambda: pixels(page), before)
    assert "Autograd differs" in words(page)
    assert page.evaluate("bool(w.result.dx_all.sum() != w.result.dx.sum())")
    page.evaluate("setattr(w, 'ties', 'one')")
    page.wait_for(lambda: "Autograd agrees" in words(page), True)


def test_what_is_wrong_is_told_on_screen_and_the_widget_goes_on(page):
    before = pixels(page)
    page.evaluate("setattr(w, 'x', [[1, 2], [3, float('nan')]])")
    alert = page.page.locator(".cnnviz [role=alert]").first
    alert.wait_for(state="visible", timeout=10_000)
    assert "finite numbers" in alert.inner_text() and "row 1, column 1" in alert.inner_text()
    assert np.array_equal(pixels(page), before)
    page.page.get_by_role("button", name="ReLU").click()
    alert.wait_for(state="hidden", timeout=10_000)
    page.wait_for(lambda: page.evaluate("(w.page, w.error)"), ("relu", None))
    assert "guided backprop" in words(page)


def test_it_fits_the_window_and_nothing_is_stretched(page):
    for width in (1280, 1000):
        page.page.set_viewport_size({"width": width, "height": 1400})
        for name in ("convolution", "pooling", "neuron"):
            page.evaluate(f"setattr(w, 'page', {name!r})")
            page.page.wait_for_timeout(400)
            check_fit(page, beside=name != "neuron" and width == 1280)


def check_fit(page, beside: bool) -> None:
    """All canvases are inside the widget in their own shape; the transpose beside the equations."""
    whole = page.page.locator(".cnnviz").first
    whole.scroll_into_view_if_needed()
    room = whole.bounding_box()
    boxes = []
    for n, canvas in enumerate(page.page.locator(CANVAS).all()):
        if not canvas.is_visible():
            continue
        box, shape = canvas.bounding_box(), pixels(page, n).shape
        assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"] + 1
        assert box["height"] / box["width"] == pytest.approx(shape[0] / shape[1], rel=0.01)
        boxes.append(box)
    if beside:
        assert boxes[TRANSPOSE]["x"] > boxes[MAIN]["x"] + boxes[MAIN]["width"]
