"""Measured receptive fields: a slow twin, numbers by hand, planted windows, and what can go wrong."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel
from cnnviz_widgets.data.picture_set import picture_set
from cnnviz_widgets.errors import InputError, LayerError, TargetError
from cnnviz_widgets.methods import discrepancy as grids
from cnnviz_widgets.methods.discrepancy import (
    DiscrepancyMap,
    discrepancy_map,
    discrepancy_steps,
    patch_size,
    random_patches,
    unit_center,
)
from cnnviz_widgets.methods.receptive_fields import average_field, empirical_field


def planted(side: int = 9, window: tuple[slice, slice] = (slice(3, 6), slice(3, 6))) -> HookedModel:
    """Layer "0": channel 0 sums a window of its 9x9 field; channel 1 never fires; channel 2 is constant."""
    network = nn.Sequential(nn.Conv2d(1, 3, 9, padding=4), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    model = network.eval()
    model(torch.zeros(1, 1, side, side))
    with torch.no_grad():
        for each in network.parameters():
            each.zero_()
        network[0].weight[0, 0, window[0], window[1]] = 1
        network[0].weight[1] = -1
        network[0].bias[2] = 3
    return HookedModel(network, (1, side, side), name="planted")


def chain(double: bool = True, side: int = 20) -> HookedModel:
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(4, 5, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.LazyLinear(3),
    )
    network(torch.zeros(1, 3, side, side))
    return HookedModel(network.double() if double else network, (3, side, side), mean=0.4, std=0.2)


def photos(count: int, side: int = 9, seed: int = 0) -> list[np.ndarray]:
    chance = np.random.default_rng(seed)
    return [chance.integers(0, 256, (side, side, 3), dtype=np.uint8) for _ in range(count)]


def twin(
    model: HookedModel,
    x: torch.Tensor,
    layer: str,
    unit: tuple[int, int, int],
    patch: int,
    stride: int,
    seed: int,
) -> tuple[dict[tuple[int, int], float], list[tuple[int, int]]]:
    """Put each patch on by hand and run the whole network; also patches beyond the theoretical field."""
    height, width = x.shape[-2:]

    def activation(picture: torch.Tensor) -> float:
        with torch.no_grad(), model.record(layer) as record:
            model.scores(picture)
        return float(record[layer][0][unit])

    y, z = unit_center(model, layer, *unit[1:])
    first = math.floor(y - (patch - 1) / 2 + 0.5), math.floor(z - (patch - 1) / 2 + 0.5)
    top0, left0, bottom, right = model.layer(layer).receptive_field.box(*unit[1:])
    inner, outer = [], []
    for i in range(-height, height + 1):
        for j in range(-width, width + 1):
            top, left = first[0] + stride * i, first[1] + stride * j
            if not (0 <= top + (patch - 1) / 2 <= height - 1 and 0 <= left + (patch - 1) / 2 <= width - 1):
                continue
            touches = top < bottom and top + patch > top0 and left < right and left + patch > left0
            (inner if touches else outer).append((top, left))
    patches = random_patches(model, x, len(inner), patch, seed)
    others = random_patches(model, x, len(outer), patch, seed + 1)
    before, changes = activation(x), {}
    for places, colours in ((inner, patches), (outer, others)):
        for (top, left), colour in zip(places, colours, strict=True):
            edited = x.clone()
            for a in range(patch):
                for b in range(patch):
                    if 0 <= top + a < height and 0 <= left + b < width:
                        edited[0, :, top + a, left + b] = colour[:, a, b]
            changes[top, left] = abs(activation(edited) - before)
    return changes, outer


@pytest.mark.parametrize("unit", [(0, 0, 0), (2, 1, 3), (4, 3, 3)])
@pytest.mark.parametrize(("patch", "stride"), [(3, 2), (4, 3), (1, 5)])
def test_the_map_is_the_slow_twins(unit, patch, stride):
    model = chain()
    x = model.preprocess(photos(1, 20, seed=unit[0])[0]).double()
    found = discrepancy_map(model, x, "3", *unit, patch=patch, stride=stride, seed=7)
    changes, outer = twin(model, x, "3", unit, patch, stride, 7)
    assert outer and all(changes[place] == 0 for place in outer)  # the theoretical field is all there is
    seen = 0
    for i, top in enumerate(found.tops.tolist()):
        for j, left in enumerate(found.lefts.tolist()):
            if (top, left) in changes:
                assert found.values[i, j] == pytest.approx(changes[top, left], rel=1e-5, abs=1e-6)
                seen += 1
            else:
                assert np.isnan(found.values[i, j])
    missing = [place for place in changes if place[0] not in found.tops or place[1] not in found.lefts]
    assert seen > 0 and set(missing) <= set(outer)
    assert found.done == found.total == len(changes) - len(outer)


def test_one_patch_by_hand(monkeypatch):
    # A white patch of one pixel on a grey picture: the unit, a sum of 9 pixels of 0.2, goes from 1.8 to 2.6.
    model = planted()
    monkeypatch.setattr(grids, "random_patches", lambda model, x, n, side, seed: torch.ones(n, 1, side, side))
    x = torch.full((1, 1, 9, 9), 51 / 255)
    found = discrepancy_map(model, x, "0", 0, 4, 4, patch=1, stride=1)
    assert found.activation == pytest.approx(1.8) and found.values[5, 5] == pytest.approx(0.8)
    wanted = np.zeros((9, 9))
    wanted[3:6, 3:6] = 0.8
    assert np.nan_to_num(found.values)[1:-1, 1:-1] == pytest.approx(wanted, abs=1e-6)
    assert found.on_picture() == pytest.approx(wanted, abs=1e-6)
    field = average_field([found])
    assert field.size == 3 and field.theoretical == 9 and field.region.sum() == 9
    assert field.region[4:7, 4:7].all()
    corner = discrepancy_map(model, x, "0", 0, 0, 0, patch=1, stride=1)  # 4 of its 9 pixels are there
    assert corner.activation == pytest.approx(0.8)
    assert (corner.values[5:7, 5:7] == pytest.approx(0.8)) and np.isnan(corner.values[:5]).all()


def test_maps_are_recentred_at_the_borders_by_hand():
    model = planted()
    x = torch.full((1, 1, 9, 9), 0.2)
    middle, corner = (
        discrepancy_map(model, x, "0", 0, place, place, patch=1, stride=1, seed=place) for place in (4, 8)
    )
    assert middle.tops.tolist() == list(range(-1, 10)) and corner.tops.tolist() == list(range(3, 14))
    field = average_field([middle, corner])
    assert field.counts[5, 5] == 2 and field.counts[4, 4] == 2  # offset 0, and up and left
    assert field.counts[6, 6] == 1 and field.counts[0, 0] == 1  # down: beyond the picture for the corner
    assert field.mean[5, 5] == pytest.approx((middle.values[5, 5] + corner.values[5, 5]) / 2)
    assert field.mean[6, 6] == middle.values[6, 6] and np.isnan(field.mean[10, 10])


def test_grids_of_all_units_have_the_same_offsets():
    # An even field with an odd stride: its middle is between two pixels, now up and now down.
    network = nn.Sequential(nn.Conv2d(1, 1, 4, stride=3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    network(torch.zeros(1, 1, 22, 22))
    model, x = HookedModel(network, (1, 22, 22)), torch.rand(1, 1, 22, 22)
    offsets = set()
    for row in range(7):
        found = discrepancy_map(model, x, "0", 0, row, row, patch=3, stride=2)
        offsets.add(tuple((found.tops + 1 - unit_center(model, "0", row, row)[0]).tolist()))
    assert len(offsets) == 1


def test_the_planted_window_is_the_measured_field():
    model = planted(17)
    field = empirical_field(model, photos(24, 17), "1", 0, 16, patch=1, stride=1, progress=False)
    assert field.size == 3 and field.theoretical == 9 and len(field.maps) == 16
    rows, columns = np.nonzero(field.region)
    middle = len(field.mean) // 2
    assert set(rows) == set(columns) == {middle - 1, middle, middle + 1}
    outside = np.nan_to_num(field.mean)
    outside[middle - 1 : middle + 2, middle - 1 : middle + 2] = 0
    assert not (outside > 1e-5).any()  # numbers added up in another order


def test_a_window_off_the_middle_is_found_where_it_is():
    model = planted(17, (slice(0, 2), slice(5, 9)))  # 2 rows up to the field's upper edge, 4 columns
    field = empirical_field(model, photos(24, 17), "1", 0, 16, patch=1, stride=1, progress=False)
    middle = len(field.mean) // 2
    rows, columns = np.nonzero(field.region)
    assert set(rows - middle) == {-4, -3} and set(columns - middle) == {1, 2, 3, 4}
    assert field.size == pytest.approx(math.sqrt(8))


def test_an_even_field_keeps_its_width_under_larger_patches(monkeypatch):
    network = nn.Sequential(nn.Conv2d(1, 1, 15, padding=7), nn.Flatten(), nn.LazyLinear(2))
    network(torch.zeros(1, 1, 41, 41))
    with torch.no_grad():
        network[0].weight.fill_(1)
    model = HookedModel(network, (1, 41, 41))
    monkeypatch.setattr(grids, "random_patches", lambda model, x, n, side, seed: torch.ones(n, 1, side, side))
    found = discrepancy_map(model, torch.zeros(1, 1, 41, 41), "0", 0, 20, 20, patch=5, stride=1)
    assert average_field([found], 0.5).size == pytest.approx(15, abs=1)


def test_steps_go_coarse_to_fine_and_end_with_the_map():
    model = chain()
    x = model.preprocess(photos(1, 20)[0]).double()
    steps = list(discrepancy_steps(model, x, "3", 1, 1, 1, patch=3, stride=1))
    done = [each.done for each in steps]
    assert done[0] == 0 and done == sorted(done) and done[-1] == steps[-1].total and len(steps) > 2
    whole = discrepancy_map(model, x, "3", 1, 1, 1, patch=3, stride=1)
    assert np.array_equal(steps[-1].values, whole.values, equal_nan=True)
    known = ~np.isnan(steps[1].values)
    assert np.array_equal(steps[1].values[known], whole.values[known])
    again = discrepancy_map(model, x, "3", 1, 1, 1, patch=3, stride=1, seed=1)
    assert not np.array_equal(again.values, whole.values, equal_nan=True)


def test_without_a_place_the_strongest_is_taken():
    model = chain()
    x = model.preprocess(photos(1, 20)[0]).double()
    with torch.no_grad(), model.record("4") as record:
        model.scores(x)
    channel = int(record["4"][0].amax((1, 2)).argmax())
    wanted = divmod(int(record["4"][0, channel].argmax()), record["4"].shape[-1])
    found = discrepancy_map(model, x, "4", channel, patch=2, stride=4)
    assert (found.row, found.column) == wanted
    assert found.activation == pytest.approx(float(record["4"][0, channel].max()))


def test_a_map_over_the_picture_has_the_nearest_patch():
    layer = chain().layer("0")
    values = np.arange(9, dtype=np.float32).reshape(3, 3)
    starts = np.array([3, 6, 9])
    found = DiscrepancyMap(layer, 0, 0, 0, 1.0, values, starts, starts, 3, 3, 9, 9).on_picture()
    assert found.shape == (20, 20) and np.isnan(found[:3]).all() and np.isnan(found[12:]).all()
    assert (
        found[3:12, 4].tolist() == [0, 0, 0, 3, 3, 3, 6, 6, 6]
        and found[4, 3:12].tolist() == [0] * 3 + [1] * 3 + [2] * 3
    )


def test_patches_lie_between_black_and_white_of_the_network():
    model, x = chain(), torch.zeros(1, 3, 20, 20, dtype=torch.double)
    drawn = random_patches(model, x, 200, 3, 0)
    assert drawn.dtype == torch.double and drawn.shape == (200, 3, 3, 3)
    assert drawn.min() == pytest.approx(-2, abs=0.02) and drawn.max() == pytest.approx(3, abs=0.02)
    assert drawn.mean() == pytest.approx(0.5, abs=0.05)
    assert torch.equal(drawn, random_patches(model, x, 200, 3, 0))
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(2))
    network(torch.zeros(1, 3, 8, 8))

    def each_its_own(picture):
        x = torch.from_numpy(np.array(picture)).movedim(-1, 0).float()
        return (x - x.mean()) / x.std()

    model = HookedModel(network, (3, 8, 8), transform=each_its_own)
    x = torch.rand(1, 3, 8, 8)
    drawn = random_patches(model, x, 50, 2, 0)
    assert x.min() <= drawn.min() and drawn.max() <= x.max() and drawn.std() > 0.1


def test_patch_and_stride_are_the_papers_scaled():
    class Net:
        input_shape = (3, 227, 227)

    assert patch_size(Net) == (11, 3)
    Net.input_shape = (3, 112, 150)
    assert patch_size(Net) == (5, 2)
    Net.input_shape = (1, 9, 9)
    assert patch_size(Net) == (1, 1)


def test_the_theoretical_sizes_of_alexnet_are_the_papers():
    from torchvision.models import alexnet

    model = HookedModel(alexnet(weights=None), (3, 224, 224))
    named = {"features.2": 19, "features.5": 67, "features.6": 99, "features.8": 131, "features.12": 195}
    for name, size in named.items():  # pool1, pool2, conv3, conv4, pool5
        assert model.layer(name).receptive_field.size == (size, size)


def test_what_cannot_be_measured_says_so():
    model = planted()
    x = torch.full((1, 1, 9, 9), 0.2)
    with pytest.raises(InputError, match="channel 1 of layer '1' is above 0 in none of the pictures"):
        empirical_field(model, photos(5), "1", 1, progress=False)
    with pytest.raises(InputError, match="patch of 10 pixels does not fit: 1 to 9"):
        discrepancy_map(model, x, "0", 0, patch=10)
    with pytest.raises(InputError, match="stride is 1 pixel or more; got 0"):
        discrepancy_map(model, x, "0", 0, stride=0)
    with pytest.raises(LayerError, match="layer '3' sees the whole picture and has no place"):
        empirical_field(model, photos(2), "3", 0, progress=False)
    with pytest.raises(TargetError, match="no channel 3: they go from 0 to 2"):
        discrepancy_map(model, x, "0", 3)
    with pytest.raises(TargetError, match="no unit at row 9, column 0: its maps are 9x9"):
        discrepancy_map(model, x, "0", 0, 9, 0)
    with pytest.raises(InputError, match="k is how many"):
        empirical_field(model, photos(2), "1", 0, 0, progress=False)
    with pytest.raises(InputError, match="one picture"):
        discrepancy_map(model, x.repeat(2, 1, 1, 1), "0", 0)
    with pytest.raises(InputError, match="no discrepancy map"):
        average_field([])
    with pytest.raises(InputError, match="level is a share"):
        average_field([discrepancy_map(model, x, "0", 0)], 1.0)
    maps = [discrepancy_map(model, x, "0", channel) for channel in (0, 2)]
    with pytest.raises(InputError, match="channel 0, patch 1, stride 1 and 0 channel 2, patch 1"):
        average_field(maps)
    with torch.no_grad():
        model.network[0].weight[0] = float("nan")
    with pytest.raises(InputError, match="holds NaN or infinity"):
        discrepancy_map(model, x, "0", 0)
    with pytest.raises(InputError, match="none of the pictures; in 5 its map holds NaN"):
        empirical_field(model, photos(5), "0", 0, progress=False)


def test_a_unit_that_no_patch_changes_has_size_zero():
    model = planted()
    field = empirical_field(model, photos(3), "1", 2, progress=False)  # always 3
    assert field.size == 0 and not field.region.any() and np.nanmax(field.mean) == 0


def test_one_picture_is_enough():
    field = empirical_field(planted(), photos(1), "1", 0, 9, progress=False)
    assert len(field.maps) == 1 and field.done == field.maps[0].total


def test_attention_has_its_place_by_its_share():
    class Patches(nn.Module):
        def __init__(self):
            super().__init__()
            self.cut, self.mix, self.head = (
                nn.Conv2d(1, 8, 4, 4),
                nn.MultiheadAttention(8, 2, batch_first=True),
                nn.Linear(8, 2),
            )

        def forward(self, x):
            tokens = self.cut(x).flatten(2).mT
            tokens = self.mix(tokens, tokens, tokens, need_weights=False)[0]
            return self.head(tokens.mean(1))

    model = HookedModel(Patches(), (1, 16, 16))
    name = next(each.name for each in model.layers if each.shape == (16, 8) and each.name == "mix")
    assert unit_center(model, name, 0, 3) == (1.5, 13.5)
    found = discrepancy_map(model, torch.rand(1, 1, 16, 16), name, 0, 1, 1, patch=4, stride=4)
    assert np.nanmin(found.values) > 0  # every patch matters to every token


def test_the_network_is_left_as_it_was():
    model = chain(double=False)
    model.network.train()
    before = {name: each.clone() for name, each in model.network.state_dict().items()}
    empirical_field(model, picture_set(photos(3, 20)), "4", 1, 2, patch=3, stride=3, progress=False)
    assert model.network.training and all(not each._forward_hooks for each in model.network.modules())
    assert all(torch.equal(each, before[name]) for name, each in model.network.state_dict().items())
