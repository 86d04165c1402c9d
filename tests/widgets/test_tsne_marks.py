"""TSNEScatter: from a click, a lasso or a class to the pictures beside the map; its three views."""

import json

import numpy as np
import pytest

from cnnviz_widgets import picture_grid
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.paint.scatter import MANY, plane_of
from cnnviz_widgets.widgets import _tsne_wall
from cnnviz_widgets.widgets._tsne_plot import PointsPanel, selections_of
from tests.widgets.toy_map import (  # noqa: F401 - fixtures by import
    LIMIT,
    colored,
    few_iterations,
    image,
    made_widgets,
    mean_colors,
    no_cache,
    points_of,
    scatter,
)


def test_a_click_shows_the_nearest_in_the_space_that_was_arranged(made):
    w = scatter(made)
    w._choose(6)
    codes = mean_colors(w.pictures)
    far = np.linalg.norm(codes - codes[6], axis=1)
    nearest = np.argsort(far)[1:11].tolist()
    assert w.chosen == 6 and w._side._numbers == nearest
    assert "10 nearest of picture 6 in code:" in w._side.title.value
    same = sum(each % 4 == 2 for each in nearest)
    assert f"also blue, {same} of 10" in w._side.title.value
    links, rings = w._points.figure.data[0], w._points.figure.data[2]
    assert len(rings.x) == 11 and len(links.x) == 30
    assert links.x[0] == pytest.approx(w.result.layout.positions[6, 0], rel=1e-5) and np.isnan(links.x[2])
    w._side._tell(60, 10, w._choose_number)  # the second picture of the board
    assert w.chosen == nearest[1]
    w._controls._controls["chosen"].value = -1
    assert w._side._numbers == [] and len(rings.x) == 0


def test_how_many_of_the_nearest_are_near_in_the_plane(made):
    w = scatter(made)
    w.chosen = 6
    positions = w.result.layout.positions
    plane = np.argsort(np.linalg.norm(positions - positions[6], axis=1))[1:11]
    shared = len(set(plane.tolist()) & set(w._side._numbers))
    assert f"{shared} of these 10 are among the 10 nearest in the plane" in w._side.title.value


def test_a_lasso_shows_its_pictures(made):
    w = scatter(made)
    w._on_select([0, 4, 8, 1])
    assert w.selected == [0, 4, 8, 1] and w._side._numbers == [0, 4, 8, 1]
    assert "4 pictures:" in w._side.title.value and "3 &lt;b&gt;red&lt;/b&gt;, 1 green" in w._side.title.value
    assert sorted(points_of(w).selectedpoints) == [0, 1, 4, 8]
    w._choose(2)
    assert w.selected == [] and points_of(w).selectedpoints is None
    w._on_select([3])
    assert w.chosen == -1
    w._on_select([])  # a double click
    assert w._side._numbers == [] and points_of(w).selectedpoints is None


def test_lassos_and_boxes_as_the_browser_sends_them(made):
    w = scatter(made)
    figure, positions = w._points.figure, w.result.layout.positions
    (x0, y0), (x1, y1) = positions[[3, 9]].min(axis=0) - 0.01, positions[[3, 9]].max(axis=0) + 0.01
    inside = np.flatnonzero(((positions > (x0, y0)) & (positions < (x1, y1))).all(axis=1)).tolist()
    assert {3, 9} <= set(inside) and len(inside) < len(positions)
    box = {"type": "rect", "x0": x1, "x1": x0, "y0": y0, "y1": y1}
    path = f"M{x0},{y0}L{x1},{y0}L{x1},{y1}L{x0},{y1}Z"
    for drawn in (box, {"type": "path", "path": path}):
        figure.plotly_relayout({"selections": [drawn]})
        assert w.selected == inside and sorted(points_of(w).selectedpoints) == inside
        figure.plotly_relayout({"selections": []})  # a double click
        assert w.selected == []
    (x, y) = positions[0] - 0.01
    far = {"type": "rect", "x0": x, "x1": x + 0.02, "y0": y, "y1": y + 0.02}
    figure.plotly_relayout({"selections": [{"type": "path", "path": path}, far]})  # with Shift, both
    assert set(inside) | {0} == set(w.selected)
    w._choose(2)  # takes the lassos away, and stays chosen
    assert (w.selected, w.chosen) == ([], 2) and selections_of(figure.layout) == []


def test_many_pictures_of_a_lasso_are_counted_and_some_shown(made):
    w = scatter(made, colored(60))
    w._on_select(list(range(60)))
    assert len(w._side._numbers) == 50
    assert "60 pictures:" in w._side.title.value and "the first 50 are shown" in w._side.title.value


def test_a_class_stands_out(made):
    w = scatter(made)
    w._controls._controls["highlight"].value = "blue"
    assert w.highlight == "blue" and list(points_of(w).selectedpoints) == list(range(2, 40, 4))
    assert w._side._numbers == list(range(2, 40, 4)) and "10 pictures of blue" in w._side.title.value


def test_the_pointer_shows_the_picture(made):
    w = scatter(made)
    before = bytes(w._side.large.value)
    w._point_at(4)
    seen = image(bytes(w._side.large.value))
    assert bytes(w._side.large.value) != before and seen.shape == (112, 112, 3)
    assert np.array_equal(seen[::14, ::14], w.pictures[4])
    assert "picture 4" in w._side.name.value and "&lt;b&gt;red" in w._side.name.value
    assert "<b>red" not in w._side.name.value


# The views


def test_the_grid_has_a_cell_for_every_picture(made):
    w = scatter(made, view="grid")
    grid = picture_grid(w.result.layout.positions)
    assert grid.cells.shape == (6, 7)
    seen = image(w._wall.surface.picture)
    assert seen.shape == (6 * 30 - 4, 7 * 30 - 4, 3)
    for row, column in np.ndindex(6, 7):
        point = grid.cells[row, column]
        cell = seen[row * 30 : row * 30 + 26, column * 30 : column * 30 + 26]
        assert np.array_equal(cell, w._work.album.small(point) if point >= 0 else np.full_like(cell, 255))
    right, _ = grid.seams(mean_colors(w.pictures))
    row, column = np.unravel_index(np.nanargmax(right), right.shape)
    assert tuple(seen[row * 30 + 9, column * 30 + 27]) == (208, 28, 0)
    mouse(w, "mouse_down", 3 * 30 + 5, 2 * 30 + 5)
    assert w.chosen == grid.cells[2, 3] and "moved" in w._title.value
    framed = image(w._wall.surface.picture)[2 * 30, 3 * 30]
    assert tuple(framed) == (255, 140, 0)
    mouse(w, "mouse_move", 5, 5)
    assert f"picture {grid.cells[0, 0]}" in w._side.name.value


def mouse(w, event: str, x: float, y: float) -> None:
    w._wall.surface.canvas._handle_frontend_event(None, {"event": event, "x": x, "y": y}, [])


def test_thumbnails_lie_where_the_points_are(made):
    w = scatter(made)
    assert w._board.layout.display == "none"
    w.view = "thumbnails"
    w.wait(LIMIT)
    assert w._board.layout.display == "" and w._plot.layout.display == "none"
    seen = image(w._wall.surface.picture)
    positions = w.result.layout.positions
    places = plane_of(positions, 600).pixels(positions)
    lowest = int(np.argmax(places[:, 1]))
    x, y = places[lowest].tolist()
    near = [i for i in range(40) if np.abs(places[i] - places[lowest]).max() < 13]
    assert any(
        tuple(seen[round(y), round(x)]) in {tuple(p) for p in w._work.album.small(i).reshape(-1, 3)}
        for i in near
    )
    mouse(w, "mouse_down", x, y)
    assert w.chosen in near
    w.set(chosen=-1, highlight="blue")
    faded = image(w._wall.surface.picture)
    assert faded.mean() > seen.mean() + 1


def test_more_pictures_than_find_room_are_drawn_by_lot(made, monkeypatch):
    monkeypatch.setattr(_tsne_wall, "IN_GRID", 9)
    w = scatter(made, view="grid")
    points = w._wall.shown(w.result, "grid")
    assert len(set(points.tolist())) == 9 and np.array_equal(points, w._wall.shown(w.result, "grid"))
    assert image(w._wall.surface.picture).shape == (86, 86, 3) and "9 of them, drawn by lot" in w._title.value
    mouse(w, "mouse_down", 5, 5)
    assert w.chosen in points


@pytest.mark.parametrize("view", ["points", "thumbnails", "grid"])
def test_a_picture_for_places_without_a_kernel(made, view):
    w = scatter(made, view=view)
    plain = image(w.snapshot())
    w.chosen = 3
    marked = image(w.snapshot())
    assert plain.shape[0] > 150 and marked.shape[1] > plain.shape[1]
    assert (plain != 255).any(axis=2).mean() > 0.01
    json.dumps(w.state)


@pytest.mark.parametrize(
    ("points", "symbol", "size", "ratio"), [(MANY, ["circle", "square"], 7, 2), (MANY + 1, "circle", 4, 1)]
)
def test_many_points_are_light_for_a_browser(points, symbol, size, ratio):
    names, labels = [f"p{i}" for i in range(points)], np.arange(points) % 2
    pictures = PictureSet(lambda _: np.zeros((8, 8, 3), np.uint8), names, labels, ["ant", "bee"])
    figure = PointsPanel(pictures, print, print, print).figure
    marker = figure.data[1].marker
    assert marker.symbol[:2] == tuple(symbol) if points == MANY else marker.symbol == symbol
    assert marker.size == size and figure._config.get("plotGlPixelRatio", 2) == ratio
    assert len(marker.color) == points and marker.color[0] != marker.color[1]
