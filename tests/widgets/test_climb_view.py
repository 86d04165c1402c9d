"""What OptimizerViewer keeps and tells of its climbs: boards, captions, curves, films and files."""

import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import Channel, HookedModel, OptimizerViewer, maximize_activation
from cnnviz_widgets.errors import LayerError
from cnnviz_widgets.widgets import _optimizer_words as words
from cnnviz_widgets.widgets._climb_board import Board, painted
from cnnviz_widgets.widgets._climb_view import _with_total
from tests.widgets.waiting import Waiting, ran, waiting_net  # noqa: F401 - a fixture by import


@pytest.fixture
def captions(monkeypatch):
    """Give what was last written under the pictures."""
    told = []

    def watch(w: OptimizerViewer) -> list[str]:
        draw = w._wall.draw

        def note(pictures, texts, chosen):
            told[:] = texts
            draw(pictures, texts, chosen)

        monkeypatch.setattr(w._wall, "draw", note)
        w._paint()
        return told

    return watch


def test_a_board_knows_which_values_are_whose(net):
    climbs = [
        maximize_activation(net, [0, 1], "no prior", steps=2),
        maximize_activation(net, Channel("relu", 0), "no prior", steps=2),
    ]
    board = Board(net, climbs, ["red", "blue", "unit"])
    assert [each.step for each in board.rounds()] == [0, 1, 2]
    assert [list(values) for values in board.values] == [["class score"], ["class score"], ["relu channel 0"]]
    assert [len(points) for values in board.values for points in values.values()] == [3, 3, 3]
    assert board.woken == {2}, "the ReLU was off at the start"


def test_stretched_colours_stay_between_black_and_white_on_both_sides():
    flat = HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (3, 2, 2), mean=0.25, std=0.25)
    image = torch.full((3, 2, 2), 0.2)  # black is -1 and white is 3: there is room for 1
    assert set(painted(flat, image, contrast=True).flatten().tolist()) == {128}


def test_the_sum_of_the_terms_is_of_each_step():
    lines = _with_total({"up": [(0, 1.0), (1, 2.0)], "down": [(1, -5.0)]})
    assert lines["together"] == [(0, 1.0), (1, -3.0)]
    assert list(_with_total({"up": [(0, 1.0)]})) == ["up"]


def test_what_is_said_of_a_climb(net):
    w = ran(OptimizerViewer(net, 0, preset="no prior", l2=0.01, steps=4))
    assert (
        w.words.count("class score") == 1
        and "; L2 \N{MINUS SIGN}" in w.words
        and "with your own settings" in w.words
    )
    points = w.result.values[0]["class score"]
    assert words.say_caption(w.result, 0, None, 2) == f"<i>red</i>: {points[2][1]:.3g}"
    assert words.say_caption(w.result, 0, 0.5, -1) == f"<i>red</i>: {points[-1][1]:.3g}, P 0.50"


def test_how_sure_it_is_is_told_of_the_newest_only(net, captions):
    w = ran(OptimizerViewer(net, 0, preset="no prior", steps=4))
    told, curves = captions(w), w._curves.value
    assert ", P " in told[0]
    w.at_step = 2
    assert ", P " not in told[0] and w._curves.value != curves, "the line stands at another step"
    w.set(view="classes", classes=[0, 2], layer="look", at_step=-1)
    assert all(", P " in each for each in told), "a gallery is of classes, whatever layer is chosen"
    w.view = "one"
    assert not any(", P " in each for each in told), "a channel is no class"


def test_a_gallery_begins_with_the_photo_and_its_chosen_picture_may_go(net):
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    w = OptimizerViewer(net, view="classes", classes=[0, 1, 2], start="picture", picture=red, chosen=2)
    assert w.result.image.shape[0] == 3 and (w.result.image[:, 0] == 2).all()
    w.view = "one"
    assert (w.chosen, w.error) == (0, None)


def test_the_ladder_takes_as_many_steps_as_are_asked_for_now(net):
    w = OptimizerViewer(net, 0, view="priors", steps=2)
    w.step()
    w.wait(30)
    ran(w, steps=4)
    assert [each.last.index for each in w.result.climbs] == [4] * 6


def test_the_decks_husky_may_be_siberian():
    assert (
        OptimizerViewer(HookedModel(Waiting(), (3, 8, 8), classes=["a", "Siberian husky", "b"])).target == 1
    )


def test_a_layer_without_maps_has_no_unit_to_climb():
    dense = HookedModel(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 2)), (3, 8, 8))
    with pytest.raises(LayerError, match="'2' has no maps"):
        OptimizerViewer(dense, 0, layer="2")


def test_the_film_is_drawn_now_and_then_while_it_runs(net, monkeypatch):
    w = ran(OptimizerViewer(net, 0, preset="no prior", steps=4))
    drawn = []
    monkeypatch.setattr(w._strip, "draw", lambda *_: drawn.append(1))
    w._runner.state = "running"
    for ago, count in ((10, 1), (0, 1), (10, 2)):
        w._filmed = time.monotonic() - ago
        w._paint()
        assert len(drawn) == count
    w._runner.state = "stopped"
    w._paint()
    assert len(drawn) == 3, "at rest it is always drawn"


def test_a_long_films_gif_has_few_frames_and_stays_at_its_end(net, tmp_path):
    w = ran(OptimizerViewer(net, 0, preset="no prior", rate=0.015, steps=100))
    film = Image.open(w.save(tmp_path / "film.GIF"))
    assert film.format == "GIF" and 50 <= film.n_frames <= 61
    times = []
    for place in range(film.n_frames):
        film.seek(place)
        times.append(film.info["duration"])
    assert times[-1] == 1000 and len(set(times[:-1])) == 1 and times[0] < 100
    last = np.asarray(film.convert("RGB")).astype(int)
    assert np.abs(last - w.model.to_picture(w.result.image[0])).max() < 12, "colours of a palette"


def test_a_link_to_a_file_goes_with_the_picture_it_is_of(net):
    w = ran(OptimizerViewer(net, 0, preset="no prior", steps=4))
    w._save.box.children[1].click()
    assert "download=" in w._save.link.value
    w.at_step = 1
    assert w._save.link.value == ""
