"""Mountains: ranges of peaks with ridges, gullies and snow."""

from collections.abc import Sequence

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import Pen, Point
from cnnviz_widgets.data.miniworld.scenes.outdoor_light import Hour

_STEPS = 5


def range_of_peaks(canvas: Canvas, chance: Chance, hour: Hour, base: float, season: str) -> None:
    """Draw a chain of peaks, or one alone, whose feet are at height `base` of the picture."""
    rock = mix(
        chance,
        ("grey", "brown", "blue", "green", "purple", "orange", "black"),
        "stone",
        scale=0.35,
        strength=0.4,
    )
    if season != "winter" and chance.maybe(0.3):
        rock = mix(chance, "green", "foliage", scale=0.5, strength=0.35)
    snow = mix(chance, "white", "snow", scale=0.5)
    line = chance.choose((0.0, chance.uniform(0.12, 0.5), chance.uniform(0.5, 0.9)), (2, 4, 2))
    highest = min(chance.uniform(0.45, 0.9), 1.12 - base)
    count = chance.integer(1, 5)
    tops = sorted(chance.uniform(0.45, 1.0) for _ in range(count))
    places = chance.several([(k + chance.uniform(0.1, 0.9)) / count for k in range(count)], count)
    for k, (x, top) in enumerate(zip(places, tops[::-1], strict=True)):
        far = 0.85 - 0.6 * k / max(count - 1, 1)
        pen = canvas.stuff("mountain", haze=hour.haze(far))
        wide = highest * chance.uniform(0.5, 1.1)
        high = highest * top if k < count - 1 or count == 1 else highest * chance.uniform(0.35, 0.8)
        _peak(pen, chance, (x, base + high), wide, base - 0.02, rock, snow, line * top)


def _peak(
    pen: Pen, chance: Chance, top: Point, wide: float, base: float, rock: Paint, snow: Paint, line: float
) -> None:
    """A mountain whose lit and shaded flank meet in a crooked ridge; snow down to share `line`."""
    light = pen.canvas.light
    x = top[0]
    left = _crooked(chance, top, (x - wide * chance.uniform(0.6, 1.3), base), 0.035, -1)
    right = _crooked(chance, top, (x + wide * chance.uniform(0.6, 1.3), base), 0.035, 1)
    middle = _crooked(chance, top, (x + wide * chance.uniform(-0.4, 0.4), base), 0.06, chance.sign())
    bright, dark = chance.uniform(1.0, 1.12), 1 - 0.42 * light.contrast
    tones = (bright, dark) if light.side < 0 else (dark, bright)
    for flank, tone in zip((left, right), tones, strict=True):
        pen.polygon([*flank, *middle[::-1]], rock, light=tone)
    for flank, tone in zip((left, right), tones, strict=True):
        for _ in range(chance.integer(1, 2)):
            _gully(pen, chance, flank, middle, rock, dark * 0.85 if tone == bright else (bright + dark) / 2)
        if line > 0.05:
            edge = _teeth(chance, flank, middle, line)
            above = [flank[k] for k in range(_STEPS + 1) if k / _STEPS < line]
            inside = [middle[k] for k in range(_STEPS + 1) if k / _STEPS < line]
            pen.polygon([*above, *edge, *inside[::-1]], snow, light=0.6 + 0.4 * tone)


def _crooked(chance: Chance, a: Point, b: Point, rough: float, first: int) -> list[Point]:
    """A line from a to b with a bend at every step, to one side and the other."""
    points = [a]
    for k in range(1, _STEPS):
        t = k / _STEPS
        shift = chance.uniform(0, rough) * (first if k % 2 else -first)
        points.append(
            (a[0] + (b[0] - a[0]) * t + shift, a[1] + (b[1] - a[1]) * t + chance.uniform(-0.3, 0.3) * rough)
        )
    return [*points, b]


def _along(line: Sequence[Point], t: float) -> Point:
    """The point at share t, 0 to 1, of a line of `_crooked`."""
    k = min(int(t * _STEPS), _STEPS - 1)
    rest = t * _STEPS - k
    (ax, ay), (bx, by) = line[k], line[k + 1]
    return (ax + (bx - ax) * rest, ay + (by - ay) * rest)


def _across(flank: Sequence[Point], middle: Sequence[Point], t: float, s: float) -> Point:
    """A point of a flank: share t of the way down, share s of the way from its outline to the ridge."""
    (ax, ay), (bx, by) = _along(flank, t), _along(middle, t)
    return (ax + (bx - ax) * s, ay + (by - ay) * s)


def _gully(
    pen: Pen, chance: Chance, flank: Sequence[Point], middle: Sequence[Point], rock: Paint, tone: float
) -> None:
    """A groove down a flank, on which light falls otherwise."""
    s, start = chance.uniform(0.25, 0.75), chance.uniform(0.12, 0.4)
    down = [start + (1 - start) * k / 3 for k in range(4)]
    one = [_across(flank, middle, t, s + chance.uniform(-0.06, 0.06)) for t in down]
    other = [_across(flank, middle, t, s + 0.06 + 0.2 * (t - start) + chance.uniform(0, 0.08)) for t in down]
    pen.polygon([*one, *other[::-1]], rock, light=tone)


def _teeth(chance: Chance, flank: Sequence[Point], middle: Sequence[Point], line: float) -> list[Point]:
    """The lower edge of the snow: tongues that reach down."""
    return [
        _across(
            flank,
            middle,
            min(1.0, line * (chance.uniform(1.0, 1.35) if k % 2 else chance.uniform(0.6, 0.9))),
            k / 6,
        )
        for k in range(7)
    ]
