"""Windows and doors, for everything that has walls."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import FALLING, Pen, Point
from cnnviz_widgets.data.miniworld.solids import Face


class Glazing:
    """Glass, frames and doors of one building: mixed once, used for every window of it.

    At night some windows are lit, as those of a house are.
    """

    def __init__(self, pen: Pen, chance: Chance) -> None:
        self._chance = chance
        self.night = pen.canvas.light.night
        self.dark = mix(chance, ("blue", "grey", "black", "blue"), "glass")
        self.lit = mix(chance, "yellow", "glass", rgb=(255.0, 214.0, 120.0))
        trim = ("white", "white", "brown", "black", "green", "blue", "grey")
        self.frame = mix(chance, trim, chance.choose(("painted", "wood")))
        self.leaf = mix(chance, ("brown", "red", "green", "blue", "white", "black", "yellow"), "wood")
        self.bars = chance.choose(("none", "cross", "mullion", "cross"))
        self.shutters = mix(chance, ("green", "blue", "brown", "red"), "wood") if chance.maybe(0.3) else None

    def pane(self) -> tuple[Paint, bool]:
        """Choose the glass of one window, and whether it shines."""
        shines = self.night and self._chance.maybe(0.7)
        return (self.lit if shines else self.dark), shines

    def window(
        self, face: Face, left: float, low: float, right: float, high: float, rim: float = 0.1
    ) -> None:
        """Put a window on a side, its frame within the rectangle; `rim` is the frame's share of the width."""
        wide, tall = right - left, high - low
        glass, glow = self.pane()
        if self.shutters:
            wing = wide * 0.36
            face.rect(left - wing, low, left, high, self.shutters, "window")
            face.rect(right, low, right + wing, high, self.shutters, "window")
        face.rect(left, low, right, high, self.frame, "window")
        a, b, c, d = left + rim * wide, low + rim * tall, right - rim * wide, high - rim * tall
        face.rect(a, b, c, d, glass, "window", shade=FALLING, glow=glow)
        x, y = (left + right) / 2, low + tall * 0.58
        if self.bars in ("cross", "mullion"):
            face.rect(x - rim * wide * 0.4, b, x + rim * wide * 0.4, d, self.frame, "window")
        if self.bars == "cross":
            face.rect(a, y - rim * tall * 0.35, c, y + rim * tall * 0.35, self.frame, "window")

    def door(self, face: Face, left: float, right: float, high: float) -> None:
        """Put a door on a side, from the ground up."""
        wide = right - left
        face.rect(left - wide * 0.12, 0, right + wide * 0.12, high * 1.06, self.frame, "door")
        face.rect(left, 0, right, high, self.leaf, "door")
        glass, glow = self.pane()
        if self._chance.maybe(0.6):
            top = high * 0.92
            face.rect(left + wide * 0.2, high * 0.6, right - wide * 0.2, top, glass, "door", glow=glow)


def arched(left: float, low: float, right: float, high: float) -> list[Point]:
    """Outline of an opening with a round head."""
    x, radius = (left + right) / 2, (right - left) / 2
    spring = max(low, high - radius)
    curve = ((0.97, 0.26), (0.8, 0.6), (0.5, 0.87), (0, 1), (-0.5, 0.87), (-0.8, 0.6), (-0.97, 0.26))
    head = [(x + radius * c, spring + (high - spring) * s) for c, s in curve]
    return [(left, low), (right, low), (right, spring), *head, (left, spring)]
