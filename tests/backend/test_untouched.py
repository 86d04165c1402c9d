"""The caller's network is theirs: nothing of it differs after any call or any error."""

import contextlib
import hashlib
import io

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import CnnvizError
from tests.backend.toy_nets import Unit, pictures, small_net

HOOKS = [
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
    "_forward_hooks_with_kwargs", "_forward_pre_hooks_with_kwargs", "_forward_hooks_always_called",
]  # fmt: skip


def fingerprint(network: nn.Module) -> str:
    """Hash weights, buffers, their gradients, flags and hooks of every module."""
    found = hashlib.sha256()
    for name, module in network.named_modules():
        hooks = [(kind, [(key, id(each)) for key, each in getattr(module, kind).items()]) for kind in HOOKS]
        found.update(repr((name, type(module).__name__, module.training, hooks)).encode())
        for key, tensor in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
            held = io.BytesIO()
            torch.save([tensor.detach(), tensor.grad], held)
            found.update(repr((key, id(tensor), tensor.requires_grad, tensor._version)).encode())
            found.update(held.getvalue())
    return found.hexdigest()


def awkward_net():
    """In the middle of a student's work: mixed flags, a frozen layer, gradients, hooks of their own."""
    network = small_net().train()
    network.bn.eval()
    network.conv1.weight.requires_grad_(False)
    network(pictures(3)).sum().backward()
    network.conv1.register_forward_hook(lambda m, i, out: out * 1.5)
    network.conv2.register_forward_pre_hook(lambda m, i: None)
    network.fc.register_full_backward_hook(lambda m, i, o: None)
    return network


def record_and_fail(m, x):
    with m.record("conv1"):
        raise ZeroDivisionError


def record_and_break(m, x):
    for _ in range(3):
        with m.record("conv1", "conv2"):
            m.scores(x)
            break


def record_two_ways(m, x):
    with m.record("conv2") as outer, m.record("conv1", stop=True):
        m.scores(x)
    assert "conv2" not in outer


def generator_left_open(m, x):
    def look():
        with m.record("conv1") as record:
            m.scores(x)
            yield record

    next(look())


def recorded(*names, stop=False):
    def call(m, x):
        with m.record(*names, stop=stop) as record:
            m.scores(x)
        assert set(record) == set(names)

    return call


CALLS = {
    "build again": lambda m, x: HookedModel(m.network, (1, 12, 12)),
    "build on a wrong shape": lambda m, x: HookedModel(m.network, (2, 12, 12)),
    "build with wrong classes": lambda m, x: HookedModel(m.network, (1, 12, 12), classes=["one"]),
    "scores": lambda m, x: m.scores(x),
    "scores of the wrong shape": lambda m, x: m.scores(x[0]),
    "top": lambda m, x: m.top(x[:1]),
    "top of two": lambda m, x: m.top(x),
    **{rule: lambda m, x, rule=rule: m.gradient(x, 1, rule) for rule in ("backprop", "deconvnet", "guided")},
    "all rules": lambda m, x: m.gradients(x),
    "no such rule": lambda m, x: m.gradient(x, 1, "gudied"),
    "no such class": lambda m, x: m.gradient(x, 99),
    "no number": lambda m, x: m.gradient(x, lambda s: s),
    "raising objective": lambda m, x: m.gradient(x, lambda s: s[99]),
    "no path": lambda m, x: m.gradient(x, lambda s: s.detach().sum()),
    "objective": lambda m, x: m.gradient(x, Unit("conv2", 1), "guided"),
    "objective on no layer": lambda m, x: m.gradient(x, Unit("conv3", 1)),
    "objective on no channel": lambda m, x: m.gradient(x, Unit("conv2", 100)),
    "record": recorded("conv1", "add", "relu_1", "bn", "fc"),
    "record and stop": recorded("conv1", "relu", stop=True),
    "record a function and stop": recorded("add", stop=True),
    "record no layer": recorded("conv9"),
    "record nothing": recorded(),
    "record and fail": record_and_fail,
    "record and break": record_and_break,
    "record within a record": record_two_ways,
    "a generator left open": generator_left_open,
}


def globals_now():
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.overrides._get_current_function_mode(),
    )


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("caller", ["plain", "no_grad", "inference"])
def test_nothing_is_left_behind(name, caller):
    network = awkward_net()
    before = fingerprint(network)
    model = HookedModel(network, (1, 12, 12))
    assert fingerprint(network) == before
    x, random = pictures(2), torch.get_rng_state()
    mode = {"plain": torch.enable_grad, "no_grad": torch.no_grad, "inference": torch.inference_mode}[caller]
    with mode():
        state = globals_now()
        with contextlib.suppress(CnnvizError, IndexError, ZeroDivisionError):
            CALLS[name](model, x)
        assert globals_now() == state
    assert fingerprint(network) == before
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyboardInterrupt(), SystemExit(), MemoryError()])
@pytest.mark.parametrize("name", ["build again", "scores", "guided", "all rules", "objective", "record"])
def test_a_network_that_raises_is_left_as_it_was(name, error):
    network = awkward_net()
    model, before = HookedModel(network, (1, 12, 12)), fingerprint(network)
    network.fail_with = error
    with pytest.raises((type(error), CnnvizError)):
        CALLS[name](model, pictures(2))
    assert fingerprint(network) == before
    network.fail_with = None
    assert model.scores(pictures(2)).shape == (2, 5)  # the lock is free, the model works


def test_training_goes_on_bit_by_bit_as_if_nobody_had_looked():
    mine, twin = small_net().train(), small_net().train()
    model = HookedModel(mine, (1, 12, 12))
    steps = []
    for network in (mine, twin):
        torch.manual_seed(5)
        optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
        for step in range(3):
            if network is mine:
                model.gradients(pictures(2))
                recorded("conv1", stop=True)(model, pictures(1))
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(pictures(8, seed=step)), torch.arange(8) % 5)
            loss.backward()
            optimizer.step()
        steps.append(torch.cat([p.detach().flatten() for p in (*network.parameters(), *network.buffers())]))
    assert torch.equal(*steps)


def test_the_fingerprint_sees_what_it_should():
    network = awkward_net()
    prints = {fingerprint(network)}
    for change in (
        lambda: network.bn.train(),
        lambda: network.conv1.weight.requires_grad_(True),
        lambda: network.fc.weight.data.add_(1e-9),
        lambda: network.fc.register_forward_hook(print),
        lambda: setattr(network.fc.bias, "grad", None),
    ):
        change()
        prints.add(fingerprint(network))
    assert len(prints) == 6
