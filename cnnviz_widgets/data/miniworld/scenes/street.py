"""Streets: seen along, across, or at a corner."""

import math

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Point
from cnnviz_widgets.data.miniworld.scenes.facades import Wall, facade
from cnnviz_widgets.data.miniworld.scenes.landscape import (
    Stage,
    View,
    draw_season,
    ground_paint,
    hills,
    level,
    woods,
)
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour, draw_hour, paint_sky

_METRES = {"car": 4.2, "bus": 9.0, "person": 1.75, "dalmatian": 0.9, "husky": 0.9, "tree": 5.5, "bush": 1.2}
_METRES |= {"streetlight": 5.5, "traffic light": 3.4, "sign": 2.4, "bench": 1.8, "flag": 4.0, "plant": 1.0}
_BESIDE = (
    "person",
    "tree",
    "streetlight",
    "traffic light",
    "sign",
    "bench",
    "dalmatian",
    "husky",
    "plant",
    "flag",
)


def street(chance: Chance, size: int) -> Canvas:
    """A street in a town or in a suburb."""
    return chance.choose((_along, _across, _corner, _suburb), (4, 4, 2, 3))(chance, size)


def _road(chance: Chance) -> Paint:
    color = chance.choose(("grey", "black", "brown", "white"), (5, 3, 2, 1))
    if color in ("grey", "black"):
        return mix(chance, color, "asphalt", scale=1.5)
    if color == "white":
        return mix(chance, "white", "snow", scale=3.0, strength=0.2)
    return mix(chance, color, "stone", tile="tiles", scale=2.0, strength=0.4)


def _pavement(chance: Chance) -> Paint:
    return mix(
        chance, ("grey", "grey", "pink", "yellow", "white", "brown"), "tile", scale=chance.uniform(2.0, 5.0)
    )


def _strip(canvas: Canvas, view: View, name: str, paint: Paint, corners: list[Point]) -> None:
    """A piece of ground, its corners (x, z) in metres."""
    pen = canvas.stuff(name, receives=True)
    ahead = (view.middle, view.horizon)
    pen.polygon([view.at(*each) for each in corners], paint.scaled(1 / view.eye), horizon=ahead)


def _marks(canvas: Canvas, chance: Chance, view: View, half: float, offset: float, far: float) -> None:
    """Dashes along the middle of a road that runs away from us, and perhaps a crossing."""
    pen, paint = canvas.stuff("road", receives=True), mix(chance, ("white", "white", "yellow"), "painted")
    if chance.maybe(0.75):
        z = 1.5
        while z < far:
            pen.polygon(view.line([(offset, z), (offset, z * 1.25 + 0.8)], 0.18), paint)
            z = z * 1.6 + 1.5
    if chance.maybe(0.5):
        z, count = chance.uniform(3.0, 9.0), 6
        for k in range(count):
            x = offset - half + 2 * half * (k + 0.5) / count
            pen.polygon(
                [view.at(x + s, z + t) for s, t in ((-0.28, 0), (0.28, 0), (0.28, 2.4), (-0.28, 2.4))], paint
            )


def _along(chance: Chance, size: int) -> Canvas:
    """Down a street between two rows of fronts."""
    hour = draw_hour(chance)
    canvas = Canvas(size, chance, hour.light)
    view = View(chance.uniform(0.28, 0.66), chance.uniform(1.3, 4.5), chance.uniform(0.25, 0.75))
    paint_sky(canvas, chance, hour, view.horizon)
    hills(canvas, chance, hour, view.horizon, "summer")
    level(canvas, view, "sidewalk", _pavement(chance))
    half, walk, offset = chance.uniform(2.2, 5.0), chance.uniform(1.2, 3.0), chance.uniform(-2.2, 2.2)
    far = chance.uniform(30.0, 60.0)
    _strip(
        canvas,
        view,
        "road",
        _road(chance),
        [(offset - half, 0.3), (offset + half, 0.3), (offset + half, 150.0), (offset - half, 150.0)],
    )
    _marks(canvas, chance, view, half, offset, 25.0)
    if chance.maybe(0.5):  # the street ends at a house
        wide = 2 * (half + walk) + 4
        end = Wall(view, (offset - wide / 2, far), (1.0, 0.0), wide, chance.uniform(5, 14))
        facade(canvas, chance, end, hour.haze(0.6), 0.95, 4)
    for side in (-1, 1):
        _row_of_fronts(canvas, chance, hour, view, offset + side * (half + walk), side, far)
    stage = Stage(canvas, view, hour, chance)
    edge = half + walk * 0.5
    for _ in range(chance.integer(1, 3)):
        name = chance.choose(_BESIDE)
        x, z = offset + chance.sign() * edge, chance.uniform(9.0 if name == "tree" else 5.0, 18.0)
        stage.put(name, *view.at(x, z), _METRES[name])
    _traffic(stage, chance, view, [(offset + chance.sign() * half * 0.5, z) for z in (7.5, 13.0, 20.0)])
    stage.draw()
    return canvas


def _row_of_fronts(
    canvas: Canvas, chance: Chance, hour: Hour, view: View, x: float, side: int, far: float
) -> None:
    """One side of the street, far houses first."""
    light = 1.0 if side != hour.light.side else 0.74
    z, walls = max(1.0, abs(x) * 0.9), []
    while z < far:
        long = chance.uniform(6.0, 13.0) * (1 if z < 20 else 2.2)
        walls.append(Wall(view, (x, z), (0.0, 1.0), long, chance.uniform(4.5, 13.0)))
        z += long + (chance.uniform(1.0, 5.0) if chance.maybe(0.2) else 0.0)
    for k in range(len(walls) - 1, -1, -1):
        near = walls[k].start[1] < 18
        facade(canvas, chance, walls[k], hour.haze(walls[k].start[1] / 60), light, 6 if near else 2)


def _traffic(stage: Stage, chance: Chance, view: View, places: list[Point]) -> None:
    """A car, a bus or a few of them; `places` are (x, z), metres."""
    for x, z in places:
        if chance.maybe(0.55):
            name = chance.choose(("car", "bus"), (4, 1)) if z > 10 else "car"
            stage.put(name, *view.at(x, z), _METRES[name])


def _across(chance: Chance, size: int) -> Canvas:
    """Over the road to a row of fronts; from close by or with much sky."""
    hour = draw_hour(chance)
    canvas = Canvas(size, chance, hour.light)
    view = View(chance.uniform(0.3, 0.6), chance.uniform(1.2, 3.2), chance.uniform(0.3, 0.7))
    # So far away that the road before the fronts takes some of the picture.
    depth = max(chance.uniform(8.0, 26.0), view.eye / (view.horizon - 0.16) + 2.5)
    paint_sky(canvas, chance, hour, view.horizon)
    level(canvas, view, "sidewalk", _pavement(chance))
    walk = depth - chance.uniform(1.5, 3.5)
    near = walk - chance.uniform(0.35, 0.9) * (walk - 1.0)
    edge = 60.0
    _strip(canvas, view, "road", _road(chance), [(-edge, near), (edge, near), (edge, walk), (-edge, walk)])
    lines = mix(chance, ("white", "yellow"), "painted")
    if chance.maybe(0.6):
        z, step = (near + walk) / 2, depth * 0.22
        for k in range(-2, 4):
            x = k * step
            quad = [(x, z - 0.12), (x + step * 0.5, z - 0.12), (x + step * 0.5, z + 0.12), (x, z + 0.12)]
            canvas.stuff("road", receives=True).polygon([view.at(*each) for each in quad], lines)
    x, right = -depth * (view.middle + 0.05) - chance.uniform(0, 4), depth * (1.05 - view.middle)
    height = chance.uniform(4.0, 12.0)
    while x < right:
        long = chance.uniform(4.0, 9.0) * (1 if depth < 18 else 1.3)
        if chance.maybe(0.88):
            wall = Wall(view, (x, depth), (1.0, 0.0), long, max(3.8, height * chance.uniform(0.7, 1.3)))
            facade(
                canvas,
                chance,
                wall,
                hour.haze(depth / 120),
                chance.uniform(0.9, 1.05),
                6 if depth < 15 else 4,
            )
        x += long
    stage = Stage(canvas, view, hour, chance)
    _traffic(
        stage,
        chance,
        view,
        [
            (chance.uniform(-0.4, 0.4) * walk, max(near + 0.4, walk * t))
            for t in (chance.uniform(0.6, 0.8), 0.92)
        ],
    )
    for _ in range(chance.integer(1, 4)):
        front = chance.maybe(0.2)  # on our side of the road, where a tree would hide everything
        z = max(near - 0.5, 2.5) if front else walk + chance.uniform(0.3, 0.7)
        name = chance.choose(("person", "husky", "bench", "sign", "plant") if front else _BESIDE)
        stage.put(name, *view.at(chance.uniform(-0.5, 0.5) * z, z), _METRES[name])
    stage.draw()
    return canvas


def _corner(chance: Chance, size: int) -> Canvas:
    """Towards the corner of a block where two streets meet."""
    hour = draw_hour(chance)
    canvas = Canvas(size, chance, hour.light)
    view = View(chance.uniform(0.3, 0.6), chance.uniform(1.5, 3.5))
    paint_sky(canvas, chance, hour, view.horizon)
    hills(canvas, chance, hour, view.horizon, "summer")
    level(canvas, view, "road", _road(chance))
    turn, z, x = math.radians(chance.uniform(25, 65)), chance.uniform(9.0, 18.0), chance.uniform(-3.0, 3.0)
    z = max(z, view.eye / (view.horizon - 0.2) + 2.0)
    left, right = (-math.cos(turn), math.sin(turn)), (math.sin(turn), math.cos(turn))
    high = chance.uniform(5.0, 13.0)
    for far, across in ((45.0, -1), (38.0, 1)):
        wall = Wall(view, (across * 14.0 - 10 + x, far), (1.0, 0.0), 20.0, chance.uniform(4, 12))
        facade(canvas, chance, wall, hour.haze(0.6), 0.95, 4)
    out = 3.0  # the sidewalk goes round the corner
    corner = (x - (left[0] + right[0]) * out, z - (left[1] + right[1]) * out)
    ends = [(corner[0] + each[0] * 60, corner[1] + each[1] * 60) for each in (right, left)]
    _strip(canvas, view, "sidewalk", _pavement(chance), [corner, *ends])
    for along, tone in ((left, -1), (right, 1)):
        light = 1.05 if tone == hour.light.side else 0.72
        wall = Wall(view, (x, z), along, chance.uniform(10, 16), high)
        facade(canvas, chance, wall, 0.0, light, 9)
    stage = Stage(canvas, view, hour, chance)
    _traffic(stage, chance, view, [(chance.uniform(-0.35, 0.35) * t * z, t * z) for t in (0.45, 0.65)])
    for along in (left, right, left):
        s, name = chance.uniform(-1.0, 8.0), chance.choose(_BESIDE)
        stage.put(name, *view.at(corner[0] + along[0] * s, corner[1] + along[1] * s + 0.8), _METRES[name])
    stage.draw()
    return canvas


def _suburb(chance: Chance, size: int) -> Canvas:
    """A road past houses with gardens."""
    hour, season = draw_hour(chance), draw_season(chance)
    canvas = Canvas(size, chance, hour.light)
    view = View(chance.uniform(0.4, 0.75), chance.uniform(1.8, 6.0), chance.uniform(0.2, 0.8))
    paint_sky(canvas, chance, hour, view.horizon)
    hills(canvas, chance, hour, view.horizon, season)
    level(canvas, view, *ground_paint(chance, season))
    woods(canvas, chance, hour, view.horizon - 0.01, chance.uniform(0.04, 0.12), season, 0.6)
    half, slant = chance.uniform(1.8, 3.5), chance.uniform(0.2, 0.8) - view.middle
    road, walk = _road(chance), _pavement(chance)

    def on(x: float, z: float) -> Point:
        return (x + slant * (z - 6), z)

    for name, paint, wide in (("sidewalk", walk, half + chance.uniform(0.8, 1.8)), ("road", road, half)):
        _strip(canvas, view, name, paint, [on(-wide, 0.3), on(wide, 0.3), on(wide, 150.0), on(-wide, 150.0)])
    dash = mix(chance, ("white", "yellow"), "painted")
    for z in (2.0, 5.0, 9.0, 16.0):
        canvas.stuff("road", receives=True).polygon(view.line([on(0, z), on(0, z * 1.3)], 0.2), dash)
    stage = Stage(canvas, view, hour, chance)
    for side in chance.choose(((-1, 1), (-1,), (1,), (-1, 1))):
        z = chance.uniform(9.0, 14.0)
        while not 0.06 < view.at(*on(side * (half + 5.5), z))[0] < 0.94 and z < 40:
            z += 2.0
        x, y = view.at(*on(side * (half + 5.5), z))
        stage.put("house", min(max(x, 0.08), 0.92), y, chance.uniform(6.5, 9.0) * max(1.0, z / 18))
    for _ in range(chance.integer(2, 4)):
        name = chance.choose(("tree", "bush", "streetlight", "person", "dalmatian", "sign", "tree", "bench"))
        x, z = chance.sign() * (half + chance.uniform(0.6, 3.0)), chance.uniform(4.5, 20.0)
        stage.put(name, *view.at(*on(x, z)), _METRES[name])
    _traffic(stage, chance, view, [on(chance.uniform(-0.6, 0.6) * half, z) for z in (7.0, 12.0)])
    stage.draw()
    return canvas


PAINTERS = {"street": street}
