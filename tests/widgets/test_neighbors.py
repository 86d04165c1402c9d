"""NeighborBrowser: from a trait or a click to the neighbours on screen, with no browser."""

import datetime
import io
import json
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from cnnviz_widgets import HookedModel, NeighborBrowser, picture_set
from cnnviz_widgets.errors import InputError, LayerError, PictureError
from cnnviz_widgets.methods import nearest_neighbors
from cnnviz_widgets.widgets._neighbor_chart import Curve, chart
from cnnviz_widgets.widgets._neighbor_tiles import OTHER, SAME, UNKNOWN, TileRow, fitted
from cnnviz_widgets.widgets._threads import UI_LOCK

CLASSES = ["<b>red</b>", "blue"]


class Redness(nn.Module):
    """One number, the mean of red; then two classes. `block` makes a pass wait, `broken` makes it NaN."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.out = nn.AdaptiveAvgPool2d(1), nn.Linear(1, 2)
        self.go, self.slow = threading.Event(), False
        with torch.no_grad():
            self.out.weight[:, 0], self.out.bias[:] = torch.tensor([4.0, -4.0]), torch.tensor([-2.0, 2.0])

    def forward(self, x: Tensor) -> Tensor:
        if self.slow and len(x) > 1:
            assert self.go.wait(10)
        return self.out(self.pool(x[:, :1]).flatten(1))


def pure(red: int, green: int = 0) -> np.ndarray:
    picture = np.zeros((9, 9, 3), np.uint8)
    picture[..., 0], picture[..., 1] = red, green
    return picture


# In redness 0 2 1 4 3 from the left to the right; green parts 2 from the others in pixels.
PICTURES = [pure(10), pure(20), pure(14, 255), pure(220), pure(200)]
LABELS = [0, 0, 1, 1, 1]


def gallery(count: int = 5):
    return picture_set(PICTURES[:count], labels=[CLASSES[each] for each in LABELS[:count]])


@pytest.fixture
def model() -> HookedModel:
    return HookedModel(Redness(), (3, 9, 9), classes=CLASSES, name="redness")


def browser(model: HookedModel, *args, **traits) -> NeighborBrowser:
    w = NeighborBrowser(model, *(args or (gallery(),)), **traits)
    w.wait(10)
    return w


def near(w: NeighborBrowser, space: str) -> list[int]:
    return getattr(w.result, space).indices[0].tolist()


def pixels(w: NeighborBrowser, space: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(w._spaces[space].row.surface.picture)).convert("RGB"))


def click(w: NeighborBrowser, space: str, place: int) -> None:
    x, y = w._spaces[space].row._corners[place]
    w._spaces[space].row.surface.canvas._handle_frontend_event(
        None, {"event": "mouse_down", "x": x + 30, "y": y + 30}, []
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


def upload(w: NeighborBrowser, name: str, content: bytes) -> None:
    entry = {"name": name, "type": "image/png", "size": len(content), "content": memoryview(content)}
    w._chooser.upload.value = ({**entry, "last_modified": datetime.datetime.now(datetime.UTC)},)


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


def test_what_the_constructor_refuses(model, tmp_path):
    with pytest.raises(PictureError):
        NeighborBrowser(model, tmp_path)
    with pytest.raises(InputError, match="one picture: a neighbour needs a second one"):
        NeighborBrowser(model, gallery(1))
    with pytest.raises(LayerError, match="conv9"):
        NeighborBrowser(model, gallery(), layer="conv9")
    with pytest.raises(InputError, match="no picture 5 in the gallery: they go from 0 to 4"):
        NeighborBrowser(model, gallery(), query=5)
    with pytest.raises(TypeError, match="no trait 'opacity'"):
        NeighborBrowser(model, gallery(), opacity=1)


@pytest.mark.parametrize("change", [{"layer": "conv9"}, {"query": 77}, {"query": "nowhere.png"}], ids=str)
def test_what_fails_later_is_told_and_nothing_is_lost(model, change):
    w = browser(model)
    result, picture = w.result, w._spaces["features"].row.surface.picture
    w.set(**change)
    assert w.error is not None and w.result is result
    assert w._spaces["features"].row.surface.picture == picture and w._status.layout.display == ""
    w.set(layer="pool", query=1)
    w.wait(10)
    assert w.error is None and near(w, "features") == [2, 0, 4, 3] and w._status.layout.display == "none"


def test_a_layer_that_makes_no_maps(model):
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside, self.out = nn.Identity(), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.inside(x[..., None].repeat(1, 1, 1, 1, 2)).mean((2, 3, 4)))

    w = browser(HookedModel(Odd(), (3, 9, 9)), gallery(), layer="out")
    w.layer = "inside"
    assert isinstance(w.error, LayerError) and "cannot" not in str(w.error)
    w.layer = "out"
    assert w.error is None


def test_codes_that_are_no_numbers(model):
    class Broken(Redness):
        def forward(self, x: Tensor) -> Tensor:
            pooled = self.pool(torch.where(x[:, :1] > 0.8, torch.nan, x[:, :1]))
            return self.out(pooled.flatten(1))

    w = browser(HookedModel(Broken(), (3, 9, 9), classes=CLASSES), gallery())
    assert w.error is None and w.result.passed_over == 1  # picture 3
    assert w._spaces["features"].numbers == [2, 1, 4] and w._spaces["pixels"].numbers == [1, 4, 3, 2]
    assert "1 codes cannot be compared" in w._spaces["features"].title.value
    w.query = 3
    assert w.error is None and w._spaces["features"].numbers == [] and w._spaces["pixels"].numbers[0] == 4
    assert "cannot be compared" in w.words


def test_gathering_stops_and_goes_on(model, monkeypatch):
    many = [pure(i) for i in range(200)]
    network = model.network
    network.slow = True
    w = NeighborBrowser(model, picture_set(many, labels=["a", "b"] * 100), query=100)
    assert w.result.features is None and w.error is None and "No picture has gone" in w.words
    assert w._work.box.layout.display == "" and not w._work.stop.disabled
    w._work.stop.click()
    network.go.set()
    w.wait(10)
    known = w.result.known
    assert 16 <= known < 200 and near(w, "features")[0] == known - 1  # among what was seen; 100 was not
    assert w.result.feature_agreement is None and f"first {known} of 200" in w._spaces["features"].title.value
    w.query = 3  # does not begin again by itself
    assert w._runner.state == "stopped" and w.result.query.index == 3 and w.error is None
    w._work.start.click()
    w.wait(10)
    assert w.result.known == 200 and near(w, "features")[:2] == [2, 4]
    assert w.result.feature_agreement is not None and w._work.box.layout.display == "none"


def test_neighbours_are_shown_before_everything_is_gathered(model):
    w = browser(model, picture_set([pure(i) for i in range(200)], labels=["a"] * 200))
    seen = []
    w.observe(lambda change: seen.append(change.new.known), "result")
    w.layer = "flatten"
    w.wait(20)
    assert seen[0] < 200 and seen[-1] == 200 and seen == sorted(seen)


def test_a_picture_that_cannot_be_opened_stops_the_gathering_and_nothing_else(model, tmp_path):
    paths = []
    for number in range(20):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(pure(10 * number)).save(paths[-1])
    paths[18].write_bytes(b"\x89PNG no")
    w = browser(model, paths)
    assert isinstance(w.error, PictureError) and "18.png" in str(w.error)
    assert w.result.known == 16 and near(w, "features")[0] == 1
    w.query = 5
    assert w.result.query.index == 5 and near(w, "features")[:2] == [4, 6]


def test_layers_that_were_looked_at_are_compared(model):
    w = browser(model, k=1)
    assert "by depth" not in w._agreement.text.value
    w.layer = "out"
    w.wait(10)
    text = w._agreement.text.value
    assert text.index(">pixels<") < text.index(">pool<") < text.rindex(">out<")
    with UI_LOCK:
        assert w._question.layers_seen(w._question.setting("pool", "all", "cosine")) == []


def test_what_changes_only_the_look_asks_nothing(model):
    w = browser(model)
    asked = []
    model.network.register_forward_pre_hook(lambda *_: asked.append(1))
    result = w.result
    w.k = 2
    assert asked == [] and w.result is result
    w.measure = "cosine"
    w.wait(10)
    assert asked == [] and w.result is not result  # codes and classes stay
    w.query = 1
    assert len(asked) == 1


def test_state_is_json_and_brings_the_picture_back(model):
    w = browser(model, query=2, k=3, measure="cosine", places="mean")
    again = browser(model, **json.loads(json.dumps(w.state)))
    assert again.state == w.state and again.snapshot() == w.snapshot()
    picture = Image.open(io.BytesIO(w.snapshot()))
    assert picture.format == "PNG" and picture.width > 2 * TileRow.width
    w.query = 3
    assert w.snapshot() != again.snapshot()


def test_any_picture_fits_its_tile():
    assert fitted(pure(200), 82).shape == (82, 82, 3)
    small = fitted(pure(200), 82)  # nine times as large: 81 pixels
    assert (small[:81, :81, 0] == 200).all() and (small[81] == 255).all()
    wide = fitted(np.zeros((50, 300, 3), np.uint8), 60)
    assert (wide[:25] == 255).all() and (wide[25:35] == 0).all() and (wide[35:] == 255).all()
