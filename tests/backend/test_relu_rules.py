"""The rules where every number can be worked out by hand, and where ReLUs hide."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from cnnviz_widgets.backend import HookedModel, backprop, deconvnet, guided
from cnnviz_widgets.backend.relu_rules import find_rule
from cnnviz_widgets.errors import ReluError
from tests.backend.relu_twins import ALL_RULES, twin_gradient

X = [-1.0, 2.0, 3.0, -4.0]
G = [1.0, -1.0, 2.0, 5.0]
BY_HAND = {"backprop": [0, -1, 2, 0], "deconvnet": [1, 0, 2, 5], "guided": [0, 0, 2, 0]}


class Weighed(nn.Module):
    """score = sum g * relu(x): what comes down to the ReLU is g."""

    def __init__(self, relu, g=G):
        super().__init__()
        self.relu = relu
        self.register_buffer("g", torch.tensor(g))

    def forward(self, x):
        return (self.relu(x * 1) * self.g).sum(1, keepdim=True)


def in_place(x):
    return F.relu(x, inplace=True)


RELUS = {
    "nn.ReLU": nn.ReLU(),
    "nn.ReLU in place": nn.ReLU(inplace=True),
    "F.relu": F.relu,
    "F.relu in place": in_place,
    "torch.relu": torch.relu,
    "Tensor.relu": torch.Tensor.relu,
    "Tensor.relu_": torch.Tensor.relu_,
    "nn.ReLU6": nn.ReLU6(),
    "F.relu6": F.relu6,
    "F.hardtanh(0, 9)": lambda x: F.hardtanh(x, 0, 9),
    "clamp(min=0)": lambda x: x.clamp(min=0),
    "clamp(0, 9)": lambda x: x.clamp(0, 9),
    "clamp_min(0)": lambda x: x.clamp_min(0),
    "threshold(0, 0)": lambda x: F.threshold(x, 0, 0),
    "nn.Threshold": nn.Threshold(0, 0),
}


@pytest.mark.parametrize("relu", RELUS.values(), ids=RELUS)
def test_the_lecture_slide_by_hand(relu):
    model = HookedModel(Weighed(relu), (4,))
    gradients = model.gradients(torch.tensor([X]), 0)
    assert {rule: gradients[rule][0].tolist() for rule in ALL_RULES} == BY_HAND
    assert gradients.value.tolist() == [4.0]  # -1 * 2 + 2 * 3


@pytest.mark.parametrize("relu6", [nn.ReLU6(), F.relu6, lambda x: x.clamp(0, 6)])
def test_relu6_has_a_ceiling_that_deconvnet_does_not_see(relu6):
    x = [-0.5, 0.5, 5.5, 6.5, 6.5, 5.5, -0.5]
    g = [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0]
    gradients = HookedModel(Weighed(relu6, g), (7,)).gradients(torch.tensor([x]), 0)
    assert gradients["backprop"][0].tolist() == [0, 1, 1, 0, 0, -1, 0]
    assert gradients["deconvnet"][0].tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert gradients["guided"][0].tolist() == [0, 1, 1, 0, 0, 0, 0]


def test_at_zero_a_relu_is_shut():
    gradients = HookedModel(Weighed(nn.ReLU(), [3.0]), (1,)).gradients(torch.zeros(1, 1), 0)
    assert [gradients[rule].item() for rule in ALL_RULES] == [0, 3, 0]


NOT_RELUS = {
    "leaky_relu": nn.LeakyReLU(0.1),
    "hardtanh(-1, 1)": nn.Hardtanh(),
    "clamp(min=-1)": lambda x: x.clamp(min=-1),
    "clamp(max=0)": lambda x: x.clamp(max=0),
    "gelu": F.gelu,
    "silu": F.silu,
    "elu": F.elu,
    "sigmoid": torch.sigmoid,
    "threshold(1, 0)": lambda x: F.threshold(x, 1, 0),
    "nothing": nn.Identity(),
}


@pytest.mark.parametrize("function", NOT_RELUS.values(), ids=NOT_RELUS)
@pytest.mark.parametrize("rule", ["deconvnet", "guided"])
def test_what_is_no_relu_is_refused(function, rule):
    model = HookedModel(Weighed(function), (4,))
    with pytest.raises(ReluError, match=f"{rule} says what happens at ReLUs, and Weighed has none"):
        model.gradient(torch.tensor([X]), 0, rule)
    assert model.gradient(torch.tensor([X]), 0).shape == (1, 4)


def test_the_error_names_the_activations():
    model = HookedModel(nn.Sequential(nn.Linear(4, 4), nn.GELU(), nn.Linear(4, 2), nn.Tanh()), name="mine")
    with pytest.raises(
        ReluError, match=r"mine has none .* its activations are gelu, tanh. Use rule=backprop"
    ):
        model.gradient(torch.ones(1, 4), 0, guided)


class Hidden(nn.Module):
    """A ReLU that works in place on a view, and so vanishes from the autograd graph."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 6), nn.Linear(6, 2)

    def forward(self, x):
        h = self.first(x)
        h[:, :3].relu_()
        return self.last(h.relu())


class Remembering(nn.Module):
    def __init__(self, use_reentrant):
        super().__init__()
        self.first, self.last = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 6)), nn.Linear(6, 2)
        self.use_reentrant = use_reentrant

    def forward(self, x):
        return self.last(checkpoint(self.first, x, use_reentrant=self.use_reentrant).relu())


@pytest.mark.parametrize(
    ("network", "advice"),
    [
        (Hidden(), "CopySlices.*inplace=False"),
        (Remembering(True), "CheckpointFunction.*use_reentrant=False"),
    ],
)
def test_a_relu_out_of_sight_is_an_error_and_not_a_wrong_picture(network, advice):
    model = HookedModel(network)
    with pytest.raises(ReluError, match=f"out of sight \\({advice}"):
        model.gradient(torch.ones(1, 4), 0, guided)


def test_checkpointing_without_reentry_is_followed():
    network = Remembering(False).double()
    x = torch.randn(3, 4, dtype=torch.float64)
    gradients = HookedModel(network).gradients(x, 1)
    for rule in ALL_RULES:
        torch.testing.assert_close(gradients[rule], twin_gradient(network, x, 1, rule)[0])


def test_one_relu_called_three_times_acts_three_times():
    class Thrice(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 2)
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x):
            return self.relu(self.c(self.relu(self.b(self.relu(self.a(x))))))

    torch.manual_seed(1)
    network = Thrice().double()
    x = torch.randn(16, 8, dtype=torch.float64)
    gradients = HookedModel(network).gradients(x, 1)
    for rule in ALL_RULES:
        expected, relus = twin_gradient(network, x, 1, rule)
        assert relus == 3
        torch.testing.assert_close(gradients[rule], expected, rtol=0, atol=0)
    assert not torch.equal(gradients["guided"], gradients["backprop"])


def test_relus_beside_the_way_to_the_picture_do_not_count():
    class Beside(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias, self.fc = nn.Parameter(torch.randn(2)), nn.Linear(4, 2)

        def forward(self, x):
            bias = self.bias * 1
            bias[:1].zero_()
            return self.fc(x).tanh() + bias.relu()

    model = HookedModel(Beside())
    with pytest.raises(ReluError, match="none on the way to the picture: its activations are tanh"):
        model.gradient(torch.ones(1, 4), 0, guided)


def test_guided_lets_through_only_what_both_others_do():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 3))
    network[2].weight.data.abs_()
    gradients = HookedModel(network).gradients(torch.randn(4, 20), 0)
    # With one ReLU and nothing negative above it, every rule but deconvnet's is the plain gradient.
    torch.testing.assert_close(gradients["guided"], gradients["backprop"])
    assert not torch.allclose(gradients["deconvnet"], gradients["backprop"])


def test_rules_by_name_and_nearest():
    assert find_rule("guided") is guided and find_rule(deconvnet) is deconvnet
    assert repr(backprop) == "backprop" and guided.formula == "g * 1(g > 0) * 1(x > 0)"
    with pytest.raises(ReluError, match="no ReLU rule 'Guided'; there are 'backprop', 'deconvnet', 'guided'"):
        find_rule("Guided")
