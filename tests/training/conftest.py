"""A CIFAR-10 in small: pictures whose class shows in their colour, in both layouts a data folder can have."""

import io
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.training import miniworld
from cnnviz_widgets.training.cifar10 import CLASSES
from cnnviz_widgets.training.world_nets import Net
from tests.training.planted_world import COUNTS, PlantedWorld

TRAIN, TEST = 200, 100
COLOURS = np.array([(230, 20, 20), (20, 230, 20), (20, 20, 230), (5, 5, 5), (250, 250, 250)], np.uint8)


def planted(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures, (count, 32, 32, 3) uint8, with a square whose place and colour tell the class."""
    chance = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    chance.shuffle(labels)
    pictures = chance.integers(80, 160, (count, 32, 32, 3), dtype=np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        top = 16 * (label // 5)
        picture[top : top + 14, 8:24] = COLOURS[label % 5]
    return pictures, labels


def write_npz(folder: Path) -> Path:
    """Pictures as PNG files one after another, so that no pixel is lost on the way."""
    folder.mkdir(parents=True)
    for split, count, seed in (("train", TRAIN, 1), ("test", TEST, 2)):
        pictures, labels = planted(count, seed)
        files = []
        for picture in pictures:
            stream = io.BytesIO()
            Image.fromarray(picture).save(stream, "PNG")
            files.append(stream.getvalue())
        np.savez(
            folder / f"{split}.npz",
            jpeg=np.frombuffer(b"".join(files), np.uint8),
            offsets=np.cumsum([0, *map(len, files)]),
            labels=labels.astype(np.uint8),
            classes=np.array(CLASSES),
        )
    return folder


def write_batches(root: Path) -> Path:
    """What torchvision unpacks: five pickles of training pictures and one of test pictures."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    pictures, labels = planted(TRAIN, 1)
    parts = [(f"data_batch_{n + 1}", pictures[n::5], labels[n::5]) for n in range(5)]
    for name, some, their in [*parts, ("test_batch", *planted(TEST, 2))]:
        flat = some.transpose(0, 3, 1, 2).reshape(len(some), -1)
        (folder / name).write_bytes(pickled_by_python_2(flat, their))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list(CLASSES)}))
    return root


def pickled_by_python_2(data: np.ndarray, labels: np.ndarray) -> bytes:
    """The bytes Python 2 wrote for {"data": data, "labels": labels}; its strings have their own opcodes."""
    rows, columns = (b"M" + number.to_bytes(2, "little") for number in data.shape)
    kind = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    content = b"T" + data.size.to_bytes(4, "little") + data.tobytes()
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    array = empty + b"(K\x01" + rows + columns + b"\x86" + kind + b"\x89" + content + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(U\x04data" + array + b"U\x06labels" + numbers + b"u."


@pytest.fixture(scope="session")
def small_cifar10(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_npz(tmp_path_factory.mktemp("data") / "npz")


@pytest.fixture
def unpacked_cifar10(tmp_path: Path) -> Path:
    return write_batches(tmp_path / "torchvision")


@pytest.fixture
def packed_cifar10(tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return write_npz(tmp_path / "npz")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """One thread sums in one order, so that two runs are equal bit for bit; and small nets are faster."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def small_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The planted world in place of Miniworld; the folder for its pictures."""
    for split, count in COUNTS.items():
        monkeypatch.setitem(miniworld.COUNTS, split, count)
    monkeypatch.setattr(miniworld, "world", lambda kind, split, n, seed=0: PlantedWorld(split, n, seed))
    monkeypatch.setattr(miniworld, "MAX_SHIFT", 2)
    monkeypatch.setattr(miniworld, "PICTURES", tmp_path / "pictures")
    miniworld.test_pictures.cache_clear()
    yield tmp_path / "pictures"
    miniworld.test_pictures.cache_clear()


@pytest.fixture
def small_net() -> Net:
    """A network small enough for tests, that keeps two epochs."""
    return Net(
        name="mini-small",
        architecture=MiniConvNet,
        kind="objects",
        about="A network for tests.",
        epochs=6,
        target=0.9,
        kept=(1, 3, 50),
    )
