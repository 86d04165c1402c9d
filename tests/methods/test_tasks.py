"""The four tasks: answers read from labels and from networks' outputs, on a picture of 4 x 6 pixels."""

import dataclasses

import numpy as np
import pytest
import torch

from cnnviz_widgets.data import Instance, Sample
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods import (
    LabelMap,
    Thing,
    concept_of,
    labels_at,
    segmentation_of,
    thing_at,
    things_of,
    true_answers,
    true_segmentation,
)

NAMES = ("", "dog", "car", "grass")
# A dog of 4 pixels, a car of 6, another dog of 2, grass elsewhere but for one pixel without a label.
OBJECTS = np.array([
    [1, 1, 3, 2, 2, 2],
    [1, 1, 3, 2, 2, 2],
    [3, 3, 3, 3, 3, 3],
    [3, 3, 3, 1, 1, 0],
], np.int16)  # fmt: skip


def masked(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(OBJECTS.shape, bool)
    mask[rows, columns] = True
    return mask


SMALL_DOG = Instance("dog", (3, 3, 5, 4), masked(slice(3, 4), slice(3, 5)))
DOG = Instance("dog", (0, 0, 2, 2), masked(slice(0, 2), slice(0, 2)))
CAR = Instance("car", (3, 0, 6, 2), masked(slice(0, 2), slice(3, 6)))


@pytest.fixture
def sample() -> Sample:
    colors = np.zeros((2, 4, 6), np.int16)
    colors[0, 0, 0], colors[1, 0, 0], colors[1, 3, 5] = 1, 2, 2  # red and white; white alone
    return Sample(
        np.zeros((4, 6, 3), np.uint8),
        0,
        {"object": OBJECTS[None], "color": colors},
        {"object": NAMES, "color": ("", "red", "white")},
        (SMALL_DOG, DOG, CAR),
    )


def test_the_truth_of_a_picture_of_a_dog(sample):
    truth = true_answers(sample, "husky")
    assert (truth.class_name, truth.location.name, truth.location.box) == ("husky", "dog", (0, 0, 2, 2))
    assert [each.name for each in truth.detections] == ["dog", "dog", "car"]
    assert [int(each.mask.sum()) for each in truth.instances] == [2, 4, 6]
    assert [each.score for each in truth.instances] == [1, 1, 1]
    assert truth.segmentation.names == NAMES
    assert np.array_equal(truth.segmentation.labels, OBJECTS)


def test_a_scene_is_located_at_its_largest_thing(sample):
    assert true_answers(sample, "street").location.name == "car"
    assert true_answers(sample).location.name == "car"


def test_what_is_in_the_sky_does_not_stand_for_a_place(sample):
    cloud = Instance("cloud", (0, 0, 6, 4), np.ones((4, 6), bool))
    sky = dataclasses.replace(sample, instances=(*sample.instances, cloud))
    assert true_answers(sky, "street").location.name == "car"
    assert true_answers(dataclasses.replace(sample, instances=(cloud,)), "street").location.name == "cloud"


def test_a_picture_whose_things_nobody_counted():
    sample = Sample(np.zeros((4, 6, 3), np.uint8), None, {"object": OBJECTS[None]}, {"object": NAMES})
    truth = true_answers(sample)
    assert (truth.location, truth.detections, truth.instances) == (None, (), ())


def test_the_first_of_several_labels_of_a_pixel_counts(sample):
    labels = true_segmentation(sample, "color").labels
    assert (labels[0, 0], labels[3, 5], labels[1, 1]) == (1, 2, 0)


def test_a_level_that_is_not_labelled_is_refused(sample):
    with pytest.raises(InputError, match=r"not labelled at the level 'colour'.*Did you mean 'color'"):
        true_segmentation(sample, "colour")


def test_names_in_a_map_come_largest_first():
    assert LabelMap(np.array([[0, 2], [2, 1]]), NAMES).present() == ["car", "dog"]


def test_a_pixel_is_named_at_every_level(sample):
    assert labels_at(sample, 0, 0) == {"object": ["dog"], "color": ["red", "white"]}
    assert labels_at(sample, 3, 5) == {"color": ["white"]}
    assert labels_at(sample, 2, 2) == {"object": ["grass"]}


def test_the_smallest_thing_at_a_pixel():
    whole = Thing("wall", (0, 0, 6, 4), np.ones((4, 6), bool))
    assert thing_at([whole, CAR], 0, 4) == 1
    assert thing_at([CAR, whole], 3, 0) == 1
    assert thing_at([CAR, Thing("box alone", (0, 0, 6, 4))], 3, 0) is None


@pytest.mark.parametrize(
    ("name", "concept"),
    [("dalmatian", "dog"), ("tvmonitor", "screen"), ("dining table", "table"), ("couch", "sofa"),
     ("automobile", "car"), ("castle", "castle"), ("__background__", "")],
)  # fmt: skip
def test_other_words_for_the_same_concept(name, concept):
    assert concept_of(name) == concept


def test_a_segmentation_is_the_best_class_of_each_pixel():
    scores = torch.zeros(3, 1, 3)
    scores[0, 0, 0], scores[1, 0, 1], scores[2, 0, 2] = 1, 2, 3
    found = segmentation_of(scores[None], ["__background__", "diningtable", "car"])
    assert found.names == ("", "table", "car")
    assert found.labels.tolist() == [[0, 1, 2]]
    with pytest.raises(InputError, match=r"scores of 4 classes at every pixel, \(4, H, W\); got \(3, 1, 3\)"):
        segmentation_of(scores, ["a", "b", "c", "d"])


def test_detections_are_the_sure_ones_surest_first():
    output = {
        "boxes": torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 4], [5, 5, 6, 6]]),
        "labels": torch.tensor([1, 2, 1]),
        "scores": torch.tensor([0.5, 0.75, 0.49]),
    }
    found = things_of(output, ["__background__", "tv", "car"])
    assert [(each.name, each.box, each.score) for each in found] == [
        ("car", (1, 1, 3, 4), 0.75),
        ("screen", (0, 0, 2, 2), 0.5),
    ]
    assert found[0].mask is None
    assert len(things_of(output, ["__background__", "tv", "car"], threshold=0.4)) == 3
    output["masks"] = torch.tensor([0.5, 0.2, 0.9]).reshape(3, 1, 1, 1) * torch.tensor([[1.0, 0.9]])
    found = things_of(output, ["__background__", "tv", "car"])
    assert found[1].mask.tolist() == [[True, False]]  # 0.5 is in, 0.45 is out
    assert found[0].mask.tolist() == [[False, False]]


def test_what_cannot_be_a_detection_is_refused():
    output = {"boxes": torch.zeros(1, 4), "labels": torch.tensor([7]), "scores": torch.ones(1)}
    with pytest.raises(InputError, match="labels 7 to 7 need more than the 2 names"):
        things_of(output, ["__background__", "tv"])
    with pytest.raises(InputError, match="from 0 to 1; got 50"):
        things_of(output, ["__background__", "tv"], threshold=50)
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long(), "scores": torch.zeros(0)}
    assert things_of(empty, ["__background__"]) == ()
