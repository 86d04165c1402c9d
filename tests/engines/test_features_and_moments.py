"""Codes and moments: literals by hand, twins in float64, shards that merge, numbers that are none."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz_widgets.engines import Features, Moments, features, harvest
from cnnviz_widgets.errors import InputError, MemoryLimitError, ModelError
from tests.engines.planted import colours, maps_of, noise


def prepared(accumulator, maps, pictures=None):
    accumulator.prepare(tuple(maps.shape[1:]), pictures or len(maps))
    return accumulator


def test_moments_by_hand():
    # channel 0: 1 2 3 6, mean 3, squares 4+1+0+9 = 14, 14/4 = 3.5; channel 1 is 5 everywhere
    maps = torch.tensor([[[[1.0, 2.0]], [[5.0, 5.0]]], [[[3.0, 6.0]], [[5.0, 5.0]]]])
    moments = prepared(Moments("layer"), maps)
    assert moments.result().count == 0 and moments.result().std.tolist() == [0, 0]
    moments.update(maps[:1], 0)
    moments.update(maps[1:], 1)
    spread = moments.result()
    assert spread.count == 4 and spread.mean.tolist() == [3, 5]
    assert spread.std.tolist() == pytest.approx([3.5**0.5, 0])


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.floats(-1e3, 1e3, width=32), min_size=4, max_size=24),
    offset=st.sampled_from([0.0, 1e6]),
    cut=st.integers(1, 3),
)
def test_shards_of_moments_merge_to_one_pass(values, offset, cut):
    maps = torch.tensor(values, dtype=torch.float64)[: len(values) // 4 * 4].reshape(4, 1, -1, 1) + offset
    whole = prepared(Moments("layer"), maps)
    for shard in (maps[cut:], maps[:cut]):
        part = prepared(Moments("layer"), shard)
        part.update(shard, 0)
        whole.merge(part, cut)
    spread = whole.result()
    assert spread.count == maps.numel()
    np.testing.assert_allclose(spread.mean, maps.numpy().mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(spread.std, maps.numpy().std((0, 2, 3)), rtol=1e-6, atol=1e-7)


def test_moments_of_a_layer_are_those_of_all_its_maps():
    pictures, model = noise(30), colours()
    (spread,) = harvest(model, pictures, [Moments("conv")], batch=7, progress=False)
    maps = maps_of(model, pictures, "conv").double().numpy()
    np.testing.assert_allclose(spread.mean, maps.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(spread.std, maps.std((0, 2, 3)), rtol=1e-6)
    assert spread.count == 30 * 16


def test_codes_by_hand():
    maps = torch.arange(12.0).reshape(3, 2, 1, 2)
    codes = prepared(Features("layer"), maps)
    codes.update(maps[2:], 2)
    codes.update(maps[:1], 0)
    assert codes.result().tolist() == [[0, 1, 2, 3], [0, 0, 0, 0], [8, 9, 10, 11]]
    assert codes.result().dtype == np.float32


@pytest.mark.parametrize("memory", [features.MEMORY, 0])
@settings(max_examples=15, deadline=None)
@given(n=st.integers(2, 8), data=st.data())
def test_shards_of_codes_merge_to_one_pass(memory, n, data):
    cut = data.draw(st.integers(1, n - 1))
    maps = torch.randn(n, 2, 2, 1, generator=torch.Generator().manual_seed(n))
    whole = prepared(Features("layer", memory), maps)
    for first, shard in data.draw(st.permutations([(0, maps[:cut]), (cut, maps[cut:])])):
        part = prepared(whole.fresh(), shard)
        part.update(shard, 0)
        whole.merge(part, first)
    np.testing.assert_array_equal(whole.result(), maps.flatten(1).numpy())
    assert isinstance(whole.result(), np.memmap) == (memory == 0)


def test_codes_that_were_read_from_disk_can_be_gone_on_with():
    maps = torch.arange(12.0).reshape(3, 2, 1, 2)
    first, second = prepared(Features("layer"), maps), prepared(Features("layer"), maps)
    first.update(maps[2:], 2)  # the last one is there, the others are not: shards come as they are ready
    state = first.state
    state["codes"].flags.writeable = False  # as it is where the file is read as needed
    second.state = state
    second.update(maps[:2], 0)
    np.testing.assert_array_equal(second.result(), maps.flatten(1).numpy())


def test_a_shard_sends_its_own_codes_only():
    maps = torch.ones(3, 2, 2, 2)
    part = prepared(Features("layer"), maps, pictures=1000)
    part.update(maps, 0)
    assert part.state["codes"].shape == (3, 8)


def test_large_codes_lie_in_a_file_that_goes_with_them(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path / "new"))
    model, pictures = colours(), noise(12)
    (small,) = harvest(model, pictures, [Features("relu")], cache=False, progress=False)
    (large,) = harvest(model, pictures, [Features("relu", memory=100)], cache=False, progress=False)
    assert isinstance(large, np.memmap) and not isinstance(small, np.memmap)
    np.testing.assert_array_equal(small, large)
    np.testing.assert_array_equal(small, maps_of(model, pictures, "relu").flatten(1).numpy())
    assert not list((tmp_path / "new").iterdir())  # it never had a name


def test_no_room_for_large_codes(monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(features.tempfile, "TemporaryFile", lambda dir: full())
    with pytest.raises(MemoryLimitError, match=r"12 pictures with 48 units .* No space left .* CNNVIZ_CACHE"):
        harvest(colours(), noise(12), [Features("relu", memory=0)], cache=False, progress=False)
    with pytest.raises(InputError, match="0 or more; got -1"):
        Features("relu", memory=-1)


def test_codes_keep_what_is_not_finite_and_moments_refuse_it():
    maps = torch.ones(3, 2, 1, 1)
    maps[1, 1] = float("nan")
    codes = prepared(Features("layer"), maps)
    codes.update(maps, 0)
    assert np.isfinite(codes.result()).all(1).tolist() == [True, False, True]
    moments = prepared(Moments("layer"), maps)
    with pytest.raises(ModelError, match=r"'layer' answers picture 41 with a number that is not finite"):
        moments.update(maps, 40)
    assert moments.result().count == 0
