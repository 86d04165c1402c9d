"""Labels, boxes and masks drawn on pictures: colours by hand, and colours that can be told apart."""

import numpy as np
import pytest

from cnnviz_widgets.errors import PictureError
from cnnviz_widgets.paint import Tag, draw_tags, label_colors, outline, paint_labels, paint_mask, spotlight
from cnnviz_widgets.paint.labels import ink_on

GREY = np.full((60, 80, 3), 100, np.uint8)

# Machado, Oliveira & Fernandes 2009, table 1, severity 1.0, on linear RGB.
SEEN_BY = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "all hues": np.eye(3),
}


def lab(rgb: np.ndarray, eyes: str) -> np.ndarray:
    """Give CIE L*a*b* of (n, 3) uint8 as those eyes see it."""
    from skimage.color import rgb2lab

    values = rgb / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(SEEN_BY[eyes]).T, 0, 1)
    return rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))


def least_distance(colors: np.ndarray, eyes: str) -> float:
    points = lab(colors, eyes)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    return float(apart[np.triu_indices(len(points), 1)].min())


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_any_five_labels_in_a_row_can_be_told_apart(eyes):
    colors = label_colors(["?"] * 80)[1:]
    assert min(least_distance(colors[i : i + 5], eyes) for i in range(75)) > 10  # 2.3 is just noticeable


def test_a_label_keeps_its_colour_however_many_there_are():
    few, many = label_colors(["", "a", "b"]), label_colors(["", "a", "b", "c", "d"])
    assert np.array_equal(few, many[:3])
    assert few.tolist() == [[0, 0, 0], [58, 110, 185], [255, 152, 126]]
    assert len({tuple(each) for each in label_colors([""] * 100).tolist()}) == 100


def test_labels_that_are_colours_look_like_it():
    colors = label_colors(["", "red", "white", "black"])
    assert colors[1, 0] > 200 > 50 > colors[1, 1] and colors[2].min() == 250 and colors[3].max() == 30
    assert label_colors([]).shape == (0, 3)


def test_labels_are_mixed_and_the_rest_is_dimmed():
    colors = np.array([[0, 0, 0], [200, 0, 100]], np.uint8)
    labels = np.zeros((60, 80), int)
    labels[0, 0] = 1
    painted = paint_labels(GREY, labels, colors, opacity=0.6, dim=0.4)
    assert painted[0, 0].tolist() == [160, 40, 100]  # 100 + 0.6 x (200 - 100), ...
    assert painted[5, 5].tolist() == [40, 40, 40]
    assert GREY.min() == GREY.max() == 100
    with pytest.raises(PictureError, match="labels from 0 to 1 need a colour each; there are 1"):
        paint_labels(GREY, labels, colors[:1])
    with pytest.raises(PictureError, match="rows and columns must agree"):
        paint_labels(GREY, labels[1:], colors)


def test_an_outline_is_inside_and_open_at_the_edge():
    mask = np.zeros((6, 6), bool)
    mask[1:6, 1:4] = True  # reaches the lower edge
    assert outline(mask)[:, 1:4].tolist() == [
        [False, False, False],
        [True, True, True],
        [True, False, True],
        [True, False, True],
        [True, False, True],
        [True, False, True],
    ]
    assert outline(mask, 2).sum() == 15 and not outline(mask)[~mask].any()


def test_a_mask_is_tinted_and_outlined():
    mask = np.zeros((60, 80), bool)
    mask[10:30, 10:30] = True
    painted = paint_mask(GREY, mask, (200, 0, 0), opacity=0.5, thickness=2)
    assert painted[20, 20].tolist() == [150, 50, 50]
    assert painted[10, 15].tolist() == painted[11, 15].tolist() == [200, 0, 0]
    assert painted[9, 15].tolist() == [100, 100, 100]


def test_a_spotlight_darkens_everything_else():
    mask = np.zeros((60, 80), bool)
    mask[10:30, 10:30] = True
    painted = spotlight(GREY, mask, dim=0.5)
    assert painted[20, 20].tolist() == painted[10, 10].tolist() == [100, 100, 100]
    assert painted[9, 15].tolist() == painted[8, 15].tolist() == [255, 255, 255]
    assert painted[7, 15].tolist() == [50, 50, 50]


def test_a_box_has_its_colour_just_inside_and_black_around():
    painted = draw_tags(GREY, [Tag("", (20, 30, 60, 50), (200, 0, 0))], thickness=2)
    assert painted[30, 20].tolist() == painted[49, 59].tolist() == painted[31, 40].tolist() == [200, 0, 0]
    assert painted[29, 20].tolist() == painted[50, 40].tolist() == [0, 0, 0]
    assert painted[28, 20].tolist() == painted[40, 40].tolist() == [100, 100, 100]


def colored(painted: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    return np.argwhere((painted == color).all(axis=2))


def test_a_name_stands_above_its_box_or_inside_and_never_outside_the_picture():
    color = (250, 250, 0)
    above = colored(draw_tags(GREY, [Tag("cat", (20, 30, 60, 50), color, frame=False)]), color)
    assert above[:, 0].max() < 30 and above[:, 1].min() <= 21
    inside = colored(draw_tags(GREY, [Tag("cat", (20, 3, 60, 50), color, frame=False)]), color)
    assert inside[:, 0].min() >= 3
    right = colored(draw_tags(GREY, [Tag("cat", (75, 30, 80, 50), color, frame=False)]), color)
    assert right[:, 1].max() >= 76 and len(right) > 0.9 * len(above)
    whole = colored(draw_tags(GREY, [Tag("cat", (0, 0, 80, 60), color, frame=False)]), color)
    assert whole[:, 0].min() <= 1


def test_a_name_that_would_cover_another_moves_or_is_left_out():
    first, second, third, fourth = ((250, 250, 0), (0, 250, 250), (250, 0, 250), (0, 250, 0))
    tags = [Tag("cat", (20, 24, 60, 42), color, frame=False) for color in (first, second, third, fourth)]
    painted = draw_tags(GREY, tags)
    heights = [colored(painted, color)[:, 0] for color in (first, second, third)]
    assert heights[0].max() < 24 <= heights[1].min() and heights[1].max() < 42 <= heights[2].min()
    assert len(colored(painted, fourth)) == 0


def test_names_lie_on_top_of_all_frames():
    tags = [Tag("cat", (20, 30, 60, 50), (250, 250, 0), frame=False), Tag("", (22, 20, 40, 40), (200, 0, 0))]
    alone = colored(draw_tags(GREY, tags[:1]), (250, 250, 0))
    assert np.array_equal(colored(draw_tags(GREY, tags), (250, 250, 0)), alone)


@pytest.mark.parametrize(
    ("color", "ink"), [((255, 255, 0), "black"), ((0, 0, 120), "white"), ((117, 117, 117), "white"),
                       ((119, 119, 119), "black")]
)  # fmt: skip
def test_ink_is_what_can_be_read(color, ink):
    assert ink_on(color) == ink  # #757575 has contrast 4.6 with both: white wins by a hair
