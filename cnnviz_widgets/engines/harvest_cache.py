"""Where harvests are kept from one session to the next: by weights, data set and what was gathered."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnviz_widgets.backend import HookedModel, fingerprint
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.engines.accumulators import Accumulator, State

FORMAT = "2"  # changes when what is kept under a key would no longer be what the code gathers
LIMIT = 2 * 2**30  # bytes of all harvests together; the ones not read for longest go first
LARGE = 16 * 2**20  # arrays from this size on are read from the file as they are needed
_DAY = 86400


def cache_folder() -> Path:
    """Say where harvests are kept: at CNNVIZ_CACHE, else in cnnviz_widgets of the user's cache folder."""
    named = os.environ.get("CNNVIZ_CACHE")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "cnnviz_widgets" / "harvests"


def clear_cache() -> int:
    """Remove every harvest that is kept on disk, in `cache_folder()`, and nothing else that lies there.

    Returns
    -------
    int
        How many bytes became free.
    """
    entries = [*cache_folder().glob("*.harvest"), *cache_folder().glob("*.writing")]
    freed = sum(map(_size, entries))
    for entry in entries:
        shutil.rmtree(entry, ignore_errors=True)
    return freed


class Shelf:
    """The kept harvests of one network on one data set.

    An entry is a folder of arrays. It is written under another name and then renamed, so it is whole or not
    there, whoever else writes. What cannot be read counts as not there; what cannot be written costs time
    later, not the result now.
    """

    def __init__(self, model: HookedModel, pictures: PictureSet) -> None:
        self._folder = cache_folder()
        self._base = None if pictures.id is None else f"{FORMAT} {fingerprint(model)} {pictures.id}"

    def fetch(self, accumulator: Accumulator) -> bool:
        """Fill an accumulator with what was kept; False where nothing was."""
        return self._read(accumulator.key, accumulator) is not None

    def fetch_part(self, accumulators: Sequence[Accumulator]) -> list[range] | None:
        """Fill accumulators with what a stopped pass left, and tell which pictures it did not come to.

        None where nothing was left, or not of all of them after the same pictures; then some may be filled.
        """
        left = [self._read(_part(each), each) for each in accumulators]
        return left[0] if all(each == left[0] for each in left) else None

    def keep(self, accumulators: Iterable[Accumulator]) -> None:
        """Keep what a whole pass gathered, and drop what an earlier, stopped one left."""
        for each in accumulators:
            if self._write(each.key, each.state):
                shutil.rmtree(self._path(_part(each)), ignore_errors=True)
        self._make_room()

    def keep_part(self, accumulators: Iterable[Accumulator], left: Sequence[range]) -> None:
        """Keep what a stopped pass gathered, with the pictures that are left."""
        ranges = np.array([(each.start, each.stop) for each in left], np.int64)
        for each in accumulators:
            self._write(_part(each), {**each.state, "left": ranges})
        self._make_room()

    def _path(self, key: str) -> Path:
        name = hashlib.blake2b(f"{self._base} {key}".encode(), digest_size=16).hexdigest()
        return self._folder / f"{name}.harvest"

    def _read(self, key: str, into: Accumulator) -> list[range] | None:
        path = self._path(key)
        if self._base is None or not path.is_dir():
            return None
        try:
            with np.load(path / "small.npz", allow_pickle=False) as small:
                state = dict(small)
            for large in path.glob("*.npy"):
                state[large.stem] = np.load(large, mmap_mode="r", allow_pickle=False)
            left = [range(int(start), int(stop)) for start, stop in state.pop("left", ())]
            into.state = state
        # Damaged in whatever way: as if it were not there, and written anew.
        except (OSError, ValueError, LookupError, EOFError, RuntimeError, zipfile.BadZipFile):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # read now, so it is not the next to go
        return left

    def _write(self, key: str, state: State) -> bool:
        if self._base is None or sum(each.nbytes for each in state.values()) > LIMIT:
            return False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(
                dir=self._folder, suffix=".writing", ignore_cleanup_errors=True
            ) as scratch:
                new = Path(scratch, "new")
                new.mkdir()
                large = {name for name, array in state.items() if array.nbytes >= LARGE}
                small: Any = {name: array for name, array in state.items() if name not in large}
                np.savez(new / "small.npz", **small)
                for name in large:
                    np.save(new / f"{name}.npy", state[name])
                path = self._path(key)
                if path.exists():
                    path.rename(Path(scratch, "old"))
                new.rename(path)
        except OSError:
            return False
        return True

    def _make_room(self) -> None:
        """Remove what is too much, and what a crash left half written."""
        with contextlib.suppress(OSError):
            for scratch in self._folder.glob("*.writing"):
                if time.time() - scratch.stat().st_mtime > _DAY:
                    shutil.rmtree(scratch, ignore_errors=True)
            entries = sorted(self._folder.glob("*.harvest"), key=lambda entry: entry.stat().st_mtime)
            total = sum(map(_size, entries))
            for entry in entries:
                if total <= LIMIT:
                    break
                total -= _size(entry)
                shutil.rmtree(entry, ignore_errors=True)


def _part(accumulator: Accumulator) -> str:
    return f"part of {accumulator.key}"


def _size(entry: Path) -> int:
    total = 0
    for file in entry.rglob("*"):
        with contextlib.suppress(OSError):  # another process may just have removed it
            total += file.stat().st_size if file.is_file() else 0
    return total
