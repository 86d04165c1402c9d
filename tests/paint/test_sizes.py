"""Resizing: torch's numbers, and a value stays where its unit looks."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint import resize_bilinear, resize_nearest

SIZES = [((4, 4), (9, 13)), ((13, 13), (224, 224)), ((1, 1), (5, 3)), ((7, 5), (7, 5)), ((9, 11), (4, 3))]


@pytest.mark.parametrize(("old", "new"), SIZES)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_equal_to_torch(old, new, channels):
    array = np.random.default_rng(0).standard_normal((*old, *channels)).astype(np.float32)
    batch = torch.from_numpy(array.reshape(*old, -1)).permute(2, 0, 1)[None]
    smooth = functional.interpolate(batch, new, mode="bilinear", align_corners=False)
    square = functional.interpolate(batch, new, mode="nearest-exact")
    shape = (*new, *channels)
    np.testing.assert_allclose(
        resize_bilinear(array, *new), smooth[0].permute(1, 2, 0).numpy().reshape(shape), atol=1e-5
    )
    np.testing.assert_array_equal(
        resize_nearest(array, *new), square[0].permute(1, 2, 0).numpy().reshape(shape)
    )


def test_by_hand():
    row = np.array([[0.0, 4.0]])
    assert resize_bilinear(row, 1, 4).tolist() == [[0, 1, 3, 4]]
    assert resize_nearest(row, 2, 4).tolist() == [[0, 0, 4, 4], [0, 0, 4, 4]]
    assert resize_nearest(np.array([[7, 250]], np.uint8), 1, 2).dtype == np.uint8


def test_the_peak_stays_at_its_place():
    heat = np.zeros((8, 8))
    heat[2, 5] = 1
    large = resize_bilinear(heat, 64, 64)
    center = np.argwhere(large == large.max()).mean(axis=0)
    np.testing.assert_allclose(center, [2.5 * 8 - 0.5, 5.5 * 8 - 0.5])


@pytest.mark.parametrize("resize", [resize_bilinear, resize_nearest])
def test_errors(resize):
    with pytest.raises(PictureError, match="at least 1 x 1; got 0 x 4"):
        resize(np.zeros((2, 2)), 0, 4)
    with pytest.raises(PictureError, match=r"got \(3,\)"):
        resize(np.zeros(3), 4, 4)
