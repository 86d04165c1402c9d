"""SaliencyExplorer with SmoothGrad: noisy copies in a thread, that can be stopped and started again."""

import numpy as np
import pytest

from cnnviz_widgets import HookedModel
from cnnviz_widgets.methods.saliency import saliency_map
from cnnviz_widgets.methods.smoothgrad import smoothgrad
from cnnviz_widgets.widgets.saliency import SaliencyExplorer
from tests.widgets.planted_saliency import PICTURE, planted


@pytest.fixture
def model() -> HookedModel:
    return planted()


def test_smoothgrad_adds_copies_in_the_background(model):
    w = SaliencyExplorer(model, PICTURE, 0, method="smoothgrad", samples=10, noise=0.3, seed=4)
    w.wait(20)
    expected = smoothgrad(model, model.preprocess(PICTURE), 0, samples=10, noise=0.3, seed=4, batch=4)
    assert np.array_equal(w.result.saliency.gradient, expected.gradient) and w.error is None
    assert w.result.saliency.samples == 10 and w._bar.text.value == "10 of 10 copies"
    assert "mean of 10 noisy copies, noise 30%" in w.words
    w.target = 1
    w.wait(20)
    assert np.allclose(w.result.saliency.gradient, -expected.gradient, atol=1e-6)
    w.method = "gradient"
    assert w.result.saliency.samples == 0 and w._bar.box.layout.display == "none"
    assert np.array_equal(
        w.result.saliency.gradient, saliency_map(model, model.preprocess(PICTURE), 1).gradient
    )


def test_quantiles_and_looks_keep_the_copies(model):
    w = SaliencyExplorer(model, PICTURE, 0, method="smoothgrad", samples=6)
    w.wait(20)
    passes, mean = model.network.passes, w.result.saliency
    w.set(foreground=0.8, background=0.1, look="signed", opacity=0.4)
    w.wait(20)
    assert w.result.saliency is mean and model.network.passes == passes
    w.seed = 1
    w.wait(20)
    assert w.result.saliency.samples == 6 and not np.array_equal(w.result.saliency.gradient, mean.gradient)


def test_copies_can_be_stopped_and_started_again(model):
    w = SaliencyExplorer(model, PICTURE, 0)
    w.set(method="smoothgrad", samples=4000)
    w._bar.stop.click()
    w.wait(20)
    assert w._runner.state == "stopped" and w.result.saliency.samples < 4000
    assert not w._bar.start.disabled
    w.look = "signed"
    assert not w._runner.is_alive, "what was stopped does not start by itself"
    w.samples = 8
    w.wait(20)
    assert w.result.saliency.samples == 8 and w._bar.start.disabled
    w.samples = 4000
    w._bar.stop.click()
    w.wait(20)
    w._bar.start.click()
    assert w._runner.is_alive
    w.method = "gradient"
    w.wait(20)
    assert w.result.saliency.samples == 0 and w.error is None
    w.set(method="smoothgrad", samples=4)
    w.wait(20)
    assert w.result.saliency.samples == 4


def test_copies_of_another_picture_are_not_mixed_in(model):
    w = SaliencyExplorer(
        model, PICTURE, 0, pictures={"bright": 255 - PICTURE}, method="smoothgrad", samples=40
    )
    for _ in range(5):  # there and back again, faster than a run ends
        w.picture = "bright"
        w.picture = PICTURE
    w.wait(20)
    expected = smoothgrad(model, model.preprocess(PICTURE), 0, samples=40, batch=4)
    assert w.result.saliency.samples == 40
    assert np.array_equal(w.result.saliency.gradient, expected.gradient)


def test_what_fails_in_the_thread_is_told(model):
    w = SaliencyExplorer(model, PICTURE, 0)
    good = w.result

    def broken(x):
        raise RuntimeError("out of order")

    model.network.forward = broken
    w.method = "smoothgrad"
    w.wait(20)
    assert "out of order" in str(w.error) and w._runner.state == "failed"
    assert np.array_equal(w.result.saliency.gradient, good.saliency.gradient)
    del model.network.forward
    w.samples = 6
    w.wait(20)
    assert w.error is None and w.result.saliency.samples == 6
