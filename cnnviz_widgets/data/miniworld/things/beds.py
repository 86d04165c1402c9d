"""Beds, from the foot end, from the side, and between."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND, Pen, smooth
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.furnishing_paints import cloth, hide, steel, timber

_LONG = 2.05


def bed(pen: Pen, chance: Chance) -> None:
    """Draw a bed: headboard, mattress, pillows and a blanket."""
    wide = chance.choose((0.95, 1.25, 1.6, 1.85))
    low, thick = chance.uniform(0.18, 0.32), chance.uniform(0.18, 0.28)
    top, head = low + thick, chance.uniform(0.85, 1.2)
    yaw = chance.sign() * chance.choose(
        (chance.uniform(0, 25), chance.uniform(25, 60), chance.uniform(60, 80))
    )
    view = Fitted(pen, yaw, chance.uniform(12, 28), wide + 0.16, head, _LONG + 0.15)
    frame = chance.choose((timber, timber, steel))(chance)
    view.shadow(0.9)
    _headboard(view, chance, frame, wide, head)
    _stand(view, chance, frame, wide, low)
    sheet = mix(chance, ("white", "white", "grey", "blue", "pink", "yellow"), "fabric")
    view.box(-wide / 2, low, -1.0, wide / 2, top, 1.0, sheet, "mattress")
    view.draw()
    _pillows(view, chance, sheet, wide, top)
    _blanket(view, chance, sheet, wide, low, top)
    if chance.maybe(0.4):
        board = chance.uniform(top - 0.12, top + 0.12)
        view.box(-wide / 2 - 0.05, 0.05, -1.06, wide / 2 + 0.05, board, -1.0, frame)
    view.draw()


def _headboard(view: Fitted, chance: Chance, frame: Paint, wide: float, head: float) -> None:
    edge, style = wide / 2 + 0.05, chance.choose(("board", "padded", "arch", "bars"))
    if style == "arch":
        arch = [(-edge, 0.1), (edge, 0.1), (edge, head * 0.75)]
        arch += [(edge * 0.6, head * 0.94), (0.0, head), (-edge * 0.6, head * 0.94), (-edge, head * 0.75)]
        view.prism(arch, 1.0, 1.06, frame, "headboard")
    elif style == "bars":
        bars = chance.integer(4, 7)
        for k in range(bars + 1):
            x = edge * (2 * k / bars - 1)
            view.rod([(x, 0.0, 1.03), (x, head - 0.03, 1.03)], 0.05, frame, "headboard")
        view.rod([(-edge, head - 0.03, 1.03), (edge, head - 0.03, 1.03)], 0.06, frame, "headboard")
    else:
        padded = style == "padded"
        paint = chance.choose((cloth, hide))(chance) if padded else frame
        sides = view.box(-edge, 0.1, 1.0, edge, head, 1.1 if padded else 1.05, paint, "headboard")
        if not padded and chance.maybe():
            count = chance.integer(2, 4)
            for k in range(count):
                left = 0.05 + 0.9 * k / count
                sides["front"].rect(
                    left + 0.02, 0.5, left + 0.9 / count - 0.02, 0.92, frame.lit(0.8), "headboard"
                )
    view.draw()


def _stand(view: Fitted, chance: Chance, frame: Paint, wide: float, low: float) -> None:
    edge = wide / 2 + 0.03
    floor = 0.02 if chance.maybe(0.4) else low - 0.12
    for x in (-edge + 0.06, edge - 0.06):
        for z in (-0.98, 0.92):
            view.box(x - 0.04, 0.0, z, x + 0.04, low, z + 0.08, frame, "leg")
    view.draw()
    view.box(-edge, floor, -1.02, edge, low, 1.02, frame, "frame")
    view.draw()


def _pillows(view: Fitted, chance: Chance, sheet: Paint, wide: float, top: float) -> None:
    count = 1 if wide < 1.1 else 2
    cover = sheet if chance.maybe(0.4) else cloth(chance, 0.5, 0.5)
    rows = [(0.72, 0.3, cover)]
    if chance.maybe(0.35):
        rows.append((0.5, 0.2, cloth(chance, 0.8, 0.4)))
    for z, half, paint in rows:
        places = [(2 * k + 1) / count - 1 for k in range(count)]
        for place in places if view.away(1, 0, 0) < 0 else places[::-1]:
            _pillow(view, place * wide / 2, top, z, min(half * 1.15, wide / count / 2 - 0.04), half, paint)


def _pillow(view: Fitted, x: float, top: float, z: float, rx: float, long: float, paint: Paint) -> None:
    """A cushion that leans back against the headboard."""
    for lift, light in ((0.02, 0.8), (0.1, 1.0)):
        spots = ((-1, -0.9), (0, -1), (1, -0.9), (0.93, 0), (1, 0.9), (0, 1), (-1, 0.9), (-0.93, 0))
        points = [view.seen(x + s * rx, top + lift + 0.1 + t * 0.09, z + t * long * 0.7) for s, t in spots]
        view.pen.polygon(smooth(points, 3), paint, "pillow", shade=ROUND, light=light)


def _blanket(view: Fitted, chance: Chance, sheet: Paint, wide: float, low: float, top: float) -> None:
    paint = cloth(chance, 0.75)
    edge, hang = wide / 2 + 0.03, chance.uniform(0.05, low + 0.1)
    end = chance.choose((0.3, 0.15, 0.38, -0.35))
    foot = -1.03 if chance.maybe(0.8) else -0.9
    sides = view.box(-edge, hang, foot, edge, top + 0.05, end, paint, "blanket")
    if chance.maybe(0.6):  # its end is turned back over
        turned = sheet if chance.maybe() else cloth(chance, 0.3)
        fold = chance.uniform(0.1, 0.16)
        sides["top"].rect(0, 1 - fold, 1, 1, turned, "blanket")
        sides["left"].rect(0, 0, fold, 1, turned, "blanket")
        sides["right"].rect(1 - fold, 0, 1, 1, turned, "blanket")
    view.draw()


PAINTERS = {"bed": bed}
