"""A rate that is too high: who goes back, who does not, and what is said when all is lost."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, InversionSettings, code_error, invert
from cnnviz_widgets.errors import ClimbError
from cnnviz_widgets.methods.cautious_momentum import CautiousMomentum


def steep(rate=0.004):
    """Make a code whose energy has a far steeper side than the start shows."""

    class Steep(nn.Module):
        def forward(self, x):
            return torch.where(x > 0.5, 40 * (x - 0.5) + 0.5, x).flatten(1)

    model = HookedModel(Steep(), (1, 1, 1))
    x = torch.tensor([[[[0.52]]], [[[-0.4]]]])
    return model, x, InversionSettings(tv=0, alpha=0, rate=rate, steps=400)


def test_caution_brings_a_picture_back_and_leaves_the_others_alone():
    model, x, settings = steep(rate=2.0)
    layer = model.layers[-1].name
    start = torch.zeros(2, 1, 1, 1)
    running = invert(model, x, layer, settings=settings, start=start)
    steps = list(running)
    assert code_error(steps[-1])[0].item() < 1e-3
    assert running._memory["share"][0] < 1 == running._memory["share"][1]
    alone = list(invert(model, x[1:], layer, settings=settings, start=start[1:]))
    torch.testing.assert_close(torch.cat([s.image for s in alone]), torch.cat([s.image[1:] for s in steps]))
    running = invert(model, x[:1], layer, settings=settings, start=start[:1])
    running.optimizer.climb = None  # without a climb to watch it is momentum as it is
    with pytest.raises(ClimbError):
        list(running)


def test_who_is_astray_by_hand():
    """The sum is a fifth worse, the first term alone is, or neither; the best picture is that of step 1."""
    climb = SimpleNamespace(objective=object(), last=None)
    optimizer, memory = CautiousMomentum(0.5, 0.9, climb), {}

    def step(index, numbers, gradient, values, firsts):
        climb.last = SimpleNamespace(value=torch.tensor(values), terms={"code": torch.tensor(firsts)})
        column = [torch.tensor(each)[:, None] for each in (numbers, gradient)]
        return optimizer.step(*column, index, memory).flatten().tolist()

    # a code error of 0.2 at the start may rise to 1.2
    assert step(1, [0.0, 0.0, 0.0], [2.0, 2.0, 2.0], [-3.0, -3.0, -0.2], [-1.0, -1.0, -0.2]) == [1, 1, 1]
    # velocity 0.9 * 1 + 0.5 * 4 for the third; the others again from 0, with a quarter of the rate
    assert step(2, [1.0, 1.0, 1.0], [4.0, 4.0, 4.0], [-3.7, -3.0, -1.1], [-1.0, -1.3, -1.1]) == pytest.approx(
        [0.25, 0.25, 3.9]
    )
    climb.objective = object()  # a student's change: what was best is forgotten, the lower rate is not
    numbers, gradient = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    step(3, numbers, gradient, [-50.0, -50.0, -50.0], [-1.0, -1.0, -1.0])
    step(4, numbers, gradient, [-50.0, -50.0, -50.0], [-1.0, -1.0, -1.0])
    assert memory["share"].tolist() == [0.25, 0.25, 1]


def test_a_rate_that_explodes_says_so_and_keeps_the_last_good_picture():
    model, x, _ = steep()
    settings = InversionSettings(tv=0, alpha=8e-10, rate=1e30, steps=40)
    running = invert(model, x, model.layers[-1].name, settings=settings)
    with pytest.raises(ClimbError, match="lower the rate"):
        list(running)
    assert torch.isfinite(running.last.image).all()
