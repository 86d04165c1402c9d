"""What a surface on the canvas is, and what lights it."""

from dataclasses import dataclass, field

from cnnviz_widgets.data.miniworld.palette import RGB, Paint


@dataclass(frozen=True)
class Light:
    """Time of day and weather, or the lamps of a room.

    Attributes
    ----------
    tint : tuple of float
        What each channel of every paint is multiplied by; (1, 1, 1) is plain daylight.
    side : int
        -1 if light comes from the left, 1 from the right.
    contrast : float
        How much darker the shaded side of a round thing is, 1 is usual.
    haze : tuple of float
        Colour, 0 to 255, that far things fade to.
    shadow : float
        Darkness of the shadows that things cast on the ground, 0 to 1.
    night : bool
        Lamps are on, and windows shine.
    """

    tint: RGB = (1.0, 1.0, 1.0)
    side: int = -1
    contrast: float = 1.0
    haze: RGB = (205.0, 215.0, 228.0)
    shadow: float = 0.45
    night: bool = False


@dataclass
class Region:
    """One numbered surface: what it is called, and how it is shaded once its extent is known."""

    instance: int
    object: str
    part: str
    paint: Paint
    shade: tuple[float, float, float, float]
    light: float
    haze: float
    glow: bool
    receives: bool
    frame: tuple[float, ...]  # subpixels to texels, see shading.py
    box: list[int] = field(default_factory=lambda: [1 << 30, 1 << 30, -1, -1])
