"""The pattern tiles: they repeat without a seam, and are what their names say."""

import hashlib

import numpy as np
import pytest

from cnnviz_widgets.data.miniworld import tiles
from cnnviz_widgets.data.miniworld.vocabulary import TEXTURES


def tile(name: str) -> np.ndarray:
    return tiles.atlas().reshape(-1, tiles.SIDE, tiles.SIDE)[tiles.NAMES.index(name)]


def test_there_is_a_tile_for_every_texture():
    assert set(TEXTURES) <= set(tiles.NAMES)


def test_all_tiles_have_the_bytes_they_always_had():
    levels = np.round(tiles.atlas() * 255).astype(np.uint8)
    assert hashlib.blake2b(levels.tobytes(), digest_size=8).hexdigest() == "6e776f2f1bbcf7b9"


@pytest.mark.parametrize("name", tiles.NAMES)
def test_no_seam_is_stronger_than_the_steps_inside(name):
    """Across the border, texels differ no more than neighbours inside do at most."""
    each = tile(name)
    for axis in (0, 1):
        inside = np.abs(np.diff(each, axis=axis)).mean(axis=1 - axis)
        border = np.abs(each.take(0, axis) - each.take(-1, axis)).mean()
        assert border <= inside.max() * 1.2 + 1e-6  # mortar may begin at the border


def edges(each: np.ndarray, axis: int) -> set[int]:
    """How many times the pattern starts along a line, the tile's end joined to its beginning."""
    return set((~each & np.roll(each, -1, axis)).sum(axis=axis).tolist())


def test_stripes_stand_and_bands_lie():
    striped, banded = tile("striped") > 0.5, tile("banded") > 0.5
    assert (edges(striped, 1), edges(striped, 0)) == ({4}, {0})
    assert (edges(banded, 1), edges(banded, 0)) == ({0}, {2})


def test_a_chequered_tile_is_half_and_half_and_changes_every_eight_texels():
    each = tile("chequered")
    assert each.mean() == 0.5
    assert (each[:8, :8] == 1).all()
    assert (each[:8, 8:16] == 0).all()
    assert (each[8:16, 8:16] == 1).all()


def test_dots_are_sixteen_discs():
    each = tile("dotted") > 0.5
    assert each[8, 8]
    assert not each[0].any()
    radius2 = 0.085 * 16 * 16  # texels
    assert each.sum() == pytest.approx(16 * np.pi * radius2, rel=0.1)
