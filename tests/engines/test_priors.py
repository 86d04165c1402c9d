"""What a picture should be like: each prior by hand, against a slow twin, and its gradient."""

import math

import pytest
import torch

from cnnviz_widgets.engines import L2, AlphaNorm, TotalVariation
from cnnviz_widgets.errors import TargetError
from tests.engines.records import Given, random, slope


def twin_l2(x):
    return sum(value**2 for value in x.flatten().tolist())


def twin_alpha_norm(x, alpha):
    return sum(abs(value) ** alpha for value in x.flatten().tolist())


def twin_tv(x, beta):
    """Pixel by pixel; what has no neighbour differs by 0 from it."""
    total = 0.0
    for channel in x.tolist():
        rows, columns = len(channel), len(channel[0])
        for i in range(rows):
            for j in range(columns):
                down = channel[i + 1][j] - channel[i][j] if i + 1 < rows else 0.0
                across = channel[i][j + 1] - channel[i][j] if j + 1 < columns else 0.0
                square = down**2 + across**2
                total += square ** (beta / 2) if beta == 2 else (square + 1e-5) ** (beta / 2)
    return total


PRIORS = [
    (L2(), twin_l2),
    (AlphaNorm(), lambda x: twin_alpha_norm(x, 6)),
    (AlphaNorm(2), twin_l2),
    (AlphaNorm(1), lambda x: twin_alpha_norm(x, 1)),
    (AlphaNorm(3.5), lambda x: twin_alpha_norm(x, 3.5)),
    (TotalVariation(), lambda x: twin_tv(x, 2)),
    (TotalVariation(1), lambda x: twin_tv(x, 1)),
    (TotalVariation(1.5), lambda x: twin_tv(x, 1.5)),
    (TotalVariation(3), lambda x: twin_tv(x, 3)),
]
WORDS = [
    f"{type(prior).__name__} {getattr(prior, 'beta', getattr(prior, 'alpha', ''))}" for prior, _ in PRIORS
]


@pytest.mark.parametrize(("prior", "twin"), PRIORS, ids=WORDS)
@pytest.mark.parametrize("shape", [(3, 3, 5, 7), (2, 1, 4, 1), (1, 2, 1, 1)])
def test_against_a_loop_over_pixels(prior, twin, shape):
    x = random(*shape)
    found = prior(Given(x))
    assert found.shape == (shape[0],)
    assert found.tolist() == pytest.approx([twin(each) for each in x], rel=1e-12)


@pytest.mark.parametrize("prior", [prior for prior, _ in PRIORS], ids=WORDS)
def test_the_gradient_is_that_of_finite_differences(prior):
    x = random(2, 2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda picture: prior(Given(picture)), (x,))


def test_by_hand():
    x = torch.tensor([[[[1.0, 3.0], [0.0, -2.0]]], [[[2.0, 2.0], [2.0, 2.0]]]])
    assert L2()(Given(x)).tolist() == [14, 16]
    assert AlphaNorm()(Given(x)).tolist() == [1 + 729 + 64, 4 * 64]
    assert AlphaNorm(1)(Given(x)).tolist() == [6, 8]
    # downwards -1 and -5, across 2 and -2
    assert TotalVariation()(Given(x)).tolist() == [1 + 25 + 4 + 4, 0]
    # at each pixel the root of the sum: sqrt(1 + 4), 5, 2 and 0
    expected = math.sqrt(5) + 5 + 2
    assert TotalVariation(1)(Given(x))[0].item() == pytest.approx(expected, abs=0.01)  # a root of 1e-5 at 0


def test_gradients_by_hand():
    x = torch.tensor([[[[1.0, 3.0], [0.0, -2.0]]]])
    assert slope(L2(), x).tolist() == [[[[2, 6], [0, -4]]]]
    assert slope(AlphaNorm(), x).tolist() == [[[[6, 6 * 243], [0, -6 * 32]]]]
    # twice the sum of the differences to the neighbours
    assert slope(TotalVariation(), x).tolist() == [
        [[[2 * (1 - 2), 2 * (5 + 2)], [2 * (-1 + 2), 2 * (-5 - 2)]]]
    ]


@pytest.mark.parametrize("prior", [prior for prior, _ in PRIORS], ids=WORDS)
def test_a_flat_picture_has_a_finite_gradient(prior):
    """Where a start of the mean colour is: no root may be taken of nothing."""
    assert torch.isfinite(slope(prior, torch.zeros(1, 3, 6, 6))).all()


def test_what_they_want_of_a_picture():
    flat, noisy = torch.full((1, 1, 8, 8), 0.5), 0.5 * random(1, 1, 8, 8).sign()
    step = torch.cat([torch.full((1, 1, 8, 4), -0.5), torch.full((1, 1, 8, 4), 0.5)], 3)
    ramp = torch.linspace(-0.5, 0.5, 8).expand(1, 1, 8, 8)
    l2, six = L2(), AlphaNorm()
    assert l2(Given(flat)) == l2(Given(noisy)) == l2(Given(step))  # all alike to it
    assert six(Given(2 * flat)) == 64 and six(Given(flat)) == 1  # free inside, held back beyond
    for beta in (1, 2):
        tv = TotalVariation(beta)
        assert tv(Given(flat)) < tv(Given(step)) < tv(Given(noisy))
    # beta = 2 would rather have a ramp than a step; 1 has no choice between them
    ramp, step = Given(ramp.double()), Given(step.double())
    assert TotalVariation()(ramp) < 0.2 * TotalVariation()(step)
    assert TotalVariation(1)(ramp).item() == pytest.approx(TotalVariation(1)(step).item(), rel=0.05)


def test_they_read_the_picture_and_no_layer():
    for prior in (L2(), AlphaNorm(), TotalVariation()):
        assert prior.layers == () and not prior.reads_scores
        with pytest.raises(TargetError, match="a prior reads the picture, and this record has none"):
            prior(Given())
    names = [each.name for each in (L2(), AlphaNorm(), AlphaNorm(2.5), TotalVariation(), TotalVariation(1))]
    assert names == ["L2", "6-norm", "2.5-norm", "TV", "TV (beta 1)"]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: AlphaNorm(0.5), "alpha is a number from 1 on, not 0.5"),
        (lambda: AlphaNorm(math.nan), "not nan"),
        (lambda: TotalVariation(0), "beta is a number above 0, not 0"),
        (lambda: TotalVariation(-1), "not -1"),
    ],
)
def test_powers_that_are_none(make, text):
    with pytest.raises(TargetError, match=text):
        make()
