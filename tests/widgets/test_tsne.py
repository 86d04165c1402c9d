"""TSNEScatter: from the data set to points that move, and what it says where that cannot be."""

import threading

import numpy as np
import pytest

from cnnviz_widgets import TSNEScatter, tsne
from cnnviz_widgets.errors import InputError, LayerError, MemoryLimitError, PictureError, TargetError
from cnnviz_widgets.widgets import _tsne_codes, _tsne_work
from tests.widgets.toy_map import (  # noqa: F401 - fixtures by import
    CLASSES,
    ITERATIONS,
    LIMIT,
    Gate,
    colored,
    few_iterations,
    few_steps,
    image,
    made_widgets,
    mean_colors,
    no_cache,
    points_of,
    scatter,
    toy_model,
)


def test_the_result_is_the_methods_map(made):
    w = scatter(made, perplexity=8, seed=3)
    assert w.error is None and w.result.is_finished and w.layer == "code"
    expected = tsne(mean_colors(w.pictures), 8, 3, iterations=ITERATIONS).positions
    assert np.abs(w.result.layout.positions - expected).max() < 0.05 * np.ptp(expected) or (
        w.result.accuracy == 1.0  # codes that differ in the last digit may take another way
    )
    assert w.result.accuracy == 1.0 and w.result.chance < 0.6
    assert w.result.labels.tolist() == [i % 4 for i in range(40)]
    assert w.result.numbers.tolist() == list(range(40))
    assert "40 pictures as points, arranged by t-SNE of layer code of tiny, finished" in w.words
    assert "accuracy in the plane: 1.000" in w.words


def test_the_figure_shows_the_points_by_class(made):
    w = scatter(made)
    points = points_of(w)
    shown = np.stack([points.x, points.y], 1)
    np.testing.assert_allclose(shown, w.result.layout.positions, rtol=1e-5)
    assert len({*zip(points.marker.color, points.marker.symbol, strict=True)}) == 4
    assert points.marker.color[0] == points.marker.color[4] != points.marker.color[1]
    assert points.hovertext[3] == "picture 3"
    low, high = w._points.figure.layout.xaxis.range
    assert low < shown[:, 0].min() and shown[:, 0].max() < high
    # an empty array, sent as a buffer, breaks the figure in the browser: it must be no array
    assert w._points.figure.data[0].x == w._points.figure.data[2].y == ()
    texts = w._points.figure.data[3]
    assert sorted(texts.text) == sorted(CLASSES)  # each lies together
    below = dict(zip(texts.text, texts.y, strict=True))
    greens = shown[1::4, 1]
    per_pixel = (high - low) / 480
    assert below["green"] == pytest.approx(np.percentile(greens, 10) - 5 * per_pixel, abs=0.1 * per_pixel)


def test_the_points_move_while_the_map_is_made(made, monkeypatch):
    gate = Gate()
    monkeypatch.setattr(_tsne_work, "tsne_steps", lambda *a, **k: gate.through(few_steps(*a, **k)))
    w = scatter(made, wait=False)
    assert w.result.layout is None and "no map of code yet" in w.words
    gate.step(6)
    w._runner.pause()
    gate.step()
    seen = [np.array(points_of(w).x)]
    assert (
        not w.result.is_finished and "iteration" in w._bar.text.value and "KL divergence" in w._bar.text.value
    )
    assert 0 < w._bar.bar.value < 1
    w._runner.pause(False)
    gate.let_go()
    w.wait(LIMIT)
    assert w.result.is_finished and not np.array_equal(seen[0], points_of(w).x)
    assert w._bar.text.value.startswith(f"{ITERATIONS} iterations, KL divergence")


def test_stop_keeps_what_there_is_and_again_begins_anew(made, monkeypatch):
    gate = Gate()
    monkeypatch.setattr(_tsne_work, "tsne_steps", lambda *a, **k: gate.through(few_steps(*a, **k)))
    w = scatter(made, wait=False)
    gate.step(6)
    w._bar.stop.click()
    gate.let_go()
    w.wait(LIMIT)
    done = w.result.layout.done
    assert w.error is None and not w.result.is_finished and 0 < done < ITERATIONS
    assert (
        f"after {done} of {ITERATIONS} iterations" in w.words
        and f"{done} of {ITERATIONS}" in w._bar.text.value
    )
    assert image(w.snapshot()).shape[0] > 400
    w._bar.start.click()
    w.wait(LIMIT)
    assert w.result.is_finished


def test_pixels_against_features_and_back_at_once(made):
    w = scatter(made)
    features = w.result
    w.space = "pixels"
    w.wait(LIMIT)
    assert w.error is None and w.result.question.space == "pixels"
    assert w.result.is_finished and w.result is not features
    said = w._accuracies.value
    assert said.index("pixels") < said.index("code") < said.index("by lot") and "1.000" in said
    w.layer = "scores"  # another layer has the same pixels
    assert w.result.question.space == "pixels" and not w._runner.is_alive
    w._bar.text.value = "of the pixels"
    w.set(layer="code", space="features")
    assert w.result is features and not w._runner.is_alive
    assert f"KL divergence {features.layout.kl:.2f}" in w._bar.text.value


@pytest.mark.parametrize("change", [{"perplexity": 6}, {"seed": 5}, {"start": "random"}, {"layer": "scores"}])
def test_another_question_is_another_map(made, change):
    w = scatter(made, perplexity=10)
    before = w.result
    w.set(**change)
    w.wait(LIMIT)
    assert w.error is None and w.result.is_finished
    assert not np.array_equal(before.layout.positions, w.result.layout.positions)
    for name, value in change.items():
        assert getattr(w.result.question, name) == value


def test_a_new_question_takes_the_place_of_a_running_one(made):
    w = scatter(made, wait=False)
    for seed in range(1, 6):
        w.seed = seed
    w.wait(LIMIT)
    assert w.result.question.seed == 5 and w.result.is_finished and w.error is None


def test_too_large_a_perplexity_is_reduced_and_said(made):
    w = scatter(made, perplexity=30)
    assert w.result.layout.perplexity == 13 and w.error is None
    assert "asks for more than 90 pictures; there are 40, so 13 is used" in w._title.value
    w.perplexity = 12
    w.wait(LIMIT)
    assert "is used" not in w._title.value


def test_a_widget_that_is_closed_stops_working(made):
    w = scatter(made, wait=False)
    w.close()
    w.wait(LIMIT)
    assert not w._runner.is_alive


# What goes wrong


@pytest.mark.parametrize(("count", "says"), [(1, "5 pictures or more.*there is 1"), (4, "there are 4")])
def test_too_few_pictures(count, says):
    with pytest.raises(InputError, match=says):
        TSNEScatter(toy_model(), colored(count))


def test_five_pictures_are_enough(made):
    w = scatter(made, colored(5))
    assert w.error is None and w.result.is_finished and w.result.accuracy is None
    w.chosen = 0
    assert len(w._side._numbers) == 4 and w.error is None
    w.view = "grid"
    w.wait(LIMIT)
    assert w.error is None


def test_an_empty_folder(tmp_path):
    with pytest.raises(PictureError):
        TSNEScatter(toy_model(), tmp_path)


def test_layers_that_cannot_be_arranged(made):
    with pytest.raises(LayerError, match="'code'"):
        TSNEScatter(toy_model(), colored(), layer="coda")
    w = scatter(made)
    result = w.result
    w.layer = "coda"
    assert isinstance(w.error, LayerError) and w.result is result
    w.layer = "windows"  # four results for a picture, which only a pass can tell
    w.wait(LIMIT)
    assert isinstance(w.error, LayerError) and "cannot be gathered picture by picture" in str(w.error)
    assert w.result is result
    w.layer = "code"
    assert w.error is None and w.result is result


def test_codes_that_do_not_fit(made, monkeypatch):
    w = scatter(made)
    monkeypatch.setattr(_tsne_codes, "_MOST_BYTES", 40 * 190 * 4)
    w.space = "pixels"
    assert isinstance(w.error, MemoryLimitError) and "192 numbers for each of 40 pictures" in str(w.error)
    w.space = "features"
    assert w.error is None


def test_pictures_whose_codes_are_no_numbers_are_left_out(made):
    model, pictures = toy_model(), colored()
    model.network.poison = [float(mean_colors(pictures)[i, 0]) for i in (7, 20)]
    w = TSNEScatter(model, pictures)
    made.append(w)
    w.wait(LIMIT)
    assert w.error is None and w.result.is_finished
    assert w.result.numbers.tolist() == [i for i in range(40) if i not in (7, 20)]
    assert "2 of 40 pictures are left out" in w._title.value
    w._choose(7)  # the eighth point is picture 8
    assert w.chosen == 8 and not {7, 20} & set(w._side._numbers)
    w.chosen = 20
    assert w.error is None and w._side._numbers == []


def test_codes_that_are_all_no_numbers(made):
    model, pictures = toy_model(), colored()
    w = TSNEScatter(model, pictures)
    made.append(w)
    w.wait(LIMIT)
    result = w.result
    model.network.poison = mean_colors(pictures)[:, 0].tolist()
    w.layer = "scores"
    w.wait(LIMIT)
    assert isinstance(w.error, InputError) and "40 of 40 pictures have codes in 'scores'" in str(w.error)
    assert w.result is result and 'role="alert"' in w._status.value and w._status.layout.display == ""
    w.layer = "code"
    assert w.error is None and w.result is result


def test_a_run_that_breaks_is_told_and_can_be_tried_again(made, monkeypatch):
    w = scatter(made)
    result = w.result

    def broken(*_, **__):
        raise RuntimeError("no <memory>")

    monkeypatch.setattr(_tsne_work, "tsne_steps", broken)
    w.seed = 1
    w.wait(LIMIT)
    assert "no &lt;memory&gt;" in w._status.value and w.result is result
    monkeypatch.setattr(_tsne_work, "tsne_steps", few_steps)
    w._bar.start.click()
    w.wait(LIMIT)
    assert w.error is None and w.result.question.seed == 1 and w._status.layout.display == "none"


def test_marks_that_do_not_exist(made):
    with pytest.raises(TargetError, match="no picture 40: they are numbered 0 to 39"):
        scatter(made, chosen=40)
    with pytest.raises(TargetError, match="no class 'violet'; there are"):
        scatter(made, highlight="violet")
    with pytest.raises(InputError, match="above 1; got 1"):
        scatter(made, perplexity=1)
    w = scatter(made)
    w.chosen = 99
    assert isinstance(w.error, TargetError)
    w.chosen = 1
    assert w.error is None and "10 nearest of picture 1" in w._side.title.value


def test_pictures_without_classes(made):
    w = scatter(made, colored(classes=False))
    assert w.error is None and w.result.accuracy is None and w.result.labels is None
    assert "no classes" in w._accuracies.value
    assert w._controls._controls["highlight"].layout.display == "none"
    assert len(set(points_of(w).marker.color)) == 1
    w.chosen = 2
    assert "frame" not in w._side.title.value and len(w._side._numbers) == 10
    w._on_select([1, 2])
    assert "2 pictures." in w._side.title.value
    assert image(w.snapshot()).any()


def test_controls_change_the_question(made):
    w = scatter(made)
    for name, value in (
        ("perplexity", 9.0),
        ("start", "random"),
        ("seed", 4),
        ("space", "pixels"),
        ("view", "grid"),
    ):
        w._controls._controls[name].value = value
        assert getattr(w, name) == value
    w.wait(LIMIT)
    assert w.error is None and w._controls._controls["layer"].disabled
    assert threading.active_count() < 20
