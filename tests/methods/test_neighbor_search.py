"""The search for neighbours: as the formula finds them, near or far from zero, one by one or many at once."""

import numpy as np
import pytest

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.neighbor_search import NeighborSearch
from tests.methods.neighbor_twin import twin

LINE = np.array([[0.0], [1.0], [3.0], [7.0], [15.0]], np.float32)


# The search


def test_by_hand():
    found = NeighborSearch(LINE).nearest(LINE, 2, np.arange(5))
    assert found.indices.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1], [3, 2]]
    assert found.distances.tolist() == [[1, 3], [1, 2], [2, 3], [4, 6], [8, 12]]
    plane = np.array([[3, 0], [0, 2], [1, 1], [-5, 0]], np.float32)
    found = NeighborSearch(plane, "cosine").nearest(plane[:1], 4)
    assert found.indices.tolist() == [[0, 2, 1, 3]]
    assert found.distances[0] == pytest.approx([0, 1 - np.sqrt(0.5), 1, 2], abs=1e-7)


@pytest.mark.parametrize("measure", ["l2", "cosine"])
@pytest.mark.parametrize("leave_out", [False, True])
def test_the_twin_agrees(measure, leave_out):
    codes = np.random.default_rng(1).normal(size=(60, 7)).astype(np.float32)
    itself = np.arange(60) if leave_out else None
    found = NeighborSearch(codes, measure).nearest(codes, 9, itself)
    indices, distances = twin(codes, codes, 9, measure, itself)
    assert np.array_equal(found.indices, indices)
    assert found.distances == pytest.approx(distances, abs=1e-6)


def test_close_points_far_from_zero_do_not_cancel():
    # |x|^2 is 3e9 and the nearest is 0.0625 away: a product in float32 is off by hundreds.
    codes = np.full((40, 300), 3000, np.float32)
    codes[:, 0] += np.random.default_rng(0).permutation(40) * np.float32(0.0625)
    found = NeighborSearch(codes).nearest(codes, 5)
    indices, distances = twin(codes, codes, 5)
    assert np.array_equal(found.indices, indices) and np.array_equal(found.distances, distances)


@pytest.mark.parametrize("measure", ["l2", "cosine"])
def test_a_query_that_is_there_finds_itself_at_exactly_zero(measure):
    codes = (np.random.default_rng(2).normal(size=(300, 5000)) * 100 + 1000).astype(np.float32)
    found = NeighborSearch(codes, measure).nearest(codes[::7], 1)
    assert found.indices[:, 0].tolist() == list(range(0, 300, 7))
    assert (found.distances == 0).all()


def test_equally_far_ones_come_in_the_gallerys_order():
    codes = np.array([[1], [-1], [1], [-1], [0]], np.float32)
    found = NeighborSearch(codes).nearest(codes, 4, np.arange(5))
    assert found.indices[4].tolist() == [0, 1, 2, 3]
    assert found.indices[0].tolist() == [2, 4, 1, 3]  # its double stays, it goes


def test_the_length_of_a_code_does_not_count_in_the_cosine():
    codes = np.random.default_rng(3).normal(size=(30, 6)).astype(np.float32)
    longer = codes * np.random.default_rng(4).uniform(0.1, 50, (30, 1)).astype(np.float32)
    one, other = (NeighborSearch(each, "cosine").nearest(codes, 5) for each in (codes, longer))
    assert np.array_equal(one.indices, other.indices)
    assert not np.array_equal(
        NeighborSearch(codes).nearest(codes, 5).indices, NeighborSearch(longer).nearest(codes, 5).indices
    )


@pytest.mark.filterwarnings("error")
def test_codes_that_are_no_numbers_are_nobodys_neighbours():
    codes = LINE.copy()
    codes[1] = np.nan
    search = NeighborSearch(codes)
    found = search.nearest(codes, 4, np.arange(5))
    assert search.not_finite == 1
    assert found.indices[0].tolist() == [2, 3, 4, -1] and np.isnan(found.distances[0, 3])
    assert found.indices[1].tolist() == [-1] * 4 and np.isnan(found.distances[1]).all()
    codes[:] = np.inf
    assert (NeighborSearch(codes).nearest(codes, 2).indices == -1).all()
    zero = NeighborSearch(LINE, "cosine")  # the first code has no direction
    assert zero.not_finite == 1 and zero.nearest(LINE[1:2], 5).indices.tolist() == [[1, 2, 3, 4, -1]]


def test_questions_without_an_answer():
    search = NeighborSearch(LINE)
    with pytest.raises(InputError, match=r"6 neighbours were asked for.*5 pictures: k goes from 1 to 5"):
        search.nearest(LINE, 6)
    with pytest.raises(InputError, match="4 pictures besides the query: k goes from 1 to 4"):
        search.nearest(LINE, 5, np.arange(5))
    with pytest.raises(InputError, match="k goes from 1"):
        search.nearest(LINE, 0)
    with pytest.raises(InputError, match="1 numbers each; got queries"):
        search.nearest(np.zeros((2, 3), np.float32), 1)
    with pytest.raises(InputError, match="'l2' or 'cosine'; got 'l1'"):
        NeighborSearch(LINE, "l1")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="not empty"):
        NeighborSearch(np.zeros((0, 3), np.float32))
