"""A square that follows the pointer: mouse or finger, on any of several canvases."""

import contextvars
import threading
from collections.abc import Callable, Sequence

from cnnviz_widgets.widgets._surface import Surface, batch

_ORANGE, _BLACK = "#ff8c00", "#000000"
_THICK = 2  # screen pixels

Place = tuple[int, int]


class MarkedSurface(Surface):
    """A surface with the square's frame over its picture, drawn without sending the picture again.

    The picture is enlarged by the browser: less is sent, and a dragged square is there sooner.
    """

    mark: tuple[float, float, float, float] | None = None
    smooth = False  # whether pixels are mixed where the picture is enlarged

    def put(self, box: tuple[float, float, float, float]) -> None:
        """Move the frame to (left, top, width, height), in pixels of the surface."""
        if box != self.mark:
            self.mark = box
            self.redraw()

    def redraw(self) -> None:
        """Paint picture and frame again."""
        with batch():
            if not self._image.value:
                return
            self.canvas.image_smoothing_enabled = self.smooth
            self.canvas.draw_image(self._image, 0, 0, *self.size)
            if self.mark is None:
                return
            left, top, width, height = self.mark
            for color, thick in ((_BLACK, _THICK + 2), (_ORANGE, _THICK)):
                self.canvas.stroke_style, self.canvas.line_width = color, thick
                # Inside the square, so that it is whole at the picture's edge.
                inset = (_THICK + 2) / 2
                sides = max(1.0, width - 2 * inset), max(1.0, height - 2 * inset)
                self.canvas.stroke_rect(left + inset, top + inset, *sides)


class Latest:
    """Does the last thing asked for, in a thread; what was asked meanwhile and is old is left out.

    A canvas tells every movement of the pointer, and where an answer takes longer than the way to the next
    movement, answers would come later and later.

    Parameters
    ----------
    act : callable
        Gets a value; it must not raise.
    """

    def __init__(self, act: Callable[[Place], None]) -> None:
        self._act, self._lock = act, threading.Lock()
        self._value: Place | None = None
        self._thread: threading.Thread | None = None

    def ask(self, value: Place) -> None:
        """Act on this value soon, unless another one is asked for before."""
        with self._lock:
            self._value = value
            if self._thread is None:
                context = contextvars.copy_context()  # ipykernel 7.0 finds the cell to write to in it
                self._thread = threading.Thread(target=context.run, args=(self._run,), daemon=True)
                self._thread.start()

    def join(self, seconds: float = 10) -> None:
        """Wait until nothing is left to do: for tests, and never with `UI_LOCK` held."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._lock:
                value, self._value = self._value, None
                if value is None:
                    self._thread = None
                    return
            self._act(value)


class SquareDrag:
    """Takes hold of the square with the pointer, and says where it is to be.

    Parameters
    ----------
    surfaces : sequence of MarkedSurface
        All show the same picture.
    grips : sequence of bool
        Where it is held as it was seized; elsewhere its centre jumps under the pointer.
    on_place : callable
        Called with (top, left) in pixels of the network's picture, in a thread.
    on_point : callable
        Called with (row, column) while nothing is held.
    """

    def __init__(
        self,
        surfaces: Sequence[MarkedSurface],
        grips: Sequence[bool],
        on_place: Callable[[Place], None],
        on_point: Callable[[int, int], None],
    ) -> None:
        self.latest = Latest(on_place)
        self._on_point = on_point
        self._picture, self._square = (1, 1), (0, 0, 1)  # rows and columns; top, left, side
        self._held: tuple[float, float] | None = None  # from the square's corner to the pointer
        for surface, grip in zip(surfaces, grips, strict=True):
            self._listen(surface, grip)

    def know(self, picture: tuple[int, int], top: int, left: int, size: int) -> None:
        """Take in where the square is."""
        self._picture, self._square = picture, (top, left, size)

    def _listen(self, surface: MarkedSurface, grip: bool) -> None:
        def press(x: float, y: float) -> None:
            row, column = self._pixel(surface, x, y)
            top, left, size = self._square
            inside = top <= row < top + size and left <= column < left + size
            self._held = (row - top, column - left) if grip and inside else (size / 2, size / 2)
            move(x, y)

        def move(x: float, y: float) -> None:
            row, column = self._pixel(surface, x, y)
            if self._held is not None:
                self._ask(row, column)
            elif 0 <= row < self._picture[0] and 0 <= column < self._picture[1]:
                self._on_point(int(row), int(column))

        def leave(x: float, y: float) -> None:
            if self._held is not None:
                move(x, y)
            self._held = None

        canvas = surface.canvas
        canvas.on_mouse_down(press)
        canvas.on_mouse_move(move)
        canvas.on_mouse_up(leave)
        canvas.on_mouse_out(leave)  # whether the button is let go outside, a canvas does not hear
        canvas.on_touch_start(lambda points: _first(points, press))
        canvas.on_touch_move(lambda points: _first(points, move))
        canvas.on_touch_end(lambda _: self._let_go())
        canvas.on_touch_cancel(lambda _: self._let_go())

    def _let_go(self) -> None:
        self._held = None

    def _pixel(self, surface: Surface, x: float, y: float) -> tuple[float, float]:
        width, height = surface.size
        return y * self._picture[0] / height, x * self._picture[1] / width

    def _ask(self, row: float, column: float) -> None:
        assert self._held is not None
        size = self._square[2]
        corner = (row - self._held[0], column - self._held[1])
        top, left = (
            max(0, min(round(at), length - size)) for at, length in zip(corner, self._picture, strict=True)
        )
        self.latest.ask((top, left))


def _first(points: Sequence[tuple[float, float]], act: Callable[[float, float], None]) -> None:
    """Act on the first finger; there may be none."""
    if points:
        act(*points[0][:2])
