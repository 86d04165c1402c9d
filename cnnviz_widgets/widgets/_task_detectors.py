"""torchvision's three networks for TaskStrip: fetched when asked for, and asked in the background."""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import Detector, detector_info, open_detector
from cnnviz_widgets.backend.detectors import SEGMENTATION
from cnnviz_widgets.methods.tasks import LabelMap, Thing, segmentation_of, things_of
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._download import DownloadButton
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._task_pictures import Exhibit
from cnnviz_widgets.widgets._threads import UI_LOCK

DETECTORS = ("fasterrcnn_resnet50_fpn", "fcn_resnet50", "maskrcnn_resnet50_fpn")  # in the panels' order
_KEPT = 24  # answers
_ABOUT = (
    "They learned on the photos of COCO: the two R-CNNs know its 80 kinds of thing, the FCN the 20 of PASCAL "
    "VOC that are among them (dog, person, car, chair, bird, boat ...). Castles, lamps and drawings were not "
    "in their lessons. A picture takes each of them about 5 s on one processor core."
)

Answer = tuple[Thing, ...] | LabelMap


class Detectors:
    """Knows which networks are here, and what they said.

    A network takes seconds for a picture, so it is asked in a thread; a new picture takes the place of one
    that still waits.

    Parameters
    ----------
    on_news : callable
        Called with `UI_LOCK` held when an answer has come or a network has arrived.
    on_error : callable
        Called with `UI_LOCK` held and the exception.
    """

    def __init__(self, on_news: Callable[[], None], on_error: Callable[[Exception], None]) -> None:
        self._on_news, self._on_error = on_news, on_error
        self.networks: dict[str, Detector] = {}
        self._answers: dict[tuple[str, str], Answer] = {}
        self._failed: set[tuple[str, str]] = set()
        self._waiting: dict[str, Exhibit] = {}
        self._asking = ""
        self._thread: threading.Thread | None = None
        self._buttons = {
            name: DownloadButton(detector_info(name), self._take, open_detector) for name in DETECTORS
        }
        self.box = W.VBox(
            [W.HTML(line(_ABOUT, "Networks for the other three tasks.")), flow(*self._buttons.values())]
        )

    def is_here(self, name: str) -> bool:
        """Whether a network can be asked without a download."""
        here = name in self.networks or detector_info(name).cached
        self._buttons[name].layout.display = "none" if here else ""
        return here

    def answer(self, name: str, exhibit: Exhibit) -> Answer | None:
        """Give what a network says, if it has said it; else ask it, if it is here."""
        key = (name, exhibit.sample.source)
        if key not in self._answers and key not in self._failed and self.is_here(name):
            self._ask(name, exhibit)
        return self._answers.get(key)

    def state(self, name: str) -> str:
        """Say why there is no answer yet."""
        if not self.is_here(name):
            return "not on this machine; see below"
        return "looking at the picture ..." if name in self._busy() else "no answer"

    def join(self, seconds: float | None = None) -> None:
        """Wait until everything asked is answered, as tests do."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _busy(self) -> list[str]:
        return [*self._waiting, *([self._asking] if self._asking else [])]

    def _take(self, network: Detector) -> None:
        self.networks[network.name] = network
        self._on_news()

    def _ask(self, name: str, exhibit: Exhibit) -> None:
        with UI_LOCK:
            self._waiting[name] = exhibit
            if self._thread is None:
                context = contextvars.copy_context()  # ipykernel 7.0 needs the cell's context in the thread
                self._thread = threading.Thread(target=context.run, args=(self._work,), daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with UI_LOCK:
                self._asking = ""
                if not self._waiting:
                    self._thread = None
                    return
                name, exhibit = next(iter(self._waiting.items()))
                del self._waiting[name]
                self._asking = name
            self._ask_now(name, exhibit)

    def _ask_now(self, name: str, exhibit: Exhibit) -> None:
        key = (name, exhibit.sample.source)
        if key in self._answers:
            return
        try:
            network = self.networks.get(name) or open_detector(name, progress=False)
            answer = understood(network, network(exhibit.sample.image))
        except Exception as error:  # the last one to hear of it
            with UI_LOCK:
                self._failed.add(key)  # the same question would fail again
                self._on_error(error)
            return
        with UI_LOCK:
            self.networks[name] = network
            self._answers[key] = answer
            while len(self._answers) > _KEPT:
                del self._answers[next(iter(self._answers))]
            self._on_news()


def understood(network: Detector, output: dict[str, Any]) -> Answer:
    """Turn what a network returned into what its task asks for."""
    if network.task == SEGMENTATION:
        return segmentation_of(output["out"], network.classes)
    return things_of(output, network.classes)
