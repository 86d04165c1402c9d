"""Neighbours: as the formula finds them; a picture is its own nearest; a planted twin is found."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cnnviz_widgets import HookedModel, Objects, PictureSet, open_model, picture_set
from cnnviz_widgets.backend.mini_nets import MiniConvNet
from cnnviz_widgets.errors import InputError, LayerError, MemoryLimitError, PictureError
from cnnviz_widgets.methods.gallery import Gallery
from cnnviz_widgets.methods.neighbor_search import Nearest, NeighborSearch
from cnnviz_widgets.methods.neighbors import (
    Survey,
    chance_agreement,
    class_agreement,
    last_feature_layer,
    nearest_neighbors,
    same_class,
)
from tests.methods.neighbor_twin import twin


def small_net(channels: int = 3) -> HookedModel:
    """Two convolutions, a mean over places and three classes, with fixed weights."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(5, channels),
    )  # fmt: skip
    return HookedModel(net, (3, 9, 9), classes=["ant", "bee", "cat"][:channels])


def noise(count: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, 9, 9, 3), np.uint8))


# Class agreement


def test_agreement_by_hand():
    found = Nearest(np.array([[1, 2, 3], [0, 3, -1]]), np.zeros((2, 3)))
    same = same_class(found, ["a", "a", "b", "a"], ["a", "b"])
    assert same.tolist() == [[True, False, True], [False, False, False]]
    assert class_agreement(same) == pytest.approx([1 / 2, 1 / 4, 2 / 6])
    # by lot: an a finds 2 a's among 3 others, the b none among 3
    assert chance_agreement([*"aaba"], [*"aaba"], True) == pytest.approx((3 * 2 / 3 + 0) / 4)
    assert chance_agreement([*"aaba"], [*"bc"], False) == pytest.approx((1 / 4 + 0) / 2)


def test_classes_are_compared_by_name():
    model, pictures = small_net(), noise(4)
    gallery = picture_set(pictures, labels=["x", "y", "x", "y"])
    queries = picture_set(pictures[1:3], labels=["y", "x"])  # number 0 is y here
    found = nearest_neighbors(model, gallery, queries, k=1, progress=False)
    assert found.feature_agreement == found.pixel_agreement == [1]


def test_a_survey_is_the_agreement_of_everybody():
    codes = np.random.default_rng(5).normal(size=(150, 4)).astype(np.float32)
    classes = [f"{each}" for each in np.random.default_rng(6).integers(0, 3, 150)]
    search = NeighborSearch(codes)
    survey = Survey(search, codes, classes, 7)
    steps = list(survey)
    assert [each.done for each in steps] == [50, 100, 150] and survey.queries == 150
    indices, _ = twin(codes, codes, 7, leave_out=np.arange(150))
    same = np.array([[classes[i] == classes[q] for i in row] for q, row in enumerate(indices)])
    wanted = [same[:, : k + 1].mean() for k in range(7)]
    assert survey.agreement == pytest.approx(wanted)


# Pictures


def test_the_codes_are_the_layers_and_the_pixels_are_preprocessed():
    model, pictures = small_net(), noise(12)
    found = nearest_neighbors(model, pictures, layer="3", k=3, progress=False)
    x = torch.cat([model.preprocess(each) for each in pictures])
    with torch.no_grad(), model.record("3") as record:
        model.scores(x)
    for space, codes in (("features", record["3"].flatten(1).numpy()), ("pixels", x.flatten(1).numpy())):
        indices, distances = twin(codes, codes, 3, leave_out=np.arange(12))
        assert np.array_equal(getattr(found, space).indices, indices)
        assert getattr(found, space).distances == pytest.approx(distances, rel=1e-5)
    assert found.left_out and found.layer == "3" and found.feature_agreement is None and found.chance is None


def test_the_mean_over_places_forgets_where():
    model, pictures = small_net(), noise(12)
    found = nearest_neighbors(model, pictures, layer="3", k=3, places="mean", progress=False)
    with torch.no_grad(), model.record("3") as record:
        model.scores(torch.cat([model.preprocess(each) for each in pictures]))
    codes = record["3"].mean((2, 3)).numpy()
    indices, distances = twin(codes, codes, 3, leave_out=np.arange(12))
    assert np.array_equal(found.features.indices, indices)
    assert found.features.distances == pytest.approx(distances, rel=1e-4)
    # layer 4 is that mean
    pooled = nearest_neighbors(model, pictures, layer="4", k=3, progress=False)
    assert np.array_equal(found.features.indices, pooled.features.indices)


@pytest.mark.parametrize("measure", ["l2", "cosine"])
def test_a_query_in_the_gallery_finds_itself_at_distance_zero(measure):
    model, data = open_model("mini-alexnet-objects"), Objects("test", 40)
    pictures = [data.picture(i).picture for i in range(40)]
    # one, two, three at a time: passes of other sizes than the gallery's, which round otherwise
    for chosen in ([7], [20, 3], [39, 0, 16]):
        queries = [pictures[i] for i in chosen]
        found = nearest_neighbors(model, pictures, queries, k=2, measure=measure, progress=False)
        for space in (found.features, found.pixels):
            assert space.indices[:, 0].tolist() == chosen
            assert (space.distances[:, 0] == 0).all() and (space.distances[:, 1] > 0).all()
        assert not found.left_out


def test_a_copy_from_outside_has_the_very_code_of_the_picture_in_the_gallery():
    model, data = open_model("mini-alexnet-objects"), Objects("test", 40)
    gallery = Gallery(model, picture_set(data))
    list(gallery.gather("fc7"))
    for i in (0, 7, 39):
        code = gallery.code(model.preprocess(data.picture(i).picture), "fc7")
        assert np.array_equal(code, gallery.features("fc7")[[i]])
    other = gallery.code(model.preprocess(data.picture(3).picture[::-1]), "fc7")
    assert other.shape == (1, 192) and not (gallery.features("fc7") == other).all(axis=1).any()


def test_a_query_of_the_gallery_itself_is_left_out():
    found = nearest_neighbors(small_net(), [*noise(5), noise(5)[2]], k=5, progress=False)
    for space in (found.features, found.pixels):
        assert (space.indices != np.arange(6)[:, None]).all()
        assert space.indices[2, 0] == 5 and space.distances[2, 0] == 0  # its double stays


def test_a_planted_cause_is_found():
    """The network counts red, wherever it is: a shifted picture is its neighbour, and in pixels it is not."""

    class Red(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool, self.out = nn.AdaptiveAvgPool2d(1), nn.Linear(1, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.pool(x[:, :1]).flatten(1))

    def spot(row: int, column: int, size: int, background: int) -> np.ndarray:
        picture = np.full((9, 9, 3), background, np.uint8)
        picture[..., 0] = 0
        picture[row : row + size, column : column + size, 0] = 255
        return picture

    query, shifted = spot(0, 0, 3, 50), spot(6, 6, 3, 200)
    gallery = [spot(0, 0, 4, 50), shifted, spot(1, 0, 5, 50), spot(0, 0, 2, 50)]
    found = nearest_neighbors(HookedModel(Red(), (3, 9, 9)), gallery, [query], k=4, progress=False)
    assert found.layer == "pool"
    assert found.features.indices[0].tolist() == [1, 3, 0, 2]  # 9 red pixels, 4, 16, 25
    assert found.features.distances[0] == pytest.approx([0, 5 / 81, 7 / 81, 16 / 81], abs=1e-6)
    assert found.pixels.indices[0, 0] == 3 and found.pixels.indices[0, 3] == 1


@pytest.mark.heavy
def test_the_embedded_net_knows_things_that_pixels_do_not():
    model = open_model("mini-alexnet-objects")
    found = nearest_neighbors(model, Objects("test", 280), k=5, progress=False)
    assert found.chance == pytest.approx(9 / 279)
    assert found.feature_agreement[4] > 0.9 and found.pixel_agreement[4] < 0.15
    deep = nearest_neighbors(model, Objects("test", 280), layer="pool2", k=5, progress=False)
    assert found.pixel_agreement[4] < deep.feature_agreement[4] < 0.5


def is_dog(name: str) -> bool:
    return 151 <= int(name[:4]) <= 268  # ImageNet's classes from Chihuahua to Mexican hairless


@pytest.mark.real
@pytest.mark.heavy
def test_the_dalmatian_lies_among_dogs_and_its_pixels_do_not(real, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(real / "torch_home"))
    pictures = picture_set(real / "imagenet_samples")
    dogs = picture_set(
        real / "imagenet_samples", labels=["dog" if is_dog(name) else "no dog" for name in pictures.names]
    )
    dalmatian = next(i for i, name in enumerate(pictures.names) if "dalmatian" in name)
    found = nearest_neighbors(
        open_model("squeezenet1_1"), dogs, k=10, measure="cosine", places="mean", progress=False
    )
    names = {space: getattr(found, space)[dalmatian].indices[0] for space in ("features", "pixels")}
    count = {space: sum(is_dog(pictures.names[i]) for i in near) for space, near in names.items()}
    assert (
        found.layer == "features.12.cat" and len(pictures) == 186 and sum(map(is_dog, pictures.names)) == 23
    )
    assert (count["features"], count["pixels"]) == (6, 1)  # of 10; by lot 1.2


# The last feature layer


@pytest.mark.parametrize(
    ("name", "layer"),
    [("mini-alexnet-objects", "relu7"), ("mini-resnet-scenes", "avgpool"), ("mini-convnet", "pool3")],
)
def test_the_last_feature_layer(name, layer):
    assert last_feature_layer(open_model(name)) == layer


def test_the_last_feature_layer_before_a_convolution_that_scores():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Dropout(), nn.Conv2d(4, 5, 1), nn.ReLU(),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten())  # fmt: skip
    assert last_feature_layer(HookedModel(net, (3, 9, 9))) == "1"


def test_a_network_that_is_only_a_classifier_has_none():
    model = HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(243, 3)), (3, 9, 9), name="linear")
    with pytest.raises(LayerError, match="linear has no layer before its classifier: name one of"):
        last_feature_layer(model)


# What is gathered, and how


def watched(pictures: list[np.ndarray], opened: list[int]) -> PictureSet:
    """Note which pictures are opened."""
    known = picture_set(pictures)
    return PictureSet(lambda i: (opened.append(i), pictures[i])[1], known.names, identify=lambda: known.id)


def test_codes_are_kept_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path))
    model, pictures = small_net(), noise(20)
    before = nearest_neighbors(model, pictures, k=3, progress=False)
    again = nearest_neighbors(small_net(), pictures, k=3, progress=False)
    assert np.array_equal(before.features.distances, again.features.distances)
    opened: list[int] = []
    gallery = Gallery(model, watched(pictures, opened))
    assert list(gallery.gather("4")) == [] and opened == []  # nothing is left to do
    assert np.array_equal(
        gallery.pixels(), torch.cat([model.preprocess(each) for each in pictures]).flatten(1)
    )


def test_a_stopped_gathering_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CACHE", str(tmp_path))
    model, pictures = small_net(), picture_set(noise(50))
    gallery = Gallery(model, pictures)
    steps = gallery.gather("3")
    next(steps)
    steps.close()
    assert gallery.known("3") == 16 and gallery.features("3").shape == (16, 125)
    assert [each.done for each in gallery.gather("3")] == [32, 48, 50]
    whole = Gallery(model, pictures, cache=False)
    list(whole.gather("3"))
    assert np.array_equal(gallery.features("3"), whole.features("3"))
    assert np.array_equal(gallery.pixels(), whole.pixels()) and len(whole.pixels()) == 50


def test_each_picture_is_opened_once():
    opened: list[int] = []
    gallery = Gallery(small_net(), watched(noise(20), opened), cache=False)
    list(gallery.gather("3"))
    list(gallery.gather("1"))
    assert sorted(opened) == list(range(20))


def test_the_network_is_left_as_it_was():
    model = small_net()
    model.network.train()
    before = {name: each.clone() for name, each in model.network.state_dict().items()}
    nearest_neighbors(model, noise(5), k=2, progress=False)
    assert model.network.training and not any(each._forward_hooks for each in model.network.modules())
    assert all(torch.equal(each, before[name]) for name, each in model.network.state_dict().items())


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"k": 6}, InputError, "6 neighbours were asked for, and there are 4 pictures besides the query"),
        ({"k": 0}, InputError, "k goes from 1 to 4"),
        ({"layer": "conv9"}, LayerError, "no layer 'conv9'"),
        ({"measure": "l1"}, InputError, "'l2' or 'cosine'"),
        ({"places": "max"}, InputError, "'all' places of a map or their 'mean'; got 'max'"),
    ],
    ids=lambda each: str(each) if isinstance(each, dict) else "",
)
def test_what_cannot_be_asked(change, error, says):
    with pytest.raises(error, match=says):
        nearest_neighbors(small_net(), noise(5), **{"k": 2, "progress": False, **change})


def test_no_pictures(tmp_path):
    with pytest.raises(PictureError):
        nearest_neighbors(small_net(), tmp_path, progress=False)
    with pytest.raises(InputError, match="0 pictures besides the query"):
        nearest_neighbors(small_net(), noise(1), k=1, progress=False)


def test_codes_that_need_too_much_memory_are_refused():
    model = HookedModel(MiniConvNet(), (3, 32, 32))
    many = picture_set([noise(1)[0]] * 40_000)
    gallery = Gallery(model, many, cache=False)
    with pytest.raises(MemoryLimitError, match=r"layer 'conv1' of 40000 pictures would need 2.\d GB.*'mean'"):
        gallery.gather("conv1")
    gallery.gather("conv1", "mean")
