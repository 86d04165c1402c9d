"""The land outdoors: level ground seen in perspective, hills, woods, and what stands on it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import RGB, Paint, mix
from cnnviz_widgets.data.miniworld.pen import FLAT, ROUND, Pen, Point, ribbon
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour
from cnnviz_widgets.data.miniworld.things import PAINTERS
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPT_OF_CLASS

Painter = Callable[[Pen, Chance], None]
Wet = Callable[[float, float], bool]


@dataclass(frozen=True)
class View:
    """From where level ground is seen.

    Attributes
    ----------
    horizon : float
        Height of the horizon in the picture, 0 to 1 (or more, where it is hidden above the picture).
    eye : float
        Height of the viewer above the ground, metres.
    middle : float
        Where in the picture, 0 to 1, straight ahead is.
    zoom : float
        Size in the picture of what is as large as it is far away.
    """

    horizon: float
    eye: float
    middle: float = 0.5
    zoom: float = 1.0

    def at(self, x: float, z: float, up: float = 0.0) -> Point:
        """Where a point is seen that is x to the right, z ahead and `up` above the ground, metres."""
        return (self.middle + self.zoom * x / z, self.horizon + self.zoom * (up - self.eye) / z)

    def size(self, y: float, metres: float) -> float:
        """How large something is in the picture that stands on the ground seen at height y."""
        return metres * (self.horizon - y) / self.eye

    def line(self, points: Sequence[Point], width: float) -> list[Point]:
        """Outline of a line on the ground; its points (x, z) and width in metres, as it is seen."""
        return [self.at(x, max(z, 0.2)) for x, z in ribbon(points, width)]


def draw_view(chance: Chance, low: float = 0.36, high: float = 0.74) -> View:
    """Draw a point of view, the eye higher above the ground where the horizon is high in the picture."""
    horizon = chance.uniform(low, high)
    eye = chance.uniform(1.1, 2.2) * (1 + 3.0 * max(0.0, horizon - 0.5) * chance.uniform(0.4, 3.0))
    return View(horizon, eye, chance.uniform(0.3, 0.7))


class Stage:
    """Things that stand on level ground, drawn far ones first.

    Parameters
    ----------
    canvas : Canvas
        To draw on.
    view : View
        From where the ground is seen.
    hour : Hour
        How far one can see.
    chance : Chance
        Decides which way things look.
    """

    def __init__(self, canvas: Canvas, view: View, hour: Hour, chance: Chance) -> None:
        self.canvas, self.view, self._hour, self._chance = canvas, view, hour, chance
        self._waiting: list[tuple[float, Callable[[], None]]] = []
        self._wet: Wet = lambda x, y: False

    def flood(self, wet: Wet) -> None:
        """Tell where there is water, as a function of the picture's x and y: only boats are put there."""
        self._wet = wet

    def dry(self, x: float, y: float) -> bool:
        """Say whether things can stand there."""
        return not self._wet(x, y)

    def put(
        self,
        name: str,
        x: float,
        y: float,
        metres: float,
        *,
        flip: bool | None = None,
        painter: Painter | None = None,
    ) -> None:
        """Let a thing stand at (x, y) of the picture, its longest side so many metres; it looks either way.

        `name` is a key of `things.PAINTERS`, unless another painter is given for a thing called so. What
        would stand in water is left out, rocks excepted.
        """
        if self._wet(x, y) and name not in ("boat", "rock"):
            return
        paint = painter or PAINTERS[name]
        word = {"player": "person"}.get(name, CONCEPT_OF_CLASS.get(name, name))
        size, chance = self.view.size(y, metres), self._chance
        turned = chance.maybe() if flip is None else flip
        haze = self._hour.haze(min(0.45, 0.015 * self.view.eye / max(self.view.horizon - y, 1e-3)))

        def draw() -> None:
            paint(self.canvas.thing(word, x, y, size, flip=turned, haze=haze), chance)

        self._waiting.append((y, draw))

    def later(self, y: float, draw: Callable[[], None]) -> None:
        """Call `draw` when everything that stands behind height y of the picture has been drawn."""
        self._waiting.append((y, draw))

    def draw(self) -> None:
        """Draw all that waits."""
        for _, draw in sorted(self._waiting, key=lambda each: -each[0]):
            draw()
        self._waiting.clear()


SEASONS = ("summer", "spring", "autumn", "winter", "dry")


def draw_season(chance: Chance) -> str:
    """Draw what time of the year it is."""
    return chance.choose(SEASONS, (4, 2, 2, 2, 2))


def ground_paint(chance: Chance, season: str) -> tuple[str, Paint]:
    """Draw what a meadow looks like in this season: what it is called, and its paint for a floor."""
    size = chance.uniform(1.2, 3.0)
    if season == "winter" and chance.maybe(0.75):
        rgb = chance.choose(((238.0, 241.0, 246.0), (222.0, 230.0, 242.0), (246.0, 244.0, 238.0)))
        return "snow", mix(chance, "white", "snow", scale=size * 2, strength=0.2, rgb=rgb)
    colors = {
        "summer": ("green",),
        "spring": ("green", "green", "yellow"),
        "autumn": ("brown", "yellow", "green", "orange"),
        "winter": ("brown", "grey"),
        "dry": ("yellow", "brown", "green"),
    }[season]
    if season in ("dry", "autumn") and chance.maybe(0.3):
        return "ground", mix(chance, ("brown", "grey", "brown"), "stone", scale=size * 1.5, strength=0.35)
    color = chance.choose(colors)
    withered: dict[str, RGB] = {"yellow": (196.0, 178.0, 88.0), "orange": (196.0, 142.0, 82.0)}
    paint = mix(chance, color, "foliage", tile="grass", scale=size, strength=0.4, rgb=withered.get(color))
    return "grass", paint


def level(canvas: Canvas, view: View, name: str, paint: Paint, *, top: float | None = None) -> None:
    """Fill everything below the horizon, or below `top`, with ground; the paint's scale is in metres."""
    high = min(1.0, view.horizon if top is None else top)
    pen = canvas.stuff(name, receives=True)
    ahead = (view.middle, view.horizon)
    pen.rect(
        -0.01, -0.01, 1.01, high, paint.scaled(1 / view.eye), horizon=ahead, shade=(0.0, -0.06, 0.0, 0.0)
    )


def ridge(chance: Chance, left: float, right: float, rough: float, halvings: int = 4) -> list[Point]:
    """Draw a skyline from the left to the right edge of the picture by splitting and shifting."""
    heights = [left, right]
    for _ in range(halvings):
        middles = [(a + b) / 2 + chance.uniform(-rough, rough) for a, b in pairwise(heights)]
        heights = [each for pair in zip(heights, middles, strict=False) for each in pair] + heights[-1:]
        rough *= 0.55
    n = len(heights) - 1
    return [(-0.02 + 1.04 * k / n, y) for k, y in enumerate(heights)]


def hills(canvas: Canvas, chance: Chance, hour: Hour, base: float, season: str) -> None:
    """Draw one or two chains of far hills along the horizon, or none."""
    for far in chance.choose(((), (0.9,), (0.6,), (1.0, 0.55))):
        high = chance.uniform(0.03, 0.17) * (0.6 + far)
        line = ridge(
            chance, base + high * chance.uniform(0, 1), base + high * chance.uniform(0, 1), high * 0.6, 3
        )
        color = {
            "autumn": ("brown", "orange", "green"),
            "winter": ("white", "grey"),
            "dry": ("brown", "yellow"),
        }
        paint = mix(chance, color.get(season, ("green", "blue")), "foliage", strength=0.3, scale=0.3)
        line = [(x, max(y, base)) for x, y in line]
        pen = canvas.stuff("hill", haze=hour.haze(far))
        pen.polygon([(-0.02, base - 0.03), *line, (1.02, base - 0.03)], paint, shade=(0.0, 0.1, 0.0, 0.0))


def leaf_paint(chance: Chance, season: str) -> Paint:
    """Draw what leaves look like in this season."""
    colors = {"autumn": ("orange", "yellow", "red", "brown"), "winter": ("grey", "white", "green", "brown")}
    return mix(chance, colors.get(season, ("green",)), "foliage", scale=0.5)


def woods(canvas: Canvas, chance: Chance, hour: Hour, y: float, high: float, season: str, far: float) -> None:
    """Draw a row of trees so far away that their crowns run together, from one edge to somewhere."""
    left = chance.uniform(-0.1, 0.5) if chance.maybe() else -0.05
    right = chance.uniform(max(left + 0.3, 0.5), 1.1) if chance.maybe() else 1.05
    fir, line, x = chance.maybe(0.4), [], left
    while x < right:
        wide, tall = high * chance.uniform(0.3, 0.6) * (0.8 if fir else 1.4), high * chance.uniform(0.65, 1.1)
        if fir:
            line += [(x, y + tall * 0.35), (x + wide / 2, y + tall)]
        else:
            line += [(x, y + tall * 0.6), (x + wide * 0.25, y + tall * 0.95), (x + wide * 0.7, y + tall)]
        x += max(wide, 0.03)
    pen = canvas.thing("tree", 0, 0, 1, haze=hour.haze(far))
    outline = [(left, y), *line, (x, y + high * 0.4), (x, y)]
    pen.polygon(outline, leaf_paint(chance, season).scaled(0.25), "crown", shade=(0.0, 0.2, 0.0, 0.0))


def hut(pen: Pen, chance: Chance) -> None:
    """Draw a small house of a few shapes, for the distance."""
    wall = mix(
        chance,
        ("white", "yellow", "red", "grey", "brown", "blue", "pink"),
        chance.choose(("painted", "brick")),
    )
    roof = mix(chance, ("red", "brown", "grey", "black", "orange"), "tile", "scaly", scale=0.3)
    glass = mix(chance, "yellow" if pen.canvas.light.night else ("blue", "black"), "glass")
    wide, high, deep = chance.uniform(0.3, 0.5), chance.uniform(0.3, 0.5), chance.uniform(0.2, 0.5)
    peak = high + chance.uniform(0.18, 0.34)
    corner = wide - deep
    pen.polygon(
        [(-wide, 0), (corner, 0), (corner, high), ((corner - wide) / 2, peak), (-wide, high)], wall, "wall"
    )
    pen.rect(corner, 0, wide, high, wall, "wall", light=0.8)
    ridge_x = (corner - wide) / 2
    pen.polygon(
        [(ridge_x, peak), (corner, high), (wide, high), (wide - (corner - ridge_x), peak)], roof, "roof"
    )
    for x in (-wide + 0.1, corner + 0.1):
        pen.rect(x, high * 0.4, x + 0.12, high * 0.8, glass, "window", glow=pen.canvas.light.night)


def far_tree(pen: Pen, chance: Chance) -> None:
    """Draw a tree of two shapes, for the distance."""
    leaves = mix(chance, ("green", "green", "orange", "brown", "yellow"), "foliage", scale=0.6)
    pen.rect(-0.04, 0, 0.04, 0.4, mix(chance, "brown", "wood"), "trunk")
    if chance.maybe(0.4):
        pen.polygon([(-0.3, 0.15), (0.3, 0.15), (0, 1.0)], leaves, "crown", shade=ROUND)
    else:
        points = [
            (0.36 * math.cos(k * 0.9) * chance.uniform(0.8, 1.1), 0.62 + 0.36 * math.sin(k * 0.9))
            for k in range(7)
        ]
        pen.blob(points, leaves, "crown", shade=ROUND if chance.maybe(0.9) else FLAT)
