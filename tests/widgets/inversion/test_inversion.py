"""InversionViewer: what is asked, what is shown, and what runs, with no browser."""

import io
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel
from cnnviz_widgets.errors import ClimbError, InputError, LayerError, PictureError, TargetError
from cnnviz_widgets.methods.inversion import InversionSettings, invert
from cnnviz_widgets.methods.inversion_masks import channel_mask, field_mask
from cnnviz_widgets.widgets.inversion import InversionViewer
from tests.widgets.inversion.planted import NAMES, control, pictures, ran, until


def test_it_starts_from_noise_and_says_what_it_shows(view):
    w = view()
    assert (w.result.step, w.result.steps, w.error) == (0, 12, None)
    assert w.result.code_error(0) > 0.5
    assert "from its code in 3, 6x6x6" in w.words and "&lt;i&gt;one" in w._description.value
    assert Image.open(io.BytesIO(w.snapshot())).size[0] > 500
    assert [each.name for each in w.layers] == ["0", "1", "3", "4", "6"]  # not dropout, not flatten
    assert control(w, "layer").options[2] == ("3  3", "3")
    assert w.state["layer"] == "3" and w.state["tv"] is None


def test_a_run_is_what_the_method_says(view, model):
    w = ran(view())
    x = model.preprocess(pictures()[NAMES[0]])
    *_, expected = invert(model, x, "3", settings=InversionSettings(tv=100, steps=12))
    assert w.result.image.equal(expected.image) and w.result.is_done
    assert w.result.code_error(0) == pytest.approx(-expected.terms["code of 3"].item())
    assert w.result.settings.tv == 100  # 2 of 3 weighted layers: late
    assert all(value > 0 for points in w.result.energies(0).values() for _, value in points[1:])
    assert "code of 3" in w._curves.value and w._bar.start.description == "Start again"


def test_a_field_of_the_map(view, model):
    w = ran(view(field=2, row=0, column=4))
    layer = model.layer("3")
    *_, expected = invert(
        model,
        w.result.x,
        "3",
        mask=field_mask(layer, 2, 0, 4),
        settings=InversionSettings(tv=100, steps=12),
    )
    assert w.result.image.equal(expected.image)
    assert w.subset.box(layer) == (0, 6, 5, 13)  # columns 3 and 4, each sees 5 px from 2 px on each
    assert "sees rows 0 to 4, columns 6 to 12" in w.words
    # The middle of the right picture, 224 px: the unit whose field is centred there.
    top, left = w._panel._sheet.tops[0], w._panel._sheet.lefts[1]
    w._panel._clicked(left + 112, top + 112)
    assert (w.row, w.column) == (3, 3) and w.result.step == 0
    assert control(w, "row").value == 3 and control(w, "row").max == 5
    w.layer = "6"
    assert "no field, since 6 has no rows and columns" in w.words and w.error is None
    assert control(w, "row").layout.display == "none"
    w.set(layer="3", row=99)
    assert w.subset.place(layer) == (3, 3)  # (6 - 2) // 2 + 1


def test_the_box_is_white_on_both_pictures(view):
    w = view(field=2, row=0, column=4)
    shown = np.asarray(Image.open(io.BytesIO(w._panel.surface.picture)).convert("RGB")).astype(int)
    for left in w._panel._sheet.lefts:
        top = w._panel._sheet.tops[0]
        line = shown[top + 40, left : left + 224].sum(1)
        near = line[6 * 14 : 6 * 14 + 4]
        assert near.max() > 700 and near.min() < 360  # white in dark


def test_some_of_the_channels(view, model):
    w = ran(view(channels="second half"))
    layer = model.layer("3")
    mask = channel_mask(layer, 3)
    *_, expected = invert(model, w.result.x, "3", mask=mask, settings=InversionSettings(tv=100, steps=12))
    assert w.result.image.equal(expected.image) and "the second half of 6 channels" in w.words
    w.set(channels="first", count=2)
    assert w.subset.mask(layer).flatten().tolist() == [1, 1, 0, 0, 0, 0]
    w.count = 99
    assert w.subset.mask(layer).all() and w.error is None
    w.set(field=2, channels="first half")
    assert w.subset.mask(layer).shape == layer.shape


def test_priors_by_depth_and_by_hand(view):
    w = view()
    assert control(w, "prior").value == "depth" and control(w, "prior").label == "by depth: v = 100"
    assert control(w, "tv").value == 100
    control(w, "prior").value = "early"
    assert (w.tv, w.result.settings.tv, control(w, "tv").value) == (1, 1, 1)
    w.step()
    w.wait(5)
    control(w, "tv").value = 30.0
    assert control(w, "prior").value == "own" and w.result.settings.tv == 30
    w.tv = 7.5  # gets a place of its own
    assert control(w, "tv").value == 7.5 and control(w, "prior").value == "own"
    assert w.result.step == 1, "settings act on the climb that is there"
    control(w, "prior").value = "depth"
    assert w.tv is None
    control(w, "alpha").value = 0.0
    ran(w)
    assert w.result.settings == InversionSettings(tv=100, alpha=0, steps=12)


def test_a_finished_run_stays_until_it_begins_again(view):
    w = ran(view())
    image = w.result.image
    w.tv = 1.0
    assert w.result.settings.tv == 100 and w.result.image is not None
    w.steps = 14  # more steps go on with the new settings
    assert w.result.settings.tv == 1 and not w.result.is_done
    ran(w)
    assert w.result.step == 14 and not w.result.image.equal(image)


def test_several_pictures(view):
    w = ran(view(picture=NAMES[:2]))
    assert w.result.labels == NAMES[:2] and w.result.image.shape[0] == 2
    top, left = w._panel._sheet.tops[1], w._panel._sheet.lefts[1]
    w._panel._clicked(left + 5, top + 5)
    assert w.chosen == 1 and NAMES[1] in w.words
    w._controls.add.click()
    assert w.shown == NAMES and w.chosen == 2 and w.result.step == 0
    w._chooser.list.value = "cat"
    assert w.shown == [*NAMES[:2], "cat"]
    w._controls.remove.click()
    assert w.shown == NAMES[:2] and w.chosen == 1
    assert w.result.step == 12, "it is on the shelf"
    w._controls.remove.click()
    assert w._controls.remove.disabled and w.shown == NAMES[:1]
    for _ in range(9):
        w._controls.add.click()
    assert len(w.shown) == 6 and w._controls.add.disabled and w.error is None
    alone, among = ran(view()), ran(view(picture=NAMES))
    torch.testing.assert_close(among.result.image[:1], alone.result.image, atol=1e-4, rtol=1e-4)


def test_step_stop_reset_and_going_on(view):
    w = view(steps=100_000)
    w.step()
    w.wait(5)
    assert w.result.step == 1
    w.run()
    until(lambda: w.result.step > 5)
    w.layer = "1"  # the run goes on there
    until(lambda: w.result.layer.name == "1" and w.result.step > 5)
    asked = time.monotonic()
    w.stop()
    w.wait(5)
    assert time.monotonic() - asked < 0.2
    w.run()
    until(lambda: w._runner.state == "running")
    w.reset()
    w.wait(5)
    assert w.result.step == 0 and w._runner.state != "running"
    w.layer = "3"
    assert w.result.step > 5, "the other layer is as it was left"


def test_back_in_time(view):
    w = ran(view())
    last = w._panel.surface.picture
    w.at_step = 3
    assert w._panel.surface.picture != last and w._strip.slider.value == 3
    assert w.result.code_error(0, 3) > w.result.code_error(0)
    w.look = "true"
    w.at_step = -1
    assert w.error is None and w._look.value == "true" and w._panel.surface.picture != last
    assert view().look == "stretched" == view()._look.value and view(look="true").look == "true"


def test_films_that_are_not_on_show_become_short(view):
    w = ran(view(steps=40))
    board = w.result
    assert len(board.film) == 41
    w.layer = "0"
    assert len(board.film) == 9 and board.film.steps[0] == 0 and board.film.steps[-1] == 40
    w.layer = "3"
    assert w.result is board and w.error is None


def test_fewer_steps_where_notebooks_are_tested(model, monkeypatch):
    monkeypatch.setenv("CNNVIZ_STEPS", "7")
    w = InversionViewer(model, NAMES[0], pictures=pictures())
    assert w.steps == 7 and w.layer == "3"
    monkeypatch.delenv("CNNVIZ_STEPS")
    assert InversionViewer(model, NAMES[0], pictures=pictures()).steps == 400


def test_a_block_can_be_inverted(tmp_path):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.Flatten(), nn.Linear(144, 3))
    model = HookedModel(network, (3, 8, 8))
    w = ran(InversionViewer(model, "cat", "0", steps=5))
    assert w.result.layer.is_block and w.layers[-1].name == "0" and w.result.step == 5


def test_the_row_can_be_some_of_the_layers(model):
    w = InversionViewer(model, "cat", layers=["1", "4", "6"], steps=2)
    assert [each.name for each in w.layers] == ["1", "4", "6"] and w.layer == "4"
    w.run_all()
    w.wait(20)
    assert w.layer == "6" and w.error is None and w._shelf.find(w._subject, "0") is None


def test_errors_in_the_constructor(model):
    with pytest.raises(LayerError, match="nope"):
        InversionViewer(model, "cat", layers=["1", "nope"])
    with pytest.raises(LayerError, match="33"):
        InversionViewer(model, "cat", "33")
    with pytest.raises(PictureError):
        InversionViewer(model, "no such file.png")
    with pytest.raises(InputError, match="1 to 6 pictures"):
        InversionViewer(model, [])
    with pytest.raises(TypeError, match="no trait 'depth'"):
        InversionViewer(model, "cat", depth=3)


def test_errors_later_leave_the_last_good_result(view):
    w = ran(view())
    good = w.result
    w.layer = "nope"
    assert isinstance(w.error, LayerError) and w.result is good and w._status.layout.display == ""
    w.layer = "3"
    assert w.error is None and w.result is good
    w.shown = ["no such file.png"]
    assert isinstance(w.error, PictureError) and w.result is good
    w.set(shown=[NAMES[0]], chosen=4)
    assert w.chosen == 0 or isinstance(w.error, InputError)
    w.chosen = 0
    assert w.error is None
    w.rate = 1e30
    w.reset()
    w.run()
    w.wait(5)
    assert isinstance(w.error, ClimbError) and "lower the rate" in w._status.value
    w.rate = 0.004
    ran(w)
    assert w.result.step == 12


def test_a_code_of_zeros_cannot_be_inverted(view):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    with torch.no_grad():
        network[0].bias.copy_(torch.tensor([-99.0, -99, 99, 99]))
    w = InversionViewer(HookedModel(network, (3, 16, 16)), NAMES[0], "1", pictures=pictures(), steps=3)
    w.channels = "first half"
    assert isinstance(w.error, TargetError) and "nothing to match" in str(w.error)
    w.channels = "second half"
    assert w.error is None
