"""Every way to say what to explain."""

import numpy as np
import pytest
import torch

from cnnviz_widgets.backend import Objective
from cnnviz_widgets.backend.targets import class_index, class_indices, class_score
from cnnviz_widgets.errors import TargetError
from tests.backend.toy_nets import Unit

CLASSES = ["Tabby", "crane", "rocket", "crane"]
SCORES = torch.tensor([[1.0, 5.0, 3.0, 2.0], [9.0, 0.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (None, [1, 0]),
        (2, [2, 2]),
        (np.int64(3), [3, 3]),
        (np.array(3), [3, 3]),
        (torch.tensor(1), [1, 1]),
        ("rocket", [2, 2]),
        ("TABBY", [0, 0]),
        ([0, "rocket"], [0, 2]),
        ((3, 1), [3, 1]),
        (range(2), [0, 1]),
        (np.array([2, 0]), [2, 0]),
        (torch.tensor([2, 0]), [2, 0]),
        (torch.tensor([2, 0], dtype=torch.uint8), [2, 0]),
    ],
)
def test_a_class_for_each_picture(target, expected):
    assert class_indices(target, CLASSES, SCORES) == expected


def test_scores_of_the_classes_by_hand():
    assert class_score(SCORES, [2, 0]).tolist() == [3, 9]


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("crane", r"2 classes are called 'crane': give one of the numbers \[1, 3\]"),
        ("rokcet", "no class 'rokcet'. Did you mean 'rocket'"),
        ("", "no class ''"),
        (4, "no class 4: this model's classes are numbered 0 to 3"),
        (-1, "no class -1"),
        (True, "not True of type bool"),
        (1.0, "not 1.0 of type float"),
        (torch.tensor([1.0, 2.0]), "not 1.0 of type float"),
        ([1, None], "not None of type NoneType"),
        ([1, 2, 3], "3 classes were given for 2 pictures"),
        ([[1], [2]], r"not \[1\] of type list"),
        (object(), "a class is a number or a name"),
    ],
)
def test_what_is_no_class(target, text):
    with pytest.raises(TargetError, match=text):
        class_indices(target, CLASSES, SCORES)


def test_a_name_where_there_are_none():
    with pytest.raises(TargetError, match="this model has no class names; give a number from 0 to 3"):
        class_index("cat", None, 4)


def test_what_an_objective_is():
    assert isinstance(Unit("conv1", 0), Objective)
    assert not isinstance(len, Objective)
