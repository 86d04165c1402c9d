"""SegmentedFolder: pictures and label maps of any folder as samples."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from torch.utils.data import DataLoader

from cnnviz_widgets.data import Sample, SegmentedFolder
from cnnviz_widgets.errors import InputError, PictureError

CAMVID = "sky building pole road pavement tree sign fence car pedestrian cyclist unlabelled".split()


def put(folder: Path, name: str, labels: list | np.ndarray, suffix: str = "_labels.png") -> np.ndarray:
    """Write a picture of random pixels and its label map; return the picture."""
    array = np.asarray(labels, np.uint8) if isinstance(labels, list) else labels
    picture = np.random.default_rng(len(name)).integers(0, 256, (*array.shape[:2], 3), np.uint8)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / name)
    Image.fromarray(array).save(folder / f"{name.rpartition('.')[0]}{suffix}")
    return picture


@pytest.fixture
def street(tmp_path):
    put(tmp_path, "10.png", [[0, 0], [3, 3], [3, 3]])
    put(tmp_path, "2.png", [[0, 1, 255]])
    return tmp_path


def test_a_sample_by_hand(tmp_path):
    picture = put(tmp_path, "a.png", [[0, 2, 2], [3, 1, 2]])
    dataset = SegmentedFolder(tmp_path, ["sky", "road", "car", "void"], ignore="void")
    sample = dataset[0]
    assert isinstance(sample, Sample)
    assert dataset.concepts == sample.concepts == {"object": ("", "sky", "road", "car")}
    assert sample.maps["object"].dtype == np.int16
    assert sample.maps["object"].tolist() == [[[1, 3, 3], [0, 2, 3]]]
    assert sample.mask("object", "road").tolist() == [[False, False, False], [False, True, False]]
    assert sample.present("object") == ["car", "sky", "road"]
    assert (sample.image == picture).all() and sample.image.dtype == np.uint8
    assert sample.source == str(tmp_path / "a.png")
    assert sample.label is None and dataset.classes == () and sample.instances == ()


def test_it_counts_like_a_sequence(street):
    dataset = SegmentedFolder(street)
    assert len(dataset) == 2
    assert [sample.source for sample in dataset] == [str(street / "2.png"), str(street / "10.png")]
    assert dataset[-1].source == dataset[np.int64(1)].source == str(dataset.paths[1])
    assert dataset.label_paths == (street / "2_labels.png", street / "10_labels.png")
    for wrong in (2, -3):
        with pytest.raises(IndexError, match=f"there is no picture {wrong}"):
            dataset[wrong]
    with pytest.raises(TypeError, match="'slice' object cannot be interpreted as an integer"):
        dataset[:1]
    assert repr(dataset) == f"SegmentedFolder({str(street)!r}, 2 pictures)"


def test_names_by_default(street):
    sample = SegmentedFolder(street)[0]
    assert sample.present("object") == ["label 0", "label 1", "label 255"]
    assert len(sample.concepts["object"]) == 257 and sample.concepts["object"][0] == ""


def test_names_as_a_mapping(street):
    dataset = SegmentedFolder(street, {3: "car", 0: "sky", 1: ""}, ignore=255, level="part")
    assert dataset.concepts == {"part": ("", "car", "sky")}
    assert dataset[0].maps["part"].tolist() == [[[2, 0, 0]]]
    assert dataset[1].maps["part"].tolist() == [[[2, 2], [1, 1], [1, 1]]]


def test_several_to_ignore(street):
    dataset = SegmentedFolder(street, ["sky", "road", "", "car"], ignore=("sky", 1, 255))
    assert dataset.concepts["object"] == ("", "car")
    assert dataset[0].maps["object"].tolist() == [[[0, 0, 0]]]


def test_sixteen_bits(tmp_path):
    put(tmp_path, "a.png", np.array([[40000, 7]], np.uint16))
    dataset = SegmentedFolder(tmp_path, {7: "car", 40000: "sky"})
    assert dataset[0].maps["object"].tolist() == [[[2, 1]]]
    with pytest.raises(PictureError, match="has label 40000 at 1 of 2 pixels, and no name goes with 40000"):
        SegmentedFolder(tmp_path)[0]


def test_maps_of_colours(tmp_path):
    put(tmp_path, "a.png", np.array([[[9, 0, 0], [0, 0, 9]], [[0, 0, 0], [9, 0, 0]]], np.uint8))
    table = {"car": (9, 0, 0), "sky": (0, 0, 9), "void": (0, 0, 0)}
    dataset = SegmentedFolder(tmp_path, colors=table, ignore="void", level="material")
    assert dataset.concepts == {"material": ("", "car", "sky")}
    assert dataset[0].maps["material"].tolist() == [[[1, 2], [0, 1]]]
    del table["sky"]
    with pytest.raises(PictureError, match=r"1 of 4 pixels .* the first \(0, 0, 9\) at row 0, column 1"):
        SegmentedFolder(tmp_path, colors=table)[0]


def test_labels_in_another_folder_and_classes_in_sub_folders(tmp_path):
    for place, name in enumerate(["dog/1.jpg", "dog/2.jpg", "cat/1.jpg"]):
        put(tmp_path / "images", name, [[place]], suffix=".png")
        (tmp_path / "maps" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "images" / name).with_suffix(".png").rename(
            (tmp_path / "maps" / name).with_suffix(".png")
        )
    for labels in ("../maps/*.png", f"{tmp_path}/maps/*.png"):
        dataset = SegmentedFolder(tmp_path / "images", labels=labels)
        assert dataset.classes == ("cat", "dog")
        assert [sample.label for sample in dataset] == [0, 1, 1]
        assert [sample.present("object") for sample in dataset] == [["label 2"], ["label 0"], ["label 1"]]
    put(tmp_path / "images", "3.jpg", [[0]], suffix=".png")
    (tmp_path / "images" / "3.png").rename(tmp_path / "maps" / "3.png")
    mixed = SegmentedFolder(tmp_path / "images", labels="../maps/*.png")
    assert mixed.classes == () and mixed[0].label is None


def test_one_sub_folder_is_no_class(tmp_path):
    put(tmp_path, "images/1.png", [[0]])
    assert SegmentedFolder(tmp_path).classes == ()


def test_a_map_of_the_same_stem(tmp_path):
    put(tmp_path, "a.jpg", [[5]], suffix=".png")
    dataset = SegmentedFolder(tmp_path, labels="*.png")
    assert dataset.paths == (tmp_path / "a.jpg",) and dataset.unpaired == ()


def test_pictures_without_labels_are_passed_over_and_told(street):
    Image.new("L", (1, 1)).save(street / "3.png")
    dataset = SegmentedFolder(street)
    assert dataset.unpaired == ("3.png",) and len(dataset) == 2
    assert repr(dataset).endswith("2 pictures, 1 without labels passed over)")


def test_size_by_hand(tmp_path):
    # The middle square of 2 x 5 starts at column 1; each of its pixels becomes 2 x 2.
    put(tmp_path, "a.png", [[9, 1, 2, 9, 9], [9, 3, 4, 9, 9]])
    sample = SegmentedFolder(tmp_path, [*"01234"], ignore=9, size=4)[0]
    assert sample.maps["object"].tolist() == [[[2, 2, 3, 3], [2, 2, 3, 3], [4, 4, 5, 5], [4, 4, 5, 5]]]
    assert sample.image.shape == (4, 4, 3)
    middle = SegmentedFolder(tmp_path, size=1)[0]
    assert middle.present("object") == ["label 4"]  # the middle of four pixels counts to the last


@pytest.mark.parametrize("tall", [False, True])
def test_size_keeps_picture_and_labels_together(tmp_path, tall):
    labels = np.zeros((60, 100), np.uint8)
    labels[20:40, 45:70] = 1
    labels = labels.T.copy() if tall else labels
    put(tmp_path, "a.png", labels)
    Image.fromarray(labels * np.uint8(255)).save(tmp_path / "a.png")
    sample = SegmentedFolder(tmp_path, ["", "thing"], size=90)[0]
    assert ((sample.image[:, :, 0] > 127) == sample.mask("object", "thing")).mean() > 0.99
    columns = np.flatnonzero(sample.mask("object", "thing").any(axis=1 if tall else 0))
    # (45 - 20) * 1.5 = 37.5 and (70 - 20) * 1.5 = 75
    assert columns[0] == 37 and columns[-1] == 74


def test_an_endless_strip_costs_no_memory(tmp_path):
    put(tmp_path, "a.png", np.ones((1, 9000), np.uint8))
    assert SegmentedFolder(tmp_path, size=400)[0].image.shape == (400, 400, 3)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(["L", "P", "I;16"]))
def test_what_is_written_is_read(tmp_path, data, kind):
    top = 40000 if kind == "I;16" else 255
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    numbers = data.draw(arrays(np.uint16, shape, elements=st.integers(0, top)))
    names = {int(number): f"thing {number % 7}" for number in np.unique(numbers)}
    put(tmp_path, "a.png", numbers if kind == "I;16" else numbers.astype(np.uint8))
    if kind == "P":
        image = Image.fromarray(numbers.astype(np.uint8), "L")
        image.putpalette(bytes(768))  # every entry black: only the indices can tell labels apart
        image.save(tmp_path / "a_labels.png")
    sample = SegmentedFolder(tmp_path, names)[0]
    [found] = sample.maps["object"]
    for y in range(shape[0]):
        for x in range(shape[1]):
            assert sample.concepts["object"][found[y, x]] == f"thing {numbers[y, x] % 7}"


def test_workers_of_a_data_loader(street):
    dataset = SegmentedFolder(street)
    copy = pickle.loads(pickle.dumps(dataset))
    assert (copy[1].maps["object"] == dataset[1].maps["object"]).all()
    loader = DataLoader(dataset, batch_size=2, num_workers=1, collate_fn=list)
    assert [sample.source for batch in loader for sample in batch] == list(map(str, dataset.paths))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"level": "objects"}, r"There is no level 'objects'\. Did you mean 'object'"),
        ({"names": "sky road"}, r"names is one string; pass a list, like 'sky road'\.split\(\)"),
        ({"names": ["sky", 3]}, "names has 1: 3; it says for each whole number a name"),
        ({"names": {"sky": 0}}, "names has 'sky': 0"),
        ({"names": {70000: "sky"}}, r"70000 \('sky'\) cannot be a label: maps hold 0 to 65535"),
        ({"names": ["sky"], "colors": {"sky": (0, 0, 0)}}, "pass one of them"),
        ({"names": ["sky"], "ignore": "ski"}, r"ignore has 'ski', which is no name .* Did you mean 'sky'"),
        ({"ignore": 1.5}, r"ignore has 1\.5; it holds names or whole numbers"),
        ({"ignore": [1.5]}, r"ignore has 1\.5; it holds names or whole numbers"),
        ({"ignore": -1}, "cannot be a label"),
        ({"colors": {}}, r"colors is \{\}; it says for each name its colour"),
        ({"colors": [(0, 0, 0)]}, r"colors is \[\(0, 0, 0\)\]; it says for each name"),
        (
            {"colors": {"sky": (0, 0, 256)}},
            r"the colour of 'sky' is \(0, 0, 256\); it is three whole numbers",
        ),
        ({"colors": {"sky": 7}}, "the colour of 'sky' is 7; it is three whole numbers"),
        ({"colors": {"sky": (0, 0, 1), "car": (0, 0, 1)}}, "stands for both 'sky' and 'car'"),
        ({"colors": {"sky": (0, 0, 1)}, "ignore": 4}, "ignore has 4, but the labels are colours"),
        ({"labels": "_labels.png"}, r"labels is '_labels\.png'; it is a pattern with one \*"),
        ({"size": 0}, "size is 0; it is the side of a square in whole pixels, 1 to 7094"),
        ({"size": 7095}, "size is 7095"),
        ({"size": 2.5}, r"size is 2\.5"),
    ],
)
def test_arguments_that_cannot_mean_anything(street, wrong, said):
    with pytest.raises(InputError, match=said):
        SegmentedFolder(street, **wrong)


def test_folders_without_pairs(street):
    with pytest.raises(PictureError, match=r"there is no folder .*stret'\. Beside it"):
        SegmentedFolder(street.parent / "stret")
    with pytest.raises(PictureError) as caught:
        SegmentedFolder(street, labels="*_label.png")
    assert str(caught.value) == (
        f"none of the 4 pictures in {str(street)!r} has a label map named '*_label.png': for '2.png' it "
        f"would be {str(street / '2_label.png')!r}. Say with `labels` how yours are named. "
        "Did you mean '2_labels.png', '10_labels.png', '2.png'?"
    )
    with pytest.raises(PictureError, match=r"There is no folder .*maps'\. Say with `labels` where"):
        SegmentedFolder(street, labels="maps/*.png")


def test_a_number_without_a_name(street):
    with pytest.raises(PictureError) as caught:
        SegmentedFolder(street, ["sky", "road"])[0]
    assert str(caught.value) == (
        f"the label map {str(street / '2_labels.png')!r} has label 255 at 1 of 3 pixels, and no name goes "
        "with 255. Add it to names, or pass ignore=255 if it means unlabelled."
    )


def test_a_map_of_another_size(street):
    Image.new("L", (4, 1)).save(street / "2_labels.png")
    with pytest.raises(PictureError, match=r"is 4 x 1 pixels and its picture .*2\.png' is 3 x 1\. Make the"):
        SegmentedFolder(street)[0]
    Image.new("L", (1, 3)).save(street / "2_labels.png")
    with pytest.raises(PictureError, match=r"is 1 x 3 .* is 3 x 1\. They are turned against each other"):
        SegmentedFolder(street)[0]


def test_damage_is_found_when_the_sample_is_read(street):
    content = (street / "2_labels.png").read_bytes()
    dataset = SegmentedFolder(street)
    (street / "2_labels.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(PictureError, match=r"2_labels\.png' cannot be decoded: it is damaged or cut short"):
        dataset[0]
    (street / "2_labels.png").unlink()
    with pytest.raises(PictureError, match=r"there is no file .*2_labels\.png'"):
        dataset[0]


@pytest.mark.real
def test_camvid(real):
    dataset = SegmentedFolder(real / "camvid", CAMVID, ignore="unlabelled")
    assert len(dataset) == 92 and dataset.unpaired == () and dataset.classes == ()
    assert dataset.concepts == {"object": ("", *CAMVID[:-1])}
    seen, pixels, counted = set(), np.zeros(12, int), np.zeros(12, int)
    for sample in dataset:
        assert sample.image.shape == (240, 320, 3) and sample.maps["object"].shape == (1, 240, 320)
        seen |= set(sample.present("object"))
        pixels += np.bincount(sample.maps["object"].ravel(), minlength=12)
    for path in (real / "camvid").glob("*_labels.png"):
        counted += np.bincount(np.asarray(Image.open(path)).ravel(), minlength=12)
    assert {"car", "road", "sky", "building", "tree", "pedestrian"} <= seen <= set(CAMVID[:-1])
    assert pixels.tolist() == [counted[11], *counted[:11]]
