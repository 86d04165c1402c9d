"""Every name that opens a network, and what is told of a network before it is opened."""

from pathlib import Path

import pytest
import torch

from cnnviz_widgets.backend.zoo import find, model_info, model_names, open_model
from cnnviz_widgets.errors import ModelNameError


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
