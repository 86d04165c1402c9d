"""What makes a room: windows, curtains, doors, mirrors, rugs and fireplaces."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.pen import FALLING, ROUND, UPRIGHT, Pen, oval
from cnnviz_widgets.data.miniworld.solids import Face
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.furnishing_paints import cloth, slab, steel, timber
from cnnviz_widgets.data.miniworld.things.pictures import landscape
from cnnviz_widgets.data.miniworld.things.wall_things import within
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

_REFLECTED = {  # what a mirror shows of a room's walls: paler than any paint
    "white": (236.0, 240.0, 240.0),
    "grey": (176.0, 180.0, 184.0),
    "blue": (152.0, 186.0, 218.0),
    "green": (160.0, 196.0, 160.0),
    "yellow": (232.0, 218.0, 156.0),
    "pink": (230.0, 186.0, 192.0),
}


def window(pen: Pen, chance: Chance) -> None:
    """Draw a window as it is seen from indoors: land and sky by day, the moon at night."""
    w, h = chance.choose(((1.0, 0.8), (0.7, 1.0), (0.9, 1.0), (0.6, 1.0)))
    view = Fitted(pen, chance.uniform(-25, 25), chance.uniform(0, 8), w, h, 0.1)
    frame = timber(chance, 0.6) if chance.maybe(0.8) else steel(chance)
    front = view.box(-w / 2, 0.03, -0.02, w / 2, h, 0.02, frame, "frame")["front"]
    edge, night = chance.uniform(0.04, 0.07), pen.canvas.light.night
    landscape(
        within(front, (edge / w, edge / h, 1 - edge / w, 1 - edge / h), "", glow=True),
        chance,
        "glass",
        w / h,
        night=night,
    )
    bars, rows = chance.choose(((2, 1), (2, 2), (2, 3), (1, 1), (3, 2)))
    thick = 0.016
    for k in range(1, bars):
        front.rect(k / bars - thick / w, 0, k / bars + thick / w, 1, frame, "frame")
    for k in range(1, rows):
        front.rect(0, k / rows - thick / h, 1, k / rows + thick / h, frame, "frame")
    view.draw()
    view.box(-w / 2 - 0.02, 0, -0.08, w / 2 + 0.02, 0.04, 0.0, frame.lit(1.05), "frame")
    view.draw()


def curtain(pen: Pen, chance: Chance) -> None:
    """Draw a pair of curtains on a rod, drawn aside, or one that hangs closed."""
    paint, rod = cloth(chance, 0.6, 0.5), (timber if chance.maybe() else steel)(chance)
    apart, low = chance.uniform(0.14, 0.26), chance.choose((0.0, 0.0, 0.12))
    tied, folds = chance.maybe(0.45), chance.integer(3, 4)
    sides = ((-0.46, apart - 0.46), (0.46 - apart, 0.46)) if chance.maybe(0.85) else ((-0.46, 0.46),)
    for left, right in sides:
        alone = len(sides) == 1
        count = folds * (3 if alone else 1)
        for k in range(count):
            a, b = (left + (right - left) * (k + j) / count for j in (0, 1))
            outer = left if left < 0 else right
            if tied and not alone:  # gathered towards the wall at a third of its height
                ca, cb = (outer + (x - outer) * 0.45 for x in (a, b))
                strip = [(a, low), (b, low), (cb, 0.38), (b, 0.95), (a, 0.95), (ca, 0.38)]
            else:
                strip = [(a, low + 0.012 * (k % 2)), (b, low + 0.012 * (k % 2)), (b, 0.95), (a, 0.95)]
            pen.polygon(strip, paint, "", shade=UPRIGHT, light=1.0 if k % 2 else 0.9)
        if tied and not alone:
            outer, inner = (left, right) if left < 0 else (right, left)
            pen.stroke(
                [(outer, 0.4), (outer + (inner - outer) * 0.5, 0.37)], 0.04, mix(chance, COLORS, "fabric")
            )
    pen.stroke([(-0.48, 0.955), (0.48, 0.955)], 0.03, rod, shade=FALLING)
    for x in (-0.475, 0.475):
        pen.ellipse(x, 0.955, 0.025, 0.03, rod, "knob", shade=ROUND)


def door(pen: Pen, chance: Chance) -> None:
    """Draw a door in its frame, plain, with panels or with a pane."""
    w = chance.uniform(0.42, 0.52)
    view = Fitted(pen, chance.uniform(-30, 30), chance.uniform(0, 6), w, 1.0, 0.06)
    casing, leaf = timber(chance, 0.6), timber(chance, 0.5)
    front = view.box(-w / 2, 0, -0.03, w / 2, 1.0, 0.03, casing, "frame")["front"]
    front.rect(0.09, 0, 0.91, 0.955, leaf.lit(0.5), "door")
    front.rect(0.11, 0, 0.89, 0.945, leaf, "door")
    rows, columns = chance.choose(((1, 1), (2, 1), (2, 2), (3, 2), (0, 0)))
    pane = mix(chance, ("blue", "white", "grey", "yellow", "green"), "glass") if chance.maybe(0.3) else None
    for j in range(rows):
        for i in range(columns):
            left, low = 0.2 + 0.6 * i / columns, 0.08 + 0.82 * j / rows
            right, high = left + 0.6 / columns - 0.04, low + 0.82 / rows - 0.05
            if pane and j == rows - 1:
                front.rect(left, low, right, high, pane, "window", glow=pen.canvas.light.night)
                continue
            front.rect(left, low, right, high, leaf.lit(0.78), "door")
            front.rect(left + 0.02, low, right, high - 0.01, leaf.lit(1.06), "door")
    front.rect(0.79, 0.45, 0.86, 0.5, steel(chance), chance.choose(("knob", "handle")))
    view.draw()


def mirror(pen: Pen, chance: Chance) -> None:
    """Draw a mirror in a frame, round, square or arched, with the room's light in it."""
    frame = mix(chance, ("yellow", "grey", "black"), "metal") if chance.maybe() else timber(chance)
    color = chance.choose(tuple(_REFLECTED))
    glass = mix(chance, color, "glass", rgb=_REFLECTED[color])
    w, edge = chance.uniform(0.25, 0.48), chance.uniform(0.03, 0.05)
    shape = chance.choose(("oval", "square", "arch"))
    for r, paint, part in ((0.0, frame, "frame"), (edge, glass, "")):
        x, low, high = w - r, r, 1 - r
        if shape == "oval":
            pen.ellipse(0, 0.5, x, 0.5 - r, paint, part, shade=FALLING)
        elif shape == "square":
            pen.rect(-x, low, x, high, paint, part, shade=FALLING)
        else:
            pen.polygon(
                [(-x, low), (x, low), *oval(0, high - x, x, x, 0, 0, 180)], paint, part, shade=FALLING
            )
    for start, broad in ((-0.55, 0.35), (0.0, 0.15)):
        a, b = start * w, (start + broad) * w
        pen.polygon([(a, 0.3), (b, 0.3), (b + 0.3 * w, 0.72), (a + 0.3 * w, 0.72)], glass.lit(1.14))


def rug(pen: Pen, chance: Chance) -> None:
    """Draw a rug that lies on the floor: square, round, with borders and fringes."""
    deep, turn = chance.uniform(0.5, 0.8), chance.uniform(-35, 35)
    view = Fitted(pen, turn, chance.uniform(14, 28), 1.4, 0.01, 1.4 * deep)
    first, second = cloth(chance, 0.85, 0.7), cloth(chance, 0.3, 0.6)
    if chance.maybe(0.3):
        r = 0.7 * deep
        for k, paint in enumerate((second, first, second, first)[: chance.integer(2, 4)]):
            view.disc(0, 0.005, 0, r * (1 - 0.27 * k), paint)
        return
    x, z = 0.7, 0.7 * deep
    if chance.maybe(0.5):
        fringe = mix(
            chance,
            ("white", "yellow", "brown", "red"),
            "fabric",
            "striped",
            scale=0.25,
            second="grey",
            angle=90,
        )
        view.plate([(-x - 0.05, 0, -z), (x + 0.05, 0, -z), (x + 0.05, 0, z), (-x - 0.05, 0, z)], fringe)
        view.draw()
    borders = chance.integer(1, 3)
    for k in range(borders):
        inset = 0.1 * k
        paint = first if (borders - k) % 2 else second
        view.plate(
            [
                (inset - x, 0, inset - z),
                (x - inset, 0, inset - z),
                (x - inset, 0, z - inset),
                (inset - x, 0, z - inset),
            ],
            paint,
        )
        view.draw()


def fireplace(pen: Pen, chance: Chance) -> None:
    """Draw a fireplace: a chimney breast with a mantelpiece, and a fire when it burns."""
    h, deep = chance.uniform(0.75, 1.0), 0.25
    view = Fitted(pen, chance.uniform(-30, 30), chance.uniform(3, 14), 1.1, h, deep)
    wall = chance.choose((
        mix(chance, ("red", "brown", "white", "grey"), "brick", scale=0.6),
        slab(chance), mix(chance, ("grey", "white", "yellow"), "stone"), timber(chance, 1.0),
    ))  # fmt: skip
    view.shadow(0.8)
    front = view.box(-0.5, 0, -deep / 2 + 0.04, 0.5, h - 0.07, deep / 2, wall)["front"]
    top, edge = chance.uniform(0.55, 0.7), chance.uniform(0.2, 0.28)
    hole = [(edge, 0.04), (1 - edge, 0.04), (1 - edge, top)]
    if chance.maybe():
        hole += [(0.5 + 0.15, top + 0.1), (0.5 - 0.15, top + 0.1)]
    hole.append((edge, top))
    rim = [(0.5 + (x - 0.5) * 1.14, y * 1.07) for x, y in hole]
    front.put(rim, slab(chance) if chance.maybe() else wall.lit(0.75))
    burns = pen.canvas.light.night or chance.maybe(0.7)
    soot = mix(chance, "black", "brick", scale=0.5)
    front.put(hole, soot)
    _fire(front, chance, edge, burns)
    view.draw()
    mantel = timber(chance) if chance.maybe() else slab(chance)
    view.box(-0.55, h - 0.07, -deep / 2, 0.55, h, deep / 2, mantel, "shelf")
    view.draw()
    if burns:
        pen.shine(*view.seen(0, 0.2, -deep / 2), 0.3, 0.4)


def _fire(front: Face, chance: Chance, edge: float, burns: bool) -> None:
    bark = mix(chance, "brown", "wood")
    for color, size in (("red", 1.0), ("orange", 0.75), ("yellow", 0.45)) if burns else ():
        flame = mix(chance, color, "")
        half = (0.5 - edge) * 0.75 * size
        tips = [
            (0.5 + half, 0.08),
            (0.5 + half * 0.8, 0.3 * size + 0.05),
            (0.5 + half * 0.45, 0.2 * size + 0.08),
        ]
        tips += [(0.5 + half * 0.1, 0.48 * size + 0.05), (0.5 - half * 0.4, 0.22 * size + 0.08)]
        tips += [(0.5 - half * 0.75, 0.34 * size + 0.05), (0.5 - half, 0.08)]
        front.put(tips, flame, glow=True)
    for slope in (-0.03, 0.03):
        a, b = edge + 0.05, 0.95 - edge
        front.put([(a, 0.06 + slope), (b, 0.06 - slope), (b, 0.13 - slope), (a, 0.13 + slope)], bark)


PAINTERS = {
    "window": window,
    "curtain": curtain,
    "door": door,
    "mirror": mirror,
    "rug": rug,
    "fireplace": fireplace,
}
