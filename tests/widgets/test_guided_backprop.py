"""RuleComparer: from a trait or a control to the question and its maps, with no browser."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, RuleComparer, compare_rules
from cnnviz_widgets.errors import InputError, LayerError, TargetError
from tests.widgets.planted_comparer import PICTURE, RULES, comparer, planted


@pytest.fixture
def model() -> HookedModel:
    return planted()


@pytest.fixture
def passes(model) -> list:
    """Grow by one with every pass that the network starts."""
    seen = []
    model.network.register_forward_pre_hook(lambda *_: seen.append(1))
    return seen


def shown(widget, rule: str) -> np.ndarray:
    """Give the pixels that went to the browser, one for each pixel of the network's picture."""
    picture = np.asarray(Image.open(io.BytesIO(bytes(widget._maps.images[rule].value))).convert("RGB"))
    assert picture.shape == (222, 222, 3)  # 6 pixels, 37 times
    return picture[18::37, 18::37]


def test_the_result_is_what_the_method_says(model):
    w = comparer(model, target="<b>bee</b>")
    expected = compare_rules(model, model.preprocess(PICTURE), 1)
    for rule in RULES:
        assert np.array_equal(w.result.trained.maps[rule], expected.maps[rule])
    assert w.result.trained.target == 1 and w.result.trained.value == pytest.approx(3.0)
    assert (w.result.shuffled, w.result.similarity, w.result.note, w.error) == (None, {}, "", None)
    assert [each.name for each in w.result.top] == ["<b>bee</b>", "cat", "ant"]
    assert np.array_equal(w.result.picture, PICTURE)


def test_the_pixels_are_the_maps(model):
    # d score / d red is 1 in the left columns where it is bright, -1 in the right ones; the scale is 1.
    w = comparer(model, target=1, look="colours")
    grey = [128, 128, 128]
    by_rule = {rule: shown(w, rule).astype(int) for rule in RULES}
    assert by_rule["backprop"][0, 0].tolist() == [255, 128, 128]
    assert by_rule["backprop"][0, 5].tolist() == [1, 128, 128]
    assert by_rule["backprop"][5, 0].tolist() == by_rule["backprop"][0, 2].tolist() == grey
    assert by_rule["guided"][0, 0].tolist() == [255, 128, 128] and by_rule["guided"][0, 5].tolist() == grey
    assert by_rule["guided"][5, 0].tolist() == grey
    assert by_rule["deconvnet"][5, 0].tolist() == [255, 128, 128], "it does not ask whether it was bright"
    assert "\N{PLUS-MINUS SIGN}1" in w._maps.texts["guided"].value
    w.look = "signed"
    red, blue = shown(w, "backprop")[0, 0].astype(int), shown(w, "backprop")[0, 5].astype(int)
    assert red[0] > red[2] + 50 and blue[2] > blue[0] + 100
    assert "0.333" in w._maps.texts["guided"].value  # the mean of three colours, two of which are zero
    w.look = "magnitude"
    assert np.array_equal(shown(w, "backprop")[0, 0], shown(w, "backprop")[0, 5])
    assert "0 to 1" in w._maps.texts["guided"].value


def test_channel_and_neuron(model):
    w = comparer(model, layer="relu", subject="channel", channel=1)
    assert w.result.trained.target is None and w.result.trained.value == pytest.approx(0.5 * 12 / 36)
    with torch.no_grad():
        model.network.conv.weight[0, 0] = 2.0
    w.channel = 0  # another channel is another question
    assert w.result.trained.value == pytest.approx(1.5 * 12 / 36)
    with torch.no_grad():
        model.network.conv.weight[0, 0] = 1.0
    w.subject = "neuron"
    w.set(channel=0, row=2, column=5)
    assert w.result.trained.value == pytest.approx(0.5) and w.error is None
    assert np.argwhere(w.result.trained.maps["guided"]).tolist() == [[0, 2, 5]]
    w.set(row=5)
    assert w.result.trained.value == 0
    assert "Nothing arrives by backprop and guided: it is 0 here, its ReLU is shut" in w._note.value
    assert w._note.layout.display == ""
    w._controls.strongest.click()
    assert (w.channel, w.row, w.column) == (0, 0, 0) and w._note.layout.display == "none"
    assert "relu, channel 0, row 0, column 0 = 0.5" in w._subject.value


def test_nobody_chose_a_unit_so_it_is_the_strongest(model):
    with torch.no_grad():
        model.network.conv.weight[1, 0] = 2.0
    assert comparer(model)._asked.unit == (1, 0, 0) and comparer(model).layer == "relu"
    assert comparer(model, channel=0)._asked.unit == (0, 0, 0)
    w = comparer(model, channel=0, row=2, column=2)
    w.layer = "pool"
    assert w._asked.unit == (0, 2, 2), "a unit that the new layer has is kept"
    w = comparer(model, channel=1, row=5, column=5)
    w.layer = "pool"  # 3x3
    assert (w.channel, w.row, w.column) == (1, 0, 0) and w.error is None
    w.layer = "fc"
    assert (w.row, w.column) == (0, 0) and w.error is None


def test_without_relus_there_is_backprop_alone():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.SiLU(), nn.Flatten(), nn.Linear(32, 2))
    w = comparer(HookedModel(network, (3, 6, 6), name="smooth"))
    assert w.error is None and w.result.trained.rules == ("backprop",)
    assert "smooth has none on the way to the picture: its activations are silu" in w._note.value
    assert w._maps.images["guided"].value == b"" and w._maps.images["backprop"].value != b""
    assert "nothing to step through" in w._steps.title.value
    w.set(panel="random", depth=1)
    assert list(w.result.similarity) == ["backprop"] and w.error is None
    w.panel = "patches"
    w._patches.work.start.click()
    w._patches.runner.join(20)
    assert list(w.patches) == ["backprop"] and w.error is None
    assert Image.open(io.BytesIO(w.snapshot())).format == "PNG"


def test_a_wrong_question_raises_in_the_constructor(model):
    with pytest.raises(TargetError, match="there is no class 'bee'"):
        comparer(model, target="bee")
    with pytest.raises(TargetError, match="there is no class 7"):
        comparer(model, target=7)
    with pytest.raises(TargetError, match="has no row 6: they go from 0 to 5"):
        comparer(model, subject="neuron", channel=0, row=6, column=0)
    with pytest.raises(LayerError, match="planted has no layer 'rleu'"):
        comparer(model, layer="rleu")
    with pytest.raises(LayerError, match="no ReLU 'conv' on the way to the picture"):
        comparer(model, relu="conv")
    with pytest.raises(InputError, match="2 layers that can be made random; got 3"):
        comparer(model, depth=3)
    with pytest.raises(TypeError, match="no trait 'colour'"):
        comparer(model, colour=1)


def test_a_wrong_question_later_keeps_the_last_answer(model):
    w = comparer(model, target=1)
    good, words = w.result, w.words
    for wrong in ({"target": "no such"}, {"depth": 9}, {"subject": "neuron", "row": 40}, {"layer": "conv9"}):
        before = w.state
        w.set(**wrong)
        assert w.error is not None and w.result is good and w.words == words
        assert w._status.layout.display == "" and 'role="alert"' in w._status.value
        w.set(**{name: before[name] for name in wrong if name != "picture"})
        assert w.error is None and w.result.trained.value == good.trained.value
        good, words = w.result, w.words


def test_passes_are_not_wasted(model, passes):
    w = comparer(model, target=1)
    passes.clear()
    w.set(look="signed", panel="random", channels=9, measure="ssim")
    assert len(passes) == 0
    w.depth = 1
    w.depth = 2
    assert len(passes) == 2, (
        "one for each copy, which has copies of the hooks; the network is not asked again"
    )
    passes.clear()
    w.set(channel=1, row=2, column=3)
    assert len(passes) == 0, "the unit is not what is explained"
    w.target = 2
    assert len(passes) == 2


def test_controls_drive_the_traits_and_follow_them(model):
    w = comparer(model, target=1)
    controls = w._controls._controls
    wanted = {
        "subject": "neuron",
        "layer": "pool",
        "channel": 1,
        "row": 2,
        "column": 1,
        "look": "magnitude",
        "panel": "random",
    }
    for name, value in wanted.items():
        controls[name].value = value
        assert getattr(w, name) == value, name
    w._random.depth.value = 2
    w._random.seed.value = 4
    w._random.measure.value = "ssim"
    assert (w.depth, w.seed, w.measure) == (2, 4, "ssim")
    w.set(subject="class", target=None, panel="steps", channels=1)
    controls["target"].value = 2
    assert w.target == 2
    controls["target"].value = -1
    assert w.target is None and controls["target"].options[0][0] == "the top class: <b>bee</b>"
    w._steps.channels.value = 9
    assert w.channels == 9
    w.target = "cat"
    assert controls["target"].value == 2 and controls["channel"].value == 1


def test_only_controls_that_do_something_are_there(model):
    w = comparer(model)
    there = lambda: {  # noqa: E731
        name for name, each in w._controls._controls.items() if each.layout.display != "none"
    }
    always = {"subject", "look", "panel"}
    assert there() == {*always, "target"}
    w.subject = "channel"
    assert there() == {*always, "layer", "channel"}
    w.subject = "neuron"
    assert there() == {*always, "layer", "channel", "row", "column"}
    w.set(subject="class", panel="patches")
    assert there() == {*always, "target", "layer", "channel"}
    panels = {name: box.layout.display for name, box in w._panels.items()}
    assert panels == {"steps": "none", "random": "none", "patches": ""}


def test_state_is_json_and_brings_the_picture_back(model):
    w = RuleComparer(model, "coffee", target="cat", panel="random", depth=1, seed=2, look="signed")
    again = RuleComparer(model, **json.loads(json.dumps(w.state)))
    assert again.state == w.state and again.snapshot() == w.snapshot()
    picture = Image.open(io.BytesIO(w.snapshot()))
    assert picture.format == "PNG" and picture.width > 4 * 222
    w.depth = 2
    assert w.snapshot() != again.snapshot()
    w.set(panel="steps")
    assert Image.open(io.BytesIO(w.snapshot())).height > picture.height


def test_names_are_escaped_and_the_picture_is_in_words(model):
    w = RuleComparer(model, "<i>mine", pictures={"<i>mine": PICTURE}, data=[PICTURE])
    everything = " ".join(
        each.value for each in (w._subject, w._note, w._photo_title, w._bars, w._description, w._status)
    )
    assert "<b>bee" not in everything and "<i>mine" not in everything
    assert "&lt;b&gt;bee" in everything
    assert w.words.startswith(
        "planted sees <i>mine. Carried back by backprop, deconvnet and guided: score of"
    )
    assert "Of the units of relu a gradient goes on at:" in w.words


def test_grey_pictures_and_outputs_that_are_no_scores():
    grey = HookedModel(
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(128, 3)), (1, 10, 10)
    )
    w = RuleComparer(grey, "cat")
    assert w.error is None and w._maps.pictures["guided"].shape == (220, 220, 3)
    segmenter = HookedModel(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1)), (3, 8, 8))
    w = RuleComparer(segmenter, "cat", subject="channel")
    assert w.error is None and w.result.top == [] and w.result.trained.target is None
    with pytest.raises(InputError, match="one score for each place"):
        RuleComparer(segmenter, "cat")


def test_a_map_that_is_no_numbers_is_not_called_zero():
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        net[1].weight.fill_(float("nan"))
    w = RuleComparer(HookedModel(net, (3, 2, 2)), "cat")
    for rule in RULES:
        assert "not finite numbers" in w._maps.texts[rule].value
