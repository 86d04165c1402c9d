"""OptimizerViewer: runs, buttons, sliders that act while it runs, the way back in time, files."""

import io
import time

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz_widgets import HookedModel, OptimizerViewer, maximize_activation, open_model
from cnnviz_widgets.errors import ClimbError, InputError, LayerError, TargetError
from tests.widgets.waiting import Waiting, ran, shown, waiting_net  # noqa: F401 - a fixture by import


def test_it_shows_the_methods_own_climb(net):
    w = ran(OptimizerViewer(net, 0, preset="no prior", steps=5))
    *_, last = maximize_activation(net, 0, "no prior", steps=5)
    assert torch.equal(w.result.image, last.image) and w.result.step == 5 and w.error is None
    assert [value for _, value in w.result.values[0]["class score"]][-1] == last.value.item()
    assert (
        "<i>red</i>" in w.words and "went from 0 to 0.25" in w.words
    )  # five steps of 0.05 in each red pixel
    assert "&lt;i&gt;red" in w._description.value
    middle = shown(w)[100:200, 100:200].mean((0, 1))
    assert middle[0] - middle[1] > 10 and abs(middle[1] - middle[2]) < 4, "redder"


def test_the_deck_class_is_first_or_the_networks_own(net):
    assert OptimizerViewer(net).target == 1, "husky"
    assert OptimizerViewer(net, view="classes").result.labels == ["husky"]
    nameless = HookedModel(Waiting(), (3, 8, 8))
    assert OptimizerViewer(nameless, view="classes").result.labels == ["class 0", "class 1", "class 2"]


def test_step_pause_stop_and_reset(net):
    w = OptimizerViewer(net, 0, preset="no prior", steps=400)
    w._bar.step.click()
    w.wait(20)
    assert w.result.step == 1 and not w.result.is_done
    net.network.go.clear()
    w._bar.start.click()
    assert w._bar.start.disabled and not w._bar.stop.disabled and w._runner.state == "running"
    w._bar.pause.click()
    assert w._runner.state == "paused" and w._bar.pause.description == "Go on"
    net.network.go.set()
    w._bar.pause.click()
    w._bar.stop.click()
    w.wait(20)
    assert w._runner.state == "stopped" and 0 < w.result.step < 400
    before = w.result.step
    w.step()
    w.wait(20)
    assert w.result.step == before + 1, "it goes on from there"
    w._bar.reset.click()
    assert w.result.step == 0 and not w._bar.start.disabled and w.result.image.abs().max() == 0
    ran(w, steps=3)
    assert w.result.is_done and w._bar.step.disabled and w._bar.start.description == "Start again"
    done = w.result
    ran(w)
    assert w.result.step == 3 and w.result is not done, "once more from the start"
    w.steps = 5
    assert not w._bar.step.disabled and w._bar.start.description == "Start", "there is more to do now"
    w.steps = 3
    assert w._bar.step.disabled and w._bar.start.description == "Start again"


def test_a_slider_acts_on_the_climb_that_is_going_on(net):
    w = OptimizerViewer(net, 0, preset="no prior", steps=4)
    w.step()
    w.wait(20)
    board = w.result
    w.set(l2=1e-3, rate=0.2)
    assert w.result is board, "it did not begin anew"
    ran(w)
    assert list(board.values[0]) == ["class score", "L2"] and board.values[0]["L2"][0][0] == 2
    assert board.image[0, 0].mean().item() == pytest.approx(0.05 + 3 * 0.2, abs=0.2)
    assert "together" in w._curves.value and w._controls._controls["preset"].value == "your own"


def test_a_blur_by_hand_is_one_in_each_step_and_a_presets_keeps_its_pace(net):
    w = OptimizerViewer(net, 0, preset="no prior")
    w._controls._controls["blur"].value = 0.8
    assert (w.blur, w.blur_every) == (0.8, 1) and w._controls._controls["blur_every"].value == 1
    w.set(preset="L2, blur and jitter")
    w._controls._controls["blur"].value = 1.0
    assert (w.blur, w.blur_every) == (1.0, 10)


def test_a_new_layers_channel_is_its_first(net):
    w = OptimizerViewer(net, layer="look", channel=2)
    w._controls._controls["layer"].value = "relu"
    assert (w.layer, w.channel, w.error) == ("relu", 0, None)


def test_a_browser_that_rounds_a_slider_changes_no_setting(net):
    """As noUiSlider does: what it has no place for comes back as the nearest."""
    w = OptimizerViewer(net, 0, preset="Yosinski: wide blur")
    get = w._controls._controls
    get["decay"].value = 0.0
    get["blur"].value = 1.0000000000000002
    assert (w.decay, w.blur) == (1e-4, 1.0) and w._settings_name() == "Yosinski: wide blur"
    get["decay"].value = 0.01
    assert w.decay == 0.01 and w._settings_name() == ""


def test_reset_ends_a_run_and_a_new_question_goes_on_with_it(net):
    w = OptimizerViewer(net, 0, preset="no prior", steps=10_000, look="stretched")
    assert w.look == "stretched" and w._look.value == "stretched"
    w.run()
    w.target = 2
    assert w._runner.state == "running" and w._runner.is_alive
    assert any(w.result.step > 2 or time.sleep(0.02) for _ in range(500)), "the new one climbs"
    w.reset()
    w.wait(20)
    assert w.result.step == 0 and w._runner.state == "stopped"


def test_a_frame_does_not_put_a_moving_slider_back(net):
    w = OptimizerViewer(net, 0, preset="no prior", steps=4)
    slider = w._controls._controls["jitter"]
    with slider.hold_trait_notifications():  # its new value has arrived, and is not handled yet
        slider.value = 3
        w._paint()
        assert slider.value == 3
    assert w.jitter == 3


def test_a_preset_stands_for_its_settings_and_what_is_named_beside_it_wins(net):
    w = OptimizerViewer(net, 0, preset="Yosinski: small contributions", clip_contribution=50.0)
    assert (w.blur, w.blur_every, w.clip_contribution, w.clamp, w.start) == (0.5, 4, 50, True, "noise")
    w.preset = "Simonyan: L2"
    assert (w.l2, w.blur, w.clamp, w.steps, w.start) == (1e-3, 0, False, 100, "zero")
    w._controls._controls["preset"].value = "no prior"
    assert (w.preset, w.l2) == ("no prior", 0)
    w.set(preset="Olah: waves", steps=7)
    assert w.fourier and w.steps == 7 and w._controls._controls["preset"].value == "Olah: waves"
    with pytest.raises(InputError, match="no preset 'Olah'"):
        OptimizerViewer(net, preset="Olah")
    w.set(preset="Olah")
    assert "no preset 'Olah'" in str(w.error) and w.preset == "Olah: waves"
    w.set(preset="no prior")
    assert w.error is None


def test_fewer_steps_by_the_environment(net, monkeypatch):
    monkeypatch.setenv("CNNVIZ_STEPS", "6")
    w = OptimizerViewer(net, preset="Olah: waves")
    assert w.steps == 6 and OptimizerViewer(net, steps=9).steps == 9
    w.preset = "Simonyan: L2"
    assert w.steps == 6


def test_back_in_time(net):
    w = ran(OptimizerViewer(net, 0, preset="no prior", steps=8))
    now = shown(w)
    w._strip.slider.value = 2
    assert w.at_step == 2 and (shown(w) != now).any() and "P" not in w._strip.slider.description
    board = w.result
    assert board.image[0, 0].mean() == pytest.approx(0.4, abs=1e-6), "only the view went back"
    w._strip.slider.value = 8
    assert w.at_step == -1 and np.array_equal(shown(w), now)
    tops, lefts = w._strip._sheet.tops, w._strip._sheet.lefts
    w._strip._clicked(lefts[3] + 4, tops[0] + 4)
    assert w.at_step == 3
    ran(w, steps=9)
    assert w.at_step == -1 and w.result is board, "going on shows the newest"
    ran(w)
    assert w.at_step == -1, "a new run shows the newest"


def test_gallery_and_ladder(net):
    w = ran(OptimizerViewer(net, view="classes", classes=[0, "dark"], preset="no prior", steps=4))
    reds = w.result.image[:, 0].mean((1, 2))
    assert reds[0] > 0.1 and reds[1] < -0.1 and len(w.result.climbs) == 1, "one pass for all"
    w.chosen = 1
    assert w.words.startswith("Step 4 of 4, dark")
    ran(w, view="priors", target="husky", steps=3)
    assert len(w.result.climbs) == 6 and w.result.labels[-1] == "jitter and waves"
    assert all(each.last.index == 3 for each in w.result.climbs)
    assert w._controls.sliders.layout.display == "none"
    assert w.words.startswith("Step 3 of 3, L2: class score went")
    assert w.result.picture(0, 0).std() == 0 < w.result.picture(5, 0).std(), "waves begin with noise"
    w.start = "noise"
    assert w.result.picture(0).std() > 0
    with pytest.raises(TargetError, match="no class 'cat'"):
        OptimizerViewer(net, view="classes", classes=["cat"])


def test_a_units_channel_and_neuron_and_a_silent_one(net):
    w = ran(OptimizerViewer(net, layer="look", channel=2, unit="neuron", preset="no prior", steps=2))
    moved = w.result.image[0].abs().sum(0).nonzero().tolist()
    assert moved == [[4, 4]], "the middle neuron's own pixel"
    ran(w, layer="relu", channel=0, unit="channel")
    assert "silent at first" in w.words and w.result.image[0, 0].min() > 0
    w.layer = "flat"
    assert isinstance(w.error, LayerError) and w.result.labels == ["relu channel 0"], "the last good stays"
    w.set(layer="look", channel=7)
    assert isinstance(w.error, TargetError) and "no channel 7: they go from 0 to 2" in str(w.error)
    w.channel = 1
    assert w.error is None


def test_a_rate_that_explodes_is_told_and_it_goes_on(net):
    w = OptimizerViewer(net, 0, preset="no prior", l2=1.0, steps=5)
    w.step()
    w.wait(20)
    good = w.result.image
    ran(w, rate=1e30)
    assert isinstance(w.error, ClimbError) and "step 1 is kept" in str(w.error)
    assert torch.equal(w.result.image, good) and w._status.layout.display == ""
    w.clip_norm = 150.0
    assert isinstance(w.error, InputError)
    w.clip_norm = 0.0
    assert isinstance(w.error, ClimbError), "that one is put right, and the first is not yet"
    ran(w, rate=0.05)
    assert w.error is None and w.result.step == 5 and w._status.layout.display == "none"
    w.clip_norm = 150.0
    assert isinstance(w.error, InputError)
    w.clip_norm = 0.0
    assert w.error is None


def test_from_a_picture(net):
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    w = OptimizerViewer(net, 0, start="picture", picture=red, preset="")
    assert w.result.image[0, 0].mean() == 2 and w.result.image[0, 1].mean() == -2
    assert w._chooser.list.layout.display == ""
    w.picture = b"no picture"
    assert w.error is not None and w.result.image[0, 0].mean() == 2


def test_files_and_states(net, tmp_path):
    w = ran(OptimizerViewer(net, 0, preset="no prior", steps=6))
    film = Image.open(w.save(tmp_path / "film.gif"))
    assert film.n_frames == 7 and film.size == (8, 8)
    still = np.asarray(Image.open(w.save(tmp_path / "still.png")))
    assert np.array_equal(still, net.to_picture(w.result.image[0]))
    with pytest.raises(InputError, match=r"\.png and its film as \.gif, not 'film.mp4'"):
        w.save(tmp_path / "film.mp4")
    w._save.box.children[0].click()
    assert 'download="&lt;i&gt;red&lt;/i&gt;.gif"' in w._save.link.value
    told = w.state
    again = OptimizerViewer(net, **told)
    assert again.state == told
    assert Image.open(io.BytesIO(w.snapshot())).width > 500


def test_closing_it_ends_the_run(net):
    w = OptimizerViewer(net, 0, steps=10_000)
    w.run()
    w.close()
    w.wait(20)
    assert w._runner.state == "stopped"


@pytest.mark.heavy
def test_the_embedded_network_draws_what_it_knows():
    w = ran(OptimizerViewer("mini-alexnet-objects", view="classes", preset="Olah: waves", steps=60))
    targets = [w.model.class_index(each) for each in w.result.labels]
    assert w.result.labels == ["dumbbell", "cup", "dalmatian", "bell pepper", "lemon", "husky"]
    assert min(w.result.probabilities(targets)) > 0.95
    assert open_model("mini-alexnet-objects").class_name(targets[2]) == "dalmatian"
