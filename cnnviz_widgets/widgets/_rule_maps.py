"""RuleComparer's maps: what each rule carries down to the picture, side by side."""

from collections.abc import Mapping, Sequence

import ipywidgets as W
import numpy as np
from PIL import Image

from cnnviz_widgets.backend.relu_rules import RULES
from cnnviz_widgets.methods.guided_backprop import Look, RuleComparison
from cnnviz_widgets.paint import jpeg, quantize, resize_nearest, rgb_png, table_for
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets import _captions as captions

SIDE = 224  # pixels on screen
FORMULAS = {
    "backprop": "g·1(x>0)",
    "deconvnet": "g·1(g>0)",
    "guided": "g·1(g>0)·1(x>0)",
}
_GREY = (128, 128, 128)


class Strip:
    """A row of four places of the same width: one for anything, and one picture for each rule.

    Parameters
    ----------
    first : sequence of Widget
        What stands in the first place.
    headings : bool
        Whether to name the rules above their pictures.
    """

    def __init__(self, first: Sequence[W.Widget], headings: bool = True) -> None:
        self.images = {rule: frame() for rule in RULES}
        self.texts = {rule: W.HTML() for rule in RULES}
        self.pictures: dict[str, Bytes] = {}
        columns = [W.VBox(first, layout=_column())]
        for rule in RULES:
            above = [W.HTML(heading(rule, FORMULAS[rule]))] if headings else []
            columns.append(W.VBox([*above, self.images[rule], self.texts[rule]], layout=_column()))
        width = f"{4 * SIDE + 3 * 14}px"
        self.box = W.HBox(columns, layout=W.Layout(grid_gap="14px", max_width=width, width="100%"))

    def show(self, comparison: RuleComparison, look: Look, notes: Mapping[str, str] | None = None) -> None:
        """Paint each rule's map, and write its scale and perhaps a note under it."""
        for rule in RULES:
            if rule not in comparison.maps:
                self.images[rule].value, self.texts[rule].value = b"", captions.line("", "not there")
                self.pictures.pop(rule, None)
                continue
            self.pictures[rule] = put(self.images[rule], paint_map(comparison, rule, look))
            note = (notes or {}).get(rule, "")
            self.texts[rule].value = captions.line(say_scale(comparison, rule, look)) + note


def paint_map(comparison: RuleComparison, rule: str, look: Look) -> Bytes:
    """Give a rule's map its colours, (rows, columns, 3) uint8: zero is grey, or dark for magnitudes."""
    values, limit = comparison.shown(rule, look)
    if look == "colours" and values.shape[2] not in (1, 3):
        values = values.mean(axis=2, keepdims=True)
    if look == "colours":
        if not limit:
            return np.full((*values.shape[:2], 3), _GREY, np.uint8)
        share = np.clip(np.nan_to_num(values / limit), -1, 1)
        return np.broadcast_to(np.rint(share * 127 + 128), (*values.shape[:2], 3)).astype(np.uint8)
    low = -limit if look == "signed" else 0.0
    return table_for(look == "signed")[quantize(values, low, limit)]


def say_scale(comparison: RuleComparison, rule: str, look: Look) -> str:
    """Write the values at the ends of a map's colours."""
    values, limit = comparison.shown(rule, look)
    if not limit:
        return "zero everywhere" if np.isfinite(values).all() else "not finite numbers (NaN or infinity)"
    return f"0 to {captions.number(limit)}" if look == "magnitude" else f"\N{PLUS-MINUS SIGN}{limit:.3g}"


def put(image: W.Image, picture: Bytes) -> Bytes:
    """Show a picture in a place of the strip, about 224 px large, and return what is shown.

    Small pictures are enlarged by whole factors, so that their pixels are seen.
    """
    height, width = picture.shape[:2]
    longest = max(height, width)
    if longest <= SIDE // 2:
        zoom = SIDE // longest
        shown = resize_nearest(picture, height * zoom, width * zoom)
        image.format, image.value = "png", rgb_png(shown)  # squares: small and sharp as a PNG
        return shown
    size = (max(1, round(width * SIDE / longest)), max(1, round(height * SIDE / longest)))
    shown = np.array(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
    image.format, image.value = "jpeg", jpeg(shown)
    return shown


def frame() -> W.Image:
    """Make a place for a picture, that shrinks with the window."""
    return W.Image(layout=W.Layout(width="100%", max_width=f"{SIDE}px", margin="0", object_fit="contain"))


def _column() -> W.Layout:
    return W.Layout(flex="1 1 0", min_width="0", max_width=f"{SIDE}px")


def heading(bold: str, text: str) -> str:
    """Write two lines above a picture, so that pictures side by side begin at the same height."""
    one_line = "white-space:nowrap;overflow:hidden;text-overflow:ellipsis"
    return f'<div style="{one_line}">{captions.line("", bold)}{captions.line(text)}</div>'


def put_sheet(image: W.Image, picture: Bytes) -> Bytes:
    """Show a picture as large as it is, where there is room."""
    image.format, image.value = "png", rgb_png(picture)
    image.layout.width = f"{picture.shape[1]}px"
    return picture
