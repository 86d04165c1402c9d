"""Top patches: what was planted is found, cut out where it is, and what fails says why."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, top_patches
from cnnviz_widgets.data.picture_set import picture_set
from cnnviz_widgets.engines import TopK, harvest
from cnnviz_widgets.errors import InputError, LayerError, PictureError, TargetError
from cnnviz_widgets.methods.deconvnet import patches_of

PATTERN = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.float32)
PLACES = {1: (2, 3), 4: (7, 5), 6: (0, 9)}  # picture: top and left of its cross


def cross_net() -> HookedModel:
    """Channel 1 looks for a bright cross, channel 0 for anything red."""
    network = nn.Sequential(
        nn.Conv2d(3, 2, 3, bias=False), nn.ReLU(), nn.MaxPool2d(2, 1), nn.Flatten(), nn.Linear(162, 2)
    )
    with torch.no_grad():
        network[0].weight.zero_()
        network[0].weight[0, 0, 1, 1] = 1
        network[0].weight[1] = torch.from_numpy(PATTERN - PATTERN.mean())
    return HookedModel(network, (3, 12, 12), name="crosses")


def pictures() -> list[np.ndarray]:
    """Eight dark pictures; three have a cross, each less bright than the one before."""
    made = [np.full((12, 12, 3), 10 + i, np.uint8) for i in range(8)]
    for brightness, (i, (top, left)) in zip((250, 200, 150), PLACES.items(), strict=True):
        made[i][top : top + 3, left : left + 3] = np.where(PATTERN[..., None] > 0, brightness, 10 + i)
    return made


def test_a_planted_pattern_is_found_and_cut_out():
    (found,) = top_patches(cross_net(), pictures(), "1", 1, k=3, progress=False)
    assert found.channel == 1 and found.pictures.tolist() == [1, 4, 6]
    assert list(zip(found.rows.tolist(), found.columns.tolist(), strict=True)) == list(PLACES.values())
    assert (np.diff(found.values) < 0).all()
    for i, (brightness, crop) in enumerate(zip((250, 200, 150), found.crops(), strict=True)):
        assert np.array_equal(crop[..., 0] == brightness, PATTERN > 0)
        top, left, bottom, right = found.box(i)
        assert (top, left, bottom - top, right - left) == (*PLACES[int(found.pictures[i])], 3, 3)


def test_the_projection_is_the_pattern_at_its_place():
    (found,) = top_patches(cross_net(), pictures(), "1", 1, k=3, progress=False)
    weights = PATTERN - PATTERN.mean()
    for i, value in enumerate(found.values):
        np.testing.assert_allclose(found.projected()[i, ..., 0], weights * value, rtol=1e-5)
        top, left, bottom, right = found.box(i)
        outside = found.projections[i].copy()
        outside[top:bottom, left:right] = 0
        assert not outside.any()


def test_several_channels_in_the_order_asked_and_each_with_names_and_classes():
    data = picture_set(pictures(), labels=["plain", "cross"] * 4)
    found = top_patches(cross_net(), data, "2", [1, 0], k=2, progress=False)
    assert [each.channel for each in found] == [1, 0]
    assert found[0].names == ("picture 1", "picture 4") and found[0].classes == ("cross", "plain")
    assert found[0].seen.shape == (2, 12, 12, 3) and found[0].projections.shape == (2, 12, 12, 3)
    assert np.array_equal(found[0].seen[0], pictures()[1])


def test_fewer_pictures_than_k():
    (found,) = top_patches(cross_net(), pictures()[:2], "1", 1, k=9, progress=False)
    assert len(found) == 2 and found.crops().shape == (2, 3, 3, 3)
    (found,) = top_patches(cross_net(), pictures()[1:2], "1", 1, progress=False)
    assert len(found) == 1


def test_a_fully_connected_layer_has_whole_pictures():
    model = cross_net()
    (found,) = top_patches(model, pictures(), "4", 1, k=2, rule="guided", progress=False)
    assert np.array_equal(found.crops(), found.seen) and found.projected().shape == (2, 12, 12, 3)
    assert found.box(0) == (0, 0, 12, 12)


def test_a_dead_channel_has_grey_projections():
    model = cross_net()
    with torch.no_grad():
        model.network[0].weight[0] *= -1
    (found,) = top_patches(model, pictures(), "1", 0, k=2, progress=False)
    assert found.values.tolist() == [0, 0] and not found.projections.any()


def test_pictures_whose_activations_are_no_numbers_are_passed_over():
    def broken(image):
        values = torch.from_numpy(np.array(image, np.float32) / 255).permute(2, 0, 1)
        return values * (float("nan") if values.max() > 0.9 else 1)

    model = HookedModel(cross_net().network, (3, 12, 12), transform=broken)
    (found,) = top_patches(model, pictures(), "1", 1, k=9, progress=False)
    assert found.pictures.tolist()[:2] == [4, 6] and len(found) == 7
    all_broken = HookedModel(cross_net().network, (3, 12, 12), transform=lambda image: broken(image) * np.nan)
    with pytest.raises(
        InputError, match="no picture to show for channel 1 of layer '1': in 8 its map holds NaN"
    ):
        top_patches(all_broken, pictures(), "1", 1, progress=False)


def test_questions_that_have_no_answer(tmp_path):
    model = cross_net()
    with pytest.raises(TargetError, match="layer '1' has no channel 2: they go from 0 to 1"):
        top_patches(model, pictures(), "1", 2, progress=False)
    with pytest.raises(LayerError, match="has no layer 'conv'"):
        top_patches(model, pictures(), "conv", 0, progress=False)
    with pytest.raises(PictureError, match="no picture"):
        top_patches(model, tmp_path, "1", 0, progress=False)
    with pytest.raises(InputError, match="needs at least one"):
        top_patches(model, [], "1", 0, progress=False)
    with pytest.raises(InputError, match="1 or more; got 0"):
        top_patches(model, pictures(), "1", 0, k=0, progress=False)


def test_patches_of_an_unfinished_harvest():
    model, data = cross_net(), picture_set(pictures())
    (strongest,) = harvest(model, data.subset(range(3)), [TopK("1", 9)], progress=False)
    found = patches_of(model, data, strongest, 1)
    assert len(found) == 3 and found.pictures[0] == 1


@pytest.mark.real
@pytest.mark.heavy
def test_a_real_network_on_real_photos(real, monkeypatch):
    from cnnviz_widgets import open_model

    monkeypatch.setenv("TORCH_HOME", str(real / "torch_home"))
    model = open_model("squeezenet1_1")
    (found,) = top_patches(model, real / "imagenet_samples", "features.7.cat", 3, k=4, progress=False)
    assert len(found) == 4 and found.values[0] > 0 and (found.projections != 0).any()
