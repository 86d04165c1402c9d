"""FilterGrid: from a trait to the pixels, with no browser."""

import io
import json

import numpy as np
import pytest
import torch
import traitlets
from PIL import Image
from torch import nn

from cnnviz_widgets import FilterGrid, HookedModel, open_model
from cnnviz_widgets.errors import LayerError, ModelError, ModelNameError


class Tiny(nn.Module):
    """Two RGB filters of one pixel, then one grey filter over two channels."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 2, 1, bias=False)
        self.second = nn.Conv2d(2, 1, 2, bias=False)
        with torch.no_grad():
            self.first.weight[:] = torch.tensor([[1.0, 0, -1], [0.25, 0.5, 0]])[:, :, None, None]
            self.second.weight[:] = torch.tensor([[[[2.0, 0], [0, 1]], [[-2.0, 0], [0, 0]]]])

    def forward(self, x):
        return self.second(self.first(x)).mean((2, 3))


@pytest.fixture
def grid():
    return FilterGrid(HookedModel(Tiny(), (3, 4, 4), name="tiny"))


def pixels(grid, panel=0):
    return np.asarray(Image.open(io.BytesIO(grid.panels[panel].surface.picture)).convert("RGB")).astype(int)


def test_colours_of_filters_worked_out_by_hand(grid):
    picture = pixels(grid)
    zoom = 24  # two tiles of one weight, at the largest zoom there is, with one pixel between
    assert picture.shape == (zoom, 2 * zoom + 1, 3)
    assert picture[0, 0].tolist() == [255, 128, 0]  # (1, 0, -1): each filter by itself
    assert picture[0, zoom].tolist() == [255, 255, 255]  # the gap
    assert picture[0, zoom + 1].tolist() == [191, 255, 128]  # (.25, .5, 0) over .5


def test_one_scale_for_all_filters_dims_the_weak_one(grid):
    grid.scale = "joint"
    assert grid.error is None
    assert pixels(grid)[0, 25].tolist() == [159, 191, 128]  # (.25, .5, 0) over 1
    assert "white is +1, black -1" in grid.panels[0].words


def test_deeper_filters_are_a_row_of_grey_slices_with_zero_in_the_middle(grid):
    grid.layer = "second"
    picture = pixels(grid)
    zoom = (picture.shape[0]) // 2
    assert picture.shape == (2 * zoom, 4 * zoom + 1, 3)  # one filter, two inputs
    assert picture[0, 0].tolist() == [255] * 3
    assert picture[0, 2 * zoom + 1].tolist() == [0] * 3
    assert abs(picture[0, zoom][0] - 127.5) < 1
    assert abs(picture[zoom, zoom][0] - 191) <= 1


def test_pointing_names_the_filter_and_reads_its_weights(grid):
    panel = grid.panels[0]
    panel._point_at(30, 3)
    assert "filter 1" in panel._pointer.value
    assert "red +0.25, green +0.5, blue +0" in panel._pointer.value
    grid.layer = "second"
    zoom = pixels(grid).shape[0] // 2
    panel._point_at(2 * zoom + 2, 1)
    assert "filter 0" in panel._pointer.value
    assert "input 1: -2" in panel._pointer.value


def test_a_click_marks_a_filter_and_a_second_click_frees_it(grid):
    plain = pixels(grid)
    grid.panels[0]._click_at(30, 3)
    assert grid.selected == [1]
    marked = pixels(grid)
    assert marked[0, 25].tolist() == [213, 94, 0]
    assert (marked[:, :24] == plain[:, :24]).all()
    grid.panels[0]._click_at(30, 3)
    assert grid.selected == [-1]
    assert (pixels(grid) == plain).all()


def test_a_click_on_the_gap_changes_nothing(grid):
    grid.panels[0]._click_at(24, 3)
    assert grid.selected == [-1]


def test_controls_and_traits_move_together(grid):
    panel = grid.panels[0]
    panel._choice.value = "second"
    assert grid.layer == "second"
    grid.layer = "first"
    assert panel._choice.value == "first"
    panel._number.value = 1
    assert grid.selected == [1]


def test_an_unknown_layer_is_told_and_the_widget_goes_on(grid):
    before = pixels(grid)
    grid.layer = "frist"
    assert isinstance(grid.error, LayerError)
    assert "Did you mean 'first'" in grid._status.value
    assert (pixels(grid) == before).all()
    grid.scale = "joint"  # drawing still works, and the question that failed is still unanswered
    assert isinstance(grid.error, LayerError)
    grid.layer = "second"
    assert grid.error is None
    assert grid._status.layout.display == "none"
    assert grid.result[0].layer == "second"


def test_a_filter_that_does_not_exist_is_told(grid):
    grid.selected = [7]
    assert "no filter 7" in str(grid.error)
    grid.selected = [0]
    assert grid.error is None


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: FilterGrid(HookedModel(Tiny(), (3, 4, 4)), layer="x"), LayerError, "no layer 'x'"),
        (lambda: FilterGrid("no-such-net"), ModelNameError, "no-such-net"),
        (lambda: FilterGrid(), ModelError, "give one"),
        (lambda: FilterGrid(nn.ReLU()), ModelError, r"HookedModel\(network\)"),
        (lambda: FilterGrid(HookedModel(nn.Sequential(nn.Linear(3, 2)))), LayerError, "no 2-D convolution"),
    ],
)
def test_wrong_questions_raise_in_the_constructor(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_one_entry_for_each_network(grid):
    with pytest.raises(traitlets.TraitError, match="one entry for each of the 1 networks"):
        grid.layers = ["first", "second"]


def test_several_traits_cost_one_computation(grid, monkeypatch):
    asked, painted = [], []
    compute, draw = grid._compute, grid._draw
    monkeypatch.setattr(grid, "_compute", lambda: asked.append(1) or compute())
    monkeypatch.setattr(grid, "_draw", lambda result: painted.append(1) or draw(result))
    grid.set(layers=["second"], scale="joint", selected=[0])
    assert (len(asked), len(painted)) == (1, 1)


def test_state_is_json_and_brings_the_same_picture_back(grid):
    grid.set(layers=["second"], scale="joint", selected=[0])
    state = json.loads(json.dumps(grid.state))
    other = FilterGrid(HookedModel(Tiny(), (3, 4, 4), name="tiny"))
    other.set(**state)
    assert (pixels(other) == pixels(grid)).all()
    assert other.snapshot() == grid.snapshot()


def test_pages_of_a_large_layer():
    net = nn.Sequential(nn.Conv2d(40, 70, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    grid = FilterGrid(HookedModel(net, (40, 4, 4)))
    panel = grid.panels[0]
    assert panel._outputs.max == 64
    assert panel._inputs.max == 32
    assert "filters 0 to 31, inputs 0 to 31" in panel.words
    grid.select(0, 69)
    assert grid.pages == [(64, 0)]
    assert "filters 64 to 69" in panel.words
    panel._inputs.value = 32
    assert "inputs 32 to 39" in panel.words
    panel._point_at(1, 1)
    weight = net[0].weight[64, 32, 0, 0].item()
    assert f"input 32: {weight:+.3g}" in panel._pointer.value


def test_networks_side_by_side_and_one_that_must_be_downloaded(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    grid = FilterGrid(HookedModel(Tiny(), (3, 4, 4), name="<script>tiny"), "alexnet")
    assert grid.result[1] is None
    button = grid.panels[1].box.children[1]
    assert "233 MB" in button._button.description
    assert "&lt;script&gt;tiny" in grid.panels[0].box.children[0].value
    grid.take_model(1, open_model("alexnet", weights=None))
    assert grid.result[1].weights.shape == (64, 3, 11, 11)
    assert pixels(grid, 1).std() > 10


def test_a_download_that_fails_is_told_and_can_be_tried_again(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CNNVIZ_MIRROR", "http://127.0.0.1:9")  # the discard port: nobody answers
    grid = FilterGrid("mini-convnet", "alexnet")
    button = grid.panels[1].box.children[1]
    button._button.click()
    button.join(60)
    assert "alexnet" in button._text.value
    assert "mini-convnet" in button._text.value  # what works without a network
    assert not button._button.disabled
    assert grid.error is None


def test_the_widget_carries_its_static_twin(grid):
    style = grid.children[-1]
    assert f".{grid._twin.css_class}" in style.value
    assert Image.open(io.BytesIO(grid.snapshot())).format == "PNG"
