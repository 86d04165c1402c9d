"""Pictures of four colours, and a network whose code of a picture is its mean colour."""

import io
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from cnnviz_widgets import HookedModel, TSNEScatter
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.methods.tsne import tsne_steps
from cnnviz_widgets.widgets import _tsne_work

SIDE = 8
LIMIT = 30  # seconds: only a failure waits that long
ITERATIONS = 60
CLASSES = ["<b>red</b>", "green", "blue", "grey"]
_COLORS = np.array([[200, 60, 60], [60, 200, 60], [60, 60, 200], [128, 128, 128]])


def colored(count: int = 40, seed: int = 0, classes: bool = True) -> PictureSet:
    """Give pictures of noise about a colour; the class is the colour, and pixels differ much more."""
    chance = np.random.default_rng(seed)
    pictures = [
        np.clip(_COLORS[i % 4] + chance.normal(0, 40, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
        for i in range(count)
    ]
    labels = [CLASSES[i % 4] for i in range(count)] if classes else None
    return picture_set(pictures, labels=labels)


class MeanColor(nn.Module):
    """Layers: `code`, (3,), 0 to 1; `scores`, (4,); `windows`, which has four results for a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.windows, self.code = nn.Identity(), nn.Hardtanh(0, 1)
        self.scores = nn.Linear(3, 4)
        self.poison: list[float] = []  # mean reds whose pictures get NaN

    def forward(self, x: Tensor) -> Tensor:
        windows = self.windows(
            x.unflatten(2, (2, 4)).unflatten(4, (2, 4)).permute(0, 2, 4, 1, 3, 5).flatten(0, 2)
        )
        mean = windows.mean((2, 3)).unflatten(0, (-1, 4)).mean(1)
        for red in self.poison:
            mean = torch.where((mean[:, :1] - red).abs() < 1e-5, torch.nan, mean)
        return self.scores(self.code(mean))


def toy_model() -> HookedModel:
    torch.manual_seed(0)
    return HookedModel(MeanColor(), (3, SIDE, SIDE), mean=0.0, std=1.0, classes=CLASSES, name="tiny")


class Gate:
    """Lets a generator make one step at a time."""

    def __init__(self) -> None:
        self._may, self._did = threading.Semaphore(0), threading.Semaphore(0)
        self.open = False

    def through(self, steps):
        for step in steps:
            if not self.open:
                self._may.acquire()
                self._did.release()
            yield step

    def step(self, count: int = 1) -> None:
        for _ in range(count):
            self._may.release()
            assert self._did.acquire(timeout=10)

    def let_go(self) -> None:
        self.open = True
        self._may.release()


@pytest.fixture(autouse=True)
def no_cache(monkeypatch, tmp_path) -> None:
    """The toy networks differ by what their test does to them, which the cache cannot know."""
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path))


@pytest.fixture(autouse=True)
def few_iterations(monkeypatch) -> None:
    monkeypatch.setattr(_tsne_work, "tsne_steps", few_steps)


def few_steps(*question, **more):
    return tsne_steps(*question, iterations=ITERATIONS, **more)


@pytest.fixture(name="made")
def made_widgets() -> list:
    """Widgets to be stopped when the test is over, however it ends."""
    widgets: list = []
    yield widgets
    for each in widgets:
        each._runner.stop()


def scatter(made: list, pictures=None, wait: bool = True, **traits) -> TSNEScatter:
    w = TSNEScatter(toy_model(), colored() if pictures is None else pictures, **traits)
    made.append(w)
    if wait:
        w.wait(LIMIT)
    return w


def mean_colors(pictures) -> np.ndarray:
    return np.stack([pictures[i].astype(np.float32).mean((0, 1)) / 255 for i in range(len(pictures))])


def points_of(w):
    return w._points.figure.data[1]


def image(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
