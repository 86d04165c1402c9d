"""Miniworld's data sets: the same pictures everywhere, labelled to the pixel, and refused in words."""

import hashlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from cnnviz_widgets.data.labelled import LEVELS
from cnnviz_widgets.data.miniworld import CONCEPTS, OBJECTS, SCENES, Miniworld, Objects, Scenes
from cnnviz_widgets.errors import CnnvizError, InputError

KINDS = [Scenes, Objects]
PINNED = {"scenes": "fd4e32cb8b11a82e", "objects": "35ecc8a02db7b8c0"}


def digest(data: Miniworld) -> str:
    """All that three pictures say: pixels, labels, boxes and masks."""
    result = hashlib.blake2b(digest_size=8)
    for index in (0, 7, 23):
        sample = data[index]
        result.update(sample.image.tobytes())
        for level in LEVELS:
            result.update(sample.maps[level].astype("<i2").tobytes())
        for each in sample.instances:
            result.update(f"{each.name}{each.box}".encode() + each.mask.tobytes())
    return result.hexdigest()


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_have_the_bytes_they_always_had(kind):
    assert digest(kind("test", seed=0, size=112)) == PINNED[kind.kind]


def test_another_process_draws_the_same():
    code = (
        "from cnnviz_widgets.data.miniworld import Objects; import hashlib;"
        "print(hashlib.sha256(Objects('val', size=64)[5].image.tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert there.strip() == hashlib.sha256(Objects("val", size=64)[5].image.tobytes()).hexdigest()


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_asking_does_not_matter(kind):
    data = kind("train", size=64)
    backwards = [data.picture(index).picture for index in (3, 2, 1)][::-1]
    for index, picture in zip((1, 2, 3), backwards, strict=True):
        assert (kind("train", size=64).picture(index).picture == picture).all()


@pytest.mark.parametrize("kind", KINDS)
def test_split_seed_and_index_each_give_other_pictures(kind):
    n = len(kind.classes)
    shown = [
        kind("train", size=64).picture(0),
        kind("val", size=64).picture(0),
        kind("test", size=64).picture(0),
        kind("train", size=64, seed=1).picture(0),
        kind("train", size=64).picture(n),  # the next of the same class
    ]
    assert len({each.picture.tobytes() for each in shown}) == 5
    assert {each.label for each in shown} == {0}


@pytest.mark.heavy
@pytest.mark.parametrize("kind", KINDS)
def test_no_picture_is_in_two_splits(kind):
    seen = [
        {kind(split, size=64).picture(index).picture.tobytes() for index in range(120)}
        for split in ("train", "val", "test")
    ]
    assert [len(each) for each in seen] == [120, 120, 120]
    assert len(set.union(*seen)) == 360


@pytest.mark.parametrize("kind", KINDS)
def test_the_classes_take_turns(kind):
    data = kind("test", 2 * len(kind.classes), size=64)
    assert [data.label(index) for index in range(len(data))] == [*range(len(kind.classes))] * 2
    assert data[1].label == 1 and data.picture(1).label == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_alone_is_the_samples_picture(kind):
    data = kind("test", size=64)
    assert (data.picture(5).picture == data[5].image).all()


@pytest.mark.parametrize("size", [64, 112, 200, 512])
def test_a_sample_has_six_maps_of_its_size_and_every_pixel_is_some_object(size):
    sample = Scenes("test", size=size)[8]
    assert sample.image.shape == (size, size, 3) and sample.image.dtype == np.uint8
    assert tuple(sample.maps) == LEVELS
    for level, labels in sample.maps.items():
        assert labels.shape == (1, size, size) and labels.dtype == np.int16
        assert labels.min() >= 0 and labels.max() < len(CONCEPTS[level])
    assert (sample.maps["object"] > 0).all() and (sample.maps["color"] > 0).all()
    assert sample.mask("scene", "bedroom").all()


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_are_the_tightest_around_masks_and_masks_agree_with_the_object_map(kind):
    data = kind("test", size=112)
    for index in range(0, 24, 5):
        sample = data[index]
        taken = np.zeros((112, 112), int)
        for each in sample.instances:
            left, top, right, bottom = each.box
            assert each.mask[top:bottom, left:right].sum() == each.mask.sum() > 0
            assert each.mask[top].any() and each.mask[bottom - 1].any()
            assert each.mask[:, left].any() and each.mask[:, right - 1].any()
            assert sample.mask("object", each.name)[each.mask].all()
            taken += each.mask
        assert taken.max() <= 1


def test_the_object_of_an_object_picture_is_large_and_about_in_the_middle():
    data = Objects("test", 56)
    concepts = {"dalmatian": "dog", "husky": "dog"}
    for index in range(56):
        sample, name = data[index], data.classes[data.label(index)]
        found = [each for each in sample.instances if each.name == concepts.get(name, name)]
        assert found, name
        left, top, right, bottom = max(found, key=lambda each: each.mask.sum()).box
        assert max(right - left, bottom - top) > 112 * 0.35, name
        assert abs((left + right) / 2 - 56) < 112 * 0.25 and abs((top + bottom) / 2 - 56) < 112 * 0.3, name


def test_shrunk_to_half_a_picture_looks_like_the_one_drawn_at_half():
    large, small = (Objects("test", size=size).picture(4).picture.astype(float) for size in (224, 112))
    assert np.abs(large.reshape(112, 2, 112, 2, 3).mean(axis=(1, 3)) - small).mean() < 8


def test_loaders_with_workers_give_the_same_pictures():
    data = Objects("val", 12, size=64)
    batches = list(DataLoader(data.tensors(), batch_size=6, num_workers=2))
    pictures, labels = (torch.cat(each) for each in zip(*batches, strict=True))
    assert pictures.shape == (12, 3, 64, 64) and pictures.dtype == torch.uint8
    assert labels.tolist() == list(range(12))
    assert (pictures[7].permute(1, 2, 0).numpy() == data[7].image).all()
    samples = next(iter(DataLoader(data, batch_size=3, num_workers=1, collate_fn=list)))
    assert [each.label for each in samples] == [0, 1, 2]
    assert samples[2].source == "Objects('val', seed=0)[2]"


def test_a_data_set_can_be_pickled_and_says_what_it_is():
    data = pickle.loads(pickle.dumps(Scenes("val", 7, size=80, seed=3)))
    assert repr(data) == "Scenes('val', 7, size=80, seed=3)"
    assert len(data) == 7
    assert (data[-1].image == Scenes("val", 7, size=80, seed=3)[6].image).all()


def test_past_the_end_there_is_nothing_so_that_loops_stop():
    data = Scenes("val", 3, size=64)
    assert len(list(data)) == 3
    with pytest.raises(IndexError, match="picture 3 of 3"):
        data[3]
    with pytest.raises(IndexError):
        data[-4]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"split": "validation"},
            r"no split 'validation'. Did you mean 'val'\?|There are 'train', 'val', 'test'",
        ),
        ({"size": 63}, "size must be from 64 to 512 pixels; got 63"),
        ({"size": 513}, "size must be from 64 to 512 pixels; got 513"),
        ({"size": 112.5}, "size must be a whole number; got 112.5"),
        ({"n": 0}, "n must be 1 or more pictures; got 0"),
        ({"seed": -1}, "seed must be 0 or more; got -1"),
        ({"seed": "a"}, "seed must be a whole number; got 'a'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(how, said):
    with pytest.raises(InputError, match=said):
        Scenes(**how)
    assert issubclass(InputError, CnnvizError) and issubclass(InputError, ValueError)


def test_numpys_whole_numbers_will_do():
    assert Scenes("val", np.int64(3), size=np.int32(64))[np.int64(1)].label == 1


def test_the_vocabulary_keeps_what_was_promised():
    assert len(SCENES) >= 10 and len(OBJECTS) >= 24
    assert tuple(CONCEPTS) == LEVELS
    for level, at_least in {"part": 20, "material": 10, "texture": 8, "color": 11}.items():
        names = CONCEPTS[level]
        assert names[0] == "" and len(set(names)) == len(names) > at_least
    assert len(CONCEPTS["color"]) == 12


@pytest.mark.heavy
def test_every_word_of_the_vocabulary_is_drawn_somewhere():
    seen = {level: set() for level in LEVELS}
    for data in (Scenes("train", 720, size=64), Objects("train", 700, size=64)):
        for sample in data:
            for level in LEVELS:
                seen[level].update(sample.present(level))
    for level in LEVELS:
        assert set(CONCEPTS[level][1:]) - seen[level] == set(), level
