"""Harbors: water with boats, and a quay, a pier, a lighthouse or warehouses."""

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.scenes.facades import Wall, facade
from cnnviz_widgets.data.miniworld.scenes.landscape import (
    Stage,
    View,
    draw_season,
    hills,
    hut,
    level,
    woods,
)
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour, draw_hour, paint_sky


def harbor(chance: Chance, size: int) -> Canvas:
    """Boats on the water, seen from a quay, from a pier or from another boat."""
    hour, season = draw_hour(chance), draw_season(chance)
    canvas = Canvas(size, chance, hour.light)
    horizon = chance.uniform(0.34, 0.8)
    view = View(horizon, chance.uniform(2.0, 9.0), chance.uniform(0.3, 0.7))
    paint_sky(canvas, chance, hour, horizon)
    shore = chance.choose(("open", "hills", "town", "fronts"), (2, 3, 3, 2))
    if shore != "open":
        hills(canvas, chance, hour, horizon, season)
    level(canvas, view, "sea", hour.water_paint(chance, chance.uniform(1.0, 4.0)))
    if shore == "hills":
        woods(canvas, chance, hour, horizon - 0.012, chance.uniform(0.03, 0.09), season, 0.8)
    elif shore == "town":
        _far_town(canvas, chance, hour, horizon)
    elif shore == "fronts":
        _row_of_fronts(canvas, chance, hour, view)
    stage = Stage(canvas, view, hour, chance)
    quay = chance.choose(("front", "side", "pier", "none"), (3, 3, 3, 1))
    near = chance.uniform(0.12, 0.45) * horizon if quay == "front" else 0.0
    if chance.maybe(1.0 if quay == "none" else 0.9 if shore == "open" else 0.45):
        _lighthouse(stage, chance, view)
    side = chance.sign()  # of the quay; the nearest boat is on the other
    _boats(stage, chance, view, near, side)
    if quay == "none" or (shore == "open" and chance.maybe(0.3)):
        _buoys(stage, chance, view)
    stage.draw()
    _QUAYS[quay](canvas, chance, hour, view, near, side)
    return canvas


def _far_town(canvas: Canvas, chance: Chance, hour: Hour, horizon: float) -> None:
    """A row of small houses and warehouses on the other shore."""
    land = mix(chance, ("grey", "brown", "green", "yellow"), "stone")
    pen = canvas.stuff("ground", haze=hour.haze(0.5))
    low, x, right = horizon - 0.025, chance.uniform(-0.1, 0.4), chance.uniform(0.6, 1.1)
    pen.polygon(
        [(x - 0.08, low - 0.01), (right + 0.1, low - 0.01), (right, horizon + 0.006), (x, horizon + 0.006)],
        land,
    )
    while x < right:
        wide = chance.uniform(0.12, 0.24)
        hut(
            canvas.thing("house", x + wide / 2, low + 0.012, wide, flip=chance.maybe(), haze=hour.haze(0.4)),
            chance,
        )
        x += wide * chance.uniform(0.8, 1.3)


def _row_of_fronts(canvas: Canvas, chance: Chance, hour: Hour, view: View) -> None:
    """Fronts of houses on a quay across the water."""
    depth = chance.uniform(24.0, 60.0)
    x, right = -depth * (view.middle + 0.02), depth * (1.02 - view.middle)
    if chance.maybe(0.4):
        x += depth * chance.uniform(0.1, 0.5)
    stone = mix(chance, ("grey", "brown", "yellow"), "stone", scale=3.0)
    wall = Wall(view, (x - 1, depth - 2), (1.0, 0.0), right - x + 4, 1.6)
    canvas.stuff("pier", haze=hour.haze(0.3)).polygon(wall.quad(0, 0, wall.long, 1.6), stone)
    high = depth * chance.uniform(0.16, 0.32)
    while x < right:
        long = depth * chance.uniform(0.14, 0.3)
        front = Wall(view, (x, depth), (1.0, 0.0), long, max(4.5, high * chance.uniform(0.7, 1.3)))
        facade(canvas, chance, front, hour.haze(depth / 110), 1.0, 4)
        x += long


def _lighthouse(stage: Stage, chance: Chance, view: View) -> None:
    """A lighthouse on a mole of rocks."""
    x, y = chance.uniform(0.08, 0.92), view.horizon * chance.uniform(0.6, 0.97)
    high = chance.uniform(0.24, 0.62)
    left = chance.uniform(0.06, 0.3) if x > 0.5 else 0.08
    rock = mix(chance, ("grey", "brown", "black"), "stone", scale=0.2)
    reach = (x - left, 1.04) if x > 0.5 else (-0.04, x + chance.uniform(0.06, 0.3))
    edge = [(reach[0] + (reach[1] - reach[0]) * k / 7, y + chance.uniform(0.0, 0.02)) for k in range(8)]
    mole = stage.canvas.stuff("pier")

    def draw() -> None:
        mole.polygon(
            [(reach[0] - 0.02, y - 0.035), *edge, (reach[1] + 0.02, y - 0.035)],
            rock,
            shade=(0.0, 0.2, 0.0, 0.0),
        )

    stage.later(y + 0.004, draw)
    stage.put("lighthouse", x, y, high * view.eye / (view.horizon - y))


def _boats(stage: Stage, chance: Chance, view: View, near: float, side: int) -> None:
    """Two to five boats, the first of them large enough to be seen well."""
    count = chance.integer(2, 3)
    room = view.horizon - near
    places = chance.several([k * 0.25 for k in range(5)], count)
    for k in range(count):
        share = chance.uniform(0.25, 0.7) if k == 0 else chance.uniform(0.05, 0.92)
        y = near + room * share
        scale = chance.uniform(0.3, 0.6) if k == 0 else chance.uniform(0.28, 0.62) * (1.05 - share)
        x = 0.5 - side * chance.uniform(0.04, 0.3) if k == 0 else places[k] + chance.uniform(-0.08, 0.08)
        stage.put("boat", x, y, scale * view.eye / (view.horizon - y))


def _buoys(stage: Stage, chance: Chance, view: View) -> None:
    for _ in range(chance.integer(1, 3)):
        y = view.horizon * chance.uniform(0.05, 0.5)
        stage.put("bird", chance.uniform(0, 1), y, chance.uniform(0.06, 0.13) * view.eye / (view.horizon - y))


def _ashore(stage: Stage, chance: Chance, spots: list[tuple[float, float]]) -> None:
    """People, dogs and goods on the quay."""
    sizes = {
        "person": 0.36,
        "husky": 0.2,
        "dalmatian": 0.2,
        "bird": 0.12,
        "car": 0.5,
        "bench": 0.3,
        "sign": 0.34,
    }
    sizes |= {"streetlight": 0.7, "flag": 0.5, "fence": 0.5, "plant": 0.2}
    for x, y in spots:
        name = chance.choose(tuple(sizes))
        size = sizes[name] * chance.uniform(0.75, 1.15) * stage.view.eye / (stage.view.horizon - y)
        stage.put(name, x, y, size)


def _front(canvas: Canvas, chance: Chance, hour: Hour, view: View, near: float, side: int) -> None:
    """A quay along the lower edge, with bollards."""
    slope = chance.uniform(-0.12, 0.12)
    pen = canvas.stuff("pier", receives=True)
    corners = [(-0.02, -0.02), (1.02, -0.02), (1.02, near + slope), (-0.02, near - slope)]
    paint = mix(
        chance,
        ("grey", "brown", "yellow", "white"),
        "stone",
        tile=chance.choose(("tiles", "boulders")),
        scale=1.5,
    )
    pen.polygon(corners, paint, horizon=(view.middle, view.horizon + 0.05))
    edge = mix(chance, ("grey", "brown", "black", "white"), "stone")
    pen.polygon(
        [
            (-0.02, near - slope),
            (1.02, near + slope),
            (1.02, near + slope - 0.02),
            (-0.02, near - slope - 0.02),
        ],
        edge,
    )
    iron = mix(chance, ("black", "red", "yellow", "grey"), "metal")
    for x in (chance.uniform(0.05, 0.4), chance.uniform(0.6, 0.95)):
        y = near + slope * (2 * x - 1) - 0.025
        pen.polygon(
            [(x - 0.02, y), (x - 0.03, y + 0.06), (x + 0.03, y + 0.06), (x + 0.02, y)],
            iron,
            shade=(0.2, 0, -0.2, 0),
        )
    stage = Stage(canvas, view, hour, chance)
    _ashore(
        stage,
        chance,
        [
            (chance.uniform(0.05, 0.95), near * chance.uniform(0.05, 0.55))
            for _ in range(chance.integer(0, 3))
        ],
    )
    stage.draw()


def _side(canvas: Canvas, chance: Chance, hour: Hour, view: View, near: float, side: int) -> None:
    """A quay that runs away from us on one side, perhaps with a warehouse."""
    x = chance.uniform(0.15, 0.7) * view.eye
    paint = mix(chance, ("grey", "brown", "yellow", "pink"), "stone", tile="tiles", scale=3.0 / view.eye)
    ahead, end = (view.middle, view.horizon), chance.uniform(20.0, 80.0)
    pen = canvas.stuff("pier", receives=True)
    up = 0.3 * view.eye
    top = View(view.horizon, view.eye - up, view.middle)
    edge = [view.at(side * x, 1.0), view.at(side * x, end), top.at(side * x, end), top.at(side * x, 1.0)]
    pen.polygon(edge, paint.lit(0.6))
    outer = side * (x + 60)
    pen.polygon(
        [top.at(side * x, 1.0), top.at(side * x, end), top.at(outer, end), top.at(outer, 1.0)],
        paint,
        horizon=ahead,
    )
    if chance.maybe(0.6):
        wall = Wall(top, (side * (x + 3.0), 7.0), (0.0, 1.0), end - 10, chance.uniform(4.0, 9.0))
        facade(canvas, chance, wall, hour.haze(0.1), 0.9, 8)
    stage = Stage(canvas, top, hour, chance)
    spots = []
    for _ in range(chance.integer(1, 3)):
        z = chance.uniform(3.5, 9.0)
        spots.append(top.at(side * (x + chance.uniform(0.5, 2.0)), z))
    _ashore(stage, chance, [each for each in spots if 0.02 < each[0] < 0.98])
    stage.draw()


def _pier(canvas: Canvas, chance: Chance, hour: Hour, view: View, near: float, side: int) -> None:
    """A wooden pier on posts that leads out onto the water."""
    wood = mix(chance, ("brown", "grey", "white"), "wood", tile="planks", scale=1.4 / view.eye)
    half, shift = chance.uniform(0.25, 0.6) * view.eye, side * chance.uniform(0.3, 1.0) * view.eye
    slant, end = side * chance.uniform(-0.1, 0.3), view.eye * chance.uniform(2.2, 5.0)
    pen = canvas.stuff("pier", receives=True)
    near_z = view.eye * 0.9
    up = 0.2 * view.eye
    post = mix(chance, ("brown", "black", "grey"), "wood")
    for k in (3, 2, 1, 0):
        z = near_z + (end - near_z) * k / 3
        for edge in (-1, 1):
            x = shift + slant * z + edge * half
            w = half * 0.12
            pen.polygon(
                [
                    view.at(x - w, z),
                    view.at(x + w, z),
                    view.at(x + w, z, up * 1.7),
                    view.at(x - w, z, up * 1.7),
                ],
                post,
            )
    ends = [
        (shift + slant * z + edge * half, z)
        for z, edge in ((near_z * 0.6, -1), (near_z * 0.6, 1), (end, 1), (end, -1))
    ]
    deck = View(view.horizon, view.eye - up, view.middle)
    pen.polygon([deck.at(*each) for each in ends], wood, horizon=(view.middle, view.horizon))
    far_edge = [
        deck.at(*ends[3]),
        deck.at(*ends[2]),
        view.at(ends[2][0], end, up * 0.6),
        view.at(ends[3][0], end, up * 0.6),
    ]
    pen.polygon(far_edge, wood.lit(0.6))
    stage = Stage(canvas, deck, hour, chance)
    spots = []
    for _ in range(chance.integer(0, 2)):
        z = chance.uniform(near_z * 1.2, end)
        spots.append(deck.at(shift + slant * z, z))
    sized = [each for each in spots if 0.05 < each[0] < 0.95 and each[1] > 0]
    for x, y in sized:
        name = chance.choose(("person", "person", "husky", "bird", "bench"))
        tall = {"person": 0.3, "husky": 0.17, "bird": 0.1}.get(name, 0.22)
        stage.put(name, x, y, tall * deck.eye / (deck.horizon - y))
    stage.draw()


def _none(canvas: Canvas, chance: Chance, hour: Hour, view: View, near: float, side: int) -> None:
    """Seen from the water."""


_QUAYS = {"front": _front, "side": _side, "pier": _pier, "none": _none}
PAINTERS = {"harbor": harbor}
