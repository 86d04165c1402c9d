"""For all tests of `open_model`: no test leaves this machine, weights come from a fake hub on loopback."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from cnnviz_widgets.backend import assembly, downloads, zoo
from cnnviz_widgets.backend.mini_nets import MiniConvNet
from tests.backend.fake_hub import running_hub


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TORCH_HOME, and no way out."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("CNNVIZ_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(downloads, "TIMEOUT", (1.0, 1.0))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch):
    with running_hub() as hub:
        monkeypatch.setenv("CNNVIZ_MIRROR", hub.address)
        yield hub


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of embedded networks with one of them, random."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setattr(assembly, "EMBEDDED", folder)
    monkeypatch.setattr(zoo, "EMBEDDED", folder)
    torch.manual_seed(1)
    save_file(MiniConvNet().state_dict(), folder / "mini-convnet.safetensors", description())
    return folder


def description(**changes: object) -> dict[str, str]:
    said = {"classes": [f"class {i}" for i in range(10)], "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]}
    said |= {"input_shape": [3, 32, 32]} | changes
    texts = {key: json.dumps(value) for key, value in said.items() if value is not None}
    return {"name": "mini-convnet", "architecture": "MiniConvNet", "accuracy": "0.75"} | texts


def picture(width: int = 300, height: int = 260) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def same_weights(network: torch.nn.Module, state: dict[str, torch.Tensor]) -> bool:
    mine = network.state_dict()
    return all(torch.equal(mine[key], state[key].to(mine[key].dtype)) for key in mine if key in state)
