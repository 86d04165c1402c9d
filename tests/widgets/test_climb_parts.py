"""The parts that all climbing widgets share: the film that thins itself, curves, buttons, a file's link."""

import base64
import re
import xml.etree.ElementTree

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, maximize_activation
from cnnviz_widgets.errors import ClimbError, PictureError
from cnnviz_widgets.widgets._climb_board import Board, Film, painted
from cnnviz_widgets.widgets._climb_curves import terms_svg
from cnnviz_widgets.widgets._climb_panels import ClimbWall, cut
from cnnviz_widgets.widgets._climb_steps import steps_here
from cnnviz_widgets.widgets._save_link import SaveButtons


def model() -> HookedModel:
    layer = nn.Linear(12, 2, bias=False)
    layer.weight.data = torch.arange(24.0).reshape(2, 12) - 12
    return HookedModel(nn.Sequential(nn.Flatten(), layer), (3, 2, 2), mean=0.5, std=0.25)


def test_a_film_keeps_the_first_the_last_and_evenly_between():
    film = Film()
    for step in range(1001):
        film.add(step, torch.full((1, 1, 1, 1), float(step)))
        assert film.steps[0] == 0 and film.steps[-1] == step
    assert 80 <= len(film) <= 160
    between = np.diff(film.steps[:-1])
    assert len(set(between.tolist())) == 1, "one pace"
    assert [film.image(film.place(step)).item() for step in (0, 1000)] == [0, 1000]
    assert film.steps[film.place(500)] <= 500 < film.steps[film.place(500) + 1]


def test_a_film_of_large_pictures_has_fewer_frames():
    film = Film()
    for step in range(40):
        film.add(step, torch.zeros(6, 3, 448, 448))  # 7 MB a frame in half precision
    assert len(film) <= 16 and film.steps[-1] == 39


def test_a_board_takes_a_step_in_each_climb_and_the_short_one_waits():
    net = model()
    climbs = [
        maximize_activation(net, 0, "no prior", steps=2),
        maximize_activation(net, 1, "no prior", steps=4),
    ]
    board = Board(net, climbs, ["a", "b"])
    assert [each.step for each in board.rounds()] == [0, 1, 2, 3, 4]
    assert board.is_done and board.film.steps == [0, 1, 2, 3, 4]
    assert [[step for step, _ in values["class score"]] for values in board.values] == [
        [0, 1, 2],
        [0, 1, 2, 3, 4],
    ]
    for which, climb in enumerate(climbs):
        assert board.values[which]["class score"][-1][1] == climb.last.value.item()
        assert torch.equal(board.image[which], climb.last.image[0])
    sure = net.scores(board.image).softmax(1)
    assert board.probabilities([0, 1]) == pytest.approx([sure[0, 0].item(), sure[1, 1].item()])


def test_a_board_whose_climb_breaks_keeps_what_it_had():
    net = model()
    climb = maximize_activation(net, 0, "Simonyan: L2", steps=9)
    board = Board(net, [climb], ["a"])
    board.advance()
    climb.optimizer.rate = 1e30
    with pytest.raises(ClimbError, match="step 0 is kept"):
        for _ in board.rounds():
            pass
    assert board.step == 0 and len(board.values[0]["L2"]) == 1
    climb.optimizer.rate = 0.1
    assert [each.step for each in board.rounds()][-1] == 9, "it goes on"


def test_painted_pictures_and_stretched_ones():
    net = model()  # mean 0.5, std 0.25: -2 is black and 2 white
    image = torch.zeros(3, 20, 20)
    image[:, :10] = 0.2
    assert sorted(set(painted(net, image).flatten().tolist())) == [128, 140]  # 0.55 * 255
    assert sorted(set(painted(net, image, contrast=True).flatten().tolist())) == [128, 255]
    image[0, 0, 0] = 50.0  # a single pixel does not decide
    assert sorted(set(painted(net, image, contrast=True).flatten().tolist())) == [128, 255]
    assert set(painted(net, torch.zeros(3, 4, 4), contrast=True).flatten().tolist()) == {128}


def path_of(svg: str, nth: int) -> list[tuple[float, float]]:
    paths = re.findall(r'<path d="([^"]*)"', svg)
    return [tuple(map(float, each.split())) for each in re.split("[ML]", paths[nth]) if each.strip()]


def test_curves_go_through_their_points():
    svg = terms_svg({"up": [(0, 0.0), (10, 4.0)], "<down>": [(0, 0.0), (10, -4.0)]}, 20, mark=10)
    xml.etree.ElementTree.fromstring(svg)
    (x0, y0), (x1, y1) = path_of(svg, 0)
    assert x0 == 52 and x1 == pytest.approx((52 + 384) / 2, abs=0.1)
    below = path_of(svg, 1)[1][1]
    assert y1 < y0 < below and y0 - y1 == pytest.approx(below - y0, abs=0.2)
    assert "&lt;down&gt;</text>" in svg and "curves of up, &lt;down&gt; over 20 steps" in svg


def test_the_start_alone_is_a_dot():
    svg = terms_svg({"up": [(0, 2.0)], "below zero": [(0, -1.0)]}, 20, logarithmic=True)
    assert svg.count("<circle") == 1 and 'cx="52.0"' in svg
    assert "<circle" not in terms_svg({"up": [(0, 2.0), (1, 3.0)]}, 20)


def test_a_logarithmic_curve_has_equal_steps_for_equal_factors_and_gaps():
    points = [(0, 1.0), (1, 0.1), (2, 0.0), (3, 0.01), (4, float("nan")), (5, 0.001)]
    svg = terms_svg({"error": points}, 5, logarithmic=True)
    heights = [y for _, y in path_of(svg, 0)]
    assert len(heights) == 4 and np.diff(heights) == pytest.approx([heights[1] - heights[0]] * 3, abs=0.2)
    assert svg.count("M") >= 3, "the pen is lifted at what has no logarithm"


def test_long_curves_are_thinned_and_keep_their_end():
    svg = terms_svg({"long": [(i, float(i)) for i in range(10_001)]}, 10_000)
    drawn = path_of(svg, 0)
    assert len(drawn) <= 260 and drawn[-1][0] == 384


def test_a_click_on_a_wall_chooses_and_beside_it_does_not():
    chosen = []
    wall = ClimbWall(chosen.append)
    pictures = [np.full((4, 4, 3), level, np.uint8) for level in (0, 80, 160, 240)]
    wall.draw(pictures, ["a", "b", "c", "d"], 1)
    top, left = wall._sheet.tops[1], wall._sheet.lefts[0]
    wall._clicked(left + 5, top + 5)
    wall._clicked(wall._sheet.lefts[2] + 5, top + 5)  # the empty place beside the fourth
    wall._clicked(1, 1)
    assert chosen == [3]
    alone = ClimbWall(chosen.append)
    alone.draw(pictures[:1], ["a"], 0)
    alone._clicked(50, 50)
    assert chosen == [3], "there is nothing to choose"


def test_a_caption_is_cut_to_the_picture():
    assert cut("jitter and waves: 7.14, P 1.00", 180) == "jitter and waves: 7.14, P 1.00"
    wide, narrow = cut("W" * 60, 180), cut("i" * 60, 180)
    assert wide.endswith("\N{HORIZONTAL ELLIPSIS}") and 5 < len(wide) < len(narrow)
    assert cut("W", 2) == "\N{HORIZONTAL ELLIPSIS}"


def test_fewer_steps_by_the_environment(monkeypatch):
    monkeypatch.delenv("CNNVIZ_STEPS", raising=False)
    assert steps_here(500) == 500
    for text, steps in (("20", 20), ("900", 500), ("0", 500), ("many", 500)):
        monkeypatch.setenv("CNNVIZ_STEPS", text)
        assert steps_here(500) == steps


def test_a_link_to_a_file_and_what_goes_wrong_there():
    told = []

    def guard(work, *args):
        try:
            work(*args)
        except PictureError as error:
            told.append(error)

    def broken():
        raise PictureError("nothing yet")

    buttons = SaveButtons({"Save": lambda: ('a"<b>.png', b"content"), "Broken": broken}, guard)
    save, bad, link = buttons.box.children
    save.click()
    assert base64.b64encode(b"content").decode() in link.value and "data:image/png" in link.value
    assert "<b>" not in link.value and "a&quot;" in link.value
    bad.click()
    assert len(told) == 1
    buttons.forget()
    assert link.value == ""
