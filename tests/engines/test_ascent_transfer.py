"""What a network likes best is also what others, trained apart from it, call by that name."""

import pytest
import torch

from cnnviz_widgets import open_model
from cnnviz_widgets.engines import L2, Blur, ClassScore, Jitter, climb

pytestmark = pytest.mark.heavy

OTHERS = ("mini-resnet-scenes", "mini-vgg-scenes", "mini-googlenet-scenes", "mini-densenet-scenes")


def gallery(model, steps, classes=None):
    """Climb for all classes at once, and give the pictures as photos: 0..255."""
    classes = list(classes or model.classes)
    *_, last = climb(
        model,
        ClassScore(classes) - 1e-4 * L2(),
        pictures=len(classes),
        steps=steps,
        transforms=[Jitter(8)],
        regularizers=[Blur(0.5, 10)],
    )
    return [model.to_picture(each[None]) for each in last.image]


def probabilities(model, photos):
    """What a network says of photos, (photos, classes)."""
    return model.scores(torch.cat([model.preprocess(photo) for photo in photos])).softmax(1)


def test_each_object_is_called_by_its_name():
    model = open_model("mini-alexnet-objects")
    own = probabilities(model, gallery(model, steps=110)).diagonal()
    assert (own > 0.99).all(), own.min()


def test_other_networks_see_the_same_place(capsys):
    """No other embedded network knows the objects; the five that know the same scenes learned them apart."""
    model = open_model("mini-alexnet-scenes")
    photos = gallery(model, steps=64)
    assert (probabilities(model, photos).diagonal() > 0.95).all()
    chance = 1 / len(photos)
    for name in OTHERS:
        other = open_model(name)
        found = probabilities(other, photos)
        named = (found.argmax(1) == torch.arange(len(photos))).sum().item()
        above = (found.diagonal() > chance).sum().item()
        with capsys.disabled():
            print(  # noqa: T201 - the transfer is to be read
                f"\nmini-alexnet-scenes to {name}: {named} of {len(photos)} named, {above} above chance, "
                f"mean probability {found.diagonal().mean():.2f}",
                end="",
            )
        assert other.classes == model.classes
        assert above >= 9 and named >= 4 and found.diagonal().mean() > 3 * chance
