"""Dogs: dalmatian and husky share bodies and poses; coat, ears and tail tell them apart."""

from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import LYING, ROUND, UPRIGHT, Pen, Point, oval
from cnnviz_widgets.data.miniworld.things.dog_heads import Coat, head
from cnnviz_widgets.data.miniworld.vocabulary import COLORS


def dalmatian(pen: Pen, chance: Chance) -> None:
    """A dalmatian: short white fur with black or liver-brown spots, hanging ears, a thin tail."""
    spots = chance.choose(("black", "black", "black", "brown"))
    size = chance.uniform(0.36, 0.52)
    fur = mix(chance, "white", "fur", "dotted", spots, tile="coat", scale=size)
    plain = mix(chance, spots, "fur", strength=0.1)
    coat = Coat(
        fur=fur,
        head=fur.scaled(0.58),
        muzzle=mix(chance, "white", "fur", rgb=fur.rgb, strength=0.1),
        legs=fur.scaled(0.7),
        belly=None,
        ear=plain if chance.maybe(0.65) else fur.scaled(0.45),
        dark=mix(chance, "black", "skin", rgb=(34.0, 26.0, 26.0)),
        iris=mix(chance, "brown", "", rgb=(70.0, 42.0, 26.0)),
        tongue=_tongue(chance),
        collar=mix(chance, COLORS, "leather") if chance.maybe(0.6) else None,
        pricked=False,
        bulk=chance.uniform(0.92, 1.05),
    )
    _dog(pen, chance, coat)


def husky(pen: Pen, chance: Chance) -> None:
    """A husky: grey, black or brown above and white below, a mask, pricked ears, a curled bushy tail."""
    white = mix(chance, "white", "fur", scale=0.3, strength=0.16)
    fur = mix(chance, ("grey", "grey", "black", "brown"), "fur", scale=0.3)
    blue = mix(chance, "blue", "", rgb=(96.0, 164.0, 224.0))
    coat = Coat(
        fur=fur,
        head=fur,
        muzzle=white,
        legs=white,
        belly=white,
        ear=fur.lit(0.85),
        dark=mix(chance, "black", "skin", rgb=(30.0, 26.0, 30.0)),
        iris=blue if chance.maybe(0.7) else mix(chance, "brown", "", rgb=(104.0, 66.0, 34.0)),
        tongue=_tongue(chance),
        collar=mix(chance, COLORS, "leather") if chance.maybe(0.4) else None,
        pricked=True,
        bulk=chance.uniform(1.08, 1.25),
    )
    _dog(pen, chance, coat)


def _tongue(chance: Chance) -> Paint | None:
    return mix(chance, "pink", "skin", rgb=(232.0, 110.0, 124.0)) if chance.maybe(0.55) else None


def _dog(pen: Pen, chance: Chance, coat: Coat) -> None:
    poses = (_standing, _towards_us, _sitting, _sitting_before_us, _lying)
    chance.choose(poses, (5, 3, 2, 3, 2))(pen, chance, coat)


def _foreleg(
    pen: Pen, coat: Coat, x: float, top: float, reach: float, light: float, floor: float = 0.0
) -> None:
    points = [(x, top), (x + reach * 0.25, (top + floor) * 0.52), (x + reach, floor + 0.03)]
    pen.stroke(points, (0.1 * coat.bulk, 0.062), coat.legs, "leg", shade=UPRIGHT, light=light)
    pen.ellipse(x + reach + 0.018, floor + 0.026, 0.05, 0.028, coat.legs, "foot", light=light * 0.97)


def _hindleg(pen: Pen, coat: Coat, x: float, reach: float, light: float, floor: float = 0.0) -> None:
    w = 0.1 * coat.bulk
    thigh = [
        (x - w, 0.5),
        (x, 0.57),
        (x + w * 1.1, 0.48),
        (x + w * 0.7, 0.31),
        (x, 0.25),
        (x - w * 0.9, 0.33),
    ]
    shank = [(x + reach * 0.2, 0.3), (x + reach - 0.055, floor + 0.16), (x + reach - 0.025, floor + 0.03)]
    pen.stroke(shank, (0.1, 0.056), coat.legs, "leg", light=light)
    pen.ellipse(x + reach, floor + 0.026, 0.05, 0.028, coat.legs, "foot", light=light * 0.97)
    pen.blob(thigh, coat.fur, "leg", shade=ROUND, light=light)


def _tail(pen: Pen, chance: Chance, coat: Coat, x: float, y: float) -> None:
    """Bushy and curled over the back, or thin and swung upwards; its root is at (x, y)."""
    if coat.pricked:
        curl = oval(x + 0.01, y + 0.14, 0.13, 0.14, start=70, end=250)[::-1]
        pen.stroke(curl, (0.08, 0.14), coat.fur, "tail", shade=ROUND)
        pen.stroke(curl[-4:], (0.12, 0.08), coat.legs, "tail")
    else:
        up = chance.uniform(-0.12, 0.2)
        pen.stroke([(x, y), (x - 0.11, y - 0.04), (x - 0.19, y + up)], (0.056, 0.022), coat.legs, "tail")


def _collar(pen: Pen, coat: Coat, start: Point, end: Point) -> None:
    if coat.collar:
        pen.stroke([start, end], 0.04, coat.collar, "collar")


def _standing(pen: Pen, chance: Chance, coat: Coat) -> None:
    """From the side, on four straight legs or walking."""
    step = chance.uniform(0.05, 0.12) if chance.maybe() else chance.uniform(0.0, 0.025)
    b, turned = coat.bulk, chance.maybe(0.45)
    pen.shadow(-0.02, 0.0, 0.42, 0.05)
    _hindleg(pen, coat, -0.19, step, 0.78)
    _foreleg(pen, coat, 0.13, 0.45, -step, 0.78)
    if not coat.pricked:
        _tail(pen, chance, coat, -0.3, 0.56)
    back, low = 0.62 + 0.03 * (b - 1), 0.39 - 0.12 * (b - 1)
    trunk = [(-0.33, 0.54), (-0.23, back), (0.0, back - 0.01), (0.16, 0.65), (0.25, 0.56), (0.24, 0.43)]
    pen.blob(
        [*trunk, (0.12, low - 0.05), (-0.06, low), (-0.2, low + 0.04), (-0.31, 0.45)],
        coat.fur,
        "torso",
        shade=LYING,
    )
    if coat.belly:
        belly = [
            (0.25, 0.54),
            (0.12, 0.46),
            (-0.06, 0.43),
            (-0.18, 0.44),
            (-0.06, low),
            (0.12, low - 0.05),
            (0.23, 0.42),
        ]
        pen.blob(belly, coat.belly, "torso", light=0.92)
    _hindleg(pen, coat, -0.235, -step, 1.0)
    _foreleg(pen, coat, 0.17, 0.46, step, 1.0)
    if coat.pricked:
        _tail(pen, chance, coat, -0.29, 0.59)
    x, y = (0.24, 0.8) if turned else (0.25, chance.uniform(0.74, 0.8))
    pen.stroke([(0.13, 0.53), (x - 0.02, y)], (0.23 * b, 0.15 * b), coat.fur, "neck", shade=UPRIGHT)
    if coat.belly:
        pen.stroke([(0.22, 0.48), (x + 0.05, y - 0.06)], (0.08, 0.1), coat.belly, "neck")
    _collar(pen, coat, (x - 0.11, y - 0.06), (x + 0.06, y - 0.14))
    head(pen, coat, x, y, 0.13 if turned else 0.118, turned)


def _towards_us(pen: Pen, chance: Chance, coat: Coat) -> None:
    """Three quarters: the chest before, the hindquarters behind and farther up the picture."""
    b, step = coat.bulk, chance.uniform(-0.03, 0.05)
    pen.shadow(0.0, 0.01, 0.34, 0.06)
    _hindleg(pen, coat, -0.06, 0.0, 0.74, 0.07)
    if not coat.pricked:
        _tail(pen, chance, coat, -0.27, 0.57)
    trunk = [(-0.3, 0.52), (-0.24, 0.61), (-0.05, 0.62), (0.12, 0.6), (0.2, 0.42), (0.05, 0.34), (-0.26, 0.4)]
    pen.blob(trunk, coat.fur, "torso", shade=LYING, light=0.93)
    _hindleg(pen, coat, -0.22, 0.0, 0.92, 0.045)
    if coat.pricked:
        _tail(pen, chance, coat, -0.24, 0.58)
    _foreleg(pen, coat, 0.21, 0.42, step, 0.88, 0.02)
    w = 0.15 * b
    chest = [(0.12 - w, 0.5), (0.12 - w * 0.7, 0.67), (0.12 + w * 0.7, 0.67), (0.12 + w, 0.5), (0.12, 0.3)]
    pen.blob(chest, coat.fur, "torso", shade=ROUND)
    if coat.belly:
        pen.ellipse(0.12, 0.46, 0.1, 0.16, coat.belly, "torso")
    _foreleg(pen, coat, 0.06, 0.44, -step, 1.0)
    _collar(pen, coat, (0.03, 0.64), (0.22, 0.64))
    turned = chance.maybe(0.8)
    head(pen, coat, 0.13, 0.79, 0.148 if turned else 0.125, turned)


def _sitting(pen: Pen, chance: Chance, coat: Coat) -> None:
    """From the side, upright on its haunches."""
    b, turned = coat.bulk, chance.maybe(0.4)
    pen.shadow(-0.05, 0.0, 0.36, 0.05)
    if coat.pricked:
        _tail(pen, chance, coat, -0.26, 0.12)
    else:
        pen.stroke([(-0.25, 0.06), (-0.38, 0.03), (-0.48, 0.07)], (0.055, 0.022), coat.legs, "tail")
    _foreleg(pen, coat, 0.17, 0.4, 0.03, 0.78)
    trunk = [
        (-0.29, 0.08),
        (-0.28, 0.25),
        (-0.13, 0.48),
        (0.0, 0.64),
        (0.15, 0.64),
        (0.2 * b, 0.48),
        (0.14, 0.3),
    ]
    pen.blob([*trunk, (0.04, 0.12), (-0.1, 0.02)], coat.fur, "torso", shade=ROUND)
    if coat.belly:
        pen.blob([(0.17, 0.62), (0.21 * b, 0.48), (0.16, 0.3), (0.08, 0.32), (0.1, 0.5)], coat.belly, "torso")
    pen.ellipse(0.03, 0.03, 0.1, 0.034, coat.legs, "foot")
    pen.ellipse(-0.12, 0.17, 0.155, 0.155, coat.fur, "leg", shade=ROUND)
    _foreleg(pen, coat, 0.13, 0.43, 0.02, 1.0)
    pen.stroke([(0.08, 0.54), (0.12, 0.77)], (0.24 * b, 0.17 * b), coat.fur, "neck", shade=UPRIGHT)
    _collar(pen, coat, (0.01, 0.68), (0.2, 0.64))
    head(pen, coat, 0.13, 0.8, 0.145 if turned else 0.13, turned)


def _sitting_before_us(pen: Pen, chance: Chance, coat: Coat) -> None:
    """From the front, between its haunches."""
    b = coat.bulk
    pen.shadow(0.0, 0.01, 0.32, 0.055)
    _tail(pen, chance, coat, -0.2, 0.07 if coat.pricked else 0.1)
    for to in (-1, 1):
        pen.ellipse(to * 0.165, 0.17, 0.115, 0.165, coat.fur, "leg", shade=ROUND, light=0.9)
        pen.ellipse(to * 0.205, 0.03, 0.075, 0.034, coat.legs, "foot")
    w = 0.16 * b
    chest = [(-w * 0.75, 0.12), (-w, 0.4), (-w * 0.75, 0.64), (w * 0.75, 0.64), (w, 0.4), (w * 0.75, 0.12)]
    pen.blob(chest, coat.fur, "torso", shade=UPRIGHT)
    if coat.belly:
        pen.ellipse(0.0, 0.43, 0.115, 0.21, coat.belly, "torso", shade=ROUND)
    for to in (-1, 1):
        _foreleg(pen, coat, to * 0.068, 0.4, to * 0.01 - 0.018, 0.98)
    _collar(pen, coat, (-0.1, 0.61), (0.1, 0.61))
    lean = chance.uniform(-0.03, 0.03)
    head(pen, coat, lean, 0.76, 0.168 if not coat.pricked else 0.15, True)


def _lying(pen: Pen, chance: Chance, coat: Coat) -> None:
    """On the ground with the head up, forelegs stretched."""
    b, turned = coat.bulk, chance.maybe(0.5)
    pen.shadow(-0.02, 0.0, 0.48, 0.05)
    if coat.pricked:
        _tail(pen, chance, coat, -0.36, 0.14)
    else:
        pen.stroke([(-0.36, 0.1), (-0.46, 0.05), (-0.5, 0.04)], (0.05, 0.024), coat.legs, "tail")
    pen.stroke([(0.12, 0.1), (0.24, 0.055), (0.4, 0.05)], (0.1, 0.06), coat.legs, "leg", light=0.8)
    trunk = [
        (-0.42, 0.08),
        (-0.4, 0.24),
        (-0.27, 0.33),
        (-0.05, 0.33),
        (0.12, 0.4),
        (0.21, 0.3),
        (0.19, 0.12),
    ]
    pen.blob([*trunk, (0.0, 0.02), (-0.3, 0.01)], coat.fur, "torso", shade=LYING)
    if coat.belly:
        pen.blob([(0.2, 0.34), (0.2, 0.12), (0.0, 0.02), (-0.12, 0.06), (0.08, 0.16)], coat.belly, "torso")
    pen.ellipse(-0.16, 0.03, 0.11, 0.033, coat.legs, "foot")
    pen.ellipse(-0.27, 0.155, 0.135, 0.14, coat.fur, "leg", shade=ROUND)
    pen.stroke([(0.1, 0.13), (0.18, 0.045), (0.35, 0.035)], (0.1, 0.065), coat.legs, "leg")
    pen.ellipse(0.38, 0.032, 0.05, 0.032, coat.legs, "foot")
    pen.stroke([(0.1, 0.3), (0.17, 0.5)], (0.23 * b, 0.16 * b), coat.fur, "neck", shade=UPRIGHT)
    _collar(pen, coat, (0.06, 0.43), (0.25, 0.4))
    head(pen, coat, 0.18, 0.54, 0.15 if turned else 0.132, turned)


PAINTERS: dict[str, Callable[[Pen, Chance], None]] = {"dalmatian": dalmatian, "husky": husky}
