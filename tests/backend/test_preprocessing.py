"""Pictures to tensors, by hand, and back."""

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz_widgets.backend.preprocessing import Preprocessing
from cnnviz_widgets.errors import InputError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def noise(rows, columns, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8)


def test_two_pixels_by_hand():
    picture = np.array([[[255, 0, 51], [0, 102, 255]]] * 2, np.uint8)
    x = Preprocessing((3, 2, 2), (0.5, 0.0, 0.2), (0.5, 1.0, 0.1))(picture)
    assert x.shape == (1, 3, 2, 2) and x.dtype == torch.float32
    torch.testing.assert_close(x[0, :, 0, 0], torch.tensor([1.0, 0.0, 0.0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(x[0, :, 1, 1], torch.tensor([-1.0, 0.4, 8.0]), atol=1e-5, rtol=0)


def test_the_middle_is_cut_and_nothing_squashed():
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 4:8] = 255
    assert (Preprocessing((3, 4, 4), 0, 1)(wide) == 1).all()
    tall = wide.transpose(1, 0, 2).copy()
    assert (Preprocessing((1, 4, 4), 0, 1)(tall) == 1).all()


@pytest.mark.parametrize("size", [(32, 32), (50, 32), (32, 77)])
def test_there_and_back_is_the_picture(size):
    prepare = Preprocessing((3, 32, 32), MEAN, STD)
    picture = noise(*size)
    top, left = (size[0] - 32) // 2, (size[1] - 32) // 2
    back = prepare.to_picture(prepare(picture))
    assert back.shape == (32, 32, 3) and back.dtype == np.uint8
    if (size[1] - 32) % 2 == 0:
        cut = picture[top : top + 32, left : left + 32].astype(int)
        assert np.abs(back.astype(int) - cut).max() <= 1


def test_grey_values_are_the_eyes():
    red, green = (
        Preprocessing((1, 2, 2), 0, 1)(np.array([[c] * 2] * 2, np.uint8)) for c in ([255, 0, 0], [0, 255, 0])
    )
    assert abs(red.mean() - 0.299) < 0.003 and abs(green.mean() - 0.587) < 0.003
    assert Preprocessing((1, 2, 2), 0, 1).to_picture(red).shape == (2, 2, 3)


def test_values_beyond_the_picture_are_cut_off():
    x = torch.tensor([-1.0, 0.5, 9.0])[:, None, None]
    assert Preprocessing((3, 1, 1), 0, 1).to_picture(x).tolist() == [[[0, 128, 255]]]


def test_a_transform_does_it_all():
    seen = []

    def transform(image):
        seen.append(image)
        return torch.zeros(3, 5, 5)

    x = Preprocessing((3, 5, 5), 0, 1, transform)(noise(9, 9))
    assert x.shape == (1, 3, 5, 5) and isinstance(seen[0], Image.Image) and seen[0].mode == "RGB"


def test_what_does_not_fit():
    with pytest.raises(InputError, match="mean has 2 numbers for 3 channels"):
        Preprocessing((3, 5, 5), (0, 1), 1)
    with pytest.raises(InputError, match="std must be above 0, not 0"):
        Preprocessing((3, 5, 5), 0, 0)
    with pytest.raises(InputError, match="not a picture of 1 or 3 channels"):
        Preprocessing((5, 9, 9), 0, 1)(noise(9, 9))
    with pytest.raises(InputError, match=r"with C = 3, not \(2, 3, 5, 5\)"):
        Preprocessing((3, 5, 5), 0, 1).to_picture(torch.zeros(2, 3, 5, 5))
