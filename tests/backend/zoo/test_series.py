"""A training run by its epochs: one, some, all of them, and those that were not kept."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.backend.series import epoch_path
from cnnviz_widgets.backend.zoo import load, model_info, model_names, open_model
from cnnviz_widgets.errors import ModelNameError, WeightsError
from tests.backend.zoo.conftest import description, same_weights


def state(epoch: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(100 + epoch)
    return {key: value.half() for key, value in MiniConvNet().state_dict().items()}


@pytest.fixture
def series(embedded: Path) -> Path:
    """The embedded network was kept after epochs 2, 10 and, at the end, 30."""
    for epoch in (10, 2):
        path = epoch_path(embedded, "mini-convnet", epoch)
        path.parent.mkdir(exist_ok=True)
        save_file(state(epoch), path, description(epoch=epoch))
    save_file(state(30), embedded / "mini-convnet.safetensors", description(epoch=30))
    (embedded / "mini-convnet" / "notes.txt").touch()
    return embedded


def test_one_epoch_by_its_name(series: Path):
    for epoch in (2, 10, 30):
        model = open_model(f"mini-convnet@{epoch}")
        assert model.name == f"mini-convnet@{epoch}"
        assert same_weights(model.network, state(epoch))
        assert {each.dtype for each in model.network.parameters()} == {torch.float32}
        assert model.classes == tuple(f"class {i}" for i in range(10))
        assert not model.network.training
    assert open_model("Mini_ConvNet@2").name == "mini-convnet@2"
    assert open_model("mini-convnet").name == "mini-convnet"
    assert same_weights(open_model("mini-convnet").network, state(30))
    assert load("mini-convnet@2").mean == (0.5, 0.4, 0.3)


def test_all_epochs_come_in_order(series: Path):
    models = open_model("mini-convnet", epochs="all")
    assert [model.name for model in models] == ["mini-convnet@2", "mini-convnet@10", "mini-convnet@30"]
    for model, epoch in zip(models, (2, 10, 30), strict=True):
        assert same_weights(model.network, state(epoch))
    assert [model.name for model in open_model("mini-convnet", epochs=[30, 2])] == [
        "mini-convnet@2",
        "mini-convnet@30",
    ]


def test_epochs_are_not_names_of_their_own(series: Path):
    assert model_names("embedded") == ["mini-convnet"]
    info = model_info("mini-convnet")
    assert info.epochs == (2, 10, 30)
    one = model_info("mini-convnet@10")
    assert (one.name, one.source, one.classes, one.cached, one.epochs) == (
        "mini-convnet@10",
        "embedded",
        10,
        True,
        (),
    )
    assert one.path == series / "mini-convnet" / "epoch-10.safetensors"
    assert one.megabytes == one.path.stat().st_size / 2**20
    assert model_info("alexnet").epochs == ()


@pytest.mark.parametrize(
    "use", [open_model, model_info, lambda name: open_model("mini-convnet", epochs=[2, 3])]
)
def test_an_epoch_that_was_not_kept_lists_those_that_were(series: Path, use):
    with pytest.raises(WeightsError, match=r"not kept after epoch 3\. They were after 2, 10 and 30"):
        use("mini-convnet@3")


def test_wrong_wishes_are_answered(series: Path):
    for name in ("mini-convnet@", "mini-convnet@five", "mini-convnet@-1"):
        with pytest.raises(ModelNameError, match=r"should end in the number of an epoch.*epochs=\"all\""):
            open_model(name)
    with pytest.raises(WeightsError, match=r"Of 'alexnet' there are only the final weights"):
        open_model("alexnet@5")
    with pytest.raises(ModelNameError, match="no model called 'mini-convnot'"):
        open_model("mini-convnot@2", epochs=None)
    with pytest.raises(ModelNameError, match="names one epoch already"):
        open_model("mini-convnet@2", epochs="all")
    for weights in (None, "mine.pth"):
        with pytest.raises(WeightsError, match="a set of weights already"):
            open_model("mini-convnet@2", weights)
        with pytest.raises(WeightsError, match="not with both"):
            open_model("mini-convnet", weights, epochs="all")
    for epochs in ("every", [], 5):
        with pytest.raises(WeightsError, match=r'epochs is "all" or a list of numbers'):
            open_model("mini-convnet", epochs=epochs)


def test_a_network_with_final_weights_only_has_no_epochs(embedded: Path):
    assert model_info("mini-convnet").epochs == ()
    with pytest.raises(WeightsError, match="there are only the final weights"):
        open_model("mini-convnet", epochs="all")


def test_damaged_files_are_named(series: Path):
    path = epoch_path(series, "mini-convnet", 10)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WeightsError, match=r"epoch-10\.safetensors cannot be read"):
        open_model("mini-convnet", epochs="all")
    assert open_model("mini-convnet@2").name == "mini-convnet@2"
    said = description()
    assert "epoch" not in json.dumps(said)
    save_file(state(30), series / "mini-convnet.safetensors", said)
    with pytest.raises(WeightsError, match="does not say after which epoch"):
        open_model("mini-convnet@2")
