"""The download button: it tells how far it is, stops when told to, and says what went wrong."""

import threading

import pytest

from cnnviz_widgets import HookedModel, model_info, open_model
from cnnviz_widgets.errors import DownloadError
from cnnviz_widgets.widgets import _download
from cnnviz_widgets.widgets._download import DownloadButton


@pytest.fixture
def info(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return model_info("resnet18")


def test_it_says_how_much_hands_over_the_model_and_can_be_pressed_again(info, monkeypatch):
    mini, bars, got = open_model("mini-convnet"), [], []

    def fetch(name: str, progress) -> HookedModel:
        for done in (0, 50, 100):
            progress(done, 100)
            bars.append(button._bar.value)
        return mini

    monkeypatch.setattr(_download, "open_model", fetch)
    button = DownloadButton(info, got.append)
    assert button._button.description == "Download resnet18 (45 MB)"
    button._button.click()
    button.join(10)
    assert bars == [0, 0.5, 1]
    assert got == [mini]
    assert not button._button.disabled
    assert button._stop.layout.display == "none"


def test_stop_ends_it_at_the_next_piece(info, monkeypatch):
    started, got = threading.Event(), []

    def fetch(name: str, progress) -> HookedModel:
        while True:
            progress(1, None)
            started.set()

    monkeypatch.setattr(_download, "open_model", fetch)
    button = DownloadButton(info, got.append)
    button._button.click()
    assert started.wait(10)
    assert button._button.disabled
    assert button._stop.layout.display == ""
    button._button.click()  # a second click starts nothing
    button._stop.click()
    button.join(10)
    assert (got, button._text.value) == ([], "Stopped; nothing was kept.")
    assert not button._button.disabled


@pytest.mark.parametrize("error", [DownloadError("no <network>"), RuntimeError("no <network>")])
def test_what_went_wrong_is_told_escaped(info, monkeypatch, error):
    def fetch(name: str, progress) -> HookedModel:
        raise error

    monkeypatch.setattr(_download, "open_model", fetch)
    button = DownloadButton(info, pytest.fail)
    button._button.click()
    button.join(10)
    assert "no &lt;network&gt;" in button._text.value
    assert not button._button.disabled
