"""RuleComparer's panels: the steps down, the weights made random, the patches."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, RuleComparer, compare_rules, map_similarity, randomized
from tests.backend.test_untouched import fingerprint
from tests.widgets.planted_comparer import PICTURE, RULES, comparer, planted


@pytest.fixture
def model() -> HookedModel:
    return planted()


def sheet_cell(widget, row: int, column: int) -> np.ndarray:
    table, drawn = widget._steps._sheet, widget._steps.picture
    top, left = table.tops[row], table.lefts[column]
    return drawn[top : top + table.cell_size[0], left : left + table.cell_size[1]]


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
    assert "fc is random (of a copy), the 1 below is as learned" in w._random.title.value
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
    assert w._patches.work.bar.value == 1 and "3 of 3 pictures" in w._patches.work.text.value
    assert {rule: each.pictures.tolist() for rule, each in w.patches.items()} == {
        rule: [0, 1, 2] for rule in RULES
    }
    assert w.patches["guided"].values.tolist() == [0.5, 0.5, 0.0]
    picture = Image.open(io.BytesIO(bytes(w._patches.image.value)))
    assert w._patches.image.layout.display == "" and w._patches.picture.shape[1] == picture.width
    assert "the 3 strongest of 3 pictures" in w._patches.title.value
    w.channel = 1
    assert w.patches["guided"].channel == 1
    w.layer = "pool"
    assert w.patches == {} and "not looked for yet" in w._patches.title.value
    w.layer = "relu"
    assert w.patches["backprop"].layer.name == "relu"


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
