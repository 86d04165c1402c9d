"""Random numbers that are the same on every machine, in every process and every Python."""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Chance:
    """A source of random numbers named by a key, as ``Chance("scenes", "train", 0, 17)``.

    Everything is made of `random.Random.random`, the one method whose sequence Python promises never to
    change; numpy's and torch's generators make no such promise across versions.
    """

    def __init__(self, *key: str | int) -> None:
        digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
        self._next = random.Random(int.from_bytes(digest, "big")).random

    def uniform(self, low: float, high: float) -> float:
        """Draw a number from low to high."""
        return low + (high - low) * self._next()

    def integer(self, low: int, high: int) -> int:
        """Draw a whole number from low to high, both included."""
        return low + int((high - low + 1) * self._next())

    def maybe(self, probability: float = 0.5) -> bool:
        """Say yes with this probability."""
        return self._next() < probability

    def sign(self) -> int:
        """Draw -1 or 1."""
        return 1 if self._next() < 0.5 else -1

    def choose(self, items: Sequence[Item], weights: Sequence[float] | None = None) -> Item:
        """Draw one of the items, each as likely as its weight says."""
        if weights is None:
            return items[int(len(items) * self._next())]
        rest = self._next() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            rest -= weight
            if rest < 0:
                return item
        return items[-1]

    def several(self, items: Sequence[Item], count: int) -> list[Item]:
        """Draw `count` different items, or all of them if there are fewer, in random order."""
        left = list(items)
        return [left.pop(int(len(left) * self._next())) for _ in range(min(count, len(left)))]
