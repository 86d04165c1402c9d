"""The command line: what a student types, and what it answers when something is wrong."""

import subprocess
import sys

import pytest

from cnnviz_widgets.errors import ModelNameError
from cnnviz_widgets.training import mini_convnet, recipe, recipe_names
from cnnviz_widgets.training.__main__ import main


def test_an_unknown_recipe_lists_those_there_are(capsys, tmp_path):
    with pytest.raises(ModelNameError, match=r"'mini-konvnet'.*Did you mean 'mini-convnet'"):
        recipe("mini-konvnet")
    assert main(["resnet18", "--data", str(tmp_path)]) == 2
    assert "No training recipe is called 'resnet18'. There are 'mini-convnet'." in capsys.readouterr().err


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_has_what_the_command_needs(name):
    module = recipe(name)
    assert name == module.NAME
    assert module.EPOCHS > 0
    assert module.__doc__
    assert callable(module.train)
    assert callable(module.evaluate)


def test_help_says_how_and_loads_no_torch():
    code = (
        "import sys\nfrom cnnviz_widgets.training.__main__ import main\n"
        "try: main(['--help'])\nfinally: assert 'torch' not in sys.modules"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for part in (
        "mini-convnet",
        "--data",
        "--epochs",
        "--seed",
        "--device",
        "--threads",
        "--out",
        "--evaluate",
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
    for arguments in (["mini-convnet"], ["mini-convnet", *data, "--epochs", "0"]):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)


def test_ctrl_c_says_how_to_go_on(small_cifar10, tmp_path, capsys, monkeypatch):
    def pressed(pictures):
        raise KeyboardInterrupt

    monkeypatch.setattr(mini_convnet, "moved", pressed)
    assert main(["mini-convnet", "--data", str(small_cifar10), "--out", str(tmp_path), "--quiet"]) == 130
    assert "same command goes on" in capsys.readouterr().err
