"""Chairs of four kinds, from any side, and sofas."""

import math

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import LYING, ROUND, Pen
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.furnishing_paints import cloth, hide, steel, timber


def chair(pen: Pen, chance: Chance) -> None:
    """Draw a chair: for the dining table, with a high seat, with arms, or for the office."""
    kind = chance.choose((_dining_chair, _dining_chair, _armchair, _office_chair, _stool))
    yaw = chance.uniform(-60, 60)
    if chance.maybe(0.22) and kind is not _stool:
        yaw = 180 + chance.uniform(-45, 45)
    kind(pen, chance, yaw, chance.uniform(8, 24))


def _dining_chair(pen: Pen, chance: Chance, yaw: float, pitch: float) -> None:
    w, d, seat, high = 0.45, 0.44, chance.uniform(0.42, 0.48), chance.uniform(0.82, 1.05)
    view = Fitted(pen, yaw, pitch, w, high, d)
    frame = (timber if chance.maybe(0.8) else steel)(chance)
    view.shadow(0.8)
    _legs(view, frame, w, d, seat, chance.uniform(0.04, 0.06))
    cushion = _cover(chance) if chance.maybe(0.65) else frame
    style = chance.choose(("rails", "bars", "panel"))
    behind = view.away(0, 0, 1) < 0
    if not behind:
        _backrest(view, chance, frame, cushion, (w, d, seat, high), style)
    thick = chance.uniform(0.04, 0.08)
    view.box(-w / 2, seat - thick, -d / 2, w / 2, seat, d / 2, cushion, "seat")
    view.draw()
    if behind:
        _backrest(view, chance, frame, cushion, (w, d, seat, high), style)


def _stool(pen: Pen, chance: Chance, yaw: float, pitch: float) -> None:
    w, d, seat = 0.4, 0.38, chance.uniform(0.6, 0.72)
    high = seat + chance.uniform(0.2, 0.32)
    view = Fitted(pen, yaw, pitch, w, high, d)
    frame = (timber if chance.maybe(0.6) else steel)(chance)
    view.shadow(0.7)
    _legs(view, frame, w, d, seat, 0.045)
    foot = seat * 0.35
    view.rod([(-w / 2, foot, -d / 2 + 0.02), (w / 2, foot, -d / 2 + 0.02)], 0.035, frame, "leg", shade=LYING)
    cushion = _cover(chance) if chance.maybe(0.6) else frame
    _backrest(view, chance, frame, cushion, (w, d, seat, high), chance.choose(("rails", "panel")))
    view.box(-w / 2, seat - 0.05, -d / 2, w / 2, seat, d / 2, cushion, "seat")
    view.draw()


def _cover(chance: Chance) -> Paint:
    return hide(chance) if chance.maybe(0.35) else cloth(chance, 0.6, 0.4)


def _legs(view: Fitted, paint: Paint, w: float, d: float, seat: float, thick: float) -> None:
    x1, z1 = w / 2 - thick, d / 2 - thick
    for x in (-w / 2, x1):
        for z in (-d / 2, z1):
            view.box(x, 0.0, z, x + thick, seat - 0.03, z + thick, paint, "leg")
    view.draw()


def _backrest(
    view: Fitted,
    chance: Chance,
    frame: Paint,
    cushion: Paint,
    size: tuple[float, float, float, float],
    style: str,
) -> None:
    w, d, seat, high = size
    z0, z1, edge = d / 2 - 0.04, d / 2, w / 2
    if style == "panel":
        view.box(-edge, seat, z0 - 0.02, edge, high, z1, cushion, "backrest")
        view.draw()
        return
    gap, count = high - seat, chance.integer(2, 4)
    if style == "rails":
        for k in range(count):
            y = high - 0.05 - gap * 0.85 * k / count
            view.box(-edge + 0.03, y - 0.06, z0, edge - 0.03, y, z1, frame, "backrest", layer=-0.5)
    else:
        for k in range(1, count + 1):
            x = edge * (2 * k / (count + 1) - 1)
            view.box(x - 0.018, seat, z0, x + 0.018, high - 0.05, z1, frame, "backrest", layer=-0.5)
        view.box(-edge, high - 0.09, z0, edge, high, z1, frame, "backrest")
    for x in (-edge, edge - 0.04):
        view.box(x, seat, z0, x + 0.04, high, z1, frame, "backrest")
    view.draw()


def _armchair(pen: Pen, chance: Chance, yaw: float, pitch: float) -> None:
    _upholstered(pen, chance, yaw, pitch, chance.uniform(0.78, 0.92), 1)


def sofa(pen: Pen, chance: Chance) -> None:
    """Draw a sofa for two or three: seats, a backrest, armrests and perhaps cushions."""
    count = chance.integer(2, 3)
    _upholstered(pen, chance, chance.uniform(-40, 40), chance.uniform(8, 24), 0.7 * count + 0.3, count)


def _upholstered(pen: Pen, chance: Chance, yaw: float, pitch: float, w: float, count: int) -> None:
    d, seat, high = chance.uniform(0.75, 0.9), chance.uniform(0.38, 0.46), chance.uniform(0.75, 1.0)
    arm, rest = chance.uniform(0.1, 0.2), seat + chance.uniform(0.12, 0.22)
    view = Fitted(pen, yaw, pitch, w, high, d)
    cover = hide(chance) if chance.maybe(0.3) else cloth(chance, 0.45)
    soft = cover if chance.maybe(0.7) else cloth(chance, 0.5)
    view.shadow(0.9)
    floor = chance.choose((0.02, 0.1, 0.16))
    if floor > 0.05:
        _legs(view, timber(chance), w - 0.06, d - 0.06, floor + 0.03, 0.05)
    edge, behind = w / 2, view.away(0, 0, 1) < 0
    if not behind:
        view.box(-edge, floor, d / 2 - 0.2, edge, high, d / 2, cover, "backrest")
        view.draw()
    near = edge - arm if view.away(1, 0, 0) < 0 else -edge
    view.box(-near - arm, floor, -d / 2, -near, rest, d / 2 - 0.2, cover, "armrest")
    view.draw()
    view.box(arm - edge, floor, 0.03 - d / 2, edge - arm, seat - 0.13, d / 2 - 0.2, cover)
    view.draw()
    if behind:
        view.box(near, floor, -d / 2, near + arm, rest, d / 2 - 0.2, cover, "armrest")
        view.draw()
        view.box(-edge, floor, d / 2 - 0.2, edge, high, d / 2, cover, "backrest")
        view.draw()
        return
    _seats(view, soft, w - 2 * arm, (0.02 - d / 2, d / 2 - 0.22), (seat, high), count)
    if chance.maybe(0.5 if count > 1 else 0.25):
        _cushions(view, chance, seat, w / 2 - arm, d)
    view.box(near, floor, -d / 2, near + arm, rest, d / 2 - 0.2, cover, "armrest")
    view.draw()


def _seats(
    view: Fitted, paint: Paint, w: float, z: tuple[float, float], y: tuple[float, float], count: int
) -> None:
    (front, back), (seat, high) = z, y
    each = w / count
    for k in range(count):
        x = k * each - w / 2 + 0.012
        view.box(x, seat - 0.13, front, x + each - 0.024, seat, back, paint.lit(1.05), "seat")
        view.box(
            x, seat, back - 0.05, x + each - 0.024, high - 0.06, back + 0.02, paint.lit(1.05), "backrest"
        )
    view.draw()


def _cushions(view: Fitted, chance: Chance, seat: float, half: float, d: float) -> None:
    for side in chance.several((-1, 1), chance.integer(1, 2)):
        at = view.seen(side * (half - 0.2), seat - 0.02, d / 2 - 0.42)
        pen = view.pen.thing("cushion", *at, 0.4 * view.size, tilt=chance.uniform(-25, 25))
        plump = [
            (-0.45, 0.02),
            (0, 0.08),
            (0.45, 0.02),
            (0.4, 0.45),
            (0.45, 0.9),
            (0, 0.84),
            (-0.45, 0.9),
            (-0.4, 0.45),
        ]
        pen.blob(plump, cloth(chance, 0.85, 1.0), shade=ROUND)


def _office_chair(pen: Pen, chance: Chance, yaw: float, pitch: float) -> None:
    seat, high = chance.uniform(0.46, 0.54), chance.uniform(0.95, 1.2)
    view = Fitted(pen, yaw, pitch, 0.6, high, 0.6)
    metal, cover = steel(chance), _cover(chance)
    view.shadow(0.7)
    _star(view, chance, metal)
    view.rod([(0, 0.08, 0), (0, seat - 0.06, 0)], 0.06, metal, "base")
    behind, w = view.away(0, 0, 1) < 0, chance.uniform(0.4, 0.46)
    arms = chance.maybe(0.6)

    def back() -> None:
        view.box(-0.04, seat - 0.05, 0.2, 0.04, seat + 0.2, 0.23, metal, "backrest")
        view.draw()
        view.box(0.03 - w / 2, seat + 0.1, 0.18, w / 2 - 0.03, high, 0.25, cover, "backrest")
        view.draw()

    if not behind:
        back()
    view.box(-w / 2, seat - 0.08, -0.24, w / 2, seat, 0.2, cover, "seat")
    view.draw()
    for x in (-w / 2 - 0.02, w / 2 + 0.02) if arms else ():
        rod = [(x, seat - 0.04, 0.0), (x, seat + 0.2, 0.0), (x, seat + 0.2, -0.16)]
        view.rod(rod, 0.045, metal, "armrest")
    if behind:
        back()


def _star(view: Fitted, chance: Chance, metal: Paint) -> None:
    """Five feet on wheels."""
    rubber, start = mix(chance, "black", "rubber"), chance.uniform(0, 72)
    ends = []
    for k in range(5):
        turn = math.radians(start + 72 * k)
        ends.append((0.27 * math.cos(turn), 0.27 * math.sin(turn)))
    for x, z in sorted(ends, key=lambda end: -view.away(end[0], 0, end[1])):
        view.pen.ellipse(*view.seen(x, 0.035, z), 0.042 * view.size, 0.042 * view.size, rubber, "wheel")
        view.rod([(0, 0.13, 0), (x, 0.085, z)], 0.05, metal, "base")


PAINTERS = {"chair": chair, "sofa": sofa}
