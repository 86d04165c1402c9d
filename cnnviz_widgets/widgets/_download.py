"""A button that fetches a net's weights: how many MB, a progress bar, Stop."""

import contextvars
import html
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as W

from cnnviz_widgets.backend import ModelInfo, open_model
from cnnviz_widgets.errors import CnnvizError
from cnnviz_widgets.widgets._threads import UI_LOCK


class _Stopped(Exception):
    """The student pressed Stop."""


class DownloadButton(W.VBox):
    """Offers to download one model and hands it over when it is there.

    Parameters
    ----------
    info : ModelInfo
        What to download.
    on_model : callable
        Gets the opened model, in the thread that fetched it, with `UI_LOCK` held.
    opener : callable, optional
        Opens a model by its name and takes ``progress=``; `open_model` by default.
    """

    def __init__(
        self,
        info: ModelInfo,
        on_model: Callable[[Any], None],
        opener: Callable[..., Any] | None = None,
    ) -> None:
        self._info, self._on_model, self._opener = info, on_model, opener
        self._button = W.Button(
            description=f"Download {info.name} ({info.megabytes:.0f} MB)",
            layout=W.Layout(width="auto"),
        )
        self._stop = W.Button(description="Stop", layout=W.Layout(width="80px", display="none"))
        self._bar = W.FloatProgress(min=0, max=1, layout=W.Layout(width="200px", display="none"))
        self._text = W.HTML(f"The weights of {html.escape(info.name)} are not on this machine yet.")
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._button.on_click(self.start)
        self._stop.on_click(self.stop)
        super().__init__([self._text, W.HBox([self._button, self._stop]), self._bar])

    def start(self, _: object = None) -> None:
        """Begin in a thread of its own, so that the widgets answer meanwhile; once is enough."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stopping.clear()
        self._show(running=True)
        context = contextvars.copy_context()  # ipykernel 7.0 needs the cell's context in the thread
        self._thread = threading.Thread(target=context.run, args=(self._fetch,), daemon=True)
        self._thread.start()

    def stop(self, _: object = None) -> None:
        """End the download; nothing half-fetched is kept."""
        self._stopping.set()

    def join(self, seconds: float | None = None) -> None:
        """Wait for a running download, as tests do."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _fetch(self) -> None:
        try:
            model = (self._opener or open_model)(self._info.name, progress=self._progress)
        except _Stopped:
            self._text.value = "Stopped; nothing was kept."
        except Exception as error:  # the last one to hear of it
            text = str(error) if isinstance(error, CnnvizError) else f"{type(error).__name__}: {error}"
            self._text.value = f'<span role="alert">{html.escape(text, quote=False)}</span>'
        else:
            with UI_LOCK:
                self._on_model(model)
        finally:
            self._show(running=False)

    def _progress(self, done: int, total: int | None) -> None:
        if self._stopping.is_set():
            raise _Stopped
        share = done / total if total else 0.0
        if share - self._bar.value > 0.01 or share >= 1:  # a hundred messages, not a hundred thousand
            self._bar.value = share

    def _show(self, running: bool) -> None:
        self._button.disabled = running
        self._stop.layout.display = self._bar.layout.display = "" if running else "none"
        self._bar.value = 0.0
