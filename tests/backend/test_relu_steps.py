"""What each ReLU sees on the way back: by hand, and against twins whose ReLUs are modules."""

import contextlib

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.backend.relu_steps import relu_steps
from cnnviz_widgets.engines import Neuron
from cnnviz_widgets.errors import CnnvizError, GradientError, ReluError, TargetError
from tests.backend.module_relus import with_module_relus
from tests.backend.relu_twins import ALL_RULES
from tests.backend.test_untouched import awkward_net, fingerprint
from tests.backend.toy_nets import Unit, pictures, small_net


class Two(nn.Module):
    """score = sum of weights * relu(relu(x) - 1); every gradient can be written down."""

    def __init__(self, relu=F.relu):
        super().__init__()
        self.relu = relu
        self.register_buffer("g", torch.tensor([1.0, -1.0, 2.0, 5.0]))

    def forward(self, x):
        return (self.relu(self.relu(x * 1) - 1) * self.g).sum(1, keepdim=True)


def test_two_relus_by_hand():
    # The second ReLU's input is -1 1 2 -1, the first one's -1 2 3 -4.
    found = relu_steps(HookedModel(Two(), (4,)), torch.tensor([[-1.0, 2.0, 3.0, -4.0]]), 0)
    last, first = found.steps
    assert [last.layer.name, first.layer.name] == ["relu_1", "relu"]
    assert last.forward.tolist() == [[0, 1, 2, 0]] and first.forward.tolist() == [[0, 2, 3, 0]]
    assert last.gate.tolist() == first.gate.tolist() == [[False, True, True, False]]
    assert all(last.incoming[rule].tolist() == [[1, -1, 2, 5]] for rule in ALL_RULES)
    # What came down to the first is what the rule let through the second.
    assert first.incoming["backprop"].tolist() == [[0, -1, 2, 0]]
    assert first.incoming["deconvnet"].tolist() == [[1, 0, 2, 5]]
    assert first.incoming["guided"].tolist() == [[0, 0, 2, 0]]
    assert found.gradients["deconvnet"].tolist() == [[1, 0, 2, 5]]
    assert found.gradients.value.tolist() == [3.0] and found.unnamed == 0


@pytest.mark.parametrize("relu", [nn.ReLU6(), F.relu6, lambda x: F.hardtanh(x, 0, 6)])
def test_a_ceiling_shuts_the_gate(relu):
    class Weighed(nn.Module):
        def forward(self, x):
            return relu(x * 1).sum(1, keepdim=True)

    (step,) = relu_steps(HookedModel(Weighed(), (4,)), torch.tensor([[-1.0, 0.0, 3.0, 7.0]]), 0).steps
    assert step.gate.tolist() == [[False, False, True, False]]
    assert step.forward.tolist() == [[0, 0, 3, 6]]


def test_the_gradients_are_the_models_own():
    model, x = HookedModel(small_net(), (1, 12, 12)), pictures(3)
    for target in (None, 2, Unit("conv2", 1), lambda scores: scores.square().sum(1)):
        found, expected = relu_steps(model, x, target).gradients, model.gradients(x, target)
        assert found.target == expected.target and torch.equal(found.value, expected.value)
        for rule in ALL_RULES:
            assert torch.equal(found[rule], expected[rule])


def test_in_place_relus_called_twice_and_dropout_after():
    class Reused(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu, self.drop, self.fc = nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(6, 3)
            self.first = nn.Linear(5, 6)

        def forward(self, x):
            h = self.drop(self.relu(self.first(x)))
            return self.fc(self.relu(h - 0.2).mul(2))

    torch.manual_seed(0)
    network, x = Reused().double(), torch.randn(2, 5, dtype=torch.float64)
    found = relu_steps(HookedModel(network, (5,)), x, 1)
    assert [step.layer.name for step in found.steps] == ["relu_1", "relu"]
    h = (x @ network.first.weight.T + network.first.bias).clamp(min=0)
    torch.testing.assert_close(found.steps[1].forward, h)
    torch.testing.assert_close(found.steps[0].forward, (h - 0.2).clamp(min=0))
    torch.testing.assert_close(
        found.steps[0].incoming["guided"], (2 * network.fc.weight[1]).expand(2, 6).detach()
    )


def test_what_works_in_place_afterwards_does_not_rewrite_a_step():
    class Doubled(nn.Module):
        def forward(self, x):
            return F.relu6(x * 1).mul_(2).sum(1, keepdim=True)

    (step,) = relu_steps(HookedModel(Doubled(), (3,)), torch.tensor([[-1.0, 2.0, 7.0]]), 0).steps
    assert step.forward.tolist() == [[0, 2, 6]] and step.incoming["backprop"].tolist() == [[2, 2, 2]]


def test_an_objective_sees_only_the_relus_below_it():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3), nn.ReLU(), nn.Conv2d(2, 1, 3))
    model = HookedModel(network, (1, 12, 12))
    x = torch.randn(1, 1, 12, 12)
    assert [step.layer.name for step in relu_steps(model, x, Unit("2", 0)).steps] == ["1"]
    (step,) = relu_steps(model, x, Neuron("1", 1, 4, 5)).steps
    expected = torch.zeros(1, 2, 10, 10)
    expected[0, 1, 4, 5] = 1
    assert torch.equal(step.incoming["guided"], expected)
    assert relu_steps(model, x, Unit("0", 0)).steps == ()


def test_relus_that_are_no_layer_are_counted():
    class Clamped(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.b(self.a(x).clamp(min=0).relu())

    found = relu_steps(HookedModel(Clamped(), (4,)), torch.randn(1, 4), 0)
    assert [step.layer.name for step in found.steps] == ["relu"] and found.unnamed == 1


def test_without_a_relu_there_is_backprop_alone():
    model = HookedModel(nn.Sequential(nn.Linear(4, 4), nn.GELU(), nn.Linear(4, 2)), (4,), name="mine")
    with pytest.raises(ReluError, match="guided says what happens at ReLUs, and mine has none"):
        relu_steps(model, torch.ones(1, 4), 0, ["backprop", "guided"])
    found = relu_steps(model, torch.ones(1, 4), 0, ["backprop"])
    assert found.steps == () and torch.equal(found.gradients["backprop"], model.gradient(torch.ones(1, 4), 0))


def test_errors_say_what_is_wrong():
    model, x = HookedModel(small_net(), (1, 12, 12)), pictures(1)
    with pytest.raises(TargetError, match="there is no class 9"):
        relu_steps(model, x, 9)
    with pytest.raises(TargetError, match="has no row 40: they go from 0 to 11"):
        relu_steps(model, x, Neuron("conv2", 1, 40, 0))
    with pytest.raises(GradientError, match="does not depend on the picture"):
        relu_steps(model, x, lambda scores: scores.detach().sum())


ASKED = {
    "a class": lambda m, x: relu_steps(m, x, 1),
    "top classes": relu_steps,
    "an objective": lambda m, x: relu_steps(m, x, Unit("conv2", 1)),
    "no such class": lambda m, x: relu_steps(m, x, 99),
    "no such rule": lambda m, x: relu_steps(m, x, 1, ["gudied"]),
    "a raising objective": lambda m, x: relu_steps(m, x, lambda s: s[99]),
    "no path": lambda m, x: relu_steps(m, x, lambda s: s.detach().sum()),
    "a wrong shape": lambda m, x: relu_steps(m, x[0], 1),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("caller", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_nothing_is_left_behind(name, caller):
    network = awkward_net()
    model, x = HookedModel(network, (1, 12, 12)), pictures(2)
    before, random = fingerprint(network), torch.get_rng_state()
    with caller():
        mode = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        with contextlib.suppress(CnnvizError, IndexError):
            ASKED[name](model, x)
        assert mode == (torch.is_grad_enabled(), torch.is_inference_mode_enabled())
    assert fingerprint(network) == before and torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyboardInterrupt()])
def test_a_network_that_raises_is_left_as_it_was(error):
    network = awkward_net()
    model, before = HookedModel(network, (1, 12, 12)), fingerprint(network)
    network.fail_with = error
    with pytest.raises((type(error), CnnvizError)):
        relu_steps(model, pictures(1), 1)
    assert fingerprint(network) == before
    network.fail_with = None
    assert len(relu_steps(model, pictures(1), 1).steps) == 2


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "side", "relus"), [("googlenet", 96, 57), ("densenet121", 64, 121), ("squeezenet1_1", 64, 26)]
)
def test_equal_to_a_twin_whose_relus_are_modules(name, side, relus):
    torch.manual_seed(0)
    options = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    network = models.get_model(name, weights=None, num_classes=7, **options).double().eval()
    x = torch.rand(1, 3, side, side, dtype=torch.float64) - 0.3
    found = relu_steps(HookedModel(network, (3, side, side)), x, 2)
    assert len(found.steps) == relus and found.unnamed == 0
    for rule in ALL_RULES:
        twin, ruled = with_module_relus(network, rule)
        leaf = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(twin(leaf)[:, 2].sum(), leaf)
        assert len(ruled) == relus and gradient.abs().max() > 0
        close(found.gradients[rule], gradient)
        for step, module in zip(found.steps, reversed(ruled), strict=True):
            close(step.forward, module.forward_map)
            assert torch.equal(step.gate, module.was_open)
            close(step.incoming[rule], module.came_down)
    apart = [found.gradients[one] - found.gradients["backprop"] for one in ("deconvnet", "guided")]
    assert all(each.abs().max() > 0 for each in apart)


def close(a, b):
    torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9 * float(b.abs().max()))
