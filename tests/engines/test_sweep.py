"""A sweep says what the network itself says of every edited picture."""

import threading

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Edits, Sweep, cover, squares
from cnnviz_widgets.errors import InputError, LayerError
from tests.backend.toy_nets import pictures, small_net


def toy(**more) -> HookedModel:
    return HookedModel(small_net(**more), (1, 12, 12))


def alone(model: HookedModel, x: torch.Tensor, edits: Edits) -> torch.Tensor:
    """Score each edited picture alone, by the network itself."""
    return torch.cat([model.scores(edits[i].apply(x)) for i in range(len(edits))])


def test_scores_and_activations_are_the_networks_own():
    model, x = toy(), pictures()
    edits = squares(x, 5, 2, 1.0)
    sweep = Sweep(model, x, layers={"conv1": None, "relu": None, "relu_1": [3, 0], "bn": slice(1, 3)})
    answers = sweep.ask(edits)
    torch.testing.assert_close(answers.scores, alone(model, x, edits))
    assert answers.indices.tolist() == list(range(len(edits)))
    with torch.no_grad(), model.record("conv1", "relu", "relu_1", "bn") as record:
        model.scores(edits.apply(x))
    torch.testing.assert_close(answers.activations["conv1"], record["conv1"])
    torch.testing.assert_close(answers.activations["relu"], record["relu"])
    torch.testing.assert_close(answers.activations["relu_1"], record["relu_1"][:, [3, 0]])
    torch.testing.assert_close(answers.activations["bn"], record["bn"][:, 1:3])
    torch.testing.assert_close(sweep.scores, model.scores(x)[0])
    with torch.no_grad(), model.record("relu_1") as record:
        model.scores(x)
    torch.testing.assert_close(sweep.activations["relu_1"], record["relu_1"][0, [3, 0]])


def test_steps_bring_every_edit_once_and_are_the_same():
    model, x = toy(), pictures()
    edits = squares(x, 3, 1)
    sweep = Sweep(model, x, layers={"conv2": None}, memory=2**14)
    whole = sweep.ask(edits)
    found = torch.full_like(whole.scores, torch.nan)
    done = 0
    for step in sweep.steps(edits):
        done += len(step.answers)
        assert (step.done, step.total) == (done, len(edits))
        found[step.answers.indices] = step.answers.scores
    assert done == len(edits)
    torch.testing.assert_close(found, whole.scores)


def test_without_scores_passes_end_early():
    model, x = toy(), pictures()
    sweep = Sweep(model, x, layers={"relu": None}, scores=False)
    answers = sweep.ask(squares(x, 4, 3))
    assert model.network.reached_end == 1, "only the pass that opened the network reached its end"
    assert answers.scores.shape == (len(answers), 0) and sweep.scores.shape == (0,)
    whole = Sweep(model, x)
    whole.ask(squares(x, 4, 3))
    assert 0 < sweep.work.full < whole.work.full


def test_nothing_is_left_behind():
    model, x = toy(), pictures()
    network = model.network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    sweep = Sweep(model, x, layers={"relu": None})
    steps = sweep.steps(squares(x, 3, 1))
    next(steps)
    steps.close()
    assert network.training and network.bn.training
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not torch.is_inference_mode_enabled()
    sweep.ask(squares(x, 3, 4)).scores.requires_grad_()


def test_no_edits_no_answers():
    model, x = toy(), pictures()
    answers = Sweep(model, x, layers={"relu": [1]}).ask(cover(x, [], [], 3))
    assert answers.scores.shape == (0, 5) and answers.activations["relu"].shape == (0, 1, 12, 12)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda m, x: Sweep(m, x, scores=False), InputError, "needs something to look at"),
        (lambda m, x: Sweep(m, x, layers={"rulu": None}), LayerError, "no layer 'rulu'. Did you mean 'relu'"),
        (lambda m, x: Sweep(m, x, layers={"relu": [4]}), LayerError, "no channel 4: they go from 0 to 3"),
        (lambda m, x: Sweep(m, torch.cat([x, x])), InputError, "edits are made on one picture"),
        (lambda m, x: Sweep(m, x.expand(1, 3, 12, 12)), InputError, "SmallNet takes N x 1 x 12 x 12"),
        (lambda m, x: Sweep(m, x).steps(squares(x, 3, 3), "fine"), InputError, "one of coarse, given"),
        (
            lambda m, x: Sweep(m, x).ask(squares(x.expand(1, 3, 12, 12), 3, 3)),
            InputError,
            "the edits have 3 channels, and the picture 1",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, error, text):
    with pytest.raises(error, match=text):
        make(toy(), pictures())


class Branching(nn.Module):
    """A branch that depends on the picture, which torch.fx cannot follow."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.fail_with = small_net(), None

    def forward(self, x):
        if self.fail_with is not None:
            raise self.fail_with
        return self.inner(x) if x.sum() > 0 else self.inner(-x)


def test_a_network_that_cannot_be_followed_is_run_in_full():
    model, x = HookedModel(Branching(), (1, 12, 12)), pictures().abs()
    edits = squares(x, 5, 4)
    sweep = Sweep(model, x, layers={"inner.relu_1": [1]})
    torch.testing.assert_close(sweep.ask(edits).scores, alone(model, x, edits))
    assert sweep.how.startswith("full passes: torch.fx cannot follow this network")
    assert sweep.work.done == sweep.work.full > 0


def test_a_network_that_fails_is_left_as_it_was():
    model, x = HookedModel(Branching(), (1, 12, 12)), pictures()
    sweep = Sweep(model, x)
    model.network.train().fail_with = RuntimeError("broken")
    with pytest.raises(RuntimeError, match="broken"):
        sweep.ask(squares(x, 3, 3))
    assert model.network.training
    assert not any(module._forward_hooks for module in model.network.modules())


def test_edits_that_stick_out():
    model = HookedModel(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(200, 3)), (1, 12, 12))
    x = torch.rand(1, 1, 12, 12)
    edits = cover(x, [-2, 11, 4], [-2, 11, 4], 4, 3.0)
    torch.testing.assert_close(Sweep(model, x).ask(edits).scores, alone(model, x, edits))


def test_another_thread_may_run_another_network_while_one_is_followed():
    other, seen = toy(), []

    class Meanwhile(nn.Module):
        """Runs another network in another thread, whenever it is called."""

        def __init__(self):
            super().__init__()
            self.convolution = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            thread = threading.Thread(target=lambda: seen.append(other.scores(pictures())))
            thread.start()
            thread.join()
            return self.convolution(x).flatten(1)

    sweep = Sweep(HookedModel(Meanwhile(), (1, 12, 12)), pictures()[:1])
    assert "windows" in sweep.how  # it was followed
    expected = other.scores(pictures())
    assert len(seen) >= 3 and all(torch.equal(each, expected) for each in seen)
