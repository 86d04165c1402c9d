"""Times of day and weathers, with the skies that belong to them."""

from dataclasses import dataclass

from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import RGB, Paint, mix, shade
from cnnviz_widgets.data.miniworld.pen import smooth
from cnnviz_widgets.data.miniworld.region import Light

Hue = tuple[str, RGB]
"""A colour as it is called and as it is seen, 0 to 255."""


@dataclass(frozen=True)
class Hour:
    """A time of day with its weather.

    Attributes
    ----------
    name : str
        One of `HOURS`.
    light : Light
        What it does to everything that is drawn.
    top, low : tuple of (str, RGB)
        Colour of the sky overhead, and just above the horizon.
    cloud : tuple of (str, RGB)
        Colour of its clouds.
    water : tuple of str
        Names that the colour of open water may have.
    thick : float
        How soon far things fade: 1 in clear air.
    """

    name: str
    light: Light
    top: Hue
    low: Hue
    cloud: Hue
    water: tuple[str, ...]
    thick: float

    def water_paint(self, chance: Chance, scale: float) -> Paint:
        """Mix the paint of open water that mirrors some of the sky; `scale` as in `Paint`."""
        color = chance.choose(self.water)
        own = (44.0, 116.0, 104.0) if color == "green" else shade(chance, color)  # no lawn
        rgb = between(own, self.low[1], chance.uniform(0.1, 0.4))
        return mix(chance, color, "water", scale=scale, strength=chance.uniform(0.12, 0.4), rgb=rgb)

    def haze(self, far: float) -> float:
        """How much something fades that is this far away, from 0 (here) to 1 (the farthest hills)."""
        return min(0.85, 0.55 * far * self.thick)


@dataclass(frozen=True)
class _Kind:
    tint: RGB
    contrast: float
    shadow: float
    haze: RGB
    skies: tuple[tuple[Hue, Hue], ...]
    cloud: Hue
    water: tuple[str, ...]
    thick: float = 1.0
    night: bool = False


_PINK, _PEACH = ("pink", (236.0, 158.0, 176.0)), ("orange", (246.0, 176.0, 112.0))
_KINDS = {
    "day": _Kind(
        (1.0, 1.0, 1.0), 1.0, 0.45, (200.0, 214.0, 230.0),
        (
            (("blue", (52.0, 110.0, 196.0)), ("blue", (158.0, 200.0, 236.0))),
            (("blue", (96.0, 156.0, 222.0)), ("white", (222.0, 232.0, 240.0))),
            (("blue", (36.0, 78.0, 158.0)), ("blue", (110.0, 166.0, 216.0))),
        ),
        ("white", (246.0, 247.0, 248.0)), ("blue", "green"),
    ),
    "overcast": _Kind(
        (0.86, 0.88, 0.92), 0.6, 0.22, (190.0, 194.0, 200.0),
        (
            (("grey", (150.0, 156.0, 166.0)), ("white", (216.0, 218.0, 220.0))),
            (("white", (226.0, 228.0, 230.0)), ("white", (238.0, 238.0, 236.0))),
            (("grey", (92.0, 98.0, 112.0)), ("grey", (168.0, 172.0, 178.0))),
        ),
        ("grey", (124.0, 130.0, 142.0)), ("grey", "green", "blue"), 1.3,
    ),
    "dawn": _Kind(
        (1.0, 0.86, 0.88), 1.1, 0.4, (232.0, 196.0, 196.0),
        (
            (("blue", (122.0, 152.0, 206.0)), _PINK),
            (("purple", (138.0, 112.0, 172.0)), ("pink", (244.0, 190.0, 186.0))),
            (_PINK, ("yellow", (248.0, 222.0, 150.0))),
        ),
        ("pink", (250.0, 202.0, 204.0)), ("blue", "pink", "grey"), 1.5,
    ),
    "dusk": _Kind(
        (0.78, 0.62, 0.68), 1.2, 0.4, (196.0, 128.0, 120.0),
        (
            (("purple", (78.0, 58.0, 118.0)), ("orange", (236.0, 136.0, 70.0))),
            (("blue", (44.0, 62.0, 122.0)), _PINK),
            (("red", (158.0, 54.0, 60.0)), _PEACH),
        ),
        ("purple", (116.0, 78.0, 128.0)), ("purple", "orange", "blue"), 1.1,
    ),
    "golden": _Kind(
        (1.08, 0.93, 0.70), 1.3, 0.5, (240.0, 214.0, 160.0),
        (
            (("blue", (104.0, 156.0, 204.0)), ("yellow", (250.0, 226.0, 158.0))),
            (("yellow", (244.0, 214.0, 138.0)), ("orange", (246.0, 186.0, 110.0))),
        ),
        ("white", (252.0, 240.0, 214.0)), ("blue", "blue", "green"),
    ),
    "night": _Kind(
        (0.46, 0.52, 0.74), 0.9, 0.3, (34.0, 42.0, 78.0),
        (
            (("black", (12.0, 16.0, 34.0)), ("blue", (40.0, 56.0, 110.0))),
            (("blue", (22.0, 30.0, 76.0)), ("purple", (78.0, 66.0, 120.0))),
            (("blue", (18.0, 32.0, 66.0)), ("blue", (52.0, 86.0, 132.0))),
        ),
        ("blue", (58.0, 68.0, 112.0)), ("blue", "black", "grey"), 0.9, True,
    ),
    "fog": _Kind(
        (0.92, 0.94, 0.96), 0.6, 0.18, (214.0, 218.0, 222.0),
        (
            (("white", (222.0, 226.0, 230.0)), ("white", (216.0, 220.0, 224.0))),
            (("grey", (176.0, 182.0, 188.0)), ("white", (214.0, 218.0, 222.0))),
        ),
        ("white", (236.0, 238.0, 240.0)), ("grey", "white", "green"), 2.4,
    ),
}  # fmt: skip
HOURS = tuple(_KINDS)
"""Names of all times of day and weathers."""
_OFTEN = (5, 3, 2, 2, 2, 3, 1)


def draw_hour(chance: Chance) -> Hour:
    """Draw a time of day: most often plain day, but night and fog too."""
    name = chance.choose(HOURS, _OFTEN)
    kind = _KINDS[name]
    bright, warm = chance.uniform(0.84, 1.08), chance.uniform(0.95, 1.05)
    red, green, blue = kind.tint
    top, low = chance.choose(kind.skies)
    light = Light(
        tint=(red * bright * warm, green * bright, blue * bright / warm),
        side=chance.sign(),
        contrast=kind.contrast,
        haze=kind.haze,
        shadow=kind.shadow,
        night=kind.night,
    )
    air = chance.uniform(0.9, 1.08)
    top, low, cloud = ((hue, (r * air, g * air, b * air)) for hue, (r, g, b) in (top, low, kind.cloud))
    return Hour(name, light, top, low, cloud, kind.water, kind.thick)


def paint_sky(canvas: Canvas, chance: Chance, hour: Hour, horizon: float) -> None:
    """Fill the whole picture with sky, in bands down to the horizon; with sun, moon or clouds."""
    pen = canvas.stuff("sky")
    cloudy = chance.maybe(0.25 if hour.name == "fog" else 0.55)
    size, strength, bands = chance.uniform(0.6, 1.5), chance.uniform(0.4, 0.95), 8
    edges = [horizon + (1 - horizon) * k / bands for k in range(bands + 1)]
    edges[0] = 0.0  # whatever the land leaves open is sky, and has a label
    hues = [between(hour.low[1], hour.top[1], (k + 0.5) / bands) for k in range(bands)]
    for k, rgb in enumerate(hues):
        name = (hour.top if k >= bands / 2 else hour.low)[0]
        cloud = hour.cloud[0] if cloudy else name
        veil = between(rgb, hour.cloud[1], strength if cloudy else 0)
        paint = Paint(name, cloud, "", "", rgb, veil, "clouds" if cloudy else "plain", size)
        # Each band runs from the brightness of the one below to that of the one above, so that none shows.
        slope = (sum(hues[min(k + 1, bands - 1)]) - sum(hues[max(k - 1, 0)])) / 4 / sum(rgb)
        ky = slope / hour.light.contrast if k else 0.0
        pen.rect(0, edges[k], 1, edges[k + 1], paint, glow=True, shade=(0.0, ky, 0.0, 0.0))
    _lights(canvas, chance, hour, horizon)
    if chance.maybe(0.3):
        _clouds(canvas, chance, hour, horizon)


def _lights(canvas: Canvas, chance: Chance, hour: Hour, horizon: float) -> None:
    """Sun by day, moon and stars by night, or neither."""
    x, high = chance.uniform(0.06, 0.94), chance.uniform(0.35, 0.9)
    if hour.light.night:
        stars, white = canvas.stuff("sky"), mix(chance, "white", "")
        for _ in range(chance.integer(0, 14)):
            u, v, r = chance.uniform(0, 1), chance.uniform(horizon, 1), chance.uniform(0.002, 0.005)
            stars.polygon([(u - r, v), (u, v - r), (u + r, v), (u, v + r)], white, glow=True)
        if chance.maybe(0.5):
            pen = canvas.thing("moon", x, horizon + (1 - horizon) * high, chance.uniform(0.03, 0.075))
            pen.ellipse(0, 0, 1, 1, mix(chance, ("white", "yellow"), "", tile="blotches"), glow=True)
            pen.shine(0, 0, 2.2, 0.35)
    elif hour.name not in ("overcast", "fog") and chance.maybe(0.4):
        if hour.name != "day":
            high *= 0.4
        pen = canvas.thing("sun", x, horizon + (1 - horizon) * high, chance.uniform(0.03, 0.085))
        color = ("orange", "red", "yellow") if hour.name == "dusk" else ("yellow", "white")
        pen.ellipse(0, 0, 1, 1, mix(chance, color, ""), glow=True)
        pen.shine(0, 0, 2.4, 0.4)


def _clouds(canvas: Canvas, chance: Chance, hour: Hour, horizon: float) -> None:
    """Up to three heaps of cloud with flat bases."""
    name, rgb = hour.cloud
    for _ in range(chance.integer(1, 3)):
        y = horizon + (1 - horizon) * chance.uniform(0.4, 0.95)
        pen = canvas.thing("cloud", chance.uniform(0, 1), y, chance.uniform(0.16, 0.5), flip=chance.maybe())
        tops = [chance.uniform(0.1, 0.32) for _ in range(4)]
        outline = [(-0.5, 0.02), (-0.2, 0.0), (0.2, 0.0), (0.5, 0.03)]
        outline += [(0.36 - 0.24 * k, high * (1.1 if 0 < k < 3 else 0.7)) for k, high in enumerate(tops)]
        cloud = Paint(name, name, "", "", between(rgb, hour.low[1], 0.2), rgb, "soft", 1.0)
        pen.polygon(smooth(outline), cloud, shade=(0.0, 0.08, 0.0, 0.0), glow=True)


def between(a: RGB, b: RGB, share: float) -> RGB:
    """Return the colour that lies `share`, 0 to 1, of the way from a to b."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)
