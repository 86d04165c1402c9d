"""What is shown on canvases, displays and behind panes: views made of a few polygons."""

from collections.abc import Callable, Sequence

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Point, oval
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

Put = Callable[[Sequence[Point], Paint], None]
"""Fills a polygon of the view; points run from (0, 0), lower left, to (1, 1)."""
View = Callable[[Put, Chance, str, float], None]
"""Draws on this material; the last is the view's width over its height, so that circles stay round."""


def landscape(put: Put, chance: Chance, material: str, shape: float, *, night: bool = False) -> None:
    """Draw hills or a sea under a sky."""
    horizon = chance.uniform(0.3, 0.5)
    sky = mix(
        chance, ("black", "blue") if night else ("blue", "blue", "orange", "white", "grey", "pink"), material
    )
    if night:
        sky = sky.lit(0.45)
    put([(0, 0), (1, 0), (1, 1), (0, 1)], sky)
    disc = mix(chance, "white" if night else ("yellow", "white", "orange"), material)
    put(oval(chance.uniform(0.2, 0.8), chance.uniform(0.68, 0.85), 0.08, 0.08 * shape), disc)
    dark = 0.4 if night else 1.0
    far = mix(chance, ("blue", "green", "purple", "grey", "brown"), material).lit(0.8 * dark)
    peak, step = chance.uniform(0.25, 0.75), chance.uniform(0.12, 0.25)
    ridge = [(1.0, horizon + 0.08), (peak + 0.2, horizon + step * 0.6), (peak, horizon + step)]
    put([(0, 0), (1, 0), *ridge, (peak - 0.2, horizon + step * 0.3), (0, horizon + 0.12)], far)
    near = mix(chance, ("green", "green", "yellow", "blue", "brown"), material).lit(dark)
    put([(0, 0), (1, 0), (1, horizon - 0.05), (0.6, horizon), (0.25, horizon - 0.08), (0, horizon)], near)
    if chance.maybe(0.6):
        x, tall = chance.uniform(0.15, 0.85), chance.uniform(0.2, 0.35)
        low = horizon - 0.2
        put(
            [(x - 0.015, low), (x + 0.015, low), (x + 0.015, low + tall), (x - 0.015, low + tall)],
            mix(chance, "brown", material).lit(dark),
        )
        put(
            oval(x, low + tall, 0.1, 0.12 * shape),
            mix(chance, ("green", "orange", "red"), material).lit(dark),
        )


def portrait(put: Put, chance: Chance, material: str, shape: float) -> None:
    """Draw a head and shoulders."""
    put([(0, 0), (1, 0), (1, 1), (0, 1)], mix(chance, COLORS, material).lit(0.8))
    hair = mix(chance, ("black", "brown", "yellow", "grey", "red"), material)
    skin = chance.choose((("pink", (233, 190, 160)), ("brown", (150, 98, 66)), ("brown", (98, 62, 44))))
    face = mix(chance, skin[0], material, rgb=skin[1])
    eyes = mix(chance, ("black", "blue", "green"), material)
    x = chance.uniform(0.42, 0.58)
    put(oval(x, 0.62, 0.24, 0.28), hair)
    if chance.maybe():
        put([(x - 0.24, 0.3), (x + 0.24, 0.3), (x + 0.24, 0.62), (x - 0.24, 0.62)], hair)
    put([*oval(x, 0.1, 0.4, 0.28, 0, 0, 180), (x - 0.4, 0), (x + 0.4, 0)], mix(chance, COLORS, material))
    put([(x - 0.08, 0.3), (x + 0.08, 0.3), (x + 0.08, 0.5), (x - 0.08, 0.5)], face.lit(0.85))
    put(oval(x, 0.58, 0.17, 0.21), face)
    for side in (-0.07, 0.07):
        put(oval(x + side, 0.62, 0.025, 0.025 * shape), eyes)
    put([(x - 0.06, 0.47), (x + 0.06, 0.47), (x, 0.44)], mix(chance, "red", material))


def abstract(put: Put, chance: Chance, material: str, shape: float) -> None:
    """Draw bars, discs, or fields with patterns."""
    put([(0, 0), (1, 0), (1, 1), (0, 1)], mix(chance, COLORS, material))
    kind = chance.choose(("fields", "discs", "pattern", "wedges"))
    if kind == "pattern":
        texture = chance.choose(
            ("zigzagged", "chequered", "dotted", "striped", "banded", "marbled", "honeycombed")
        )
        first, second = chance.several(COLORS, 2)
        put(
            [(0, 0), (1, 0), (1, 1), (0, 1)],
            mix(chance, first, material, texture, second, scale=chance.uniform(0.5, 1.1)),
        )
        return
    for _ in range(chance.integer(4, 8)):
        x, y, r = chance.uniform(0.12, 0.88), chance.uniform(0.12, 0.88), chance.uniform(0.06, 0.22)
        left, right, low, high = max(x - r, 0), min(x + r, 1), max(y - r, 0), min(y + r, 1)
        paint = mix(chance, COLORS, material)
        if kind == "discs":
            r = min(r, x * shape, y, (1 - x) * shape, 1 - y)
            put(oval(x, y, r / shape, r), paint)
        elif kind == "fields":
            put([(left, low), (right, low), (right, high), (left, high)], paint)
        else:
            tip = chance.uniform(0, 1)
            put([(left, low), (right, chance.uniform(low, high)), (tip, 1 - tip / 2)], paint)


def still_life(put: Put, chance: Chance, material: str, shape: float) -> None:
    """Draw fruit and a vase of flowers on a table."""
    put([(0, 0), (1, 0), (1, 1), (0, 1)], mix(chance, COLORS, material).lit(0.75))
    put([(0, 0), (1, 0), (1, 0.3), (0, 0.3)], mix(chance, ("brown", "white", "red", "blue"), material))
    x = chance.uniform(0.3, 0.7)
    vase = mix(chance, COLORS, material)
    put(
        [
            (x - 0.09, 0.18),
            (x + 0.09, 0.18),
            (x + 0.13, 0.36),
            (x + 0.05, 0.52),
            (x - 0.05, 0.52),
            (x - 0.13, 0.36),
        ],
        vase,
    )
    for dx, dy in ((-0.14, 0.66), (0.13, 0.68), (0.0, 0.78), (-0.02, 0.6)):
        put(
            oval(x + dx, dy, 0.09, 0.09 * shape),
            mix(chance, ("red", "yellow", "white", "pink", "purple", "orange"), material),
        )
    fruit = mix(chance, ("red", "yellow", "orange", "green"), material)
    side = 0.24 if x < 0.5 else -0.24
    for k in range(2):
        put(oval(x + side + 0.11 * k * (1 if side > 0 else -1) * 0.9, 0.2, 0.075, 0.075 * shape), fruit)


def screenful(put: Put, chance: Chance) -> None:
    """Draw what a computer shows: windows with text, a chart, or a picture."""
    if chance.maybe(0.35):
        return landscape(put, chance, "glass", 1.5)
    dark = chance.maybe(0.5)
    put(
        [(0, 0), (1, 0), (1, 1), (0, 1)],
        mix(chance, ("black", "blue", "purple") if dark else ("white", "blue", "grey", "green"), "glass"),
    )
    if chance.maybe(0.5):
        _chart(put, chance, (0.08, 0.12, 0.92, 0.85))
        return None
    for _ in range(chance.integer(1, 2)):
        left, low = chance.uniform(0.05, 0.4), chance.uniform(0.08, 0.35)
        right, high = left + chance.uniform(0.4, 0.52), low + chance.uniform(0.45, 0.55)
        put(
            [(left, low), (right, low), (right, high), (left, high)],
            mix(chance, ("white", "white", "black"), "glass"),
        )
        bar = mix(chance, COLORS, "glass")
        put([(left, high - 0.09), (right, high - 0.09), (right, high), (left, high)], bar)
        ink = mix(chance, ("grey", "blue", "green"), "glass")
        for k in range(4):
            y, end = high - 0.18 - 0.09 * k, left + (right - left) * chance.uniform(0.5, 0.92)
            put([(left + 0.03, y), (end, y), (end, y + 0.035), (left + 0.03, y + 0.035)], ink)
    return None


def _chart(put: Put, chance: Chance, at: tuple[float, float, float, float]) -> None:
    """Columns, or a curve with its area."""
    left, low, right, high = at
    paint, count = mix(chance, COLORS, "glass"), chance.integer(5, 8)
    heights = [low + (high - low) * chance.uniform(0.15, 1.0) for _ in range(count)]
    if chance.maybe():
        each = (right - left) / count
        for k, top in enumerate(heights):
            x = left + k * each
            put([(x, low), (x + each * 0.7, low), (x + each * 0.7, top), (x, top)], paint)
    else:
        curve = [(right - (right - left) * k / (count - 1), top) for k, top in enumerate(heights)]
        put([(left, low), (right, low), *curve], paint)
    axis = mix(chance, ("white", "grey"), "glass")
    put([(left - 0.02, low - 0.03), (right, low - 0.03), (right, low), (left - 0.02, low)], axis)


def views_for(shape: float) -> tuple[View, ...]:
    """List what suits a picture of this width over height: nobody paints a portrait on a broad canvas."""
    views: tuple[View, ...] = (landscape, landscape, abstract)
    if shape < 1.5:
        views += (still_life,)
    return (*views, portrait, portrait) if shape <= 1.05 else views
