"""The command line: what a student types, and what it answers when something is wrong."""

import subprocess
import sys

import pytest

from cnnviz_widgets.errors import ModelNameError
from cnnviz_widgets.training import mini_convnet, miniworld, recipe, recipe_names
from cnnviz_widgets.training.__main__ import main


def test_an_unknown_recipe_lists_those_there_are(capsys, tmp_path):
    with pytest.raises(ModelNameError, match=r"'mini-konvnet'.*Did you mean 'mini-convnet'"):
        recipe("mini-konvnet")
    assert main(["resnet18", "--data", str(tmp_path)]) == 2
    assert (
        "No training recipe is called 'resnet18'. There are 'mini-convnet', 'mini-alexnet"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("name", recipe_names())
def test_every_name_has_its_recipe(name):
    chosen = recipe(name)
    assert name == chosen.name
    assert chosen.epochs > 0
    assert chosen.about.endswith(".")
    assert (chosen.wants is None) == (name != "mini-convnet")


def test_no_recipe_is_left_out_of_the_names():
    assert set(mini_convnet.RECIPES) | set(miniworld.RECIPES) == set(recipe_names())


def test_help_says_how_and_loads_no_torch():
    code = (
        "import sys\nfrom cnnviz_widgets.training.__main__ import main\n"
        "try: main(['--help'])\nfinally: assert 'torch' not in sys.modules"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for part in (
        *recipe_names(),
        "--data",
        "--epochs",
        "--seed",
        "--device",
        "--threads",
        "--out",
        "--evaluate",
        "--list",
        "--report",
    ):
        assert part in shown
    assert "Ctrl-C" in shown


def test_train_then_evaluate(small_cifar10, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["mini-convnet", "--data", str(small_cifar10), "--epochs", "2", "--quiet"]) == 0
    trained = capsys.readouterr().out
    file = tmp_path / "runs" / "mini-convnet" / "mini-convnet.safetensors"
    assert file.is_file()
    assert "of the test pictures right" in trained
    assert main(["mini-convnet", "--data", str(small_cifar10), "--evaluate", "--weights", str(file)]) == 0
    assert capsys.readouterr().out.split(": ")[1] == trained.split(": ")[1]
    # The package's own weights are measured where none are named.
    assert main(["mini-convnet", "--data", str(small_cifar10), "--evaluate"]) == 0


def test_wrong_wishes_are_answered_in_a_line(small_cifar10, tmp_path, capsys):
    data = ["--data", str(small_cifar10)]
    for arguments, said in (
        (["mini-convnet", "--data", str(tmp_path / "none")], "no such folder"),
        (["mini-convnet", *data, "--device", "abacus"], "no device 'abacus'"),
        (["mini-convnet", *data, "--evaluate", "--weights", str(tmp_path)], "no file of weights"),
        (["mini-convnet", *data, "--out", str(small_cifar10 / "train.npz")], "train.npz"),
    ):
        assert main([*arguments, "--quiet"]) == 2
        shown = capsys.readouterr().err
        assert shown.startswith("error: ")
        assert said in shown
    for arguments in ([], ["mini-convnet", "--report"], ["mini-convnet", *data, "--epochs", "0"]):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        shown = capsys.readouterr().err
        assert "0 is not 1 or more" in shown or "the networks are mini-convnet, mini-alexnet" in shown


def test_a_recipe_that_wants_a_folder_says_so(capsys):
    for more in ([], ["--evaluate"]):
        assert main(["mini-convnet", *more]) == 2
        assert "learns from CIFAR-10: say where it is with --data FOLDER" in capsys.readouterr().err


def test_the_list_says_what_each_is(capsys):
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == recipe_names()
    assert "64 epochs" in lines[1]
    assert "CIFAR-10" in lines[0]


def test_a_miniworld_network_trains_without_a_data_folder(
    small_world, small_net, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(miniworld.RECIPES, "mini-vgg-scenes", miniworld._recipe(small_net))
    assert main(["mini-vgg-scenes", "--epochs", "2", "--quiet"]) == 0
    trained = capsys.readouterr().out
    assert (small_world / "objects-train-240.npy").is_file()
    file = tmp_path / "runs" / "mini-vgg-scenes" / "mini-small.safetensors"
    assert file.is_file()
    assert main(["mini-vgg-scenes", "--evaluate", "--weights", str(file)]) == 0
    assert capsys.readouterr().out.split(": ")[1] == trained.split(": ")[1]


def test_ctrl_c_says_how_to_go_on(small_cifar10, tmp_path, capsys, monkeypatch):
    def pressed(pictures, most):
        raise KeyboardInterrupt

    monkeypatch.setattr(mini_convnet, "moved", pressed)
    assert main(["mini-convnet", "--data", str(small_cifar10), "--out", str(tmp_path), "--quiet"]) == 130
    assert "same command goes on" in capsys.readouterr().err
