"""Gradients: by hand, by small differences, from one pass for all rules."""

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel, backprop, deconvnet, guided
from cnnviz_widgets.errors import GradientError, InputError, ReluError, TargetError
from tests.backend.relu_twins import ALL_RULES, twin_gradient
from tests.backend.toy_nets import Unit, pictures, small_net


@pytest.fixture
def model():
    return HookedModel(small_net(), (1, 12, 12), classes=["ant", "bee", "cat", "dog", "eel"])


def test_a_linear_network_gives_its_weights():
    net = nn.Linear(3, 2, bias=False)
    net.weight.data = torch.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
    gradients = HookedModel(net).gradients(torch.tensor([[1.0, 1.0, 1.0], [0.0, 2.0, 0.0]]), rules=[backprop])
    assert gradients.target == (1, 1) and gradients.value.tolist() == [3, 10]
    assert gradients[backprop].tolist() == [[4, 5, -6], [4, 5, -6]]


def test_the_gradient_is_what_a_small_change_makes(model):
    x, step = pictures(), 1e-6
    gradient = model.gradient(x, "cat")
    for row, column in [(0, 0), (5, 7), (11, 11)]:
        moved = x.clone()
        moved[0, 0, row, column] += step
        slope = (model.scores(moved) - model.scores(x))[0, 2] / step
        assert abs(slope - gradient[0, 0, row, column]) < 1e-6


@pytest.mark.parametrize("target", [0, [1, 4, 2], None])
def test_every_rule_is_its_twin(model, target):
    x = pictures(3)
    gradients = model.gradients(x, target)
    indices = [0, 0, 0] if target == 0 else target or model.scores(x).argmax(1).tolist()
    assert gradients.target == tuple(indices)
    for i, index in enumerate(indices):
        assert gradients.value[i] == model.scores(x)[i, index]
        for rule in ALL_RULES:
            expected, relus = twin_gradient(model.network.eval(), x[i : i + 1], index, rule)
            assert relus == 2
            torch.testing.assert_close(gradients[rule][i : i + 1], expected)


def test_one_forward_pass_serves_all_rules(model):
    passes = model.network.passes
    gradients = model.gradients(pictures(), 1)
    assert model.network.passes == passes + 1
    assert set(gradients.by_rule) == set(ALL_RULES)
    for rule in (backprop, deconvnet, guided):
        torch.testing.assert_close(gradients[rule], model.gradient(pictures(), 1, rule), rtol=0, atol=0)


def test_rules_may_come_twice_or_alone(model):
    twice = model.gradients(pictures(), 1, [guided, "backprop", "guided"])
    assert list(twice.by_rule) == ["guided", "backprop"]
    assert list(model.gradients(pictures(), 1, "guided").by_rule) == ["guided"]


def test_the_picture_given_is_not_touched(model):
    x = pictures().requires_grad_()
    held = x.detach().clone()
    gradient = model.gradient(x, 1)
    assert x.grad is None and torch.equal(x, held) and not gradient.requires_grad
    leaf = model.scores(x)
    assert leaf.requires_grad and not model.scores(x.detach()).requires_grad


def test_an_objective_costs_only_its_layers(model):
    reached = model.network.reached_end
    x = pictures(2)
    gradients = model.gradients(x, Unit("conv2", 3))
    assert model.network.reached_end == reached and gradients.target is None
    x.requires_grad_()
    net = model.network.eval()
    h = net.conv2(net.bn(net.conv1(x)).clamp(min=0))[:, 3].flatten(1).sum(1)
    torch.testing.assert_close(gradients["backprop"], torch.autograd.grad(h.sum(), x)[0])
    torch.testing.assert_close(gradients.value, h.detach())
    assert not torch.equal(gradients["guided"], gradients["backprop"])


def test_before_the_first_relu_all_rules_agree(model):
    gradients = model.gradients(pictures(), Unit("bn", 0))
    assert torch.equal(gradients["guided"], gradients["backprop"])
    assert torch.equal(gradients["deconvnet"], gradients["backprop"])


def test_a_function_of_the_scores(model):
    gradient = model.gradient(pictures(), lambda scores: scores[:, 0] - scores[:, 1])
    both = [model.gradient(pictures(), i) for i in (0, 1)]
    torch.testing.assert_close(gradient, both[0] - both[1])


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_the_callers_grad_mode_does_not_matter(model, context):
    expected = model.gradients(pictures(), 1)
    with context():
        found = model.gradients(pictures(), 1)
        late = HookedModel(model.network, (1, 12, 12))
    for rule in ALL_RULES:
        assert torch.equal(found[rule], expected[rule])
    assert [each.receptive_field for each in late.layers] == [each.receptive_field for each in model.layers]


ERRORS = [
    (5, TargetError, "no class 5: this model's classes are numbered 0 to 4"),
    ("cta", TargetError, r"no class 'cta'\. Did you mean 'cat'"),
    (
        lambda s: s,
        TargetError,
        r"one number, or one for each of the 1 pictures; it returned the shape \(1, 5\)",
    ),
    (lambda s: 3.0, TargetError, "must return a tensor computed from the network, not float"),
    (lambda s: s.argmax(1), TargetError, "floating-point number, not torch.int64"),
    (lambda s: s.detach()[:, 0], GradientError, "does not depend on the picture"),
    (lambda s: torch.ones(1, requires_grad=True), GradientError, "does not depend on the picture"),
]


@pytest.mark.parametrize(("target", "kind", "text"), ERRORS)
def test_errors_say_what_is_wrong(model, target, kind, text):
    with pytest.raises(kind, match=text):
        model.gradient(pictures(), target)


def test_wrong_inputs(model):
    with pytest.raises(InputError, match=r"SmallNet takes N x 1 x 12 x 12, not 1 x 12 x 12; add the batch"):
        model.gradient(pictures()[0], 1)
    with pytest.raises(InputError, match="not 1 x 3 x 12 x 12"):
        model.scores(torch.zeros(1, 3, 12, 12))
    with pytest.raises(InputError, match="not 0 x 1 x 12 x 12"):
        model.scores(torch.zeros(0, 1, 12, 12))
    with pytest.raises(InputError, match=r"takes a tensor, not str; model\.preprocess"):
        model.top("cat.jpg")
    with pytest.raises(ReluError, match="no ReLU rule 'gided'"):
        model.gradient(pictures(), 1, "gided")
