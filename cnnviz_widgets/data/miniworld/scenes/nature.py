"""Scenes without streets: mountains, deserts and waterfalls."""

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Point, smooth
from cnnviz_widgets.data.miniworld.scenes.landscape import (
    Stage,
    View,
    Wet,
    draw_season,
    draw_view,
    ground_paint,
    hills,
    hut,
    level,
    woods,
)
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour, draw_hour, paint_sky
from cnnviz_widgets.data.miniworld.scenes.peaks import range_of_peaks


def mountain(chance: Chance, size: int) -> Canvas:
    """Peaks above a valley: a meadow, a lake, a forest, snow or bare rock."""
    hour, season = draw_hour(chance), draw_season(chance)
    canvas = Canvas(size, chance, hour.light)
    view = draw_view(chance, 0.12, 0.6)
    horizon = view.horizon
    paint_sky(canvas, chance, hour, horizon)
    range_of_peaks(canvas, chance, hour, horizon, season)
    name, paint = ground_paint(chance, season)
    valley = chance.choose(("meadow", "lake", "forest", "rock"), (4, 3, 3, 2))
    if valley == "rock":
        name, paint = "ground", mix(chance, ("grey", "brown", "grey"), "stone", scale=3.0)
    level(canvas, view, name, paint)
    if valley != "rock":
        woods(canvas, chance, hour, horizon - 0.01, chance.uniform(0.03, 0.12), season, 0.5)
    stage = Stage(canvas, view, hour, chance)
    if valley == "lake":
        far, near = horizon * chance.uniform(0.8, 0.95), horizon * chance.uniform(0, 0.45)
        stage.flood(_lake(canvas, chance, hour, view, far, near))
        if chance.maybe():
            stage.put("boat", chance.uniform(0.15, 0.85), horizon * chance.uniform(0.5, 0.75), 5.0)
    around = {"forest": (4, 7), "meadow": (0, 3), "lake": (0, 2), "rock": (0, 1)}[valley]
    for _ in range(chance.integer(*around)):
        y = horizon * (0.9 - 0.95 * chance.uniform(0, 1) * chance.uniform(0, 1))
        stage.put("tree", chance.uniform(0, 1), y, chance.uniform(0.4, 0.8) * view.eye / horizon)
    if chance.maybe(0.4):
        scale = chance.uniform(0.12, 0.3) * view.eye / (0.15 * horizon)
        stage.put("house", chance.uniform(0.1, 0.9), horizon * 0.85, scale, painter=hut)
    for _ in range(chance.integer(1, 3) if valley == "rock" else chance.integer(0, 2)):
        stage.put("rock", chance.uniform(0, 1), horizon * chance.uniform(-0.1, 0.5), chance.uniform(0.3, 1.2))
    for other in chance.several(
        ("person", "cow", "husky", "sign", "cross", "flag", "bush", "bench"), chance.integer(0, 2)
    ):
        metres = {"person": 1.75, "cow": 2.2, "husky": 0.9, "bush": 1.2}.get(other, 1.9)
        stage.put(other, chance.uniform(0.1, 0.9), horizon * chance.uniform(0.0, 0.6), metres)
    stage.draw()
    return canvas


def _lake(canvas: Canvas, chance: Chance, hour: Hour, view: View, far: float, near: float) -> Wet:
    """A lake between two heights of the picture, with a shore that bends; returns where it is."""
    paint = hour.water_paint(chance, 0.4 * view.eye)
    left, right = chance.choose(((-0.3, 1.3), (-0.4, 0.8), (0.2, 1.4)))
    middle, wide = (left + right) / 2, (right - left) / 2
    ends = [
        (-0.9, 0.6),
        (0.0, 1.0),
        (0.9, 0.7),
        (1.0, 0.3),
        (0.5, chance.uniform(-0.1, 0.2)),
        (-0.4, 0.0),
        (-1.0, 0.35),
    ]
    points = [(middle + wide * x, near + (far - near) * y) for x, y in ends]
    pen = canvas.stuff("lake", receives=True)
    ahead = (view.middle, view.horizon + 0.01)
    pen.polygon(smooth(points[::-1]), paint, horizon=ahead, shade=(0.0, 0.1, 0.0, 0.0))

    def wet(x: float, y: float) -> bool:
        return abs(x - middle) < wide and near - 0.02 < y < far + 0.02

    return wet


def desert(chance: Chance, size: int) -> Canvas:
    """Dunes, or a dry plain with table mountains; cacti and rocks."""
    hour = draw_hour(chance)
    canvas = Canvas(size, chance, hour.light)
    view = draw_view(chance, 0.3, 0.8)
    horizon = view.horizon
    paint_sky(canvas, chance, hour, horizon)
    color = chance.choose(
        ("yellow", "orange", "red", "brown", "white", "grey", "pink"), (4, 3, 2, 3, 2, 1, 1)
    )
    rgb = chance.choose(_SANDS[color])
    dunes = chance.maybe(0.55)
    if chance.maybe(0.35 if dunes else 0.8):
        _table_mountains(canvas, chance, hour, horizon)
    elif chance.maybe():
        hills(canvas, chance, hour, horizon, "dry")
    pattern = chance.choose(("", "wrinkled", "cracked"), (3, 3, 0 if dunes else 3))
    sand = mix(chance, color, "sand", pattern, scale=chance.uniform(1.5, 4), rgb=rgb, strength=0.25)
    level(canvas, view, "sand", sand)
    if dunes:
        _dunes(canvas, chance, hour, horizon, sand.scaled(0.25))
    elif chance.maybe(0.3):
        _track(canvas, chance, view)
    stage = Stage(canvas, view, hour, chance)
    first = chance.choose(("cactus", "rock"), (3, 2))
    near = horizon * chance.uniform(-0.1, 0.5)
    stage.put(
        first, chance.uniform(0.12, 0.88), near, chance.uniform(0.25, 0.75) * view.eye / (horizon - near)
    )
    for _ in range(chance.integer(1, 5)):
        y = horizon * (0.92 - 0.9 * chance.uniform(0, 1) * chance.uniform(0.2, 1))
        name = chance.choose(("cactus", "rock", "bush"), (4, 3, 2))
        stage.put(name, chance.uniform(0, 1), y, chance.uniform(0.8, 3.2) * (0.6 if name != "cactus" else 1))
    for other in chance.several(
        ("person", "car", "husky", "tree", "house", "sign", "bird"), chance.choose((0, 1, 2), (4, 3, 1))
    ):
        metres = {"person": 1.75, "car": 4.2, "husky": 0.9, "house": 6.0, "tree": 4.0, "bird": 0.5}.get(
            other, 1.8
        )
        low = 0.62 if metres > 3 else 0.3
        stage.put(
            other, chance.uniform(0.1, 0.9), max(near + 0.04, horizon * chance.uniform(low, 0.85)), metres
        )
    stage.draw()
    return canvas


_SANDS = {
    "yellow": ((232.0, 200.0, 118.0), (222.0, 190.0, 130.0)),
    "orange": ((222.0, 142.0, 74.0), (234.0, 168.0, 96.0)),
    "red": ((178.0, 74.0, 48.0), (196.0, 92.0, 66.0)),
    "brown": ((150.0, 108.0, 68.0), (178.0, 138.0, 94.0)),
    "white": ((238.0, 232.0, 216.0), (230.0, 230.0, 230.0)),
    "grey": ((150.0, 146.0, 140.0), (176.0, 172.0, 164.0)),
    "pink": ((226.0, 176.0, 158.0), (220.0, 160.0, 150.0)),
}


def _dunes(canvas: Canvas, chance: Chance, hour: Hour, horizon: float, sand: Paint) -> None:
    """Waves of sand, each with a sunny back and a steep side in the shade that meet in a bent crest."""
    count = chance.integer(2, 4)
    for k in range(count):
        far = 1 - k / count
        pen = canvas.stuff("sand", receives=True, haze=hour.haze(0.7 * far) if k < count - 1 else 0.0)
        base = horizon * far + 0.02
        high = chance.uniform(0.06, 0.2) * (1.4 - far * 0.6) * min(1.0, horizon * 1.8)
        top = chance.uniform(0.1, 0.9)
        left, right, foot = (
            chance.uniform(0.3, 0.9),
            chance.uniform(0.3, 0.9),
            base - high * chance.uniform(0.8, 2.2),
        )
        crest = [(top - left, base - 0.06), (top - left * 0.5, base + high * 0.35), (top, base + high)]
        fall = [(top + right * 0.45, base + high * 0.4), (top + right, base - 0.06)]
        line = smooth([(top - left, foot - 0.6), *crest, *fall, (top + right, foot - 0.6)])[4:21]
        whole = [(-0.02, -0.02), (-0.02, base - 0.07), *line, (1.02, base - 0.07), (1.02, -0.02)]
        tone = chance.uniform(0.94, 1.08)
        flat = ((0.0, 0.0), (1.0, 0.0), (0.2, 0.4))
        pen.polygon(whole, sand, light=tone, frame=flat, shade=(0.0, 0.12, 0.0, 0.0))
        dark = 1 - 0.28 * hour.light.contrast
        edge = [(top, base + high), (top + 0.05, base + high * 0.5), (top - 0.03, base), (top + 0.06, foot)]
        side = (
            line[line.index((top, base + high)) :]
            if hour.light.side < 0
            else line[: line.index((top, base + high)) + 1]
        )
        outline = [*edge[::-1], *side[1:]] if hour.light.side < 0 else [*side, *edge[1:]]
        pen.polygon(outline, sand, light=tone * dark, frame=flat)


def _table_mountains(canvas: Canvas, chance: Chance, hour: Hour, horizon: float) -> None:
    """One to three flat-topped rocks on the horizon, banded."""
    rock = mix(
        chance, ("red", "orange", "brown", "grey", "purple"), "stone", "banded", scale=0.16, strength=0.25
    )
    for _ in range(chance.integer(1, 3)):
        pen = canvas.stuff("mountain", haze=hour.haze(chance.uniform(0.3, 0.9)))
        x, wide, high = chance.uniform(0, 1), chance.uniform(0.05, 0.3), chance.uniform(0.06, 0.28)
        top = [
            (x - wide * t, horizon + high * chance.uniform(0.92, 1.0))
            for t in (0.7, 0.62, 0.1, -0.3, -0.66, -0.7)
        ]
        pen.polygon([(x - wide * 1.2, horizon - 0.01), *top, (x + wide * 1.2, horizon - 0.01)], rock)
        low, side = horizon - 0.01, hour.light.side
        inner = x - side * wide * 0.35
        shaded = [
            (inner, low),
            (inner + wide * 0.05, top[2][1] - high * 0.02),
            (x - side * wide * 0.7, top[0][1] - high * 0.02),
        ]
        pen.polygon([*shaded, (x - side * wide * 1.2, low)], rock, light=0.75)


def _track(canvas: Canvas, chance: Chance, view: View) -> None:
    """A road or a track to the horizon."""
    name = chance.choose(("road", "path"))
    paint = mix(chance, ("grey", "black", "brown"), "asphalt" if name == "road" else "sand")
    bend, wide = chance.uniform(-6, 6), chance.uniform(1.5, 4.0)
    points: list[Point] = [(bend * (0.04 * z - 1) * 0.3, z) for z in (0.8, 3.0, 8.0, 20.0, 60.0)]
    canvas.stuff(name, receives=True).polygon(view.line(points, wide), paint)


PAINTERS = {"mountain": mountain, "desert": desert}
