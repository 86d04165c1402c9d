"""The way up where ReLUs are on is the gradient; where a unit is silent, its ReLUs are passed."""

import pytest
import torch
from torch import Tensor

from cnnviz_widgets.backend.differentiation import climbing_gradients
from cnnviz_widgets.errors import GradientError


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def leaf_of(x: Tensor) -> tuple[Tensor, Tensor]:
    """Give numbers that are optimised, and the pictures the network sees of them: twice as large."""
    leaf = x.clone().requires_grad_()
    return leaf, (2 * leaf).view_as(leaf)


class TwoLayers:
    """value = c . relu(B relu(A x)), all matrices."""

    def __init__(self, silent: bool = False) -> None:
        self.a, self.b, self.c = random(5, 4, seed=1), random(3, 5, seed=2), random(3, seed=3)
        if silent:  # whatever the first layer gives, the second has nothing above 0
            self.b = -self.b.abs()

    def hidden(self, x):
        return (x.flatten(1) @ self.a.T).relu()

    def __call__(self, x):
        return (self.hidden(x) @ self.b.T).relu() @ self.c

    def slope(self, x: Tensor, first_open: bool, second_open: bool) -> Tensor:
        """The chain rule written out, each ReLU's gate open or as it is."""
        below = x.flatten(1) @ self.a.T
        above = below.clamp(min=0) @ self.b.T
        first = torch.ones_like(below) if first_open else (below > 0).double()
        second = torch.ones_like(above) if second_open else (above > 0).double()
        return (((self.c * second) @ self.b * first) @ self.a).reshape(x.shape)


def test_where_something_gets_through_it_is_the_gradient():
    net = TwoLayers()
    leaf, seen = leaf_of(random(6, 1, 2, 2)[[0, 1, 2, 3, 5]])
    value = net(seen).sum()
    (expected,) = torch.autograd.grad(value, leaf, retain_graph=True)
    assert (expected != 0).flatten(1).any(1).all()
    gradient, woken = climbing_gradients(value, leaf, seen)
    assert torch.equal(gradient, expected) and woken == []
    torch.testing.assert_close(gradient, 2 * net.slope(2 * leaf.detach(), False, False))


def test_only_the_relu_that_lets_nothing_through_is_passed():
    """The second layer is silent; the first one's gates stay as they are."""
    net = TwoLayers(silent=True)
    leaf, seen = leaf_of(random(4, 1, 2, 2))
    gradient, woken = climbing_gradients(net(seen).sum(), leaf, seen)
    assert woken == [0, 1, 2, 3]
    torch.testing.assert_close(gradient, 2 * net.slope(2 * leaf.detach(), False, True))
    assert not torch.allclose(gradient, 2 * net.slope(2 * leaf.detach(), True, True))


def test_two_silent_relus_are_both_passed():
    net = TwoLayers(silent=True)
    net.a = -net.a.abs()
    leaf, seen = leaf_of(random(1, 1, 2, 2).abs())
    gradient, woken = climbing_gradients(net(seen).sum(), leaf, seen)
    assert woken == [0] and not net.hidden(seen).any()
    torch.testing.assert_close(gradient, 2 * net.slope(2 * leaf.detach(), True, True))


def test_by_hand_and_for_the_silent_picture_alone():
    """3 relu(x - 1) + a prior of -x² on the numbers themselves, which goes its own way and counts once."""
    leaf = torch.tensor([[[[0.5]]], [[[4.0]]], [[[-2.0]]]]).requires_grad_()
    seen = leaf.view_as(leaf)
    value = 3 * (seen - 1).relu().sum() - leaf.square().sum()
    gradient, woken = climbing_gradients(value, leaf, seen)
    assert gradient.flatten().tolist() == [3 - 1, 3 - 8, 3 + 4] and woken == [0, 2]


def test_ones_gradient_is_not_changed_by_the_others_silence():
    leaf = torch.tensor([[[[0.5, 3.0]]], [[[0.5, 0.5]]]], requires_grad=True)
    seen = leaf.view_as(leaf)
    gradient, woken = climbing_gradients((seen - 1).relu().sum(), leaf, seen)
    assert gradient.flatten(1).tolist() == [[0, 1], [1, 1]] and woken == [1]


def test_a_picture_with_one_way_up_keeps_its_other_gates():
    """Two branches: the first picture has neither, the second one of them."""
    leaf = torch.tensor([[[[0.0, 0.0]]], [[[5.0, 0.0]]]], requires_grad=True)
    seen = leaf.view_as(leaf)
    value = (seen[..., 0] - 1).relu().sum() + (seen[..., 1] - 1).relu().sum()
    gradient, woken = climbing_gradients(value, leaf, seen)
    assert gradient.flatten(1).tolist() == [[1, 1], [1, 0]] and woken == [0]


def test_a_ceiling_is_a_silence_too():
    leaf = torch.tensor([[[[9.0]]], [[[-1.0]]], [[[3.0]]]]).requires_grad_()
    seen = leaf.view_as(leaf)
    gradient, woken = climbing_gradients(torch.nn.functional.relu6(seen).sum(), leaf, seen)
    assert gradient.flatten().tolist() == [1, 1, 1] and woken == [0, 1]


def test_what_cannot_be_woken_is_not_said_to_be():
    leaf, seen = leaf_of(torch.tensor([[[[0.5]]], [[[2.0]]]]))
    weights = torch.tensor([0.0, 1.0])[:, None, None, None]  # the first picture counts for nothing
    gradient, woken = climbing_gradients((weights * (seen - 9).relu()).sum(), leaf, seen)
    assert gradient.flatten().tolist() == [0, 2] and woken == [1]
    leaf, seen = leaf_of(torch.zeros(1, 1, 1, 1))
    gradient, woken = climbing_gradients((seen**2).sum(), leaf, seen)  # flat, and no ReLU to blame
    assert gradient.item() == 0 and woken == []


def test_priors_alone_have_no_network_between():
    leaf = random(2, 1, 2, 2).requires_grad_()
    gradient, woken = climbing_gradients(-leaf.square().sum(), leaf, leaf.view_as(leaf))
    assert torch.equal(gradient, -2 * leaf) and woken == []


def test_what_has_no_gradient():
    leaf, seen = leaf_of(random(1, 1, 2, 2))
    with pytest.raises(GradientError, match="the objective does not depend on the picture"):
        climbing_gradients(torch.tensor(3.0), leaf, seen)
    other = torch.ones(1, requires_grad=True)
    with pytest.raises(GradientError, match="does not depend on what is optimised"):
        climbing_gradients(other.sum(), leaf, seen)
