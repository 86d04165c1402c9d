"""torchvision's detectors: opened by name, whole or not at all, and asked in the picture's own pixels."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision import models
from torchvision.ops import FrozenBatchNorm2d

from cnnviz_widgets.backend import Detector, detector_info, open_detector
from cnnviz_widgets.backend.detectors import TASKS
from cnnviz_widgets.backend.fetch import main as fetch_command
from cnnviz_widgets.errors import DownloadError, ModelNameError, PictureError, WeightsError
from tests.backend.fake_hub import FakeHub, published, saved
from tests.backend.zoo.conftest import home, hub, picture  # noqa: F401 - no test leaves this machine

BARE = {"weights_backbone": None}  # otherwise torchvision goes and fetches the backbone


@pytest.mark.parametrize("name", TASKS)
def test_random_weights_need_no_network(name: str, home: Path):  # noqa: F811
    detector = open_detector(name.upper().replace("_", "-"), None)
    assert (detector.name, detector.task) == (name, TASKS[name])
    assert detector.classes == tuple(models.get_model_weights(name).DEFAULT.meta["categories"])
    assert detector.classes[0] == "__background__" and "person" in detector.classes
    assert not detector.network.training and not home.exists()


def test_sizes_are_known_without_a_download(home: Path):  # noqa: F811
    info = detector_info("maskrcnn_resnet50_fpn")
    assert (round(info.megabytes), info.classes, info.cached) == (170, 91, False)
    assert info.path.parent == home


def test_what_does_not_exist_is_refused(tmp_path: Path):
    with pytest.raises(
        ModelNameError, match=r"no detector called 'maskrcnn'. Did you mean 'maskrcnn_resnet50_fpn'"
    ):
        open_detector("maskrcnn")
    with pytest.raises(ModelNameError, match="opened by open_model"):
        open_detector("resnet18")
    with pytest.raises(WeightsError, match=r"no weights called 'coco'. There are 'COCO_V1'"):
        open_detector("fasterrcnn_resnet50_fpn", "coco")
    with pytest.raises(WeightsError, match=r"no file of weights at .*mine.pth"):
        open_detector("fcn_resnet50", tmp_path / "mine.pth")


def test_no_network_is_told_and_leaves_nothing(home: Path):  # noqa: F811
    with pytest.raises(DownloadError, match=r"the weights of 'fcn_resnet50'.*no connection"):
        open_detector("fcn_resnet50", progress=False)
    assert not list(home.glob("*"))


@pytest.mark.heavy
def test_weights_are_fetched_once_and_the_second_head_is_left_out(hub: FakeHub):  # noqa: F811
    told = []
    with published(hub, "fcn_resnet50", **BARE, aux_loss=True) as path:
        detector = open_detector("fcn_resnet50", progress=lambda done, of: told.append((done, of)))
        served = torch.load(io.BytesIO(hub.files[path]))
        assert detector_info("fcn_resnet50").cached
        hub.files.clear()
        open_detector("fcn_resnet50")
        assert fetch_command(["fcn_resnet50", "--quiet"]) == 0
    assert told[-1][0] == told[-1][1] > 1e8 and hub.asked == [path]
    mine = detector.network.state_dict()
    assert not any(key.startswith("aux_classifier") for key in mine)
    assert all(torch.equal(mine[key], served[key]) for key in mine)


@pytest.mark.heavy
def test_segmentation_scores_every_pixel_of_the_picture(tmp_path: Path):
    torch.manual_seed(0)
    network = models.get_model("fcn_resnet50", weights=None, **BARE)
    nn.init.constant_(network.classifier[4].weight, 0)
    with torch.no_grad():
        network.classifier[4].bias.copy_(torch.arange(21.0))
    save_file(network.state_dict(), tmp_path / "own.safetensors")
    detector = open_detector("fcn_resnet50", str(tmp_path / "own.safetensors"))
    found = detector(picture(90, 60))["out"]
    assert found.shape == (21, 60, 90) and not found.requires_grad
    assert torch.allclose(found[:, 30, 40], torch.arange(21.0), atol=1e-4)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["fasterrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn"])
def test_detectors_divide_by_the_bare_deviation_as_torchvisions_do(name: str, tmp_path: Path):
    # torchvision's own, with its weights: frozen batch norms whose epsilon is 0, and no counters in the file.
    torch.manual_seed(0)
    network = models.get_model(name, weights=None, **BARE).eval()
    state = {key: value for key, value in network.state_dict().items() if "num_batches" not in key}
    for key in state:
        if key.endswith("running_var"):
            state[key] = torch.full_like(state[key], 1e-4)  # an epsilon of 1e-5 would be seen
            break
    (tmp_path / "own.pth").write_bytes(saved(state))
    theirs, mine = _frozen(network, state), open_detector(name, tmp_path / "own.pth").network
    x = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        for one, other in zip(theirs.backbone(x).values(), mine.backbone(x).values(), strict=True):
            assert torch.allclose(one, other, rtol=1e-3, atol=1e-4 * float(one.abs().max()))


def _frozen(network: nn.Module, state: dict) -> nn.Module:
    """Replace each batch norm by the frozen kind, without epsilon."""
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            parent, _, last = name.rpartition(".")
            setattr(network.get_submodule(parent), last, FrozenBatchNorm2d(module.num_features, eps=0.0))
    network.load_state_dict(state)
    return network.eval()


class Echo(nn.Module):
    """Returns what it was given, so that the preparation can be seen."""

    def forward(self, x: object) -> object:
        assert not self.training
        if isinstance(x, list):
            return [
                {"boxes": x[0].flatten()[:4][None], "labels": torch.ones(1).long(), "scores": torch.ones(1)}
            ]
        return {"out": x}


def test_a_detector_gets_pictures_as_its_weights_ask():
    grey = Image.fromarray(np.full((40, 60, 3), 51, np.uint8))
    shapes = Detector("f", "object detection", ("",), Echo(), _preset("fasterrcnn_resnet50_fpn"))
    assert shapes(grey)["boxes"].tolist() == [pytest.approx([0.2] * 4)]  # 0 to 1, not normalised
    labels = Detector("f", "semantic segmentation", ("",), Echo(), _preset("fcn_resnet50"))
    labels.network.train()  # somebody's doing; asked a picture, it evaluates
    found = labels(grey)["out"]
    assert found.shape == (3, 40, 60)
    assert found[:, 20, 30].tolist() == pytest.approx(
        [(0.2 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (0.2 - 0.406) / 0.225]
    )
    with pytest.raises(PictureError):
        labels(b"no picture")


def _preset(name: str) -> object:
    return models.get_model_weights(name).DEFAULT.transforms()
