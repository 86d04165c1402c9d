"""What MinimalImageStepper looks like: its controls and panels, and how a path is drawn on them."""

from dataclasses import replace
from typing import Any

import ipywidgets as W

from cnnviz_widgets.engines.passes import map_shape
from cnnviz_widgets.errors import LayerError
from cnnviz_widgets.methods.reduction import Reduction
from cnnviz_widgets.methods.seen_pictures import ground_color, network_input
from cnnviz_widgets.paint import rgb_png
from cnnviz_widgets.paint.sheets import sheet
from cnnviz_widgets.widgets import _minimal_words as words
from cnnviz_widgets.widgets._captions import class_bars, line
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._minimal_canvas import DrawingCanvas, large
from cnnviz_widgets.widgets._minimal_controls import MinimalControls
from cnnviz_widgets.widgets._minimal_draw import Shown, by_hand, by_search
from cnnviz_widgets.widgets._minimal_panels import MinimalPanels
from cnnviz_widgets.widgets._minimal_question import MinimalQuestion
from cnnviz_widgets.widgets._minimal_work import Stepped
from cnnviz_widgets.widgets._runner import Runner, State, WorkBar
from cnnviz_widgets.widgets._threads import Showing

_SNAPSHOT = 336  # screen pixels of each picture


class MinimalView(MinimalQuestion):
    """Builds and draws; what the buttons and the pointer do is in MinimalImageStepper."""

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = MinimalControls(
            self.model,
            list(self._sources),
            self._chooser,
            lambda traits: self.guard(lambda: self.set(**traits)),
        )
        get = self._controls
        for button, work in (
            (get.undo, self.undo),
            (get.redo, self.redo),
            (get.reset, self.reset),
            (get.replace, self._replace_segment),
            (get.save, self._offer),
        ):
            button.on_click(lambda _, work=work: self.guard(work))
        get.load.observe(self._on_load, "value")
        self._canvas = DrawingCanvas(
            lambda step: self.guard(self.apply, step),
            lambda step: self.guard(self._grow, step),
            lambda row, column: self.guard(self._choose_segment, row, column),
        )
        self._canvas.ground = "#" + bytes(ground_color(self.model)).hex()
        self._panels = MinimalPanels(self._canvas, lambda step: self.guard(lambda: self.set(step=step)))
        self._runner = Runner(self._on_step, self._on_state, owner=self)
        self._bar = WorkBar(lambda: self.guard(self.run), self._runner, "Run")
        self._once = W.Button(description="One step", icon="step-forward", layout=W.Layout(width="104px"))
        self._once.on_click(lambda _: self.guard(self.take_away))
        self._over = W.Button(description="Start over", icon="refresh", layout=W.Layout(width="104px"))
        self._over.on_click(lambda _: self.guard(self.start_over))
        self._search = flow(self._once, self._bar.box, self._over)
        self._slider = W.IntSlider(**looks("Step", 420))
        self._slider.observe(self._on_slider, "value")
        self._told = W.HTML()
        self._showing = Showing()
        self._topped: tuple[Any, str] | None = None
        return (
            self._controls.question,
            self._controls.tools,
            self._controls.rule,
            self._search,
            flow(self._slider, self._told),
            self._panels.box,
        )

    def _on_slider(self, change: Any) -> None:
        if not self._showing:
            self.guard(lambda: self.set(step=-1 if change.new == self._slider.max else change.new))

    # The picture

    def _draw(self, result: Stepped) -> str:
        if result.reduction.keep != self.keep:
            result = replace(result, reduction=replace(result.reduction, keep=self.keep))
            self.set_trait("result", result)
        shown = self._shown = self._path(result)
        hand, pieces = self.mode == "hand", result.segments
        cutting = hand and self.tool == "segment"
        canvas = self._canvas
        canvas.enabled, canvas.tool, canvas.size, canvas.fill = hand, self.tool, self.size, self.ink
        canvas.color = self.color
        canvas.show(shown.picture, pieces.labels if cutting else None)
        chosen = min(self.segment, len(pieces) - 1) if cutting else None
        self._panels.show_whole(result.seen, pieces.labels if cutting or not hand else None, chosen)
        self._panels.heading(
            "Draw here" if hand and not cutting else "Click a segment" if hand else "What is left"
        )
        self._panels.bar.value = shown.bar
        self._panels.top.value = class_bars(self.model.top(network_input(self.model, shown.picture), 3))
        self._panels.text.value = (
            line(self._note, "") + line(shown.words) if self._note else line(shown.words)
        )
        self._panels.show_curve(shown.lines, shown.step)
        self._panels.show_film(shown.pictures, shown.notes, shown.bad, shown.step)
        self._show_controls(result)
        return self._say(result)

    def _path(self, result: Stepped) -> Shown:
        if self.mode == "auto" and result.minimal is not None:
            return by_search(self.model, result.minimal, self.step)
        return by_hand(self.model, result.reduction, self.step)

    def _say(self, result: Stepped) -> str:
        by = "by hand" if self.mode == "hand" else "by a search"
        return f"{self.model.name} sees {self._name}, simplified {by}. {self._shown.words}"

    def _show_controls(self, result: Stepped) -> None:
        self._name = self._name_on_show()
        with self._showing:
            self._slider.max = max(1, len(self._shown.pictures) - 1)
            self._slider.value = self._shown.step
        self._slider.disabled = len(self._shown.pictures) < 2
        self._search.layout.display = "none" if self.mode == "hand" else ""
        values: dict[str, Any] = {each: getattr(self, each) for each in self._controls.names}
        values["layer"] = self.layer or self.model.layers[0].name
        if self.target is not None:
            values["target"] = self.model.class_index(self.target)
        channels, rows, columns = self._sizes(values["layer"])
        limits = {
            "channel": channels - 1, "row": rows - 1, "column": columns - 1,
            "segment": len(result.segments) - 1, "size": max(result.seen.shape[:2]) // 2,
        }  # fmt: skip
        buttons = bool(result.reduction.steps), bool(result.undone)
        labelled = self.data != "photos"
        self._controls.show(values, self._source, limits, self._whole_top(result), labelled, buttons)
        self._tell_progress()

    def _sizes(self, layer: str) -> tuple[int, int, int]:
        try:
            channels, rows, columns = map_shape(self.model, layer)
        except LayerError:  # its result is no maps: it is told when it is asked for
            return 1, 1, 1
        return channels, rows, columns

    def _whole_top(self, result: Stepped) -> str:
        if self._topped is None or self._topped[0] is not result.seen:
            top = self.model.top(network_input(self.model, result.seen), 1)
            self._topped = (result.seen, top[0].name)
        return self._topped[1]

    def _show_bar(self, path: Reduction, now: float) -> None:
        name = words.say_unit(self.model, path.unit)
        self._panels.bar.value = words.response_bar(
            name, path.responses[0], now, path.limit, "what must be kept"
        )

    def _tell_progress(self) -> None:
        found, alive = self.result.minimal, self._runner.state in ("running", "paused")
        if found is not None:
            done, total = len(found.steps) - 1, len(found.segments)
            self._bar.show(total if found.is_finished else done, total, f"{done} of {total} taken away")
        over = found is not None and found.is_finished
        self._bar.start.disabled = self._once.disabled = over or alive

    def _on_state(self, state: State, error: Exception | None) -> None:
        self._bar.enter(state)
        if error is not None:
            self._fail(error)
        self._tell_progress()

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the whole picture beside the one on show."""
        pictures = [large(self.result.seen, _SNAPSHOT), large(self._shown.picture, _SNAPSHOT)]
        headings = ["The whole picture", f"Step {self._shown.step} of {len(self._shown.pictures) - 1}"]
        return rgb_png(sheet([pictures], headings).array)
