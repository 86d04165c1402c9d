"""Edits of a picture: where they lie, what they put there, and what is refused."""

import pytest
import torch

from cnnviz_widgets.engines import Edits, cover, regions, squares
from cnnviz_widgets.engines.sweep_order import levels
from cnnviz_widgets.errors import InputError


def picture(rows: int = 6, columns: int = 7, channels: int = 2) -> torch.Tensor:
    return torch.arange(channels * rows * columns, dtype=torch.float32).reshape(1, channels, rows, columns)


def test_the_last_square_is_flush_with_the_edge():
    edits = squares(picture(), 3, 2, fill=-1.0)
    assert edits.tops.tolist() == [0] * 3 + [2] * 3 + [3] * 3
    assert edits.lefts.tolist() == [0, 2, 4] * 3
    assert edits.boxes[-1].tolist() == [3, 4, 6, 7]
    edited = edits.apply(picture())
    assert edited.shape == (9, 2, 6, 7)
    assert (edited == -1).any(0).all(), "every pixel is covered by some square"
    assert (edited == -1).sum((1, 2, 3)).tolist() == [18] * 9


def test_one_edit_by_hand():
    x = torch.zeros(1, 1, 3, 4)
    edits = cover(x, [-1, 2], [2, -1], (2, 2), torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    top_right, bottom_left = edits.apply(x)[:, 0].tolist()
    assert top_right == [[0, 0, 3, 4], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert bottom_left == [[0, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0]]


def test_an_edit_outside_the_picture_changes_nothing():
    x = picture()
    edits = cover(x, [6, -9, 0, 0], [0, 0, 7, -30], 3, 5.0)
    assert torch.equal(edits.apply(x), x.expand(4, -1, -1, -1))


def test_regions_of_any_shape():
    x, masks = picture(), torch.zeros(3, 6, 7, dtype=torch.bool)
    masks[0, 2, 3] = masks[0, 4, 6] = True
    masks[1, 5, :2] = True
    edits = regions(x, masks, fill=[7.0, 8.0])
    expected = torch.where(masks[:, None], torch.tensor([7.0, 8.0]).reshape(2, 1, 1), x)
    assert torch.equal(edits.apply(x), expected)
    assert (edits.height, edits.width) == (3, 4)
    everything = regions(x, torch.ones(1, 6, 7, dtype=torch.bool), fill=x + 1)
    assert torch.equal(everything.apply(x), x + 1)
    other = -x
    assert torch.equal(regions(x, masks, fill=other).apply(x), torch.where(masks[:, None], other, x))


def test_some_of_the_edits():
    x, masks = picture(), torch.rand(5, 6, 7, generator=torch.Generator().manual_seed(0)) > 0.6
    edits = regions(x, masks, -x)
    for which in (slice(1, 3), [4, 0], torch.tensor([True, False, False, True, False]), 2):
        chosen = [which] if isinstance(which, int) else which
        assert torch.equal(edits[which].apply(x), edits.apply(x)[chosen])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda x: squares(x, 7, 1), "a square of 7x7 does not fit into a picture of 6x7 pixels"),
        (lambda x: squares(x, 3, 0), "the stride is 1 pixel or more; got 0x0"),
        (lambda x: squares(x, 3, (1, 2, 3)), "the stride is one number or two"),
        (lambda x: squares(x, 0, 1), "an edit is 1 pixel large or more; got 0x0"),
        (lambda x: squares(x, 3, 1, [1.0, 2.0, 3.0]), "a fill is one number, 2 numbers, a patch 2x3x3 or"),
        (lambda x: squares(x.expand(2, -1, -1, -1), 3, 1), r"one picture, \(1, C, H, W\), not on 2x2x6x7"),
        (lambda x: squares([1], 3, 1), "a picture is a tensor .* not list"),
        (lambda x: cover(x, [1, 2], [3], 2), "edits need one top and one left each"),
        (
            lambda x: regions(x, torch.zeros(1, 6, 6) > 0),
            "masks are Nx6x7 of bool for this picture, not 1x6x6",
        ),
        (lambda x: regions(x, torch.zeros(1, 6, 7)), "not 1x6x7 of torch.float32"),
        (lambda x: cover(x, [0], [0], 2).apply(x[:, :1]), "the patch has 2 channels, and the picture 1"),
        (
            lambda x: Edits(torch.tensor([0]), torch.tensor([0]), 2, 2, torch.zeros(3, 2, 2, 2)),
            r"the patch of 1 edits of 2x2 is \(C, 2x2\)",
        ),
        (
            lambda x: Edits(torch.tensor([0]), torch.tensor([0]), 2, 2, x[0, :, :2, :2], torch.ones(1, 2, 2)),
            "the mask of 1 edits of 2x2 is 1x2x2 of bool",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, text):
    with pytest.raises(InputError, match=text):
        make(picture())


def test_levels_by_hand():
    edits = squares(torch.zeros(1, 1, 20, 20), 5, 1)  # a grid of 16 x 16
    found = levels(edits)
    assert [len(each) for each in found] == [16, 48, 192]
    assert torch.cat(found).sort()[0].tolist() == list(range(256))
    assert edits.tops[found[0]].unique().tolist() == list(range(0, 16, 4))


def test_each_edit_has_one_turn():
    edits = squares(torch.zeros(1, 1, 31, 47), 5, 1)
    turns = levels(edits)
    assert torch.cat(turns).sort()[0].tolist() == list(range(len(edits)))
    assert len(turns[0]) <= 36
    assert edits.tops[turns[0]].max() >= 16 and edits.lefts[turns[0]].max() >= 32
