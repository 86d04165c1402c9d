"""Where harvests are kept from one session to the next: by weights, data set and what was gathered."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from cnnviz_widgets.backend import HookedModel, fingerprint
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.engines.accumulators import Accumulator, State

FORMAT = "1"  # changes when what is kept under a key would no longer be what the code gathers


def cache_folder() -> Path:
    """Say where harvests are kept: at CNNVIZ_CACHE, else in cnnviz_widgets of the user's cache folder."""
    named = os.environ.get("CNNVIZ_CACHE")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "cnnviz_widgets" / "harvests"


class Shelf:
    """The kept harvests of one network on one data set."""

    def __init__(self, model: HookedModel, pictures: PictureSet) -> None:
        self._folder = cache_folder()
        self._base = None if pictures.id is None else f"{FORMAT} {fingerprint(model)} {pictures.id}"

    def fetch(self, accumulator: Accumulator) -> bool:
        """Fill an accumulator with what was kept; False where nothing was."""
        state = self._read(accumulator.key)
        if state is None:
            return False
        accumulator.state = state
        return True

    def fetch_part(self, accumulators: Sequence[Accumulator]) -> int:
        """Fill accumulators with what a stopped pass left, and tell after how many pictures it stopped."""
        state = self._read(_part(accumulators))
        if state is None:
            return 0
        for number, each in enumerate(accumulators):
            start = f"{number}."
            each.state = {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}
        return int(state["done"])

    def keep(self, accumulators: Sequence[Accumulator]) -> None:
        """Keep what a whole pass gathered, and drop what an earlier, stopped one left."""
        for each in accumulators:
            self._write(each.key, each.state)
        path = self._path(_part(accumulators))
        if path is not None:
            path.unlink(missing_ok=True)

    def keep_part(self, accumulators: Sequence[Accumulator], done: int) -> None:
        """Keep what a stopped pass gathered of the first `done` pictures."""
        state = {f"{i}.{k}": v for i, each in enumerate(accumulators) for k, v in each.state.items()}
        self._write(_part(accumulators), {**state, "done": np.array(done)})

    def _path(self, key: str) -> Path | None:
        if self._base is None:
            return None
        name = hashlib.blake2b(f"{self._base} {key}".encode(), digest_size=16).hexdigest()
        return self._folder / f"{name}.safetensors"

    def _read(self, key: str) -> State | None:
        path = self._path(key)
        if path is None or not path.is_file():
            return None
        try:
            return dict(load_file(path))
        except (OSError, SafetensorError):  # damaged: as if it were not there, and written anew
            return None

    def _write(self, key: str, state: State) -> None:
        path = self._path(key)
        if path is None:
            return
        with contextlib.suppress(OSError):  # a full or read-only disk costs time later, not the result now
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                whole = Path(folder, "state")
                save_file({k: np.asarray(v, order="C") for k, v in state.items()}, whole)
                whole.replace(path)  # whole or not at all


def _part(accumulators: Sequence[Accumulator]) -> str:
    return "part of " + "; ".join(sorted(each.key for each in accumulators))
