"""BackpropStepper's numbers: sizes that follow, pages that remember, what is refused."""

import io
import json
import re

import numpy as np
import pytest
import torch
import traitlets
from PIL import Image

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.widgets.backprop import BackpropStepper
from tests.widgets.stepper_screen import G, W, X, click, hover, pixels


@pytest.fixture
def stepper() -> BackpropStepper:
    return BackpropStepper("convolution", x=X, w=W, g=G)


# Sizes, pages, controls


def test_another_stride_or_padding_gives_the_gradient_another_size_and_keeps_its_numbers(stepper):
    stepper.padding = 1
    assert stepper.error is None and np.shape(stepper.g) == np.shape(stepper.result.y) == (4, 4)
    assert [row[:2] for row in stepper.g[:2]] == G
    changed = [list(row) for row in stepper.g]
    changed[3][3] = 9
    stepper.g = changed
    stepper.set(padding=0, stride=2)
    assert np.shape(stepper.g) == (1, 1)
    stepper.set(padding=1, stride=1)
    assert stepper.g == changed and stepper.agreement.holds


def test_each_page_keeps_its_numbers(stepper):
    for page in ("relu", "neuron", "pooling", "linear"):
        stepper.page = page
        assert stepper.error is None and stepper._controls.by_name["page"].value == page
    assert stepper.w and stepper.x != X
    stepper.page = "convolution"
    assert (stepper.x, stepper.w, stepper.g) == (X, W, G)


def test_the_same_numbers_again_are_not_taken_for_the_next_page_s(stepper):
    relu = BackpropStepper("relu").x
    stepper.set(x=X, w=W, g=G)  # nothing to compute
    stepper.x = X
    stepper.page = "relu"
    assert stepper.error is None and stepper.x == relu
    stepper.page = "convolution"
    stepper.set(page="relu", x=X, w=[], g=X)  # but here the next page is given just what this one has
    assert stepper.error is None and stepper.x == X


def test_a_state_brings_all_back(stepper):
    stepper.set(stride=2, matrix="x", row=2, column=1)
    before = json.loads(json.dumps(stepper.state))
    shown = pixels(stepper)
    stepper.set(page="relu")
    stepper.set(page="convolution", x=[[1, 2], [3, 4]], w=[[1]], g=[], stride=1)
    assert stepper.error is None
    stepper.set(**before)
    assert stepper.error is None and stepper.state == before and (pixels(stepper) == shown).all()
    assert BackpropStepper(**before).state == before


def test_arrays_and_tensors_are_taken_as_lists():
    stepper = BackpropStepper("linear", x=np.array([1, 2]), w=torch.tensor([[1.0, 2.0]]), g=(3,))
    assert (stepper.x, stepper.w, stepper.g) == ([[1], [2]], [[1, 2]], [[3]])
    assert stepper.result.y.tolist() == [[5]]


def test_reset_gives_back_the_chosen_preset():
    stepper = BackpropStepper()
    stepper._controls.preset.value = "one bright spot"
    assert stepper.w == [[1, 2, 3], [4, 5, 6], [7, 8, 9]] and stepper.error is None
    click(stepper, "w", 0, 0)
    stepper._controls.value.value = 100
    stepper.padding = 1
    assert stepper._controls.preset.value == "" and stepper._controls.preset.label == "your own"
    stepper._on_press("reset")
    assert stepper.w == [[1, 2, 3], [4, 5, 6], [7, 8, 9]] and stepper.padding == 0
    assert stepper._controls.preset.value == "one bright spot"


def test_controls_and_traits_move_together(stepper):
    controls = stepper._controls
    controls.matrix.value = "x"
    assert stepper.matrix == "x" and controls.row.max == 2
    controls.row.value, controls.column.value = 2, 2
    assert stepper._focus == ("x", 2, 2) and controls.value.value == -2
    controls.matrix.value = "w"  # where there is no row 2
    assert stepper._focus == ("w", 1, 1) and stepper.error is None
    controls.by_name["padding"].value = 1
    assert stepper.padding == 1 and np.shape(stepper.result.y) == (4, 4)
    controls.by_name["page"].value = "pooling"
    assert stepper.page == "pooling" and controls.by_name["stride"].layout.display == "none"
    assert controls.by_name["ties"].layout.display == ""
    seed = controls.seed.value
    stepper._on_press("random")
    assert controls.seed.value == seed + 1


def test_a_single_neuron_looks_where_it_is_told():
    stepper = BackpropStepper("neuron", x=[2, -1, 3, 3, -4], w=[1, 0, -2, 5, 1], g=[2], center=2)
    assert [each.y for each in stepper.result] == [7, 9, 3, 3]
    stepper._controls.by_name["center"].value = 1
    assert [each.y for each in stepper.result] == [7, 2 + 0 - 6, 3, 0] and stepper.agreement.holds
    stepper.center = 5
    assert "no input 5: they go from 0 to 4" in str(stepper.error)
    stepper.center = 4
    assert stepper.error is None and stepper.result[3].seen.start == 4


# Errors


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({"x": [[1, 2], [3]]}, "X must be rows of numbers"),
        ({"x": "abc"}, "X must be rows of numbers"),
        ({"x": [[float("nan")] * 3] * 3}, "X must hold finite numbers; row 0, column 0"),
        ({"w": [[1, 2, 3, 4]]}, "a window of 1x4 does not fit on 3x3"),
        ({"g": [[1, 2, 3]]}, "one number for each number of Y, which is 2x2; got 1x3"),
        ({"w": [[1000]]}, "W holds 1000; numbers from -999 to 999"),
        ({"x": [[1] * 9] * 9}, "X is 9x9; up to 8x8"),
        ({"matrix": "dw", "row": 0, "column": 0}, "there is no cell 0, 0 of 'dw' on this page; it has x 3x3"),
        ({"matrix": "x", "row": 3}, "there is no cell 3, "),
    ],
)
def test_what_does_not_fit_is_refused_and_the_widget_goes_on(stepper, traits, words):
    with pytest.raises(InputError, match=re.escape(words)):
        BackpropStepper("convolution", **{"x": X, "w": W, "g": G, **traits})
    shown, result = pixels(stepper), stepper.result
    stepper.set(**traits)
    assert isinstance(stepper.error, InputError) and words in str(stepper.error)
    assert stepper.result is result and (pixels(stepper) == shown).all()
    hover(stepper, "y", 1, 1)  # what is on show can still be pointed at
    stepper.set(x=X, w=W, g=G, matrix="y", row=0, column=0)
    assert stepper.error is None and stepper._status.layout.display == "none"


def test_a_gradient_of_the_wrong_size_is_forgotten_when_y_changes(stepper):
    stepper.g = [[1, 2, 3]]
    assert stepper.error is not None
    stepper.padding = 1
    assert stepper.error is None and np.shape(stepper.g) == (4, 4)


def test_weights_where_there_are_none():
    with pytest.raises(InputError, match="max pooling has no weights"):
        BackpropStepper("pooling", w=[[1]])
    with pytest.raises(InputError, match="one column; got 1x2"):
        BackpropStepper("neuron", x=[[1, 2]])
    with pytest.raises(InputError, match="one incoming gradient; got 2"):
        BackpropStepper("neuron", g=[1, 2])
    with pytest.raises(traitlets.TraitError, match="page"):
        BackpropStepper("softmax")
    with pytest.raises(TypeError, match="no trait 'layer'"):
        BackpropStepper(layer="conv1")
    stepper = BackpropStepper("relu")
    with pytest.raises(InputError, match=r"no numbers called 'four case'\. Did you mean 'four cases'"):
        stepper.load("four case")


def test_it_says_in_words_what_it_shows_and_gives_a_picture(stepper):
    stepper.set(matrix="y", row=1, column=1)
    assert "Y at row 1, column 1 is 7" in stepper.words and "autograd agrees" in stepper.words
    picture = Image.open(io.BytesIO(stepper.snapshot()))
    assert picture.width >= sum(sheet.size[0] for sheet in stepper._sheets)
    for each in (stepper._verdict, stepper._equations, stepper._hint):
        assert "<script" not in each.value


def test_a_page_that_fails_leaves_the_one_on_show(stepper):
    shown = pixels(stepper)
    stepper.set(page="pooling", w=[[1]])
    assert "has no weights" in str(stepper.error) and (pixels(stepper) == shown).all()
    stepper.set(matrix="x", row=2, column=2)
    assert stepper.words.startswith("convolution: X at row 2, column 2 is")
    assert stepper._controls.by_name["page"].value == "convolution"
    stepper.page = "convolution"
    assert stepper.error is None and (stepper.x, stepper.w, stepper.g) == (X, W, G)


def test_rows_may_be_arrays(stepper):
    stepper.x = list(np.array(X))
    stepper.x = list(np.array(X))
    assert stepper.error is None and stepper.x == X
