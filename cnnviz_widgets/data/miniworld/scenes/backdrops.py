"""Backgrounds for a single object: rooms, table tops, open land, streets, beaches, studios, wallpapers."""

from collections.abc import Callable

from cnnviz_widgets.data.miniworld.canvas import FINER, Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, Pen
from cnnviz_widgets.data.miniworld.scenes.decor import enter, floor_paint, indoor_light, wall_paint
from cnnviz_widgets.data.miniworld.scenes.landscape import (
    View,
    draw_season,
    far_tree,
    ground_paint,
    hills,
    hut,
    level,
    woods,
)
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour, draw_hour, paint_sky
from cnnviz_widgets.data.miniworld.things import PAINTERS
from cnnviz_widgets.data.miniworld.things.furnishing_paints import cloth, slab, timber
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

# None of these is a class of Objects: what stands beside an object must not be taken for it. Only far off,
# and small, are there trees and houses.
_INDOOR_CLUTTER = ("vase", "book", "ball", "cushion", "bottle", "plant", "clock", "plate")
_OUTDOOR_CLUTTER = ("bush", "rock", "ball", "sign", "bird", "cactus", "fence")


def backdrop(chance: Chance, size: int) -> tuple[Canvas, float]:
    """Draw a background that says nothing of the object it is for.

    Returns
    -------
    canvas : Canvas
        The background alone, every pixel labelled.
    ground : float
        Height in the picture, 0 to 1 from its lower edge, at which an object stands on it.
    """
    kinds = (_room, _table_top, _land, _street, _beach, _studio)
    return chance.choose(kinds, (26, 13, 24, 13, 9, 15))(chance, size)


def _room(chance: Chance, size: int) -> tuple[Canvas, float]:
    """Draw some wall and floor, with a thing or two by the wall."""
    room = enter(chance, size)
    for column in chance.several((0.12, 0.5, 0.88), chance.choose((0, 0, 1, 1, 2))):
        room.hang(chance.choose(("mirror", "window", "clock")), column, chance.uniform(1.1, 1.6), 0.7)
    for column in chance.several((0.06, 0.2, 0.8, 0.94), chance.integer(0, 2)):
        name = chance.choose(("plant", "cushion", "vase", "ball", "bottle"))
        room.stand(name, column, room.wall_ahead(column) - 0.3, chance.uniform(0.3, 0.7))
    foot = room.row(room.wall_ahead(0.5))
    return room.furnish(), min(chance.uniform(0.03, 0.22), max(foot - 0.05, 0.02))


def _table_top(chance: Chance, size: int) -> tuple[Canvas, float]:
    """Draw the top of a table before a wall."""
    canvas = Canvas(size, chance, indoor_light(chance))
    canvas.stuff("wall").rect(0, 0, 1, 1, wall_paint(chance).scaled(0.45), shade=_slope(chance))
    far = chance.uniform(0.16, 0.42)
    _clutter(canvas, chance, _INDOOR_CLUTTER, far - 0.02, (0.2, 0.38), 2)
    side = float(size * FINER)
    pen = Pen(canvas, "table", canvas.begin("table"), (side, 0.0, 0.0, 0.0, -side, side), receives=True)
    kinds: tuple[Callable[[Chance], Paint], ...] = (timber, timber, cloth, slab)
    paint = chance.choose(kinds)(chance).scaled(0.35)
    near = chance.uniform(0.0, 0.1) if chance.maybe(0.4) else 0.0
    inset = chance.uniform(0.0, 0.2) if chance.maybe(0.3) else -0.3
    top = [(-0.3, near), (1.3, near), (1.0 - inset, far), (inset, far)]
    pen.polygon(top, paint, "top", horizon=far + chance.uniform(0.2, 0.5), shade=(0.0, -0.08, 0.0, 0.0))
    if near:
        pen.rect(0, -0.01, 1, near, paint.lit(0.75), "top")
    return canvas, chance.uniform(near + 0.02, max(near + 0.03, far - 0.1))


def _studio(chance: Chance, size: int) -> tuple[Canvas, float]:
    """Draw a plain or patterned sheet, as photographers and paperhangers use it, over a plain floor."""
    canvas = Canvas(size, chance, indoor_light(chance))
    foot = chance.uniform(0.1, 0.36)
    wall = wall_paint(chance).scaled(chance.uniform(0.2, 0.5))
    if chance.maybe(0.5):
        wall = mix(chance, COLORS, "painted").lit(chance.uniform(0.6, 1.1))
    canvas.stuff("wall").rect(0, foot, 1, 1, wall, shade=_slope(chance))
    floor = wall.lit(chance.uniform(0.75, 1.2)) if chance.maybe(0.5) else floor_paint(chance).scaled(0.5)
    pen = canvas.stuff("floor", receives=True)
    pen.rect(0, 0, 1, foot, floor, horizon=foot + chance.uniform(0.1, 0.4), shade=_slope(chance))
    _clutter(canvas, chance, _INDOOR_CLUTTER, foot - 0.03, (0.15, 0.3), 2)
    return canvas, chance.uniform(0.02, foot - 0.04)


def _land(chance: Chance, size: int) -> tuple[Canvas, float]:
    """Draw a meadow, a field, snow or dry ground, with hills, woods, trees or houses far off."""
    canvas, hour, view = _outdoors(chance, size)
    season, base = draw_season(chance), view.horizon
    if chance.maybe(0.5):
        hills(canvas, chance, hour, base, season)
    level(canvas, view, *ground_paint(chance, season))
    if chance.maybe(0.35):
        woods(canvas, chance, hour, base - 0.01, chance.uniform(0.04, 0.14), season, 0.6)
    for _ in range(chance.integer(0, 3)):
        x, y = chance.uniform(0.02, 0.98), base - chance.uniform(0.01, 0.06)
        name, painter = chance.choose((("tree", far_tree), ("house", hut)))
        painter(canvas.thing(name, x, y, chance.uniform(0.08, 0.2), haze=hour.haze(0.5)), chance)
    if chance.maybe(0.3):
        _path(canvas, chance, view)
    return _with_clutter(canvas, chance, view)


def _street(chance: Chance, size: int) -> tuple[Canvas, float]:
    """Draw pavement or asphalt before a row of house fronts."""
    canvas, _, view = _outdoors(chance, size)
    color, material = chance.choose(
        (("grey", "asphalt"), ("black", "asphalt"), ("grey", "stone"), ("brown", "brick"))
    )
    foot = view.horizon - chance.uniform(0.02, 0.12)
    x = chance.uniform(-0.2, 0.0)
    while x < 1.0:
        right = x + chance.uniform(0.25, 0.6)
        if chance.maybe(0.85):
            _front(canvas, chance, x, foot, right, min(foot + chance.uniform(0.25, 0.7), 1.05))
        x = right
    level(canvas, view, "road", mix(chance, color, material, scale=chance.uniform(0.8, 2.0)), top=foot)
    if chance.maybe(0.7):
        pen = canvas.stuff("sidewalk", receives=True)
        paving = mix(
            chance, ("grey", "white", "brown", "red"), "stone", tile="tiles", scale=0.6, strength=0.3
        )
        pen.rect(0, foot - chance.uniform(0.03, 0.12), 1, foot, paving, horizon=(view.middle, view.horizon))
    return _with_clutter(canvas, chance, view)


def _beach(chance: Chance, size: int) -> tuple[Canvas, float]:
    """Draw sand, or a quay, before the sea."""
    canvas, hour, view = _outdoors(chance, size)
    if chance.maybe(0.3):
        hills(canvas, chance, hour, view.horizon, draw_season(chance))
    level(canvas, view, "sea", hour.water_paint(chance, chance.uniform(1.5, 4.0)))
    left, right = (view.horizon * chance.uniform(0.35, 0.9) for _ in range(2))
    name, paint = "sand", mix(chance, ("yellow", "brown", "white", "grey"), "sand", scale=1.2)
    if chance.maybe(0.3):
        name, paint = "pier", mix(chance, ("brown", "grey"), "wood", tile="planks", scale=1.0, strength=0.5)
    shore = [(0, 0), (1, 0), (1, right), (0.5, (left + right) / 2 - 0.02), (0, left)]
    canvas.stuff(name, receives=True).polygon(shore, paint, horizon=(view.middle, view.horizon))
    canvas, ground = _with_clutter(canvas, chance, view)
    return canvas, min(ground, (left + right) / 2 - 0.04)


def _outdoors(chance: Chance, size: int) -> tuple[Canvas, Hour, View]:
    """A canvas with nothing but sky, its hour, and from where it is seen."""
    hour, horizon = draw_hour(chance), chance.uniform(0.22, 0.66)
    canvas = Canvas(size, chance, hour.light)
    paint_sky(canvas, chance, hour, horizon)
    return canvas, hour, View(horizon, chance.uniform(1.0, 2.5), chance.uniform(0.3, 0.7))


def _with_clutter(canvas: Canvas, chance: Chance, view: View) -> tuple[Canvas, float]:
    """Put things on the ground, and choose where the object stands: before them."""
    far = view.horizon * chance.uniform(0.5, 0.85)
    _clutter(canvas, chance, _OUTDOOR_CLUTTER, far, (0.1, 0.26), 3)
    return canvas, min(chance.uniform(0.03, 0.25), far - 0.03)


def _clutter(
    canvas: Canvas, chance: Chance, names: tuple[str, ...], y: float, size: tuple[float, float], most: int
) -> None:
    """Put up to so many things along the left and right border."""
    for x in chance.several((0.07, 0.2, 0.8, 0.93), chance.integer(0, most)):
        name, place = chance.choose(names), x + chance.uniform(-0.05, 0.05)
        pen = canvas.thing(name, place, y, chance.uniform(*size), flip=chance.maybe())
        PAINTERS[name](pen, chance)


def _front(canvas: Canvas, chance: Chance, left: float, low: float, right: float, high: float) -> None:
    """A house front with a few windows."""
    pen = canvas.stuff("building")
    colors = ("red", "brown", "yellow", "white", "grey", "pink", "blue", "green")
    wall = mix(chance, colors, chance.choose(("brick", "painted", "stone")), scale=0.3)
    pen.rect(left, low, right, high, wall, shade=FALLING)
    night = canvas.light.night
    glass = mix(chance, "yellow" if night else ("blue", "black", "grey"), "glass")
    columns, wide = max(1, int((right - left) / 0.16)), right - left
    for k in range(columns):
        x = left + wide * (k + 0.5) / columns
        for y in (low + 0.1, low + 0.3):
            if y + 0.12 < high:
                pen.rect(x - 0.04, y, x + 0.04, y + 0.12, glass, "window", glow=night and k % 2 == 0)


def _path(canvas: Canvas, chance: Chance, view: View) -> None:
    """A path that comes towards the viewer."""
    paint = mix(chance, ("brown", "grey", "yellow"), "sand", scale=0.5)
    wide, start = chance.uniform(0.5, 1.6), chance.uniform(-6, 6)
    line = view.line([(start, 25.0), (start * 0.4, 10.0), (chance.uniform(-1.5, 1.5), 4.0), (0.0, 0.8)], wide)
    canvas.stuff("path", receives=True).polygon(line, paint, horizon=(view.middle, view.horizon))


def _slope(chance: Chance) -> tuple[float, float, float, float]:
    """Light that falls off to one side, upwards or downwards."""
    return (
        chance.uniform(0.0, 0.25),
        chance.uniform(-0.2, 0.2),
        chance.uniform(-0.1, 0.0),
        chance.uniform(-0.1, 0.0),
    )
