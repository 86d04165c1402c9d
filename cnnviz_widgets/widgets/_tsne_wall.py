"""The pictures of TSNEScatter themselves: thumbnails in the plane, or a grid of them with seams."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.methods.picture_grid import PictureGrid, picture_grid
from cnnviz_widgets.paint import Mosaic, draw_box, rgb_png
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.paint.scatter import nearest_point, paste_thumbnails, plane_of
from cnnviz_widgets.paint.seams import seamed_grid
from cnnviz_widgets.widgets._surface import Surface
from cnnviz_widgets.widgets._tsne_codes import THUMB, Album, Floats
from cnnviz_widgets.widgets._tsne_work import Arrangement, Whole

Mask = npt.NDArray[np.bool_]

SIDE = 600  # screen pixels
IN_GRID, IN_PLANE = 400, 1500  # pictures
_ORANGE, _BLACK = (255, 140, 0), (0, 0, 0)


class WallPanel:
    """Thumbnails that can be pointed at and clicked.

    Parameters
    ----------
    album : Album
        Where thumbnails come from.
    on_point, on_click : callable
        Called with a point's place in the arrangement.
    """

    def __init__(
        self, album: Album, on_point: Callable[[int], None], on_click: Callable[[int], None]
    ) -> None:
        self._album = album
        self.surface = Surface(
            lambda x, y: self._tell(x, y, on_point), lambda x, y: self._tell(x, y, on_click)
        )
        self._find: Callable[[float, float], int | None] = lambda x, y: None
        self._grid: tuple[object, PictureGrid, Whole] | None = None  # of the last layout

    def shown(self, arrangement: Arrangement, view: str) -> Whole:
        """Choose the points that find room: all, or some drawn by lot, the same ones every time."""
        room, there = (IN_GRID if view == "grid" else IN_PLANE), len(arrangement.numbers)
        if there <= room:
            return np.arange(there)
        return np.sort(np.random.default_rng(0).choice(there, room, replace=False))

    def draw_plane(self, arrangement: Arrangement, marked: list[int], bright: Mask | None) -> None:
        """Paint thumbnails where the points are; the marked ones on top, framed, and the others faded."""
        assert arrangement.layout is not None
        points = self.shown(arrangement, "thumbnails")
        if bright is not None:
            points = points[np.argsort(bright[points], kind="stable")]
        points = np.concatenate([points[~np.isin(points, marked)], np.array(marked[::-1], np.int64)])
        tiles = self._tiles(arrangement, points, bright)
        for i in range(len(points) - len(marked), len(points)):
            tiles[i] = _framed(tiles[i], is_chosen=i == len(points) - 1)
        positions = arrangement.layout.positions
        places = plane_of(positions, SIDE).pixels(positions)[points]
        self._show(paste_thumbnails(places, tiles, SIDE))

        def find(x: float, y: float) -> int | None:
            near = np.flatnonzero((np.abs(places - (x, y)) <= THUMB / 2).all(axis=1))
            if len(near):
                return int(points[near[-1]])  # the one on top
            place = nearest_point(places, x, y, THUMB)
            return None if place is None else int(points[place])

        self._find = find

    def draw_grid(
        self, arrangement: Arrangement, codes: Floats | None, marked: list[int], bright: Mask | None
    ) -> PictureGrid:
        """Paint the pictures in cells; the redder a seam, the farther apart the codes of two neighbours."""
        assert arrangement.layout is not None
        if self._grid is None or self._grid[0] is not arrangement.layout:
            points = self.shown(arrangement, "grid")
            self._grid = (arrangement.layout, picture_grid(arrangement.layout.positions[points]), points)
        _, grid, points = self._grid
        tiles = self._tiles(arrangement, points, bright)
        for order, point in enumerate(marked):
            for i in np.flatnonzero(points == point):
                tiles[i] = _framed(tiles[i], is_chosen=order == 0)
        if codes is None:
            right, down = (np.full(shape, np.nan) for shape in _seam_shapes(grid.cells))
        else:
            right, down = grid.seams(codes[arrangement.numbers[points]])
        board = seamed_grid(tiles, grid.cells, right, down)
        self._show(board.array)
        self._find = lambda x, y: _in_cell(board, grid, points, x, y)
        return grid

    def _tiles(self, arrangement: Arrangement, points: Whole, bright: Mask | None) -> Bytes:
        tiles = self._album.smalls(arrangement.numbers[points].tolist())
        if bright is not None:
            faded = ~bright[points]
            tiles[faded] = 255 - (255 - tiles[faded]) // 5
        return tiles

    def _show(self, picture: Bytes) -> None:
        self.surface.show(rgb_png(picture), "png", (picture.shape[1], picture.shape[0]))

    def _tell(self, x: float, y: float, hear: Callable[[int], None]) -> None:
        point = self._find(x, y)
        if point is not None:
            hear(point)


def _in_cell(board: Mosaic, grid: PictureGrid, points: Whole, x: float, y: float) -> int | None:
    place = board.locate(x, y)
    if place is None:
        return None
    point = int(grid.cells.ravel()[place[0]])
    return None if point < 0 else int(points[point])


def _seam_shapes(cells: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    rows, columns = cells.shape
    return [(rows, columns - 1), (rows - 1, columns)]


def _framed(tile: Bytes, is_chosen: bool) -> Bytes:
    """Frame a thumbnail: the chosen one in orange, its neighbours in black."""
    box = (0, 0, tile.shape[0], tile.shape[1])
    return draw_box(tile, box, _ORANGE if is_chosen else _BLACK, thickness=4 if is_chosen else 2)
