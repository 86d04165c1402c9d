"""A world in small, for the recipe: 32x32 pictures whose class shows in the place of a square."""

import numpy as np

CLASSES = ("upper left", "upper right", "lower left", "lower right")
COUNTS = {"train": 240, "val": 60, "test": 101}


class PlantedWorld:
    """Noise with one square in a corner, red on the right and blue on the left, so that mirroring is fair."""

    classes = CLASSES

    def __init__(self, split: str, n: int, seed: int = 0, change: int = 0) -> None:
        self.n, self.change = n, change
        self._start = {"train": 0, "val": 10_000, "test": 20_000}[split] + 100_000 * seed

    def __len__(self) -> int:
        return self.n

    def picture(self, index: int) -> tuple[np.ndarray, int]:
        if not 0 <= index < self.n:
            raise IndexError(index)
        chance = np.random.default_rng(self._start + index)
        label = int(chance.integers(len(CLASSES)))
        pixels = chance.integers(0, 200, (32, 32, 3), dtype=np.uint8)
        top, left = 18 * (label // 2), 18 * (label % 2)
        # Left and right differ in colour, too: a mirrored picture can still be told.
        pixels[top + 2 : top + 12, left + 2 : left + 12] = (
            (255, 60 + self.change, 0) if label % 2 else (0, 60, 255)
        )
        return pixels, label
