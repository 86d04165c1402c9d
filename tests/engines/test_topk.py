"""The strongest pictures: a literal by hand, a slow twin, shards that merge, and planted pictures."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz_widgets.engines import TopK, harvest
from cnnviz_widgets.engines.topk import _highest, _highest_on_cpu
from cnnviz_widgets.errors import InputError
from tests.engines.planted import colours, noise, spotted


def gathered(maps, k, *, batch=None, backwards=False):
    maps = torch.as_tensor(maps)
    top = TopK("layer", k)
    top.prepare(tuple(maps.shape[1:]), len(maps))
    parts = torch.arange(len(maps)).split(batch or len(maps))
    for some in parts[::-1] if backwards else parts:
        top.update(maps[some], int(some[0]))
        top.result()  # sorts in what waits
    return top


def twin(maps, k):
    """Sort all pictures, channel by channel, as one would say it: (value, picture, row, column) each."""
    found = []
    for channel in range(maps.shape[1]):
        entries = []
        for number, one in enumerate(maps[:, channel].double().numpy().astype(np.float32)):
            best = max(map(float, one.ravel())) if np.isfinite(one).all() else None
            if best is not None:
                row, column = next((r, c) for r, c in np.ndindex(one.shape) if one[r, c] == best)
                entries.append((-best, number, row, column))
        found.append([(-value, *rest) for value, *rest in sorted(entries)[:k]])
    return found


def entries(result):
    lists = zip(result.values, result.pictures, result.rows, result.columns, strict=True)
    return [
        [(float(v), int(p), int(r), int(c)) for v, p, r, c in zip(*each, strict=True) if p >= 0]
        for each in lists
    ]


def test_a_literal_by_hand():
    maps = torch.tensor(
        [
            [[[1.0, 5.0], [2.0, 5.0]]],  # twice 5: the first in reading order counts
            [[[7.0, 0.0], [0.0, 0.0]]],
            [[[0.0, 0.0], [5.0, 0.0]]],  # as high as picture 0, which came first
            [[[4.0, 4.0], [4.0, 4.0]]],
        ]
    )
    result = gathered(maps, 3).result()
    assert result.values.tolist() == [[7, 5, 5]] and result.pictures.tolist() == [[1, 0, 2]]
    assert result.rows.tolist() == [[0, 0, 1]] and result.columns.tolist() == [[0, 1, 0]]
    assert result.found.all() and result.not_finite.tolist() == [0]
    assert result.values.dtype == np.float32 and result.pictures.dtype == np.int64


def test_equal_activations_are_ordered_by_number_whenever_they_come():
    maps = torch.tensor([2.0, 3.0, 2.0, 2.0]).reshape(4, 1, 1, 1)
    for backwards in (False, True):
        assert gathered(maps, 2, batch=1, backwards=backwards).result().pictures.tolist() == [[1, 0]]


# Few different numbers, so that there are many ties; and numbers that are none.
NUMBERS = st.sampled_from([0.0, 0.0, -1.0, 1.0, 2.5, 3.0, float("nan"), float("inf")])


@st.composite
def some_maps(draw, least=1):
    n, channels, side = draw(st.integers(least, 7)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    numbers = draw(st.lists(NUMBERS, min_size=n * channels * side**2, max_size=n * channels * side**2))
    return torch.tensor(numbers, dtype=torch.float64).reshape(n, channels, side, side)


@settings(max_examples=50, deadline=None)
@given(maps=some_maps(), k=st.integers(1, 9), batch=st.integers(1, 7), backwards=st.booleans())
def test_it_is_what_a_slow_twin_finds(maps, k, batch, backwards):
    result = gathered(maps, k, batch=batch, backwards=backwards).result()
    assert entries(result) == twin(maps, k)
    assert np.isneginf(result.values[~result.found]).all()
    assert result.not_finite.tolist() == (~torch.isfinite(maps).flatten(2).all(2)).sum(0).tolist()


@settings(max_examples=50, deadline=None)
@given(data=st.data(), maps=some_maps(least=2), k=st.integers(1, 4))
def test_shards_merge_to_one_pass_in_any_order(data, maps, k):
    cut = data.draw(st.integers(1, len(maps) - 1))
    one = gathered(maps, k).result()
    shards = [(gathered(maps[:cut], k), 0), (gathered(maps[cut:], k), cut)]
    whole = TopK("layer", k)
    whole.prepare(tuple(maps.shape[1:]), len(maps))
    for shard, first in data.draw(st.permutations(shards)):
        whole.merge(shard, first)
    for mine, theirs in zip(vars(whole.result()).values(), vars(one).values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_many_pictures_are_sorted_in_by_the_hundred():
    maps = torch.randint(0, 40, (700, 2, 3, 3), generator=torch.Generator().manual_seed(0)).double()
    top = TopK("layer", 9)
    top.prepare((2, 3, 3), 700)
    for first in range(0, 700, 16):
        top.update(maps[first : first + 16], first)
    assert entries(top.result()) == twin(maps, 9)


def test_a_result_does_not_change_afterwards_and_is_whole_at_any_time():
    maps = torch.rand(6, 2, 2, 2)
    top = gathered(maps[:3], 2)
    early = top.result()
    before = early.values.copy()
    top.update(maps[3:] + 1, 3)
    assert (top.result().pictures >= 3).all()
    np.testing.assert_array_equal(early.values, before)


def test_a_state_goes_through_arrays():
    top, other = gathered(torch.rand(5, 3, 2, 2), 4), TopK("layer", 4)
    other.prepare((3, 2, 2), 5)
    other.state = top.state
    for mine, theirs in zip(vars(other.result()).values(), vars(top.result()).values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(("channel", "row", "column"), [(0, 3, 1), (1, 0, 0), (2, 2, 3)])
def test_a_planted_picture_is_the_strongest_of_a_planted_channel(channel, row, column):
    pictures = noise(40)
    pictures[23] = spotted(pictures[23], channel, row, column)
    (top,) = harvest(colours(), pictures, [TopK("relu")], progress=False)
    assert (top.pictures[channel, 0], top.rows[channel, 0], top.columns[channel, 0]) == (23, row, column)
    assert top.values[channel, 0] == pytest.approx(1)
    assert (np.diff(top.values, axis=1) <= 0).all()


def test_fewer_pictures_than_k():
    (top,) = harvest(colours(), noise(2), [TopK("relu", 5)], progress=False)
    assert top.found.tolist() == [[True, True, False, False, False]] * 3
    assert (top.pictures[:, 2:] == -1).all() and np.isneginf(top.values[:, 2:]).all()
    assert not top.rows[:, 2:].any() and not top.columns[:, 2:].any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_kind_of_number(dtype):
    maps = torch.tensor([1.0, 3.0, 2.0]).reshape(3, 1, 1, 1).to(dtype)
    assert gathered(maps, 2).result().pictures.tolist() == [[1, 2]]


def test_channels_that_come_last_in_memory():
    maps = torch.rand(4, 3, 2, 2)
    assert entries(gathered(maps.to(memory_format=torch.channels_last), 3).result()) == twin(maps, 3)


@settings(max_examples=30, deadline=None)
@given(maps=some_maps())
def test_on_a_gpu_the_same_is_found_by_torch(maps):
    for mine, theirs in zip(_highest(maps.flatten(2)), _highest_on_cpu(maps.flatten(2)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_k_is_at_least_one():
    with pytest.raises(InputError, match="1 or more; got 0"):
        TopK("conv1", 0)
