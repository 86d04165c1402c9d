"""A sweep of every classifier of the spread: equal to the network's own passes, at edges and corners too."""

import pytest
import torch

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Edits, Sweep, cover
from tests.backend.test_torchvision_models import SPREAD, build

HOW = {
    "vit_b_16": "windows in 1 of",
    "swin_t": "windows in 4 of",
}
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
    """Give edits in the corners, at the edges, sticking out, and inside, at odd places."""
    last, middle = x.shape[-1] - size, x.shape[-1] // 2
    tops = [0, 0, last, last, middle, 0, -size // 2, last + 1, 13]
    lefts = [0, last, 0, last, 0, middle - 3, 7, last + 1, 22]
    return cover(x, tops, lefts, size, [2.0, -1.0, 0.5])


def spread_of(scores: torch.Tensor) -> float:
    return float(scores.max() - scores.min())


@pytest.mark.parametrize("name", SPREAD)
def test_equal_to_the_networks_own_passes(name):
    model, x = trained(name)
    maps = [
        layer.name for layer in (*model.layers, *model.blocks) if layer.is_map and "attn" not in layer.name
    ]
    chosen = [
        name for name in maps[:: max(1, len(maps) // 9)] if not name.endswith("cat") or name != "swin_t"
    ]
    sweep = Sweep(model, x, layers=dict.fromkeys(chosen))
    only_scores = Sweep(model, x)
    for size in (1, 10, x.shape[-1]):
        edits = edits_of(x, size)
        answers = sweep.ask(edits)
        with torch.no_grad(), model.record(*chosen) as record:
            expected = model.scores(edits.apply(x))
        atol = 1e-9 * spread_of(expected)
        torch.testing.assert_close(answers.scores, expected, rtol=0, atol=atol)
        torch.testing.assert_close(only_scores.ask(edits).scores, expected, rtol=0, atol=atol)
        for layer in chosen:
            found, right = answers.activations[layer], record.maps(layer)
            torch.testing.assert_close(found, right, rtol=0, atol=1e-9 * float(right.abs().max()))
    assert only_scores.how.startswith("windows in ")
    if size == x.shape[-1]:
        assert only_scores.how.startswith("windows in 0 of")


@pytest.mark.parametrize("name", SPREAD)
def test_exact_to_1e_5_in_single_precision(name):
    """float32 on both sides: the network's own answer in float64 is the truth."""
    model, x = trained(name)
    edits = edits_of(x, 7)
    expected = model.scores(edits.apply(x))
    model.network.float()
    answers = Sweep(model, x.float()).ask(edits)
    assert float((answers.scores - expected).abs().max()) <= 1e-5 * spread_of(expected)
