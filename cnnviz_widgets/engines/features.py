"""The codes of a layer: every picture's result as one long vector, in a file where they are large."""

import os
import tempfile
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from torch import Tensor

from cnnviz_widgets.engines.accumulators import Floats, State
from cnnviz_widgets.engines.harvest_cache import cache_folder
from cnnviz_widgets.errors import InputError, MemoryLimitError

MEMORY = 256 * 2**20


class Features:
    """The codes of a layer: every picture's result as one long vector.

    Maps are flattened channel after channel. The result is an array, (pictures, units) float32; rows of
    pictures that were not seen yet are 0. Codes are kept as they are, so a network that answers with NaN or
    infinity leaves it in the row: ``np.isfinite(codes).all(1)`` tells which rows can be compared.

    Parameters
    ----------
    layer : str
        Any layer whose result can be arranged as maps.
    memory : int
        Codes of more bytes than this lie in a file without a name, which goes when the array goes.

    Raises
    ------
    MemoryLimitError
        While gathering, if neither the cache's disk nor the temporary folder's has room for the codes.
    """

    kind: ClassVar[str] = "features"

    def __init__(self, layer: str, memory: int = MEMORY) -> None:
        if memory < 0:
            raise InputError(f"memory is a number of bytes, 0 or more; got {memory}")
        self.layer, self.memory = layer, int(memory)
        self.prepare((0, 0, 0), 0)

    @property
    def key(self) -> str:
        """What kind of codes, of which layer."""
        return f"{self.kind} {self.layer}"

    def fresh(self) -> Self:
        """Make an empty one of the same kind."""
        return type(self)(self.layer, self.memory)

    def prepare(self, shape: tuple[int, int, int], pictures: int) -> None:
        """Note how large the codes will be; room for them is made when the first one comes."""
        self._units = int(np.prod(shape))
        self._known = np.zeros(pictures, np.bool_)
        self._codes: Floats | None = None

    def update(self, maps: Tensor, first: int) -> None:
        """Take in the codes of consecutive pictures, numbered from `first` on."""
        rows = slice(first, first + len(maps))
        self._room()[rows] = maps.detach().flatten(1).float().cpu().numpy()
        self._known[rows] = True

    def merge(self, other: "Features", first: int = 0) -> None:
        """Take in another one's codes; its picture 0 is picture `first` here."""
        known = np.flatnonzero(other._known)
        codes = self._room()
        for some in np.array_split(known, 1 + other._known.size * other._units * 4 // MEMORY):
            codes[some + first] = other._room()[some]
        self._known[known + first] = True

    def _room(self) -> Floats:
        """Give the array to write to; one that was read from disk is copied first."""
        size = (len(self._known), self._units)
        old = self._codes
        if old is None or not old.flags.writeable or old.shape != size:
            self._codes = _zeros(size, self.memory)
            if old is not None:
                self._codes[: len(old)] = old
        assert self._codes is not None
        return self._codes

    @property
    def state(self) -> State:
        """The codes up to the last picture seen, and which pictures were seen."""
        seen = int(np.flatnonzero(self._known).max(initial=-1)) + 1
        return {"codes": self._room()[:seen], "known": self._known}

    @state.setter
    def state(self, state: State) -> None:
        self._codes, self._known = state["codes"], state["known"].copy()

    def result(self) -> Floats:
        """Give the codes, (pictures, units) float32."""
        complete = self._codes is not None and len(self._codes) == len(self._known)
        return self._codes if complete and self._codes is not None else self._room()


def _zeros(size: tuple[int, int], memory: int) -> Floats:
    needed = size[0] * size[1] * 4
    if needed <= memory:
        return np.zeros(size, np.float32)
    problem = None
    for folder in (cache_folder(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                if hasattr(os, "posix_fallocate"):  # a disk that fills up later would end the whole process
                    os.posix_fallocate(file.fileno(), 0, needed)
                return np.memmap(file, np.float32, "w+", shape=size)
        except OSError as error:
            problem = error
    raise MemoryLimitError(
        f"codes of {size[0]} pictures with {size[1]} units need {needed / 2**30:.1f} GB in a file, and there "
        f"is no room: {problem}. Set CNNVIZ_CACHE to a folder on another disk, take fewer pictures, or a "
        "later layer"
    ) from problem
