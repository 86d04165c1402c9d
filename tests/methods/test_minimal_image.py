"""Minimal images: a linear net by hand, a greedy twin by loops, a planted cause, Miniworld's objects."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets import HookedModel, Scenes, open_model
from cnnviz_widgets.data.labelled import Instance, Sample
from cnnviz_widgets.errors import InputError, TargetError
from cnnviz_widgets.methods.image_segments import labelled, object_segments, segments
from cnnviz_widgets.methods.kept_objects import kept_names, kept_objects
from cnnviz_widgets.methods.minimal_image import minimal_image, minimal_image_steps, whole_image
from cnnviz_widgets.methods.region_fills import FILLS, fill_regions
from cnnviz_widgets.methods.seen_pictures import network_input, seen_picture

# What makes a scene the scene that it is, where one kind of object does.
DIAGNOSTIC = {
    **{"street": "building", "harbor": "boat", "waterfall": "waterfall", "cemetery": "gravestone"},
    **{"windmill": "windmill", "bedroom": "bed", "living room": "sofa", "staircase": "stairs"},
}


class Weighed(nn.Module):
    """Class 0 weighs every pixel's red, class 1 has a score of its own."""

    def __init__(self, weights, rival: float) -> None:
        super().__init__()
        self.register_buffer("weights", torch.as_tensor(weights, dtype=torch.float32))
        self.rival = rival

    def forward(self, x):
        score = (x[:, 0] * self.weights).sum((1, 2))
        return torch.stack([score, torch.full_like(score, self.rival)], 1)


def quarters(side: int = 4):
    """Cut a square into four: upper left 0, upper right 1, lower left 2, lower right 3."""
    half = np.arange(side) >= side // 2
    return labelled(half[:, None] * 2 + half, "by hand")


def by_hand(rival: float) -> HookedModel:
    # Four quarters of 2x2 white pixels: they give 3, 1, -2 and 4 to the score, 6 together.
    weights = np.repeat(np.repeat(np.array([[3, 1], [-2, 4]]) / 4, 2, 0), 2, 1)
    return HookedModel(Weighed(weights, rival), (3, 4, 4), classes=("right", "wrong"))


WHITE = np.full((4, 4, 3), 255, np.uint8)


def test_by_hand_the_order_is_that_of_the_weights():
    found = minimal_image(by_hand(3.5), WHITE, quarters())
    # Without 2 the score is 8, then without 1 it is 7, without 0 it is 4; without 3 nothing is left, 0 < 3.5.
    assert found.order == (2, 1, 0, 3)
    assert found.scores == pytest.approx([6, 8, 7, 4, 0])
    assert found.is_finished and found.is_misclassified and found.minimal == 3
    assert found.left() == (3,) and found.left(1) == (0, 1, 3)
    assert np.array_equal(found.kept(), quarters().mask(3))
    assert found.picture[2:, 2:].min() == 255 and found.picture.sum() == 255 * 3 * 4, "black is what is gone"
    assert found.steps[1].candidates == pytest.approx({0: 3, 1: 5, 2: 8, 3: 2})
    assert set(found.steps[3].candidates) == {0, 3}
    assert found.probabilities[0] == pytest.approx(1 / (1 + np.exp(3.5 - 6)))
    assert [each.top for each in found.steps] == [0, 0, 0, 0, 1]


def test_it_ends_when_nothing_is_left_to_take_away():
    found = minimal_image(by_hand(-1.0), WHITE, quarters())
    assert found.is_finished and not found.is_misclassified
    assert found.minimal == 4 and found.left() == () and not found.kept().any()
    assert len(found.steps) == 5


def test_of_equal_ones_the_first_goes():
    model = HookedModel(Weighed(np.full((4, 4), 0.25), 1.5), (3, 4, 4))
    assert minimal_image(model, WHITE, quarters()).order == (0, 1, 2)  # 4, 3, 2, and with 1 < 1.5 it is wrong


def network(channels: int = 3) -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(
        nn.Conv2d(channels, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(720, 3)
    ).double()


@pytest.mark.parametrize("count", [9, 16])  # in full passes, and by a sweep
@pytest.mark.parametrize("fill", FILLS)
def test_equal_to_a_greedy_search_by_loops(fill, count):
    model = HookedModel(network(), (3, 24, 24), mean=0.4, std=0.3)
    picture = np.random.default_rng(1).integers(0, 256, (24, 24, 3), np.uint8)
    side = int(count**0.5)
    rows = np.arange(24) * side // 24
    pieces = labelled(rows[:, None] * side + rows, "by hand")
    found = minimal_image(model, picture, pieces, fill=fill)

    def scored(image) -> np.ndarray:
        x = (torch.from_numpy(image.copy()).double() / 255 - 0.4) / 0.3
        with torch.no_grad():
            return model.network(x.movedim(-1, 0)[None])[0].numpy()

    now, left, order, scores = picture, list(range(count)), [], [scored(picture)]
    target = int(scores[0].argmax())
    while left and scores[-1].argmax() == target:
        tried = []
        for each in left:
            image = now.copy()
            there = pieces.labels == each
            if fill in ("grey", "mean"):
                color = np.full(3, 102) if fill == "grey" else now[there].mean(0).round()
                image[there] = color.astype(np.uint8)
            else:  # of the picture as it is now; these fills have twins of their own
                image = fill_regions(now, np.where(there, 0, -1), fill, (0, 0, 0))
            tried.append((scored(image), image))
        best = max(range(len(left)), key=lambda i: tried[i][0][target])
        order.append(left.pop(best))
        scores.append(tried[best][0])
        now = tried[best][1]
    assert found.order == tuple(order) and len(order) > 2
    assert np.allclose(found.scores, [each[target] for each in scores], atol=1e-5)
    assert np.array_equal(found.steps[-1].picture, now)


def test_a_planted_cause_is_what_remains():
    weights = np.zeros((24, 24))
    weights[8:16, 8:16] = 1 / 64
    model = HookedModel(Weighed(weights, 0.5), (3, 24, 24))
    thirds = np.arange(24) // 8
    pieces = labelled(thirds[:, None] * 3 + thirds, "by hand")
    picture = np.full((24, 24, 3), 255, np.uint8)
    assert minimal_image(model, picture, pieces).left() == (4,)


def test_a_stopped_search_goes_on_where_it_was():
    model = by_hand(3.5)
    whole = minimal_image(model, WHITE, quarters())
    steps = minimal_image_steps(model, whole_image(model, WHITE, quarters()))
    half = next(steps)
    steps.close()
    assert half.order == (2,) and not half.is_finished and half.minimal == 1
    rest = list(minimal_image_steps(model, half))
    assert [each.order for each in rest] == [(2, 1), (2, 1, 0), (2, 1, 0, 3)]
    assert rest[-1].scores == whole.scores
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(rest[-1].steps, whole.steps, strict=True))
    assert list(minimal_image_steps(model, whole)) == [], "it is over"


def test_nothing_of_the_callers_is_changed():
    picture, model = WHITE.copy(), by_hand(3.5)
    model.network.train()
    found = minimal_image(model, picture, quarters())
    assert np.array_equal(picture, WHITE) and model.network.training
    with pytest.raises(ValueError, match="read-only"):
        found.picture[0, 0] = 0
    picture[:] = 7
    assert np.array_equal(found.steps[0].picture, WHITE), "the first picture is kept, not borrowed"


def test_what_is_wrong_is_said():
    model = by_hand(3.5)
    with pytest.raises(TargetError, match="takes the whole picture for 'right', not for 'wrong'"):
        minimal_image(model, WHITE, quarters(), "wrong")
    with pytest.raises(TargetError, match=r"no class 'rihgt'\. Did you mean 'right'"):
        minimal_image(model, WHITE, quarters(), "rihgt")
    with pytest.raises(InputError, match="one segment only"):
        minimal_image(model, WHITE, segments(WHITE, count=1))
    with pytest.raises(InputError, match=r"segments are of a picture of \(8, 8\)"):
        minimal_image(model, WHITE, quarters(8))
    with pytest.raises(InputError, match=r"no fill 'gray'\. Did you mean 'grey'"):
        minimal_image(model, WHITE, quarters(), fill="gray")
    small = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(InputError, match="as Weighed sees it, 4x4x3 uint8; got uint8 2x2x3"):
        minimal_image(model, small, quarters(2))

    class Everywhere(nn.Module):
        def forward(self, x):
            return x[:, :2]

    with pytest.raises(InputError, match="no score per class"):
        minimal_image(HookedModel(Everywhere(), (3, 4, 4)), WHITE, quarters())


def test_a_network_of_grey_pictures():
    model = HookedModel(network(1), (1, 24, 24), mean=0.5, std=0.5)
    picture = seen_picture(model, "cat")
    assert torch.equal(network_input(model, picture), model.preprocess("cat"))
    found = minimal_image(model, picture, segments(picture, count=6))
    assert found.is_finished


def test_the_networks_own_transform_must_be_one_that_can_be_undone():
    model = HookedModel(network(), (3, 24, 24), transform=lambda image: torch.randn(3, 24, 24))
    with pytest.raises(InputError, match="mean and std do not undo"):
        seen_picture(model, "cat")


def labelled_quarters(label: int, *kinds: int) -> Sample:
    """Say what the four quarters of a white picture show: 0 is unnamed, 1 a wall, 2 a ball, each a thing."""
    cut = quarters()
    maps = np.array(kinds, np.int16)[cut.labels][None]
    things = [Instance("ball", (0, 0, 4, 4), cut.mask(i)) for i in range(4) if kinds[i] == 2]
    return Sample(WHITE, label, {"object": maps}, {"object": ("", "wall", "ball")}, tuple(things))


def test_objects_are_counted_once_a_picture_and_as_shares_of_the_pictures_that_were_right():
    # With a rival of 5 the lower left quarter goes first, then the upper right one; the other two remain.
    pictures = [
        labelled_quarters(0, 2, 0, 1, 2),  # two balls remain
        labelled_quarters(0, 1, 0, 1, 0),  # the walls are one piece, which goes: the unnamed remains
        labelled_quarters(0, 0, 2, 2, 1),  # the unnamed and the wall remain
        labelled_quarters(0, 1, 1, 1, 1),  # one piece is not taken away
        labelled_quarters(1, 2, 0, 1, 2),  # misclassified
    ]
    found = kept_objects(by_hand(5.0), pictures)
    right, wrong = found["right"], found["wrong"]
    assert (right.pictures, right.wrong, wrong.pictures, wrong.wrong) == (3, 0, 0, 1)
    assert right.shown == {"ball": 2, "wall": 3} and right.kept == {"ball": 1, "wall": 1}
    assert right.share("ball") == pytest.approx(1 / 3) and wrong.share("ball") == 0


@pytest.fixture(scope="module")
def scenes() -> HookedModel:
    return open_model("mini-alexnet-scenes")


def test_a_minimal_bedroom_keeps_the_bed(scenes):
    sample = Scenes("test")[8]
    seen = seen_picture(scenes, sample.image)
    assert np.array_equal(seen, sample.image)
    found = minimal_image(scenes, seen, object_segments(sample, seen.shape[:2]), "bedroom")
    assert kept_names(found) == Counter({"bed": 1})
    assert kept_names(found, 0) == Counter(name for name in found.segments.names)
    assert found.steps[-1].picture.shape == (112, 112, 3)


@pytest.mark.heavy
@pytest.mark.parametrize("fill", FILLS)
def test_true_objects_remain_rather_than_the_rest(scenes, fill):
    kept, rest, pictures = diagnostic_shares(scenes, Scenes("test"), range(24), fill)
    assert pictures >= 12
    assert kept > 2 * rest, (kept, rest)


@pytest.mark.heavy
def test_objects_are_counted_as_the_paper_counts_them(scenes):
    data = Scenes("test")
    found = kept_objects(scenes, (data[i] for i in (8, 20, 32)))
    assert list(found) == ["bedroom"] and found["bedroom"].pictures == 3 and found["bedroom"].wrong == 0
    assert found["bedroom"].share("bed") == 1.0 and found["bedroom"].shown["bed"] == 3
    assert found["bedroom"].most(1) == [("bed", 1.0)]
    unlabelled = Sample(data[8].image, None, data[8].maps, data[8].concepts)
    with pytest.raises(InputError, match="no class that mini-alexnet-scenes knows"):
        kept_objects(scenes, [unlabelled])


def diagnostic_shares(model, data, indices, fill: str, method: str = "objects") -> tuple[float, float, int]:
    """Say which share of the pixels remains, of the diagnostic objects and of all else, over pictures."""
    kept, rest = [], []
    for i in indices:
        sample = data[i]
        name = DIAGNOSTIC.get(data.classes[sample.label], "")
        if name not in sample.present("object"):
            continue
        seen = seen_picture(model, sample.image)
        pieces = object_segments(sample, seen.shape[:2]) if method == "objects" else segments(seen, method)
        try:
            found = minimal_image(model, seen, pieces, sample.label, fill)
        except TargetError:
            continue  # misclassified as a whole
        there = sample.mask("object", name)
        kept.append(found.kept()[there].mean())
        rest.append(found.kept()[~there].mean())
    return float(np.mean(kept)), float(np.mean(rest)), len(kept)
