"""Batches, moves, normalisation and marks, worked out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets.training.lessons import (
    LabelledPictures,
    accuracy,
    answers,
    confusions,
    moved,
    normalized,
    shuffled,
    statistics,
    tinted,
)


def test_moved_pictures_are_shifted_mirrored_and_have_no_foreign_pixel():
    torch.manual_seed(0)
    ramp = torch.arange(32 * 32).view(1, 1, 32, 32)  # a pixel tells where it came from
    pictures = ramp.repeat(200, 3, 1, 1)
    out = moved(pictures, 2)
    assert out.shape == pictures.shape
    assert torch.equal(out[:, 0], out[:, 2])
    rows, columns = out[:, 0] // 32, out[:, 0] % 32
    assert set((rows[:, 16, 16] - 16).tolist()) == {-2, -1, 0, 1, 2}
    mirrored = columns[:, 16, 16] > columns[:, 16, 17]
    assert 60 < mirrored.sum() < 140
    plain = columns[~mirrored]
    assert set((plain[:, 16, 16] - 16).tolist()) == {-2, -1, 0, 1, 2}
    left = plain[plain[:, 16, 16] == 14][0, 0]  # moved by two: the border mirrors what is beside it
    assert left[:5].tolist() == [2, 1, 0, 1, 2]


def test_normalized_takes_mean_and_spread_of_each_channel():
    pictures = torch.tensor([0, 255, 51], dtype=torch.uint8).view(1, 3, 1, 1)
    out = normalized(pictures, (0.5, 0.5, 0.1), (0.5, 0.25, 0.1))
    assert out.flatten().tolist() == pytest.approx([-1, 2, 1])


def test_accuracy_counts_all_pictures_of_all_portions():
    class Fixed(nn.Module):
        def forward(self, x):
            return torch.nn.functional.one_hot((x[:, 0, 0, 0] * 255).round().long(), 10)

    labels = torch.arange(1203) % 10
    pictures = labels.to(torch.uint8).view(-1, 1, 1, 1).repeat(1, 3, 32, 32)
    labels = labels.clone()
    labels[:3] = 9  # 0, 1 and 2 they were
    found = accuracy(Fixed(), LabelledPictures(pictures, labels), (0, 0, 0), (1, 1, 1))
    assert found == 1200 / 1203


def test_a_picture_may_be_moved_by_as_much_as_asked():
    torch.manual_seed(0)
    column = torch.arange(40).view(1, 1, 1, 40).expand(300, 3, 40, 40)
    out = moved(column, 8)[:, 0, 20, :]
    rising = out[:, 21] > out[:, 20]
    assert set((out[rising, 20] - 20).tolist()) == set(range(-8, 9))


def test_tinted_pictures_differ_by_a_gain_and_a_shift_for_each_channel():
    torch.manual_seed(0)
    x = torch.stack([torch.zeros(400, 3), torch.ones(400, 3)], 2).view(400, 3, 1, 2)
    out = tinted(x.clone(), 0.2)
    shift, gain = out[..., 0].flatten(), (out[..., 1] - out[..., 0]).flatten()
    for values, middle in ((shift, 0), (gain, 1)):
        assert values.min() >= middle - 0.2001 and values.max() <= middle + 0.2001
        assert values.min() < middle - 0.19 and values.max() > middle + 0.19
        assert len(values.unique()) > 1000  # each picture and each channel its own
    assert torch.equal(tinted(x.clone(), 0), x)


def test_every_picture_is_shown_once_an_epoch_but_for_an_odd_rest():
    torch.manual_seed(0)
    batches = shuffled(10, 4)
    assert [len(batch) for batch in batches] == [4, 4]
    assert len(set(torch.cat(batches).tolist())) == 8
    assert torch.cat(shuffled(10, 4)).tolist() != torch.cat(batches).tolist()
    assert sorted(shuffled(3, 64)[0].tolist()) == [0, 1, 2]  # fewer pictures than a batch are one batch


def test_statistics_are_those_of_all_pixels():
    pictures = torch.randint(0, 256, (700, 3, 4, 5), dtype=torch.uint8)
    pictures[:, 1] = 51
    pictures[:, 2] = torch.tensor([0, 255, 0, 255, 255], dtype=torch.uint8)
    mean, std = statistics(pictures)
    exact = pictures[:, 0].numpy().astype(np.float64) / 255
    assert mean == (round(exact.mean(), 4), 0.2, 0.6)
    assert std == (round(exact.std(), 4), 0.0, 0.4899)  # the square root of 0.6 x 0.4


def test_confusions_come_by_frequency():
    labels, said = torch.tensor([0, 0, 0, 1, 2, 2, 2, 2]), torch.tensor([0, 1, 1, 0, 2, 0, 0, 0])
    assert list(confusions(said, labels)) == [(2, 0, 3), (0, 1, 2), (1, 0, 1)]
    assert list(confusions(labels, labels)) == []


def test_a_network_answers_in_evaluation_mode():
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.999), nn.Linear(3, 2))
    with torch.no_grad():  # 3 - 1 against 0; without its inputs, -1 against 0
        network[2].weight.copy_(torch.tensor([[1.0, 1, 1], [0, 0, 0]]))
        network[2].bias.copy_(torch.tensor([-1.0, 0]))
    pictures = torch.full((250, 3, 1, 1), 255, dtype=torch.uint8)
    assert answers(network.train(), pictures, (0, 0, 0), (1, 1, 1)).tolist() == [0] * 250
