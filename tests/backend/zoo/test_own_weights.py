"""The student's own files of weights, in every form people save them in."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models

from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.backend.zoo import load, open_model
from cnnviz_widgets.errors import WeightsError
from tests.backend.fake_hub import saved
from tests.backend.zoo.conftest import description, same_weights


@pytest.mark.parametrize("form", ["plain", "parallel", "nested", "compiled", "half", "legacy", "safetensors"])
def test_own_weights_in_every_form(tmp_path: Path, form: str):
    state = models.squeezenet1_1().state_dict()
    path = tmp_path / "mine.pth"
    if form == "safetensors":
        path = tmp_path / "mine.safetensors"
        save_file(state, path)
    else:
        prefix = {"parallel": "module.", "compiled": "_orig_mod."}.get(form, "")
        content: object = {
            prefix + key: value.half() if form == "half" else value for key, value in state.items()
        }
        content = {"epoch": 3, "model": content} if form == "nested" else content
        path.write_bytes(saved(content, _use_new_zipfile_serialization=form != "legacy"))
    model = open_model("squeezenet1_1", path)
    expected = {key: value.half() for key, value in state.items()} if form == "half" else state
    assert same_weights(model.network, expected)
    assert next(model.network.parameters()).dtype == torch.float32
    assert len(model.classes) == 1000
    assert open_model("squeezenet1_1", str(path)).input_shape == (3, 224, 224)


@pytest.mark.parametrize(
    "name",
    [
        "squeezenet1_1",
        "resnet18",
        "mobilenet_v3_small",
        pytest.param("densenet121", marks=pytest.mark.heavy),
        pytest.param("maxvit_t", marks=pytest.mark.heavy),
    ],
)
def test_another_number_of_classes_is_understood(tmp_path: Path, name: str):
    path = tmp_path / "mine.pth"
    torch.save(models.get_model(name, num_classes=7).state_dict(), path)
    model = open_model(name, path)
    assert model.classes is None
    with torch.inference_mode():
        assert model.network(torch.zeros(1, 3, 224, 224)).shape == (1, 7)


def test_googlenet_fine_tuned_keeps_its_scaling(tmp_path: Path):
    network = models.googlenet(
        num_classes=5, init_weights=False, aux_logits=False, transform_input=True
    ).eval()
    torch.save(network.state_dict(), tmp_path / "mine.pth")
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(load("googlenet", tmp_path / "mine.pth").network(x), network(x))


def test_class_names_travel_in_safetensors(tmp_path: Path):
    path = tmp_path / "mine.safetensors"
    state = models.squeezenet1_1(num_classes=2).state_dict()
    save_file(state, path, {"classes": '["husky", "wolf"]'})
    assert open_model("squeezenet1_1", path).classes == ("husky", "wolf")
    save_file(state, path, {"classes": '["husky", "wolf", "fox"]'})
    assert open_model("squeezenet1_1", path).classes is None
    save_file(state, path, {"classes": "husky, wolf"})
    with pytest.raises(WeightsError, match="JSON list"):
        open_model("squeezenet1_1", path)


def test_weights_of_another_network_are_explained(tmp_path: Path):
    path = tmp_path / "mine.pth"
    torch.save(models.squeezenet1_0().state_dict(), path)
    with pytest.raises(
        WeightsError, match=r"of another shape: features.0.weight is 96x3x7x7 and should be 64x3x3x3"
    ):
        open_model("squeezenet1_1", path)
    torch.save(models.alexnet(num_classes=3).state_dict(), path)
    with pytest.raises(
        WeightsError, match=r"missing: features.3.squeeze.weight.*not part of it: .* and [0-9]+ more"
    ):
        open_model("squeezenet1_1", path)
    torch.save([1, 2], path)
    with pytest.raises(WeightsError, match="holds no named weights, but a list"):
        open_model("squeezenet1_1", path)
    with pytest.raises(WeightsError, match=r"no file of weights at .*nowhere.pth"):
        open_model("squeezenet1_1", tmp_path / "nowhere.pth")


def test_a_pickled_network_is_refused_and_runs_nothing(tmp_path: Path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pth")
    with pytest.raises(WeightsError, match=r"torch.save\(network.state_dict\(\), path\)"):
        open_model("alexnet", tmp_path / "whole.pth")

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (tmp_path / "evil.pth").write_bytes(saved({"x": Evil()}))
    with pytest.raises(WeightsError):
        open_model("alexnet", tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


def test_a_run_of_ones_own_opens_in_the_embedded_architecture(embedded: Path, tmp_path: Path):
    path = tmp_path / "mine.safetensors"
    save_file(MiniConvNet(3).state_dict(), path, description(classes=["a", "b", "c"], mean=[0.1, 0.1, 0.1]))
    model = open_model("mini-convnet", path)
    assert model.classes == ("a", "b", "c")
    assert load("mini-convnet", path).mean == (0.1, 0.1, 0.1)
    torch.save(MiniConvNet(10).state_dict(), tmp_path / "mine.pth")
    # Ten classes are not always CIFAR's ten.
    assert open_model("mini-convnet", tmp_path / "mine.pth").classes is None
