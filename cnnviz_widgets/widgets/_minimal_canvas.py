"""The canvas of MinimalImageStepper: the picture large, and what the pointer does to it at once."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from cnnviz_widgets.methods.retouch import Retouch
from cnnviz_widgets.paint import jpeg, resize_bilinear, resize_nearest, rgb_png
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._surface import Surface, batch

SIDE = 448  # screen pixels
_PAUSE = 0.04  # seconds between two responses while a stroke is drawn
_HINT_COLOR = "#e69f00"  # where what will stand there is not known yet
_NEAR = 0.5  # picture pixels: closer points make a stroke no finer


class DrawingCanvas:
    """Shows a picture, and turns what the pointer does on it into steps.

    Parameters
    ----------
    on_step : callable
        Gets the finished `Retouch`.
    on_growing : callable
        Gets the unfinished one while the pointer is down, not more often than can be answered.
    on_segment : callable
        Gets row and column of a click where segments are chosen.
    """

    def __init__(
        self,
        on_step: Callable[[Retouch], None],
        on_growing: Callable[[Retouch], None],
        on_segment: Callable[[int, int], None],
    ) -> None:
        self._on_step, self._on_growing, self._on_segment = on_step, on_growing, on_segment
        self.surface = Surface()
        self.tool, self.size, self.fill, self.color = "brush", 9, "grey", _HINT_COLOR
        self.enabled = True
        self.shown: Bytes | None = None
        self._zoom = 1.0
        self._points: list[tuple[float, float]] = []
        self._asked = 0.0
        canvas = self.surface.canvas
        canvas.on_mouse_down(self.press)
        canvas.on_mouse_move(self.move)
        canvas.on_mouse_up(self.release)
        canvas.on_mouse_out(self.release)
        canvas.on_touch_start(lambda points: _first(points, self.press))
        canvas.on_touch_move(lambda points: _first(points, self.move))
        canvas.on_touch_end(lambda points: self.release())
        canvas.on_touch_cancel(lambda points: self.release())

    @property
    def is_drawing(self) -> bool:
        """Whether the pointer is down."""
        return bool(self._points)

    def show(self, picture: Bytes, seams: np.ndarray | None = None) -> None:
        """Show a picture, (H, W, 3) uint8, with seams of segments, (H, W) int, drawn in if there are any."""
        self.shown = large(picture, SIDE)
        if seams is not None:
            self.shown = with_seams(self.shown, seams)
        self._zoom = self.shown.shape[1] / picture.shape[1]
        small = max(picture.shape[:2]) <= SIDE // 2
        data, kind = (rgb_png(self.shown), "png") if small else (jpeg(self.shown), "jpeg")
        self.surface.show(data, kind, (self.shown.shape[1], self.shown.shape[0]))

    # What the pointer does

    def press(self, x: float, y: float) -> None:
        """Begin a stroke or a box, or choose a segment."""
        if not self.enabled:
            return
        at = self._place(x, y)
        if self.tool == "segment":
            self._on_segment(int(at[1]), int(at[0]))
            return
        self._points = [at]
        self._asked = time.perf_counter()
        if self.tool == "brush":
            self._paint(at, at)

    def move(self, x: float, y: float) -> None:
        """Go on with it."""
        if not self._points:
            return
        at, last = self._place(x, y), self._points[-1]
        if abs(at[0] - last[0]) + abs(at[1] - last[1]) < _NEAR:
            return
        if self.tool == "brush":
            self._points.append(at)
            self._paint(last, at)
        else:
            self._points[1:] = [at]
            self._frame(self._points[0], at)
        now = time.perf_counter()
        if now - self._asked >= _PAUSE:
            step = self._step()
            if step is not None:
                self._on_growing(step)
            # a slow network is asked less often, so that no event waits behind it
            self._asked = now + 2 * (time.perf_counter() - now)

    def release(self, *_: float) -> None:
        """End it: the step is taken."""
        step = self._step() if self._points else None
        self._points = []
        if step is not None:
            self._on_step(step)

    def _step(self) -> Retouch | None:
        fill = self.color if self.fill == "color" else self.fill
        if self.tool == "brush":
            return Retouch.brush(self._points, self.size, fill)
        if len(self._points) < 2:
            return None  # a click is no box
        a, b = self._points[0], self._points[1]
        if round(a[0]) == round(b[0]) or round(a[1]) == round(b[1]):
            return None
        return Retouch.box(*a, *b, fill)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        return x / self._zoom, y / self._zoom

    def _ink(self) -> str:
        return self.color if self.fill == "color" else self.ground if self.fill == "grey" else _HINT_COLOR

    ground = "#808080"  # the colour of "grey", for the stroke until the kernel has painted it

    def _paint(self, a: tuple[float, float], b: tuple[float, float]) -> None:
        """Draw a piece of the stroke on what is on screen: no picture is sent."""
        canvas, zoom = self.surface.canvas, self._zoom
        with batch():
            canvas.fill_style = canvas.stroke_style = self._ink()
            canvas.line_width = self.size * zoom
            if a != b:
                canvas.stroke_line(a[0] * zoom, a[1] * zoom, b[0] * zoom, b[1] * zoom)
            canvas.fill_circle(b[0] * zoom, b[1] * zoom, self.size * zoom / 2)

    def _frame(self, a: tuple[float, float], b: tuple[float, float]) -> None:
        canvas, zoom = self.surface.canvas, self._zoom
        left, top = min(a[0], b[0]) * zoom, min(a[1], b[1]) * zoom
        width, height = abs(a[0] - b[0]) * zoom, abs(a[1] - b[1]) * zoom
        with batch():
            self.surface.redraw()
            for color, thick in (("#000000", 4), (_HINT_COLOR, 2)):
                canvas.stroke_style, canvas.line_width = color, thick
                canvas.stroke_rect(left, top, width, height)


def _first(points: Sequence[Sequence[float]], act: Callable[[float, float], None]) -> None:
    """Let the first finger act."""
    if points:
        act(points[0][0], points[0][1])


def large(picture: Bytes, side: int) -> Bytes:
    """Make a picture about so large: by whole factors where it is small, so that its pixels are seen."""
    height, width = picture.shape[:2]
    longest = max(height, width)
    if longest <= side // 2:
        zoom = side // longest
        return resize_nearest(picture, height * zoom, width * zoom)
    rows, columns = (max(1, round(each * side / longest)) for each in (height, width))
    return np.rint(resize_bilinear(picture, rows, columns)).astype(np.uint8)


def with_seams(picture: Bytes, labels: np.ndarray, chosen: int | None = None) -> Bytes:
    """Draw the seams between segments, white beside black so that they are seen on any ground.

    Parameters
    ----------
    picture : array, (rows, columns, 3) uint8
        As it is on screen; left as it is.
    labels : array, (H, W) int
        The segments of the picture before it was enlarged; below 0 there is none.
    chosen : int, optional
        A segment with an orange frame.
    """
    grown = resize_nearest(labels, *picture.shape[:2])
    painted = picture.copy()
    below, beside = grown[1:] != grown[:-1], grown[:, 1:] != grown[:, :-1]
    painted[1:][below] = painted[:, 1:][beside] = 0
    painted[:-1][below] = painted[:, :-1][beside] = 255
    if chosen is not None:
        there = grown == chosen
        inner = there.copy()
        for axis in (0, 1):
            for way in (-2, 2):
                inner &= np.roll(there, way, axis)
        painted[there & ~inner] = (230, 159, 0)
    return painted
