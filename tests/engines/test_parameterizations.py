"""How a picture is written down: what is written can be read, and the waves are those of the formula."""

import cmath
import math

import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.engines import Fourier, Generated, Pixels
from cnnviz_widgets.errors import InputError
from tests.engines.records import random


def model(channels=3, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3)):
    net = nn.Sequential(nn.Conv2d(channels, 2, 1), nn.Flatten(), nn.LazyLinear(2)).double()
    net(torch.zeros(1, channels, 8, 8, dtype=torch.float64))
    return HookedModel(net, (channels, 8, 8), mean=mean[:channels], std=std[:channels])


def between_limits(model, *shape, edge=0.01):
    low, high = model.limits
    values = torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return low + (high - low) * (edge + (1 - 2 * edge) * values)


def test_pixels_are_pixels():
    x = random(2, 3, 5, 6)
    net, pixels = model(), Pixels()
    assert torch.equal(pixels.read(pixels.write(x, net), net, (5, 6)), x)
    assert torch.equal(pixels.settle(x), x) and pixels.in_pixels and not Fourier().in_pixels


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (6, 5), (1, 4), (5, 1), (1, 1)])
@pytest.mark.parametrize("fourier", [Fourier(), Fourier(0), Fourier(1.5, decorrelate=False)], ids=str)
def test_what_is_written_is_read(size, fourier):
    net = model()
    x = between_limits(net, 2, 3, *size)
    numbers = fourier.write(x, net)
    assert numbers.shape == (2, 3, size[0], size[1] // 2 + 1, 2)
    torch.testing.assert_close(fourier.read(numbers, net, size), x)
    assert torch.equal(fourier.settle(numbers), numbers)


@pytest.mark.parametrize("channels", [1, 2])
def test_pictures_without_three_colours(channels):
    net = model(channels)
    x = between_limits(net, 1, channels, 8, 8)
    torch.testing.assert_close(Fourier().read(Fourier().write(x, net), net, (8, 8)), x)


def test_what_waves_say_is_written_again():
    """The other way round: numbers to a picture to numbers, where both mean the same picture."""
    net, fourier = model(), Fourier()
    numbers = 0.3 * random(1, 3, 8, 5, 2)
    once = fourier.write(fourier.read(numbers, net, (8, 8)), net)
    assert torch.allclose(fourier.read(once, net, (8, 8)), fourier.read(numbers, net, (8, 8)))
    inside = once[..., 1:-1, :] - numbers[..., 1:-1, :]  # the first and last column say some things twice
    assert inside.abs().max() < 1e-9


def twin_read(numbers, net, size, decay, mixed):
    """Sum up waves one by one, mix colours, squeeze: the formulas of the paper's code, slowly."""
    rows, columns = size
    root = [[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]]
    longest = max(math.sqrt(sum(root[d][c] ** 2 for d in range(3))) for c in range(3))
    low, high = (each.flatten().tolist() for each in net.limits)
    planes = torch.zeros(3, rows, columns, dtype=torch.float64)
    for c in range(3):
        for y in range(rows):
            for x in range(columns):
                total = 0
                for v in range(rows):
                    for u in range(columns):
                        # the half that is not written is the mirrored other one
                        kept = u <= columns // 2
                        a, b = numbers[(c, v, u) if kept else (c, -v % rows, columns - u)].tolist()
                        wave = complex(a, b if kept else -b)
                        down, across = (v if v < rows / 2 else v - rows) / rows, min(u, columns - u) / columns
                        frequency = max(math.hypot(down, across), 1 / max(rows, columns))
                        turn = cmath.exp(2j * math.pi * (v * y / rows + u * x / columns))
                        total += wave * turn / frequency**decay / 4
                planes[c, y, x] = total.real / math.sqrt(rows * columns)
    found = torch.zeros_like(planes)
    for d in range(3):
        value = sum(root[d][c] / longest * planes[c] for c in range(3)) if mixed else planes[d]
        found[d] = low[d] + (high[d] - low[d]) / (1 + torch.exp(-value))
    return found


@pytest.mark.parametrize("size", [(4, 6), (5, 4)])
@pytest.mark.parametrize("fourier", [Fourier(), Fourier(0.5, decorrelate=False)], ids=str)
def test_waves_against_a_sum_of_cosines(size, fourier):
    net = model()
    # of what a real picture has: the numbers that say some things twice agree
    numbers = fourier.write(between_limits(net, 1, 3, *size), net)
    expected = twin_read(numbers[0], net, size, fourier.decay, fourier.decorrelate)
    torch.testing.assert_close(fourier.read(numbers, net, size)[0], expected)


def test_waves_by_hand():
    """One number is one wave: no light at all is grey, and the slowest wave goes up and down once."""
    net, fourier = model(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)), Fourier(decorrelate=False)
    numbers = torch.zeros(1, 3, 4, 3, 2, dtype=torch.float64)
    assert not fourier.read(numbers, net, (4, 4)).any()
    numbers[0, 1, 0, 1, 0] = 1.0
    found = fourier.read(numbers, net, (4, 4))
    # 2 cos(0) * scale 4 / 4 / sqrt(16) = 1/2 before the sigmoid, which is 0.62246; twice that less 1
    assert found[0, 1, 0].tolist() == pytest.approx([0.24492, 0, -0.24492, 0], abs=1e-5)
    assert not found[0, [0, 2]].any() and (found[0, 1] == found[0, 1, 0]).all()


def test_the_first_colour_is_light():
    net = model(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    numbers = torch.zeros(1, 3, 8, 5, 2, dtype=torch.float64)
    numbers[0, 0, 0, 0, 0] = 2.0
    red, green, blue = Fourier().read(numbers, net, (8, 8))[0, :, 0, 0].tolist()
    assert 0 < red < green == pytest.approx(blue) and green - red < 0.1 * green  # 0.26, 0.27 and 0.27


def test_a_fast_wave_moves_less_than_a_slow_one():
    net = model()
    changes = []
    for frequency in (1, 4):
        numbers = torch.zeros(1, 3, 8, 5, 2, dtype=torch.float64)
        grey = Fourier().read(numbers, net, (8, 8))
        numbers[0, 0, frequency, 0, 0] = 1e-3
        changes.append((Fourier().read(numbers, net, (8, 8)) - grey).abs().max().item())
    assert changes[0] / changes[1] == pytest.approx(4, rel=1e-3)


def test_what_is_beyond_black_and_white_is_cut():
    net = model()
    low, high = net.limits
    x = torch.stack([(low - 5).expand(3, 8, 8), (high + 5).expand(3, 8, 8)])
    found = Fourier(decorrelate=False).read(Fourier(decorrelate=False).write(x, net), net, (8, 8))
    edge = 1e-3 * (high - low)
    torch.testing.assert_close(
        found, torch.stack([(low + edge).expand(3, 8, 8), (high - edge).expand(3, 8, 8)])
    )
    wild = Fourier().read(100 * random(1, 3, 8, 5, 2), net, (8, 8))
    assert (wild >= low).all() and (wild <= high).all()


def test_the_numbers_have_a_gradient():
    net = model()
    numbers = random(1, 3, 4, 3, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: Fourier().read(each, net, (4, 4)), (numbers,))


def test_a_generator_draws_and_its_code_stays_within_limits():
    net, code = model(), torch.tensor([[1.0, -3.0]], dtype=torch.float64)
    drawn = []

    def generate(codes):
        drawn.append(codes.clone())
        return codes.sum(1)[:, None, None, None].expand(-1, 3, 8, 8)

    generated = Generated(generate, code, low=-2.0, high=torch.tensor([0.5, 9.0]), decay=0.1)
    numbers = generated.write(torch.zeros(3, 3, 8, 8), net)
    assert numbers.tolist() == [[1, -3]] * 3
    assert generated.read(numbers, net, (8, 8))[:, 0, 0, 0].tolist() == [-2, -2, -2]
    assert len(drawn) == 1 and generated.settle(numbers)[0].tolist() == pytest.approx([0.45, -1.8])
    assert torch.equal(Generated(generate, code).settle(code), code)
    with pytest.raises(InputError, match="2 codes were given for 3 pictures; give one, or one each"):
        Generated(generate, torch.zeros(2, 2)).write(torch.zeros(3, 3, 8, 8), net)
