"""What the maps find, beside those who never look, and how soon the box follows the slider."""

import itertools

import pytest

from cnnviz_widgets import CAMExplorer, Objects, Scenes, localization_score, open_model
from cnnviz_widgets.methods import LocalizationScore

SCENES = ("mini-vgg-scenes", "mini-googlenet-scenes", "mini-resnet-scenes", "mini-densenet-scenes")


def say(name: str, **scores: LocalizationScore) -> None:
    for heat, score in scores.items():
        print(  # noqa: T201 - the figures of the lecture
            f"\n{name} {heat}: IoU >= 0.5 {score.localized:.2f}, named right too "
            f"{score.named_and_localized:.2f}, "
            f"best fixed box {score.fixed_box[1]:.2f}; pointing {score.pointing:.2f}, "
            f"centre {score.centre_pointing:.2f}; {len(score)} pictures",
            end="",
        )


@pytest.mark.parametrize("name", SCENES)
def test_cams_find_what_makes_the_place(name, capsys):
    model, data = open_model(name), Scenes("test", 240)
    cam, saliency = (localization_score(model, data, heat) for heat in ("cam", "saliency"))
    with capsys.disabled():
        say(name, cam=cam, saliency=saliency)
    assert cam.pointing > cam.centre_pointing + 0.1
    assert cam.localized > cam.fixed_box[1] and cam.localized > saliency.localized + 0.1


@pytest.mark.parametrize(
    ("name", "world"), [("mini-alexnet-scenes", Scenes), ("mini-alexnet-objects", Objects)]
)
def test_networks_without_the_head(name, world, capsys):
    model, data = open_model(name), world("test", 240)
    grad, saliency = (localization_score(model, data, heat) for heat in ("cam", "saliency"))
    with capsys.disabled():
        say(name, grad_cam=grad, saliency=saliency)
    assert grad.localized > saliency.localized


def test_the_box_follows_the_slider(measure):
    w = CAMExplorer(list(SCENES), saliency="mini-alexnet-scenes", class_name="bedroom", number=1)
    shares = itertools.cycle([0.2, 0.3, 0.4, 0.5])
    measure("CAMExplorer, 5 maps: threshold", lambda: setattr(w, "threshold", next(shares)), limit_ms=100)
    assert w.error is None
    numbers = itertools.cycle(range(2, 60))  # more than are kept
    measure("CAMExplorer, 5 maps: another picture", lambda: setattr(w, "number", next(numbers)), limit_ms=900)
