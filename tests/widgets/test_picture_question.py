"""Which picture is asked about: what a new collection keeps of the question, and what it does not."""

import numpy as np
import pytest
from PIL import Image

from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.widgets._picture_question import PICTURE, PictureQuestion
from cnnviz_widgets.widgets._pictures import PictureChooser
from cnnviz_widgets.widgets._task_pictures import Exhibit
from tests.widgets.planted_saliency import planted

GREY = np.full((24, 24, 3), 128, np.uint8)


class Asking(PictureQuestion):
    """Shows nothing; its result is the picture."""

    recompute_on = (*PICTURE, "target")

    def _build(self):
        return ()

    def _compute(self) -> Exhibit:
        return self._exhibit()

    def _draw(self, result: Exhibit) -> str:
        return self._name_on_show()


class Pictures:
    """So many grey pictures of each class."""

    def __init__(self, classes: str, count: int) -> None:
        self.classes, self._count = tuple(classes.split()), count

    def count(self, class_name: str) -> int:
        return self._count

    def exhibit(self, class_name: str, number: int) -> Exhibit:
        return Exhibit(Sample(GREY, None, {}, {}), f"{class_name} {number}", GREY)


@pytest.fixture
def asking() -> Asking:
    w = Asking(planted(), GREY)
    assert w.data == "photos" and w.result.class_name == "" and (w.result.learned == GREY).all()
    w._sources |= {"many": Pictures("cup dog", 9), "few": Pictures("boat dog", 3)}
    w.set(data="many", class_name="", number=0)
    assert (w.class_name, w.words, w.error) == ("cup", "cup 0", None)
    return w


def test_a_class_that_is_not_there_gives_way_to_the_first(asking):
    asking.set(number=2)
    asking.data = "few"
    assert (asking.class_name, asking.number, asking.error) == ("boat", 2, None)
    assert asking.result.class_name == asking.words == "boat 2"


def test_a_class_that_is_there_stays_and_a_number_that_is_not_begins_again(asking):
    asking.set(class_name="dog", number=7)
    asking.data = "few"
    assert (asking.words, asking.number, asking.error) == ("dog 0", 0, None)


def test_what_the_caller_asks_for_is_refused_and_not_replaced(asking):
    for wrong in (
        {"class_name": "cat"},
        {"number": 9},
        {"data": "few", "class_name": "cat"},
        {"data": "none"},
    ):
        asking.set(**{"data": "many", "class_name": "cup", "number": 0})
        assert asking.error is None
        asking.set(**wrong)
        assert isinstance(asking.error, InputError) and asking.result.class_name == "cup 0"


def test_a_photo_of_the_list_is_shown_whatever_was_on_show(asking):
    asking._chooser.list.value = "rocket"
    assert (asking.data, asking.words, asking.error) == ("photos", "rocket", None)
    asking.data = "many"
    assert asking.words == "cup 0"
    asking.data = "photos"
    assert asking.words == "rocket"


def test_a_photo_is_called_as_its_file_and_never_takes_another_ones_place(tmp_path):
    for folder, grey in (("a", 10), ("b", 90)):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (8, 8), (grey,) * 3).save(tmp_path / folder / "dog.png")
    first, second = str(tmp_path / "a" / "dog.png"), tmp_path / "b" / "dog.png"
    chooser = PictureChooser(None, lambda name: None, lambda work, *args: work(*args))
    assert [chooser.show(each) for each in (first, second, first, second)] == ["dog.png", "dog.png (2)"] * 2
    assert [chooser.open(name).getpixel((0, 0))[0] for name in ("dog.png", "dog.png (2)")] == [10, 90]
    assert chooser.show("cat") == "cat" and chooser.show(np.zeros((4, 4, 3), np.uint8)) == "your picture"
