"""torchvision's classifiers: fetched once, checked, prepared as their weights ask."""

import io
import re
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision import models

from cnnviz_widgets.backend.fetch import main as fetch_command
from cnnviz_widgets.backend.zoo import load, model_info, model_names, open_model
from cnnviz_widgets.errors import DownloadError, WeightsError
from tests.backend.fake_hub import FakeHub, published, saved
from tests.backend.zoo.conftest import picture, same_weights


def test_weights_are_fetched_once_and_then_need_no_server(hub: FakeHub, home: Path):
    with published(hub, "squeezenet1_1") as path:
        assert not model_info("squeezenet1_1").cached
        pieces = load("squeezenet1_1", progress=False)
        served = torch.load(io.BytesIO(hub.files[path]))
        assert same_weights(pieces.network, served)
        info = model_info("squeezenet1_1")
        assert info.cached
        assert info.path == home / path.rpartition("/")[2]
        assert info.path.is_file()
        hub.files.clear()
        again = open_model("SqueezeNet1.1", progress=False)
    assert same_weights(again.network, served)
    assert not again.network.training
    assert again.input_shape == (3, 224, 224)
    assert again.name == "squeezenet1_1"
    assert len(again.classes) == 1000
    assert again.classes[281] == "tabby"
    assert hub.asked == [path]


def test_a_name_in_full_or_an_enum_member_is_a_set_of_weights(hub: FakeHub):
    with published(hub, "squeezenet1_1"):
        for weights in ("imagenet1k_v1", "DEFAULT", models.SqueezeNet1_1_Weights.IMAGENET1K_V1):
            assert load("squeezenet1_1", weights, progress=False).classes[0] == "tench"


def test_unknown_weights_list_what_there_is():
    with pytest.raises(WeightsError, match=r"'IMAGENET1K_V1', 'IMAGENET1K_V2'.*path"):
        open_model("resnet50", "imagenet1k_v3")
    with pytest.raises(WeightsError, match=r"'resnet50' has no weights called .*ResNet18_Weights"):
        open_model("resnet50", models.ResNet18_Weights.IMAGENET1K_V1)
    with pytest.raises(WeightsError, match="got a Tensor"):
        open_model("alexnet", torch.zeros(1))
    with pytest.raises(WeightsError, match="'default', None"):
        open_model("places365/alexnet", "IMAGENET1K_V1")


def test_every_torchvision_file_has_a_hash_and_one_crop_size():
    for name in model_names("torchvision"):
        for member in models.get_model_weights(name):
            assert re.search(r"-[0-9a-f]{8,}\.pth$", member.url)
            assert len(member.transforms().crop_size) == 1
            assert member.meta["_file_size"] > 1


@pytest.mark.parametrize("name", ["squeezenet1_1", "inception_v3", "efficientnet_b1", "swin_t"])
def test_pictures_are_prepared_as_the_weights_ask(name: str):
    pieces, member = load(name, None), models.get_model_weights(name).DEFAULT
    x = pieces.transform(picture())
    assert torch.equal(x, member.transforms()(picture()))
    assert x.shape == pieces.input_shape
    assert x.dtype == torch.float32
    grey = pieces.transform(Image.new("RGB", (400, 400), (128, 128, 128)))
    expected = (128 / 255 - torch.tensor(pieces.mean)) / torch.tensor(pieces.std)
    assert torch.allclose(grey.mean((1, 2)), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape"), [("inception_v3", 299), ("efficientnet_b1", 240), ("vit_b_32", 224)]
)
def test_the_input_shape_is_the_crop(name: str, shape: int):
    assert load(name, None).input_shape == (3, shape, shape)


def test_random_weights_need_no_download_and_know_no_classes(home: Path):
    torch.manual_seed(3)
    one = open_model("squeezenet1_1", None)
    torch.manual_seed(3)
    two = open_model("squeezenet1_1", None)
    assert one.classes is None
    assert same_weights(one.network, two.network.state_dict())
    assert not home.exists()


def test_googlenet_is_built_as_torchvision_builds_it(hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        torch.nn.init, "trunc_normal_", lambda *a, **k: pytest.fail("the slow initialisation")
    )
    assert load("googlenet", None).network.aux_logits
    with published(hub, "googlenet", init_weights=False):
        mine = load("googlenet", progress=False).network
        theirs = models.googlenet(weights="DEFAULT", progress=False).eval()
    assert mine.aux1 is None
    assert mine.transform_input
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(mine(x), theirs(x))


@pytest.mark.parametrize("name", ["squeezenet1_1", "densenet121", "mnasnet0_5", "shufflenet_v2_x0_5"])
def test_networks_are_the_ones_torchvision_opens(hub: FakeHub, name: str):
    with published(hub, name):
        mine = load(name, progress=False).network
        theirs = models.get_model(name, weights="DEFAULT", progress=False).eval()
    x = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(mine(x), theirs(x))


@pytest.mark.slow
def test_a_vision_transformer_takes_the_size_of_its_weights(hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(models.ViT_B_32_Weights.DEFAULT.meta, "min_size", (64, 64))
    with published(hub, "vit_b_32", image_size=64):
        mine = load("vit_b_32", progress=False).network
        theirs = models.vit_b_32(weights="DEFAULT", progress=False).eval()
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(mine(x), theirs(x))


def test_no_network_names_the_file_and_the_embedded_nets(embedded: Path, home: Path):
    with pytest.raises(DownloadError) as caught:  # port 9 of this machine, where nothing listens
        open_model("alexnet", progress=False)
    message = str(caught.value)
    for part in ("the weights of 'alexnet'", "no connection to", "open_model('mini-convnet')", str(home)):
        assert part in message


def test_a_wrong_hash_is_refused(hub: FakeHub, home: Path):
    with published(hub, "squeezenet1_1") as path:
        hub.files[path] = hub.files[path][:-1] + b"?"
        with pytest.raises(DownloadError, match="hash is wrong"):
            open_model("squeezenet1_1", progress=False)
    assert list(home.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_named_and_kept(home: Path):
    path = model_info("squeezenet1_1").path
    path.parent.mkdir(parents=True)
    for content in (b"", b"rubbish" * 100, saved(models.squeezenet1_1().state_dict())[:100_000]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match="delete it and open the model again") as caught:
            open_model("squeezenet1_1")
        assert str(path) in str(caught.value)
        assert path.read_bytes() == content


def test_the_command_fetches_and_tells(hub: FakeHub, home: Path, capsys: pytest.CaptureFixture):
    with published(hub, "squeezenet1_1") as path:
        assert fetch_command(["squeezenet1_1", "--quiet"]) == 0
        assert capsys.readouterr() == (f"squeezenet1_1: 5 MB in {home / path.rpartition('/')[2]}\n", "")
        assert fetch_command(["alexnat", "squeezenet1_1"]) == 1
        shown = capsys.readouterr()
    assert "alexnet" in shown.err
    assert shown.out.startswith("squeezenet1_1: 5 MB")


@pytest.mark.real
def test_squeezenet_recognises_real_pictures(real: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TORCH_HOME", str(real / "torch_home"))
    assert model_info("squeezenet1_1").cached
    model = open_model("squeezenet1_1")
    files = sorted((real / "imagenet_samples").glob("*.jpg"))
    right = 0
    for start in range(0, len(files), 8):
        some = files[start : start + 8]
        top = model.scores(torch.cat([model.preprocess(file) for file in some])).argmax(1).tolist()
        right += sum(int(file.name.split("_")[0]) == found for file, found in zip(some, top, strict=True))
    print(f"SqueezeNet 1.1: top-1 {right / len(files):.1%} of {len(files)} pictures")  # noqa: T201
    assert len(files) == 186
    assert right / len(files) > 0.5
