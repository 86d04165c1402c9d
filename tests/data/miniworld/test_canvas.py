"""The canvas: every pixel's colour and labels come from the same region."""

import numpy as np
import pytest

from cnnviz_widgets.data.miniworld import tiles
from cnnviz_widgets.data.miniworld.canvas import Canvas
from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import Paint, mix
from cnnviz_widgets.data.miniworld.pen import ROUND
from cnnviz_widgets.data.miniworld.region import Light
from cnnviz_widgets.data.miniworld.vocabulary import CONCEPTS, INDEX

RED = Paint("red", "red", "metal", "", (200.0, 0.0, 0.0), (200.0, 0.0, 0.0), "plain", 1.0)
BLUE = Paint("blue", "blue", "wood", "", (0.0, 0.0, 200.0), (0.0, 0.0, 200.0), "plain", 1.0)
STRIPED = Paint("red", "white", "fabric", "striped", (200.0, 0.0, 0.0), (250.0,) * 3, "striped", 1.0)


def canvas(size: int = 16, **light: object) -> Canvas:
    return Canvas(size, Chance("test", size), Light(**light))  # type: ignore[arg-type]


def names(level: str, labels: np.ndarray) -> set[str]:
    return {CONCEPTS[level][index] for index in np.unique(labels)}


def test_halves_have_the_labels_and_the_colours_they_were_drawn_with():
    drawn = canvas()
    drawn.stuff("sky").rect(0, 0, 1, 1, BLUE)
    drawn.thing("car", 0.25, 0.0, 1.0).rect(-0.25, 0, 0.25, 1, RED, "body")  # the left half
    maps, picture = drawn.maps(), drawn.picture()
    assert names("object", maps["object"][0, :, :8]) == {"car"}
    assert names("object", maps["object"][0, :, 9:]) == {"sky"}
    assert names("part", maps["part"][0, :, :8]) == {"body"}
    assert names("part", maps["part"][0, :, 9:]) == {""}
    assert names("material", maps["material"][0, :, :8]) == {"metal"}
    assert names("color", maps["color"][0, :, 9:]) == {"blue"}
    assert (picture[:, :8, 0] > 150).all() and (picture[:, :8, 2] < 10).all()
    assert (picture[:, 9:, 2] > 150).all() and (picture[:, 9:, 0] < 10).all()


def test_the_point_zero_zero_is_the_lower_left_corner():
    drawn = canvas()
    drawn.stuff("sky").rect(0, 0, 1, 1, BLUE)
    drawn.thing("car", 0, 0, 1).rect(0, 0, 0.25, 0.25, RED)
    car = drawn.maps()["object"][0] == INDEX["object"]["car"]
    assert car[13:, :4].all() and car.sum() in range(16, 26)


def test_of_four_samples_the_region_with_most_gives_the_label():
    drawn = canvas(2)  # 4x4 samples
    drawn.stuff("sky").rect(0, 0, 1, 1, BLUE)
    numbers = np.array([[1, 2, 1, 1], [2, 2, 1, 2], [2, 1, 1, 2], [1, 2, 1, 2]])
    drawn.thing("car", 0, 0, 1).rect(0, 0, 0.01, 0.01, RED)
    for y in range(4):
        for x in range(4):
            drawn._numbers.putpixel((x, y), int(numbers[y, x]))
    car, sky = INDEX["object"]["car"], INDEX["object"]["sky"]
    top, bottom = drawn.maps()["object"][0]
    assert list(top) == [car, sky]  # three of four, three of four
    assert bottom[0] in (car, sky)  # two and two


def test_a_pattern_is_labelled_with_both_its_colours_where_they_are():
    drawn = canvas(64)
    drawn.thing("rug", 0, 0, 1).rect(0, 0, 1, 1, STRIPED)
    white = drawn.maps()["color"][0] == INDEX["color"]["white"]
    red = drawn.maps()["color"][0] == INDEX["color"]["red"]
    assert (white | red).all()
    assert white.mean() == pytest.approx(0.5, abs=0.05)
    picture = drawn.picture().astype(int)
    pure = np.zeros_like(white)
    pure[1:-1, 2:-2] = True
    for shift in (-2, -1, 1, 2):  # away from the stripes' edges
        pure &= np.roll(white, shift, 1) == white
    assert (picture[pure & white][:, 2] > 200).all()
    assert (picture[pure & red][:, 2] < 40).all()


def test_things_are_instances_and_stuff_is_not():
    drawn = canvas(32)
    drawn.stuff("sky").rect(0, 0, 1, 1, BLUE)
    for x in (0.25, 0.75):
        drawn.thing("car", x, 0.5, 0.25).rect(-0.5, 0, 0.5, 1, RED)
    first, second = drawn.instances()
    assert (first.name, second.name) == ("car", "car")
    left, top, right, bottom = first.box
    assert abs(left - 4) <= 1 and abs(bottom - 16) <= 1
    assert abs((right - left) - 8) <= 1 and abs((bottom - top) - 8) <= 1
    assert first.mask[top:bottom, left:right].mean() > 0.95
    assert not (first.mask & second.mask).any()


def test_what_is_hidden_is_not_in_the_mask_and_what_is_quite_hidden_is_no_instance():
    drawn = canvas(32)
    drawn.thing("car", 0.5, 0, 1).rect(-0.3, 0, 0.3, 0.6, RED)
    drawn.thing("ball", 0.5, 0, 1).rect(-0.05, 0.1, 0.05, 0.2, RED)
    drawn.thing("house", 0.5, 0, 1).rect(-0.1, 0, 0.5, 1, BLUE)
    car, house = drawn.instances()
    assert (car.name, house.name) == ("car", "house")
    assert not (car.mask & house.mask).any()
    assert car.box[2] <= house.box[0] + 1


def test_a_thing_on_a_thing_is_an_instance_of_its_own():
    drawn = canvas(32)
    boat = drawn.thing("boat", 0.5, 0.0, 1.0)
    boat.rect(-0.4, 0, 0.4, 0.3, RED)
    boat.thing("person", 0.0, 0.3, 0.5).rect(-0.2, 0, 0.2, 1, BLUE)
    assert [each.name for each in drawn.instances()] == ["boat", "person"]
    person = drawn.instances()[1]
    assert person.box[1] == pytest.approx(32 - 0.8 * 32, abs=1)


def test_flip_mirrors_and_tilt_turns_counter_clockwise():
    def centre(**how: object) -> tuple[float, float]:
        drawn = canvas(64)
        drawn.thing("car", 0.5, 0.5, 0.5, **how).rect(0.4, -0.1, 0.6, 0.1, RED)  # type: ignore[arg-type]
        rows, columns = np.nonzero(drawn.maps()["object"][0])
        return columns.mean() / 64, 1 - rows.mean() / 64

    assert centre() == pytest.approx((0.75, 0.5), abs=0.03)
    assert centre(flip=True) == pytest.approx((0.25, 0.5), abs=0.03)
    assert centre(tilt=90) == pytest.approx((0.5, 0.75), abs=0.03)


def test_a_shadow_darkens_the_ground_and_not_the_thing_on_it():
    drawn = canvas(64, shadow=0.5)
    drawn.stuff("grass", receives=True).rect(0, 0, 1, 1, BLUE)
    thing = drawn.thing("ball", 0.5, 0.5, 0.5)
    thing.shadow(0, 0, 0.6, 0.6)
    thing.ellipse(0, 0, 0.2, 0.2, RED)
    picture = drawn.picture().astype(int)
    assert picture[32, 32, 0] > 185  # the ball is as bright as ever
    assert picture[32, 20, 2] < 0.65 * picture[2:8, 2:8, 2].mean()


def test_haze_fades_towards_its_colour_and_glow_does_not():
    def colour(haze: float, glow: bool) -> np.ndarray:
        drawn = canvas(16, haze=(100.0, 100.0, 100.0), tint=(0.5, 0.5, 0.5))
        drawn.thing("car", 0.5, 0, 1, haze=haze).rect(-0.5, 0, 0.5, 1, RED, glow=glow)
        return drawn.picture()[6:10, 6:10].reshape(-1, 3).mean(axis=0)

    assert colour(0.0, False) == pytest.approx([100, 0, 0], abs=4)
    assert colour(0.5, False) == pytest.approx([100, 50, 50], abs=4)
    assert colour(0.5, True) == pytest.approx([200, 0, 0], abs=4)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_round_thing_is_brighter_towards_the_light(side):
    drawn = canvas(64, side=side)
    drawn.thing("ball", 0.5, 0.5, 1.0).ellipse(0, 0, 0.45, 0.45, RED, shade=ROUND)
    picture = drawn.picture().astype(float)[..., 0]
    left, right = picture[28:36, 8:20].mean(), picture[28:36, 44:56].mean()
    assert (right - left) * side > 30
    assert picture[8:16, 28:36].mean() > picture[48:56, 28:36].mean() + 20


def test_a_word_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="'spaceship' is not in the vocabulary"):
        canvas().thing("spaceship", 0, 0, 1)
    drawn = canvas()
    drawn.thing("car", 0, 0, 1).rect(0, 0, 1, 1, RED, "warp drive")
    with pytest.raises(KeyError, match="warp drive"):
        drawn.maps()


def test_pictures_at_two_sizes_show_the_same():
    def drawn(size: int) -> np.ndarray:
        picture = Canvas(size, Chance("same"), Light())
        picture.stuff("sky").rect(0, 0, 1, 1, mix(Chance("paint"), "blue", ""))
        picture.thing("ball", 0.4, 0.5, 0.5).ellipse(0, 0, 0.5, 0.5, RED, shade=ROUND)
        return picture.picture().astype(float)

    small, large = drawn(64), drawn(128)
    shrunk = large.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - shrunk).mean() < 4


def test_the_atlas_is_masked_by_a_power_of_two():
    assert tiles.SIDE & (tiles.SIDE - 1) == 0
