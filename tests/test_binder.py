"""Binder's environment, as far as it can be checked without Binder: the files parse, and postBuild runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from cnnviz_widgets.backend.zoo import find
from tests.backend.fake_hub import FakeHub, published, running_hub

ROOT = Path(__file__).resolve().parent.parent
BINDER = ROOT / "binder"
# Names the fetch command's URLs as the fake hub has them, in a process of its own.
REDIRECTED = """
import sys
from torchvision import models
for pair in {pairs!r}:
    object.__setattr__(models.get_model_weights(pair[0]).DEFAULT.value, "url", pair[1])
import runpy
sys.argv = sys.argv[2:]  # python -m NAME ...
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def lines() -> list[str]:
    text = (BINDER / "requirements.txt").read_text()
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]


def requirements() -> dict[str, Requirement]:
    found = [Requirement(line) for line in lines() if line != "." and not line.startswith("-")]
    return {each.name: each for each in found}


def test_the_package_itself_is_installed():
    assert "." in lines()


def test_torch_and_torchvision_are_cpu_builds_of_one_index():
    assert [line for line in lines() if line.startswith("-")] == [
        "--extra-index-url https://download.pytorch.org/whl/cpu"
    ]
    for name in ("torch", "torchvision"):
        assert re.fullmatch(rf"{name}==\d+\.\d+\.\d+\+cpu", str(requirements()[name]))


def test_the_pins_are_versions_the_package_accepts():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    for name in ("torch", "torchvision"):
        pinned = str(requirements()[name].specifier).removeprefix("==")
        assert Version(pinned) in wanted[name]
    assert "4.4.9" in requirements()["jupyterlab"].specifier
    assert "7.0.1" in requirements()["ipykernel"].specifier


def test_python_is_pinned_to_one_the_package_runs_on():
    import tomllib

    runtime = re.fullmatch(r"python-(3\.\d+)\n?", (BINDER / "runtime.txt").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert runtime
    assert runtime[1] in SpecifierSet(project["requires-python"])


def fetched() -> list[str]:
    """The models postBuild asks for."""
    (command,) = re.findall(r"^python -m cnnviz_widgets\.backend\.fetch (.+)$", post_build(), re.MULTILINE)
    return [word for word in command.split() if not word.startswith("-")]


def post_build() -> str:
    return (BINDER / "postBuild").read_text()


def test_post_build_is_a_script_that_stops_at_the_first_error():
    assert os.access(BINDER / "postBuild", os.X_OK)
    assert post_build().startswith("#!/bin/bash\n")
    assert re.search(r"^set -eu", post_build(), re.MULTILINE)
    subprocess.run(["bash", "-n", BINDER / "postBuild"], check=True)


def test_post_build_names_real_models():
    assert [find(name) for name in fetched()] == fetched()
    assert "squeezenet1_1" in fetched()


@pytest.fixture
def hub():
    with running_hub() as hub:
        yield hub


def run_post_build(hub: FakeHub, home: Path, pairs: list[tuple[str, str]]) -> subprocess.CompletedProcess:
    """Run postBuild where `python` is ours, the hub is fake and nothing else can be reached."""
    shims = home / "bin"
    shims.mkdir(parents=True)
    (home / "redirected.py").write_text(REDIRECTED.format(pairs=pairs))
    (shims / "python").write_text(f'#!/bin/bash\nexec "{sys.executable}" "{home}/redirected.py" "$@"\n')
    (shims / "python").chmod(0o755)
    environment = {
        "PATH": f"{shims}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "TORCH_HOME": str(home / "torch"),
        "CNNVIZ_MIRROR": hub.address,
    }
    return subprocess.run(
        [str(BINDER / "postBuild")], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )


@pytest.mark.heavy
def test_post_build_puts_the_weights_in_the_image(hub: FakeHub, tmp_path: Path):
    from contextlib import ExitStack

    with ExitStack() as stack:
        paths = [stack.enter_context(published(hub, name)) for name in fetched()]
    pairs = [(name, f"https://download.invalid{path}") for name, path in zip(fetched(), paths, strict=True)]
    ran = run_post_build(hub, tmp_path, pairs)
    assert ran.returncode == 0, ran.stderr
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    assert sorted(each.name for each in folder.iterdir()) == sorted(path.rpartition("/")[2] for path in paths)
    assert [line.split(":")[0] for line in ran.stdout.splitlines()] == fetched()


@pytest.mark.heavy
def test_post_build_fails_when_a_download_fails(hub: FakeHub, tmp_path: Path):
    ran = run_post_build(hub, tmp_path, [])
    assert ran.returncode != 0
    assert "the server answered 404" in ran.stderr
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    assert list(folder.iterdir()) == []
