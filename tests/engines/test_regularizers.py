"""What is done to the picture after each step: by hand, and against slow twins."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Blur, Clamp, ClipContribution, ClipNorm, Decay
from cnnviz_widgets.errors import InputError
from tests.engines.planted import SIDE, Colours
from tests.engines.records import random

NO_GRADIENT = torch.zeros(1)


def picture(*values) -> torch.Tensor:
    """One picture of one row, two colours."""
    return torch.tensor([[[values[0]], [values[1]]]], dtype=torch.float64)


def test_decay_by_hand():
    x = picture([1.0, -2.0], [0.0, 4.0])
    assert Decay(0.25)(x, NO_GRADIENT, 1).tolist() == [[[[0.75, -1.5]], [[0.0, 3.0]]]]
    assert torch.equal(Decay(0)(x, NO_GRADIENT, 1), x) and not Decay(1)(x, NO_GRADIENT, 1).any()


@pytest.mark.parametrize("width", [0.3, 0.5, 1.0, 1.7, 2.25])
def test_blur_against_scipy(width):
    x = random(2, 3, 40, 33)
    found = Blur(width)(x, NO_GRADIENT, 1)
    expected = gaussian_filter(x.numpy(), (0, 0, width, width), mode="mirror", truncate=8)
    reach = math.ceil(4 * width)  # scipy goes on further than 4 widths: what is left there is 1e-4
    np.testing.assert_allclose(
        found[..., reach:-reach, reach:-reach], expected[..., reach:-reach, reach:-reach], atol=1e-3
    )
    same_reach = gaussian_filter(x.numpy(), (0, 0, width, width), mode="mirror", radius=(0, 0, reach, reach))
    np.testing.assert_allclose(found, same_reach, atol=1e-12)


def test_blur_by_hand():
    x = torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    x[..., 4, 4] = 1.0
    found = Blur(0.5)(x, NO_GRADIENT, 1)
    # a Gaussian of width 1/2: 1, e^-2, e^-8 over their sum, 1.2713
    assert found[0, 0, 4, 4].item() == pytest.approx((1 / 1.27134) ** 2, abs=1e-5)
    assert found[0, 0, 4, 5].item() == pytest.approx(0.135335 / 1.27134**2, abs=1e-5)
    assert found.sum().item() == pytest.approx(1) and found[0, 0, 4, 7] == 0


def test_blur_keeps_its_days():
    x = random(1, 1, 8, 8)
    changed = [not torch.equal(Blur(1, every=4)(x, NO_GRADIENT, index), x) for index in range(1, 13)]
    assert [index for index, each in enumerate(changed, 1) if each] == [4, 8, 12]
    for off in (Blur(0), Blur(1, 0), Blur(0, 0)):
        assert all(torch.equal(off(x, NO_GRADIENT, index), x) for index in (1, 4))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (3, 20)])
def test_blur_of_pictures_smaller_than_itself(shape):
    flat = torch.full((1, 2, *shape), 0.3, dtype=torch.float64)
    torch.testing.assert_close(Blur(3)(flat, NO_GRADIENT, 1), flat)


def twin_clip(x, size, percent):
    """Sort each picture's pixels and drop those below numpy's percentile."""
    found = x.clone()
    for n in range(len(x)):
        border = np.percentile(size[n].numpy(), percent)
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                if size[n, i, j] < border:
                    found[n, :, i, j] = 0
    return found


@pytest.mark.parametrize("percent", [0, 12.5, 50, 90, 99.9, 100])
def test_clips_against_numpys_percentile(percent):
    x, gradient = random(3, 3, 7, 9), random(3, 3, 7, 9, seed=1)
    norm = torch.stack([(x[:, 0] ** 2 + x[:, 1] ** 2 + x[:, 2] ** 2) ** 0.5]).squeeze(0)
    assert torch.equal(ClipNorm(percent)(x, gradient, 1), twin_clip(x, norm, percent))
    share = sum(x[:, c] * gradient[:, c] for c in range(3)).abs()
    assert torch.equal(ClipContribution(percent)(x, gradient, 1), twin_clip(x, share, percent))


def test_clips_by_hand():
    x = picture([3.0, 1.0, 0.0, -6.0, 1.0], [4.0, 0.0, 2.0, -8.0, 1.0])  # norms 5, 1, 2, 10, 1.4
    assert ClipNorm(50)(x, NO_GRADIENT, 1).tolist() == [[[[3, 0, 0, -6, 0]], [[4, 0, 2, -8, 0]]]]
    # x * gradient: 3 - 4, 1, 4, -6, 2 + 3; the smallest in size are the first and the second
    gradient = picture([1.0, 1.0, 9.0, 1.0, 2.0], [-1.0, 9.0, 2.0, 0.0, 3.0])
    assert ClipContribution(50)(x, gradient, 1).tolist() == [[[[0, 0, 0, -6, 1]], [[0, 0, 2, -8, 1]]]]


def test_a_clip_is_each_pictures_own():
    x, gradient = random(2, 3, 6, 6), random(2, 3, 6, 6, seed=1)
    x[1] *= 100
    for clip in (ClipNorm(40), ClipContribution(40)):
        both = clip(x, gradient, 1)
        alone = [clip(x[n : n + 1], gradient[n : n + 1], 1) for n in range(2)]
        assert torch.equal(both, torch.cat(alone))
        assert [(each == 0).all(0).sum().item() for each in both] == [14, 14]  # of 36


def test_clamp_is_black_and_white():
    model = HookedModel(Colours(), (3, SIDE, SIDE), mean=[0.5, 0.25, 0.0], std=[0.5, 0.25, 0.1])
    x = torch.tensor([[-9.0, 0.5, 9.0]]).expand(1, 3, 1, 3).clone()
    found = Clamp(*model.limits)(x, NO_GRADIENT, 1)
    assert found.tolist() == [[[[-1, 0.5, 1]], [[-1, 0.5, 3]], [[0, 0.5, 9]]]]  # a white blue is 10
    assert model.to_picture(found)[0, :, 0].tolist() == [0, 191, 255]


def test_nothing_is_done_in_place():
    x, gradient = random(1, 3, 6, 6), random(1, 3, 6, 6, seed=1)
    limit = torch.full((3, 1, 1), 0.1)
    for regularizer in (Decay(0.5), Blur(1), ClipNorm(50), ClipContribution(50), Clamp(-limit, limit)):
        before = x.clone()
        found = regularizer(x, gradient, 1)
        assert torch.equal(x, before) and not torch.equal(found, x)
        assert found.shape == x.shape and found.dtype == x.dtype


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Decay(1.5), "a decay is from 0 to 1, not 1.5"),
        (lambda: Decay(-0.1), "not -0.1"),
        (lambda: Blur(-1), "the width of a blur is 0 or more, not -1"),
        (lambda: Blur(math.nan), "the width of a blur is 0 or more, not nan"),
        (lambda: Blur(1, -4), "the number of steps between blurs is 0 or more, not -4"),
        (lambda: ClipNorm(101), "the percentage of a clip is from 0 to 100, not 101"),
        (lambda: ClipContribution(-1), "the percentage of a clip is from 0 to 100, not -1"),
    ],
)
def test_settings_that_are_none(make, text):
    with pytest.raises(InputError, match=text):
        make()
