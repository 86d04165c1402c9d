"""What makes Miniworld worth learning: neither pixels added up nor one number about colours tell a class."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from cnnviz_widgets.data.miniworld import CONCEPTS, Objects, Scenes

TRAIN, TEST = 2400, 600
pytestmark = pytest.mark.heavy


def drawn(kind, split: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, (count, 64, 64, 3) in 0 to 1, and their classes."""
    data = kind(split, count, size=64)
    pictures = np.stack([data.picture(index).picture for index in range(count)])
    return pictures.astype(np.float32) / 255, np.array([data.label(index) for index in range(count)])


def shrunk(pictures: np.ndarray) -> np.ndarray:
    """Pixels four times larger: a linear classifier generalises better from fewer of them."""
    n = len(pictures)
    return pictures.reshape(n, 16, 4, 16, 4, 3).mean(axis=(2, 4)).reshape(n, -1)


@pytest.mark.parametrize("kind", [Scenes, Objects])
def test_a_linear_classifier_on_pixels_is_right_less_than_half_the_time(kind):
    (lessons, labels), (exam, answers) = drawn(kind, "train", TRAIN), drawn(kind, "test", TEST)
    scale = StandardScaler().fit(shrunk(lessons))
    best = 0.0
    for strength in (1e-4, 1e-3, 1e-2):  # the kindest of these counts
        model = LogisticRegression(C=strength, max_iter=300).fit(scale.transform(shrunk(lessons)), labels)
        best = max(best, model.score(scale.transform(shrunk(exam)), answers))
    assert 1.3 / len(kind.classes) < best < 0.5  # above chance, or the test itself would be blind


@pytest.mark.parametrize("kind", [Scenes, Objects])
def test_no_single_colour_statistic_gives_a_class_away(kind):
    data = kind("test", 40 * len(kind.classes), size=64)
    samples = [data[index] for index in range(len(data))]
    labels = np.array([each.label for each in samples])
    statistics = {"mean " + name: [s.image[..., c].mean() for s in samples] for c, name in enumerate("rgb")}
    statistics |= {"spread " + name: [s.image[..., c].std() for s in samples] for c, name in enumerate("rgb")}
    for name in CONCEPTS["color"][1:]:
        statistics["share of " + name] = [s.mask("color", name).mean() for s in samples]
    telling = {}
    for what, values in statistics.items():
        for label, name in enumerate(kind.classes):
            area = roc_auc_score(labels == label, values)
            telling[f"{name}: {what}"] = max(area, 1 - area)
    worst = max(telling, key=telling.__getitem__)
    assert telling[worst] < 0.95, f"{worst}: {telling[worst]:.3f}"
