"""The report: every shipped network measured from its file, and what is missing or below its target."""

import shutil

import pytest

from cnnviz_widgets.training import miniworld, report
from cnnviz_widgets.training.__main__ import SHIPPED, main
from cnnviz_widgets.training.report import Row, rows, succeeded, table
from tests.training.planted_world import PlantedWorld


@pytest.fixture
def shipped(small_world, small_net, tmp_path, monkeypatch):
    """A folder of weights with two networks: one trained in small, and the CIFAR-10 one."""
    recipes = {"mini-small": miniworld._recipe(small_net), "mini-convnet": report.recipe("mini-convnet")}
    monkeypatch.setattr(report, "recipe_names", lambda: list(recipes))
    monkeypatch.setattr(report, "recipe", recipes.__getitem__)
    folder = tmp_path / "weights"
    folder.mkdir()
    run = miniworld.train(small_net, None, tmp_path / "run", quiet=True).parent
    shutil.copy(run / "mini-small.safetensors", folder)
    shutil.copytree(run / "mini-small", folder / "mini-small")
    shutil.copy(SHIPPED / "mini-convnet.safetensors", folder)
    return folder


def test_every_file_is_measured(shipped, small_net, small_cifar10):
    found = list(rows(shipped, None))
    assert [row.name for row in found] == ["mini-small", "mini-small@1", "mini-small@3", "mini-convnet"]
    final = shipped / "mini-small.safetensors"
    assert found[0].accuracy == miniworld.evaluate(small_net, None, final)
    assert found[0].target == 0.9
    assert found[0].bytes == final.stat().st_size
    # 16(3*49+1) + 20(16*49+1) + 20(20*49+1) + 4*321 weights, four classes
    assert found[0].parameters == 2_368 + 15_700 + 19_620 + 1_284
    assert found[1].accuracy < found[0].accuracy
    assert found[1].target is None
    # What wants a folder tells its own figure, until it gets the folder.
    assert found[3].accuracy == 0.7723
    assert "CIFAR-10" in found[3].remark
    measured = list(rows(shipped, small_cifar10))[3]
    assert measured.accuracy != 0.7723
    assert not measured.remark
    assert succeeded(found)


def test_another_seed_draws_other_pictures(shipped, monkeypatch):
    drawn = []

    def world(kind, split, n, seed=0):
        drawn.append((split, seed))
        return PlantedWorld(split, n, seed)

    monkeypatch.setattr(miniworld, "world", world)
    next(rows(shipped, None, seed=5))
    assert set(drawn) == {("test", 5)}


def test_the_table_says_who_fails():
    good = Row("mini-good", 0.951, 0.92, 312_000, 640_000)
    text = table([good])
    assert "mini-good" in text and "95.10%" in text and "92%" in text and "312,000" in text and "0.64" in text
    assert "Every target is reached." in text
    below = Row("mini-low", 0.8999, 0.9, 1, 1)
    text = table([good, below])
    assert "BELOW ITS TARGET" in text.splitlines()[3]
    assert "NOT REACHED: mini-low." in text
    assert not succeeded([good, below])
    assert succeeded([Row("mini-exact", 0.9, 0.9, 1, 1)])
    heavy = Row("mini-heavy", 0.99, 0.9, 1, 15_000_000)
    assert succeeded([heavy])
    assert "TOO LARGE" in table([heavy, good])
    assert not succeeded([heavy, good])


def test_missing_and_damaged_weights_are_rows(shipped):
    (shipped / "mini-small.safetensors").write_bytes(b"cut")
    (shipped / "mini-convnet.safetensors").unlink()
    found = list(rows(shipped, None))
    assert [row.accuracy for row in found] == [None, None]
    assert "cannot be read" in found[0].remark
    assert "no file of weights" in found[1].remark
    assert "NOT MEASURED" in table(found)
    assert not succeeded(found)


def test_the_command_prints_the_table(shipped, capsys):
    assert main(["--report", "--weights", str(shipped), "--quiet"]) == 0
    shown = capsys.readouterr()
    assert "mini-small@3" in shown.out
    assert "Every target is reached." in shown.out
    assert not shown.err
    (shipped / "mini-small.safetensors").unlink()
    assert main(["--report", "--weights", str(shipped)]) == 1
    shown = capsys.readouterr()
    assert "NOT REACHED: mini-small." in shown.out
    assert "measured mini-small" in shown.err
