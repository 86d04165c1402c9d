"""The networks that come with the package and need no connection."""

import socket
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.backend.zoo import load, model_info, model_names, open_model
from cnnviz_widgets.errors import WeightsError
from tests.backend.zoo.conftest import description, same_weights


def test_an_embedded_model_opens_without_anything(embedded: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(socket, "socket", lambda *a, **k: pytest.fail("the network was used"))
    model = open_model("mini-convnet")
    torch.manual_seed(1)
    assert same_weights(model.network, MiniConvNet().state_dict())
    assert not model.network.training
    assert model.classes == tuple(f"class {i}" for i in range(10))
    assert model.input_shape == (3, 32, 32)
    x = load("mini-convnet").transform(Image.new("RGB", (64, 48), (255, 0, 51)))
    assert x.shape == (3, 32, 32)
    assert x[:, 5, 5].tolist() == pytest.approx([0.5 / 0.2, -0.4 / 0.3, (0.2 - 0.3) / 0.4])
    assert open_model("mini-convnet", None).classes is None


def test_a_damaged_embedded_file_is_named(embedded: Path):
    path = embedded / "mini-convnet.safetensors"
    whole = path.read_bytes()
    for content in (whole[:50_000], whole[:3], b""):
        path.write_bytes(content)
        for use in (open_model, model_info):
            with pytest.raises(WeightsError, match=r"mini-convnet.safetensors"):
                use("mini-convnet")
    for changes in ({"mean": None}, {"input_shape": 3}):
        save_file(MiniConvNet().state_dict(), path, description(**changes))
        with pytest.raises(WeightsError, match="does not describe its network"):
            open_model("mini-convnet")


def test_the_packaged_networks_open():
    for name in model_names("embedded"):
        model = open_model(name)
        assert model.network(torch.zeros(1, *model.input_shape)).shape == (1, len(model.classes))
