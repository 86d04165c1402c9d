"""From a map to a box by hand, and how often the box is right, on pictures whose truth was planted."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviz_widgets import HookedModel, Objects, Scenes, open_model
from cnnviz_widgets.data.labelled import Sample, boxed
from cnnviz_widgets.errors import InputError, TargetError
from cnnviz_widgets.methods.agreement import box_iou
from cnnviz_widgets.methods.localization import (
    THINGS_OF,
    LocalizationScore,
    in_frame,
    localization_score,
    strongest_region,
    true_things,
)

MAP = [
    [9.0, 0.0, 0.0, 3.0, 3.0],
    [0.0, 0.0, 0.0, 3.0, 0.0],
    [0.0, 4.0, 0.0, 0.0, 0.0],
]


def test_a_box_by_hand():
    # Above 0.2 * 9 = 1.8 are the 9 alone, the 4 alone and three 3s in the corner: the largest part counts.
    found = strongest_region(MAP)
    assert found.box == (3, 0, 5, 2) and found.why == ""
    assert np.argwhere(found.mask).tolist() == [[0, 3], [0, 4], [1, 3]]
    # Above 3.6 there are two parts of one pixel: the higher one counts.
    assert strongest_region(MAP, 0.4).box == (0, 0, 1, 1)
    assert strongest_region(np.array(MAP)[:, ::-1], 0.4).box == (4, 0, 5, 1)


def test_at_the_threshold_is_not_above_it():
    ties = [[5.0, 1.0, 1.0, 1.001, 5.0]]
    assert strongest_region(ties, 0.2).box == (3, 0, 5, 1)
    assert strongest_region(ties, 0.19).box == (0, 0, 5, 1)
    assert strongest_region([[0.0, 1.0, 0.0]], 0.0).box == (1, 0, 2, 1), "zero is not above zero"


def test_pixels_that_touch_at_a_corner_are_apart():
    assert strongest_region([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]).box == (1, 1, 3, 2)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.zeros((3, 4)), "flat"),
        (np.full((3, 4), 2.5), "flat"),
        (np.full((3, 4), -1.0), "flat"),
        ([[-3.0, -1.0]], "nowhere above zero"),
        ([[-3.0, 0.0]], "nowhere above zero"),
        ([[1.0, np.nan]], "not finite"),
        ([[1.0, np.inf]], "not finite"),
    ],
)
def test_a_map_that_singles_out_no_place(values, why):
    found = strongest_region(values)
    assert found.box is None and why in found.why and not found.mask.any()
    assert found.mask.shape == np.shape(values)


def test_a_map_with_both_signs_is_cut_above_zero():
    assert strongest_region([[-9.0, 1.0, 0.1, -9.0]]).box == (1, 0, 2, 1)


@pytest.mark.parametrize("threshold", [-0.1, 1.0, 20])
def test_a_threshold_is_a_share(threshold):
    with pytest.raises(InputError, match="a share of the maximum, from 0 to below 1"):
        strongest_region(MAP, threshold)


def test_a_map_has_rows_and_columns():
    for wrong in (np.zeros(3), np.zeros((1, 3, 3)), np.zeros((0, 3))):
        with pytest.raises(InputError, match="rows and columns"):
            strongest_region(wrong)


def slowly(values: np.ndarray, threshold: float) -> tuple | None:
    """Flood from every pixel, one at a time."""
    above = {place for place in np.ndindex(values.shape) if values[place] > threshold * values.max()}
    parts = []
    while above:
        part, edge = set(), [min(above)]
        while edge:
            row, column = edge.pop()
            if (row, column) in above:
                above.remove((row, column))
                part.add((row, column))
                edge += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
        parts.append(part)
    best = max(parts, key=lambda part: (len(part), max(values[place] for place in part)))
    rows, columns = zip(*best, strict=True)
    return min(columns), min(rows), max(columns) + 1, max(rows) + 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.95))
def test_equal_to_a_slow_flood(seed, threshold):
    values = np.random.default_rng(seed).normal(size=(6, 7)).round(1) + np.linspace(0, 0.001, 42).reshape(
        6, 7
    )
    found = strongest_region(values, threshold)
    assert found.box == slowly(values, threshold)


# The truth


def sample(*things: tuple[str, tuple[int, int, int, int]], stuff: str = "", label: int = 0) -> Sample:
    """Draw things, by name and box, on black; `stuff` fills the lower half and has no instances."""
    picture = np.zeros((16, 16, 3), np.uint8)
    names = ("", "dog", "cross", "gravestone", "bed", "waterfall")
    labels = np.zeros((1, 16, 16), np.int16)
    if stuff:
        labels[:, 8:] = names.index(stuff)
    instances = []
    for name, (left, top, right, bottom) in things:
        mask = np.zeros((16, 16), np.bool_)
        mask[top:bottom, left:right] = True
        labels[:, mask], picture[mask] = names.index(name), 255
        instances.append(boxed(name, mask))
    return Sample(picture, label, {"object": labels}, {"object": names}, instances, "planted")


def test_what_a_class_name_speaks_of():
    one = sample(("dog", (1, 2, 5, 6)), ("bed", (8, 8, 12, 12)), ("dog", (0, 12, 3, 15)), stuff="waterfall")
    assert len(true_things(one, "husky")) == 2, "every dog is a dog"
    assert true_things(one, "bedroom")[0].sum() == 16
    assert true_things(one, "waterfall")[0].sum() == 8 * 16 - 16 - 9, "what has no shape counts as one"
    assert true_things(one, "cemetery") == true_things(one, "") == true_things(one, "street") == ()
    both = sample(("cross", (1, 2, 5, 6)), ("gravestone", (8, 8, 12, 12)))
    assert len(true_things(both, "cemetery")) == 2


def test_every_place_of_miniworld_has_its_things():
    data = Scenes("test", 36)
    found = [bool(true_things(data[i], data.classes[data.label(i)])) for i in range(36)]
    assert sum(found) >= 34
    assert set(THINGS_OF) <= set(Scenes.classes)
    objects = Objects("test", 28)
    assert all(true_things(objects[i], objects.classes[i]) for i in range(28))


def test_a_mask_goes_the_way_of_the_picture():
    # 8x16 pixels for a network of 4x4: the middle 8x8 are cut out and halved.
    model = HookedModel(
        nn.Sequential(nn.Flatten(), nn.Linear(48, 2)), (3, 4, 4), mean=[0.1, 0.5, 0.9], std=0.2
    )
    mask = np.zeros((8, 16), np.bool_)
    mask[2:8, 0:8] = True
    expected = [
        [False] * 4,
        [True, True, False, False],
        [True, True, False, False],
        [True, True, False, False],
    ]
    assert in_frame(model, mask).tolist() == expected


# The score


class Listed(list):
    """A labelled data set in memory."""

    classes = ("dog", "bed")


def brightness(model, x, classes):
    return x[:, 0].numpy()


def planted_set() -> tuple[HookedModel, Listed]:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    with torch.no_grad():
        network[2].weight.zero_()
        network[2].bias.copy_(torch.tensor([1.0, 0.0]))  # it says dog, whatever it sees
    data = Listed(
        [
            sample(("dog", (1, 2, 5, 6))),  # found and named
            sample(("bed", (6, 6, 14, 14)), label=1),  # found, called a dog; over the centre
            sample(("dog", (1, 1, 3, 3)), ("bed", (5, 5, 13, 13))),  # the bed is larger: not found
            sample(("bed", (1, 1, 3, 3)), stuff="waterfall"),  # a picture of a dog without one
        ]
    )
    return HookedModel(network, (3, 16, 16), classes=Listed.classes), data


def test_half_is_found_and_less_is_not():
    ious, yes = np.array([0.5, 0.49, 1.0, 0.0]), np.ones(4, np.bool_)
    score = LocalizationScore(ious, yes, yes, (), yes, (16, 16), 0)
    assert score.localized == score.named_and_localized == 0.5


def test_what_the_frame_cuts_away_cannot_be_found():
    model, _ = planted_set()
    wide = np.zeros((16, 48, 3), np.uint8)
    masks = [np.zeros((16, 48), np.bool_) for _ in range(2)]
    masks[0][4:8, 0:6] = masks[1][4:8, 20:26] = True  # the middle 16 columns are seen: 16 to 31
    wide[masks[1]] = 255
    things = [boxed("dog", mask) for mask in masks]
    data = Listed([Sample(wide, 0, {}, {}, instances=things), Sample(wide, 0, {}, {}, instances=things[:1])])
    found = localization_score(model, data, brightness)
    assert (
        found.left_out == 1 and found.ious.tolist() == [1.0] and found.truths == (((4.0, 4.0, 10.0, 8.0),),)
    )


def test_the_score_by_hand():
    model, data = planted_set()
    found = localization_score(model, data, brightness)
    assert found.ious.tolist() == [1, 1, 0] and found.left_out == 1 and len(found) == 3
    assert found.named.tolist() == [True, False, True]
    assert found.localized == pytest.approx(2 / 3) and found.named_and_localized == pytest.approx(1 / 3)
    assert found.pointed.tolist() == [True, True, True], "the first maximum is on the small dog"
    assert found.centred.tolist() == [False, True, False] and found.centre_pointing == pytest.approx(1 / 3)
    assert found.truths == (((1, 2, 5, 6),), ((6, 6, 14, 14),), ((1, 1, 3, 3),)) and found.size == (16, 16)


def test_any_of_several_things_will_do():
    model, _ = planted_set()
    two = sample(("dog", (1, 2, 9, 10)), ("dog", (12, 12, 14, 14)))
    found = localization_score(model, Listed([two]), brightness)
    assert found.ious.tolist() == [1] and len(found.truths[0]) == 2 and found.pointed.all()


def test_a_flat_map_finds_nothing():
    model, data = planted_set()
    found = localization_score(model, data, lambda model, x, classes: np.zeros((len(x), 16, 16)))
    assert found.localized == 0 and found.pointing == 0


def test_the_map_of_the_class_that_is_named_first():
    model, data = planted_set()
    asked = []
    heat = lambda model, x, classes: asked.extend(classes) or x[:, 0].numpy()  # noqa: E731
    localization_score(model, data, heat)
    localization_score(model, data, heat, target="top")
    assert asked == [0, 1, 0, 0, 0, 0]


def test_the_best_fixed_box_is_the_best():
    model, data = planted_set()
    beds = [sample(("bed", (4, 5, 13, 12)), label=1)] * 3
    found = localization_score(model, Listed([*beds, data[0]]), brightness)
    box, share = found.fixed_box
    assert share == 0.75 and box_iou(box, (4, 5, 13, 12)) >= 0.5
    assert (box[0] + box[2], box[1] + box[3]) == pytest.approx((16, 16)), "centred"


def test_wrong_questions():
    model, data = planted_set()
    with pytest.raises(InputError, match="'cam', 'saliency' or a function"):
        localization_score(model, data, "grad")
    with pytest.raises(InputError, match="the 'true' or the 'top' class"):
        localization_score(model, data, target="best")
    with pytest.raises(InputError, match="nothing to find"):
        localization_score(model, Listed([data[3]]), brightness)
    with pytest.raises(InputError, match=r"as large as the network's picture, \(16, 16\); got \(2, 2\)"):
        localization_score(model, data, lambda model, x, classes: np.ones((len(x), 2, 2)))
    with pytest.raises(TargetError, match="mini-resnet-scenes has no class 'dog', which these pictures show"):
        localization_score(open_model("mini-resnet-scenes"), data)


# Meaning, on Miniworld's truth


@pytest.mark.heavy
def test_cams_find_what_makes_the_place():
    model, data = open_model("mini-vgg-scenes"), Scenes("test", 120)
    cam, saliency = (localization_score(model, data, heat) for heat in ("cam", "saliency"))
    assert cam.pointing > cam.centre_pointing + 0.15
    assert cam.localized > cam.fixed_box[1] and cam.localized > saliency.localized + 0.1
    assert saliency.truths == cam.truths and saliency.pointing < cam.pointing - 0.15
