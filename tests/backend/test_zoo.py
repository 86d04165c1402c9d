"""Opening networks by name. No test leaves this machine: weights come from a fake hub on loopback."""

import io
import json
import pickle
import re
import socket
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision import models

from cnnviz_widgets.backend import assembly, downloads, places365, zoo
from cnnviz_widgets.backend.fetch import main as fetch_command
from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.backend.zoo import find, load, model_info, model_names, open_model
from cnnviz_widgets.errors import DownloadError, ModelNameError, WeightsError
from tests.backend.fake_hub import FakeHub, published, running_hub, saved

PLACES = "/models_places365/{}_places365.pth.tar"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TORCH_HOME, and no way out."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("CNNVIZ_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(downloads, "TIMEOUT", (1.0, 1.0))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch):
    with running_hub() as hub:
        monkeypatch.setenv("CNNVIZ_MIRROR", hub.address)
        yield hub


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of embedded networks with one of them, random."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setattr(assembly, "EMBEDDED", folder)
    monkeypatch.setattr(zoo, "EMBEDDED", folder)
    torch.manual_seed(1)
    save_file(MiniConvNet().state_dict(), folder / "mini-convnet.safetensors", description())
    return folder


def description(**changes: object) -> dict[str, str]:
    said = {"classes": [f"class {i}" for i in range(10)], "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]}
    said |= {"input_shape": [3, 32, 32]} | changes
    texts = {key: json.dumps(value) for key, value in said.items() if value is not None}
    return {"name": "mini-convnet", "architecture": "MiniConvNet", "accuracy": "0.75"} | texts


def picture(width: int = 300, height: int = 260) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def same_weights(network: torch.nn.Module, state: dict[str, torch.Tensor]) -> bool:
    mine = network.state_dict()
    return all(torch.equal(mine[key], state[key].to(mine[key].dtype)) for key in mine if key in state)


# ---- names


def test_names_are_the_embedded_ones_torchvisions_classifiers_and_places(embedded: Path):
    names = model_names()
    assert names[0] == "mini-convnet"
    assert len(names) == len(set(names)) > 80
    assert {"alexnet", "vit_b_16", "places365/densenet161"} <= set(names)
    assert not any("rcnn" in name or "r3d" in name or "deeplab" in name or "raft" in name for name in names)
    assert model_names("places365") == [
        f"places365/{a}" for a in ("alexnet", "resnet18", "resnet50", "densenet161")
    ]
    assert model_names("embedded") == ["mini-convnet"]
    assert sorted(names) == sorted(
        n for s in ("embedded", "torchvision", "places365") for n in model_names(s)
    )
    with pytest.raises(ModelNameError, match="'timm'"):
        model_names("timm")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("AlexNet", "alexnet"),
        ("resnet-18", "resnet18"),
        ("SqueezeNet1.1", "squeezenet1_1"),
        ("ViT-B/16".replace("/", "-"), "vit_b_16"),
        ("regnet_x_16gf", "regnet_x_16gf"),
        ("RegNet X 1.6GF", "regnet_x_1_6gf"),
        ("mini_convnet", "mini-convnet"),
        ("Places365/ResNet-50", "places365/resnet50"),
    ],
)
def test_spelling_is_forgiven(embedded: Path, said: str, meant: str):
    assert find(said) == meant


def test_every_name_finds_itself(embedded: Path):
    assert [find(name) for name in model_names()] == model_names()


def test_an_unknown_name_gets_the_nearest_and_the_embedded(embedded: Path):
    with pytest.raises(
        ModelNameError, match=r"no model called 'resnet17'.*'resnet18'.*model_names.*mini-convnet"
    ):
        open_model("resnet17")
    with pytest.raises(LookupError, match="There is no model called ''"):
        open_model("")
    with pytest.raises(ModelNameError, match=r"got a Linear.*HookedModel\(network\)"):
        open_model(torch.nn.Linear(1, 1))


# ---- torchvision


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


def test_info_tells_sizes_before_a_download(embedded: Path):
    assert model_info("alexnet").megabytes == pytest.approx(233.087)
    assert model_info("alexnet").classes == 1000
    assert model_info("resnet50", "IMAGENET1K_V1").path.name == "resnet50-0676ba61.pth"
    places = model_info("places365/alexnet")
    # 233 MB of AlexNet less 635 classes of 4096 weights and a bias, 4 bytes each
    assert places.megabytes == pytest.approx((61_100_840 - 635 * 4097) * 4 / 2**20, rel=1e-6)
    assert (places.source, places.classes, places.cached) == ("places365", 365, False)
    mini = model_info("mini-convnet")
    assert (mini.source, mini.classes, mini.cached) == ("embedded", 10, True)
    assert 0.1 < mini.megabytes < 0.3
    with pytest.raises(ModelNameError):
        model_info("nothing")


# ---- the student's own weights


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
    "name", ["squeezenet1_1", "resnet18", "densenet121", "mobilenet_v3_small", "maxvit_t"]
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
    assert open_model("squeezenet1_1", path).classes == ["husky", "wolf"]
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


# ---- Places365


def test_scene_names_are_mits_in_mits_order():
    names = places365.classes()
    assert len(names) == len(set(names)) == 365
    known = {0: "airfield", 8: "apartment_building/outdoor", 48: "beach", 52: "bedroom", 203: "kitchen"}
    known |= {215: "living_room", 243: "ocean", 319: "street", 364: "zen_garden"}
    assert {i: names[i] for i in known} == known


def renamed(architecture: str, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Name weights as MIT's release does: by Python 2 and torch 0.2 under DataParallel."""

    def old(key: str) -> str:
        if architecture == "alexnet":
            return key.replace("features.", "features.module.", 1)
        return "module." + re.sub(r"(denselayer\d+\.(?:norm|relu|conv))([12])", r"\1.\2", key)

    return OrderedDict((old(k), v) for k, v in state.items() if not k.endswith("num_batches_tracked"))


@pytest.mark.parametrize("architecture", places365.ARCHITECTURES)
def test_places_checkpoints_of_mits_forms(hub: FakeHub, home: Path, architecture: str):
    network = models.get_model(architecture, num_classes=365)
    state = renamed(architecture, network.state_dict())
    assert not set(state) <= set(network.state_dict())
    content = {"epoch": 90, "arch": architecture, "state_dict": state, "best_prec1": 54.2}
    hub.files[PLACES.format(architecture)] = saved(content, _use_new_zipfile_serialization=False)
    model = open_model(f"places365/{architecture}", progress=False)
    opened = model.network.state_dict()
    assert opened.keys() == network.state_dict().keys()
    assert all(torch.equal(opened[key], value) for key, value in network.state_dict().items())
    assert model.classes == list(places365.classes())
    assert model.input_shape == (3, 224, 224)
    assert [each.name for each in home.iterdir()] == [f"{architecture}_places365.pth.tar"]


def test_a_places_checkpoint_that_is_there_needs_no_server(home: Path):
    home.mkdir(parents=True)
    (home / "resnet18_places365.pth.tar").write_bytes(saved(models.resnet18(num_classes=365).state_dict()))
    assert model_info("places365/resnet18").cached
    assert len(open_model("places365/resnet18").classes) == 365


class Python2(pickle._Pickler):
    """Pickle as Python 2 did: names as byte strings, and storages of a GPU."""

    def save(self, thing: object, *rest: object, **how: object) -> None:
        if isinstance(thing, str):
            data = thing.replace("cpu", "cuda:0").encode("latin1")
            self.write(pickle.SHORT_BINSTRING + bytes([len(data)]) + data)
        else:
            super().save(thing, *rest, **how)


def test_places_checkpoint_pickled_by_python_2_on_a_gpu(hub: FakeHub):
    class module:
        Pickler, dump, HIGHEST_PROTOCOL = (
            Python2,
            staticmethod(lambda x, f, protocol: Python2(f, 2).dump(x)),
            2,
        )

    network = models.alexnet(num_classes=365)
    content = {"arch": "alexnet", "note": "caf\u00e9", "state_dict": renamed("alexnet", network.state_dict())}
    body = saved(content, pickle_module=module, _use_new_zipfile_serialization=False)
    assert b"U\x06cuda:0" in body
    assert b"U\x04caf\xe9" in body
    hub.files[PLACES.format("alexnet")] = body.replace(b"ctorch\nFloatStorage", b"ctorch.cuda\nFloatStorage")
    assert same_weights(load("places365/alexnet", progress=False).network, network.state_dict())


def test_a_places_download_is_kept_only_if_it_can_be_loaded(hub: FakeHub, home: Path):
    path = PLACES.format("resnet18")
    network = models.resnet18(num_classes=365)
    whole = saved({"state_dict": network.state_dict()}, _use_new_zipfile_serialization=False)
    other = saved({"state_dict": models.resnet18(num_classes=10).state_dict()})
    for content in (whole[:-1000], other, b"rubbish"):
        hub.files[path] = content
        with pytest.raises(DownloadError, match="what came is damaged, or is not this network's"):
            open_model("places365/resnet18", progress=False)
        assert list(home.iterdir()) == []
    hub.files[path] = whole
    assert len(open_model("places365/resnet18", progress=False).classes) == 365


def test_places_pictures_are_squeezed_and_cropped():
    pieces = load("places365/resnet18", None)
    # Left half black, right half white, twice as wide as high: squeezing keeps the edge in the middle.
    wide = Image.new("RGB", (512, 256))
    wide.paste((255, 255, 255), (256, 0, 512, 256))
    x = pieces.transform(wide)
    assert x.shape == (3, 224, 224)
    assert pieces.classes is None
    assert torch.allclose(x[:, 0, 100], -torch.tensor(pieces.mean) / torch.tensor(pieces.std))
    assert torch.allclose(x[:, 0, 124], (1 - torch.tensor(pieces.mean)) / torch.tensor(pieces.std))
    full = pieces.transform(
        Image.linear_gradient("L").convert("RGB")
    )  # 0 at the top, 255 at the bottom of 256 rows
    assert full[0, 0, 0] * 0.229 + 0.485 == pytest.approx(16 / 255, abs=1e-6)


# ---- embedded


def test_an_embedded_model_opens_without_anything(embedded: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(socket, "socket", lambda *a, **k: pytest.fail("the network was used"))
    model = open_model("mini-convnet")
    torch.manual_seed(1)
    assert same_weights(model.network, MiniConvNet().state_dict())
    assert not model.network.training
    assert model.classes == [f"class {i}" for i in range(10)]
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


def test_a_run_of_ones_own_opens_in_the_embedded_architecture(embedded: Path, tmp_path: Path):
    path = tmp_path / "mine.safetensors"
    save_file(MiniConvNet(3).state_dict(), path, description(classes=["a", "b", "c"], mean=[0.1, 0.1, 0.1]))
    model = open_model("mini-convnet", path)
    assert model.classes == ["a", "b", "c"]
    assert load("mini-convnet", path).mean == (0.1, 0.1, 0.1)
    torch.save(MiniConvNet(10).state_dict(), tmp_path / "mine.pth")
    # Ten classes are not always CIFAR's ten.
    assert open_model("mini-convnet", tmp_path / "mine.pth").classes is None


def test_the_packaged_networks_open():
    for name in model_names("embedded"):
        model = open_model(name)
        assert model.network(torch.zeros(1, *model.input_shape)).shape == (1, len(model.classes))


# ---- the command


def test_the_command_fetches_and_tells(hub: FakeHub, home: Path, capsys: pytest.CaptureFixture):
    with published(hub, "squeezenet1_1") as path:
        assert fetch_command(["squeezenet1_1", "--quiet"]) == 0
        assert capsys.readouterr() == (f"squeezenet1_1: 5 MB in {home / path.rpartition('/')[2]}\n", "")
        assert fetch_command(["alexnat", "squeezenet1_1"]) == 1
        shown = capsys.readouterr()
    assert "alexnet" in shown.err
    assert shown.out.startswith("squeezenet1_1: 5 MB")


# ---- real weights


@pytest.mark.real
def test_squeezenet_recognises_real_pictures(real: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TORCH_HOME", str(real / "torch_home"))
    pieces = load("squeezenet1_1")
    assert model_info("squeezenet1_1").cached
    files = sorted((real / "imagenet_samples").glob("*.jpg"))
    right = 0
    for start in range(0, len(files), 8):
        some = files[start : start + 8]
        with torch.inference_mode():
            batch = torch.stack([pieces.transform(Image.open(file).convert("RGB")) for file in some])
            top = pieces.network(batch).argmax(1).tolist()
        right += sum(int(file.name.split("_")[0]) == found for file, found in zip(some, top, strict=True))
    print(f"SqueezeNet 1.1: top-1 {right / len(files):.1%} of {len(files)} pictures")  # noqa: T201
    assert len(files) == 186
    assert right / len(files) > 0.5
