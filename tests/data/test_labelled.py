"""Samples: which pixels show a concept, what is in a picture, and what is said when nothing has that name."""

import numpy as np
import pytest

from cnnviz_widgets.data.labelled import LEVELS, Sample, boxed
from cnnviz_widgets.errors import CnnvizError, InputError

CONCEPTS = {"object": ("", "dog", "car", "sky"), "part": ("", "head", "wheel")}


@pytest.fixture
def sample() -> Sample:
    """Two by three pixels: a row of sky; a dog, and two pixels of car, one both wheel and head."""
    objects = np.array([[[3, 3, 3], [1, 2, 2]]], np.int16)
    parts = np.array([[[0, 0, 0], [1, 2, 0]], [[0, 0, 0], [0, 1, 0]]], np.int16)  # two labels a pixel
    return Sample(np.zeros((2, 3, 3), np.uint8), None, {"object": objects, "part": parts}, CONCEPTS)


def test_a_mask_is_where_the_concept_is(sample):
    assert sample.mask("object", "car").tolist() == [[False, False, False], [False, True, True]]
    assert sample.mask("object", "sky").dtype == bool


def test_a_pixel_with_two_labels_is_in_both_masks(sample):
    assert sample.mask("part", "head").tolist() == [[False] * 3, [True, True, False]]
    assert sample.mask("part", "wheel").tolist() == [[False] * 3, [False, True, False]]


def test_what_is_present_comes_largest_first_and_nothing_has_no_name(sample):
    assert sample.present("object") == ["sky", "car", "dog"]
    assert sample.present("part") == ["head", "wheel"]


@pytest.mark.parametrize(
    ("level", "concept", "said"),
    [
        ("object", "dgo", r"no object called 'dgo' here. Did you mean 'dog'\?"),
        ("object", "", "no object called ''"),
        (
            "objects",
            "dog",
            r"not labelled at the level 'objects'; they are at 'object', 'part'. Did",
        ),
        ("texture", "striped", "not labelled at the level 'texture'"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_those_that_are(sample, level, concept, said):
    with pytest.raises(InputError, match=said):
        sample.mask(level, concept)
    assert issubclass(InputError, CnnvizError)


def test_present_at_a_level_that_is_not_there(sample):
    with pytest.raises(InputError, match="not labelled at the level 'color'"):
        sample.present("color")


def test_a_box_excludes_its_right_and_lower_edge():
    mask = np.zeros((6, 8), bool)
    mask[2:4, 3] = mask[3, 5] = True
    found = boxed("dog", mask)
    assert (found.name, found.box) == ("dog", (3, 2, 6, 4))
    assert found.mask is mask


def test_nothing_seen_is_no_thing():
    assert boxed("dog", np.zeros((3, 3), bool)) is None


def test_the_levels_are_brodens():
    assert LEVELS == ("object", "part", "material", "texture", "color", "scene")
