"""picture_folder: a folder as a sequence of named pictures, opened one at a time."""

import numpy as np
import pytest
from PIL import Image

from cnnviz_widgets.data import picture_folder
from cnnviz_widgets.errors import PictureError


@pytest.fixture
def album(tmp_path):
    """Three pictures whose one pixel is their number, sub-folders as classes, and what lies about."""
    for name, level in {"10.png": 10, "2.PNG": 2, "1.png": 1, "dog/7.png": 7, "dog/big/8.png": 8}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (1, 1), level).save(path)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "._1.png").write_bytes(b"macOS leaves these")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    Image.new("L", (1, 1)).save(tmp_path / ".ipynb_checkpoints" / "1-checkpoint.png")
    return tmp_path


def levels(folder):
    return [picture.getpixel((0, 0))[0] for picture in folder]


def test_pictures_in_natural_order(album):
    folder = picture_folder(album)
    assert folder.names == ("1.png", "2.PNG", "10.png")
    assert len(folder) == 3
    assert levels(folder) == [1, 2, 10]
    assert folder[-1].mode == "RGB"
    assert folder[np.int64(1)].getpixel((0, 0)) == (2, 2, 2)
    assert folder.paths[0] == album / "1.png"
    assert repr(folder) == f"PictureFolder({str(album)!r}, 3 pictures)"


def test_sub_folders_and_limits(album):
    assert picture_folder(album, recursive=True).names == (
        "1.png",
        "2.PNG",
        "10.png",
        "dog/7.png",
        "dog/big/8.png",
    )
    assert picture_folder(str(album), recursive=True, limit=4).names[-1] == "dog/7.png"
    assert levels(picture_folder(album, recursive=True)[3:]) == [7, 8]
    assert levels(picture_folder(album)[::-1]) == [10, 2, 1]


def test_natural_order_of_names(tmp_path):
    names = [
        "1.jpg",
        "02.jpg",
        "10.jpg",
        "a.jpg",
        "a1.jpg",
        "A2.jpg",
        "a10.jpg",
        "a10b.jpg",
        "b.gif",
        "b.jpg",
    ]
    for name in reversed(names):
        (tmp_path / name).touch()
    assert list(picture_folder(tmp_path).names) == names


def test_pictures_are_opened_only_when_asked_for(album):
    (album / "5.png").write_text("not a picture")
    folder = picture_folder(album)
    assert levels(folder[:2]) == [1, 2]
    with pytest.raises(PictureError, match=r"5\.png' is text, not a picture"):
        folder[2]


def test_an_index_that_is_not_there(album):
    with pytest.raises(IndexError, match=r"there is no picture 3: .* counts from 0 to 2"):
        picture_folder(album)[3]
    with pytest.raises(TypeError):
        picture_folder(album)["1.png"]


def test_a_folder_without_pictures_says_what_it_holds(album):
    (album / "2.PNG").rename(album / "2.txt")
    for name in ("1.png", "10.png"):
        (album / name).rename(album / f"{name}.npy")
    with pytest.raises(PictureError) as caught:
        picture_folder(album)
    assert str(caught.value) == (
        f"the folder {str(album)!r} has no pictures: it holds 4 other files (2 .npy, 2 .txt). "
        "Its sub-folders hold 2: pass recursive=True."
    )
    (album / "empty").mkdir()
    with pytest.raises(PictureError, match=r"has no pictures: it is empty\. Picture names end in \.png"):
        picture_folder(album / "empty")


def test_a_folder_that_is_not_there(album):
    with pytest.raises(PictureError, match=r"there is no folder .*dgo'\. Beside it: Did you mean 'dog'\?"):
        picture_folder(album / "dgo")
    with pytest.raises(PictureError, match="nor the folder"):
        picture_folder(album / "no" / "where")
    with pytest.raises(PictureError, match="is a file, not a folder: open_picture opens a single picture"):
        picture_folder(album / "1.png")


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing(album, limit):
    with pytest.raises(PictureError, match="it is how many pictures to keep, 1 or more"):
        picture_folder(album, limit=limit)


@pytest.mark.real
def test_a_real_folder(real):
    folder = picture_folder(real / "imagenet_samples")
    assert len(folder) == 186
    assert all(picture.mode == "RGB" and min(picture.size) >= 32 for picture in folder[:20])
