"""A picture beside the widget, for places without a kernel: GitHub, nbconvert, slides.

The picture is an output of its own. While the widget is alive its style hides the picture next to it; where
no widget can be shown, the picture is what is left.
"""

import contextvars
import itertools
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as W
from IPython.core.getipython import get_ipython
from IPython.display import display

from cnnviz_widgets.widgets._threads import UI_LOCK

_REST_SECONDS = 1.0
_numbers = itertools.count(1)  # not a uuid: the same notebook gives the same file again


class StaticTwin:
    """Keeps a PNG output in step with a widget, updated when the widget rests.

    Parameters
    ----------
    snapshot : callable
        Gives the PNG bytes.
    describe : callable
        Says in words what they show.
    """

    def __init__(self, snapshot: Callable[[], bytes], describe: Callable[[], str]) -> None:
        number = next(_numbers)
        self.css_class = f"cv-live-{number}"
        selector = f".jp-OutputArea-child:has(.{self.css_class}) + .jp-OutputArea-child"
        self.style = W.HTML(
            f"<style>{selector} {{display: none !important}}</style>", layout=W.Layout(display="none")
        )
        self._display_id = f"cnnviz-twin-{number}"
        self._snapshot, self._describe = snapshot, describe
        self._shown = False
        self._timer: threading.Timer | None = None

    def display(self, live: Any) -> None:
        """Show the widget, and the picture after it."""
        display(live, raw=True)
        self._show_picture(update=False)
        self._shown = True

    def refresh_soon(self) -> None:
        """Bring the picture up to date once nothing has changed for a second."""
        if not self._shown or get_ipython() is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        context = contextvars.copy_context()  # ipykernel finds the cell to write to in the context
        self._timer = threading.Timer(_REST_SECONDS, context.run, (self._refresh,))
        self._timer.daemon = True
        self._timer.start()

    def _refresh(self) -> None:
        with UI_LOCK:  # not while the widget is half painted
            self._show_picture(update=True)

    def _show_picture(self, update: bool) -> None:
        words = self._describe()
        data = {"image/png": self._snapshot(), "text/plain": words}
        metadata = {"image/png": {"alt": words}}
        display(data, raw=True, metadata=metadata, display_id=self._display_id, update=update)
