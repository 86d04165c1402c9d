"""Occlusion: a dragged square is answered at once, a first map is there soon, and it points at the object."""

import time

import pytest

from cnnviz_widgets import open_model
from cnnviz_widgets.methods.occluder import Occluder
from cnnviz_widgets.widgets.occlusion import OcclusionSlider
from tests.methods.test_occlusion import pointing_game

MODEL = "mini-alexnet-objects"


def test_a_dragged_square_is_answered_at_once(measure):
    w = OcclusionSlider(MODEL, class_name="dalmatian", number=1)
    w.wait()
    places = iter(range(1, 10_000))

    def drag() -> None:
        place = next(places)
        w.set(top=place % 84, left=3 * place % 84)

    measure("occlusion: a dragged square, scores and pictures", drag, limit_ms=50)
    assert w.error is None


def test_a_coarse_map_is_there_soon_and_stop_answers(measure):
    model = open_model(MODEL)
    w = OcclusionSlider(model, class_name="dalmatian", number=1, stride=2)
    x = model.preprocess("cat")

    def first() -> None:
        occluder = Occluder(model, x)
        maps = occluder.blank(28, 2)
        for _ in occluder.steps(maps):
            if maps.done >= 36:
                return

    times = []
    for stride in (1, 2, 1, 2, 1):
        w.stride = stride
        time.sleep(0.3)
        started = time.perf_counter()
        w._bar.stop.click()
        w.wait()
        times.append((time.perf_counter() - started) * 1000)
    measure.record("occlusion: Stop, until it rests", times, limit_ms=200)
    measure("occlusion: a first map of 36 places, embedded net", first, limit_ms=1000, repeat=5)
    assert 0 < w.result.maps.done < w.result.maps.total and w.error is None


@pytest.mark.timeout(600)
def test_the_pointing_game():
    print()  # noqa: T201
    for reach in (0, 36):
        found = pointing_game(84, reach)
        print(  # noqa: T201
            f"84 test objects of Miniworld moved by up to {reach} px: the square that hurts most lies on the "
            f"object in {found['occlusion']:.0%}, the centre of the picture in {found['centre']:.0%} "
            f"(objects have {found['area']:.0%} of the area)"
        )
    assert found["occlusion"] > found["centre"] + 0.12 and found["occlusion"] > 2.5 * found["area"]
