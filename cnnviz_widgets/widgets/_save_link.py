"""Buttons that make a file and put a link to it beside them: a notebook has no other way to save one."""

import base64
import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as W

from cnnviz_widgets.widgets._layout import flow

_KINDS = {"gif": "image/gif", "png": "image/png", "json": "application/json"}


class SaveButtons:
    """A button for each kind of file.

    Parameters
    ----------
    files : mapping of str to callable
        What a button says to what makes its file: returns a name and the content.
    guard : callable
        Runs the making, and tells the student what went wrong there.
    """

    def __init__(
        self, files: Mapping[str, Callable[[], tuple[str, bytes]]], guard: Callable[..., None]
    ) -> None:
        self.link = W.HTML()
        buttons = []
        for text, make in files.items():
            button = W.Button(description=text, icon="download", layout=W.Layout(width="112px"))
            button.on_click(lambda _, make=make: guard(self._offer, make))
            buttons.append(button)
        self.box = flow(*buttons, self.link)

    def forget(self) -> None:
        """Take the link away: it is about what was on screen before."""
        self.link.value = ""

    def _offer(self, make: Any) -> None:
        name, content = make()
        kind = _KINDS[name.rpartition(".")[2]]
        data = base64.b64encode(content).decode("ascii")
        shown = html.escape(f"Download: {name}, {max(1, len(content) // 1000)} kB")
        self.link.value = f'<a download="{html.escape(name)}" href="data:{kind};base64,{data}">{shown}</a>'
