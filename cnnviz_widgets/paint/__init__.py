"""Numbers to pixels: colours, mosaics, overlays, PNG and JPEG bytes. Loads no torch and no pyplot."""

from cnnviz_widgets.paint.captions import beside
from cnnviz_widgets.paint.labels import (
    Tag,
    draw_tags,
    label_colors,
    outline,
    paint_labels,
    paint_mask,
    spotlight,
)
from cnnviz_widgets.paint.rgba import (
    GAP,
    LEVELS,
    MARK,
    NAN,
    color_table,
    draw_box,
    jpeg,
    overlay,
    palette_png,
    quantize,
    rgb_png,
    table_for,
)
from cnnviz_widgets.paint.sizes import resize_bilinear, resize_nearest
from cnnviz_widgets.paint.tiles import Mosaic, mosaic

__all__ = [
    "GAP",
    "LEVELS",
    "MARK",
    "NAN",
    "Mosaic",
    "Tag",
    "beside",
    "color_table",
    "draw_box",
    "draw_tags",
    "jpeg",
    "label_colors",
    "mosaic",
    "outline",
    "overlay",
    "paint_labels",
    "paint_mask",
    "palette_png",
    "quantize",
    "resize_bilinear",
    "resize_nearest",
    "rgb_png",
    "spotlight",
    "table_for",
]
