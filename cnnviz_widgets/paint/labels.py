"""Answers drawn on a picture: coloured labels, boxes with name tags, outlines, a spotlight."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.rgba import Bytes, _check_rgb

Mask = npt.NDArray[np.bool_]
Color = tuple[int, int, int]
Plate = tuple[int, int, int, int]  # of a name: left, top, right, bottom

# What the eleven basic colour terms look like: a label that is a colour is painted in it. Large areas have
# about the colours that maps give them, so that a painted picture reads at a glance.
_OWN_COLORS: dict[str, Color] = {
    "black": (30, 30, 30),
    "blue": (40, 90, 220),
    "brown": (125, 75, 35),
    "grey": (140, 140, 140),
    "green": (40, 150, 60),
    "orange": (250, 140, 20),
    "pink": (250, 150, 190),
    "purple": (130, 50, 160),
    "red": (215, 35, 35),
    "white": (250, 250, 250),
    "yellow": (250, 215, 40),
    "sky": (130, 190, 245),
    "sea": (30, 95, 175),
    "river": (30, 95, 175),
    "lake": (30, 95, 175),
    "waterfall": (85, 215, 225),
    "grass": (115, 175, 60),
    "hill": (60, 125, 70),
    "mountain": (125, 115, 150),
    "ground": (165, 125, 85),
    "sand": (240, 215, 140),
    "snow": (245, 248, 255),
    "road": (85, 85, 95),
    "sidewalk": (190, 150, 190),
    "path": (205, 170, 120),
    "building": (190, 95, 75),
    "wall": (215, 190, 120),
    "floor": (135, 95, 70),
    "ceiling": (225, 225, 200),
    "pier": (120, 80, 50),
}
# Five lightnesses in turn: eyes that confuse two hues still tell light from dark. Order, chroma and first
# hue were searched for the largest distance (10 in CIE Lab) among any five in a row, for three kinds of eyes.
_LIGHTNESS, _CHROMA, _GOLDEN_ANGLE, _FIRST_HUE = (0.42, 0.54, 0.78, 0.66, 0.90), 0.13, 137.508, 120.0


@dataclass(frozen=True)
class Tag:
    """A box with a name on it.

    Attributes
    ----------
    text : str
        What stands on it; "" for a box alone.
    box : tuple of float
        (left, top, right, bottom) in pixels of the picture that is drawn on, right and bottom excluded.
    color : (int, int, int)
        Red, green, blue of the frame and of the ground behind the name.
    frame : bool
        Draw the box; otherwise only the name at its upper left corner.
    """

    text: str
    box: tuple[float, float, float, float]
    color: Color
    frame: bool = True


def label_colors(names: Sequence[str]) -> Bytes:
    """Give each label a colour of its own, the same every time.

    The hue advances by the golden angle from one label to the next, so that any few neighbours are far apart,
    and the lightness takes five steps in turn, for eyes that see fewer hues. The eleven basic colour terms
    (Berlin & Kay, 1969) have their own colours, and so have sky, sea, grass, road and the like.

    Parameters
    ----------
    names : sequence of str
        The labels; number 0 means "none".

    Returns
    -------
    array, (len(names), 3) uint8
        Red, green, blue. Number 0 is black, and `paint_labels` does not use it.
    """
    numbers = np.arange(len(names))
    hue = np.deg2rad(_FIRST_HUE + _GOLDEN_ANGLE * numbers)
    colors = _from_oklch(np.array(_LIGHTNESS)[numbers % 5], np.full(len(names), _CHROMA), hue)
    for number, name in enumerate(names):
        colors[number] = _OWN_COLORS.get(name, colors[number])
    colors[:1] = 0
    return colors


def paint_labels(
    picture: Bytes, labels: npt.NDArray[np.integer], colors: Bytes, opacity: float = 0.6, dim: float = 0.4
) -> Bytes:
    """Lay labels over a picture in their colours; where there is none, the picture is dimmed.

    Parameters
    ----------
    picture : array, (rows, columns, 3) uint8
        Left as it is.
    labels : array, (rows, columns) int
        0 for no label, else a row of `colors`.
    colors : array, (n, 3) uint8
        From `label_colors`.
    opacity : float
        Of the colours: 0 shows the picture alone, 1 the colours alone.
    dim : float
        Brightness of the picture where there is no label, 0 to 1.

    Returns
    -------
    array, (rows, columns, 3) uint8

    Raises
    ------
    PictureError
        The sizes differ, or a label has no colour.
    """
    _check_same_size(picture, labels)
    if labels.size and not (labels.min() >= 0 and labels.max() < len(colors)):
        raise PictureError(
            f"labels from {labels.min()} to {labels.max()} need a colour each; there are {len(colors)}"
        )
    tinted = picture + (colors[labels].astype(np.float32) - picture) * np.float32(opacity)
    mixed = np.where((labels == 0)[..., None], picture * np.float32(dim), tinted)
    return np.rint(mixed).astype(np.uint8)


def paint_mask(picture: Bytes, mask: Mask, color: Color, opacity: float = 0.45, thickness: int = 2) -> Bytes:
    """Tint the pixels of a mask on a copy of a picture and draw its outline.

    Parameters
    ----------
    picture : array, (rows, columns, 3) uint8
        Left as it is.
    mask : array, (rows, columns) bool
        What is tinted.
    color : three of int
        Red, green, blue.
    opacity : float
        Of the tint; the outline is opaque.
    thickness : int
        Of the outline, pixels inside the mask.

    Raises
    ------
    PictureError
        The sizes differ.
    """
    _check_same_size(picture, mask)
    result = picture.copy()
    ink = np.array(color, np.float32)
    result[mask] = np.rint(picture[mask] + (ink - picture[mask]) * np.float32(opacity))
    result[outline(mask, thickness)] = color
    return result


def outline(mask: Mask, thickness: int = 1) -> Mask:
    """Give the pixels of a mask that are at most `thickness` steps from a pixel outside it.

    Beyond the picture's edge there is no outside: a thing that leaves the picture has no outline there.
    """
    inner = mask
    for _ in range(thickness):
        padded = np.pad(inner, 1, constant_values=True)
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def spotlight(picture: Bytes, mask: Mask, dim: float = 0.35) -> Bytes:
    """Darken a copy of a picture everywhere but in a mask, which gets a white outline.

    Raises
    ------
    PictureError
        The sizes differ.
    """
    _check_same_size(picture, mask)
    result = np.where(mask[..., None], picture, np.rint(picture * np.float32(dim)).astype(np.uint8))
    result[outline(~mask, 2)] = 255
    return result


def draw_tags(picture: Bytes, tags: Sequence[Tag], text_size: int = 14, thickness: int = 3) -> Bytes:
    """Draw boxes with names on a copy of a picture, the last one on top.

    A name stands above its box, or inside or below it where there is no room above, and never leaves the
    picture. Where it would cover the name of an earlier tag it is left out.

    Parameters
    ----------
    picture : array, (rows, columns, 3) uint8
        Enlarged for the screen: text has the size it is given, however small the picture.
    tags : sequence of Tag
        Boxes in pixels of this picture.
    text_size, thickness : int
        Pixels.

    Returns
    -------
    array, (rows, columns, 3) uint8
    """
    _check_rgb(picture)
    image = Image.fromarray(np.ascontiguousarray(picture))
    ink, font = ImageDraw.Draw(image), ImageFont.load_default(text_size)
    for tag in tags:
        if tag.frame:
            _frame(ink, tag, thickness)
    taken: list[Plate] = []
    for tag in tags:  # names after all frames, so that no frame crosses one
        if tag.text:
            taken += _name(ink, tag, font, image.size, taken)
    return np.array(image)


def _frame(ink: ImageDraw.ImageDraw, tag: Tag, thickness: int) -> None:
    left, top, right, bottom = (round(each) for each in tag.box)
    box = (left, top, max(left, right - 1), max(top, bottom - 1))
    around = (box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1)
    ink.rectangle(around, outline="black", width=thickness + 2)  # seen on any ground
    ink.rectangle(box, outline=tag.color, width=thickness)


def _name(
    ink: ImageDraw.ImageDraw,
    tag: Tag,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    size: tuple[int, int],
    taken: Sequence[Plate],
) -> list[Plate]:
    """Write a name where no other is, and say where; nowhere if all places are taken."""
    left, top, right, bottom = ink.textbbox((0, 0), tag.text, font=font)
    width, height = round(right - left) + 8, round(bottom - top) + 8
    x = max(0, min(round(tag.box[0]), size[0] - width))
    for y in (round(tag.box[1]) - height, round(tag.box[1]), round(tag.box[3])):
        plate = (x, y, x + width, y + height)
        if 0 <= y <= size[1] - height and not any(_meet(plate, other) for other in taken):
            ink.rectangle((x, y, x + width - 1, y + height - 1), fill=tag.color, outline="black")
            ink.text((x + 4 - left, y + 4 - top), tag.text, fill=ink_on(tag.color), font=font)
            return [plate]
    return []


def _meet(one: Plate, other: Plate) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def ink_on(color: Sequence[int]) -> str:
    """Say whether "black" or "white" text is easier to read on a colour (WCAG 2 contrast)."""
    linear = _to_linear(np.asarray(color, np.float64) / 255)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def _to_linear(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _from_oklch(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> Bytes:
    """Turn OKLCH (Ottosson 2020: equal steps look equal) into sRGB; what a screen cannot show is cut off."""
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    cones = np.stack([
        lightness + 0.3963377774 * a + 0.2158037573 * b,
        lightness - 0.1055613458 * a - 0.0638541728 * b,
        lightness - 0.0894841775 * a - 1.2914855480 * b,
    ])  # fmt: skip
    mix = np.array([
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ])  # fmt: skip
    linear = np.clip(mix @ cones**3, 0, 1).T
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(encoded * 255).astype(np.uint8)


def _check_same_size(picture: Bytes, other: npt.NDArray) -> None:
    _check_rgb(picture)
    if other.shape != picture.shape[:2]:
        raise PictureError(
            f"the labels are {other.shape} and the picture {picture.shape[:2]}: rows and columns must agree; "
            "resize_nearest(labels, rows, columns) resizes labels"
        )
