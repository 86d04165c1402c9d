"""What a network likes best is also what others, trained apart from it, call by that name."""

import pytest
import torch

from cnnviz_widgets import HookedModel, open_model
from cnnviz_widgets.engines import L2, Blur, ClassScore, Jitter, climb
from tests.engines.other_objects import OTHER

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


def told(name, photos, capsys):
    """Print how another network sees photos of one class each; give how many it names, and above chance."""
    other = name if isinstance(name, HookedModel) else open_model(name)
    found = probabilities(other, photos)
    named = (found.argmax(1) == torch.arange(len(photos))).sum().item()
    above = (found.diagonal() > 1 / len(photos)).sum().item()
    with capsys.disabled():
        print(  # noqa: T201 - the transfer is to be read
            f"\nto {other.name}: {named} of {len(photos)} named, {above} above chance, "
            f"mean probability {found.diagonal().mean():.2f}",
            end="",
        )
    assert found.diagonal().mean() > 3 / len(photos)
    return named, above


def test_another_network_calls_most_objects_by_their_names(capsys):
    """One of the same shape, that began with other random numbers; ``other_objects.py`` trains it."""
    photos = gallery(open_model("mini-alexnet-objects"), steps=64)
    other = open_model("mini-alexnet-objects", weights=OTHER)
    named, above = told(other, photos, capsys)
    assert above > 14 and named > 7


def test_other_networks_see_the_same_place(capsys):
    model = open_model("mini-alexnet-scenes")
    photos = gallery(model, steps=64)
    assert (probabilities(model, photos).diagonal() > 0.95).all()
    for name in OTHERS:
        assert open_model(name).classes == model.classes
        named, above = told(name, photos, capsys)
        assert above >= 9 and named >= 4
