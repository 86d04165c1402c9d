"""City blocks and churches."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, UPRIGHT, Pen, oval
from cnnviz_widgets.data.miniworld.solids import Face, Solids
from cnnviz_widgets.data.miniworld.things.openings import Glazing, arched


def building(pen: Pen, chance: Chance) -> None:
    """Draw a city block: flats, offices of glass or a town house, with a shop or a door below."""
    wide, deep = chance.uniform(0.42, 0.66), 0.3
    yaw = 0.0 if chance.maybe(0.45) else chance.uniform(10, 34)
    solids = Solids(pen, yaw, chance.uniform(0, 4))
    pen.shadow(0, 0.01, wide * 0.65, 0.06)
    offices = chance.maybe(0.3)
    material = "glass" if offices else chance.choose(("brick", "painted", "stone"))
    colors = (
        ("blue", "grey", "green", "black")
        if offices
        else ("red", "brown", "yellow", "white", "grey", "orange", "pink")
    )
    wall = mix(chance, colors, material, scale=0.28)
    high = chance.uniform(0.86, 0.95)
    x, z = wide / 2, deep / 2
    faces = solids.box(-x, 0, -z, x, high, z, wall, "wall")
    glazing = Glazing(pen, chance)
    floors = chance.integer(4, 6)
    base = 0.18
    for name, bays in (("front", 3 if wide < 0.54 else 4), ("left", 2)):
        _grid(faces[name], glazing, floors, bays if not offices else 1, base)
    _ground(faces["front"], glazing, chance, base)
    trim = glazing.frame
    if offices:
        solids.box(-x * 0.4, high, -z * 0.4, x * 0.4, high + 0.05, z * 0.4, wall.lit(0.8), "roof", layer=1)
    else:
        solids.box(-x - 0.02, high - 0.02, -z - 0.02, x + 0.02, high + 0.025, z + 0.02, trim, "roof", layer=1)
    solids.draw()


def _grid(face: Face, glazing: Glazing, floors: int, bays: int, base: float) -> None:
    """Put windows on a side, floor by floor: plain panes, so that a whole street stays quick to draw."""
    tall = (0.96 - base) / floors
    for floor in range(floors):
        low = base + tall * (floor + 0.22)
        for bay in range(bays):
            pitch = 1 / bays
            margin = pitch * 0.2 if bays > 1 else 0.05
            glass, glow = glazing.pane()
            left, right = bay * pitch + margin, (bay + 1) * pitch - margin
            face.rect(left, low, right, low + tall * 0.58, glass, "window", glow=glow)


def _ground(face: Face, glazing: Glazing, chance: Chance, base: float) -> None:
    """A shop with its window and awning, or a plain entrance."""
    at = chance.choose((0.12, 0.4, 0.68))
    if chance.maybe(0.6):
        glass, glow = glazing.pane()
        face.rect(0.06, 0.02, 0.94, base * 0.72, glass, "window", shade=FALLING, glow=glow)
        first, second = chance.several(("red", "white", "green", "blue", "yellow", "orange"), 2)
        awning = mix(chance, first, "fabric", "striped", second, scale=0.14)
        face.put(
            [(0.0, base * 0.62), (1.0, base * 0.62), (0.95, base * 0.95), (0.05, base * 0.95)], awning, "roof"
        )
    face.rect(at, 0, at + 0.18, base * 0.66, glazing.leaf, "door")


def church(pen: Pen, chance: Chance) -> None:
    """Draw a church: a nave with a gable roof, and a tower with a spire or a dome and a cross."""
    material = chance.choose(("stone", "painted", "brick", "wood"))
    wall = mix(chance, ("white", "grey", "brown", "red", "yellow"), material, scale=0.3)
    roof = mix(chance, ("red", "grey", "black", "brown", "green", "blue"), "tile", "scaly", scale=0.22)
    glazing = Glazing(pen, chance)
    pen.shadow(0, 0.01, 0.52, 0.09)
    yaw = chance.uniform(25, 60)
    long, half, high = chance.uniform(0.42, 0.52), 0.13, chance.uniform(0.26, 0.34)
    solids = Solids(pen, -yaw, chance.uniform(3, 8))
    z0, z1 = -long * 0.45, long * 0.55
    nave = solids.box(-half, 0, z0, half, high, z1, wall, "wall")
    for k in range(3):
        a = 0.16 + 0.27 * k
        for side in ("left", "right"):
            glass, glow = glazing.pane()
            nave[side].put(arched(a, 0.25, a + 0.14, 0.75), glass, "window", glow=glow)
    peak = high + chance.uniform(0.15, 0.22)
    faces = solids.prism(
        [(-half - 0.03, high - 0.02), (half + 0.03, high - 0.02), (0, peak)],
        z0 - 0.01,
        z1 + 0.02,
        wall,
        "roof",
        sides=[None, roof, roof],
        layer=0.2,
    )
    faces["front"].part = "wall"
    _steeple(solids, glazing, chance, wall, roof, z0, peak)
    solids.draw()
    x, _ = solids.seen(0, 0, z0 - 0.06)
    _cross(pen, chance, x, _spire(pen, solids, chance, roof, z0, peak))


def _steeple(
    solids: Solids, glazing: Glazing, chance: Chance, wall: Paint, roof: Paint, z0: float, peak: float
) -> None:
    """The square tower before the nave, with its door, its bell windows and a clock or a rose."""
    top = peak + 0.06
    tower = solids.box(-0.085, 0, z0 - 0.15, 0.085, top, z0 + 0.02, wall, "tower", layer=2)
    glass, glow = glazing.pane()
    tower["front"].put(arched(0.3, 0, 0.7, 0.26), glazing.leaf, "door")
    tower["front"].put(oval(0.5, 0.5, 0.2, 0.2 * 0.17 / top), glass, "window", glow=glow)
    for side in ("front", "left", "right"):
        tower[side].put(arched(0.32, 0.72, 0.68, 0.92), glazing.dark, "window")


def _spire(pen: Pen, solids: Solids, chance: Chance, roof: Paint, z0: float, peak: float) -> float:
    """Put a pointed roof or an onion dome on the tower; return how high its tip is seen."""
    top, near, far = peak + 0.055, z0 - 0.165, z0 + 0.035
    corners = [(-0.1, near), (0.1, near), (0.1, far), (-0.1, far)]
    points = [solids.seen(x, top, z) for x, z in corners]
    left, right = min(p[0] for p in points), max(p[0] for p in points)
    x, low = (left + right) / 2, min(p[1] for p in points)
    base = sorted(points)[0][1], sorted(points)[-1][1]
    nearest = min(points, key=lambda each: each[1])
    if chance.maybe(0.75):
        tip = min(0.92, top + chance.uniform(0.22, 0.34))
        pen.polygon([(left, base[0]), nearest, (x, tip)], roof, "roof", light=0.85)
        pen.polygon([nearest, (right, base[1]), (x, tip)], roof, "roof")
        return tip
    tip = low + 0.24
    half = (right - left) / 2
    dome = [
        (left, low + 0.02),
        (right, low + 0.02),
        (x + half * 1.12, low + 0.07),
        (x + half * 0.8, low + 0.14),
        (x, tip),
    ]
    pen.blob(
        [*dome, (x - half * 0.8, low + 0.14), (x - half * 1.12, low + 0.07)], roof, "roof", shade=UPRIGHT
    )
    return tip


def _cross(pen: Pen, chance: Chance, x: float, y: float) -> None:
    gold = mix(chance, ("yellow", "black", "white"), "metal")
    pen.rect(x - 0.008, y - 0.02, x + 0.008, y + 0.075, gold)
    pen.rect(x - 0.03, y + 0.035, x + 0.03, y + 0.051, gold)


PAINTERS = {"building": building, "church": church}
