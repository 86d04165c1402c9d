"""Reading CIFAR-10: two layouts, one result, and a sentence for everything that is not CIFAR-10."""

import hashlib
import os
import pickle
import re

import numpy as np
import pytest
import torch
from torchvision import datasets

from cnnviz_widgets.errors import CnnvizError, PictureError
from cnnviz_widgets.training.cifar10 import CLASSES, MEAN, STD, read_cifar10


def test_both_layouts_read_the_same(small_cifar10, unpacked_cifar10):
    for split, count in (("train", 200), ("test", 100)):
        packed, unpacked = read_cifar10(small_cifar10, split), read_cifar10(unpacked_cifar10, split)
        assert packed.pictures.shape == unpacked.pictures.shape == (count, 3, 32, 32)
        assert packed.pictures.dtype == unpacked.pictures.dtype == torch.uint8
        assert packed.labels.dtype == unpacked.labels.dtype == torch.int64
        # The five batches deal the training pictures out in another order.
        order = torch.arange(count) if split == "test" else torch.arange(count).view(-1, 5).T.flatten()
        assert torch.equal(packed.pictures[order], unpacked.pictures)
        assert torch.equal(packed.labels[order], unpacked.labels)


def test_torchvision_reads_the_same(unpacked_cifar10, monkeypatch):
    inner = unpacked_cifar10 / "cifar-10-batches-py"

    def hashed(name):
        return hashlib.md5((inner / name).read_bytes()).hexdigest()

    theirs = datasets.CIFAR10  # the same reader, asking for our files' hashes
    for names in ("train_list", "test_list"):
        monkeypatch.setattr(theirs, names, [[name, hashed(name)] for name, _ in getattr(theirs, names)])
    monkeypatch.setattr(theirs, "meta", theirs.meta | {"md5": hashed("batches.meta")})
    for split in ("train", "test"):
        read, ours = theirs(unpacked_cifar10, train=split == "train"), read_cifar10(unpacked_cifar10, split)
        assert np.array_equal(read.data, ours.pictures.permute(0, 2, 3, 1))
        assert read.targets == ours.labels.tolist()


def test_the_inner_folder_will_do(unpacked_cifar10):
    inner = read_cifar10(unpacked_cifar10 / "cifar-10-batches-py", "test")
    assert torch.equal(inner.pictures, read_cifar10(unpacked_cifar10, "test").pictures)


def test_a_missing_folder_says_what_would_do(tmp_path):
    with pytest.raises(
        PictureError, match=r"nowhere.*no such folder.*test\.npz.*torchvision\.datasets\.CIFAR10"
    ):
        read_cifar10(tmp_path / "nowhere", "test")
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(PictureError, match=r"other files.*train\.npz"):
        read_cifar10(tmp_path, "train")


def test_a_half_unpacked_archive_names_what_is_missing(unpacked_cifar10):
    for name in ("data_batch_2", "data_batch_5"):
        (unpacked_cifar10 / "cifar-10-batches-py" / name).unlink()
    with pytest.raises(PictureError, match=r"lacks data_batch_2, data_batch_5"):
        read_cifar10(unpacked_cifar10, "train")


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_cut_file_is_named(packed_cifar10, unpacked_cifar10, keep):
    for folder, file in (
        (packed_cifar10, packed_cifar10 / "test.npz"),
        (unpacked_cifar10, unpacked_cifar10 / "cifar-10-batches-py" / "test_batch"),
    ):
        whole = file.read_bytes()
        file.write_bytes(whole[: keep if isinstance(keep, int) else int(keep * len(whole))])
        with pytest.raises(PictureError, match=f"{re.escape(file.name)} is damaged.*Fetch it again"):
            read_cifar10(folder, "test")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": np.full(100, 10, np.uint8)}, "labels from 10 to 10"),
        ({"labels": np.zeros(99, np.uint8)}, "99 labels for pictures"),
        ({"classes": np.array(CLASSES[::-1])}, "its classes are"),
        ({"offsets": np.zeros(101, int)}, "cannot identify image"),
        ({"jpeg": None}, "jpeg"),
    ],
)
def test_what_cannot_be_right_is_refused(packed_cifar10, change, said):
    file = packed_cifar10 / "test.npz"
    content = {name: each for name, each in (dict(np.load(file)) | change).items() if each is not None}
    np.savez(file, **content)
    with pytest.raises(PictureError, match=said):
        read_cifar10(packed_cifar10, "test")


def test_a_pickle_cannot_run_a_program(unpacked_cifar10, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "trapped"),)

    (unpacked_cifar10 / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(CnnvizError, match=r"mkdir, which no CIFAR-10 file needs"):
        read_cifar10(unpacked_cifar10, "test")
    assert not (tmp_path / "trapped").exists()


@pytest.mark.real
def test_the_real_pictures(real):
    pictures, labels = read_cifar10(real / "cifar10", "test")
    assert pictures.shape == (10_000, 3, 32, 32)
    assert labels.bincount().tolist() == [1000] * 10
    # The constants are the training pictures'; the test pictures are as bright to half a percent.
    assert pictures.float().mean((0, 2, 3)).div(255).tolist() == pytest.approx(MEAN, abs=0.005)
    assert pictures.float().permute(1, 0, 2, 3).flatten(1).std(1).div(255).tolist() == pytest.approx(
        STD, abs=0.005
    )
