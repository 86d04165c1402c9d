"""The canvas: a picture in which every pixel knows which surface it shows.

Things are drawn back to front as flat regions, each with its own number, into one image of numbers at twice
the picture's size. Only when all is drawn do the numbers become colours (shading.py) and labels: both come
from the same image, so that a label can never be beside its pixel.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from cnnviz_widgets.data.labelled import Instance, boxed
from cnnviz_widgets.data.miniworld import shading
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.pen import FLAT, Pen
from cnnviz_widgets.data.miniworld.region import Light, Region
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS, INDEX, STUFF

FINER = 2
"""Side of the little square of samples that make one pixel."""


class Canvas:
    """A picture being drawn.

    Coordinates are those of a graph: (0, 0) is the lower left corner of the picture, (1, 1) the upper right.

    Parameters
    ----------
    size : int
        Side of the finished picture, pixels.
    chance : Chance
        Decides where patterns start, and the picture's grain.
    light : Light
        What everything is lit by.
    """

    def __init__(self, size: int, chance: Chance, light: Light) -> None:
        self.size, self.chance, self.light = size, chance, light
        self._numbers = Image.new("I", (size * FINER, size * FINER), 0)
        self._draw = ImageDraw.Draw(self._numbers)
        self._veils: dict[str, list[tuple[int, list[tuple[int, int]]]]] = {}
        self._regions: list[Region] = []
        self._same: dict[tuple, int] = {}
        self._instances: list[str] = []

    def stuff(self, name: str, *, receives: bool = False, haze: float = 0.0) -> Pen:
        """Take a pen for something without a shape of its own: sky, grass, wall.

        `receives` says whether shadows fall on it, `haze` (0 to 1) how far away it fades.
        """
        return Pen(self, name, -1, self._whole(), haze=haze, receives=receives)

    def thing(
        self,
        name: str,
        x: float,
        y: float,
        scale: float,
        *,
        flip: bool = False,
        tilt: float = 0.0,
        haze: float = 0.0,
    ) -> Pen:
        """Take a pen for a new thing that stands at (x, y), its unit of length `scale` of the picture.

        `flip` mirrors it, `tilt` turns it counter-clockwise by degrees, `haze` (0 to 1) fades it.
        """
        whole = Pen(self, name, -1, self._whole(), haze=haze)
        return whole.thing(name, x, y, scale, flip=flip, tilt=tilt)

    def begin(self, name: str) -> int:
        """Count a new instance of an object, and return its number; -1 for stuff, which has no instances."""
        if name not in INDEX["object"]:
            raise ValueError(f"{name!r} is not in the vocabulary's objects")
        if name in STUFF:
            return -1
        self._instances.append(name)
        return len(self._instances) - 1

    def fill(self, corners: Sequence[tuple[int, int]], region: Region) -> None:
        """Draw a polygon of a region; its corners are in subpixels, from the upper left."""
        number = self._number(region)
        if region.shade != FLAT:
            box = self._regions[number - 1].box
            xs, ys = zip(*corners, strict=True)
            box[0], box[1] = min(box[0], *xs), min(box[1], *ys)
            box[2], box[3] = max(box[2], *xs), max(box[3], *ys)
        self._draw.polygon(corners, fill=number)

    def veil(self, kind: str, corners: Sequence[tuple[int, int]], strength: float) -> None:
        """Draw a soft "shadow" or "glow"; corners are in subpixels."""
        pixels = [(x // FINER, y // FINER) for x, y in corners]
        self._veils.setdefault(kind, []).append((int(255 * strength), pixels))

    def picture(self) -> np.ndarray:
        """Shade what was drawn: (size, size, 3) uint8 RGB."""
        numbers = np.asarray(self._numbers)
        table = shading.table(self._regions, self.light)
        veils = {kind: self._softened(kind) for kind in self._veils}
        start = self.chance.integer(0, 1 << 16)
        return shading.shaded(numbers, table, veils, start)

    def maps(self) -> dict[str, np.ndarray]:
        """Say what each pixel shows at all levels but "scene".

        Each map is (1, size, size) int16, indices into `CONCEPTS` of its level.
        A pixel has the labels of the region that covers most of its four samples.
        """
        numbers = np.asarray(self._numbers)
        table = shading.table(self._regions, self.light)
        second = shading.shows_second(numbers, table)
        which = _fullest(numbers)
        seen, second = _pick(numbers, which), _pick(second, which)
        result = {}
        for level in ("object", "part", "material", "texture"):
            index = INDEX[level]
            names = [""] + [self._word(each, level) for each in self._regions]
            result[level] = np.array([index[name] for name in names], np.int16)[seen][None]
        colors = [
            np.array([0] + [INDEX["color"][getattr(each.paint, key)] for each in self._regions], np.int16)
            for key in ("color", "second")
        ]
        result["color"] = np.where(second, colors[1][seen], colors[0][seen])[None]
        return {level: result[level] for level in CONCEPTS if level in result}

    def instances(self) -> list[Instance]:
        """List the things of which something can be seen, in the order they were begun."""
        seen = _pick(np.asarray(self._numbers), _fullest(np.asarray(self._numbers)))
        owner = np.array([-1] + [each.instance for each in self._regions])[seen]
        found = [boxed(name, owner == number) for number, name in enumerate(self._instances)]
        return [each for each in found if each]

    def _whole(self) -> tuple[float, ...]:
        side = float(self.size * FINER)
        return (side, 0.0, 0.0, 0.0, -side, side)

    def _number(self, region: Region) -> int:
        flat = region.shade == FLAT
        key = (region.instance, region.object, region.part, id(region.paint), region.light, region.frame)
        if flat and key in self._same:
            return self._same[key]
        self._regions.append(region)
        if flat:
            self._same[key] = len(self._regions)
        return len(self._regions)

    @staticmethod
    def _word(region: Region, level: str) -> str:
        if level == "object":
            return region.object
        return region.part if level == "part" else getattr(region.paint, level)

    def _softened(self, kind: str) -> np.ndarray:
        image = Image.new("L", (self.size, self.size), 0)
        draw = ImageDraw.Draw(image)
        # The darkest last: where shadows overlap they do not add up.
        for strength, pixels in sorted(self._veils[kind], key=lambda each: each[0]):
            draw.polygon(pixels, fill=strength)
        blur = ImageFilter.BoxBlur(self.size / (60 if kind == "shadow" else 14))
        soft = image.filter(blur).filter(blur)
        return np.asarray(soft, np.float32).repeat(FINER, 0).repeat(FINER, 1) / np.float32(255)


def _fullest(numbers: np.ndarray) -> np.ndarray:
    """Say which of a pixel's four samples, 0 to 3, belongs to the region that has most of them."""
    a, b, c, d = numbers[::2, ::2], numbers[::2, 1::2], numbers[1::2, ::2], numbers[1::2, 1::2]
    alone = (a != b) & (a != c) & (a != d)
    return np.where(alone & ((b == c) | (b == d)), 1, np.where(alone & (c == d), 2, 0))


def _pick(samples: np.ndarray, which: np.ndarray) -> np.ndarray:
    return np.choose(which, [samples[::2, ::2], samples[::2, 1::2], samples[1::2, ::2]])
