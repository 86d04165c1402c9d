"""Feature evolution: the strongest activation of each channel at each checkpoint, and what it looks like."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, Objects, TopK, harvest, open_model, picture_set
from cnnviz_widgets.errors import InputError, LayerError, TargetError
from cnnviz_widgets.methods.evolution import feature_evolution, likeness, mean_likeness, projected
from cnnviz_widgets.methods.run_harvest import Course


def hooked(*modules: nn.Module, side: int = 10, name: str = "toy") -> HookedModel:
    return HookedModel(nn.Sequential(*modules), (3, side, side), name=name)


def noise(count: int, side: int = 10, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8))


def small_net(seed: int) -> HookedModel:
    """Two convolutions with a pool of overlapping windows between them."""
    torch.manual_seed(seed)
    model = hooked(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(4, 5, 2), nn.ReLU(), name=f"toy@{seed}"
    )
    with torch.no_grad():
        model.network[3].bias += 0.2  # most channels are excited by something
    return model


# A slow twin in float64, from the paper: one product at a time, switches kept, windows' winners added up.


def slow_conv(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    out, _, height, width = weights.shape
    result = np.zeros((out, x.shape[1] - height + 1, x.shape[2] - width + 1))
    for k, i, j in np.ndindex(result.shape):
        result[k, i, j] = bias[k] + (weights[k] * x[:, i : i + height, j : j + width]).sum()
    return result


def slow_pool(x: np.ndarray) -> tuple[np.ndarray, dict]:
    side = (x.shape[1] - 3) // 2 + 1
    result, switches = np.zeros((len(x), side, side)), {}
    for k, i, j in np.ndindex(result.shape):
        window = x[k, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        u, v = np.unravel_index(window.argmax(), window.shape)
        result[k, i, j], switches[k, i, j] = window[u, v], (k, 2 * i + u, 2 * j + v)
    return result, switches


def slow_conv_back(g: np.ndarray, weights: np.ndarray, shape: tuple) -> np.ndarray:
    result = np.zeros(shape)
    for k, i, j in np.ndindex(g.shape):
        result[:, i : i + weights.shape[2], j : j + weights.shape[3]] += g[k, i, j] * weights[k]
    return result


def slow_strongest(model: HookedModel, pictures: list[np.ndarray], channel: int) -> tuple:
    """Return value, picture, row, column and whole projection of a channel's strongest activation."""
    first, second = model.network[0], model.network[3]
    w1, b1, w2, b2 = (
        p.detach().double().numpy() for p in (first.weight, first.bias, second.weight, second.bias)
    )
    best = (-np.inf, -1, 0, 0, None)
    for number, picture in enumerate(pictures):
        x = picture.transpose(2, 0, 1) / 255
        below = np.maximum(slow_conv(x, w1, b1), 0)
        pooled, switches = slow_pool(below)
        top = np.maximum(slow_conv(pooled, w2, b2), 0)
        for row, column in np.ndindex(top.shape[1:]):
            if top[channel, row, column] > best[0]:
                alone = np.zeros(top.shape)
                alone[channel, row, column] = top[channel, row, column]
                back = slow_conv_back(np.maximum(alone, 0), w2, pooled.shape)
                unpooled = np.zeros(below.shape)
                for place, winner in switches.items():
                    unpooled[winner] += back[place]
                down = slow_conv_back(np.maximum(unpooled, 0), w1, x.shape)
                best = (top[channel, row, column], number, row, column, down.transpose(1, 2, 0))
    return best


def test_it_agrees_with_a_slow_twin():
    run, pictures = [small_net(seed) for seed in (1, 2, 3)], noise(7)
    (found,) = feature_evolution(run, pictures, "4", progress=False)
    assert found.course.checkpoints == ("epoch 1", "epoch 2", "epoch 3")
    assert found.projections.shape == (3, 5, 7, 7, 3) and found.crops.shape == (3, 5, 7, 7, 3)
    for t, model in enumerate(run):
        for channel in range(5):
            value, picture, row, column, down = slow_strongest(model, pictures, channel)
            course = found.course
            assert course.values[t, channel] == pytest.approx(value, rel=1e-5)
            place = (course.pictures[t, channel], course.rows[t, channel], course.columns[t, channel])
            assert place == (picture, row, column)
            # Unit (row, column) sees 7x7 pixels, from twice its place on; the rest of the projection is zero.
            seen = down[2 * row : 2 * row + 7, 2 * column : 2 * column + 7]
            assert np.allclose(found.projections[t, channel], seen, atol=1e-5)
            assert np.abs(down).sum() == pytest.approx(np.abs(seen).sum())
            if value == 0:  # nothing excites it, and no picture is shown
                assert (found.crops[t, channel] == 128).all()
                continue
            crop = pictures[picture][2 * row : 2 * row + 7, 2 * column : 2 * column + 7]
            assert np.array_equal(found.crops[t, channel], crop)
    assert found.course.excited.sum() > 10


def test_one_number_by_hand():
    # One 1x1 filter (2, 0, -1) on two pictures of one colour each: 2 x 0.4 - 0.2 = 0.6 and 2 x 1 - 0 = 2.
    # Projected: the activation times the filter, 0.6 x (2, 0, -1) or 2 x (2, 0, -1). Later it is (0, 1, 0).
    pictures = [np.full((3, 3, 3), each, np.uint8) for each in ((102, 51, 51), (255, 0, 0))]
    early, late = (hooked(nn.Conv2d(3, 1, 1), nn.ReLU(), side=3) for _ in range(2))
    with torch.no_grad():
        for model, weights in ((early, (2, 0, -1)), (late, (0, 1, 0))):
            model.network[0].weight[0, :, 0, 0] = torch.tensor(weights)
            model.network[0].bias.zero_()
    (found,) = feature_evolution({"early": early, "late": late}, pictures, "1", progress=False)
    assert found.course.values.ravel().tolist() == pytest.approx([2, 0.2])
    assert found.course.pictures.ravel().tolist() == [1, 0]
    assert found.projections[:, 0, 0, 0].tolist() == [[4, 0, -2], pytest.approx([0, 0.2, 0])]
    assert found.course.jumps.ravel().tolist() == [False, True]
    assert found.course.settled.tolist() == [0, 1]
    assert found.likeness.ravel().tolist() == [0, 1]


def course(pictures: list, values: list | None = None, known: list | None = None) -> Course:
    numbers = np.array(pictures)
    found = np.ones(numbers.shape) if values is None else np.array(values)
    layer = hooked(nn.Conv2d(3, 1, 1)).layer("0")
    places = np.zeros(numbers.shape, int)
    seen = np.ones(len(numbers), bool) if known is None else np.array(known)
    names = tuple(f"epoch {t}" for t in range(len(numbers)))
    return Course(layer, names, seen, found.astype(np.float32), numbers, places, places)


def test_jumps_and_settling_by_hand():
    # Four channels over four checkpoints: settled from the start; from the third on; it comes back; dead.
    found = course([[7, 1, 5, 0], [7, 2, 6, 0], [7, 3, 6, 0], [7, 3, 5, 0]], [[1, 1, 1, 0]] * 4)
    assert found.jumps.astype(int).tolist() == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert found.stays.astype(int).tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]]
    assert found.settled.tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1])


def test_a_channel_that_was_silent_has_not_settled_and_does_not_jump():
    found = course([[0], [0], [0]], [[1], [0], [1]])
    assert found.settled.tolist() == [0, 0, 1] and not found.jumps.any()
    assert not course([[5], [0], [7]], [[1], [0], [1]]).jumps.any()  # nothing to compare with
    assert np.isnan(course([[0], [0]], [[1], [0]]).settled).all()  # nothing excites it at the end
    assert np.isnan(course([[0], [0]], known=[True, False]).settled).all()  # not all was looked at


def test_likeness_forgets_strength_and_not_sign():
    pattern = np.arange(-6, 6, dtype=np.float32).reshape(1, 2, 2, 3)
    other = np.zeros_like(pattern)
    other[0, 0, 0, 0] = 1
    assert likeness(pattern * 3, pattern) == pytest.approx([1])
    assert likeness(-pattern, pattern) == pytest.approx([-1])
    assert likeness(other, pattern) == pytest.approx([-6 / np.sqrt(146)])
    assert likeness(pattern * 0, pattern) == [0] and np.isnan(likeness(pattern, pattern * 0)).all()


def test_the_mean_leaves_out_channels_that_are_dead_at_the_end():
    found = mean_likeness(np.array([[0.2, np.nan, 0.4], [1, np.nan, 1], [np.nan] * 3]))
    assert found[:2] == pytest.approx([0.3, 1]) and np.isnan(found[2])


def planted_run(steps: list[float]) -> tuple[list[HookedModel], list[np.ndarray], torch.Tensor]:
    """Make a channel go from noise to a filter for a bright cross, and hide one cross among noise."""
    torch.manual_seed(0)
    cross = torch.full((3, 5, 5), -0.4)
    cross[:, 2, :] = cross[:, :, 2] = 0.5
    start = torch.randn(2, 3, 5, 5) * 0.4
    run = []
    for share in steps:
        model = hooked(nn.Conv2d(3, 2, 5), nn.ReLU(), side=16)
        with torch.no_grad():
            model.network[0].weight.copy_(start)
            model.network[0].weight[1] = (1 - share) * start[1] + share * cross
            model.network[0].bias.zero_()
        run.append(model)
    pictures = noise(12, 16)
    pictures[8][4:9, 6:11] = 0
    pictures[8][6, 6:11] = pictures[8][4:9, 8] = 255
    return run, pictures, cross


def test_a_planted_feature_is_seen_to_come():
    run, pictures, cross = planted_run([0, 0.2, 0.5, 0.8, 1])
    (found,) = feature_evolution(run, pictures, "1", progress=False)
    whole = cross.permute(1, 2, 0).numpy()[None]
    like = [float(likeness(each[1:2], whole)[0]) for each in found.projections]
    assert like[0] < 0.3 and like[-1] == pytest.approx(1, abs=1e-5) and like == sorted(like)
    planted = found.course
    assert planted.pictures[0, 1] != 8 and planted.pictures[-2:, 1].tolist() == [8, 8]
    assert (planted.rows[-1, 1], planted.columns[-1, 1]) == (4, 6)
    assert planted.jumps[:, 1].sum() >= 1 and np.all(np.diff(planted.settled) >= 0)
    # The other channel never changed.
    assert not planted.jumps[:, 0].any() and found.likeness[:, 0] == pytest.approx(np.ones(5))
    assert planted.settled[0] == 0.5


def test_the_order_given_is_kept():
    run, pictures, _ = planted_run([0, 0.5, 1])
    (there,) = feature_evolution(run, pictures, "1", progress=False)
    (back,) = feature_evolution(run[::-1], pictures, "1", progress=False)
    assert np.array_equal(back.course.values, there.course.values[::-1])
    assert np.array_equal(back.projections, there.projections[::-1])
    assert back.likeness[-1] == pytest.approx([1, 1]) and back.likeness[0, 1] < 0.3


def test_one_checkpoint_and_some_channels():
    (found,) = feature_evolution([small_net(1)], noise(3), ["1"], channels=[2, 0], progress=False)
    assert found.channels == (2, 0) and found.projections.shape == (1, 2, 3, 3, 3)
    assert found.course.values.shape == (1, 4)
    assert found.course.settled.tolist() == [1] and not found.course.jumps.any()
    every = feature_evolution([small_net(1)], noise(3), ["4", "1"], progress=False)
    assert [each.course.layer.name for each in every] == ["4", "1"]
    assert np.array_equal(every[1].projections[:, [2, 0]], found.projections)


def test_channels_that_nothing_excites_are_empty():
    model = small_net(1)
    with torch.no_grad():
        model.network[0].weight[1] = 0
        model.network[0].bias[1] = -1
        model.network[0].bias[2] = float("nan")
    healthy = small_net(2)
    (found,) = feature_evolution([model, healthy], noise(3), "1", progress=False)
    assert found.course.excited.tolist() == [[True, False, False, True], [True] * 4]
    assert found.course.pictures[0, 2] == -1 and np.isneginf(found.course.values[0, 2])
    assert not found.projections[0, 1:3].any() and (found.crops[0, 1:3] == 128).all()
    assert found.projections[0, 0].any() and np.isfinite(found.projections).all()
    assert found.likeness[0, 1:3].tolist() == [0, 0]


def test_clear_errors():
    good, pictures = small_net(1), noise(2)
    with pytest.raises(LayerError, match="checkpoint 'epoch 1': toy@1 has no layer 'conv'"):
        feature_evolution([good], pictures, "conv", progress=False)
    with pytest.raises(TargetError, match="layer '1' has no channel 4: they go from 0 to 3"):
        feature_evolution([good], pictures, "1", channels=[4], progress=False)
    with pytest.raises(InputError, match="at least one checkpoint; the list is empty"):
        feature_evolution([], pictures, "1", progress=False)
    with pytest.raises(InputError, match="needs the name of a layer"):
        feature_evolution([good], pictures, [], progress=False)
    with pytest.raises(InputError, match="no picture"):
        feature_evolution([good], [], "1", progress=False)
    short = hooked(nn.Conv2d(3, 4, 3), nn.ReLU(), name="toy@2")
    with pytest.raises(LayerError, match="checkpoint 'epoch 2': toy@2 has no layer '4'"):
        feature_evolution([good, short], pictures, "4", progress=False)
    wide = hooked(nn.Conv2d(3, 6, 3), nn.ReLU(), name="toy@3")
    with pytest.raises(InputError, match="layer '1' is 4x8x8 at checkpoint 'epoch 1' and 6x8x8 at 'epoch 3'"):
        feature_evolution([good, wide], pictures, "1", progress=False)


def test_the_models_stay_as_they_are():
    model = small_net(1).network.train()
    before = copy.deepcopy(model.state_dict())
    hooked_ = HookedModel(model, (3, 10, 10))
    feature_evolution([hooked_], noise(2), "4", progress=False)
    after = model.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before) and model.training
    assert not any(m._forward_hooks or m._backward_hooks for m in model.modules())


def test_pictures_are_opened_once_for_all_checkpoints():
    opened = []

    class Counting(list):
        def __getitem__(self, index):
            opened.append(index)
            return super().__getitem__(index)

    source = picture_set(Counting(noise(4)))
    opened.clear()
    feature_evolution([small_net(1), small_net(2), small_net(3)], source, ["1", "4"], progress=False)
    assert sorted(opened) == [0, 1, 2, 3]


def test_grey_pictures_have_one_colour():
    model = HookedModel(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), (1, 6, 6))
    (found,) = feature_evolution([model], noise(2, 6), "1", progress=False)
    assert found.projections.shape == (1, 2, 3, 3, 1) and found.crops.shape == (1, 2, 3, 3, 3)


def test_many_channels_are_projected_in_parts():
    torch.manual_seed(0)
    model = hooked(nn.Conv2d(3, 70, 3), nn.ReLU())
    (found,) = feature_evolution([model], noise(3), "1", progress=False)
    filters = model.network[0].weight.detach().numpy().transpose(0, 2, 3, 1)
    strength = found.course.values[0, :, None, None, None]
    assert np.allclose(found.projections[0], strength * filters, atol=1e-5)


@pytest.mark.heavy
def test_early_layers_of_the_embedded_net_settle_first():
    run = open_model("mini-alexnet-objects", epochs=[1, 10, 64])
    early, late = feature_evolution(
        run, Objects("train", 56), ["relu1", "relu5"], channels=range(24), progress=False
    )
    assert np.nanmean(early.likeness[1]) > 0.6 > 0.4 > np.nanmean(late.likeness[1])
    assert early.course.values.shape == (3, 48) and late.course.values.shape == (3, 64)


def test_one_channel_is_projected_as_among_all():
    model, pictures = small_net(1), picture_set(noise(3))
    (found,) = feature_evolution([model], pictures, "4", progress=False)
    (strongest,) = harvest(model, pictures, [TopK("4", 1)], progress=False)
    down, crops = projected(model, pictures, strongest, [3])
    assert np.allclose(down[0], found.projections[0, 3], atol=1e-6)
    assert np.array_equal(crops[0], found.crops[0, 3])
