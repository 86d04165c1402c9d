"""Cemeteries: rows of gravestones and crosses on grass, snow or gravel."""

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Pen, oval
from cnnviz_widgets.data.miniworld.scenes.landscape import (
    Painter,
    Stage,
    View,
    draw_season,
    ground_paint,
    hills,
    level,
    woods,
)
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour, draw_hour, paint_sky


def cemetery(chance: Chance, size: int) -> Canvas:
    """Graves in rows: before a chapel, a wood, a wall, or hills."""
    hour, season = draw_hour(chance), draw_season(chance)
    canvas = Canvas(size, chance, hour.light)
    horizon = chance.uniform(0.36, 0.86)
    view = View(
        horizon, chance.uniform(0.9, 2.6) * (1 + max(0.0, horizon - 0.5) * 2), chance.uniform(0.2, 0.8)
    )
    paint_sky(canvas, chance, hour, horizon)
    if chance.maybe(0.6):
        hills(canvas, chance, hour, horizon, season)
    name, paint = ground_paint(chance, season)
    if chance.maybe(0.15):
        name, paint = "ground", mix(chance, ("grey", "white", "yellow"), "stone", scale=2.0)
    level(canvas, view, name, paint)
    if chance.maybe(0.6):
        woods(canvas, chance, hour, horizon - 0.012, chance.uniform(0.05, 0.25), season, 0.4)
    if chance.maybe(0.25):
        _churchyard_wall(canvas, chance, hour, view)
    aisle = chance.uniform(-2.0, 2.0) if chance.maybe(0.55) else None
    if aisle is not None:
        _path(canvas, chance, view, aisle)
    stage = Stage(canvas, view, hour, chance)
    _rows(stage, chance, hour, aisle)
    _around(stage, chance, aisle)
    stage.draw()
    return canvas


def _path(canvas: Canvas, chance: Chance, view: View, x: float) -> None:
    paint = mix(chance, ("grey", "yellow", "brown", "white", "pink"), "stone", scale=1.5 / view.eye)
    half, bend = chance.uniform(0.4, 0.9), chance.uniform(-3.0, 3.0)
    line = [(x, 0.6), (x, 5.0), (x + bend * 0.3, 10.0), (x + bend, 18.0), (x + bend * 2, 40.0)]
    pen = canvas.stuff("path", receives=True)
    pen.polygon(view.line(line, 2 * half), paint, horizon=(view.middle, view.horizon))


def _churchyard_wall(canvas: Canvas, chance: Chance, hour: Hour, view: View) -> None:
    """A wall or an iron fence behind the last row."""
    z = chance.uniform(20.0, 40.0)
    low, high = view.at(0, z)[1], view.at(0, z, chance.uniform(1.2, 2.2))[1]
    if chance.maybe(0.5):
        stone = mix(chance, ("grey", "brown", "red", "white"), chance.choose(("stone", "brick")), scale=0.2)
        canvas.stuff("wall", haze=hour.haze(0.3)).rect(-0.01, low, 1.01, high, stone)
    else:
        iron = mix(chance, ("black", "grey", "green"), "metal")
        pen = canvas.thing("fence", 0, 0, 1, haze=hour.haze(0.3))
        for y in (low + (high - low) * 0.2, low + (high - low) * 0.85):
            pen.rect(-0.01, y - 0.004, 1.01, y + 0.004, iron)
        for k in range(20):
            pen.rect(k / 19 - 0.003, low, k / 19 + 0.003, high, iron)


def _rows(stage: Stage, chance: Chance, hour: Hour, aisle: float | None) -> None:
    """Gravestones and crosses, six or so from close by and simple ones behind them."""
    view = stage.view
    marks = chance.choose(
        (("gravestone",), ("gravestone", "gravestone", "cross"), ("cross", "gravestone"), ("cross",)),
        (3, 4, 2, 1),
    )
    nearest = view.eye / view.horizon * chance.uniform(0.9, 1.8)
    apart, depth = chance.uniform(1.2, 2.2), chance.uniform(1.3, 1.6)
    neat, shift = chance.uniform(0.0, 0.3), chance.uniform(-0.5, 0.5)
    stone = mix(chance, ("grey", "white", "black", "brown"), "stone", scale=0.6)
    left, z, close, row = chance.integer(14, 26), max(nearest, 1.6), 0, 0
    while left > 0 and row < 7:
        columns = int(0.62 / apart * z) + 1
        for k in range(-columns, columns + 1):
            x = (k + shift) * apart + chance.uniform(-neat, neat)
            spot = view.at(x, z + chance.uniform(-neat, neat))
            open_path = aisle is not None and abs(x - aisle) < 1.0
            if open_path or not -0.06 < spot[0] < 1.06 or chance.maybe(0.1):
                continue
            tall = chance.uniform(0.8, 1.35)
            if close < 5 and left > 0:
                stage.put(chance.choose(marks), *spot, tall)
                close += 1
            else:
                cross = chance.choose(marks) == "cross"
                painter = _plain(stone, chance.uniform(0.75, 1.1), cross)
                stage.put("cross" if cross else "gravestone", *spot, tall, painter=painter)
            left -= 1
        z, row = z * depth + 0.3, row + 1


_ARCHED = [(-0.3, 0.0), (0.3, 0.0), *oval(0.0, 0.7, 0.3, 0.3, 0, 0, 180)]
_CROSS = (
    *((-0.07, 0.0), (0.07, 0.0), (0.07, 0.58), (0.3, 0.58), (0.3, 0.72), (0.07, 0.72), (0.07, 1.0)),
    *((-0.07, 1.0), (-0.07, 0.72), (-0.3, 0.72), (-0.3, 0.58), (-0.07, 0.58)),
)


def _plain(stone: Paint, light: float, cross: bool) -> Painter:
    """A painter of a far gravestone or cross: its outline, and its edge on the shaded side."""

    def paint(pen: Pen, chance: Chance) -> None:
        outline = _CROSS if cross else _ARCHED
        pen.polygon([(x + 0.06, y) for x, y in outline], stone, light=light * 0.6)
        pen.polygon(outline, stone, light=light)

    return paint


def _around(stage: Stage, chance: Chance, aisle: float | None) -> None:
    """Trees, a chapel, visitors, flowers."""
    view = stage.view
    if chance.maybe(0.3):
        z = chance.uniform(16.0, 30.0)
        chapel = chance.choose(("church", "house"), (2, 1))
        stage.put(chapel, *view.at(chance.uniform(-0.4, 0.4) * z, z), chance.uniform(5.0, 9.0))
    for _ in range(chance.integer(0, 2)):
        z = chance.uniform(9.0, 25.0)
        stage.put("tree", *view.at(chance.uniform(-0.5, 0.5) * z, z), chance.uniform(3.0, 7.0))
    metres = {
        "person": 1.75,
        "flower": 0.5,
        "bench": 1.6,
        "bush": 0.9,
        "bird": 0.35,
        "husky": 0.8,
        "streetlight": 4.0,
    }
    for name in chance.several(tuple(metres), chance.integer(0, 2)):
        z = chance.uniform(1.3, 3.5) * view.eye / view.horizon
        x = aisle if aisle is not None and name in ("person", "husky") else chance.uniform(-0.45, 0.45) * z
        stage.put(name, *view.at(x, z + 1.0), metres[name])


PAINTERS = {"cemetery": cemetery}
