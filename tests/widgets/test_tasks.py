"""TaskStrip: from a trait, a click or a pointer to the pixels, with no browser."""

import io
import json
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz_widgets import HookedModel, Instance, Objects, Sample, Scenes, TaskStrip
from cnnviz_widgets.errors import InputError, ModelError
from tests.widgets.toy_browser import png, tiny_net

NAMES = ("", "dog", "car", "grass")


def square(top: int, left: int, side: int) -> np.ndarray:
    mask = np.zeros((24, 24), bool)
    mask[top : top + side, left : left + side] = True
    return mask


class Meadow:
    """Two pictures of 24 x 24: two dogs and a car on grass, and nothing at all."""

    classes = ("<b>meadow</b>", "void")
    concepts = {"object": NAMES, "color": ("", "red", "green")}

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Sample:
        labels, colors = np.full((1, 24, 24), 3, np.int16), np.full((1, 24, 24), 2, np.int16)
        things = []
        for name, mask in (("dog", square(2, 2, 6)), ("dog", square(12, 2, 4)), ("car", square(10, 10, 10))):
            labels[0][mask], colors[0][mask] = NAMES.index(name), 1
            rows, columns = np.nonzero(mask)
            things.append(
                Instance(name, (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), mask)
            )
        if index == 1:
            labels, colors, things = labels * 0, colors * 0, []
        image = np.full((24, 24, 3), 100, np.uint8)
        maps = {"object": labels, "color": colors}
        return Sample(image, index, maps, self.concepts, tuple(things), source=f"meadow {index}")


@pytest.fixture
def model() -> HookedModel:
    """Always says the second of its classes."""
    return HookedModel(tiny_net(), (3, 9, 9), classes=["ant", "dog", "car"], name="tiny")


@pytest.fixture
def strip(model) -> TaskStrip:
    return TaskStrip("yours", dataset=Meadow(), models=[model])


def panel(strip: TaskStrip, number: int) -> np.ndarray:
    picture = Image.open(io.BytesIO(strip._panels.surfaces[number].picture))
    return np.asarray(picture.convert("RGB")).astype(int)


def at(strip: TaskStrip, number: int, row: int, column: int) -> np.ndarray:
    """Read a panel in the middle of a pixel of the picture, which is 14 screen pixels wide."""
    return panel(strip, number)[row * 14 + 7, column * 14 + 7]


def mouse(strip: TaskStrip, number: int, event: str, row: float, column: float) -> None:
    """Send what the browser sends."""
    message = {"event": event, "x": column * 14 + 7, "y": row * 14 + 7}
    strip._panels.surfaces[number].canvas._handle_frontend_event(None, message, [])


def test_the_result_is_picture_truth_and_classes(strip):
    assert strip.result.truth.location.name == "car"  # no thing is called meadow: the largest
    assert [each.name for each in strip.result.truth.instances] == ["dog", "dog", "car"]
    assert [[each.name for each in top] for top in strip.result.tops] == [["dog", "car", "ant"]]
    assert strip.error is None
    assert strip.words == ("<b>meadow</b>, picture 0. In the picture: 3 things: 2 dog, car. tiny says dog.")


def test_each_panel_answers_its_own_question(strip):
    grey, near = np.array([100, 100, 100]), 12  # JPEG
    box = panel(strip, 0)[20 * 14 - 2, 15 * 14]  # lower edge of the car's box
    assert np.abs(box - (255, 140, 0)).max() < 60
    assert np.abs(at(strip, 0, 4, 4) - grey).max() < near  # no box for the dog
    assert np.abs(panel(strip, 1)[8 * 14 - 2, 5 * 14] - grey).max() > 30
    dogs = at(strip, 2, 4, 4), at(strip, 2, 14, 4)
    assert np.abs(dogs[0] - dogs[1]).max() < near  # one name, one colour
    assert np.abs(dogs[0] - at(strip, 2, 14, 14)).max() > 30
    first, second = at(strip, 3, 5, 5), at(strip, 3, 14, 4)
    assert np.abs(first - second).max() > 30  # two things, two colours
    assert at(strip, 3, 22, 22) == pytest.approx(55, abs=6)  # grass is no thing: 0.55 x 100


def test_captions_name_count_and_explain_escaped(strip):
    texts = [each.value for each in strip._panels._texts]
    assert "<b>&lt;b&gt;meadow&lt;/b&gt;</b>; the box is the car" in texts[0]
    assert "3 things: 2 dog, car" in texts[1]
    assert [texts[2].index(name) for name in ("grass", "car", "dog")] == sorted(
        texts[2].index(name) for name in ("grass", "car", "dog")
    )


def test_levels_change_the_third_panel_alone(strip):
    before = [panel(strip, i) for i in range(4)]
    strip.level = "color"
    changed = [np.abs(panel(strip, i) - before[i]).max() > 20 for i in range(4)]
    assert changed == [False, False, True, False]
    red = at(strip, 2, 4, 4)
    assert red[0] > red[1] + 50  # the concept red is painted red
    strip.level = "colour"
    assert "not labelled at the level 'colour'" in str(strip.error) and "'color'" in strip._status.value
    strip.level = "object"
    assert strip.error is None


def test_the_pointer_tells_and_lights_an_instance(strip):
    mouse(strip, 3, "mouse_move", 4, 4)
    assert "dog · red · instance 1 of 3" in strip._pointer.value
    for number in range(4):
        assert at(strip, number, 14, 14).max() < 90, "the car is dark"
    assert at(strip, 0, 4, 4) == pytest.approx(100, abs=12)
    assert at(strip, 0, 14, 4) == pytest.approx(35, abs=12)  # the other dog is not this one
    strip._panels.surfaces[3].canvas._handle_frontend_event(None, {"event": "mouse_out", "x": 0, "y": 0}, [])
    assert at(strip, 0, 14, 4) == pytest.approx(100, abs=12)
    assert "Point at a picture" in strip._pointer.value


def test_in_the_segmentation_both_dogs_light_up(strip):
    mouse(strip, 2, "mouse_move", 4, 4)
    assert at(strip, 0, 14, 4) == pytest.approx(100, abs=12)
    assert at(strip, 0, 14, 14) == pytest.approx(35, abs=12)
    mouse(strip, 2, "mouse_move", 0, 20)
    assert "grass · green" in strip._pointer.value and "instance" not in strip._pointer.value
    assert at(strip, 0, 0, 23) == pytest.approx(100, abs=12)
    assert at(strip, 0, 4, 4) == pytest.approx(35, abs=12)


def test_nothing_is_painted_while_the_pointer_stays_on_one_thing(strip, monkeypatch):
    mouse(strip, 1, "mouse_move", 4, 4)
    monkeypatch.setattr(strip._panels, "draw", lambda *_: pytest.fail("painted again"))
    mouse(strip, 1, "mouse_move", 5, 5)
    mouse(strip, 0, "mouse_move", 3, 4)
    assert "instance 1 of 3" in strip._pointer.value


def test_a_click_keeps_a_thing_lit_and_another_lets_go(strip):
    mouse(strip, 0, "mouse_down", 14, 14)
    assert strip.thing == 2 and strip._controls["thing"].value == 2
    assert at(strip, 1, 4, 4) == pytest.approx(35, abs=12)
    mouse(strip, 0, "mouse_down", 14, 14)
    assert strip.thing == -1
    strip._controls["thing"].value = 1  # by keyboard
    assert strip.thing == 1 and at(strip, 0, 14, 14) == pytest.approx(35, abs=12)
    strip.number = 1
    assert (strip.thing, strip.error) == (-1, None)
    strip.thing = 5
    assert "no thing 5 in this picture: it has 0" in str(strip.error)


def test_a_picture_of_nothing_says_so(strip):
    strip.number = 1
    assert "nothing to put a box around" in strip._panels._texts[0].value
    mouse(strip, 0, "mouse_move", 4, 4)
    assert "no label here" in strip._pointer.value
    mouse(strip, 2, "mouse_down", 4, 4)
    assert (strip.thing, strip.error) == (-1, None)


def test_thumbnails_choose_and_another_goes_round(strip):
    surface = strip._thumbnails.surface
    assert surface.size == (2 * 112 + 4 + 8, 112 + 8)
    surface.canvas._handle_frontend_event(None, {"event": "mouse_down", "x": 4 + 116 + 50, "y": 60}, [])
    assert strip.number == 1
    surface.canvas._handle_frontend_event(None, {"event": "mouse_down", "x": 4 + 113, "y": 60}, [])
    assert (strip.number, strip.error) == (1, None)  # between two
    strip._controls.another.click()
    assert strip.number == 0


def test_the_world_is_browsed_by_class_and_number(model):
    strip = TaskStrip("objects", models=[model])
    assert strip.class_name == Objects.classes[0] and len(strip._controls["class_name"].options) == 28
    strip._controls["class_name"].value = "husky"
    strip._controls["number"].value = 3
    place = 3 * 28 + Objects.classes.index("husky")
    assert np.array_equal(strip.result.exhibit.learned, Objects("test").picture(place).picture)
    assert np.array_equal(strip.result.exhibit.sample.image, Objects("test", size=336)[place].image)
    assert strip.result.truth.location.name == "dog"
    assert "✓ right" in strip._bars[0].value  # tiny says dog, and a husky is one
    strip.class_name = "car"
    assert "✗ wrong: this is “car”" in strip._bars[0].value
    strip._controls["data"].value = "scenes"
    assert (strip.class_name, strip.number, strip.error) == (Scenes.classes[0], 0, None)
    assert "It has no class “street”" in strip._bars[0].value


def test_photos_have_no_truth_and_can_be_uploaded(model):
    strip = TaskStrip("photos", models=[model])
    assert strip.result.truth is None and "Nobody has labelled" in strip.words
    mouse(strip, 0, "mouse_move", 2, 2)
    assert "Nobody has labelled" in strip._pointer.value
    names = strip._chooser.list.options
    strip._chooser.list.value = names[2]
    assert (strip.number, strip.result.exhibit.sample.source) == (2, names[2])
    content = png(np.zeros((30, 50, 3), np.uint8))
    strip._chooser.upload.value = ({"name": "<b>.png", "type": "image/png", "size": 1, "content": content,
                                    "last_modified": datetime.now(tz=UTC)},)  # fmt: skip
    assert strip.result.exhibit.sample.source == "<b>.png" and strip.error is None
    assert strip._panels.surfaces[0].size == (336, 202)  # 50 x 30, not squashed


def test_what_does_not_exist_is_told_and_the_widget_goes_on(model):
    for wrong, message in (
        ({"data": "sceens"}, "no pictures called 'sceens'. Did you mean 'scenes'"),
        ({"class_name": "bedrom"}, "no class 'bedrom' here. Did you mean 'bedroom'"),
        ({"number": 200}, "no picture 200 of 'street'; they go from 0 to 199"),
        ({"level": "parts"}, "the level 'parts'"),
        ({"thing": 999}, "no thing 999"),
    ):
        with pytest.raises(InputError, match=message):
            TaskStrip(**wrong, models=[model])
    strip = TaskStrip(models=[model])
    strip.class_name = "bedrom"
    assert "Did you mean &#x27;bedroom&#x27;" in strip._status.value or "bedroom" in strip._status.value
    strip.class_name = "bedroom"
    assert strip.error is None and strip.result.exhibit.class_name == "bedroom"
    with pytest.raises(ModelError, match="not int"):
        TaskStrip(models=[3])
    with pytest.raises(TypeError, match="has no trait 'levl'"):
        TaskStrip(models=[model], levl="part")


def test_a_new_collection_brings_its_own_class_number_and_level(model):
    strip = TaskStrip("objects", "husky", 80, models=[model], dataset=Meadow(), level="part")
    strip.data = "yours"
    assert (strip.error, strip.class_name, strip.number, strip.level) == (None, "all pictures", 0, "object")


def test_state_is_plain_and_the_snapshot_is_a_picture(strip):
    assert json.loads(json.dumps(strip.state)) == {
        "data": "yours", "class_name": "all pictures", "number": 0,
        "level": "object", "answers": "truth", "thing": -1,
    }  # fmt: skip
    image = Image.open(io.BytesIO(strip.snapshot()))
    assert image.size[0] == 4 * 336 + 5 * 8
    copy = TaskStrip(**strip.state, dataset=Meadow(), models=strip.models)
    assert np.array_equal(panel(copy, 1), panel(strip, 1))


def test_the_default_networks_are_those_that_are_here():
    names = [each.name for each in TaskStrip().models]
    assert names in (["mini-convnet"], ["mini-alexnet-objects"], ["mini-alexnet-scenes"],
                     ["mini-alexnet-objects", "mini-alexnet-scenes"])  # fmt: skip


def test_a_network_of_any_size_judges_the_picture_it_learned(strip):
    with torch.no_grad():
        strip.models[0].network[3].bias[2] = 9
    strip.number = 1
    assert strip.result.tops[0][0].name == "car"
