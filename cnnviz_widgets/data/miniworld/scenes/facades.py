"""Fronts of town houses in perspective: walls along a street, with windows, doors and shops."""

from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix, shade
from cnnviz_widgets.data.miniworld.pen import Pen, Point
from cnnviz_widgets.data.miniworld.scenes.landscape import View
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import between

_WALLS = ("red", "yellow", "white", "grey", "brown", "orange", "pink", "blue", "green", "black")


@dataclass(frozen=True)
class Wall:
    """An upright wall that stands on level ground: from (x, z), metres, `long` metres into a direction.

    Attributes
    ----------
    view : View
        From where it is seen.
    start, along : tuple of float
        Its first corner (x, z), and the direction, of length 1, it runs into.
    long, high : float
        Its size, metres.
    """

    view: View
    start: Point
    along: Point
    long: float
    high: float

    def at(self, s: float, up: float) -> Point:
        """Where the point is seen that is s along the wall and so far up, metres."""
        (x, z), (dx, dz) = self.start, self.along
        return self.view.at(x + s * dx, max(z + s * dz, 0.4), up)

    def quad(self, s0: float, low: float, s1: float, high: float) -> list[Point]:
        """A rectangle on the wall, as it is seen."""
        return [self.at(s0, low), self.at(s1, low), self.at(s1, high), self.at(s0, high)]


def facade(canvas: Canvas, chance: Chance, wall: Wall, haze: float, light: float, windows: int) -> None:
    """Draw the front of a house, with at most so many windows."""
    pen = canvas.stuff("building", haze=haze)
    color = chance.choose(_WALLS)
    weathered = between(shade(chance, color), (208.0, 200.0, 188.0), chance.uniform(0.1, 0.4))
    material = chance.choose(("brick", "painted", "stone", "wood"), (4, 4, 2, 1))
    paint = mix(chance, color, material, scale=2.4, rgb=weathered)
    s = min(0.5 * wall.long, 4.0)  # not the wall's own start, which may be beside the viewer
    frame = (wall.at(s, 0.0), wall.at(s + 1.0, 0.0), wall.at(s, 1.0))
    if wall.along == (1.0, 0.0) and chance.maybe(0.4):
        _gable(pen, chance, wall, paint, light, frame)
    else:
        pen.polygon(wall.quad(0, 0, wall.long, wall.high), paint, "wall", light=light, frame=frame)
        trim = mix(chance, ("white", "grey", "brown", "black", "red"), "stone")
        pen.polygon(
            wall.quad(-0.1, wall.high - 0.35, wall.long + 0.1, wall.high + 0.1), trim, "roof", light=light
        )
    glass = mix(chance, ("blue", "black", "grey"), "glass")
    shop = chance.maybe(0.35)
    _ground_floor(pen, chance, wall, glass, light, shop)
    _windows(pen, chance, wall, glass, light, windows, 3.6 if shop else 3.0)


def _gable(
    pen: Pen, chance: Chance, wall: Wall, paint: Paint, light: float, frame: tuple[Point, Point, Point]
) -> None:
    """A front under a pointed, stepped or hipped roof."""
    long, high = wall.long, wall.high
    peak = high + long * chance.uniform(0.3, 0.6)
    roof = mix(chance, ("red", "brown", "grey", "black", "orange"), "tile", "scaly", scale=1.6)
    if chance.maybe():
        outline = [(0, 0), (long, 0), (long, high), (long / 2, peak), (0, high)]
        pen.polygon([wall.at(*each) for each in outline], paint, "wall", light=light, frame=frame)
        edge = [(-0.3, high - 0.2), (long / 2, peak), (long + 0.3, high - 0.2), (long / 2, peak + 0.5)]
        pen.polygon([wall.at(*each) for each in edge], roof, "roof", light=light)
    else:
        pen.polygon(wall.quad(0, 0, long, high), paint, "wall", light=light, frame=frame)
        ridge = high + min(3.0, peak - high)
        outline = [(-0.3, high), (long + 0.3, high), (long - 0.9, ridge), (0.9, ridge)]
        pen.polygon([wall.at(*each) for each in outline], roof, "roof", light=light, frame=frame)


def _ground_floor(pen: Pen, chance: Chance, wall: Wall, glass: Paint, light: float, shop: bool) -> None:
    """A door, or a shop with an awning."""
    night, long = pen.canvas.light.night, wall.long
    lit = mix(chance, "yellow", "glass")
    wood = mix(chance, ("brown", "green", "red", "blue", "white", "black"), "wood")
    door = chance.uniform(0.1, 0.75) * max(long - 1.4, 0.1)
    if shop:
        pane = lit if night and chance.maybe(0.8) else glass
        pen.polygon(wall.quad(0.4, 0.5, long - 0.4, 2.5), pane, "window", light=light, glow=pane is lit)
        stripes = mix(
            chance, ("red", "green", "blue", "orange", "yellow"), "fabric", "striped", "white", scale=2.4
        )
        s = 0.5 * long
        frame = (wall.at(s, 0), wall.at(s + 1, 0), wall.at(s, 1))
        pen.polygon(wall.quad(0.2, 2.4, long - 0.2, 3.2), stripes, "roof", light=light * 1.05, frame=frame)
    pen.polygon(wall.quad(door, 0, door + 1.2, 2.2), wood, "door", light=light)


def _windows(
    pen: Pen, chance: Chance, wall: Wall, glass: Paint, light: float, most: int, first: float
) -> None:
    """Rows of windows, or a band of glass for each floor; those outside the picture are left out."""
    night, long = pen.canvas.light.night, wall.long
    lit = mix(chance, ("yellow", "orange"), "glass")
    floors = max(1, int((wall.high - first + 0.4) / 2.9))
    columns = max(1, min(int(long / chance.uniform(1.6, 2.4)), most // floors))
    band = most // floors < 2 or chance.maybe(0.12)
    step = long / (1 if band else columns)
    wide = step * (0.88 if band else chance.uniform(0.4, 0.62))
    tall = chance.uniform(1.2, 1.9)
    for floor in range(floors):
        low = first + 0.5 + 2.9 * floor
        for column in range(1 if band else columns):
            s = step * (column + 0.5)
            x, y = wall.at(s, low + tall / 2)
            if not (-0.08 < x < 1.08 and y < 1.05):
                continue
            shines = night and chance.maybe(0.45)
            quad = wall.quad(s - wide / 2, low, s + wide / 2, min(low + tall, wall.high - 0.5))
            pen.polygon(quad, lit if shines else glass, "window", light=light, glow=shines)
