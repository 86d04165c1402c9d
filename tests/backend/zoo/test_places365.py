"""MIT's scene networks, whose files were written by Python 2 and torch 0.2."""

import pickle
import re
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision import models

from cnnviz_widgets.backend import places365
from cnnviz_widgets.backend.zoo import load, model_info, open_model
from cnnviz_widgets.errors import DownloadError
from tests.backend.fake_hub import FakeHub, saved
from tests.backend.zoo.conftest import same_weights

PLACES = "/models_places365/{}_places365.pth.tar"


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


@pytest.mark.heavy
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
    assert model.classes == places365.classes()
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


@pytest.mark.heavy
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
