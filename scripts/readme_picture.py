"""Take the README's picture: ActivationBrowser on the cat photo, in a real JupyterLab.

TORCH_HOME=... .venv/bin/python scripts/readme_picture.py [MODEL LAYER CHANNEL]
"""

import io
import json
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import chromium  # noqa: E402
from tests.browser.lab import ARGUMENTS, NotebookPage  # noqa: E402
from tests.browser.server import LabServer  # noqa: E402

PICTURE = ROOT / "docs" / "activation_browser.png"
LARGEST = 300_000  # bytes: the README is read over slow links, too
CHOICE = ("squeezenet1_1", "features.4.expand3x3_activation", "49")  # it answers to the eyes


def main(model: str, layer: str, channel: str) -> None:
    path = chromium.find()
    if path is None:
        sys.exit(chromium.why_missing())
    with tempfile.TemporaryDirectory(prefix="cnnviz-") as folder, sync_playwright() as playwright:
        root = Path(folder, "lectures")
        root.mkdir()
        write_notebook(root / "picture.ipynb", code(model, layer, int(channel)))
        chrome = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with LabServer(root, Path(folder, "jupyter")) as server:
            shot = photograph(server, chrome)
        chrome.close()
    save(shot)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


def code(model: str, layer: str, channel: int) -> str:
    lines = [
        "import numpy as np",
        "from cnnviz_widgets import ActivationBrowser",
        f"w = ActivationBrowser({model!r}, 'cat', {layer!r}, sort_by='max', channel={channel})",
        f"values = w.result.maps.values[{channel}]",
        "row, column = np.unravel_index(values.argmax(), values.shape)",
        "w.set(row=int(row), column=int(column))",
        "w",
    ]
    return "\n".join(lines)


def write_notebook(path: Path, source: str) -> None:
    cell = {"cell_type": "code", "id": "widget", "source": source, "metadata": {}, "outputs": []}
    cell["execution_count"] = None
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def photograph(server: LabServer, chrome: object) -> bytes:
    """Run the notebook and return the widget, and nothing around it, as PNG bytes."""
    page = NotebookPage(server, chrome, "picture.ipynb", viewport={"width": 1500, "height": 1200})
    try:
        page.run_all()
        widget = page.page.locator(".cnnviz").first
        widget.wait_for(state="visible")
        # A canvas is sized at once and painted a moment later.
        page.page.wait_for_function(PAINTED)
        widget.scroll_into_view_if_needed()
        shot = widget.screenshot()
        if page.console_errors():
            sys.exit("\n".join(page.console_errors()))
        return shot
    finally:
        page.close()


PAINTED = """() => {
  const all = [...document.querySelectorAll('.cnnviz canvas')];
  return all.length > 1 && all.every(canvas => canvas.width > 1 &&
    new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size > 8);
}"""


def save(shot: bytes) -> None:
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    # Maximum coverage keeps rare colours, and the end of the colour bar is one; median cut made it orange.
    few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "PNG", optimize=True)
    if len(file.getvalue()) >= LARGEST:
        sys.exit(f"the picture has {len(file.getvalue())} bytes; at most {LARGEST}")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(file.getvalue())


if __name__ == "__main__":
    if len(sys.argv) not in (1, 1 + len(CHOICE)):
        sys.exit(__doc__)
    main(*(sys.argv[1:] or CHOICE))
