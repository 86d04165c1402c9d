"""RuleComparer's sanity check: the layers made random from the top down, and which maps notice."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import ipywidgets as W
import numpy as np

from cnnviz_widgets.methods.guided_backprop import Look
from cnnviz_widgets.methods.randomization import Cascaded, LayerGroup, Similarity
from cnnviz_widgets.paint.curves import curves
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._rule_answers import Asked, Compared
from cnnviz_widgets.widgets._rule_maps import SIDE, Strip, frame
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar
from cnnviz_widgets.widgets._threads import Showing

Points = dict[int, Mapping[str, Similarity]]
_MEASURES = [("rank correlation", "spearman"), ("structural similarity (SSIM)", "ssim")]
_Y_LABELS = {"spearman": "rank correlation with the trained map", "ssim": "SSIM with the trained map"}


class RandomPanel:
    """A slider from the trained network to one that knows nothing, its maps, and how alike they are.

    Parameters
    ----------
    groups : sequence of LayerGroup
        What can be made random, from the top.
    stuck : sequence of str
        Parameters that cannot.
    on_change : callable
        Called with "depth", "seed" or "measure" and the value when the student changes it.
    cascade : callable
        Gives the steps of a whole cascade for the question on the controls, each with the question's key.
    guard : callable
        Runs work, and tells the student what went wrong in it.
    """

    def __init__(
        self,
        groups: Sequence[LayerGroup],
        stuck: Sequence[str],
        on_change: Callable[[str, Any], None],
        cascade: Callable[[], Iterator[tuple[Any, Cascaded]]],
        guard: Callable[..., None],
    ) -> None:
        self._groups, self._on_change, self._showing = groups, on_change, Showing()
        self._cascade, self._guard = cascade, guard
        names = [("trained", 0), *((f"{i} {group.name}", i) for i, group in enumerate(groups, 1))]
        self.depth = W.SelectionSlider(**looks("Down to", 440), options=names, disabled=not groups)
        self.seed = W.BoundedIntText(**looks("Seed", 140), min=0, max=2**31 - 1)
        self.measure = W.Dropdown(**looks("Plot", 290), options=_MEASURES)
        for name in ("depth", "seed", "measure"):
            getattr(self, name).observe(lambda change, name=name: self._tell(name, change.new), "value")
        self.runner = Runner(self._on_step, self._on_state)
        self.work = WorkBar(self._start, self.runner, "All layers, one by one")
        self.title, self.plot, self._stuck = W.HTML(), frame(), W.HTML(captions.line(_say_stuck(stuck)))
        self.words = ""
        self._stuck.layout.display = "" if stuck else "none"
        self.strip = Strip([self.plot], headings=False)
        self.box = W.VBox(
            [
                flow(self.depth, self.seed, self.measure),
                self.work.box,
                self.title,
                self.strip.box,
                self._stuck,
            ]
        )
        self._key: Any = None
        self._points: Points = {}
        self._at, self._shown_measure = 0, "spearman"

    def show(self, asked: Asked, measure: str, look: Look, result: Compared) -> None:
        """Paint the maps of the copy with random layers, and the plot."""
        key = (asked.key, asked.seed)
        if key != self._key:  # points of another question would lie
            self.runner.stop()
            self._key, self._points = key, {}
        self._points[0] = {rule: Similarity(1.0, 1.0) for rule in result.trained.maps}
        if asked.depth:
            self._points[asked.depth] = result.similarity
        self._at, self._shown_measure = asked.depth, measure
        with self._showing:
            self.depth.value, self.seed.value, self.measure.value = asked.depth, asked.seed, measure
        self.words = f"Weights: {self.say(asked.depth)}"
        self.title.value = captions.line(self.say(asked.depth), "Weights:")
        notes = {rule: _say_alike(each) for rule, each in result.similarity.items()}
        self.strip.show(result.shuffled or result.trained, look, notes)
        self._draw_plot()

    def say(self, depth: int) -> str:
        """Write which layers are random."""
        if not self._groups:
            return "no layer of this network knows how to make itself random again"
        if depth == 0:
            return "trained, all of them. Move the slider: layers become random from the top down."
        first, last = self._groups[0].name, self._groups[depth - 1].name
        which = f"{first} is" if depth == 1 else f"{first} down to {last} are"
        below = len(self._groups) - depth
        rest = (
            "nothing is left of what was learned"
            if not below
            else f"the {below} below {'is' if below == 1 else 'are'} as learned"
        )
        return f"{which} random (of a copy), {rest}."

    @property
    def pictures(self) -> Mapping[str, Bytes]:
        """Rule's name to the map on show, (rows, columns, 3) uint8."""
        return self.strip.pictures

    # The plot

    def _draw_plot(self) -> None:
        rules = list(self._points[0])
        lines = {
            rule: [
                (depth, getattr(each[rule], self._shown_measure))
                for depth, each in sorted(self._points.items())
                if rule in each
            ]
            for rule in rules
        }
        low = min([0.0, *(y for points in lines.values() for _, y in points if np.isfinite(y))])
        self.plot.format = "png"
        self.plot.value = curves(
            lines,
            x_label="layers made random, from the top",
            y_label=_Y_LABELS[self._shown_measure],
            x_range=(0, max(1, len(self._groups))),
            y_range=(low, 1.03),
            mark=self._at,
            size=(SIDE + 36, SIDE + 36),
        )

    # The whole cascade

    def _start(self) -> None:
        self.runner.start(self._steps)

    def _steps(self) -> Iterator[tuple[Any, Points]]:
        points: Points = {}
        for key, step in self._cascade():
            points = {**points, step.depth: step.similarity}
            yield key, points  # all so far: steps that come faster than pictures are not drawn

    def _on_step(self, step: tuple[Any, Points]) -> None:
        key, points = step
        if key != self._key:  # the question has changed since
            return
        self._points.update(points)
        done, count = max(points), len(self._groups)
        self.work.show(done, count, f"{done} of {count} layers")
        self._draw_plot()

    def _on_state(self, state: State, error: Exception | None) -> None:
        self.work.enter(state)
        if error is not None:
            self._guard(_raise, error)

    def _tell(self, name: str, value: Any) -> None:
        if not self._showing and value is not None:
            self._on_change(name, value)


def _raise(error: Exception) -> None:
    raise error


def _say_alike(alike: Similarity) -> str:
    if np.isnan(alike.spearman):
        return captions.line("nothing to compare: one map is the same everywhere")
    ssim = "" if np.isnan(alike.ssim) else captions.line(f"SSIM {alike.ssim:.2f}")
    return captions.line(f"rank correlation {alike.spearman:.2f}") + ssim


def _say_stuck(stuck: Sequence[str]) -> str:
    if not stuck:
        return ""
    more = f" and {len(stuck) - 4} more" if len(stuck) > 4 else ""
    return f"Stay as learned, since their modules have no reset_parameters: {', '.join(stuck[:4])}{more}."
