"""Occlusion: by hand, against loops and captum, a window that was planted, and the truth of Miniworld."""

import warnings

import numpy as np
import pytest
import torch
from captum.attr import Occlusion
from torch import nn

from cnnviz_widgets import HookedModel, Objects, open_model, open_picture
from cnnviz_widgets.errors import InputError, LayerError, MemoryLimitError, TargetError
from cnnviz_widgets.methods.occluder import FILLS, Occluder, default_square
from cnnviz_widgets.methods.occlusion import covered_scores, occlusion_maps
from cnnviz_widgets.methods.tasks import concept_of
from tests.backend.toy_nets import pictures, small_net

UP, DOWN = 1 / (1 + np.exp(-1.5)), 1 / (1 + np.exp(1.5))


def linear(**more) -> HookedModel:
    """Make a net that weighs two pixels of 4x4 with 1 and 2; its other class always scores 1.5."""
    layer = nn.Linear(16, 2)
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 0], layer.weight[0, 5] = 1, 2
        layer.bias.copy_(torch.tensor([0, 1.5]))
    return HookedModel(nn.Sequential(nn.Flatten(), layer), (1, 4, 4), classes=["ant", "bee"], **more)


class Window(nn.Module):
    """Class 0 looks at rows 3 to 5 and columns 6 to 8 of 12x12, and nowhere else."""

    def forward(self, x):
        seen = x[:, :, 3:6, 6:9].sum((1, 2, 3))
        return torch.stack([seen, torch.zeros_like(seen) + 3], 1)


def pointing_game(count: int, reach: int) -> dict[str, float]:
    """Play the pointing game: how often the centre of the square that hurts most lies on the object.

    Miniworld's objects stand about in the middle, where one who never looks points, too. So each picture is
    first moved by up to `reach` pixels, down and across by chance; what comes in is the picture mirrored.
    """
    model, data, chance = open_model("mini-alexnet-objects"), Objects("test", count), np.random.default_rng(0)
    hits: dict[str, list] = {"occlusion": [], "centre": [], "area": []}
    for i in range(count):
        name = data.classes[data[i].label]
        down, across = chance.integers(-reach, reach + 1, 2)
        picture = moved(data[i].image, down, across, "reflect")
        truth = moved(data[i].mask("object", concept_of(name)), down, across, "constant")
        found = occlusion_maps(model, model.preprocess(picture), 28, 8, target=name)
        place = np.unravel_index(found.probability.argmin(), found.probability.shape)
        row, column = (int(each[at]) for each, at in zip(found.centers, place, strict=True))
        hits["occlusion"].append(truth[row, column])
        hits["centre"].append(truth[56, 56])
        hits["area"].append(truth.mean())
    return {name: float(np.mean(each)) for name, each in hits.items()}


def moved(array: np.ndarray, down: int, across: int, mode: str) -> np.ndarray:
    """Move a picture or mask; what comes in at the edge is as numpy's `mode` says."""
    reach = max(abs(down), abs(across))
    wide = np.pad(array, ((reach, reach), (reach, reach)) + ((0, 0),) * (array.ndim - 2), mode=mode)
    rows, columns = array.shape[:2]
    return wide[reach - down : reach - down + rows, reach - across : reach - across + columns]


def test_by_hand():
    found = occlusion_maps(linear(), torch.ones(1, 1, 4, 4), size=2, stride=1)
    # All is 1 * 1 + 2 * 1 = 3. The square in the corner covers both, three places beside it the 2.
    assert found.score.tolist() == [[0, 1, 3], [1, 1, 3], [3, 3, 3]]
    assert found.label.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    low = 1 / (1 + np.exp(0.5))  # scores of 1 and 1.5
    assert np.allclose(found.probability, [[DOWN, low, UP], [low, low, UP], [UP, UP, UP]])
    assert (found.target, found.plain_label, found.tops.tolist()) == (0, 0, [0, 1, 2])
    assert found.plain_probability == pytest.approx(UP)
    assert [each.tolist() for each in found.centers] == [[0.5, 1.5, 2.5]] * 2
    bee = found.about(target=1)
    assert np.allclose(bee.probability, 1 - found.probability) and np.all(bee.score == 1.5)
    assert (found.layer, found.channel) == ("", -1), "a linear net has no layer with maps"
    assert np.isnan(found.activation).all() and np.isnan(found.plain_activation)
    two = occlusion_maps(linear(), torch.ones(1, 1, 4, 4), 2, 2, fill=2.0, target="bee")
    assert two.about(0).score.tolist() == [[6, 3], [3, 3]], "a square of twos"


def test_the_total_activation_by_hand():
    conv = nn.Conv2d(1, 2, 1)
    with torch.no_grad():  # relu(x) and relu(3 x - 3)
        conv.weight.copy_(torch.tensor([1.0, 3.0]).reshape(2, 1, 1, 1))
        conv.bias.copy_(torch.tensor([0.0, -3.0]))
    net = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(32, 2))
    x = torch.tensor([[3.0, 1, 1, 1], [1, 1, 1, 1], [1, 1, 2, 1], [1, 1, 1, 1]]).reshape(1, 1, 4, 4)
    found = occlusion_maps(HookedModel(net, (1, 4, 4)), x, size=2, stride=2)
    # The second map is 6 at the 3 and 3 at the 2: it has the largest value, though not the largest sum.
    assert (found.layer, found.channel) == ("1", 1)
    assert found.plain_totals.tolist() == [19, 9] and found.plain_activation == 9
    assert found.activation.tolist() == [[3, 9], [9, 6]]
    assert found.about(channel=0).activation.tolist() == [[13, 15], [15, 14]]


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(("size", "stride"), [(4, 3), (1, 5), (12, 1), (5, 4)])
def test_equal_to_loops_over_covered_pictures(fill, size, stride):
    model, x = HookedModel(small_net(), (1, 12, 12), mean=0.4, std=0.2), pictures()
    model.network.eval()
    found = occlusion_maps(model, x, size, stride, fill, layer="relu_1", target=2)
    color = {"grey": 0.0, "black": -2.0, "white": 3.0, "mean": float(x.mean())}
    tops = [*range(0, 12 - size, stride), 12 - size]
    assert found.tops.tolist() == found.lefts.tolist() == tops and found.done == found.total == len(tops) ** 2
    slow, totals, chances, labels = [], [], [], []
    for top in tops:
        for left in tops:
            copy = x.clone()
            for row in range(top, top + size):
                for column in range(left, left + size):
                    copy[0, 0, row, column] = (
                        blurred(x[0, 0], size / 2)[row, column] if fill == "blur" else color[fill]
                    )
            with torch.no_grad(), model.record("relu_1") as record:
                scores = model.network(copy)[0].numpy()
            slow.append(scores)
            totals.append(record["relu_1"][0].numpy().sum((1, 2)))
            raised = [np.exp(each - scores.max()) for each in scores]
            chances.append(raised[2] / sum(raised))
            labels.append(max(range(5), key=lambda k: scores[k]))
    assert np.abs(found.scores.reshape(-1, 5) - slow).max() < 1e-5
    assert np.abs(found.totals.reshape(-1, 4) - totals).max() < 1e-4
    assert np.abs(found.probability.ravel() - chances).max() < 1e-6
    assert found.label.ravel().tolist() == labels
    with torch.no_grad(), model.record("relu_1") as record:
        model.network(x)
    maximum = record["relu_1"][0].amax((1, 2))
    assert found.channel == int(maximum.argmax())
    assert covered_scores(model, x, tops[-1], 0, size, fill) == pytest.approx(slow[-len(tops)], abs=1e-5)


def blurred(picture: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blur by a Gaussian, cut off at 4 standard deviations; beyond the edge the edge goes on."""
    reach = int(4 * sigma + 0.5)
    weight = torch.exp(-(torch.arange(-reach, reach + 1, dtype=torch.float64) ** 2) / (2 * sigma**2))
    weight /= weight.sum()
    for _ in range(2):
        wide = torch.cat([picture[:, :1].expand(-1, reach), picture, picture[:, -1:].expand(-1, reach)], 1)
        picture = (wide.unfold(1, 2 * reach + 1, 1) * weight).sum(2).T
    return picture


def test_the_map_falls_exactly_where_the_square_touches_what_the_net_sees():
    model = HookedModel(Window(), (1, 12, 12))
    found = occlusion_maps(model, torch.ones(1, 1, 12, 12), size=3, stride=1, target=0)
    assert found.plain_scores.tolist() == [9, 3]
    for i, top in enumerate(found.tops):
        for j, left in enumerate(found.lefts):
            rows = max(0, min(top + 3, 6) - max(top, 3))
            columns = max(0, min(left + 3, 9) - max(left, 6))
            assert found.score[i, j] == 9 - rows * columns
    assert np.argwhere(found.probability == found.probability.min()).tolist() == [[3, 6]]
    assert [found.centers[0][3], found.centers[1][6]] == [4, 7], "the middle of the window"
    assert (
        np.argwhere(found.label == 1).tolist()
        == [
            [3, 6],
        ]
        and found.plain_label == 0
    )


def test_equal_to_captums_where_the_definitions_agree():
    # Captum gives each pixel the mean score difference of all windows over it, we give each window its score:
    # the same where windows do not overlap and none is cut.
    torch.manual_seed(1)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(100, 4))
    x = torch.randn(1, 3, 12, 12)
    for size, fill in ((4, 0.0), (3, 1.5), (6, 0.0)):
        found = occlusion_maps(HookedModel(net, (3, 12, 12)), x, size, size, fill, target=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape = (3, size, size)
            expected = Occlusion(net).attribute(x, shape, strides=shape, target=1, baselines=fill)
        ours = found.plain_scores[1] - found.spread(found.score)
        assert np.abs(ours - expected[0, 0].detach().numpy()).max() < 1e-5


def test_maps_are_filled_coarse_to_fine_and_can_be_gone_on_with():
    model, x = HookedModel(small_net(), (1, 12, 12)), pictures()
    occluder = Occluder(model, x, "relu")
    maps = occluder.blank(2, 1)
    assert maps.done == 0 and np.isnan(maps.spread(maps.probability)).all() and maps.place_at(5, 5) == (4, 4)
    done, steps = [], occluder.steps(maps)
    for step in steps:
        done.append(step.done)
        if len(done) == 2:
            break
    steps.close()
    assert 0 < done[0] < done[1] < maps.total == 121
    assert maps.known[::4, ::4].any() and not maps.known[1::2].any(), "every second row is for later"
    assert np.isnan(maps.probability).sum() == (maps.label == -1).sum() == 121 - maps.done
    coarse = maps.spread(maps.probability)
    assert np.isfinite(coarse).all() and set(np.unique(coarse)) <= set(maps.probability[maps.known].tolist())
    before = model.network.passes
    *_, last = occluder.steps(maps)
    whole = occlusion_maps(model, x, 2, 1, layer="relu")
    assert last is maps and maps.done == 121
    assert np.allclose(maps.scores, whole.scores, atol=1e-6) and np.array_equal(maps.label, whole.label)
    assert model.network.passes >= before and list(occluder.steps(maps)) == [], "nothing is left to do"


def test_pixels_take_the_nearest_centre_and_the_edge_has_none():
    model, x = HookedModel(small_net(), (1, 12, 12)), pictures()
    found = occlusion_maps(model, x, size=5, stride=3)
    assert found.tops.tolist() == [0, 3, 6, 7] and found.centers[0].tolist() == [2, 5, 8, 9]
    numbers = np.arange(16).reshape(4, 4)
    rows = [-1, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, -1]  # 0.5 to 10.5 is at most half a stride from a centre
    spread = found.spread(numbers)
    assert spread[5].tolist() == [-1 if each < 0 else 4 + each for each in rows]
    assert spread[:, 2].tolist() == [-1 if each < 0 else 4 * each for each in rows]
    assert np.isnan(found.spread(found.probability)[0]).all()
    assert found.place_at(5, 10) == (1, 3) and found.place_at(0, 5) is None and found.place_at(5, 99) is None


def test_fills():
    model = HookedModel(small_net(), (1, 12, 12), mean=0.5, std=0.25)
    occluder = Occluder(model, pictures())
    assert occluder.filled("grey", 3) == 0
    assert occluder.filled("black", 3).tolist() == [-2] and occluder.filled("white", 3).tolist() == [2]
    assert occluder.filled("mean", 3).item() == pytest.approx(pictures().mean().item())
    assert occluder.filled("blur", 3).shape == (1, 12, 12)
    for size in (3, 6):  # the larger the square, the wider the blur
        expected = blurred(pictures()[0, 0], size / 2)
        assert torch.allclose(occluder.filled("blur", size)[0].double(), expected.double(), atol=1e-5)
    own = torch.rand(1, 12, 12)
    assert occluder.filled(own, 3) is own


def test_the_model_and_the_picture_stay_as_they_were():
    model, x = HookedModel(small_net(), (1, 12, 12)), pictures()
    model.network.train()
    before, weights = x.clone(), [each.clone() for each in model.network.state_dict().values()]
    occlusion_maps(model, x, 4, 4, "blur")
    assert torch.equal(x, before) and model.network.training
    after = model.network.state_dict().values()
    assert all(torch.equal(one, other) for one, other in zip(weights, after, strict=True))
    assert not any(each._forward_hooks for each in model.network.modules())


def test_errors_say_what_is_wrong():
    model, x = linear(name="two"), torch.ones(1, 1, 4, 4)
    with pytest.raises(InputError, match=r"square of 5 px does not fit.*4x4 pixels.*from 1 to 4"):
        occlusion_maps(model, x, 5)
    with pytest.raises(InputError, match=r"square of 0 px does not fit"):
        covered_scores(model, x, 0, 0, 0)
    with pytest.raises(InputError, match=r"stride of 0 px goes nowhere: choose 1 or more"):
        occlusion_maps(model, x, 2, 0)
    with pytest.raises(InputError, match=r"no fill 'gray'. Did you mean 'grey'"):
        occlusion_maps(model, x, 2, 1, "gray")
    with pytest.raises(TargetError, match=r"there is no class 'be'. Did you mean 'bee'"):
        occlusion_maps(model, x, 2, 1, target="be")
    with pytest.raises(LayerError, match=r"two has no layer 'conv1'"):
        occlusion_maps(model, x, 2, 1, layer="conv1")
    with pytest.raises(LayerError, match=r"layer '1', 2, has one number for each unit.*no place"):
        occlusion_maps(model, x, 2, 1, layer="1")
    with pytest.raises(LayerError, match=r"no channel 0: no layer with maps is looked at"):
        occlusion_maps(model, x, 2, 1, channel=0)
    toy = HookedModel(small_net(), (1, 12, 12))
    with pytest.raises(LayerError, match=r"layer 'relu' has no channel 4: its channels go from 0 to 3"):
        occlusion_maps(toy, pictures(), 2, 1, layer="relu", channel=4)
    with pytest.raises(InputError, match="one picture"):
        occlusion_maps(model, x.repeat(2, 1, 1, 1))
    with pytest.raises(InputError, match="a picture is a tensor"):
        occlusion_maps(model, "cat")


def test_networks_that_score_no_classes_and_pictures_that_are_too_small():
    dense = HookedModel(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), (1, 8, 8), name="dense")
    with pytest.raises(InputError, match=r"dense gives \(2, 6, 6\) numbers.*not one score"):
        occlusion_maps(dense, torch.zeros(1, 1, 8, 8), 2, 1)
    with pytest.raises(InputError, match=r"cannot run on a picture of 8x8 pixels.*opened for 112x112"):
        occlusion_maps(open_model("mini-alexnet-objects"), torch.zeros(1, 3, 8, 8), 2, 1)


def test_maps_that_would_not_fit_into_memory_are_refused():
    wide = HookedModel(
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 40_000)), (1, 64, 64)
    )
    with pytest.raises(MemoryLimitError, match=r"stride of 1 px means 61x61 places.*choose a larger stride"):
        occlusion_maps(wide, torch.zeros(1, 1, 64, 64), 4, 1)


def test_a_square_and_a_stride_that_suit_a_picture():
    assert default_square(torch.zeros(1, 3, 224, 300)) == (56, 16)
    assert default_square(torch.zeros(1, 3, 112, 112)) == (28, 8)
    assert default_square(torch.zeros(1, 1, 2, 3)) == (1, 1)


@pytest.mark.heavy
def test_the_probability_falls_most_on_the_object():
    found = pointing_game(28, reach=36)
    assert found["occlusion"] > found["centre"] + 0.2 and found["occlusion"] > 2.5 * found["area"], found


@pytest.mark.real
@pytest.mark.heavy
def test_a_real_networks_occlusion_map_of_a_dalmatian_falls_on_the_dog(real, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(real / "torch_home"))
    model = open_model("squeezenet1_1")
    x = model.preprocess(open_picture(real / "imagenet_samples" / "0251_dalmatian.jpg"))
    found = occlusion_maps(model, x, size=56, stride=28)
    assert model.class_name(found.target) == "dalmatian"
    drop = found.plain_probability - found.spread(found.probability)
    i, j = np.unravel_index(found.probability.argmin(), found.probability.shape)
    row, column = found.centers[0][i], found.centers[1][j]
    assert 26 <= row < 155 and 50 <= column < 215, "head and ears, read off by eye"
    assert np.nanmean(drop[26:155, 50:215]) > 2 * max(0, np.nanmean(drop[:90, :48]))
