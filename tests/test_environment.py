"""`make lab` in every state a checkout can be in: pip is replaced, the virtual environments are real."""

import importlib.util
import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "environment.py"
KEPT = "made-by-hand.txt"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """The script at work in a folder of its own; `installed` lists the extras it asked pip for."""
    spec = importlib.util.spec_from_file_location("environment", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = ["torch>=2.5", "numpy"]\n'
    )
    script.ROOT, script.VENV = tmp_path, tmp_path / ".venv"
    script.STAMP, script.LOCK = script.VENV / "cnnviz.json", tmp_path / ".venv.lock"
    script.installed = []
    monkeypatch.setattr(script, "install", script.installed.append)
    # pip in the environment costs seconds and is not what is tested.
    monkeypatch.setattr(script, "create", lambda: venv.create(script.VENV, clear=True))
    monkeypatch.setattr(script, "has_pip", lambda: script.venv_python().exists())
    return script


def keep_something(script):
    (script.VENV / KEPT).write_text("")


def is_kept(script):
    return (script.VENV / KEPT).exists()


def test_the_second_start_does_nothing(checkout):
    checkout.main("lab")
    checkout.main("lab")
    assert checkout.installed == ["lab"]
    assert checkout.LOCK.read_text() == ""


def test_a_larger_extra_is_added_and_contains_the_smaller(checkout):
    for extra in ("lab", "dev", "test", "lab"):
        checkout.main(extra)
    assert checkout.installed == ["lab", "dev"]


def test_only_what_pip_reads_in_pyproject_counts(checkout):
    checkout.main("lab")
    keep_something(checkout)
    pyproject = checkout.ROOT / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + "[tool.ruff]\nline-length = 110\n")
    checkout.main("lab")
    assert checkout.installed == ["lab"]
    pyproject.write_text(pyproject.read_text().replace("numpy", "numpy>=1.26"))
    checkout.main("lab")
    assert checkout.installed == ["lab", "lab"]
    assert is_kept(checkout), "an update adds to the environment and does not rebuild it"


@pytest.mark.parametrize("when", ["first build", "update"])
def test_a_killed_build_is_not_trusted(checkout, when, monkeypatch):
    if when == "update":
        checkout.main("lab")

    def killed(extra):
        keep_something(checkout)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkout, "install", killed)
        with pytest.raises(KeyboardInterrupt):
            checkout.main("test")
    assert is_kept(checkout)
    checkout.main("test")
    assert not is_kept(checkout), "it was built afresh"
    assert checkout.installed[-1] == "test"


def fail(extra):
    raise subprocess.CalledProcessError(1, ["python", "-m", "pip", "install"])


def test_a_failed_first_build_says_why_and_is_built_afresh(checkout, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(checkout, "install", fail)
        with pytest.raises(SystemExit, match="no network"):
            checkout.main("lab")
    keep_something(checkout)
    checkout.main("lab")
    assert not is_kept(checkout)


def test_a_failed_update_leaves_the_environment_that_worked(checkout, monkeypatch):
    checkout.main("lab")
    keep_something(checkout)
    with monkeypatch.context() as patch:
        patch.setattr(checkout, "install", fail)
        with pytest.raises(SystemExit, match="pip could not install"):
            checkout.main("test")
    checkout.main("lab")
    assert is_kept(checkout)
    assert checkout.installed == ["lab"]


def test_a_torch_that_does_not_load_is_not_blamed_on_the_network(checkout):
    assert "does not load" in checkout.why_it_failed(["python", "-c", "import torch"])


def test_a_moved_checkout_is_built_afresh(checkout):
    checkout.main("lab")
    keep_something(checkout)
    stamp = json.loads(checkout.STAMP.read_text())
    checkout.STAMP.write_text(json.dumps(stamp | {"root": "/elsewhere"}))
    checkout.main("lab")
    assert not is_kept(checkout)


def test_an_environment_made_by_hand_is_added_to(checkout):
    venv.create(checkout.VENV)
    keep_something(checkout)
    checkout.main("lab")
    assert is_kept(checkout)
    assert checkout.installed == ["lab"]


def test_a_folder_that_is_no_environment_is_left_alone(checkout):
    checkout.VENV.mkdir()
    keep_something(checkout)
    with pytest.raises(SystemExit, match="make did not make it"):
        checkout.main("lab")
    assert is_kept(checkout)


def test_an_old_python_and_a_missing_venv_module_get_a_sentence(checkout, monkeypatch):
    monkeypatch.setattr(checkout, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match=r"needs Python >= 99\.0.*\n.*PYTHON=python3"):
        checkout.main("lab")
    monkeypatch.setattr(checkout, "OLDEST", (3, 11))
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        checkout.main("lab")


def test_torch_is_taken_from_the_index_that_is_named(checkout):
    assert checkout.torch_requirements() == ["torch>=2.5"]
