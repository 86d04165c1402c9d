"""SaliencyExplorer: from a trait or a control to the map, the cut and the words, with no browser."""

import datetime
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, Objects, Scenes, open_model
from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.errors import InputError, PictureError, ReluError, TargetError
from cnnviz_widgets.methods.agreement import mask_iou
from cnnviz_widgets.methods.saliency import saliency_map
from cnnviz_widgets.methods.segmentation import segment_salient
from cnnviz_widgets.widgets._saliency_answers import true_name
from cnnviz_widgets.widgets._saliency_panels import BACK, FOUND, FRONT, MAP, OBJECT, SEEDS, TRUE
from cnnviz_widgets.widgets.saliency import SaliencyExplorer
from tests.widgets.planted_saliency import PICTURE, SQUARE, planted


@pytest.fixture
def model() -> HookedModel:
    return planted()


@pytest.fixture(scope="module")
def world() -> HookedModel:
    return open_model("mini-alexnet-objects")


def pixels(widget: SaliencyExplorer, panel: int) -> np.ndarray:
    """Decode what went to the browser, (rows, columns, 3)."""
    picture = widget._panels.surfaces[panel].picture
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def has(picture: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((picture == color).all(axis=2).any())


def test_the_result_is_what_the_methods_say(model):
    w = SaliencyExplorer(model, PICTURE, "bee", foreground=0.9, background=0.4)
    x = model.preprocess(PICTURE)
    expected = saliency_map(model, x, 1)
    assert np.array_equal(w.result.saliency.gradient, expected.gradient)
    assert np.array_equal(
        w.result.segmentation.mask, segment_salient(PICTURE, expected.magnitude, 0.9, 0.4).mask
    )
    assert mask_iou(w.result.segmentation.mask, SQUARE) == 1
    assert "Cut out by its colours: columns 8 to 15, rows 8 to 15." in w.words
    assert w.result.saliency.target == 1 and np.array_equal(w.result.picture, PICTURE)
    assert (w.result.truth, w.result.truth_name, w.result.iou, w.result.note) == (None, "", None, "")
    assert [each.name for each in w.result.top] == ["<b>ant</b>", "cat", "bee"]
    assert (w.data, w.error) == ("photos", None)


def test_the_pixels_are_the_map(model):
    w = SaliencyExplorer(model, PICTURE, 1)
    zoom = 12  # 24 pixels on 288
    found, values = pixels(w, MAP), w.result.saliency.magnitude
    assert found.shape == (288, 288, 3)
    light = found[6::zoom, 6::zoom].astype(int).sum(axis=2)
    assert light[11, 11] > 450 > 250 > light[0, 0], "yellow in the middle, dark blue in the corner"
    rank = np.corrcoef(light.ravel().argsort().argsort(), values.ravel().argsort().argsort())[0, 1]
    assert rank > 0.95
    w.look = "signed"
    red, _, blue = pixels(w, MAP)[6::zoom, 6::zoom][11, 11].astype(int)
    assert blue > red + 80, "more red lowers the score of a bee"
    w.target = 0
    red, _, blue = pixels(w, MAP)[6::zoom, 6::zoom][11, 11].astype(int)
    assert red > blue + 80
    w.opacity = 0
    assert np.array_equal(pixels(w, MAP)[6::zoom, 6::zoom], PICTURE)
    assert "\N{MINUS SIGN}" in w._panels.texts[MAP].value, "a signed scale begins below zero"


def test_the_other_panels_show_seeds_and_the_cut(model):
    w = SaliencyExplorer(model, PICTURE, 0, foreground=0.9, background=0.4)
    seeds = pixels(w, SEEDS)[6::12, 6::12].astype(int)
    front, back = w.result.segmentation.foreground, w.result.segmentation.background
    for mask, color in ((front, FRONT), (back, BACK)):
        mixed = PICTURE[mask] + (np.array(color) - PICTURE[mask].astype(int)) * 0.8
        assert np.abs(seeds[mask] - mixed).max() <= 1
    assert seeds[~front & ~back].max() < 105, "the rest of the picture is dark"
    cut = pixels(w, OBJECT)
    assert has(cut, FOUND) and not has(cut, TRUE)
    assert np.array_equal(cut[144, 144], PICTURE[12, 12]) and np.array_equal(cut[6, 6], PICTURE[0, 0] // 2)


def test_a_flat_map_is_told_and_not_cut(model):
    good = SaliencyExplorer(model, PICTURE, 0)
    good.target = "cat"  # its score is always zero, and so is its gradient
    w = good
    assert w.error is None and w.result.segmentation is None and w.result.iou is None
    assert "flat" in w.result.note and "nothing to segment" in w._note.value and w._note.layout.display == ""
    assert not has(pixels(w, OBJECT), FOUND) and "nothing to cut out" in w._panels.texts[OBJECT].value
    assert not w.result.saliency.magnitude.any()
    w.target = 1
    assert w.result.segmentation is not None and w.result.note == "" and w._note.layout.display == "none"


def test_miniworld_comes_with_its_truth(world):
    w = SaliencyExplorer(world, class_name="dalmatian", number=4)
    data = Objects("test")
    sample = data[4 * len(data.classes)]
    assert (w.data, w.result.truth_name) == ("objects", "dog")
    assert np.array_equal(w.result.picture, world.to_picture(world.preprocess(sample.image)))
    assert mask_iou(w.result.truth, sample.mask("object", "dog")) > 0.95, "up to some of its edge"
    assert w.result.iou == mask_iou(w.result.segmentation.mask, w.result.truth) > 0.1
    assert has(pixels(w, OBJECT), FOUND) and has(pixels(w, OBJECT), TRUE)
    assert f"<b>IoU</b> {w.result.iou:.2f}" in w._panels.texts[OBJECT].value
    assert f"with the true dog: {w.result.iou:.2f}" in w.words
    w.target = "boat"  # there is none
    assert w.result.truth_name == "dog" and w.result.saliency.target == world.class_index("boat")
    w.set(data="scenes", class_name="", target="car", number=0)
    assert w.class_name == "street" and w.error is None
    cars = Scenes("test")[0].present("object").count("car")
    assert cars == 1 and w.result.truth_name == "car" and w.result.truth.any()
    w.target = "boat"
    assert (w.result.truth_name, w.result.truth, w.result.iou) == ("", None, None)


def test_the_truth_is_the_explained_class_where_it_is_there():
    maps = {"object": np.array([[[1, 2]]], np.int16)}
    sample = Sample(PICTURE, None, maps, {"object": ("", "dog", "car")})
    assert true_name(sample, "dalmatian", "car") == "car"
    assert true_name(sample, "car", "husky") == "dog"
    assert true_name(sample, "dalmatian", "boat") == true_name(sample, "dalmatian", "") == "dog"
    assert true_name(sample, "street", "boat") == true_name(Sample(PICTURE, None, {}, {}), "dog", "dog") == ""


def test_larger_networks_see_miniworld_larger_and_the_truth_with_it():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 2, 8, 8), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 3))
    w = SaliencyExplorer(HookedModel(network, (3, 224, 224)), data="objects", class_name="car")
    assert w.result.picture.shape == (224, 224, 3) and w.result.truth.shape == (224, 224)
    large = Objects("test", size=224)
    sample = large[large.classes.index("car")]
    assert mask_iou(w.result.truth, sample.mask("object", "car")) > 0.9
    assert np.abs(w.result.picture.astype(int) - sample.image).mean() < 2, "2.7 for a small picture blown up"


def test_passes_are_not_wasted(model):
    w = SaliencyExplorer(model, PICTURE, 0)
    model.network.passes = 0
    w.set(look="signed", opacity=0.2)
    w.foreground = 0.8
    assert model.network.passes == 0
    w.set(target=1, background=0.2)
    assert model.network.passes == 1, "the picture and its classes are kept"


def test_a_wrong_question_raises_in_the_constructor(model):
    with pytest.raises(TargetError, match=r"there is no class 'be'. Did you mean 'bee'"):
        SaliencyExplorer(model, PICTURE, "be")
    with pytest.raises(TargetError, match="there is no class 7"):
        SaliencyExplorer(model, PICTURE, 7)
    with pytest.raises(InputError, match=r"background's lies below.*got foreground 0.3, background 0.5"):
        SaliencyExplorer(model, PICTURE, foreground=0.3, background=0.5)
    with pytest.raises(PictureError):
        SaliencyExplorer(model, "no such picture")
    with pytest.raises(InputError, match=r"no pictures called 'scene'. Did you mean 'scenes'"):
        SaliencyExplorer(model, data="scene")
    with pytest.raises(InputError, match=r"no class 'dalmation' here. Did you mean 'dalmatian'"):
        SaliencyExplorer(model, data="objects", class_name="dalmation")
    with pytest.raises(InputError, match=r"no picture 9999 of 'car'"):
        SaliencyExplorer(model, data="objects", class_name="car", number=9999)
    with pytest.raises(TypeError, match="no trait 'colour'"):
        SaliencyExplorer(model, PICTURE, colour=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "no such"},
        {"foreground": 0.2, "background": 0.4},
        {"picture": "nowhere.png"},
        {"data": "photo"},
        {"data": "objects", "class_name": "unicorn"},
    ],
    ids=str,
)
def test_a_wrong_question_later_keeps_the_last_answer(model, wrong):
    w = SaliencyExplorer(model, PICTURE, 1)
    good, said, before = w.result, w.words, {name: getattr(w, name) for name in wrong}
    w.set(**wrong)
    assert w.error is not None and w.result is good and w.words == said
    assert w._status.layout.display == "" and 'role="alert"' in w._status.value
    w.opacity = 0.5
    assert w.error is not None and w.result is good, "a new look is painted, and the mistake is still told"
    assert w.state["opacity"] == 0.5
    w.set(**before)
    assert w.error is None and w.result.saliency.target == 1 and w._status.layout.display == "none"


def test_a_rule_without_relus(model):
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 3))
    w = SaliencyExplorer(HookedModel(network, (3, 8, 8), name="linear"), PICTURE, 1)
    expected = network[1].weight[1].detach().reshape(3, 8, 8).abs().amax(0).numpy()
    assert np.array_equal(w.result.saliency.magnitude, expected), "M = |w|"
    w.rule = "guided"
    assert isinstance(w.error, ReluError) and w.result.saliency.rule == "backprop"
    w.rule = "backprop"
    assert w.error is None


def test_tiny_pictures_and_one_channel():
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    digits = HookedModel(network, (1, 8, 8), classes=list("0123456789"))
    w = SaliencyExplorer(digits, PICTURE[:3, :2])  # smaller than the network's
    assert w.error is None and w.result.picture.shape == (8, 8, 3)
    assert "4 pixels are foreground" in w.result.note, "too few for colours, and the map is there"
    w.foreground = 0.9
    assert w.result.note == "" and w.error is None
    w._panels.surfaces[MAP]
    w._point(3, 4)
    assert "row 3, column 4: M = " in w._pointer.value and "from" not in w._pointer.value


def test_a_pixel_in_words(world):
    w = SaliencyExplorer(world, class_name="dalmatian", number=4)
    seen = w.result.segmentation.foreground & w.result.truth & w.result.segmentation.mask
    row, column = (int(each) for each in np.argwhere(seen)[0])
    zoom = 2
    w._panels._point(column * zoom + 1, row * zoom + 1)
    said = w._pointer.value
    assert f"row {row}, column {column}: M = {w.result.saliency.magnitude[row, column]:.3g}" in said
    assert "its colour stands for the object; found; dog" in said
    w._panels._point(-1, 500)  # beside the picture
    assert w._pointer.value == said
    w._point(0, 0)
    assert "not dog" in w._pointer.value


def test_controls_change_traits(world):
    w = SaliencyExplorer(world)
    get = w._controls
    assert get["target"].options[0][0] == "the top class: dalmatian" and len(get["target"].options) == 29
    get["class_name"].value = "car"
    assert (w.class_name, w.number, w.result.truth_name) == ("car", 0, "car")
    w._controls.another.click()
    assert w.number == 1 and get["number"].value == 1
    get["target"].value = world.class_index("bus")
    assert w.target == world.class_index("bus") and "Saliency of bus" in w.words
    get["target"].value = -1
    assert w.target is None
    get["foreground"].value = 0.8
    assert w.result.segmentation.foreground.mean() == pytest.approx(0.2, abs=0.001)
    assert get["samples"].layout.display == "none"
    get["data"].value = "photos"
    assert w.data == "photos" and "sees cat" in w.words and w.result.truth is None
    assert "no truth to compare with" in w._panels.texts[OBJECT].value
    assert get["class_name"].layout.display == "none" and w._chooser.list.layout.display == ""
    w._chooser.list.value = "rocket"
    assert w.picture == "rocket" and w.error is None
    get["data"].value = "scenes"
    assert w.class_name == "street" and get["class_name"].value == "street" and w.error is None


def test_an_upload_is_shown_and_a_broken_one_changes_nothing(model):
    w = SaliencyExplorer(model, PICTURE, 0)
    good, buffer = w.result, io.BytesIO()
    file = {"type": "image/png", "size": 3, "last_modified": datetime.datetime.now(datetime.UTC)}
    w._chooser.upload.value = ({**file, "name": "x.png", "content": b"abc"},)
    assert isinstance(w.error, PictureError) and w.result is good
    Image.fromarray(255 - PICTURE).save(buffer, "PNG")
    w._chooser.upload.value = ({**file, "name": "<i>.png", "content": buffer.getvalue()},)
    assert w.error is None and np.array_equal(w.result.picture, 255 - PICTURE)
    assert "<i>" not in w._description.value and "&lt;i&gt;" in w._description.value


def test_your_own_labelled_pictures(world):
    w = SaliencyExplorer(world, dataset=Objects("val", 30, size=96))
    assert w.data == "yours" and w.result.truth_name == "dog" and w.result.iou is not None
    w.number = 3
    assert w.error is None and w.result.truth_name == "car"


def test_text_from_classes_is_escaped(model):
    w = SaliencyExplorer(model, PICTURE, 0)
    for html in (*(text.value for text in w._panels.texts), w._description.value):
        assert "<b>ant" not in html
    assert "&lt;b&gt;ant" in w._panels.texts[MAP].value


def test_state_and_snapshot(model):
    w = SaliencyExplorer(model, "cat", 1, look="signed")
    told = json.loads(json.dumps(w.state))
    assert (told["picture"], told["target"], told["look"], told["foreground"]) == ("cat", 1, "signed", 0.95)
    picture = Image.open(io.BytesIO(w.snapshot()))
    assert picture.format == "PNG" and picture.width > 4 * 288
    assert w.words.startswith("planted sees cat. Saliency of bee, score ")


def test_nothing_need_be_cut_out(model):
    w = SaliencyExplorer(model, PICTURE, 0, cut=False, foreground=0.2, background=0.4)
    assert (w.result.segmentation, w.result.note, w.error) == (None, "", None)
    assert w._panels._cut.layout.display == w._controls.quantiles.layout.display == "none"
    assert Image.open(io.BytesIO(w.snapshot())).width < 3 * 288
    w.set(foreground=0.9, background=0.4)
    w._controls["cut"].value = True
    assert w.cut and mask_iou(w.result.segmentation.mask, SQUARE) == 1 and w.error is None
    assert w._panels._cut.layout.display == w._controls.quantiles.layout.display == ""


def test_shares_between_two_steps_of_a_slider_are_kept(model):
    w = SaliencyExplorer(model, PICTURE, 0, foreground=0.8537, background=0.004, opacity=0.33)
    get = w._controls
    assert [get[each].value for each in ("foreground", "background", "opacity")] == [0.85, 0.01, 0.35]
    assert (w.foreground, w.background, w.opacity) == (0.8537, 0.004, 0.33)
