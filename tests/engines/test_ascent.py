"""Climbing: against a plain loop, on hills whose top is known, and through everything that can go wrong."""

import pytest
import torch
import torch.nn.functional as F

from cnnviz_widgets.engines import (
    L2,
    Adam,
    AlphaNorm,
    Ascent,
    Channel,
    ClassScore,
    ClipNorm,
    CodeMatch,
    Decay,
    Direction,
    Fourier,
    Generated,
    Jitter,
    Momentum,
    Neuron,
    Scale,
    Step,
    TotalVariation,
    climb,
)
from tests.engines.climbers import SIDE, gate_model, linear_model, slope_model, slope_net, well_shaped
from tests.engines.records import random


def last(running):
    *_, step = running
    return step


# Against a loop of twenty lines


def layers_of(net, x):
    """The net's functions, called one by one."""
    h = F.conv2d(x, net.conv1.weight, net.conv1.bias, padding=1)
    bn = net.bn
    h = F.relu(F.batch_norm(h, bn.running_mean, bn.running_var, bn.weight, bn.bias, eps=bn.eps))
    maps = F.conv2d(h, net.conv2.weight, net.conv2.bias, stride=2)
    return maps, F.linear(F.relu(maps).mean((2, 3)), net.fc.weight, net.fc.bias)


def plain_climb(net, x, steps, seed):
    """Ascent of conv2's channel 1 + half the score of class 2 - priors, with a jitter, decay and a clip."""
    generator, images, values = torch.Generator().manual_seed(seed), [], []
    for _ in range(steps + 1):
        x = x.clone().requires_grad_()
        shift = torch.randint(-2, 3, (2,), generator=generator).tolist()
        maps, scores = layers_of(net, torch.roll(x, shift, (2, 3)))
        down, across = x[:, :, 1:] - x[:, :, :-1], x[..., 1:] - x[..., :-1]
        variation = (down**2).sum((1, 2, 3)) + (across**2).sum((1, 2, 3))
        value = maps[:, 1].mean((1, 2)) + 0.5 * scores[:, 2] - 0.01 * (x**2).sum((1, 2, 3)) - 0.02 * variation
        value.sum().backward()
        images.append(x.detach()), values.append(value.detach())
        step = x.grad / x.grad.abs().mean((1, 2, 3), keepdim=True)
        x = (x.detach() + 0.1 * step) * 0.9
        norms = (x**2).sum(1).sqrt()
        borders = torch.quantile(norms.flatten(1), 0.3, dim=1)[:, None, None]
        x = x * (norms >= borders)[:, None]
    return images, values


def test_five_steps_are_those_of_a_plain_loop():
    model, start = slope_model(), random(2, 3, SIDE, SIDE)
    objective = Channel("conv2", 1) + 0.5 * ClassScore(2) - 0.01 * L2() - 0.02 * TotalVariation()
    steps = list(
        climb(
            model,
            objective,
            start=start,
            steps=5,
            optimizer=Ascent(0.1),
            transforms=[Jitter(2)],
            regularizers=[Decay(0.1), ClipNorm(30)],
            seed=4,
        )
    )
    images, values = plain_climb(slope_net(), start, 5, seed=4)
    assert [step.index for step in steps] == [0, 1, 2, 3, 4, 5]
    for step, image, value in zip(steps, images, values, strict=True):
        torch.testing.assert_close(step.image, image, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(step.value, value, rtol=1e-9, atol=1e-9)


def test_waves_climb_as_pytorchs_adam_takes_them():
    model, net, start = slope_model(), slope_net(), 0.1 * random(1, 3, SIDE, SIDE)
    found = last(
        climb(
            model, Channel("conv2", 1), start=start, steps=5, optimizer=Adam(0.1), parameterization=Fourier()
        )
    )
    numbers = Fourier().write(start, model).requires_grad_()
    optimizer = torch.optim.Adam([numbers], lr=0.1, maximize=True)
    for _ in range(5):
        optimizer.zero_grad()
        layers_of(net, Fourier().read(numbers, model, (SIDE, SIDE)))[0][:, 1].mean().backward()
        optimizer.step()
    torch.testing.assert_close(found.image, Fourier().read(numbers, model, (SIDE, SIDE)).detach())


def test_one_step_by_hand():
    """The score 2 a - 3 b of two pixels, minus half the squares: a step along (2 - a, -3 - b)."""
    weights = torch.zeros(1, 48)
    weights[0, 0], weights[0, 1] = 2.0, -3.0
    start = torch.zeros(1, 3, 4, 4)
    start[..., 0, 0, 0] = 1.0
    plain = Ascent(0.1, normalized=False)
    first, second = climb(
        linear_model(weights), ClassScore(0) - 0.5 * L2(), start=start, steps=1, optimizer=plain
    )
    assert first.terms == {"class score": 2, "L2": -0.5} and first.value == 1.5
    assert second.image[0, 0, 0].tolist() == pytest.approx([1.1, -0.3, 0, 0])
    assert second.value.item() == pytest.approx(2.2 + 0.9 - 0.5 * (1.21 + 0.09))


# Hills whose top is known


@pytest.mark.parametrize("weight", [0.1, 0.5, 3.0])
def test_a_linear_score_under_l2_leads_to_w_over_two_lambda(weight):
    weights = random(2, 48)
    plain = Ascent(0.4 / (2 * weight), normalized=False)
    model = linear_model(weights)
    found = last(climb(model, ClassScore([0, 1]) - weight * L2(), pictures=2, steps=60, optimizer=plain))
    torch.testing.assert_close(found.image.flatten(1), weights / (2 * weight))


@pytest.mark.parametrize("start", ["zero", "noise"])
def test_a_layer_that_can_be_inverted_is_inverted_exactly(start):
    matrix, picture = well_shaped(48), random(1, 3, 4, 4, seed=9)
    model = linear_model(matrix)
    code = (matrix @ picture.flatten())[None]
    found = last(climb(model, -CodeMatch("1", code), start=start, steps=250, optimizer=Momentum(8.0, 0.8)))
    torch.testing.assert_close(found.image, picture, rtol=1e-6, atol=1e-6)
    assert found.value.item() == pytest.approx(0, abs=1e-12)


def test_a_part_of_a_code_gives_the_shortest_picture_that_has_it():
    matrix, picture = well_shaped(48), random(1, 3, 4, 4, seed=9)
    mask = (torch.arange(48) < 20).double()
    code = matrix @ picture.flatten()
    running = climb(
        linear_model(matrix), -CodeMatch("1", code, mask), steps=250, optimizer=Momentum(4.0, 0.8)
    )
    shortest = torch.linalg.pinv(matrix[:20]) @ code[:20]
    torch.testing.assert_close(last(running).image.flatten(), shortest, rtol=1e-6, atol=1e-6)


def test_a_direction_is_climbed_straight():
    """Between two channels of a linear layer lies their sum."""
    weights = random(2, 48)
    found = last(
        climb(
            linear_model(weights), Direction("1", torch.tensor([1.0, -2.0])), steps=3, optimizer=Ascent(0.1)
        )
    )
    way = weights[0] - 2 * weights[1]
    torch.testing.assert_close(found.image.flatten(), 0.3 * way / way.abs().mean())


def test_a_rate_is_asked_for_each_step_counted_from_1():
    asked = []
    last(
        climb(slope_model(), Channel("conv2", 0), steps=3, optimizer=Ascent(lambda i: asked.append(i) or 0.1))
    )
    assert asked == [1, 2, 3]


def test_noise_differs_from_picture_to_picture_and_is_the_same_alone():
    model = slope_model()
    several = next(climb(model, Channel("conv2", 0), pictures=2, start="noise", seed=4)).image
    alone = next(climb(model, Channel("conv2", 0), start="noise", seed=5)).image
    assert not torch.equal(several[0], several[1]) and torch.equal(several[1:], alone)


def test_each_picture_of_a_batch_climbs_to_its_own_class():
    model = slope_model(classes=["a", "b", "c", "d"])
    found = last(climb(model, ClassScore(["d", 0, "b", "c"]), pictures=4, start="noise", steps=80))
    scores = model.scores(found.image)
    torch.testing.assert_close(found.value, scores[range(4), [3, 0, 1, 2]])
    assert scores.argmax(0).tolist() == [1, 2, 3, 0]  # each class likes its own picture best


@pytest.mark.parametrize("optimizer", [Ascent(0.02), Momentum(0.5), Adam(0.02)], ids=str)
@pytest.mark.parametrize("parameterization", [None, Fourier()], ids=str)
def test_up_is_up(optimizer, parameterization):
    start = 0.1 * random(1, 3, SIDE, SIDE)
    more = {"start": start, "steps": 30, "optimizer": optimizer, "parameterization": parameterization}
    up = [step.value.item() for step in climb(slope_model(), Channel("conv2", 0), **more)]
    down = [step.value.item() for step in climb(slope_model(), -Channel("conv2", 0), **more)]
    assert up[-1] > up[0] + 0.01 and -down[-1] < -down[0] - 0.01


def test_a_generators_code_is_climbed():
    """A picture of one colour everywhere: the code goes to its limits, and the picture is the generator's."""
    weights = torch.ones(1, 48)

    def generate(code):
        return code[:, :, None, None].expand(-1, 3, 4, 4)

    code = torch.tensor([[0.0, 0.5, -1.0]], dtype=torch.float64)
    generated = Generated(generate, code, low=-2.0, high=1.0)
    running = climb(
        linear_model(weights), ClassScore(0), steps=20, optimizer=Ascent(0.25), parameterization=generated
    )
    first = next(running)
    assert torch.equal(first.image, generate(code)) and first.value.item() == -8
    assert torch.equal(last(running).image, torch.ones(1, 3, 4, 4))


# What only the unit's own field tells


@pytest.mark.parametrize(("row", "column"), [(0, 0), (2, 3), (4, 4)])
def test_pixels_outside_a_neurons_field_stay_byte_for_byte(row, column):
    """conv2's unit reads conv1's rows 2r to 2r + 2, which read one row more on both sides."""
    start = random(1, 3, SIDE, SIDE)
    found = last(climb(slope_model(), Neuron("conv2", 3, row, column), start=start, steps=6)).image
    inside = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    inside[max(2 * row - 1, 0) : 2 * row + 4, max(2 * column - 1, 0) : 2 * column + 4] = True
    assert torch.equal(found[..., ~inside], start[..., ~inside])
    assert (found[..., inside] != start[..., inside]).all()


def test_a_pass_stops_after_the_last_layer():
    model = slope_model()
    model.network.calls.clear()
    list(climb(model, Channel("conv2", 1) + Neuron("conv1", 0) - L2(), steps=3))
    assert model.network.calls == ["start"] * 4
    model.network.calls.clear()
    list(climb(model, Channel("conv2", 1) + ClassScore(1), steps=1))
    assert model.network.calls == ["start", "after conv2", "end"] * 2
    model.network.calls.clear()
    first, second = climb(model, -L2(), start="noise", steps=1)
    assert not model.network.calls and second.value > first.value  # a prior alone needs no network


# A unit in the dark


def test_a_silent_unit_is_woken_and_said_so_for_its_picture_alone():
    start = torch.zeros(2, 3, 2, 2)
    start[1] = 2.0  # this one's ReLU is on
    steps = list(climb(gate_model(), Channel("relu", 1), start=start, steps=4, optimizer=Ascent(0.6)))
    # of three colours one has a gradient and steps by 0.6: past 1 after two steps
    assert [step.woken for step in steps] == [(0,), (0,), (), (), ()]
    assert steps[0].value.tolist() == [0, 1] and steps[-1].value.tolist() == pytest.approx([1.4, 3.4])
    assert steps[-1].image[0, 1].flatten().tolist() == pytest.approx([2.4] * 4)
    alone = list(climb(gate_model(), Channel("relu", 1), start=start[1:], steps=4, optimizer=Ascent(0.6)))
    assert torch.equal(steps[-1].image[1:], alone[-1].image) and not any(step.woken for step in alone)


def test_a_prior_does_not_hide_that_a_unit_is_silent():
    start = torch.full((1, 3, 2, 2), 0.5)
    first = next(climb(gate_model(), Channel("relu", 0) - 1e-3 * L2(), start=start))
    assert first.woken == (0,) and first.value.item() == pytest.approx(-1e-3 * 3)
    found = last(climb(gate_model(), Channel("relu", 0) - 1e-3 * AlphaNorm(), start=start, steps=60))
    assert found.value > 0 and not found.woken


# What a step is


def test_steps_tell_what_they_saw_and_stay_as_they_are():
    model = slope_model()
    running = climb(model, 2 * Channel("conv2", 1) - 0.1 * L2(), start="noise", steps=6, optimizer=Adam(0.1))
    steps, copies = [], []
    for step in running:
        assert isinstance(step, Step) and running.last is step and not step.image.requires_grad
        steps.append(step)
        copies.append((step.image.clone(), step.value.clone()))
    for step, (image, value) in zip(steps, copies, strict=True):
        assert torch.equal(step.image, image) and torch.equal(step.value, value)
        maps, _ = layers_of(model.network, step.image)
        torch.testing.assert_close(step.terms["conv2 channel 1"], 2 * maps[:, 1].mean((1, 2)))
        torch.testing.assert_close(step.terms["L2"], -0.1 * (step.image**2).sum((1, 2, 3)))
        torch.testing.assert_close(step.value, sum(step.terms.values()))
        step.image.zero_(), step.value.zero_()  # a reader may write into what was given
    fresh = last(
        climb(model, 2 * Channel("conv2", 1) - 0.1 * L2(), start="noise", steps=6, optimizer=Adam(0.1))
    )
    assert torch.equal(fresh.image, copies[-1][0])


def test_priors_read_the_picture_and_not_what_the_network_sees():
    start = random(1, 3, SIDE, SIDE)
    running = climb(slope_model(), Channel("conv2", 1) - L2(), start=start, transforms=[Scale(0.9)], steps=0)
    assert next(running).terms["L2"].item() == pytest.approx(-(start**2).sum().item())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_it_climbs_where_gradients_are_off(mode):
    more = {"start": "noise", "steps": 3, "optimizer": Adam(0.1)}
    expected = last(climb(slope_model(), Channel("conv2", 1), **more)).image
    model = slope_model()
    with mode():
        running = climb(model, Channel("conv2", 1), **more)
        next(running), next(running)
    assert torch.equal(last(running).image, expected)


def test_other_sizes_than_the_networks():
    found = last(climb(slope_model(), Channel("conv2", 1), size=(20, 33), steps=2))
    assert found.image.shape == (1, 3, 20, 33)
    found = last(climb(slope_model(), ClassScore(1), size=(20, 33), steps=2, parameterization=Fourier()))
    assert found.image.shape == (1, 3, 20, 33)
