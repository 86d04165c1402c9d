"""Broden: a tiny data set of its form, every number of it worked out by hand."""

import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch.utils.data import DataLoader

from cnnviz_widgets.data import Broden
from cnnviz_widgets.errors import InputError, PictureError

INDEX = """\
image,split,ih,iw,sh,sw,color,object,part,material,scene,texture
ade20k/a.png,train,4,6,2,3,ade20k/a_color.png,ade20k/a_object.png,ade20k/a_part_1.png;ade20k/a_part_2.png,,5,
dtd/b.png,val,5,3,2,2,,,,,,0;6;7
ade20k/c.png,train,2,2,1,1,,,,,,
"""
# 261 is red 5, green 1. Fabric (21) is a material and an object.
LABEL = """\
number,name,category,frequency,coverage,syns
1,red-c,color(3),3,1.5,
5,street-s,scene(9),9,9.0,
6,striped,texture(2),2,2.0,stripy
7,dotted,texture(4),4,4.0,
21,fabric,material(36);object(3),39,4.225474,cloth
256,wheel,part(5),5,0.1,
260,"door, front",part(8),8,0.1,
261,car,object(30),30,7.5,auto;automobile
"""
CATEGORY = """\
name,first,last,count,frequency
color,1,1,1,3
scene,5,5,1,9
texture,6,7,2,6
material,21,21,1,36
object,21,261,2,33
part,256,260,2,13
"""


def put_map(path: Path, numbers: list[list[int]]) -> None:
    """Write a label map as Broden has it: number = red + 256 green."""
    array = np.array(numbers)
    Image.fromarray(np.stack([array % 256, array // 256, 0 * array], axis=2).astype(np.uint8)).save(path)


@pytest.fixture
def broden(tmp_path):
    images = tmp_path / "images"
    (images / "ade20k").mkdir(parents=True)
    (images / "dtd").mkdir()
    for name, text in {"index": INDEX, "label": LABEL, "category": CATEGORY}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    (tmp_path / "c_object.csv").write_text(
        "code,number,name,frequency,coverage\n2,261,car,30,7.5\n1,21,fabric,3,1\n"
    )
    for name, size, level in [("ade20k/a", (6, 4), 10), ("dtd/b", (3, 5), 20), ("ade20k/c", (2, 2), 30)]:
        Image.new("RGB", size, (level, 0, 0)).save(images / f"{name}.png")
    Image.frombytes("RGB", (3, 2), bytes([5, 1, 0, 0, 0, 0, 21, 0, 0, 21, 0, 0, 5, 1, 0, 5, 1, 0])).save(
        images / "ade20k" / "a_object.png"
    )
    put_map(images / "ade20k" / "a_color.png", [[1, 0, 0], [0, 0, 1]])
    put_map(images / "ade20k" / "a_part_1.png", [[256, 0, 0], [260, 260, 0]])
    put_map(images / "ade20k" / "a_part_2.png", [[260, 0, 0], [0, 256, 0]])
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_concepts_in_the_order_of_the_codes(broden):
    assert Broden(broden).concepts == {
        "color": ("", "red-c"),
        "scene": ("", "street-s"),
        "texture": ("", "dotted", "striped"),  # no c_texture.csv: 4 pictures before 2
        "material": ("", "fabric"),
        "object": ("", "fabric", "car"),  # c_object.csv's codes, though car is in more pictures
        "part": ("", "door, front", "wheel"),
    }


def test_codes_come_before_counts_and_numbers(broden):
    edit(broden / "label.csv", "261,car", "300,bus,object(10),10,1.0,\n261,car")
    (broden / "c_object.csv").write_text("code,number\n3,261\n1,300\n2,21\n")
    assert Broden(broden).concepts["object"] == ("", "bus", "fabric", "car")
    (broden / "c_object.csv").unlink()
    assert Broden(broden).concepts["object"] == ("", "car", "bus", "fabric")


def test_a_sample_by_hand(broden):
    sample = Broden(broden)[0]
    assert sample.image.shape == (4, 6, 3) and (sample.image == (10, 0, 0)).all()
    assert sample.maps["object"].dtype == np.int16
    # The map is 2 x 3 and the picture 4 x 6: each label becomes 2 x 2 pixels.
    assert sample.maps["object"].tolist() == [
        [[2, 2, 0, 0, 1, 1], [2, 2, 0, 0, 1, 1], [1, 1, 2, 2, 2, 2], [1, 1, 2, 2, 2, 2]]
    ]
    assert sample.maps["part"].shape == (2, 4, 6)
    assert sample.maps["part"][:, ::2, ::2].tolist() == [[[2, 0, 0], [1, 1, 0]], [[1, 0, 0], [0, 2, 0]]]
    assert sample.mask("part", "wheel")[::2, ::2].tolist() == [[True, False, False], [False, True, False]]
    assert sample.present("object") == ["car", "fabric"]
    assert (sample.maps["scene"] == 1).all() and sample.maps["scene"].shape == (1, 4, 6)
    assert sample.maps["material"].shape == (1, 4, 6) and not sample.maps["material"].any()
    assert sample.label is None and sample.instances == ()
    assert sample.source == str(broden / "images" / "ade20k" / "a.png")


def test_several_labels_of_a_whole_picture(broden):
    sample = Broden(broden)[1]
    # 0 is a label that Broden filtered out: no map for it.
    assert sample.maps["texture"].shape == (2, 5, 3)
    assert (sample.maps["texture"] == np.array([2, 1])[:, None, None]).all()
    assert sample.present("texture") == ["dotted", "striped"]


def test_label_zero_and_levels_without_counts(broden):
    edit(broden / "label.csv", "syns\n1,red-c,color(3)", "syns\n0,-,color(9);scene,9,1.0,\n1,red-c,color")
    (broden / "label.csv").write_text(
        (broden / "label.csv").read_text(), encoding="utf-8-sig"
    )  # as Excel does
    sample = Broden(broden)[0]
    assert sample.concepts["color"] == ("", "red-c") and sample.concepts["scene"] == ("", "street-s")
    assert sample.maps["color"][0, ::2, ::2].tolist() == [[1, 0, 0], [0, 0, 1]]


def test_against_a_slow_twin(broden):
    rng = np.random.default_rng(0)
    height, width, rows, columns = 11, 7, 5, 3
    numbers = rng.choice([0, 21, 261], (rows, columns))
    put_map(broden / "images" / "ade20k" / "a_object.png", numbers.tolist())
    for name in ("color", "part_1", "part_2"):
        put_map(broden / "images" / "ade20k" / f"a_{name}.png", np.zeros((rows, columns), int).tolist())
    Image.new("RGB", (width, height)).save(broden / "images" / "ade20k" / "a.png")
    edit(broden / "index.csv", "train,4,6,2,3", f"train,{height},{width},{rows},{columns}")
    names = {0: "", 21: "fabric", 261: "car"}
    sample = Broden(broden)[0]
    for y in range(height):
        for x in range(width):
            row, column = int((y + 0.5) * rows / height), int((x + 0.5) * columns / width)
            found = sample.concepts["object"][sample.maps["object"][0, y, x]]
            assert found == names[numbers[row, column]], (y, x)


def test_splits_and_levels(broden):
    dataset = Broden(broden, split="train", levels=["part", "object"])
    assert [sample.image[0, 0, 0] for sample in dataset] == [10, 30]
    assert list(dataset[0].maps) == list(dataset.concepts) == ["part", "object"]
    assert dataset.paths[1] == broden / "images" / "ade20k" / "c.png"
    assert list(Broden(broden, levels="object")[0].maps) == ["object"]
    assert len(Broden(broden)) == 3 and len(Broden(broden, split="val")) == 1
    assert repr(dataset) == f"Broden({str(broden)!r}, 2 pictures)" and dataset.classes == ()
    with pytest.raises(InputError, match=r"no pictures of split 'test'\. There are 'train', 'val'"):
        Broden(broden, split="test")
    with pytest.raises(InputError, match=r"category\.csv has no level 'objects'\. Did you mean 'object'"):
        Broden(broden, levels=["objects"])


def test_it_counts_like_a_sequence(broden):
    dataset = Broden(broden)
    assert dataset[-3].source == dataset[np.int64(0)].source == dataset[0].source
    for wrong in (3, -4):
        with pytest.raises(IndexError, match=f"there is no picture {wrong}"):
            dataset[wrong]
    with pytest.raises(TypeError, match="'slice' object cannot be interpreted as an integer"):
        dataset[:1]


def test_workers_of_a_data_loader(broden):
    dataset = Broden(broden)
    assert (pickle.loads(pickle.dumps(dataset))[0].maps["part"] == dataset[0].maps["part"]).all()
    loader = DataLoader(dataset, batch_size=2, num_workers=1, collate_fn=list)
    assert [sample.source for batch in loader for sample in batch] == list(map(str, dataset.paths))


def test_sixty_thousand_rows_and_not_one_picture(broden):
    head, *_ = INDEX.splitlines()
    rows = [
        f"ade20k/{i}.jpg,train,224,224,112,112,a/{i}_c.png,a/{i}_o.png,,,{i % 9},6;7" for i in range(60000)
    ]
    (broden / "index.csv").write_text("\n".join([head, *rows]))
    start = time.perf_counter()
    assert len(Broden(broden)) == 60000
    assert time.perf_counter() - start < 5, "measured 0.4 s; are files looked at?"


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("index", "image,split", "picture,split", r"index\.csv' has no column 'image'\. There are 'picture'"),
        ("index", ",object,", ",objects,", r"has no column 'object'\. Did you mean 'objects'"),
        ("index", "val,5,3,2,2,", "val,5,3,2,2,,", r"line 3 of .*index\.csv' has 13 values for 12 columns"),
        ("index", "val,5,", "val,five,", "line 3 .* has 'five' in the column ih, which is a whole number"),
        ("index", "dtd/b.png", "../../b.png", r"line 3 .*'\.\./\.\./b\.png', which would not lie in images"),
        ("index", "dtd/b.png", "/etc/b.png", "which would not lie in images/"),
        ("index", INDEX.partition("\n")[2], "", r"index\.csv' lists no pictures"),
        ("label", "number,", "code,", r"label\.csv' has no column 'number'"),
        ("label", "261,car", "car,261", r"line 9 of .*label\.csv' has 'car' in the column number"),
        ("label", "261,car", "65536,car", r"c_object\.csv' has the label 261, which label\.csv"),
        ("label", "1,red-c,color(3)", "70000,red-c,color(3)", r"70000 \('red-c'\) cannot be a label"),
        ("label", "object(30)", "object(30", r"the category 'object\(30'; it is a level and a count"),
        ("category", "name,", "title,", r"category\.csv' has no column 'name'"),
        ("c_object", "2,261,", "2,262,", r"line 2 of .*c_object\.csv' has the label 262, which label\.csv"),
    ],
)
def test_tables_that_are_wrong(broden, table, old, new, said):
    edit(broden / f"{table}.csv", old, new)
    with pytest.raises(PictureError, match=said):
        Broden(broden)


def test_tables_that_are_no_tables(broden):
    (broden / "label.csv").write_bytes(b"number,name,category\n1,\xff\xfe,color(1)\n")
    with pytest.raises(PictureError, match=r"label\.csv' cannot be read as a table: .*utf-8"):
        Broden(broden)
    (broden / "label.csv").write_text("number,name,category\n1," + "x" * 200_000)
    with pytest.raises(PictureError, match="cannot be read as a table: field larger than field limit"):
        Broden(broden)


def test_what_is_missing(broden):
    with pytest.raises(PictureError, match=r"there is no folder .*broden'\. Broden is unpacked to"):
        Broden(broden / "broden")
    (broden / "more").mkdir()
    with pytest.raises(PictureError, match=r"no label\.csv in .*: a data set of Broden's form holds index"):
        Broden(broden / "more")
    with pytest.raises(PictureError, match=r"but in its sub-folder: open "):
        Broden(broden.parent)
    (broden / "category.csv").rename(broden / "categories.csv")
    with pytest.raises(PictureError, match=r"no category\.csv in .* Did you mean 'categories\.csv'"):
        Broden(broden)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            ",5,\n",
            ",8,\n",
            "the scene cell of 'ade20k/a.png' in index.csv has label 8 at 24 of 24 pixels, which ",
        ),
        (",5,\n", ",8,\n", r"which label\.csv does not list: its numbers go up to 261"),
        (
            ",5,\n",
            ",6,\n",
            "which is 'striped': label.csv lists it under texture, and this is the level scene",
        ),
        (",5,\n", ",65541,\n", "has label 65541; labels go up to 65535"),  # 65541 = 65536 + 5
        (",5,\n", f",{'9' * 5000},\n", "there is no file|cannot be read"),
        (",5,\n", ",../../label.csv,\n", r"the label map '\.\./\.\./label\.csv', which would not lie in"),
        (",5,\n", ",ade20k/a_colour.png,\n", r"there is no file .* Did you mean 'a_color\.png'"),
        ("4,6,2,3", "4,6,2,2", r"'ade20k/a_color\.png' is 2 x 3 pixels .* index\.csv says sh x sw = 2 x 2"),
        ("4,6,2,3", "6,4,2,3", r"'ade20k/a\.png' is 4 x 6 pixels .* index\.csv says ih x iw = 6 x 4"),
    ],
)
def test_rows_that_are_wrong(broden, old, new, said):
    edit(broden / "index.csv", old, new)
    dataset = Broden(broden)
    with pytest.raises(PictureError, match=said):
        dataset[0]
    assert dataset[2].image.shape == (2, 2, 3)  # the others can still be read


def test_files_that_are_wrong(broden):
    color = broden / "images" / "ade20k" / "a_color.png"
    put_map(color, [[1, 0, 0], [0, 0, 300]])
    with pytest.raises(
        PictureError, match=r"the label map 'ade20k/a_color\.png' has label 300 at 1 of 6 pixels"
    ):
        Broden(broden)[0]
    Image.new("L", (3, 2)).save(color)
    with pytest.raises(PictureError, match=r"a_color\.png' is grey \(mode L\)"):
        Broden(broden)[0]
    put_map(color, [[1, 0, 0], [0, 0, 1]])
    color.write_bytes(color.read_bytes()[:50])
    with pytest.raises(PictureError, match=r"a_color\.png' cannot be decoded: it is damaged or cut short"):
        Broden(broden)[0]
    (broden / "images" / "ade20k" / "a.png").unlink()
    with pytest.raises(PictureError, match=r"there is no file .*a\.png'"):
        Broden(broden)[0]
