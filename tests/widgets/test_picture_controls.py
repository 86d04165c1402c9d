"""The controls that choose a picture: what they tell, what they do not, and what is on offer."""

import threading
from types import SimpleNamespace

import ipywidgets as W
import pytest

from cnnviz_widgets.widgets._picture_controls import NONE, PictureControls, shares


class Pictures:
    """Three pictures of each class."""

    classes = ("cup", "dog")

    def count(self, class_name: str) -> int:
        return 3


@pytest.fixture
def controls() -> tuple[PictureControls, list[dict]]:
    """Make controls with a class to explain and a share, at the first cup."""
    told: list[dict] = []
    target = W.Dropdown(options=[("the top class", NONE), ("cup", 0), ("dog", 1)])
    chooser = SimpleNamespace(list=W.Dropdown(), upload=W.FileUpload())
    made = PictureControls(
        ["objects", "photos"],
        chooser,
        told.append,
        target=target,
        share=shares("Share", range(0, 101, 5)),
        keep=W.FloatSlider(max=1),
    )
    show(made)
    return made, told


def show(controls: PictureControls, **values) -> None:
    start = {"data": "objects", "class_name": "cup", "number": 0, "target": None, "share": 0.5, "keep": 0.9}
    controls._bring({**start, **values}, Pictures())


def test_what_is_brought_is_nobodys_choice(controls):
    made, told = controls
    show(made, class_name="dog", number=2, target=1, share=0.85)
    assert [made[name].value for name in made.names] == ["objects", "dog", 2, 1, 0.85, 0.9] and told == []
    assert (made["number"].max, list(made["class_name"].options)) == (2, ["cup", "dog"])
    show(made, share=0.8512)
    assert made["share"].value == 0.85 and made["target"].value == NONE and told == []


def test_a_handle_is_not_taken_back_for_its_last_digit(controls):
    made, _ = controls
    made["keep"].value = 0.1 + 0.2
    sent = []
    made["keep"].observe(sent.append, "value")
    show(made, keep=0.3)
    assert sent == [] and made["keep"].value == 0.1 + 0.2
    show(made, keep=0.31)
    assert made["keep"].value == 0.31


def test_what_the_student_does_while_another_thread_draws_is_not_lost(controls):
    made, told = controls

    def drawn_meanwhile():
        student = threading.Thread(target=lambda: setattr(made["share"], "value", 0.2))
        student.start()
        student.join()

    values = {"data": "objects", "class_name": "cup", "number": 0, "target": None, "share": 0.5, "keep": 0.9}
    made._bring(values, Pictures(), drawn_meanwhile)
    assert told == [{"share": 0.2}]


def test_another_begins_again_after_the_last(controls):
    made, told = controls
    for number in range(3):
        show(made, number=number)
        made.another.click()
    assert told == [{"number": 1}, {"number": 2}, {"number": 0}]


def test_what_is_chosen_begins_what_depends_on_it_anew(controls):
    made, told = controls
    made["class_name"].value = "dog"
    made["data"].value = "photos"
    made["target"].value = 1
    made["target"].value = NONE
    made["share"].value = 0.85
    made["keep"].value = 0.1 + 0.2  # 0.30000000000000004
    assert told == [
        {"class_name": "dog", "number": 0},
        {"data": "photos", "class_name": "", "number": 0},
        {"target": 1},
        {"target": None},
        {"share": 0.85},
        {"keep": 0.3},
    ]


def test_a_photo_has_neither_class_nor_number(controls):
    made, told = controls
    parts = made["class_name"], made["number"], made.another, made._chooser.list, made._chooser.upload
    assert [each.layout.display for each in parts] == ["", "", "", "none", "none"]
    show(made, data="photos", class_name="", number=0)
    assert [each.layout.display for each in parts] == ["none", "none", "none", "", ""] and told == []


def test_the_list_says_what_is_taken_where_nothing_is_chosen(controls):
    made, told = controls
    made._bring(
        {"data": "objects", "class_name": "cup", "number": 0, "target": None, "share": 0.5, "keep": 0.9},
        Pictures(),
        lambda: made._offer_first("target", "the top class: dog"),
    )
    assert made["target"].label == "the top class: dog" and made["target"].options[1:] == (
        ("cup", 0),
        ("dog", 1),
    )
    assert told == []
