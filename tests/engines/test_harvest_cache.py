"""Harvests on disk: read when nothing changed, never when something did, whole or not at all."""

import os
import shutil
import threading
import time

import numpy as np
import pytest
import torch

from cnnviz_widgets.engines import (
    Features,
    Harvest,
    Moments,
    Quantile,
    TopK,
    clear_cache,
    harvest,
    harvest_cache,
)
from tests.engines.planted import Colours, colours, noise


@pytest.fixture(autouse=True)
def shelf(monkeypatch, tmp_path):
    folder = tmp_path / "shelf"
    monkeypatch.setenv("CNNVIZ_CACHE", str(folder))
    return folder


def kinds():
    return [TopK("conv"), Features("fc"), Moments("relu"), Quantile("conv")]


def is_kept(model=None, pictures=None, gathers=None):
    return Harvest(model or colours(), pictures or noise(20), gathers or kinds()).done == 20


def entries(folder):
    return sorted(folder.glob("*.harvest"))


@pytest.fixture
def kept():
    return harvest(colours(), noise(20), kinds(), progress=False)


def test_the_second_time_nothing_is_computed(kept):
    model = colours()
    run = Harvest(model, noise(20), kinds())
    calls = []
    model.network.register_forward_pre_hook(lambda *_: calls.append(1))
    top, codes, spread, quantiles = run.run(progress=False)
    assert not calls
    np.testing.assert_array_equal(top.pictures, kept[0].pictures)
    np.testing.assert_array_equal(top.rows, kept[0].rows)
    np.testing.assert_array_equal(codes, kept[1])
    assert spread.count == kept[2].count and spread.std.tolist() == kept[2].std.tolist()
    assert quantiles.above(0.1).tolist() == kept[3].above(0.1).tolist()


def test_only_what_is_missing_is_gathered(kept):
    run = Harvest(colours(), noise(20), [*kinds(), TopK("conv", 2), TopK("relu")])
    assert [each.key for each in run._missing] == ["topk conv k=2", "topk relu k=9"]


def changed_weights():
    model = colours()
    with torch.no_grad():
        model.network.fc.weight[2, 1] += 1e-6
    return {"model": model}


def changed_forward():
    class Edited(Colours):
        def forward(self, x):
            return self.fc(self.relu(self.conv(x)).mean((2, 3)))

    Edited.__name__ = Edited.__qualname__ = "Colours"
    from cnnviz_widgets.backend import HookedModel

    return {"model": HookedModel(Edited(), (3, 8, 8))}


def changed_picture():
    pictures = noise(20)
    pictures[13][3, 4, 1] ^= 1
    return {"pictures": pictures}


CHANGES = {
    "weights": changed_weights,
    "the code of forward": changed_forward,
    "mean": lambda: {"model": colours(mean=0.1)},
    "std": lambda: {"model": colours(std=0.5)},
    "transform": lambda: {"model": colours(transform=lambda image: torch.zeros(3, 8, 8))},
    "a picture": changed_picture,
    "the order": lambda: {"pictures": noise(20)[::-1]},
    "k": lambda: {"gathers": [TopK("conv", 8)]},
    "the layer": lambda: {"gathers": [TopK("relu")]},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen(kept, what):
    assert is_kept() and not is_kept(**CHANGES[what]())


def test_a_file_that_changed_is_seen(tmp_path):
    from PIL import Image

    folder = tmp_path / "photos"
    folder.mkdir()
    for number, picture in enumerate(noise(20)):
        Image.fromarray(picture).save(folder / f"{number:02}.png")
    harvest(colours(), folder, kinds(), progress=False)
    assert is_kept(pictures=folder)
    os.utime(folder / "07.png", ns=(1, 1))
    assert not is_kept(pictures=folder)


@pytest.mark.parametrize("damage", ["short", "flipped", "empty", "gone"])
def test_a_damaged_entry_is_as_if_it_were_not_there(kept, shelf, damage):
    for entry in entries(shelf):
        file = entry / "small.npz"
        content = bytearray(file.read_bytes())
        if damage == "gone":
            file.unlink()
            continue
        content[len(content) // 2] ^= 255
        file.write_bytes({"short": content[:100], "flipped": content, "empty": b""}[damage])
    again = harvest(colours(), noise(20), kinds(), progress=False)
    np.testing.assert_array_equal(again[0].values, kept[0].values)
    assert again[2].count == kept[2].count and is_kept()


def test_large_arrays_are_read_as_needed_and_seen_when_cut_short(shelf, monkeypatch):
    monkeypatch.setattr(harvest_cache, "LARGE", 64)
    (codes,) = harvest(colours(), noise(20), [Features("relu", memory=0)], progress=False)
    (again,) = harvest(colours(), noise(20), [Features("relu", memory=0)], progress=False)
    np.testing.assert_array_equal(codes, again)
    assert isinstance(again, np.memmap)
    (file,) = shelf.glob("*/codes.npy")
    file.write_bytes(file.read_bytes()[:-40])
    assert not is_kept(gathers=[Features("relu", memory=0)])


def test_large_codes_of_a_stopped_pass_go_on(monkeypatch):
    monkeypatch.setattr(harvest_cache, "LARGE", 64)
    first = iter(Harvest(colours(), noise(20), [Features("relu", memory=0)], batch=8))
    next(first)
    first.close()
    run = Harvest(colours(), noise(20), [Features("relu", memory=0)])
    assert run.done == 8
    (expected,) = harvest(colours(), noise(20), [Features("relu")], cache=False, progress=False)
    np.testing.assert_array_equal(run.run(progress=False)[0], expected)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "read-only")])
def test_a_disk_that_is_full_or_read_only_costs_nothing_now(shelf, monkeypatch, error):
    def fails(*args, **kwargs):
        raise error

    for name in ("savez", "save"):
        monkeypatch.setattr(harvest_cache.np, name, fails)
    (top,) = harvest(colours(), noise(20), [TopK("conv")], progress=False)
    assert top.found.all() and not list(shelf.iterdir())


def test_a_cache_that_is_a_file(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path / "file"))
    assert harvest(colours(), noise(20), [TopK("conv")], progress=False)[0].found.all()


def test_two_that_write_at_once(kept, shelf):
    shutil.rmtree(shelf)
    gate = threading.Barrier(4, timeout=20)

    def run():
        runs = Harvest(colours(), noise(20), kinds())
        gate.wait()
        runs.run(progress=False)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert is_kept() and len(entries(shelf)) == 4 and not list(shelf.glob("*.writing"))


def test_a_finished_pass_removes_what_a_stopped_one_left(shelf):
    steps = iter(Harvest(colours(), noise(20), kinds(), batch=8))
    next(steps)
    steps.close()
    assert len(entries(shelf)) == 4
    harvest(colours(), noise(20), kinds(), progress=False)
    assert len(entries(shelf)) == 4 and is_kept()


def test_what_was_not_read_for_longest_goes_first(shelf, monkeypatch):
    for k in (1, 2, 3):
        harvest(colours(), noise(20), [TopK("conv", k)], progress=False)
        (newest,) = set(entries(shelf)) - {e for e in entries(shelf) if e.stat().st_mtime < 1000}
        os.utime(newest, (k, k))
    assert is_kept(gathers=[TopK("conv", 1)])  # read: now 2 is the oldest
    size = sum(map(harvest_cache._size, entries(shelf)))
    monkeypatch.setattr(harvest_cache, "LIMIT", size + 500)
    harvest(colours(), noise(20), [TopK("conv", 4)], progress=False)
    assert [is_kept(gathers=[TopK("conv", k)]) for k in (1, 2, 3, 4)] == [True, False, True, True]


def test_what_is_larger_than_the_whole_shelf_is_not_kept(shelf, monkeypatch):
    monkeypatch.setattr(harvest_cache, "LIMIT", 50)
    harvest(colours(), noise(20), [Features("fc")], progress=False)
    assert not shelf.exists() or not entries(shelf)


def test_clear_cache_removes_harvests_and_nothing_else(kept, shelf):
    (shelf / "thesis.txt").write_text("mine")
    (shelf / "data").mkdir()
    freed = clear_cache()
    assert freed > 1000 and not is_kept()
    assert sorted(path.name for path in shelf.iterdir()) == ["data", "thesis.txt"]
    assert clear_cache() == 0


def test_what_a_crash_left_half_written_goes_after_a_day(shelf, kept):
    for name, age in (("old.writing", 2 * 86400), ("new.writing", 60)):
        (shelf / name).mkdir()
        os.utime(shelf / name, (time.time() - age,) * 2)
    harvest(colours(), noise(20), [TopK("fc")], progress=False)
    assert [path.name for path in shelf.glob("*.writing")] == ["new.writing"]


def test_what_cannot_tell_whether_it_changed_is_not_kept(shelf):
    class Code:
        def __len__(self):
            return 20

        def __getitem__(self, i):
            return noise(20)[i], 0

    for _ in range(2):
        run = Harvest(colours(), Code(), [TopK("conv")])
        assert run.done == 0
        run.run(progress=False)
    assert not shelf.exists()


def test_cache_off_reads_and_writes_nothing(kept, shelf):
    before = entries(shelf)
    run = Harvest(colours(), noise(20), [TopK("conv"), TopK("conv", 3)], cache=False)
    assert run.done == 0
    run.run(progress=False)
    assert entries(shelf) == before


def test_a_long_pass_is_kept_now_and_then(shelf, monkeypatch):
    from cnnviz_widgets.engines.harvest import Harvest as Class

    monkeypatch.setitem(Class.steps.__globals__, "_SAVED_EVERY", 0)
    steps = iter(Harvest(colours(), noise(20), kinds(), batch=8))
    next(steps)
    next(steps)  # what was there after 8 is on disk now, should the kernel die
    assert Harvest(colours(), noise(20), kinds()).done == 8
    steps.close()
