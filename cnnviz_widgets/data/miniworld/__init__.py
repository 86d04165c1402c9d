"""Miniworld: a procedural world of labelled pictures, nothing to download.

Scenes (street, harbor, bedroom ...) and single objects (dalmatian, car, cup ...) are drawn by code at any
size, with a label for every pixel at Broden's six levels, so that what a network is said to look at can be
compared with what is there.
"""

from cnnviz_widgets.data.miniworld.datasets import SPLITS, Drawn, Miniworld, Objects, PictureTensors, Scenes
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS, OBJECTS, SCENES

__all__ = [
    "CONCEPTS",
    "OBJECTS",
    "SCENES",
    "SPLITS",
    "Drawn",
    "Miniworld",
    "Objects",
    "PictureTensors",
    "Scenes",
]
