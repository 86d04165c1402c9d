"""A rate that is too high: who goes back, who does not, and what is said when all is lost."""

import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, InversionSettings, code_error, invert
from cnnviz_widgets.errors import ClimbError


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


def test_a_rate_that_explodes_says_so_and_keeps_the_last_good_picture():
    model, x, _ = steep()
    settings = InversionSettings(tv=0, alpha=8e-10, rate=1e30, steps=40)
    running = invert(model, x, model.layers[-1].name, settings=settings)
    with pytest.raises(ClimbError, match="lower the rate"):
        list(running)
    assert torch.isfinite(running.last.image).all()
