"""Pictures from anywhere as one kind of data set: in order, with names, classes and an identity."""

import os

import numpy as np
import pytest
from PIL import Image

from cnnviz_widgets.data import SegmentedFolder, picture_folder
from cnnviz_widgets.data.miniworld import Objects, Scenes
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.errors import InputError, PictureError


def made(n=4, seed=0):
    return list(np.random.default_rng(seed).integers(0, 256, (n, 5, 6, 3), np.uint8))


def saved(folder, names, seed=0):
    for name, picture in zip(names, made(len(names), seed), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / name)
    return folder


class Torchlike:
    """A map-style data set as torchvision's are: (PIL image, class)."""

    classes = ("cat", "dog", "eel")

    def __init__(self, targets=None):
        self.opened = 0
        if targets is not None:
            self.targets = targets

    def __len__(self):
        return 4

    def __getitem__(self, i):
        self.opened += 1
        return Image.fromarray(made()[i]), i % 3


def assert_pictures(found, expected):
    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == np.uint8
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    "source",
    [
        made(),
        tuple(made()),
        [Image.fromarray(each) for each in made()],
        dict(enumerate(made())),
        Torchlike(),
        picture_set(made()),
        np.stack(made()),
    ],
    ids=["list", "tuple", "PIL", "dict", "torch", "PictureSet", "one array"],
)
def test_pictures_in_order(source):
    assert_pictures(picture_set(source), made())


def test_a_folder(tmp_path):
    names = ["a.png", "b.png", "inside/c.png"]
    pictures = picture_set(saved(tmp_path, names))
    assert_pictures(pictures, made(3))
    assert pictures.names == tuple(names) and pictures.labels is None and pictures.classes == ()
    assert pictures.class_of(0) == ""
    assert len(picture_set(tmp_path, recursive=False)) == 2
    assert picture_set(picture_folder(tmp_path, recursive=True)).names == picture_set(str(tmp_path)).names


def test_sub_folders_are_classes_where_all_pictures_lie_in_them(tmp_path):
    pictures = picture_set(saved(tmp_path, ["cat/1.png", "cat/old/2.png", "dog/1.png"]))
    assert pictures.classes == ("cat", "dog") and pictures.labels == (0, 0, 1)
    assert [pictures.class_of(i) for i in range(3)] == ["cat", "cat", "dog"]
    assert picture_set(saved(tmp_path / "one", ["cat/1.png", "cat/2.png"])).labels is None


@pytest.mark.parametrize("kind", [Objects, Scenes])
def test_miniworld(kind):
    data = kind("test", 30, size=64)
    pictures = picture_set(data)
    assert len(pictures) == 30 and pictures.classes == tuple(data.classes)
    assert pictures.labels == tuple(data.label(i) for i in range(30))
    np.testing.assert_array_equal(pictures[17], data.picture(17).picture)
    assert pictures.names[17] == f"{pictures.class_of(17)} 17"


def test_a_torch_data_set():
    pictures = picture_set(Torchlike())
    assert pictures.labels == (0, 1, 2, 0) and pictures.class_of(2) == "eel"
    with_list = Torchlike(targets=[2, 2, 0, 1])
    assert picture_set(with_list).labels == (2, 2, 0, 1)
    assert with_list.opened <= 1  # the list tells, so nothing need be opened


def test_a_folder_with_label_maps(tmp_path):
    saved(tmp_path, ["a/1.png", "b/2.png"])
    for name in ("a/1_labels.png", "b/2_labels.png"):
        Image.fromarray(np.ones((5, 6), np.uint8)).save(tmp_path / name)
    pictures = picture_set(SegmentedFolder(tmp_path, ["sky", "car"]))
    assert_pictures(pictures, made(2))
    assert pictures.classes == ("a", "b") and pictures.labels == (0, 1)
    assert pictures.names == ("1.png", "2.png")
    smaller = picture_set(SegmentedFolder(tmp_path, ["sky", "car"], size=4))
    assert pictures.id == picture_set(SegmentedFolder(tmp_path, ["sky", "car"])).id != smaller.id
    assert None not in (pictures.id, smaller.id)


def test_labels_that_are_given():
    by_name = picture_set(made(), labels=["cat", "dog", "cat", "eel"])
    assert by_name.classes == ("cat", "dog", "eel") and by_name.labels == (0, 1, 0, 2)
    by_number = picture_set(made(), labels=np.array([2, 0, 0, 1]))
    assert by_number.classes == ("class 0", "class 1", "class 2") and by_number.class_of(0) == "class 2"
    assert by_name.id == by_number.id == picture_set(made()).id  # what a network sees is the same


def test_a_subset_keeps_its_own(tmp_path):
    pictures = picture_set(made(), labels=["cat", "dog", "cat", "eel"])
    some = pictures.subset([3, 0])
    assert_pictures(some, [made()[3], made()[0]])
    assert some.labels == (2, 0) and some.classes == pictures.classes
    assert some.names == ("picture 3", "picture 0")
    assert_pictures(pictures[1:3], made()[1:3])
    assert_pictures(pictures[::-1][:2], [made()[3], made()[2]])
    assert pictures[-1].tolist() == made()[3].tolist()


def test_none_is_opened_before_it_is_asked_for(tmp_path):
    folder = saved(tmp_path, ["a.png", "b.png", "c.png"])
    (folder / "b.png").write_bytes(b"broken")
    pictures = picture_set(folder)
    assert pictures[2].tolist() == made(3)[2].tolist()
    with pytest.raises(PictureError, match=r"b\.png"):
        pictures[1]


def test_an_identity_changes_with_what_a_network_sees(tmp_path):
    known = picture_set(made()).id
    assert known == picture_set(tuple(made())).id is not None
    assert (
        len({known, picture_set(made()[:3]).id, picture_set(made()[::-1]).id, picture_set(made(seed=1)).id})
        == 4
    )
    images = [Image.fromarray(each) for each in made()]
    assert picture_set(images).id == picture_set(images).id is not None
    images[2].putpixel((0, 0), (1, 2, 3))
    assert picture_set(images).id != picture_set([Image.fromarray(each) for each in made()]).id
    whole = picture_set(made())
    assert len({whole.subset([0, 1]).id, whole.subset([1, 0]).id, whole.subset([0]).id, whole.id}) == 4


def test_a_folder_is_another_when_a_file_changes(tmp_path):
    saved(tmp_path, ["a.png", "b.png"])
    known = picture_set(tmp_path).id
    assert picture_set(tmp_path).id == known
    os.utime(tmp_path / "a.png", ns=(5, 5))
    touched = picture_set(tmp_path).id
    saved(tmp_path, ["c.png"])
    assert len({known, touched, picture_set(tmp_path).id}) == 3


def test_miniworlds_identity(monkeypatch):
    known = picture_set(Objects("test", 30)).id
    others = [Objects("train", 30), Objects("test", 31), Objects("test", 30, size=64), Scenes("test", 30)]
    assert len({known, *(picture_set(each).id for each in others)}) == 5
    assert picture_set(Objects("test", 30)).id == known
    original = Objects.picture

    def repainted(self, index):
        found = original(self, index)
        if index == 3:
            found.picture[0, 0] ^= 1
        return found

    monkeypatch.setattr(Objects, "picture", repainted)
    assert picture_set(Objects("test", 30)).id != known  # a painter changed


def test_code_that_cannot_tell_has_no_identity():
    assert picture_set(Torchlike()).id is None
    assert picture_set(Torchlike()).subset([0]).id is None


def test_samples_by_name():
    pictures = picture_set(["astronaut", "coffee"])
    assert pictures.names == ("astronaut", "coffee") and pictures[0].shape[2] == 3
    assert pictures.id is not None


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ([], "at least one"),
        ({}, "at least one"),
        (7, "cannot be taken from a int: give a folder's path"),
        (None, "cannot be taken from a NoneType"),
        (iter([1]), "cannot be taken from a list_iterator"),
    ],
)
def test_what_holds_no_pictures(source, text):
    with pytest.raises(InputError, match=text):
        picture_set(source)


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(PictureError):
        picture_set(tmp_path)
    with pytest.raises(PictureError, match="nowhere"):
        picture_set(tmp_path / "nowhere")


def test_labels_that_do_not_fit():
    with pytest.raises(InputError, match="3 labels were given for 4 pictures"):
        picture_set(made(), labels=[0, 1, 2])
    with pytest.raises(InputError, match="numbered from 0; got -1"):
        picture_set(made(), labels=[0, 1, 2, -1])
    with pytest.raises(InputError, match="no class 3: they are numbered 0 to 2"):
        picture_set(Torchlike(), labels=[0, 1, 2, 3])


def test_places_that_are_not_there():
    pictures = picture_set(made())
    for place in (4, -5):
        with pytest.raises(IndexError, match=f"no picture {place}: they are numbered 0 to 3"):
            pictures[place]
    with pytest.raises(InputError, match="at least one"):
        pictures.subset([])
    with pytest.raises(IndexError):
        pictures.subset([1, 9])
    assert "4 pictures" in repr(pictures) and isinstance(pictures, PictureSet)


def test_held_pictures_are_opened_once_as_far_as_there_is_room():
    data = Torchlike(targets=[0, 1, 2, 0])
    plain = picture_set(data)
    size = plain[0].nbytes
    held = plain.held(2 * size)
    data.opened = 0
    for _ in range(3):
        assert all(np.array_equal(held[i], plain[i]) for i in range(4))
    # `plain` opens 12; of `held`, two pictures once and the two without room each time.
    assert data.opened == 12 + 2 + 2 * 3
    assert (held.names, held.labels, held.classes, held.id) == (
        plain.names,
        plain.labels,
        plain.classes,
        plain.id,
    )
