"""Meadows with windmills."""

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.scenes.landscape import (
    Stage,
    View,
    Wet,
    draw_season,
    far_tree,
    ground_paint,
    hills,
    hut,
    level,
    ridge,
    woods,
)
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour, draw_hour, paint_sky


def windmill(chance: Chance, size: int) -> Canvas:
    """One windmill or several: on a meadow, on a hill, by a canal, among fields of flowers."""
    hour, season = draw_hour(chance), draw_season(chance)
    canvas = Canvas(size, chance, hour.light)
    horizon = chance.uniform(0.16, 0.72)
    view = View(horizon, chance.uniform(1.4, 6.0), chance.uniform(0.3, 0.7))
    paint_sky(canvas, chance, hour, horizon)
    if chance.maybe(0.6):
        hills(canvas, chance, hour, horizon, season)
    name, paint = ground_paint(chance, season)
    level(canvas, view, name, paint)
    if chance.maybe(0.6):
        woods(canvas, chance, hour, horizon - 0.01, chance.uniform(0.02, 0.09), season, 0.7)
    kind = chance.choose(("meadow", "canal", "flowers", "hill"), (3, 3, 2, 2))
    stage = Stage(canvas, view, hour, chance)
    if kind == "canal":
        stage.flood(_canal(canvas, chance, hour, view))
    elif kind == "flowers":
        _flower_rows(canvas, chance, view)
    elif kind == "hill":
        line = ridge(chance, horizon * chance.uniform(0.5, 1.1), horizon * chance.uniform(0.5, 1.1), 0.04, 3)
        pen = canvas.stuff(name if name != "ground" else "hill", receives=True)
        pen.polygon([(-0.02, -0.02), *line, (1.02, -0.02)], paint.scaled(0.15), shade=(0.0, 0.1, 0.0, 0.0))
    if kind != "canal" and chance.maybe(0.4):
        _lane(canvas, chance, view)
    nearest = _mills(stage, chance)
    _farm(stage, chance, hour, nearest)
    stage.draw()
    return canvas


def _mills(stage: Stage, chance: Chance) -> float:
    """One large mill, and up to three more behind it; returns at which height the first stands."""
    view = stage.view
    count = chance.choose((1, 2, 3, 4), (5, 2, 1, 1))
    large = chance.uniform(0.42, 1.0) if count < 3 else chance.uniform(0.36, 0.6)
    x, y = chance.uniform(0.2, 0.8), view.horizon * chance.uniform(0.25, 0.88)
    for _ in range(20):
        if stage.dry(x, y):
            break
        x, y = chance.uniform(0.15, 0.85), view.horizon * chance.uniform(0.25, 0.95)
    stage.put("windmill", x, y, large * view.eye / (view.horizon - y))
    for k in range(1, count):
        behind = y + (view.horizon - y) * (0.35 + 0.14 * k)
        size = large * chance.uniform(0.28, 0.55)
        beside = (x + 0.3 * k + chance.uniform(-0.06, 0.06)) % 1.0
        stage.put("windmill", beside, behind, size * view.eye / (view.horizon - behind))
    return y


def _canal(canvas: Canvas, chance: Chance, hour: Hour, view: View) -> Wet:
    """Water that runs away from us, or across the picture; returns where it is."""
    pen = canvas.stuff("river", receives=True)
    water = hour.water_paint(chance, chance.uniform(0.4, 1.2))
    ahead, horizon = (view.middle, view.horizon), view.horizon
    if chance.maybe():
        x0, half = chance.uniform(-2.0, 2.0), chance.uniform(0.4, 1.1) * view.eye
        slant = chance.choose((chance.uniform(-0.45, -0.2), chance.uniform(0.2, 0.45)))
        pen.polygon(view.line([(x0 + slant * z, z) for z in (0.7, 60.0)], 2 * half), water, horizon=ahead)

        def along(x: float, y: float) -> bool:
            z = view.eye / max(horizon - y, 1e-3)
            return abs((x - view.middle) * z - x0 - slant * z) < half + 0.03 * z

        return along
    near = chance.uniform(-0.1, 0.55) * horizon
    far = near + chance.uniform(0.25, 0.4) * horizon
    slope = chance.uniform(-0.5, 0.5) * min(0.12, horizon - far)
    outline = [(-0.02, near - slope), (1.02, near + slope), (1.02, far + slope), (-0.02, far - slope)]
    pen.polygon(outline, water, horizon=ahead)
    return lambda x, y: near - 0.03 < y - slope * (2 * x - 1) < far + 0.01


def _flower_rows(canvas: Canvas, chance: Chance, view: View) -> None:
    """Beds of tulips that run towards the horizon."""
    colors = chance.several(("red", "yellow", "pink", "purple", "white", "orange"), 3)
    paints = [
        mix(chance, color, "foliage", tile="grass", scale=0.5 / view.eye, strength=0.25) for color in colors
    ]
    wide, slant, gap = (
        chance.uniform(0.5, 1.2) * view.eye,
        chance.uniform(-0.8, 0.8),
        chance.uniform(0.5, 0.85),
    )
    pen = canvas.stuff("grass", receives=True)
    end = chance.uniform(6, 20) * view.eye
    for k in range(-5, 6):
        x, start = k * wide, 0.8 * view.eye
        corners = [(x, start), (x + wide * gap, start), (x + wide * gap, end), (x, end)]
        row = [view.at(u + slant * v, v) for u, v in corners]
        pen.polygon(row, paints[k % 3], horizon=(view.middle, view.horizon))


def _lane(canvas: Canvas, chance: Chance, view: View) -> None:
    """A path that winds away."""
    paint = mix(chance, ("brown", "grey", "yellow", "white"), "sand", scale=1.0 / view.eye)
    x, bend = chance.uniform(-1.5, 1.5), chance.uniform(-4.0, 4.0)
    line = [(x, 0.7), (x, 4.0), (x + 0.25 * bend, 8.0), (x + bend, 16.0), (x + bend * 0.8, 34.0)]
    pen = canvas.stuff("path", receives=True)
    pen.polygon(view.line(line, chance.uniform(0.8, 2.0)), paint, horizon=(view.middle, view.horizon))


def _farm(stage: Stage, chance: Chance, hour: Hour, nearest: float) -> None:
    """Cows, fences, trees and people around the mill; none much larger than it."""
    view = stage.view
    for _ in range(chance.integer(0, 2)):
        y = view.horizon * chance.uniform(0.8, 0.95)
        metres = chance.uniform(0.1, 0.2) * view.eye / (view.horizon - y)
        stage.put("house", chance.uniform(0, 1), y, metres, painter=hut)
    for _ in range(chance.integer(0, 3)):
        y = view.horizon * chance.uniform(0.6, 0.95)
        stage.put(
            "tree",
            chance.uniform(0, 1),
            y,
            chance.uniform(0.08, 0.3) * view.eye / (view.horizon - y),
            painter=far_tree,
        )
    sizes = {
        "cow": 0.2,
        "person": 0.26,
        "fence": 0.4,
        "tree": 0.4,
        "dalmatian": 0.14,
        "flower": 0.15,
        "bush": 0.18,
    }
    sizes |= {"rock": 0.13, "bird": 0.08, "bench": 0.2, "sign": 0.24, "boat": 0.25, "car": 0.26}
    names = (
        "cow",
        "cow",
        "cow",
        "fence",
        "fence",
        "person",
        "tree",
        "dalmatian",
        "flower",
        "bush",
        "rock",
        "bird",
        "bench",
        "sign",
        "car",
    )
    for name in chance.several(names, chance.integer(1, 4)):
        y = nearest - chance.uniform(-0.1, 0.9) * max(nearest, 0.08)
        x, size = chance.uniform(0.05, 0.95), sizes[name] * chance.uniform(0.6, 1.2)
        if not stage.dry(x, y):
            name, size = "boat", 0.2
        stage.put(
            name,
            x,
            min(y, view.horizon - 0.03),
            size * view.eye / max(view.horizon - y, 0.03),
        )


PAINTERS = {"windmill": windmill}
