"""EvolutionSlider where something is missing, broken or odd; and its charts."""

import copy
import json

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import EvolutionSlider, HookedModel
from cnnviz_widgets.errors import InputError, LayerError, ModelError, ReluError, TargetError, WeightsError
from cnnviz_widgets.widgets._evolution_charts import short_names, value_chart
from cnnviz_widgets.widgets._evolution_panels import layout
from cnnviz_widgets.widgets._evolution_work import layers_to_follow
from tests.widgets.evolution.conftest import (
    BLUE,
    DARK,
    PICTURES,
    hooked,
    is_like,
    net,
    tile,
    wall,
)


def test_state_is_json_and_brings_the_picture_back(run, w):
    w.set(layer="3", channel=4, checkpoint=1, show="crops", compare="picture", kept=[2])
    again = EvolutionSlider(run, PICTURES, **json.loads(json.dumps(w.state)))
    again.wait()
    assert again.state == w.state and again.snapshot() == w.snapshot()
    w.checkpoint = 0
    assert w.snapshot() != again.snapshot()


def test_the_constructor_raises(run):
    with pytest.raises(LayerError, match=r"checkpoint 'epoch 1': toy@1 has no layer 'conv'"):
        EvolutionSlider(run, PICTURES, layer="conv")
    with pytest.raises(TargetError, match="layer '1' has no channel 4: they go from 0 to 3"):
        EvolutionSlider(run, PICTURES, layer="1", channel=4)
    with pytest.raises(InputError, match="no checkpoint 3: they are numbered 0 to 2"):
        EvolutionSlider(run, PICTURES, checkpoint=3)
    with pytest.raises(InputError, match="the list is empty"):
        EvolutionSlider([], PICTURES)
    with pytest.raises(InputError, match="which pictures was toy@3 trained on"):
        EvolutionSlider(run)
    with pytest.raises(InputError, match="no picture"):
        EvolutionSlider(run, [])
    with pytest.raises(ModelError, match="weights only"):
        EvolutionSlider([net(1).state_dict()], PICTURES)
    with pytest.raises(ReluError, match="guide"):
        EvolutionSlider(run, PICTURES, rule="guide")
    with pytest.raises(TypeError, match="no trait 'chanel'"):
        EvolutionSlider(run, PICTURES, chanel=1)
    with pytest.raises(LayerError, match="no layer whose result is maps"):
        EvolutionSlider([HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (3, 2, 2))], PICTURES)


def test_checkpoints_of_another_shape_are_told_and_nothing_is_lost(run, w):
    good = w.result
    states = [copy.deepcopy(net(seed).state_dict()) for seed in (1, 2)]
    own = EvolutionSlider(states, PICTURES, layer="1", model=hooked(0))
    own.wait()
    own.checkpoints = [states[0], net(1, channels=5).state_dict()]
    assert isinstance(own.error, WeightsError) and "0.weight is 5x3x3x3" in own._status.value
    assert len(own.result.run) == 2 and own.result.walls
    own.checkpoint = 0  # the widget goes on with what it has
    assert own._strip.surface.picture and isinstance(own.error, WeightsError)
    own.checkpoints = states[::-1]
    own.wait()
    assert own.error is None and own.result.is_done
    w.checkpoints = [*run, hooked(4, channels=5)]
    assert isinstance(w.error, InputError) and "5x10x10" in w._status.value and w.result is good
    w.checkpoints = run[:1]
    w.wait()
    assert w.error is None and w.checkpoint == 0 and len(w.result.run) == 1
    w.pictures = []
    assert isinstance(w.error, InputError) and "no picture" in w._status.value
    w.pictures = {"one": PICTURES["<b>0</b>"]}
    w.wait()
    assert w.error is None and not w.result.course("1").jumps.any()


@pytest.mark.parametrize(
    ("trait", "wrong", "kind", "told"),
    [
        ("layer", "conv9", LayerError, "has no layer &#x27;conv9&#x27;"),
        ("channel", 9, TargetError, "no channel 9"),
        ("checkpoint", 3, InputError, "no checkpoint 3"),
        ("kept", [0, 7], TargetError, "no channel 7"),
    ],
)
def test_an_error_is_told_and_the_widget_goes_on(w, trait, wrong, kind, told):
    right, picture = getattr(w, trait), wall(w)
    setattr(w, trait, wrong)
    assert isinstance(w.error, kind)
    assert told.replace("&#x27;", "'") in w._status.value and w._status.layout.display == ""
    assert np.array_equal(picture, wall(w))
    setattr(w, trait, right)
    assert w.error is None and w._status.layout.display == "none"


def test_one_checkpoint_needs_no_slider():
    w = EvolutionSlider([hooked(1)], PICTURES, layer="1")
    w.wait()
    assert w.error is None and w._controls.checkpoint.disabled and w._controls.play.disabled
    assert len(w._controls.checkpoint.options) == 2  # a slider of one place breaks in the browser
    assert w.result.course("1").settled.tolist() == [1] and "changes" not in w.words


def test_channels_with_no_finite_number_are_dark_and_told(run):
    broken = net(2)
    with torch.no_grad():
        broken[0].bias[1] = float("nan")
        broken[0].weight[2] = 0
        broken[0].bias[2] = -1
    w = EvolutionSlider([run[0], HookedModel(broken, (3, 12, 12), name="toy@2")], PICTURES, layer="1")
    w.wait()
    assert w.error is None and is_like(wall(w)[tile(1)], DARK, 4) and is_like(wall(w)[tile(2)], DARK, 4)
    assert not is_like(wall(w)[tile(0)], DARK, 4)
    assert (
        "2 excited by no picture (dark), 1 of them with values that are no finite numbers" in w._title.value
    )
    w.channel = 1
    assert "no picture excites it" in w.words and "no picture excites it" in w._now_title.value


def test_a_network_without_relus_says_so_and_shows_another_rule():
    plain = [HookedModel(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Tanh(), nn.Conv2d(2, 2, 3)), (3, 12, 12))]
    w = EvolutionSlider(plain, PICTURES, layer="2")
    w.wait()
    assert isinstance(w.error, ReluError)
    w.checkpoint = 0
    assert isinstance(w.error, ReluError)  # it is not forgotten
    w = EvolutionSlider(plain, PICTURES, layer="2", rule="backprop")
    w.wait()
    assert w.error is None and w.result.is_done


def test_stop_rests_and_go_on_finishes(run, monkeypatch):
    w = EvolutionSlider(run, PICTURES, layer="1")
    w._runner.stop()
    w.wait()
    assert w._runner.state in ("stopped", "done")
    w._bar.start.click()
    w.wait()
    assert w.result.is_done and w.error is None


def test_layers_are_chosen_from_first_to_last():
    deep = HookedModel(
        nn.Sequential(*(m for _ in range(9) for m in (nn.Conv2d(3, 3, 1), nn.ReLU()))), (3, 4, 4)
    )
    assert layers_to_follow(deep) == ["1", "5", "7", "11", "13", "17"]
    assert layers_to_follow(HookedModel(nn.Sequential(nn.Conv2d(3, 2, 1), nn.Tanh()), (3, 4, 4))) == ["0"]


@pytest.mark.parametrize(("count", "scrolls"), [(1, False), (16, False), (96, False), (512, True)])
def test_any_number_of_channels_has_readable_tiles(count, scrolls):
    columns, side = layout(count, 518, 382)
    rows = -(-count // columns)
    assert 30 <= side <= 96 and columns * (side + 2) <= 518
    assert (rows * (side + 2) > 382) == scrolls


def test_the_charts_line_goes_through_the_values():
    values = np.array([0, 2, 4], np.float32)
    on, jump = np.array([True] * 3), np.array([False, False, True])
    chart = value_chart(values, on, jump, [30, 60, 90], 110, 88).astype(int)
    for x, y in ((30, 80), (60, 45), (45, 62)):  # 0 at 80, the largest at 10, half way between two dots
        assert chart[y - 1 : y + 2, x - 1 : x + 2].min() < 90, (x, y)
    assert chart[20, 45].min() > 250
    assert is_like(chart[10:11, 87:88], BLUE, 5)  # a ring in blue: another picture
    assert short_names(["epoch 1", "epoch 20"]) == ["1", "20"] and short_names(["a", "b 2"]) == ["a", "b 2"]


def test_the_embedded_run_needs_nothing_but_its_name(monkeypatch):
    monkeypatch.setattr(EvolutionSlider, "_go_on", lambda self: None)
    w = EvolutionSlider("mini-alexnet-objects")
    assert list(w.result.layers) == ["relu1", "relu2", "relu3", "relu4", "relu5"]
    assert len(w.result.run) == 8 and len(w.result.pictures) == 336 and w.layer == "relu2"
    assert w.state["checkpoints"] == "mini-alexnet-objects"
