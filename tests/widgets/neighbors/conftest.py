"""A gallery whose neighbours are known, and a network that sees only how red a picture is."""

import datetime
import io
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from cnnviz_widgets import HookedModel, NeighborBrowser, picture_set

CLASSES = ["<b>red</b>", "blue"]


class Redness(nn.Module):
    """One number, the mean of red; then two classes. `block` makes a pass wait, `broken` makes it NaN."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.out = nn.AdaptiveAvgPool2d(1), nn.Linear(1, 2)
        self.go, self.slow = threading.Event(), False
        with torch.no_grad():
            self.out.weight[:, 0], self.out.bias[:] = torch.tensor([4.0, -4.0]), torch.tensor([-2.0, 2.0])

    def forward(self, x: Tensor) -> Tensor:
        if self.slow and len(x) > 1:
            assert self.go.wait(10)
        return self.out(self.pool(x[:, :1]).flatten(1))


def pure(red: int, green: int = 0) -> np.ndarray:
    picture = np.zeros((9, 9, 3), np.uint8)
    picture[..., 0], picture[..., 1] = red, green
    return picture


# In redness 0 2 1 4 3 from the left to the right; green parts 2 from the others in pixels.
PICTURES = [pure(10), pure(20), pure(14, 255), pure(220), pure(200)]
LABELS = [0, 0, 1, 1, 1]


def gallery(count: int = 5):
    return picture_set(PICTURES[:count], labels=[CLASSES[each] for each in LABELS[:count]])


@pytest.fixture
def model() -> HookedModel:
    return HookedModel(Redness(), (3, 9, 9), classes=CLASSES, name="redness")


def browser(model: HookedModel, *args, **traits) -> NeighborBrowser:
    w = NeighborBrowser(model, *(args or (gallery(),)), **traits)
    w.wait(10)
    return w


def near(w: NeighborBrowser, space: str) -> list[int]:
    return getattr(w.result, space).indices[0].tolist()


def pixels(w: NeighborBrowser, space: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(w._spaces[space].row.surface.picture)).convert("RGB"))


def click(w: NeighborBrowser, space: str, place: int) -> None:
    x, y = w._spaces[space].row._corners[place]
    w._spaces[space].row.surface.canvas._handle_frontend_event(
        None, {"event": "mouse_down", "x": x + 30, "y": y + 30}, []
    )


def upload(w: NeighborBrowser, name: str, content: bytes) -> None:
    entry = {"name": name, "type": "image/png", "size": len(content), "content": memoryview(content)}
    w._chooser.upload.value = ({**entry, "last_modified": datetime.datetime.now(datetime.UTC)},)
