"""IoU, matches and shares of pixels, by hand and against slow twins."""

import math

import numpy as np
import pytest

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods import (
    LabelMap,
    Thing,
    box_iou,
    class_iou,
    mask_iou,
    matched,
    pixel_accuracy,
    verdict,
)


@pytest.mark.parametrize(
    ("one", "other", "iou"),
    [
        ((0, 0, 4, 4), (0, 0, 4, 4), 1),
        ((0, 0, 4, 4), (2, 0, 6, 4), 8 / 24),
        ((0, 0, 4, 4), (1, 1, 3, 3), 4 / 16),
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7),
        ((0, 0, 2, 2), (2, 0, 4, 2), 0),  # they touch
        ((0, 0, 2, 2), (3, 3, 4, 4), 0),  # neither width nor height in common: two negatives are no area
        ((1, 1, 1, 1), (1, 1, 1, 1), 0),  # empty
    ],
)
def test_boxes_by_hand(one, other, iou):
    assert box_iou(one, other) == pytest.approx(iou)
    assert box_iou(other, one) == pytest.approx(iou)


def test_boxes_agree_with_their_masks():
    rng = np.random.default_rng(0)
    for _ in range(200):
        boxes = [np.sort(rng.integers(0, 9, (2, 2)), axis=0).T for _ in range(2)]  # x then y, low then high
        drawn = np.zeros((2, 9, 9), bool)
        for mask, ((left, right), (top, bottom)) in zip(drawn, boxes, strict=True):
            mask[top:bottom, left:right] = True
        corners = [(x[0], y[0], x[1], y[1]) for x, y in boxes]
        assert box_iou(*corners) == pytest.approx(mask_iou(*drawn))


def test_what_is_no_box_or_another_size_is_refused():
    with pytest.raises(InputError, match=r"each end after its start; got \(4, 0, 2, 1\)"):
        box_iou((4, 0, 2, 1), (0, 0, 1, 1))
    with pytest.raises(InputError, match=r"different sizes: \(1, 2\) and \(2, 1\)"):
        mask_iou(np.ones((1, 2), bool), np.ones((2, 1), bool))
    assert mask_iou(np.zeros((2, 2), bool), np.zeros((2, 2), bool)) == 0


def thing(name: str, left: float, right: float, score: float = 1) -> Thing:
    mask = np.zeros((1, 20), bool)
    mask[0, int(left) : int(right)] = True
    return Thing(name, (left, 0, right, 1), mask, score)


def test_the_surest_answer_chooses_first_and_the_second_is_wrong():
    truth = [thing("dog", 0, 4), thing("dog", 10, 14), thing("car", 0, 4)]
    found = [thing("dog", 0, 3, 0.6), thing("dog", 0, 4, 0.9), thing("cup", 0, 4, 0.8)]
    result = matched(found, truth)
    assert result.pairs == ((1, 0, 1.0),)
    assert set(result.wrong) == {0, 2} and set(result.missed) == {1, 2}
    assert (result.precision, result.recall) == (1 / 3, 1 / 3)


def test_an_answer_takes_the_free_thing_it_overlaps_most():
    truth = [thing("dog", 0, 4), thing("dog", 1, 5)]
    found = [thing("dog", 1, 5, 0.9), thing("dog", 1, 5, 0.8)]
    # The second finds its best already taken, and overlaps the other by 3 / 5: COCO's rule.
    assert matched(found, truth).pairs == ((0, 1, 1.0), (1, 0, 0.6))
    assert matched(found, truth, overlap=0.61).pairs == ((0, 1, 1.0),)


def test_equal_overlaps_take_the_first_and_half_is_enough():
    assert matched([thing("dog", 0, 2)], [thing("dog", 0, 4), thing("dog", 0, 4)]).pairs == ((0, 0, 0.5),)
    assert matched([thing("dog", 0, 2)], [thing("dog", 0, 5)]).pairs == ()


def test_words_for_the_same_concept_match():
    assert matched([thing("tv", 0, 4)], [thing("screen", 0, 4)]).pairs == ((0, 0, 1.0),)


def test_masks_can_disagree_where_boxes_agree():
    found, truth = thing("dog", 0, 4), thing("dog", 0, 4)
    found.mask[0, 1:4] = False
    assert matched([found], [truth]).pairs and not matched([found], [truth], masks=True).pairs
    with pytest.raises(InputError, match="the dog has a box and no mask"):
        matched([Thing("dog", (0, 0, 1, 1))], [truth], masks=True)


def test_shares_of_nothing_are_no_number():
    empty = matched([], [])
    assert math.isnan(empty.precision) and math.isnan(empty.recall)
    with pytest.raises(InputError, match="above 0 and up to 1; got 0"):
        matched([], [], overlap=0)


TRUTH = LabelMap(np.array([[1, 1, 2, 3], [0, 1, 2, 3]]), ("", "dog", "screen", "castle"))


def test_pixels_are_right_by_name_and_what_has_no_name_is_background():
    # castle has no name here: background is right there. tv is screen. One dog pixel is missed.
    found = LabelMap(np.array([[2, 2, 1, 0], [0, 0, 1, 0]]), ("", "tv", "dog"))
    assert pixel_accuracy(found, TRUTH) == 7 / 8
    assert class_iou(found, TRUTH) == {"dog": 2 / 3, "screen": 1.0, "background": 3 / 4}
    nothing = LabelMap(np.zeros((2, 4), int), ("", "tv", "dog"))
    assert pixel_accuracy(nothing, TRUTH) == 3 / 8
    with pytest.raises(InputError, match="different sizes"):
        pixel_accuracy(LabelMap(np.zeros((2, 3), int), ("",)), TRUTH)


@pytest.mark.parametrize(
    ("said", "classes", "wanted", "present", "judged"),
    [
        ("husky", ["husky", "dalmatian"], "husky", ["dog"], "right"),
        ("dalmatian", ["husky", "dalmatian"], "husky", ["dog"], "wrong"),  # a dog too, but not that class
        ("dog", ["dog", "cat"], "husky", ["dog"], "right"),
        ("cat", ["dog", "cat"], "husky", ["dog"], "wrong"),
        ("automobile", ["automobile"], "car", ["car"], "right"),
        ("husky", ["husky", "bed"], "street", ["dog", "car"], "present"),
        ("bed", ["husky", "bed"], "street", ["dog", "car"], "absent"),
    ],
)
def test_verdicts(said, classes, wanted, present, judged):
    assert verdict(said, classes, wanted, present) == judged
