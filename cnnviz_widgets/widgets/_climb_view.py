"""The base of widgets that climb: a board of pictures, its run, its film and its curves."""

import io
import itertools
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets as W
import traitlets
from PIL import Image

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.paint import beside, rgb_png
from cnnviz_widgets.widgets._climb_bar import ClimbBar
from cnnviz_widgets.widgets._climb_board import Board
from cnnviz_widgets.widgets._climb_curves import terms_svg
from cnnviz_widgets.widgets._climb_panels import ClimbWall, FilmStrip
from cnnviz_widgets.widgets._runner import Runner, State
from cnnviz_widgets.widgets._save_link import SaveButtons
from cnnviz_widgets.widgets._view import View

_FILM_EVERY = 0.5  # seconds between two drawings of the film while it runs
_MOST_FRAMES = 60  # of a GIF, and the last
_LOOKS = [("as they are", "true"), ("stretched", "stretched")]


class ClimbView(View):
    """Start, Pause, Step, Stop and Reset for a `Board`, drawn while it runs.

    A child class computes the board at its start, names the traits below in `redraw_on`, lets settings act in
    `_steer`, and calls `_draw_board`.

    Attributes
    ----------
    chosen : int
        The picture whose curves and film are shown.
    at_step : int
        The step on show; -1 is the newest.
    look : "true" or "stretched"
        Colours as the network sees them, or spread about the mean colour so that faint ones are seen.
    """

    logarithmic = False  # whether curves are drawn by the logarithms of the values

    chosen = traitlets.Int(0, min=0, help="the picture whose curves are shown")
    at_step = traitlets.Int(-1, min=-1, help="the step on show; -1 is the newest")
    look = traitlets.Enum(["true", "stretched"], "true", help="colours")

    def __init__(self, **traits: Any) -> None:
        self._runner = Runner(self._on_step, self._on_state, self, draws_end=False)
        self._broken: Exception | None = None  # what ended the last run
        self._filmed = 0.0
        self._resetting = False
        self._told: Any = None  # what the controls show
        super().__init__(**traits)

    def _build_board(self, columns: int = 3) -> None:
        """Make the parts that every climb has; the child class arranges them."""
        self._bar = ClimbBar(self._runner, self.run, self.step, self.reset)
        self._wall = ClimbWall(lambda number: self.set(chosen=number), columns)
        self._curves = W.HTML()
        self._strip = FilmStrip(lambda step: self.set(at_step=step))
        self._save = SaveButtons({"Save GIF": self._gif_file, "Save PNG": self._png_file}, self.guard)
        self._look = W.Dropdown(
            options=_LOOKS,
            description="Colours",
            layout=W.Layout(width="260px"),
            style={"description_width": "62px"},
        )
        traitlets.link((self, "look"), (self._look, "value"))

    def _answer(self) -> None:
        was_running = self._ready and self._runner.state == "running" and not self._resetting
        self._runner.stop()
        super()._answer()
        self._broken, self._filmed = None, 0.0
        self._quietly(at_step=-1, chosen=min(self.chosen, len(self.result.labels) - 1))
        self._bar.enter("idle", False)
        if was_running:
            self.run()

    # The run

    def run(self) -> None:
        """Climb to the end, in a thread; begin again if it is there."""
        if self.result.is_done:
            self.reset()
        self._go(None)

    def step(self) -> None:
        """Take one step."""
        self._go(1)

    def _go(self, rounds: int | None) -> None:
        board, self._broken = self.result, None
        self.guard(self._steer)
        self.set(at_step=-1)
        self._runner.start(lambda: itertools.islice(board.rounds(), rounds))

    def stop(self) -> None:
        """End the run after the step it is in; `run` goes on from there."""
        self._runner.stop()

    def pause(self, on: bool = True) -> None:
        """Rest after the step it is in, or go on."""
        self._runner.pause(on)

    def reset(self) -> None:
        """Go back to the start."""
        self._resetting = True
        try:
            self.guard(self._answer_and_paint)
        finally:
            self._resetting = False

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the end of a run, as a script or a test does; not while it is paused."""
        self._runner.join(seconds)

    def _on_step(self, board: Board) -> None:
        if board is self.result and self._ready:
            self.guard(self._paint)

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._bar.enter(state, self.result.is_done)
        if error is not None:
            self._broken = error
            self._fail(error)
        if self._ready and state not in ("running", "idle"):
            self.guard(self._paint)  # what is told at rest: the film to its end, how sure the network is

    def _succeed(self) -> None:
        if self._broken is None:
            super()._succeed()
        elif self.error is not self._broken:
            self._fail(self._broken)  # what was told after it is put right, and this is not

    # The picture

    def _steer(self) -> None:
        """Let the climbs follow the traits from their next step on."""

    def _controls_are_old(self) -> bool:
        """Tell, once, whether traits have changed since the controls were brought to them.

        They are not with every frame: a slider that is being moved would be put back to where it was.
        """
        before, self._told = self._told, self._key((*self.recompute_on, *self.redraw_on))
        return bool(before != self._told)

    @property
    def _is_newest(self) -> bool:
        return self.at_step == -1 or self.result.film.place(self.at_step) == len(self.result.film) - 1

    def _draw_board(self, captions: Sequence[str]) -> None:
        """Paint the pictures at the step on show, their curves and their film."""
        board: Board = self.result
        if self.chosen >= len(board.labels):
            raise InputError(
                f"there is no picture {self.chosen}: they are numbered 0 to {len(board.labels) - 1}"
            )
        place = -1 if self._is_newest else board.film.place(self.at_step)
        stretched = self.look == "stretched"
        pictures = [board.picture(i, place, stretched) for i in range(len(board.labels))]
        self._wall.draw(pictures, captions, self.chosen)
        mark = board.step if self.at_step == -1 else self.at_step
        lines = _with_total(board.values[self.chosen])
        self._curves.value = terms_svg(lines, board.steps, mark, self.logarithmic)
        self._draw_film(stretched)
        self._bar.show(board.step, board.steps)
        self._bar.know(board.is_done)
        self._save.forget()

    def _draw_film(self, stretched: bool) -> None:
        now = time.monotonic()
        if self._runner.state == "running" and now - self._filmed < _FILM_EVERY:
            self._strip.show_step(self.result, self.at_step)
            return
        self._filmed = now
        self._strip.draw(self.result, self.chosen, self.at_step, stretched)

    # Saving

    def gif(self, seconds: float = 4.0) -> bytes:
        """Make the film of the chosen picture as an animated GIF; its last frame stays a second."""
        count, stretched = len(self.result.film), self.look == "stretched"
        places = sorted({*range(0, count, math.ceil(count / _MOST_FRAMES)), count - 1})
        frames = [Image.fromarray(self.result.picture(self.chosen, i, stretched)) for i in places]
        pace = max(20, round(1000 * seconds / len(frames)))
        times = [pace] * (len(frames) - 1) + [1000]
        buffer = io.BytesIO()
        frames[0].save(
            buffer, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, disposal=1
        )
        return buffer.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write the chosen picture as PNG, or its film as GIF, by the ending of the name.

        Raises
        ------
        InputError
            If the name ends otherwise.
        """
        path = Path(path)
        if path.suffix.lower() not in (".png", ".gif"):
            raise InputError(f"a picture is saved as .png and its film as .gif, not {path.name!r}")
        path.write_bytes(self.gif() if path.suffix.lower() == ".gif" else self._png())
        return path

    def _png(self) -> bytes:
        place = -1 if self.at_step == -1 else self.result.film.place(self.at_step)
        return rgb_png(self.result.picture(self.chosen, place, self.look == "stretched"))

    def _gif_file(self) -> tuple[str, bytes]:
        return f"{self.result.labels[self.chosen]}.gif", self.gif()

    def _png_file(self) -> tuple[str, bytes]:
        return f"{self.result.labels[self.chosen]}.png", self._png()

    def snapshot(self) -> bytes:
        """Give the pictures on screen as PNG bytes."""
        board = self.result
        told = f"step {board.step if self.at_step == -1 else self.at_step} of {board.steps}"
        return beside(
            [self._wall.surface.picture, self._strip.surface.picture], [told, "the steps before it"]
        )


def _with_total(values: dict[str, list[tuple[int, float]]]) -> dict[str, Sequence[tuple[float, float]]]:
    """Add the sum of the terms, where there are several."""
    if len(values) < 2:
        return dict(values)
    total: dict[int, float] = {}
    for points in values.values():
        for step, value in points:
            total[step] = total.get(step, 0.0) + value
    return {**values, "together": sorted(total.items())}
