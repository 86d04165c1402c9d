"""The recipe of Miniworld's networks, on a world small enough for tests."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from torch import nn

from cnnviz_widgets.backend import mini_nets
from cnnviz_widgets.backend.series import epoch_path, epochs_of
from cnnviz_widgets.errors import WeightsError
from cnnviz_widgets.training import miniworld
from cnnviz_widgets.training.batch_norm import NormalizedConv, fold_batch_norm
from cnnviz_widgets.training.lessons import accuracy
from cnnviz_widgets.training.world_nets import NETS
from tests.training.planted_world import CLASSES, PlantedWorld


def content(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118


def same(path, other):
    (first, said), (second, told) = content(path), content(other)
    for each in (said, told):
        each.pop("seconds")
    return (
        said == told
        and first.keys() == second.keys()
        and all(map(torch.equal, first.values(), second.values()))
    )


def opened(net, path):
    network = net.architecture(len(CLASSES))
    network.load_state_dict(content(path)[0])
    return network.eval()


@pytest.fixture
def trained(small_world, small_net, tmp_path):
    return miniworld.train(small_net, None, tmp_path / "run", seed=3, quiet=True)


def test_the_recipe_learns_a_planted_rule(trained, small_net):
    log = [json.loads(line) for line in (trained.parent / "log.jsonl").read_text().splitlines()]
    assert [epoch["epoch"] for epoch in log] == [1, 2, 3, 4, 5, 6]
    assert log[-1]["loss"] < log[0]["loss"]
    assert log[-1]["val_accuracy"] > 0.9  # chance is 0.25
    share = miniworld.evaluate(small_net, None, trained)
    assert share > 0.9
    assert content(trained)[1]["accuracy"] == f"{share:.4f}"
    # Another seed draws other pictures of the same world.
    assert miniworld.evaluate(small_net, None, trained, seed=1) > 0.9


def test_the_file_describes_itself(trained, small_world):
    weights, said = content(trained)
    world = PlantedWorld("train", 240)
    pixels = torch.stack([torch.from_numpy(world.picture(i)[0]) for i in range(240)]).double() / 255
    assert json.loads(said["mean"]) == pytest.approx(pixels.mean((0, 1, 2)).tolist(), abs=5e-5)
    assert json.loads(said["std"]) == pytest.approx(pixels.std((0, 1, 2)).tolist(), abs=1e-4)
    assert json.loads(said["classes"]) == list(CLASSES)
    assert json.loads(said["input_shape"]) == [3, 32, 32]
    assert (said["name"], said["architecture"], said["epoch"]) == ("mini-small", "MiniConvNet", "6")
    assert said["recipe"].startswith("mini-small --epochs 6 --seed 3")
    assert float(said["seconds"]) >= 0
    assert {value.dtype for value in weights.values() if value.ndim > 1} == {torch.half}
    assert {value.dtype for value in weights.values() if value.ndim == 1} == {torch.float}
    assert trained.stat().st_mode & 0o777 == (trained.parent / "log.jsonl").stat().st_mode & 0o777
    assert trained.stat().st_size < 100_000  # 40,000 weights of two bytes, and a few words


def test_stopped_and_resumed_the_files_are_the_same(small_world, small_net, tmp_path, monkeypatch):
    straight = miniworld.train(small_net, None, tmp_path / "straight", quiet=True)
    learned, taken = miniworld.moved, 0

    def interrupted(pictures, most):
        nonlocal taken
        taken += 1
        if taken == 11:  # three steps an epoch: in the fourth, after one was kept
            raise KeyboardInterrupt
        return learned(pictures, most)

    with monkeypatch.context() as patched:
        patched.setattr(miniworld, "moved", interrupted)
        with pytest.raises(KeyboardInterrupt):
            miniworld.train(small_net, None, tmp_path / "stopped", quiet=True)
    assert not (tmp_path / "stopped" / straight.name).exists()
    resumed = miniworld.train(small_net, None, tmp_path / "stopped", quiet=True)
    assert same(resumed, straight)
    for number in (1, 3):
        assert same(*(epoch_path(tmp_path / run, "mini-small", number) for run in ("straight", "stopped")))
    other = miniworld.train(small_net, None, tmp_path / "other", seed=1, quiet=True)
    assert not torch.equal(content(other)[0]["fc.weight"], content(straight)[0]["fc.weight"])


def test_a_kept_epoch_is_the_network_as_it_was_then(small_world, small_net, trained, tmp_path, monkeypatch):
    assert list(epochs_of(trained.parent, "mini-small")) == [1, 3, 6]  # epoch 50 was never reached
    # The same run, looked at from outside while it goes on: the log's measure is a function of the network.
    seen = []

    def spy(network, validation, mean, std):
        seen.append({name: value.clone() for name, value in fold_batch_norm(network).state_dict().items()})
        return accuracy(network, validation, mean, std)

    with monkeypatch.context() as patched:
        patched.setattr(miniworld, "accuracy", spy)
        miniworld.train(small_net, None, tmp_path / "again", seed=3, quiet=True)
    for number in (1, 3):
        weights, said = content(epoch_path(trained.parent, "mini-small", number))
        then = seen[number - 1]
        assert all(torch.equal(value, then[name].to(value.dtype)) for name, value in weights.items())
        assert said["epoch"] == str(number)
    found = [float(content(path)[1]["accuracy"]) for path in epochs_of(trained.parent, "mini-small").values()]
    assert found[0] < found[-1]


def test_a_lost_epoch_is_told(small_world, small_net, trained):
    (trained.parent / "after-epoch-03.pt").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"after epoch 3.*after-epoch-03\.pt.*delete .*run to start over"):
        miniworld.train(small_net, None, trained.parent, seed=3, quiet=True)


def test_other_pictures_are_another_run(small_world, small_net, trained, monkeypatch):
    changed = lambda kind, split, n, seed=0: PlantedWorld(split, n, seed, change=1)  # noqa: E731
    monkeypatch.setattr(miniworld, "world", changed)
    with pytest.raises(WeightsError, match=r"checksum=\d+; asked for was .*checksum=\d+"):
        miniworld.train(small_net, None, trained.parent, seed=3, quiet=True)


def test_batch_norm_is_folded_or_stays(small_world, small_net, tmp_path):
    class Normed(nn.Sequential):
        def __init__(self, classes):
            conv = nn.Conv2d(3, 8, 5, stride=2, bias=False)
            super().__init__(conv, nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
            self.append(nn.Linear(32, classes))

    net = replace(small_net, architecture=Normed, folded=False, kept=(), epochs=2)
    weights = content(miniworld.train(net, None, tmp_path, quiet=True))[0]
    assert {"1.running_mean", "1.running_var"} <= set(weights)
    assert "1.num_batches_tracked" not in weights
    assert weights["1.running_var"].dtype == torch.float
    assert any(isinstance(each, NormalizedConv) for each in miniworld.beginner(small_net, 4).modules())
    assert not any(isinstance(each, NormalizedConv) for each in miniworld.beginner(net, 4).modules())
    assert not (tmp_path / "mini-small").exists()


def test_a_beginner_s_first_filters_are_small(small_net):
    torch.manual_seed(0)
    plain = small_net.architecture(4)
    torch.manual_seed(0)
    beginner = miniworld.beginner(small_net, 4)
    assert torch.allclose(miniworld.first_filters(beginner), plain.conv1.weight * 0.1)
    assert torch.equal(beginner.conv2.conv.weight, plain.conv2.weight)


def test_training_leaves_the_caller_s_chance_alone(small_world, small_net, tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    miniworld.train(small_net, None, tmp_path, epochs=1, quiet=True)
    assert torch.equal(torch.rand(3), expected)


def test_weights_that_score_something_else_are_refused(
    small_world, small_net, trained, monkeypatch, tmp_path
):
    renamed = PlantedWorld("test", 10)
    renamed.classes = tuple(reversed(CLASSES))
    with monkeypatch.context() as patched:
        patched.setattr(miniworld, "world", lambda kind, split, n, seed=0: renamed)
        with pytest.raises(WeightsError, match=r"Miniworld's objects are .*Train it again"):
            miniworld.evaluate(small_net, None, trained)
    with pytest.raises(WeightsError, match="no file of weights"):
        miniworld.evaluate(small_net, None, tmp_path / "none.safetensors")
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="do not fit mini-small"):
        miniworld.evaluate(small_net, None, tmp_path / "other.pt")


def test_bfloat16_is_used_only_where_the_processor_has_it(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert miniworld.native_bf16("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True}, raising=False)
    assert not miniworld.native_bf16("cpu")
    monkeypatch.delattr(torch.cpu, "get_capabilities")  # torch before 2.10
    assert not miniworld.native_bf16("cpu")


@pytest.mark.parametrize("native", [False, True])
def test_the_precision_is_part_of_the_run(small_world, small_net, tmp_path, monkeypatch, native):
    monkeypatch.setattr(miniworld, "native_bf16", lambda device: native)
    file = miniworld.train(small_net, None, tmp_path, epochs=1, quiet=True)
    assert ("bfloat16" in content(file)[1]["recipe"]) == native
    assert ("bfloat16" in file.with_suffix(".md").read_text()) == native
    monkeypatch.setattr(miniworld, "native_bf16", lambda device: not native)
    with pytest.raises(WeightsError, match=f"bf16={native}.*asked for was.*bf16={not native}"):
        miniworld.train(small_net, None, tmp_path, epochs=1, quiet=True)


def test_the_settings_are_those_of_the_issue():
    objects, *scenes = NETS
    assert objects.architecture is mini_nets.MiniAlexNet
    assert (*objects.kept, objects.epochs) == (1, 2, 5, 10, 20, 30, 40, 64)
    assert (objects.kind, objects.target) == ("objects", 0.90)
    assert {net.kind for net in scenes} == {"scenes"}
    assert {net.target for net in scenes} == {0.92}
    for net in NETS:
        has_norm = any(isinstance(each, nn.BatchNorm2d) for each in net.architecture(3).modules())
        assert net.folded != has_norm


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
def test_folding_changes_no_score(net):
    torch.manual_seed(0)
    network = miniworld.beginner(net, 7)
    x = torch.randn(4, 3, 112, 112)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, -2, 2)
            nn.init.normal_(module.bias)
    network(x)
    network = network.double().eval()
    plain = fold_batch_norm(network)
    assert torch.allclose(plain(x.double()), network(x.double()), rtol=1e-9, atol=1e-9)
    assert set(plain.state_dict()) == set(net.architecture(7).state_dict())
