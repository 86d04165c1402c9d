"""Tables, bare or with a cloth, and what stands on them."""

from collections.abc import Callable, Sequence

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND, UPRIGHT, Pen
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.furnishing_paints import cloth, slab, steel, timber
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

_Put = Callable[[Fitted, Chance, float, float, float], None]
"""Puts a thing at x, y, z (metres) of a table."""


def table(pen: Pen, chance: Chance) -> None:
    """Draw a table: square or round, on legs or one foot, perhaps laid."""
    w = chance.uniform(1.0, 1.7)
    high = chance.choose((0.74, 0.74, 0.46)) * chance.uniform(0.95, 1.05)
    view_pitch, shape = chance.uniform(11, 28), chance.choose((_long_table, _long_table, _round_table))
    w, d = (w, w * chance.uniform(0.45, 0.75)) if shape is _long_table else (w * 0.8, w * 0.8)
    kinds = chance.several((_vase, _plate, _books, _bottle, _fruit, _plate, _cup), chance.integer(1, 3))
    if chance.maybe(0.45):
        kinds = []
    above = 0.46 if _vase in kinds else 0.22 if kinds else 0.0
    view = Fitted(pen, chance.uniform(-50, 50), view_pitch, w, high + above, d)
    view.shadow(0.7)
    shape(view, chance, w, high, d)
    _laid(view, chance, kinds, w * 0.33, high, d * 0.3)


def _surface(chance: Chance, frame: Paint) -> Paint:
    kind = chance.choose(("same", "wood", "glass", "stone"), (4, 3, 2, 2))
    if kind == "glass":
        return mix(chance, ("blue", "green", "grey", "white"), "glass")
    return frame if kind == "same" else slab(chance) if kind == "stone" else timber(chance)


def _long_table(view: Fitted, chance: Chance, w: float, high: float, d: float) -> None:
    frame = (timber if chance.maybe(0.75) else steel)(chance)
    thick, leg = chance.uniform(0.03, 0.07), chance.uniform(0.05, 0.09)
    x, z, inset = w / 2, d / 2, chance.uniform(0.01, 0.1)
    for a in (inset - x, x - inset - leg):
        for b in (inset - z, z - inset - leg):
            view.box(a, 0, b, a + leg, high - thick, b + leg, frame, "leg")
    view.draw()
    if chance.maybe(0.6):
        low = high - thick - 0.1
        apron = view.box(inset - x, low, inset - z, x - inset, high - thick, z - inset, frame.lit(0.9))
        if chance.maybe():
            apron["front"].rect(0.3, 0.1, 0.7, 0.9, frame.lit(1.05), "drawer")
            apron["front"].rect(0.48, 0.35, 0.52, 0.6, steel(chance), "knob")
        view.draw()
    view.box(-x, high - thick, -z, x, high, z, _surface(chance, frame), "top")
    view.draw()
    if chance.maybe(0.35):
        hang = high - chance.uniform(0.08, high * 0.6)
        view.box(-x - 0.01, hang, -z - 0.01, x + 0.01, high + 0.005, z + 0.01, cloth(chance, 0.8))
    elif chance.maybe(0.2):  # a runner along the middle
        paint = cloth(chance, 0.8, 0.5)
        y, edge = high + 0.004, z * 0.35
        view.plate([(-x, y, -edge), (x, y, -edge), (x, y, edge), (-x, y, edge)], paint)
    view.draw()


def _round_table(view: Fitted, chance: Chance, w: float, high: float, d: float) -> None:
    frame, r = (timber if chance.maybe(0.7) else steel)(chance), w / 2
    thick = chance.uniform(0.03, 0.06)
    if chance.maybe():
        view.drum(0, 0, 0, 0.04, r * 0.5, r * 0.45, frame, "base")
        view.drum(0, 0, 0.04, high - thick, r * 0.13, r * 0.09, frame, "leg")
    else:
        at, spread = r * chance.uniform(0.35, 0.55), chance.uniform(1.2, 1.6)
        feet = sorted(
            [(-at, -at), (at, -at), (-at, at), (at, at)], key=lambda each: -view.away(each[0], 0, each[1])
        )
        for x, z in feet:
            view.rod([(x * spread, 0.0, z * spread), (x, high - thick, z)], 0.06, frame, "leg")
    view.drum(0, 0, high - thick, high, r, r, _surface(chance, frame), "top")
    if chance.maybe(0.4):
        hang = high - chance.uniform(0.1, 0.35)
        view.drum(0, 0, hang, high + 0.005, r * 1.0, r, cloth(chance, 0.8))


def _laid(
    view: Fitted, chance: Chance, kinds: Sequence[_Put], across: float, high: float, deep: float
) -> None:
    """Put things on the table, the far ones first."""
    spots = [
        (x * across, z * deep)
        for x, z in chance.several(((-0.9, 0), (0, 0.5), (0.9, 0), (0.1, -0.7)), len(kinds))
    ]
    spots.sort(key=lambda spot: -view.away(spot[0], 0, spot[1]))
    for kind, (x, z) in zip(kinds, spots, strict=True):
        kind(view, chance, x, high + 0.006, z)


def _vase(view: Fitted, chance: Chance, x: float, y: float, z: float) -> None:
    pen = view.pen.thing("vase", *view.seen(x, y, z), 0.26 * view.size)
    paint = mix(chance, COLORS, chance.choose(("ceramic", "glass")))
    pen.blob(
        [(-0.15, 0), (0.15, 0), (0.3, 0.4), (0.12, 0.75), (0.18, 1), (-0.18, 1), (-0.12, 0.75), (-0.3, 0.4)],
        paint,
        shade=UPRIGHT,
    )
    if chance.maybe(0.6):
        flower = view.pen.thing("flower", *view.seen(x, y + 0.24, z), 0.23 * view.size)
        green, petal = (
            mix(chance, "green", "foliage"),
            mix(chance, ("red", "yellow", "pink", "white", "purple"), "foliage"),
        )
        for tip in (-0.35, 0.0, 0.35):
            flower.stroke([(0, 0), (tip, 0.7)], 0.08, green, "stem")
            flower.ellipse(tip, 0.75, 0.2, 0.2, petal, "petal", shade=ROUND)


def _plate(view: Fitted, chance: Chance, x: float, y: float, z: float) -> None:
    pen = view.pen.thing("plate", 0, 0, 1)
    paint = mix(chance, ("white", "white", "blue", "yellow", "red", "grey"), "ceramic")
    pen.polygon(view.ring(x, y + 0.01, z, 0.14), paint)
    pen.polygon(view.ring(x, y + 0.012, z, 0.095), paint.lit(0.86))


def _books(view: Fitted, chance: Chance, x: float, y: float, z: float) -> None:
    pen, count = view.pen.thing("book", *view.seen(x, y, z), 0.26 * view.size), chance.integer(1, 3)
    for k in range(count):
        slip = chance.uniform(-0.08, 0.08)
        pen.rect(slip - 0.45, k * 0.17, slip + 0.45, k * 0.17 + 0.16, mix(chance, COLORS, "paper"))


def _bottle(view: Fitted, chance: Chance, x: float, y: float, z: float) -> None:
    pen = view.pen.thing("bottle", *view.seen(x, y, z), 0.3 * view.size)
    outline = [
        (-0.13, 0),
        (0.13, 0),
        (0.13, 0.55),
        (0.05, 0.72),
        (0.05, 1),
        (-0.05, 1),
        (-0.05, 0.72),
        (-0.13, 0.55),
    ]
    pen.polygon(outline, mix(chance, ("green", "brown", "blue", "white"), "glass"), shade=UPRIGHT)
    pen.rect(-0.13, 0.15, 0.13, 0.4, mix(chance, ("white", "yellow", "red"), "paper"), shade=UPRIGHT)


def _cup(view: Fitted, chance: Chance, x: float, y: float, z: float) -> None:
    pen, paint = view.pen.thing("cup", *view.seen(x, y, z), 0.13 * view.size), mix(chance, COLORS, "ceramic")
    pen.ellipse(0.4, 0.5, 0.22, 0.25, paint.lit(0.8), "handle")
    pen.polygon([(-0.3, 0), (0.3, 0), (0.4, 0.9), (-0.4, 0.9)], paint, "body", shade=UPRIGHT)
    pen.ellipse(0, 0.9, 0.4, 0.13, paint.lit(0.7), "rim")


def _fruit(view: Fitted, chance: Chance, x: float, y: float, z: float) -> None:
    """Lemons in a bowl."""
    yellow = mix(chance, "yellow", "food")
    for k in range(3):
        pen = view.pen.thing(
            "lemon", *view.seen(x + 0.07 * (k - 1), y + (0.1 if k == 1 else 0.06), z), 0.12 * view.size
        )
        pen.ellipse(0, 0.4, 0.5, 0.4, yellow, shade=ROUND)
    bowl = view.pen.thing("plate", *view.seen(x, y, z), 0.3 * view.size)
    bowl.ellipse(0, 0.35, 0.5, 0.35, mix(chance, COLORS, "ceramic"), start=180, shade=UPRIGHT)


PAINTERS = {"table": table}
