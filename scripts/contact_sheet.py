"""Draw contact sheets of Miniworld: eight pictures of every class with their label maps beside them.

.venv/bin/python scripts/contact_sheet.py FOLDER [--size 112] [--split test]
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.data.miniworld import Miniworld, Objects, Scenes
from cnnviz_widgets.paint.labels import label_colors, paint_labels, paint_mask

BESIDE = ("object", "part", "material", "texture", "color")
EACH = 8
GAP = 4  # pixels
INSTANCE = ((230, 60, 40), (40, 110, 230), (240, 180, 30), (60, 170, 90), (170, 70, 190))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--split", default="test")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for kind in (Scenes, Objects):
        n = len(kind.classes)
        data = kind(asked.split, n * EACH, size=asked.size)
        for label, name in enumerate(data.classes):
            file = asked.folder / f"{data.kind}_{label:02}_{name.replace(' ', '_')}.png"
            sheet(data, label).save(file)
            print(file)


def sheet(data: Miniworld, label: int) -> Image.Image:
    """Eight pictures of one class in two columns: picture, things, and the maps of five levels."""
    n = len(data.classes)
    rows = [row(data[label + n * turn]) for turn in range(EACH)]
    return Image.fromarray(stacked([stacked(rows[:4], 0), stacked(rows[4:], 0)], 1))


def row(sample: Sample) -> np.ndarray:
    things = sample.image
    for k, each in enumerate(sample.instances):
        things = paint_mask(things, each.mask, INSTANCE[k % len(INSTANCE)], thickness=1)
    maps = [
        paint_labels(sample.image, sample.maps[level][0], label_colors(sample.concepts[level]), opacity=1.0)
        for level in BESIDE
    ]
    return stacked([sample.image, things, *maps], 1)


def stacked(parts: list[np.ndarray], axis: int) -> np.ndarray:
    space = [(0, 0), (0, 0), (0, 0)]
    space[axis] = (0, GAP)
    return np.concatenate([np.pad(each, space, constant_values=255) for each in parts], axis)


if __name__ == "__main__":
    main()
