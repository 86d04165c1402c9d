"""Screens: a computer's monitor, a laptop, a television."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Pen
from cnnviz_widgets.data.miniworld.solids import Face
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.pictures import screenful
from cnnviz_widgets.data.miniworld.things.wall_things import within


def screen(pen: Pen, chance: Chance) -> None:
    """Draw a screen: on a foot, of a laptop, or of an old television; its display shines."""
    kind = chance.choose((_monitor, _monitor, _laptop, _old_set))
    case = mix(
        chance,
        ("black", "black", "grey", "white", "grey", "blue", "red", "pink"),
        chance.choose(("plastic", "metal")),
    )
    kind(pen, chance, case, chance.uniform(-42, 42))


def _display(face: Face, chance: Chance, at: tuple[float, float, float, float]) -> None:
    if chance.maybe(0.12):  # it is off: only the room's light lies on it
        dark = mix(chance, "black", "glass")
        face.rect(*at, dark, "display")
        left, low, right, high = at
        gleam = [
            (left + (right - left) * 0.55, low),
            (left + (right - left) * 0.75, low),
            (right, high),
            (right - (right - left) * 0.2, high),
        ]
        face.put(gleam, dark.lit(1.7), "display")
        return
    screenful(within(face, at, "display", glow=True), chance)


def _monitor(pen: Pen, chance: Chance, case: Paint, yaw: float) -> None:
    w, h = 1.0, chance.choose((0.6, 0.6, 0.75, 0.45))
    lift = chance.uniform(0.08, 0.2)
    view = Fitted(pen, yaw, chance.uniform(4, 18), w, h + lift, 0.3)
    view.shadow(0.5)
    if chance.maybe(0.7):
        reach = chance.uniform(0.15, 0.25)
        view.box(-reach, 0, -0.12, reach, 0.025, 0.12, case, "base")
        view.draw()
        view.box(-0.05, 0.02, 0.01, 0.05, lift + 0.1, 0.05, case.lit(0.8), "base")
    else:
        for x in (-0.35, 0.3):
            view.box(x, 0, -0.12, x + 0.05, lift, 0.12, case, "base")
    view.draw()
    edge = chance.uniform(0.02, 0.05)
    front = view.box(-w / 2, lift, -0.03, w / 2, lift + h, 0.03, case, "frame")["front"]
    _display(front, chance, (edge, edge / h + chance.choose((0.0, 0.05)), 1 - edge, 1 - edge / h))
    view.draw()


def _laptop(pen: Pen, chance: Chance, case: Paint, yaw: float) -> None:
    w, h, deep = 1.0, chance.uniform(0.58, 0.68), 0.62
    view = Fitted(pen, yaw, chance.uniform(14, 30), w, h, deep + 0.15)
    view.shadow(0.7)
    base = view.box(-w / 2, 0, -deep / 2 - 0.07, w / 2, 0.03, deep / 2 - 0.07, case, "base")
    keys = mix(
        chance, ("black", "white", "grey"), "plastic", "grid", scale=0.32, second=("grey", "white", "black")
    )
    base["top"].rect(0.08, 0.4, 0.92, 0.92, keys, "base")
    base["top"].rect(0.36, 0.08, 0.64, 0.32, case.lit(0.85), "base")
    view.draw()
    z, lean = deep / 2 - 0.06, chance.uniform(0.05, 0.14)
    lid = [(-w / 2, 0.03, z), (w / 2, 0.03, z), (w / 2, h, z + lean), (-w / 2, h, z + lean)]
    _display(view.plate(lid, case, "frame"), chance, (0.04, 0.07, 0.96, 0.94))
    view.draw()


def _old_set(pen: Pen, chance: Chance, case: Paint, yaw: float) -> None:
    """A deep box with knobs, on legs, and with an aerial."""
    h, deep = chance.uniform(0.6, 0.72), chance.uniform(0.35, 0.5)
    if chance.maybe(0.6):
        case = mix(chance, ("brown", "brown", "orange", "red"), "wood")
    aerial, foot = chance.maybe(0.6), chance.uniform(0.05, 0.2)
    view = Fitted(pen, yaw, chance.uniform(5, 18), 1.0, h + foot + (0.22 if aerial else 0), deep)
    view.shadow(0.7)
    for x in (-0.44, 0.39):
        for z in (-deep / 2 + 0.02, deep / 2 - 0.07):
            view.box(x, 0, z, x + 0.05, foot, z + 0.05, case.lit(0.7), "leg")
    view.draw()
    front = view.box(-0.5, foot, -deep / 2, 0.5, foot + h, deep / 2, case, "frame")["front"]
    front.rect(0.04, 0.08, 0.76, 0.92, case.lit(0.5), "frame")
    _display(front, chance, (0.07, 0.12, 0.73, 0.88))
    knob = mix(chance, ("white", "grey", "yellow", "black"), "plastic")
    for y in (0.62, 0.76):
        front.rect(0.83, y, 0.92, y + 0.09, knob, "knob")
    for y in (0.15, 0.25, 0.35):
        front.rect(0.8, y, 0.95, y + 0.035, case.lit(0.5), "frame")
    view.draw()
    for x in (-0.25, 0.25) if aerial else ():
        view.rod([(0, foot + h, 0), (x, foot + h + 0.22, 0)], 0.02, mix(chance, "grey", "metal"))


PAINTERS = {"screen": screen}
