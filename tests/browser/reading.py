"""What browser tests read off a notebook with widgets, and how they open one with a widget alone."""

import io
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

# The latest sign that Stop was heard: after Stop went grey and the last step was drawn, Start can be pressed.
_STOP = """async () => {
  const buttons = [...document.querySelectorAll('.cnnviz button')];
  const named = text => buttons.find(button => button.innerText.includes(text));
  const asked = performance.now();
  named('Stop').click();
  while (named('Start').disabled) await new Promise(done => setTimeout(done, 2));
  return performance.now() - asked;
}"""


def decoded(hexadecimal: str) -> np.ndarray:
    """Decode what the kernel sent: a file's bytes as text, to pixels (rows, columns, 3) uint8."""
    return np.asarray(Image.open(io.BytesIO(bytes.fromhex(hexadecimal))).convert("RGB"))


def words(page, nth: int = 0) -> str:
    """Read all text of a widget."""
    return page.page.locator(".cnnviz").nth(nth).inner_text()


def until(page, text: str, timeout: float = 30) -> None:
    """Wait until the first widget says this."""
    page.wait_for(lambda: text in words(page), True, timeout=timeout)


def wall(page) -> np.ndarray:
    """Read the pixels of a widget's first canvas, (rows, columns, 3) uint8."""
    return page.canvas_pixels(".cnnviz canvas", 0)[..., :3]


def small_notebook(lab, open_notebook, name: str, source: str, width: int) -> Callable:
    """Give what opens a notebook with a widget alone, and waits until its first canvas is so wide."""

    def open_(**context):
        page = open_notebook(lab.write(name, source), **context)
        page.run_all()
        page.page.locator(".cnnviz").first.scroll_into_view_if_needed()
        page.wait_for(lambda: wall(page).shape[1] > width, True)
        return page

    return open_


def same_picture(page, nth: int, sent: np.ndarray) -> bool:
    """Tell whether a canvas shows what the kernel sent, but for the losses of JPEG."""
    page.wait_for(lambda: page.canvas_pixels(".cnnviz canvas", nth).shape[:2], sent.shape[:2])
    shown = page.canvas_pixels(".cnnviz canvas", nth)[..., :3].astype(int)
    return bool(np.abs(shown - sent).mean() < 2)


def stop_answers(page, turns: int) -> list[float]:
    """Stop a run of the viewer `w`, again and again: milliseconds from Stop until Start can be pressed."""
    answers: list[float] = []
    for _ in range(turns):
        if answers:
            page.button("Start").click()
        page.wait_for(lambda: page.evaluate("w._runner.state"), "running")
        time.sleep(0.5)  # so that it is in the middle of its work
        answers.append(page.page.evaluate(_STOP))
        assert page.evaluate("(w._runner.state, w.error)") == ("stopped", None), "and not at its end"
    return answers
