"""Cabinets with drawers and doors, and bookcases."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import UPRIGHT, Pen
from cnnviz_widgets.data.miniworld.solids import Face
from cnnviz_widgets.data.miniworld.things.fitted import Fitted
from cnnviz_widgets.data.miniworld.things.furnishing_paints import slab, steel, timber
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

_KINDS = {  # width, height, depth in metres, columns, rows, likely doors
    "sideboard": ((1.3, 1.8), (0.7, 0.9), 0.45, (2, 4), (1, 2), 0.5),
    "wardrobe": ((1.0, 1.5), (1.9, 2.2), 0.6, (2, 3), (1, 2), 0.8),
    "dresser": ((0.8, 1.2), (0.85, 1.15), 0.48, (1, 2), (3, 5), 0.05),
    "nightstand": ((0.42, 0.55), (0.5, 0.65), 0.42, (1, 1), (1, 3), 0.3),
    "cupboard": ((0.8, 1.1), (1.5, 1.9), 0.45, (2, 2), (2, 2), 0.8),
}


def cabinet(pen: Pen, chance: Chance) -> None:
    """Draw a cabinet: a wardrobe, a dresser, a sideboard, a nightstand or a cupboard."""
    kind = chance.choose(tuple(_KINDS))
    wide, tall, d, columns, rows, doors = _KINDS[kind]
    w, high = chance.uniform(*wide), chance.uniform(*tall)
    view = Fitted(pen, chance.uniform(-50, 50), chance.uniform(6, 22), w + 0.04, high, d + 0.04)
    body = timber(chance, 0.45)
    view.shadow(0.9)
    foot = chance.choose((0.0, 0.06, 0.15))
    for x in (-w / 2 + 0.02, w / 2 - 0.08) if foot else ():
        for z in (-d / 2 + 0.02, d / 2 - 0.08):
            view.box(x, 0, z, x + 0.06, foot, z + 0.06, body.lit(0.85), "leg")
    view.draw()
    front = view.box(-w / 2, foot, -d / 2, w / 2, high - 0.04, d / 2, body)["front"]
    _fronts(front, chance, body, chance.integer(*columns), chance.integer(*rows), doors)
    view.draw()
    over = chance.choose((0.0, 0.02))
    top = slab(chance) if chance.maybe(0.25) else timber(chance, 0.3) if chance.maybe(0.2) else body.lit(1.05)
    view.box(-w / 2 - over, high - 0.04, -d / 2 - over, w / 2 + over, high, d / 2 + over, top, "top")
    view.draw()


def _fronts(front: Face, chance: Chance, body: Paint, columns: int, rows: int, doors: float) -> None:
    """Cut the front into drawers and doors."""
    leaf = timber(chance, 0.5) if chance.maybe(0.3) else body.lit(1.1)
    seam, grip, style = body.lit(0.45), steel(chance), chance.choose(("knob", "bar", "bar"))
    glazed = mix(chance, ("blue", "grey", "green", "white"), "glass") if chance.maybe(0.3) else None
    paneled = chance.maybe(0.5)
    has_doors = [chance.maybe(doors) for _ in range(rows)]
    for i in range(columns):
        for j in range(rows):
            left, right = 0.03 + 0.94 * i / columns, 0.03 + 0.94 * (i + 1) / columns
            low, high = 0.03 + 0.94 * j / rows, 0.03 + 0.94 * (j + 1) / rows
            front.rect(left, low, right, high, seam)
            left, low, right, high = left + 0.012, low + 0.012, right - 0.012, high - 0.012
            if has_doors[j]:
                _door(front, leaf, grip, glazed, (left, low, right, high), i % 2 == 0, paneled)
            else:
                _drawer(front, leaf, grip, (left, low, right, high), style)


def _door(
    front: Face,
    leaf: Paint,
    grip: Paint,
    glazed: Paint | None,
    at: tuple[float, float, float, float],
    opens_left: bool,
    paneled: bool,
) -> None:
    left, low, right, high = at
    front.rect(*at, leaf, "door")
    x, y = (right - left) * 0.2, (high - low) * 0.12
    if glazed:
        front.rect(left + x, low + y, right - x, high - y, glazed, "door")
        shine = [
            (left + x, low + y * 2),
            (left + 2 * x, low + y),
            (right - x, high - y * 2),
            (right - x * 1.6, high - y),
        ]
        front.put(shine, glazed.lit(1.2), "door")
    elif paneled:
        front.rect(left + x, low + y, right - x, high - y, leaf.lit(0.84), "door")
    middle, hinge = (low + high) / 2, (right - x * 0.7) if opens_left else (left + x * 0.3)
    tall = min(0.06, (high - low) * 0.16)
    front.rect(hinge, middle - tall, hinge + x * 0.4, middle + tall, grip, "handle")


def _drawer(front: Face, leaf: Paint, grip: Paint, at: tuple[float, float, float, float], style: str) -> None:
    left, low, right, high = at
    front.rect(*at, leaf, "drawer")
    x, y = (left + right) / 2, (low + high) / 2
    across, up = (right - left) * 0.18, min((high - low) * 0.1, 0.02)
    if style == "bar":
        front.rect(x - across, y - up, x + across, y + up, grip, "handle")
        return
    for spot in (x - across * 1.4, x + across * 1.4) if right - left > 0.4 else (x,):
        front.rect(spot - 0.022, y - 0.03, spot + 0.022, y + 0.02, grip, "knob")


def bookcase(pen: Pen, chance: Chance) -> None:
    """Draw a bookcase: shelves with books of all colours, some gaps, some vases."""
    w, high = chance.choose(((0.8, 2.0), (1.1, 1.9), (0.6, 1.7), (1.5, 1.4), (1.0, 1.1)))
    w, high, d = w * chance.uniform(0.9, 1.1), high * chance.uniform(0.9, 1.1), 0.32
    view = Fitted(pen, chance.uniform(-42, 42), chance.uniform(-3, 14), w, high, d)
    body, board = timber(chance, 0.4), chance.uniform(0.03, 0.05)
    view.shadow(0.9)
    count, plinth = max(3, int(high / chance.uniform(0.34, 0.42))), chance.uniform(0.04, 0.1)
    front, z = view.box(-w / 2, 0, -d / 2, w / 2, high, d / 2, body)["front"], -d / 2
    front.rect(0, 0, 1, 1, body.lit(chance.uniform(0.4, 0.6)))
    view.draw()
    gap = (high - board - plinth) / count
    _inside(view, body, w / 2 - board, plinth, high - board, z)
    books = [mix(chance, COLORS, "paper" if chance.maybe(0.7) else "leather") for _ in range(8)]
    most = 52 // count
    for k in range(count):
        low = plinth + k * gap
        _shelf(view, body, w / 2 - board, low, z)
        _row(view, chance, books, w / 2 - board, (low, gap - board), z + 0.05, most)
        view.plate(
            [(-w / 2, low - board, z), (w / 2, low - board, z), (w / 2, low, z), (-w / 2, low, z)],
            body,
            "shelf",
        )
        view.draw()
    for left, right, low, top in (
        (-w / 2, board - w / 2, 0, high),
        (w / 2 - board, w / 2, 0, high),
        (-w / 2, w / 2, high - board, high),
        (-w / 2, w / 2, 0, plinth),
    ):
        view.plate([(left, low, z), (right, low, z), (right, top, z), (left, top, z)], body, "frame")
    view.draw()


def _inside(view: Fitted, body: Paint, edge: float, low: float, high: float, z: float) -> None:
    """The far side wall, which is seen from within."""
    x = edge if view.away(1, 0, 0) > 0 else -edge
    view.plate([(x, low, z), (x, low, z + 0.3), (x, high, z + 0.3), (x, high, z)], body.lit(0.75))
    view.draw()


def _shelf(view: Fitted, body: Paint, edge: float, y: float, z: float) -> None:
    view.plate(
        [(-edge, y, z), (edge, y, z), (edge, y, z + 0.25), (-edge, y, z + 0.25)], body.lit(0.9), "shelf"
    )
    view.draw()


def _row(
    view: Fitted,
    chance: Chance,
    books: list[Paint],
    edge: float,
    span: tuple[float, float],
    z: float,
    most: int,
) -> None:
    """Books side by side, now and then a leaning one, a gap or a vase."""
    (y, tall), x, count = span, -edge + 0.01, 0
    width = 2 * edge / most
    while x < edge - width and count < most:
        if chance.maybe(0.09):
            x += width * chance.uniform(0.8, 2.5)
        if chance.maybe(0.04) and x < edge - 0.16:
            vase = view.pen.thing("vase", *view.seen(x + 0.08, y, z), tall * 0.8 * view.size)
            outline = [
                (-0.15, 0),
                (0.15, 0),
                (0.26, 0.4),
                (0.1, 0.75),
                (0.15, 1),
                (-0.15, 1),
                (-0.1, 0.75),
                (-0.26, 0.4),
            ]
            vase.blob(outline, mix(chance, COLORS, "ceramic"), shade=UPRIGHT)
            x, count = x + 0.17, count + 1
            continue
        right, up = min(x + width * chance.uniform(0.75, 1.35), edge), tall * chance.uniform(0.65, 0.93)
        lean = tall * 0.12 if chance.maybe(0.06) and right + tall * 0.12 < edge else 0.0
        corners = [(x, y, z), (right - 0.006, y, z), (right - 0.006 + lean, y + up, z), (x + lean, y + up, z)]
        view.pen.polygon([view.seen(*each) for each in corners], chance.choose(books), "book")
        x, count = right + lean, count + 1


PAINTERS = {"cabinet": cabinet, "bookcase": bookcase}
