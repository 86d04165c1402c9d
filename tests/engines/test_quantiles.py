"""Thresholds: exact while few, within the stated error when many, merged or not."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz_widgets.engines import Quantile, harvest
from cnnviz_widgets.errors import InputError, ModelError
from tests.engines.planted import colours, maps_of, noise


def gathered(maps, batch=50):
    quantile = Quantile("layer")
    quantile.prepare(tuple(maps.shape[1:]), len(maps))
    for some in torch.arange(len(maps)).split(batch):
        quantile.update(maps[some], int(some[0]))
    return quantile


def share_above(maps, thresholds):
    """Count, of every value of every channel: the definition."""
    values = maps.movedim(1, 0).flatten(1).double().numpy()
    return (values > thresholds[:, None].astype(float)).mean(1)


def test_a_literal_by_hand():
    maps = torch.arange(1.0, 201.0).reshape(2, 1, 10, 10)  # 1 to 200: above 199 is 1 of 200 = 0.005
    found = gathered(maps).result()
    assert found.above(0.005).tolist() == [199] and found.above(0.25).tolist() == [150]
    assert found.above().dtype == np.float32 and found.count == 200 and found.error() == 0


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.integers(0, 20), min_size=8, max_size=80),
    cut=st.integers(1, 3),
    share=st.sampled_from([0.005, 0.05, 0.3]),
)
def test_few_values_merge_to_exactly_one_pass(values, cut, share):
    maps = torch.tensor(values[: len(values) // 4 * 4]).float().reshape(4, 1, -1, 1)
    merged = gathered(maps[cut:])
    merged.merge(gathered(maps[:cut]), cut)
    one = gathered(maps).result().above(share)
    assert merged.result().above(share).tolist() == one.tolist() and merged.result().count == maps.numel()
    # The smallest value that no more than the share lies above.
    values = np.sort(maps.numpy().ravel())
    assert one[0] == next(v for v in values if (values > v).mean() <= share + 1e-9)


@pytest.mark.parametrize("shards", [1, 20])
def test_many_values_are_within_the_stated_error(shards):
    generator = torch.Generator().manual_seed(0)
    maps = (
        torch.randn(400, 3, 40, 40, generator=generator) * torch.tensor([1.0, 5.0, 0.1])[:, None, None]
    ).relu()
    if shards == 1:
        quantile = gathered(maps)
    else:
        quantile = Quantile("layer")
        quantile.prepare((3, 40, 40), 400)
        for number, shard in enumerate(maps.split(400 // shards)):
            quantile.merge(gathered(shard), number * 400 // shards)
    found = quantile.result()
    for share in (0.005, 0.02):
        error = found.error(share)
        assert 0 < error < 0.005 * share * 2
        np.testing.assert_allclose(share_above(maps, found.above(share)), share, atol=error)
    assert found.count == 400 * 1600


def test_a_state_goes_through_arrays():
    maps = torch.rand(20, 4, 30, 30)
    quantile, other = gathered(maps), Quantile("layer")
    other.prepare((4, 30, 30), 20)
    other.state = {name: array.copy() for name, array in quantile.state.items()}
    np.testing.assert_array_equal(other.result().above(), quantile.result().above())
    assert sum(array.nbytes for array in quantile.state.values()) < 4 * 60_000
    other.update(maps + 1, 20)  # it can be gone on with
    assert other.result().count == 2 * quantile.result().count


def test_a_result_does_not_change_afterwards():
    quantile = gathered(torch.rand(2, 1, 10, 10))
    early = quantile.result()
    before = early.above()
    quantile.update(torch.rand(2, 1, 10, 10) + 5, 2)
    assert early.above() == before and quantile.result().above() > 5


def test_thresholds_of_a_layer():
    pictures, model = noise(30), colours()
    (found,) = harvest(model, pictures, [Quantile("conv")], batch=7, progress=False)
    share = share_above(maps_of(model, pictures, "conv"), found.above(0.1))
    assert (share <= 0.1).all() and (share > 0.09).all()


def test_what_is_no_share_and_what_has_no_rank():
    quantile = gathered(torch.rand(2, 1, 3, 3))
    for share in (0, 1, -0.1, 5):
        with pytest.raises(InputError, match=f"between 0 and 1, as 0.005 does; got {share}"):
            quantile.result().above(share)
    empty = Quantile("conv")
    empty.prepare((2, 1, 1), 1)
    with pytest.raises(InputError, match="nothing of layer 'conv' was counted"):
        empty.result().above()
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ModelError, match="answers picture 3 with a number that is not finite"):
            quantile.update(torch.full((1, 1, 3, 3), bad), 3)
    assert quantile.result().count == 18
