"""One notebook open in JupyterLab in a real browser, and what a student can see and do there.

page = open_notebook("02_activations.ipynb", env={"CNNVIZ_MODEL": "squeezenet1_1"})
page.run_all()                              # fails with the traceback of the first cell that does
before = page.image_pixels("img.widget-image")
page.slider("size").press("ArrowRight")
page.wait_for_change(lambda: page.image_pixels("img.widget-image"), before)
assert page.console_errors() == []
"""

import ast
import base64
import io
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from tests.browser.server import LabServer

ARGUMENTS = [
    "--no-sandbox",  # root in a container has no other way; the pages are our own
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",  # a container's /dev/shm is 64 MB
]

# Console errors to overlook, each with its reason. Measured on JupyterLab 4.6 with no network: none needed.
HARMLESS: tuple[str, ...] = ()

_IS_OPEN = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return !!(panel?.sessionContext?.session?.kernel && panel.content?.model && panel.content.widgets.length);
}"""
_RUN_ALL = """async () => {
  const app = window.jupyterapp, context = app.shell.currentWidget.sessionContext;
  await context.ready;
  await context.session.kernel.info;
  await app.commands.execute('notebook:run-all-cells');
}"""
# Cells with code have all been run; those after a failed one never will be.
_IS_DONE = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = panel.content.widgets.filter(
    cell => cell.model.type === 'code' && cell.model.sharedModel.getSource().trim());
  const failed = cells.some(cell => cell.model.outputs.toJSON().some(out => out.output_type === 'error'));
  return panel.sessionContext.session.kernel.status === 'idle'
    && (failed || cells.every(cell => cell.model.executionCount !== null));
}"""
_ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets.flatMap(cell =>
  cell.model.type !== 'code' ? [] : cell.model.outputs.toJSON().filter(out => out.output_type === 'error')
    .map(out => out.ename + ': ' + out.evalue))"""
_RUN_CODE = """async code => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({code, store_history: false, silent: false});
  let text = '', error = null;
  future.onIOPub = message => {
    if (message.header.msg_type === 'execute_result') text = message.content.data['text/plain'];
    if (message.header.msg_type === 'error') error = message.content.ename + ': ' + message.content.evalue;
  };
  await future.done;
  return [text, error];
}"""
_CLEAR = """async () => {
  const app = window.jupyterapp;
  await app.shell.currentWidget.sessionContext.ready;
  await app.shell.currentWidget.sessionContext.session.kernel.requestExecute({code: ''}).done;
  await app.commands.execute('notebook:clear-all-cell-outputs');
  app.shell.currentWidget.content.node.scrollTop = 0;
}"""
_FILL = """notebook => {
  window.jupyterapp.shell.currentWidget.content.model.fromJSON(notebook);
}"""
_FORGET = """
import sys
if 'ipywidgets' in sys.modules:
    from ipywidgets.widgets.widget import _instances
    canvas = sys.modules.get('ipycanvas.canvas')  # its manager lives as long as the kernel
    for each in list(_instances.values()):
        if canvas is None or each is not canvas._CANVAS_MANAGER:
            each.close()
"""
_GIVE = "import os; [os.environ.pop(each, None) for each in old]; os.environ.update(new)"
_TAB = "tab.ipynb"
_CANVAS_BYTES = "canvas => canvas.toDataURL('image/png')"
_IMAGE_BYTES = """async image => {
  for (let tries = 0; ; tries++) {  // its source may be replaced at this very moment
    try { await image.decode(); break; } catch (error) {
      if (tries === 50) throw error;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL('image/png');
}"""
_SHUT_DOWN = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }"


class Slider:
    """An ipywidgets slider, found by its description."""

    def __init__(self, box: Locator) -> None:
        self.box = box
        self.handle = box.locator(".noUi-handle").first
        self.readout = box.locator(".widget-readout").first

    @property
    def value(self) -> float:
        # noUiSlider keeps the true number in valuetext; valuenow is a percentage.
        return float(self.handle.get_attribute("aria-valuetext"))

    def press(self, key: str, times: int = 1) -> None:
        self.handle.focus()
        for _ in range(times):
            self.handle.press(key)

    def set(self, value: float) -> None:
        """Type the value into the number beside the slider."""
        self.readout.click()
        self.readout.fill(f"{value:g}")
        self.readout.press("Enter")

    def drag(self, fraction: float, steps: int = 10) -> None:
        """Drag the handle to this fraction of the track with the mouse, in so many movements."""
        mouse = self.box.page.mouse
        self.handle.hover()  # not before it lies still
        track = self.box.locator(".noUi-base").bounding_box()
        mouse.down()
        mouse.move(track["x"] + fraction * track["width"], track["y"] + track["height"] / 2, steps=steps)
        mouse.up()


class NotebookPage:
    """A browser tab with a kernel of its own, for one notebook after another. `page` is playwright's."""

    def __init__(self, server: LabServer, browser: Browser) -> None:
        self._server, self._shown, self._keep, self._env = server, ("", {}), "", {}
        self._context = browser.new_context(viewport={"width": 1280, "height": 1000})
        self._console: list[str] = []
        self.page: Page
        self._wanted = ""
        self.reopen()

    def reopen(self) -> None:
        """Load the page anew, with the kernel it has: what JupyterLab piled up in the browser is gone."""
        before = self._context.pages
        if before:  # else the new page would restore what the kernel has, and `show` would close it meanwhile
            self._forget()
        self.page = self._context.new_page()
        for page in before:
            page.close()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self._console.append(f"uncaught: {error}"))
        self.page.goto(self._server.url(self._server.write(_TAB, "")))
        self.page.wait_for_function(_IS_OPEN, timeout=60_000)
        self._shown, self._keep = ("", {}), ""

    def show(self, name: str, env: Mapping[str, str], keep: str = "") -> None:
        """Put a notebook into the tab: all cells, nothing run, as if it had just been opened.

        With `keep`, what has run of the same notebook stays, and this widget gets its first traits back.
        """
        path = self._server.root / name
        if not path.is_file():
            there = ", ".join(sorted(each.name for each in self._server.root.glob("*.ipynb"))) or "none"
            raise FileNotFoundError(f"no notebook {name}; there are: {there}")
        if keep and self._keep == keep and self._shown == (name, env):
            self.evaluate(f"{keep}.set(**_first)")
            self._console.clear()
            return
        notebook = json.loads(path.read_text(encoding="utf-8"))
        self._forget()
        self.evaluate(f"exec({_GIVE!r}, {{'old': {list(self._env)!r}, 'new': {dict(env)!r}}})")
        self.page.evaluate(_FILL, notebook)
        self._shown, self._keep, self._env = (name, dict(env)), "", dict(env)
        self._wanted = keep
        self._console.clear()

    def run_all(self, timeout: float = 120, check: bool = True) -> None:
        """Run every cell; with `check`, fail if a cell does. What was kept is not run again."""
        if self._keep:
            return
        self.page.evaluate(_RUN_ALL)
        self.page.wait_for_function(_IS_DONE, timeout=timeout * 1000)
        failed = self.errors() if check else []
        if failed:
            raise AssertionError(f"{self._shown[0]} did not run to its end: {'; '.join(failed)}")
        if self._wanted:
            w = self._wanted
            first = f"{{each: getattr({w}, each) for each in (*{w}.recompute_on, *{w}.redraw_on)}}"
            self.evaluate(f"globals().update(_first={first})")
            self._keep = w

    def errors(self) -> list[str]:
        return self.page.evaluate(_ERRORS)

    def console_errors(self) -> list[str]:
        return [text for text in self._console if not any(word in text for word in HARMLESS)]

    def evaluate(self, expression: str) -> object:
        """Return a literal (number, string, list, None ...) from the notebook's kernel."""
        text, error = self.page.evaluate(_RUN_CODE, f"({expression})")
        if error:
            raise AssertionError(f"{expression} raised {error}")
        return ast.literal_eval(text) if text else None

    def canvas_pixels(self, selector: str = "canvas", nth: int = 0) -> np.ndarray:
        """Return a canvas's own pixels, (height, width, 4) uint8, however large it is shown."""
        return self._pixels(selector, nth, _CANVAS_BYTES)

    def image_pixels(self, selector: str = "img.widget-image", nth: int = 0) -> np.ndarray:
        """Return a picture's own pixels, (height, width, 4) uint8, however large it is shown."""
        return self._pixels(selector, nth, _IMAGE_BYTES)

    def screen_pixels(self, selector: str, nth: int = 0) -> np.ndarray:
        """Return what the student sees of an element, (height, width, 3) uint8."""
        shot = self.page.locator(selector).nth(nth).screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))

    def slider(self, label: str) -> Slider:
        return Slider(self._control(".widget-slider", label))

    def dropdown(self, label: str) -> Locator:
        """Return the select element; `.select_option(label="conv2")` chooses."""
        return self._control(".widget-dropdown", label).locator("select")

    def button(self, label: str) -> Locator:
        return self.page.locator("button.widget-button", has_text=label).first

    def wait_for_change(self, read: Callable[[], object], before: object, timeout: float = 10) -> object:
        """Return the first reading that differs from `before`, and then keeps still for 100 ms."""
        return self._poll(read, lambda now: not np.array_equal(now, before), timeout, "nothing changed")

    def wait_for(self, read: Callable[[], object], wanted: object, timeout: float = 10) -> None:
        self._poll(read, lambda now: np.array_equal(now, wanted), timeout, f"it never was {wanted!r}")

    def screenshot(self, path: Path | str, selector: str | None = None) -> None:
        """Save the window, or one element of it, as a PNG."""
        target = self.page.locator(selector).first if selector else self.page
        target.screenshot(path=str(path))

    def close(self) -> None:
        try:
            self.page.evaluate(_SHUT_DOWN)
        finally:
            self._context.close()

    def _forget(self) -> None:
        self.page.evaluate(_CLEAR)
        self.evaluate(f"exec({_FORGET!r}) or get_ipython().reset(new_session=False)")

    def _note(self, message) -> None:
        if message.type == "error":
            self._console.append(f"{message.text} ({message.location.get('url', '')})")

    def _what_is_seen(self) -> str:
        """Say what whoever reads a failure in a log cannot look at."""
        shown = self.page.locator(".jp-OutputArea-output").all_inner_texts()
        return f"console: {self._console}; outputs: {[text[:400] for text in shown]}; errors: {self.errors()}"

    def _control(self, kind: str, label: str) -> Locator:
        boxes = self.page.locator(kind)
        labelled = boxes.filter(has=self.page.locator(f".widget-label:text-is({label!r})"))
        if not labelled.count():
            there = [each.strip() for each in boxes.locator(".widget-label").all_inner_texts()]
            raise LookupError(f"no {kind} labelled {label!r}; there are {there}")
        return labelled.first

    def _pixels(self, selector: str, nth: int, script: str) -> np.ndarray:
        element = self.page.locator(selector).nth(nth)
        encoded = element.evaluate(script, timeout=10_000).split(",", 1)[1]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA"))

    def _poll(self, read: Callable[[], object], good: Callable[[object], bool], timeout: float, word: str):
        deadline = time.monotonic() + timeout
        while True:
            now = read()
            if good(now):
                self.page.wait_for_timeout(100)
                again = read()
                if np.array_equal(now, again):
                    return again
            elif time.monotonic() > deadline:
                raise AssertionError(f"{word} in {timeout:g} s; {self._what_is_seen()}")
            self.page.wait_for_timeout(30)
