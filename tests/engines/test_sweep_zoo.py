"""A sweep of every classifier of the spread: equal to the network's own passes, at edges and corners too."""

import pytest
import torch

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Edits, Sweep, cover
from tests.backend.test_torchvision_models import SPREAD, build

# Layers that give several results for each picture, or that torch.fx does not see.
OUT_OF_REACH = ("attn", "features.2.cat", "features.4.cat", "features.6.cat")
pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trained(name: str) -> tuple[HookedModel, torch.Tensor]:
    """Build a network whose batch norms have seen something, and a picture."""
    network, side = build(name)
    chance = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2, generator=chance)
            module.running_var.uniform_(0.5, 1.5, generator=chance)
    x = torch.randn(1, 3, side, side, dtype=torch.float64, generator=chance)
    return HookedModel(network, (3, side, side)), x


def edits_of(x: torch.Tensor, size: int) -> Edits:
    """Give edits in two corners, at the edges, sticking out, and inside, at odd places."""
    last, middle = x.shape[-1] - size, x.shape[-1] // 2
    tops = [0, last, middle, last + 1, 13]
    lefts = [last, 0, 0, middle - 3, 22]
    return cover(x, tops, lefts, size, [2.0, -1.0, 0.5])


def whole(x: torch.Tensor) -> Edits:
    """Give one edit of the whole picture, and one that sticks out by half."""
    side = x.shape[-1]
    return cover(x, [0, -side // 2], [0, side // 2], side, [2.0, -1.0, 0.5])


def spread_of(scores: torch.Tensor) -> float:
    return float(scores.max() - scores.min())


@pytest.mark.parametrize("name", SPREAD)
def test_equal_to_the_networks_own_passes(name):
    model, x = trained(name)
    maps = [layer.name for layer in (*model.layers, *model.blocks) if layer.is_map]
    maps = [layer for layer in maps if not any(part in layer for part in OUT_OF_REACH)]
    chosen = maps[:: max(1, len(maps) // 9)]
    sweep = Sweep(model, x, layers=dict.fromkeys(chosen))
    assert sweep.how.startswith("windows in "), sweep.how
    for edits in (edits_of(x, 1), edits_of(x, 10), whole(x)):
        answers = sweep.ask(edits)
        with torch.no_grad(), model.record(*chosen) as record:
            expected = model.scores(edits.apply(x))
        torch.testing.assert_close(answers.scores, expected, rtol=0, atol=1e-9 * spread_of(expected))
        for layer in chosen:
            right = record.maps(layer)
            atol = 1e-9 * float(right.abs().max())
            torch.testing.assert_close(answers.activations[layer], right, rtol=0, atol=atol)
    assert sweep.how.startswith("windows in 0 of")

    # float32, and no layer asked for, so that batch norms go into the convolutions: float64 is the truth.
    edits = edits_of(x, 7)
    expected = model.scores(edits.apply(x))
    model.network.float()
    sweep = Sweep(model, x.float())
    scores = sweep.ask(edits).scores
    assert sweep.how.startswith("windows in ") and not sweep.how.startswith("windows in 0 of")
    assert scores.dtype == torch.float32
    assert float((scores - expected).abs().max()) <= 1e-5 * spread_of(expected)
