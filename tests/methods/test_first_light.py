"""The two first methods on a real network and a real photo."""

from pathlib import Path

import numpy as np
import pytest

from cnnviz_widgets import activation_maps, filter_bank, open_model, sample_picture

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def squeezenet(real: Path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(real / "torch_home"))
        yield open_model("squeezenet1_1")


def roughness(weights: np.ndarray) -> float:
    return sum(float(np.abs(np.diff(weights, axis=axis)).mean()) for axis in (2, 3))


def test_trained_filters_are_smoother_than_any_shuffle(squeezenet):
    # An edge or a blob has neighbours that are alike; the same weights in random order have not.
    weights = filter_bank(squeezenet, "features.0").weights
    assert weights.shape == (64, 3, 3, 3)
    generator = np.random.default_rng(0)
    shuffles = [
        generator.permuted(weights.reshape(64, 3, 9), axis=2).reshape(weights.shape) for _ in range(99)
    ]
    assert roughness(weights) < min(map(roughness, shuffles))


def test_the_strongest_late_channel_looks_at_the_cat(squeezenet):
    x = squeezenet.preprocess(sample_picture("cat"))
    cat = squeezenet.top(x, 1)[0].index
    maps = activation_maps(squeezenet, x, "classifier.2")  # one map per class
    assert maps.values.shape[0] == 1000 and not maps.signed
    assert maps.order("mean")[0] == cat
    scores = squeezenet.scores(x)[0].detach().numpy()
    np.testing.assert_allclose(maps.mean, scores, atol=1e-4)  # its scores are the maps' means
