"""Pieces of a picture and what fills them: seams that are seen, Laplace's equation by loops, true objects."""

import numpy as np
import pytest

from cnnviz_widgets import Objects, Scenes
from cnnviz_widgets.data.labelled import Instance, Sample
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.image_segments import METHODS, labelled, object_segments, segments
from cnnviz_widgets.methods.region_fills import FILLS, fill_regions

GROUND = (120, 111, 104)


def checkers() -> np.ndarray:
    """Draw four flat quarters of 16x16 pixels."""
    colors = np.array([[[200, 30, 30], [30, 200, 30]], [[30, 30, 200], [220, 220, 40]]], np.uint8)
    return np.repeat(np.repeat(colors, 16, 0), 16, 1)


@pytest.mark.parametrize("method", METHODS)
def test_pieces_end_where_the_colours_do(method):
    found = segments(checkers(), method, 4)
    assert len(found) == 4 and found.sizes.sum() == 32 * 32 and found.method == method
    assert found.labels.dtype == np.int32 and not found.labels.flags.writeable
    for quarter in (np.s_[:16, :16], np.s_[:16, 16:], np.s_[16:, :16], np.s_[16:, 16:]):
        inner = found.labels[quarter][2:-2, 2:-2]
        assert (inner == inner[0, 0]).all()
    assert found.names == ("",) * 4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 20, 60])
def test_there_are_about_as_many_as_asked_for(method, count):
    picture = Scenes("test")[8].image
    found = segments(picture, method, count)
    assert np.array_equal(np.unique(found.labels), np.arange(len(found)))
    assert abs(len(found) - count) <= 0.3 * count
    again = segments(picture, method, count)
    assert np.array_equal(found.labels, again.labels), "the same picture has the same pieces"


def test_true_pieces_are_things_and_stuff():
    sample = Scenes("test")[8]
    found = object_segments(sample, (112, 112))
    assert sorted(found.names) == sorted(
        ["wall", "floor", "ceiling", *(each.name for each in sample.instances)]
    )
    for i, name in enumerate(found.names):
        assert (found.mask(i) <= sample.mask("object", name)).all()
    bed = found.names.index("bed")
    assert np.array_equal(found.mask(bed), sample.mask("object", "bed"))


def test_two_things_of_a_kind_are_two_pieces_and_the_unnamed_is_one():
    maps = np.zeros((1, 4, 6), np.int16)
    maps[0, 1:3, 0:2] = maps[0, 1:3, 4:6] = 1
    left, right = maps[0] == 1, maps[0] == 1
    left, right = left & (np.arange(6) < 3), right & (np.arange(6) >= 3)
    things = [Instance("ball", (0, 1, 2, 3), left), Instance("ball", (4, 1, 6, 3), right)]
    sample = Sample(
        np.zeros((4, 6, 3), np.uint8), None, {"object": maps}, {"object": ("", "ball")}, tuple(things)
    )
    found = object_segments(sample, (4, 6))
    assert found.names == ("", "ball", "ball") and found.sizes.tolist() == [16, 4, 4]
    square = object_segments(sample, (4, 4))  # the middle: one column of pixels is cut away at each side
    assert square.sizes.tolist() == [12, 2, 2] and square.mask(1)[1:3, 0].all()
    tall = Sample(np.zeros((6, 4, 3), np.uint8), None, {"object": maps.transpose(0, 2, 1)}, sample.concepts)
    cut = object_segments(tall, (4, 4))
    assert cut.sizes.tolist() == [12, 4] and cut.mask(1)[0, 1:3].all() and cut.mask(1)[3, 1:3].all()
    with pytest.raises(InputError, match="no labels of objects"):
        object_segments(Sample(sample.image, None, {}, {}), (4, 6))


def test_where_a_pixel_carries_two_names_the_first_counts():
    maps = np.zeros((2, 2, 2), np.int16)
    maps[0, 0, 0], maps[1, 0] = 1, 2
    sample = Sample(np.zeros((2, 2, 3), np.uint8), None, {"object": maps}, {"object": ("", "cup", "table")})
    found = object_segments(sample, (2, 2))
    assert [found.names[i] for i in found.labels.reshape(-1)] == ["cup", "table", "", ""]


def test_labels_are_scaled_as_the_picture_is():
    small, large = Objects("test", size=112)[3], Objects("test", size=224)[3]
    found, wanted = object_segments(large, (112, 112)), object_segments(small, (112, 112))
    names = [np.array(each.names)[each.labels] for each in (found, wanted)]
    assert (names[0] == names[1]).mean() > 0.97


def test_fills_by_hand():
    picture = np.zeros((3, 4, 3), np.uint8)
    picture[:, :2] = 100
    picture[1, 0] = 40
    labels = np.full((3, 4), -1)
    labels[1, 0:2], labels[1, 2] = 0, 1
    grey = fill_regions(picture, labels, "grey", GROUND)
    assert grey[1, 1].tolist() == list(GROUND) and np.array_equal(grey[0], picture[0])
    assert fill_regions(picture, labels, "mean", GROUND)[1, :, 0].tolist() == [70, 70, 0, 0]
    # Smooth: u and v are neighbours with 100 above and below; v has 0 at its right as well, u the edge of the
    # picture at its left. 3 u = 200 + v and 4 v = 200 + u give u = 1000/11, v = 800/11; the other, 4 w = 100.
    smooth = fill_regions(picture, labels, "smooth", GROUND)
    assert smooth[1, :, 0].tolist() == [91, 73, 25, 0]


def test_smooth_is_laplaces_equation_solved_by_loops():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (9, 11, 3), np.uint8)
    labels = rng.integers(-1, 2, (9, 11))
    filled = fill_regions(picture, labels, "smooth", GROUND)
    for region in (0, 1):
        slow = picture.astype(float)
        slow[labels == region] = 128
        for _ in range(60):
            for row, column in np.argwhere(labels == region):
                around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
                values = [slow[r, c] for r, c in around if 0 <= r < 9 and 0 <= c < 11]
                slow[row, column] = np.mean(values, 0)
        assert np.abs(filled[labels == region] - slow[labels == region]).max() < 1
    assert np.array_equal(filled[labels == -1], picture[labels == -1])


def test_blur_is_a_gaussian_of_a_sixteenth_of_the_longer_side_with_edges_that_go_on():
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (20, 32, 3), np.uint8)
    filled = fill_regions(picture, np.zeros((20, 32), int), "blur", GROUND)
    offsets = np.arange(-8, 9)  # sigma is 32 / 16 = 2 pixels
    weights = np.exp(-(offsets**2) / (2 * 2.0**2))
    weights /= weights.sum()
    for row, column in ((0, 0), (3, 30), (10, 16), (19, 31)):
        rows, columns = (row + offsets).clip(0, 19), (column + offsets).clip(0, 31)
        slow = np.einsum("i,j,ijc->c", weights, weights, picture[np.ix_(rows, columns)].astype(float))
        assert np.abs(filled[row, column] - slow).max() <= 0.51


def test_smooth_leaves_no_edge_and_the_others_may():
    ramp = np.repeat(np.linspace(0, 255, 32).round().astype(np.uint8)[None, :, None], 32, 0).repeat(3, 2)
    hole = np.full((32, 32), -1)
    hole[10:20, 10:20] = 0
    assert np.abs(fill_regions(ramp, hole, "smooth", GROUND).astype(int) - ramp).max() <= 1
    assert np.abs(fill_regions(ramp, hole, "mean", GROUND).astype(int) - ramp).max() > 30


def test_a_whole_picture_can_be_filled():
    picture = checkers()
    everything = np.zeros((32, 32), int)
    for fill in FILLS:
        assert fill_regions(picture, everything, fill, GROUND).shape == picture.shape
    mean = picture.reshape(-1, 3).mean(0).round()
    assert np.array_equal(fill_regions(picture, everything, "smooth", GROUND)[3, 5], mean)
    assert np.array_equal(fill_regions(picture, everything - 1, "smooth", GROUND), picture)


def test_what_is_wrong_is_said():
    picture = checkers()
    with pytest.raises(InputError, match=r"no segmentation 'slik'\. Did you mean 'slic'"):
        segments(picture, "slik")
    for count in (0, -3, 2000, 2.5, True, "many"):
        with pytest.raises(InputError, match="whole number from 1 to 1024"):
            segments(picture, count=count)
    with pytest.raises(InputError, match=r"segments need a picture \(H, W, 3\) uint8"):
        segments(picture / 255)
    with pytest.raises(InputError, match="no segment 4: they go from 0 to 3"):
        segments(picture, count=4).mask(4)
    with pytest.raises(InputError, match="there is no fill 'gray'"):
        fill_regions(picture, np.zeros((32, 32), int), "gray", GROUND)
    with pytest.raises(InputError, match="rows and columns must agree"):
        fill_regions(picture, np.zeros((3, 3), int), "grey", GROUND)
    assert len(labelled(np.array([[7, 7], [3, 9]]), "by hand")) == 3
