"""How a gradient becomes a step: by hand, against the papers' formulas and PyTorch's optimizers."""

import math

import pytest
import torch

from cnnviz_widgets.engines import Adam, Ascent, Momentum, stages
from cnnviz_widgets.errors import InputError
from tests.engines.records import random


def followed(optimizer, slope, x, steps):
    """Step uphill and keep every place."""
    places, memory = [], {}
    for index in range(1, steps + 1):
        x = optimizer.step(x, slope(x, index), index, memory)
        places.append(x)
    return places


def wobbly(x, index):
    """A gradient that changes its size and sign."""
    return torch.sin(7 * x + index) * 10 ** math.sin(index) - 0.1 * x


def torch_followed(make, slope, x, steps, rates=None):
    x = x.clone().requires_grad_()
    optimizer = make([x])
    places = []
    for index in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = rates(index) if rates else group["lr"]
        x.grad = slope(x.detach(), index)
        optimizer.step()
        places.append(x.detach().clone())
    return places


def test_adam_is_pytorchs():
    x = random(2, 3, 4, 4)
    ours = followed(Adam(0.07), wobbly, x, 30)
    theirs = torch_followed(lambda p: torch.optim.Adam(p, lr=0.07, maximize=True), wobbly, x, 30)
    torch.testing.assert_close(ours, theirs)
    faint = lambda x, index: 1e-8 * wobbly(x, index)  # noqa: E731 - where what guards the division counts
    theirs = torch_followed(lambda p: torch.optim.Adam(p, lr=0.07, maximize=True), faint, x, 5)
    torch.testing.assert_close(followed(Adam(0.07), faint, x, 5), theirs)
    rate = stages((10, 0.1), (10, 0.01))
    ours = followed(Adam(rate, betas=(0.5, 0.9)), wobbly, x, 30)
    make = lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.5, 0.9), maximize=True)  # noqa: E731
    torch.testing.assert_close(ours, torch_followed(make, wobbly, x, 30, rate))


def test_momentum_is_pytorchs_while_the_rate_stays():
    """PyTorch keeps the gradients' sum and scales it by the rate; with one rate the way is the same."""
    x = random(2, 3, 4, 4)
    ours = followed(Momentum(0.02, 0.8), wobbly, x, 25)
    theirs = torch_followed(lambda p: torch.optim.SGD(p, 0.02, 0.8, maximize=True), wobbly, x, 25)
    torch.testing.assert_close(ours, theirs)


def test_momentum_by_hand_forgets_when_the_rate_changes():
    places = followed(
        Momentum(stages((2, 1.0), (9, 0.1)), 0.5), lambda x, _: torch.ones(1), torch.zeros(1), 4
    )
    # v: 1, 1/2 + 1, then from 0 again: 0.1, 0.05 + 0.1
    assert [each.item() for each in places] == pytest.approx([1, 2.5, 2.6, 2.75])


def test_momentum_forgets_a_rate_that_was_set_in_between():
    optimizer, memory, x = Momentum(1.0, 0.9), {}, torch.zeros(1)
    for index in (1, 2):
        x = optimizer.step(x, torch.ones(1), index, memory)
    optimizer.rate = 2.0
    assert (optimizer.step(x, torch.ones(1), 3, memory) - x).item() == 2


def test_adam_counts_its_own_steps():
    """After a climb that broke and goes on it begins anew: its first step has the size of the rate again."""
    assert Adam(0.5).step(torch.zeros(1), torch.full((1,), -3.0), 90, {}).item() == pytest.approx(-0.5)


def test_ascent_by_hand():
    # the mean counts where there is a gradient: a unit that sees one pixel steps there as far as any other
    gradient = torch.tensor([[[[1.0, -3.0]]], [[[0.0, 0.02]]], [[[0.0, 0.0]]]])  # of mean size 2, 0.02 and 0
    x = torch.ones(3, 1, 1, 2)
    found = Ascent(0.5).step(x, gradient, 1, {})
    assert found.flatten(1).tolist() == [[1.25, 0.25], [1, 1.5], [1, 1]]
    plain = Ascent(0.5, normalized=False).step(x, gradient, 1, {})
    assert plain.flatten(1).tolist() == [[1.5, -0.5], [1, pytest.approx(1.01)], [1, 1]]


def test_a_normalised_step_has_the_size_of_the_rate():
    for scale in (1e-30, 1e-3, 1e6):
        gradient = scale * random(3, 3, 5, 5)
        found = Ascent(0.25).step(torch.zeros_like(gradient), gradient, 1, {})
        assert found.flatten(1).abs().mean(1).tolist() == pytest.approx([0.25] * 3)
        assert torch.equal(found.sign(), gradient.sign())


@pytest.mark.parametrize("optimizer", [Ascent(0.1), Momentum(0.01), Adam(0.05)], ids=str)
def test_each_picture_steps_as_alone(optimizer):
    x = random(3, 2, 4, 4)
    together = followed(optimizer, wobbly, x, 5)[-1]
    alone = torch.cat([followed(optimizer, wobbly, x[n : n + 1], 5)[-1] for n in range(3)])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("optimizer", [Ascent(0.1), Momentum(0.01), Adam(0.05)], ids=str)
def test_nothing_given_is_changed(optimizer):
    x, gradient, memory = random(1, 2, 3, 3), random(1, 2, 3, 3, seed=1), {}
    before = x.clone(), gradient.clone()
    kept = [optimizer.step(x, gradient, index, memory) for index in (1, 2)]
    copies = [each.clone() for each in kept]
    optimizer.step(kept[-1], gradient, 3, memory)
    assert torch.equal(x, before[0]) and torch.equal(gradient, before[1])
    assert all(torch.equal(a, b) for a, b in zip(kept, copies, strict=True))


@pytest.mark.parametrize("optimizer", [Ascent(0.05), Momentum(0.02), Adam(0.05)], ids=str)
def test_they_find_the_top_of_a_hill(optimizer):
    target = random(1, 2, 3, 3)
    places = followed(optimizer, lambda x, _: 2 * (target - x), torch.zeros_like(target), 400)
    assert (places[-1] - target).abs().max() < 0.15


def test_stages_by_hand():
    rate = stages((2, 0.4), (3, 0.04), (1, 0.004))
    assert [rate(step) for step in range(1, 9)] == [0.4, 0.4, 0.04, 0.04, 0.04, 0.004, 0.004, 0.004]
    places = followed(Ascent(rate, normalized=False), lambda x, _: torch.ones(1), torch.zeros(1), 3)
    assert [each.item() for each in places] == pytest.approx([0.4, 0.8, 0.84])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: stages(), "stages are pairs of a number of steps and a rate"),
        (lambda: stages((0, 0.1)), "stages are pairs"),
        (lambda: Momentum(0.1, 1.0), "a momentum is from 0 to below 1, not 1.0"),
        (lambda: Momentum(0.1, -0.1), "not -0.1"),
        (lambda: Ascent(-1.0).step(torch.zeros(1, 1), torch.ones(1, 1), 1, {}), "a rate is .* not -1"),
        (lambda: Adam(math.nan).step(torch.zeros(1, 1), torch.ones(1, 1), 1, {}), "a rate is .* not nan"),
        (lambda: Momentum(lambda _: -2).step(torch.zeros(1, 1), torch.ones(1, 1), 1, {}), "not -2"),
    ],
)
def test_settings_that_are_none(make, text):
    with pytest.raises(InputError, match=text):
        make()
