"""ReceptiveFieldMapper: from a trait or a click to what is shown, with no browser."""

import base64
import io
import json
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel
from cnnviz_widgets.errors import InputError, LayerError, ModelError, PictureError, TargetError
from cnnviz_widgets.methods.unit_labels import labels_from_json
from cnnviz_widgets.widgets._field_chart import COLORS, size_chart
from cnnviz_widgets.widgets._field_work import charted
from cnnviz_widgets.widgets.receptive_fields import ReceptiveFieldMapper

ORANGE = np.array((255, 140, 0))


def planted(name: str = "<planted>") -> HookedModel:
    """Layer "1": channel 0 sums 3x3 pixels in the middle of its 9x9 field; 1 never fires; 2 sums all."""
    network = nn.Sequential(
        nn.Conv2d(1, 3, 9, padding=4),
        nn.ReLU(),
        nn.Conv2d(3, 2, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(512, 2),
    )
    with torch.no_grad():
        for each in network[0].parameters():
            each.zero_()
        network[0].weight[0, 0, 3:6, 3:6] = 1
        network[0].weight[1] = -1
        network[0].weight[2] = 1
        network[2].weight.fill_(0.1)
    return HookedModel(network, (1, 18, 18), name=name)


def photos(count: int = 6) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(1)
    return {f"<i>{i}": chance.integers(0, 256, (18, 18, 3), dtype=np.uint8) for i in range(count)}


def mapper(model: object = None, **traits: object) -> ReceptiveFieldMapper:
    given = {"layer": "1", "patch": 1, "stride": 1, "k": 6, "units": 2, **traits}
    w = ReceptiveFieldMapper(planted() if model is None else model, given.pop("pictures", photos()), **given)
    w.wait(60)
    return w


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(bytes(data))).convert("RGB")).astype(int)


def test_the_result_is_the_planted_window():
    w = mapper()
    assert w.error is None and w.result.size == 3 and w.result.theoretical == 9
    assert len(w.result.maps) == 6 and w._bar.text.value.count("measured") == 1
    assert "measured field 3 px of 9 px theoretical (mean of 6 pictures" in w.words
    assert "33% of the theoretical" in w._panels.mean.caption.value
    w.channel = 2
    w.wait(60)
    assert w.error is None and w.result.size > 7


def test_what_was_measured_is_kept():
    w = mapper()
    passes = []
    w.channel = 2
    w.wait(60)
    w.models["<planted>"].network.register_forward_pre_hook(lambda *_: passes.append(1))
    w.channel = 0
    assert w.result.size == 3 and not w._runner.is_alive and not passes
    w.level = 0.9  # a look at what is there
    assert w.result.size < 3 and w.error is None


def test_nothing_is_measured_for_a_question_that_is_wrong(monkeypatch):
    w = mapper()
    w.channel = 99
    assert isinstance(w.error, TargetError)
    monkeypatch.setattr(w, "_undone", lambda: [("unit",)])  # as while the survey goes on
    assert w._next_piece is None
    monkeypatch.undo()
    w.channel = 0
    monkeypatch.setattr(w, "_undone", lambda: [("unit",)])
    assert w.error is None and w._next_piece == ("unit",)


def test_the_pictures_show_box_map_and_outline():
    w = mapper(opacity=1.0)
    one, mean = (pixels(each.image.value) for each in (w._panels.one, w._panels.mean))
    assert one.shape == mean.shape == (260, 260, 3)
    top, left, bottom, right = w.result.layer.receptive_field.box(
        w.result.maps[0].row, w.result.maps[0].column
    )
    zoom = 260 / 18
    rows, columns = np.nonzero(np.abs(one - ORANGE).max(2) < 3)
    assert abs(rows.min() - top * zoom) <= 1 and abs(rows.max() - bottom * zoom) <= 2
    assert abs(columns.min() - left * zoom) <= 1 and abs(columns.max() - right * zoom) <= 2
    white = (mean > 250).all(2)
    rows, _ = np.nonzero(white)
    cell = 260 / w.result.mean.shape[0]  # the outline is around 3 cells in the middle
    assert abs((rows.max() - rows.min()) - 3 * cell) <= 4 and abs(rows.mean() - 130) <= 3
    before = w._panels.one.image.value
    w.set(opacity=0.0, rank=3)
    assert w._panels.one.image.value != before and "3." in w._panels.one.caption.value
    assert "&lt;i&gt;" in w._panels.one.caption.value and "<i>" not in w._panels.one.caption.value


def test_the_row_is_dimmed_and_a_click_chooses():
    w = mapper(threshold=0.95)
    row = pixels(w._panels.row.picture)
    sheet = w._panels._sheet
    tile = row[sheet.tops[0] : sheet.tops[0] + 112, sheet.lefts[1] : sheet.lefts[1] + 112]
    masks = w._work.segments(w._on_show, w.result.size, 0.95).masks
    assert 0 < masks[1].mean() < 1
    assert tile.mean() < w._work.segments(w._on_show, w.result.size, 0.95).seen[1].mean()
    x, y = sheet.lefts[4] + 50, sheet.tops[0] + 50
    w._panels.row.canvas._handle_frontend_event(None, {"event": "mouse_down", "x": x, "y": y}, [])
    assert w.rank == 5 and w._controls._controls["rank"].value == 5
    less = masks.mean()
    w.threshold = 0.0
    assert w._work.segments(w._on_show, w.result.size, 0.0).masks.mean() > less and w.error is None


def test_every_layer_is_measured_for_the_chart():
    w = mapper([planted("one"), planted("two")], network="one")
    assert w._work.chart_layers["one"] == ["1", "3"] and not w._work.sizes
    assert "not measured yet" in w._panels.chart.caption.value
    before = w._panels.chart.image.value
    w._every.click()
    w.wait(60)
    assert w.survey and w.error is None and len(w._work.sizes) == 4
    assert w._panels.chart.image.value != before
    assert "1: " in w._panels.chart.caption.value and "of 11 px" in w._panels.chart.caption.value
    sizes = w._work.sizes["one", "1", 3, 1]
    assert sizes.channels == (0, 2) and 2.5 < sizes.sizes[0] < 3.5 and sizes.sizes[1] > 7


def test_the_chart_draws_rings_dots_and_spread_where_they_belong():
    w = mapper(survey=True)
    lines = {"a": [(name, 10.0, w._work.sizes["<planted>", name, 3, 1]) for name in ("1", "3")]}
    chart = size_chart(lines, (340, 280)).astype(int)
    blue = np.abs(chart - COLORS[0]).max(2) < 40
    assert blue[5:15].any()  # the rings, at the top
    found = w._work.sizes["<planted>", "1", 3, 1]
    y = 254 - 244 * found.mean / 10
    assert blue[round(y) - 2 : round(y) + 2, 90:130].any()


def test_the_chart_tells_layers_of_one_block_apart():
    names = [f"features.{number}" for number in range(6)]
    one, other = (
        size_chart({"a": [(n, 9.0, None) for n in each]}, (260, 260)) for each in (names, names[::-1])
    )
    assert (one[238:] != other[238:]).any() and (one[:230] == other[:230]).all()


def test_labels_are_kept_counted_and_loaded(tmp_path):
    w = mapper([planted("one"), planted("two")], network="one")
    w._desk.text.value = "  dog <b> "
    assert w.labels == [
        {"network": "one", "layer": "1", "channel": 0, "label": "dog <b>", "category": "object"}
    ]
    w._desk.kind.value = "texture or material"
    assert w.labels[0]["category"] == "texture or material" and w.counts["one"]["texture or material"] == 1
    w.channel = 2
    assert w._desk.text.value == "" and w._desk.kind.value == "(not labelled)"
    w._desk.kind.value = "scene"
    w.set(network="two", channel=0)
    w.wait(60)
    w._desk.text.value = "sky"
    assert w.counts["two"]["object"] == 1 and w.counts["one"]["scene"] == 1 and len(w.labels) == 3
    w.network = "one"
    assert w._desk.text.value == "dog <b>" and "Save 3 labels" in w._desk.link.value
    data = w._desk.link.value.split("base64,")[1].split('"')[0]
    assert json.loads(base64.b64decode(data)) == w.labels == w.state["labels"]
    json.dumps(w.state)
    w.save_labels(tmp_path / "labels.json")
    again = mapper([planted("one"), planted("two")], labels=labels_from_json(tmp_path / "labels.json"))
    assert again.labels == w.labels and again._desk.text.value == "dog <b>"
    w._desk.kind.value = "(not labelled)"
    w._desk.text.value = ""
    w._desk.kind.value = "(not labelled)"
    assert len(w.labels) == 2
    for content in (b"[1]", b"garbage", b"\xff\xd8", str(tmp_path / "labels.json").encode()):
        w._desk._load(type("Change", (), {"new": [{"content": memoryview(content)}]})())
        assert isinstance(w.error, InputError) and len(w.labels) == 2, "nor is its content a file's name"
    w._desk._load(type("Change", (), {"new": [{"content": memoryview(base64.b64decode(data))}]})())
    assert len(w.labels) == 3 and w.counts["one"]["texture or material"] == 1


def test_stop_stops_and_the_button_goes_on():
    w = ReceptiveFieldMapper(planted(), photos(), "1", patch=1, stride=1, k=9, units=2)
    w._runner.stop()
    w.wait(60)
    assert w._runner.state in ("stopped", "done")
    w._bar.start.click()
    w.wait(60)
    assert w.error is None and w.result.size == 3 and w._runner.state == "done"


def test_what_was_stopped_begins_again_only_when_it_is_asked_for(monkeypatch):
    w = ReceptiveFieldMapper(planted(), photos(), "1", patch=1, stride=1, units=2)
    w.wait(60)
    started = []
    monkeypatch.setattr(w._runner, "start", started.append)
    w.channel = 2
    assert len(started) == 1
    w._on_state("stopped", None)
    w.opacity = 0.3
    assert len(started) == 1 and w.error is None
    w._bar.start.click()
    assert len(started) == 2


def test_a_unit_that_never_fires_is_told_and_the_widget_goes_on():
    w = mapper()
    w.channel = 1
    w.wait(60)
    assert isinstance(w.error, InputError) and "never fires has no field" in w._status.value
    assert w.result.channel == 0
    w.channel = 2
    w.wait(60)
    assert w.error is None and w.result.channel == 2 and w._status.layout.display == "none"
    dead = mapper(channel=1)  # not known before the pictures have been seen
    assert isinstance(dead.error, InputError)
    dead.channel = 0
    dead.wait(60)
    assert dead.error is None and dead.result.size == 3


@pytest.mark.parametrize(
    ("traits", "error", "says"),
    [
        ({"layer": "5"}, LayerError, "has no place in it"),
        ({"layer": "nope"}, LayerError, "no layer 'nope'"),
        ({"channel": 3}, TargetError, "no channel 3: they go from 0 to 2"),
        ({"patch": 19}, InputError, "patch of 19 px does not fit into the picture of 18 px"),
        ({"network": "x"}, ModelError, "no network 'x'"),
        ({"units": 0}, InputError, "units is how many channels"),
        ({"labels": [{"layer": "1"}]}, InputError, "label 0 is not a dict"),
        ({"pictures": []}, (InputError, PictureError), "picture"),
    ],
)
def test_the_constructor_refuses_what_cannot_be(traits, error, says):
    with pytest.raises(error, match=says):
        mapper(**traits)
    assert threading.active_count() < 40


def test_what_is_wrong_later_is_told_and_the_last_good_result_stays():
    w = mapper()
    wrongs = [
        ("patch", 19, 1),
        ("layer", "5", "1"),
        ("network", "x", "<planted>"),
        ("channel", 99, w.channel),
    ]
    for trait, wrong, right in wrongs:
        setattr(w, trait, wrong)
        assert w.error is not None and w.result.size == 3 and w._status.layout.display == ""
        setattr(w, trait, right)
        assert w.error is None
    w.set(layer="3", channel=1)
    w.wait(60)
    w.set(layer="1", channel=2)
    w.layer = "3"  # has 2 channels
    w.wait(60)
    assert w.channel == 0 and w.error is None
    with pytest.raises(ModelError, match="name of its own"):
        ReceptiveFieldMapper([planted(), planted()], photos())
    with pytest.raises(ModelError, match="takes a HookedModel"):
        ReceptiveFieldMapper(3)


def test_one_picture_is_enough():
    w = mapper(pictures={"a": photos()["<i>0"]}, rank=1)
    assert w.error is None and len(w.result.maps) == 1
    w.rank = 9
    assert w.rank == 1 and w.error is None


def test_nan_in_a_network_is_told():
    model = planted()
    with torch.no_grad():
        model.network[0].weight[0] = float("nan")
    w = mapper(model)
    assert isinstance(w.error, InputError) and "NaN" in str(w.error)


def test_the_snapshot_holds_all_panels():
    w = mapper()
    assert pixels(w.snapshot()).shape[1] > 800 and pixels(w.snapshot()).shape[0] > 400


def test_chart_layers_are_the_ends_of_the_stages():
    from torchvision.models import alexnet

    model = HookedModel(alexnet(weights=None), (3, 224, 224))
    layers = {each.name: 1 for each in model.layers if each.is_map}
    wanted = ["features.2", "features.5", "features.7", "features.9", "features.12"]
    assert charted(model, layers) == wanted  # pool1, pool2, conv3, conv4, pool5: the paper's
