"""RuleComparer: from a trait or a control to maps, masks and numbers, with no browser."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, RuleComparer, compare_rules, map_similarity, randomized
from cnnviz_widgets.errors import InputError, LayerError, TargetError
from tests.backend.test_untouched import fingerprint

RULES = ("backprop", "deconvnet", "guided")


class Planted(nn.Module):
    """Detectors of bright red pixels: the score is what they find at the left less what at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 2, 1), nn.ReLU()
        self.pool, self.fc = nn.AvgPool2d(2), nn.Linear(18, 3)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()
            self.conv.weight[:, 0] = 1.0
            self.conv.bias[:] = -0.5
            self.fc.weight[1, [0, 3, 6]] = 4.0  # channel 0, left column of the pooled map
            self.fc.weight[1, [2, 5, 8]] = -4.0  # and its right column
            self.fc.weight[2, 9:] = 1.0
            self.fc.bias[1] = 3.0

    def forward(self, x):
        return self.fc(self.pool(self.relu(self.conv(x))).flatten(1))


# Red, 6x6: bright in the first and the last two columns, in the upper half.
PICTURE = np.zeros((6, 6, 3), np.uint8)
PICTURE[:3, [0, 1, 4, 5], 0] = 255


@pytest.fixture
def model() -> HookedModel:
    return HookedModel(Planted(), (3, 6, 6), classes=["ant", "<b>bee</b>", "cat"], name="planted")


@pytest.fixture
def passes(model) -> list:
    """Grow by one with every pass that the network starts."""
    seen = []
    model.network.register_forward_pre_hook(lambda *_: seen.append(1))
    return seen


def comparer(model, **traits) -> RuleComparer:
    return RuleComparer(model, PICTURE, data=[PICTURE, 255 - PICTURE, PICTURE // 2], **traits)


def shown(widget, rule: str) -> np.ndarray:
    """Give the pixels that went to the browser, one for each pixel of the network's picture."""
    picture = np.asarray(Image.open(io.BytesIO(bytes(widget._maps.images[rule].value))).convert("RGB"))
    assert picture.shape == (222, 222, 3)  # 6 pixels, 37 times
    return picture[18::37, 18::37]


def sheet_cell(widget, row: int, column: int) -> np.ndarray:
    table, drawn = widget._steps._sheet, widget._steps.picture
    top, left = table.tops[row], table.lefts[column]
    return drawn[top : top + table.cell_size[0], left : left + table.cell_size[1]]


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


def test_the_steps_show_the_masks_that_each_rule_meets(model):
    w = comparer(model, target=1, relu="relu", channels=1)
    assert [step.layer.name for step in w.result.trained.steps] == ["relu"]
    dark, light = (40, 40, 46), (255, 244, 190)
    zoom = w._steps._mosaic.zoom
    at = lambda cell, row, column: tuple(cell[row * zoom + 5, column * zoom + 5])  # noqa: E731
    gate, positive = sheet_cell(w, 2, 2), sheet_cell(w, 2, 3)  # guided: both are looked at
    assert at(gate, 0, 0) == at(gate, 0, 5) == light and at(gate, 5, 0) == at(gate, 0, 2) == dark
    assert at(positive, 0, 0) == at(positive, 5, 0) == light and at(positive, 0, 5) == dark
    pale = at(sheet_cell(w, 0, 3), 0, 5)  # backprop does not look at the sign of g
    assert pale != dark and min(pale) > 180
    assert at(sheet_cell(w, 1, 3), 0, 5) == dark
    passed = {rule: sheet_cell(w, i, 4) for i, rule in enumerate(RULES)}
    zero = at(passed["guided"], 0, 2)
    assert at(passed["guided"], 0, 5) == at(passed["guided"], 5, 0) == zero != at(passed["guided"], 0, 0)
    assert at(passed["backprop"], 0, 5) != zero and at(passed["deconvnet"], 5, 0) != zero
    assert "ReLU 1 of 1 from the score down, 2x6x6; channel 0, strongest first" in w._steps.title.value


def test_the_pointer_reads_the_numbers(model):
    w = comparer(model, target=1, channels=1)
    panel, minus = w._steps, "\N{MINUS SIGN}"
    table, zoom = panel._sheet, panel._mosaic.zoom
    read = lambda i, j, row, column: panel.say_at(  # noqa: E731
        table.lefts[j] + column * zoom + 3, table.tops[i] + row * zoom + 3
    )
    assert read(0, 0, 0, 1) == "channel 0, row 0, column 1: 0.5 after the ReLU (x > 0)"
    assert read(0, 1, 0, 5) == (
        "backprop, channel 0, row 0, column 5: 0.5 after the ReLU (x > 0); "
        f"g = {minus}1 comes down, {minus}1 goes on"
    )
    assert read(2, 4, 0, 5).endswith(f"g = {minus}1 comes down, 0 goes on")
    assert read(1, 2, 5, 0).endswith("0 after the ReLU (x ≤ 0); g = 1 comes down, 1 goes on")
    assert read(1, 0, 0, 0) == "" and panel.say_at(1, 1) == ""
    panel.surface.canvas._handle_frontend_event(
        None, {"event": "mouse_move", "x": table.lefts[1] + 3, "y": table.tops[0] + 3}, []
    )
    assert "backprop, channel 0, row 0, column 0" in panel.pointer.value


def test_channel_and_neuron(model):
    w = comparer(model, layer="relu", subject="channel", channel=1)
    assert w.result.trained.target is None and w.result.trained.value == pytest.approx(0.5 * 12 / 36)
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
    w = comparer(model, channel=1, row=5, column=5)
    w.layer = "pool"  # 3x3
    assert (w.channel, w.row, w.column) == (1, 0, 0) and w.error is None
    w.layer = "fc"
    assert (w.row, w.column) == (0, 0) and w.error is None


def test_random_layers_are_a_copys(model):
    before = fingerprint(model.network)
    w = comparer(model, target=1, panel="random")
    assert "trained, all of them" in w._random.title.value
    w.depth = 1
    expected = compare_rules(randomized(model, 1, 0), model.preprocess(PICTURE), 1)
    for rule in RULES:
        assert np.array_equal(w.result.shuffled.maps[rule], expected.maps[rule])
        alike = map_similarity(w.result.trained.maps[rule], expected.maps[rule])
        assert w.result.similarity[rule] == alike
    assert fingerprint(model.network) == before
    assert "fc is random (of a copy), the 1 below are as learned" in w._random.title.value
    first = bytes(w._random.plot.value)
    w.seed = 3
    assert not np.array_equal(w.result.shuffled.maps["guided"], expected.maps["guided"])
    assert bytes(w._random.plot.value) != first
    w.depth = 2
    assert "fc down to conv are random (of a copy), nothing is left of what was learned" in w.words
    w.depth = 0
    assert w.result.shuffled is None and w.result.similarity == {}


def test_the_class_stays_that_of_the_trained_network(model):
    w = comparer(model, depth=1)  # the top class
    assert w.result.trained.target == w.result.shuffled.target == 1


def test_the_whole_cascade_in_the_background(model):
    w = comparer(model, target=1, panel="random")
    w._random.work.start.click()
    w._random.runner.join(20)
    assert w._random.runner.state == "done" and w.error is None
    assert sorted(w._random._points) == [0, 1, 2]
    assert w._random.work.bar.value == 1 and "2 of 2 layers" in w._random.work.text.value
    w.depth = 2
    assert w._random._points[2] == w.result.similarity
    w.look = "signed"
    assert sorted(w._random._points) == [0, 1, 2]
    w.target = 2  # another question: its points are others
    assert sorted(w._random._points) == [0, 2]


def test_what_cannot_be_random_is_named():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.fc = nn.Parameter(torch.ones(1)), nn.Linear(108, 2)

        def forward(self, x):
            return self.fc((x * self.scale).relu().flatten(1))

    w = comparer(HookedModel(Scaled(), (3, 6, 6)), panel="random")
    assert "have no reset_parameters: scale." in w._random._stuck.value

    class Fixed(nn.Module):
        def forward(self, x):
            return x.relu().sum((2, 3))

    w = comparer(HookedModel(Fixed(), (3, 6, 6)), panel="random")
    assert "no layer of this network knows how" in w._random.title.value and w._random.depth.disabled


def test_the_ten_patches_of_a_channel(model):
    w = comparer(model, panel="patches", channel=0)
    assert "not looked for yet in your data set, 3 pictures: press the button" in w._patches.title.value
    assert w.patches == {} and w._patches.image.layout.display == "none"
    w._patches.work.start.click()
    w._patches.runner.join(20)
    assert w.error is None and w._patches.runner.state == "done"
    assert {rule: each.pictures.tolist() for rule, each in w.patches.items()} == {
        rule: [0, 1, 2] for rule in RULES
    }
    assert w.patches["guided"].values.tolist() == [0.5, 0.5, 0.0]
    assert w._patches.image.layout.display == "" and w._patches.picture.shape[1] == w_width(w)
    assert "the 3 strongest of 3 pictures" in w._patches.title.value
    w.channel = 1
    assert w.patches["guided"].channel == 1
    w.layer = "pool"
    assert w.patches == {} and "not looked for yet" in w._patches.title.value
    w.layer = "relu"
    assert w.patches["backprop"].layer.name == "relu"


def w_width(w) -> int:
    return Image.open(io.BytesIO(bytes(w._patches.image.value))).width


def test_a_broken_data_set_is_told_and_the_widget_goes_on(model, tmp_path):
    w = RuleComparer(model, PICTURE, data=tmp_path / "nowhere")
    w.panel = "patches"
    assert "nowhere" in str(w.error) and w._status.layout.display == ""
    w.panel = "steps"
    assert w.error is None
    (tmp_path / "bad.png").write_bytes(b"\x89PNG no")
    w = RuleComparer(model, PICTURE, data=[tmp_path / "bad.png"], panel="patches")
    w._patches.work.start.click()
    w._patches.runner.join(20)
    assert "bad.png" in str(w.error)
    w.depth = 1
    assert w.error is None and w.result.shuffled is not None


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


@pytest.mark.parametrize(("side", "channels", "every"), [(8, 9, 1), (60, 4, 1), (224, 1, 2)])
def test_maps_of_any_size_have_room(side, channels, every):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 12, 1), nn.ReLU(), nn.Flatten(), nn.Linear(12 * side * side, 2))
    w = RuleComparer(HookedModel(network, (3, side, side)), "cat", channels=9)
    width, height = w._steps.surface.size
    assert width <= 1100 and height <= 700
    assert w._steps._every == every
    assert len(w._steps._chosen) == channels
    (step,) = w.result.trained.steps
    x, y = w._steps._sheet.lefts[0], w._steps._sheet.tops[0]
    first = int(step.strongest(1)[0])
    value = step.forward[first, every // 2, every // 2]
    assert f"channel {first}, row {every // 2}, column {every // 2}: {value:.3g} after" in w._steps.say_at(
        x, y
    )


def test_units_of_a_vector_are_squares(model):
    network = nn.Sequential(nn.Flatten(), nn.Linear(108, 10), nn.ReLU(), nn.Linear(10, 2))
    w = RuleComparer(HookedModel(network, (3, 6, 6)), PICTURE, layer="2", target=1)
    assert "a square for each of its 10 units" in w._steps.title.value
    zoom, table = w._steps._mosaic.zoom, w._steps._sheet
    at = w._steps.say_at(table.lefts[1] + 2 * zoom + 5, table.tops[2] + zoom + 3)  # 4 columns
    assert at.startswith("guided, unit 6: ")
