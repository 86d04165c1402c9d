"""TaskStrip's networks for detection and segmentation: offered, asked in the background, scored."""

import threading

import pytest
import torch
from torch import Tensor, nn

from cnnviz_widgets import HookedModel, TaskStrip
from cnnviz_widgets.backend import Detector
from cnnviz_widgets.backend.detectors import TASKS
from cnnviz_widgets.widgets import _task_detectors as module
from cnnviz_widgets.widgets._task_detectors import DETECTORS
from tests.widgets.test_tasks import Meadow, at, mouse
from tests.widgets.toy_browser import tiny_net

CLASSES = ("__background__", "dog", "automobile")


@pytest.fixture
def strip(monkeypatch, tmp_path) -> TaskStrip:
    """On a machine that has none of the three."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    model = HookedModel(tiny_net(), (3, 9, 9), classes=["ant", "dog", "car"], name="tiny")
    return TaskStrip("yours", dataset=Meadow(), models=[model])


class Fake(nn.Module):
    """Finds the large dog exactly, a second one where there is none, and half of the car's pixels."""

    def __init__(self, task: str) -> None:
        super().__init__()
        self.task, self.calls = task, 0
        self.gate, self.started = threading.Event(), threading.Event()
        self.gate.set()

    def forward(self, x: object) -> object:
        self.calls += 1
        self.started.set()
        assert self.gate.wait(10)
        if self.task == "semantic segmentation":
            scores = torch.zeros(1, 3, 24, 24)
            scores[0, 1, 2:8, 2:8], scores[0, 2, 10:20, 10:15] = 1, 1
            return {"out": scores}
        masks = torch.zeros(3, 1, 24, 24)
        masks[0, 0, 2:8, 2:8], masks[1, 0, 0:2, 20:24], masks[2, 0, 10:20, 10:14] = 1, 1, 1
        boxes = torch.tensor([[2.0, 2, 8, 8], [20, 0, 24, 2], [10, 10, 20, 20]])
        found = {"boxes": boxes, "labels": torch.tensor([1, 1, 2]), "scores": torch.tensor([0.9, 0.8, 0.7])}
        return [found | ({"masks": masks} if self.task == "instance segmentation" else {})]


def fake(name: str) -> Detector:
    return Detector(name, TASKS[name], CLASSES, Fake(TASKS[name]), lambda image: torch.zeros(3, *image.size))


def texts(strip: TaskStrip) -> list[str]:
    return [each.value for each in strip._panels._texts]


def asked(strip: TaskStrip) -> list[str]:
    """Give the captions once everything is answered."""
    strip._detectors.join(10)
    return texts(strip)


def test_nothing_is_fetched_unless_asked_for(strip, monkeypatch):
    monkeypatch.setattr(module, "open_detector", lambda *_, **__: pytest.fail("opened"))
    assert strip._detectors.box.layout.display == "none"
    strip._controls["answers"].value = "network"
    assert strip._detectors.box.layout.display == ""
    buttons = [each._button.description for each in strip._detectors._buttons.values()]
    assert buttons == [
        "Download fasterrcnn_resnet50_fpn (160 MB)",
        "Download fcn_resnet50 (135 MB)",
        "Download maskrcnn_resnet50_fpn (170 MB)",
    ]
    assert "draw no box" in texts(strip)[0]
    assert all("not on this machine" in each for each in texts(strip)[1:])
    assert at(strip, 0, 4, 4) == pytest.approx(100, abs=12)
    assert at(strip, 1, 4, 4) == pytest.approx(40, abs=12)  # no answer: dark


def test_answers_are_drawn_and_scored_against_the_truth(strip):
    strip._detectors.networks = {name: fake(name) for name in DETECTORS}
    strip.answers = "network"
    said = asked(strip)
    # The second dog is wrong and the true small one missed; an automobile is a car, and its box is right.
    assert "Found 2 of 3, 1 wrong (box IoU ≥ 0.5)" in said[1]
    # Its mask is 40 of 100 pixels.
    assert "Found 1 of 3, 2 wrong (mask IoU ≥ 0.5)" in said[3]
    # 576 pixels: grass is background here. 16 of the small dog and 50 of the car are missing.
    assert "89% of the pixels right" in said[2]
    dog, car, background = 36 / 52, 50 / 100, (576 - 152) / (576 - 152 + 66)
    assert f"mean IoU {(dog + car + background) / 3:.2f}" in said[2]
    assert strip.error is None
    strip.level = "color"  # the truth's level plays no part
    assert texts(strip)[2] == said[2]
    strip.answers = "truth"
    assert "Found" not in "".join(texts(strip))


def test_the_widget_answers_while_a_network_thinks_and_the_newest_picture_wins(strip):
    network = fake(DETECTORS[0])
    network.network.gate.clear()
    strip._detectors.networks = {DETECTORS[0]: network}
    strip.answers = "network"
    assert "looking at the picture" in texts(strip)[1]
    assert network.network.started.wait(10)
    strip.number = 1
    mouse(strip, 0, "mouse_move", 3, 3)
    assert "no label here" in strip._pointer.value
    strip.number = 0  # overtakes picture 1, which still waits
    network.network.gate.set()
    assert "Found 2 of 3" in asked(strip)[1]
    assert network.network.calls == 1
    strip.number = 1
    assert "Found 0 of 0, 3 wrong" in asked(strip)[1]
    strip.number = 0
    assert "Found 2 of 3" in texts(strip)[1] and network.network.calls == 2, "kept from before"


def test_a_download_hands_its_network_over(strip, monkeypatch):
    monkeypatch.setattr(module, "open_detector", lambda *_, **__: pytest.fail("not this way"))
    strip.answers = "network"
    button = strip._detectors._buttons["fcn_resnet50"]
    button._opener = lambda name, progress: fake(name)
    button.start()
    button.join(10)
    assert "pixels right" in asked(strip)[2]
    assert button.layout.display == "none"
    assert "not on this machine" in texts(strip)[1]


def test_an_error_of_a_network_is_told_and_asked_no_more(strip):
    class Broken(Fake):
        calls = 0

        def forward(self, x: object) -> Tensor:
            Broken.calls += 1
            raise RuntimeError("out of <memory>")

    network = fake(DETECTORS[0])
    network.network = Broken("object detection")
    strip._detectors.networks = {DETECTORS[0]: network}
    strip.answers = "network"
    strip._detectors.join(10)
    assert "out of <memory>" in str(strip.error) and "&lt;memory&gt;" in strip._status.value
    strip.level = "color"
    strip._detectors.join(10)
    assert (Broken.calls, strip.error) == (1, None)
    assert "no answer" in texts(strip)[1]


def test_of_a_photo_the_pointer_tells_what_networks_say(strip):
    strip._detectors.networks = {name: fake(name) for name in DETECTORS}
    strip.data = "photos"
    strip.answers = "network"
    strip._detectors.join(10)
    assert strip.error is None
    assert "Found" not in texts(strip)[1] and "3 things: 2 dog, car" in texts(strip)[1]
