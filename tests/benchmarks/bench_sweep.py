"""What a sweep saves: against captum's Occlusion at its best, and against full passes of the same pictures.

One run, one picture, the same positions, float32, two threads, 224 px, random weights. All run by turns, and
the quickest turn of each counts, so that all see the machine's good moments.
"""

import time
import warnings

import pytest
import torch
import torch.nn.functional as F
from captum.attr import Occlusion
from torchvision import models

from cnnviz_widgets.backend import HookedModel, open_model
from cnnviz_widgets.engines import Sweep, cover, squares
from cnnviz_widgets.engines.sweep import MEMORY
from cnnviz_widgets.engines.sweep_full import FullPasses

SIDE, SIZE = 224, 32
# How many times faster a sweep must be than captum, and than full passes.
LIMITS = {
    "vgg11": (6.0, 4.0),
    "resnet18": (3.0, 1.8),
    "squeezenet1_1": (3.0, 1.8),
    "alexnet": (2.0, 1.0),
}
EMBEDDED = """
    mini-alexnet-objects mini-alexnet-scenes mini-vgg-scenes mini-googlenet-scenes mini-resnet-scenes
    mini-densenet-scenes mini-convnet
""".split()


@pytest.fixture(autouse=True)
def two_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def opened(name: str) -> tuple[HookedModel, torch.Tensor]:
    torch.manual_seed(0)
    model = HookedModel(models.get_model(name, weights=None).eval(), (3, SIDE, SIDE))
    return model, torch.randn(1, 3, SIDE, SIDE)


def seconds(call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def by_captum(model: HookedModel, x: torch.Tensor, stride: int, at_once: int) -> None:
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Occlusion(model.network).attribute(
            x,
            sliding_window_shapes=(3, SIZE, SIZE),
            strides=(3, stride, stride),
            target=0,
            perturbations_per_eval=at_once,
        )


def in_full(model: HookedModel, x: torch.Tensor, edits) -> torch.Tensor:
    passes = FullPasses(model, x, {}, True, MEMORY)
    with torch.inference_mode():
        return torch.cat(
            [passes.run(edits[i]).scores for i in passes.portions(edits, torch.arange(len(edits)))]
        )


def bare_rate() -> float:
    """Measure what a bare convolution reaches, in floating-point operations a second."""
    maps = torch.randn(32, 256, 14, 14).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(256, 256, 3, 3)
    with torch.inference_mode():
        quickest = min(seconds(lambda: F.conv2d(maps, weight, padding=1)) for _ in range(7))
    return 2 * weight.numel() * maps[:, 0].numel() / quickest


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", LIMITS)
def test_against_captum_and_full_passes(name, measure):
    model, x = opened(name)
    edits = squares(x, SIZE, 16)
    sweep = Sweep(model, x)
    best = min((1, 8, 16, 32, 64), key=lambda at_once: seconds(lambda: by_captum(model, x, 32, at_once)))
    sweep.ask(edits[:40]), in_full(model, x, edits[:40])
    before, answers, times = sweep.work, [], {"ours": [], "full": [], "captum": []}
    for _ in range(2):
        for _ in range(2):
            times["ours"].append(seconds(lambda: answers.append(sweep.ask(edits).scores)))
        times["full"].append(seconds(lambda: answers.append(in_full(model, x, edits))))
    times["captum"].append(seconds(lambda: by_captum(model, x, 16, best)))
    times["ours"].append(seconds(lambda: sweep.ask(edits)))
    ours, full, captum = (min(each) for each in times.values())
    turns = len(times["ours"])
    done, all_of_it = (
        (after - earlier) / turns
        for after, earlier in [(sweep.work.done, before.done), (sweep.work.full, before.full)]
    )
    bare, n = bare_rate(), len(edits)
    print(  # noqa: T201 - what the limits are about
        f"\n{name}, {n} squares of {SIZE} px: a sweep {ours:.2f} s, full passes {full:.2f} s, captum "
        f"{captum:.2f} s ({best} at once)\n  captum / sweep {captum / ours:.2f}, full / sweep "
        f"{full / ours:.2f}; work {done / 1e9:.1f} of {all_of_it / 1e9:.1f} GFLOP ({all_of_it / done:.2f})\n"
        f"  rate: sweep {done / ours / 1e9:.0f}, full passes {all_of_it / full / 1e9:.0f}, a bare "
        f"convolution {bare / 1e9:.0f} GFLOP/s; {sweep.how}"
    )
    spread = float(answers[-1].max() - answers[-1].min())
    assert float((answers[0] - answers[-1]).abs().max()) <= 1e-5 * spread
    measure.record(f"{name}: a square, swept", [1000 * each / n for each in times["ours"]], limit_ms=1000)
    measure.record(f"{name}: a square, full pass", [1000 * each / n for each in times["full"]], limit_ms=4000)
    measure.record(f"{name}: a square, captum", [1000 * each / n for each in times["captum"]], limit_ms=6000)
    than_captum, than_full = LIMITS[name]
    assert captum / ours >= than_captum, (
        f"{captum / ours:.2f} times as fast as captum; at least {than_captum}"
    )
    assert full / ours >= than_full, f"{full / ours:.2f} times as fast as full passes; at least {than_full}"


@pytest.mark.parametrize("name", LIMITS)
def test_small_squares(name):
    model, x = opened(name)
    edits = squares(x, 16, 16)[::2]
    sweep = Sweep(model, x)
    sweep.ask(edits[:40]), in_full(model, x, edits[:40])
    ours = min(seconds(lambda: sweep.ask(edits)) for _ in range(3))
    full = seconds(lambda: in_full(model, x, edits))
    print(f"\n{name}, {len(edits)} squares of 16 px: full / sweep {full / ours:.2f}")  # noqa: T201


def test_the_first_heat_map(measure):
    model, x = opened("resnet18")
    edits = squares(x, SIZE, 8)

    def first_level() -> None:
        for step in Sweep(model, x).steps(edits):
            if step.done >= 16:  # 4 x 4 squares, every eighth row and column
                return

    measure("resnet18: a first map of 16 of 625 squares", first_level, limit_ms=1000, repeat=5)


@pytest.mark.parametrize("name", EMBEDDED)
def test_one_dragged_square(name, measure):
    model = open_model(name)
    x = torch.randn(1, *model.input_shape)
    sweep, side = Sweep(model, x), x.shape[-1]
    places = iter(range(1, 10_000))

    def drag() -> None:
        place = next(places)
        sweep.ask(cover(x, [place % side], [3 * place % side], side // 4))

    measure(f"{name}: one dragged square", drag, limit_ms=50)
