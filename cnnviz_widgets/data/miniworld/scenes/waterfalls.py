"""Waterfalls: water that falls over a cliff into a pool, from close by or far away."""

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix, shade
from cnnviz_widgets.data.miniworld.pen import Point, smooth
from cnnviz_widgets.data.miniworld.scenes.landscape import (
    Stage,
    View,
    draw_season,
    ground_paint,
    leaf_paint,
    level,
    ridge,
    woods,
)
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour, between, draw_hour, paint_sky


def waterfall(chance: Chance, size: int) -> Canvas:
    """Water that falls over a cliff: one fall, two, a wide one, or steps."""
    hour, season = draw_hour(chance), draw_season(chance)
    canvas = Canvas(size, chance, hour.light)
    foot = chance.uniform(0.12, 0.52)  # where the cliff meets the pool
    top = min(chance.choose((foot + chance.uniform(0.3, 0.5), chance.uniform(0.75, 1.15))), 1.05)
    paint_sky(canvas, chance, hour, min(top, 0.8))
    if top < 0.85:
        woods(canvas, chance, hour, top - 0.06, chance.uniform(0.08, 0.2), season, 0.4)
    rim = ridge(chance, top + chance.uniform(-0.1, 0.1), top + chance.uniform(-0.1, 0.1), 0.06)
    if top < 0.85 and chance.maybe():  # seen from afar: the cliff falls off to the sides
        drop, at = chance.uniform(0.5, 1.0), chance.uniform(0.35, 0.65)
        _hills_beside(canvas, chance, hour, foot, top, season)
        rim = [(x, y - (y - foot) * drop * min(1.0, max(0.0, abs(x - at) * 3 - 0.5))) for x, y in rim]
    rock = _rock(chance)
    _cliff(canvas, chance, rim, foot, rock)
    _greenery(canvas, chance, rim, foot, season)
    # The pool's far shore is the cliff's foot, 1.3 times as far below the horizon as the eye is high.
    view = View(foot + chance.uniform(0.12, 0.3), chance.uniform(1.4, 4.0), chance.uniform(0.3, 0.7))
    level(canvas, view, *ground_paint(chance, season), top=foot)
    middle, wide = _pool(canvas, chance, hour, view, foot)
    white = _falling(chance, hour)
    for x, across in _places(chance, middle):
        _fall(canvas, chance, x, across, _height(rim, x), foot, white)
    if chance.maybe(0.25):
        _gorge(canvas, chance, rock)
    _banks(canvas, chance, hour, view, foot, middle, wide)
    return canvas


def _hills_beside(canvas: Canvas, chance: Chance, hour: Hour, foot: float, top: float, season: str) -> None:
    """The land behind a cliff that falls off to its sides."""
    left, right = (foot + (top - foot) * chance.uniform(0.35, 0.95) for _ in range(2))
    line = ridge(chance, left, right, 0.05, 3)
    pen = canvas.stuff("hill", haze=hour.haze(0.3))
    leaves = leaf_paint(chance, season).scaled(0.4)
    pen.polygon([(-0.02, foot - 0.02), *line, (1.02, foot - 0.02)], leaves, shade=(0.0, 0.15, 0.0, 0.0))


def _rock(chance: Chance) -> Paint:
    color = chance.choose(("grey", "brown", "orange", "black", "red", "green"), (4, 4, 2, 2, 1, 1))
    pattern = chance.choose(("", "banded", "cracked"), (5, 1, 2))
    rgb = between(shade(chance, color), (128.0, 116.0, 106.0), chance.uniform(0.25, 0.55))
    return mix(chance, color, "stone", pattern, scale=chance.uniform(0.4, 0.9), strength=0.4, rgb=rgb)


def _falling(chance: Chance, hour: Hour) -> Paint:
    """What falling water looks like: white, or with the colour of the river."""
    color = chance.choose(("white", "blue", "grey", "green"), (5, 3, 2, 1))
    rgb = {"white": (232.0, 240.0, 246.0), "blue": (150.0, 196.0, 228.0), "green": (150.0, 200.0, 180.0)}.get(
        color
    )
    return mix(chance, color, "water", tile="fibrous", scale=chance.uniform(0.25, 0.5), strength=0.4, rgb=rgb)


def _height(rim: list[Point], x: float) -> float:
    """How high the cliff's rim is at x."""
    k = min(max(int((x + 0.02) / 1.04 * (len(rim) - 1)), 0), len(rim) - 2)
    (ax, ay), (bx, by) = rim[k], rim[k + 1]
    return ay + (by - ay) * (x - ax) / (bx - ax)


def _places(chance: Chance, middle: float) -> list[tuple[float, float]]:
    """Where water falls, and how wide: (x, width)."""
    kind = chance.choose(("one", "two", "wide", "many"), (5, 2, 2, 1))
    if kind == "one":
        return [(middle, chance.uniform(0.09, 0.26))]
    if kind == "wide":
        return [(middle, chance.uniform(0.35, 0.75))]
    count = 2 if kind == "two" else chance.integer(3, 4)
    apart = chance.uniform(0.16, 0.28)
    return [(middle + apart * (k - (count - 1) / 2), chance.uniform(0.3, 0.85) * apart) for k in range(count)]


def _cliff(canvas: Canvas, chance: Chance, rim: list[Point], foot: float, rock: Paint) -> None:
    """A wall of rock in columns that catch the light differently."""
    pen = canvas.stuff("mountain", receives=True)
    pen.polygon([(-0.02, foot - 0.03), *rim, (1.02, foot - 0.03)], rock, shade=(0.0, 0.12, 0.0, 0.0))
    k = 0
    while k < len(rim) - 1:
        step = chance.integer(1, 3)
        part = rim[k : k + step + 1]
        bend = [
            (x + chance.uniform(-0.03, 0.03), y + (foot - 0.03 - y) * t)
            for t in (0.4, 0.7)
            for x, y in part[:1]
        ]
        end = chance.uniform(0.45, 1.0)
        low = [(x + chance.uniform(-0.03, 0.03), y + (foot - 0.03 - y) * end) for x, y in (part[-1], part[0])]
        pen.polygon(
            [*part, *low, *(each for each in bend[::-1] if each[1] > low[1][1])],
            rock,
            light=chance.uniform(0.66, 1.14),
        )
        k += step


def _greenery(canvas: Canvas, chance: Chance, rim: list[Point], foot: float, season: str) -> None:
    """Bushes and moss on the rim and the ledges, in most pictures."""
    if chance.maybe(0.25):
        return
    leaves = leaf_paint(chance, season).scaled(0.3)
    for _ in range(chance.integer(3, 8)):
        x = chance.uniform(0, 1)
        high = _height(rim, x)
        y = high if chance.maybe(0.6) else chance.uniform(foot, high)
        pen = canvas.thing("bush", x, y - 0.02, chance.uniform(0.08, 0.24))
        outline = [(-0.5, 0.0), (0.5, 0.0), (0.42, 0.3), (0.1, 0.42), (-0.3, 0.34)]
        wobbly = [(u * chance.uniform(0.8, 1.2), v * chance.uniform(0.7, 1.3)) for u, v in outline]
        pen.polygon(smooth(wobbly, 3), leaves, "leaf", shade=(0.12, 0.2, 0.0, 0.0))


def _pool(canvas: Canvas, chance: Chance, hour: Hour, view: View, foot: float) -> tuple[float, float]:
    """The pool at the cliff's foot; returns its middle and half its width."""
    middle, wide = chance.uniform(0.25, 0.75), chance.uniform(0.24, 0.5)
    leaves = chance.choose(
        (-0.5, 0.0, 0.5, None)
    )  # which way the river leaves; None: the pool fills the front
    water = hour.water_paint(chance, chance.uniform(0.2, 0.5))
    left, right = middle - wide, middle + wide
    if leaves is None:
        outline = [(left - 0.6, -0.02), (left - 0.1, foot * 0.8), (left, foot + 0.005), (right, foot + 0.005)]
        outline += [(right + 0.1, foot * 0.8), (right + 0.6, -0.02)]
    else:
        end, half = middle + leaves, chance.uniform(0.15, 0.5)
        outline = [
            (end - half, -0.02),
            (middle - wide * 0.7 + leaves * 0.2, foot * 0.4),
            (left - 0.05, foot * 0.75),
        ]
        outline += [(left, foot + 0.005), (right, foot + 0.005), (right + 0.05, foot * 0.75)]
        outline += [(middle + wide * 0.7 + leaves * 0.2, foot * 0.4), (end + half, -0.02)]
    curve = [point for point in smooth(outline, 3) if point[1] < foot + 0.02]
    ahead = (view.middle, view.horizon)
    shore = mix(chance, ("grey", "brown", "yellow", "green"), "stone", scale=0.4)
    bank = [(middle + (x - middle) * 1.12, y - 0.012) for x, y in curve]
    canvas.stuff("ground", receives=True).polygon(bank, shore, horizon=ahead)
    canvas.stuff("river", receives=True).polygon(curve, water, horizon=ahead, shade=(0.0, -0.06, 0.0, 0.0))
    return middle, wide


def _fall(
    canvas: Canvas, chance: Chance, x: float, wide: float, top: float, foot: float, white: Paint
) -> None:
    """One fall from rim to pool, perhaps over a ledge, with foam where it lands."""
    pen = canvas.stuff("waterfall")
    flare, half = chance.uniform(1.0, 1.5), wide / 2
    top += 0.012
    ledge = top + (foot - top) * chance.uniform(0.35, 0.65) if chance.maybe(0.35) else None
    shift = chance.uniform(-0.3, 0.3) * wide if ledge else 0.0
    pieces = [(x, top, ledge or foot)] + ([(x + shift, ledge, foot)] if ledge else [])
    for k, (at, high, low) in enumerate(pieces):
        w = half * (1.25 if k else 1.0)
        side = [
            (at - w * flare, low),
            (at - w * 1.02, (high + low) / 2),
            (at - w, high - 0.01),
            (at - w * 0.9, high),
        ]
        outline = side + [(2 * at - u, v) for u, v in reversed(side)]
        pen.polygon(outline, white, shade=(0.0, 0.1, 0.0, 0.0))
        for _ in range(chance.integer(1, 3)):
            u, s = at + w * chance.uniform(-0.7, 0.7), w * chance.uniform(0.06, 0.16)
            pen.polygon(
                [(u - s, low), (u - s * 0.6, high - 0.02), (u + s * 0.6, high - 0.02), (u + s, low)],
                white,
                light=0.84,
            )
        _foam(canvas, chance, at, low, w * flare, white)


def _foam(canvas: Canvas, chance: Chance, x: float, y: float, half: float, white: Paint) -> None:
    pen = canvas.stuff("waterfall")
    foam = mix(chance, "white", "water", tile="soft", scale=0.1)
    bumps = [(x + half * (1.15 - 2.3 * k / 5), y + chance.uniform(0.015, 0.05)) for k in range(6)]
    pen.polygon(
        smooth([(x - half * 1.1, y - 0.02), (x, y - 0.035), (x + half * 1.1, y - 0.02), *bumps], 3), foam
    )
    pen.shine(x, y, half * 1.2, 0.2)


def _gorge(canvas: Canvas, chance: Chance, rock: Paint) -> None:
    """Dark rock at one edge of the picture, or both, between which we look out."""
    for left in chance.choose(((True,), (False,), (True, False))):
        edges = [(chance.uniform(0.04, 0.2), y) for y in (-0.02, 0.25, 0.5, 0.75, 1.02)]
        points = [(-0.02, -0.02), *edges, (-0.02, 1.02)]
        outline = points if left else [(1 - x, y) for x, y in points]
        canvas.stuff("mountain").polygon(outline, rock.scaled(1.6), light=chance.uniform(0.45, 0.7))


def _banks(
    canvas: Canvas, chance: Chance, hour: Hour, view: View, foot: float, middle: float, wide: float
) -> None:
    """Trees, rocks and visitors on the banks; the fall stays open to view."""
    stage = Stage(canvas, view, hour, chance)

    def beside() -> float:
        right = chance.maybe(0.5 if 0.3 < middle < 0.7 else 0.8 if middle < 0.5 else 0.2)
        return middle + (1 if right else -1) * (wide + chance.uniform(0.02, 0.3))

    for _ in range(chance.integer(0, 4)):
        y = foot * chance.uniform(0.2, 0.95)
        stage.put("tree", beside(), y, chance.uniform(0.25, 0.6) * view.eye / (view.horizon - y))
    for _ in range(chance.integer(1, 4)):
        y = foot * chance.uniform(-0.1, 0.75)
        stage.put("rock", chance.uniform(0, 1), y, chance.uniform(0.08, 0.26) * view.eye / (view.horizon - y))
    names = (
        "person",
        "dalmatian",
        "bush",
        "plant",
        "bird",
        "bench",
        "cow",
        "flower",
        "sign",
        "boat",
        "fence",
    )
    for name in chance.several(names, chance.integer(0, 2)):
        y = foot * chance.uniform(0.0, 0.5)
        tall = {"person": 0.34, "bush": 0.2, "plant": 0.18, "bird": 0.1, "flower": 0.15}.get(name, 0.28)
        stage.put(name, beside(), y, tall * chance.uniform(0.7, 1.2) * view.eye / (view.horizon - y))
    stage.draw()


PAINTERS = {"waterfall": waterfall}
