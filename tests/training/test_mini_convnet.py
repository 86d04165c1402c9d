"""The recipe of mini-convnet, and the weights that came out of it."""

import copy
import json

import pytest
import torch
from safetensors import safe_open
from torch import nn

from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.errors import PictureError, WeightsError
from cnnviz_widgets.training import mini_convnet
from cnnviz_widgets.training.__main__ import SHIPPED
from cnnviz_widgets.training.batch_norm import NormalizedConv, add_batch_norm, fold_batch_norm
from cnnviz_widgets.training.cifar10 import CLASSES, read_cifar10
from cnnviz_widgets.training.lessons import normalized

SHIPPED_FILE = SHIPPED / "mini-convnet.safetensors"
SLIDE = {"conv1.weight": (16, 3, 7, 7), "conv2.weight": (20, 16, 7, 7), "conv3.weight": (20, 20, 7, 7)}


def content(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118


def same_weights(path, other):
    first, second = content(path)[0], content(other)[0]
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def shipped():
    return content(SHIPPED_FILE)


@pytest.fixture(scope="module")
def trained(small_cifar10, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    return mini_convnet.train(small_cifar10, out, epochs=15, seed=3, quiet=True)


def test_it_is_three_convolutions_with_the_slide_s_shapes_and_a_linear_classifier():
    network = MiniConvNet()
    shapes = {name: tuple(value.shape) for name, value in network.named_parameters() if value.ndim > 1}
    assert shapes == SLIDE | {"fc.weight": (10, 320)}
    kinds = [type(each).__name__ for each in network.children()]
    assert kinds == ["Conv2d", "ReLU", "MaxPool2d"] * 3 + ["Flatten", "Linear"]
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert MiniConvNet(classes=4)(torch.zeros(1, 3, 32, 32)).shape == (1, 4)


def test_the_recipe_learns_a_planted_rule(trained, small_cifar10):
    assert mini_convnet.evaluate(small_cifar10, trained) > 0.9  # chance is 0.1
    log = [json.loads(line) for line in (trained.parent / "log.jsonl").read_text().splitlines()]
    assert len(log) == 15
    assert log[-1]["loss"] < log[0]["loss"] / 2
    said = float(content(trained)[1]["accuracy"])
    # Folding the batch norms changed no verdict, or at most one.
    assert said == pytest.approx(log[-1]["test_accuracy"], abs=0.011)
    assert said == mini_convnet.evaluate(small_cifar10, trained)


def test_the_weights_do_not_depend_on_stopping(small_cifar10, tmp_path, monkeypatch):
    straight = mini_convnet.train(small_cifar10, tmp_path / "straight", epochs=3, quiet=True)

    learned, taken = mini_convnet.moved, 0

    def interrupted(pictures, most):
        nonlocal taken
        taken += 1
        if taken == 5:  # three steps an epoch: in the second
            raise KeyboardInterrupt
        return learned(pictures, most)

    with monkeypatch.context() as patched:
        patched.setattr(mini_convnet, "moved", interrupted)
        with pytest.raises(KeyboardInterrupt):
            mini_convnet.train(small_cifar10, tmp_path / "stopped", epochs=3, quiet=True)
    assert not (tmp_path / "stopped" / straight.name).exists()
    resumed = mini_convnet.train(small_cifar10, tmp_path / "stopped", epochs=3, quiet=True)
    assert same_weights(resumed, straight)
    assert content(resumed)[1] == content(straight)[1]

    other = mini_convnet.train(small_cifar10, tmp_path / "other", epochs=3, seed=1, quiet=True)
    assert not same_weights(other, straight)


def test_training_leaves_the_caller_s_chance_alone(small_cifar10, tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    mini_convnet.train(small_cifar10, tmp_path, epochs=1, quiet=True)
    assert torch.equal(torch.rand(3), expected)


def test_folding_batch_norm_changes_no_score():
    network = add_batch_norm(MiniConvNet())
    x = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for each in network.modules():
        if isinstance(each, NormalizedConv):
            nn.init.uniform_(each.norm.weight, -2, 2)  # a negative scale turns a filter round
            nn.init.normal_(each.norm.bias)
    for _ in range(5):
        network(x)  # statistics far from the 0 and 1 they start at
    network = network.double().eval()
    before = copy.deepcopy(network.state_dict())
    plain = fold_batch_norm(network)
    assert torch.allclose(plain(x.double()), network(x.double()), rtol=1e-12, atol=1e-12)
    assert {name for name, _ in plain.named_parameters()} == {
        name for name, _ in MiniConvNet().named_parameters()
    }
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_wrong_data_and_wrong_weights_are_told(small_cifar10, tmp_path):
    with pytest.raises(PictureError, match="No CIFAR-10 train"):
        mini_convnet.train(tmp_path, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(WeightsError, match="no file of weights"):
        mini_convnet.evaluate(small_cifar10, tmp_path / "none.safetensors")
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="do not fit mini-convnet"):
        mini_convnet.evaluate(small_cifar10, tmp_path / "other.pt")


def test_the_shipped_weights_describe_themselves(shipped):
    weights, card = shipped
    assert {name: tuple(value.shape) for name, value in weights.items() if name in SLIDE} == SLIDE
    assert {value.dtype for value in weights.values()} == {torch.float32}
    MiniConvNet().load_state_dict(weights)
    assert (card["name"], card["architecture"]) == ("mini-convnet", "MiniConvNet")
    assert tuple(json.loads(card["classes"])) == CLASSES
    assert json.loads(card["input_shape"]) == [3, 32, 32]
    assert len(json.loads(card["mean"])) == len(json.loads(card["std"])) == 3
    assert 0.72 < float(card["accuracy"]) < 1
    assert SHIPPED_FILE.stat().st_size < 200_000


def test_the_model_card_says_what_the_weights_say(shipped):
    text = SHIPPED_FILE.with_suffix(".md").read_text()
    assert f"{float(shipped[1]['accuracy']):.2%}".replace("%", " %") in text
    assert all(name in text for name in CLASSES)
    for number in json.loads(shipped[1]["mean"]) + json.loads(shipped[1]["std"]):
        assert f"{number:.4f}" in text


def test_the_first_filters_look_learned(shipped):
    """Neighbouring pixels of a learned filter are alike; of random ones they are not."""

    def likeness(filters):
        pairs = [(filters[..., 1:], filters[..., :-1]), (filters[..., 1:, :], filters[..., :-1, :])]
        return sum(torch.cosine_similarity(one.flatten(1), other.flatten(1)) for one, other in pairs) / 2

    learned = likeness(shipped[0]["conv1.weight"])
    random = likeness(torch.randn(16, 3, 7, 7, generator=torch.Generator().manual_seed(0)))
    assert (learned > random.max()).all()
    assert learned.median() > 0.7


@pytest.mark.real
def test_the_shipped_weights_are_as_good_as_they_say(real, shipped):
    share = mini_convnet.evaluate(real / "cifar10", SHIPPED_FILE, first=2000)
    assert share > 0.72
    assert share == pytest.approx(float(shipped[1]["accuracy"]), abs=0.03)


@pytest.mark.real
def test_the_labels_are_in_cifar10_s_order(real, shipped):
    """Each class is called by its own name more often than by any other."""
    weights, card = shipped
    network = MiniConvNet()
    network.load_state_dict(weights)
    pictures, labels = read_cifar10(real / "cifar10", "test")
    x = normalized(pictures[:2000], json.loads(card["mean"]), json.loads(card["std"]))
    with torch.no_grad():
        said = network(x).argmax(1)
    for label in range(10):
        assert said[labels[:2000] == label].bincount(minlength=10).argmax() == label
