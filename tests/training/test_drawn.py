"""Pictures drawn once: opened again where they are whole and the world is the same, else drawn again."""

import json

import numpy as np
import pytest
import torch

from cnnviz_widgets.training import drawn as module
from cnnviz_widgets.training.drawn import draw, drawn
from tests.training.planted_world import PlantedWorld


class Counting(PlantedWorld):
    """Counts what it draws."""

    pictures = 0

    def picture(self, index):
        Counting.pictures += 1
        return super().picture(index)


@pytest.fixture
def counted():
    Counting.pictures = 0
    return Counting("train", 230)


def right(lessons, world):
    return all(
        torch.equal(lessons.pictures[i], torch.from_numpy(world.picture(i)[0]).permute(2, 0, 1))
        and int(lessons.labels[i]) == world.picture(i)[1]
        for i in range(len(world))
    )


def test_pictures_in_memory_are_the_worlds():
    world = PlantedWorld("train", 130)
    lessons = draw(world)
    assert lessons.pictures.shape == (130, 3, 32, 32)
    assert lessons.pictures.dtype == torch.uint8
    assert lessons.labels.dtype == torch.int64
    assert right(lessons, world)


def test_kept_pictures_are_drawn_once(tmp_path, counted):
    lessons, checksum = drawn(counted, "train", tmp_path / "new" / "folder", quiet=True)
    assert right(lessons, PlantedWorld("train", 230))
    drawn_once = Counting.pictures
    assert drawn_once >= 230
    again, same = drawn(counted, "train", tmp_path / "new" / "folder", quiet=True)
    assert Counting.pictures - drawn_once == 100  # the fingerprint only
    assert same == checksum
    assert torch.equal(again.pictures, lessons.pictures)
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        "train.json",
        "train.npy",
    ]
    assert drawn(PlantedWorld("val", 230), "val", tmp_path, quiet=True).checksum != checksum


@pytest.mark.parametrize("harm", ["pixel", "cut", "no notes", "odd notes", "labels", "empty"])
def test_damaged_pictures_are_drawn_again(tmp_path, counted, harm):
    drawn(counted, "train", tmp_path, quiet=True)
    pixels, notes = tmp_path / "train.npy", tmp_path / "train.json"
    whole = pixels.read_bytes()
    if harm == "pixel":
        pixels.write_bytes(whole[:-500] + bytes([whole[-500] ^ 1]) + whole[-499:])
    elif harm == "cut":
        pixels.write_bytes(whole[:-1])
    elif harm == "empty":
        pixels.write_bytes(b"")
    elif harm == "no notes":
        notes.unlink()
    elif harm == "odd notes":
        notes.write_text("{")
    else:
        told = json.loads(notes.read_text())
        notes.write_text(json.dumps(told | {"labels": told["labels"][:-1]}))
    before = Counting.pictures
    assert right(drawn(counted, "train", tmp_path, quiet=True).lessons, PlantedWorld("train", 230))
    assert Counting.pictures - before >= 330
    assert pixels.read_bytes() == whole


def test_another_world_is_drawn_again(tmp_path):
    before = drawn(PlantedWorld("train", 230), "train", tmp_path, quiet=True)
    changed = PlantedWorld("train", 230, change=1)
    after = drawn(changed, "train", tmp_path, quiet=True)
    assert right(after.lessons, changed)
    assert after.checksum != before.checksum
    renamed = PlantedWorld("train", 230, change=1)
    renamed.classes = ("a", "b", "c", "d")
    assert module._fingerprint(renamed) != module._fingerprint(changed)
    more = PlantedWorld("train", 231, change=1)
    assert len(drawn(more, "train", tmp_path, quiet=True).lessons.labels) == 231


def test_a_stopped_drawing_leaves_no_half(tmp_path):
    class Stopping(PlantedWorld):
        def picture(self, index):
            if index == 150:
                raise KeyboardInterrupt
            return super().picture(index)

    world = Stopping("train", 230)
    with pytest.raises(KeyboardInterrupt):
        drawn(world, "train", tmp_path, quiet=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.heavy
def test_several_processes_draw_the_same(tmp_path):
    world = PlantedWorld("train", 230)
    one = drawn(world, "one", tmp_path, quiet=True)
    two = drawn(world, "two", tmp_path, processes=2, quiet=True)
    assert one.checksum == two.checksum
    assert torch.equal(one.lessons.labels, two.lessons.labels)


def test_nothing_written_to_the_tensor_reaches_the_disk(tmp_path):
    world = PlantedWorld("train", 20)
    lessons = drawn(world, "train", tmp_path, quiet=True).lessons
    before = (tmp_path / "train.npy").read_bytes()
    lessons.pictures.zero_()
    assert (tmp_path / "train.npy").read_bytes() == before


def test_the_bar_counts_pictures(tmp_path, capsys):
    drawn(PlantedWorld("train", 20), "train", tmp_path)
    assert "20/20" in capsys.readouterr().err
    assert np.load(tmp_path / "train.npy").shape == (20, 32, 32, 3)
