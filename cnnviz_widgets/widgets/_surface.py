"""A canvas that shows one picture and tells where the pointer is."""

import contextlib
from collections.abc import Callable, Iterator

import ipycanvas
import ipywidgets as W
from ipycanvas import canvas as _ipycanvas

from cnnviz_widgets.widgets._threads import UI_LOCK


@contextlib.contextmanager
def batch() -> Iterator[None]:
    """Send drawing commands together; safe with threads, exceptions and reloaded pages.

    `ipycanvas.hold_canvas` leaves every canvas of the kernel frozen after an exception inside it.
    """
    manager = _ipycanvas._CANVAS_MANAGER
    with UI_LOCK:
        outer = manager._caching
        if not outer:
            manager._current_canvas = None  # a new client does not know which canvas was drawn on last
            manager._caching = True
        try:
            yield
        except BaseException:
            if not outer:
                manager._commands_cache, manager._buffers_cache = [], []
            raise
        finally:
            if not outer:
                manager.flush()
                manager._caching = False


class Surface:
    """One canvas and one reused image: a picture that can be pointed at.

    Parameters
    ----------
    on_move, on_click : callable, optional
        Called with the pointer's (x, y) in pixels of the picture, not of the screen.
    """

    def __init__(
        self,
        on_move: Callable[[float, float], None] | None = None,
        on_click: Callable[[float, float], None] | None = None,
    ) -> None:
        self.canvas = ipycanvas.Canvas(width=1, height=1, layout=W.Layout(max_width="100%", flex="0 0 auto"))
        self._image = W.Image()
        self.size = (1, 1)
        self.canvas.on_client_ready(self.redraw)  # a reloaded page starts with an empty canvas
        if on_move is not None:
            self.canvas.on_mouse_move(on_move)
        if on_click is not None:
            self.canvas.on_mouse_down(on_click)
            self.canvas.on_touch_start(lambda points: points and on_click(*points[0][:2]))

    @property
    def picture(self) -> bytes:
        """The bytes on show, PNG or JPEG."""
        return bytes(self._image.value)  # the trait gives a memoryview

    def show(self, data: bytes, kind: str, size: tuple[int, int]) -> None:
        """Show a picture of (width, height) pixels; `kind` is "png" or "jpeg"."""
        with batch():
            if size != self.size:
                self.size = size
                self.canvas.width, self.canvas.height = size
                self.canvas.layout.width = f"{size[0]}px"
            self._image.format, self._image.value = kind, data
            self.redraw()

    def redraw(self) -> None:
        """Paint again what is on show."""
        if self._image.value:
            with batch():
                self.canvas.image_smoothing_enabled = False
                self.canvas.draw_image(self._image, 0, 0, *self.size)  # no clear() first: it flickers
