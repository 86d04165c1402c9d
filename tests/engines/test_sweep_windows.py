"""Windows are exact: any stack of operations, any size, any place, against each picture alone in float64."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Sweep, cover, regions, squares
from cnnviz_widgets.engines.sweep_spans import span, union

# torch says that it pads "same" with a copy where the kernel is even: that is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")


def alone(model: HookedModel, x: Tensor, edits) -> Tensor:
    """Score each edited picture alone, by the network itself."""
    return torch.cat([model.scores(edits[i].apply(x)) for i in range(len(edits))])


def exact(model: HookedModel, x: Tensor, edits, **more) -> Sweep:
    """Compare a sweep with the slow twin: to rounding, and so that no answer is by chance the old one."""
    sweep = Sweep(model, x, **more)
    assert sweep.how.startswith("windows"), sweep.how
    torch.testing.assert_close(sweep.ask(edits).scores, alone(model, x, edits), rtol=1e-9, atol=1e-9)
    return sweep


def opened(network: nn.Module, shape: tuple[int, ...] = (2, 21, 26)) -> tuple[HookedModel, Tensor]:
    chance = torch.Generator().manual_seed(3)
    network = network.double()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5, generator=chance)
            module.running_var.uniform_(0.5, 2, generator=chance)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return HookedModel(network, shape), torch.randn(1, *shape, dtype=torch.float64, generator=chance)


def test_two_layers_by_hand():
    # A picture of 4x4 zeros; a 3x3 convolution of ones with padding, ReLU(sum - 1), then the sum of all.
    network = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU(), nn.Conv2d(1, 1, 4), nn.Flatten())
    with torch.no_grad():
        network[0].weight.fill_(1.0), network[0].bias.fill_(-1.0)
        network[2].weight.fill_(1.0), network[2].bias.fill_(0.0)
    model = HookedModel(network, (1, 4, 4))
    sweep = Sweep(model, torch.zeros(1, 1, 4, 4), layers={"1": None})
    answers = sweep.ask(squares(torch.zeros(1, 1, 4, 4), 1, 1, 3.0))
    # A 3 in the corner is seen by 4 cells, at an edge by 6, inside by 9; each says 3 - 1.
    assert answers.scores.reshape(4, 4).tolist() == [
        [8, 12, 12, 8],
        [12, 18, 18, 12],
        [12, 18, 18, 12],
        [8, 12, 12, 8],
    ]
    assert answers.activations["1"][0, 0].tolist() == [[2, 2, 0, 0], [2, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


@settings(max_examples=200, deadline=None)
@given(
    length=st.integers(1, 30),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 4),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
    low=st.integers(-5, 34),
    size=st.integers(1, 12),
)
def test_the_span_of_what_a_kernel_reads(length, kernel, stride, before, after, low, size):
    steps = (length + before + after - kernel) // stride + 1
    if steps < 1:
        return
    changed = {cell for cell in range(low, low + size) if 0 <= cell < length}
    read = [set(range(o * stride - before, o * stride - before + kernel)) for o in range(steps)]
    reached = [o for o in range(steps) if read[o] & changed]
    found = span(np.array([low]), np.array([low + size]), length).slide(kernel, stride, before, steps)
    assert list(range(int(found.low[0]), int(found.high[0]))) == reached
    assert 0 <= found.start[0] <= found.start[0] + found.size <= steps
    assert found.size == max(1, len(reached)), "no larger than it must be"
    assert not reached or found.start[0] <= reached[0] <= reached[-1] < found.start[0] + found.size


def test_a_union_ignores_what_reaches_nothing():
    nothing, some = span(np.array([9]), np.array([12]), 9), span(np.array([2]), np.array([4]), 9)
    assert (union([nothing, some]).start[0], union([nothing, some]).size) == (2, 2)


@st.composite
def layers(draw) -> nn.Module:
    """Give one operation on 4 channels, with any sizes."""
    size, step = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    other, hollow = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    kind = draw(st.sampled_from("conv conv conv max average norm relu pad sum cat".split()))
    half = draw(st.integers(0, size // 2)), draw(st.integers(0, other // 2))
    if kind == "conv":
        padding = draw(st.sampled_from([half, (3, 1), "valid"] + ["same"] * (step == 1)))
        groups, bias = draw(st.sampled_from([1, 2, 4])), draw(st.booleans())
        return nn.Conv2d(4, 4, (size, other), step, padding, hollow, groups, bias)
    if kind == "max":
        return nn.MaxPool2d((size, other), step, half, hollow, ceil_mode=draw(st.booleans()))
    if kind == "average":
        divisor = draw(st.sampled_from([None, None, 3]))
        return nn.AvgPool2d((size, other), step, half, draw(st.booleans()), draw(st.booleans()), divisor)
    if kind == "pad":
        return nn.ConstantPad2d((size, 0, 1, other), 0.7)
    if kind in ("sum", "cat"):
        return Sideways(kind, size)
    return nn.BatchNorm2d(4) if kind == "norm" else nn.ReLU(inplace=True)


class Sideways(nn.Module):
    """A branch past a convolution: added, or put beside it."""

    def __init__(self, kind: str, size: int) -> None:
        super().__init__()
        self.kind = kind
        self.conv = nn.Conv2d(4, 4 if kind == "sum" else 2, 2 * size - 1, padding=size - 1)
        self.thin = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.kind == "sum" else torch.cat([self.thin(x), self.conv(x)], 1)


@settings(max_examples=120, deadline=None)
@given(
    stack=st.lists(layers(), min_size=1, max_size=5),
    size=st.tuples(st.integers(1, 21), st.integers(1, 26)),
    places=st.lists(st.tuples(st.integers(-5, 24), st.integers(-5, 30)), min_size=1, max_size=6),
    seed=st.integers(0, 9),
)
def test_any_stack_of_operations(stack, size, places, seed):
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(2, 4, 1), *stack, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )
    try:
        model, x = opened(network)
    except Exception:  # the maps have become smaller than a kernel: no network
        return
    tops, lefts = zip(*places, strict=True)
    exact(model, x, cover(x, tops, lefts, size, torch.tensor([3.0, -2.0])))


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 21), stride=st.integers(1, 25), seed=st.integers(0, 99))
def test_squares_of_any_size_and_stride(size, stride, seed):
    torch.manual_seed(seed)
    body = [nn.Conv2d(2, 4, 3, 2), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 4, 3)]
    model, x = opened(nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)))
    exact(model, x, squares(x, size, max(stride, 3), 1.5), memory=2**16)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(1, 9), share=st.floats(0.0, 1.0))
def test_regions_of_any_shape(seed, n, share):
    chance = np.random.default_rng(seed)
    masks = np.zeros((n, 21, 26), bool)
    for mask in masks:
        top, left = chance.integers(0, 21), chance.integers(0, 26)
        some = mask[top : top + chance.integers(1, 9), left : left + chance.integers(1, 9)]
        some[:] = chance.random(some.shape) < share
    body = [nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, 2)]
    model, x = opened(nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)))
    exact(model, x, regions(x, torch.from_numpy(masks), -x))


def test_only_one_edit_and_one_patch_each():
    model, x = opened(nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    for edits in (cover(x, [7], [9], 3, 1.0), cover(x, [3, 9, -1], [0, 12, 25], 4, -x)):
        exact(model, x, edits)


def test_the_work_is_counted():
    # 1x1 kernels keep the window: 3x3 of 20x20 cells, one multiplication and one addition for each weight.
    model, x = opened(nn.Sequential(nn.Conv2d(2, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()), (2, 20, 20))
    sweep = exact(model, x, squares(x, 3, 9))
    assert (sweep.work.done, sweep.work.full) == (9 * 9 * 2 * 10, 9 * 400 * 2 * 10)


class Twice(nn.Module):
    """One convolution and one ReLU in place, called again; a constant; shapes that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(2, 2, 3, padding=1), nn.ReLU(inplace=True)
        self.register_buffer("mean", torch.tensor([0.3, -0.2])[:, None, None])
        self.scale = nn.Parameter(torch.tensor(1.7))
        self.fc = nn.Linear(2, 3)

    def forward(self, x: Tensor, power: int = 1) -> Tensor:
        h = self.relu(self.conv(x - self.mean))
        h = self.relu(self.conv(h * self.scale))
        h += x
        batch, channels, rows, columns = h.shape
        h = F.relu(h, inplace=True).view(batch, channels, rows * columns).sum(2) / (rows * columns)
        return self.fc(h**power)


def test_modules_called_twice_constants_and_shapes():
    model, x = opened(Twice())
    edits = squares(x, 4, 7)
    sweep = exact(model, x, edits, layers={"conv": None, "relu_1": [1], "add": None, "relu": None})
    answers = sweep.ask(edits)
    with torch.no_grad(), model.record("conv", "relu_1", "add", "relu") as record:
        model.scores(edits.apply(x))
    for name, maps in answers.activations.items():
        right = record[name][:, [1]] if name == "relu_1" else record[name]
        torch.testing.assert_close(maps, right)


class Shuffled(nn.Module):
    """Channels split, shuffled and picked, as in ShuffleNet and in GoogLeNet's own preprocessing."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.fc = nn.Conv2d(2, 4, 3), nn.LayerNorm(4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([x[:, 0].unsqueeze(1) * 2 + 0.1, torch.unsqueeze(x[:, 1], 1) * 3], 1)
        h = self.conv(x)[:, :, ::2, ::2]
        n, channels, rows, columns = h.size()
        h = h.view(n, 2, channels // 2, rows, columns).transpose(1, 2).contiguous().view(n, -1, rows, columns)
        left, right = h.chunk(2, dim=1)
        h = torch.cat([right, F.silu(left)], dim=1).permute(0, 2, 3, 1)
        return self.fc(self.norm(h)).permute(0, 3, 1, 2).mean([2, 3])


def test_channels_split_shuffled_and_moved():
    model, x = opened(Shuffled())
    sweep = exact(model, x, squares(x, 3, 5))
    assert sweep.how.startswith("windows in 22 of 23 operations"), "all but the mean"


class Turned(nn.Module):
    """Rows and columns change places on the way to a kernel that is wider than high."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.back = nn.Conv2d(2, 2, (1, 5), (1, 2)), nn.Conv2d(2, 2, (3, 1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv(x.transpose(2, 3))
        return self.back(h.permute(0, 1, 3, 2)).mean((-1, -2))


def test_rows_and_columns_that_change_places():
    model, x = opened(Turned())
    exact(model, x, squares(x, (2, 5), 5))


class Forked(nn.Module):
    """Convolutions that are read before their batch norm, and before their ReLU, as well as after."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 2, (4, 2), padding="same"), nn.BatchNorm2d(2)

    def forward(self, x: Tensor) -> Tensor:
        plain = self.conv(x)
        normed = self.norm(plain)
        again = self.conv(torch.relu(normed) - plain)
        return (torch.relu(again) * 2 + again).mean((2, 3))


def test_maps_that_are_read_twice_stay_as_they_are():
    model, x = opened(Forked())
    exact(model, x, squares(x, 4, 5))
    exact(model, x, squares(x, 4, 9), layers={"relu_1": None})


class Gated(nn.Module):
    """A gate that sees the whole map, as in EfficientNet; then an operation that has no rule."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gate = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv(x)
        h = h * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(h, 1)))
        return F.interpolate(h, scale_factor=0.5, mode="bilinear").amax((2, 3))


def test_from_a_gate_on_maps_are_whole():
    model, x = opened(Gated())
    sweep = exact(model, x, squares(x, 3, 5))
    assert sweep.how.startswith("windows in 1 of 7 operations")


class Rewritten(nn.Module):
    """A ReLU in place, whose input is read again: it reads what the ReLU wrote."""

    def forward(self, x: Tensor) -> Tensor:
        h = x * 1.0
        return (F.relu(h, inplace=True) + h).sum((2, 3))


class Written(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        h = x * 1.0
        h[:, 0].zero_()
        return h.sum((2, 3))


@pytest.mark.parametrize(
    ("network", "reason"),
    [(Rewritten(), "gives other scores than the network"), (Written(), "zero_ writes into maps")],
)
def test_what_cannot_be_followed_exactly_is_passed_in_full(network, reason):
    model, x = opened(network)
    edits = squares(x, 3, 5)
    sweep = Sweep(model, x)
    assert sweep.how.startswith("full passes") and reason in sweep.how
    torch.testing.assert_close(sweep.ask(edits).scores, alone(model, x, edits))


def test_windows_that_cover_most_become_whole_maps():
    model, x = opened(nn.Sequential(*[nn.Conv2d(2, 2, 3, padding=1) for _ in range(9)], nn.Flatten()))
    small = exact(model, x, cover(x, [10], [12], 1))
    large = exact(model, x, cover(x, [6], [8], 9))
    count = [int(sweep.how.split()[2]) for sweep in (small, large)]
    assert 1 < count[1] < count[0] == 9
    assert large.work.done < large.work.full


def test_memory_decides_the_batch():
    model, x = opened(nn.Sequential(nn.Conv2d(2, 8, 5, padding=2), nn.ReLU(), nn.Flatten()))
    edits = squares(x, 3, 2)
    sizes = [
        max(len(step.answers) for step in Sweep(model, x, memory=memory).steps(edits))
        for memory in (1, 900_000, 2**28)
    ]
    assert sizes[0] == 1 < sizes[1] < sizes[2]
