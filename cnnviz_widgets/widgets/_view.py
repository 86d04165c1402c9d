"""The base of every widget: traits -> compute -> result -> draw, and what happens when that fails."""

import html
from typing import Any, ClassVar

import ipywidgets as W
import traitlets

from cnnviz_widgets.errors import CnnvizError
from cnnviz_widgets.widgets._static_twin import StaticTwin
from cnnviz_widgets.widgets._threads import UI_LOCK


class View(W.VBox):
    """A widget that shows the answer to one question, and asks again when a trait changes.

    A child class declares its question as traits and names them in `recompute_on`; traits that change only
    how the answer looks are named in `redraw_on`. It builds its controls in `_build`, answers in `_compute`
    and paints in `_draw`. Errors raise in the constructor; later they go to `error` and to a line the student
    sees, the last good result stays, and the widget goes on working.

    Attributes
    ----------
    result : Any
        What was computed last (read only).
    error : Exception or None
        What went wrong since (read only).
    words : str
        What the picture shows, as a sentence or two.
    """

    recompute_on: ClassVar[tuple[str, ...]] = ()
    redraw_on: ClassVar[tuple[str, ...]] = ()
    tells: ClassVar[bool] = True  # False where the parts of the widget say in words what they show

    result = traitlets.Any(None, read_only=True, help="what was computed last")
    error = traitlets.Any(None, read_only=True, help="what went wrong since, or None")

    def __init__(self, **traits: Any) -> None:
        self._ready = False
        self._answered: Any = None
        self._painted: Any = None
        self._fresh = False  # whether `result` answers what the traits ask now
        self._status = W.HTML(layout=W.Layout(display="none"))
        self._description = W.HTML(layout=W.Layout(display="" if self.tells else "none"))
        self.words = ""
        super().__init__(layout=W.Layout(max_width="100%"))
        self.set_trait_values(traits)
        body = self._build()
        self._twin = StaticTwin(self.snapshot, lambda: self.words)
        self.children = (self._status, *body, self._description, self._twin.style)
        self.add_class(self._twin.css_class)
        self.add_class("cnnviz")
        self._answer()
        self._paint()
        self._ready = True
        self.observe(self._on_change, (*self.recompute_on, *self.redraw_on))

    def set_trait_values(self, traits: dict[str, Any]) -> None:
        """Take the traits given by name; an unknown one is a mistake worth a word."""
        known = (*self.recompute_on, *self.redraw_on)
        for name, value in traits.items():
            if name not in known:
                raise TypeError(f"{type(self).__name__} has no trait {name!r}; it has {', '.join(known)}")
            setattr(self, name, value)

    # What a child class writes

    def _build(self) -> tuple[W.Widget, ...]:
        """Make the controls and panels, linked to the traits; the order is the order on screen."""
        raise NotImplementedError

    def _compute(self) -> Any:
        """Answer the question that the traits ask. No drawing."""
        raise NotImplementedError

    def _draw(self, result: Any) -> str:
        """Paint the answer, and return it in words, for those who do not see the picture."""
        raise NotImplementedError

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes."""
        raise NotImplementedError

    @property
    def state(self) -> dict[str, Any]:
        """The traits that make this picture, as plain values that JSON can hold."""
        named = (*self.recompute_on, *self.redraw_on)
        return {name: _plain(getattr(self, name)) for name in named}

    # How it runs

    def set(self, **traits: Any) -> None:
        """Change several traits for the price of one computation."""
        with self.hold_trait_notifications():
            for name, value in traits.items():
                setattr(self, name, value)

    def _quietly(self, **traits: Any) -> None:
        """Change traits as a part of the answer that is going on, which asks nothing new."""
        was_ready, self._ready = self._ready, False
        try:
            View.set(self, **traits)  # a child's own may do more
        finally:
            self._ready = was_ready

    def guard(self, work: Any, *args: Any) -> None:
        """Run `work` so that what fails is told on screen and in `error`, and nothing else breaks."""
        with UI_LOCK:
            try:
                work(*args)
            except Exception as error:  # a callback has nobody above it to catch anything
                self._fail(error)

    def _on_change(self, change: Any = None) -> None:
        # traits set together arrive one by one, each when all have their new values: the first does the work
        if not self._ready:
            return
        if self._key(self.recompute_on) != self._answered:
            self.guard(self._answer_and_paint)
        elif self._key(self.redraw_on) != self._painted:
            self.guard(self._paint)

    def _key(self, names: tuple[str, ...]) -> Any:
        return tuple(_frozen(getattr(self, name)) for name in names)

    def _answer_and_paint(self) -> None:
        self._answer()
        self._paint()

    def _answer(self) -> None:
        self._answered = self._key(self.recompute_on)  # also if it fails: the same question would fail again
        self._fresh = False
        self.set_trait("result", self._compute())
        self._fresh = True

    def _paint(self) -> None:
        self._painted = self._key(self.redraw_on)
        self.words = self._draw(self.result)
        self._description.value = caption(self.words)
        if self._fresh:  # otherwise the question on the controls is still the one that failed
            self._succeed()
        self._twin.refresh_soon()

    def _succeed(self) -> None:
        self.set_trait("error", None)
        self._status.layout.display = "none"

    def _fail(self, error: Exception) -> None:
        self.set_trait("error", error)
        known = isinstance(error, CnnvizError)
        text = str(error) if known else f"{type(error).__name__}: {error}"
        self._status.value = (
            '<div role="alert" style="padding:4px 8px;'
            'border-left:4px solid #d55e00;background:#fff3e6;color:#222">'
            f"{html.escape(text, quote=False)}</div>"
        )
        self._status.layout.display = ""

    def _ipython_display_(self) -> None:
        self._twin.display(self._repr_mimebundle_())


def caption(words: str) -> str:
    """Write words as small text for an `ipywidgets.HTML`, whose own lines are far apart."""
    return f'<div style="font-size:85%;line-height:1.35;margin:2px 0">{html.escape(words, quote=False)}</div>'


def _frozen(value: Any) -> Any:
    """Make a value that can be compared; pictures and tensors by identity, since comparing them is slow."""
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(each) for each in value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else (type(value), id(value))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value) if hasattr(value, "__fspath__") else f"<{type(value).__name__}>"
