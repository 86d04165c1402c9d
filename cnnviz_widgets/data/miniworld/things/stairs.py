"""Straight flights of stairs, seen from their foot and from the side."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Pen
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.furnishing_paints import cloth, slab, steel, timber
from cnnviz_widgets.data.miniworld.vocabulary import COLORS


def stairs(pen: Pen, chance: Chance) -> None:
    """Draw a flight of stairs: steps, perhaps a carpet, and a railing on one side or on both."""
    count, rise, run = chance.integer(5, 8), chance.uniform(0.16, 0.2), chance.uniform(0.22, 0.32)
    w, deep = chance.uniform(0.9, 1.5), count * run
    yaw = chance.sign() * chance.choose(
        (chance.uniform(0, 20), chance.uniform(20, 55), chance.uniform(55, 72))
    )
    rail = chance.uniform(0.75, 0.9) if chance.maybe(0.8) else 0.0
    view = Fitted(pen, yaw, chance.uniform(6, 20), w, count * rise + rail, deep)
    view.shadow(0.8)
    sides = [-w / 2 + 0.05, w / 2 - 0.05]
    sides.sort(key=lambda x: -view.away(x, 0, 0))
    both, metal = chance.maybe(0.6), (steel if chance.maybe(0.5) else timber)(chance)
    style = chance.choose(("posts", "posts", "posts", "bars", "panel"))
    pane = mix(chance, ("blue", "white", "white", "grey"), "glass")
    if rail:
        _railing(view, metal, sides[0], (count, rise, run), rail, style, pane)
    opened = rail and abs(yaw) > 25 and chance.maybe(0.3)
    (_open_flight if opened else _flight)(view, chance, w, (count, rise, run))
    if rail and both:
        _railing(view, metal, sides[1], (count, rise, run), rail, style, pane)


def _flight(view: Fitted, chance: Chance, w: float, size: tuple[int, float, float]) -> None:
    """Steps on solid ground."""
    count, rise, run = size
    kind = chance.choose(("wood", "stone", "brick", "two", "painted"))
    if kind == "stone":
        riser = mix(chance, ("grey", "white", "brown", "yellow"), "stone") if chance.maybe() else slab(chance)
    elif kind == "brick":
        riser = mix(chance, ("red", "brown", "white", "grey"), "brick", scale=0.6)
    else:
        riser = timber(chance, 1.0 if kind == "painted" else 0.0)
    tread = timber(chance) if kind in ("two", "painted") else riser.lit(1.1)
    wall = mix(chance, COLORS, "painted") if chance.maybe(0.4) else riser.lit(0.92)
    runner = cloth(chance, 0.7, 0.6) if chance.maybe(0.4) else None
    half, shaded = chance.uniform(0.26, 0.38), riser.lit(0.82)
    for k in range(count):
        front = k * run - count * run / 2
        faces = view.box(-w / 2, 0, front, w / 2, (k + 1) * rise, front + run, shaded, "step", top=tread)
        for side in ("left", "right"):
            faces[side].paint, faces[side].part = wall, ""
        low = k / (k + 1)
        if runner:
            faces["front"].rect(0.5 - half, low, 0.5 + half, 1, runner.lit(0.85), "step")
            faces["top"].rect(0.5 - half, 0, 0.5 + half, 1, runner, "step")
        elif tread is not riser:  # the tread's nose
            faces["front"].rect(0, 1 - 0.16 / (k + 1), 1, 1, tread, "step")
    view.draw()


def _open_flight(view: Fitted, chance: Chance, w: float, size: tuple[int, float, float]) -> None:
    """Boards between two beams: one sees through."""
    count, rise, run = size
    beam, board = (steel if chance.maybe() else timber)(chance), timber(chance)
    start, end, top = -count * run / 2, count * run / 2, count * rise
    inner = sorted((-w / 2 + 0.08, w / 2 - 0.08), key=lambda x: -view.away(x, 0, 0))

    def sloping(x: float) -> None:
        view.plate([(x, 0.0, start), (x, 0.0, start + 0.3), (x, top - 0.2, end), (x, top, end)], beam)
        view.draw()

    sloping(inner[0])
    for k in range(count):
        front = start + k * run - 0.02
        view.box(
            -w / 2, (k + 1) * rise - 0.05, front, w / 2, (k + 1) * rise, front + run + 0.03, board, "step"
        )
    view.draw()
    sloping(inner[1])


def _railing(
    view: Fitted, paint: Paint, x: float, size: tuple[int, float, float], high: float, style: str, pane: Paint
) -> None:
    """Posts on the steps and a handrail, its far end drawn first."""
    count, rise, run = size
    places = [(x, (k + 1) * rise, (k + 0.5 - count / 2) * run) for k in range(count)]
    (_, y0, z0), (_, y1, z1) = places[0], places[-1]
    if style == "panel":
        low, top = 0.1, high - 0.04
        corners = [(x, y0 + low, z0), (x, y1 + low, z1), (x, y1 + top, z1), (x, y0 + top, z0)]
        view.plate(corners, pane, "railing")
        view.draw()
    for k, (_, y, z) in reversed(list(enumerate(places))):
        if style == "posts" or k in (0, count - 1):
            ends = k in (0, count - 1)
            view.rod([(x, y, z), (x, y + high, z)], 0.07 if ends else 0.035, paint, "railing")
    for part in (1.0,) if style != "bars" else (1.0, 0.65, 0.3):
        lift = high * part
        view.rod([(x, y0 + lift, z0), (x, y1 + lift, z1)], 0.07 if part == 1 else 0.04, paint, "railing")


PAINTERS = {"stairs": stairs}
