"""Passes that go no further than they are asked, and what black and white are."""

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import InputError, LayerError
from tests.backend.test_untouched import awkward_net, fingerprint
from tests.backend.toy_nets import pictures, small_net


def opened(network=None, **more):
    return HookedModel(network or small_net().eval(), (1, 12, 12), **more)


def test_layers_are_those_of_the_functions_called_by_hand():
    model, x = opened(), pictures(3)
    net = model.network
    record = model.run_to(x, "conv1", "conv2", "relu_1", "fc", scores=True)
    h = net.conv1(x)
    torch.testing.assert_close(record["conv1"], h)
    h = net.bn(h).relu()
    torch.testing.assert_close(record["conv2"], net.conv2(h))
    h = (h + net.conv2(h)).relu()
    torch.testing.assert_close(record["relu_1"], h)
    torch.testing.assert_close(record["fc"], net.fc(h.mean((2, 3))))
    assert torch.equal(record.scores, record["fc"]) and torch.equal(record.scores, model.scores(x))


def test_it_goes_no_further_than_it_must():
    model, x = opened(), pictures()
    net = model.network
    for names, scores, passes, ends in [
        ((), False, 0, 0),
        (("conv1",), False, 1, 0),
        (("conv2", "conv1"), False, 1, 0),
        (("fc", "conv1"), False, 1, 1),
        ((), True, 1, 1),
        (("conv1",), True, 1, 1),
    ]:
        net.passes = net.reached_end = 0
        record = model.run_to(x, *names, scores=scores)
        assert (net.passes, net.reached_end) == (passes, ends)
        assert set(record) == set(names) and (record.scores is not None) == scores


def test_the_record_knows_the_pictures_and_the_classes():
    names = ["a", "b", "c", "d", "e"]
    model, x = opened(classes=names), pictures(2)
    record = model.run_to(x)
    assert torch.equal(record.picture, x) and record.classes == tuple(names) and record.scores is None
    assert opened().run_to(x).classes is None
    single = model.run_to(x.float())
    assert single.picture.dtype == torch.float64  # as the network's weights are


def test_there_is_a_graph_if_the_pictures_want_one():
    model, x = opened(), pictures(2)
    assert not model.run_to(x, "conv2").picture.requires_grad
    x.requires_grad_()
    record = model.run_to(x, "conv2", scores=True)
    (below,) = torch.autograd.grad(record["conv2"][:, 1].sum(), x, retain_graph=True)
    (whole,) = torch.autograd.grad(record.scores[:, 3].sum(), x)
    torch.testing.assert_close(whole, model.gradient(x, 3))
    assert (below != 0).any() and all(each.grad is None for each in model.network.parameters())


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: m.run_to(pictures(), "conv3"), LayerError, "no layer 'conv3'. Did you mean 'conv"),
        (lambda m: m.run_to(pictures(), "conv1", "nothing", scores=True), LayerError, "no layer 'nothing'"),
        (
            lambda m: m.run_to(pictures()[0], "conv1"),
            InputError,
            r"takes N x 1 x 12 x 12, not 1 x 12 x 12; add",
        ),
        (lambda m: m.run_to(pictures()[:, :0], "conv1"), InputError, "not 1 x 0 x 12 x 12"),
        (lambda m: m.run_to("cat.jpg", "conv1"), InputError, "takes a tensor, not str"),
    ],
)
def test_what_cannot_be_run_is_said_first(call, error, text):
    model = opened()
    model.network.passes = 0
    with pytest.raises(error, match=text):
        call(model)
    assert model.network.passes == 0


def test_nothing_is_left_behind():
    network = awkward_net()
    model = opened(network)
    before = fingerprint(network)
    model.run_to(pictures(2).requires_grad_(), "conv1", "relu_1")
    model.run_to(pictures(2), "conv1", scores=True)
    model.run_to(pictures(2))
    with pytest.raises(LayerError):
        model.run_to(pictures(), "conv1", "nothing")
    for error in (RuntimeError("the network's own"), KeyboardInterrupt()):
        network.fail_with = error
        with pytest.raises(type(error)) as caught:
            model.run_to(pictures(), "fc")
        assert "was given 1 x 1 x 12 x 12" in str(getattr(caught.value, "__notes__", "")) or not isinstance(
            error, Exception
        )
    network.fail_with = None
    assert fingerprint(network) == before


def test_dropout_sleeps_meanwhile():
    model, x = opened(small_net().train()), pictures(2)
    assert torch.equal(model.run_to(x, "fc")["fc"], model.run_to(x, "fc")["fc"])
    assert model.network.training


def test_limits_by_hand():
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    low, high = HookedModel(net, (3, 8, 8), mean=[0.5, 0.25, 0.0], std=[0.5, 0.25, 0.1]).limits
    assert low.flatten().tolist() == pytest.approx([-1, -1, 0]) and low.shape == (3, 1, 1)
    assert high.flatten().tolist() == pytest.approx([1, 3, 10])
    plain = HookedModel(net, (3, 8, 8)).limits
    assert [each.flatten().tolist() for each in plain] == [[0, 0, 0], [1, 1, 1]]
    model = HookedModel(net, (3, 8, 8), mean=[0.5, 0.25, 0.0], std=[0.5, 0.25, 0.1])
    for limit, level in zip(model.limits, (0, 255), strict=True):
        assert (model.to_picture(limit.expand(1, 3, 8, 8)) == level).all()
