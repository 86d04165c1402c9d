"""Paint: a named colour, a material and perhaps a pattern, as one thing to draw with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnviz_widgets.data.miniworld.chance import Chance

RGB = tuple[float, float, float]
_ANCHORS: dict[str, tuple[RGB, ...]] = {  # shades that everybody calls by this name; 0 to 255
    "black": ((22, 22, 24), (42, 40, 42), (30, 32, 40)),
    "blue": ((35, 70, 170), (60, 120, 205), (40, 50, 120), (85, 150, 220)),
    "brown": ((105, 66, 36), (140, 92, 52), (82, 52, 34), (160, 112, 70)),
    "grey": ((110, 112, 116), (150, 150, 152), (88, 90, 96), (176, 176, 176)),
    "green": ((50, 120, 50), (90, 150, 60), (35, 90, 55), (110, 170, 90)),
    "orange": ((232, 126, 32), (240, 150, 60), (214, 104, 28)),
    "pink": ((240, 150, 180), (226, 120, 160), (246, 184, 200)),
    "purple": ((110, 60, 150), (140, 90, 180), (84, 48, 116)),
    "red": ((196, 36, 38), (170, 24, 36), (218, 58, 48)),
    "white": ((240, 240, 238), (248, 246, 240), (228, 230, 234)),
    "yellow": ((238, 208, 56), (246, 222, 96), (226, 190, 40)),
}
_GRAIN = {  # material: tile, how strongly it shows, size of the tile in the object's own units
    "wood": ("wood", 0.30, 0.5),
    "brick": ("brick", 0.38, 0.5),
    "glass": ("plain", 0.0, 1.0),
    "metal": ("plain", 0.0, 1.0),
    "fabric": ("fine", 0.14, 0.4),
    "fur": ("fine", 0.30, 0.35),
    "stone": ("boulders", 0.28, 0.7),
    "water": ("waves", 0.30, 0.6),
    "painted": ("soft", 0.06, 1.0),
    "foliage": ("foliage", 0.45, 0.5),
    "sand": ("soft", 0.14, 0.6),
    "snow": ("soft", 0.08, 0.8),
    "ceramic": ("plain", 0.0, 1.0),
    "skin": ("plain", 0.0, 1.0),
    "hair": ("fine", 0.25, 0.3),
    "plastic": ("plain", 0.0, 1.0),
    "rubber": ("plain", 0.0, 1.0),
    "paper": ("plain", 0.0, 1.0),
    "asphalt": ("fine", 0.16, 0.3),
    "tile": ("tiles", 0.22, 0.5),
    "leather": ("soft", 0.12, 0.4),
    "food": ("soft", 0.08, 0.5),
}


@dataclass(frozen=True)
class Paint:
    """What a surface looks like before light falls on it, and what it is called.

    Attributes
    ----------
    color, second : str
        Names of `vocabulary.COLORS`: the ground's, and the pattern's (the same where there is no pattern).
    material : str
        A name of `vocabulary.MATERIALS`, or "" for what has none, as the sky.
    texture : str
        A name of `vocabulary.TEXTURES`, or "" where only the material's own grain shows.
    rgb, rgb2 : tuple of float
        The two colours, 0 to 255; the tile mixes them.
    tile : str
        A name of `tiles.NAMES`.
    scale : float
        Length of a tile's side in the units of the pen that draws with this paint.
    angle : float
        Turn of the tile, degrees, counter-clockwise.
    """

    color: str
    second: str
    material: str
    texture: str
    rgb: RGB
    rgb2: RGB
    tile: str
    scale: float
    angle: float = 0.0

    def lit(self, factor: float) -> "Paint":
        """Return the same paint, lighter (factor above 1) or darker; its names stay."""
        return replace(self, rgb=_times(self.rgb, factor), rgb2=_times(self.rgb2, factor))

    def scaled(self, factor: float) -> "Paint":
        """Return the same paint with a pattern so many times larger."""
        return replace(self, scale=self.scale * factor)

    def turned(self, degrees: float) -> "Paint":
        """Return the same paint with its pattern turned further counter-clockwise."""
        return replace(self, angle=self.angle + degrees)


def mix(
    chance: Chance,
    color: str | Sequence[str],
    material: str,
    texture: str = "",
    second: str | Sequence[str] = "",
    *,
    tile: str = "",
    scale: float | None = None,
    angle: float = 0.0,
    strength: float | None = None,
    rgb: RGB | None = None,
) -> Paint:
    """Mix a paint: a shade of a named colour, drawn at random, on a material.

    Parameters
    ----------
    chance : Chance
        Decides the shade, and the names where several are given.
    color, second : str or sequence of str
        Names of colours, or several to draw one from. `second` is the pattern's; without one, a lighter or
        darker shade of the first is used, and the label says the first.
    material : str
        A name of `vocabulary.MATERIALS`, or "".
    texture : str
        A name of `vocabulary.TEXTURES` for a pattern; "" for the material's grain.
    tile : str
        Use this tile (a name of `tiles.NAMES`) in place of the texture's or the material's.
    scale : float, optional
        Side of the tile in the pen's units; the material's own by default.
    angle : float
        Turn of the tile, degrees.
    strength : float, optional
        0 to 1: how far the tile leads away from the first colour. By default all the way for a texture with
        a second colour, some 40 % for one without, little for a grain.
    rgb : tuple of float, optional
        Use this very colour, 0 to 255, in place of a shade of `color`, which stays its name.
    """
    color = color if isinstance(color, str) else chance.choose(color)
    second = second if isinstance(second, str) else chance.choose(second)
    grain, usual, size = _GRAIN.get(material, ("plain", 0.0, 1.0))
    rgb = rgb or shade(chance, color)
    if strength is None:
        strength = 1.0 if second else 0.4 if texture else usual
    light = sum(rgb) > 330
    other = shade(chance, second) if second else _times(rgb, 0.35) if light else _lerp(rgb, (235.0,) * 3, 0.7)
    return Paint(
        color=color,
        second=second or color,
        material=material,
        texture=texture,
        rgb=rgb,
        rgb2=_lerp(rgb, other, strength),
        tile=tile or texture or grain,
        scale=size if scale is None else scale,
        angle=angle,
    )


def shade(chance: Chance, color: str) -> RGB:
    """Draw a shade of a named colour, 0 to 255 per channel."""
    anchors = _ANCHORS[color]
    between = _lerp(chance.choose(anchors), chance.choose(anchors), chance.uniform(0, 1))
    return _times(between, chance.uniform(0.92, 1.06))


def _times(rgb: RGB, factor: float) -> RGB:
    r, g, b = rgb
    return (min(255.0, r * factor), min(255.0, g * factor), min(255.0, b * factor))


def _lerp(a: RGB, b: RGB, t: float) -> RGB:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)
