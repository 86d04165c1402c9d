"""InversionViewer's row: every layer inverted, one after the other, while the student looks elsewhere."""

import io

import numpy as np
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel
from cnnviz_widgets.widgets.inversion import InversionViewer
from tests.widgets.inversion.planted import NAMES, pictures, until


def test_all_layers_one_after_the_other(view):
    w = view()
    w.run_all()
    w.wait(30)
    assert w.error is None and w.layer == "6" and w.result.is_done  # it went along
    boards = [w._shelf.find(w._subject, each.name) for each in w.layers]
    assert all(board.is_done and board.step == 12 for board in boards)
    assert [board.settings.tv for board in boards] == [10, 10, 100, 100, 100]
    tiles = np.asarray(Image.open(io.BytesIO(w._row.surface.picture)))
    assert tiles.shape[1] > 6 * 90
    w._row._clicked(w._row._sheet.lefts[1] + 5, w._row._sheet.tops[0] + 5)
    assert w.layer == "0" and w.result is boards[0] and w.result.step == 12
    w._row._clicked(w._row._sheet.lefts[0] + 5, w._row._sheet.tops[0] + 5)  # the picture is no layer
    assert w.layer == "0"
    w.tv = 1.0
    w.run_all()
    w.wait(30)
    again = [w._shelf.find(w._subject, each.name) for each in w.layers]
    assert all(new is not old and new.settings.tv == 1 for new, old in zip(again, boards, strict=True))
    w.run_all()
    w.wait(30)
    assert [w._shelf.find(w._subject, each.name) for each in w.layers] == again  # nothing to do


def test_looking_at_another_layer_does_not_disturb_the_tour(view):
    w = view(steps=400)
    w.run_all()
    until(lambda: w._made is not None and w._made.layer.name == "1")
    w.layer = "6"
    assert w.result.layer.name == "6" and w._runner.state == "running"
    until(lambda: w._made.layer.name == "3")
    assert w.layer == "6", "it stays where the student looks"
    w.seed = 3  # another question ends it
    w.wait(5)
    until(lambda: not w._touring)
    assert w._shelf.find(w._subject, "0") is None


def test_a_deep_network_keeps_its_first_layers_until_the_last_is_made(monkeypatch):
    """SqueezeNet has 64 layers; here there are 6, and room for 2."""
    monkeypatch.setattr("cnnviz_widgets.widgets._inversion_boards._KEPT", 2)
    network = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(6)))
    w = InversionViewer(HookedModel(network, (3, 16, 16)), NAMES[0], "1", pictures=pictures(), steps=1)
    w.run_all()
    w.wait(60)
    assert [w._shelf.find(w._subject, each.name).step for each in w.layers] == [1] * 6


def test_what_was_begun_with_other_settings_goes_on_with_these(view):
    w = view(layer="0")
    w.step()
    w.wait(20)
    w.set(layer="3", tv=7.0)
    w.run_all()
    w.wait(30)
    begun = w._shelf.find(w._subject, "0")
    assert begun.step == 12 and begun.settings.tv == 7 and w.error is None


def test_the_inversion_that_was_not_looked_at_for_longest_goes(view):
    w = view(layer="3")
    w._shelf._most = 2
    for layer in ("0", "3", "1"):
        w.layer = layer
    assert [w._shelf.find(w._subject, each) is None for each in ("0", "1", "3")] == [True, False, False]


def test_a_film_that_is_not_at_its_end_stays_whole(view):
    w = view(steps=400)
    w._go(41)
    w.wait(20)
    assert (w.result.step, len(w.result.film)) == (41, 42)
    w.layer = "0"
    assert len(w._shelf.find(w._subject, "3").film) == 42
