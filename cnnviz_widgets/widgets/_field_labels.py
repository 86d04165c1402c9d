"""What the student calls a unit: a word, a kind, a file to keep, and how many there are of each kind."""

import base64
import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as W

from cnnviz_widgets.methods.unit_labels import CATEGORIES, category_counts, labels_as_json, labels_from_json
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._field_chart import COLORS
from cnnviz_widgets.widgets._layout import flow, looks
from cnnviz_widgets.widgets._threads import Showing

_OPEN = "(not labelled)"


class LabelDesk:
    """A text field, a list of kinds, a link that saves, a button that loads, and the counts.

    Parameters
    ----------
    on_label : callable
        Called with the label and the category, or None, of the unit on show.
    on_load : callable
        Called with the labels of a file.
    guard : callable
        Runs the reading of a file, and tells the student what went wrong there.
    """

    def __init__(
        self,
        on_label: Callable[[str, str | None], None],
        on_load: Callable[[list[dict[str, Any]]], None],
        guard: Callable[..., None],
    ) -> None:
        self._on_label, self._on_load, self._guard, self._showing = on_label, on_load, guard, Showing()
        self.text = W.Text(
            **looks("Unit shows", 330), placeholder="a word, e.g. dog", continuous_update=False
        )
        self.text.style.description_width = "78px"
        self.kind = W.Dropdown(**looks("Kind"), options=[_OPEN, *CATEGORIES])
        self.upload = W.FileUpload(description="Load labels", accept=".json", multiple=False)
        self.upload.layout.width = "150px"  # the count of files stands in it, too
        self.link, self.counts = W.HTML(), W.HTML()
        for control in (self.text, self.kind):
            control.observe(self._tell, "value")
        self.upload.observe(self._load, "value")
        self.box = W.VBox([flow(self.text, self.kind, self.link, self.upload), self.counts])

    def show(
        self, label: Mapping[str, Any] | None, labels: Sequence[Mapping[str, Any]], networks: list[str]
    ) -> None:
        """Bring the desk to the unit on show, and count."""
        with self._showing:
            self.text.value = label["label"] if label else ""
            self.kind.value = label["category"] if label else _OPEN
        data = base64.b64encode(labels_as_json(labels).encode()).decode()
        self.link.value = (
            f'<a download="unit_labels.json" href="data:application/json;base64,{data}" '
            f'style="text-decoration:underline">Save {len(labels)} labels as JSON</a>'
        )
        self.counts.value = _table(labels, networks)

    def _tell(self, _: Any) -> None:
        if self._showing:
            return
        if self.kind.value == _OPEN and self.text.value.strip():
            with self._showing:  # a word is about something: a thing, until the student says otherwise
                self.kind.value = "object"
        kind = None if self.kind.value == _OPEN else self.kind.value
        self._on_label(self.text.value.strip(), kind)

    def _load(self, change: Any) -> None:
        if change.new:
            self._guard(lambda: self._on_load(labels_from_json(bytes(change.new[0]["content"]))))
            self.upload.value = ()  # so that the same file can be chosen again


def _table(labels: Sequence[Mapping[str, Any]], networks: list[str]) -> str:
    """Write how many units of each network are of each kind, as a table with bars."""
    counts = {name: category_counts(labels, name) for name in networks}
    if not any(sum(each.values()) for each in counts.values()):
        return line("Look at the pictures above, then say what the unit answers to; counts come here.")
    most = max(max(each.values()) for each in counts.values())
    rows = []
    for category in CATEGORIES:
        bars = "".join(
            '<span style="display:flex;align-items:center;gap:5px;flex:1 1 0">'
            f'<span style="display:inline-block;height:9px;background:rgb{COLORS[i % len(COLORS)]};'
            f'width:{80 * found[category] / most:.0f}%"></span>{found[category]}</span>'
            for i, found in enumerate(counts.values())
        )
        name = f'<span style="flex:0 0 180px">{html.escape(category)}</span>'
        rows.append(f'<div style="display:flex;gap:10px;line-height:1.4">{name}{bars}</div>')
    heads = "".join(f'<b style="flex:1 1 0">{html.escape(name)}</b>' for name in counts)
    head = f'<div style="display:flex;gap:10px"><span style="flex:0 0 180px"></span>{heads}</div>'
    return f'<div style="max-width:860px" role="table" aria-label="units by kind">{head}{"".join(rows)}</div>'
