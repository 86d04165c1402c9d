"""From a map to a mask: quantiles by hand, a square of one colour, Miniworld's truth."""

import numpy as np
import pytest

from cnnviz_widgets import Objects, open_model
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.agreement import mask_iou
from cnnviz_widgets.methods.saliency import saliency_map
from cnnviz_widgets.methods.segmentation import (
    Segmentation,
    largest_piece,
    saliency_seeds,
    segment_salient,
)
from cnnviz_widgets.methods.tasks import concept_of


def square(side: int = 40, top: int = 10, left: int = 14, size: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Draw a yellow square on blue, with a little noise, and its mask."""
    mask = np.zeros((side, side), bool)
    mask[top : top + size, left : left + size] = True
    picture = np.where(mask[..., None], np.uint8([230, 200, 40]), np.uint8([30, 60, 200])).astype(int)
    picture += np.random.default_rng(0).integers(-6, 7, picture.shape)
    return picture.astype(np.uint8), mask


def blurred_map(mask: np.ndarray) -> np.ndarray:
    """Give a map that is right about the middle of a mask and vague about its borders."""
    rows, columns = np.indices(mask.shape)
    row, column = (each[mask].mean() for each in (rows, columns))
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 60)


def test_seeds_by_hand():
    saliency = np.arange(20.0).reshape(4, 5)
    front, back, high, low = saliency_seeds(saliency)
    # numpy's quantile of 0 to 19: 0.95 * 19 and 0.3 * 19
    assert high == pytest.approx(18.05) and low == pytest.approx(5.7)
    assert np.argwhere(front).tolist() == [[3, 4]] and saliency[back].tolist() == [0, 1, 2, 3, 4, 5]
    front, back, high, low = saliency_seeds(saliency, foreground=0.5, background=0.1)
    assert (high, low) == (9.5, pytest.approx(1.9))
    assert saliency[front].min() == 10 and saliency[back].max() == 1


def test_pixels_at_a_quantile_are_taken():
    saliency = np.zeros((10, 10))
    saliency[0] = 3.0  # 10 % of the pixels share the largest value, 90 % the smallest
    front, back, high, low = saliency_seeds(saliency)
    assert (high, low) == (3, 0) and front.sum() == 10 and back.sum() == 90 and not (front & back).any()


def test_two_colours_give_the_square():
    picture, mask = square()
    found = segment_salient(picture, blurred_map(mask))
    assert mask_iou(found.mask, mask) > 0.98
    assert found.box == (14, 10, 30, 26)
    assert not (found.foreground & ~mask).any() and not (found.background & mask).any()


def test_the_colours_decide_and_not_the_seeds_alone():
    # The most salient pixels are off the square by half: its colours are the larger part of what they see.
    picture, mask = square()
    shifted = np.roll(blurred_map(mask), 6, axis=1)
    found = segment_salient(picture, shifted, foreground=0.9, background=0.6)
    assert (found.foreground & ~mask).any()
    assert mask_iou(found.mask, mask) > 0.95


def test_pixels_between_the_quantiles_do_not_make_the_colours():
    # A second object has the colour of neither seed, and is nearer to the background's.
    picture, mask = square()
    picture[30:38, 2:10] = (60, 40, 180)
    found = segment_salient(picture, blurred_map(mask))
    assert mask_iou(found.mask, mask) > 0.98


def test_only_the_largest_piece_is_kept():
    picture, mask = square()
    picture[1:6, 33:38] = (230, 200, 40)  # a smaller square of the same colour
    saliency = blurred_map(mask)
    saliency[1:6, 33:38] = np.quantile(saliency, 0.6)  # neither of the most nor of the least salient
    found = segment_salient(picture, saliency)
    assert mask_iou(found.mask, mask) > 0.98 and not found.mask[1:6, 33:38].any()
    saliency[10:26, 14:30], saliency[1:6, 33:38] = np.quantile(saliency, 0.6), 1.0
    assert mask_iou(segment_salient(picture, saliency).mask, mask) > 0.98, (
        "though the smaller one is more salient"
    )


def test_the_same_input_gives_the_same_mask_whatever_was_asked_before():
    data = Objects("test")
    pictures = [data.picture(i).picture for i in range(3)]
    saliency = np.random.default_rng(0).random((112, 112))
    saliency[40:70, 40:70] += 1
    first = [segment_salient(each, saliency).mask for each in pictures]
    again = [segment_salient(each, saliency).mask for each in reversed(pictures)][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_inputs_stay_as_they_are_and_results_too():
    picture, mask = square()
    saliency = blurred_map(mask)
    before = picture.copy(), saliency.copy()
    found = segment_salient(picture[:, ::-1], saliency[:, ::-1])  # views that are not contiguous
    assert np.array_equal(picture, before[0]) and np.array_equal(saliency, before[1])
    assert mask_iou(found.mask, mask[:, ::-1]) > 0.98
    with pytest.raises(ValueError):
        found.mask[0, 0] = True


def test_more_rounds_learn_the_colours_from_the_cut():
    picture, mask = square()
    for rounds in (1, 3):
        assert mask_iou(segment_salient(picture, blurred_map(mask), rounds=rounds).mask, mask) > 0.98
    sample = Objects("test")[0]
    saliency = np.random.default_rng(0).random((112, 112)) + blurred_map(sample.maps["object"][0] > 0)
    once, often = (segment_salient(sample.image, saliency, rounds=rounds).mask for rounds in (0, 3))
    assert not np.array_equal(once, often)


def test_a_picture_of_one_colour_has_no_object_and_is_no_error():
    saliency = np.random.default_rng(0).random((30, 30))
    for rounds in (0, 2):
        found = segment_salient(np.full((30, 30, 3), 128, np.uint8), saliency, rounds=rounds)
        assert found.mask.shape == (30, 30) and found.mask.dtype == bool
        assert found.box is None or found.mask.any()


def test_largest_piece_and_box():
    mask = np.zeros((6, 8), bool)
    assert not largest_piece(mask).any() and Segmentation(mask, mask, mask, 1, 0).box is None
    mask[0, 0] = mask[4, 6] = mask[5, 7] = mask[4, 5] = True  # three of these touch, one at a corner
    assert np.argwhere(largest_piece(mask)).tolist() == [[4, 5], [4, 6], [5, 7]]
    piece = largest_piece(mask)
    assert Segmentation(piece, piece, ~piece, 1, 0).box == (5, 4, 8, 6)
    assert largest_piece(np.ones((3, 3), bool)).all()


def test_errors_say_what_is_wrong():
    picture, mask = square()
    with pytest.raises(InputError, match=r"flat: its 30% and its 95% quantile are both 0.5.*nothing to segm"):
        segment_salient(picture, np.full((40, 40), 0.5))
    almost = np.zeros((40, 40))
    almost[3, 3] = 1
    with pytest.raises(InputError, match="flat"):
        segment_salient(picture, almost)
    with pytest.raises(InputError, match="not finite numbers"):
        segment_salient(picture, np.where(mask, np.nan, 1.0))
    with pytest.raises(InputError, match=r"background's lies below.*got foreground 0.3, background 0.95"):
        segment_salient(picture, blurred_map(mask), 0.3, 0.95)
    with pytest.raises(InputError, match=r"got foreground 1\.2"):
        segment_salient(picture, blurred_map(mask), 1.2)
    with pytest.raises(InputError, match=r"got uint8 \(40, 40, 3\) and \(20, 20\)"):
        segment_salient(picture, np.random.rand(20, 20))
    with pytest.raises(InputError, match=r"need a picture .* got float64"):
        segment_salient(picture / 255, blurred_map(mask))
    with pytest.raises(InputError, match=r"2 pixels are foreground.*needs 5: move the quantiles"):
        segment_salient(picture, np.arange(1600.0).reshape(40, 40), 0.999)
    with pytest.raises(InputError, match="rounds must be 0 or more; got -1"):
        segment_salient(picture, blurred_map(mask), rounds=-1)
    with pytest.raises(InputError, match=r"is \(rows, columns\), not empty; got \(3,\)"):
        saliency_seeds(np.zeros(3))


@pytest.mark.heavy
def test_on_miniworld_it_beats_the_best_centred_box():
    """Objects stand in the middle, so that a box there is no straw man: it gets 0.43 by itself."""
    model, data = open_model("mini-alexnet-objects"), Objects("test")
    ours, truths = [], []
    for i in range(42):
        sample = data[i]
        truths.append(sample.mask("object", concept_of(data.classes[sample.label])))
        x = model.preprocess(sample.image)
        ours.append(
            mask_iou(segment_salient(model.to_picture(x), saliency_map(model, x).magnitude).mask, truths[-1])
        )
    assert np.mean(ours) > best_centred_box(truths)[0] + 0.05


def best_centred_box(truths: list[np.ndarray]) -> tuple[float, int, int]:
    """Search the size of a centred box that fits these very truths best: mean IoU, rows, columns."""
    height, width = truths[0].shape
    # The pixels of a truth in every centred box, at once, from its summed-area table.
    tables = [np.pad(each.cumsum(0).cumsum(1), ((1, 0), (1, 0))) for each in truths]
    best = (0.0, 0, 0)
    for rows in range(8, height + 1, 4):
        for columns in range(8, width + 1, 4):
            top, left = (height - rows) // 2, (width - columns) // 2
            scores = []
            for table in tables:
                corners = table[top + rows, left + columns] - table[top, left + columns]
                common = corners - table[top + rows, left] + table[top, left]
                scores.append(common / (rows * columns + table[-1, -1] - common))
            best = max(best, (float(np.mean(scores)), rows, columns))
    return best
