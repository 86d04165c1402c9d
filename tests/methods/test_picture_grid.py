"""Pictures in the cells of a grid: an assignment that no other beats, and the distances it hides."""

import itertools
import math

import numpy as np
import pytest

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.picture_grid import picture_grid


def test_a_grid_by_hand():
    places = np.array([[9.0, 0], [0, 9], [9, 9], [0, 0]])  # x, y: the last is at the lower left
    grid = picture_grid(places)
    assert grid.cells.tolist() == [[1, 2], [3, 0]]
    assert grid.moved == 0
    right, down = grid.seams([[0.0, 3], [0, 0], [4, 0], [0, 1]])
    assert right.tolist() == [[4], [2]] and down.tolist() == [[1, 5]]


def test_a_grid_with_cells_left_over():
    grid = picture_grid([[0.0, 1], [1, 1], [2, 1], [0, 0], [2, 0]], columns=3)
    assert grid.cells.tolist() == [[0, 1, 2], [3, -1, 4]]
    right, down = grid.seams(np.arange(5.0)[:, None] ** 2)
    np.testing.assert_array_equal(right, [[1, 3], [np.nan, np.nan]])
    np.testing.assert_array_equal(down, [[9, np.nan, 12]])


def test_no_other_assignment_is_better():
    chance = np.random.default_rng(1)
    places = chance.normal(size=(6, 2))
    grid = picture_grid(places, columns=3)
    assert sorted(grid.cells.ravel().tolist()) == list(range(6))  # a permutation
    low, high = places.min(0), places.max(0)
    wanted = [
        ((x - low[0]) / (high[0] - low[0]) * 2, 1 - (y - low[1]) / (high[1] - low[1])) for x, y in places
    ]

    def mean_square(order) -> float:
        ways = [(wanted[p][0] - c % 3) ** 2 + (wanted[p][1] - c // 3) ** 2 for c, p in enumerate(order)]
        return sum(ways) / 6

    best = min(map(mean_square, itertools.permutations(range(6))))
    assert mean_square(grid.cells.ravel()) == pytest.approx(best)
    assert grid.moved == pytest.approx(math.sqrt(best))


@pytest.mark.parametrize("count", [1, 2, 7, 99, 100])
def test_every_point_has_a_cell_of_its_own(count):
    grid = picture_grid(np.random.default_rng(count).normal(size=(count, 2)))
    rows, columns = grid.cells.shape
    used = grid.cells[grid.cells >= 0]
    assert sorted(used.tolist()) == list(range(count))
    assert (rows - 1) * columns < count and abs(rows - columns) <= 1


def test_points_on_a_line_or_on_one_spot_have_cells_too():
    assert sorted(picture_grid(np.zeros((4, 2))).cells.ravel().tolist()) == [0, 1, 2, 3]
    line = picture_grid([[1.0, 5], [3, 5], [2, 5]], columns=3)
    assert line.cells.tolist() == [[0, 2, 1]]


def test_what_is_no_grid():
    with pytest.raises(InputError, match="1 to 2500 pictures; got 2501"):
        picture_grid(np.zeros((2501, 2)))
    with pytest.raises(InputError, match=r"\(points, 2\)"):
        picture_grid(np.zeros((3, 3)))
    with pytest.raises(InputError, match="finite"):
        picture_grid([[np.nan, 0]])
    with pytest.raises(InputError, match="1 column"):
        picture_grid(np.zeros((3, 2)), 0)
    with pytest.raises(InputError, match="2 codes for 3 points"):
        picture_grid(np.zeros((3, 2))).seams([[0], [1]])
