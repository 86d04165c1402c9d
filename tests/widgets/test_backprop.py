"""BackpropStepper: from a number to the frames, sums and verdict on screen, with no browser."""

import numpy as np
import pytest
import torch

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods import ConvolutionPass
from cnnviz_widgets.widgets import _backprop_pages as pages
from cnnviz_widgets.widgets._backprop_presets import PRESETS
from cnnviz_widgets.widgets.backprop import BackpropStepper
from tests.widgets.stepper_screen import G, W, X, click, framed, grid, hover, pixels, text


@pytest.fixture
def stepper() -> BackpropStepper:
    return BackpropStepper("convolution", x=X, w=W, g=G)


# What is computed


def test_numbers_given_are_worked_out(stepper):
    assert isinstance(stepper.result, ConvolutionPass)
    assert stepper.result.y.tolist() == [[-2, 3], [4, 7]]
    assert stepper.result.dx.tolist() == [[1, 2, 0], [-1, -1, 4], [0, 1, -2]]
    assert stepper.agreement.holds and stepper.agreement.largest == 0
    assert "Autograd agrees" in text(stepper._verdict)


@pytest.mark.parametrize("page", list(pages.PAGES))
def test_every_preset_of_every_page_agrees_with_autograd(page):
    stepper = BackpropStepper(page)
    for name in PRESETS[page]:
        for extra in ({}, {"ties": "one", "stride": 1, "padding": 1}, {"size": 3}):
            stepper.load(name)
            stepper.set(**extra)
            if page == "pooling" and min(np.shape(stepper.x)) < 3:
                continue
            assert stepper.error is None, (name, extra, stepper.error)
            assert stepper.agreement.holds and "Autograd agrees" in text(stepper._verdict)
            stepper.set(size=2, stride=1, padding=0)


@pytest.mark.parametrize("page", list(pages.PAGES))
def test_random_numbers_agree_with_autograd_and_a_seed_gives_the_same_again(page):
    stepper = BackpropStepper(page)
    seen = []
    for seed in (0, 1, 0):
        stepper.randomize(seed)
        assert stepper.error is None and stepper.agreement.holds
        seen.append((stepper.x, stepper.w, stepper.g))
    assert seen[0] == seen[2] != seen[1]


def test_the_verdict_is_computed_not_claimed(monkeypatch):
    right = torch.nn.functional.conv2d
    monkeypatch.setattr("torch.nn.functional.conv2d", lambda *a, **k: right(*a, **k) * 1.001)
    stepper = BackpropStepper("convolution", x=X, w=W, g=G)
    assert not stepper.agreement.holds
    assert "Autograd differs" in text(stepper._verdict) and "differs" in stepper.words
    assert "Y by 7e-03" in text(stepper._verdict)  # 7 * 0.001


def test_a_changed_value_changes_all_that_follows(stepper):
    click(stepper, "w", 1, 1)
    assert (stepper.matrix, stepper.row, stepper.column) == ("w", 1, 1)
    assert stepper._controls.value.value == -1 and not stepper._controls.value.disabled
    before = pixels(stepper)
    stepper._controls.value.value = 2
    assert stepper.w == [[1, 2], [0, 2]] and stepper.error is None
    assert stepper.result.y.tolist() == [[7, 6], [7, 1]]  # 3 more times the number under that weight
    assert stepper.agreement.holds
    assert (pixels(stepper) != before).any()


def test_a_computed_number_cannot_be_typed_over(stepper):
    click(stepper, "y", 0, 0)
    assert stepper._controls.value.disabled and stepper._controls.value.value == -2
    stepper._on_value(5.0)
    assert stepper.result.y[0, 0] == -2 and stepper.error is None


# What is framed, and the sums in words


def test_pointing_at_an_output_frames_its_window_its_weights_and_its_row_of_the_matrix(stepper):
    hover(stepper, "y", 1, 0)
    assert framed(grid(stepper, "padded")) == {(1, 0), (1, 1), (2, 0), (2, 1)}
    assert framed(grid(stepper, "w")) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert grid(stepper, "y").chosen == {(1, 0)}
    assert framed(grid(stepper, "T")) == {
        (2, n) for n in (3, 4, 6, 7)
    }  # one row: output 2 counted row by row
    said = text(stepper._equations)
    assert "(-1)·1 + 3·2 + 0·0 + 1·(-1) = 4" in said and "row 2 of T" in said


def test_pointing_at_an_input_s_gradient_frames_where_it_comes_from(stepper):
    hover(stepper, "dx", 1, 1)
    assert framed(grid(stepper, "framed")) == {(1, 1), (1, 2), (2, 1), (2, 2)}
    assert framed(grid(stepper, "y")) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert {row for row, _ in framed(grid(stepper, "Tt"))} == {4}
    said = text(stepper._equations)
    assert "= -1" in said and "row 4 of T" in said


def test_pointing_at_a_weight_shows_it_all_along_the_matrix(stepper):
    hover(stepper, "w", 0, 1)
    assert framed(grid(stepper, "T")) == {(0, 1), (1, 2), (2, 4), (3, 5)}
    hover(stepper, "turned", 1, 0)  # the same weight, turned by 180 degrees
    assert framed(grid(stepper, "T")) == {(0, 1), (1, 2), (2, 4), (3, 5)}


def test_a_cell_of_the_matrix_stands_for_its_row(stepper):
    hover(stepper, "T", 3, 4)
    assert grid(stepper, "y").chosen == {(1, 1)}
    hover(stepper, "Tt", 4, 3)
    assert grid(stepper, "dx").chosen == {(1, 1)}


def test_leaving_the_cells_goes_back_to_the_chosen_one(stepper):
    stepper.set(row=0, column=0)
    chosen = pixels(stepper)
    hover(stepper, "y", 1, 1)
    assert (pixels(stepper) != chosen).any()
    stepper._surfaces[0].canvas._mouse_out_callbacks(0, 0)
    assert (pixels(stepper) == chosen).all()
    hover(stepper, "y", 1, 1)
    stepper._surfaces[0].canvas._mouse_move_callbacks(1, 1)  # on the heading, beside all cells
    assert (pixels(stepper) == chosen).all() and stepper.matrix == "y"


@pytest.mark.parametrize("page", list(pages.PAGES))
def test_every_cell_drawn_can_be_pointed_at_and_chosen(page):
    stepper = BackpropStepper(page)
    drawn = [(each.name, each.values.shape) for sheet in stepper._sheets for each in sheet.grids]
    ends = [(name, *place) for name, (rows, columns) in drawn for place in ((0, 0), (rows - 1, columns - 1))]
    for name, row, column in ends:
        hover(stepper, name, row, column)
        assert stepper.error is None, (name, row, column, stepper.error)
        assert text(stepper._equations)
        click(stepper, name, row, column)
        assert stepper.error is None, (name, row, column, stepper.error)
        value = pages.value_at(stepper.result, (stepper.matrix, stepper.row, stepper.column))
        assert stepper._controls.value.value == pytest.approx(value)


def test_equations_1_to_5_number_by_number():
    stepper = BackpropStepper("linear", x=[1, 2], w=[[3, -1], [0, 4], [-2, 1]], g=[1, -1, 2], matrix="dx")
    said = text(stepper._equations)
    assert "1·3 + (-1)·0 + 2·(-2) = -1" in said
    for tag in ("(1)", "(2)", "(3)", "(4)", "(5)"):
        assert tag in said
    stepper.set(matrix="y", row=1)
    assert "0·1 + 4·2 = 8" in text(stepper._equations)


def test_equations_10_to_13_number_by_number():
    stepper = BackpropStepper("relu", x=[[-1, 2]], g=[[5, -3]], matrix="x", column=0)
    said = text(stepper._equations)
    assert "max(0, -1) = 0" in said and "5·0 = 0" in said and "5·1 = 5" in said and "5·0·1 = 0" in said
    stepper.column = 1
    said = text(stepper._equations)
    assert (
        "max(0, 2) = 2" in said and "(-3)·1 = -3" in said and "(-3)·0 = 0" in said and "(-3)·1·0 = 0" in said
    )


# Max pooling's ties


def test_a_tie_goes_to_one_winner_or_to_all_and_the_screen_says_so():
    stepper = BackpropStepper("pooling", x=[[3, 1], [0, 3]], g=[[2]])
    assert [stepper.result.dx.tolist(), stepper.result.dx_all.tolist()] == [
        [[2, 0], [0, 0]],
        [[2, 0], [0, 2]],
    ]
    assert stepper.agreement.holds and "Tie" in text(stepper._equations)
    assert "differ from it by up to 2" in text(stepper._verdict)
    assert grid(stepper, "dx").values.tolist() == [[2, 0], [0, 0]]
    stepper.ties = "all"
    assert grid(stepper, "dx").values.tolist() == [[2, 0], [0, 2]]
    assert not stepper.agreement.holds and "Autograd differs" in text(stepper._verdict)
    stepper.x = [[3, 1], [0, 2]]
    assert stepper.agreement.holds and "No window has a tie" in text(stepper._verdict)


def test_a_tie_can_be_made():
    stepper = BackpropStepper("pooling", x=[[3, 1], [0, 2]], g=[[2]])
    assert not stepper.result.ties
    stepper._on_press("tie")
    assert stepper.x == [[3, 1], [0, 3]] and stepper.result.ties == [(0, 0)]
    stepper.page = "relu"
    stepper._on_press("tie")
    assert isinstance(stepper.error, InputError) and "choose the page 'pooling'" in str(stepper.error)
