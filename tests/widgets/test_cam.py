"""CAMExplorer without a browser: a planted network whose maps and boxes are known, and Miniworld's."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnviz_widgets import HookedModel, Objects, open_model
from cnnviz_widgets.data.labelled import Sample, boxed
from cnnviz_widgets.errors import InputError, LayerError, ModelError, TargetError
from cnnviz_widgets.widgets._cam_panels import GREEN, RED, SIDE
from cnnviz_widgets.widgets.cam import CAMExplorer

CLASSES = ("dog", "<b>bed</b>", "sofa")


def planted(classes=CLASSES, name="planted", head=True) -> HookedModel:
    """Make a network whose class c reads colour c, at its place."""
    network = nn.Sequential(
        nn.ReLU(), nn.AdaptiveAvgPool2d(1 if head else 4), nn.Flatten(), nn.Linear(3 if head else 48, 3)
    )
    weight = torch.eye(3) if head else torch.eye(3).repeat_interleave(16, 1) / 16
    with torch.no_grad():
        network[3].weight.copy_(weight)
        network[3].bias.copy_(torch.tensor([0.5, -0.25, 0.0]))
    return HookedModel(network, (3, 24, 24), classes=classes, name=name)


class Pictures(list):
    """A labelled data set: a red dog at the left, a green cross at the right, in black."""

    classes = CLASSES
    concepts = {"object": ("", "dog", "cross")}


def picture(*, dog=True, label=0) -> Sample:
    labels, image = np.zeros((1, 24, 24), np.int16), np.zeros((24, 24, 3), np.uint8)
    dog_mask, cross = np.zeros((24, 24), np.bool_), np.zeros((24, 24), np.bool_)
    dog_mask[4:12, 2:8], cross[14:20, 14:22] = True, True
    image[dog_mask, 0], image[cross, 1] = 255 if dog else 0, 255
    labels[0, cross] = 2
    instances = [boxed("cross", cross)]
    if dog:
        labels[0, dog_mask] = 1
        instances.append(boxed("dog", dog_mask))
    return Sample(image, label, {"object": labels}, Pictures.concepts, instances, "planted")


def explorer(model=None, samples=None, **traits) -> CAMExplorer:
    dataset = Pictures([picture(), picture(dog=False)]) if samples is None else samples
    return CAMExplorer(model or planted(), dataset=dataset, **traits)


def shown(w: CAMExplorer, place: int) -> np.ndarray:
    image = w._panels._images[place]
    return np.asarray(Image.open(io.BytesIO(bytes(image.value))).convert("RGB")).astype(int)


def near(pixel: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool(np.abs(pixel - color).max() < 60)  # JPEG


def test_the_planted_box_is_there():
    w = explorer(target="dog")
    (judged,) = w.result.maps
    assert judged.seen.kind == "CAM" and judged.region.box == judged.truths[0] == (2, 4, 8, 12)
    assert judged.iou == 1 and judged.found and w.result.truth == "dog" and w.error is None
    text = w._panels._texts[1].value
    assert "✓ IoU 1.00 ≥ 0.5: found" in text
    # The dog covers 48 of 576 pixels: a mean of 0.0833, and a bias of 0.5.
    assert "0, 24x24, weighed by 3: mean 0.08 + bias 0.50 = 0.58, the score" in text
    assert "CAM · planted" in w._panels._heads[1].value and "dog: 0.58, P = " in w._panels._heads[1].value
    assert "truth: dog" in w._panels._heads[0].value
    assert "CAM · planted of dog: IoU 1.00 ≥ 0.5: found" in w.words


def test_the_pixels():
    w = explorer(target=0, opacity=1.0)
    picture, cam = shown(w, 0), shown(w, 1)
    assert picture.shape == cam.shape == (SIDE, SIDE, 3)
    edge = (4 * 10 + 40, 2 * 10 + 1)  # left edge of the box at ten times its size
    assert near(picture[edge], GREEN) and near(cam[edge], RED)
    assert near(cam[80, 50], (253, 231, 37)) and near(cam[200, 20], (68, 1, 84)), "viridis, from 0 to the top"
    w.opacity = 0.0
    assert near(shown(w, 1)[80, 50], (255, 0, 0)), "the dog is red"
    assert w.error is None


def test_the_threshold_moves_the_box_and_computes_no_map_again(monkeypatch):
    network = planted()
    with torch.no_grad():
        network.network[3].weight[0, 1] = 0.5  # dogs are half in the crosses, too
    w = explorer(network, target="dog")
    assert w.result.maps[0].region.box == (2, 4, 8, 12) or w.result.maps[0].region.mask.sum() == 48
    calls = []
    monkeypatch.setattr(type(network), "scores", lambda self, x: calls.append(1))
    w.threshold = 0.6
    assert w.result.maps[0].region.box == (2, 4, 8, 12) and w.error is None
    w._controls["threshold"].value = 0.1
    assert w.threshold == 0.1 and w.error is None and calls == []
    assert "above 10% of the maximum" in w.words


def test_the_largest_part_counts_and_the_verdict_says_not_found():
    network = planted()
    with torch.no_grad():
        network.network[3].weight[0, 1] = 2.0
    w = explorer(network, target="dog", threshold=0.6)
    assert w.result.maps[0].region.box == (14, 14, 22, 20) and w.result.maps[0].iou == 0
    assert "✗ IoU 0.00 &lt; 0.5: not found" in w._panels._texts[1].value


def test_several_networks_and_the_saliency_map_of_another():
    # The second has no head for a CAM, the third has other classes.
    models = [planted(), planted(name="flat", head=False), planted(("cat", "bee", "cow"), name="other")]
    w = explorer(models, saliency=planted(name="seen"), target=0)
    kinds = [(each.model.name, each.seen.kind, each.seen.own) for each in (*w.result.maps, w.result.saliency)]
    assert kinds == [
        ("planted", "CAM", False),
        ("flat", "Grad-CAM", False),
        ("other", "CAM", True),
        ("seen", "saliency", False),
    ]
    assert "Grad-CAM · flat" in w._panels._heads[2].value
    assert "Grad-CAM of 1, 4x4" in w._panels._texts[2].value
    assert "(own top)" in w._panels._heads[3].value and "cat" in w._panels._heads[3].value
    assert "Saliency · seen" in w._panels._heads[4].value
    assert w.result.maps[1].iou > 0.2 and w.error is None
    assert w.result.maps[0].model is w.model and len(w._panels._images) == 5


def test_grad_cam_of_a_chosen_layer_is_named():
    w = explorer(target=0)
    assert w._controls["layer"].options[0] == ("the CAM, from 0", "")
    w._controls["layer"].value = "0"
    assert w.layer == "0" and w.result.maps[0].seen.kind == "Grad-CAM" and w.error is None
    w.layer = ""
    assert w.result.maps[0].seen.kind == "CAM"
    assert explorer(planted(head=False))._controls["layer"].options[0][0] == "no CAM head: Grad-CAM of 1"


def test_a_layer_is_the_main_networks_alone():
    w = explorer([planted(), planted(name="other")], layer="0")
    assert [each.seen.kind for each in w.result.maps] == ["Grad-CAM", "CAM"] and w.error is None


def test_classes_are_offered_by_their_probability():
    w = explorer()
    labels = [label for label, _ in w._controls["target"].options]
    assert labels[0].startswith("the top class: dog") and labels[1].startswith("dog  0.")
    assert w.target is None and w.result.maps[0].seen.target == 0
    w._controls["target"].value = 1
    assert w.target == 1 and w.result.maps[0].seen.target == 1
    w._controls["target"].value = -1
    assert w.target is None and w.result.maps[0].seen.target == 0


def test_names_are_escaped():
    w = explorer(target=1)
    assert "&lt;b&gt;bed&lt;/b&gt;" in w._panels._heads[1].value and "<b>bed" not in w._panels._heads[1].value
    assert "<b>bed" not in w._panels._texts[0].value and "<b>bed" not in w._description.value


def test_the_truth_follows_the_class_and_falls_back_to_the_pictures():
    w = explorer(target="sofa")  # there is none: the picture is one of a dog
    assert w.result.truth == "dog" and w.result.maps[0].truths == ((2, 4, 8, 12),)
    w.number = 1  # no dog either
    assert w.result.truth == "" and w.result.maps[0].truths == () and w.result.maps[0].iou is None
    assert "nothing to find" in w._panels._heads[0].value


def test_a_flat_map_has_no_box_and_the_widget_goes_on():
    w = explorer(target="dog")
    w.number = 1
    assert w.result.maps[0].region.box is None and w.error is None
    assert "no box: the map is flat, the same everywhere" in w._panels._texts[1].value
    w.number = 0
    assert w.result.maps[0].region.box is not None
    none = explorer(target="dog", samples=Pictures([picture(dog=False, label=None)]))
    assert "no box" in none.words and Image.open(io.BytesIO(none.snapshot())).format == "PNG"


def test_any_of_several_things_will_do():
    both = picture()
    small = np.zeros((24, 24), np.bool_)
    small[20:22, 2:4] = True
    instances = [boxed("dog", small), *both.instances]
    two = Sample(both.image, 0, both.maps, both.concepts, instances, "two dogs")
    judged = explorer(target="dog", samples=Pictures([two])).result.maps[0]
    assert judged.truths == ((2, 20, 4, 22), (2, 4, 8, 12)) and judged.iou == 1 and judged.found


def test_photos_have_no_truth(tmp_path):
    Image.fromarray(picture().image).save(tmp_path / "red.png")
    w = CAMExplorer(planted(), pictures=tmp_path)
    assert w.data == "photos" and w.result.exhibit.sample.source == "red.png"
    assert w.result.maps[0].iou is None and w.error is None
    assert "nobody has labelled this photo" in w._panels._heads[0].value
    assert "box: columns" in w._panels._texts[1].value
    w._chooser.list.value = "coffee"
    assert w.result.exhibit.sample.source == "coffee" and w.error is None
    assert w._controls["number"].layout.display == "none" and w._chooser.list.layout.display == ""
    names, another = list(w._chooser.list.options), w._controls.another
    another.click()
    assert another.layout.display == "" and w.result.exhibit.sample.source == names[names.index("coffee") + 1]


def test_miniworld_is_shown_to_its_own_networks():
    w = CAMExplorer("mini-alexnet-objects", class_name="dalmatian")
    assert w.data == "objects" and w.result.maps[0].seen.kind == "Grad-CAM" and w.result.truth == "dalmatian"
    w._controls.another.click()
    assert w.number == 1 and w.error is None
    w._controls["data"].value = "scenes"
    assert (w.data, w.class_name, w.number) == ("scenes", "", 0) and w.error is None
    assert w._controls["class_name"].value == "street"
    w = CAMExplorer(["mini-resnet-scenes"], class_name="bedroom", number=1)
    judged = w.result.maps[0]
    assert w.data == "scenes" and w.result.truth == "bedroom" and "truth: bed" in w._panels._heads[0].value
    assert judged.seen.map.mean + judged.seen.map.bias == pytest.approx(
        judged.seen.prediction.score, abs=1e-4
    )


def test_several_traits_together_cost_one_computation(monkeypatch):
    w = explorer()
    asked = []
    explore = w._explorer.explore
    monkeypatch.setattr(w._explorer, "explore", lambda *question: asked.append(1) or explore(*question))
    w.set(number=1, target=1, threshold=0.5)
    w.opacity = 0.9
    assert asked == [1] and w.error is None


def test_state_and_snapshot():
    w = explorer(target="dog", threshold=0.3)
    again = explorer(**w.state)
    assert again.state == w.state and again.words == w.words
    assert Image.open(io.BytesIO(w.snapshot())).size[0] > 3 * SIDE


def test_a_wrong_question_raises_in_the_constructor():
    with pytest.raises(TargetError, match="there is no class 'bee'"):
        explorer(target="bee")
    with pytest.raises(LayerError, match="planted has no layer 'conv'"):
        explorer(layer="conv")
    with pytest.raises(LayerError, match="layer '3', 3, has one number per unit"):
        explorer(layer="3")
    with pytest.raises(InputError, match=r"no pictures called 'photo'.*'photos'"):
        CAMExplorer(planted(), "photo")
    with pytest.raises(InputError, match="no picture 7 of 'all pictures'"):
        explorer(number=7)
    with pytest.raises(InputError, match=r"no class 'bedrom' here.*'bedroom'"):
        CAMExplorer(planted(), "scenes", "bedrom")
    with pytest.raises(ModelError, match="with at least one; got"):
        CAMExplorer([])
    with pytest.raises(ModelError, match="with at least one; got 7"):
        CAMExplorer(7)
    with pytest.raises(ModelError, match="CAMExplorer takes a HookedModel or a name, not int"):
        CAMExplorer([7])
    with pytest.raises(LayerError, match="no layer with maps"):
        explorer(HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(1728, 3)), (3, 24, 24)))
    with pytest.raises(TypeError, match="no trait 'color'"):
        explorer(color=1)


def test_a_wrong_question_later_keeps_the_last_answer():
    w = explorer(target=0)
    good, before = w.result, w.state
    for wrong in ({"target": "no such"}, {"target": 9}, {"layer": "3"}, {"number": 9}, {"data": "films"}):
        w.set(**wrong)
        assert w.error is not None and w.result is good
        assert w._status.layout.display == "" and 'role="alert"' in w._status.value
        w.set(**{name: before[name] for name in wrong})
        assert w.error is None and w._status.layout.display == "none"
        assert w.result.maps[0].region.box == (2, 4, 8, 12)
        good = w.result


def test_the_networks_stay_as_they_were():
    model = open_model("mini-vgg-scenes")
    before = {key: value.clone() for key, value in model.network.state_dict().items()}
    w = CAMExplorer(model, "objects", Objects.classes[3], saliency="mini-alexnet-scenes")
    assert w.error is None
    assert all(torch.equal(before[key], value) for key, value in model.network.state_dict().items())
    assert not any(each._forward_hooks for each in model.network.modules())
