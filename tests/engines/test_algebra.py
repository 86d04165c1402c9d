"""Objectives add, scale and change sign, and each term keeps its name and its number."""

import math

import pytest
import torch
from torch import Tensor

from cnnviz_widgets.backend import Objective
from cnnviz_widgets.engines import L2, Channel, ClassScore, Neuron, Term, TotalVariation
from cnnviz_widgets.engines.algebra import Sum, evaluate, one_each
from cnnviz_widgets.errors import TargetError
from tests.engines.records import Given, random

MAPS = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[-1.0, -1.0], [-1.0, -5.0]]]])  # channels of mean 3 and -2
RECORD = Given(torch.tensor([[[[1.0, 2.0]]]]), scores=torch.tensor([[7.0, 11.0]]), conv=MAPS)


def test_a_sum_by_hand():
    objective = 2 * Channel("conv", 0) - 0.5 * Neuron("conv", 1, 1, 1) - 3 * L2() + ClassScore(1)
    assert evaluate(objective, RECORD) == {
        "conv channel 0": 6.0,
        "conv channel 1 at row 1, column 1": 2.5,
        "L2": -15.0,  # 1 + 4, times 3
        "class score": 11.0,
    }
    assert objective(RECORD).tolist() == [4.5]
    assert (
        objective.name == "2 conv channel 0 + -0.5 conv channel 1 at row 1, column 1 + -3 L2 + 1 class score"
    )


def test_signs_and_weights_go_through_brackets():
    a, b = Channel("conv", 0), Channel("conv", 1)  # 3 and -2
    for objective, expected in [
        (a + b, 1),
        (a - b, 5),
        (-a, -3),
        (-(a - b), -5),
        (2 * (a - 0.5 * (b - a)), 11),
        ((a + b) * 3, 3),
        (a + a, 6),
        (a - a, 0),
        (0 * a + b, -2),
    ]:
        assert objective(RECORD).tolist() == [expected], objective.name
    assert (a + b).parts == ((1.0, a), (1.0, b)) and a.parts == ((1.0, a),)


@pytest.mark.parametrize("seed", range(5))
def test_any_expression_is_the_sum_of_its_parts(seed):
    """Against numbers that Python itself adds and multiplies."""
    generator = torch.Generator().manual_seed(seed)
    record = Given(random(3, 2, 4, 4, seed=seed), conv=random(3, 4, 5, 5, seed=seed + 10))
    terms = [Channel("conv", 1), Neuron("conv", 2, 3, 4), L2(), TotalVariation(), Channel("conv", 0)]
    objective, number = terms[0], terms[0](record)
    for _ in range(8):
        which, how = torch.randint(0, 5, (2,), generator=generator).tolist()
        weight = torch.randn((), generator=generator).item()
        other = terms[which]
        if how == 0:
            objective, number = objective + weight * other, number + weight * other(record)
        elif how == 1:
            objective, number = objective - other, number - other(record)
        elif how == 2:
            objective, number = weight * objective, weight * number
        elif how == 3:
            objective, number = -objective + other, -number + other(record)
        else:
            objective, number = other - objective, other(record) - number
    torch.testing.assert_close(objective(record), number)
    torch.testing.assert_close(sum(evaluate(objective, record).values()), number)
    assert number.shape == (3,)


def test_a_sum_reads_what_its_terms_read():
    priors = L2() + TotalVariation()
    assert priors.layers == () and not priors.reads_scores
    both = Channel("conv2", 0) + 2 * Neuron("conv1", 1) - Channel("conv2", 5)
    assert both.layers == ("conv2", "conv1") and not both.reads_scores
    assert (both - L2()).layers == both.layers
    assert (both + ClassScore("cat")).reads_scores and ClassScore(0).reads_scores
    assert ClassScore(0).layers == () and isinstance(both, Objective) and isinstance(L2(), Term)


def test_terms_of_one_name_are_numbered():
    found = evaluate(Channel("conv", 0) + L2() - 2 * Channel("conv", 0), RECORD)
    assert found == {"conv channel 0 (1)": 3.0, "L2": 5.0, "conv channel 0 (2)": -6.0}
    several = [Channel("conv", [0]), Channel("conv", [1])]
    assert list(evaluate(several[0] + several[1], RECORD)) == ["channels of conv (1)", "channels of conv (2)"]


def test_a_term_of_ones_own_joins_in():
    class Brightest(Term):
        layers = ("conv",)

        def __call__(self, record) -> Tensor:
            return record["conv"].flatten(1).amax(1)

    objective = Brightest() - 2 * L2()
    assert objective.layers == ("conv",)
    assert evaluate(objective, RECORD) == {"Brightest": 6.0, "L2": -10.0}


def test_the_terms_stay_as_they_were():
    a, b = Channel("conv", 0), L2()
    first = a - b
    second = first + first
    assert len(first.parts) == 2 and len(second.parts) == 4 and a == Channel("conv", 0)
    assert isinstance(first, Sum) and first == a - b and first != a + b


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda a: a + 1, "an objective is made of objectives, not of int: of Channel, Neuron"),
        (lambda a: a - torch.ones(2), "not of Tensor"),
        (lambda a: a * a, "scaled by a finite number, not by Channel"),
        (lambda a: a * math.nan, "scaled by a finite number, not by nan"),
        (lambda a: math.inf * a, "scaled by a finite number, not by inf"),
        (lambda a: True * a, "not by True"),
        (lambda a: a * "2", "not by '2'"),
    ],
)
def test_what_does_not_add_up(make, text):
    with pytest.raises(TargetError, match=text):
        make(Channel("conv", 0))


def test_a_plain_term_has_no_number():
    with pytest.raises(NotImplementedError):
        Term()(RECORD)


def test_one_for_each_picture():
    assert one_each(3, 7, "channel") == 3 and one_each([1, 2], 2, "channel") == [1, 2]
    with pytest.raises(TargetError, match="2 numbers were given as row for 3 pictures"):
        one_each([1, 2], 3, "row")
