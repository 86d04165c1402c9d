"""Blocks of tiles: every pixel where it belongs, and the way back from a pixel to its tile."""

import numpy as np
import pytest

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint.blocks import blocks, fitted


def numbered(count: int, sides: int, k: int, side: int) -> np.ndarray:
    """Give each tile a colour that is its block, side and number."""
    tiles = np.zeros((count, sides, k, side, side, 3), np.uint8)
    for block, half, tile in np.ndindex(count, sides, k):
        tiles[block, half, tile] = (block, half, tile)
    return tiles


def test_every_tile_lies_where_locate_says():
    wall = blocks(numbered(5, 2, 9, 4), columns=2, labels=list("abcde"), gap=1, between=6, apart=10)
    # A square is 3 x 4 + 2 = 14; a block 14 + 6 + 14 = 34 wide and 14 + 14 high; the wall 2 x 34 + 10.
    assert wall.size == (78, 3 * 28 + 2 * 10)
    seen = {}
    for y in range(wall.size[1]):
        for x in range(wall.size[0]):
            place = wall.locate(x, y)
            if place is not None and place[2] >= 0:
                assert tuple(wall.array[y, x]) == place
                seen[place] = seen.get(place, 0) + 1
    assert len(seen) == 5 * 2 * 9 and set(seen.values()) == {16}


def test_boxes_by_hand():
    wall = blocks(numbered(3, 2, 4, 5), columns=2, labels=list("abc"), gap=2, between=6, apart=10)
    # A square of 2 x 2 tiles: 12. Block 1 begins at 12 + 6 + 12 + 10 = 40; labels take 14.
    assert wall.box(0) == (0, 0, 26, 30) and wall.box(1) == (0, 40, 26, 70) and wall.box(2) == (36, 0, 62, 30)
    assert wall.tile_box(1, 0, 0) == (14, 40, 19, 45)
    assert wall.tile_box(1, 1, 3) == (21, 40 + 18 + 7, 26, 40 + 18 + 12)
    top, left, bottom, right = wall.tile_box(2, 1, 2)
    assert (wall.array[top:bottom, left:right] == (2, 1, 2)).all()


def test_labels_gaps_and_empty_places():
    wall = blocks(numbered(3, 2, 3, 6), columns=2, labels=["7", "8", "9"])
    assert wall.locate(2, 3) == (0, 0, -1)  # the label
    assert (wall.array[:13, :8] < 200).any()  # is written there
    assert wall.locate(13 + 3, 20) == (0, 0, -1)  # between the squares
    assert wall.locate(7, 14 + 7 + 3) == (0, 0, -1)  # three tiles leave a place empty
    assert wall.locate(wall.size[0] - 1, wall.size[1] - 1) is None and wall.locate(-1, 0) is None


def test_as_many_blocks_side_by_side_as_fit():
    tiles = numbered(7, 1, 9, 10)  # 32 wide, 10 apart
    assert blocks(tiles, width=3 * 42 - 10, labels=()).size[0] == 3 * 42 - 10
    assert blocks(tiles, width=3 * 42 - 11).size[0] == 2 * 42 - 10
    assert blocks(tiles, width=5).size[0] == 32


def test_what_is_no_wall():
    with pytest.raises(
        PictureError, match=r"\(blocks, sides, k, rows, columns, 3\).*got uint8 \(9, 4, 4, 3\)"
    ):
        blocks(np.zeros((9, 4, 4, 3), np.uint8))
    with pytest.raises(PictureError, match="2 labels were given for 3 blocks"):
        blocks(numbered(3, 1, 1, 2), labels=["a", "b"])


def test_small_pictures_are_enlarged_exactly_and_large_ones_averaged():
    small = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert np.array_equal(fitted(small, 6), small.repeat(3, 0).repeat(3, 1))
    large = np.zeros((8, 8, 3), np.uint8)
    large[:4, :4] = 200
    large[0, 7] = 160  # one of sixteen
    assert fitted(large, 2)[..., 0].tolist() == [[200, 10], [0, 0]]


def test_a_picture_that_is_not_square_stands_in_the_middle():
    tile = fitted(np.zeros((2, 4, 3), np.uint8), 8)
    assert (
        tile.shape == (8, 8, 3)
        and not tile[2:6].any()
        and (tile[:2] == 255).all()
        and (tile[6:] == 255).all()
    )
