"""NeighborBrowser: from a trait or a click to the neighbours on screen, with no browser."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnviz_widgets import NeighborBrowser
from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.methods import nearest_neighbors
from cnnviz_widgets.widgets._neighbor_chart import Curve, chart
from cnnviz_widgets.widgets._neighbor_tiles import OTHER, SAME, UNKNOWN
from tests.widgets.neighbors.conftest import (
    CLASSES,
    PICTURES,
    browser,
    click,
    gallery,
    near,
    pixels,
    pure,
    upload,
)


def test_the_result_is_the_neighbours_in_both_spaces(model):
    w = browser(model)
    assert (w.query, w.layer, w.error) == (0, "pool", None)
    assert near(w, "features") == [2, 1, 4, 3] and near(w, "pixels") == [1, 4, 3, 2]
    far = w.result.features.distances[0]
    assert far == pytest.approx(np.array([4, 10, 190, 210]) / 255, abs=1e-6)
    assert w.result.pixels.distances[0, 0] == pytest.approx(np.sqrt(81) * 10 / 255, abs=1e-6)
    assert w.result.query.index == 0 and w.result.known == 5


def test_the_agreement_is_the_methods(model):
    w = browser(model)
    found = nearest_neighbors(model, gallery(), k=4, progress=False)
    assert w.result.feature_agreement == pytest.approx(found.feature_agreement)
    assert w.result.pixel_agreement == pytest.approx(found.pixel_agreement)
    # of 0 1 2 3 4 the nearest in redness are 2 2 0 4 3, of classes 1 1 0 1 1: two of five agree
    assert w.result.feature_agreement[0] == pytest.approx(2 / 5)
    # in pixels 1 0 1 4 3: four of five
    assert w.result.pixel_agreement[0] == pytest.approx(4 / 5)
    assert ">0.40</td>" in chart_text(w, k=1) and ">0.80</td>" in chart_text(w, k=1)


def chart_text(w: NeighborBrowser, k: int) -> str:
    w.k = k
    return w._agreement.text.value


def test_the_frames_tell_the_class_and_the_mark_says_it_without_colour(model):
    w = browser(model, k=2)
    seen, row = pixels(w, "features"), w._spaces["features"].row
    (x0, y0), (x1, y1) = row._corners
    assert (
        tuple(seen[y0 + 60, x0 + 1]) == OTHER and tuple(seen[y1 + 60, x1 + 1]) == SAME
    )  # 2 is blue, 1 is red
    cross, tick = seen[y0 : y0 + 21, x0 : x0 + 21], seen[y1 : y1 + 21, x1 : x1 + 21]
    assert (cross == 255).all(axis=2).sum() > 30 and (tick == 255).all(axis=2).sum() > 20
    assert not np.array_equal((cross == 255).all(axis=2), (tick == 255).all(axis=2))
    assert tuple(seen[y0 + 50, x0 + 50]) == (14, 255, 0)  # the picture
    assert "1 of 2 of the query's class" in w.words


def test_a_click_makes_a_neighbour_the_query(model):
    w = browser(model)
    click(w, "features", 0)
    assert w.query == 2 and near(w, "features") == [0, 1, 4, 3]
    click(w, "pixels", 1)  # there 0 is 4 away, and 1 is 6
    assert w.query == 1
    assert w._controls.query.value == w.query and w.error is None


def test_between_tiles_there_is_nothing_to_click(model):
    w = browser(model, k=2)
    row = w._spaces["features"].row
    assert row.place_at(row._corners[1][0] - 3, 10) is None and row.place_at(-1, 10) is None
    assert row.place_at(row._corners[1][0] + 1, 10) == 1


def test_the_keyboard_reaches_a_neighbour(model):
    w = browser(model, k=2)
    options = dict(w._controls.neighbor.options)
    assert options == {
        "a neighbour ...": None,
        "1 in features: picture 2": 2,
        "2 in features: picture 1": 1,
        "1 in pixels: picture 1": 1,
        "2 in pixels: picture 4": 4,
    }
    w._controls.neighbor.value = 4
    assert w.query == 4 and w._controls.neighbor.value is None


def test_controls_drive_the_traits_and_follow_them(model):
    w = browser(model)
    controls = w._controls
    controls.query.value = 3
    assert w.query == 3
    w.query = 1
    assert controls.query.value == 1 and controls.classes.value == CLASSES[0]
    controls.classes.value = "blue"  # the next of that class
    assert w.query == 2
    controls.random.click()
    assert w.query in range(5)
    controls._controls["k"].value = 2
    assert w.k == 2 and len(w._spaces["pixels"].numbers) == 2
    controls._controls["measure"].value = "cosine"
    assert w.measure == "cosine"
    controls._controls["layer"].value = "flatten"
    assert w.layer == "flatten"
    assert controls._controls["places"].disabled  # a vector has no places
    w.wait(10)
    assert w.error is None


def test_a_picture_from_outside_finds_its_copy_at_distance_zero(model):
    w = browser(model, query=pure(20))
    assert w.result.query.index is None
    for space in (w.result.features, w.result.pixels):
        assert space.indices[0, 0] == 1 and space.distances[0, 0] == 0
    w.query = "cat"
    assert w.error is None and len(near(w, "features")) == 5 and w._chooser.list.value == "cat"
    assert (
        w._spaces["features"].row._corners and "of the query's class" not in w.words
    )  # its class is unknown
    seen, (x, y) = pixels(w, "features"), w._spaces["features"].row._corners[0]
    assert tuple(seen[y + 60, x + 1]) == UNKNOWN
    w.query = 0
    assert w._chooser.list.value is None


def test_uploads_good_and_broken(model):
    w = browser(model)
    upload(w, "broken.png", b"\x89PNG no")
    assert isinstance(w.error, PictureError) and w.query == 0
    buffer = io.BytesIO()
    Image.fromarray(pure(199)).save(buffer, "PNG")
    upload(w, "mine.png", buffer.getvalue())
    assert w.error is None and w.query == "mine.png" and near(w, "features")[0] == 4


def test_classes_names_and_layers_are_escaped(model):
    w = browser(model)
    assert "<b>red</b>" not in w._query.text.value and "&lt;b&gt;red" in w._query.text.value
    assert "<b>red</b>" not in w._description.value
    bars = chart([Curve("<i>", "#000", None, None)], None, 1, 4)
    assert "<i>" not in bars


def test_a_gallery_without_classes_shows_no_agreement(model):
    w = browser(model, PICTURES)
    assert w.error is None and w.result.feature_agreement is None and w.result.pixel_agreement is None
    assert "no classes" in w._agreement.text.value and w._controls.classes.layout.display == "none"
    assert near(w, "features") == [2, 1, 4, 3]
    seen, (x, y) = pixels(w, "features"), w._spaces["features"].row._corners[0]
    assert tuple(seen[y + 60, x + 1]) == UNKNOWN


def test_fewer_pictures_than_k(model):
    w = browser(model, gallery(3), k=12)
    assert near(w, "features") == [2, 1] and len(w._spaces["features"].numbers) == 2
    assert w.result.feature_agreement.shape == (2,) and w.error is None
    assert w._controls._controls["k"].max == 2
    w = browser(model, gallery(2))
    assert near(w, "pixels") == [1] and w.error is None
