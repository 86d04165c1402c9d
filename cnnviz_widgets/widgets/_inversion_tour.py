"""The base of InversionViewer: one layer's inversion runs, or those of all layers, one after the other."""

from collections.abc import Iterator
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import Layer
from cnnviz_widgets.methods.inversion import InversionSettings
from cnnviz_widgets.widgets._climb_board import Board
from cnnviz_widgets.widgets._climb_view import ClimbView
from cnnviz_widgets.widgets._inversion_boards import Inversion, Shelf
from cnnviz_widgets.widgets._runner import State
from cnnviz_widgets.widgets._threads import UI_LOCK


class LayerTour(ClimbView):
    """A `ClimbView` of one layer at a time that can also go through all of them.

    What was begun stays on the shelf while the question is the same but for the layer, so that moving along
    the layers shows what is there. A child class says what the question is.

    Attributes
    ----------
    layer : str
        The layer on show.
    """

    layer = traitlets.Unicode(help="whose code is inverted")
    # As the authors show theirs: late reconstructions are pale, since priors pull to the mean colour.
    look = traitlets.Enum(["true", "stretched"], "stretched", help="colours")

    layers: tuple[Layer, ...]
    _shelf: Shelf

    def __init__(self, **traits: Any) -> None:
        self._touring = self._following = False
        self._quiet = False  # while an answer is made, which decides by itself whether to go on
        self._made: Inversion | None = None  # what the tour is at
        self._asked: Any = None  # of all layers alike, in the last answer
        super().__init__(**traits)

    # What a child class says

    @property
    def _subject(self) -> Any:
        """What is asked of every layer alike."""
        raise NotImplementedError

    def _settings(self, layer: str) -> InversionSettings:
        """Give the settings for a layer."""
        raise NotImplementedError

    def _inversion(self, layer: Layer) -> Inversion:
        """Give the inversion of a layer, begun now or before."""
        raise NotImplementedError

    def _build_tour(self) -> None:
        """Make the parts of a climb, and the button for all layers."""
        self._build_board()
        self._all = W.Button(description="All layers", icon="th", layout=W.Layout(width="120px"))
        self._all.on_click(lambda _: self.run_all())

    def _answer(self) -> None:
        asked, self._asked = self._asked, self._subject
        if self._touring and self._runner.is_alive and asked == self._subject and not self._resetting:
            self._following = False  # the student looks at another layer while the rest is made
            self._look_at(self._compute())
            return
        goes_on = self._ready and self._runner.state == "running" and not self._resetting
        self._touring, self._quiet = False, True
        try:
            super()._answer()
        finally:
            self._quiet = False
        self._bar.enter("idle", self.result.is_done)
        if goes_on and not self.result.is_done:
            self.run()

    def _look_at(self, board: Inversion) -> None:
        """Show an inversion without touching the run."""
        self.set_trait("result", board)
        self._quietly(layer=board.layer.name, at_step=-1)
        self._answered, self._fresh = self._key(self.recompute_on), True

    # The run

    def run(self) -> None:
        """Climb to the end, in a thread; begin again if it is there."""
        if not self._quiet:
            self._touring = False
            super().run()

    def step(self) -> None:
        """Take one step."""
        self._touring = False
        super().step()

    def run_all(self) -> None:
        """Invert every layer, one after the other, in a thread; what is there already is kept."""
        self._broken, self._touring, self._following = None, True, True
        self._made = None
        self.set(at_step=-1)
        self._runner.start(self._tour)

    def _tour(self) -> Iterator[Inversion]:
        for layer in self.layers:
            with UI_LOCK:  # the student may look at another layer at this moment
                board = self._inversion(layer)
                if board.is_done and board.settings != self._settings(layer.name):
                    self._shelf.drop(self._subject, layer.name)
                    board = self._inversion(layer)
            board.follow(self._settings(layer.name))
            self._made = board
            yield board
            for _ in board.rounds():
                yield board

    def reset(self) -> None:
        """Go back to the start."""
        self._shelf.drop(self._subject, self.layer)
        super().reset()

    def _on_step(self, board: Board) -> None:
        self._follow()
        if self._ready and (board is self.result or self._touring):
            self.guard(self._paint)

    def _follow(self) -> None:
        """Show what the tour is at, unless the student looks at something else."""
        if self._touring and self._following and self._made not in (None, self.result):
            self._look_at(self._made)

    def _show_progress(self) -> None:
        board = self._made if self._touring and self._made is not None else self.result
        names = [each.name for each in self.layers]
        if self._touring and board.layer.name in names:
            at = names.index(board.layer.name)
            text = f"layer {at + 1} of {len(names)}, step {board.step} of {board.steps}"
            self._bar.show(at * board.steps + board.step, len(names) * board.steps, text)
        else:
            self._bar.show(board.step, board.steps)

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._follow()  # there is no drawing of the last step before this
        super()._on_state(state, error)
        self._all.disabled = state in ("running", "paused")
        if state not in ("running", "paused"):
            self._touring = False
