"""Points, thumbnails and seams: the pixels are where the numbers say."""

import numpy as np
import pytest

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.scatter import (
    MANY,
    SYMBOLS,
    class_look,
    nearest_point,
    paste_thumbnails,
    plane_of,
    scatter_picture,
)
from cnnviz_widgets.paint.seams import SEAM, seam_limits, seamed_grid

WHITE = (255, 255, 255)


def test_the_plane_holds_all_points_and_y_grows_upwards():
    points = np.array([[-1.0, 0], [3, 2], [1, 1]])
    plane = plane_of(points, 200, margin=0.1)
    # 4 wide: 0.8 of 200 pixels; the lower height is in the middle.
    np.testing.assert_allclose(plane.pixels(points), [[20, 140], [180, 60], [100, 100]])
    assert np.allclose(plane.ranges, [(-1.5, 3.5), (-1.5, 3.5)])
    one = plane_of(points[:1], 100)
    np.testing.assert_allclose(one.pixels(points[:1]), [[50, 50]])


def test_points_have_their_classes_colours_where_they_lie():
    points, classes = np.array([[0.0, 0], [10, 10], [0, 10]]), ["ant", "bee", "cat"]
    colors, symbols = class_look(classes, 3)
    seen = scatter_picture(points, [0, 1, 2], classes, size=200)
    assert seen.shape == (200, 200, 3) and seen.dtype == np.uint8
    for (x, y), color in zip(plane_of(points, 200).pixels(points).astype(int), colors, strict=True):
        assert tuple(seen[y, x]) == tuple(color)
    assert tuple(seen[190, 190]) == WHITE
    assert len({tuple(each) for each in colors}) == 3 and symbols == list(SYMBOLS[:3])


def test_every_symbol_is_another_shape():
    shapes = set()
    for kind in range(len(SYMBOLS)):
        classes = [f"class {i}" for i in range(len(SYMBOLS))]
        seen = scatter_picture(np.zeros((1, 2)), [kind], classes, size=60, radius=20)
        shapes.add((seen != 255).any(axis=2).tobytes())
    assert len(shapes) == len(SYMBOLS)


def test_many_points_are_circles_of_their_classes_colours():
    few, many = class_look(["ant", "bee"], MANY), class_look(["ant", "bee"], MANY + 1)
    assert few[1] == list(SYMBOLS[:2]) and many[1] == ["circle", "circle"]
    assert np.array_equal(few[0], many[0]) and len({tuple(each) for each in many[0]}) == 2


def test_what_does_not_stand_out_is_faded_and_lies_below():
    points = np.array([[0.0, 0], [0, 0], [5, 5]])
    colors, _ = class_look(["ant", "bee"], 3)
    seen = scatter_picture(points, [0, 1, 1], ["ant", "bee"], size=100, bright=[True, False, False])
    at = plane_of(points, 100).pixels(points).astype(int)
    assert tuple(seen[at[0][1], at[0][0]]) == tuple(colors[0])
    faded = seen[at[2][1], at[2][0]].astype(int)
    assert (faded > colors[1]).any() and faded.min() > 190


def test_links_and_labels_are_drawn():
    points = np.array([[0.0, 0], [10, 0]])
    plain = scatter_picture(points, [0, 0], [], size=200)
    linked = scatter_picture(points, [0, 0], [], size=200, links=[(0, 1)])
    assert tuple(plain[100, 100]) == WHITE and linked[100, 100].max() < 140
    written = scatter_picture(points, [0, 0], [], size=200, labels=[("chair", 5, 4)])
    changed = np.argwhere((written != plain).any(axis=2))
    assert changed.mean(axis=0) == pytest.approx([28, 100], abs=4)


def test_thumbnails_lie_on_their_middles_and_later_ones_over_earlier():
    tiles = np.stack([np.full((4, 4, 3), shade, np.uint8) for shade in (10, 20, 30)])
    seen = paste_thumbnails(np.array([[10.0, 10], [12, 10], [0, 39]]), tiles, 40)
    assert seen.shape == (40, 40, 3)
    assert (seen[8:12, 8:10] == 10).all() and (seen[8:12, 10:14] == 20).all()
    assert (seen[37:, :2] == 30).all()  # half of it is outside
    assert (seen != 255).any(axis=2).sum() == 8 + 16 + 6


def test_the_nearest_point_within_reach():
    places = np.array([[10.0, 10], [20, 10]])
    assert nearest_point(places, 14, 10, 5) == 0 and nearest_point(places, 16, 12, 5) == 1
    assert nearest_point(places, 15, 30, 5) is None


def test_seams_are_red_where_neighbours_are_far():
    tiles = np.stack([np.full((6, 6, 3), shade, np.uint8) for shade in (100, 150, 200)])
    cells = np.array([[0, 1], [2, -1]])
    grid = seamed_grid(tiles, cells, np.array([[9.0], [np.nan]]), np.array([[1.0, np.nan]]))
    seen = grid.array
    assert seen.shape == (12 + SEAM, 12 + SEAM, 3)
    assert (seen[:6, :6] == 100).all() and (seen[:6, -6:] == 150).all() and (seen[-6:, :6] == 200).all()
    assert (seen[-6:, -6:] == 255).all() and (seen[-6:, 6:-6] == 255).all()  # an empty cell has no seams
    # The 5th and 95th percentiles of 1 and 9 are 1.4 and 8.6: both seams are at an end of the scale.
    assert (seen[:6, 6:-6] == (208, 28, 0)).all() and (seen[6:-6, :6] == 255).all()
    assert grid.locate(8 + SEAM, 2)[0] == 1 and grid.locate(7, 2) is None


def test_a_seam_halfway_has_half_the_colour():
    tiles, cells = np.zeros((4, 2, 2, 3), np.uint8), np.arange(4)[None]
    seen = seamed_grid(tiles, cells, np.array([[0.0, 50, 100]]), np.zeros((0, 4))).array
    assert tuple(seen[0, 2 * 2 + SEAM + 1]) == (232, 142, 128)


def test_the_limits_leave_out_the_extremes():
    seams = np.arange(101.0).reshape(1, -1)
    assert seam_limits(seams, np.full((0, 3), 0.0)) == (5, 95)
    assert seam_limits(np.full((1, 1), np.nan), np.zeros((0, 1))) == (0, 1)


def test_what_cannot_be_painted():
    with pytest.raises(PictureError, match="no points"):
        scatter_picture(np.zeros((0, 2)), [], [])
    with pytest.raises(PictureError, match="2 x 2 cells"):
        seamed_grid(
            np.zeros((4, 2, 2, 3), np.uint8), np.zeros((2, 2), int), np.zeros((1, 1)), np.zeros((1, 2))
        )
