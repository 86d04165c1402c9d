"""Random changes of what the network sees: against a slow twin that asks each pixel where it comes from."""

import math

import pytest
import torch

from cnnviz_widgets.engines import Jitter, Pad, Rotate, Scale
from cnnviz_widgets.engines.transforms import transformed
from cnnviz_widgets.errors import InputError
from tests.engines.records import random


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def between(picture, row, column):
    """Read a picture (C, H, W) between its pixels; outside it is 0."""
    top, left = math.floor(row), math.floor(column)
    total = torch.zeros(len(picture), dtype=picture.dtype)
    for i, share_i in ((top, 1 - (row - top)), (top + 1, row - top)):
        for j, share_j in ((left, 1 - (column - left)), (left + 1, column - left)):
            if 0 <= i < picture.shape[1] and 0 <= j < picture.shape[2]:
                total += share_i * share_j * picture[:, i, j]
    return total


def twin_turn(picture, degrees, factor=1.0):
    """Turn by an angle and enlarge: each new pixel looks back to where it was."""
    rows, columns = picture.shape[1:]
    angle, found = math.radians(degrees), torch.zeros_like(picture)
    for i in range(rows):
        for j in range(columns):
            down, across = i - (rows - 1) / 2, j - (columns - 1) / 2
            row = (math.sin(angle) * across + math.cos(angle) * down) / factor
            column = (math.cos(angle) * across - math.sin(angle) * down) / factor
            found[:, i, j] = between(picture, row + (rows - 1) / 2, column + (columns - 1) / 2)
    return found


def drawn(count=1, seed=0):
    """Numbers from -1 to 1, as a generator of this seed draws them."""
    generator = seeded(seed)
    return [2 * torch.rand((), generator=generator, dtype=torch.float64).item() - 1 for _ in range(count)]


@pytest.mark.parametrize(("rows", "columns"), [(9, 9), (8, 8), (6, 11), (12, 5)])
@pytest.mark.parametrize("degrees", [5, 30, 90, 180])
def test_rotation_against_the_twin(rows, columns, degrees):
    x = random(2, 3, rows, columns)
    found = transformed(x, [Rotate(degrees)], seeded())
    for n in range(2):
        torch.testing.assert_close(found[n], twin_turn(x[n], degrees * drawn()[0]))


@pytest.mark.parametrize(("rows", "columns"), [(9, 9), (8, 13)])
@pytest.mark.parametrize("share", [0.1, 0.7])
def test_scale_against_the_twin(rows, columns, share):
    x = random(2, 3, rows, columns)
    found = transformed(x, [Scale(share)], seeded(3))
    for n in range(2):
        torch.testing.assert_close(found[n], twin_turn(x[n], 0, 1 + share * drawn(seed=3)[0]))


@pytest.mark.parametrize("order", ["scale first", "turn first", "three"])
def test_neighbours_are_done_in_one_interpolation(order):
    x, draws = random(1, 2, 10, 7), drawn(3)
    if order == "scale first":
        transforms, degrees, factor = [Scale(0.3), Rotate(40)], 40 * draws[1], 1 + 0.3 * draws[0]
    elif order == "turn first":
        transforms, degrees, factor = [Rotate(40), Scale(0.3)], 40 * draws[0], 1 + 0.3 * draws[1]
    else:
        transforms = [Rotate(40), Rotate(25), Scale(0.1)]
        degrees, factor = 40 * draws[0] + 25 * draws[1], 1 + 0.1 * draws[2]
    torch.testing.assert_close(transformed(x, transforms, seeded())[0], twin_turn(x[0], degrees, factor))


def test_a_quarter_turn_by_hand(monkeypatch):
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    monkeypatch.setattr(torch, "rand", lambda *_, **__: torch.tensor(1.0))  # the largest angle
    turned = transformed(x, [Rotate(90)], seeded())
    torch.testing.assert_close(turned, torch.tensor([[[[2.0, 4.0], [1.0, 3.0]]]]))  # to the left
    large = transformed(torch.ones(1, 1, 4, 4), [Scale(0.5)], seeded())  # half as large again
    torch.testing.assert_close(large, torch.ones(1, 1, 4, 4))
    monkeypatch.setattr(torch, "rand", lambda *_, **__: torch.tensor(0.0))  # the smallest factor
    small = transformed(torch.ones(1, 1, 4, 4), [Scale(0.5)], seeded())
    torch.testing.assert_close(small.sum(), torch.tensor(4.0))  # a quarter of the area
    assert small[0, 0, 0].tolist() == [0, 0, 0, 0] and (small[0, 0, 1:3, 1:3] > 0.5).all()


@pytest.mark.parametrize("seed", range(6))
def test_jitter_rolls(seed):
    x = random(2, 3, 6, 9)
    rows, columns = torch.randint(-3, 4, (2,), generator=seeded(seed)).tolist()
    found = transformed(x, [Jitter(3)], seeded(seed))
    for i in range(6):
        for j in range(9):
            assert torch.equal(found[:, :, (i + rows) % 6, (j + columns) % 9], x[:, :, i, j])


def test_jitter_reaches_as_far_as_it_says():
    """Every shift from -2 to 2 in both directions, and none beyond."""
    x = torch.zeros(1, 1, 9, 9)
    x[..., 4, 4] = 1.0
    generator = seeded()
    places = [tuple(transformed(x, [Jitter(2)], generator)[0, 0].nonzero()[0].tolist()) for _ in range(400)]
    assert set(places) == {(i, j) for i in range(2, 7) for j in range(2, 7)}


def test_turns_and_scales_reach_as_far_as_they_say():
    x, generator = torch.zeros(1, 1, 1, 201, dtype=torch.float64), seeded()
    x[..., 150] = 1.0  # 50 from the middle
    places = [transformed(x, [Scale(0.2)], generator)[0, 0, 0].argmax().item() - 100 for _ in range(300)]
    assert (min(places), max(places)) == (40, 60) and 48 < sum(places) / 300 < 52
    x = torch.zeros(1, 1, 101, 101, dtype=torch.float64)
    x[..., 50, 90:98] = 1.0
    angles = []
    for _ in range(300):
        i, j = divmod(transformed(x, [Rotate(10)], generator)[0, 0].argmax().item(), 101)
        angles.append(math.degrees(math.atan2(i - 50, j - 50)))
    assert -11.5 < min(angles) < -8 and 8 < max(angles) < 11.5 and abs(sum(angles) / 300) < 1


def test_a_frame_saves_what_a_jitter_would_wrap():
    """By hand: what leaves the picture stays in the frame, and the mean colour comes in."""
    x = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    assert torch.equal(transformed(x, [Pad(4)], seeded()), x)
    seen = {tuple(transformed(x, [Pad(2), Jitter(2)], seeded(s))[0, 0, 0].tolist()) for s in range(200)}
    assert seen == {(1, 2, 3), (0, 1, 2), (0, 0, 1), (2, 3, 0), (3, 0, 0), (0, 0, 0)}
    wrapped = {tuple(transformed(x, [Jitter(1)], seeded(s))[0, 0, 0].tolist()) for s in range(50)}
    assert wrapped == {(1, 2, 3), (3, 1, 2), (2, 3, 1)}


def test_a_chain_is_one_after_the_other():
    """Frame, shift, scale and turn, shift: each by its own twin, and the middle at the end."""
    x, generator = random(2, 3, 8, 10), seeded(5)
    found = transformed(x, [Pad(3), Jitter(2), Scale(0.2), Rotate(15), Jitter(1)], seeded(5))
    framed = torch.nn.functional.pad(x, [3] * 4)
    moved = torch.roll(framed, torch.randint(-2, 3, (2,), generator=generator).tolist(), (2, 3))
    factor, degrees = (2 * torch.rand((), generator=generator, dtype=torch.float64).item() - 1 for _ in "ab")
    turned = torch.stack([twin_turn(each, 15 * degrees, 1 + 0.2 * factor) for each in moved])
    moved = torch.roll(turned, torch.randint(-1, 2, (2,), generator=generator).tolist(), (2, 3))
    torch.testing.assert_close(found, moved[..., 3:-3, 3:-3])


def one_by_one(x, transforms, generator):
    """Each transform with all its pixels, before the next; neighbouring turns are one."""
    size, turn = x.shape[2:], None
    for transform in [*transforms, Pad(0)]:
        if isinstance(transform, (Scale, Rotate)):
            draw = 2 * torch.rand((), generator=generator, dtype=torch.float64).item() - 1
            degrees, factor = turn or (0, 1)
            is_scale = isinstance(transform, Scale)
            turn = (
                (degrees, factor * (1 + transform.share * draw))
                if is_scale
                else (degrees + transform.degrees * draw, factor)
            )
            continue
        x, turn = (x if turn is None else twin_turn(x[0], *turn)[None]), None
        if isinstance(transform, Pad):
            x = torch.nn.functional.pad(x, [transform.pixels] * 4)
        else:
            far = transform.pixels
            x = torch.roll(x, torch.randint(-far, far + 1, (2,), generator=generator).tolist(), (2, 3))
    top, left = ((now - before) // 2 for now, before in zip(x.shape[2:], size, strict=True))
    return x[..., top : top + size[0], left : left + size[1]]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "chain",
    [
        [Pad(2), Jitter(2), Jitter(2), Scale(0.7)],  # the second shift may bring in what has left
        [Pad(1), Rotate(180), Pad(0), Jitter(1), Scale(0.7)],  # what is turned fills the frame
        [Pad(2), Jitter(2), Jitter(2)],
        [Jitter(3), Rotate(30)],
        [Rotate(30), Jitter(2)],  # nothing around that a shift could bring in
        [Pad(1), Rotate(30), Jitter(3)],
        [Pad(2), Rotate(30), Jitter(1), Jitter(1)],
        [Rotate(30), Pad(2), Jitter(1)],
        [Scale(0.2), Jitter(2), Rotate(20), Jitter(1)],
        [Pad(1), Jitter(1), Pad(2), Jitter(2), Scale(0.2)],
        [Pad(2), Jitter(1), Jitter(3), Rotate(20), Pad(1), Jitter(2), Scale(0.3)],
        [Pad(2), Jitter(2), Rotate(20), Jitter(1), Rotate(10), Jitter(1), Pad(2), Jitter(3)],
        [Pad(2), Jitter(1), Rotate(20), Jitter(1), Jitter(3), Jitter(1), Rotate(10)],
    ],
    ids=lambda chain: "-".join(type(each).__name__ for each in chain),
)
def test_any_chain_is_one_after_the_other(chain, seed):
    x = random(1, 1, 4, 6)
    torch.testing.assert_close(
        transformed(x, chain, seeded(seed)), one_by_one(x, chain, seeded(seed)), rtol=1e-9, atol=1e-9
    )


def test_no_transform_changes_nothing():
    x = random(2, 3, 7, 8)
    for none in ([], [Jitter(0)], [Pad(0)], [Pad(5)]):
        assert torch.equal(transformed(x, none, seeded()), x)
    for near in ([Scale(0)], [Rotate(0)]):
        torch.testing.assert_close(transformed(x, near, seeded()), x)


def test_all_pictures_of_a_step_move_alike_and_the_next_step_differs():
    everything = [Pad(2), Jitter(4), Scale(0.2), Rotate(20)]
    x = random(1, 3, 9, 9).expand(4, 3, 9, 9)
    generator = seeded()
    first, second = transformed(x, everything, generator), transformed(x, everything, generator)
    assert (first == first[:1]).all() and not torch.equal(first, second)
    assert torch.equal(first, transformed(x, everything, seeded()))  # the same seed, the same bytes


def test_the_gradient_goes_back_where_the_pixel_came_from():
    x = random(1, 1, 5, 6).requires_grad_()
    everything = [Pad(1), Jitter(1), Scale(0.2), Rotate(20)]
    assert torch.autograd.gradcheck(lambda x: transformed(x, everything, seeded(2)), (x,))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Jitter(-1), "a jitter is a number from 0 on, not -1"),
        (lambda: Scale(-0.1), "a scale is a number from 0 on, not -0.1"),
        (lambda: Scale(1), "a scale of 1 would shrink pictures to nothing: it is below 1"),
        (lambda: Rotate(math.inf), "a rotation is a number from 0 on, not inf"),
        (lambda: Rotate(math.nan), "not nan"),
        (lambda: Pad(-2), "a padding is a number from 0 on, not -2"),
    ],
)
def test_settings_that_are_none(make, text):
    with pytest.raises(InputError, match=text):
        make()
