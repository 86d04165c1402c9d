"""The checkpoints of a run, from wherever a student kept them."""

import copy

import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, open_model
from cnnviz_widgets.backend.training_run import training_run
from cnnviz_widgets.errors import InputError, LayerError, ModelError, ModelNameError, WeightsError


def net(seed: int = 0, channels: int = 4) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, channels, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * channels, 2))


def hooked(seed: int = 0, channels: int = 4, name: str | None = None) -> HookedModel:
    return HookedModel(net(seed, channels), (3, 6, 6), mean=0.4, std=0.2, classes="ab", name=name)


def scores(model: HookedModel) -> list:
    return model.scores(torch.ones(1, 3, 6, 6)).detach().tolist()


def test_kept_epochs_by_name():
    run = training_run("mini-alexnet-objects")
    assert run.names == tuple(f"epoch {n}" for n in (1, 2, 5, 10, 20, 30, 40, 64)) and len(run) == 8
    assert run[2].name == "mini-alexnet-objects@5" and run[-1].name == "mini-alexnet-objects@64"
    assert training_run(run) is run and run[1:3].names == ("epoch 2", "epoch 5")
    some = training_run(["mini-alexnet-objects@64", "mini-alexnet-objects@1"])
    assert some.names == ("epoch 64", "epoch 1")  # the order given
    with pytest.raises(IndexError):
        run[8]


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_of_weights(tmp_path, suffix):
    from safetensors.torch import save_file

    paths = []
    for seed in (1, 2):
        path = tmp_path / f"epoch-{seed:02}{suffix}"
        state = net(seed).state_dict()
        save_file(state, path) if suffix == ".safetensors" else torch.save({"state_dict": state}, path)
        paths.append(path)
    base = hooked(0, name="mine")
    untouched = scores(base)
    run = training_run([paths[0], str(paths[1])], base)
    assert run.names == ("epoch 1", "epoch 2")
    assert scores(run[0]) == scores(hooked(1)) and scores(run[1]) == scores(hooked(2))
    assert scores(run[0]) == scores(hooked(1))  # and back
    assert scores(base) == untouched and run[1].classes == ("a", "b")
    assert run[1].name == "mine, epoch 2"
    assert torch.equal(run[1].preprocess("cat"), base.preprocess("cat"))
    single = training_run(str(paths[0]), base)
    assert single.names == ("epoch 1",)


def test_weights_in_memory_and_a_dict_of_names():
    states = {f"after {seed}": copy.deepcopy(net(seed).state_dict()) for seed in (3, 1)}
    run = training_run(states, hooked())
    assert run.names == ("after 3", "after 1") and scores(run[1]) == scores(hooked(1))
    assert training_run(list(states.values()), hooked()).names == ("checkpoint 1", "checkpoint 2")
    assert training_run(states["after 1"], hooked()).names == ("checkpoint 1",)
    assert training_run([hooked(1), hooked(2)]).names == ("checkpoint 1", "checkpoint 2")  # names alike
    assert training_run([hooked(1, name="x@3"), hooked(2, name="y")]).names == ("epoch 3", "y")
    assert training_run(hooked(1, name="alone")).names == ("alone",)


def test_weights_that_kept_changing_are_refused():
    network = net()
    states = [network.state_dict() for _ in range(3)]  # what many students write
    with pytest.raises(InputError, match=r"'checkpoint 1' and 'checkpoint 2' are the same weights.*deepcopy"):
        training_run(states, hooked())
    with pytest.raises(InputError, match="same weights in memory"):
        training_run([HookedModel(network, (3, 6, 6)), HookedModel(network, (3, 6, 6))])


def test_what_does_not_fit_is_told_at_once(tmp_path):
    good = copy.deepcopy(net(1).state_dict())
    with pytest.raises(WeightsError, match=r"weights in second do not fit 'mine'.*0\.weight is 5x3x3x3 and"):
        training_run({"first": good, "second": net(1, channels=5).state_dict()}, hooked(name="mine"))
    missing = {key: value for key, value in good.items() if key != "3.bias"}
    with pytest.raises(WeightsError, match=r"do not fit.*missing: 3\.bias"):
        training_run([missing], hooked())
    with pytest.raises(InputError, match="at least one checkpoint; the list is empty"):
        training_run([])
    with pytest.raises(ModelError, match=r"'checkpoint 1' is weights only.*model=HookedModel\(network\)"):
        training_run([good])
    with pytest.raises(ModelError, match="a checkpoint is a HookedModel, a file of weights"):
        training_run([net(1)], hooked())
    with pytest.raises(ModelError, match="come in a list or a dict, not int"):
        training_run(3)
    with pytest.raises(WeightsError, match="'checkpoint 1' holds no named weights"):
        training_run([{"epoch": 3}], hooked())
    with pytest.raises(WeightsError, match=r"no file of weights at .*none\.pth"):
        training_run([tmp_path / "none.pth"], hooked())
    (tmp_path / "broken.pth").write_bytes(b"not weights")
    with pytest.raises(WeightsError, match="damaged or is no file of weights"):
        training_run([str(tmp_path / "broken.pth")], hooked())
    with pytest.raises(ModelNameError, match="mini-alexnet-objects"):
        training_run("mini-alexnet-object")
    with pytest.raises(WeightsError, match="only the final weights"):
        training_run("mini-convnet")


def test_a_layer_must_be_the_same_everywhere():
    run = training_run([hooked(1), hooked(2)])
    assert run.layer("0").shape == (4, 4, 4)
    with pytest.raises(LayerError, match="checkpoint 'checkpoint 1': Sequential has no layer '9'"):
        run.layer("9")
    mixed = training_run([hooked(1), hooked(2, channels=6)])
    with pytest.raises(InputError, match="is 4x4x4 at checkpoint 'checkpoint 1' and 6x4x4 at 'checkpoint 2'"):
        mixed.layer("0")


def test_only_one_of_many_weights_is_open():
    base = hooked()
    run = training_run([copy.deepcopy(net(seed).state_dict()) for seed in range(3)], base)
    first = run[0]
    assert run[0] is first and run[1] is not first and run[0] is not first
    assert training_run([base])[0] is base


def test_half_precision_weights_fill_a_float_network():
    state = {key: value.half() for key, value in net(1).state_dict().items()}
    run = training_run([state], hooked())
    assert run[0].network[0].weight.dtype == torch.float32
    assert torch.allclose(run[0].network[0].weight, net(1)[0].weight, atol=1e-3)


def test_a_zoo_model_takes_its_own_checkpoints():
    base = open_model("mini-convnet")
    run = training_run({"now": copy.deepcopy(base.network.state_dict())}, base)
    assert run[0].classes == base.classes and run.layer("relu2").shape == (20, 16, 16)
