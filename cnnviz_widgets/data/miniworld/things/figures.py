"""How a person looks and stands: clothes, joints, limbs and heads, from which `people` makes its painters."""

from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND, UPRIGHT, Pen, Point, oval, ribbon, smooth
from cnnviz_widgets.data.miniworld.vocabulary import COLORS

FINE = 66.0
"""Subpixels per unit from which on faces have eyes and mouths; smaller ones would only be specks."""
_SKINS = (
    *(("pink", (246.0, 208.0, 184.0)), ("pink", (236.0, 188.0, 156.0)), ("brown", (208.0, 154.0, 112.0))),
    *(("brown", (158.0, 106.0, 70.0)), ("brown", (118.0, 76.0, 50.0)), ("brown", (88.0, 58.0, 42.0))),
)
_HAIRS = ("black", "brown", "brown", "yellow", "orange", "grey", "white")
_STYLES = ("short", "long", "bob", "bun", "curls", "ponytail", "bald")
_PATTERNS = ("", "", "", "striped", "banded", "dotted", "chequered", "grid")


@dataclass(frozen=True)
class Looks:
    """What somebody wears and is: paints, hair style, and which pieces of clothing there are."""

    skin: Paint
    hair: Paint
    top: Paint
    bottom: Paint
    shoes: Paint
    dark: Paint
    lips: Paint
    style: str
    build: float
    head: float
    legs: str  # "trousers", "shorts" or "skirt"
    sleeves: bool
    beard: bool
    hat: Paint | None
    bag: Paint | None


@dataclass(frozen=True)
class Pose:
    """Where the joints are. Limbs are (middle joint, end), the far one first; `view` is front, side or back.

    Somebody seen from the side looks to the right.
    """

    view: str
    hip: Point
    neck: Point
    legs: tuple[tuple[Point, Point], tuple[Point, Point]]
    arms: tuple[tuple[Point, Point], tuple[Point, Point]]


def fabric(chance: Chance, scale: float, patterned: bool = True) -> Paint:
    """Mix a cloth of any colour, plain or with a pattern."""
    color = chance.choose(COLORS)
    texture = chance.choose(_PATTERNS) if patterned else ""
    if not texture:
        return mix(chance, color, "fabric")
    second = chance.choose([each for each in COLORS if each != color])
    return mix(chance, color, "fabric", texture, second, scale=scale)


def dressed(chance: Chance) -> Looks:
    """Draw looks at random."""
    name, rgb = chance.choose(_SKINS)
    style = chance.choose(_STYLES, (4, 3, 2, 2, 2, 2, 1))
    legs = chance.choose(("trousers", "shorts", "skirt"), (5, 2, 3))
    return Looks(
        skin=mix(chance, name, "skin", rgb=rgb),
        hair=mix(chance, _HAIRS, "hair"),
        top=fabric(chance, 0.34),
        bottom=fabric(chance, 0.34, chance.maybe(0.4)),
        shoes=mix(chance, ("black", "brown", "white", "red", "blue", "grey"), "leather"),
        dark=mix(chance, "black", "", rgb=(38.0, 28.0, 26.0)),
        lips=mix(chance, "red", "skin", rgb=(176.0, 70.0, 66.0)),
        style=style,
        build=chance.uniform(0.85, 1.2),
        head=chance.uniform(0.078, 0.096),
        legs=legs,
        sleeves=chance.maybe(0.6),
        beard=style in ("short", "bald") and legs != "skirt" and chance.maybe(0.35),
        hat=mix(chance, COLORS, "fabric") if chance.maybe(0.22) else None,
        bag=mix(chance, COLORS, "leather") if chance.maybe(0.2) else None,
    )


def figure(pen: Pen, looks: Looks, pose: Pose) -> None:
    """Draw somebody in a pose: what is far first."""
    side = pose.view == "side"
    (nx, ny), (hx, hy) = pose.neck, pose.hip
    long = max(((nx - hx) * (nx - hx) + (ny - hy) * (ny - hy)) ** 0.5, 1e-6)
    ux, uy = (nx - hx) / long, (ny - hy) / long
    head = (nx + ux * looks.head * 1.12, ny + uy * looks.head * 1.12)
    if pose.view != "back":
        _back_hair(pen, looks, pose.view, head)
    apart = 0.0 if side else 0.052 * looks.build
    if side:
        _arm(pen, looks, (nx, ny - 0.045), *pose.arms[0], 0.78)
    for k, (knee, foot) in enumerate(pose.legs):
        light = 0.8 if side and k == 0 else 1.0
        _leg(pen, looks, (hx + apart * (2 * k - 1), hy), knee, foot, pose.view, light)
    if looks.legs == "skirt":
        _skirt(pen, looks, pose, apart)
    pen.stroke([(nx - ux * 0.03, ny - uy * 0.03), head], looks.head * 0.85, looks.skin, "neck", light=0.88)
    _torso(pen, looks, pose, (ux, uy))
    if looks.bag and not side:
        pen.stroke([(nx - 0.09, ny - 0.02), (hx + 0.12, hy + 0.02)], 0.02, looks.bag, "handle")
    _head(pen, looks, pose.view, head)
    across = 0.108 * looks.build
    for k, (elbow, hand) in enumerate(pose.arms):
        if side and k == 0:
            continue
        shoulder = (nx, ny - 0.045) if side else (nx + across * (2 * k - 1), ny - 0.035)
        _arm(pen, looks, shoulder, elbow, hand, 0.93)
        if looks.bag and k == 1:
            _bag(pen, looks.bag, (hx + 0.14, hy) if not side else hand)


def _bag(pen: Pen, paint: Paint, at: Point) -> None:
    x, y = at
    pen.polygon(
        [(x - 0.06, y - 0.13), (x + 0.06, y - 0.13), (x + 0.05, y), (x - 0.05, y)],
        paint,
        "bag",
        shade=UPRIGHT,
    )


def _leg(pen: Pen, looks: Looks, hip: Point, knee: Point, foot: Point, view: str, light: float) -> None:
    width, (x, y) = 0.092 * looks.build, foot
    cloth = looks.bottom if looks.legs == "trousers" else looks.skin
    bare = 1.0 if looks.legs == "trousers" else 0.8
    pen.stroke([hip, knee, foot], (width * bare, 0.056), cloth, "leg", shade=UPRIGHT, light=light)
    if looks.legs == "shorts":
        down = (hip[0] + (knee[0] - hip[0]) * 0.8, hip[1] + (knee[1] - hip[1]) * 0.8)
        pen.stroke([hip, down], (width, width * 1.05), looks.bottom, "leg", shade=UPRIGHT, light=light)
    if view == "side":
        shoe = [(x - 0.038, y - 0.012), (x - 0.03, y + 0.025), (x + 0.03, y + 0.018)]
        shoe += [(x + 0.085, y - 0.003), (x + 0.085, y - 0.022), (x - 0.036, y - 0.024)]
        pen.polygon(shoe, looks.shoes, "foot", light=light)
    else:
        out = 0.012 if x > 0 else -0.012
        pen.ellipse(x + out, y - 0.004, 0.042, 0.024, looks.shoes, "foot", shade=ROUND, light=light)


def _skirt(pen: Pen, looks: Looks, pose: Pose, apart: float) -> None:
    (hx, hy), knees = pose.hip, [knee for knee, _ in pose.legs]
    low = min(y for _, y in knees) + 0.02
    left, right = min(x for x, _ in knees) - 0.062, max(x for x, _ in knees) + 0.062
    waist = 0.088 * looks.build
    points = [(hx - waist, hy + 0.08), (hx + waist, hy + 0.08), (hx + waist + 0.03, hy), (right, low)]
    pen.polygon([*points, (left, low), (hx - waist - 0.03, hy)], looks.bottom, "skirt", shade=UPRIGHT)


def _torso(pen: Pen, looks: Looks, pose: Pose, up: Point) -> None:
    """A body around the line from hip to neck, wider from the front than from the side."""
    (hx, hy), (nx, ny), (ux, uy) = pose.hip, pose.neck, up
    if pose.view == "side":
        widths = ((-0.08, 0.07), (0.1, 0.082), (0.45, 0.068), (0.78, 0.082), (0.95, 0.06), (1.02, 0.03))
    else:
        widths = ((-0.08, 0.09), (0.1, 0.1), (0.4, 0.088), (0.75, 0.118), (0.94, 0.124), (1.03, 0.05))
    left, right = [], []
    for t, w in widths:
        x, y, w = hx + (nx - hx) * t, hy + (ny - hy) * t, w * looks.build
        left.append((x - uy * w, y + ux * w))
        right.append((x + uy * w, y - ux * w))
    pen.polygon(smooth(right + left[::-1], 2), looks.top, "torso", shade=UPRIGHT)


def _arm(pen: Pen, looks: Looks, shoulder: Point, elbow: Point, hand: Point, light: float) -> None:
    (sx, sy), (ex, ey), (x, y) = shoulder, elbow, hand
    width = 0.064 * looks.build
    if looks.sleeves:
        pen.stroke([shoulder, elbow, hand], (width, 0.044), looks.top, "arm", light=light)
    else:
        pen.stroke([shoulder, elbow, hand], (width * 0.85, 0.036), looks.skin, "arm", light=light)
        half = (sx + (ex - sx) * 0.6, sy + (ey - sy) * 0.6)
        pen.stroke([shoulder, half], (width, width), looks.top, "arm", light=light)
    long = max(((x - ex) * (x - ex) + (y - ey) * (y - ey)) ** 0.5, 1e-6)
    x, y = x + (x - ex) / long * 0.02, y + (y - ey) / long * 0.02
    pen.polygon(oval(x, y, 0.027, 0.027)[::2], looks.skin, "hand", light=light)


def _back_hair(pen: Pen, looks: Looks, view: str, head: Point) -> None:
    """Hair that hangs or stands behind the head."""
    (x, y), r, style = head, looks.head, looks.style
    behind = -0.3 * r if view == "side" else 0.0
    if style == "long":
        ends = [(x - 1.15 * r + behind, y - 1.9 * r), (x + 1.15 * r + 2 * behind, y - 1.9 * r)]
        pen.polygon(
            [*oval(x + behind / 2, y + 0.1 * r, 1.1 * r, 1.05 * r, 0, 0, 180), *ends], looks.hair, "hair"
        )
    elif style == "bob":
        pen.ellipse(x + behind, y - 0.1 * r, 1.16 * r, 1.15 * r, looks.hair, "hair")
    elif style == "curls":
        pen.ellipse(x + behind, y + 0.25 * r, 1.32 * r, 1.25 * r, looks.hair, "hair", shade=ROUND)
    elif style == "ponytail":
        tail = [(x - 0.8 * r, y + 0.5 * r), (x - 1.6 * r, y + 0.1 * r), (x - 1.5 * r, y - 1.2 * r)]
        pen.stroke(tail, (0.5 * r, 0.3 * r), looks.hair, "hair")
    elif style == "bun":
        pen.ellipse(x + 1.6 * behind, y + 1.2 * r, 0.5 * r, 0.45 * r, looks.hair, "hair", shade=ROUND)


def _head(pen: Pen, looks: Looks, view: str, head: Point) -> None:
    (x, y), r = head, looks.head
    if view == "back":
        pen.ellipse(x, y, 0.84 * r, r, looks.skin, "head", shade=ROUND)
        if looks.style != "bald":
            pen.ellipse(x, y + 0.1 * r, 0.9 * r, 0.96 * r, looks.hair, "hair", shade=ROUND)
            _back_hair(pen, looks, view, head)
    elif view == "side":
        _profile(pen, looks, x, y, r)
    else:
        _face(pen, looks, x, y, r)
    if looks.hat:
        tip = 1.5 * r if view == "side" else 1.05 * r
        crown = [*oval(x, y + 0.45 * r, 0.95 * r, 0.85 * r, 0, 0, 180)]
        pen.polygon(crown, looks.hat, "hat", shade=ROUND)
        pen.rect(x - 1.05 * r, y + 0.36 * r, x + tip, y + 0.54 * r, looks.hat, "hat", light=0.8)


def _face(pen: Pen, looks: Looks, x: float, y: float, r: float) -> None:
    fine = pen.unit >= FINE
    if fine:
        for to in (-1, 1):
            pen.polygon(
                oval(x + to * 0.84 * r, y - 0.05 * r, 0.16 * r, 0.22 * r)[::3], looks.skin, "ear", light=0.9
            )
    pen.ellipse(x, y, 0.82 * r, r, looks.skin, "head", shade=ROUND)
    if looks.beard:
        jaw = oval(x, y, 0.84 * r, 1.05 * r, 0, 185, 355)
        pen.polygon([*jaw, (x + 0.4 * r, y - 0.35 * r), (x - 0.4 * r, y - 0.35 * r)], looks.hair, "hair")
    if looks.style != "bald":
        cap = oval(x, y + 0.1 * r, 0.9 * r, r, 0, -12, 192)
        fringe = [(x - 0.66 * r, y + 0.35 * r), (x - 0.1 * r, y + 0.62 * r), (x + 0.62 * r, y + 0.4 * r)]
        pen.polygon(cap + fringe, looks.hair, "hair", shade=ROUND)
    if fine:
        for to in (-1, 1):
            pen.polygon(oval(x + to * 0.34 * r, y + 0.02 * r, 0.11 * r, 0.15 * r)[::3], looks.dark, "eye")
        pen.polygon(
            [(x, y), (x + 0.13 * r, y - 0.28 * r), (x - 0.1 * r, y - 0.28 * r)],
            looks.skin,
            "nose",
            light=0.86,
        )
        smile = [(x - 0.3 * r, y - 0.42 * r), (x, y - 0.55 * r), (x + 0.3 * r, y - 0.42 * r)]
        pen.stroke(smile, 0.15 * r, looks.lips, "mouth")


def _profile(pen: Pen, looks: Looks, x: float, y: float, r: float) -> None:
    pen.ellipse(x, y, 0.9 * r, r, looks.skin, "head", shade=ROUND)
    nose = [(x + 0.8 * r, y + 0.15 * r), (x + 1.12 * r, y - 0.2 * r), (x + 0.78 * r, y - 0.28 * r)]
    pen.polygon(nose, looks.skin, "nose")
    if looks.beard:
        jaw = oval(x, y, 0.95 * r, 1.06 * r, 0, 225, 335)
        pen.polygon([*jaw, (x + 0.4 * r, y - 0.3 * r), (x - 0.1 * r, y + 0.1 * r)], looks.hair, "hair")
    if looks.style != "bald":
        cap = oval(x - 0.04 * r, y + 0.08 * r, 0.96 * r, r, 0, 22, 235)
        fringe = [(x - 0.2 * r, y - 0.45 * r), (x - 0.1 * r, y + 0.3 * r), (x + 0.6 * r, y + 0.48 * r)]
        pen.polygon(cap + fringe, looks.hair, "hair", shade=ROUND)
    if pen.unit >= FINE:
        pen.polygon(oval(x - 0.12 * r, y - 0.08 * r, 0.16 * r, 0.22 * r)[::3], looks.skin, "ear", light=0.88)
        pen.polygon(oval(x + 0.55 * r, y + 0.06 * r, 0.1 * r, 0.14 * r)[::3], looks.dark, "eye")
        pen.polygon(
            ribbon([(x + 0.5 * r, y - 0.5 * r), (x + 0.86 * r, y - 0.46 * r)], 0.13 * r), looks.lips, "mouth"
        )
