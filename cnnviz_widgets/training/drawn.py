"""A world's pictures drawn once and kept on disk, since drawing takes longer than learning from them.

Beside ``NAME.npy``, the pixels, lies ``NAME.json``: the labels, a checksum of the pixels, and a fingerprint
of the world. Pictures that are damaged, or that the world would draw otherwise today, are drawn again.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from tqdm import tqdm

from cnnviz_widgets.training.lessons import LabelledPictures
from cnnviz_widgets.training.loop import write_whole

_PORTION = 100  # pictures a process draws before it reports
_FINGERPRINTED = 100  # pictures drawn anew to see whether the world is still the same


class World(Protocol):
    """Labelled pictures drawn by code: the same index always gives the same picture."""

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes; a label is an index into them."""

    def __len__(self) -> int:
        """Count the pictures."""

    def picture(self, index: int, /) -> tuple[np.ndarray, int]:
        """Draw one picture, (H, W, 3) uint8 RGB, and give its label."""


class Drawn(NamedTuple):
    """Pictures and labels, and the checksum that tells these pictures from others."""

    lessons: LabelledPictures
    checksum: int


def draw(world: World, *, processes: int = 1, quiet: bool = True) -> LabelledPictures:
    """Draw all pictures of a world into memory."""
    height, width, _ = world.picture(0)[0].shape
    pixels = np.empty((len(world), height, width, 3), np.uint8)
    labels = _fill(pixels, world, processes, quiet)
    return _lessons(pixels, labels)


def drawn(world: World, name: str, folder: Path, *, processes: int = 1, quiet: bool = False) -> Drawn:
    """Open the pictures of `world` kept in `folder`, after drawing them where they are not there.

    Parameters
    ----------
    world : World
        What to draw.
    name : str
        What tells these pictures from others in the folder.
    folder : Path
        Where they are kept; 450 MB for 12,000 pictures of 112x112.
    processes : int
        How many draw side by side.
    quiet : bool
        Show no progress bar.

    Returns
    -------
    Drawn
        The pixels stay on disk and are read as they are needed.
    """
    pixels, notes = folder / f"{name}.npy", folder / f"{name}.json"
    fingerprint = _fingerprint(world)
    kept = _open(pixels, notes, fingerprint, len(world))
    if kept is None:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(pixels, lambda path: _draw_to(path, notes, world, fingerprint, processes, quiet))
        kept = _open(pixels, notes, fingerprint, len(world))
    if kept is None:
        raise OSError(f"{pixels} was written and cannot be read back; is the disk full or damaged?")
    return kept


def _draw_to(path: Path, notes: Path, world: World, fingerprint: str, processes: int, quiet: bool) -> None:
    height, width, _ = world.picture(0)[0].shape
    # The pixels go to disk as they are drawn: they need no memory of their own size.
    pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(len(world), height, width, 3))
    labels = _fill(pixels, world, processes, quiet)
    pixels.flush()
    told = {"fingerprint": fingerprint, "checksum": _checksum(pixels), "labels": labels}
    write_whole(notes, lambda beside: beside.write_text(json.dumps(told)))


def _fill(pixels: np.ndarray, world: World, processes: int, quiet: bool) -> list[int]:
    """Draw every picture into its place in `pixels`; their labels."""
    labels: list[int] = []
    count = len(world)
    portions = [range(start, min(start + _PORTION, count)) for start in range(0, count, _PORTION)]
    with tqdm(desc="drawing", total=count, unit="picture", disable=quiet) as bar:
        for portion, (some, theirs) in zip(portions, _portions(world, portions, processes), strict=True):
            pixels[portion.start : portion.stop] = some
            labels += theirs
            bar.update(len(portion))
    return labels


def _portions(world: World, portions: list[range], processes: int) -> Iterator[tuple[np.ndarray, list[int]]]:
    if processes == 1 or len(portions) == 1:
        yield from (_draw_portion(world, portion) for portion in portions)
        return
    # Spawned, since a fork of a process in which torch has started its threads can hang.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_draw_portion, [world] * len(portions), portions)


def _draw_portion(world: World, portion: range) -> tuple[np.ndarray, list[int]]:
    each = [world.picture(index) for index in portion]
    return np.stack([picture for picture, _ in each]), [int(label) for _, label in each]


def _open(pixels: Path, notes: Path, fingerprint: str, count: int) -> Drawn | None:
    """Open what is kept; None where it is not there, not whole, or of another world."""
    try:
        told = json.loads(notes.read_text())
        # Copy on write: nothing reaches the file, and torch is content with the array.
        found = np.load(pixels, mmap_mode="c")
        right = told["fingerprint"] == fingerprint and told["checksum"] == _checksum(found)
        labels = [int(label) for label in told["labels"]]
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
    if not right or not len(found) == len(labels) == count:
        return None
    return Drawn(_lessons(found, labels), told["checksum"])


def _lessons(pixels: np.ndarray, labels: list[int]) -> LabelledPictures:
    return LabelledPictures(torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.tensor(labels))


def _checksum(pixels: np.ndarray) -> int:
    found = 0
    for start in range(0, len(pixels), _PORTION):
        found = zlib.crc32(pixels[start : start + _PORTION].tobytes(), found)
    return found


def _fingerprint(world: World) -> str:
    """Hash the classes, and some pictures as the world draws them now."""
    digest = hashlib.sha256(json.dumps([len(world), *world.classes]).encode())
    for index in np.linspace(0, len(world) - 1, min(_FINGERPRINTED, len(world))).astype(int).tolist():
        picture, label = world.picture(index)
        digest.update(np.ascontiguousarray(picture).tobytes() + bytes([label]))
    return digest.hexdigest()
